from playwright.sync_api import expect

from desk_page import DeskPage, OpenDesk
from servers import Running

LONG = {"characters": 1000, "count": 1}
"""A text that is not over before the test has done what it does meanwhile."""


def test_what_the_machine_writes_streams_into_the_page_in_pale_ink(open_desk: OpenDesk) -> None:
    desk = open_desk(**LONG)
    desk.type("雾从江上起来。")
    desk.ask()
    desk.until_pale(1)
    first = desk.text.replace("\n", "").removeprefix("雾从江上起来。")
    desk.until_pale(len(first) + 20)
    assert desk.writing
    assert desk.pale.startswith(first)
    desk.press("Escape")


def test_several_candidates_are_written_side_by_side(open_desk: OpenDesk) -> None:
    desk = open_desk(count=3, characters=400)
    desk.ask()
    desk.until(lambda: len([text for text in desk.candidates if len(text) > 10]) == 3)
    assert desk.writing
    assert len(set(desk.candidates)) == 3
    desk.press("Escape")


def test_another_candidate_takes_the_place_of_the_one_on_the_page(desk: DeskPage) -> None:
    desk.type("她没有回头，")
    desk.ask()
    desk.until_written()
    first, second, third = desk.candidates
    assert desk.after("她没有回头，") == first
    desk.press("Alt+2")
    desk.until(lambda: desk.after("她没有回头，") == second)
    desk.press("Alt+3")
    desk.until(lambda: desk.after("她没有回头，") == third)
    assert desk.pale == third.replace("\n", "")


def test_a_candidate_is_taken_with_a_click(desk: DeskPage) -> None:
    desk.ask()
    desk.until_written()
    desk.candidate(1).click()
    desk.until(lambda: desk.after("") == desk.candidates[1])
    expect(desk.candidate(1)).to_have_attribute("aria-pressed", "true")
    expect(desk.candidate(0)).to_have_attribute("aria-pressed", "false")


def test_typing_accepts_what_is_there_and_its_ink_dries(desk: DeskPage) -> None:
    desk.ask()
    desk.until_written()
    written = desk.text
    assert desk.pale == written.replace("\n", "")
    desk.type("她说。")
    desk.until(lambda: desk.pale == "")
    assert desk.text == written + "她说。"
    assert desk.dry == written.replace("\n", "")


def test_typing_in_mid_stream_stops_it_and_loses_nothing(open_desk: OpenDesk, server: Running) -> None:
    desk = open_desk(**LONG)
    desk.ask()
    desk.until_pale(5)
    desk.type("停")
    desk.until(lambda: not desk.writing and is_idle(server))
    before, typed, after = desk.text.partition("停")
    assert (bool(before), typed, after) == (True, "停", "")


def test_escape_stops_at_once(open_desk: OpenDesk, server: Running) -> None:
    desk = open_desk(**LONG)
    desk.ask()
    desk.until_pale(5)
    desk.press("Escape")
    stopped = desk.text
    assert not desk.writing
    desk.until(lambda: is_idle(server))
    assert desk.text == stopped
    assert 5 <= len(stopped) < 1000


def test_rewriting_takes_the_pale_passage_away_and_asks_again(desk: DeskPage) -> None:
    desk.type("夜里下了一场雨。")
    desk.ask()
    desk.until_written()
    first = desk.pale
    desk.ask("Alt+e")
    desk.until(lambda: desk.pale != first)
    desk.until_written()
    assert desk.after("夜里下了一场雨。") == desk.candidates[0]
    assert first not in desk.text


def test_undo_takes_a_whole_passage_back_and_then_the_edits_of_the_author(desk: DeskPage) -> None:
    desk.type("雾散了。")
    desk.press("Home")
    desk.type("晨")
    desk.press("End")
    desk.ask()
    desk.until_written()
    written = desk.text
    assert len(written) > 10
    texts = []
    for _ in range(3):
        desk.press("Control+z")
        texts.append(desk.text)
    assert texts == ["晨雾散了。", "雾散了。", ""]
    for _ in range(3):
        desk.press("Control+y")
        texts.append(desk.text)
    assert texts[3:] == ["雾散了。", "晨雾散了。", written]


def test_undo_after_a_swap_and_an_edit_goes_back_step_by_step(desk: DeskPage) -> None:
    desk.type("雾散了，")
    desk.ask()
    desk.until_written()
    second = desk.candidates[1]
    desk.press("Alt+2")
    desk.until(lambda: desk.after("雾散了，") == second)
    desk.type("好")
    desk.press("Control+z")
    assert desk.after("雾散了，") == second
    desk.press("Control+z")
    assert desk.text == "雾散了，"


def test_the_same_seed_writes_the_same_again(open_desk: OpenDesk) -> None:
    desk = open_desk(count=1)
    desk.set_seed(7)
    texts = []
    for _ in range(2):
        desk.ask()
        desk.until_written()
        texts.append(desk.text)
        desk.press("Control+z")
        assert desk.text == ""
    assert texts[0] == texts[1]


def test_frames_keep_coming_while_eight_candidates_are_written(open_desk: OpenDesk) -> None:
    desk = open_desk(count=8, characters=120)
    desk.page.evaluate(
        "() => { const c = () => { window.frames_ = (window.frames_ ?? 0) + 1; requestAnimationFrame(c) }; c() }"
    )
    desk.ask()
    desk.until(lambda: len([text for text in desk.candidates if text]) == 8)
    before = desk.page.evaluate("window.frames_")
    desk.until_written()
    assert desk.page.evaluate("window.frames_") - before > 5
    assert all(len(text) > 50 for text in desk.candidates)


def test_a_preset_and_a_slider_change_what_is_asked_for(desk: DeskPage) -> None:
    panel = desk.tab("settings")
    panel.get_by_role("button", name="稳").click()
    asked = desk.ask()
    desk.until_written()
    assert asked["preset"] == "steady"
    assert "temperature" not in asked
    panel.get_by_role("spinbutton", name="温度").fill("1.5")
    panel.get_by_role("spinbutton", name="温度").press("Tab")
    panel.get_by_role("spinbutton", name="候选").fill("2")
    panel.get_by_role("spinbutton", name="候选").press("Tab")
    asked = desk.ask()
    desk.until_written()
    assert (asked["preset"], asked["temperature"], asked["count"]) == ("steady", 1.5, 2)


def is_idle(server: Running) -> bool:
    return server.scheduler.stats().slots_used == 0
