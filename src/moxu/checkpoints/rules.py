"""Conversions as data: each rule says how a foreign tensor is called and laid out, and its inverse is derived.

    Rule("blocks.{i}.att.x_{m}", change=FLATTEN)        the same name, another shape
    Rule("transformer.h.{i}.mlp", "blocks.{i}.mlp")     another name
    Rule("copy_mask", None)                             not needed: dropped on the way in, and not made on the way out

``{i}``, ``{n}`` and other placeholders stand for one part of a name, between dots. Nothing is lost silently: a tensor
that no rule knows is an error, and so is one that the model of the configuration lacks or has in another shape.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from moxu.errors import CheckpointError
from moxu.settings import nearest


@dataclass(frozen=True)
class Change:
    """A change of layout and the one that undoes it."""

    forward: Callable[[Tensor], Tensor]
    backward: Callable[[Tensor], Tensor]

    def inverse(self) -> "Change":
        return Change(self.backward, self.forward)


def _same(tensor: Tensor) -> Tensor:
    return tensor


def _transposed(tensor: Tensor) -> Tensor:
    return tensor.t().contiguous()


SAME = Change(_same, _same)
TRANSPOSE = Change(_transposed, _transposed)
FLATTEN = Change(lambda tensor: tensor.reshape(-1), lambda tensor: tensor.reshape(1, 1, -1))  # (1, 1, C) -> (C,)


@dataclass(frozen=True)
class Rule:
    """``source`` is the foreign name; ``target`` ours, ``""`` when they agree, None when the tensor is not needed."""

    source: str
    target: str | None = ""
    change: Change = SAME

    @property
    def renamed(self) -> str | None:
        return self.source if self.target == "" else self.target


def names(*patterns: str) -> list[Rule]:
    """Return rules for tensors that are taken as they are."""
    return [Rule(pattern) for pattern in patterns]


def invert(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules of the way back; what was dropped stays away."""
    return [Rule(rule.renamed, rule.source, rule.change.inverse()) for rule in rules if rule.renamed is not None]


def apply(rules: Sequence[Rule], tensors: Mapping[str, Tensor], where: str) -> dict[str, Tensor]:
    """Rename and lay out tensors, the first rule that knows a name being used; the order is kept.

    Raises CheckpointError, beginning with ``where``, for a tensor that no rule knows and for two that become one.
    """
    result: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        rule, parts = _find(rules, name, where)
        if rule.renamed is None:
            continue
        target = rule.renamed.format(**parts)
        if target in result:
            raise CheckpointError(f"{where}: {name!r} and another tensor both become {target!r}; remove one of them")
        result[target] = rule.change.forward(tensor)
    return result


def account(found: Mapping[str, Tensor], expected: Mapping[str, torch.Size], where: str) -> None:
    """Compare tensors with the names and shapes a model expects; CheckpointError names the first that differs."""
    missing = [name for name in expected if name not in found]
    for name in found:
        if name not in expected:
            raise CheckpointError(f"{where}: unexpected tensor {name!r}; {nearest(name, missing or expected)}")
    if missing:
        rest = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise CheckpointError(f"{where}: the tensor {missing[0]!r}{rest} is missing; is this the whole checkpoint?")
    for name, tensor in found.items():
        if tensor.shape != expected[name]:
            raise CheckpointError(
                f"{where}: the tensor {name!r} has the shape {tuple(tensor.shape)}; "
                f"expected {tuple(expected[name])} by the configuration"
            )


def _find(rules: Sequence[Rule], name: str, where: str) -> tuple[Rule, dict[str, str]]:
    for rule in rules:
        if match := _compiled(rule.source).fullmatch(name):
            return rule, match.groupdict()
    # The nearest name is looked for with this tensor's own numbers: 'blocks.{i}.ln1' as 'blocks.11.ln1'.
    number = re.search(r"\d+", name)
    likely = {rule.source.replace("{i}", number.group() if number else "0") for rule in rules}
    raise CheckpointError(f"{where}: unexpected tensor {name!r}; {nearest(name, likely)}")


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """``{i}`` is a number; any other placeholder is a part of a name without dots."""
    text = re.escape(pattern).replace(r"\{i\}", r"(?P<i>\d+)")
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^.]+)", text))
