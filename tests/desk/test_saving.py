from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from desk_page import DeskPage, OpenDesk
from moxu.store.store import Store
from programs import ServeProgram

GONE = r"ERR_|Failed to load resource|failed:"
"""What a browser tells of a server that is away."""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[ServeProgram]:
    """A server that can be killed."""
    started = ServeProgram(tmp_path)
    yield started
    started.kill()


def test_a_reload_keeps_text_ink_and_place(desk: DeskPage) -> None:
    desk.type("渡口\n雾从江上起来。\n船家把篙一点，")
    desk.ask()
    desk.until_written()
    desk.type("完")
    desk.ask()
    desk.until_written()
    desk.press("Control+Home")
    desk.press("ArrowDown")
    desk.press("End")
    desk.until_saved()
    before = (desk.text, desk.pale, desk.dry)
    assert before[1]
    assert before[2]
    desk.reload()
    desk.until(lambda: (desk.text, desk.pale, desk.dry) == before)
    desk.type("点")
    assert desk.text == before[0].replace("起来。", "起来。点", 1)


def test_a_reload_in_mid_stream_keeps_what_was_written(open_desk: OpenDesk, shelf: Store) -> None:
    desk = open_desk(count=1, characters=1000)
    desk.type("雾从江上起来。")
    desk.ask()
    desk.until_pale(20)
    desk.press("Escape")
    before = desk.text
    desk.reload()
    desk.until(lambda: desk.text == before)
    desk.until(lambda: [text_of(shelf)] == [before])


def test_a_server_that_is_killed_in_mid_stream_and_started_again_loses_nothing(
    open_desk: OpenDesk, program: ServeProgram
) -> None:
    desk = open_desk(url=program.url, count=1, characters=1000)
    desk.type("雾从江上起来。")
    desk.until_saved()
    desk.ask()
    desk.until_pale(10)
    program.kill()
    expect(desk.told).to_contain_text("连接断了")
    written = desk.text
    assert len(written) > 17
    desk.type("我还在写。")
    expect(desk.status).to_have_text("服务器不在，改动先留在这里")
    assert desk.text == written + "我还在写。"
    program.start()
    desk.until_saved()
    desk.forgive(GONE)
    story = httpx.get(f"{program.url}/desk/stories").json()[0]["id"]
    chapter = httpx.get(f"{program.url}/desk/stories/{story}/chapters").json()[0]["id"]
    assert httpx.get(f"{program.url}/desk/chapters/{chapter}").json()["text"] == written + "我还在写。"
    desk.ask()
    desk.until_pale(5)
    desk.press("Escape")
    desk.reload()
    desk.until(lambda: desk.text.startswith(written + "我还在写。"))
    assert len(desk.pale) >= 5


def test_a_text_whose_server_was_started_again_says_so(open_desk: OpenDesk, program: ServeProgram) -> None:
    desk = open_desk(url=program.url, count=1, characters=1000)
    desk.ask()
    desk.until_pale(10)
    program.kill()
    written = desk.text
    program.start()
    expect(desk.told).to_contain_text("服务器重启过")
    assert desk.text.startswith(written)
    assert not desk.writing
    desk.forgive(GONE)


def test_what_is_typed_without_a_server_is_saved_after(desk: DeskPage, shelf: Store) -> None:
    desk.type("甲")
    desk.until_saved()
    desk.page.context.set_offline(True)
    desk.type("乙丙")
    expect(desk.status).to_have_text("服务器不在，改动先留在这里")
    desk.page.context.set_offline(False)
    desk.until_saved()
    assert text_of(shelf) == "甲乙丙"
    desk.forgive(GONE)


def test_a_story_that_begins_while_the_server_is_away_is_saved_after(desk: DeskPage, shelf: Store) -> None:
    desk.forgive(GONE)
    desk.page.context.set_offline(True)
    desk.type("雾从江上起来。")
    expect(desk.page.get_by_text("服务器不在，正在等它回来")).to_be_visible()
    desk.page.context.set_offline(False)
    desk.until_saved()
    assert text_of(shelf) == "雾从江上起来。"


def test_what_was_not_saved_outlives_the_page(desk: DeskPage, shelf: Store) -> None:
    desk.type("甲")
    desk.until_saved()
    desk.page.route("**/text", lambda route: route.abort())
    desk.type("乙丙")
    expect(desk.status).to_have_text("服务器不在，改动先留在这里")
    desk.forgive(GONE)
    desk.page.unroute("**/text")
    desk.reload()
    desk.until(lambda: desk.text == "甲乙丙")
    desk.until(lambda: text_of(shelf) == "甲乙丙")
    desk.forgive(GONE)


def test_two_pages_of_one_browser_show_what_either_saved(desk: DeskPage, open_desk: OpenDesk) -> None:
    desk.type("渡口\n甲")
    desk.until_saved()
    other = open_desk(context=desk.page.context)
    other.until(lambda: other.text == "渡口\n甲")
    desk.type("乙")
    other.until(lambda: other.text == "渡口\n甲乙")
    other.type("丙")
    desk.until(lambda: "丙" in desk.text)
    assert sorted(desk.text.splitlines()[-1]) == sorted("甲乙丙")


@pytest.mark.parametrize("mine", [True, False])
def test_two_desks_in_conflict_show_both_texts_and_the_author_chooses(
    mine: bool, desk: DeskPage, open_desk: OpenDesk, shelf: Store
) -> None:
    other = in_conflict(desk, open_desk)
    dialog = other.page.get_by_role("dialog")
    expect(dialog).to_contain_text("江上起雾。她来了。")
    expect(dialog).to_contain_text("江上起雾。他走了。")
    chosen = "渡口\n江上起雾。他走了。" if mine else "渡口\n江上起雾。她来了。"
    dialog.get_by_role("button", name="用右边的" if mine else "用左边的").click()
    expect(dialog).to_have_count(0)
    assert other.text == chosen
    other.until_saved()
    assert text_of(shelf) == chosen
    other.forgive(" 409 ")


def test_a_conflict_is_settled_with_one_text_made_of_both(desk: DeskPage, open_desk: OpenDesk, shelf: Store) -> None:
    other = in_conflict(desk, open_desk)
    dialog = other.page.get_by_role("dialog")
    ours = dialog.get_by_role("textbox").last
    ours.click()
    other.press("Control+End")
    other.page.keyboard.type("她也来了。")
    dialog.get_by_role("button", name="用右边的").click()
    other.until_saved()
    assert text_of(shelf) == other.text == "渡口\n江上起雾。他走了。她也来了。"
    other.forgive(" 409 ")


def in_conflict(desk: DeskPage, open_desk: OpenDesk) -> DeskPage:
    """Let two browsers change one chapter; return the second, which is told."""
    desk.type("渡口\n江上起雾。")
    desk.until_saved()
    other = open_desk()
    other.until(lambda: other.text == desk.text)
    other.page.context.set_offline(True)
    desk.type("她来了。")
    desk.until_saved()
    other.press("Control+End")
    other.type("他走了。")
    expect(other.status).to_have_text("服务器不在，改动先留在这里")
    other.forgive(GONE)
    other.page.context.set_offline(False)
    expect(other.page.get_by_role("dialog")).to_be_visible()
    return other


def text_of(shelf: Store) -> str:
    (story,) = shelf.stories()
    (chapter,) = shelf.chapters(story.id)
    return shelf.chapter(chapter.id).text
