import dataclasses
from collections import Counter

import pytest

from moxu.corpus.book import Chapter
from moxu.corpus.pairs.kinds import KINDS
from moxu.corpus.pairs.records import Lyric


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_makes_records_of_its_form_with_its_defaults(name: str) -> None:
    kind = KINDS[name]
    paragraphs = tuple(f"“第{number}天还下雨吗？”" for number in range(40))
    records = list(kind.make(Chapter("", paragraphs), kind.options(), Counter()))
    assert records or name == "expand"
    assert all(isinstance(record, kind.form) for record in records)
    assert dataclasses.is_dataclass(kind.options)


def test_a_chapter_is_a_song_line_by_line() -> None:
    kind = KINDS["lyrics"]
    assert list(kind.make(Chapter("歌", ("雨停了", "", "灯亮着")), kind.options(), Counter())) == [
        Lyric(("雨停了", "灯亮着"))
    ]
    assert list(kind.make(Chapter("卷"), kind.options(), Counter())) == []
