import pytest
from playwright.sync_api import expect

from desk_page import DeskPage, OpenDesk


def test_every_control_is_reached_with_tab_and_shows_that_it_is(desk: DeskPage) -> None:
    desk.type("雾从江上起来。")
    desk.until_saved()
    for tab in ("candidates tab", "sight", "lore", "why", "settings"):
        desk.tab(tab)
        wanted = set(desk.page.evaluate(CONTROLS))
        assert len(wanted) > 10
        desk.page.evaluate("document.activeElement.blur()")
        reached = dict(after_tab(desk) for _ in range(len(wanted) + 5))
        assert wanted - reached.keys() == set()
        assert [name for name, seen in reached.items() if not seen] == []


def after_tab(desk: DeskPage) -> tuple[str, bool]:
    """Press Tab; return the control that is reached, and whether it shows that it is."""
    desk.press("Escape")  # after which the editor lets Tab go on
    desk.press("Tab")
    name, seen = desk.page.evaluate(FOCUSED)
    return name, seen


def test_a_whole_chapter_is_written_without_a_mouse(desk: DeskPage) -> None:
    desk.type("渡口\n雾从江上起来。")
    desk.ask()
    desk.until_written()
    second = desk.candidates[1]
    desk.press("Alt+2")
    desk.until(lambda: desk.after("渡口\n雾从江上起来。") == second)
    desk.type("她说。")
    desk.press("Control+s")
    desk.until_saved()
    desk.press("Control+/")
    expect(desk.page.get_by_role("dialog")).to_contain_text("Alt+Q")
    desk.press("Escape")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    expect(desk.editor).to_be_focused()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_shortcut_is_listed_with_what_it_does(language: str, open_desk: OpenDesk) -> None:
    desk = open_desk(language)
    desk.press("Control+/")
    dialog = desk.page.get_by_role("dialog")
    for keys in ("Alt+Q", "Alt+E", "Alt+1", "Esc", "Ctrl+S", "Ctrl+Z", "Alt+W", "Alt+B", "Ctrl+/"):
        expect(dialog).to_contain_text(keys)


def test_a_text_is_found_and_replaced(desk: DeskPage) -> None:
    desk.type("甲乙甲乙")
    desk.press("Control+f")
    desk.page.get_by_role("textbox", name="查找").fill("乙")
    desk.page.get_by_role("textbox", name="替换").fill("丙")
    desk.page.get_by_role("button", name="全部替换").click()
    assert desk.text == "甲丙甲丙"
    desk.press("Escape")


CONTROLS = """() => {
  const list = [...document.querySelectorAll('button, input, textarea, summary, a[href], [contenteditable=true]')];
  const tabbable = list
    .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.disabled && one.tabIndex >= 0);
  const name = one => one.ariaLabel || one.textContent.trim().slice(0, 20);
  tabbable.forEach((one, number) => one.dataset.number ??= `${number} ${name(one)}`);
  const groups = new Set();
  return tabbable.filter(one => one.type !== 'radio' || (!groups.has(one.name) && groups.add(one.name)))
    .map(one => one.dataset.number);
}"""
FOCUSED = """() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const inView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const caret = one.isContentEditable;
  return [one.dataset.number ?? one.tagName, caret || one === document.body
    || (inView && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1)];
}"""
