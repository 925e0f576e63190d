import pytest
from playwright.sync_api import Locator, expect

from desk_page import DeskPage, OpenDesk

TEXT = "渡口\n雾从江上起来的时候，青衣客走到渡口，沈青已经在那里了。"


def test_what_is_seen_is_the_text_with_its_count(desk: DeskPage) -> None:
    desk.type(TEXT)
    panel = desk.tab("sight")
    expect(counts(panel)).to_contain_text(f"正文 {len(TEXT)}")
    expect(panel).to_contain_text("青衣客走到渡口")


def test_memory_and_note_are_seen_with_their_counts(desk: DeskPage) -> None:
    desk.type(TEXT)
    desk.until_saved()
    lore = desk.tab("lore")
    lore.get_by_role("textbox", name="梗概").fill("沈青要过江去找一个人。")
    lore.get_by_role("textbox", name="作者的话").fill("夜里，下着雨。")
    panel = desk.tab("sight")
    expect(counts(panel)).to_contain_text("梗概 1")
    expect(panel.locator("section.memory")).to_contain_text("沈青要过江去找一个人。")
    expect(panel.locator("section.note")).to_contain_text("夜里，下着雨。")


@pytest.mark.parametrize("separated", ["沈郎，青衣客、某甲", "沈郎,青衣客; 某甲；"])
def test_a_card_fires_on_an_alias_however_they_are_separated(separated: str, desk: DeskPage) -> None:
    desk.type(TEXT)
    desk.until_saved()
    write_card(desk, "沈七", separated, "沈七，剑客，左手缺两指。")
    expect(desk.tab("lore").locator("article")).to_contain_text("因“青衣客”而读到")
    section = desk.tab("sight").locator("section.lore")
    expect(section).to_contain_text("因“青衣客”而在")
    expect(section).to_contain_text("左手缺两指")


def test_a_card_that_is_not_named_is_not_seen_until_it_is(desk: DeskPage) -> None:
    desk.type(TEXT)
    desk.until_saved()
    write_card(desk, "老船家", "", "老船家不说话。")
    panel = desk.tab("sight")
    expect(panel.locator("section.story")).to_be_visible()
    expect(panel.locator("section.lore")).to_have_count(0)
    desk.type("老船家来了。")
    expect(panel.locator("section.lore")).to_contain_text("老船家不说话。")


def test_a_card_that_is_always_read_needs_no_name(desk: DeskPage) -> None:
    desk.type(TEXT)
    desk.until_saved()
    write_card(desk, "年代", "", "永平三年冬。")
    desk.tab("lore").get_by_label("一直").check()
    expect(desk.tab("sight").locator("section.lore")).to_contain_text("永平三年冬。")


def test_what_is_seen_is_what_is_read(desk: DeskPage) -> None:
    desk.type(TEXT)
    desk.until_saved()
    write_card(desk, "沈青", "", "沈青，剑客。")
    panel = desk.tab("sight")
    expect(panel.locator("section.lore")).to_contain_text("沈青，剑客。")
    told = panel.locator("p").first.inner_text()
    with desk.page.expect_response(lambda answer: answer.url.endswith("/desk/writings")) as begun:
        desk.press("Alt+q")
    assert f"（{begun.value.json()['prompt_tokens']} 个记号）" in told
    desk.press("Escape")


def test_what_is_too_far_back_is_crossed_out_and_counted(open_desk: OpenDesk) -> None:
    desk = open_desk(reach=200)
    desk.paste("渡口\n" + "雾从江上起来的时候，船家把篙一点。\n" * 60)
    panel = desk.tab("sight")
    expect(panel.locator("del")).to_contain_text("船家把篙一点")
    expect(panel).to_contain_text("字读不到")


def test_a_card_that_was_deleted_comes_back(desk: DeskPage) -> None:
    desk.type(TEXT)
    desk.until_saved()
    write_card(desk, "沈青", "", "剑客。")
    panel = desk.tab("lore")
    panel.get_by_role("button", name="删去").click()
    expect(panel.locator("article")).to_have_count(0)
    panel.get_by_role("button", name="撤销").click()
    expect(panel.locator("article")).to_contain_text("沈青")


def test_lore_is_there_after_a_reload(desk: DeskPage) -> None:
    desk.type(TEXT)
    desk.until_saved()
    write_card(desk, "沈青", "沈郎、青衣客", "剑客。")
    desk.tab("sight")
    expect(desk.page.locator("section.lore")).to_contain_text("剑客。")
    desk.reload()
    card = desk.tab("lore").locator("article")
    expect(card).to_contain_text("沈青")
    expect(card).to_contain_text("沈郎")


def write_card(desk: DeskPage, name: str, aliases: str, text: str) -> None:
    """Add a card to the lore; it stays open."""
    panel = desk.tab("lore")
    panel.get_by_role("button", name="新卡").click()
    card = panel.locator("article").last
    card.get_by_label("名字").fill(name)
    card.get_by_label("别名").fill(aliases)
    card.get_by_role("textbox", name="设定").fill(text)


def counts(panel: Locator) -> Locator:
    return panel.get_by_role("list", name="各有多少字")
