"""``moxu chat``: questions and answers, with a model of dialogues."""

import contextlib
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from moxu.cli import wishes
from moxu.cli.asking import LEAVE, ask, edit_lines
from moxu.cli.conversation import Conversation, check_can_talk, one_line, turns_of
from moxu.cli.model_choice import DEFAULT, FILE, ModelChoice, model_options, tokenizer_of, with_options
from moxu.cli.pages import CONTROLS, OutFile, check_out, echo
from moxu.cli.record import Record
from moxu.cli.sampling_flags import SAMPLING_FLAGS
from moxu.cli.session import check_sources, local_writer
from moxu.cli.terminal import say
from moxu.cli.wishes import Wishes
from moxu.errors import SettingsError, TextError
from moxu.text.encodings import decode_bytes, read_text
from moxu.writers.dialogue import room_for_turns
from moxu.writers.manners import manner_of

FORGET = ("/forget", "清空")
GREETING = (
    f"Ask, and it answers; {FORGET[0]} (or {FORGET[1]}) begins anew; `{LEAVE}` or Ctrl-D leaves; Ctrl-C ends an answer."
)

REQUEST_OPTIONS = (wishes.chars(100), wishes.SEED, wishes.STOP, wishes.CONTEXT, wishes.BEAMS, wishes.PRESET)


@click.command()
@click.argument("question", required=False)
@click.option("--model", default=DEFAULT, show_default=True, help="An installed model, or the path of a checkpoint.")
@click.option("--file", type=FILE, help="Earlier turns, with tabs or newlines between them.")
@click.option("--out", type=FILE, help="Write the turns to this file as they come, with tabs between them.")
@with_options(wishes.JSON, *REQUEST_OPTIONS, *SAMPLING_FLAGS)
@model_options
def chat(
    choice: ModelChoice, question: str | None, file: Path | None, out: Path | None, as_json: bool, **given: Any
) -> None:
    """Answer QUESTION, or talk.

    Without a QUESTION on a terminal, moxu asks for one, and again after each answer, until `stop` or Ctrl-D; Ctrl-C
    ends an answer, and the conversation goes on; /forget (or 清空) begins a new one. In a pipe each line is a question,
    and each answer is a line.

    The model reads the turns so far, each ended with the token that ends a turn (<sep> of a model of dialogues; other
    models get the token that ends a document), and writes until it ends its own. When the window is full the oldest
    turns are dropped whole. The i-th answer has seed + i, counted from 0.
    """
    turns = turns_of(read_text(file)) if file else []
    if as_json and question in (None, "-"):
        raise SettingsError("--json needs a question on the command line")
    check_sources(question or "", file, out, as_json, "conversation")
    check_out("--out", out, choice.sources)
    if question is not None and not question.strip():
        raise TextError("the question is empty; ask something")
    conversation, preset = _prepare(choice, Wishes.of(given), turns)
    with ExitStack() as stack:
        if out:
            conversation.keep_in(stack.enter_context(contextlib.closing(OutFile(out))))
            stack.callback(conversation.forget)
        if as_json and question is not None:
            _answer_in_json(question, conversation, preset)
        elif question is None and sys.stdin.isatty():
            _talk(conversation)
        else:
            for line in _lines() if question in (None, "-") else [str(question)]:
                if not _obey(line, conversation):
                    _answer(line, conversation)


def _prepare(choice: ModelChoice, wished: Wishes, turns: list[str]) -> tuple[Conversation, str]:
    """Load the model, and bring it together with what was wished for; return also the preset."""
    loaded = choice.load()
    model, tokenizer = loaded.model, tokenizer_of(loaded)
    check_can_talk(model.architecture, model.passage is not None, tokenizer)
    manner = manner_of(model.architecture, tokenizer)
    usual = "greedy" if tokenizer.kind == "turns" else manner.preset
    request, preset = wished.request_for(usual, past_end=False)
    room = room_for_turns(wished.window_of(model), request.max_chars)
    writer = local_writer(loaded, tokenizer, choice.name)
    return Conversation(writer, tokenizer, request, room, turns), preset


def _talk(conversation: Conversation) -> None:
    """Ask for questions on the terminal and answer each; a Ctrl-C costs the answer's rest, or the line being typed."""
    say(GREETING)
    edit_lines()
    stays = True
    while stays:
        with contextlib.suppress(KeyboardInterrupt):
            stays = _take_turn(conversation)


def _take_turn(conversation: Conversation) -> bool:
    """Ask and answer once; return whether the user stays."""
    try:
        question = ask()
    except KeyboardInterrupt:
        say(f"\nThe conversation is kept; `{LEAVE}` or Ctrl-D leaves.")
        return True
    if question is None:
        return False
    if question.strip() and not _obey(question, conversation):
        _answer(question, conversation)
    return True


def _obey(line: str, conversation: Conversation) -> bool:
    """Do what a line says that is no question; return whether it was one of these."""
    if line.strip() not in FORGET:
        return False
    conversation.forget()
    say("Forgotten; a new conversation begins.")
    return True


def _answer(question: str, conversation: Conversation) -> None:
    """Show an answer as it is written; in a pipe it is one line, and an empty question has an empty one."""
    on_terminal = sys.stdout.isatty()
    try:
        if question.strip():
            conversation.answer(
                question, lambda text: echo(text.translate(CONTROLS) if on_terminal else one_line(text, strip=False))
            )
    except KeyboardInterrupt:
        echo("\n")
        raise
    echo("\n")


def _answer_in_json(question: str, conversation: Conversation, preset: str) -> None:
    """Print an answer, whole or interrupted, as one object."""
    record = Record()
    try:
        conversation.answer(question, lambda text: None, record)  # noqa: ARG005 — it is printed at the end
    finally:
        if record.seeds:
            answer = record.as_json(conversation.writer.name, conversation.request, preset)
            echo(json.dumps(answer, ensure_ascii=False) + "\n")


def _lines() -> Iterator[str]:
    """Yield the lines of standard input as they come, until one says to stop."""
    for line in sys.stdin.buffer:
        text = decode_bytes(line, "standard input")[0]
        if text.strip() == LEAVE:
            return
        yield text
