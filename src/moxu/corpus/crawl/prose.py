"""The paragraphs of the body of a chapter: what a reader reads, without navigation, scripts and what is hidden."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from moxu.corpus.crawl.links import is_hidden
from moxu.corpus.read.markup import BLOCKS, Element, blocks, local_name
from moxu.text.prepare import BLANK

NO_PROSE = frozenset(
    {
        *("audio", "button", "canvas", "embed", "iframe", "img", "input", "ins", "link", "math", "menu", "meta", "nav"),
        *("noscript", "object", "option", "script", "select", "style", "svg", "template", "textarea", "video"),
    }
)
_BETWEEN = "[（）()\\[\\]【】<>«»←→‹›|｜/\\s·•&，,]*+"
_WORDS = (  # of several that begin alike the longest comes first: what was once read as a word is not tried again
    "[上下]一?[章页頁节節回]",
    "(?:返回|回到?)?(?:章[节節])?(?:目[录錄]页?|列表)|返回[书書][页頁]|返回封面",
    "加?入?[书書][签籤架]|加[书書][签籤]|存书签|收藏(?:本[书站页])?",
    "投?推[荐薦]票|投?推[荐薦](?:本书)?|打赏|(?:发表)?评论",
    "(?:章节)?(?:报错|错误举报|錯誤報告|举报)|没有了|已是最[新后]一?章?",
    "首[页頁]|[书書][页頁]|设置|字[体體號号](?:大小)?|夜间|日间|护眼|关灯|开灯|繁[体體]|简[体體]|[大中小]",
    "(?:点击)?(?:继续)?阅读下一[章页]|手机阅读|语音听书|听书|previous|prev|next|contents|index",
)
NAVIGATION = re.compile(f"{_BETWEEN}(?>(?>{'|'.join(_WORDS)}){_BETWEEN})++", re.IGNORECASE)
LONGEST_NAVIGATION = 60  # characters
ENDS = 8  # lines at either end of a body among which a single word of navigation is no story
INDENTS = ("\u3000", "\xa0", "  ", "\u2003", "\u2002")
LOOKED_AT = 400  # pieces of text whose indents are looked at
GOES_ON = re.compile(
    "[（(【\\[]?本章(?:节)?(?:尚)?(?:未完|未结束|没有结束).{0,40}|[（(【\\[]?未完待?续?[,，]?请?点击?下一页.{0,30}|.{0,6}请?点击下一页继续阅读.{0,20}"
)


@dataclass(frozen=True, slots=True)
class Prose:
    """The paragraphs of a body; ``runs_on`` says that the first has no indent, while most of the others have one."""

    paragraphs: tuple[str, ...]
    runs_on: bool = False


def read_prose(body: Element) -> Prose:
    """Return the paragraphs of an element, which loses what is no prose."""
    without_unseen(body)
    paragraphs = [block.text for block in blocks(body) if block.text]
    kept = without_navigation(paragraphs)
    return Prose(tuple(kept), _runs_on(body, kept))


def without_unseen(root: Element) -> None:
    """Take scripts, buttons, hidden elements and the like out of a tree; the text after them stays."""
    unwanted = [one for one in root.iter() if one is not root and _is_unseen(one)]
    for one in unwanted:
        remove(one)


def remove(element: Element) -> None:
    """Take an element out of its tree, and leave the text after it; what was a block of its own still divides."""
    if local_name(element) in BLOCKS and not is_hidden(element):
        element.clear(keep_tail=True)
        return
    parent, tail = element.getparent(), element.tail
    if parent is None:
        return
    before = element.getprevious()
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        parent.text = (parent.text or "") + tail
    parent.remove(element)


def without_navigation(paragraphs: Sequence[str]) -> list[str]:
    """Return paragraphs without lines such as 上一章 目录 下一章; a single such word goes only near either end."""
    last = len(paragraphs) - ENDS
    return [
        line
        for place, line in enumerate(paragraphs)
        if not is_navigation(line) or not (place < ENDS or place >= last or len(re.findall(r"\w+", line)) > 1)
    ]


def is_navigation(line: str) -> bool:
    """Say whether a line has nothing but the words of a site's own links and buttons."""
    return len(line) <= LONGEST_NAVIGATION and NAVIGATION.fullmatch(line) is not None


def is_unfinished_mark(line: str) -> bool:
    """Say whether a line only tells that the chapter goes on on its next page: 本章未完，点击下一页继续阅读."""
    return len(line) <= LONGEST_NAVIGATION and GOES_ON.fullmatch(line) is not None


def _is_unseen(element: Element) -> bool:
    name = local_name(element)
    return name in NO_PROSE or is_hidden(element)


def _runs_on(body: Element, paragraphs: Sequence[str]) -> bool:
    """Say whether the first paragraph goes on from another page: most are indented, and it is not."""
    if not paragraphs:
        return False
    indented = plain = 0
    first = None
    beginning = paragraphs[0][:4]
    for _, piece in zip(range(LOOKED_AT), body.itertext(), strict=False):
        text = piece.strip(BLANK)
        if not text:
            continue
        has_indent = piece.lstrip("\r\n\t").startswith(INDENTS)
        indented += has_indent
        plain += not has_indent
        if first is None and text.startswith(beginning):
            first = has_indent
    return first is False and indented > plain
