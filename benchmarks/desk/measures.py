"""What is measured of the page, each in a browser's context of its own."""

import gzip
import json
import statistics
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page

from benchmarks.serve.figures import Sheet

STATIC = Path(__file__).resolve().parents[2] / "src" / "moxu" / "serve" / "static"
SENTENCE = "雾从江上起来的时候，船家把篙一点，那条船便悄没声地滑进了芦苇深处，只留下半江的水纹。\n"
MILLION = 1_000_000
PATIENCE = 120_000  # milliseconds
BETWEEN_KEYS = 50


def measure_size(sheet: Sheet) -> None:
    """Take down how large the built page is, as it goes over a network that compresses."""
    sizes = {path: len(gzip.compress(path.read_bytes())) / 1000 for path in STATIC.rglob("*.*")}
    index = (STATIC / "index.html").read_text("utf-8")
    first = sum(size for path, size in sizes.items() if path.name == "index.html" or path.name in index)
    sheet.at_most("all of its files, gzipped", sum(sizes.values()), 600, "kB")
    sheet.note("of which the first visit loads", first, "kB")


def measure_first_paint(browser: Browser, url: str, sheet: Sheet, visits: int) -> None:
    """Take down how long a first visit takes, with nothing kept by the browser."""
    painted, ready = list[float](), list[float]()
    for _ in range(visits):
        with browser.new_context(locale="zh-CN") as context:
            page = _desk(context, url)
            painted.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000)
            ready.append(page.evaluate("window.ready") / 1000)
    sheet.at_most(f"first paint, median of {visits}", statistics.median(painted), 1.0, "s")
    sheet.note("longest", max(painted), "s")
    sheet.note("until one can type, median", statistics.median(ready), "s")


def measure_frames(browser: Browser, url: str, sheet: Sheet, characters: int) -> None:
    """Take down how many frames are drawn a second while eight candidates are written."""
    with browser.new_context(locale="zh-CN") as context:
        _prefer(context, count=8, characters=characters)
        page = _desk(context, url)
        page.keyboard.type("雾从江上起来的时候，渡口只剩下一条船。")
        page.evaluate(COUNT_FRAMES)
        page.keyboard.press("Alt+q")
        page.get_by_role("button", name="停笔").first.wait_for()
        page.evaluate("window.frames = []")
        page.get_by_role("button", name="停笔").first.wait_for(state="hidden")
        frames: list[float] = page.evaluate("window.frames")
        written = sum(len(text) for text in page.locator("aside ol > li .text").all_text_contents())
    gaps = [later - earlier for earlier, later in pairwise(frames)]
    seconds = (frames[-1] - frames[0]) / 1000
    sheet.note("characters a second, of eight candidates", written / seconds)
    sheet.at_least("frames a second meanwhile", len(gaps) / seconds, 55)
    sheet.note("between two frames, 99 of 100 at most", sorted(gaps)[int(len(gaps) * 0.99)], "ms")
    sheet.note("longest", max(gaps), "ms")


def measure_keys(browser: Browser, url: str, sheet: Sheet, keys: int) -> None:
    """Take down how long it takes from a key to its frame, in a short chapter and in one of a million characters."""
    for name, text in (("a short chapter", SENTENCE), ("a million characters", SENTENCE * (MILLION // len(SENTENCE)))):
        with httpx.Client(base_url=url, timeout=60) as client:
            story = client.post("/desk/stories", json={"title": name}).json()["id"]
            client.post(f"/desk/stories/{story}/chapters", json={"title": name, "text": f"{name}\n{text}"})
        with browser.new_context(locale="zh-CN") as context:
            context.add_init_script(f"localStorage['moxu.open'] = '{story}'")
            page = _desk(context, url)
            page.get_by_text("船家").last.wait_for()
            page.keyboard.press("Control+End")
            page.evaluate(COUNT_KEYS)
            for number in range(keys):
                page.keyboard.press("abcde"[number % 5])
                page.wait_for_timeout(BETWEEN_KEYS)
            while page.evaluate("window.keys.length") < keys:
                page.wait_for_timeout(20)
            milliseconds: list[float] = sorted(page.evaluate("window.keys"))
        sheet.note(f"from a key to its frame, in {name}: median of {keys}", statistics.median(milliseconds), "ms")
        sheet.note("19 of 20 at most", milliseconds[int(keys * 0.95)], "ms")


def _desk(context: BrowserContext, url: str) -> Page:
    """Open the desk; return it when one can type there, which it notes as ``ready``."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.locator(".cm-content").wait_for()
    page.evaluate("window.ready = performance.now()")
    return page


def _prefer(context: BrowserContext, **settings: Any) -> None:
    context.add_init_script(f"localStorage['moxu.writing'] = {json.dumps(json.dumps(settings))}")


COUNT_FRAMES = """() => {
  window.frames = [];
  const count = time => { window.frames.push(time); requestAnimationFrame(count); };
  requestAnimationFrame(count);
}"""
COUNT_KEYS = """() => {
  window.keys = [];
  const drawn = new MessageChannel();
  drawn.port1.onmessage = event => window.keys.push(performance.now() - event.data);
  addEventListener('keydown', event => requestAnimationFrame(() => drawn.port2.postMessage(event.timeStamp)), true);
}"""
