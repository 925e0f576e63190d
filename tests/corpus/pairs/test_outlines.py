from hypothesis import given
from hypothesis import strategies as st

from moxu.corpus.pairs.outlines import outline
from moxu.corpus.pairs.sentences import split_sentences

PASSAGE = (
    "老船工在渡口等了三十年。",
    "河水涨了又落，渡口的灯夜夜亮着。",
    "“你还等什么呢？”有人问他。",
    "那年冬天，一封信从省城寄到了渡口。",
    "春风吹绿江南岸，明月照人几时还。",
    "信上说，他等的人早已上了另一条船。",
    "老船工把信折好，熄了渡口的灯，",
    "第二天早上，渡口空了，船工和他的船都不见了。",
)


def test_an_outline_is_whole_sentences_in_their_order() -> None:
    found = split_sentences(outline(PASSAGE, 100))
    assert len(found) == 3
    places = [PASSAGE.index(sentence) for sentence in found]
    assert places == sorted(places)


def test_an_outline_reaches_from_the_beginning_to_the_end() -> None:
    found = outline(PASSAGE, 100)
    assert found.startswith(PASSAGE[0][:3]) or found.startswith(PASSAGE[1][:3])
    assert found.endswith(PASSAGE[7])


def test_speech_verse_and_broken_sentences_are_left_out_where_others_are() -> None:
    found = outline(PASSAGE, 100)
    assert "有人问他" not in found
    assert "春风" not in found
    assert "熄了" not in found


@given(st.lists(st.text(st.sampled_from("门雨船灯河。，“”！ \n")), max_size=8), st.integers(0, 60))
def test_an_outline_is_never_longer_than_asked_for(sentences: list[str], longest: int) -> None:
    assert len(outline(sentences, longest)) <= longest


def test_nothing_has_an_empty_outline() -> None:
    assert outline([], 100) == ""
    assert outline(["雨停了。"], 3) == ""
