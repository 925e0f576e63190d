"""Pages of invented novels as sites of several kinds make them: old and new, for the desk and for the pocket."""

from collections.abc import Sequence
from dataclasses import dataclass

NUMERALS = "零一二三四五六七八九"
NAVIGATION = '<div class="nav"><a href="/">首页</a><a href="/sort/1/">玄幻小说</a><a href="/sort/2/">武侠小说</a></div>'
OTHERS = "".join(f'<li><a href="/book/{900 + n}/">别的书{n}</a></li>' for n in range(12))
ADVERT = "记住网址：雾江书屋，更新最快。"


@dataclass(frozen=True)
class Item:
    """A chapter in a list: where it lies, and what it is called."""

    url: str
    name: str


def chinese(number: int) -> str:
    """Return a number below 1,000 as books write it: 一百零八."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{NUMERALS[hundreds]}百" if hundreds else ""
    if tens:
        text += f"{NUMERALS[tens] if tens > 1 or hundreds else ''}十"
    elif hundreds and ones:
        text += "零"
    return text + (NUMERALS[ones] if ones else "") or "零"


def items(first: int, last: int, book: str = "/book/123/") -> list[Item]:
    """Return chapters 第…章 from ``first`` to ``last``; the numbers of their addresses rise unevenly."""
    return [Item(f"{book}{7000 + 3 * n}.html", f"第{chinese(n)}章 渡口之{n}") for n in range(first, last + 1)]


def story(number: int, paragraphs: int = 24) -> tuple[str, ...]:
    """Return the paragraphs of a chapter, different from those of all others."""
    return tuple(
        f"第{chinese(number)}夜的第{chinese(n)}更，雾从江上起来，他数到{number * 31 + n}，“你还在等船么？”船家问道。"
        for n in range(1, paragraphs + 1)
    )


def table_catalogue(rows: Sequence[Item], latest: Sequence[Item] = (), charset: str = "gbk") -> str:
    """An old site: dl and dd, the newest chapters above, everything in capitals and tables."""
    newest = "".join(f"<dd><a href='{one.url}'>{one.name}</a></dd>" for one in latest)
    listed = "".join(f'<dd><A HREF="{one.url}">{one.name}</A></dd>\n' for one in rows)
    return f"""<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}">
<title>长夜行最新章节_长夜行无弹窗_雾江书屋</title></head><body>{NAVIGATION}
<div id="info"><h1>长夜行</h1><p>作&nbsp;&nbsp;者：江上客</p></div>
<div id="list"><dl><dt>《长夜行》最新章节（提示：已启用缓存）</dt>{newest}<dt>《长夜行》正文</dt>
{listed}</dl></div><div class=hot><ul>{OTHERS}</ul></div><a href="javascript:void(0)">顶部</a><a href="#">x</a>
<a href="https://elsewhere.example/ad/1.html">第九百章 广告</a></body></html>"""


def table_chapter(title: str, lines: Sequence[str], charset: str = "gbk", before: str = "", after: str = "") -> str:
    """The chapter of an old site: one div with breaks and hard spaces."""
    text = "<br />\r\n<br />\r\n".join(f"&nbsp;&nbsp;&nbsp;&nbsp;{line}" for line in lines)
    return f"""<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}">
<title>{title}_长夜行_雾江书屋</title><script>var novel = {{"id": 123}};</script></head><body>{NAVIGATION}
<div class="bookname"><h1>{title}</h1><div class="bottem1"><a href="6999.html">上一章</a> &larr;
<a href="./">章节目录</a> &rarr; <a href="7100.html">下一章</a></div></div>
<div id="content">{before}{text}{after}<script>show();</script><div style="display:none">看不见的字</div></div>
<div class="bottem2"><a href="6999.html">上一章</a><a href="./">目录</a><a href="7100.html">下一章</a></div>
<div class=foot><p>本站所有小说为转载作品，所有章节均由网友上传，只为宣传本书。</p></div></body></html>"""


def pocket_catalogue(rows: Sequence[Item], page: int, pages: int, latest: Sequence[Item] = (), base: str = "") -> str:
    """A site for telephones: a list cut into pages, with a list of them to choose from."""
    base = base or "/wap/123"
    newest = "".join(f'<li><a href="{one.url}">{one.name}</a></li>' for one in latest)
    listed = "".join(f'<li><a href="{one.url}">{one.name}</a></li>' for one in rows)
    options = "".join(f'<option value="{base}_{n}/">第{n}页</option>' for n in range(1, pages + 1))
    following = f'<a href="{base}_{page + 1}/">下一页</a>' if page < pages else "<a>没有了</a>"
    return f"""<!doctype html><html><head><meta charset=utf-8><title>长夜行-章节目录</title>
