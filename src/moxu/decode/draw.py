"""Drawing tokens: a row's draw depends on its seed and the number of its step, and on nothing else.

The uniform number of step t of a row comes from Philox, a counter-based generator, keyed by the row's seed. So the
same request and seed give the same text, alone or in any batch, and a text can be resumed at any step.
"""

import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_array, to_device
from numpy.typing import NDArray

from moxu.errors import MoxuError
from moxu.language_model import Array

SEED_LIMIT = 2**63
_CPU = 1  # kDLCPU of the DLPack standard
_BLOCK = 64  # uniform numbers made at a time; Philox makes four for each count of its counter


def fresh_seed() -> int:
    """Return an unpredictable seed, short enough to be typed again."""
    return secrets.randbelow(2**32)


def row_seeds(seed: int, count: int) -> tuple[int, ...]:
    """Return the seeds of ``count`` candidates: candidate i has ``seed + i``, with which it can be had alone."""
    return tuple((seed + row) % SEED_LIMIT for row in range(count))


def uniform(seed: int, step: int) -> float:
    """Return the number in [0, 1) that decides step ``step`` of a row with this seed."""
    return _uniforms(seed, step // _BLOCK)[step % _BLOCK]


@lru_cache(maxsize=1024)
def _uniforms(seed: int, block: int) -> tuple[float, ...]:
    raw = np.random.Philox(key=seed, counter=block * (_BLOCK // 4)).random_raw(_BLOCK)
    return tuple(((raw >> np.uint64(11)) * 2.0**-53).tolist())  # the upper 53 bits: what a float64 holds


def on_host(array: Array) -> Array:
    """Return the array as numpy where that costs no copy (it lies in main memory), and else as it is."""
    if is_numpy_array(array) or array.__dlpack_device__()[0] != _CPU:
        return array
    return np.from_dlpack(array)


def to_host(array: Array) -> NDArray[np.generic]:
    """Return the array as numpy, copied from its device when it has one."""
    return np.asarray(array) if is_numpy_array(array) else np.from_dlpack(to_device(array, "cpu"))


def draw(logits: Array, uniforms: Sequence[float]) -> list[int]:
    """Return for each row of logits (B, V) the token at which its cumulative probability passes its uniform number.

    The sum is in float64 where the device has it. Raises MoxuError when a row has no token to choose.
    """
    xp = array_namespace(logits)
    peaks = xp.max(logits, axis=-1, keepdims=True)  # (B, 1); NaN where the row holds one
    if not bool(xp.all(xp.isfinite(peaks))):
        raise MoxuError(
            "no token can be chosen: the model gave NaN instead of probabilities (is it damaged?), "
            "or no_repeat_ngram forbids them all (give more)"
        )
    chosen = _choose(xp.exp(logits - peaks), uniforms)  # (B,)
    return [int(token_id) for token_id in to_host(chosen)]


def _choose(weights: Array, uniforms: Sequence[float]) -> Array:
    """Return the tokens (B,) at which the sums of weights (B, V) pass the uniform numbers' share of their totals."""
    if is_numpy_array(weights):
        return np.asarray([_choose_in_row(row, share) for row, share in zip(weights, uniforms, strict=True)])
    xp = array_namespace(weights)
    sums = xp.cumulative_sum(weights, axis=-1, dtype=_widest_float(weights))
    thresholds = sums[:, -1:] * xp.asarray(uniforms, dtype=sums.dtype, device=device(weights))[:, None]
    return xp.sum(xp.astype(sums <= thresholds, xp.int64), axis=-1)


def _choose_in_row(weights: NDArray[Any], share: float) -> Any:
    """Choose as above in one row (V,) on the host; most of its weights are 0 after the cuts and need not be summed."""
    candidates = np.flatnonzero(weights > 0)
    sums = np.cumsum(weights[candidates], dtype=np.float64)
    return candidates[np.searchsorted(sums, share * sums[-1], side="right")]


def _widest_float(array: Array) -> Array:
    """Return float64 where the device of ``array`` has it (Apple's GPUs do not), else float32."""
    xp = array_namespace(array)
    floats = xp.__array_namespace_info__().dtypes(device=device(array), kind="real floating")
    return floats.get("float64", xp.float32)
