from unittest.mock import patch

import pytest

from moxu.errors import StoreError
from moxu.store.history import write_text
from moxu.store.refusals import Missing
from moxu.store.store import Store

CHAPTERS = [("第一卷", "第一卷"), ("渡口", "渡口\n雾起。"), ("", "\n无题。")]


def test_a_story_is_there_with_all_its_chapters_and_its_author(store: Store) -> None:
    before = store.create_story("旧的")
    story = store.add_story("长夜行", CHAPTERS, "某人")
    counts = [len("".join(text.split())) for _, text in CHAPTERS]
    assert (story.title, story.chapters, story.characters) == ("长夜行", 3, sum(counts))
    assert [one.id for one in store.stories()] == [before.id, story.id]
    found = store.whole_story(story.id)
    assert (found.story, found.author) == (story, "某人")
    assert [(chapter.title, chapter.text, chapter.revision) for chapter in found.chapters] == [
        (title, text, 1) for title, text in CHAPTERS
    ]
    assert [entry.id for entry in store.chapters(story.id)] == [chapter.id for chapter in found.chapters]
    assert {note.kind for note in store.notes(story.id)} == {"memory", "author"}


def test_it_goes_on_as_any_other_story(store: Store) -> None:
    story = store.add_story("长夜行", CHAPTERS)
    first, second, _ = store.chapters(story.id)
    store.save_chapter(second.id, "渡口\n雾散。", 1)
    store.delete_chapter(first.id)
    store.move_chapter(second.id, 1)
    found = store.whole_story(story.id)
    assert [chapter.text for chapter in found.chapters] == ["\n无题。", "渡口\n雾散。"]
    assert found.author == ""


@pytest.mark.parametrize("bad", [("\x00", "甲"), ("乙", "\ud800")])
def test_of_a_story_that_cannot_be_stored_whole_nothing_is_there(store: Store, bad: tuple[str, str]) -> None:
    with pytest.raises(StoreError, match="of chapter 4: character 1 is U"):
        store.add_story("长夜行", [*CHAPTERS, bad])
    assert store.stories() == ()


def test_when_it_breaks_off_nothing_is_there(store: Store) -> None:
    def fail(*arguments: object) -> None:
        if arguments[2] == CHAPTERS[2][1]:
            raise RuntimeError("the machine is out of paper")
        write_text(*arguments)  # type: ignore[arg-type]

    with patch("moxu.store.whole.write_text", fail), pytest.raises(RuntimeError):
        store.add_story("长夜行", CHAPTERS, "某人")
    assert store.stories() == ()
    assert store.stories(deleted=True) == ()
    assert store.settings() == {}


def test_a_story_that_is_not_there_is_missing(store: Store) -> None:
    story = store.add_story("长夜行", CHAPTERS)
    store.delete_story(story.id)
    for number in (story.id, story.id + 1):
        with pytest.raises(Missing):
            store.whole_story(number)
