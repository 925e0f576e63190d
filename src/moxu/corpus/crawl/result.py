"""What a crawl comes to: ``chapters.jsonl``, a line for each chapter, and ``manifest.json``: what is missing.

    chapters.jsonl    {"number": 1, "title": "第一章 …", "url": …, "volume": "", "text": "paragraphs, a line each"}
    manifest.json     title, author, how many chapters are listed and written, findings by number and name, warnings

Both are whole or not there. Chapters that were not had whole, and those without text, are told in the manifest only.
"""

import dataclasses
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moxu.corpus.crawl.failures import NOT_REACHED
from moxu.corpus.crawl.findings import Fetched, Finding, fetched, judge
from moxu.corpus.crawl.journal import FORMAT, VERSION
from moxu.corpus.crawl.walk import FetchedChapter, Walk

CHAPTERS_FILE = "chapters.jsonl"
MANIFEST_FILE = "manifest.json"
LOOKS_WRONG = ("empty", "short", "repeated")


@dataclass(frozen=True)
class CrawlResult:
    """What became of a crawl; ``doubtful`` are the pages that the next one should ask for again."""

    folder: Path
    title: str
    author: str
    chapters: int  # that the catalogue lists
    written: int
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    doubtful: tuple[str, ...]
    pages: int  # fetched by this crawl
    interrupted: bool

    @property
    def is_complete(self) -> bool:
        """Whether every chapter is there, and none looks wrong."""
        return not (self.findings or self.warnings or self.interrupted)


def compose(folder: Path, walk: Walk, in_vain: Mapping[str, str], *, interrupted: bool) -> CrawlResult:
    """Write what a walk found into ``folder``, and judge it."""
    links = walk.catalogue.chapters if walk.catalogue is not None else ()
    there = [chapter for _, chapter in sorted(walk.chapters.items())]
    findings = _judge(walk)
    whole = [chapter for chapter in there if chapter.failure is None and chapter.paragraphs]
    earlier = [f"{url}: {why}; the page of an earlier crawl was taken" for url, why in sorted(in_vain.items())]
    result = CrawlResult(
        folder=folder,
        title=walk.catalogue.title if walk.catalogue is not None else "",
        author=walk.catalogue.author if walk.catalogue is not None else "",
        chapters=len(links),
        written=len(whole),
        findings=findings,
        warnings=(*walk.warnings, *earlier),
        doubtful=tuple(_doubtful(walk, findings)),
        pages=walk.progress.pages,
        interrupted=interrupted,
    )
    _replace(folder / CHAPTERS_FILE, (_line(chapter) for chapter in whole))
    _replace(folder / MANIFEST_FILE, [json.dumps(_manifest(walk.url, result), ensure_ascii=False, indent=1)])
    return result


def _judge(walk: Walk) -> tuple[Finding, ...]:
    """Return what is wrong with the chapters of the catalogue; that some were not reached is nobody's fault."""
    fates = [
        Fetched(chapter.link.number, chapter.link.name, error=chapter.failure)
        if chapter.failure is not None
        else fetched(chapter.link.number, chapter.link.name, chapter.paragraphs)
        for _, chapter in sorted(walk.chapters.items())
    ]
    return tuple(one for one in judge(fates) if NOT_REACHED not in one.detail)


def _doubtful(walk: Walk, findings: Iterable[Finding]) -> Iterable[str]:
    """Yield the pages to ask for again: all of a chapter that looks wrong, the last one of a chapter that failed."""
    for finding in findings:
        urls = walk.chapters[finding.number].urls
        if finding.kind in LOOKS_WRONG:
            yield from urls
        elif finding.kind == "failed":
            yield from urls[-1:]


def _line(chapter: FetchedChapter) -> str:
    link = chapter.link
    line = {"number": link.number, "title": chapter.title or link.name, "url": link.url, "volume": link.volume}
    return json.dumps({**line, "text": "\n".join(chapter.paragraphs)}, ensure_ascii=False)


def _manifest(url: str, result: CrawlResult) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "url": url,
        "title": result.title,
        "author": result.author,
        "chapters": result.chapters,
        "written": result.written,
        "complete": result.is_complete,
        "interrupted": result.interrupted,
        "findings": [dataclasses.asdict(finding) for finding in result.findings],
        "warnings": list(result.warnings),
    }


def _replace(path: Path, lines: Iterable[str]) -> None:
    """Write a file beside its place, and move it there once it is on the disk."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", errors="surrogatepass", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
