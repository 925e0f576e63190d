"""Where the reading of a story begins, and where its author's note stands: places that stay while the text grows.

A prompt that begins like the one before need not be read again: the scheduler remembers what the model knew at its end.
If the beginning moved by a character for each one that is written, nothing would ever begin alike. So both places move
in hops: they are multiples of a length, counted from the beginning of the chapter, moved on to the next paragraph.

A text given here is the end of a longer one; ``base`` is the place of its first character in the chapter.
"""


def starts(text: str, *, reach: int, hop: int, base: int = 0) -> list[int]:
    """Return the places at which a reading of the last ``reach`` characters may begin, the earliest first.

    Each is at a paragraph where one begins within its hop. A text that is not longer may be read from its beginning.
    """
    first = max(0, len(text) - reach)
    grid = range(-(-(first + base) // hop) * hop - base, len(text), hop)
    places = [_paragraph_after(text, place, hop) for place in grid]
    return sorted({*places, 0} if first == 0 else set(places))


def note_place(text: str, start: int, *, depth: int, base: int = 0) -> int:
    """Return where a note about ``depth`` characters before the end of ``text[start:]`` is put in.

    That is where the nearest paragraph begins; of those after the place itself the ones that are not too near to the
    end, for else it would jump there whenever the text gets a new paragraph.
    """
    hop = max(1, depth // 2)
    place = (len(text) - depth + base) // hop * hop - base
    if place <= start:
        return start
    before = text.rfind("\n", start, place) + 1 or start
    after = text.find("\n", place, place + depth // 2) + 1
    return after if after and after - place < place - before else before


def _paragraph_after(text: str, place: int, within: int) -> int:
    """Return where the next paragraph begins, or the place itself where none begins within so many characters."""
    if place == 0:
        return 0
    return text.find("\n", place - 1, place - 1 + within) + 1 or place
