"""``moxu score``: how well a model foresees a text."""

import csv
import io
import json
import math
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import click

from moxu.cli.model_choice import FILE, ModelChoice, model_options, tokenizer_of
from moxu.cli.pages import OutFile, check_out
from moxu.cli.terminal import say_in_place
from moxu.decode.score import Score, score_text
from moxu.errors import SettingsError
from moxu.language_model import Array, LanguageModel
from moxu.text.encodings import read_text
from moxu.text.tokenizer import Tokenizer


@click.command()
@click.argument("model")
@click.argument("file", type=FILE)
@click.option("--context", type=click.IntRange(min=2), help="Use only so many tokens of the model's window.")
@click.option("--by-position", type=FILE, help="Write position, id, text and bits of each token to this CSV file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@model_options
def score(choice: ModelChoice, file: Path, context: int | None, by_position: Path | None, as_json: bool) -> None:
    """Measure how well MODEL foresees the text of FILE.

    Prints the characters of the text, the bits each costs with the model's help, and the perplexity of a token. The
    text is taken as it is, but for its encoding and the ends of its lines; it begins a document. Past the window of a
    model each token is foreseen from at least half a window; a model that reads a source foresees the text passage by
    passage, each after the source that ends before it.
    """
    check_out("--by-position", by_position, {"text": file, **choice.sources})
    text = read_text(file).replace("\r\n", "\n")
    loaded = choice.load()
    tokenizer = tokenizer_of(loaded)
    _check_context(context, loaded.model)
    model = ReadingModel(loaded.model, len(tokenizer.encode(text)), context)
    with ExitStack() as stack:
        table = stack.enter_context(closing(OutFile(by_position, "--by-position"))) if by_position else None
        stack.callback(say_in_place, "")
        result = score_text(model, tokenizer, text)
        if table:
            _write_positions(table, result, tokenizer)
    answer = {
        "characters": result.characters,
        "bits_per_character": result.bits_per_character,
        "perplexity": result.perplexity,
    }
    if as_json:
        click.echo(json.dumps(answer))
        return
    click.echo(f"characters          {result.characters}")
    click.echo(f"bits per character  {result.bits_per_character:.4f}")
    click.echo(f"perplexity          {result.perplexity:.3f}")


class ReadingModel:
    """A LanguageModel that shows on the terminal how much of a text it has read, in a window of ``context``."""

    def __init__(self, model: LanguageModel, total: int, context: int | None = None) -> None:
        self._model, self._total, self._read = model, total, 0
        self.vocab_size, self.passage = model.vocab_size, model.passage
        self.max_context = model.max_context if context is None else context

    def prefill(self, ids: Array) -> tuple[Array, Any]:
        self._count(ids)
        return self._model.prefill(ids)

    def extend(self, ids: Array, state: Any) -> tuple[Array, Any]:
        self._count(ids)
        return self._model.extend(ids, state)

    def _count(self, ids: Array) -> None:
        self._read += math.prod(ids.shape)
        say_in_place(f"read {self._read:,} tokens; the text has {self._total:,}")


def _check_context(context: int | None, model: LanguageModel) -> None:
    """Raise SettingsError for a context that the model cannot have."""
    if context is None:
        return
    if model.passage is not None:
        raise SettingsError(
            f"--context {context}: the model reads a source of {model.passage.source} ids; leave it out"
        )
    if model.max_context is not None and context > model.max_context:
        raise SettingsError(f"--context {context}: the model's window holds {model.max_context}; give no more")


def _write_positions(file: OutFile, result: Score, tokenizer: Tokenizer) -> None:
    lines = io.StringIO(newline="")
    table = csv.writer(lines)
    table.writerow(("position", "id", "text", "bits"))
    for position, (token_id, logprob) in enumerate(zip(result.ids, result.logprobs, strict=True)):
        table.writerow((position, token_id, tokenizer.decode([token_id]), f"{-logprob / math.log(2):.6f}"))
    file.put(lines.getvalue())
