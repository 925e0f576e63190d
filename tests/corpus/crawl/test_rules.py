import dataclasses
import re
from pathlib import Path

import pytest

from moxu.corpus.crawl.rules import CatalogueRules, ChapterRules, SiteRules, read_rules
from moxu.errors import SettingsError

RULES = """
[[site]]
match = ["wujiang.example", "m.other.example/novel/*"]

[site.catalogue]
links = "#list dd a"
order = "reversed"

[site.chapter]
body = "//div[@id='content']"
remove = [".advert"]
remove_text = ["记住网址.*"]

[[site]]
match = ["example"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_first_rules_that_match_an_address_count(tmp_path: Path) -> None:
    rules = read_rules(written(tmp_path, RULES))
    first, second = rules.site
    assert first.catalogue.order == "reversed"
    for url in ("http://wujiang.example/1.html", "https://www.wujiang.example/", "http://m.other.example/novel/1.html"):
        assert rules.for_url(url) is first
    assert rules.for_url("http://m.other.example/read/1.html") is second
    assert rules.for_url("http://wujiang.test/") == SiteRules()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[site]]\nmatch = ["a"]\n[site.chapter]\nboddy = "x"', r"unknown key 'boddy'; did you mean 'body'\?"),
        ('[[sites]]\nmatch = ["a"]', r"unknown key 'sites'; did you mean 'site'\?"),
        ('[[site]]\n[site.chapter]\nbody = "x"', r"site\[0\]: 'match' is missing; give the hosts"),
        (
            '[[site]]\nmatch = ["a"]\n[site.chapter]\nbody = "div[["',
            r"site\[0\]: chapter: body: selector 'div\[\[' is neither",
        ),
        ('[[site]]\nmatch = ["a"]\n[site.catalogue]\nlinks = "//a["', "catalogue: links: selector '//a\\[' is neither"),
        ('[[site]]\nmatch = ["a"]\n[site.chapter]\nremove = ["p", "::"]', "chapter: remove: selector '::' is neither"),
        (
            '[[site]]\nmatch = ["a"]\n[site.chapter]\nremove_text = ["(x"]',
            r"remove_text: '\(x' is no regular expression",
        ),
        ('[[site]]\nmatch = ["a"]\n[site.catalogue]\norder = "down"', "expected one of auto, listed, reversed"),
    ],
)
def test_a_mistake_in_rules_is_named_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as raised:
        read_rules(written(tmp_path, text))
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path))


def test_the_document_tells_every_key_of_the_rules_and_its_example_is_read(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "crawling.md").read_text("utf-8")
    example = re.search(r"^```toml sites\.toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert example is not None
    assert read_rules(written(tmp_path, example[1])).site[0].catalogue.order == "reversed"
    for table, kind in (("catalogue", CatalogueRules), ("chapter", ChapterRules)):
        section = text.partition(f"\n### `[site.{table}]`\n")[2].partition("\n### ")[0]
        told = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", section, re.MULTILINE))
        defaults = {one.name: one.default for one in dataclasses.fields(kind)}
        assert told == {
            name: '""' if value == "" else "[]" if value == () else f'"{value}"' for name, value in defaults.items()
        }
