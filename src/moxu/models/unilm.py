"""BERT with the masks of UniLM: a source read in both directions, then a target written from left to right.

Blocks of attention and a feed-forward layer, normalised after each, over word, position and type embeddings that are
summed and normalised; the head turns the width once more before it compares with the word embedding.
Sources: Devlin et al. 2018 (BERT); Dong et al. 2019 (UniLM); the mask from segments is bert4keras's.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from moxu.errors import SettingsError
from moxu.language_model import Array, Passage
from moxu.models.base import TorchLanguageModel
from moxu.models.kv import KvState, Places, attend
from moxu.models.linear import Linear, SharedInput, linear
from moxu.models.state import TensorState

Mask = Literal["bidirectional", "left_to_right", "sequence_to_sequence"]
"""The masks UniLM trains with, by name."""

MARKS = 2  # [CLS] and [SEP] around a source


@dataclass(frozen=True)
class UnilmConfig:
    """Sizes of a BERT; ``positions`` is the longest text, source and target together, that it can hold.

    ``hidden`` of the feed-forward layer; ``types`` of token in the embedding, of which sources have 0 and targets
    ``target_type``.
    """

    vocab_size: int
    width: int
    layers: int
    heads: int
    hidden: int
    positions: int
    types: int = 2
    norm_eps: float = 1e-12
    target_type: int = 1
    activation: Literal["gelu", "gelu_tanh", "relu"] = "gelu"

    def __post_init__(self) -> None:
        if not 0 < self.norm_eps < 1:
            raise SettingsError(f"norm_eps is {self.norm_eps}; expected a number between 0 and 1")
        if self.heads < 1 or self.width % self.heads:
            raise SettingsError(f"heads is {self.heads}; expected a divisor of the width {self.width}")
        if not 0 <= self.target_type < self.types:
            raise SettingsError(f"target_type is {self.target_type}; expected one of the {self.types} types, from 0 on")


def activate(x: Tensor, activation: str) -> Tensor:
    if activation == "relu":
        return torch.relu(x)
    return F.gelu(x, approximate="tanh" if activation == "gelu_tanh" else "none")


class Embedding(nn.Module):
    def __init__(self, config: UnilmConfig) -> None:
        super().__init__()
        self.word = nn.Embedding(config.vocab_size, config.width)
        self.position = nn.Embedding(config.positions, config.width)
        self.token_type = nn.Embedding(config.types, config.width)  # ``type`` is a method of every torch module
        self.norm = nn.LayerNorm(config.width, config.norm_eps)

    def forward(self, ids: Tensor, types: Tensor, positions: Tensor) -> Tensor:
        output: Tensor = self.norm(self.word(ids) + self.position(positions) + self.token_type(types))
        return output


class Attention(nn.Module):
    def __init__(self, config: UnilmConfig) -> None:
        super().__init__()
        self.heads, self.head_size = config.heads, config.width // config.heads
        self.query = Linear(config.width, config.width)
        self.key = Linear(config.width, config.width)
        self.value = Linear(config.width, config.width)
        self.out = Linear(config.width, config.width)
        self.project = SharedInput(self.query, self.key, self.value)

    def forward(self, x: Tensor, places: Places, state: KvState | None, layer: int) -> Tensor:
        batch, length, _ = x.shape
        q, k, v = (
            part.view(batch, length, self.heads, self.head_size).transpose(1, 2)  # (B, H, T, D)
            for part in self.project(x)
        )
        if state is not None:
            k = state.write(f"blocks.{layer}.keys", k, places)
            v = state.write(f"blocks.{layer}.values", v, places)
        output: Tensor = self.out(attend(q, k, v, places).transpose(1, 2).flatten(2))  # (B, T, H * D)
        return output


class FeedForward(nn.Module):
    def __init__(self, config: UnilmConfig) -> None:
        super().__init__()
        self.activation = config.activation
        self.up = Linear(config.width, config.hidden)
        self.down = Linear(config.hidden, config.width)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.down(activate(self.up(x), self.activation))
        return output


class Block(nn.Module):
    def __init__(self, config: UnilmConfig) -> None:
        super().__init__()
        self.attn = Attention(config)
        self.norm1 = nn.LayerNorm(config.width, config.norm_eps)
        self.mlp = FeedForward(config)
        self.norm2 = nn.LayerNorm(config.width, config.norm_eps)

    def forward(self, x: Tensor, places: Places, state: KvState | None, layer: int) -> Tensor:
        """Return x (B, T, C) after the block; with a ``state`` the keys and values read before are seen, and added."""
        x = self.norm1(x + self.attn(x, places, state, layer))
        output: Tensor = self.norm2(x + self.mlp(x))
        return output


class Head(nn.Module):
    def __init__(self, config: UnilmConfig) -> None:
        super().__init__()
        self.activation = config.activation
        self.dense = Linear(config.width, config.width)
        self.norm = nn.LayerNorm(config.width, config.norm_eps)
        self.bias = nn.Parameter(torch.empty(config.vocab_size))

    def forward(self, hidden: Tensor, words: Tensor) -> Tensor:
        """hidden (B, T, C), the word embedding (V, C) -> logits (B, T, V)."""
        return linear(self.norm(activate(self.dense(hidden), self.activation)), words, self.bias)


class Unilm(TorchLanguageModel):
    """A BERT that writes: ``prefill`` reads a source in both directions, ``extend`` reads a target from left to right.

    Source and target are numbered together, from 0 on. ``extend`` of what ``start`` gives is a target without a source:
    a model that reads from left to right only.
    """

    architecture = "unilm"
    config_type = UnilmConfig

    def __init__(self, config: UnilmConfig) -> None:
        super().__init__()
        self.config = config
        self.vocab_size, self.max_context = config.vocab_size, config.positions
        source = max(1, config.positions // 2 - MARKS)
        self.passage = Passage(source, max(1, config.positions - MARKS - source))
        self.embed = Embedding(config)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.head = Head(config)

    def forward(
        self,
        ids: Tensor,
        types: Tensor | None = None,
        *,
        segments: Tensor | None = None,
        padding: Tensor | None = None,
    ) -> Tensor:
        """Training form: ids (B, T) -> logits (B, T, V).

        ``types`` (B, T) chooses what is added to the embeddings, ``segments`` (B, T) who sees whom: see
        ``segment_mask``. Without segments the types are taken for them; without types all are of the target, and
        without either the target begins with the first place, so that each sees what is not ahead of it.
        ``padding`` (B, T): True at the real tokens, which come first; the others are hidden from all. Without it, as in
        the original, pads of segment 0 are seen by the last token before them.
        """
        self._check_length(ids.shape[1])
        segments = types if segments is None else segments
        if segments is None and padding is not None:
            segments = torch.ones_like(ids)
        if types is None:
            types = torch.full_like(ids, self.config.target_type)
        visible = None if segments is None else segment_mask(segments)
        if visible is not None and padding is not None:
            visible = visible & padding[:, None]
        return self._head(self._blocks(ids, types, self._places(ids, visible), None))

    def start(self, batch: int) -> KvState:
        heads, size = self.config.heads, self.config.width // self.config.heads
        empty = self.embed.word.weight.new_empty(batch, heads, 0, size)
        names = (f"blocks.{layer}.{part}" for layer in range(self.config.layers) for part in ("keys", "values"))
        return KvState(torch.zeros(batch, dtype=torch.int64), dict.fromkeys(names, empty))

    @torch.inference_mode()
    def prefill(self, ids: Array) -> tuple[Tensor, TensorState]:
        """Read sources (B, T), each place of which sees all others; SettingsError when they are too long."""
        source = self._ids(ids)
        length = source.shape[1]
        self._check_length(length)
        state = self.start(len(source))
        everything = torch.ones(1, length, length, dtype=torch.bool, device=source.device)
        hidden = self._blocks(source, torch.zeros_like(source), self._places(source, everything), state)
        logits = self._head(hidden[:, -1:])[:, 0].float()  # (B, V)
        return logits, KvState(state.lengths + length, state.tensors)

    def read(self, ids: Tensor, state: KvState) -> tuple[Tensor, KvState]:  # type: ignore[override]
        """Read ids (B, T) of targets on; SettingsError when a row would grow past the positions there are."""
        length = ids.shape[1]
        self._check_length(int(state.lengths.max()) + length)
        places = Places.after(state.lengths, length, ids.device, self.config.positions)
        hidden = self._blocks(ids, torch.full_like(ids, self.config.target_type), places, state)
        return hidden, KvState(state.lengths + length, state.tensors)

    def logits(self, hidden: Tensor, state: KvState) -> Tensor:  # type: ignore[override]  # noqa: ARG002
        return self._head(hidden)

    def _places(self, ids: Tensor, visible: Tensor | None) -> Places:
        """Return the places of ids (B, T) from which texts begin."""
        batch, length = ids.shape
        positions = torch.arange(length, device=ids.device).expand(batch, length)
        return Places(positions, 0, length, self.config.positions, visible)

    def _blocks(self, ids: Tensor, types: Tensor, places: Places, state: KvState | None) -> Tensor:
        x: Tensor = self.embed(ids, types, places.positions)  # (B, T, C)
        for layer, block in enumerate(self.blocks):
            x = block(x, places, state, layer)
        return x

    def _head(self, hidden: Tensor) -> Tensor:
        logits: Tensor = self.head(hidden, self.embed.word.weight)
        return logits

    def _check_length(self, length: int) -> None:
        if length > self.config.positions:
            raise SettingsError(f"a text of {length} ids; the model's window holds {self.config.positions}")

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Fill in BERT's starting values: small normal numbers, biases of 0."""
        for module in self.modules():
            if isinstance(module, nn.LayerNorm):
                module.reset_parameters()
            elif isinstance(module, Linear | nn.Embedding):
                module.weight.normal_(std=0.02, generator=generator)
                if isinstance(module, Linear):
                    module.bias.zero_()
        self.head.bias.zero_()


def segment_mask(segments: Tensor) -> Tensor:
    """Return who sees whom (B, T, T): place i sees place j where the sum of the segments up to j is not the larger.

    Segments (B, T) are 0 or 1. Each 1 is seen only from itself on; each 0 sees and is seen like the 1 before it. So
    zeros at the beginning, a source, all see each other, and ones read from left to right.
    """
    order = segments.cumsum(dim=1)
    return order[:, None] <= order[..., None]


def mask_segments(mask: Mask, sources: Tensor, length: int) -> Tensor:
    """Return the segments (B, T) that give texts of ``length`` places, ``sources`` (B,) of them sources, this mask."""
    if mask == "bidirectional":
        sources = torch.full_like(sources, length)
    elif mask == "left_to_right":
        sources = torch.zeros_like(sources)
    return (torch.arange(length, device=sources.device) >= sources[:, None]).to(torch.int64)
