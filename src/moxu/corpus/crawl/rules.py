"""Site rules: what is where in the pages of one site, written down by the user in TOML, for what cannot be guessed."""

import dataclasses
import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from moxu.corpus.crawl.addresses import host_matches
from moxu.corpus.crawl.selectors import compiled
from moxu.errors import SettingsError
from moxu.settings import parse, read_toml


@dataclass(frozen=True)
class CatalogueRules:
    """Where a catalogue has what. Selectors are CSS or XPath; what is not given is guessed."""

    links: str = ""  # the links of the chapters, and no others
    further: str = ""  # links or options that lead to the other pages of the catalogue
    title: str = ""
    author: str = ""
    order: Literal["auto", "listed", "reversed"] = "auto"  # reversed: the newest chapter comes first
    hosts: tuple[str, ...] = ()  # other hosts that chapters may lie on


@dataclass(frozen=True)
class ChapterRules:
    """Where the page of a chapter has what."""

    title: str = ""
    body: str = ""
    next_part: str = ""  # the link to the next page of the same chapter
    remove: tuple[str, ...] = ()  # selectors of what does not belong to the body
    remove_text: tuple[str, ...] = ()  # regular expressions of what to take out of a paragraph


@dataclass(frozen=True)
class SiteRules:
    """What is known of a site; ``match`` lists its hosts, such as ``example.com`` or ``example.com/novel/*``."""

    match: tuple[str, ...] = ()
    catalogue: CatalogueRules = field(default_factory=CatalogueRules)
    chapter: ChapterRules = field(default_factory=ChapterRules)


@dataclass(frozen=True)
class Rules:
    """The rules of all sites that a file tells of, in its order; the first one that matches an address counts."""

    site: tuple[SiteRules, ...] = ()

    def for_url(self, url: str) -> SiteRules:
        """Return the rules of the site that an address lies on; without any, everything is guessed."""
        return next((one for one in self.site if any(_matches(url, pattern) for pattern in one.match)), SiteRules())


def read_rules(path: Path) -> Rules:
    """Read a file of site rules; SettingsError names an unknown key, or what is no selector or regular expression."""
    rules = parse(Rules, read_toml(path), str(path))
    for number, site in enumerate(rules.site):
        where = f"{path}: site[{number}]"
        if not site.match:
            raise SettingsError(f"{where}: 'match' is missing; give the hosts of the site, such as [\"example.com\"]")
        _check(site, where)
    return rules


def _check(site: SiteRules, where: str) -> None:
    for name, selector in _selectors(site):
        try:
            compiled(selector)
        except SettingsError as error:
            raise SettingsError(f"{where}: {name}: {error}") from None
    for pattern in site.chapter.remove_text:
        try:
            re.compile(pattern)
        except re.error as error:
            raise SettingsError(
                f"{where}: chapter: remove_text: {pattern!r} is no regular expression: {error}"
            ) from None


def _selectors(site: SiteRules) -> Iterator[tuple[str, str]]:
    for table, part in (("catalogue", site.catalogue), ("chapter", site.chapter)):
        for one in dataclasses.fields(part):
            if one.name in ("order", "hosts", "remove_text"):
                continue
            given = getattr(part, one.name)
            yield from (
                (f"{table}: {one.name}", text) for text in ([given] if isinstance(given, str) else given) if text
            )


def _matches(url: str, pattern: str) -> bool:
    """Say whether an address lies on the host of a pattern, and in its folder if it names one."""
    host, slash, path = pattern.removeprefix("https://").removeprefix("http://").partition("/")
    parts = urlsplit(url)
    if not (host_matches(url, host.removeprefix("*.")) or parts.netloc.lower() == host.lower()):
        return False
    return not slash or not path or fnmatch.fnmatchcase(parts.path, f"/{path}")
