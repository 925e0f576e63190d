"""How a model that reads a source in both directions writes a long text: passage by passage.

The end of the text is the source; what is written from there is the target, until the model draws its end token or has
written as much as it may; then the passage is over, and its text belongs to the text from whose end the next source is
taken. An end token is no text. A passage without a single token would be followed by the same for ever: it ends the
text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from moxu.errors import SettingsError
from moxu.language_model import Passage
from moxu.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Passages:
    """The sizes of a model's passages, and the marks before and after its source.

    A row's ``held`` counts what its model has read of the target. It is ``over`` when the passage is.
    """

    source: int
    target: int
    marks: tuple[int, int]

    @classmethod
    def of(cls, passage: Passage, tokenizer: Tokenizer) -> Self:
        """Return the passages of a model; SettingsError when its vocabulary has no marks."""
        if tokenizer.source_marks is None:
            raise SettingsError(
                f"the model reads its source between two marks, such as [CLS] and [SEP], but its vocabulary "
                f"({tokenizer.kind}) has none; name the right one with --vocab"
            )
        return cls(passage.source, passage.target, tokenizer.source_marks)

    @property
    def over(self) -> int:
        """What a row holds whose passage is over."""
        return self.target

    def visible(self, ids: Sequence[int]) -> Sequence[int]:
        """Return the end of a text that is its source."""
        return ids[max(0, len(ids) - self.source) :]

    def beginning(self, ids: Sequence[int]) -> Sequence[int]:
        """Return the source of a text between its marks."""
        before, after = self.marks
        return [before, *self.visible(ids), after]

    def written(self, ids: Sequence[int], held: int) -> Sequence[int]:
        """Return the end of a text that is its present passage, of which the state holds so much."""
        return ids[len(ids) - held :]

    def held_after(self, read: Sequence[int]) -> int:  # noqa: ARG002
        """Return 0: after a source nothing of the target has been read."""
        return 0

    def is_full(self, held: int) -> bool:
        """Whether the passage is over: the last token of a target is written and not read."""
        return held + 1 >= self.target

    def ends(self, held: int) -> bool:  # noqa: ARG002
        """Return False: after a passage there is always a next."""
        return False

    def anew(self, ids: Sequence[int]) -> Sequence[int]:
        """Return the source of the next passage, between its marks."""
        return self.beginning(ids)
