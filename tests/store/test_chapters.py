"""Chapters and their revisions."""

from datetime import UTC

import pytest

from moxu.errors import StoreError
from moxu.store.refusals import Conflict, Missing
from moxu.store.store import Store

LONG = "雾从江上起来的时候，船家把篙一点，离了岸。\n" * 50_000  # more than a million characters


@pytest.fixture
def story(store: Store) -> int:
    return store.create_story("长夜行").id


def titles(store: Store, story: int) -> list[str]:
    return [chapter.title for chapter in store.chapters(story)]


def texts(store: Store, chapter: int) -> dict[int, str]:
    return {entry.number: store.revision(chapter, entry.number).text for entry in store.revisions(chapter)}


def test_a_new_chapter_is_its_first_revision(store: Store, story: int) -> None:
    chapter = store.create_chapter(story, "第一章", "雾从江上起来")
    assert (chapter.title, chapter.text, chapter.revision, chapter.characters) == ("第一章", "雾从江上起来", 1, 6)
    assert store.chapter(chapter.id) == chapter
    assert texts(store, chapter.id) == {1: "雾从江上起来"}
    assert chapter.created.tzinfo is UTC


def test_every_save_is_a_revision_that_can_be_read(store: Store, story: int) -> None:
    chapter = store.create_chapter(story).id
    written = {1: ""}
    for number, text in enumerate(["雾", "雾" * 100, "雾" * 100 + "江", "江" + "雾" * 100, "", "新\r\n的😀"], start=2):
        assert store.save_chapter(chapter, text, number - 1).revision == number
        written[number] = text
    assert texts(store, chapter) == written
    assert [entry.characters for entry in store.revisions(chapter)] == [
        len("".join(text.split())) for text in written.values()
    ]
    assert store.chapter(chapter).text == "新\r\n的😀"


def test_a_save_from_an_older_revision_is_a_conflict_and_writes_nothing(store: Store, story: int) -> None:
    chapter = store.create_chapter(story, text="雾").id
    newest = store.save_chapter(chapter, "雾起", 1)
    for base in (0, 1, 3, 10**30):
        with pytest.raises(Conflict, match="is at revision 2, and this edit was made to revision") as conflict:
            store.save_chapter(chapter, "别的", base)
        assert (conflict.value.current, conflict.value.revision, conflict.value.text) == (newest, 2, "雾起")
    assert texts(store, chapter) == {1: "雾", 2: "雾起"}


def test_what_is_saved_already_is_not_saved_again(store: Store, story: int) -> None:
    chapter = store.create_chapter(story, text="雾").id
    saved = store.save_chapter(chapter, "雾起", 1, spans=((0, 1, "人"), (1, 2, "墨")))
    assert store.save_chapter(chapter, "雾起", 1, spans=((0, 1, "人"), (1, 2, "墨"))) == saved
    assert store.save_chapter(chapter, "雾起", 2, spans=[[0, 1, "人"], [1, 2, "墨"]]) == saved
    assert len(store.revisions(chapter)) == 2


def test_who_wrote_what_is_kept_with_each_revision(store: Store, story: int) -> None:
    chapter = store.create_chapter(story, text="雾").id
    store.save_chapter(chapter, "雾起", 1, spans=[{"start": 1, "stop": 2, "by": "墨"}])
    assert store.save_chapter(chapter, "雾起", 2, spans=None).revision == 3  # the author has made it his own
    assert [store.revision(chapter, number).spans for number in (1, 2, 3)] == [
        None,
        [{"start": 1, "stop": 2, "by": "墨"}],
        None,
    ]
    assert store.restore(chapter, 2, 3).spans == [{"start": 1, "stop": 2, "by": "墨"}]


def test_a_restored_revision_is_the_newest_and_nothing_is_lost(store: Store, story: int) -> None:
    chapter = store.create_chapter(story, text="一").id
    store.save_chapter(chapter, "二", 1)
    restored = store.restore(chapter, 1, base_revision=2)
    assert (restored.text, restored.revision) == ("一", 3)
    assert texts(store, chapter) == {1: "一", 2: "二", 3: "一"}


