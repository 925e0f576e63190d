"""Conversions as data: each rule says how a foreign tensor is called and laid out, and its inverse is derived.

    Rule("blocks.{i}.att.x_{m}", change=FLATTEN)        the same name, another shape
    Rule("transformer.h.{i}.mlp", "blocks.{i}.mlp")     another name
    Rule("copy_mask", None)                             not needed: dropped on the way in, and not made on the way out
    Rule(("q.{kind}", "k.{kind}", "v.{kind}"), "qkv.{kind}")    equal parts that are joined along their first axis

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

_FLOATING = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


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
    """``source`` is the foreign name; ``target`` ours, ``""`` when they agree, None when the tensor is not needed.

    Several names on one side are the equal parts, along the first axis, of the tensor on the other side; ``change`` is
    that of the whole.
    """

    source: str | tuple[str, ...]
    target: str | tuple[str, ...] | None = ""
    change: Change = SAME

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,) if isinstance(self.source, str) else self.source

    @property
    def targets(self) -> tuple[str, ...]:
        if self.target is None:
            return ()
        target = self.target or self.source
        return (target,) if isinstance(target, str) else target


def names(*patterns: str) -> list[Rule]:
    """Return rules for tensors that are taken as they are."""
    return [Rule(pattern) for pattern in patterns]


def invert(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules of the way back; what was dropped stays away."""
    return [Rule(rule.targets, rule.sources, rule.change.inverse()) for rule in rules if rule.targets]


def apply(rules: Sequence[Rule], tensors: Mapping[str, Tensor], where: str) -> dict[str, Tensor]:
    """Rename and lay out tensors, the first rule that knows a name being used; the order is kept.

    Raises CheckpointError, beginning with ``where``, for a tensor that no rule knows, for a part that is missing, and
    for two tensors that become one.
    """
    result: dict[str, Tensor] = {}
    taken: set[str] = set()
    for name in tensors:
        if name in taken:  # together with the first of the parts that it belongs to
            continue
        rule, placeholders = find(rules, name, where)
        sources = [source.format(**placeholders) for source in rule.sources]
        taken.update(sources)
        targets = [target.format(**placeholders) for target in rule.targets]
        for target in targets:
            if target in result:
                raise CheckpointError(
                    f"{where}: {name!r} and another tensor both become {target!r}; remove one of them"
                )
        if targets:
            whole = rule.change.forward(_joined(sources, tensors, where))
            result.update(zip(targets, _parted(whole, len(targets), f"{where}: {name!r}"), strict=True))
    return result


def find(rules: Sequence[Rule], name: str, where: str) -> tuple[Rule, dict[str, str]]:
    """Return the first rule that knows a name, and what its placeholders stand for; CheckpointError for a stranger."""
    if match := _match(rules, name):
        return match
    # The nearest name is looked for with this tensor's own parts: 'blocks.{i}.ln1.{kind}' as 'blocks.11.ln1.bias'.
    number = re.search(r"\d+", name)
    layer, kind = number.group() if number else "0", "bias" if name.endswith("bias") else "weight"
    known = {source for rule in rules for source in rule.sources}
    likely = {source.replace("{i}", layer).replace("{kind}", kind) for source in known}
    raise CheckpointError(f"{where}: unexpected tensor {name!r}; {nearest(name, likely)}")


def account(
    found: Mapping[str, Tensor], expected: Mapping[str, Tensor], where: str, rules: Sequence[Rule] = ()
) -> None:
    """Compare tensors with those a model expects, of which only shape and type count.

    Raises CheckpointError for the first that is left over, missing, of another shape, or without floating numbers where
    the model has them; it is called as in a file of these ``rules``, too.
    """
    missing = [name for name in expected if name not in found]
    for name in found:
        if name not in expected:
            raise CheckpointError(
                f"{where}: unexpected tensor {_called(name, rules)}; {nearest(name, missing or expected)}"
            )
    if missing:
        absent = "is missing" if len(missing) == 1 else f"and {len(missing) - 1} more are missing"
        raise CheckpointError(
            f"{where}: the tensor {_called(missing[0], rules)} {absent}; is this the whole checkpoint?"
        )
    for name, tensor in found.items():
        if odd := _misfit(tensor, expected[name]):
            raise CheckpointError(f"{where}: the tensor {_called(name, rules)} {odd}")


def _misfit(tensor: Tensor, wanted: Tensor) -> str | None:
    if tensor.shape != wanted.shape:
        return f"has the shape {tuple(tensor.shape)}; expected {tuple(wanted.shape)} by the configuration"
    return wrong_type(tensor, wanted)


def wrong_type(tensor: Tensor, wanted: Tensor) -> str | None:
    """Say what is wrong with the type of a tensor's numbers; None for any that a model computes with in its own way."""
    if wanted.is_floating_point() and tensor.dtype not in _FLOATING:
        return f"holds {tensor.dtype}; expected floating numbers of 16, 32 or 64 bits"
    if not wanted.is_floating_point() and tensor.dtype != wanted.dtype:
        return f"holds {tensor.dtype}; expected {wanted.dtype}"
    return None


def _match(rules: Iterable[Rule], name: str) -> tuple[Rule, dict[str, str]] | None:
    for rule in rules:
        for source in rule.sources:
            if match := _compiled(source).fullmatch(name):
                return rule, match.groupdict()
    return None


def _called(name: str, rules: Iterable[Rule]) -> str:
    """Return what a message calls a tensor: our name, and before it that in a file of these rules if it is another."""
    if not (match := _match(invert(rules), name)):
        return repr(name)
    rule, placeholders = match
    foreign = [target.format(**placeholders) for target in rule.targets]
    return repr(name) if foreign == [name] else f"{' and '.join(map(repr, foreign))} (here {name!r})"


def _joined(names: Sequence[str], tensors: Mapping[str, Tensor], where: str) -> Tensor:
    if len(names) == 1:
        return tensors[names[0]]
    for name in names:
        if name not in tensors:
            raise CheckpointError(f"{where}: the tensor {name!r} is missing; is this the whole checkpoint?")
        if tensors[name].ndim == 0 or tensors[name].shape != tensors[names[0]].shape:
            shapes = " and ".join(str(tuple(tensors[one].shape)) for one in (names[0], name))
            raise CheckpointError(f"{where}: {names[0]!r} and {name!r} have the shapes {shapes}; expected equal parts")
    return torch.cat([tensors[name] for name in names])


def _parted(whole: Tensor, count: int, what: str) -> Sequence[Tensor]:
    if count == 1:
        return [whole]
    if whole.ndim == 0 or whole.shape[0] % count:
        raise CheckpointError(f"{what} has the shape {tuple(whole.shape)}; expected {count} equal parts of its rows")
    return whole.chunk(count)


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """``{i}`` is a number; any other placeholder is a part of a name without dots."""
    text = re.escape(pattern).replace(r"\{i\}", r"(?P<i>\d+)")
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^.]+)", text))
