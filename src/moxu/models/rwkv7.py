"""RWKV-7 "Goose": a recurrent model with a matrix-valued state, trained in parallel and read in constant memory.

Parameters carry the names of the released checkpoints. Source: RWKV-7 (arXiv 2503.14456) and BlinkDL/RWKV-LM.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from moxu.errors import SettingsError
from moxu.models.base import TorchLanguageModel
from moxu.models.state import TensorState
from moxu.models.wkv7 import Wkv7Inputs, wkv7


@dataclass(frozen=True)
class Rwkv7Config:
    """Sizes of an RWKV-7; the ranks left at 0 take the values of the released models for that width."""

    vocab_size: int
    width: int
    layers: int
    head_size: int = 64
    hidden: int = 0  # of the channel mix; 0: 4 x width
    decay_rank: int = 0
    a_rank: int = 0
    v_rank: int = 0
    gate_rank: int = 0

    def __post_init__(self) -> None:
        if self.width % self.head_size:
            raise SettingsError(f"width is {self.width}; expected a multiple of head_size {self.head_size}")

    @property
    def heads(self) -> int:
        return self.width // self.head_size

    def resolved(self) -> "Rwkv7Config":
        """Return the same configuration with every size written out."""
        return replace(
            self,
            hidden=self.hidden or 4 * self.width,
            decay_rank=self.decay_rank or _released_rank(2.5, self.width),
            a_rank=self.a_rank or _released_rank(2.5, self.width),
            v_rank=self.v_rank or _released_rank(1.7, self.width),
            gate_rank=self.gate_rank or _released_rank(5.0, self.width),
        )


def _released_rank(factor: float, width: int) -> int:
    return max(32, 32 * round(factor * math.sqrt(width) / 32))


def shift(x: Tensor, previous: Tensor) -> Tensor:
    """Return each place's predecessor: x (B, T, C) moved right by one, ``previous`` (B, C) in front."""
    if x.shape[1] == 1:
        return previous[:, None]
    return torch.cat((previous[:, None], x[:, :-1]), dim=1)


