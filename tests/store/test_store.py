"""What is acknowledged is there: after kill -9, between two editors, and compared with lists in memory."""

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from editors import PATIENCE, add_lines, empty, numbered, save_until_killed, start
from moxu.store.database import parse_url
from moxu.store.records import Chapter
from moxu.store.refusals import Conflict
from moxu.store.store import Store
from postgres import Cluster

ROUNDS = 8


def acknowledged_before(chance: random.Random, url: str, chapter: int, kill: Callable[[], object] | None) -> int:
    """Let an editor save until it, or what ``kill`` kills, is gone; return the last edit that was acknowledged."""
    editor, pipe = start(save_until_killed, url, chapter)
    assert pipe.poll(PATIENCE)
    acknowledged = int(pipe.recv())
    time.sleep(chance.random() * 0.05)  # long enough to be in any part of any of the next edits
    (kill or editor.kill)()
    with contextlib.suppress(EOFError, ConnectionResetError):  # the pipe ends with the editor
        while pipe.poll(PATIENCE):
            acknowledged = int(pipe.recv())
    editor.join(PATIENCE)
    assert editor.exitcode is not None
    pipe.close()
    return acknowledged


def check_history(url: str, chapter: int, acknowledged: int) -> None:
    """Compare every revision with the edit of its number, up to the last acknowledged one or a later one."""
    with Store.open(url) as store:
        current = store.chapter(chapter)
        assert current.revision >= acknowledged
        assert current.text == numbered(current.revision)
        numbers = [entry.number for entry in store.revisions(chapter)]
        assert numbers == list(range(1, current.revision + 1))
        assert [store.revision(chapter, number).text for number in numbers] == [numbered(n) for n in numbers]


def chapter_to_edit(url: str) -> int:
    with Store.open(url) as store:
        return store.create_chapter(store.create_story("长夜行").id, text=numbered(1)).id


def test_killing_an_editor_loses_nothing_acknowledged(url: str) -> None:
    chance, chapter = random.Random(1), chapter_to_edit(url)
    for _ in range(ROUNDS):
        acknowledged = acknowledged_before(chance, url, chapter, None)
        check_history(url, chapter, acknowledged)
    if url.startswith("sqlite"):
        with Store.open(url) as store, store.database.reading() as session:
            assert session.scalars(text("PRAGMA integrity_check")).all() == ["ok"]
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []


def test_killing_the_postgresql_server_loses_nothing_acknowledged(cluster: Cluster) -> None:
    url, chance = cluster.empty_database(), random.Random(2)
    chapter = chapter_to_edit(url)
    for _ in range(2):
        acknowledged = acknowledged_before(chance, url, chapter, cluster.kill)
        cluster.start()
        check_history(url, chapter, acknowledged)


def test_killing_a_postgresql_backend_loses_nothing_acknowledged(cluster: Cluster) -> None:
    url, chance = cluster.empty_database(), random.Random(3)
    chapter = chapter_to_edit(url)
    name = parse_url(url).database

    def kill_backends() -> None:
        for (pid,) in cluster.execute(f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}'"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    acknowledged = acknowledged_before(chance, url, chapter, kill_backends)
    cluster.wait_until_ready()  # after such a death the server throws all out and recovers
    check_history(url, chapter, acknowledged)


def test_two_processes_in_one_chapter_overwrite_nothing(url: str) -> None:
    with Store.open(url) as store:
        chapter = store.create_chapter(store.create_story().id).id
    editors = {name: start(add_lines, url, chapter, name, 30) for name in "甲乙"}
    for process, pipe in editors.values():
        assert pipe.poll(PATIENCE)
        process.join(PATIENCE)
        assert process.exitcode == 0
        pipe.close()
    with Store.open(url) as store:
        texts = [store.revision(chapter, entry.number).text for entry in store.revisions(chapter)]
    lines = texts[-1].splitlines()
    assert len(lines) == 60
    assert [line for line in lines if line[0] == "甲"] == [f"甲{number}" for number in range(30)]
    assert [line for line in lines if line[0] == "乙"] == [f"乙{number}" for number in range(30)]
    assert texts == ["".join(f"{line}\n" for line in lines[:count]) for count in range(61)]


