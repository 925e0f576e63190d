import random

from moxu.corpus.inspect.copies import Chapters

PHRASES = ["雪下了一夜", "他推开门", "院子里没有人", "灯还亮着", "远处有钟声", "她没有回头", "河水涨了", "船在雾里"]


def chapter(seed: int, sentences: int = 60) -> str:
    draw = random.Random(seed)
    return "\n".join(
        f"{draw.choice(PHRASES)}，{draw.choice(PHRASES)}{draw.randrange(1000)}。" for _ in range(sentences)
    )


def test_equal_chapters_are_found_with_their_places() -> None:
    chapters = Chapters()
    for work, seeds in (("一", (1, 2)), ("二", (3, 1))):
        chapters.begin_work(work)
        for number, seed in enumerate(seeds, 1):
            chapters.add(chapter(seed), number)
    (copies,) = chapters.copies()
    assert (copies.count, copies.alike) == (2, 1.0)
    assert copies.places == (("一", 1), ("二", 2))
    assert copies.characters == len(chapter(1).replace("\n", ""))


def test_a_chapter_with_a_few_other_sentences_is_nearly_the_same() -> None:
    chapters = Chapters()
    chapters.begin_work("一")
    chapters.add(chapter(1), 1)
    chapters.add(chapter(1) + "\n" + chapter(2, 3), 2)
    chapters.add(chapter(5), 3)
    (copies,) = chapters.copies()
    assert [number for _, number in copies.places] == [1, 2]
    assert 0.7 <= copies.alike < 1


def test_short_chapters_that_differ_are_no_copies() -> None:
    chapters = Chapters()
    chapters.begin_work("一")
    for number, text in enumerate(["是", "否", "是"], 1):
        chapters.add(text, number)
    (copies,) = chapters.copies()
    assert copies.places == (("一", 1), ("一", 3))


def test_those_come_first_that_repeat_most_characters() -> None:
    chapters = Chapters()
    chapters.begin_work("一")
    for number, (seed, sentences) in enumerate([(1, 20), (1, 20), (2, 90), (2, 90)], 1):
        chapters.add(chapter(seed, sentences), number)
    assert [copies.places[0][1] for copies in chapters.copies()] == [3, 1]


def test_no_chapters_have_no_copies() -> None:
    assert Chapters().copies() == []
