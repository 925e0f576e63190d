"""What the pages of a site leave in a text: marks of unfinished chapters, numbers of pages, words of navigation."""

import re
from collections.abc import Iterator

from moxu.corpus.clean.spans import cut, lines_with

_UNFINISHED = (
    "本章未完|本章还未完|小说未完|未完待续|未完，待续|本章完|本章结束|请?点击下一[页章](?:继续)?(?:阅读)?|请(?:您)?翻页"
    "|下一页继续阅读|内容未完"
)
_REST = (
    "[，,、。.！!~～…—\\- \u3000>》→]*(?:请(?:您)?|可以)?(?:点击|翻到|前往|移步)?(?:下一[页章])?(?:继续)?(?:精彩)?"
    "(?:阅读|翻页|内容|观看|后面)*"
)
_PAGE = "[0-9０-９]{1,3} ?[/／] ?[0-9０-９]{1,3}"
_IN_BRACKETS = re.compile(
    f"[（(【\\[［〔] ?(?:{_UNFINISHED})[^（()）【】\\[\\]［］〔〕\n]{{0,60}}[）)】\\]］〕]"
    f"|[（(【\\[［] ?(?:第 ?)?{_PAGE} ?页?[）)】\\]］](?=[ \u3000]*$)|^[（(【\\[［] ?{_PAGE} ?[）)】\\]］]",
    re.MULTILINE,
)
_WITHIN = re.compile(f"(?:本章未完|小说未完|内容未完)[，,、 ]*(?=请|点击|翻){_REST}[。！!]?")
_UNFINISHED_LINE = re.compile(f"[\\W_]*(?:(?:{_UNFINISHED})(?:{_REST}))+[\\W_]*")
_NUMBER_LINE = re.compile(
    r"[\W_]*第? ?[0-9０-９一二三四五六七八九十百]{1,4} ?页(?:[ ,，/／]*共? ?[0-9０-９]{1,4} ?页?)?[\W_]*"
    f"|(?:第 ?)?{_PAGE} ?页?|[-—－]+ ?[0-9]{{1,4}} ?[-—－]+"
)
_MARK = re.compile("未完|本章完|章结束|下一[页章]|翻页|页|[/／]|[-—－] ?[0-9]")

_LEADING = (
    "上一[章页节回篇]|下一[章页节回篇]|返回(?:目录|书页|章节目录|章节列表|列表|首页|顶部|封面)|回目录|加入书[签架]|放入书架"
    "|存书签|推荐本书|投推荐票|章节报错|错误举报|章节列表|章节目录|我的书架"
)
_NAVIGATION = re.compile(
    f"{_LEADING}|目录|首页|举报|书签|书架|书页|设置|字体|字号|背景|护眼|繁体|简体|手机阅读|手机版|电脑版|上页|下页|尾页|末页|收藏|评论|分享|打赏"
    "|收藏本站|设为首页|快捷键|回车|键盘|[Tt][Xx][Tt]下载|[没有了]{3}|[←→]|返回|章节|本书|推荐|投票|[大中小]号?|默认|点击|顶部|底部"
)
_LEADS = re.compile(_LEADING)
_LONGEST = 80


def remove_paging(text: str) -> str:
    """Remove marks of unfinished chapters and numbers of pages."""
    if not _MARK.search(text):
        return text
    text = cut(text, (found.span() for found in _IN_BRACKETS.finditer(text)))
    text = cut(text, _lines_of_pages(text))
    return cut(text, (found.span() for found in _WITHIN.finditer(text)))


def _lines_of_pages(text: str) -> Iterator[tuple[int, int]]:
    for start, end in lines_with(_MARK, text, _LONGEST):
        if _is_of_pages(text[start:end]):
            yield start, end


def _is_of_pages(line: str) -> bool:
    return bool(_UNFINISHED_LINE.fullmatch(line) or _NUMBER_LINE.fullmatch(line))


def remove_navigation(text: str) -> str:
    """Remove lines that hold only the words of a site's buttons."""
    return cut(text, _lines_of_buttons(text))


def _lines_of_buttons(text: str) -> Iterator[tuple[int, int]]:
    for start, end in lines_with(_LEADS, text, _LONGEST):
        if not any(map(str.isalnum, _NAVIGATION.sub("", text[start:end]))):
            yield start, end
