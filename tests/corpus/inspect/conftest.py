"""A small corpus, invented, with a fault of each kind."""

from collections.abc import Callable

import pytest

from moxu.corpus.book import Book, Chapter
from moxu.corpus.inspect.facts import Facts
from moxu.corpus.inspect.inspection import inspect
from moxu.corpus.work import Work

SNOW = ("雪下了一夜，天亮才停。", "“谁在门外？”她问。", "没有人回答，只有风★的声音。")
RIVER = ("河水涨到了桥边□。", "他说：“船来了，我们走吧", "请收藏本站，天才一秒记住。")


def make_works() -> list[Work]:
    snow = Book(
        "雪夜",
        "林远",
        (
            Chapter("第一章 雪", SNOW * 4),
            Chapter("第二卷"),
            Chapter("第四章 灯", RIVER * 3),
            Chapter("", ("灯还亮着。",)),
        ),
    )
    river = Book("<script>alert(1)</script>\u202e", "周<b>", (Chapter("第一回", RIVER), Chapter("第二回", SNOW * 4)))
    return [
        Work("a", snow, "snow.txt", "CC0", "train", "now, prose"),
        Work("b", river, "river.txt", "", "validation", "old, [red]prose"),
    ]


@pytest.fixture
def works() -> list[Work]:
    return make_works()


@pytest.fixture
def facts() -> Callable[..., Facts]:
    """Facts of some works, or of the small corpus: ``facts(works, excerpts=2)``."""

    def of(works: list[Work] | None = None, excerpts: int = 0) -> Facts:
        return inspect(make_works() if works is None else works, excerpts).facts(["a <corpus>"])

    return of
