"""Selectors of site rules: CSS, or XPath where one begins with ``/``, ``./`` or ``(``."""

import functools
from typing import Any

from moxu.corpus.book import one_line
from moxu.corpus.read.markup import Element
from moxu.errors import SettingsError


@functools.lru_cache(maxsize=1024)
def compiled(selector: str) -> Any:
    """Return a selector as lxml evaluates it; SettingsError for what is neither CSS nor XPath."""
    from cssselect import HTMLTranslator, SelectorError
    from lxml import etree

    try:
        is_path = selector.startswith(("/", "./", "("))
        return etree.XPath(selector if is_path else HTMLTranslator().css_to_xpath(selector))
    except (SelectorError, etree.XPathSyntaxError) as error:
        raise SettingsError(f"selector {selector!r} is neither CSS nor XPath: {str(error)[:100]}") from None


def select(root: Element, selector: str) -> list[Any]:
    """Return what a selector finds: elements, or texts where the XPath asks for texts or attributes."""
    from lxml import etree

    try:
        found = compiled(selector)(root)
    except etree.XPathEvalError as error:  # a function that there is none of is noticed only here
        raise SettingsError(f"selector {selector!r} cannot be evaluated: {str(error)[:100]}") from None
    return found if isinstance(found, list) else [str(found)]


def select_text(root: Element, selector: str) -> str:
    """Return the first text that a selector finds, on one line: of an element, of a meta element its content."""
    for found in select(root, selector):
        text = found if isinstance(found, str) else found.get("content") or "".join(found.itertext())
        if one_line(text):
            return one_line(text)
    return ""
