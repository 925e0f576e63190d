"""What both databases can hold, checked before either is asked, so that both refuse the same things in the same words.

PostgreSQL keeps no NUL in a text, and neither keeps half a surrogate pair, a number past 64 bits or a NaN in JSON.
"""

import json
import re

from moxu.errors import StoreError
from moxu.store.records import Json

LARGEST_ID = 2**31 - 1
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def storable_text(text: str, what: str) -> str:
    """Return the text as it is; StoreError when it has a character that cannot be stored, naming its place."""
    found = _NOT_STORABLE.search(text)
    if found:
        raise StoreError(
            f"{what}: character {found.start() + 1} is U+{ord(found[0]):04X}, which cannot be stored; remove it"
        )
    return text


def storable_json(value: Json, what: str) -> Json:
    """Return the value as it will come back (a tuple as a list); StoreError when it is not JSON."""
    try:
        return json.loads(storable_text(json.dumps(value, ensure_ascii=False, allow_nan=False), what))
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"{what}: not JSON ({error}); expected texts, numbers, lists and tables") from None


def storable_number(value: int, what: str, largest: int = LARGEST_ID) -> int:
    """Return the number as it is; StoreError when it is negative or too large for its column."""
    if not 0 <= value <= largest:
        raise StoreError(f"{what} is {value}; expected a number from 0 to {largest}")
    return value
