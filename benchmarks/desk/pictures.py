"""Pictures of the writing desk for the READMEs: by day and by night, on a phone, in both languages.

    python -m benchmarks.desk.pictures [--out docs/pictures] [--seed 37]

A story lies on the desk, and the shipped model writes on from it, always from the same seed. The fonts are those that
are installed here.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page

from benchmarks.desk.browser import browsing
from benchmarks.serve.program import serving

REPOSITORY = Path(__file__).resolve().parents[2]
WIDE, PHONE = {"width": 1360, "height": 850}, {"width": 390, "height": 844}
CHAPTERS = (
    "第一章 断江渡\n"
    "雾从江上起来的时候，渡口只剩下一条船。船家把斗笠压得很低，也不问客人往哪里去，只伸出一只缺了两指的手来。\n"
    "沈青抹去剑鞘上的雨水，忽然认出了那只手。",
    "第二章 无灯客栈\n"
    "客栈里没有点灯。掌柜的坐在柜台后面拨算盘，拨一下，听一听外头的雨。\n"
    "“客官住店，还是等人？”\n"
    "“等人。”沈青把剑横在桌上，“等一个欠我一条船的人。”",
    "第三章 夜渡\n"
    "三更过后，雨住了。江面上浮着一层薄薄的月光，远处有人摇橹，一声长，一声短。\n"
    "沈青走到岸边，看见那条船已经泊在柳树底下。船头站着一个人，身上的蓑衣还滴着水。\n"
    "“你来得早了。”那人说。\n"
    "“我等了十年，”沈青道，“不算早。”\n"
    "那人笑了一声，把篙往水里一点，",
)
CARDS = (
    ("沈青", ("沈郎",), "沈青，剑客，左颊有疤，话很少；十年前在断江渡丢了一条船。"),
    ("船家", ("老船家", "那人"), "断江渡的船家，右手缺两指，从不问客人去处。"),
)
MEMORY = "沈青追查十年前的沉船，一路来到断江渡，在无灯客栈里等人。"
NOTE = "夜里，雨后，江边。两个人都不急着把话说完。"


def main() -> int:
    arguments = _arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with serving("default") as program, browsing() as browser:
        url = f"http://{program.address.host}:{program.address.port}"
        _lay_out(url)

        def picture(name: str, show: Callable[[Page], None], language: str = "zh-CN", **options: Any) -> None:
            path = arguments.out / f"{name}.png"
            _take(browser, url, path, show, arguments.seed, locale=language, **options)
            print(f"{path}: {path.stat().st_size / 1000:.0f} kB", flush=True)

        picture("desk", _show_page)
        picture("desk-night", _ask_why, color_scheme="dark")
        picture("desk-phone", _show_page, viewport=PHONE, device_scale_factor=1.5)
        picture("desk.en", _show_sight, "en-US")
    return 0


def _lay_out(url: str) -> None:
    """Put the story on the shelf, with its lore."""
    with httpx.Client(base_url=url, timeout=60) as client:
        story = client.post("/desk/stories", json={"title": "断江渡"}).json()["id"]
        for text in CHAPTERS:
            title = text.partition("\n")[0]
            client.post(f"/desk/stories/{story}/chapters", json={"title": title, "text": text}).raise_for_status()
        for name, aliases, text in CARDS:
            card = {"name": name, "aliases": aliases, "text": text}
            client.post(f"/desk/stories/{story}/notes", json=card).raise_for_status()
        for note in client.get(f"/desk/stories/{story}/notes").json():
            beside = {"memory": MEMORY, "author": NOTE}.get(note["kind"])
            if beside is not None:
                content = note["content"] | {"text": beside, "base_revision": note["revision"]}
                client.put(f"/desk/notes/{note['id']}", json=content).raise_for_status()


def _take(browser: Browser, url: str, path: Path, show: Callable[[Page], None], seed: int, **options: Any) -> None:
    """Write on from the end of the story, show what is wanted, and take the picture."""
    with browser.new_context(**{"viewport": WIDE} | options) as context:
        context.add_init_script("localStorage['moxu.writing'] = JSON.stringify({count: 3, characters: 60})")
        page = context.new_page()
        page.goto(url)
        page.get_by_text("把篙往水里一点").wait_for()
        _set_seed(page, seed)
        page.keyboard.press("Alt+q")
        stop = page.get_by_role("button", name=re.compile("停笔|Stop")).first
        stop.wait_for()
        stop.wait_for(state="hidden")
        show(page)
        page.wait_for_timeout(3000)  # until all is saved and nothing moves
        page.screenshot(path=path, animations="disabled", caret="hide")
        page.keyboard.press("Control+z")  # the next picture begins where this one did
        page.wait_for_timeout(3000)


def _set_seed(page: Page, seed: int) -> None:
    """Let the same be written for each picture, and go back to the end of the page."""
    panes = page.locator(".panes button")
    narrow = panes.first.is_visible()
    if narrow:
        panes.last.click()
    tabs = page.locator("aside [role=tab]")
    tabs.last.click()
    page.locator("#seed").fill(str(seed))
    page.keyboard.press("Tab")
    tabs.first.click()
    if narrow:
        panes.nth(1).click()
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+End")


def _show_page(page: Page) -> None:
    """Show the chapter from its beginning."""
    page.locator(".cm-scroller").evaluate("scroller => scroller.scrollTo(0, 0)")


def _show_sight(page: Page) -> None:
    """Show what the model reads."""
    page.get_by_role("tab", name="In view").click()


def _ask_why(page: Page) -> None:
    """Show what else could have stood in a place of the pale passage."""
    page.get_by_role("tab", name="选词").click()
    box = page.locator(".ink-pale").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 60, box["y"] + 12)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.desk.pictures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs" / "pictures")
    parser.add_argument("--seed", type=int, default=37)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
