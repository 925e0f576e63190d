"""Programs that write in a store beside others, or until they are killed, each in a process of its own.

They begin by forking a process that has the store loaded already, where the system can do that.
"""

import contextlib
import itertools
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from sqlalchemy import delete

from moxu.errors import StoreError
from moxu.store.refusals import Conflict
from moxu.store.store import Store
from moxu.store.tables import SettingRow, StoryRow

PATIENCE = 60.0


def start(program: Callable[..., None], *arguments: Any) -> tuple[BaseProcess, "Connection[Any, Any]"]:
    """Start a program and return it with the end of the pipe on which it tells what it did."""
    kinds = multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("forkserver" if "forkserver" in kinds else "spawn")
    if "forkserver" in kinds:
        context.set_forkserver_preload(["moxu.store.store", "psycopg"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=program, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def empty(store: Store) -> None:
    """Take everything out of a store."""
    with store.database.writing() as session:
        for table in (StoryRow, SettingRow):  # what belongs to a story goes with it
            session.execute(delete(table))


def numbered(number: int) -> str:
    """Return the text of a numbered edit: now the end differs from the last one, now the beginning, now everything."""
    body = "雾从江上起来的时候，船家把篙一点。\n" * (number % 7 + 3)
    return f"{number}\n{body}" if number % 3 == 0 else f"{body}{number}"


def save_until_killed(pipe: "Connection[Any, Any]", url: str, chapter: int) -> None:
    """Save numbered edits one after the other; tell the number of each when it is acknowledged.

    Ends with the process, or with the server of the database.
    """
    store = Store.open(url)
    with contextlib.suppress(StoreError):
        for number in itertools.count(store.chapter(chapter).revision + 1):
            store.save_chapter(chapter, numbered(number), number - 1)
            pipe.send(number)


def add_lines(pipe: "Connection[Any, Any]", url: str, chapter: int, name: str, count: int) -> None:
    """Add lines to a chapter that others write in, too; tell how many conflicts there were."""
    conflicts = 0
    with Store.open(url) as store:
        current = store.chapter(chapter)
        text, revision = current.text, current.revision
        for number in range(count):
            while True:
                try:
                    saved = store.save_chapter(chapter, f"{text}{name}{number}\n", revision)
                    break
                except Conflict as conflict:
                    conflicts += 1
                    text, revision = conflict.text, conflict.revision
            text, revision = saved.text, saved.revision
    pipe.send(conflicts)


def open_and_write(pipe: "Connection[Any, Any]", url: str, title: str) -> None:
    """Open a store, put a story into it, and tell."""
    with Store.open(url) as store:
        store.create_story(title)
    pipe.send(title)


def serve_stories(pipe: "Connection[Any, Any]", url: str) -> None:
    """Serve a store over HTTP, without a model; tell where."""
    from moxu.serve.app import make_app
    from moxu.serve.server import address_of, listen, make_server
    from moxu.serve.service import Service

    with listen("127.0.0.1", 0) as bound:
        service = Service({}, store=Store.open(url))
        server = make_server(make_app(service), service)
        pipe.send(address_of(bound))
        server.run([bound])
