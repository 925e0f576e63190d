"""KoboldAI's interface, with what KoboldCpp adds to it: what SillyTavern and Kobold Lite connect to.

The published surfaces are those of KoboldAI's ``/api/v1`` (also ``/api/latest``) and KoboldCpp's ``/api/extra``.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

import moxu
from moxu.serve.answering import CLIENT_GONE, EventStream, unless_gone
from moxu.serve.checks import check_within
from moxu.serve.kobold.generations import Generations, Owner
from moxu.serve.kobold.requests import USUAL_LENGTH, context_of
from moxu.serve.kobold.schema import (
    GenerateWishes,
    IdsWishes,
    KeyWishes,
    ModelSetting,
    NumberSetting,
    PromptWishes,
    TextSetting,
)
from moxu.serve.kobold.writing import Writing
from moxu.serve.problems import Problem
from moxu.serve.service import ServedModel, Service, as_numbers

KOBOLDAI = "1.2.5"  # whose interface this is: clients look for what came with which version
KOBOLDCPP = "1.70"

router = APIRouter(prefix="/api", tags=["KoboldAI"])
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def published(method: str, path: str) -> Callable[[Endpoint], Endpoint]:
    """Let an endpoint answer below ``/api/v1``, and ``/api/latest``, which is the same."""

    def add(endpoint: Endpoint) -> Endpoint:
        for version in ("v1", "latest"):
            router.add_api_route(f"/{version}{path}", endpoint, methods=[method], include_in_schema=version == "v1")
        return endpoint

    return add


@published("GET", "/info/version")
async def show_interface() -> dict[str, str]:
    """Tell which version of KoboldAI's interface this is."""
    return {"result": KOBOLDAI}


@published("GET", "/model")
async def show_model(request: Request) -> dict[str, str]:
    """Name the model."""
    return {"result": _model(request).name}


@published("PUT", "/model")
async def choose_model(wishes: ModelSetting, request: Request) -> dict[str, Any]:
    """Refuse another model."""
    return _unchanged("the model", wishes.model, _model(request).name)


@published("GET", "/config/max_length")
async def show_length() -> dict[str, int]:
    """Tell how many tokens a text has where a request does not say it."""
    return {"value": USUAL_LENGTH}


@published("PUT", "/config/max_length")
async def choose_length(wishes: NumberSetting) -> dict[str, Any]:
    """Refuse another length."""
    return _unchanged("max_length", wishes.value, USUAL_LENGTH)


@published("GET", "/config/max_context_length")
@router.get("/extra/true_max_context_length")
async def show_context(request: Request) -> dict[str, int]:
    """Tell how many tokens the prompt and the text may have together."""
    return {"value": context_of(_model(request))}


@published("PUT", "/config/max_context_length")
async def choose_context(wishes: NumberSetting, request: Request) -> dict[str, Any]:
    """Refuse another context."""
    return _unchanged("max_context_length", wishes.value, context_of(_model(request)))


@published("GET", "/config/soft_prompt")
async def show_soft_prompt() -> dict[str, str]:
    """Tell that there is no soft prompt."""
    return {"value": ""}


@published("PUT", "/config/soft_prompt")
async def choose_soft_prompt(wishes: TextSetting) -> dict[str, Any]:
    """Refuse a soft prompt."""
    return _unchanged("soft_prompt", wishes.value.strip(), "")


@published("GET", "/config/soft_prompts_list")
async def list_soft_prompts() -> dict[str, list[str]]:
    """List the soft prompts, of which there are none."""
    return {"values": []}


@published("POST", "/generate")
async def generate(wishes: GenerateWishes, request: Request) -> Response:
    """Continue a prompt."""
    writing = await Writing.begin(wishes, request)
    try:
        written = await unless_gone(request, writing.whole())
    finally:
        writing.close()
    return Response(status_code=CLIENT_GONE) if written is None else JSONResponse(written, headers=writing.headers)


