from moxu.corpus.book import Chapter
from moxu.corpus.read.markdown import read_markdown

TEXT = """---
title: 长夜行
author: "某\\"人"
---

# 第一章 *渡口* #

雾从江上起来，**他**还在等[船](http://x.invalid "t")。
> 过河么？

- 一件
1986. 那一年

第二章
======

```
# 原样  的 *字*
```
&lt;完&gt; \\* 2 < 3 ![图](a.png) `a*b`
***
"""


def test_headings_begin_chapters_and_marks_go_and_nothing_else() -> None:
    book = read_markdown(TEXT.encode(), "x.md")
    assert (book.title, book.author, book.warnings) == ("长夜行", '某"人', ())
    assert book.chapters == (
        Chapter("第一章 渡口", ("雾从江上起来，他还在等船。", "过河么？", "- 一件", "1986. 那一年")),
        Chapter("第二章", ("# 原样  的 *字*", "<完> * 2 < 3 图 a*b", "***")),
    )


def test_the_first_heading_is_the_title_where_chapters_lie_below() -> None:
    book = read_markdown("# 长夜行\n\n## 一\n\n甲\n\n## 二\n\n乙\n".encode("gb18030"), "x.md")
    assert (book.title, book.encoding) == ("长夜行", "gb18030")
    assert book.chapters == (Chapter("一", ("甲",)), Chapter("二", ("乙",)))


def test_a_volume_is_a_chapter_without_paragraphs() -> None:
    book = read_markdown("# 卷上\n\n## 一\n\n甲\n\n### 小题\n\n## 二\n\n乙\n\n# 卷下\n\n## 三\n\n丙\n".encode(), "x.md")
    assert [chapter.title for chapter in book.chapters] == ["卷上", "一", "二", "卷下", "三"]
    assert book.chapters[1].paragraphs == ("甲", "小题")


def test_a_text_without_headings_is_split_by_its_lines() -> None:
    assert read_markdown("第一章\n甲\n第二章\n乙".encode(), "x").chapters == (
        Chapter("第一章", ("甲",)),
        Chapter("第二章", ("乙",)),
    )


def test_a_line_at_the_head_alone_begins_no_fields() -> None:
    assert read_markdown("---\n甲".encode(), "x").chapters == (Chapter("", ("---", "甲")),)
