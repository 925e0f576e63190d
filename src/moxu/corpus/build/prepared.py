"""What becomes of a unit when it is prepared, as one Arrow file: chapters with their fingerprints, works, faults.

It is what workers send, and what lies in the unfinished folder: a unit that is there whole need not be prepared again.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from moxu.corpus.clean.tally import Tally
from moxu.corpus.dedup.fingerprint import EXACT_BYTES
from moxu.corpus.sources.pieces import Fault
from moxu.errors import TextError

ABOUT = b"moxu"  # the key of what is known beside the chapters

CHAPTERS = pa.schema(
    [
        ("work", pa.int32()),  # its place among the works of the unit
        ("number", pa.int32()),
        ("heading", pa.string()),
        ("text", pa.large_string()),
        ("characters", pa.int32()),  # of the paragraphs
        ("was_empty", pa.bool_()),  # before it was cleaned: the title of a volume
        ("exact", pa.binary(EXACT_BYTES)),
        ("signature", pa.binary()),  # uint32, little endian; null where there is none
        ("sketch", pa.binary()),  # uint64, little endian
    ]
)


@dataclass(frozen=True, slots=True)
class PreparedWork:
    """A work, or a part of one with a ``key``: all that is known of it but its chapters.

    ``read`` and ``cleaned`` are characters of its text, headings and line ends included, in the source and after
    cleaning; ``told`` is the number that the manifest tells; ``digest`` names the text as it was read.
    """

    title: str
    author: str
    source: str
    licence: str
    group: str
    split: str
    key: str
    digest: str
    read: int
    cleaned: int
    told: int | None
    origin: str
    note: str
    format: str
    encoding: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Works, their chapters (a table with the columns CHAPTERS), what cleaning did, and what could not be read."""

    works: tuple[PreparedWork, ...]
    chapters: Any
    tally: Tally
    faults: tuple[Fault, ...]


def pack_prepared(
    works: Iterable[PreparedWork], rows: dict[str, list[Any]], tally: Tally, faults: list[Fault]
) -> bytes:
    """Return a file's content: ``rows`` are the columns of CHAPTERS."""
    about = {
        "works": [asdict(work) for work in works],
        "tally": tally.to_json(),
        "faults": [asdict(fault) for fault in faults],
    }
    schema = CHAPTERS.with_metadata({ABOUT: json.dumps(about, ensure_ascii=False).encode()})
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    with pa.ipc.new_file(sink, schema, options=options) as writer:
        writer.write_table(pa.table(rows, schema=schema))
    content: bytes = sink.getvalue().to_pybytes()
    return content


def read_prepared(path: Path, columns: Iterable[str] = CHAPTERS.names) -> Prepared:
    """Read a file that ``pack_prepared`` made, or some columns of it; TextError when it is damaged."""
    try:
        wanted = [CHAPTERS.names.index(name) for name in columns]
        options = pa.ipc.IpcReadOptions(included_fields=wanted, use_threads=False)
        with pa.OSFile(str(path)) as source:
            reader = pa.ipc.open_file(source, options=options)
            chapters = reader.read_all()
            about = json.loads(reader.schema.metadata[ABOUT])
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise TextError(f"{path}: damaged: {str(error)[:200]}; remove it, and build again") from None
    works = tuple(PreparedWork(**{**work, "warnings": tuple(work["warnings"])}) for work in about["works"])
    faults = tuple(Fault(**fault) for fault in about["faults"])
    return Prepared(works, chapters, Tally.from_json(about["tally"]), faults)
