"""The folder of a build that is not finished: ``OUT.part``, with a file for each unit that has been prepared.

A file is named after what it was made of and how, so one that is there whole is as good as made again, and any other
is never used: a build goes on where it stopped, even if some of its sources have changed meanwhile.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Self

from moxu.corpus.build.options import PrepareOptions
from moxu.corpus.build.prepare import cleaner_of
from moxu.corpus.dedup.fingerprint import Fingerprinter
from moxu.corpus.marks import INDEX_FILE
from moxu.corpus.sources.pieces import Unit
from moxu.corpus.target import check_target, claim, clear, is_free, part_of, take_place
from moxu.errors import SettingsError

FORMAT = 1  # of the prepared files
BEGUN_FILE = "begun.json"
PREPARED, GATHERED, CORPUS = "prepared", "gathered", "corpus"
WHOLE = b"ARROW1"  # the last bytes of a file that was written to its end


def check_out(out: Path) -> None:
    """Raise SettingsError where the result or its unfinished form would replace what is no corpus."""
    check_target(out, [INDEX_FILE], "corpus")
    part = part_of(out)
    if not is_free(part) and not (part / BEGUN_FILE).is_file():
        raise SettingsError(f"{part}: exists and is no unfinished corpus; move it away, or name another --out")


@dataclass
class Unfinished:
    """The folder of a build, begun or gone on with; a context manager, after which other processes may go on with it.

    ``salt`` tells one set of options from another; ``kept`` counts units that were there already, ``digest`` is that of
    all units in their order.
    """

    folder: Path
    salt: str
    claim: BinaryIO
    started_over: bool = False
    kept: int = 0
    paths: list[Path] = field(default_factory=list)

    @classmethod
    def begin(cls, out: Path, options: PrepareOptions) -> "Unfinished":
        """Begin, or go on with what was prepared by the same options; what other options made is removed."""
        folder, salt, claimed = part_of(out), salt_of(options), claim(out)
        prepared = folder / PREPARED
        try:
            begun = json.loads((folder / BEGUN_FILE).read_bytes()).get("options")
        except (FileNotFoundError, ValueError, AttributeError):
            begun = None
        started_over = begun != salt and prepared.is_dir() and any(prepared.iterdir())
        if begun != salt:
            clear(folder)
        prepared.mkdir(exist_ok=True)
        write_whole(folder / BEGUN_FILE, json.dumps({"options": salt}).encode())
        return cls(folder, salt, claimed, started_over)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.claim.close()

    def missing(self, units: Iterable[Unit], met: Callable[[Unit], None]) -> Iterator[tuple[Path, Unit]]:
        """Give the units that have to be prepared, and where to; all units are ``met`` in their order."""
        for unit in units:
            path = self.folder / PREPARED / f"{unit.digest(self.salt)}.arrow"
            self.paths.append(path)
            met(unit)
            if is_whole(path):
                self.kept += 1
            else:
                yield path, unit

    def forget_others(self) -> None:
        """Remove prepared files that are of no use: what they were made of has changed."""
        for path in set((self.folder / PREPARED).iterdir()) - set(self.paths):
            path.unlink()

    @property
    def digest(self) -> str:
        """What names the input and the options of the preparation."""
        state = blake2b(digest_size=16)
        for path in self.paths:
            state.update(path.stem.encode())
        return state.hexdigest()

    def fresh(self, name: str) -> Path:
        """Return an empty folder within."""
        folder = self.folder / name
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        return folder

    def finish(self, out: Path) -> None:
        """Let the corpus take its place; an older one goes."""
        take_place(self.folder / CORPUS, out)
        self.claim.close()
        shutil.rmtree(self.folder)


def salt_of(options: PrepareOptions) -> str:
    """Return what names the options of the preparation, and the versions of what it does."""
    said = {
        "format": FORMAT,
        "cleaner": cleaner_of(options).fingerprint,
        "fingerprinter": asdict(Fingerprinter()),
        "text_column": options.text_column,
        "licence": options.licence,
        "manifests": {
            name: [asdict(row) for row in manifest.rows.values()] for name, manifest in options.manifests.items()
        },
    }
    return blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=16).hexdigest()


def is_whole(path: Path) -> bool:
    """Say whether a prepared file is there to its end; a power cut may leave one without."""
    try:
        with path.open("rb") as file:
            file.seek(-len(WHOLE), os.SEEK_END)
            return file.read() == WHOLE
    except (FileNotFoundError, OSError):
        return False


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is whole or not there."""
    writing = path.with_name(f".{path.name}")
    writing.write_bytes(content)
    writing.replace(path)
