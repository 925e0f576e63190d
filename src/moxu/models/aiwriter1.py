"""AI-Writer "wangwen" (RWKV v1): a window model that weights what it has read by learned curves over the window.

The training form multiplies whole (T, T) weight matrices; the incremental form keeps every place's key x value product
and adds one row to it, O(T) work for each layer and character. Parameters carry the names of the released checkpoints,
odd as one of them is: ``mlp.weight`` is a Linear. Source: BlinkDL/AI-Writer, wangwen-2022-02-15.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from moxu.errors import SettingsError
from moxu.models.base import TorchLanguageModel
from moxu.models.linear import Linear, SharedInput
from moxu.models.state import TensorState

COPY_WIDTH = 256  # of the queries and keys of the copy head


@dataclass(frozen=True)
class AiWriter1Config:
    """Sizes of an AI-Writer v1; ``feed_forward_width`` counts the hidden channels (the original's 5 * n_ffn // 2).

    ``folded``: each head's weights over the window are one stored matrix ``time_ww`` (as the original decodes) instead
    of the product of ``time_w``, ``time_alpha`` and ``time_beta`` (as it trains).
    """

    vocab_size: int
    context: int
    layers: int
    heads: int
    width: int
    attention_width: int
    feed_forward_width: int
    folded: bool = False

    def __post_init__(self) -> None:
        if self.attention_width % self.heads:
            raise SettingsError(f"attention_width is {self.attention_width}; expected a multiple of heads {self.heads}")


@dataclass(frozen=True)
class Reach:
    """Where in the window a read takes place.

    ``rows`` (B, 1) numbers the batch; ``positions`` (B, T) or, for rows that agree, (1, T) places the new ids;
    ``span`` counts the places from the start of the window that any row has filled, the new ones among them; ``seen``
    (B or 1, T, span) tells which of these places each position may look at.
    """

    rows: Tensor
    positions: Tensor
    span: int
    seen: Tensor


def shift(x: Tensor, previous: Tensor) -> Tensor:
    """Replace the first half of the channels of x (B, T, C) by the previous place's; ``previous`` (B, C // 2) leads."""
    half = previous.shape[-1]
    moved = torch.cat((previous[:, None], x[:, :-1, :half]), dim=1)
    return torch.cat((moved, x[..., half:]), dim=-1)


def widened(x: Tensor) -> Tensor:
    """Return x in float32 at least: exponentials and their sums do not survive 16 bits."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


class TimeMix(nn.Module):
    """Sum what has been read, weighted for each head by a learned function of both positions.

    The numerator is weighted and the plain sum of exp(key) below it is not, so this is no average.
    """

    def __init__(self, config: AiWriter1Config) -> None:
        super().__init__()
        width, inner, heads, context = config.width, config.attention_width, config.heads, config.context
        self.heads, self.context, self.folded = heads, context, config.folded
        if config.folded:
            self.time_ww = nn.Parameter(torch.empty(heads, context, context))
        else:
            self.time_w = nn.Parameter(torch.empty(heads, context))  # by offset, the last column is offset 0
            self.time_alpha = nn.Parameter(torch.empty(heads, 1, context))  # by the position that is looked at
            self.time_beta = nn.Parameter(torch.empty(heads, context, 1))  # by the position that looks
        self.time_gamma = nn.Parameter(torch.empty(context, 1))
        self.key = Linear(width, inner)
        self.value = Linear(width, inner)
        self.receptance = Linear(width, inner)
        self.output = Linear(inner, width)
        self.project = SharedInput(self.key, self.value, self.receptance)

    def forward(self, x: Tensor, reach: Reach, memory: dict[str, Tensor] | None) -> Tensor:
        """Mix x (B, T, C); with a ``memory`` read on from it and write into it, without one begin at position 0."""
        batch, length, width = x.shape
        shifted = shift(x, x.new_zeros(batch, width // 2) if memory is None else memory["shift"])
        key, value, receptance = self.project(shifted)
        k = torch.exp(widened(key).clamp(-60, 30))
        kv = (k * value).view(batch, length, self.heads, -1)  # (B, T, H, D)
        total = k.cumsum(dim=1)
        if memory is not None:
            total = total + memory["k_sum"][:, None]
            memory["shift"].copy_(x[:, -1, : width // 2])
            memory["k_sum"].copy_(total[:, -1])
            memory["kv"].transpose(1, 2)[reach.rows, reach.positions] = kv
        seen_kv = kv.transpose(1, 2) if memory is None else memory["kv"][:, :, : reach.span]  # (B, H, U, D)
        with torch.autocast(x.device.type, enabled=False):
            wkv = self._weighted_sum(widened(self.weights(reach)), seen_kv)
        y = (torch.sigmoid(receptance) * wkv / total).to(x.dtype)
        output: Tensor = self.output(y) * self.time_gamma[reach.positions]
        return output

    def weights(self, reach: Reach) -> Tensor:
        """Return how much position t takes of position u: (H, B or 1, T, U), 0 for u > t."""
        if self.folded:
            return self.time_ww[:, reach.positions, : reach.span].masked_fill(~reach.seen, 0)
        # Row t of a head's Toeplitz matrix is the stretch of time_w that ends with offset 0 at u = t, then zeros.
        stretches = F.pad(self.time_w, (0, reach.span - 1)).unfold(1, reach.span, 1)  # (H, ctx, U)
        by_offset = stretches[:, self.context - 1 - reach.positions]
        alpha = self.time_alpha[:, None, :, : reach.span]  # (H, 1, 1, U)
        return by_offset * alpha * self.time_beta[:, reach.positions]

    def _weighted_sum(self, weights: Tensor, kv: Tensor) -> Tensor:
        """weights (H, B or 1, T, U), kv (B, H, U, D) -> (B, T, A)."""
        batch, heads, span, size = kv.shape
        length = weights.shape[2]
        if weights.shape[1] == 1:  # the rows agree: put them side by side instead of repeating the weights
            side_by_side = kv.permute(1, 2, 0, 3).reshape(heads, span, batch * size)
            wkv = (weights[:, 0] @ side_by_side).view(heads, length, batch, size).permute(2, 1, 0, 3)
        else:
            wkv = (weights.transpose(0, 1) @ kv).transpose(1, 2)
        return wkv.reshape(batch, length, heads * size)


class ChannelMix(nn.Module):
    """A gated feed-forward layer that also looks one place back."""

    def __init__(self, config: AiWriter1Config) -> None:
        super().__init__()
        width, hidden = config.width, config.feed_forward_width
        self.key = Linear(width, hidden)
        self.value = Linear(width, hidden)
        self.weight = Linear(hidden, width)
        self.receptance = Linear(width, width)
        self.project = SharedInput(self.key, self.value, self.receptance)

    def forward(self, x: Tensor, memory: dict[str, Tensor] | None) -> Tensor:
        half = x.shape[-1] // 2
        shifted = shift(x, x.new_zeros(x.shape[0], half) if memory is None else memory["shift"])
        if memory is not None:
            memory["shift"].copy_(x[:, -1, :half])
        key, value, receptance = self.project(shifted)
        output: Tensor = torch.sigmoid(receptance) * self.weight(F.mish(key) * value)
        return output


class Block(nn.Module):
    def __init__(self, config: AiWriter1Config) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(config.width)
        self.ln2 = nn.LayerNorm(config.width)
        self.attn = TimeMix(config)
        self.mlp = ChannelMix(config)

    def forward(self, x: Tensor, reach: Reach, memory: dict[str, dict[str, Tensor]] | None = None) -> Tensor:
        x = x + self.attn(self.ln1(x), reach, memory and memory["attn"])
        output: Tensor = x + self.mlp(self.ln2(x), memory and memory["mlp"])
        return output


class AiWriter1(TorchLanguageModel):
    """AI-Writer v1 as a LanguageModel: at most ``context`` tokens, each step O(T) in what has been read."""

    architecture = "aiwriter1"
    config_type = AiWriter1Config

    def __init__(self, config: AiWriter1Config) -> None:
        super().__init__()
        self.config = config
        self.vocab_size = config.vocab_size
        self.max_context = config.context
        self.time_out = nn.Parameter(torch.empty(1, config.context, 1))
        self.tok_emb = nn.Embedding(config.vocab_size, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.ln_f = nn.LayerNorm(config.width)
        self.head = Linear(config.width, config.vocab_size, bias=False)
        self.head_q = Linear(config.width, COPY_WIDTH)
        self.head_k = Linear(config.width, COPY_WIDTH)

    def forward(self, ids: Tensor) -> Tensor:
        """Training form: ids (B, T) -> logits (B, T, V), T <= context."""
        batch, length = ids.shape
        reach = self._reach(torch.zeros(batch, dtype=torch.int64, device=ids.device), length)
        x = self.tok_emb(ids)  # (B, T, C)
        for block in self.blocks:
            x = block(x, reach)
        hidden = self.ln_f(x)
        return self._logits(hidden, self.head_k(hidden), ids, reach)

    def start(self, batch: int) -> TensorState:
        config, narrow = self.config, self.head.weight.dtype
        wide = torch.promote_types(narrow, torch.float32)
        size = config.attention_width // config.heads

        def zeros(*shape: int, dtype: torch.dtype) -> Tensor:
            return torch.zeros(batch, *shape, dtype=dtype, device=self.device)

        tensors = {}
        for layer in range(config.layers):
            tensors[f"blocks.{layer}.attn.shift"] = zeros(config.width // 2, dtype=narrow)
            tensors[f"blocks.{layer}.attn.k_sum"] = zeros(config.attention_width, dtype=wide)
            tensors[f"blocks.{layer}.attn.kv"] = zeros(config.heads, config.context, size, dtype=wide)
            tensors[f"blocks.{layer}.mlp.shift"] = zeros(config.width // 2, dtype=narrow)
        tensors["copy.keys"] = zeros(config.context, COPY_WIDTH, dtype=narrow)
        tensors["copy.ids"] = zeros(config.context, dtype=torch.int64)
        return TensorState(zeros(dtype=torch.int64), tensors)

    def read(self, ids: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        """Read ids (B, T) on, each row at its own position; writes into the tensors of ``state``.

        Raises ValueError when a row would outgrow the window: whoever decodes has to cut the text before.
        """
        reach = self._reach(state.lengths, ids.shape[1])
        tensors = state.tensors
        x = self.tok_emb(ids)  # (B, T, C)
        for layer, block in enumerate(self.blocks):
            x = block(x, reach, _memory_of(f"blocks.{layer}", tensors))
        hidden = self.ln_f(x)
        tensors["copy.keys"][reach.rows, reach.positions] = self.head_k(hidden).to(tensors["copy.keys"].dtype)
        tensors["copy.ids"][reach.rows, reach.positions] = ids
        return hidden, TensorState(state.lengths + ids.shape[1], tensors)

    def logits(self, hidden: Tensor, state: TensorState) -> Tensor:
        length = hidden.shape[1]
        reach = self._reach(state.lengths - length, length)
        keys, ids = state.tensors["copy.keys"][:, : reach.span], state.tensors["copy.ids"][:, : reach.span]
        return self._logits(hidden, keys, ids, reach)

    def _logits(self, hidden: Tensor, keys: Tensor, ids: Tensor, reach: Reach) -> Tensor:
        """Apply the head, then let each id seen so far gain what the copy head gives its place."""
        logits = widened(self.head(hidden * self.time_out[0, reach.positions]))  # (B, T, V)
        scores = self.head_q(hidden) @ keys.transpose(1, 2) / COPY_WIDTH  # (B, T, U)
        scores = scores.to(logits.dtype).masked_fill(~reach.seen, 0)
        return logits.scatter_add(2, ids[:, None].expand_as(scores), scores)

    def _reach(self, lengths: Tensor, new: int) -> Reach:
        batch = lengths.shape[0]
        shortest, longest = (int(bound) for bound in torch.aminmax(lengths))
        if longest + new > self.config.context:
            raise ValueError(f"reading {longest} + {new} tokens; the window of this model holds {self.config.context}")
        positions = lengths[:, None] + torch.arange(new, device=lengths.device)  # (B, T)
        # One row of weights serves all rows that agree. A single step of many rows is left as it is: there the
        # side-by-side copy of what they have read would cost more than repeated weights.
        if shortest == longest and (new > 1 or batch == 1):
            positions = positions[:1]
        rows, places = (torch.arange(count, device=lengths.device) for count in (batch, longest + new))
        return Reach(rows[:, None], positions, longest + new, places <= positions[..., None])

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Fill in starting values: heads that forget at speeds from one token to the whole window, silent outputs."""
        for module in self.modules():
            if isinstance(module, nn.LayerNorm):
                module.reset_parameters()
            elif isinstance(module, Linear):
                module.weight.normal_(std=module.in_features**-0.5, generator=generator)
                if module.bias is not None:
                    module.bias.zero_()
        for module in self.modules():
            if isinstance(module, TimeMix):
                _initialise_curves(module)
                module.output.weight.zero_()
            elif isinstance(module, ChannelMix):
                module.weight.weight.zero_()
        self.tok_emb.weight.normal_(std=0.02, generator=generator)
        self.head.weight.normal_(std=0.02, generator=generator)
        self.head_q.weight.zero_()  # no copying until it has been learned
        self.time_out.fill_(1)


def _memory_of(prefix: str, tensors: dict[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """The state of one block by layer: ``{"attn": {"shift", "k_sum", "kv"}, "mlp": {"shift"}}``."""
    names = {"attn": ("shift", "k_sum", "kv"), "mlp": ("shift",)}
    return {part: {name: tensors[f"{prefix}.{part}.{name}"] for name in names[part]} for part in names}


def _initialise_curves(attn: TimeMix) -> None:
    """Give head h the weights exp(-offset / reach), reaches spread geometrically from 1 to the window."""
    context, heads = attn.context, attn.heads
    reaches = torch.logspace(0, 1, heads, base=context)
    offsets = torch.arange(context)
    attn.time_gamma.fill_(1)
    if attn.folded:
        distance = offsets[:, None] - offsets  # (T, U)
        attn.time_ww.copy_(torch.exp(-distance.clamp(min=0) / reaches[:, None, None]).tril())
    else:
        attn.time_w.copy_(torch.exp(-offsets.flip(0) / reaches[:, None]))
        attn.time_alpha.fill_(1)
        attn.time_beta.fill_(1)
