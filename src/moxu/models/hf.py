"""Any causal language model of Hugging Face transformers, from its configuration alone, as a LanguageModel.

transformers computes the layers; what has been read lies in a state of ours (``hf_memory``). Nothing is ever fetched,
and no code comes from a checkpoint: the classes are those of the installed package.
"""

import difflib
import inspect
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from moxu.errors import MoxuError, SettingsError
from moxu.models.base import TorchLanguageModel
from moxu.models.kv import Places

try:
    import transformers
    from huggingface_hub.errors import StrictDataclassError
    from transformers import cache_utils
    from transformers.cache_utils import Cache, DynamicLayer, DynamicSlidingWindowLayer

    from moxu.models.hf_memory import HfState, Memory, remembers
except ImportError as error:
    reason = " ".join(str(error).split())
    raise MoxuError(
        f"models of Hugging Face need the package transformers ({reason}); pip install 'moxu[hf]'"
    ) from None

if not hasattr(Cache, "get_query_offset"):
    raise MoxuError(f"transformers {transformers.__version__} is too old for moxu; pip install -U 'moxu[hf]'")

READ_PIECE = 1024  # tokens that a read takes through all layers together
LAYERS_AT_MOST = 1000  # a configuration that asks for more is damaged

_PLACES_BY_DISTANCE = ("bloom", "mpt")  # take no position_ids: their scores fall with the distance of places
_GAP_FILLERS = ("bert-generation",)  # beside all that transformers has for masked language modelling
_ROWS_ALIKE = ("gpt_neo",)  # cut their local windows by the place in the cache, not in the row
_WINDOWS = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx")
# transformers 5.23 and later also have layers that remember nothing: they use what another layer remembers.
_KEYS_AND_VALUES = (DynamicLayer, DynamicSlidingWindowLayer, getattr(cache_utils, "DummyLayer", DynamicLayer))
_REMEMBERS_MORE = "{} models remember something else than keys and values of each layer, which moxu cannot keep"
_BAD_VALUES = (
    *(ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, RuntimeError, TypeError, ValueError),
    StrictDataclassError,
)