def test_restoring_over_somebody_elses_edit_is_a_conflict(store: Store, story: int) -> None:
    chapter = store.create_chapter(story, text="一").id
    store.save_chapter(chapter, "二", 1)
    with pytest.raises(Conflict) as conflict:
        store.restore(chapter, 1, base_revision=1)
    assert conflict.value.text == "二"


@pytest.mark.parametrize("number", [0, -1, 2, 10**30])
def test_a_revision_that_never_was_is_told(store: Store, story: int, number: int) -> None:
    chapter = store.create_chapter(story).id
    told = f"chapter {chapter} has no revision {number}; its newest is 1"
    with pytest.raises(Missing, match=told):
        store.revision(chapter, number)
    with pytest.raises(Missing, match=told):
        store.restore(chapter, number, 1)


def test_a_million_characters_and_small_edits_of_them_come_back(store: Store, story: int) -> None:
    chapter = store.create_chapter(story, text=LONG).id
    edits = [LONG + "尾", "头" + LONG + "尾", "头" + LONG[:500_000] + "腰" + LONG[500_000:] + "尾", "短"]
    for number, text in enumerate(edits, start=1):
        store.save_chapter(chapter, text, number)
    assert list(texts(store, chapter).values()) == [LONG, *edits]


def test_a_text_that_cannot_be_stored_is_refused(store: Store, story: int) -> None:
    chapter = store.create_chapter(story, text="雾").id
    with pytest.raises(StoreError, match=r"the text: character 2 is U\+0000, which cannot be stored; remove it"):
        store.save_chapter(chapter, "雾\0起", 1)
    with pytest.raises(StoreError, match="the spans: not JSON"):
        store.save_chapter(chapter, "雾起", 1, spans={1, 2})
    assert texts(store, chapter) == {1: "雾"}


@pytest.mark.parametrize(("index", "order"), [(0, "丙甲乙"), (1, "甲丙乙"), (5, "甲乙丙")])
def test_a_chapter_is_moved_to_where_so_many_come_before_it(store: Store, story: int, index: int, order: str) -> None:
    chapters = [store.create_chapter(story, title) for title in "甲乙丙"]
    store.move_chapter(chapters[2].id, index)
    assert titles(store, story) == list(order)


def test_a_chapter_can_be_moved_to_another_story_with_its_history(store: Store, story: int) -> None:
    other = store.create_story("别传").id
    for title in "甲乙":
        store.create_chapter(other, title)
    chapter = store.create_chapter(story, "渡口", "雾").id
    store.save_chapter(chapter, "雾起", 1)
    store.move_chapter(chapter, 1, story=other)
    assert (titles(store, story), titles(store, other)) == ([], ["甲", "渡口", "乙"])
    assert texts(store, chapter) == {1: "雾", 2: "雾起"}


def test_a_deleted_chapter_comes_back_where_it_was_with_its_history(store: Store, story: int) -> None:
    chapters = [store.create_chapter(story, title) for title in "甲乙丙"]
    saved = store.save_chapter(chapters[1].id, "雾", 1)
    store.delete_chapter(saved.id)
    assert titles(store, story) == ["甲", "丙"]
    assert [entry.title for entry in store.chapters(story, deleted=True)] == ["乙"]
    with pytest.raises(Missing, match=f"chapter {saved.id} was deleted; recover it first"):
        store.save_chapter(saved.id, "江", 2)
    assert store.recover_chapter(saved.id) == saved
    assert titles(store, story) == ["甲", "乙", "丙"]


def test_a_title_can_change_without_a_revision(store: Store, story: int) -> None:
    chapter = store.create_chapter(story, "第一章", "雾")
    renamed = store.rename_chapter(chapter.id, "渡口")
    assert (renamed.title, renamed.revision, renamed.text) == ("渡口", 1, "雾")
    assert titles(store, story) == ["渡口"]


def test_a_chapter_of_no_story_is_refused(store: Store) -> None:
    with pytest.raises(Missing, match="story 7: there is none"):
        store.create_chapter(7)
