"""BERT's WordPiece, as Misaka-Writer and the UniLM programs read and write Chinese with it.

Text is put into lower case and loses its accents; ideographs and punctuation are words of their own, other words are
cut into the longest entries there are (``wor``, ``##ld``). Blanks are not kept, so decoding sets them by rule. Nor is
there a newline: in Misaka's vocabulary the rare character 氼 stands for it.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from moxu.errors import TextError
from moxu.text.encodings import read_bytes

UNKNOWN, START, SEPARATOR, END = "[UNK]", "[CLS]", "[SEP]", "[EOS]"
NEWLINE = "氼"
CONTINUATION = "##"
LONGEST_WORD = 200  # characters; a longer word is unknown

IDEOGRAPHS = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)
CONTRACTIONS = ("re", "m", "s", "t", "ve", "d", "ll")  # that close up to an apostrophe before them
TIGHT = frozenset(  # punctuation that no blank follows; after any other there is one
    "＂＃＄％＆＇（）＊＋，－／：；＜＝＞＠［＼］＾＿｀｛｜｝～｟｠｢｣､\u3000、〃〈〉《》「」『』【】〔〕〖〗〘〙〚〛〜〝〞〟"
    "〰〾〿–—‘’‛“”„‟…‧﹏﹑﹔·！？｡。"
    "+-/={(<["
)


class WordPieceTokenizer:
    """The entries of a ``vocab.txt`` by line; [SEP], or [EOS] where there is one, ends what a model writes."""

    kind = "wordpiece"

    def __init__(self, words: Sequence[str], name: str = "vocabulary", *, newline: str | None = NEWLINE) -> None:
        """Take ``words`` in the order of their ids; empty ones are places that no text has.

        ``newline`` is the entry that stands for a newline, if the vocabulary has it. TextError, with ``name`` in it,
        for a word twice or when there is no [UNK].
        """
        self.words = tuple(words)
        self._ids: dict[str, int] = {}
        for word_id, word in enumerate(self.words):
            if word in self._ids:
                raise TextError(f"{name}: line {word_id + 1}: {word!r} is also line {self._ids[word] + 1}")
            if word:
                self._ids[word] = word_id
        if UNKNOWN not in self._ids:
            raise TextError(f"{name}: has no {UNKNOWN}; is this the vocab.txt of a BERT?")
        self._unknown_id = self._ids[UNKNOWN]
        self._newline = newline if newline in self._ids else None
        self._entries = ["" if _is_special(word) else word for word in self.words]
        self.vocab_size = len(self.words)
        self.newline_id: int | None = None if self._newline is None else self._ids[self._newline]
        self.end_id: int | None = self._ids.get(END, self._ids.get(SEPARATOR))
        self.forbidden_ids: tuple[int, ...] = tuple(
            word_id for word_id, entry in enumerate(self._entries) if not entry and word_id != self.end_id
        )
        marks = self._ids.get(START), self._ids.get(SEPARATOR)
        self.source_marks: tuple[int, int] | None = None if None in marks else (self._ids[START], self._ids[SEPARATOR])

    def encode(self, text: str) -> list[int]:
        if self._newline is not None:
            text = text.replace("\n", self._newline)
        return [word_id for word in split_words(text) for word_id in self._pieces(word)]

    def decode(self, ids: Iterable[int]) -> str:
        detokenizer = self.detokenizer()
        return "".join(map(detokenizer.push, ids)) + detokenizer.finish()

    def detokenizer(self) -> "WordPieceDetokenizer":
        return WordPieceDetokenizer(self._entries, self._newline)

    def token_bytes(self, token_id: int) -> bytes:
        entry = self._entries[token_id]
        return b"\n" if entry == self._newline else entry.removeprefix(CONTINUATION).encode("utf-8", "replace")

    def with_added(self, token: str) -> Self:
        """Return a tokenizer that has one entry more, at the end."""
        return type(self)((*self.words, token), newline=self._newline)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a ``vocab.txt``: the first field of each line; TextError names the line that is wrong."""
        try:
            text = read_bytes(path).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise TextError(f"{path}: is no WordPiece vocabulary; expected UTF-8 text, one entry a line") from None
        lines = text.removesuffix("\n").split("\n")
        return cls([" ".join(line.split()[:1]) for line in lines], str(path))

    def save(self, path: Path) -> None:
        """Write the entries as a file of the same format."""
        path.write_bytes("".join(f"{word}\n" for word in self.words).encode())

    def _pieces(self, word: str) -> list[int]:
        """Return the ids of the longest entries that make up ``word``; that of [UNK] when none do."""
        whole = self._ids.get(word)
        if whole is not None:
            return [whole]
        if len(word) > LONGEST_WORD:
            return [self._unknown_id]
        ids: list[int] = []
        start = 0
        while start < len(word):
            mark = CONTINUATION if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if mark + word[start:end] in self._ids), None)
            if end is None:
                return [self._unknown_id]
            ids.append(self._ids[mark + word[start:end]])
            start = end
        return ids


