"""The shelf."""

from datetime import UTC, datetime, timedelta

import pytest

from moxu.errors import StoreError
from moxu.store.refusals import Missing
from moxu.store.store import Store


def titles(store: Store, *, deleted: bool = False) -> list[str]:
    return [story.title for story in store.stories(deleted=deleted)]


def test_a_new_story_is_the_last_unless_a_place_is_named(store: Store) -> None:
    for title in ("一", "二"):
        store.create_story(title)
    store.create_story("零", index=0)
    store.create_story("又", index=1)
    assert titles(store) == ["零", "又", "一", "二"]


def test_a_story_counts_the_chapters_and_characters_that_are_not_deleted(store: Store) -> None:
    story = store.create_story("长夜行")
    store.create_chapter(story.id, text="雾从江上起来")
    gone = store.create_chapter(story.id, text="不要了")
    store.delete_chapter(gone.id)
    saved = store.save_chapter(store.create_chapter(story.id, text="过").id, "过河么？", 1)
    counted = store.story(story.id)
    assert (counted.chapters, counted.characters) == (2, 10)
    assert counted.updated == saved.updated > counted.created


def test_a_renamed_story_keeps_its_place(store: Store) -> None:
    story = store.create_story("一")
    store.create_story("二")
    assert store.rename_story(story.id, "壹").title == "壹"
    assert titles(store) == ["壹", "二"]


@pytest.mark.parametrize(
    ("index", "order"), [(0, "丙甲乙"), (1, "甲丙乙"), (2, "甲乙丙"), (99, "甲乙丙"), (-1, "丙甲乙")]
)
def test_a_story_is_moved_to_where_so_many_come_before_it(store: Store, index: int, order: str) -> None:
    stories = [store.create_story(title) for title in "甲乙丙"]
    store.move_story(stories[2].id, index)
    assert titles(store) == list(order)


def test_a_deleted_story_comes_back_where_it_was_with_all_it_had(store: Store) -> None:
    stories = [store.create_story(title) for title in "甲乙丙"]
    chapter = store.create_chapter(stories[1].id, text="雾")
    store.delete_story(stories[1].id)
    assert (titles(store), titles(store, deleted=True)) == (["甲", "丙"], ["乙"])
    store.move_story(stories[2].id, 0)
    assert store.recover_story(stories[1].id).deleted is None
    assert titles(store) == ["丙", "甲", "乙"]
    assert store.chapter(chapter.id) == chapter


def test_nothing_can_be_done_with_a_deleted_story_or_what_is_in_it(store: Store) -> None:
    story = store.create_story("甲").id
    chapter = store.create_chapter(story, text="雾").id
    note = store.notes(story)[0].id
    store.delete_story(story)
    for act in (
        lambda: store.story(story),
        lambda: store.rename_story(story, "乙"),
        lambda: store.move_story(story, 0),
        lambda: store.delete_story(story),
        lambda: store.create_chapter(story),
        lambda: store.chapters(story),
        lambda: store.chapter(chapter),
        lambda: store.save_chapter(chapter, "江", 1),
        lambda: store.revisions(chapter),
        lambda: store.notes(story),
        lambda: store.note(note),
    ):
        with pytest.raises(Missing, match=f"story {story} was deleted; recover it first"):
            act()


@pytest.mark.parametrize("number", [0, -1, 1, 2**31, 10**40])
def test_a_story_that_never_was_is_told(store: Store, number: int) -> None:
    with pytest.raises(Missing, match=f"story {number}: there is none"):
        store.story(number)
    with pytest.raises(Missing, match=f"story {number}: there is none"):
        store.recover_story(number)


def test_the_number_of_a_purged_story_is_not_given_out_again(store: Store) -> None:
    story = store.create_story().id
    store.delete_story(story)
    store.purge_deleted(timedelta(0), at=datetime(9000, 1, 1, tzinfo=UTC))
    assert store.create_story().id > story


def test_a_title_that_cannot_be_stored_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match=r"the title: character 2 is U\+0000"):
        store.create_story("长\0夜")
    assert titles(store) == []
