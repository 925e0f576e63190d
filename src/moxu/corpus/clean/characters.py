"""Rules about single characters: those that show nothing, that stand for others, that are too wide, or were lost."""

import re
import unicodedata

from moxu.corpus.clean.rule import HAN

INVISIBLE = (
    "\x00\x03-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters, but for those that end lines
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb"  # soft hyphens, joiners, marks of direction and of notes
    "\ufe00-\ufe0f\U000e0000-\U000e0fff"  # variation selectors, tags
)
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")

LOST = "□"
_NO_GLYPH, _BLOCKS = "\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff", "■◆◇▉█▇"
_PRIVATE = re.compile(f"[{_NO_GLYPH}]")
_BLOCK = re.compile(f"(?<=[{HAN}])[{_BLOCKS}]+(?=[{HAN}])")
LOST_MARKS = _NO_GLYPH + _BLOCKS
_PRIVATE_BLANK = "\ue5e5"  # what GB18030 makes of the two bytes A3 A0, a blank in many old files

_SUPPLEMENT = dict(
    zip("⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻚⻛⻜⻝⻢⻥⻦⻨⻩⻬⻰", "民虎西见角贝车长门青页风飞食马鱼鸟麦黄齐龙", strict=True)
)
_WIDE = {
    code: code - 0xFEE0 for first, last in ("09", "AZ", "az") for code in range(ord(first) + 0xFEE0, ord(last) + 0xFEE1)
}
_WIDE_BETWEEN = re.compile("(?<=[A-Za-z0-9])[．／](?=[A-Za-z0-9])")

WIDE = "０-９Ａ-Ｚａ-ｚ"


def remove_invisible(text: str) -> str:
    """Remove characters that show nothing."""
    return _INVISIBLE.sub("", text)


def _forms() -> dict[int, str]:
    """Return what stands for an ideograph or a mark that has a code of its own: radicals, vertical and small forms."""
    forms = {ord(radical): ideograph for radical, ideograph in _SUPPLEMENT.items()}
    radicals = (*range(0x2E80, 0x2FD6), *range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20))
    for code in radicals:
        plain = unicodedata.normalize("NFKC", chr(code))
        if plain != chr(code):
            forms.setdefault(code, plain)
    for code in (*range(0xFE30, 0xFE45), *range(0xFE50, 0xFE6C)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1 and plain != chr(code):
            forms[code] = chr(ord(plain) + 0xFEE0) if "!" <= plain <= "~" else plain
    return forms


_FORMS = _forms()


def _uncomposed() -> str:
    """Return all characters whose presence may mean that a text is not in NFC, as the inside of a class."""
    composed = [unicodedata.decomposition(chr(code)).split() for code in range(0x10000)]
    second = {int(parts[1], 16) for parts in composed if len(parts) == 2 and parts[0][0] != "<"}
    special = (
        code
        for code in range(0x80, 0x10000)
        if code in second or unicodedata.combining(chr(code)) or not unicodedata.is_normalized("NFC", chr(code))
    )
    return "".join(map(chr, special)) + "\u1100-\u11ff\U00010000-\U0010ffff"


FORMS = "".join(map(chr, _FORMS)) + _uncomposed()
"""What ``compose`` may change, as the inside of a class."""


def compose(text: str) -> str:
    """Return the text in NFC, with radicals, compatibility ideographs, vertical and small forms as they are meant."""
    return unicodedata.normalize("NFC", text.translate(_FORMS))


def mark_lost(text: str) -> str:
    """Write □ for each glyph that was lost; a blank that became one is a blank again."""
    text = _PRIVATE.sub(LOST, text.replace(_PRIVATE_BLANK, "\u3000"))
    return _BLOCK.sub(lambda found: LOST * len(found[0]), text)


def drop_lost(text: str) -> str:
    """Remove the marks of lost glyphs."""
    return text.replace(LOST, "")


def narrow(text: str) -> str:
    """Write full-width letters and digits in half width, with the points and strokes between them."""
    return _WIDE_BETWEEN.sub(lambda found: chr(ord(found[0]) - 0xFEE0), text.translate(_WIDE))
