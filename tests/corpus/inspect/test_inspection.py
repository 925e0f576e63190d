import json
from collections.abc import Callable

from moxu.corpus.book import Book, Chapter
from moxu.corpus.inspect.facts import Facts, Share
from moxu.corpus.inspect.inspection import inspect
from moxu.corpus.work import Work

MakeFacts = Callable[..., Facts]


def test_everything_is_counted(facts: MakeFacts, works: list[Work]) -> None:
    found = facts()
    assert (found.works, found.chapters, found.paragraphs) == (2, 6, 12 + 9 + 1 + 3 + 12)
    assert found.characters == sum(work.characters for work in works) == sum(found.text.kinds.values())
    assert found.structure.volume_titles == 1
    assert [found.lengths[name].count for name in ("works", "chapters", "paragraphs")] == [2, 5, 37]


def test_works_are_counted_by_what_is_said_of_them(facts: MakeFacts, works: list[Work]) -> None:
    shares = facts().shares
    first, second = (work.characters for work in works)
    assert shares["split"] == (Share("train", 1, 4, first), Share("validation", 1, 2, second))
    assert shares["licence"] == (Share("CC0", 1, 4, first), Share("", 1, 2, second))
    assert {share.name for share in shares["author"]} == {"林远", "周<b>"}


def test_a_gap_in_the_chapters_is_found(facts: MakeFacts) -> None:
    structure = facts().structure
    assert (structure.missing, structure.works_misnumbered) == (3, 1)  # 二 and 三, and the first volume
    assert [(fault.unit, fault.previous, fault.number) for fault in structure.misnumbered[0].faults] == [
        ("卷", 0, 2),
        ("章", 1, 4),
    ]


def test_chapters_without_a_title_and_short_ones_are_found(facts: MakeFacts) -> None:
    structure = facts().structure
    assert (structure.untitled, structure.works_untitled[0].work) == (1, "雪夜")
    assert (structure.shortest[0].number, structure.shortest[0].characters) == (4, 5)
    assert structure.longest[0].title == "第一章 雪"


def test_copies_and_repeated_lines_are_found(facts: MakeFacts) -> None:
    repetition = facts().repetition
    assert repetition.copies[0].places[0] == ("雪夜", 1)
    assert repetition.chapters == len(repetition.copies) == 2  # that of three times the same is nearly the same, too
    advert = next(line for line in repetition.lines if "收藏" in line.text)
    assert (advert.count, advert.works) == (4, 2)


def test_dialogue_is_what_stands_within_quotation_marks(facts: MakeFacts) -> None:
    dialogue = facts().dialogue
    assert dialogue.characters == 8 * len("“谁在门外？”") + 4 * len("“船来了，我们走吧")
    assert (dialogue.unclosed, dialogue.works_without) == (4, 0)


def test_odd_and_lost_characters_are_found_with_where_they_are(facts: MakeFacts) -> None:
    found = facts()
    assert [(one.character, one.count, one.work) for one in found.text.odd] == [("★", 8, "雪夜")]
    assert (found.works_with_lost, [one.lost for one in found.lost_in]) == (2, [3, 1])


def test_excerpts_are_only_taken_when_they_are_asked_for(facts: MakeFacts) -> None:
    assert facts().excerpts == ()
    assert len(facts(excerpts=2).excerpts) == 2


def test_nothing_at_all_can_be_inspected(facts: MakeFacts) -> None:
    found = facts([])
    assert (found.works, found.characters, found.text.different, found.repetition.copies) == (0, 0, 0, ())


def test_a_work_without_text_is_counted(facts: MakeFacts) -> None:
    assert facts([Work("a", Book("空", "", (Chapter("卷一"),)), "a.txt")]).works == 1


def test_the_facts_are_plain_json(facts: MakeFacts) -> None:
    told = json.loads(json.dumps(facts(excerpts=1).as_object()))
    assert told["structure"]["misnumbered"][0]["faults"][0]["fault"] == "missing"


def test_progress_hears_of_every_work(works: list[Work]) -> None:
    heard: list[str] = []
    inspect(works, progress=lambda work: heard.append(work.id))
    assert heard == ["a", "b"]


def test_many_authors_are_told_as_the_most_productive_and_the_others(facts: MakeFacts) -> None:
    works = [
        Work(f"{number}", Book(f"{number}", f"作者{number}", (Chapter("一", ("字" * (number + 1),)),)), "a.txt")
        for number in range(50)
    ]
    shares = facts(works).shares["author"]
    assert (len(shares), shares[0].name, shares[-1].works) == (21, "作者49", 30)
    assert sum(share.characters for share in shares) == sum(range(51))