def test_of_all_who_edited_one_revision_one_is_saved_and_all_others_are_told(store: Store) -> None:
    chapter = store.create_chapter(store.create_story().id, text="开头").id
    together, saved, told = threading.Barrier(8), [], []

    def edit(name: int) -> None:
        together.wait(PATIENCE)
        try:
            saved.append(store.save_chapter(chapter, f"开头{name}", 1))
        except Conflict as conflict:
            told.append((conflict.revision, conflict.text))

    editors = [threading.Thread(target=edit, args=(name,)) for name in range(8)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join(PATIENCE)
    (winner,) = saved
    assert told == [(2, winner.text)] * 7
    assert store.chapter(chapter) == winner
    assert len(store.revisions(chapter)) == 2


def test_a_save_whose_answer_was_lost_can_be_repeated(store: Store) -> None:
    chapter = store.create_chapter(store.create_story().id, text="一").id
    first = store.save_chapter(chapter, "二", 1)
    assert store.save_chapter(chapter, "二", 1) == first
    assert len(store.revisions(chapter)) == 2


@dataclass
class Page:
    """A chapter as the model has it: the texts of its revisions, and whether it was deleted."""

    id: int
    title: str
    texts: list[str]
    deleted: bool = False


@dataclass
class Book:
    """A story as the model has it."""

    id: int
    title: str
    pages: list[Page] = field(default_factory=list)
    deleted: bool = False


def put(things: list[Any], thing: Any, index: int) -> None:
    """Put a thing so that ``index`` others that are not deleted come before it."""
    if thing in things:
        things.remove(thing)
    live = [place for place, other in enumerate(things) if not other.deleted]
    things.insert(live[index] if index < len(live) else len(things), thing)


class Desk(RuleBasedStateMachine):
    """Does the same to a store and to lists in memory."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        empty(self.store)
        self.books: list[Book] = []

    def live_books(self) -> list[Book]:
        return [book for book in self.books if not book.deleted]

    def live_pages(self) -> list[tuple[Book, Page]]:
        return [(book, page) for book in self.live_books() for page in book.pages if not page.deleted]

    def book(self, data: st.DataObject) -> Book:
        return data.draw(st.sampled_from(self.live_books()))

    def page(self, data: st.DataObject) -> tuple[Book, Page]:
        return data.draw(st.sampled_from(self.live_pages()))

    @rule(title=st.text("长夜行", max_size=3), index=st.integers(0, 3))
    def create_story(self, title: str, index: int) -> None:
        put(self.books, Book(self.store.create_story(title, index=index).id, title), index)

    @precondition(lambda self: self.live_books())
    @rule(data=st.data(), index=st.integers(0, 3))
    def move_story(self, data: st.DataObject, index: int) -> None:
        book = self.book(data)
        self.store.move_story(book.id, index)
        put(self.books, book, index)

    @precondition(lambda self: self.live_books())
    @rule(data=st.data())
    def delete_story(self, data: st.DataObject) -> None:
        book = self.book(data)
        self.store.delete_story(book.id)
        book.deleted = True

    @rule()
    def recover_stories(self) -> None:
        for book in self.books:
            self.store.recover_story(book.id)
            book.deleted = False

    @precondition(lambda self: self.live_books())
    @rule(data=st.data(), text=st.text("雾江\n", max_size=30), index=st.integers(0, 3))
    def create_chapter(self, data: st.DataObject, text: str, index: int) -> None:
        book = self.book(data)
        put(book.pages, Page(self.store.create_chapter(book.id, "章", text, index=index).id, "章", [text]), index)

    @precondition(lambda self: self.live_pages())
    @rule(data=st.data(), index=st.integers(0, 3))
    def move_chapter(self, data: st.DataObject, index: int) -> None:
        (home, page), target = self.page(data), self.book(data)
        self.store.move_chapter(page.id, index, story=target.id)
        home.pages.remove(page)
        put(target.pages, page, index)

    @precondition(lambda self: self.live_pages())
    @rule(data=st.data(), title=st.text("一二三", max_size=2))
    def rename_chapter(self, data: st.DataObject, title: str) -> None:
        _, page = self.page(data)
        self.store.rename_chapter(page.id, title)
        page.title = title

    @precondition(lambda self: self.live_pages())
    @rule(data=st.data(), added=st.text("雾江\n", max_size=9), behind=st.integers(0, 2))
    def save_chapter(self, data: st.DataObject, added: str, behind: int) -> None:
        _, page = self.page(data)
        place = data.draw(st.integers(0, len(page.texts[-1])))
        text = page.texts[-1][:place] + added + page.texts[-1][place:]
        self.accept(page, text, behind, lambda base: self.store.save_chapter(page.id, text, base))

    @precondition(lambda self: self.live_pages())
    @rule(data=st.data(), behind=st.integers(0, 2))
    def restore(self, data: st.DataObject, behind: int) -> None:
        _, page = self.page(data)
        number = data.draw(st.integers(1, len(page.texts)))
        text = page.texts[number - 1]
        self.accept(page, text, behind, lambda base: self.store.restore(page.id, number, base))

    def accept(self, page: Page, text: str, behind: int, save: Callable[[int], Chapter]) -> None:
        """Save a text that was edited from the newest revision, or from one some edits behind."""
        base = len(page.texts) - behind
        if text != page.texts[-1] and behind:
            with pytest.raises(Conflict) as conflict:
                save(base)
            assert (conflict.value.revision, conflict.value.text) == (len(page.texts), page.texts[-1])
            return
        if text != page.texts[-1]:
            page.texts.append(text)
        assert save(base).revision == len(page.texts)

    @precondition(lambda self: self.live_pages())
    @rule(data=st.data())
    def delete_chapter(self, data: st.DataObject) -> None:
        _, page = self.page(data)
        self.store.delete_chapter(page.id)
        page.deleted = True

    @precondition(lambda self: self.live_books())
    @rule(data=st.data())
    def recover_chapters(self, data: st.DataObject) -> None:
        for page in self.book(data).pages:
            self.store.recover_chapter(page.id)
            page.deleted = False

    @invariant()
    def both_are_the_same(self) -> None:
        books = self.live_books()
        assert [(story.id, story.title) for story in self.store.stories()] == [(book.id, book.title) for book in books]
        for book in books:
            pages = [page for page in book.pages if not page.deleted]
            assert [(entry.id, entry.title, entry.revision) for entry in self.store.chapters(book.id)] == [
                (page.id, page.title, len(page.texts)) for page in pages
            ]
            assert [self.store.chapter(page.id).text for page in pages] == [page.texts[-1] for page in pages]

    def teardown(self) -> None:
        """Read every revision of every chapter that is there."""
        for _, page in self.live_pages():
            texts = [self.store.revision(page.id, number + 1).text for number in range(len(page.texts))]
            assert texts == page.texts


def test_a_store_does_what_lists_in_memory_do(store: Store) -> None:
    machine = type("DeskOnStore", (Desk,), {"store": store})
    examples = 6 if store.database.is_sqlite else 4
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=25, deadline=None))
