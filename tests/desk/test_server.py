from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from desk_page import DeskPage, OpenDesk
from desks import SlowAuthor, begin, written_by
from moxu.store.store import Store
from servers import Running, running

KEY = "a-long-enough-key"


def test_a_stream_goes_on_without_loss_when_its_connection_was_cut(open_desk: OpenDesk, server: Running) -> None:
    desk = open_desk(count=1, characters=160)
    desk.set_seed(7)
    desk.type("雾从江上起来。")
    desk.ask()
    desk.until_written()
    whole = desk.text
    desk.press("Control+z")
    assert desk.text == "雾从江上起来。"
    desk.forgive("ERR_|/events")
    desk.ask()
    desk.until_pale(10)
    cut_connections(server)
    desk.until(lambda: len(desk.text) >= len(whole))
    desk.until_written()
    assert desk.text == whole


def test_a_page_whose_machine_is_offline_says_so_and_goes_on_when_it_is_back(open_desk: OpenDesk) -> None:
    desk = open_desk(count=1, characters=600)
    desk.type("雾。")
    desk.until_saved()
    desk.ask()
    desk.until_pale(5)
    desk.forgive("ERR_|/events")
    desk.page.context.set_offline(True)
    desk.type("我写。")
    expect(desk.status).to_have_text("服务器不在，改动先留在这里")
    desk.page.context.set_offline(False)
    desk.until_saved()
    desk.ask()
    desk.until_pale(5)
    desk.press("Escape")


def test_a_server_with_a_key_asks_for_it(browser: Browser, tmp_path: Path) -> None:
    with running(written_by(SlowAuthor()), store=Store.open(tmp_path / "s.db"), keys=(KEY,)) as guarded:
        page = browser.new_page(locale="zh-CN")
        desk = DeskPage(page, guarded.url, "zh")
        desk.forgive(" 401 ")
        page.goto(guarded.url)
        gate = page.get_by_role("dialog", name="需要密钥")
        gate.get_by_label("密钥").fill("a-wrong-long-key")
        gate.get_by_role("button", name="进去").click()
        expect(gate.get_by_role("alert")).to_have_text("这个密钥不对。")
        gate.get_by_label("密钥").fill(KEY)
        gate.get_by_role("button", name="进去").click()
        expect(gate).to_have_count(0)
        desk.type("甲乙。")
        desk.until_saved()
        desk.ask()
        desk.until_pale(3)
        desk.press("Escape")
        desk.until_written()
        assert desk.troubles == []
        page.close()


@pytest.fixture
def small(browser: Browser, tmp_path: Path) -> Iterator[tuple[Running, DeskPage]]:
    """A server that writes one text at a time with a model of a few characters, and a desk of it."""
    with running(written_by(SlowAuthor(), slots=1), store=Store.open(tmp_path / "s.db")) as one:
        page = browser.new_page(locale="zh-CN")
        page.add_init_script("localStorage['moxu.writing'] ??= JSON.stringify({count: 1, characters: 40})")
        desk = DeskPage(page, one.url, "zh")
        yield one, desk
        page.close()
        assert desk.troubles == []


def test_who_has_to_wait_is_told_how_many_come_first(small: tuple[Running, DeskPage]) -> None:
    server, desk = small
    with server.client() as client:
        others = [begin(client, max_chars=2000)["id"] for _ in range(2)]
        desk.open().ask()
        expect(desk.told).to_contain_text("你前面还有 1 位")
        for other in others:
            client.delete(f"/desk/writings/{other}")
        desk.until_pale(3)
        desk.press("Escape")


def test_a_desk_without_a_model_is_a_place_to_write(browser: Browser, tmp_path: Path) -> None:
    with running(store=Store.open(tmp_path / "s.db")) as bare:
        page = browser.new_page(locale="zh-CN")
        desk = DeskPage(page, bare.url, "zh").open()
        expect(page.get_by_text("模型还在装，先写着吧")).to_be_visible()
        desk.type("渡口\n雾从江上起来。")
        desk.until_saved()
        assert desk.troubles == []
        page.close()


def test_the_page_is_small_and_comes_from_this_server_alone(desk: DeskPage) -> None:
    sizes = desk.page.evaluate(
        "() => performance.getEntriesByType('resource').map(one => [one.name, one.encodedBodySize])"
    )
    assert sizes
    assert all(name.startswith(f"{desk.url}/") for name, _ in sizes)


def cut_connections(server: Running) -> None:
    """Cut every connection to the server as it stands."""
    for connection in list(server.server.server_state.connections):
        connection.loop.call_soon_threadsafe(connection.transport.abort)
