"""A browser for tests of the writing desk: the Chromium that is installed here. None is downloaded."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 60_000.0  # milliseconds: a machine may be busy


def program() -> str:
    """Return where the browser is; where there is none the test is skipped, but in CI, which installs it."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        assert "CI" not in os.environ, "CI has to install Chromium"
        pytest.skip("there is no Chromium on this machine")
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    """Start the browser, without a window.

    While the block runs, this thread has a running event loop: what else needs one has to wait.
    """
    options = ["--disable-dev-shm-usage"]  # which is small in containers
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium has none for root
    where = program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=options, timeout=PATIENCE)
        yield browser
        browser.close()
