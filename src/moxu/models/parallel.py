"""A Gpt on several devices: one process for each, with a part of every matrix, and two sums in every block.

Attention is split by heads and the feed-forward layer by its hidden values; each process works out what its part adds
to the stream, and the parts are summed. Embedding and head are split by the vocabulary. ``torch.distributed.tensor``
says who holds what. What a process holds are plain tensors, so that it decodes with the same kernels and the same state
as a model that is whole: the way through a DTensor takes longer than most of a step's operations.
Source: Shoeybi et al. 2019 (Megatron-LM), whose division of the projections CPM-1's files have too.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor, Shard, distribute_tensor

from moxu.errors import SettingsError
from moxu.models.gpt import Block, Gpt, GptConfig
from moxu.models.linear import Linear
from moxu.models.processes import telling_of_lost_processes


def parallelize(model: Gpt, mesh: DeviceMesh) -> None:
    """Leave this process its part of a whole model, on the device of the ``mesh`` (of one axis); for inference only.

    Every process calls it with the same weights. They may be mapped files: only the part is copied to memory, one
    tensor after another. The logits come out whole, and the same to the last bit in every process. Raises
    SettingsError for a model that cannot be divided so.
    """
    check_divisible(model.config, mesh.size())
    model.requires_grad_(False)
    for block in model.blocks:
        assert isinstance(block, Block)
        block.attn.heads //= mesh.size()
        _keep_outputs(block.attn.qkv, mesh, thirds=True)
        _keep_inputs(block.attn.out, mesh)
        _keep_outputs(block.mlp.up, mesh)
        _keep_inputs(block.mlp.down, mesh)
    model.embed = EmbeddingPart(model.embed.weight, mesh)
    if not model.config.tied:
        _keep_outputs(model.head, mesh)
    model.gather = VocabularyGather(model.vocab_size, mesh)
    model.to(mesh.device_type)  # what every process has whole: positions, norms


def check_divisible(config: GptConfig, parts: int) -> None:
    """Raise SettingsError when heads or hidden values cannot be dealt out evenly, or a part would have no word."""
    for name, count in (("heads", config.heads), ("hidden values", config.hidden or 4 * config.width)):
        if count % parts:
            raise SettingsError(f"a model of {count} {name} cannot be divided by {parts}; take a divisor of {count}")
    if _first_row(config.vocab_size, parts, parts - 1) >= config.vocab_size:
        raise SettingsError(f"a vocabulary of {config.vocab_size} is too small for {parts} parts; take fewer")


class EmbeddingPart(nn.Embedding):
    """An embedding (V, C) of which each process has some rows; its output is whole."""

    def __init__(self, weight: Tensor, mesh: DeviceMesh) -> None:
        part = _part(weight, mesh, 0)
        super().__init__(len(part), part.shape[1], _weight=part, _freeze=True)
        self.group = mesh.get_group()
        self.first = _first_row(len(weight), mesh.size(), mesh.get_local_rank())

    def forward(self, input: Tensor) -> Tensor:
        row = input - self.first
        here = (row >= 0) & (row < self.num_embeddings)
        x = F.embedding(row.where(here, 0), self.weight) * here[..., None]  # (B, T, C), zero for the ids of others
        return _summed(x, self.group)


class VocabularyGather(nn.Module):
    """Brings together the logits that each process has for its part of the vocabulary.

    Each logit is computed in one process, so all processes have exactly the same ones and choose the same tokens.
    """

    def __init__(self, vocab_size: int, mesh: DeviceMesh) -> None:
        super().__init__()
        self.vocab_size, self.mesh = vocab_size, mesh

    def forward(self, logits: Tensor) -> Tensor:
        whole = torch.empty(*logits.shape[:-1], self.vocab_size, device="meta")
        parts = DTensor.from_local(
            logits.contiguous(), self.mesh, [Shard(-1)], run_check=False, shape=whole.shape, stride=whole.stride()
        )
        with telling_of_lost_processes():
            return parts.full_tensor()


def _keep_outputs(layer: Linear, mesh: DeviceMesh, *, thirds: bool = False) -> None:
    """Keep a part of a layer's outputs; with ``thirds`` the same part of its first, second and last third."""
    layer.weight = _parameter(_part(layer.weight, mesh, 0, thirds=thirds))
    layer.out_features = len(layer.weight)
    if layer.bias is not None:
        layer.bias = _parameter(_part(layer.bias, mesh, 0, thirds=thirds))


def _keep_inputs(layer: Linear, mesh: DeviceMesh) -> None:
    """Keep a part of a layer's inputs, and sum its outputs with those of the other processes."""
    layer.weight = _parameter(_part(layer.weight, mesh, 1))
    layer.in_features = layer.weight.shape[1]
    if mesh.get_local_rank() > 0:
        layer.bias = None  # type: ignore[assignment]  # the sum shall have it once
    layer.register_forward_hook(_sum_outputs(mesh.get_group()))


def _part(whole: Tensor, mesh: DeviceMesh, axis: int, *, thirds: bool = False) -> Tensor:
    """Return a copy of this process's part of a tensor that every process has whole; nothing is sent."""
    tensor = whole.detach()
    if thirds:
        tensor, axis = tensor.reshape(3, -1, *tensor.shape[1:]), axis + 1  # (3, H * D, ...)
    part = distribute_tensor(tensor, mesh, [Shard(axis)], src_data_rank=None).to_local()
    return part.flatten(0, 1) if thirds else part


def _parameter(tensor: Tensor) -> nn.Parameter:
    return nn.Parameter(tensor, requires_grad=False)


def _first_row(rows: int, parts: int, rank: int) -> int:
    """Return where a part begins: all are as large as the first but the last ones, as ``Shard`` divides."""
    return -(-rows // parts) * rank


def _sum_outputs(group: dist.ProcessGroup) -> Callable[[nn.Module, Any, Tensor], Tensor]:
    return lambda layer, inputs, output: _summed(output, group)  # noqa: ARG005


def _summed(x: Tensor, group: dist.ProcessGroup) -> Tensor:
    """Return the sum of what all processes have, in the same memory."""
    with telling_of_lost_processes():
        dist.all_reduce(x, group=group)
    return x
