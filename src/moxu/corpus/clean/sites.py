"""Names and addresses of web sites; those that somebody in the story says, types or reads stay."""

import re
from collections.abc import Iterator

from moxu.corpus.clean.addresses import KINDS, NAME, SITE_MARK, URL
from moxu.corpus.clean.fragments import sentence_before, with_fragments
from moxu.corpus.clean.spans import cut, in_brackets, lines_with
from moxu.corpus.clean.speech import quotation_around, quotations
from moxu.corpus.clean.vocabulary import is_fragment, led, unknown

_BEFORE = (
    f"(?<![^。！？…”\n，；：(（【\\[])[\u4e00-\u9fff]{{2,8}}(?:{KINDS})[ :：]?"
    "|[A-Za-z0-9]{2,6}(?:小说网?|手机站|中文网|看书网?) ?"
)
_AFTER = "(?:(?:独家)?首发|最快更新|提供下载)?"
_UNIT = f"(?:{_BEFORE})?(?:{URL}|{NAME}){_AFTER}(?:[ \u3000:：,，|\\-]{{0,3}}(?:{URL}|{NAME}){_AFTER})*"
_SITE = re.compile(f"(?P<frame>[★☆~～＊*#=＝_|｜]{{1,4}})(?:{_UNIT})(?P=frame)|{_UNIT}")
_PLAIN = re.compile("[A-Za-z0-9:/?&=%#~_+.\\-]+|[\u4e00-\u9fff]+")  # as people write it; any other is disguised

_TOLD_BEFORE = re.compile(
    "(?:打开|点开|点进|点击|进入|输入|敲入|键入|敲下|敲出|打出|登[录陆上]|访问|浏览|写着|写了|写下|印着|印有|刻着|贴着|名叫|叫做"
    "|[叫是为在到从上搜用逛刷查去进看读念把将给对按]|搜索|发到|传到|顺着|照着|买下|卖掉|注册|创办|关掉|链接|网[址站页]|域名|地址"
    "|邮箱|官网|主页|博客|论坛)[了着过出]?(?:一个|一下)?[是为叫]?[“‘ ]?$|[：:]$|[A-Za-z,] $"
)
_TOLD_AFTER = re.compile(
    "的(?!小说)[\u4e00-\u9fff]|[上里](?:面|的|写|看|有|买|卖|发|找|查|搜|登|注|订|下|挂|贴|出|，)|[这那][个家是]|网站|网页|首页|页面"
    "|是(?!不是)|打不开|倒闭|关了|卖[了给]|[还已早]|没有|写[在着]"
)
_KIND = re.compile(KINDS)
_BRACKETS = re.compile("[（(【\\[［〔]([^（()）【】\\[\\]［］〔〕\n]{3,60})[）)】\\]］〕]")
_OF_NOTICES = "【[［〔"
_FEW = 4  # letters of the name of somebody who put a text on a site
_LONGEST = 40


def remove_sites(text: str, title: str = "") -> str:
    """Remove addresses and names of sites, with the brackets and the words of adverts around them.

    A name that is made of common words (某某小说网) goes only beside an address, or alone in a line or in brackets.
    ``title``: that of the book.
    """
    text = cut(text, _sites(text, title))
    return cut(text, _alone(text)) if _KIND.search(text) else text


def _sites(text: str, title: str) -> Iterator[tuple[int, int]]:
    for line in lines_with(SITE_MARK, text):
        spoken = quotations(text, *line)
        found = [found.span() for found in _SITE.finditer(text, *line)]
        adverts = [span for site in found if (span := _advert(text, site, spoken, title))]
        yield from with_fragments(text, line, adverts, title)


def _advert(text: str, site: tuple[int, int], spoken: list[tuple[int, int]], title: str) -> tuple[int, int] | None:
    """Return the advert that an address or a name is, with its brackets; None if it belongs to the story."""
    brackets = in_brackets(text, *site)
    if brackets and (text[brackets[0]] in _OF_NOTICES or unknown(text[brackets[0] : brackets[1]], title) <= _FEW):
        return brackets
    if not _PLAIN.fullmatch(text, *site):
        return site
    if brackets or quotation_around(spoken, site[0]):
        return None
    before = sentence_before(text, site[0])
    if led(before, title) is not None:
        return site
    if _TOLD_AFTER.match(text, site[1]):
        return None
    is_told = _TOLD_BEFORE.search(before) and not is_fragment(before, title)
    return None if is_told else site


def _alone(text: str) -> Iterator[tuple[int, int]]:
    """Give the lines and brackets in which a kind of site is named, and nothing is told."""
    for start, end in lines_with(_KIND, text):
        if end - start <= _LONGEST and not unknown(text[start:end]) and not quotations(text, start, end):
            yield start, end
            continue
        for brackets in _BRACKETS.finditer(text, start, end):
            if _KIND.search(brackets[1]) and not unknown(brackets[1]):
                yield brackets.span()
