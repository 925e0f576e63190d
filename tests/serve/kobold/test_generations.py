import asyncio
import gc
import weakref
from collections.abc import Callable, Coroutine
from typing import Any

from moxu.serve.bridge import Reader
from moxu.serve.kobold.generations import Generation, Generations, Owner
from moxu.serve.limits import Limits

ME, OTHER = Owner("127.0.0.1", b"a"), Owner("127.0.0.1", b"b")


class NotedReader(Reader):
    """Says whether it was cancelled."""

    cancelled = False

    def cancel(self) -> None:
        self.cancelled = True
        super().cancel()


def in_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Let a test run where there is an event loop."""

    def run() -> None:
        asyncio.run(test())

    return run


def begun(generations: Generations, genkey: str | None, text: str = "", owner: Owner = ME) -> Generation:
    generation = generations.begin(owner, genkey, NotedReader(generations.limits), 1)
    generation.texts[0] = text
    return generation


def is_cancelled(generation: Generation) -> bool:
    assert isinstance(generation.reader, NotedReader)
    return generation.reader.cancelled


@in_a_loop
async def test_a_generation_is_found_by_its_owner_and_key_only() -> None:
    generations = Generations(Limits())
    one = begun(generations, "k", "mine")
    assert generations.texts(ME, "k") == ["mine"]
    assert generations.texts(OTHER, "k") == generations.texts(ME, "l") == generations.texts(ME, None) == []
    assert not generations.abort(OTHER, "k")
    assert not generations.abort(ME, None)
    assert not is_cancelled(one)
    assert generations.abort(ME, "k")
    assert is_cancelled(one)


@in_a_loop
async def test_no_key_means_the_only_generation_without_one() -> None:
    generations = Generations(Limits())
    one = begun(generations, None, "one")
    assert generations.texts(ME, None) == generations.texts(ME, "") == ["one"]
    two = begun(generations, "", "two")
    assert generations.texts(ME, None) == []
    assert not generations.abort(ME, None)
    generations.end(one)
    assert generations.texts(ME, None) == ["two"]
    assert generations.abort(ME, "")
    assert (is_cancelled(one), is_cancelled(two)) == (False, True)


@in_a_loop
async def test_of_two_with_one_key_the_later_is_shown_and_both_are_ended() -> None:
    generations = Generations(Limits())
    both = [begun(generations, "k", text) for text in ("earlier", "later")]
    assert generations.texts(ME, "k") == ["later"]
    assert generations.abort(ME, "k")
    assert all(map(is_cancelled, both))


@in_a_loop
async def test_a_text_that_is_over_is_kept_until_its_key_is_used_again() -> None:
    generations = Generations(Limits())
    one = begun(generations, "k", "over")
    generations.end(one)
    generations.end(one)
    assert generations.texts(ME, "k") == ["over"]
    assert generations.texts(OTHER, "k") == []
    assert not generations.abort(ME, "k")
    begun(generations, "k", "new")
    assert generations.texts(ME, "k") == ["new"]


@in_a_loop
async def test_no_more_texts_are_kept_than_the_limit_and_the_oldest_go_first() -> None:
    generations = Generations(Limits(kept_texts=2))
    for key in "abc":
        generations.end(begun(generations, key, key))
    assert [generations.texts(ME, key) for key in "abc"] == [[], ["b"], ["c"]]


@in_a_loop
async def test_no_text_is_kept_longer_than_the_limit() -> None:
    generations = Generations(Limits(kept_seconds=0.01))
    generations.end(begun(generations, "k", "over"))
    async with asyncio.timeout(10):
        while generations.texts(ME, "k"):
            await asyncio.sleep(0.005)


@in_a_loop
async def test_nothing_remains_of_generations_without_keys_or_of_readers() -> None:
    generations = Generations(Limits())
    ended = [begun(generations, key) for key in (None, "k")]
    remains = [weakref.ref(generation) for generation in ended]
    for generation in ended:
        generation.reader.close()
        generations.end(generation)
    del ended, generation
    gc.collect()
    assert [one() for one in remains] == [None, None]
    assert generations.texts(ME, None) == []
