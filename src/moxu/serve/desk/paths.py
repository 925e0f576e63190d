"""Where the desk's interface begins, and what all of its routes have in common."""

from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from moxu.serve.desk.schema import Refusal

PREFIX = "/desk"
REFUSALS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Refusal, "description": "It cannot be done so: nothing was changed."},
    503: {"model": Refusal, "description": "It cannot be done now; Retry-After says when to try again."},
}


def operation_id(route: APIRoute) -> str:
    """Return the name of the function that answers, for programs that are generated from the description."""
    return route.name


def desk_router(path: str = "") -> APIRouter:
    """Return a router for what lies under ``/desk`` and this path.

    Its routes bear their whole paths: a router within a router would be logged without the prefix of the outer one.
    """
    return APIRouter(
        prefix=PREFIX + path, tags=["desk"], generate_unique_id_function=operation_id, responses=dict(REFUSALS)
    )
