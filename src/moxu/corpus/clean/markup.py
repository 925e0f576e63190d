"""What is left of HTML in a text: entities, and tags."""

import html
import re

from moxu.corpus.clean.rule import BREAK, MARKS

# An ampersand that was written as one, however often, is undone at once.
_ENTITY = re.compile(r"&(?:amp;)*(?P<name>#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,24});")
_LINE = re.compile(r"<[ ]?/?[ ]?(?:br|p|div|li|tr|h[1-6])(?:[ /][^<>\n]{0,200})?>", re.IGNORECASE)
_TAG = re.compile(
    r"<[ ]?/?[ ]?(?:a|abbr|article|b|big|body|center|code|del|em|font|head|html|i|img|ins|kbd|link|meta|ol|pre|q|s"
    r"|script|section|small|span|strike|strong|style|sub|sup|table|tbody|td|th|tt|u|ul|wbr)(?:[ /][^<>\n]{0,300})?>"
    r"|<!--[^<>\n]{0,300}-->",
    re.IGNORECASE,
)


def unmark(text: str) -> str:
    """Decode entities; tags that end lines do so, other tags go."""
    if "&" in text:
        text = _ENTITY.sub(_decoded, text)
    if "<" in text:
        text = _TAG.sub("", _LINE.sub(BREAK, text))
    return text


def _decoded(found: re.Match[str]) -> str:
    """Return the character of an entity; one of no name, or that no text may hold, is left as it is."""
    plain = html.unescape(f"&{found['name']};").replace("\xa0", " ")
    is_text = plain.isprintable() and MARKS.isdisjoint(plain) and not plain.startswith("&" + found["name"])
    return plain if is_text else found[0]
