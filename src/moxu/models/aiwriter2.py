"""AI-Writer "_new_" (RWKV v2): a recurrent model whose memory of each channel decays, with an optional copy head.

Trained in parallel over time, read in constant memory. Parameters carry the names of the released checkpoints.
Source: BlinkDL/AI-Writer, ``_new_`` (RWKV-v2-RNN).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from moxu.language_model import Array
from moxu.models.base import TorchLanguageModel
from moxu.models.linear import Linear
from moxu.models.state import TensorState

COPY_WIDTH = 256  # of the queries and keys of the copy head
CHUNK = 64  # tokens that the sums over time take together, and the most places whose logits are made at once
READ_PIECE = 1024  # tokens that a read takes through all layers together
COPY_BLOCK = 512  # queries of the copy head that the training form takes together


@dataclass(frozen=True)
class AiWriter2Config:
    """Sizes of an AI-Writer v2.

    ``context``: how far back the copy head looks (everything else never forgets by itself); ``ffn_pre``: block 0 has a
    second channel mix in place of its time mix; ``b_eps`` keeps the weighted average from dividing by zero.
    """

    vocab_size: int
    context: int
    layers: int
    width: int
    ffn_pre: bool
    copy_head: bool
    b_eps: float
    k_max: float = 60.0


def shift(x: Tensor, previous: Tensor) -> Tensor:
    """Return each place's predecessor: x (B, T, C) moved right by one, ``previous`` (B, C) in front."""
    if x.shape[1] == 1:
        return previous[:, None]
    return torch.cat((previous[:, None], x[:, :-1]), dim=1)


def widened(x: Tensor) -> Tensor:
    """Return x in float32 at least: exponentials and their sums do not survive 16 bits."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def decayed_sums(x: Tensor, start: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
    """Sum x (S, T, C) over the past, the previous place with weight 1 and each one before exp(-rate) times less.

    ``start`` (S, C) is the sum before the first place, ``rate`` (C,) is positive. Returns the sums before each place
    (S, T, C) and the sum after the last (S, C). Whole chunks are one product with a matrix of powers that are never
    above 1, so nothing overflows however long the text and however quick the decay.
    """
    length = x.shape[1]
    if length == 1:
        return start[:, None], start * torch.exp(-rate) + x[:, 0]
    size = min(CHUNK, length)
    steps = torch.arange(size + 1, device=x.device)
    offset = steps[:, None] - steps[:-1] - 1  # (L + 1, L): row i sums what lies before place i, row L all of it
    powers = torch.exp(-rate[:, None, None] * offset.clamp(min=0)) * (offset >= 0)  # (C, L + 1, L)
    fading = torch.exp(-rate * steps[:, None])  # (L + 1, C): what is left of the start
    sums = []
    for chunk in torch.split(x, size, dim=1):  # (S, L, C), the last one may be shorter
        count = chunk.shape[1]
        within = powers[:, : count + 1, :count] @ chunk.permute(2, 1, 0)  # (C, L + 1, S)
        through = within.permute(2, 1, 0) + start[:, None] * fading[: count + 1]  # (S, L + 1, C)
        sums.append(through[:, :-1])
        start = through[:, -1]
    return torch.cat(sums, dim=1), start


class TimeMix(nn.Module):
    """Average the values read so far, weighted by exp(key) and by how long ago; the current one counts by itself."""

    def __init__(self, config: AiWriter2Config) -> None:
        super().__init__()
        width = config.width
        self.k_max, self.b_eps = config.k_max, config.b_eps
        self.time_mix_k = nn.Parameter(torch.empty(1, 1, width))
        self.time_mix_v = nn.Parameter(torch.empty(1, 1, width))
        self.time_mix_r = nn.Parameter(torch.empty(1, 1, width))
        self.time_decay = nn.Parameter(torch.empty(width, 1))  # log of the decay rate
        self.time_first = nn.Parameter(torch.empty(width, 1))  # log of the current token's weight
        self.key = Linear(width, width, bias=False)
        self.value = Linear(width, width, bias=False)
        self.receptance = Linear(width, width, bias=False)
        self.output = Linear(width, width, bias=False)

    def forward(self, x: Tensor, previous: Tensor, kv_sum: Tensor, k_sum: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the output (B, T, C) and the new sums (B, C) of key x value and of keys."""
        before = shift(x, previous)
        k = torch.exp(widened(self.key(torch.lerp(before, x, self.time_mix_k))).clamp(max=self.k_max))
        v = self.value(torch.lerp(before, x, self.time_mix_v))
        r = torch.sigmoid(self.receptance(torch.lerp(before, x, self.time_mix_r)))
        with torch.autocast(x.device.type, enabled=False):
            rate, first = torch.exp(widened(self.time_decay[:, 0])), torch.exp(widened(self.time_first[:, 0]))
            both = torch.cat((k * v, k))  # (2B, T, C): numerator and denominator are summed alike
            past, sums = decayed_sums(both, torch.cat((kv_sum, k_sum)), rate)
            numerator, denominator = torch.addcmul(past, both, first).chunk(2)  # (B, T, C)
            average = numerator / (denominator + self.b_eps)
        kv_sum, k_sum = sums.chunk(2)
        return self.output((r * average).to(x.dtype)), kv_sum, k_sum


