from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from desk_page import DeskPage, OpenDesk


def write(desk: DeskPage) -> None:
    desk.type("渡口\n雾从江上起来。")
    desk.until_saved()
    desk.ask()
    desk.until_written()


def add_a_card(desk: DeskPage) -> None:
    desk.tab("lore").get_by_role("button").first.click()


def tint(desk: DeskPage) -> None:
    desk.tab("why").get_by_role("button").last.click()
    desk.editor.click()


def open_a_menu(desk: DeskPage) -> None:
    desk.row("渡口").click(button="right")


def open_the_history(desk: DeskPage) -> None:
    desk.page.get_by_role("menuitem").first.click()
    desk.page.get_by_role("dialog").get_by_role("navigation").get_by_role("button").last.click()


def open_the_export(desk: DeskPage) -> None:
    desk.press("Escape")
    desk.page.locator("nav [data-row^=story]").first.click(button="right")
    desk.page.get_by_role("menuitem").first.click()


def search(desk: DeskPage) -> None:
    desk.press("Escape")
    desk.editor.focus()
    desk.press("Control+f")


STATES: dict[str, Callable[[DeskPage], Any]] = {
    "an empty shelf": lambda _: None,
    "shortcuts": lambda desk: desk.press("Control+/"),
    "closed": lambda desk: desk.press("Escape"),
    "a text": write,
    "sight": lambda desk: desk.tab("sight"),
    "lore": add_a_card,
    "words": tint,
    "settings": lambda desk: desk.tab("settings"),
    "a menu": open_a_menu,
    "history": open_the_history,
    "export": open_the_export,
    "search": search,
}
"""What is done to the desk, one after the other."""


@pytest.mark.parametrize(("language", "light"), [("zh", "light"), ("zh", "dark"), ("en", "light")])
def test_nothing_keeps_people_out_of_any_state_of_the_desk(language: str, light: str, open_desk: OpenDesk) -> None:
    desk = open_desk(language, color_scheme=light)
    found = {}
    for name, change in STATES.items():
        change(desk)
        found[name] = findings(desk)
    assert {name: what for name, what in found.items() if what} == {}


def test_nothing_keeps_people_out_of_the_desk_on_a_phone(open_desk: OpenDesk) -> None:
    desk = open_desk(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    desk.type("雾从江上起来。")
    desk.until_saved()
    for pane in ("text", "shelf", "companion"):
        desk.pane(pane)
        assert findings(desk) == []


def findings(desk: DeskPage) -> list[str]:
    """Return what axe finds to be serious or critical, once nothing moves any more."""
    desk.page.evaluate(STILL)
    found = Axe().run(desk.page).response["violations"]
    return [
        f"{one['impact']} {one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


STILL = """() => Promise.all(document.getAnimations()
  .filter(one => Number.isFinite(one.effect.getComputedTiming().endTime)).map(one => one.finished))"""
