import pytest

from moxu.corpus.crawl.addresses import absolute, equivalent, part_after, same_site, shape_of

BASE = "http://www.a.example/book/12/"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("345.html", "http://www.a.example/book/12/345.html"),
        (" /x/1.html#top\n", "http://www.a.example/x/1.html"),
        ("//b.example", "http://b.example/"),
        ("?page=2", "http://www.a.example/book/12/?page=2"),
        ("/长夜/1.html", "http://www.a.example/%E9%95%BF%E5%A4%9C/1.html"),
        ("/a%20b", "http://www.a.example/a%20b"),
        *((nothing, None) for nothing in ("#top", "", "javascript:void(0)", "mailto:a@b", "ftp://a/", "http://[::1")),
        ("http://a:99999999/", None),
        ("/" + "x" * 3000, None),
    ],
)
def test_a_link_leads_to_an_address_or_to_no_page(reference: str, expected: str | None) -> None:
    assert absolute(BASE, reference) == expected


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://www.a.example/", True),
        ("http://m.a.example/", True),
        ("http://a.example/", True),
        ("http://b.example/", False),
        ("http://nota.example/", False),
        ("http://www.a.example:8080/", False),
        ("http://a.example.b.example/", False),
    ],
)
def test_a_site_is_a_host_and_those_below_it(url: str, same: bool) -> None:
    assert same_site(url, BASE) is same


def test_an_address_of_numbers_is_a_site_of_its_own() -> None:
    assert same_site("http://127.0.0.1:81/x", "http://127.0.0.1:81/")
    assert not same_site("http://127.0.0.1:82/x", "http://127.0.0.1:81/")
    assert not same_site("http://1.127.0.0.1/x", "http://127.0.0.1/")


@pytest.mark.parametrize(
    ("url", "pattern", "values"),
    [
        ("http://a.example/book/12/345.html", "a.example/book/#/#.html?", ("12", "345")),
        ("http://a.example/book/12_345/", "a.example/book/#_#/?", ("12", "345")),
        ("http://a.example/read.php?cid=5&bid=12", "a.example/read.php?bid=&cid=", ("12", "5")),
        ("http://a.example/novel/chapter-one", "a.example/novel/*?", ("chapter-one",)),
        ("http://a.example/novel/chapter-7", "a.example/novel/chapter-#?", ("7",)),
        ("http://a.example/", "a.example/*?", ("",)),
    ],
)
def test_addresses_of_chapters_have_one_pattern(url: str, pattern: str, values: tuple[str, ...]) -> None:
    shape = shape_of(url)
    assert (shape.pattern, shape.values) == (pattern, values)


@pytest.mark.parametrize(
    ("url", "following", "relation"),
    [
        ("/1/23.html", "/1/23_2.html", "sure"),
        ("/1/23.html", "/1/23-1.html", "sure"),
        ("/1/23_2.html", "/1/23_3.html", "perhaps"),
        ("/1/23.html", "/1/23/2.html", "sure"),
        ("/1/23", "/1/23/2", "sure"),
        ("/1/23/", "/1/23/2/", "sure"),
        ("/1/23.html", "/1/23.html?page=2", "sure"),
        ("/1/23.html?page=2", "/1/23.html?page=3", "sure"),
        ("/1/23.html?page=2", "/1/23.html?page=4", None),
        ("/r.php?id=1", "/r.php?id=2", None),
        ("/1/23.html", "/1/24.html", "perhaps"),
        ("/1/2300.html", "/1/2301.html", None),
        ("/1/23_2.html", "/1/24.html", None),
        ("/1/23.html", "/1/23_7.html", None),
        ("/1/23.html", "/1/231.html", None),
    ],
)
def test_a_part_of_a_chapter_is_told_by_its_address(url: str, following: str, relation: str | None) -> None:
    assert part_after(f"http://a.example{url}", f"http://a.example{following}") == relation


def test_addresses_are_compared_without_scheme_fragment_and_last_slash() -> None:
    assert equivalent("https://a.example/b/#c") == equivalent("http://a.example/b") == "a.example/b"
