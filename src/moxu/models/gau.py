"""Misaka-Writer V3: an encoder of gated attention units, and a decoder of low-rank ones that also looks at the source.

A gated attention unit has one head: what attention gathers is multiplied by a gate that each place makes for itself.
The low-rank units of the decoder gather values as narrow as keys and widen them before the gate, so that a text leaves
little to remember. Each layer is followed by an RMS norm; nothing has a bias. Scores are sharper the more a place sees:
they are multiplied by ln(l) / ln(512), l being the number of places in sight.

Id 0 is padding wherever it is not the first of its row, and is never seen: in a source by encoder and decoder, in a
target by the decoder, as the original trains. Where the original generates it forgets the mask of the source, so that a
shorter source in a batch is read with its padding, and its cached form takes every position past 511 for 511; neither
is repeated here.

Sources: pass-lin/misaka-v3; Hua et al. 2022 (gated attention unit); Su et al. 2021 (rotary positions).
"""

import math
from dataclasses import dataclass
from typing import NoReturn, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from moxu.errors import SettingsError
from moxu.language_model import Array, Passage
from moxu.models.base import TorchLanguageModel
from moxu.models.kv import KvState, Places
from moxu.models.linear import Linear, SharedInput
from moxu.models.state import TensorState

PADDING = 0


@dataclass(frozen=True)
class GauConfig:
    """Sizes of a Misaka V3; ``start_id`` is what the decoder reads first ([CLS]).

    ``hidden``: width of gates, of the encoder's values and of the feed-forward layers; ``key_size``: of queries and
    keys, and of the decoder's values. ``scale_base``: how many places in sight leave scores as they are.
    """

    vocab_size: int
    width: int
    hidden: int
    key_size: int
    encoder_layers: int
    decoder_layers: int
    start_id: int
    scale_base: float = 512.0
    norm_eps: float = 1e-7

    def __post_init__(self) -> None:
        if not 0 < self.norm_eps < 1:
            raise SettingsError(f"norm_eps is {self.norm_eps}; expected a number between 0 and 1")
        for name in ("encoder_layers", "decoder_layers"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} is {getattr(self, name)}; expected at least 1")
        if self.key_size < 2 or self.key_size % 2:
            raise SettingsError(f"key_size is {self.key_size}; expected an even number, for rotary positions")
        if not 0 <= self.start_id < self.vocab_size:
            raise SettingsError(f"start_id is {self.start_id}; expected 0 to {self.vocab_size - 1}")
        if self.scale_base <= 1:
            raise SettingsError(f"scale_base is {self.scale_base}; expected a number above 1")


@dataclass(frozen=True)
class Rotation:
    """Rotary positions: each pair of channels (2j, 2j+1) is turned by the position times 10000^(-2j / K)."""

    cos: Tensor  # (B or 1, T, K / 2)
    sin: Tensor

    @classmethod
    def at(cls, positions: Tensor, size: int) -> Self:
        """Return the turns for ``positions`` (B or 1, T) and vectors of ``size`` channels."""
        pairs = torch.arange(0, size, 2, device=positions.device)
        angles = positions[..., None] * 10_000.0 ** (-pairs / size)
        return cls(angles.cos(), angles.sin())

    def __call__(self, x: Tensor) -> Tensor:
        """x (B, T, K) -> (B, T, K)."""
        even, odd = x[..., 0::2], x[..., 1::2]  # (B, T, K / 2)
        turned = torch.stack((even * self.cos - odd * self.sin, odd * self.cos + even * self.sin), dim=-1)
        return turned.flatten(-2).to(x.dtype)


@dataclass(frozen=True)
class Sight:
    """Which places are seen, ``mask`` (B, T or 1, S), and how sharply, ``sharpness`` (B, T or 1, 1)."""

    mask: Tensor
    sharpness: Tensor

    @classmethod
    def of(cls, mask: Tensor, scale_base: float) -> Self:
        seen = mask.sum(dim=-1, keepdim=True).clamp(min=2)
        return cls(mask, seen.log() / math.log(scale_base))


