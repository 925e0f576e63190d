"""A conversation with a model: turns that take their turns, the newest of which the model sees."""

from dataclasses import dataclass, field, replace

from moxu.cli.pages import OutFile, Put
from moxu.cli.record import Record
from moxu.errors import SettingsError
from moxu.interrupt import uninterrupted
from moxu.text.prepare import NEWLINE
from moxu.text.tokenizer import Tokenizer
from moxu.writers.base import Piece, Request, Writer
from moxu.writers.dialogue import prompt_of_turns


@dataclass
class Conversation:
    """The turns so far, oldest first, and who answers; ``room`` tokens of them are read (None: all).

    Each turn is in the conversation, and in the file if there is one, as soon as it is there; what an interruption
    leaves of an answer as well. In the file the turns of a conversation are a line, with tabs between them.
    """

    writer: Writer
    tokenizer: Tokenizer
    request: Request
    room: int | None
    turns: list[str] = field(default_factory=list)
    out_file: OutFile | None = None
    answers: int = 0

    def answer(self, question: str, put: Put, record: Record | None = None) -> None:
        """Answer, giving the pieces to ``put`` as they come, and all there is to know of them to the record.

        An answer ends where the model ends it; the number of answers before it is added to its seed.
        """
        with uninterrupted():
            self._add_turn(one_line(question))
            self._add_turn("")
        for event in self.writer.write(self._next_request()):
            with uninterrupted():  # or a piece might be shown and not be in the conversation
                if record is not None:
                    record.take(event)
                if isinstance(event, Piece):
                    self.turns[-1] += event.text
                    self._keep(one_line(event.text, strip=False))
                    put(event.text)

    def keep_in(self, file: OutFile) -> None:
        """Write all turns, those that there are and those to come, to this file."""
        self.out_file = file
        file.put("\t".join(self.turns))

    def forget(self) -> None:
        """Begin anew, in the file on a new line."""
        with uninterrupted():
            if self.turns:
                self._keep("\n")
            self.turns.clear()

    def _next_request(self) -> Request:
        seed = None if self.request.seed is None else self.request.seed + self.answers
        self.answers += 1
        prompt = prompt_of_turns([turn for turn in self.turns if turn], self.tokenizer, self.room)
        return replace(self.request, seed=seed, prompt=prompt.text, prompt_ids=prompt.ids)

    def _add_turn(self, turn: str) -> None:
        self._keep("\t" * bool(self.turns) + turn)
        self.turns.append(turn)

    def _keep(self, text: str) -> None:
        if self.out_file is not None:
            self.out_file.put(text)


def turns_of(dialogue: str) -> list[str]:
    """Return the turns of a file: between tabs or newlines, stripped, none empty."""
    turns = (turn.strip() for turn in NEWLINE.sub("\t", dialogue.removeprefix("\ufeff")).split("\t"))
    return [turn for turn in turns if turn]


def one_line(text: str, *, strip: bool = True) -> str:
    """Return a turn as a line without tabs, which stand between turns."""
    line = NEWLINE.sub(" ", text).replace("\t", " ")
    return line.strip() if strip else line


def check_can_talk(architecture: str, reads_source: bool, tokenizer: Tokenizer) -> None:
    """Raise SettingsError for a model that cannot hold a conversation."""
    if reads_source:
        raise SettingsError(
            f"{architecture} models read a source and write a passage; chat needs one that reads from left to right"
        )
    if tokenizer.end_id is None:
        raise SettingsError(
            f"the model's vocabulary ({tokenizer.kind}) has no token that ends a turn; chat needs one that has"
        )
