"""How each kind of model is written with: what an opening becomes for it, and the habits of the program it is from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from moxu.text import prepare

if TYPE_CHECKING:
    from moxu.text.cpm import CpmTokenizer
    from moxu.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Prompt:
    """What a model is given to read, and what stands on a page before the text that follows.

    ``ids``: what is read where it is more than the ids of ``text`` (None: it is not).
    """

    text: str
    shown: str
    ids: tuple[int, ...] | None = None


PromptOf = Callable[[str], Prompt]
"""From what a person typed to the prompt that it is for a model."""


@dataclass(frozen=True)
class Manner:
    """A preset for want of another, how an opening is prepared, and whether the end of a document ends a text."""

    preset: str
    prepare: Callable[[str], str]
    past_end: bool = False

    def prompt_of(self, opening: str, tokenizer: "Tokenizer") -> Prompt:
        """Return the prompt that an opening is for the models of this manner, as they were trained.

        An empty one is a newline; where the vocabulary has none a model that reads from left to right begins a
        document, after the end of another, and a source is empty.
        """
        if tokenizer.kind == "cpm":
            return _cpm_prompt(prepare.cpm_parts(opening), cast("CpmTokenizer", tokenizer), end_each=False)
        text = self.prepare(opening)
        if opening.strip() or tokenizer.source_marks is not None or tokenizer.encode(text):
            return Prompt(text, text.removeprefix("\n"))
        return _document_begins(tokenizer)


OURS = Manner("normal", prepare.opening)  # trained on lines, one paragraph each
AS_TYPED = Manner("normal", prepare.as_typed)  # trained on pages as they are
CPM = Manner("cpm-novel", prepare.as_typed, past_end=True)

BY_ARCHITECTURE = {
    "aiwriter1": Manner("aiwriter1", prepare.aiwriter_opening),
    "aiwriter2": Manner("aiwriter2", prepare.aiwriter_opening),
    "gau": Manner("misaka", prepare.as_typed),
}
BY_TOKENIZER = {"cpm": CPM, "wordpiece": AS_TYPED, "bpe": AS_TYPED, "turns": AS_TYPED}


def manner_of(architecture: str, tokenizer: "Tokenizer") -> Manner:
    """Return the manner of a model: told by its architecture or else by its vocabulary, as the training texts are."""
    return BY_ARCHITECTURE.get(architecture) or BY_TOKENIZER.get(tokenizer.kind, OURS)


def lines_are_documents(architecture: str, tokenizer: "Tokenizer") -> bool:
    """Whether each line of a lyric ends as a document does: where a transformer has a token for it, as for CPM-1."""
    return architecture in ("gpt", "hf") and tokenizer.end_id is not None


def lyric_prompt(lyric: str, architecture: str, tokenizer: "Tokenizer") -> Prompt:
    """Return the prompt of a lyric, each line a document of its own or, for other models, ended with a newline."""
    parts = prepare.lyric_parts(lyric)
    if tokenizer.kind == "cpm":
        return _cpm_prompt(parts, cast("CpmTokenizer", tokenizer), end_each=True)
    text, end = "\n".join([*parts, ""]), tokenizer.end_id
    if end is None or not lines_are_documents(architecture, tokenizer):
        return Prompt("\n" + text, text)
    return Prompt(text, text, tuple(token_id for part in parts for token_id in (*tokenizer.encode(part), end)))


def _cpm_prompt(parts: list[str], tokenizer: "CpmTokenizer", *, end_each: bool) -> Prompt:
    """Return the parts as CPM-1's programs encode them: one by one, for a word ends where a part does."""
    if not parts:
        return _document_begins(tokenizer)
    ids = tokenizer.encode_parts(prepare.END_MARK.join(parts), end_each=end_each)
    text = "".join(part + "\n" * end_each for part in parts)
    return Prompt(text, text, tuple(ids))


def _document_begins(tokenizer: "Tokenizer") -> Prompt:
    """Return the prompt for an empty opening: the end of another document, if there is an end."""
    return Prompt("\n", "", None if tokenizer.end_id is None else (tokenizer.end_id,))
