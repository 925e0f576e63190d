import re

import pytest
from playwright.sync_api import CDPSession, expect

from desk_page import DeskPage, OpenDesk
from moxu.store.store import Store

SENTENCE = "雾从江上起来的时候，船家把篙一点，那条船便悄没声地滑进了芦苇深处，只留下半江的水纹。\n"


def test_the_first_visit_shows_one_place_to_type_and_nothing_to_configure(desk: DeskPage) -> None:
    expect(desk.editor).to_be_focused()
    assert desk.page.get_by_role("textbox").count() == 1
    assert desk.page.get_by_role("dialog").count() == 0
    desk.ask()
    desk.until_written()
    assert len(desk.pale) > 10


def test_an_opening_is_one_click_away(desk: DeskPage) -> None:
    desk.page.get_by_role("button", name="断江渡").click()
    desk.until(lambda: "雾从江上起来的时候" in desk.text)
    desk.ask()
    desk.until_written()
    assert len(desk.pale) > 10


def test_typing_makes_a_story_which_is_saved(desk: DeskPage, shelf: Store) -> None:
    desk.type("第一章 渡口\n雾从江上起来。")
    desk.until_saved()
    (story,) = shelf.stories()
    (chapter,) = shelf.chapters(story.id)
    assert shelf.chapter(chapter.id).text == "第一章 渡口\n雾从江上起来。"
    desk.until(lambda: shelf.chapters(story.id)[0].title == "第一章 渡口")
    expect(desk.chapters()).to_have_text(["第一章 渡口"])


@pytest.mark.parametrize(
    "text",
    [
        "𠮷野家的𪚥，😀👩‍👩‍👧，e\u0301 与 é，ａ。“过河么？”——他说……「渡」《江》・〇",
        "\u3000\u3000他空了两格。\tTab。  blank مرحبا ภาษาไทย ",
    ],
)
def test_whatever_is_written_is_saved_as_it_is(text: str, desk: DeskPage, shelf: Store) -> None:
    desk.paste(text)
    desk.until_saved()
    assert shelf.chapter(only_chapter(shelf)).text == text
    desk.ask()
    desk.until_written()
    assert desk.text.startswith(text)
    desk.press("Control+z")
    assert desk.text == text


def test_a_million_characters_open_scroll_and_take_what_is_typed(open_desk: OpenDesk, shelf: Store) -> None:
    body = "".join(f"{number}，{SENTENCE}" for number in range(22_000)).rstrip("\n")
    assert len(body) > 1_000_000
    story = shelf.create_story("长夜行")
    chapter = shelf.create_chapter(story.id, "长", f"长\n{body}")
    desk = open_desk(count=1)
    desk.until(lambda: "雾从江上" in desk.text)
    for keys, first in [("Control+End", "21999，"), ("Control+Home", "0，"), ("Control+End", "21999，")]:
        desk.editor.focus()
        desk.press(keys)
        expect(desk.page.locator(".cm-line", has_text=re.compile(f"^{first}")).first).to_be_in_viewport()
    desk.type("\n完了")
    desk.press("Enter")
    desk.ask()
    desk.until_written()
    written = desk.pale
    desk.until_saved()
    saved = shelf.chapter(chapter.id)
    assert saved.text.startswith(f"长\n{body}\n完了\n")
    assert saved.text.removeprefix(f"长\n{body}\n完了\n").replace("\n", "") == written


def test_the_editor_draws_only_what_is_near_of_a_long_chapter(open_desk: OpenDesk, shelf: Store) -> None:
    shelf.create_chapter(shelf.create_story("长").id, "长", "长\n" + SENTENCE * 5000)
    desk = open_desk()
    desk.until(lambda: "雾" in desk.text)
    assert desk.page.locator(".cm-line").count() < 300


@pytest.mark.parametrize("place", ["Control+End", "Control+Home"])
def test_an_input_method_loses_and_doubles_nothing_while_a_text_is_written(place: str, open_desk: OpenDesk) -> None:
    desk = open_desk(count=1, characters=1000)
    desk.type("甲乙")
    desk.ask()
    desk.until_pale(5)
    desk.press(place)
    desk.until_pale(10)
    method = desk.page.context.new_cdp_session(desk.page)
    for composed in ("w", "wu", "wu q", "wu qi"):
        compose(method, composed)
    method.send("Input.insertText", {"text": "雾起"})
    desk.press("Escape")
    desk.until_written()
    text = desk.text.replace("\n", "")
    machine = desk.pale + desk.dry
    assert len(machine) >= 10
    assert text.count("雾起") == 1
    assert "wu" not in text
    if place == "Control+Home":
        assert text == "雾起甲乙" + machine
    else:
        before, _, after = text.partition("雾起")
        assert before.startswith("甲乙")
        assert before.removeprefix("甲乙") + after == machine


def test_taking_edits_back_goes_to_the_empty_page_and_no_further(desk: DeskPage) -> None:
    desk.type("一")
    desk.press("Control+z", times=5)
    assert desk.text == ""
    desk.press("Control+y", times=5)
    assert desk.text == "一"


def test_the_reading_of_the_model_has_a_mark_where_it_begins(open_desk: OpenDesk, shelf: Store) -> None:
    shelf.create_chapter(shelf.create_story("长").id, "长", "长\n" + SENTENCE * 60)
    desk = open_desk(reach=400)
    desk.press("Control+End")
    expect(desk.page.locator(".cm-line.reading-begins")).to_have_count(1)


def compose(method: CDPSession, text: str) -> None:
    """Compose as an input method does: the text is not committed yet."""
    method.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})


def only_chapter(shelf: Store) -> int:
    (story,) = shelf.stories()
    (chapter,) = shelf.chapters(story.id)
    return chapter.id
