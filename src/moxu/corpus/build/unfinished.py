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

from moxu.corpus.build.options import PrepareOptions
from moxu.corpus.build.pieces import Unit
from moxu.corpus.build.prepare import cleaner_of
from moxu.corpus.dedup.fingerprint import Fingerprinter
from moxu.corpus.folder import INDEX_FILE
from moxu.errors import SettingsError

FORMAT = 1  # of the prepared files
BEGUN_FILE = "begun.json"
PREPARED, GATHERED, CORPUS = "prepared", "gathered", "corpus"
WHOLE = b"ARROW1"  # the last bytes of a file that was written to its end


def check_target(out: Path) -> None:
    """Raise SettingsError where the result or its unfinished form would replace what is no corpus."""
    if out.exists() and not (out / INDEX_FILE).is_file() and not _is_empty(out):
        raise SettingsError(f"--out {out}: exists and is no corpus; name another, it would be replaced")
    part = part_of(out)
    if part.exists() and not (part / BEGUN_FILE).is_file() and not _is_empty(part):
        raise SettingsError(f"{part}: exists and is no unfinished corpus; move it away, or name another --out")


def part_of(out: Path) -> Path:
    """Return the folder of the unfinished form of a corpus."""
    return out.with_name(out.name + ".part")


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


@dataclass
class Unfinished:
    """The folder of a build, begun or gone on with.

    ``salt`` tells one set of options from another; ``kept`` counts units that were there already, ``digest`` is that of
    all units in their order.
    """

    folder: Path
    salt: str
    started_over: bool = False
    kept: int = 0
    paths: list[Path] = field(default_factory=list)

    @classmethod
    def begin(cls, out: Path, options: PrepareOptions) -> "Unfinished":
        """Begin, or go on with what was prepared by the same options; what other options made is removed."""
        folder, salt = part_of(out), salt_of(options)
        prepared = folder / PREPARED
        try:
            begun = json.loads((folder / BEGUN_FILE).read_bytes()).get("options")
        except (FileNotFoundError, ValueError, AttributeError):
            begun = None
        started_over = begun != salt and prepared.is_dir() and any(prepared.iterdir())
        if begun != salt:
            shutil.rmtree(folder, ignore_errors=False) if folder.exists() else None
        prepared.mkdir(parents=True, exist_ok=True)
        write_whole(folder / BEGUN_FILE, json.dumps({"options": salt}).encode())
        return cls(folder, salt, started_over)

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
        old = self.folder / "old"
        if old.exists():
            shutil.rmtree(old)
        if out.exists():
            out.replace(old)
        (self.folder / CORPUS).replace(out)
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
