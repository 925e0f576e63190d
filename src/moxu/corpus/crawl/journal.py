"""The journal of a crawl: every page that was had, as it came, in the order of arrival.

``pages.jsonl`` in the folder of the crawl begins with a line that names the catalogue; then comes a line for each
page, and one wherever a crawl came to its end. Lines are only ever appended, and each reaches the system before the
next page is looked at: a crawl that is killed loses at most the line it was writing, which is recognised by its missing
end and dropped. All else is made from these pages, so a crawl that goes on asks for none of them again, and other
rules need no other crawl.
"""

import base64
import binascii
import json
import os
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from moxu.corpus.lock import lock
from moxu.errors import SettingsError, TextError

JOURNAL_FILE = "pages.jsonl"
FORMAT = "moxu-crawl"
VERSION = 1
SYNC_EVERY = 1.0  # seconds of pages at most that a power cut can take; a kill takes none
LEVEL = 3  # of zlib: pages shrink to a third in less time than they take to be read

Kind = Literal["catalogue", "chapter"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A page as it came: where it was in the end, after redirects, the type it was said to have, and its bytes."""

    url: str
    content_type: str
    body: bytes


class Journal:
    """The pages of one crawl by the URL that was asked for; a context manager, to close the file."""

    def __init__(self, folder: Path, catalogue_url: str) -> None:
        """Open the journal in ``folder``, or begin one.

        SettingsError when the folder holds something else or another book, or another crawl is at work on it;
        TextError when the journal is damaged.
        """
        self.path = folder / JOURNAL_FILE
        self._places: dict[str, int] = {}  # where the line of each page begins
        self._kinds: dict[str, Kind] = {}
        self._stale: set[str] = set()
        self._url = ""  # of the catalogue
        self.is_finished = False
        """Whether the last crawl came to its end; all that happened since then is part of the next one."""
        if not self.path.is_file() or self.path.stat().st_size == 0:
            _check_empty(folder)
            folder.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a+b")  # which cuts nothing before it is known whose file this is
        try:
            self._begin(catalogue_url)
        except BaseException:
            self._file.close()
            raise
        self._synced = time.monotonic()

    def _begin(self, catalogue_url: str) -> None:
        """Take the journal for this crawl: read what it has, drop a line that was cut, write the first."""
        if not lock(self._file):
            raise SettingsError(f"{self.path.parent}: another crawl is at work on it; let that end, or stop it first")
        self._file.truncate(self._read())
        if self._url not in ("", catalogue_url):
            self._leave(catalogue_url)
        if self._file.seek(0, os.SEEK_END) == 0:
            self._append({"format": FORMAT, "version": VERSION, "url": catalogue_url})

    def _leave(self, catalogue_url: str) -> None:
        """Forget another crawl if it came to no chapter: its address may have been a slip of the user's."""
        if "chapter" in self._kinds.values():
            raise SettingsError(f"{self.path.parent}: holds the crawl of {self._url}; name another folder")
        self._places.clear()
        self._kinds.clear()
        self._stale.clear()
        self.is_finished = False
        self._url = catalogue_url
        self._file.truncate(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._sync()
        self._file.close()

    def fresh(self, url: str) -> Answer | None:
        """Return a page that need not be asked for again."""
        return None if url in self._stale else self.any(url)

    def any(self, url: str) -> Answer | None:
        """Return a page as it was when it was last seen, though it may have changed since."""
        if url not in self._places:
            return None
        end = self._file.tell()
        self._file.seek(self._places[url])
        line = self._file.readline()
        self._file.seek(end)
        return self._answer(json.loads(line))

    def add(self, url: str, kind: Kind, answer: Answer) -> None:
        """Write a page down."""
        body = base64.b64encode(zlib.compress(answer.body, LEVEL)).decode("ascii")
        line = {"page": url, "kind": kind, "url": answer.url, "type": answer.content_type, "body": body}
        self._places[url] = self._append(line)
        self._kinds[url] = kind
        self._stale.discard(url)
        if time.monotonic() - self._synced > SYNC_EVERY:
            self._sync()

    def finish(self, doubtful: Iterable[str]) -> None:
        """Write down that a crawl came to its end; the next one asks again for the catalogue and what is doubtful."""
        again = list(doubtful)
        self._append({"finished": True, "again": again})
        self._finish(again)

    def _finish(self, again: Iterable[str]) -> None:
        self.is_finished = True
        self._stale |= {url for url, kind in self._kinds.items() if kind == "catalogue"} | set(again)

    def _append(self, line: dict[str, Any]) -> int:
        """Write a line at the end, through to the system, and return where it begins."""
        place = self._file.tell()
        self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        return place

    def _sync(self) -> None:
        """Have the system write all lines to the disk."""
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def _read(self) -> int:
        """Find the pages of an older journal, and return where its whole lines end."""
        place = self._file.seek(0)
        for number, line in enumerate(self._file, start=1):
            if not line.endswith(b"\n"):
                break  # cut when the crawl was killed
            entry = self._parse(line, number)
            if number == 1:
                self._url = self._url_of(entry)
            elif "page" in entry:
                self._places[entry["page"]], self._kinds[entry["page"]] = place, entry["kind"]
                self._stale.discard(entry["page"])
                self.is_finished = False
            else:
                self._finish(entry["again"])
            place += len(line)
        return place

    def _parse(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            entry = json.loads(line)
            if not isinstance(entry, dict):
                raise ValueError("expected an object")
            if number > 1 and not (
                (isinstance(entry.get("page"), str) and entry.get("kind") in ("catalogue", "chapter"))
                or isinstance(entry.get("again"), list)
            ):
                raise ValueError("expected a page")
        except ValueError as error:
            raise self._damaged(f"line {number}: {error}") from None
        return entry

    def _url_of(self, entry: dict[str, Any]) -> str:
        """Return the catalogue that the first line names."""
        if entry.get("format") != FORMAT:
            raise SettingsError(f"{self.path}: is no journal of a crawl; name another folder")
        if entry.get("version") != VERSION:
            raise SettingsError(f"{self.path}: was written by a newer moxu; name another folder, or use that one")
        return str(entry.get("url"))

    def _answer(self, entry: dict[str, Any]) -> Answer:
        try:
            body = zlib.decompress(base64.b64decode(entry["body"], validate=True))
            return Answer(str(entry["url"]), str(entry["type"]), body)
        except (KeyError, TypeError, zlib.error, binascii.Error) as error:
            raise self._damaged(f"page {entry['page']}: {error}") from None

    def _damaged(self, what: str) -> TextError:
        return TextError(f"{self.path}: is damaged ({what}); remove the folder to begin anew")


def _check_empty(folder: Path) -> None:
    """Refuse to write into what is not a folder for a crawl."""
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"--out {folder}: is a file; give the name of a folder")
    if folder.is_dir() and any(entry.name != JOURNAL_FILE for entry in folder.iterdir()):
        raise SettingsError(f"--out {folder}: is not empty, and no crawl; name another folder")