class WordPieceDetokenizer:
    """Sets the blanks that WordPiece dropped, as the entries come.

    A blank goes before a word unless an ideograph is before it, and after punctuation; then ``'s`` and the like close
    up to their apostrophe, digits to a digit and a point before them, and everything to TIGHT punctuation. So at most
    a blank and the beginning of a contraction have to be held back.
    """

    def __init__(self, entries: Sequence[str], newline: str | None = None) -> None:
        """Take the ``entries`` by id, empty those that add nothing; ``newline`` is the one that is a newline."""
        self._entries, self._newline = entries, newline
        self._held = ""  # nothing, a blank, or a blank and what may be a contraction
        self._before = ""  # the last two characters given out, as far as they are not closed up to already
        self._begun = False

    def push(self, token_id: int) -> str:
        """Return the text that no later id can change any more."""
        text = self._push(self._entries[token_id])
        return text if self._newline is None else text.replace(self._newline, "\n")

    def finish(self) -> str:
        """Return what was held back, without a blank at the end, and begin anew."""
        rest = self._held.rstrip(" ")
        self._held, self._before, self._begun = "", "", False
        return rest

    def _push(self, entry: str) -> str:
        if not entry:
            return ""
        if entry.startswith(CONTINUATION):
            return self._add(entry.removeprefix(CONTINUATION))
        if _is_punctuation(entry):
            return self._add(entry) + self._add_blank()
        if _is_ideograph(entry) or (not self._held and _is_ideograph(self._before[-1:])):
            return self._add(entry)
        return self._add_blank() + self._add(entry)

    def _add(self, text: str) -> str:
        if not text:
            return ""
        after_blank = self._held == " "
        if after_blank and _is_decimal_point(self._before) and text[0].isdecimal():
            self._held, self._before = "", text[1:][-2:]  # what has closed up is not closed up to
            return text
        if (self._held and not after_blank) or (after_blank and self._before.endswith("'")):
            word = self._held[1:] + text
            if any(contraction.startswith(word) for contraction in CONTRACTIONS):
                self._held += text
                return ""
        return self._give(self._held + text)

    def _add_blank(self) -> str:
        """Owe a blank, which shows that a held word is whole."""
        given = ""
        if len(self._held) > 1:
            word = self._held[1:]
            given = self._give(word if word in CONTRACTIONS else self._held)
        if self._begun and self._before[-1:] not in TIGHT:
            self._held = " "
        return given

    def _give(self, text: str) -> str:
        self._held, self._begun = "", True
        self._before = (self._before + text)[-2:]
        return text


def split_words(text: str) -> list[str]:
    """Return the words of a text in lower case and without accents; ideographs and punctuation are words."""
    return unicodedata.normalize("NFD", text.lower()).translate(_SPACING).split()


class _Spacing(dict[int, str]):
    """What each character becomes before a text is cut at its blanks; found out once for each."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if character in " \t\n\r" or category == "Zs":
            spaced = " "
        elif category in ("Mn", "Cc", "Cf") or character == "\ufffd":
            spaced = ""
        elif _is_ideograph(character) or _is_punctuation(character):
            spaced = f" {character} "
        else:
            spaced = character
        self[code] = spaced
        return spaced


_SPACING = _Spacing()


def _is_special(word: str) -> bool:
    return word.startswith("[") and word.endswith("]")


def _is_ideograph(text: str) -> bool:
    return len(text) == 1 and any(first <= ord(text) <= last for first, last in IDEOGRAPHS)


def _is_punctuation(text: str) -> bool:
    """Say whether ``text`` is one mark of punctuation; all of ASCII that is no letter or digit counts as such."""
    if len(text) != 1:
        return False
    return ("!" <= text <= "~" and not text.isalnum()) or unicodedata.category(text).startswith("P")


def _is_decimal_point(text: str) -> bool:
    return len(text) == 2 and text[0].isdecimal() and text[1] == "."
