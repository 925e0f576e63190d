"""An invented novel of 600 chapters, and a site that serves it as such sites do: split, reversed, full of adverts.

``python tests/novel_site.py`` serves it until its standard input ends, and prints the address of its catalogue.
"""

import random
import sys
from dataclasses import dataclass
from functools import cached_property

from sites import Reply, Site

CHAPTERS, A_PAGE, LATEST = 600, 100, 9
MISSING = 333
BOOK = "/book/7/"
TRAP_LINKS = 10_000

PLACES = "旧码头 石桥 灯塔 茶馆 渡口 钟楼 后院 河滩 盐仓 书局 戏台 城门 山道 竹林 货栈".split()  # noqa: SIM905
PEOPLE = "沈砚 阿蘅 老周 顾先生 小满 船夫 掌柜 陆九 白鹭 哑婆婆".split()  # noqa: SIM905
DEEDS = "停下脚步 点起一盏灯 收起了伞 翻开那本账册 望着水面 叹了口气 把信折好 推开半扇门 数着台阶 听着更鼓".split()  # noqa: SIM905
SKIES = "雨下得很细 雾还没有散 天色渐渐暗了 风从海上来 月亮躲进云里 雪落在瓦上 霞光铺满江面 星星稀稀落落".split()  # noqa: SIM905
WORDS = "「你来晚了。」 「谁让你来的？」 「明天再说吧……」 「我记得，是三年以前。」 「走，趁天还没亮！」".split()  # noqa: SIM905
ADVERTS = (
    "一秒记住【雾港书屋】，精彩小说无弹窗免费阅读！",
    "喜欢《雾港旧事》请大家收藏：(www.wugangshuwu.example)雾港旧事更新速度最快。",
    "天才一秒记住本站地址：www.wugangshuwu.example",
)
UNFINISHED = "本章未完，请点击下一页继续阅读"
DIGITS = "零一二三四五六七八九"


def numeral(number: int) -> str:
    """Return a number below 1,000 as chapters count: 一百零五."""
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    text = f"{DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else DIGITS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (DIGITS[ones] if ones or not number else "")


