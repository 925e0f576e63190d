"""A reader of pickles that can only build: it follows the pickle's instructions itself and calls nothing they name.

Python's own unpickler imports what a pickle names and calls it, so a checkpoint from a stranger is a program. Here a
name becomes a `Recipe` (one of the few constructors this package wrote for it) or a `ForeignClass` (a name and nothing
else), and an object of a foreign class becomes a `Placeholder` that records what it was given. The instruction stream
is decoded by the standard library's ``pickletools``, which executes nothing either.
"""

import pickletools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, NoReturn, Protocol

MAX_INSTRUCTIONS = 5_000_000  # a real model needs some twenty a tensor; small files must not grow into large memory


class UnreadablePickleError(Exception):
    """A pickle that is damaged or asks for something it must not have; the reader of the file adds its name."""


@dataclass(frozen=True)
class Recipe:
    """A global that a pickle may call: ``make`` is our own function and checks its arguments itself."""

    name: str
    make: Callable[..., object]


@dataclass(frozen=True)
class ForeignClass:
    """A global that is only a name to us: it is never imported, and objects of it are Placeholders."""

    name: str


@dataclass(eq=False)
class Placeholder:
    """An object of a class that is not here: what the pickle gave it, and no behaviour."""

    class_name: str
    arguments: tuple[object, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    state: object = None  # what was given to __setstate__ when it was not a table of attributes
    elements: list[object] = field(default_factory=list)  # of a class derived from list or set
    entries: dict[object, object] = field(default_factory=dict)  # of a class derived from dict

    def build(self, state: object) -> None:
        """Record a state: a table of attributes, the pair (table, slots), or whatever else it is."""
        parts = state if isinstance(state, tuple) and len(state) == 2 else (state,)
        tables = [part for part in parts if isinstance(part, dict)]
        if len(tables) == sum(part is not None for part in parts):
            for table in tables:
                self.attributes.update(table)
        else:
            self.state = state


class World(Protocol):
    """What the names in a pickle mean; `unpickle` knows those of torch and numpy."""

    def find(self, module: str, name: str) -> object:
        """Return the Recipe, ForeignClass or marker of a global; UnreadablePickleError refuses it."""
        ...

    def stored(self, persistent_id: object) -> object:
        """Return what lies outside the pickle under this id."""
        ...

    def build(self, target: object, state: object) -> None:
        """Give ``state`` to an object that one of the recipes made."""
        ...


def read(stream: IO[bytes], world: World) -> object:
    """Build the object of one pickle; the stream is left behind its last instruction.

    Raises UnreadablePickleError, or the ValueError, IndexError, KeyError, TypeError or OverflowError that damaged
    instructions lead to.
    """
    return _Machine(world).run(pickletools.genops(stream))


def refuse(name: str) -> NoReturn:
    """Say that a pickle named something it must not have."""
    raise UnreadablePickleError(
        f"refused: the pickle asks for {name}, which is neither a tensor, an array nor a plain container; "
        f"nothing of it was run"
    )


def key(value: object) -> object:
    """Return a value that may be hashed: plain scalars and flat tuples (hashing deep nests would exhaust the stack)."""
    parts = value if isinstance(value, tuple) else (value,)
    if all(part is None or isinstance(part, str | bytes | int | float) for part in parts):
        return value
    raise UnreadablePickleError(f"damaged: a {type(value).__name__} cannot be the key of a table")


class _Machine:
    """The stack machine of the pickle format. A mark remembers how high the stack was."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stack: list[object] = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}

    def run(self, instructions: Iterator[tuple[pickletools.OpcodeInfo, Any, int | None]]) -> object:
        for count, (opcode, argument, _) in enumerate(instructions):
            if count == MAX_INSTRUCTIONS:
                raise UnreadablePickleError(f"refused: the pickle has more than {MAX_INSTRUCTIONS:,} instructions")
            if opcode.name == "STOP":
                return self.pop()
            handler = _HANDLERS.get(opcode.name)
            if handler is None:
                raise UnreadablePickleError(f"refused: the pickle instruction {opcode.name} is not for checkpoints")
            handler(self, argument)
        raise UnreadablePickleError("damaged: the pickle does not end")

    # The stack.

    def push(self, value: object) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise UnreadablePickleError("damaged: the pickle takes more than it put")
        return self.stack.pop()

    def top(self) -> Any:
        value = self.pop()
        self.stack.append(value)
        return value

    def pop_to_mark(self) -> list[object]:
        if not self.marks:
            raise UnreadablePickleError("damaged: a mark is missing in the pickle")
        height = self.marks.pop()
        values = self.stack[height:]
        del self.stack[height:]
        return values

    def set_mark(self, _: object) -> None:
        self.marks.append(len(self.stack))

    def discard(self, _: object) -> None:
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()  # POP also takes away a mark
        else:
            self.pop()

    def duplicate(self, _: object) -> None:
        self.push(self.top())

    def remember(self, index: int | None) -> None:
        self.memo[len(self.memo) if index is None else index] = self.top()

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise UnreadablePickleError(f"damaged: the pickle recalls item {index}, which it never kept")
        self.push(self.memo[index])

    # Plain containers.

    def make_tuple(self, size: int) -> None:
        parts = [self.pop() for _ in range(size)]
        self.push(tuple(reversed(parts)))

    def append(self, values: list[object]) -> None:
        target = self.top()
        if isinstance(target, Placeholder):
            target.elements.extend(values)
        elif isinstance(target, list):
            target.extend(values)
        else:
            raise UnreadablePickleError(f"damaged: the pickle appends to a {type(target).__name__}")

    def add(self, values: list[object]) -> None:
        target = self.top()
        if isinstance(target, Placeholder):
            target.elements.extend(values)
        elif isinstance(target, set):
            target.update(key(value) for value in values)
        else:
            raise UnreadablePickleError(f"damaged: the pickle adds members to a {type(target).__name__}")

    def set_items(self, values: list[object]) -> None:
        target = self.top()
        table = target.entries if isinstance(target, Placeholder) else target
        if not isinstance(table, dict):
            raise UnreadablePickleError(f"damaged: the pickle sets items of a {type(table).__name__}")
        table.update(_table(values))

    # Names and what is made of them.

    def find(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise UnreadablePickleError("damaged: a global of the pickle has no name")
        self.push(self.world.find(module, name))

    def stack_global(self, _: object) -> None:
        name, module = self.pop(), self.pop()
        self.find(module, name)

    def reduce(self, _: object) -> None:
        arguments, function = self.pop(), self.pop()
        if not isinstance(function, Recipe):
            refuse(function.name if isinstance(function, ForeignClass) else f"a call of a {type(function).__name__}")
        self.push(function.make(*_arguments(arguments)))

    def new(self, kind: object, arguments: object) -> None:
        if isinstance(kind, ForeignClass):
            self.push(Placeholder(kind.name, _arguments(arguments)))
        elif isinstance(kind, Recipe):
            self.push(kind.make(*_arguments(arguments)))
        else:
            refuse(f"an object of a {type(kind).__name__}")

    def new_object(self, _: object) -> None:
        arguments, kind = self.pop(), self.pop()
        self.new(kind, arguments)

    def new_object_with_keywords(self, _: object) -> None:
        keywords, arguments, kind = self.pop(), self.pop(), self.pop()
        if keywords and not isinstance(kind, ForeignClass):
            raise UnreadablePickleError("damaged: the pickle names the arguments of a constructor")
        self.new(kind, arguments)

    def old_object(self, _: object) -> None:
        values = self.pop_to_mark()
        if not values:
            raise UnreadablePickleError("damaged: the pickle makes an object of no class")
        self.new(values[0], tuple(values[1:]))

    def old_instance(self, names: str) -> None:
        arguments = tuple(self.pop_to_mark())
        self.find(*names.split(" ", 1))
        self.new(self.pop(), arguments)

    def build(self, _: object) -> None:
        state, target = self.pop(), self.top()
        if isinstance(target, Placeholder):
            target.build(state)
        else:
            self.world.build(target, state)


def _arguments(values: object) -> tuple[object, ...]:
    if not isinstance(values, tuple):
        raise UnreadablePickleError("damaged: the arguments of a call are no tuple")
    return values


def _table(values: list[object]) -> dict[object, object]:
    if len(values) % 2:
        raise UnreadablePickleError("damaged: a key of the pickle has no value")
    return {key(name): value for name, value in zip(values[::2], values[1::2], strict=True)}


_Handler = Callable[[_Machine, Any], None]

_SCALARS = (
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING BINBYTES "
    "SHORT_BINBYTES BINBYTES8 BYTEARRAY8 UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8"
)

_HANDLERS: dict[str, _Handler] = {
    **dict.fromkeys(_SCALARS.split(), _Machine.push),
    **dict.fromkeys(("PROTO", "FRAME"), lambda *_: None),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_SET": lambda machine, _: machine.push(set()),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "MARK": _Machine.set_mark,
    "POP": _Machine.discard,
    "POP_MARK": lambda machine, _: machine.pop_to_mark().clear(),
    "DUP": _Machine.duplicate,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _Machine.remember),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.recall),
    "TUPLE1": lambda machine, _: machine.make_tuple(1),
    "TUPLE2": lambda machine, _: machine.make_tuple(2),
    "TUPLE3": lambda machine, _: machine.make_tuple(3),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.pop_to_mark())),
    "LIST": lambda machine, _: machine.push(machine.pop_to_mark()),
    "DICT": lambda machine, _: machine.push(_table(machine.pop_to_mark())),
    "FROZENSET": lambda machine, _: machine.push(frozenset(key(value) for value in machine.pop_to_mark())),
    "APPEND": lambda machine, _: machine.append([machine.pop()]),
    "APPENDS": lambda machine, _: machine.append(machine.pop_to_mark()),
    "ADDITEMS": lambda machine, _: machine.add(machine.pop_to_mark()),
    "SETITEM": lambda machine, _: machine.set_items([machine.pop(), machine.pop()][::-1]),
    "SETITEMS": lambda machine, _: machine.set_items(machine.pop_to_mark()),
    "GLOBAL": lambda machine, names: machine.find(*names.split(" ", 1)),
    "STACK_GLOBAL": _Machine.stack_global,
    "BINPERSID": lambda machine, _: machine.push(machine.world.stored(machine.pop())),
    "REDUCE": _Machine.reduce,
    "NEWOBJ": _Machine.new_object,
    "NEWOBJ_EX": _Machine.new_object_with_keywords,
    "OBJ": _Machine.old_object,
    "INST": _Machine.old_instance,
    "BUILD": _Machine.build,
}
