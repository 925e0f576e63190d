import re

import pytest
from playwright.sync_api import Locator, expect

from desk_page import DeskPage, OpenDesk


def test_a_click_on_a_pale_character_shows_the_ten_likeliest_with_their_chances(desk: DeskPage) -> None:
    panel = clicked_in_pale(desk, 8)
    rows = choices(panel)
    chances = [float(re.search(r"([\d.]+)\s*%", name)[1]) for name in names(rows)[:10]]  # type: ignore[index]
    assert chances == sorted(chances, reverse=True)
    assert 0 < sum(chances) <= 100.5
    expect(panel.get_by_role("status").first).to_contain_text("比特")


def test_a_chosen_word_is_written_and_the_text_goes_on_from_there(desk: DeskPage) -> None:
    desk.type("雾从江上起来。")
    panel = clicked_in_pale(desk, 8)
    before = desk.pale[:8]
    other = other_choice(panel)
    word = word_of(other)
    desk.ask(other.click)
    desk.until_written()
    assert desk.text.replace("\n", "").startswith("雾从江上起来。" + before + word)
    assert len(desk.pale) > len(before + word) + 5


def test_choosing_a_word_is_taken_back_in_one_step(desk: DeskPage) -> None:
    panel = clicked_in_pale(desk, 8)
    written = desk.text
    desk.ask(other_choice(panel).click)
    desk.until_written()
    assert desk.text != written
    desk.editor.focus()
    desk.press("Control+z")
    desk.until(lambda: desk.text in (written, ""))


def test_words_of_the_authors_own_are_only_shown(desk: DeskPage) -> None:
    desk.type("雾从江上起来的时候")
    desk.until_saved()
    panel = desk.tab("why")
    click_character(desk, 4)
    until_told(desk, panel)
    expect(panel).to_contain_text("这是你自己写的字：只看，不改。")


def test_words_are_chosen_with_keys_alone(desk: DeskPage) -> None:
    desk.ask()
    desk.until_written()
    before = desk.text
    desk.press("ArrowLeft", times=10)
    desk.press("Alt+w")
    panel = desk.page.get_by_role("tabpanel", name="选词")
    until_told(desk, panel)
    desk.until(lambda: desk.page.evaluate("document.activeElement.closest('[role=tabpanel]') !== null"))
    desk.press("ArrowDown")
    desk.ask("Enter")
    desk.until_written()
    assert desk.text[:20] == before[:20]
    assert desk.text != before


def test_a_switch_tints_what_is_surprising(desk: DeskPage) -> None:
    desk.ask()
    desk.until_written()
    panel = desk.tab("why")
    switch = panel.get_by_role("button", name="按意外染色")
    switch.click()
    tinted = desk.page.locator(".cm-content [class*=tint-]")
    desk.until(lambda: tinted.count() > 3)
    switch.click()
    expect(tinted).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_tab_says_what_to_do_before_anything_is_clicked(language: str, open_desk: OpenDesk) -> None:
    desk = open_desk(language)
    expect(desk.tab("why")).to_contain_text({"zh": "点一下页上的字", "en": "Click"}[language])


def clicked_in_pale(desk: DeskPage, place: int) -> Locator:
    """Let the machine write, and click on one of its characters; return the panel."""
    begins = len(desk.text)
    desk.ask()
    desk.until_written()
    panel = desk.tab("why")
    click_character(desk, begins + place)
    until_told(desk, panel)
    return panel


def click_character(desk: DeskPage, place: int) -> None:
    """Click on the character after so many others, line breaks not counted."""
    box = desk.editor.evaluate(BOX_OF, place)
    desk.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def until_told(desk: DeskPage, panel: Locator) -> None:
    """Wait for the ten likeliest, and what stands there if it is none of them."""
    desk.until(lambda: choices(panel).count() in (10, 11))


def choices(panel: Locator) -> Locator:
    return panel.get_by_role("list").first.get_by_role("button")


def names(rows: Locator) -> list[str]:
    return [str(row.get_attribute("aria-label")) for row in rows.all()]


def other_choice(panel: Locator) -> Locator:
    """Return a character that does not stand there."""
    own = choices(panel).locator("xpath=self::*[not(@aria-current)]").filter(has_text=re.compile(r"[\u4e00-\u9fff]"))
    return own.first


def word_of(choice: Locator) -> str:
    return choice.locator(".token").inner_text()


BOX_OF = """(page, place) => {
  const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(), left = place; node; node = walker.nextNode()) {
    if (node.parentElement.closest('.cm-placeholder')) continue;
    if (left < node.length) {
      const range = document.createRange();
      range.setStart(node, left);
      range.setEnd(node, left + 1);
      const { x, y, width, height } = range.getBoundingClientRect();
      return { x, y, width, height };
    }
    left -= node.length;
  }
}"""
