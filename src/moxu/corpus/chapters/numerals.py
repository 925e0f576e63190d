"""The numbers of chapters as books write them: 十二, 一百零八, 一二三, 廿四, 壹, 12, １２, XII, twelve."""

import re

DIGITS = dict(
    zip("零〇○一二三四五六七八九两兩壹贰貳叁參肆伍陆陸柒捌玖", [*(0, 0, 0), *range(1, 10), *(2, 2)], strict=False)
)
DIGITS |= {"壹": 1, "贰": 2, "貳": 2, "叁": 3, "參": 3, "肆": 4, "伍": 5, "陆": 6, "陸": 6, "柒": 7, "捌": 8, "玖": 9}
POWERS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10_000, "萬": 10_000}
TWENTIES = {"廿": 20, "卅": 30, "卌": 40}
NUMERALS = "".join([*DIGITS, *POWERS, *TWENTIES])
"""Every Chinese character that a number is written with."""

ENGLISH = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
ENGLISH += "eighteen nineteen twenty"
WORDS = {word: number for number, word in enumerate(ENGLISH.split(), 1)}
ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def number_of(text: str) -> int | None:
    """Return the number that is written so, in whatever way; None for what is no number."""
    text = text.strip().lower()
    if text.isdecimal():
        return int(text)  # Python knows full-width digits
    if text in WORDS:
        return WORDS[text]
    if re.fullmatch("[ivxlc]+", text):
        return _roman(text)
    return _chinese(text)


def _roman(text: str) -> int:
    values = [ROMAN[letter] for letter in text]
    return sum(-value if value < max(values[place:]) else value for place, value in enumerate(values))


def _chinese(text: str) -> int | None:
    """Read 一百零八 by its powers of ten, and 一〇八 by its digits."""
    if not text or any(character not in NUMERALS for character in text):
        return None
    if all(character in DIGITS for character in text):
        return int("".join(str(DIGITS[character]) for character in text))
    total = section = digit = 0
    for before, character in zip(" " + text, text, strict=False):
        if character in DIGITS:
            digit = DIGITS[character]
        elif character in TWENTIES:
            section, digit = section + TWENTIES[character], 0
        elif before in TWENTIES and POWERS[character] == 10:
            continue  # 廿十 is a slip for 廿
        elif POWERS[character] == 10_000:
            total, section, digit = (total + section + digit) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * POWERS[character], 0
    return total + section + digit
