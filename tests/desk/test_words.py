import re

import pytest
from playwright.sync_api import expect

from desk_page import DeskPage, OpenDesk

CHINESE = re.compile(r"[\u3400-\u9fff\uff01-\uff5e\u3000-\u303f]")
NAMELESS = re.compile(
    r"^\s*- (?:button|textbox|slider|spinbutton|checkbox|tab|radio|link)(?: \[.*\])?:?$", re.MULTILINE
)
TABS = ("candidates tab", "sight", "lore", "why", "settings")


def test_the_desk_speaks_the_language_of_the_browser(open_desk: OpenDesk) -> None:
    assert open_desk("zh").page.locator("html").get_attribute("lang") == "zh-CN"
    assert open_desk("en").page.locator("html").get_attribute("lang") == "en"


def test_the_language_is_switched_in_place_and_kept(desk: DeskPage) -> None:
    desk.type("雾从江上起来。")
    desk.until_saved()
    desk.look("English")
    expect(desk.page.get_by_role("tab", name="Settings")).to_be_visible()
    expect(desk.page.get_by_role("textbox", name="Text")).to_contain_text("雾从江上起来。")
    desk.page.reload()
    expect(desk.page.get_by_role("tab", name="Settings")).to_be_visible()


def test_no_word_of_the_english_desk_is_chinese(open_desk: OpenDesk) -> None:
    desk = open_desk("en")
    desk.type("Fog rose from the river.")
    desk.until_saved()
    for tab in TABS:
        desk.tab(tab)
        desk.page.wait_for_load_state("networkidle")
        assert [word for word in desk.page.evaluate(VISIBLE) if CHINESE.search(word)] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_control_has_a_name(language: str, open_desk: OpenDesk) -> None:
    desk = open_desk(language)
    desk.type("甲。")
    desk.until_saved()
    for tab in TABS:
        desk.tab(tab)
        assert NAMELESS.findall(desk.page.locator("body").aria_snapshot()) == []


# What is written on the desk, and what its controls are called, but for the texts of authors and models.
VISIBLE = """() => {
  const words = [];
  for (const one of document.body.querySelectorAll('*')) {
    if (one.closest('[lang=zh-CN], .cm-content, noscript') || !one.checkVisibility()) continue;
    for (const name of ['aria-label', 'title', 'placeholder']) words.push(one.getAttribute(name) ?? '');
    for (const node of one.childNodes) if (node.nodeType === 3) words.push(node.data.trim());
  }
  return words.filter(Boolean);
}"""
