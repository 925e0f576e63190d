"""What the server logs: one JSON object a line, and never a word of a story.

Texts, paths as they were sent, and messages of exceptions may all hold what somebody writes. So a line says which route
was asked for, not which path; and of an exception its type and place, not its message.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

from starlette.types import Scope

NOTES = "moxu.notes"  # the key of an ASGI scope under which an answer notes numbers for its line in the log
UNMATCHED = "unmatched"
_log = logging.getLogger("moxu.serve")


class JsonLines(logging.Formatter):
    """One JSON object for each record: of moxu's own with their fields, of libraries no more than where they came from.

    What a library says may quote what it was given.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        if record.name.startswith("moxu."):
            line |= {"event": record.msg, **getattr(record, "fields", {})}
        else:
            line |= {"event": "library", "logger": record.name, "place": f"{record.module}:{record.lineno}"}
        if record.exc_info and record.exc_info[0]:
            line |= {"error": record.exc_info[0].__name__, "raised": _places(record.exc_info[2])}
        return json.dumps(line, ensure_ascii=False)


def configure(stream: TextIO | None = None) -> None:
    """Let everything that is logged in this process come out as JSON lines, on standard error by default."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    _log.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"  # whose lines are the paths as they were sent


def log(event: str, *, error: BaseException | None = None, **fields: Any) -> None:
    """Log an event of the server's own, with numbers and names that are no text of a user's."""
    level = logging.INFO if error is None else logging.ERROR
    _log.log(level, event, extra={"fields": fields}, exc_info=error)


def note(scope: Scope, **fields: Any) -> None:
    """Add fields to the line that will be logged of this request."""
    scope.setdefault(NOTES, {}).update(fields)


def route_of(scope: Scope) -> str:
    """Return the path of the route that answers, with the names of its parameters instead of their values."""
    return str(getattr(scope.get("route"), "path", UNMATCHED))


def _places(trace: TracebackType | None) -> list[str]:
    """Return where an exception passed, outermost first: file, line and function."""
    frames = traceback.extract_tb(trace)[-8:]
    return [
        f"{frame.filename.replace(chr(92), '/').rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames
    ]
