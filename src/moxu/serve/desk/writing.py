"""Writing at the desk over HTTP: what there is, what the model sees, what it writes, and how it reads a text."""

from dataclasses import asdict, replace
from typing import Annotated

from fastapi import Header, Query, Response
from fastapi import Request as Call

import moxu
from moxu.decode.draw import fresh_seed, row_seeds
from moxu.decode.options import PRESET_TITLES, PRESETS, SamplingOptions, sampling_options
from moxu.errors import MoxuError
from moxu.serve.answering import CLIENT_GONE, EventStream, unless_gone
from moxu.serve.checks import check_within
from moxu.serve.desk.access import StoreDoor
from moxu.serve.desk.paths import desk_router
from moxu.serve.desk.reading import ALTERNATIVES, read_text, reading_request
from moxu.serve.desk.scene import sight_of
from moxu.serve.desk.writing_schema import (
    DeskLoad,
    DeskModel,
    DeskPreset,
    DeskState,
    ReadingAnswer,
    ReadingWishes,
    SceneWishes,
    SightAnswer,
    SightPart,
    SightWishes,
    WritingAnswer,
    WritingWishes,
)
from moxu.serve.desk.writings import Row, Writings
from moxu.serve.limits import Limits
from moxu.serve.logs import note
from moxu.serve.metrics import Metrics
from moxu.serve.problems import Problem
from moxu.serve.service import ServedModel, Service, as_numbers
from moxu.writers.base import Finish, Request
from moxu.writers.scene import Sight

router = desk_router()

TOLD_LIMITS = (
    *("reach", "n", "max_chars", "written_characters", "reading_characters", "prompt_characters", "stops"),
    *("stop_characters", "chapter_characters", "note_characters", "writing_seconds", "absent_seconds"),
)
"""The limits that a page has to know."""


@router.get("/state")
async def show_state(call: Call) -> DeskState:
    """Tell what there is to write with, and how busy it is."""
    service = _service(call)
    model = next(iter(service.models.values()), None)
    counts = {} if model is None else as_numbers(model.worker.stats())
    load = {name: int(counts.get(count, 0)) for name, count in _LOAD.items()}
    told = asdict(service.limits)
    return DeskState(
        version=moxu.__version__,
        model=None if model is None else _described(model),
        presets=[_preset(name) for name in _presets_for(model)],
        limits={name: told[name] for name in TOLD_LIMITS},
        load=DeskLoad(**load),
        visitor="author",
    )


@router.post("/sight")
async def show_sight(wishes: SightWishes, call: Call) -> SightAnswer:
    """Show exactly what the model would read."""
    service = _service(call)
    check_within("max_chars", wishes.max_chars, 1, service.limits.max_chars)
    sight, _ = await _sight(wishes, call, wishes.max_chars)
    return SightAnswer(
        parts=[SightPart.of(part) for part in sight.parts],
        characters=sum(len(part.text) for part in sight.parts),
        tokens=len(sight.ids),
        room=sight.room,
    )


@router.post("/writings", status_code=201)
async def begin_writing(wishes: WritingWishes, call: Call) -> WritingAnswer:
    """Begin to write on from a scene; the texts come as events of the writing."""
    service, writings = _service(call), _writings(call)
    _check(wishes, service.limits)
    sight, model = await _sight(wishes.scene, call, wishes.max_chars)
    request = _request(wishes, sight, model)
    note(call.scope, model=model.name, prompt_tokens=len(sight.ids), texts=wishes.count)
    writings.make_room()
    reader = service.submit(model, [request])
    metrics: Metrics = call.app.state.metrics
    metrics.count_prompt(model.name, len(sight.ids))
    rows = [Row(at_line_start=sight.at_line_start, tells_tokens=model.gives_logprobs) for _ in range(wishes.count)]

    def ended(finish: Finish) -> None:
        metrics.count_text(model.name, finish.reason, finish.tokens)

    writing = writings.begin(reader, rows, ended)
    settings = {"preset": model.manner.preset if wishes.preset is None else wishes.preset, **_values(request.options)}
    return WritingAnswer(
        id=writing.id,
        model=model.name,
        seeds=list(row_seeds(request.seed or 0, request.count)),
        settings=settings,
        prompt_tokens=len(sight.ids),
    )


