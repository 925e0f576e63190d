"""Listing sources: an order that names decide, what is no book, links, manifests, and folders of special kinds."""

from pathlib import Path

import pytest

from moxu.corpus.sources.listing import NO_BOOK, is_hidden, list_sources
from moxu.errors import TextError


def put(folder: Path, *names: str, content: bytes = b"x") -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def names_of(folder: Path, **options: object) -> list[str]:
    return [file.name for file in list_sources([folder], **options).files]  # type: ignore[arg-type]


def test_files_come_in_the_order_of_their_names_whenever_they_were_written(tmp_path: Path) -> None:
    put(tmp_path / "a", "乙.txt", "sub/1.epub", "sub/0.TXT", "10.txt", "2.md")
    put(tmp_path / "b", "2.md", "10.txt", "sub/0.TXT", "sub/1.epub", "乙.txt")
    expected = ["10.txt", "2.md", "sub/0.TXT", "sub/1.epub", "乙.txt"]
    assert names_of(tmp_path / "a") == [f"a/{name}" for name in expected]
    assert names_of(tmp_path / "b") == [f"b/{name}" for name in expected]


def test_hidden_files_and_those_about_the_others_are_no_books(tmp_path: Path) -> None:
    put(
        tmp_path, "book.txt", ".hidden.txt", ".git/x.txt", "README.md", "readme.zh.txt", "LICENSE.txt", "__MACOSX/a.txt"
    )
    put(tmp_path, "Notice to quit.txt")
    assert names_of(tmp_path) == [f"{tmp_path.name}/Notice to quit.txt", f"{tmp_path.name}/book.txt"]


def test_file_that_is_asked_for_by_name_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    put(tmp_path, "README.md", "novel")
    assert [file.kind for file in list_sources([tmp_path / "README.md", tmp_path / "novel"]).files] == ["book", "book"]


def test_what_is_no_text_is_passed_over_and_what_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    put(tmp_path, "cover.jpg", "old.doc", "scan.pdf", "book.txt")
    faults = {fault.source.rpartition("/")[2]: fault.harmless for fault in list_sources([tmp_path]).faults}
    assert faults == {"cover.jpg": True, "old.doc": False, "scan.pdf": False}


def test_folder_that_links_to_itself_is_entered_once(tmp_path: Path) -> None:
    put(tmp_path / "books", "a.txt", "sub/b.txt")
    (tmp_path / "books" / "sub" / "loop").symlink_to(tmp_path / "books", target_is_directory=True)
    (tmp_path / "books" / "self").symlink_to(tmp_path / "books", target_is_directory=True)
    assert names_of(tmp_path / "books") == ["books/a.txt", "books/sub/b.txt"]


def test_link_that_leads_nowhere_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nothing")
    assert [fault.reason for fault in list_sources([tmp_path]).faults] == ["is no file, or a link that leads nowhere"]


def test_source_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="no such file or folder"):
        list_sources([tmp_path / "none"])


def test_result_is_no_source_even_where_it_lies_among_them(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "corpus.part/x.txt", "corpus/y.txt")
    without = (tmp_path / "corpus", tmp_path / "corpus.part")
    assert names_of(tmp_path, without=without) == [f"{tmp_path.name}/a.txt"]


def test_manifest_in_a_folder_covers_what_lies_below_it_until_another_does(tmp_path: Path) -> None:
    put(tmp_path, "a/1.txt", "a/in/2.txt", "b/3.txt", "4.txt")
    put(tmp_path, "a/manifest.tsv", "a/in/manifest.tsv", content="title\tsplit\n甲\ttrain\n".encode())
    root = tmp_path.name
    covering = {file.name: file.manifest for file in list_sources([tmp_path]).files}
    assert covering == {
        f"{root}/4.txt": "",
        f"{root}/a/1.txt": f"{root}/a/manifest.tsv",
        f"{root}/a/in/2.txt": f"{root}/a/in/manifest.tsv",
        f"{root}/b/3.txt": "",
    }


def test_manifest_that_is_given_covers_everything(tmp_path: Path) -> None:
    put(tmp_path, "books/1.txt", "2.txt")
    put(tmp_path, "all.tsv", "books/manifest.tsv", content="title\tsplit\n甲\ttrain\n".encode())
    listing = list_sources([tmp_path / "books", tmp_path / "2.txt"], tmp_path / "all.tsv")
    assert [file.manifest for file in listing.files] == ["all.tsv", "all.tsv"]


def test_folders_of_crawls_and_of_corpora_are_taken_as_such(tmp_path: Path) -> None:
    put(tmp_path, "crawl/chapters.jsonl", "crawl/manifest.json", "crawl/pages.jsonl")
    put(tmp_path, "built/corpus.json", "built/works.jsonl", "built/README.md")
    put(tmp_path, "built/data/train-00000.parquet", "built/data/validation-00000.parquet")
    files = [(file.name.partition("/")[2], file.kind, file.split) for file in list_sources([tmp_path]).files]
    assert files == [
        ("built/train-00000.parquet", "parquet", "train"),
        ("built/validation-00000.parquet", "parquet", "validation"),
        ("crawl", "crawl", ""),
    ]


def test_splits_that_data_sets_hold_out_stay_held_out(tmp_path: Path) -> None:
    put(tmp_path, "hub/data/train-00000-of-00001.parquet", "hub/data/test-00000-of-00001.parquet", "hub/dev.jsonl")
    put(tmp_path, "saved/train/data-0.arrow", "saved/validation/data-0.arrow", "saved/validation/cache-1.arrow")
    splits = {file.name.partition("/")[2]: file.split for file in list_sources([tmp_path]).files}
    assert splits == {
        "hub/data/test-00000-of-00001.parquet": "test",
        "hub/data/train-00000-of-00001.parquet": "",
        "hub/dev.jsonl": "validation",
        "saved/train/data-0.arrow": "",
        "saved/validation/data-0.arrow": "validation",
    }


def test_files_about_others_and_of_systems_are_known() -> None:
    assert all(map(NO_BOOK.fullmatch, ("README.md", "readme.zh-CN.txt", "LICENSE", "LICENSE.txt")))
    assert not any(map(NO_BOOK.fullmatch, ("noticed.txt", "红楼梦.txt", "read me again.txt")))
    assert is_hidden("._甲.txt")
    assert not is_hidden("甲.txt")