@dataclass(frozen=True)
class HfConfig:
    """``model``: a configuration of transformers as a plain table, with its ``model_type``."""

    model: dict[str, Any]

    def __post_init__(self) -> None:
        model_type = self.model.get("model_type")
        if not isinstance(model_type, str):
            raise SettingsError(f"model_type is {model_type!r}; expected the name of a kind of model, such as 'llama'")
        known = list(transformers.CONFIG_MAPPING)
        if model_type not in known:
            close = difflib.get_close_matches(model_type, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "a newer one may: pip install -U transformers"
            raise SettingsError(f"transformers {transformers.__version__} knows no model_type {model_type!r}; {hint}")
        if self.model.get("quantization_config") is not None:
            raise SettingsError(f"the {model_type} model is quantised; moxu needs its plain weights")


class HfModel(TorchLanguageModel):
    """A causal model of transformers as a LanguageModel; its parameters have the names that transformers gives them.

    Tied parameters are named once, as in what ``save_pretrained`` writes. Dropout is off, in training too.
    """

    architecture = "hf"
    config_type = HfConfig

    def __init__(self, config: HfConfig) -> None:
        super().__init__()
        self.config = config
        self.model_type = config.model["model_type"]
        with quiet(), _one_line(self.model_type):
            self.causal_lm = _causal_lm(config.model)
        settings = self.causal_lm.config.get_text_config(decoder=True)
        self._layers = _plain_layers(settings, self.model_type)
        accepted = inspect.signature(self.causal_lm.forward).parameters
        if "past_key_values" not in accepted:
            raise SettingsError(_REMEMBERS_MORE.format(self.model_type))
        self._has_positions = "position_ids" in accepted
        if not self._has_positions and self.model_type not in _PLACES_BY_DISTANCE:
            raise SettingsError(f"{self.model_type} models cannot be told positions, so rows cannot share a batch")
        self._can_keep_last = "logits_to_keep" in accepted
        self.vocab_size = _vocab_size(self.causal_lm, settings)
        self.max_context = _max_context(settings)
        self.eval()

    def forward(self, ids: Tensor) -> Tensor:
        """Training form: ids (B, T) -> logits (B, T, V)."""
        with quiet():
            logits: Tensor = self.causal_lm(input_ids=ids, use_cache=False).logits
        return logits

    def start(self, batch: int) -> HfState:
        return HfState(torch.zeros(batch, dtype=torch.int64), {})

    def read(self, ids: Tensor, state: HfState) -> tuple[Tensor, HfState]:  # type: ignore[override]
        """Read ids (B, T) on; the head belongs to transformers, so what is returned are the logits (B, T, V)."""
        return self._read(ids, state, last_only=False)

    def logits(self, hidden: Tensor, state: HfState) -> Tensor:  # type: ignore[override]  # noqa: ARG002
        return hidden

    @torch.inference_mode()
    def prefill(self, ids: Any) -> tuple[Tensor, HfState]:
        tensor = self._ids(ids)
        logits, state = self._read(tensor, self.start(tensor.shape[0]), last_only=True)
        return logits[:, -1].float(), state  # (B, V)

    def _read(self, ids: Tensor, state: HfState, *, last_only: bool) -> tuple[Tensor, HfState]:
        """Return the logits (B, T, V), or at least those of the last place; SettingsError when a row grows too long."""
        longest = int(state.lengths.max()) + ids.shape[1]
        if self.max_context is not None and longest > self.max_context:
            raise SettingsError(f"a text of {longest} ids; the model's window holds {self.max_context}")
        pieces: list[Tensor] = []
        for piece in torch.split(ids, READ_PIECE, dim=1):
            places = Places.after(state.lengths, piece.shape[1], ids.device, self.max_context)
            if places.start is None and self.model_type in _ROWS_ALIKE:
                raise SettingsError(f"{self.model_type} models cannot read rows of different lengths together")
            logits = self._logits_of_piece(piece, places, state, last_only)
            pieces = [logits] if last_only else [*pieces, logits]
            state = HfState(state.lengths + piece.shape[1], state.tensors)
        return torch.cat(pieces, dim=1), state

    def _logits_of_piece(self, ids: Tensor, places: Places, state: HfState, last_only: bool) -> Tensor:
        options: dict[str, Any] = {"past_key_values": Memory(self._layers, state, places), "use_cache": True}
        if self._has_positions:
            options["position_ids"] = places.positions
        if self._can_keep_last:
            options["logits_to_keep"] = 1 if last_only else 0  # 0 is transformers' word for: all
        with quiet():
            logits: Tensor = self.causal_lm(input_ids=ids, **options).logits
        if len(state.tensors) != 2 * sum(map(remembers, self._layers)):
            raise SettingsError(_REMEMBERS_MORE.format(self.model_type))
        return logits

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.causal_lm.train(False)  # no dropout, so that what is trained is what is read
        return self

    def tied_names(self) -> dict[str, str]:
        """Return the names of tied parameters, each with that of the parameter it is the same as."""
        return dict(self.causal_lm.all_tied_weights_keys)

    def state_dict(self, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        """Return parameters and persistent buffers under transformers' names, tied ones once."""
        tied = self.tied_names()
        return {name: tensor for name, tensor in self.causal_lm.state_dict(**options).items() if name not in tied}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Take what ``state_dict`` gives; tied parameters are one and the same afterwards."""
        tied = {name: state_dict[source] for name, source in self.tied_names().items() if source in state_dict}
        result = self.causal_lm.load_state_dict({**state_dict, **tied}, strict=strict, assign=assign)
        self.causal_lm.tie_weights(recompute_mapping=False)
        return result

    @torch.no_grad()
    def restore_buffers(self) -> None:
        """Compute what no checkpoint holds, such as the frequencies of rotary positions, where the parameters lie."""
        for tensor in self.causal_lm.state_dict(keep_vars=True).values():
            tensor._is_hf_initialized = True  # as from_pretrained does: what is read is not drawn again
        for name, buffer in list(self.causal_lm.named_non_persistent_buffers()):
            owner, _, attribute = name.rpartition(".")
            module = self.causal_lm.get_submodule(owner)
            module.register_buffer(attribute, torch.empty_like(buffer, device=self.device), persistent=False)
        self._initialise_unmarked()

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Fill in the starting values of transformers, which draws from torch's own generator: seeded for the while."""
        seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
        for tensor in self.causal_lm.state_dict(keep_vars=True).values():
            tensor._is_hf_initialized = False
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(seed)
            self._initialise_unmarked()

    def _initialise_unmarked(self) -> None:
        for module in self.causal_lm.modules():
            module._is_hf_initialized = False
        with quiet():
            self.causal_lm.initialize_weights()


def _causal_lm(table: Mapping[str, Any]) -> Any:
    """Build the model of a configuration, in float32, with transformers' own choice of how to attend."""
    config = transformers.AutoConfig.for_model(**table)
    model_type = table["model_type"]
    if config.is_encoder_decoder:
        raise SettingsError(
            f"{model_type} models have an encoder; expected a model that only continues, such as 'llama'"
        )
    if type(config) in transformers.MODEL_FOR_MASKED_LM_MAPPING or model_type in _GAP_FILLERS:
        raise SettingsError(
            f"{model_type} models fill gaps; expected one that reads from left to right, such as 'llama'"
        )
    if type(config) not in transformers.MODEL_FOR_CAUSAL_LM_MAPPING:
        raise SettingsError(f"{model_type} models are no causal language models; expected one such as 'llama'")
    layers = getattr(config.get_text_config(decoder=True), "num_hidden_layers", 0)
    if layers > LAYERS_AT_MOST:
        raise SettingsError(f"num_hidden_layers is {layers}; expected at most {LAYERS_AT_MOST}")
    # None: neither a way to attend nor one to compute experts is taken from the configuration, which may name
    # programs that would have to be fetched.
    return transformers.AutoModelForCausalLM.from_config(  # type: ignore[no-untyped-call]
        config, dtype=torch.float32, attn_implementation=None, experts_implementation=None, trust_remote_code=False
    )


def _plain_layers(settings: Any, model_type: str) -> list[Any]:
    """Return what transformers would keep for each layer; SettingsError when it is more than keys and values."""
    with _one_line(model_type):
        layers: list[Any] = transformers.DynamicCache(config=settings).layers
    for layer in layers:
        if type(layer) not in _KEYS_AND_VALUES:
            raise SettingsError(_REMEMBERS_MORE.format(model_type))
    return layers


def _vocab_size(causal_lm: Any, settings: Any) -> int:
    head = causal_lm.get_output_embeddings()
    return int(settings.vocab_size if head is None else head.weight.shape[0])


def _max_context(settings: Any) -> int | None:
    """Return how many tokens a text may have; None when the configuration sets no limit.

    Rotary positions that are stretched once a text grows past its original window would make what was read before
    wrong, so such a model ends at that window.
    """
    told = (getattr(settings, name, None) for name in _WINDOWS)
    limits = [limit for limit in told if isinstance(limit, int) and limit > 0][:1]
    rope = getattr(settings, "rope_parameters", None) or {}
    for kind in [rope, *(value for value in rope.values() if isinstance(value, dict))]:
        if kind.get("rope_type") in ("dynamic", "longrope"):
            limits.append(kind.get("original_max_position_embeddings", *limits))
    return min(limits, default=None)


_silent: ContextVar[bool] = ContextVar("_silent", default=False)
for _handler in logging.getLogger("transformers").handlers:
    _handler.addFilter(lambda _: not _silent.get())


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what transformers has to say within this block from the terminal."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


@contextmanager
def _one_line(model_type: str) -> Iterator[None]:
    """Turn what transformers raises for a configuration it cannot use into one line."""
    try:
        yield
    except _BAD_VALUES as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise SettingsError(f"transformers makes no {model_type} model of this configuration: {reason}") from None
