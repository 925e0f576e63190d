from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moxu.corpus.pairs.exports import Export
from moxu.corpus.pairs.formats import read_dialogues, read_lyrics, read_pairs
from moxu.corpus.pairs.records import Dialogue, Lyric, Pair, Record
from moxu.errors import SettingsError

solid = st.text(st.sampled_from("门雨山水的一是我“”，。\"',;\\😀a"), min_size=1)
loose = st.text(st.sampled_from("门雨山水的一是我“”，。\"',;\\\n\t 😀a"), min_size=1).filter(str.strip)
CHINESE = Pair("雨停了，他推开门。", "院子里没有人，只听见风的声音。")  # so that the encoding is not in doubt


def written(path: Path, *records: Record) -> list[str]:
    with Export(path, type(records[0])) as file:
        return [file.add(record) for record in records]


@given(loose, loose)
def test_any_pair_comes_back_from_csv(tmp_path_factory: pytest.TempPathFactory, source: str, target: str) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    records = [CHINESE, Pair(source, target)]
    assert written(path, *records) == ["", ""]
    assert list(read_pairs(path)) == records


@given(solid, solid, solid)
def test_what_has_no_line_end_comes_back_from_tabs(
    tmp_path_factory: pytest.TempPathFactory, one: str, other: str, third: str
) -> None:
    folder = tmp_path_factory.mktemp("tabs")
    pairs = [CHINESE, Pair(one, other)]
    written(folder / "pairs.tsv", *pairs)
    assert list(read_pairs(folder / "pairs.tsv")) == pairs
    dialogues = [Dialogue((CHINESE.source, CHINESE.target)), Dialogue((one, other, third))]
    written(folder / "turns.tsv", *dialogues)
    assert list(read_dialogues(folder / "turns.tsv")) == dialogues
    lyrics = [Lyric((CHINESE.source, CHINESE.target)), Lyric((one, other, third))]
    for name in ("songs.txt", "songs.json"):
        written(folder / name, *lyrics)
        assert list(read_lyrics(folder / name)) == lyrics


def test_a_pair_is_laid_out_as_misaka_reads_it(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", Pair("雨停了", "没有人。\n只有灯。"))
    text = (tmp_path / "a.csv").read_bytes().decode()
    assert text == "id,source,target\r\n0,雨停了,没有人。氼。只有灯。\r\n"


def test_a_sentence_pair_ends_in_its_mark(tmp_path: Path) -> None:
    written(tmp_path / "a.tsv", Pair("雨停了。", "没有人。\n"))
    assert (tmp_path / "a.tsv").read_bytes().decode() == "雨停了。\t没有人。[EOS]\n"


def test_each_line_of_a_song_ends_in_its_mark(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", Lyric(("雨停了", "没有人")), Lyric(("灯亮着",)))
    assert (tmp_path / "a.txt").read_bytes().decode() == "雨停了<eod>\n没有人<eod>\n\n灯亮着<eod>\n\n"


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("a.csv", Pair("雨", "氼")),
        ("a.tsv", Pair("雨", "门\n灯")),
        ("a.tsv", Dialogue(("雨", "门\t灯"))),
        ("a.txt", Dialogue(("雨", "门\u2028灯"))),
        ("a.txt", Lyric(("雨<eod>",))),
    ],
)
def test_what_a_file_cannot_hold_is_refused_and_not_changed(tmp_path: Path, name: str, record: Record) -> None:
    assert written(tmp_path / name, record) != [""]
    assert record.__class__.__name__ not in (tmp_path / name).read_text("utf-8")
    assert "雨" not in (tmp_path / name).read_text("utf-8")


def test_a_suffix_that_is_none_of_the_form_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"dialogues are written to a folder, or a file of \.jsonl, \.tsv, \.txt"):
        Export(tmp_path / "a.csv", Dialogue)
    with pytest.raises(SettingsError, match="name a file that can be written"):
        Export(tmp_path / "none" / "a.csv", Pair)


def test_a_file_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("old", "utf-8")

    def fail() -> None:
        with Export(path, Pair) as file:
            file.add(CHINESE)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]