def attend(q: Tensor, k: Tensor, v: Tensor, sight: Sight) -> Tensor:
    """Return softmax(sharpness q k / sqrt(K)) v over what is seen: q (B, T, K), k (B, S, K), v (B, S, D) -> (B, T, D).

    Every place sees something: the first of a row is never hidden.
    """
    q, k, v, mask = ((q * sight.sharpness).to(q.dtype)[:, None], k[:, None], v[:, None], sight.mask[:, None])
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).squeeze(1)


class Unit(nn.Module):
    """The encoder's gated attention unit."""

    def __init__(self, config: GauConfig) -> None:
        super().__init__()
        self.sizes = [config.hidden, config.key_size]
        self.vk = Linear(config.width, sum(self.sizes), bias=False)
        self.uq = Linear(config.width, sum(self.sizes), bias=False)
        self.out = Linear(config.hidden, config.width, bias=False)
        self.project = SharedInput(self.vk, self.uq)

    def forward(self, x: Tensor, rotation: Rotation, sight: Sight) -> Tensor:
        (v, k), (u, q) = (torch.split(torch.relu(part), self.sizes, dim=-1) for part in self.project(x))
        output: Tensor = self.out(u * attend(rotation(q), rotation(k), v, sight))
        return output


class EncoderBlock(nn.Module):
    def __init__(self, config: GauConfig) -> None:
        super().__init__()
        self.attn = Unit(config)
        self.attn_norm = nn.RMSNorm(config.width, config.norm_eps)

    def forward(self, x: Tensor, rotation: Rotation, sight: Sight) -> Tensor:
        output: Tensor = self.attn_norm(x + self.attn(x, rotation, sight))
        return output


class LowRankUnit(nn.Module):
    """The decoder's gated attention unit: values of K channels, widened by ``up`` after they have been gathered."""

    def __init__(self, config: GauConfig) -> None:
        super().__init__()
        self.sizes = [config.hidden, config.key_size]
        self.vk = Linear(config.width, 2 * config.key_size, bias=False)
        self.up = Linear(config.key_size, config.hidden, bias=False)
        self.uq = Linear(config.width, sum(self.sizes), bias=False)
        self.out = Linear(config.hidden, config.width, bias=False)

    def forward(self, u: Tensor, q: Tensor, k: Tensor, v: Tensor, sight: Sight) -> Tensor:
        output: Tensor = self.out(u * torch.relu(self.up(attend(q, k, v, sight))))
        return output


class FeedForward(nn.Module):
    def __init__(self, config: GauConfig) -> None:
        super().__init__()
        self.gate = Linear(config.width, config.hidden, bias=False)
        self.up = Linear(config.width, config.hidden, bias=False)
        self.down = Linear(config.hidden, config.width, bias=False)
        self.project = SharedInput(self.gate, self.up)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.project(x)
        output: Tensor = self.down(torch.relu(gate) * up)
        return output


@dataclass(frozen=True)
class Source:
    """What the decoder sees of a source: keys and values of each layer (B, S, K), and where they are no padding."""

    keys: list[Tensor]
    values: list[Tensor]
    seen: Tensor  # (B, S)


@dataclass(frozen=True)
class Reading:
    """Where the decoder reads: the places of the new ids in the target, and what they see there and in the source."""

    places: Places
    rotation: Rotation
    sight: Sight
    source_sight: Sight


