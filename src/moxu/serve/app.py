"""The application: the interfaces, the page, the state of health, and what every request has to pass."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse

import moxu
from moxu.errors import MoxuError
from moxu.serve import page
from moxu.serve.desk import books
from moxu.serve.desk import routes as desk
from moxu.serve.desk import writing as desk_writing
from moxu.serve.desk.access import StoreDoor
from moxu.serve.desk.paths import PREFIX
from moxu.serve.desk.writings import Writings
from moxu.serve.kobold import routes as kobold
from moxu.serve.kobold.generations import Generations
from moxu.serve.limits import Limits
from moxu.serve.logs import log
from moxu.serve.metrics import CONTENT_TYPE, Metrics
from moxu.serve.openai import routes as openai
from moxu.serve.origins import NamedOrigin, Preflight, origins_of
from moxu.serve.outcomes import Outcomes
from moxu.serve.problems import problem_of, response
from moxu.serve.security import ApiKey, Bodies, BusyDoor, SafeHeaders, SameOrigin, WholeBody
from moxu.serve.service import Service

router = APIRouter(tags=["moxu"])


def make_app(
    service: Service, *, host: str = "127.0.0.1", allow_hosts: Sequence[str] = (), allow_origins: Sequence[str] = ()
) -> FastAPI:
    """Return the application of a service bound to ``host``; it closes the service when it ends.

    Pages of the origins ``allow_origins`` may use it beside its own. SettingsError where one of them is none.
    """
    metrics, origins = Metrics(service), origins_of(allow_origins)
    app = FastAPI(
        title="moxu",
        version=moxu.__version__,
        docs_url=None,  # these pages would load scripts from elsewhere
        redoc_url=None,
        responses={"4XX": {"description": "What is wrong, as the error object of the interface."}},
        lifespan=_lifespan,
        middleware=_middleware(service, metrics, host, allow_hosts, origins),
        exception_handlers={
            RequestValidationError: _tell,
            HTTPException: _tell,
            MoxuError: _tell,
        },
    )
    app.state.service, app.state.metrics = service, metrics
    app.state.generations = Generations(service.limits)
    app.state.writings = Writings(service.limits)
    app.include_router(router)
    app.include_router(page.router)
    app.include_router(openai.router)
    app.include_router(kobold.router)
    app.include_router(desk_writing.router)
    if service.store is not None:
        app.state.store_door = StoreDoor(service.store, service.limits)
        for part in desk.ROUTERS:
            app.include_router(part)
    app.mount("/static/assets", page.Assets())
    return app


def _middleware(
    service: Service, metrics: Metrics, host: str, allow_hosts: Sequence[str], origins: frozenset[str]
) -> list[Middleware]:
    """Return what every request passes, outermost first."""
    return [
        Middleware(NamedOrigin, origins),
        Middleware(SafeHeaders),
        Middleware(Outcomes, metrics),
        Middleware(SameOrigin.bound_to, host, tuple(allow_hosts), origins),
        Middleware(Preflight, origins),
        Middleware(ApiKey, service),
        Middleware(BusyDoor, service.limits.requests),
        Middleware(BusyDoor, service.limits.books, books.is_book),
        Middleware(WholeBody, service.limits, _bodies(service.limits)),
    ]


def _bodies(limits: Limits) -> dict[str, Bodies]:
    """Return what may be sent to the desk."""
    return {
        f"{PREFIX}/": Bodies(limits.chapter_bytes, limits.arrival_seconds),
        books.IMPORT: Bodies(limits.book_bytes, limits.book_seconds, books.TYPES),
    }


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Tell that the server answers."""
    return {"status": "ok"}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """Tell whether texts can be written: 503 while they cannot."""
    service: Service = request.app.state.service
    return JSONResponse(
        {"status": "ready"} if service.ready else {"status": "not ready"}, 200 if service.ready else 503
    )


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Give all figures to Prometheus."""
    figures: Metrics = request.app.state.metrics
    return Response(figures.exposition(), media_type=CONTENT_TYPE)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    service: Service = app.state.service
    yield
    service.end_answers()
    await app.state.writings.close()
    service.close()


async def _tell(request: Request, error: Exception) -> Response:
    """Answer with the error object of the interface."""
    problem = problem_of(error)
    if problem.status >= 500 and not problem.retry_after:
        log("request failed", error=error)
    return response(problem, request.url.path)
