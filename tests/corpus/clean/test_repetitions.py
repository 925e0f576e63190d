from moxu.corpus.book import Book, Chapter
from moxu.corpus.clean.cleaner import Cleaner, clean_book

TELLS = "第{}条船来了，雾从江上起来。"


def cleaned(*chapters: tuple[str, ...]) -> list[tuple[str, ...]]:
    book = Book(chapters=tuple(Chapter(f"第{number}章", lines) for number, lines in enumerate(chapters)))
    return [chapter.paragraphs for chapter in clean_book(book, Cleaner(("boilerplate",)))[0].chapters]


def test_line_of_many_chapters_goes_wherever_it_stands() -> None:
    own = [TELLS.format(number) for number in range(20)]
    chapters = [(one, "雾港书屋为您呈现最好的书", one) if number % 4 == 0 else (one,) for number, one in enumerate(own)]
    assert all("雾港书屋为您呈现最好的书" not in lines for lines in cleaned(*chapters))


def test_storytellers_formulas_and_speech_stay() -> None:
    kept = (
        "话说那日天色已晚。",
        "有诗为证：",
        "正是：",
        "“我什么也不知道，什么也没看见。”",
        "未知性命如何，且听下回分解。",
    )
    chapters = [(kept[0], TELLS.format(number), *kept[1:]) for number in range(12)]
    assert cleaned(*chapters) == chapters


def test_short_sentence_of_many_chapters_stays_within_them() -> None:
    chapters = [(f"甲{number}。", "他没有说话。", f"乙{number}。") for number in range(12)]
    assert cleaned(*chapters) == chapters


def test_few_chapters_are_too_few_to_judge_by() -> None:
    chapters = [("雾港书屋为您呈现最好的书", TELLS.format(number)) for number in range(4)]
    assert cleaned(*chapters) == chapters