class DecoderBlock(nn.Module):
    """A look at the target so far, a look at the source, and a feed-forward layer."""

    def __init__(self, config: GauConfig) -> None:
        super().__init__()
        self.attn, self.attn_norm = LowRankUnit(config), nn.RMSNorm(config.width, config.norm_eps)
        self.cross, self.cross_norm = LowRankUnit(config), nn.RMSNorm(config.width, config.norm_eps)
        self.ffn, self.ffn_norm = FeedForward(config), nn.RMSNorm(config.width, config.norm_eps)
        self.project = SharedInput(self.attn.vk, self.attn.uq)

    def look_at(self, encoded: Tensor) -> tuple[Tensor, Tensor]:
        """Return the keys and values (B, S, K) of an encoded source (B, S, C)."""
        v, k = torch.relu(self.cross.vk(encoded)).chunk(2, dim=-1)
        return k, v

    def forward(self, x: Tensor, source: Source, reading: Reading, state: KvState | None, layer: int) -> Tensor:
        """Return x (B, T, C) after the block; with a ``state`` the target read before is seen, and added to."""
        vk, uq = self.project(x)
        v, k = torch.relu(vk).chunk(2, dim=-1)
        u, q = torch.split(torch.relu(uq), self.attn.sizes, dim=-1)
        q, k = reading.rotation(q), reading.rotation(k)
        if state is not None:
            k = state.write(f"decoder.{layer}.keys", k, reading.places)
            v = state.write(f"decoder.{layer}.values", v, reading.places)
        x = self.attn_norm(x + self.attn(u, q, k, v, reading.sight))
        u, q = torch.split(torch.relu(self.cross.uq(x)), self.cross.sizes, dim=-1)
        x = self.cross_norm(x + self.cross(u, q, source.keys[layer], source.values[layer], reading.source_sight))
        output: Tensor = self.ffn_norm(x + self.ffn(x))
        return output


