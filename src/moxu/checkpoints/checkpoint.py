"""What every format is read into and written from: an architecture, its configuration, its tensors, its tokenizer."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from moxu.checkpoints.storage import Store
from moxu.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Checkpoint:
    """A model at rest, in moxu's own names and layout.

    ``architecture`` and ``config`` are what ``models.registry.build`` takes; ``tensors`` are its ``state_dict``;
    ``card`` says where the weights come from (name, description, licence, characters read …).
    """

    architecture: str
    config: dict[str, Any]
    tensors: dict[str, Tensor]
    tokenizer: Tokenizer | None = None
    card: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadOptions:
    """What a foreign checkpoint may need to be told: its vocabulary file, a configuration file, single facts."""

    vocab: Path | None = None
    config: Path | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WriteOptions:
    """How a checkpoint is written: the type of its numbers (None: the format's own), the files it is cut into."""

    store: Store | None = None
    parts: int = 1


WRITE_DEFAULTS = WriteOptions()


class Format(Protocol):
    """One file of ``checkpoints`` for each format; the registry is ``checkpoints.kinds.FORMATS``."""

    def recognises(self, path: Path) -> bool:
        """Say, without reading tensors where possible, whether ``path`` looks like this format."""
        ...

    def read(self, path: Path, options: ReadOptions) -> Checkpoint:
        """Read; CheckpointError names what is missing, left over or of a wrong shape."""
        ...

    def write(self, checkpoint: Checkpoint, path: Path, options: WriteOptions = WRITE_DEFAULTS) -> None:
        """Write; what stood at ``path`` stays until all is well.

        CheckpointError when this format cannot hold the checkpoint's architecture.
        """
        ...
