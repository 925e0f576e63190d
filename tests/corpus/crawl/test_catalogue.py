import itertools
import random
from collections.abc import Sequence

import pytest

from moxu.corpus.crawl.catalogue import Catalogue, CataloguePage, merge, read_catalogue
from moxu.corpus.crawl.pages import Page, read_page
from moxu.corpus.crawl.rules import CatalogueRules, SiteRules
from novel_pages import (
    NAVIGATION,
    OTHERS,
    Item,
    chinese,
    grid_catalogue,
    items,
    modern_catalogue,
    pocket_catalogue,
    rows_catalogue,
    table_catalogue,
)

URL = "http://www.wujiang.example/book/123/"
ALL = items(1, 230)
NEWEST = ALL[:-10:-1]


def names(catalogue: Catalogue) -> list[str]:
    return [one.name for one in catalogue.chapters]


def named(rows: Sequence[Item]) -> list[str]:
    return [one.name for one in rows]


def read(*pages: str, url: str = URL, rules: SiteRules | None = None) -> Catalogue:
    return merge([read_catalogue(Page(url, html), rules or SiteRules()) for html in pages])


def pocket(rows: Sequence[Sequence[Item]], latest: Sequence[Item] = ()) -> list[CataloguePage]:
    """Read the pages of a catalogue for telephones, in the order that they come in."""
    htmls = [pocket_catalogue(part, number, len(rows), latest) for number, part in enumerate(rows, 1)]
    return [
        read_catalogue(Page(f"http://m.wujiang.example/wap/123_{number}/", html), SiteRules())
        for number, html in enumerate(htmls, 1)
    ]


