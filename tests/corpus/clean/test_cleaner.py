import pickle
import subprocess
import sys

import pytest

from moxu.corpus.book import Book, Chapter
from moxu.corpus.clean.cleaner import Cleaner, clean_book
from moxu.corpus.clean.rules import RULES
from moxu.corpus.clean.tally import Emptied, Sample
from moxu.errors import SettingsError

PROSE = (
    "雾从江上起来的时候，他还在渡口等船。",
    "“船来了！”她喊道，“你看——”",
    "“……”他没有说话，只是笑了一笑；天，慢慢地黑了。",
    "第三章里说过，这一年（一九二六年）冬天冷得很。",
    "话说那日天色已晚，正是：",
    "春眠不觉晓 处处闻啼鸟",
    "他在起点中文网写小说，每天求月票，求得累了，便到渡口去看Mr. Wang的船（No.3）。",
    "“您的支持是我最大的动力，”她说，“请收藏。”",
    "阿Q笑道：“3.14，对么？”",
    "他打开手机，请上楼的人先走；最快请明天来。",
    "欲知后事如何，且听下回分解。",
)
ADVERTS = (
    "求月票！",
    "上一章 返回目录 下一章",
    "最新章节请访问 http://www.wugang.example/1.html",
    "（本章未完，请翻页）",
    "QQ群：123456789",
    "雾港小说网",
)
WITHIN = (
    "（手机用户请到m.wugang.example阅读）",
    "【雾港小说网 www.wugang.example】",
    "ｗｗｗ．ｗｕｇａｎｇ．ｃｏｍ",
    " 笔♂趣♂阁 ",
    "手机用户请浏览m.wugang.example阅读，更优质的阅读体验。",
    "（本章未完，请点击下一页继续阅读）",
    "\u200b",
)


def book(*paragraphs: str, title: str = "第一章 渡口") -> Book:
    return Book("雾港", "某人", (Chapter(title, paragraphs),))


def paragraphs(*lines: str, cleaner: Cleaner | None = None) -> tuple[str, ...]:
    return clean_book(book(*lines), cleaner or Cleaner())[0].chapters[0].paragraphs


def test_good_prose_comes_back_as_it_was() -> None:
    cleaned, tally = clean_book(book(*PROSE), Cleaner())
    assert cleaned == book(*PROSE)
    assert tally.rules == {}


@pytest.mark.parametrize("advert", ADVERTS)
def test_an_advert_between_paragraphs_leaves_no_trace(advert: str) -> None:
    assert paragraphs(*(line for one in PROSE for line in (advert, one))) == PROSE


@pytest.mark.parametrize("advert", WITHIN)
def test_an_advert_within_a_paragraph_leaves_no_trace(advert: str) -> None:
    assert paragraphs(*(f"{one[:5]}{advert}{one[5:]}" for one in PROSE[:5])) == PROSE[:5]
    assert paragraphs(*(one + advert for one in PROSE[:5])) == PROSE[:5]


def test_rules_run_in_one_order_whatever_order_they_are_named_in() -> None:
    assert Cleaner(tuple(RULES)[::-1]).names == tuple(RULES)
    assert Cleaner(("sites", "adverts", "sites")).names == ("adverts", "sites")


def test_rules_are_switched_off_and_on_by_name() -> None:
    assert paragraphs("求月票！", "他...", cleaner=Cleaner.of(without=["adverts"])) == ("求月票！", "他……")
    assert paragraphs("「走。」", cleaner=Cleaner.of(also=["corners"])) == ("“走。”",)


@pytest.mark.parametrize("wrong", [lambda: Cleaner(("advert",)), lambda: Cleaner.of(without=["advert"])])
def test_unknown_rule_is_named_with_the_nearest(wrong: type[Cleaner]) -> None:
    with pytest.raises(SettingsError, match="cleaning rule 'advert' is unknown; did you mean 'adverts'"):
        wrong()


def test_fingerprint_is_that_of_the_rules_in_every_process() -> None:
    cleaner = Cleaner.of(also=["simplified"])
    assert pickle.loads(pickle.dumps(cleaner)) == cleaner
    assert cleaner.fingerprint != Cleaner().fingerprint
    code = "from moxu.corpus.clean.cleaner import Cleaner; print(Cleaner.of(also=['simplified']).fingerprint)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == cleaner.fingerprint


def test_chapter_that_loses_all_its_paragraphs_is_there_and_named() -> None:
    first, second = Chapter("第一章", ("求月票！", "***")), Chapter("第二章", ("走了。",))
    cleaned, tally = clean_book(Book("雾港", chapters=(first, second, Chapter("卷二"))), Cleaner())
    assert cleaned.chapters == (Chapter("第一章"), second, Chapter("卷二"))
    assert tally.emptied == (Emptied("雾港", 1, "第一章"),)


def test_titles_are_cleaned_but_never_emptied() -> None:
    chapters = tuple(
        Chapter(title, ("走了。",)) for title in ("第一章　渡口（求月票）", "第２章 Ａ,他说:走", "求月票", "")
    )
    cleaned, _ = clean_book(Book(chapters=chapters), Cleaner())
    assert [one.title for one in cleaned.chapters] == ["第一章　渡口", "第2章 A,他说：走", "求月票", ""]


def test_what_one_rule_uncovers_another_cleans() -> None:
    line = "雾从江上起来的时候，他还在渡口等船，等了很久。"
    assert paragraphs(line, "求月票！", line) == (line,)
    assert paragraphs("&amp;lt;br&amp;gt;走&amp;amp;nbsp;了") == ("走 了",)


def test_tally_counts_lines_and_characters_and_shows_them() -> None:
    _, tally = clean_book(book("求月票！", "他走了。", "他……求推荐票！（求月票）"), Cleaner())
    adverts = tally.rules["adverts"]
    assert (adverts.lines, adverts.characters) == (2, 9)
    assert Sample("求月票！", "") in adverts.samples


def test_marks_of_the_cleaner_in_a_text_do_no_harm() -> None:
    assert paragraphs("他\x01走\x02了\x03。", "\x02", "") == ("他走了。",)


def test_empty_paragraphs_between_scenes_stay_and_others_go() -> None:
    assert paragraphs("", "甲走了。", "", "", "乙走了。", "") == ("甲走了。", "", "乙走了。")
    assert paragraphs("甲走了。", "", cleaner=Cleaner(("quotes",))) == ("甲走了。", "")


def test_half_characters_do_no_harm() -> None:
    assert paragraphs("他\ud800走了...") == ("他\ud800走了……",)
