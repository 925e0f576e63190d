"""The built page, from a real server with the shipped model, in a real browser."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from browsers import browsing
from desk_page import DeskPage, OpenDesk
from editors import empty
from moxu.cli.model_choice import ModelChoice
from moxu.cli.serve_model import load_served
from moxu.store.store import Store
from servers import Running, running

SHORT = {"count": 3, "characters": 40, "reach": 1000}
"""How the machine is asked to write, so that a test need not wait for long texts."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser: for one file, because it keeps this thread's event loop."""
    with browsing() as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with the shipped model and a store of its own."""
    model = load_served(ModelChoice("default", "cpu", None, None, None, ()), slots=16)
    with running(model, store=Store.open(tmp_path_factory.mktemp("desk") / "stories.db")) as started:
        yield started


@pytest.fixture(autouse=True)
def shelf(server: Running) -> Iterator[Store]:
    """The store of the server, with nothing in it."""
    assert server.service.store is not None
    yield server.service.store
    empty(server.service.store)


@pytest.fixture
def open_desk(browser: Browser, server: Running) -> Iterator[OpenDesk]:
    """Open desks: ``open_desk(language="en", viewport={"width": 390, "height": 844}, count=1)``.

    What is not an option of the browser's context is a setting of how the machine writes. Two desks share what the
    browser keeps where one is opened with the ``context`` of the other. None of them may have had any trouble.
    """
    contexts: list[BrowserContext] = []
    desks: list[DeskPage] = []

    def open_one(
        language: str = "zh", context: BrowserContext | None = None, url: str = server.url, **options: Any
    ) -> DeskPage:
        if context is None:
            of_context = {name: options.pop(name) for name in list(options) if name in OF_CONTEXT}
            context = browser.new_context(locale={"zh": "zh-CN", "en": "en-US"}[language], **of_context)
            contexts.append(context)
            kept = json.dumps(json.dumps({"preset": "normal", "values": {}, **SHORT, **options}))
            context.add_init_script(f"localStorage['moxu.writing'] ??= {kept}")
        desks.append(DeskPage(context.new_page(), url, language))
        return desks[-1].open()

    yield open_one
    for context in contexts:
        context.close()
    assert [trouble for desk in desks for trouble in desk.troubles] == []


OF_CONTEXT = {"viewport", "color_scheme", "has_touch", "is_mobile"}


@pytest.fixture
def desk(open_desk: OpenDesk) -> DeskPage:
    """A desk on its author's first visit, in Chinese."""
    return open_desk()
