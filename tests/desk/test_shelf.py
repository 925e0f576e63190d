import re
from pathlib import Path

import pypandoc
import pytest
from playwright.sync_api import FilePayload, expect

from desk_page import DeskPage
from moxu.corpus.book import Book, Chapter
from moxu.corpus.publish.books import FORMATS, publish
from moxu.store.store import Store

TITLES = ["第一章 渡口", "第二章 客栈", "第三章 长夜"]
BOOK = Book(
    "长夜行",
    "佚名",
    (
        Chapter("第一章 渡口", ("雾从江上起来的时候，渡口只剩下一条船。", "“过河么？”", "𠮷野家 & <b>, *e* 😀")),
        Chapter("第二章 客栈", ("客栈里没有灯。",)),
    ),
)


@pytest.fixture
def story(shelf: Store) -> int:
    """A story of three chapters."""
    made = shelf.create_story("长夜行")
    for title in TITLES:
        shelf.create_chapter(made.id, title, f"{title}\n这是{title}。")
    return made.id


@pytest.fixture
def listed(story: int, desk: DeskPage) -> DeskPage:
    """A desk on which that story lies open, at its last chapter."""
    assert story
    desk.until(lambda: TITLES[-1] in desk.text)
    return desk


def test_a_click_opens_a_chapter(listed: DeskPage) -> None:
    expect(listed.chapters()).to_have_text(TITLES)
    for title in TITLES:
        listed.row(title).click()
        expect(listed.page.locator(".cm-line").nth(1)).to_have_text(f"这是{title}。")
        expect(listed.row(title)).to_have_attribute("aria-current", "true")


def test_a_new_chapter_follows_the_last_and_has_its_number(story: int, listed: DeskPage, shelf: Store) -> None:
    listed.page.get_by_role("button", name="+ 新章").click()
    expect(listed.chapters()).to_have_count(4)
    listed.until(lambda: listed.text.startswith("第四章"))
    listed.type("山门\n开头。")
    listed.until_saved()
    assert shelf.chapter(shelf.chapters(story)[3].id).text.endswith("开头。")


def test_chapters_are_put_in_order_by_dragging(story: int, listed: DeskPage, shelf: Store) -> None:
    first, last = listed.row(TITLES[0]).bounding_box(), listed.row(TITLES[2]).bounding_box()
    assert first is not None
    assert last is not None
    mouse = listed.page.mouse
    mouse.move(last["x"] + 40, last["y"] + last["height"] / 2)
    mouse.down()
    mouse.move(first["x"] + 40, first["y"] + first["height"], steps=5)
    mouse.move(first["x"] + 40, first["y"] + 1, steps=5)
    mouse.up()
    expect(listed.chapters()).to_have_text([TITLES[2], TITLES[0], TITLES[1]])
    listed.until(lambda: titles(shelf, story) == [TITLES[2], TITLES[0], TITLES[1]])


def test_chapters_are_put_in_order_with_keys(story: int, listed: DeskPage, shelf: Store) -> None:
    listed.row(TITLES[0]).focus()
    listed.press("Alt+ArrowDown")
    expect(listed.chapters()).to_have_text([TITLES[1], TITLES[0], TITLES[2]])
    expect(listed.row(TITLES[0])).to_be_focused()
    listed.press("Alt+ArrowDown")
    expect(listed.chapters()).to_have_text([TITLES[1], TITLES[2], TITLES[0]])
    listed.until(lambda: titles(shelf, story) == [TITLES[1], TITLES[2], TITLES[0]])


def test_a_deleted_chapter_comes_back(story: int, listed: DeskPage, shelf: Store) -> None:
    listed.menu(TITLES[1], "删除")
    expect(listed.chapters()).to_have_text([TITLES[0], TITLES[2]])
    listed.until(lambda: titles(shelf, story) == [TITLES[0], TITLES[2]])
    listed.page.get_by_role("button", name="撤销").click()
    expect(listed.chapters()).to_have_text(TITLES)
    listed.until(lambda: titles(shelf, story) == TITLES)


def test_a_deleted_story_is_found_among_what_was_deleted(listed: DeskPage, shelf: Store) -> None:
    listed.menu("长夜行", "删除")
    listed.until(lambda: shelf.stories() == ())
    listed.page.get_by_role("button", name="已删").click()
    listed.page.get_by_role("dialog").get_by_role("button", name="找回").first.click()
    listed.until(lambda: [one.title for one in shelf.stories()] == ["长夜行"])


def test_a_story_is_given_another_name(listed: DeskPage, shelf: Store) -> None:
    listed.row("长夜行").focus()
    listed.press("F2")
    listed.page.keyboard.type("渡江记")
    listed.press("Enter")
    listed.until(lambda: [one.title for one in shelf.stories()] == ["渡江记"])
    expect(listed.row("渡江记")).to_be_visible()


