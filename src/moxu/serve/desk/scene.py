"""From a place on the page to what the model sees there: the notes and the earlier chapters come from the store."""

import asyncio

from moxu.serve.checks import check_within
from moxu.serve.desk.access import StoreDoor
from moxu.serve.desk.writing_schema import SceneWishes
from moxu.serve.limits import Limits
from moxu.serve.problems import Problem
from moxu.serve.service import ServedModel
from moxu.store.refusals import Missing
from moxu.store.store import Store
from moxu.writers.scene import Reads, Scene, Sight, compose


async def sight_of(
    wishes: SceneWishes, model: ServedModel, limits: Limits, door: StoreDoor | None, *, to_write: int
) -> Sight:
    """Return what a model sees of a scene when so many characters are to be written; Problem where it cannot be."""
    check_within("reach", wishes.reach, 1, limits.reach)
    check_within("before", len(wishes.before), 0, limits.prompt_characters, "characters")
    scene = await _scene(wishes, door)
    reads = Reads(model.manner, model.tokenizer, room_of(model, wishes.context, to_write))
    return await asyncio.to_thread(compose, scene, reads)


def room_of(model: ServedModel, context: int | None, to_write: int) -> int | None:
    """Return how many ids a model can read before it writes so many characters; None for any number.

    What is to be written has to find room in a window, too; but half of the window is for reading at the least.
    """
    if model.reads_source:
        return model.source
    sizes = [size for size in (model.max_context, context) if size is not None]
    return max(min(sizes) - to_write, min(sizes) // 2) if sizes else None


async def _scene(wishes: SceneWishes, door: StoreDoor | None) -> Scene:
    if wishes.story is None:
        if wishes.chapter is not None:
            raise Problem(400, "chapter is given without its story; give both or neither", param="chapter")
        return Scene(before=wishes.before, skipped=wishes.skipped, omitted=wishes.skipped, reach=wishes.reach)
    if door is None:
        raise Problem(404, f"there is no story {wishes.story}: this server keeps none", code="missing")
    async with door.opened() as store:
        return await asyncio.to_thread(_with_what_is_kept, wishes, wishes.story, store)


def _with_what_is_kept(wishes: SceneWishes, story: int, store: Store) -> Scene:
    notes = store.notes(story)
    earlier, omitted = ("", 0) if wishes.chapter is None else _earlier(wishes, story, wishes.chapter, store)
    return Scene(
        before=wishes.before,
        skipped=wishes.skipped,
        earlier=earlier,
        omitted=omitted + wishes.skipped,
        notes=notes,
        reach=wishes.reach,
    )


def _earlier(wishes: SceneWishes, story: int, chapter: int, store: Store) -> tuple[str, int]:
    """Return as many of the chapters before this one as are within reach, and how many characters the others have."""
    entries = store.chapters(story)
    place = next((number for number, entry in enumerate(entries) if entry.id == chapter), None)
    if place is None:
        raise Missing(f"there is no chapter {chapter} in story {story}")
    room, texts = wishes.reach - len(wishes.before), list[str]()
    while place and room > 0 and not wishes.skipped:
        place -= 1
        texts.insert(0, store.chapter(entries[place].id).text.rstrip("\n"))
        room -= len(texts[0])
    return "\n".join(texts), sum(entry.characters for entry in entries[:place])
