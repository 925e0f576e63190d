"""Tables with a column of texts, cut into pieces: Parquet, and Arrow as the library datasets saves it."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from moxu.corpus.sources.columns import columns_of
from moxu.corpus.sources.listing import File
from moxu.corpus.sources.pieces import LARGEST, UNIT, Fault, Piece
from moxu.errors import TextError

_PARQUET: dict[str, Any] = {"pre_buffer": False, "buffer_size": 1 << 20, "page_checksum_verification": True}
_DAMAGE = (pa.ArrowException, OSError, ValueError)


def parquet_pieces(file: File, stream: Any, before: int, text_column: str | None = None) -> Iterator[Piece | Fault]:
    """Cut a Parquet file into some rows each; only the columns that are used are read."""
    row = 1
    try:
        with pq.ParquetFile(stream, **_PARQUET) as parquet:
            columns = sorted(columns_of(list(parquet.schema_arrow.names), text_column).values())
            total = max(parquet.metadata.num_rows, 1)
            sizes = (parquet.metadata.row_group(number) for number in range(parquet.metadata.num_row_groups))
            size = sum(group.total_byte_size for group in sizes)
            rows = max(1, min(4096, UNIT * total // max(size, 1)))
            for batch in parquet.iter_batches(rows, columns=columns):
                position = before + file.size * (row - 1 + batch.num_rows) // total
                yield from _batch_pieces(file, batch, row, position)
                row += batch.num_rows
    except TextError as error:
        yield Fault(file.name, str(error))
    except _DAMAGE as error:
        yield Fault(file.name, f"damaged after row {row - 1}: {_first_line(error)}")


def arrow_pieces(file: File, before: int, text_column: str | None = None) -> Iterator[Piece | Fault]:
    """Cut an Arrow file into some rows each: a stream, as ``save_to_disk`` of Hugging Face writes, or a file."""
    row = 1
    try:
        with pa.OSFile(str(file.path)) as source:
            for batch in _batches(source):
                columns = sorted(columns_of(batch.schema.names, text_column).values())
                yield from _batch_pieces(file, batch.select(columns), row, before + source.tell())
                row += batch.num_rows
    except TextError as error:
        yield Fault(file.name, str(error))
    except _DAMAGE as error:
        yield Fault(file.name, f"damaged after row {row - 1}: {_first_line(error)}")


def _batches(source: Any) -> Iterator[Any]:
    is_file = source.read(6) == b"ARROW1"
    source.seek(0)
    if is_file:
        reader = pa.ipc.open_file(source)
        yield from (reader.get_batch(number) for number in range(reader.num_record_batches))
    else:
        yield from pa.ipc.open_stream(source)


def _batch_pieces(file: File, batch: Any, first: int, position: int) -> Iterator[Piece | Fault]:
    """Yield a batch in pieces of about UNIT bytes."""
    step = max(1, batch.num_rows * UNIT // max(batch.nbytes, 1))
    for start in range(0, batch.num_rows, step):
        rows = batch.slice(start, step)
        if rows.nbytes > LARGEST:
            yield Fault(f"{file.name}, row {first + start}", f"has {rows.nbytes:,} bytes; expected a text")
            continue
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_batch(rows)
        data = sink.getvalue().to_pybytes()
        yield Piece("table", file.name, data, first + start, file.split, file.manifest, position=position)


def table_rows(data: bytes) -> list[dict[str, Any] | str]:
    """Return the rows of a piece of a table; for one whose texts are no UTF-8, what is wrong with it."""
    table = pa.ipc.open_stream(data).read_all()
    try:
        rows: list[dict[str, Any] | str] = table.to_pylist()
    except UnicodeDecodeError:
        return [_row(table.slice(place, 1)) for place in range(table.num_rows)]
    return rows


def _row(table: Any) -> dict[str, Any] | str:
    try:
        row: dict[str, Any] = table.to_pylist()[0]
    except UnicodeDecodeError as error:
        return f"is damaged: no UTF-8: {error.reason}"
    return row


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200]