class ChannelMix(nn.Module):
    """A gated feed-forward layer with squared ReLU that also looks one place back."""

    def __init__(self, config: AiWriter2Config) -> None:
        super().__init__()
        width = config.width
        self.time_mix_k = nn.Parameter(torch.empty(1, 1, width))
        self.time_mix_r = nn.Parameter(torch.empty(1, 1, width))
        self.key = Linear(width, 4 * width, bias=False)
        self.receptance = Linear(width, width, bias=False)
        self.value = Linear(4 * width, width, bias=False)

    def forward(self, x: Tensor, previous: Tensor) -> Tensor:
        before = shift(x, previous)
        hidden = torch.relu(self.key(torch.lerp(before, x, self.time_mix_k)))
        gate = torch.sigmoid(self.receptance(torch.lerp(before, x, self.time_mix_r)))
        output: Tensor = gate * self.value(hidden * hidden)
        return output


class Block(nn.Module):
    """Each LayerNorm replaces the stream: what a layer gives is added to the normalised value."""

    def __init__(self, config: AiWriter2Config, layer: int) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(config.width)
        self.ln2 = nn.LayerNorm(config.width)
        self.has_pre = config.ffn_pre and layer == 0
        if self.has_pre:
            self.ffnPre = ChannelMix(config)
        else:
            self.att = TimeMix(config)
        self.ffn = ChannelMix(config)

    def forward(self, x: Tensor, memory: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Return x (B, T, C) after the block, and the block's new memory by name."""
        after = {}
        x = self.ln1(x)
        if self.has_pre:
            after["ffnPre.previous"] = x[:, -1]
            x = x + self.ffnPre(x, memory["ffnPre.previous"])
        else:
            after["att.previous"] = x[:, -1]
            mixed, after["att.kv_sum"], after["att.k_sum"] = self.att(
                x, memory["att.previous"], memory["att.kv_sum"], memory["att.k_sum"]
            )
            x = x + mixed
        x = self.ln2(x)
        after["ffn.previous"] = x[:, -1]
        return x + self.ffn(x, memory["ffn.previous"]), after


class AiWriter2(TorchLanguageModel):
    """AI-Writer v2 as a LanguageModel: a text of any length, a state of fixed size.

    With a copy head the state keeps the keys and ids of the last ``context + CHUNK`` places in a ring (the place at
    position p is in slot p modulo its size). The extra slots are there so that up to CHUNK tokens can be read before
    their logits are asked for, and still each finds its own last ``context`` keys.
    """

    architecture = "aiwriter2"
    config_type = AiWriter2Config

    def __init__(self, config: AiWriter2Config) -> None:
        super().__init__()
        self.config = config
        self.vocab_size = config.vocab_size
        self.emb = nn.Embedding(config.vocab_size, config.width)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.layers))
        self.ln_out = nn.LayerNorm(config.width)
        self.head = Linear(config.width, config.vocab_size, bias=False)
        if config.copy_head:
            self.head_q = Linear(config.width, COPY_WIDTH, bias=False)
            self.head_k = Linear(config.width, COPY_WIDTH, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Training form: ids (B, T) -> logits (B, T, V), for any T."""
        hidden = self._hidden(ids)
        logits = widened(self.head(hidden))  # (B, T, V)
        return self._with_copies(logits, hidden, ids) if self.config.copy_head else logits

    def features(self, ids: Tensor) -> tuple[Tensor, Tensor] | None:
        return None if self.config.copy_head else (self._hidden(ids), self.head.weight)

    def _hidden(self, ids: Tensor) -> Tensor:
        x: Tensor = self.emb(ids)  # (B, T, C)
        for layer, block in enumerate(self.blocks):
            x, _ = block(x, self._empty_memory(layer, ids.shape[0]))
        hidden: Tensor = self.ln_out(x)
        return hidden

    def start(self, batch: int) -> TensorState:
        tensors = {}
        for layer in range(self.config.layers):
            memory = self._empty_memory(layer, batch)
            tensors.update({f"blocks.{layer}.{name}": tensor for name, tensor in memory.items()})
        if self.config.copy_head:
            slots = self.config.context + CHUNK
            tensors["copy.keys"] = self.head_k.weight.new_zeros(batch, slots, COPY_WIDTH)
            tensors["copy.ids"] = torch.zeros(batch, slots, dtype=torch.int64, device=self.device)
        return TensorState(torch.zeros(batch, dtype=torch.int64, device=self.device), tensors)

    @torch.inference_mode()
    def extend(self, ids: Array, state: TensorState) -> tuple[Tensor, TensorState]:
        """Read on (B, T), CHUNK tokens at a time, so that the ring never loses a key before it has been asked for."""
        pieces = []
        for piece in torch.split(self._ids(ids), CHUNK, dim=1):
            hidden, state = self.read(piece, state)
            pieces.append(self.logits(hidden, state).float())
        return torch.cat(pieces, dim=1), state  # (B, T, V)

    def read(self, ids: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        """Read ids (B, T) on, in pieces that bound the memory needed; writes into the copy ring of ``state``."""
        pieces = []
        for piece in torch.split(ids, READ_PIECE, dim=1):
            before, after = state.tensors, dict(state.tensors)
            x = self.emb(piece)  # (B, T, C)
            for layer, block in enumerate(self.blocks):
                names = self._memory_names(layer)
                x, memory = block(x, {name: before[f"blocks.{layer}.{name}"] for name in names})
                after.update({f"blocks.{layer}.{name}": memory[name] for name in names})
            hidden = self.ln_out(x)
            if self.config.copy_head:
                self._remember(hidden, piece, state)
            pieces.append(hidden)
            state = TensorState(state.lengths + piece.shape[1], after)
        return torch.cat(pieces, dim=1), state

    def logits(self, hidden: Tensor, state: TensorState) -> Tensor:
        """Return logits (B, t, V); ValueError when t > CHUNK, for then the ring has lost keys that they depend on."""
        logits = widened(self.head(hidden))
        if not self.config.copy_head:
            return logits
        count = hidden.shape[1]
        if count > CHUNK:
            raise ValueError(f"logits of {count} places at once; the copy ring serves the last {CHUNK}")
        keys, ids = state.tensors["copy.keys"], state.tensors["copy.ids"]
        slots = torch.arange(keys.shape[1], device=keys.device)
        newest = state.lengths[:, None] - 1  # (B, 1)
        held = newest - (newest - slots) % len(slots)  # (B, U) the position in each slot, negative: nothing yet
        asking = newest + torch.arange(1 - count, 1, device=keys.device)  # (B, t)
        return _add_at(logits, ids, self._copy_scores(hidden, keys, asking, held))

    def _memory_names(self, layer: int) -> tuple[str, ...]:
        if self.config.ffn_pre and layer == 0:
            return ("ffnPre.previous", "ffn.previous")
        return ("att.previous", "att.kv_sum", "att.k_sum", "ffn.previous")

    def _empty_memory(self, layer: int, batch: int) -> dict[str, Tensor]:
        """What a block remembers, (B, C) by name, before anything has been read."""
        empty = self.ln_out.weight.new_zeros(batch, self.config.width)
        return {
            name: (widened(empty) if name.endswith("_sum") else empty).clone() for name in self._memory_names(layer)
        }

    def _remember(self, hidden: Tensor, ids: Tensor, state: TensorState) -> None:
        """Write the keys and ids of the places after ``state`` into its ring, as many as it holds."""
        keys, held = state.tensors["copy.keys"], state.tensors["copy.ids"]
        batch, slots, _ = keys.shape
        count = ids.shape[1]
        kept = range(max(0, count - slots), count)
        rows = torch.arange(batch, device=ids.device)[:, None]
        where = (state.lengths[:, None] + torch.arange(kept.start, kept.stop, device=ids.device)) % slots  # (B, t)
        keys[rows, where] = self.head_k(hidden[:, kept.start :]).to(keys.dtype)
        held[rows, where] = ids[:, kept.start :]

    def _with_copies(self, logits: Tensor, hidden: Tensor, ids: Tensor) -> Tensor:
        """Add the copy head's scores to logits (B, T, V), a block of places at a time so that memory is O(T)."""
        length = ids.shape[1]
        keys, positions = self.head_k(hidden), torch.arange(length, device=ids.device)[None]
        blocks = []
        for begin in range(0, length, COPY_BLOCK):
            end = min(begin + COPY_BLOCK, length)
            asking, seen = slice(begin, end), slice(max(0, begin - self.config.context + 1), end)
            scores = self._copy_scores(hidden[:, asking], keys[:, seen], positions[:, asking], positions[:, seen])
            blocks.append(_add_at(logits[:, asking], ids[:, seen], scores))
        return torch.cat(blocks, dim=1)

    def _copy_scores(self, hidden: Tensor, keys: Tensor, asking: Tensor, held: Tensor) -> Tensor:
        """Score hidden (B, t, C) at positions ``asking`` (B, t) against keys (B, U, 256) at ``held`` (B, U).

        Returns (B, t, U), zero for what lies ahead, ``context`` or more places back, or is not there (held < 0).
        """
        scores = widened(self.head_q(hidden) @ keys.transpose(1, 2)) / COPY_WIDTH
        ago = asking[:, :, None] - held[:, None]
        hidden_away = (ago < 0) | (ago >= self.config.context) | (held[:, None] < 0)
        return scores.masked_fill(hidden_away, 0)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Fill in starting values: decays from one token to hundreds, layers that are silent at first."""
        for module in self.modules():
            if isinstance(module, nn.LayerNorm):
                module.reset_parameters()
            elif isinstance(module, Linear):
                module.weight.normal_(std=module.in_features**-0.5, generator=generator)
        for layer, block in enumerate(self.blocks):
            for part in block.children():
                if isinstance(part, TimeMix | ChannelMix):
                    _initialise_mix(part, layer, self.config.layers)
        self.emb.weight.normal_(std=0.02, generator=generator)
        self.head.weight.normal_(std=0.02, generator=generator)
        if self.config.copy_head:
            self.head_q.weight.zero_()  # no copying until it has been learned


def _add_at(logits: Tensor, ids: Tensor, scores: Tensor) -> Tensor:
    """Let each of the ids (B, U) gain its scores (B, t, U) in logits (B, t, V)."""
    return logits.scatter_add(2, ids[:, None].expand_as(scores), scores.to(logits.dtype))


def _initialise_mix(part: TimeMix | ChannelMix, layer: int, layers: int) -> None:
    """Let early layers look back in most channels and late ones in few; spread the decay over the channels."""
    width = part.receptance.in_features
    channel = torch.arange(width) / width
    current = channel ** (1 - layer / layers)  # (C,) the share of the current place
    part.time_mix_k.copy_(current.view(1, 1, width))
    part.time_mix_r.copy_(current.sqrt().view(1, 1, width))
    if isinstance(part, ChannelMix):
        part.value.weight.zero_()
        return
    part.time_mix_v.copy_(current.view(1, 1, width))
    part.time_decay.copy_((8 * channel ** (0.7 + 1.3 * layer / layers) - 5)[:, None])  # rates exp(-5) to exp(3)
    part.time_first.fill_(-1.2)
    part.output.weight.zero_()