@router.get("/writings/{writing}/events", response_class=Response)
async def show_events(
    writing: str,
    call: Call,
    after: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    last_event_id: Annotated[int, Header(ge=0, lt=2**31)] = 0,
) -> EventStream:
    """Stream the events of a writing after one of them: waiting, piece, finish, failed, and at last end."""
    found = _writings(call).writing(writing)
    place = max(after, last_event_id)
    found.check_place(place)
    found.attend()
    return EventStream(found.events(place), found.leave)


@router.delete("/writings/{writing}", status_code=204)
async def stop_writing(writing: str, call: Call) -> None:
    """End the texts of a writing where they are; its events tell so."""
    _writings(call).writing(writing).stop()


@router.post("/reading", response_model=ReadingAnswer)
async def read(wishes: ReadingWishes, call: Call) -> ReadingAnswer | Response:
    """Let the model read a text after a scene; tell how it foresaw each token, and what it would write next."""
    service = _service(call)
    check_within("text", len(wishes.text), 0, service.limits.reading_characters, "characters")
    sight, model = await _sight(wishes.scene, call, len(wishes.text))
    request, ids = reading_request(sight, wishes.text, model)
    note(call.scope, model=model.name, prompt_tokens=len(sight.ids) + len(ids))
    reader = service.submit(model, [request])
    metrics: Metrics = call.app.state.metrics
    metrics.count_prompt(model.name, len(sight.ids) + len(ids))
    answer = await unless_gone(call, read_text(reader, wishes.text))
    return Response(status_code=CLIENT_GONE) if answer is None else answer


async def _sight(wishes: SceneWishes, call: Call, to_write: int) -> tuple[Sight, ServedModel]:
    service = _service(call)
    door: StoreDoor | None = None if service.store is None else call.app.state.store_door
    model = service.model(wishes.model)
    return await sight_of(wishes, model, service.limits, door, to_write=to_write), model


def _check(wishes: WritingWishes, limits: Limits) -> None:
    check_within("count", wishes.count, 1, limits.n)
    check_within("max_chars", wishes.max_chars, 1, limits.max_chars)
    check_within("max_chars", wishes.count * wishes.max_chars, 1, limits.written_characters, "characters in all texts")
    check_within("stop", len(wishes.stops), 0, limits.stops, "stop strings")
    for stop in wishes.stops:
        check_within("stop", len(stop), 1, limits.stop_characters, "characters in a stop string")


def _request(wishes: WritingWishes, sight: Sight, model: ServedModel) -> Request:
    """Return what is to be written, with its seed."""
    try:
        return Request(
            prompt=sight.prompt.text,
            prompt_ids=sight.ids or None,
            options=sampling_options(model.manner.preset if wishes.preset is None else wishes.preset, wishes.samplers),
            count=wishes.count,
            max_chars=wishes.max_chars,
            seed=fresh_seed() if wishes.seed is None else wishes.seed,
            stop=wishes.stops,
            window=wishes.window,
            context=wishes.scene.context,
            past_end=model.manner.past_end,
            top_logprobs=ALTERNATIVES if model.gives_logprobs else None,
        )
    except MoxuError as error:
        raise Problem(400, str(error), param=_field_of(str(error)), code="invalid_value") from None


def _field_of(message: str) -> str | None:
    """Return the field with which a message begins."""
    field = message.partition(" ")[0]
    return field if field in WritingWishes.model_fields else None


def _described(model: ServedModel) -> DeskModel:
    return DeskModel(
        name=model.name,
        architecture=model.architecture,
        max_context=model.max_context,
        reads_source=model.reads_source,
        gives_logprobs=model.gives_logprobs,
        preset=model.manner.preset,
    )


def _presets_for(model: ServedModel | None) -> list[str]:
    """Return the presets with a title, and the one that suits the model."""
    return list(dict.fromkeys([*PRESET_TITLES, *([] if model is None else [model.manner.preset])]))


def _preset(name: str) -> DeskPreset:
    values = {key: value for key, value in _values(PRESETS[name]).items() if value is not None}
    return DeskPreset(name=name, title=PRESET_TITLES.get(name, name), values=values)


def _values(options: SamplingOptions) -> dict[str, float | int | bool | str | None]:
    values = asdict(replace(options, logit_bias=None))
    del values["logit_bias"]
    return values


def _service(call: Call) -> Service:
    service: Service = call.app.state.service
    return service


def _writings(call: Call) -> Writings:
    writings: Writings = call.app.state.writings
    return writings


_LOAD = {"slots": "slots", "running": "slots_used", "waiting": "waiting"}
