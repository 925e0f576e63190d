"""Packing: texts become ids in one mapped file, the same with any number of processes, whole or not at all."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moxu.corpus.pack import packing
from moxu.corpus.pack.packed import PackedText
from moxu.corpus.pack.packing import pack
from moxu.corpus.pack.texts import Text
from moxu.corpus.pack.vocabulary import build_vocabulary
from moxu.errors import SettingsError, TextError
from moxu.text.chars import CharTokenizer
from moxu.text.tokenizer import Tokenizer
from some_tokenizers import TOKENIZERS

CHARACTERS = CharTokenizer("\n雾江上")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def many(count: int) -> list[Text]:
    return [Text(f"第{n}篇", "雾从江上起来。" * (n % 7 + 1), group=f"{n % 3}") for n in range(count)]


def test_each_kind_of_tokenizer_packs_its_own_ids(tokenizer: Tokenizer, texts: list[Text], tmp_path: Path) -> None:
    pack(texts, tokenizer, tmp_path / "packed")
    packed = PackedText(tmp_path / "packed")
    assert packed.tokenizer.kind == tokenizer.kind
    for text, (document, ids) in zip(texts, packed.each(), strict=True):
        before = "" if tokenizer.newline_id is None else "\n"
        expected = tokenizer.encode(before + str(text.content).strip())
        assert ids.tolist() == expected + ([] if tokenizer.end_id is None else [tokenizer.end_id])
        assert document.name == text.name


@pytest.mark.parametrize("kind", ["chars", "rwkv_world", "bpe"])
@given(contents=st.lists(st.text(), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_every_text_comes_out_of_the_packed_ids_as_it_went_in(
    kind: str, contents: list[str], golden: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("law") / "packed"
    texts = [Text("甲", "前文"), *(Text(f"{n}", content) for n, content in enumerate(contents))]
    pack(texts, TOKENIZERS[kind](golden), folder)
    packed = PackedText(folder)
    expected = [str(text.content).strip() for text in texts]
    assert [packed.text_of(document) for document in packed.documents] == [text for text in expected if text]


def test_bytes_are_the_same_with_any_number_of_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "BATCH", 100)
    for workers in (1, 2, 3):
        pack(many(40), CHARACTERS, tmp_path / str(workers), workers=workers)
    assert contents(tmp_path / "1") == contents(tmp_path / "2") == contents(tmp_path / "3")
    assert len(PackedText(tmp_path / "1").documents) == 40


def test_size_of_the_batches_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack(many(20), CHARACTERS, tmp_path / "large")
    monkeypatch.setattr(packing, "BATCH", 1)
    pack(many(20), CHARACTERS, tmp_path / "small")
    assert contents(tmp_path / "large") == contents(tmp_path / "small")


def test_packing_again_replaces_the_folder(texts: list[Text], packed: PackedText) -> None:
    pack(texts[:1], build_vocabulary(texts, 300), packed.folder)
    assert [document.name for document in PackedText(packed.folder).documents] == ["甲书"]
    assert [path.name for path in packed.folder.parent.iterdir()] == ["packed"]


def test_folder_stays_as_it_was_when_packing_fails_half_way(packed: PackedText) -> None:
    def failing() -> Iterator[Text]:
        yield Text("丙书", "字")
        raise TextError("the third file cannot be read")

    with pytest.raises(TextError):
        pack(failing(), CHARACTERS, packed.folder)
    assert len(PackedText(packed.folder).documents) == 2


def interrupted(texts: Iterable[Text], after: int) -> Iterator[Text]:
    for number, text in enumerate(texts):
        if number == after:
            raise KeyboardInterrupt
        yield text


@pytest.mark.parametrize("workers", [1, 2])
def test_packing_that_was_stopped_goes_on_without_reading_again(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "BATCH", 1)
    texts = many(20)
    pack(texts, CHARACTERS, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        pack(interrupted(texts, 14), CHARACTERS, tmp_path / "packed", workers=workers, origin="o")
    assert not (tmp_path / "packed").exists()
    done = (tmp_path / "packed.part" / "names.txt").read_text("utf-8").count("\n")
    assert done > 0
    gone = [Text(text.name, tmp_path / "gone.txt", group=text.group) for text in texts[:done]]
    answer = pack([*gone, *texts[done:]], CHARACTERS, tmp_path / "packed", workers=workers, origin="o")
    assert answer.gone_on_after == done
    assert contents(tmp_path / "packed") == contents(tmp_path / "whole")
    assert not (tmp_path / "packed.part").exists()


def test_error_in_a_process_is_told_and_keeps_what_was_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "BATCH", 1)
    (tmp_path / "甲.txt").write_text("雾从江上起来。", "utf-8")
    texts = [*many(9), Text("甲", tmp_path / "甲.txt"), Text("坏", b"\x00\x01\x02\x03" * 99, file="坏.txt")]
    with pytest.raises(TextError, match=r"坏\.txt: is not text"):
        pack(texts, CHARACTERS, tmp_path / "packed", workers=2, origin="o")
    texts[-1] = Text("坏", "好了")
    assert pack(texts, CHARACTERS, tmp_path / "packed", origin="o").gone_on_after >= 5


@pytest.mark.parametrize(("origin", "characters"), [("other", "\n雾江上"), (None, "\n雾江上"), ("o", "\n雾")])
def test_other_sources_or_vocabulary_begin_anew(
    origin: str | None, characters: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "BATCH", 1)
    with pytest.raises(KeyboardInterrupt):
        pack(interrupted(many(9), 5), CHARACTERS, tmp_path / "packed", origin="o")
    assert pack(many(9), CharTokenizer(characters), tmp_path / "packed", origin=origin).gone_on_after == 0
    assert len(PackedText(tmp_path / "packed").tokenizer.encode("江")) == (1 if "江" in characters else 3)


def test_texts_of_white_space_are_left_out_and_named(texts: list[Text], tmp_path: Path) -> None:
    empty = [Text("空", " \n\u3000"), *texts, Text("也空", "")]
    assert pack(empty, CHARACTERS, tmp_path / "packed").empty == ["空", "也空"]
    packed = PackedText(tmp_path / "packed")
    assert [document.name for document in packed.documents] == ["甲书", "乙书"]
    assert packed.documents[1].start == packed.documents[0].end


def test_nothing_to_pack_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="no text in these sources"):
        pack([Text("空", "")], CHARACTERS, tmp_path / "packed")
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_no_unfinished_packing_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "packed.part").mkdir()
    (tmp_path / "packed.part" / "novel.txt").write_text("mine", "utf-8")
    with pytest.raises(SettingsError, match="no unfinished packing; remove it"):
        pack(many(1), CHARACTERS, tmp_path / "packed")
    assert (tmp_path / "packed.part" / "novel.txt").exists()


def test_progress_adds_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "BATCH", 1)
    calls: list[tuple[float, int, int]] = []
    pack(many(5), CHARACTERS, tmp_path / "packed", progress=lambda *call: calls.append(call))
    packed = PackedText(tmp_path / "packed")
    assert sum(texts for _, texts, _ in calls) == 5
    assert sum(characters for _, _, characters in calls) == packed.index.characters