def test_a_chapter_is_as_it_was_when_a_revision_is_restored(desk: DeskPage, shelf: Store) -> None:
    desk.type("渡口\n雾从江上起来。")
    desk.until_saved()
    desk.press("Control+a")
    desk.type("全都改了。")
    desk.until_saved()
    desk.menu("全都改了。", "历史")
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("navigation").get_by_role("button").filter(has_text=re.compile("(9|10)字")).first.click()
    expect(dialog.get_by_role("group", name="对照")).to_contain_text("雾从江上起来。")
    dialog.get_by_role("button", name="恢复这一稿").click()
    desk.until(lambda: desk.text == "渡口\n雾从江上起来。")
    desk.press("Escape")
    expect(dialog).to_have_count(0)
    (kept,) = shelf.stories()
    desk.until(lambda: shelf.chapter(shelf.chapters(kept.id)[0].id).text == "渡口\n雾从江上起来。")


def test_two_thousand_chapters_are_listed_and_the_last_one_opens(desk: DeskPage) -> None:
    text = "".join(f"第{number}章 夜\n　　这是第{number}夜。\n\n" for number in range(1, 2001))
    upload(desk, "长夜.txt", text.encode())
    expect(desk.page.get_by_role("dialog")).to_contain_text("2,000 章")
    desk.page.get_by_role("button", name="翻开").click()
    expect(desk.chapters()).to_have_count(2000)
    desk.chapters().last.click()
    desk.until(lambda: desk.text == "第2000章 夜\n这是第2000夜。")


@pytest.mark.parametrize("encoding", ["gb18030", "big5"])
def test_a_text_is_imported_whatever_its_encoding(encoding: str, desk: DeskPage) -> None:
    lines = "第一章 渡口\n　　夜色深沉，江上起了一層薄薄的霧。\n　　船家把篙一點，那條船便動了。\n"
    upload(desk, "夜.txt", (lines * 3).replace("第一章", "第{}章").format(*"一二三").encode(encoding))
    desk.page.get_by_role("button", name="翻开").click()
    expect(desk.chapters()).to_have_text(["第一章 渡口", "第二章 渡口", "第三章 渡口"])
    desk.until(lambda: "霧" in desk.text)


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_a_book_is_imported(format: str, desk: DeskPage, shelf: Store) -> None:
    upload(desk, f"长夜行{FORMATS[format].suffix}", publish(BOOK, format))
    expect(desk.page.get_by_role("dialog")).to_contain_text("2 章")
    desk.page.get_by_role("button", name="翻开").click()
    (story,) = shelf.stories()
    assert (story.title, titles(shelf, story.id)) == ("长夜行", ["第一章 渡口", "第二章 客栈"])
    first = shelf.chapter(shelf.chapters(story.id)[0].id).text
    assert first == "\n".join(BOOK.chapters[0].lines)
    desk.row("第一章 渡口").click()
    desk.until(lambda: desk.text == first)


@pytest.mark.parametrize("format", ["docx", "epub"])
def test_a_book_that_pandoc_wrote_is_imported(format: str, desk: DeskPage, tmp_path: Path) -> None:
    path = tmp_path / f"别人的.{format}"
    markdown = "---\ntitle: 长夜行\n---\n\n# 第一章\n\n雾从江上起来。\n\n# 第二章\n\n客栈里没有灯。\n"
    pypandoc.convert_text(markdown, format, format="markdown", outputfile=str(path))
    upload(desk, path.name, path.read_bytes())
    desk.page.get_by_role("button", name="翻开").click()
    desk.row("第二章").click()
    desk.until(lambda: desk.text == "第二章\n客栈里没有灯。")


def test_a_file_that_is_no_book_is_refused_in_words(desk: DeskPage, shelf: Store) -> None:
    desk.forgive("400")
    upload(desk, "坏.epub", b"PK\x03\x04 no book")
    expect(desk.page.get_by_text("坏.epub 没有读入")).to_be_visible()
    assert shelf.stories() == ()


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_an_exported_book_has_every_character_for_an_independent_reader(
    format: str, desk: DeskPage, tmp_path: Path
) -> None:
    desk.type("第一章 渡口\n雾从江上起来，“过河么？”\n")
    desk.paste("𠮷野家 & <b>，*e* 😀 _x_ # 井")
    desk.ask()
    desk.until_written()
    desk.until_saved()
    desk.menu("未名", "导出")
    with desk.page.expect_download() as downloading:
        desk.page.get_by_role("dialog").get_by_role("button", name=NAMES[format], exact=True).click()
    path = tmp_path / "book"
    downloading.value.save_as(path)
    assert downloading.value.suggested_filename == f"未名{FORMATS[format].suffix}"
    assert characters(read_by_another(path, format)) == characters(desk.text)


NAMES = {"txt": "纯文本", "epub": "电子书 EPUB", "docx": "Word 文档", "markdown": "Markdown"}
READERS = {"epub": "epub", "docx": "docx", "markdown": "commonmark+yaml_metadata_block"}


def read_by_another(path: Path, format: str) -> str:
    """Return the text of a book as another program reads it, without its title."""
    if format == "txt":
        return path.read_text("utf-8-sig").removeprefix("《未名》\n")
    return str(pypandoc.convert_file(str(path), "plain", format=READERS[format], extra_args=["--wrap=none"]))


def characters(text: str) -> str:
    return re.sub(r"[\s\xa0]", "", text)


def upload(desk: DeskPage, name: str, content: bytes) -> None:
    """Choose a file to be imported."""
    file: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    desk.page.locator("input[type=file]").set_input_files(file)


def titles(shelf: Store, story: int) -> list[str]:
    return [one.title for one in shelf.chapters(story)]
