"""What the fields of a request may hold, whichever interface they come through."""

from collections.abc import Mapping

from moxu.serve.problems import Problem


def check_within(name: str, value: float | None, low: float, high: float, unit: str = "") -> None:
    """Raise Problem, naming the field, unless the value is None or in its range."""
    if value is not None and not low <= value <= high:
        shown = str(value) if abs(value) < 10**18 else "too large"
        what = f"has {shown} {unit}" if unit else f"is {shown}"
        raise Problem(400, f"{name} {what}; expected between {low} and {high}", param=name, code="out_of_range")


def token_biases(given: Mapping[str, float], vocab_size: int) -> tuple[tuple[int, float], ...]:
    """Return ``logit_bias``, whose ids are texts in JSON, as pairs; Problem for an id that is none."""
    biases = []
    for key, bias in given.items():
        token_id = int(key) if key.isascii() and key.isdecimal() and len(key) < 10 else -1
        if not 0 <= token_id < vocab_size:
            message = f"logit_bias has {key[:30]!r}; expected ids from 0 to {vocab_size - 1}"
            raise Problem(400, message, param="logit_bias")
        biases.append((token_id, bias))
    return tuple(biases)
