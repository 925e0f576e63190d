"""The writing desk in one tab of a browser, as its author uses it: by what is written on it, and by its keys."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, expect

from browsers import PATIENCE

ZH = {
    "text": "正文",
    "continue": "续写",
    "stop": "停笔",
    "saved": "已存",
    "sight": "所见",
    "lore": "设定",
    "why": "选词",
    "settings": "参数",
    "shelf": "书架",
    "companion": "伴读",
    "candidates": "候选",
    "candidates tab": "续写",
    "seed": "种子",
    "desk": "书桌",
}
EN = {
    "text": "Text",
    "continue": "Continue",
    "stop": "Stop",
    "saved": "Saved",
    "sight": "In view",
    "lore": "Lore",
    "why": "Words",
    "settings": "Settings",
    "shelf": "Shelf",
    "companion": "Companion",
    "candidates": "Candidates",
    "candidates tab": "Continue",
    "seed": "Seed",
    "desk": "Desk",
}
WORDS = {"zh": ZH, "en": EN}

OpenDesk = Callable[..., "DeskPage"]

expect.set_options(timeout=PATIENCE)


class DeskPage:
    """A tab."""

    def __init__(self, page: Page, url: str, language: str) -> None:
        self.page, self.url, self.words = page, url, WORDS[language]
        self._troubles: list[str] = []
        self.forgiven: list[str] = []
        self._streams: set[Request] = set()
        self._asked: dict[str, Any] = {}
        page.set_default_timeout(PATIENCE)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._troubles.append(f"error: {error} {error.stack}"))
        page.on("request", self._note)
        page.on("requestfailed", self._check_failure)
        page.on("requestfinished", lambda request: self._streams.discard(request))

    def open(self) -> "DeskPage":
        """Go to the desk, and wait until one can type there."""
        self.page.goto(self.url)
        expect(self.editor).to_be_visible()
        return self

    def reload(self) -> None:
        self.page.reload()
        expect(self.editor).to_be_visible()

    # The page

    @property
    def editor(self) -> Locator:
        return self.page.get_by_role("textbox", name=self.words["text"], exact=True)

    @property
    def text(self) -> str:
        """The text on the page; of a long one, what is drawn of it."""
        return str(self.editor.evaluate(TEXT_OF))

    def after(self, beginning: str) -> str:
        """What follows on the page after a beginning, without line breaks at its ends."""
        assert self.text.startswith(beginning)
        return self.text.removeprefix(beginning).strip()

    @property
    def pale(self) -> str:
        """What of it is pale: the machine's, and not accepted yet."""
        return str(self.editor.evaluate(INKED, ".ink-pale"))

    @property
    def dry(self) -> str:
        """What of it the machine wrote and the author accepted."""
        return str(self.editor.evaluate(INKED, ".ink-dry"))

    def type(self, text: str) -> None:
        """Type at the caret, key by key."""
        self.editor.focus()
        self.page.keyboard.type(text)

    def paste(self, text: str) -> None:
        """Let a text arrive at the caret at once."""
        self.editor.focus()
        self.page.keyboard.insert_text(text)

    def press(self, keys: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(keys)

    def pane(self, name: str) -> None:
        """On a narrow screen, go to the shelf, the text or the companion."""
        self.page.locator(".panes").get_by_role("button", name=self.words[name], exact=True).click()

    def look(self, item: str) -> None:
        """Choose from the menu of the desk."""
        self.page.get_by_role("main").get_by_role("button", name=self.words["desk"], exact=True).click()
        self.page.get_by_role("menuitem", name=item).click()

    # The shelf

    def chapters(self) -> Locator:
        """The titles of the listed chapters."""
        return self.page.locator("nav ol [data-row^=chapter] .title")

    def row(self, title: str) -> Locator:
        """The row of a story or a chapter."""
        return (
            self.page.get_by_role("navigation", name=self.words["shelf"]).locator("[data-row]").filter(has_text=title)
        )

    def menu(self, title: str, item: str) -> None:
        """Choose from the menu of a story or a chapter."""
        self.row(title).first.click(button="right")
        self.page.get_by_role("menuitem", name=item).click()

    # The companion

    def tab(self, name: str) -> Locator:
        """Open a tab of the companion; return its panel."""
        self.page.get_by_role("tab", name=self.words[name], exact=True).click()
        return self.page.get_by_role("tabpanel", name=self.words[name], exact=True)

    @property
    def candidates(self) -> list[str]:
        """The texts that are offered."""
        return [text.strip() for text in self.page.locator("aside ol > li .text").all_text_contents()]

    def candidate(self, row: int) -> Locator:
        """The candidate that a click takes."""
        return self.page.locator("aside ol > li").nth(row).get_by_role("button").first

    def set_seed(self, seed: int) -> None:
        """Let every text be written from the same seed."""
        self.tab("settings").get_by_label(self.words["seed"], exact=True).fill(str(seed))
        self.press("Tab")
        self.tab("candidates tab")
        self.editor.focus()

    @property
    def told(self) -> Locator:
        """What the companion says about the writing."""
        return self.page.get_by_role("complementary").get_by_role("status").first

    @property
    def writing(self) -> bool:
        """Whether something is being written."""
        return self.button("stop").is_visible()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=self.words[name], exact=True).first

    # Writing

    def ask(self, does: Callable[[], Any] | str = "Alt+q") -> dict[str, Any]:
        """Let the machine write, with these keys or whatever else; return what is asked for, when it has begun."""
        with self.page.expect_request(lambda request: "/events?after=0" in request.url):
            if isinstance(does, str):
                self.press(does)
            else:
                does()
        return self._asked

    # Waiting

    def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something is so, while the page lives on."""
        waited = 0.0
        while not holds():
            assert waited < PATIENCE, f"waited too long; the page has {self.text[-200:]!r}, {self.state!r}"
            self.page.wait_for_timeout(20)
            waited += 20

    def until_written(self) -> None:
        """Wait until nothing is being written any more."""
        self.until(lambda: not self._streams)
        expect(self.button("stop")).to_be_hidden()
        self.page.evaluate("() => new Promise(shown => requestAnimationFrame(() => requestAnimationFrame(shown)))")

    def until_pale(self, characters: int = 1) -> None:
        """Wait until so much of the machine's text is on the page."""
        self.until(lambda: len(self.pale) >= characters)

    @property
    def status(self) -> Locator:
        return self.page.get_by_role("main").locator("footer [role=status]").first

    @property
    def state(self) -> str:
        """What the line below the page says about what is saved."""
        return self.status.inner_text()

    def until_saved(self) -> None:
        expect(self.status).to_have_text(re.compile(rf"^{self.words['saved']} \S+"))

    # What went wrong

    def forgive(self, pattern: str) -> None:
        """Forget troubles that a test brings about, now and later."""
        self.forgiven.append(pattern)

    @property
    def troubles(self) -> list[str]:
        """The errors that the browser told of, and requests that went elsewhere or nowhere."""
        return [one for one in self._troubles if not any(re.search(pattern, one) for pattern in self.forgiven)]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._troubles.append(f"console: {message.text} {message.location.get('url', '')}")

    def _note(self, request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/desk/writings"):
            self._asked = request.post_data_json or {}
        if "/events?" in request.url:
            self._streams.add(request)
        if not request.url.startswith((f"{self.url}/", "blob:", "data:")):
            self._troubles.append(f"another host: {request.url}")

    def _check_failure(self, request: Request) -> None:
        self._streams.discard(request)
        if request.failure != "net::ERR_ABORTED":  # the page itself took it back
            self._troubles.append(f"failed: {request.method} {request.url}: {request.failure}")


INKED = "(page, ink) => [...page.querySelectorAll(ink)].map(one => one.textContent).join('')"
TEXT_OF = """page => [...page.querySelectorAll('.cm-line')].map(line => {
  const copy = line.cloneNode(true);
  copy.querySelectorAll('.cm-placeholder, .cm-widgetBuffer, .page-title-missing').forEach(x => x.remove());
  return copy.textContent;
}).join('\\n')"""
