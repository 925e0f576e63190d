"""The desk's interface: everything the store keeps, under ``/desk``. Each kind of thing has a module of its own."""

from fastapi import APIRouter

from moxu.serve.desk import books, candidates, chapters, history, notes, settings, stories

ROUTERS: tuple[APIRouter, ...] = (
    books.router,
    stories.router,
    chapters.router,
    history.router,
    notes.router,
    candidates.router,
    settings.router,
)
"""What needs a store; writing (moxu.serve.desk.writing) does not."""
