from pathlib import Path

import pytest

from moxu.corpus.pairs.formats import is_turns, read_dialogues, read_lyrics, read_pairs
from moxu.corpus.pairs.records import Dialogue, Lyric, Pair
from moxu.errors import SettingsError, TextError

PAIR = Pair("他推开门。", "院子里没有人。\n只有雨。")


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    "text",
    [
        "0,他推开门。,院子里没有人。氼。只有雨。\n",  # the demo of Misaka-Writer
        "0,他推开门。,院子里没有人。氼只有雨。\n",
        "他推开门。,院子里没有人。氼。只有雨。\n",
        'id,Source,Target\n0,他推开门。,"院子里没有人。\n只有雨。"\n',
        '正文,大纲\n"院子里没有人。\n只有雨。",他推开门。\n',
        ",input,output\n0,他推开门。,院子里没有人。氼。只有雨。,,\n",
        "编号\tprompt\tcompletion\n0\t他推开门。\t院子里没有人。氼。只有雨。\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_csv_file_is_read_whatever_its_columns(tmp_path: Path, text: str, encoding: str) -> None:
    assert list(read_pairs(write(tmp_path / "a.csv", text, encoding))) == [PAIR]


def test_columns_can_be_named_or_numbered(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "雨,灯,门\n一,二,三\n")
    assert list(read_pairs(path, ("门", "雨"))) == [Pair("三", "一")]
    assert list(read_pairs(path, ("3", "1"))) == [Pair("门", "雨"), Pair("三", "一")]
    with pytest.raises(TextError, match="no column '9'; it has 雨, 灯, 门"):
        list(read_pairs(path, ("9", "1")))


def test_a_line_of_two_texts_is_a_pair_that_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", "他推开门。\t没有人。[EOS]\n没有人。\t只有雨。\n")
    assert list(read_pairs(path)) == [Pair("他推开门。", "没有人。"), Pair("没有人。", "只有雨。")]


def test_json_lines_are_pairs_by_the_names_of_their_fields(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"Prompt": "雨", "output": "停了"}\n{"Prompt": "门", "output": 3}\n[1]\n')
    told: list[str] = []
    assert list(read_pairs(path, (), told.append)) == [Pair("雨", "停了")]
    assert told == [f"{path}:2: no text 'target'", f"{path}:3: is no object"]


def test_the_files_of_a_folder_are_read_in_their_order(tmp_path: Path) -> None:
    write(tmp_path / "b.csv", "0,二,二\n")
    write(tmp_path / "a.csv", "0,一,一\n")
    assert [pair.source for pair in read_pairs(tmp_path)] == ["一", "二"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,门", "2 columns; source and target are 2 and 3"),
        ("1,门, ", "2 columns; source and target are 2 and 3"),
        ("1,,开了", "an empty source"),
        ("1,门,开了,又关了", "4 columns where the first row has 3"),
        ('1,门,"开了', "a quote is never closed"),
    ],
)
def test_a_damaged_row_is_named_and_the_others_are_read(tmp_path: Path, line: str, reason: str) -> None:
    path = write(tmp_path / "a.csv", f"0,雨,停了\n{line}\n2,灯,亮了\n")
    told: list[str] = []
    assert [pair.source for pair in read_pairs(path, (), told.append)] == ["雨", "灯"]
    assert len(told) == 1
    assert told[0].startswith(f"{path}:2: {reason}")
    with pytest.raises(TextError, match=r"a\.csv:2: "):
        list(read_pairs(path))


def test_a_table_of_one_column_has_no_pairs(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="has one column"):
        list(read_pairs(write(tmp_path / "a.csv", "雨停了\n门开了\n")))


def test_an_empty_table_has_no_pairs(tmp_path: Path) -> None:
    assert list(read_pairs(write(tmp_path / "a.csv", ""))) == []


def test_a_line_is_a_dialogue_with_tabs_between_its_turns(tmp_path: Path) -> None:
    path = write(tmp_path / "train.txt", "谁？\t是我。\t进来。\n\n好\n\t是我。\n谁？\t是我。\t\n", "gb18030")
    told: list[str] = []
    assert list(read_dialogues(path, told.append)) == [
        Dialogue(("谁？", "是我。", "进来。")),
        Dialogue(("谁？", "是我。")),
    ]
    assert [message.partition(": ")[0] for message in told] == [f"{path}:3", f"{path}:4"]
    assert "tab between" in told[0]
    assert "an empty turn" in told[1]


def test_dialogues_are_read_from_lists_and_objects_of_json(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '["谁？", "是我。"]\n{"turns": ["谁？", "是我。"], "work": "雨"}\n3\n')
    told: list[str] = []
    read = list(read_dialogues(path, told.append))
    assert read == [Dialogue(("谁？", "是我。")), Dialogue(("谁？", "是我。"), "雨")]
    assert len(told) == 1


def test_a_text_with_tabs_between_its_words_has_turns(tmp_path: Path) -> None:
    assert is_turns(write(tmp_path / "a.txt", "\n谁？\t是我。\n"))
    assert not is_turns(write(tmp_path / "b.txt", "\t雨停了。\n\t他推开门。\n"))


SONG, OTHER = Lyric(("夜里下了一场雨", "院子里静悄悄的")), Lyric(("灯亮着",))


@pytest.mark.parametrize(
    "text",
    [
        "夜里下了一场雨\n院子里静悄悄的\n\n\n灯亮着\n",
        "夜里下了一场雨<eod>\n院子里静悄悄的<eod>\n\n灯亮着<eod>\n",
        "夜里下了一场雨<eod>院子里静悄悄的<eod>\n\n灯亮着",
        "　夜里下了一场雨<eod>\n院子里静悄悄的\n\n灯亮着",
    ],
)
def test_songs_have_empty_lines_between_them(tmp_path: Path, text: str) -> None:
    assert list(read_lyrics(write(tmp_path / "a.txt", text))) == [SONG, OTHER]


def test_a_file_can_be_one_song(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "夜里下了一场雨\n\n院子里静悄悄的\n")
    assert list(read_lyrics(path, whole=True)) == [SONG]


def test_songs_are_lists_of_lines_in_the_files_of_cpm(tmp_path: Path) -> None:
    path = write(tmp_path / "train.json", '["夜里下了一场雨", "院子里静悄悄的"]\n{"lines": ["灯亮着"]}\n')
    assert list(read_lyrics(path)) == [SONG, OTHER]


def test_a_template_is_filled_with_the_fields_of_a_table(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "上文,回复\n谁？,是我。\n“好”,\n")
    told: list[str] = []
    assert list(read_lyrics(path, "对话上文:{上文} 回复:{回复}", told.append)) == [
        Lyric(("对话上文:谁？ 回复:是我。",))
    ]
    assert told == [f"{path}:3: no field '回复' for the template"]
    path = write(tmp_path / "a.jsonl", '{"风格": "思念", "词": "灯亮着\\n雨停了"}\n')
    assert list(read_lyrics(path, "{风格}\\n{词}")) == [Lyric(("思念", "灯亮着", "雨停了"))]
    assert list(read_lyrics(path, "{风格}<eod>{{词}}")) == [Lyric(("思念", "{词}"))]


@pytest.mark.parametrize("template", ["{词", "{}", "{词!r}", "{词:>5}"])
def test_a_template_that_cannot_be_filled_is_a_mistake(tmp_path: Path, template: str) -> None:
    with pytest.raises(SettingsError, match="template"):
        list(read_lyrics(write(tmp_path / "a.csv", "词\n雨\n"), template))
