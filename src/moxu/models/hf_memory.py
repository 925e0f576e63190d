"""What a model of transformers remembers, kept in our own state: rows of any lengths, each behind its own last place.

transformers appends what is read to the end of its cache, for all rows alike. Here a cache of our own writes the keys
and values of each row behind those of that row, and masks are made by the place in the row: so each token has its true
position, and a window that slides does so over its own text, not over a neighbour's padding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin
from transformers.masking_utils import AttentionMaskInterface, eager_mask, sdpa_mask

from moxu.models.kv import KvState, Places


@dataclass
class HfState(KvState):
    """``layers.{i}.keys`` and ``layers.{i}.values`` (B, H, S, D); rows that have read nothing have no tensors yet."""

    def join(self, other: Self) -> Self:
        mine, others = self._with_names(other), other._with_names(self)
        return super(HfState, mine).join(others)

    def _with_names(self, other: Self) -> Self:
        """Return this state with an empty memory for each that only ``other`` has."""
        batch, tensors = len(self.lengths), dict(self.tensors)
        for name, tensor in other.tensors.items():
            if name not in tensors:
                tensors[name] = tensor.new_empty(batch, *tensor.shape[1:-2], 0, tensor.shape[-1])
        return type(self)(self.lengths, tensors)


class MemoryLayer(CacheLayerMixin):  # type: ignore[no-untyped-call]
    """What one layer of transformers takes for its cache: a part of a state, for the reading of T tokens."""

    is_sliding = False  # all places are kept; the mask of a window that slides hides those behind it

    def __init__(self, index: int, state: HfState, places: Places) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.index, self.state, self.places = index, state, places

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        return self._write("keys", key_states), self._write("values", value_states)

    def _write(self, kind: str, new: Tensor) -> Tensor:
        name = f"layers.{self.index}.{kind}"
        if name not in self.state.tensors:
            self.state.tensors[name] = new[..., :0, :]
        return self.state.write(name, new, self.places)

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:  # noqa: ARG002
        return self.places.span, 0

    def get_seq_length(self) -> int:
        return self.places.span - self.places.positions.shape[1]

    def get_max_length(self) -> int:
        return -1  # transformers' word for: no limit

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Do nothing: memory is made where it is written."""


class Memory(Cache):
    """A state in the place of transformers' cache; ``get_query_offset`` tells ``_row_by_row`` where each row stands."""

    def __init__(self, layers: list[Any], state: HfState, places: Places) -> None:
        ours = [MemoryLayer(i, state, places) if remembers(layer) else layer for i, layer in enumerate(layers)]
        super().__init__(layers=ours)
        self.places = places

    def get_query_offset(self, layer_idx: int = 0) -> Any:  # noqa: ARG002
        return self.places.positions[:, 0] if self.places.start is None else self.places.start


def remembers(layer: Any) -> bool:
    return isinstance(layer, CacheLayerMixin)


def _row_by_row(make_mask: Callable[..., Tensor | None]) -> Callable[..., Tensor | None]:
    """Return ``make_mask`` of transformers for rows that stand at different places, which ``q_offset`` (B,) tells.

    Everything else, and all of what other users of transformers in this process ask for, it answers as before.
    """

    def mask(*arguments: Any, **options: Any) -> Tensor | None:
        begins = options.get("q_offset")
        if not isinstance(begins, Tensor) or begins.ndim == 0:
            return make_mask(*arguments, **options)
        sees = options["mask_function"]

        def row_sees(row: Tensor, head: Tensor, place: Tensor, key: Tensor) -> Tensor:
            visible: Tensor = sees(row, head, place + begins[row], key)
            return visible

        options |= {"q_offset": 0, "mask_function": row_sees, "allow_is_causal_skip": False}
        return make_mask(*arguments, **options)

    return mask


# Nobody else's transformers changes: only our cache gives each row an offset of its own.
AttentionMaskInterface.register("sdpa", _row_by_row(sdpa_mask))
AttentionMaskInterface.register("eager", _row_by_row(eager_mask))