<meta property="og:novel:book_name" content="长夜行"><meta property="og:novel:author" content="江上客"></head><body>
<h2>最新章节</h2><ul class="chapter">{newest}</ul><ul class="chapter">{listed}</ul>
<div class="pages">{following}<select onchange="go(this)">{options}</select></div></body></html>"""


def pocket_chapter(title: str, lines: Sequence[str], following: str, word: str = "下一页", mark: str = "") -> str:
    """A page of a chapter on a telephone: paragraphs in a div whose class has a number in it."""
    text = "".join(f"<p>{line}</p>" for line in lines)
    return f"""<!doctype html><html><head><meta charset=utf-8><title>{title}-长夜行</title></head><body>
<h1 class="t2">{title}</h1><div id="nr" class="nr18"><div id="nr1">{text}{f"<p>{mark}</p>" if mark else ""}</div></div>
<p><a href="/wap/123_1/">目录</a> <a href="{following}">{word}</a></p></body></html>"""


def modern_chapter(title: str, lines: Sequence[str], number: int = 1) -> str:
    """A new site: article and p, a heap of JSON, and what readers say below."""
    text = "".join(f'<p data-id="{n}">{line}</p>' for n, line in enumerate(lines))
    noise = '{"props":{"pageProps":{"chapter":{"content":"' + "雾，" * 400 + '"}}}}'
    said = "".join(f'<li class="comment-{n}"><p>写得真好，催更，求加更。</p></li>' for n in range(6))
    return f"""<!doctype html><html><head><meta charset="utf-8"><title>{title} | 长夜行 | 新书坊</title>
<script id="__NEXT_DATA__" type="application/json">{noise}</script></head><body><div id="__next">
<header><nav><a>首页</a></nav></header><main class="css-{number}x9">
<article class="reader"><h2>{title}</h2>{text}</article></main>
<section class="comments"><ul>{said}</ul></section><footer><p>版权所有</p></footer></div></body></html>"""


def modern_catalogue(volumes: Sequence[tuple[str, Sequence[Item]]]) -> str:
    """A new site: volumes under headings, each a list; names shortened, the whole of them in ``title``."""
    lists = "".join(
        f"<section><h3>{volume}</h3><ul>"
        + "".join(f'<li><a href="{one.url}" title="{one.name}">{one.name[:9]}…</a></li>' for one in rows)
        + "</ul></section>"
        for volume, rows in volumes
    )
    return f"""<!doctype html><html><head><meta charset=utf-8><title>长夜行 - 新书坊</title>
<meta name="author" content="江上客"></head><body><h1>长夜行</h1><main>{lists}</main>
<aside><ul>{OTHERS}</ul></aside></body></html>"""


def grid_catalogue(rows: Sequence[Item], columns: int = 3, by_columns: bool = False) -> str:
    """A table of several columns, read by rows or by columns."""
    height = -(-len(rows) // columns)
    cells = [rows[row::height] if by_columns else rows[row * columns : (row + 1) * columns] for row in range(height)]
    lines = "".join(
        "<tr>" + "".join(f'<td><a href="{one.url}">{one.name}</a></td>' for one in row) + "</tr>" for row in cells
    )
    return f"<html><title>长夜行</title><table><tr><td colspan=3>正文</td></tr>{lines}</table>"


def rows_catalogue(rows: Sequence[Item]) -> str:
    """Rows of divs, each with two links."""
    pairs = [rows[n : n + 2] for n in range(0, len(rows), 2)]
    lines = "".join(
        '<div class="row">' + "".join(f'<div class="col"><a href="{one.url}">{one.name}</a></div>' for one in pair)
        + "</div>"
        for pair in pairs
    )  # fmt: skip
    return f'<html><head><title>长夜行</title></head><body>{NAVIGATION}<div class="box">{lines}</div></body></html>'