class Gau(TorchLanguageModel):
    """Misaka V3 as a LanguageModel: ``prefill`` encodes a source and reads the start token, ``extend`` reads a target.

    Its state holds the keys and values of source and target; ``lengths`` counts the target, start token included. Rows
    whose sources or targets are of different lengths share a batch.
    """

    architecture = "gau"
    config_type = GauConfig
    passage: Passage | None = Passage(source=126, target=512)

    def __init__(self, config: GauConfig) -> None:
        super().__init__()
        self.config = config
        self.vocab_size = config.vocab_size
        self.embed = nn.Embedding(config.vocab_size, config.width)
        self.encoder = nn.ModuleList(EncoderBlock(config) for _ in range(config.encoder_layers))
        self.decoder = nn.ModuleList(DecoderBlock(config) for _ in range(config.decoder_layers))
        self.head = Linear(config.width, config.vocab_size, bias=False)

    def forward(self, source_ids: Tensor, target_ids: Tensor) -> Tensor:
        """Training form: sources (B, S) and targets (B, T) from the start token on -> logits (B, T, V)."""
        places = Places.after(torch.zeros(len(target_ids), dtype=torch.int64), target_ids.shape[1], target_ids.device)
        logits: Tensor = self.head(self._decode(target_ids, self._encode(source_ids), places, None))
        return logits

    @torch.inference_mode()
    def encode(self, source_ids: Array) -> KvState:
        """Return the state of a decoder that has the sources (B, S) in sight and has read nothing, not even the start.

        Shorter sources end in padding (0). SettingsError when there is nothing to encode.
        """
        source = self._encode(self._ids(source_ids))
        batch, key_size = len(source.seen), self.config.key_size
        empty = self.embed.weight.new_empty(batch, 0, key_size)
        tensors = {"source.seen": source.seen[..., None], "decoder.seen": source.seen.new_empty(batch, 0, 1)}
        for layer, (keys, values) in enumerate(zip(source.keys, source.values, strict=True)):
            tensors |= {f"source.{layer}.keys": keys, f"source.{layer}.values": values}
            tensors |= {f"decoder.{layer}.keys": empty, f"decoder.{layer}.values": empty}
        return KvState(torch.zeros(batch, dtype=torch.int64), tensors)

    @torch.inference_mode()
    def prefill(self, ids: Array) -> tuple[Tensor, TensorState]:
        """Read sources (B, S) and the start token; return the logits (B, V) of what follows it, and the state."""
        state = self.encode(ids)
        start = torch.full((len(state.lengths), 1), self.config.start_id, device=self.device)
        hidden, state = self.read(start, state)
        return self.logits(hidden, state)[:, 0].float(), state  # (B, V)

    def start(self, batch: int) -> NoReturn:  # noqa: ARG002
        """Raise SettingsError: without a source there is nothing to start from; see ``encode``."""
        raise SettingsError(
            "a gau model writes from a source, not from nothing; give it one: model.encode(source_ids), --source-ids"
        )

    def read(self, ids: Tensor, state: KvState) -> tuple[Tensor, KvState]:  # type: ignore[override]
        """Read target ids (B, T) on; the first of a row is meant to be the start token."""
        tensors, layers = state.tensors, range(self.config.decoder_layers)
        keys = [tensors[f"source.{layer}.keys"] for layer in layers]
        values = [tensors[f"source.{layer}.values"] for layer in layers]
        source = Source(keys, values, tensors["source.seen"][..., 0])
        places = Places.after(state.lengths, ids.shape[1], ids.device)
        hidden = self._decode(ids, source, places, state)
        return hidden, KvState(state.lengths + ids.shape[1], tensors)

    def logits(self, hidden: Tensor, state: KvState) -> Tensor:  # type: ignore[override]  # noqa: ARG002
        logits: Tensor = self.head(hidden)
        return logits

    def _encode(self, ids: Tensor) -> Source:
        if not ids.shape[1]:
            raise SettingsError("the source is empty; give it at least its marks, [CLS] and [SEP]")
        positions = torch.arange(ids.shape[1], device=ids.device)[None]  # (1, S)
        seen = _no_padding(ids, positions)
        rotation = Rotation.at(positions, self.config.key_size)
        sight = Sight.of(seen[:, None], self.config.scale_base)
        x = self.embed(ids)  # (B, S, C)
        for block in self.encoder:
            x = block(x, rotation, sight)
        looks = [block.look_at(x) for block in self._decoder_blocks()]
        return Source([keys for keys, _ in looks], [values for _, values in looks], seen)

    def _decode(self, ids: Tensor, source: Source, places: Places, state: KvState | None) -> Tensor:
        """Return what the head is applied to (B, T, C)."""
        seen = _no_padding(ids, places.positions)
        if state is not None:
            seen = state.write("decoder.seen", seen[..., None], places)[..., 0]  # (B, span)
        behind = places.visible
        if behind is None:
            behind = torch.arange(places.span, device=ids.device) <= places.positions[..., None]  # (B, T, span)
        reading = Reading(
            places,
            Rotation.at(places.positions, self.config.key_size),
            Sight.of(behind & seen[:, None], self.config.scale_base),
            Sight.of(source.seen[:, None], self.config.scale_base),
        )
        x: Tensor = self.embed(ids)  # (B, T, C)
        for layer, block in enumerate(self._decoder_blocks()):
            x = block(x, source, reading, state, layer)
        return x

    def _decoder_blocks(self) -> list[DecoderBlock]:
        return [block for block in self.decoder if isinstance(block, DecoderBlock)]

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Fill in starting values: layers that keep the size of what they read, quiet where they join the stream."""
        for module in self.modules():
            if isinstance(module, nn.RMSNorm):
                module.reset_parameters()
            elif isinstance(module, Linear):
                module.weight.normal_(std=module.in_features**-0.5, generator=generator)
        joining = self.config.encoder_layers + 3 * self.config.decoder_layers
        for name, parameter in self.named_parameters():
            if name.endswith(("out.weight", "down.weight")):
                parameter.div_(joining**0.5)
        self.embed.weight.normal_(std=0.02, generator=generator)
        self.head.weight.normal_(std=0.02, generator=generator)


def _no_padding(ids: Tensor, positions: Tensor) -> Tensor:
    """Return which ids (B, T) at ``positions`` (B or 1, T) are to be seen: all but padding, and the first of a row."""
    return (ids != PADDING) | (positions == 0)
