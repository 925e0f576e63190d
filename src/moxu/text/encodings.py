"""Text files of any encoding a Chinese novel comes in: BOMs, UTF-8, UTF-16, GB18030, Big5.

A byte order mark is believed; valid UTF-8 is UTF-8. For the rest every candidate encoding reads a sample, and the
reading that looks most like Chinese wins: frequent characters speak for it, controls and unassigned ones against.
Only where no reading looks like Chinese is charset-normalizer asked.
"""

import codecs
import functools
import re
import unicodedata
from pathlib import Path

from moxu.errors import TextError

MARKS = (  # UTF-32 first: the mark of UTF-32 LE begins with that of UTF-16 LE
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CANDIDATES = {  # and how much a reading must look like Chinese to be believed; of equal readings the first wins
    "gb18030": 0.4,
    "utf-8": 0.4,
    "big5hkscs": 0.4,
    "utf-16-le": 0.9,  # any bytes in pairs make some Chinese characters
    "utf-16-be": 0.9,
}
ELSEWHERE = ["cp932", "euc_jp", "cp949", "cp1251", "koi8_r", "cp1252"]  # what charset-normalizer may answer

SAMPLE = 1 << 14  # bytes; enough to know an encoding by
STRAY = 1000  # one damaged place in so many bytes is tolerated
CUT = 4  # places at either end that may be damaged because a file was cut there
CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1a\x1b")  # that no text has

FREQUENT = frozenset(
    "的一是不了在人有我他她这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里道行所然"
    "家事成方多么去如都同没动面起看天分还好小些心前开但只从想日者意无与长把十此已使情明知三又点将两间问很手向头见"
    "什二身老给门先儿声水名真走口气打女四神何安少才太再做山金便空白却光像死眼书听笑吃夜风花月曰乃其吾公王春回话"
    "這個們來為國說時會對於著過發後裡裏還沒動與長兩間問頭見麼無從給門兒聲書聽點開將氣樣當經現學實愛嗎"
    "，。、：；！？“”‘’「」『』《》（）…—　"
)


def read_text(path: Path | str) -> str:
    """Return the text of a file in whatever encoding it is; TextError names a file that is missing or no text."""
    return decode_bytes(read_bytes(path), str(path))[0]


def read_bytes(path: Path | str) -> bytes:
    """Return the bytes of a file; TextError in one line when there is no such file or it may not be read."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise TextError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise TextError(f"{path}: is a directory; expected a file") from None
    except PermissionError:
        where = "is a directory; expected a file" if Path(path).is_dir() else "may not be read (permission denied)"
        raise TextError(f"{path}: {where}") from None  # Windows refuses to open a directory this way
    except OSError as error:
        raise TextError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # a path with a NUL in it
        raise TextError(f"{str(path)!r}: cannot be read: {error}") from None


def decode_bytes(data: bytes, name: str = "the data") -> tuple[str, str]:
    """Return the text of ``data`` and Python's name of its encoding.

    The text is ``data.decode(encoding, "replace")``: a few stray bytes in a good text become U+FFFD. TextError,
    with ``name`` in it, for what is no text.
    """
    encoding = _encoding(data)
    if encoding is None:
        raise TextError(f"{name}: is not text in any encoding known; expected UTF-8, UTF-16, GB18030 or Big5")
    return data.decode(encoding, "replace"), encoding


def _encoding(data: bytes) -> str | None:
    """Return the encoding ``data`` is in; None when it is no text."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding if _damage(data, encoding) <= _tolerated(data) else None
    if _is_utf8(data):
        return "utf-8"
    sample = _sample(data)
    likeness = {encoding: _likeness(sample, encoding) for encoding in CANDIDATES}
    best = max(CANDIDATES, key=lambda encoding: likeness[encoding])
    if likeness[best] >= CANDIDATES[best] and _damage(data, best) <= _tolerated(data):
        return best
    return None if _is_binary(data) else _second_opinion(data)


def _is_utf8(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not _is_binary(data) and not _is_short_gb18030(text, data)


def _is_short_gb18030(text: str, data: bytes) -> bool:
    """Say whether valid UTF-8 is rather a few characters of GB18030, such as 模 (C4 A3), which is also ģ.

    Only two-byte sequences can be both. Letters of an alphabet lie close together or between ASCII letters; the
    characters of a Chinese text do neither.
    """
    if text.isascii() or re.search("[A-Za-z\u0800-\U0010ffff]", text):
        return False
    others = [character for character in text if not character.isascii()]
    rows = [ord(character) >> 6 for character in others]  # the first byte of two
    one_alphabet = len(rows) > 1 and max(rows) - min(rows) <= 1
    return not one_alphabet and _likeness(data, "gb18030") >= 1


def _likeness(data: bytes, encoding: str) -> float:
    """Return how much ``data`` in ``encoding`` looks like Chinese: the mean weight of its characters."""
    text = _decode_whole_characters(data, encoding)
    inner = text.strip("\ufffd")
    weights = [_weight(character) for character in inner if not " " <= character <= "~" and character not in "\t\n\r"]
    cut = len(text) - len(inner)
    weights += cut * [-1.0 if cut <= CUT else _weight("\ufffd")]
    if not weights:
        return 1.0  # nothing but ASCII
    return sum(weights) / len(weights)


def _sample(data: bytes) -> bytes:
    """Return a part of ``data`` to know its encoding by, from its first byte that is not ASCII (pairs stay pairs)."""
    found = re.search(rb"[^\x00-\x7f]", data)
    start = found.start() // 2 * 2 if found and found.start() > SAMPLE else 0
    return data[start : start + SAMPLE]


def _decode_whole_characters(data: bytes, encoding: str) -> str:
    """Decode all but the incomplete character that a sample, or a file that was cut, may end in."""
    return codecs.getincrementaldecoder(encoding)("replace").decode(data, final=False)


@functools.lru_cache(maxsize=1 << 14)
def _weight(character: str) -> float:
    """Return how much a character speaks for the encoding it was read in."""
    if character in FREQUENT:
        return 2.0
    if character == "\ufffd":
        return -10.0
    if character in _ordinary():
        return 1.0
    if unicodedata.category(character) in ("Cc", "Cn", "Co", "Cs"):
        return -3.0
    if _can_encode(character, "gb2312") and unicodedata.category(character) == "Lo":
        return 0.5
    if "\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef" or "\u2000" <= character <= "\u2bff":
        return 0.0
    return -1.0


@functools.cache
def _ordinary() -> frozenset[str]:
    """Return the characters of common use: level 1 of GB 2312 (3,755) and of Big5 (5,401)."""
    simplified = _table("gb2312", range(0xB0, 0xD8))
    traditional = _table("big5", range(0xA4, 0xC7))
    return simplified | traditional


def _table(encoding: str, first_bytes: range) -> frozenset[str]:
    pairs = (bytes((first, second)) for first in first_bytes for second in range(0x40, 0xFF))
    text = "".join(pair.decode(encoding, "ignore") for pair in pairs)
    return frozenset(character for character in text if not character.isascii())  # of half a pair ASCII may be left


def _can_encode(character: str, encoding: str) -> bool:
    return bool(character.encode(encoding, "ignore"))


def _damage(data: bytes, encoding: str) -> int:
    """Count the places where ``data`` is not valid in ``encoding``; a U+FFFD that was written there is none."""
    codec = codecs.getincrementaldecoder(encoding)
    return len(codec("replace").decode(data)) - len(codec("ignore").decode(data))


def _tolerated(data: bytes) -> int:
    return CUT + len(data) // STRAY


def _is_binary(data: bytes) -> bool:
    return len(data) - len(data.translate(None, CONTROLS)) > len(data) // STRAY


def _second_opinion(data: bytes) -> str | None:
    """Ask charset-normalizer about a text that is not Chinese."""
    import charset_normalizer  # rarely needed, and slow to import

    match = charset_normalizer.from_bytes(data[: 8 * SAMPLE], cp_isolation=ELSEWHERE).best()
    return match.encoding if match is not None else None
