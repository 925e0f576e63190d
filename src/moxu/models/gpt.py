"""The decoder-only transformer: GPT-2, CPM-1 and the character GPT of a question-answering course.

All three are blocks of causal attention and a feed-forward layer between an embedding with learned positions and a
linear head. GPT-2 and CPM-1 normalise before each layer and share the embedding with the head; the course's model
normalises after, has no biases and a head of its own.
Sources: Radford et al. 2019 (GPT-2); Zhang et al. 2020 (CPM); Vaswani et al. 2017 (normalisation after each layer).
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from moxu.errors import SettingsError
from moxu.models.base import TorchLanguageModel
from moxu.models.kv import KvState, Places, attend
from moxu.models.linear import Linear, linear

READ_PIECE = 1024  # tokens that a read takes through all layers together


@dataclass(frozen=True)
class GptConfig:
    """Sizes and kinds of a transformer; ``positions`` is the longest text it can hold.

    ``head_size`` (None: width / heads) and ``hidden`` of the feed-forward layer (None: 4 x width). ``norm``: LayerNorm
    before each layer and at the end, or after each layer. ``bias``: of the projections. ``tied``: the head is the
    embedding. ``masked_score``: what a score is in training where a place must not be seen (None: minus infinity); see
    ``Gpt.forward``.
    """

    vocab_size: int
    width: int
    layers: int
    heads: int
    positions: int
    head_size: int | None = None
    hidden: int | None = None
    norm: Literal["pre", "post"] = "pre"
    activation: Literal["gelu_tanh", "gelu", "relu"] = "gelu_tanh"
    bias: bool = True
    tied: bool = True
    head_bias: bool = False
    norm_eps: float = 1e-5
    masked_score: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.norm_eps < 1:
            raise SettingsError(f"norm_eps is {self.norm_eps}; expected a number between 0 and 1")
        if self.heads < 1 or (self.head_size is None and self.width % self.heads):
            raise SettingsError(f"heads is {self.heads}; expected a divisor of the width {self.width}, or a head_size")
        if self.head_bias and self.tied:
            raise SettingsError("head_bias is true and so is tied; a head that is the embedding has no bias")

    @property
    def size_of_head(self) -> int:
        return self.head_size or self.width // self.heads


class Attention(nn.Module):
    """Causal attention; ``heads`` are those computed here, which with several devices are not all."""

    def __init__(self, config: GptConfig) -> None:
        super().__init__()
        self.heads, self.head_size = config.heads, config.size_of_head
        self.masked_score = config.masked_score
        inner = self.heads * self.head_size
        self.qkv = Linear(config.width, 3 * inner, bias=config.bias)  # all of q, then all of k, then all of v
        self.out = Linear(inner, config.width, bias=config.bias)

    def forward(self, x: Tensor, places: Places, state: KvState | None, layer: int) -> Tensor:
        q, k, v = (
            part.unflatten(-1, (self.heads, self.head_size)).transpose(1, 2)  # (B, H, T, D)
            for part in self.qkv(x).chunk(3, dim=-1)
        )
        if state is not None:
            k = state.write(f"blocks.{layer}.keys", k, places)
            v = state.write(f"blocks.{layer}.values", v, places)
        masked_score = self.masked_score if state is None else None
        mixed = attend(q, k, v, places, masked_score).transpose(1, 2).flatten(2)  # (B, T, H * D)
        output: Tensor = self.out(mixed)
        return output


class FeedForward(nn.Module):
    def __init__(self, config: GptConfig) -> None:
        super().__init__()
        hidden = config.hidden or 4 * config.width
        self.activation = config.activation
        self.up = Linear(config.width, hidden, bias=config.bias)
        self.down = Linear(hidden, config.width, bias=config.bias)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.up(x)
        if self.activation == "relu":
            hidden = torch.relu(hidden)
        else:
            hidden = F.gelu(hidden, approximate="tanh" if self.activation == "gelu_tanh" else "none")
        output: Tensor = self.down(hidden)
        return output


class Block(nn.Module):
    def __init__(self, config: GptConfig) -> None:
        super().__init__()
        self.norm_first = config.norm == "pre"
        self.ln1 = nn.LayerNorm(config.width, config.norm_eps)
        self.attn = Attention(config)
        self.ln2 = nn.LayerNorm(config.width, config.norm_eps)
        self.mlp = FeedForward(config)

    def forward(self, x: Tensor, places: Places, state: KvState | None, layer: int) -> Tensor:
        """Return x (B, T, C) after the block; with a ``state`` the keys and values read before are seen, and added."""
        if self.norm_first:
            x = x + self.attn(self.ln1(x), places, state, layer)
            x = x + self.mlp(self.ln2(x))
        else:
            x = self.ln1(x + self.attn(x, places, state, layer))
            x = self.ln2(x + self.mlp(x))
        return x


class Gpt(TorchLanguageModel):
    """A decoder-only transformer as a LanguageModel: its state holds the keys and values of what it has read."""

    architecture = "gpt"
    config_type = GptConfig

    def __init__(self, config: GptConfig) -> None:
        super().__init__()
        self.config = config
        self.vocab_size, self.max_context = config.vocab_size, config.positions
        self.embed = nn.Embedding(config.vocab_size, config.width)
        self.positions = nn.Embedding(config.positions, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        if config.norm == "pre":
            self.ln_out = nn.LayerNorm(config.width, config.norm_eps)
        if not config.tied:
            self.head = Linear(config.width, config.vocab_size, bias=config.head_bias)
        self.gather: nn.Module = nn.Identity()  # with several devices: brings together the logits that each computes

    def forward(self, ids: Tensor, places: Places | None = None) -> Tensor:
        """Training form: ids (B, T) -> logits (B, T, V).

        ``places``, as ``document_places`` makes them, may say other positions and hide what belongs to other documents.
        Places that are hidden have the score minus infinity; CPM-1's training multiplied scores by the mask and
        subtracted 10,000 instead, which is the same to the last bit unless everything that a place does see scores
        below -9,896. ``masked_score=-10000`` in the configuration computes it that way.
        """
        return self._head(self._hidden(ids, places))

    def features(self, ids: Tensor) -> tuple[Tensor, Tensor] | None:
        if self.config.head_bias:
            return None
        return self._hidden(ids, None), self.embed.weight if self.config.tied else self.head.weight

    def start(self, batch: int) -> KvState:
        tensors = {}
        for layer, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            empty = self.embed.weight.new_empty(batch, block.attn.heads, 0, block.attn.head_size)
            tensors[f"blocks.{layer}.keys"], tensors[f"blocks.{layer}.values"] = empty, empty
        return KvState(torch.zeros(batch, dtype=torch.int64), tensors)

    def read(self, ids: Tensor, state: KvState) -> tuple[Tensor, KvState]:  # type: ignore[override]
        """Read ids (B, T) on; SettingsError when a row would grow past the positions there are."""
        longest = int(state.lengths.max()) + ids.shape[1]
        if longest > self.config.positions:
            raise SettingsError(f"a text of {longest} ids; the model's window holds {self.config.positions}")
        pieces = []
        for piece in torch.split(ids, READ_PIECE, dim=1):
            places = Places.after(state.lengths, piece.shape[1], ids.device, self.config.positions)
            pieces.append(self._blocks(piece, places, state))
            state = KvState(state.lengths + piece.shape[1], state.tensors)
        return torch.cat(pieces, dim=1), state

    def logits(self, hidden: Tensor, state: KvState) -> Tensor:  # type: ignore[override]  # noqa: ARG002
        return self._head(hidden)

    def _hidden(self, ids: Tensor, places: Places | None) -> Tensor:
        if places is None:
            places = Places.after(torch.zeros(len(ids), dtype=torch.int64), ids.shape[1], ids.device)
        return self._blocks(ids, places, None)

    def _blocks(self, ids: Tensor, places: Places, state: KvState | None) -> Tensor:
        x: Tensor = self.embed(ids) + self.positions(places.positions)  # (B, T, C)
        for layer, block in enumerate(self.blocks):
            x = block(x, places, state, layer)
        return self.ln_out(x) if self.config.norm == "pre" else x

    def _head(self, hidden: Tensor) -> Tensor:
        tied = self.config.tied
        logits: Tensor = self.gather(linear(hidden, self.embed.weight, None) if tied else self.head(hidden))
        return logits

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Fill in GPT-2's starting values: small normal numbers, smaller where layers are added to the stream."""
        for module in self.modules():
            if isinstance(module, nn.LayerNorm):
                module.reset_parameters()
            elif isinstance(module, Linear | nn.Embedding):
                module.weight.normal_(std=0.02, generator=generator)
                if isinstance(module, Linear) and module.bias is not None:
                    module.bias.zero_()
        added = 0.02 / (2 * self.config.layers) ** 0.5
        for block in self.blocks:
            assert isinstance(block, Block)
            block.attn.out.weight.normal_(std=added, generator=generator)
            block.mlp.down.weight.normal_(std=added, generator=generator)


def document_places(ids: Tensor, end_id: int, *, restart_positions: bool = True, hide_others: bool = True) -> Places:
    """Return the places of ids (B, T) that hold several documents, each of which ends with ``end_id``.

    With ``restart_positions`` the positions of each document count from 0; with ``hide_others`` no document sees those
    before it. The end belongs to its document. As in CPM-1's ``reset_position_ids`` and ``reset_attention_mask``.
    """
    length = ids.shape[1]
    ends = (ids == end_id).to(torch.int64)
    document = ends.cumsum(dim=1) - ends  # (B, T) ends before this place
    places = torch.arange(length, device=ids.device).expand_as(ids)
    positions = places
    if restart_positions:
        begins = torch.zeros_like(places)
        begins[:, 1:] = torch.where(ends[:, :-1] > 0, places[:, 1:], 0)
        positions = places - begins.cummax(dim=1).values
    visible = places[:, None] <= places[..., None]  # (B, T, T)
    if hide_others:
        visible = visible & (document[:, None] == document[..., None])
    return Places(positions, None, length, length, visible)
