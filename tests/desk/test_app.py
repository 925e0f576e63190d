import pytest
from playwright.sync_api import ViewportSize, expect

from desk_page import DeskPage, OpenDesk

PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture
def phone(open_desk: OpenDesk) -> DeskPage:
    """The desk on a phone."""
    return open_desk(viewport=PHONE, has_touch=True, is_mobile=True)


def test_all_three_panes_are_reached_on_a_phone(phone: DeskPage) -> None:
    expect(phone.editor).to_be_in_viewport()
    phone.pane("shelf")
    expect(phone.page.get_by_role("button", name="新故事")).to_be_in_viewport()
    phone.pane("companion")
    expect(phone.page.get_by_role("tab", name="所见")).to_be_in_viewport()
    phone.pane("text")
    expect(phone.editor).to_be_in_viewport()


def test_a_story_is_written_on_a_phone(phone: DeskPage) -> None:
    phone.type("雾从江上起来。")
    phone.ask(phone.button("continue").tap)
    phone.until_written()
    assert len(phone.pale) > 10
    phone.pane("companion")
    phone.candidate(1).tap()
    phone.pane("text")
    phone.until_saved()


@pytest.mark.parametrize("pane", ["shelf", "text", "companion"])
def test_nothing_is_wider_than_a_narrow_screen(pane: str, open_desk: OpenDesk) -> None:
    desk = open_desk(viewport=PHONE)
    desk.type("雾从江上起来的时候，渡口只剩下一条船。")
    desk.pane(pane)
    for width in (320, 390, 600, 860):
        desk.page.set_viewport_size({"width": width, "height": 700})
        assert desk.page.evaluate("document.documentElement.scrollWidth") <= width
        assert desk.page.evaluate(CUT, width) == []


def test_three_panes_lie_side_by_side_on_a_wide_screen(desk: DeskPage) -> None:
    for width in (1024, 1280, 1920):
        desk.page.set_viewport_size({"width": width, "height": 800})
        for pane in ("nav", "main", "aside"):
            expect(desk.page.locator(pane).first).to_be_in_viewport()
        assert desk.page.evaluate("document.documentElement.scrollWidth") <= width


CUT = """width => [...document.querySelectorAll('button, input, [role=tab]')]
  .filter(one => one.checkVisibility() && !one.closest('.tabs'))
  .map(one => [one.textContent.trim() || one.ariaLabel, one.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.left < -1 || box.right > width + 1))
  .map(([name]) => name)"""
