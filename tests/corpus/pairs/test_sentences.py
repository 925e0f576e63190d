import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.corpus.pairs.sentences import split_sentences

MARKS = '门雨 。！？…，“”‘’「」『』（）《》"\n.!?—123a\u3000'


@given(st.text(st.sampled_from(MARKS)) | st.text(), st.integers(1, 40))
def test_joined_sentences_are_the_text(text: str, longest: int) -> None:
    sentences = split_sentences(text, longest)
    assert "".join(sentences) == text
    assert all(sentences)


@given(st.text(st.sampled_from(MARKS)), st.integers(1, 40))
def test_only_a_text_of_blanks_has_a_blank_sentence(text: str, longest: int) -> None:
    sentences = split_sentences(text, longest)
    assert all(sentence.strip() for sentence in sentences) or len(sentences) == 1


@given(st.text(st.sampled_from(MARKS)))
def test_a_sentence_ends_where_its_paragraph_does(text: str) -> None:
    for sentence in split_sentences(text):
        assert "\n" not in sentence.strip()


@pytest.mark.parametrize(
    "sentences",
    [
        ["雨停了。", "他推开门！", "谁在那里？"],
        ["他说：“走吧。别等了。”", "她没有动。"],
        ["“走吧。”他说。", "“别等了。”"],
        ["“走吧。”", "“好。”\n", "他们走了。"],
        ["「走吧。」他说，「別等了。」", "她沒有動。"],
        ["他说：“她说：‘走吧。’可是我不走。”", "雨停了。"],
        ["（雨停了。）", "她没有动。"],
        ["他写道（那时还年轻。谁不是呢？）一封信。", "没有寄出。"],
        ["我……我不知道。", "他走了……天黑了。"],
        ["他想了很久……", "“好吧。”"],
        ["什么？！", "不会吧！！！", "真的。"],
        ["雨停了。\n", "他推开门。\n\n", "没有人"],
        ["价钱是 3.14 元。", "他付了."],
        ['他说："走吧。别等了。"', "她没有动。"],
        ["“走吧。\n", "别等了。", "她没有动。"],  # a quote that is never closed ends with its paragraph
        ["走吧。”", "她没有动。"],  # and one that was never opened closes with its sentence
        ["“老爷！”“快！”"[:5], "“快！”"],
        ["他看着《雨夜。门》这本书。", "没有说话。"],
    ],
)
def test_a_text_is_cut_into_its_sentences(sentences: list[str]) -> None:
    assert split_sentences("".join(sentences)) == sentences


def test_a_long_speech_is_cut_where_a_sentence_within_it_ends() -> None:
    speech = "他说：“" + "天黑了，我们走吧。" * 30 + "”"
    cut = split_sentences(speech, longest=50)
    assert "".join(cut) == speech
    assert len(cut) > 5
    assert max(map(len, cut)) <= 50
    assert all(part.endswith(("。", "”")) for part in cut)


def test_a_long_text_without_an_end_stays_whole() -> None:
    assert split_sentences("雨" * 500, longest=50) == ["雨" * 500]


@pytest.mark.parametrize("text", ["“" * 50_000 + "）" * 50_000, "\n" * 100_000, "“。" * 50_000, '"”' * 50_000])
def test_a_hostile_text_is_cut_as_well(text: str) -> None:
    assert "".join(split_sentences(text)) == text
