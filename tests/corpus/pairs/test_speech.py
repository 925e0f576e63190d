from collections import Counter

import pytest

from moxu.corpus.book import Chapter
from moxu.corpus.pairs.speech import SpeechOptions, dialogues


def found(*paragraphs: str, skipped: Counter[str] | None = None, **options: int) -> list[tuple[str, ...]]:
    chapter = Chapter("", paragraphs)
    made = dialogues(chapter, SpeechOptions(**options), Counter() if skipped is None else skipped)
    return [dialogue.turns for dialogue in made]


@pytest.mark.parametrize(
    ("paragraphs", "turns"),
    [
        (["李四问道：“谁在那里？”王五道：“是我。”"], ("谁在那里？", "是我。")),
        (["“谁在那里？”", "“是我。”", "“开门吧。”"], ("谁在那里？", "是我。", "开门吧。")),
        (["“谁在那里？”李四问。", "“是我，”王五说，“开门。”"], ("谁在那里？", "是我，开门。")),
        (["李四道：“谁？”", "“是我。”"], ("谁？", "是我。")),
        (["李四道：“谁？”李四又道：“说话！”王五道：“是我。”"], ("谁？说话！", "是我。")),
        (["「誰在那裡？」", "「是我。」"], ("誰在那裡？", "是我。")),
        (["“谁在那里？”他听见“沙沙”的声音。", "“是我。”"], ("谁在那里？", "是我。")),
    ],
)
def test_two_who_talk_are_a_dialogue(paragraphs: list[str], turns: tuple[str, ...]) -> None:
    assert found(*paragraphs) == [turns]


@pytest.mark.parametrize(
    "paragraphs",
    [
        ["“谁在那里？”“是我。”"],  # nobody says who
        [
            "“谁在那里？”",
            "那天夜里一直下雨，他站在门后听了很久很久，什么也没有听见，只听见雨打在屋檐上，一声一声。",
            "“是我。”",
        ],
        ["“谁在那里？”", "", "“是我。”"],  # another scene
        ["李四道：“谁在那里？”", "李四道：“说话！”"],
        ["林黛玉道：“谁在那里？”黛玉又道：“说话！”"],  # may be one and the same
        ["他喜欢“自由”这个词，也喜欢“雨”。"],
        ["“只有一个人说话。”"],
    ],
)
def test_what_is_doubtful_is_left_out(paragraphs: list[str]) -> None:
    assert found(*paragraphs) == []


def test_a_third_speaker_begins_another_dialogue() -> None:
    text = "李四道：“谁？”王五道：“是我。”赵六道：“还有我。”王五道：“进来吧。”"
    assert found(text) == [("谁？", "是我。"), ("还有我。", "进来吧。")]


def test_what_is_part_of_no_dialogue_is_counted() -> None:
    skipped = Counter[str]()
    assert found("“谁？”", "“是我。”", "“" + "说来话长。" * 50 + "”", "“哦。”", skipped=skipped) == [("谁？", "是我。")]
    assert skipped == {"a speech is too long": 1, "nobody clearly answers a speech": 1}


def test_a_dialogue_has_as_many_turns_as_asked_for() -> None:
    assert found("“谁？”", "“是我。”", turns=3) == []
    assert found("“谁？”", "“是我。”", "“哦。”", turns=3) == [("谁？", "是我。", "哦。")]
