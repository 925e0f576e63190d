"""The application: the interfaces, the page, the state of health, and what every request has to pass."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import FileResponse, JSONResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import moxu
from moxu.errors import MoxuError
from moxu.serve import openai
from moxu.serve.logs import RequestLog, log
from moxu.serve.metrics import CONTENT_TYPE, Metrics, RequestMetrics
from moxu.serve.problems import problem_of, response
from moxu.serve.security import ApiKey, BusyDoor, SafeHeaders, SameOrigin, WholeBody
from moxu.serve.service import Service

STATIC = Path(str(files("moxu.serve"))) / "static"
router = APIRouter(tags=["moxu"])


def make_app(service: Service, *, host: str = "127.0.0.1", allow_hosts: Sequence[str] = ()) -> FastAPI:
    """Return the application of a service bound to ``host``; it closes the service when it ends."""
    app = FastAPI(
        title="moxu",
        version=moxu.__version__,
        docs_url=None,  # these pages would load scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan,
        middleware=_middleware(service, metrics := Metrics(service), host, allow_hosts),
        exception_handlers={
            RequestValidationError: _tell,
            HTTPException: _tell,
            MoxuError: _tell,
        },
    )
    app.state.service, app.state.metrics = service, metrics
    app.include_router(router)
    app.include_router(openai.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    return app


def _middleware(service: Service, metrics: Metrics, host: str, allow_hosts: Sequence[str]) -> list[Middleware]:
    """Return what every request passes, outermost first."""
    return [
        Middleware(SafeHeaders),
        Middleware(RequestLog),
        Middleware(RequestMetrics, metrics),
        Middleware(SameOrigin.bound_to, host, tuple(allow_hosts)),
        Middleware(ApiKey, service),
        Middleware(BusyDoor, service.limits.requests),
        Middleware(Failures),
        Middleware(WholeBody, service.limits),
    ]


@router.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """Show the page."""
    return FileResponse(STATIC / "index.html")


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Tell that the server answers."""
    return {"status": "ok"}


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
    service.close()


async def _tell(request: Request, error: Exception) -> Response:
    """Answer with the error object of the interface."""
    problem = problem_of(error)
    if problem.status >= 500 and not problem.retry_after:
        log("request failed", error=error)
    return response(problem, request.url.path)


class Failures:
    """Answers where an exception comes that nobody expected; its place is logged, and goes no further."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def send_noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        except Exception as error:
            log("request failed", error=error)
            if begun or scope["type"] != "http":
                raise  # the connection is cut, so that the client knows
            await response(problem_of(error), scope["path"])(scope, receive, send)
