"""What can be wrong with a request, and how each interface tells its clients."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from moxu.errors import MoxuError
from moxu.serve.batching.requests import Busy, WorkerError

Render = Callable[["Problem"], dict[str, Any]]
"""The error object of an interface."""


class Problem(MoxuError):
    """A request that is answered with an error: its HTTP status, and what the client is told.

    ``kind`` is the sort of error (its ``type`` in OpenAI's interface), ``param`` names the field that is wrong, and
    ``code`` is what programs look for. ``retry_after``: seconds after which it may go better. ``allow``: the methods
    that are possible there. ``beside``: what is sent beside the error object.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        allow: str | None = None,
        beside: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.kind, self.param, self.code = status, message, kind, param, code
        self.retry_after, self.allow, self.beside = retry_after, allow, beside or {}

    @property
    def headers(self) -> dict[str, str]:
        """The headers that belong to the answer."""
        later = {} if self.retry_after is None else {"retry-after": str(max(1, round(self.retry_after)))}
        return later if self.allow is None else later | {"allow": self.allow}


def as_openai(problem: Problem) -> dict[str, Any]:
    """Return the error object of OpenAI's interface, which all paths without one of their own use too."""
    fields = {"message": problem.message, "type": problem.kind, "param": problem.param, "code": problem.code}
    return {"error": {name: _encodable(text) for name, text in fields.items()}, **problem.beside}


def as_kobold(problem: Problem) -> dict[str, Any]:
    """Return the error object of KoboldAI's interface, which has names of its own for what may pass."""
    kind = {404: "not_found", 503: "service_unavailable"}.get(problem.status, problem.code or problem.kind)
    return {"detail": {"msg": _encodable(problem.message), "type": kind}}


RENDERERS: dict[str, Render] = {"/": as_openai, "/api/": as_kobold}
"""The error object of the paths that begin so; the longest beginning counts."""


def response(problem: Problem, path: str) -> JSONResponse:
    """Return the answer that tells a client of this path what is wrong."""
    beginning = max((one for one in RENDERERS if path.startswith(one)), key=len, default="/")
    return JSONResponse(RENDERERS[beginning](problem), problem.status, headers=problem.headers)


def problem_of(error: Exception) -> Problem:
    """Return the problem that an exception is to a client; nothing of one that nobody expected is told."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _of_validation(error)
        case HTTPException():
            return _of_status(error.status_code, error.headers)
        case Busy():
            return unavailable(str(error), error.retry_after)
        case WorkerError():
            return Problem(500, str(error), kind="server_error", code="internal_error")
        case MoxuError():
            return Problem(400, str(error))
        case _:
            return Problem(500, "the server failed; its log says where", kind="server_error", code="internal_error")


def unavailable(message: str, retry_after: float) -> Problem:
    """Return the problem of a server that cannot take a request now."""
    return Problem(503, message, kind="server_error", code="unavailable", retry_after=retry_after)


def _of_status(status: int, headers: Mapping[str, str] | None) -> Problem:
    """Return what the framework raised: for a path or a method that there is not, or a body that is no JSON."""
    if status == 404:
        return Problem(404, "there is nothing at this path", code="not_found")
    if status == 405:
        allow = (headers or {}).get("allow") or (headers or {}).get("Allow")
        message = f"this method is not possible here; use {allow or 'another method'}"
        return Problem(405, message, code="method_not_allowed", allow=allow)
    if status == 400:
        return Problem(400, "the body cannot be read; expected JSON in UTF-8", code="invalid_json")
    return Problem(status, HTTPStatus(status).phrase)


def _of_validation(error: RequestValidationError) -> Problem:
    """Return the first thing that is wrong, with its place: ``messages[0].content``."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return Problem(400, "the body is no JSON", code="invalid_json")
    place = _place(tuple(first["loc"][1:]))
    message = str(first["msg"]).removeprefix("Value error, ")
    return Problem(400, f"{place}: {message}" if place else message, param=place or None, code="invalid_value")


def _place(parts: tuple[int | str, ...]) -> str:
    """Return the place of a value as JavaScript would write it; pydantic's names for the cases of a union go."""
    shown = ""
    for part in parts:
        if isinstance(part, int):
            shown += f"[{part}]"
        elif part.replace("_", "").isalnum() and not (shown and part in _CASES):
            shown += f".{part}" if shown else part
    return shown[:100]


_CASES = {"str", "int", "float", "list", "dict", "bool"}


def _encodable(text: str | None) -> str | None:
    """Return what can be sent as UTF-8: half a pair of surrogates cannot."""
    return None if text is None else text.encode("utf-8", "replace").decode()