def cut(rows: Sequence[Item], size: int = 50) -> list[Sequence[Item]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def modern_volumes() -> list[tuple[str, list[Item]]]:
    second = [
        Item(f"/book/123/{9000 + n}.html", f"第{chinese(n)}章 一个很长的名字，雪夜里的第{n}次") for n in range(1, 8)
    ]
    return [("第一卷 江", items(1, 30)), ("第二卷 雪", second)]


@pytest.mark.parametrize("listed", [ALL, ALL[::-1]], ids=["oldest first", "newest first"])
@pytest.mark.parametrize("encoding", ["gbk", "big5hkscs"])
def test_an_old_site_gives_its_chapters_in_order(listed: list[Item], encoding: str) -> None:
    body = table_catalogue(listed, NEWEST, encoding).encode(encoding, "xmlcharrefreplace")
    page = read_catalogue(read_page(URL, body, "text/html"), SiteRules())
    catalogue = merge([page])
    assert [one.number for one in catalogue.chapters] == list(range(1, 231))
    assert [one.url for one in catalogue.chapters] == [URL.replace("/book/123/", one.url) for one in ALL]
    assert (catalogue.title, catalogue.author, catalogue.warnings) == ("长夜行", "江上客", ())
    assert page.further == ()


@pytest.mark.parametrize(
    "pages",
    [
        cut(ALL),
        cut(ALL[::-1]),
        [part[::-1] for part in cut(ALL)],  # each page newest first, the pages oldest first
        [ALL[max(0, start - 3) : start + 50] for start in range(0, 230, 50)],  # overlapping
    ],
    ids=["oldest first", "newest first", "each page newest first", "overlapping"],
)
@pytest.mark.parametrize("latest", [[], NEWEST, ALL[-9:]], ids=["alone", "with the newest", "newest oldest first"])
def test_a_paged_catalogue_is_one_list_whatever_its_order(pages: list[Sequence[Item]], latest: list[Item]) -> None:
    read_pages = pocket(pages, latest)
    assert len(read_pages[0].further) == len(pages) - 1
    for seed in range(3):
        rest = random.Random(seed).sample(read_pages[1:], len(pages) - 1)
        catalogue = merge([read_pages[0], *rest])
        assert names(catalogue) == named(ALL)
        assert catalogue.warnings == ()


def test_chapters_that_only_the_latest_block_has_come_last() -> None:
    assert names(read(table_catalogue(ALL[:-4], NEWEST))) == named(ALL)
    assert names(merge(pocket(cut(ALL[:-4][::-1]), NEWEST))) == named(ALL)


def test_a_latest_block_without_a_heading_is_no_second_beginning() -> None:
    for newest in (NEWEST, ALL[-9:]):
        links = "".join(f"<a href={one.url}>{one.name}</a>" for one in [*newest, *ALL])
        assert names(read(f"<title>长夜行</title><div>{links}</div>")) == named(ALL)


@pytest.mark.parametrize("turned", list(itertools.product([False, True], repeat=2)))
def test_volumes_that_begin_again_at_one_stay_whole(turned: tuple[bool, bool]) -> None:
    volumes = modern_volumes()
    expected = [name for _, rows in volumes for name in named(rows)]
    if turned[1]:
        volumes = [(name, rows[::-1]) for name, rows in volumes]
    catalogue = read(modern_catalogue(volumes[::-1] if turned[0] else volumes))
    assert names(catalogue) == expected
    assert catalogue.chapters[0].volume == "第一卷 江"
    assert catalogue.chapters[-1].volume == "第二卷 雪"


def test_volumes_in_one_list_are_divided_by_their_names() -> None:
    rows = "".join(
        f"<li>{name}</li>" + "".join(f"<li><a href={one.url}>{one.name}</a></li>" for one in part)
        for name, part in modern_volumes()
    )
    catalogue = read(f"<ul>{rows}</ul>")
    assert [one.volume for one in catalogue.chapters] == ["第一卷 江"] * 30 + ["第二卷 雪"] * 7


@pytest.mark.parametrize("html", [grid_catalogue(ALL), grid_catalogue(ALL, 4, True), rows_catalogue(ALL)])
def test_tables_and_rows_are_read_by_the_numbers_of_their_chapters(html: str) -> None:
    assert names(read(html)) == named(ALL)


def test_repetition_without_heading_and_numbers_moves_nothing() -> None:
    rows = [Item(f"/book/123/{chr(97 + n) * 3}.html", f"{word}夜行舟") for n, word in enumerate("甲乙丙丁戊己庚辛壬癸")]
    latest, listed = (
        "".join(f"<li><a href={one.url}>{one.name}</a></li>" for one in some) for some in (rows[-3:], rows)
    )
    html = f"<h1>长夜行</h1><div><ul>{latest}</ul></div><div><ul>{listed}</ul></div>"
    assert names(read(html)) == named(rows)


def test_chapters_without_numbers_stand_as_they_are_listed() -> None:
    words = ["楔子", "渡口", "雾", "灯", "船家", "江心", "对岸", "尾声"]
    rows = [Item(f"/book/123/{7000 + n}.html", word) for n, word in enumerate(words)]
    assert names(read(table_catalogue(rows))) == words
    assert names(read(table_catalogue(rows[::-1]))) == words  # by the numbers of their addresses


def test_prologues_and_notes_keep_their_places_among_numbers() -> None:
    rows = [Item("/book/123/1.html", "楔子"), *ALL[:5], Item("/book/123/2.html", "请假条"), *ALL[5:9]]
    assert names(read(table_catalogue(rows))) == named(rows)
    assert names(read(table_catalogue(rows[::-1]))) == named(rows)


def test_a_slip_in_the_numbers_moves_nothing() -> None:
    rows = [*ALL[:99], Item("/book/123/8888.html", "第十章 应是一百"), *ALL[100:]]
    assert names(read(table_catalogue(rows))) == named(rows)


@pytest.mark.parametrize(
    "write",
    [
        lambda n: f"{n:03} 雾",
        lambda n: f"{n}、雾",
        lambda n: f"第{n}回 雾",
        lambda n: f"第{chinese(n)}章 雾" if n % 2 else f"第{n}章 雾",
        lambda n: f"Chapter {n}",
    ],
)
def test_numbers_of_all_kinds_turn_a_list_around(write: object) -> None:
    rows = [Item(f"/book/123/{n * 7919 % 997}.html", write(n)) for n in range(1, 41)]  # type: ignore[operator]
    assert names(read(table_catalogue(rows[::-1]))) == named(rows)


@pytest.mark.parametrize(
    ("url", "write"),
    [
        ("http://a.example/123.html", "/read.php?cid={0}&bid=123"),
        ("http://a.example/book/123", "/book/123/{0}"),
        ("http://a.example/novel/changye/", "/novel/changye/c{0}x"),
        ("http://a.example/info-123.html", "/chapter/123_{0}/"),
        ("http://a.example/12/12345/", "/12/12345/{0}.html"),
    ],
)
def test_addresses_of_many_kinds_are_told_from_those_of_other_books(url: str, write: str) -> None:
    rows = [Item(write.format(4000 + 3 * n), f"渡口之{chinese(n)}") for n in range(1, 20)]
    others = [
        Item(write.replace("123", "777").replace("changye", "other").format(n), f"别的{n}") for n in range(19, 23)
    ]
    html = NAVIGATION + "".join(f"<p><a href='{one.url}'>{one.name}</a></p>" for one in [*rows, *others])
    assert names(read(html, url=url)) == named(rows)


def test_chapters_that_lie_elsewhere_on_the_site_are_not_lost() -> None:
    rows = [*ALL[:20], Item("/vip/reader?c=5", "第二十一章 上架")]
    assert names(read(table_catalogue(rows))) == named(rows)


def test_links_to_other_sites_are_left_out_unless_rules_name_the_host() -> None:
    rows = [Item(f"http://img.elsewhere.example/123/{n}.html", f"第{n}章") for n in range(1, 9)]
    assert names(read(table_catalogue(rows))) == []  # nor are the other books chapters of this one
    rules = SiteRules(catalogue=CatalogueRules(hosts=("elsewhere.example",), links="#list dd a"))
    assert names(read(table_catalogue(rows), rules=rules)) == named(rows)


def test_a_list_that_is_folded_away_is_read_and_a_hidden_trap_is_not() -> None:
    shown, folded = (
        "".join(f"<li><a href='{one.url}'>{one.name}</a></li>" for one in part) for part in (ALL[:20], ALL[20:])
    )
    trap = "".join(f"<a href='/book/123/{n}.html'>第{n}章 {n}</a>" for n in range(1, 200))
    for html in (f"<ul style='display: none'>{folded}</ul><div hidden>{trap}</div>", f"<div hidden>{trap}</div>"):
        catalogue = read(f"<ul>{shown}</ul>{html}")
        assert names(catalogue) == named(ALL if folded in html else ALL[:20])


def test_a_trap_of_ten_thousand_links_beside_a_list_changes_nothing() -> None:
    trap = "".join(f"<a href='/tag/{n}.html'>词条{n}</a>" for n in range(10_000))
    assert names(read(f"{table_catalogue(ALL)}<div>{trap}</div>")) == named(ALL)


def test_a_page_of_ten_thousand_links_that_is_no_catalogue_says_so() -> None:
    trap = "".join(f"<a href='/tag/{n}.html'>{n}</a>" for n in range(10_000))
    page = read_catalogue(Page("http://a.example/calendar", trap), SiteRules())
    catalogue = merge([page])
    assert catalogue.chapters == ()
    assert "none of 10,000 links looks like that of a chapter" in catalogue.warnings[0]
    assert page.further == ()


def test_a_book_of_ten_thousand_chapters_is_no_trap() -> None:
    rows = [Item(f"/book/123/{n}.html", f"第{n}章 雾") for n in range(1, 10_001)]
    catalogue = read(table_catalogue(rows))
    assert len(catalogue.chapters) == 10_000
    assert catalogue.warnings == ()


def test_what_is_beyond_the_bounds_is_told() -> None:
    page = read_catalogue(Page(URL, table_catalogue(ALL)), SiteRules(), most_links=100)
    assert "has more than 100 links" in merge([page]).warnings[0]
    catalogue = merge([read_catalogue(Page(URL, table_catalogue(ALL)), SiteRules())], most_chapters=50)
    assert names(catalogue) == named(ALL[:50])
    assert "has 230 chapters; only the first 50 are taken" in catalogue.warnings[0]


def test_site_rules_say_which_links_are_chapters_and_in_what_order() -> None:
    html = f"<div id=x>{''.join(f'<a href={n}x.html>{n * 7 % 10}</a>' for n in range(1, 6))}</div><ul>{OTHERS}</ul>"
    html += "<b class=t>长夜</b><i class=a>某人</i><a class=n href=/zh/2>更多</a>"
    parts = CatalogueRules(links="#x a", further="a.n", title=".t", author="i.a", order="reversed")
    page = read_catalogue(Page(URL, html), SiteRules(catalogue=parts))
    assert page.further == ("http://www.wujiang.example/zh/2",)
    catalogue = merge([page])
    assert names(catalogue) == ["5", "8", "1", "4", "7"]
    assert (catalogue.title, catalogue.author) == ("长夜", "某人")


@pytest.mark.parametrize(
    "html",
    [
        "",
        "\0\0",
        "<a",
        "<frameset><frame src=1>",
        "&#xfffffff;&#0;<a href='http://['>第一章</a>",
        "<a href=#>第一章</a>",
    ],
)
def test_a_broken_page_has_no_chapters_and_a_warning(html: str) -> None:
    catalogue = read(html)
    assert catalogue.chapters == ()
    assert catalogue.warnings


def test_no_pages_are_no_catalogue() -> None:
    assert merge([]).chapters == ()


@pytest.mark.parametrize("seed", range(40))
def test_no_chapter_is_lost_doubled_or_moved_however_a_site_lists_them(seed: int) -> None:
    draw = random.Random(seed)
    rows, number, place = list[Item](), 0, draw.randrange(1000, 9000)
    for _ in range(draw.randint(20, 200)):
        number, place = number + (1 if draw.random() < 0.97 else 2), place + draw.randint(1, 5)
        written = draw.choice([f"第{chinese(number)}章", f"第{number}章"])
        rows.append(Item(f"/book/123/{place}.html", f"{written} 灯{place}" if draw.random() < 0.9 else f"雾{place}里"))
    listed = rows[::-1] if draw.random() < 0.5 else rows
    newest = rows[::-1][: draw.choice([0, 5, 12])]
    pages = pocket(cut(listed, draw.choice([20, 50, 1000])), newest)
    assert names(merge([pages[0], *draw.sample(pages[1:], len(pages) - 1)])) == named(rows)
