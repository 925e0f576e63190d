from typing import Any

import numpy as np
import torch

from mocks import NgramModel
from moxu.decode.prefix_cache import PrefixCache
from moxu.models.gpt import Gpt, GptConfig


def kept(cache: PrefixCache, *texts: str) -> PrefixCache:
    for text in texts:
        cache.keep(list(text.encode()), *read(text))
    return cache


def read(text: str) -> tuple[Any, Any]:
    return NgramModel().prefill(np.asarray([list(text.encode())]))


def found(cache: PrefixCache, text: str, **options: bool) -> int | None:
    snapshot = cache.find(list(text.encode()), **options)
    return None if snapshot is None else snapshot.length


def size_of(text: str) -> int:
    return kept(PrefixCache(10**6), text).bytes


def test_the_longest_beginning_is_found() -> None:
    cache = kept(PrefixCache(10**6), "a", "abc", "abcde", "b", "abx")
    assert found(cache, "abcd") == 3
    assert found(cache, "abcde") == 5
    assert found(cache, "abcdef") == 5
    assert found(cache, "ab") == 1
    assert found(cache, "xab") is None


def test_what_is_found_goes_on_as_a_fresh_reading() -> None:
    cache, model = kept(PrefixCache(10**6), "墨"), NgramModel()
    ids = list("墨续".encode())
    for _ in range(2):  # the copy is read on, not what is kept
        snapshot = cache.find(ids)
        assert snapshot is not None
        logits, _ = model.extend(np.asarray([ids[snapshot.length :]]), snapshot.state.select([0]))
        np.testing.assert_array_equal(logits[:, -1], read("墨续")[0])


def test_a_whole_text_is_found_only_as_it_is() -> None:
    cache = kept(PrefixCache(10**6), "a", "abc")
    assert found(cache, "abcd", whole=True) is None
    assert found(cache, "abc", whole=True) == 3


def test_ids_that_share_bytes_are_told_apart() -> None:
    cache = PrefixCache(10**6)
    cache.keep([1], *read("a"))
    assert cache.find([1 + 2**8]) is None
    assert cache.find([256, 1]) is None


def test_what_was_not_used_for_longest_goes_when_the_bytes_are_spent() -> None:
    cache = kept(PrefixCache(3 * size_of("a")), "a", "b", "c")
    assert found(cache, "a") == 1
    kept(cache, "d")
    assert found(cache, "b") is None
    assert (found(cache, "a"), found(cache, "c"), found(cache, "d")) == (1, 1, 1)
    assert cache.bytes == 3 * size_of("a")


def test_the_same_text_is_kept_once() -> None:
    cache = kept(PrefixCache(10**6), "abc", "abc")
    assert (len(cache), cache.bytes) == (1, size_of("abc"))


def test_what_is_larger_than_all_the_room_is_not_kept_and_displaces_nothing() -> None:
    cache = kept(PrefixCache(size_of("a")), "a", "a long text")
    assert (len(cache), found(cache, "a")) == (1, 1)
    assert len(kept(PrefixCache(0), "a")) == 0


def test_nothing_is_left_when_all_is_forgotten() -> None:
    cache = kept(PrefixCache(10**6), "a", "b")
    cache.clear()
    assert (len(cache), cache.bytes, found(cache, "a")) == (0, 0, None)


def test_every_tensor_of_a_state_counts() -> None:
    model = Gpt(GptConfig(vocab_size=9, width=8, layers=2, heads=2, positions=50))
    model.initialise(torch.Generator().manual_seed(0))
    logits, state = model.prefill(np.asarray([[1, 2, 3]]))
    cache = PrefixCache(10**6)
    cache.keep([1, 2, 3], logits, state.select([0]))
    assert cache.bytes >= 2 * 2 * 3 * 8 * 4  # keys and values, layers, places, width, bytes
