from desk_page import DeskPage, OpenDesk

PAPER = "getComputedStyle(document.querySelector('.page')).backgroundColor"
DAY, NIGHT = "rgb(251, 248, 241)", "rgb(23, 21, 15)"


def test_the_desk_is_dark_at_night_and_stays_so(desk: DeskPage) -> None:
    assert desk.page.evaluate(PAPER) == DAY
    desk.look("夜灯")
    desk.until(lambda: desk.page.evaluate(PAPER) == NIGHT)
    desk.reload()
    assert desk.page.evaluate(PAPER) == NIGHT


def test_the_desk_is_dark_where_the_browser_is(open_desk: OpenDesk) -> None:
    assert open_desk(color_scheme="dark").page.evaluate(PAPER) == NIGHT


def test_the_ink_of_the_machine_need_not_be_shown(desk: DeskPage) -> None:
    desk.type("雾。")
    desk.ask()
    desk.until_written()
    color = "getComputedStyle(document.querySelector('.ink-pale')).color"
    own = "getComputedStyle(document.querySelector('.cm-content')).color"
    assert desk.page.evaluate(color) != desk.page.evaluate(own)
    desk.look("不显墨色")
    desk.until(lambda: desk.page.evaluate(color) == desk.page.evaluate(own))


def test_the_page_is_set_in_another_face(desk: DeskPage) -> None:
    face = "getComputedStyle(document.querySelector('.cm-scroller')).fontFamily"
    before = desk.page.evaluate(face)
    desk.look("正文用黑体")
    desk.until(lambda: desk.page.evaluate(face) != before)
