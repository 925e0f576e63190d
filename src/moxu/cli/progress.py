"""How far a command is: drawn on standard error where that is a terminal, and nowhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from moxu.corpus.book import UNWANTED

if TYPE_CHECKING:
    from rich.progress import Progress

    from moxu.corpus.work import Work


def bars() -> "Progress":
    """Return a place for bars, to be entered: each has a title, how much is done, and how long the rest takes."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


@contextmanager
def spinner(title: str) -> Iterator[Callable[[str], None]]:
    """Show that something goes on, and for how long it has; the callback takes what is said of it from then on."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda said: progress.update(task, description=said)


@contextmanager
def counted_works(title: str) -> "Iterator[Callable[[Work], None]]":
    """Show how many works have been gone through; the callback takes each."""
    with spinner(title) as say:
        works = characters = 0

        def advance(work: "Work") -> None:
            nonlocal works, characters
            works, characters = works + 1, characters + work.characters
            say(f"{title}: {works:,} works, {characters:,} characters, {shown(work.book.title or work.source)}")

        yield advance


def shown(text: str) -> str:
    """Return a text without what would steer the terminal."""
    return UNWANTED.sub("\ufffd", text)