@router.post("/extra/generate/stream")
async def stream(wishes: GenerateWishes, request: Request) -> Response:
    """Continue a prompt, and tell what is written as it is: events with ``token`` and ``finish_reason``."""
    if wishes.n is not None and wishes.n > 1:
        raise Problem(400, f"n is {wishes.n}, but a stream here has one text; use /api/v1/generate", param="n")
    writing = await Writing.begin(wishes, request)
    return EventStream(writing.events(), writing.close, writing.headers)


@router.post("/extra/generate/check")
async def check(request: Request, wishes: KeyWishes | None = None) -> dict[str, Any]:
    """Tell what there is of a text that is written, or was a moment ago."""
    texts = _generations(request).texts(Owner.of(request), _key(wishes))
    return {"results": [{"text": text} for text in texts or [""]]}


@router.get("/extra/generate/check")
async def check_only(request: Request) -> dict[str, Any]:
    """Tell what there is of the only text that the client has asked for without a key."""
    return await check(request)


@router.post("/extra/abort")
async def abort(request: Request, wishes: KeyWishes | None = None) -> dict[str, bool]:
    """End a text where it is; whoever waits for it gets what there is."""
    return {"success": _generations(request).abort(Owner.of(request), _key(wishes))}


@router.post("/extra/tokencount")
@router.post("/extra/tokenize", include_in_schema=False)
async def count_tokens(wishes: PromptWishes, request: Request) -> dict[str, Any]:
    """Count the tokens of a text."""
    service: Service = request.app.state.service
    check_within("prompt", len(wishes.prompt), 0, service.limits.prompt_characters, "characters")
    ids = await asyncio.to_thread(_model(request).tokenizer.encode, wishes.prompt)
    return {"value": len(ids), "ids": list(ids)}


@router.post("/extra/detokenize")
async def join_tokens(wishes: IdsWishes, request: Request) -> dict[str, Any]:
    """Return the text of tokens."""
    service: Service = request.app.state.service
    tokenizer = _model(request).tokenizer
    check_within("ids", len(wishes.ids), 0, service.limits.prompt_characters, "ids")
    for token_id in wishes.ids:
        check_within("an id", token_id, 0, tokenizer.vocab_size - 1)
    return {"result": await asyncio.to_thread(tokenizer.decode, wishes.ids), "success": True}


@router.get("/extra/version")
async def show_version(request: Request) -> dict[str, Any]:
    """Tell what of KoboldCpp's interface there is."""
    service: Service = request.app.state.service
    absent = ("txt2img", "vision", "audio", "transcribe", "multiplayer", "websearch", "tts", "embeddings", "savedata")
    there = {"result": "KoboldCpp", "version": KOBOLDCPP, "protected": bool(service.keys), "moxu": moxu.__version__}
    return there | dict.fromkeys(absent, False) | {"admin": 0}


@router.get("/extra/perf")
async def show_load(request: Request) -> dict[str, int]:
    """Tell how much there is to do."""
    model = _model(request)
    counts = as_numbers(model.worker.stats())
    return {
        "total_gens": int(counts.get("finished", 0)),
        "queue": int(counts.get("waiting", 0)),
        "idle": int(not counts.get("slots_used", 0)),
        "uptime": max(0, int(time.time()) - model.created),
    }


@router.get("/extra/preloadstory")
async def show_story() -> dict[str, Any]:
    """Tell that no story was loaded beforehand."""
    return {}


def _model(request: Request) -> ServedModel:
    service: Service = request.app.state.service
    return service.model(None)


def _generations(request: Request) -> Generations:
    generations: Generations = request.app.state.generations
    return generations


def _key(wishes: KeyWishes | None) -> str | None:
    return None if wishes is None else wishes.genkey


def _unchanged(what: str, given: object, present: object) -> dict[str, Any]:
    """Return the empty answer to a setting that is as it is; Problem for another, which would be everybody's."""
    if given == present:
        return {}
    message = f"{what} is {present!r} for everybody, and cannot be set here; a request may bring lengths of its own"
    raise Problem(403, message, kind="permission_error", code="read_only")
