import pytest
from lxml import etree

from moxu.corpus.crawl import layout as layout_module
from moxu.corpus.crawl.body import densest
from moxu.corpus.crawl.layout import Layout, Learned, look_closely, way_to
from moxu.corpus.read.markup import parse_html
from novel_pages import modern_chapter, story, table_chapter


def test_the_way_to_an_element_leads_to_it_in_other_pages() -> None:
    for write in (table_chapter, modern_chapter):
        layout = Layout()
        for number in (1, 2):
            root = parse_html(write(f"第{number}章", story(number)))
            assert layout.find(root) is None
            body, _ = look_closely(root, write(f"第{number}章", story(number)))
            assert body is not None
            layout.learn(root, body, 900)
        found = layout.find(parse_html(write("第三章", story(3))))
        assert found is not None
        assert all(line in "".join(found.itertext()) for line in story(3))


def test_a_page_that_nothing_is_known_of_is_shown_to_trafilatura(monkeypatch: pytest.MonkeyPatch) -> None:
    page = "<body><div><p>甲乙丙丁戊己庚辛。</p></div><div id=here><p>他沿着江走。</p><p>雨停了。</p></div>"
    monkeypatch.setattr(layout_module, "_extract", lambda: lambda *_, **__: "他沿着江走。\n雨停了。")
    root = parse_html(page)
    body, how = look_closely(root, page)
    assert (how, body is not None and body.get("id")) == ("trafilatura", "here")


def test_numbers_in_classes_and_ids_are_no_way() -> None:
    def page(number: int) -> str:
        return f"<body><div id=c{number}><div class='text t{number}'><p>甲</div><div class=text><p>乙</div></div>"

    first, second = (etree.fromstring(page(number), etree.HTMLParser()) for number in (17, 18))
    for place in (0, 1):
        found = second.xpath(way_to(first, first.findall(".//div/div")[place]))
        assert found == [second.findall(".//div/div")[place]]


def test_a_site_without_a_layout_is_not_looked_at_for_ever() -> None:
    layout = Layout()
    for number in range(40):
        if not layout.is_learning:
            break
        root = etree.fromstring(f"<body><div id={'x' * (number + 1)}>甲</div>", etree.HTMLParser())
        layout.learn(root, root.find(".//div"), 100)
    assert number == 12
    assert layout.way is None


def test_what_a_copy_learns_its_original_does_not() -> None:
    learned = Learned()
    root = etree.fromstring("<body><div id=a>甲</div>", etree.HTMLParser())
    learned.of("a.example").learn(root, root.find(".//div"), 100)
    copied = learned.copy()
    assert copied.of("a.example") == learned.of("a.example")
    copied.of("a.example").learn(root, root.find(".//div"), 100)
    assert copied.of("a.example").find(root) is not None
    assert learned.of("a.example").find(root) is None


def test_each_host_has_its_own_layout() -> None:
    learned = Learned()
    assert learned.of("a.example") is learned.of("a.example") is not learned.of("b.example")


def test_what_readers_say_below_is_not_the_text_however_long_it_is() -> None:
    text = "".join(f"<p>{line}</p>" for line in story(1))
    said = "".join(f"<li><p>{line}</p></li>" for line in story(2, 40))
    root = parse_html(f"<body><div class=a>{text}</div><div class=comments><ul>{said}</ul></div>")
    body = densest(root)
    assert body is not None
    assert body.get("class") == "a"


def test_a_page_of_links_has_no_text() -> None:
    assert densest(parse_html("<body>" + "<p><a href=1>第一章，雾。</a></p>" * 9)) is None