@dataclass(frozen=True)
class InventedChapter:
    """A chapter of the novel; ``number`` counts from 1."""

    number: int

    @property
    def title(self) -> str:
        draw = random.Random(f"title {self.number}")
        return f"第{numeral(self.number)}章 {draw.choice(PLACES)}的{draw.choice(PEOPLE)}"

    @cached_property
    def paragraphs(self) -> list[str]:
        draw = random.Random(f"text {self.number}")
        return [self._paragraph(draw) for _ in range(draw.randint(24, 36))]

    def _paragraph(self, draw: random.Random) -> str:
        day = f"第{numeral(draw.randint(1, 999))}天，" if draw.random() < 0.5 else ""
        text = f"{day}{draw.choice(SKIES)}，{draw.choice(PEOPLE)}在{draw.choice(PLACES)}{draw.choice(DEEDS)}。"
        for _ in range(draw.randint(0, 3)):
            text += f"{draw.choice(PEOPLE)}{draw.choice(DEEDS)}，{draw.choice(WORDS)}"
        return text

    @property
    def path(self) -> str:
        return f"{BOOK}{20_000 + 37 * self.number}"

    @property
    def parts(self) -> list[list[str]]:
        """The paragraphs, as they are spread over one to three pages."""
        pages = 1 + self.number % 3
        size = -(-len(self.paragraphs) // pages)
        return [self.paragraphs[start : start + size] for start in range(0, len(self.paragraphs), size)]


def part_path(chapter: InventedChapter, part: int) -> str:
    return f"{chapter.path}_{part}.html" if part > 1 else f"{chapter.path}.html"


class NovelSite(Site):
    """Serves the novel; ``failing`` and ``slow`` say how many of the chapters answer 503 at first, or late."""

    title, author = "雾港旧事", "程听澜"

    def __init__(self, chapters: int = CHAPTERS, *, trouble: bool = True, refuge: str = "") -> None:
        super().__init__()
        self.chapters = [InventedChapter(number) for number in range(1, chapters + 1)]
        self.trouble = trouble
        self.pages["/robots.txt"] = Reply("User-agent: *\nDisallow: /calendar/\n", content_type="text/plain")
        for number, page in enumerate(self._catalogue_pages(refuge), start=1):
            self.pages[self._catalogue_path(number)] = page
        if refuge:
            self.pages[f"{BOOK}index_99.html"] = Reply(status=302, headers={"Location": refuge})
        for chapter in self.chapters:
            self._add_chapter(chapter)
        self.pages["/calendar/1.html"] = _page(
            "日历", "".join(f"<a href='/calendar/{n}.html'>{n}</a>" for n in range(TRAP_LINKS))
        )

    @property
    def catalogue(self) -> str:
        return self.url(BOOK)

    def _catalogue_path(self, page: int) -> str:
        return f"{BOOK}index_{page}.html" if page > 1 else BOOK

    def _catalogue_pages(self, refuge: str) -> list[Reply]:
        newest_first = self.chapters[::-1]
        pages = [newest_first[start : start + A_PAGE] for start in range(0, len(newest_first), A_PAGE)]
        latest = "".join(_entry(chapter) for chapter in newest_first[:LATEST])
        numbers = [*range(1, len(pages) + 1), *([99] if refuge else [])]
        options = "".join(f'<option value="{self._catalogue_path(number)}">第{number}页</option>' for number in numbers)
        return [
            _page(
                f"{self.title}最新章节目录_{self.author}",
                f"<h1>{self.title}</h1><p>作者：{self.author}</p>"
                f'<div class="latest"><h2>最新章节</h2><ul>{latest}</ul></div>'
                f'<div class="list"><h2>正文</h2><ul>{"".join(map(_entry, page))}</ul></div><select>{options}</select>'
                f'<a href="/calendar/1.html">更新日历</a> <a href="/book/8/">相关小说：山中来信</a>',
            )
            for page in pages
        ]

    def _add_chapter(self, chapter: InventedChapter) -> None:
        if self.trouble and chapter.number == MISSING:
            return
        parts = chapter.parts
        for number, paragraphs in enumerate(parts, start=1):
            page = _chapter_page(self, chapter, number, len(parts), paragraphs)
            failures = 2 if self.trouble and chapter.number % 97 == 0 else 0
            delay = 0.3 if self.trouble and chapter.number % 60 == 0 else 0.0
            self.pages[part_path(chapter, number)] = Reply(
                page.body, content_type=page.content_type, failures=failures, delay=delay
            )


def _chapter_page(site: NovelSite, chapter: InventedChapter, number: int, parts: int, paragraphs: list[str]) -> Reply:
    lines = list(paragraphs)
    if chapter.number % 5 == 0:
        lines.insert(len(lines) // 2, ADVERTS[chapter.number // 5 % len(ADVERTS)])
    if number < parts:
        lines.append(UNFINISHED)
    body = "<br/><br/>\r\n".join(f"&nbsp;&nbsp;&nbsp;&nbsp;{line}" for line in lines)
    shown = f"{chapter.title}（{number}/{parts}）" if parts > 1 else chapter.title
    before = site.chapters[max(0, chapter.number - 2)]
    after = site.chapters[min(len(site.chapters) - 1, chapter.number)]
    following = (part_path(chapter, number + 1), "下一页") if number < parts else (part_path(after, 1), "下一章")
    return _page(
        f"{chapter.title}_{site.title}",
        f'<div class="nav"><a href="{BOOK}">{site.title}</a> <a href="/calendar/1.html">日历</a></div>'
        f'<h1>{shown}</h1><div id="content">{body}</div>'
        f'<div class="nav"><a href="{part_path(before, 1)}">上一章</a> <a href="{BOOK}">目录</a> '
        f'<a href="{following[0]}">{following[1]}</a></div>'
        "<p>本站所有小说均由网友上传，版权归作者所有。</p>",
    )


def _entry(chapter: InventedChapter) -> str:
    return f'<li><a href="{part_path(chapter, 1)}">{chapter.title}</a></li>'


def _page(title: str, body: str) -> Reply:
    html = f'<!DOCTYPE html><html><head><meta charset="gbk"><title>{title}</title></head><body>{body}</body></html>'
    return Reply(html.encode("gb18030"), content_type="text/html")


def main() -> None:
    with NovelSite(trouble=False) as site:
        print(site.catalogue, flush=True)  # noqa: T201
        sys.stdin.read()


if __name__ == "__main__":
    main()