class TimeMix(nn.Module):
    """Mix over time through a matrix state for each head; see ``wkv7`` for the recurrence."""

    def __init__(self, config: Rwkv7Config, layer: int) -> None:
        super().__init__()
        width, heads = config.width, config.heads
        self.heads, self.head_size, self.first = heads, config.head_size, layer == 0
        self.x_r, self.x_w, self.x_k = _vector(width), _vector(width), _vector(width)
        self.x_v, self.x_a, self.x_g = _vector(width), _vector(width), _vector(width)
        self.w0, self.a0, self.k_k, self.k_a = _vector(width), _vector(width), _vector(width), _vector(width)
        self.w1, self.w2 = _low_rank(width, config.decay_rank)
        self.a1, self.a2 = _low_rank(width, config.a_rank)
        self.g1, self.g2 = _low_rank(width, config.gate_rank)
        if not self.first:
            self.v0 = _vector(width)
            self.v1, self.v2 = _low_rank(width, config.v_rank)
        self.r_k = nn.Parameter(torch.empty(heads, config.head_size))
        self.receptance = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.ln_x = nn.GroupNorm(heads, width, eps=64e-5)

    def forward(
        self, x: Tensor, previous: Tensor, memory: Tensor, v_first: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the output (B, T, C), the new memory (B, H, N, N) and the values of the first layer (B, T, C)."""
        batch, length, width = x.shape
        by_head = (batch, length, self.heads, self.head_size)
        change = shift(x, previous) - x
        r = self.receptance(torch.addcmul(x, change, self.x_r))
        k = self.key(torch.addcmul(x, change, self.x_k))
        v = self.value(xv := torch.addcmul(x, change, self.x_v))
        log_w = self._log_decay(torch.addcmul(x, change, self.x_w))
        a = torch.sigmoid(self.a0 + torch.addcmul(x, change, self.x_a) @ self.a1 @ self.a2)
        gate = torch.sigmoid(torch.addcmul(x, change, self.x_g) @ self.g1) @ self.g2
        if v_first is None:
            v_first = v
        else:
            v = torch.lerp(v, v_first, torch.sigmoid(self.v0 + xv @ self.v1 @ self.v2).to(v.dtype))

        r, k, v, a = r.float(), k.float(), v.float(), a.float()  # float32 from here
        kappa = F.normalize((k * self.k_k).view(by_head), dim=-1, eps=1e-12)
        k = torch.lerp(k, k * a, self.k_a)
        r, k, v, a = (z.view(by_head) for z in (r, k, v, a))  # (B, T, H, N)
        with torch.autocast(x.device.type, enabled=False):
            y, memory = wkv7(Wkv7Inputs(r, log_w.view(by_head), k, v, -kappa, kappa * a), memory)
        y = self.ln_x(y.reshape(batch * length, width)).view(by_head)
        y = y + (r * k * self.r_k).sum(dim=-1, keepdim=True) * v
        return self.output(y.reshape(batch, length, width) * gate), memory, v_first

    def _log_decay(self, xw: Tensor) -> Tensor:
        """log w in (-exp(-1/2), 0), float32."""
        pressure = self.w0 + torch.tanh(xw @ self.w1) @ self.w2
        return -math.exp(-0.5) * torch.sigmoid(pressure.float())


class ChannelMix(nn.Module):
    """A feed-forward layer with squared ReLU that also looks one place back."""

    def __init__(self, config: Rwkv7Config) -> None:
        super().__init__()
        self.x_k = nn.Parameter(torch.empty(config.width))
        self.key = nn.Linear(config.width, config.hidden, bias=False)
        self.value = nn.Linear(config.hidden, config.width, bias=False)

    def forward(self, x: Tensor, previous: Tensor) -> Tensor:
        hidden = torch.relu(self.key(torch.addcmul(x, shift(x, previous) - x, self.x_k)))
        output: Tensor = self.value(hidden * hidden)
        return output


class Block(nn.Module):
    def __init__(self, config: Rwkv7Config, layer: int) -> None:
        super().__init__()
        self.ln0 = nn.LayerNorm(config.width) if layer == 0 else None
        self.ln1 = nn.LayerNorm(config.width)
        self.ln2 = nn.LayerNorm(config.width)
        self.att = TimeMix(config, layer)
        self.ffn = ChannelMix(config)

    def forward(
        self, x: Tensor, att_previous: Tensor, ffn_previous: Tensor, memory: Tensor, v_first: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return x after the block, what the three parts of the state become, and the first layer's values."""
        if self.ln0 is not None:
            x = self.ln0(x)
        z = self.ln1(x)
        mixed, memory, v_first = self.att(z, att_previous, memory, v_first)
        x = x + mixed
        y = self.ln2(x)
        x = x + self.ffn(y, ffn_previous)
        return x, z[:, -1], y[:, -1], memory, v_first


class Rwkv7(TorchLanguageModel):
    """RWKV-7 as a LanguageModel: a text of any length, a state of fixed size."""

    architecture = "rwkv7"
    config_type = Rwkv7Config

    def __init__(self, config: Rwkv7Config) -> None:
        super().__init__()
        self.config = config = config.resolved()
        self.vocab_size = config.vocab_size
        self.emb = nn.Embedding(config.vocab_size, config.width)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.layers))
        self.ln_out = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, config.vocab_size, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Training form: ids (B, T) -> logits (B, T, V)."""
        hidden, state = self.read(ids, self.start(ids.shape[0]))
        return self.logits(hidden, state)

    def features(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        hidden, _ = self.read(ids, self.start(ids.shape[0]))
        return self.ln_out(hidden), self.head.weight

    def start(self, batch: int) -> TensorState:
        width, heads, size = self.config.width, self.config.heads, self.config.head_size
        zeros = partial(torch.zeros, batch, dtype=torch.float32, device=self.device)
        tensors = {}
        for layer in range(self.config.layers):
            tensors[f"blocks.{layer}.att.previous"] = zeros(width)
            tensors[f"blocks.{layer}.ffn.previous"] = zeros(width)
            tensors[f"blocks.{layer}.att.memory"] = zeros(heads, size, size)
        return TensorState(torch.zeros(batch, dtype=torch.int64, device=self.device), tensors)

    def read(self, ids: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        before: dict[str, Tensor] = state.tensors
        after: dict[str, Tensor] = {}
        x, v_first = self.emb(ids), None  # (B, T, C)
        for layer, block in enumerate(self.blocks):
            names = [f"blocks.{layer}.{part}" for part in ("att.previous", "ffn.previous", "att.memory")]
            x, *new, v_first = block(x, *(before[name] for name in names), v_first)
            after.update(zip(names, new, strict=True))
        return x, TensorState(state.lengths + ids.shape[1], after)

    def logits(self, hidden: Tensor, state: TensorState) -> Tensor:  # noqa: ARG002 — other architectures need it
        logits: Tensor = self.head(self.ln_out(hidden))
        return logits

    def _blocks(self) -> Iterator[Block]:
        return (block for block in self.blocks if isinstance(block, Block))

    def initialise(self, generator: torch.Generator) -> None:
        """Fill in the starting values of the released recipes; training depends on them."""
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, nn.LayerNorm):
                    module.reset_parameters()
            for layer, block in enumerate(self._blocks()):
                _initialise_time_mix(block.att, layer, self.config, generator)
                _initialise_channel_mix(block.ffn, layer, self.config, generator)
            self.emb.weight.uniform_(-1e-4, 1e-4, generator=generator)
            vocabulary, width = self.head.weight.shape
            gain = 0.5 * math.sqrt(max(1.0, vocabulary / width))
            nn.init.orthogonal_(self.head.weight, gain, generator=generator)


def _vector(width: int) -> nn.Parameter:
    return nn.Parameter(torch.empty(width))


def _low_rank(width: int, rank: int) -> tuple[nn.Parameter, nn.Parameter]:
    """A pair of factors that multiplies from the right: x @ down @ up."""
    return nn.Parameter(torch.empty(width, rank)), nn.Parameter(torch.empty(rank, width))


def _initialise_time_mix(att: TimeMix, layer: int, config: Rwkv7Config, generator: torch.Generator) -> None:
    width = config.width
    depth = layer / max(1, config.layers - 1)  # 0 first layer … 1 last
    left = 1 - layer / config.layers  # 1 first layer … 1/L last
    channel = torch.arange(width) / width
    linear = torch.arange(width) / (width - 1) - 0.5
    inner = (torch.arange(width) % config.head_size - (config.head_size - 1) / 2) / ((config.head_size - 1) / 2)
    zigzag = inner * inner.abs()
    for mix, power in ((att.x_r, 0.2), (att.x_w, 0.9), (att.x_k, 0.7), (att.x_v, 0.7), (att.x_a, 0.9), (att.x_g, 0.2)):
        mix.copy_(1 - channel ** (power * left))
    att.w0.copy_(-5.5 + 6 * (linear + 0.5) ** (1 + depth**0.3) + 2.5 * zigzag)
    att.a0.copy_(-0.19 + 0.3 * zigzag + 0.4 * linear)
    att.k_k.copy_(0.71 - 0.1 * linear)
    att.k_a.fill_(1.02)
    att.r_k.fill_(-0.04)
    pairs = [(att.w1, att.w2), (att.a1, att.a2), (att.g1, att.g2)]
    if not att.first:
        att.v0.copy_(0.73 - 0.4 * linear)
        pairs.append((att.v1, att.v2))
    for down, up in pairs:
        down.zero_()
        nn.init.orthogonal_(up, 0.1, generator=generator)
    bound = 0.5 / math.sqrt(width)
    att.receptance.weight.uniform_(-bound, bound, generator=generator)
    att.key.weight.uniform_(-bound / 10, bound / 10, generator=generator)
    att.value.weight.uniform_(-bound, bound, generator=generator)
    att.output.weight.zero_()
    att.ln_x.weight.fill_(((layer + 1) / config.layers) ** 0.7)
    att.ln_x.bias.zero_()


def _initialise_channel_mix(ffn: ChannelMix, layer: int, config: Rwkv7Config, generator: torch.Generator) -> None:
    left = 1 - layer / config.layers
    ffn.x_k.copy_(1 - (torch.arange(config.width) / config.width) ** (left**4))
    nn.init.orthogonal_(ffn.key.weight, 2.0, generator=generator)
    ffn.value.weight.zero_()
