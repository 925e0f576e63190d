"""Making room."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from moxu.errors import StoreError
from moxu.store.pruning import Thinning
from moxu.store.records import Draft
from moxu.store.refusals import Missing
from moxu.store.store import Store
from moxu.store.tables import ChapterRow, NoteRow, RevisionRow

NOW = datetime(2024, 6, 30, 12, 0, tzinfo=UTC)
LATER = datetime(9000, 1, 1, tzinfo=UTC)


def history(store: Store, ages: list[timedelta]) -> int:
    """Make a chapter whose revisions 1, 2, … are so old; each adds a little to a long beginning."""
    chapter = store.create_chapter(store.create_story().id, text=text_of(1)).id
    for number in range(2, len(ages) + 1):
        store.save_chapter(chapter, text_of(number), number - 1)
    with store.database.writing() as session:
        for number, age in enumerate(ages, start=1):
            row = update(RevisionRow).where(RevisionRow.chapter_id == chapter, RevisionRow.number == number)
            session.execute(row.values(created=NOW - age))
    return chapter


def text_of(number: int) -> str:
    return "雾" * 100 + "江" * number


def minutes(*ages: int) -> list[timedelta]:
    return [timedelta(minutes=age) for age in ages]


def left(store: Store, chapter: int) -> list[int]:
    entries = [entry.number for entry in store.revisions(chapter)]
    assert [store.revision(chapter, number).text for number in entries] == [text_of(number) for number in entries]
    return entries


def test_young_revisions_all_stay(store: Store) -> None:
    chapter = history(store, minutes(50, 40, 30, 20))
    assert store.prune_revisions(chapter, at=NOW) == 0
    assert left(store, chapter) == [1, 2, 3, 4]


def test_of_older_revisions_the_last_of_each_hour_stays(store: Store) -> None:
    chapter = history(store, minutes(175, 170, 110, 100, 61, 50, 40, 1))
    assert store.prune_revisions(chapter, Thinning(all_for=timedelta(minutes=30)), at=NOW) == 3
    assert left(store, chapter) == [1, 2, 5, 7, 8]


def test_of_the_oldest_revisions_the_last_of_each_day_stays(store: Store) -> None:
    chapter = history(store, [timedelta(days=days) for days in (9.4, 9.2, 9.1, 8.2, 8.1, 0)])
    thinning = Thinning(all_for=timedelta(hours=1), hourly_for=timedelta(days=2))
    store.prune_revisions(chapter, thinning, at=NOW)
    assert left(store, chapter) == [1, 3, 5, 6]


def test_a_revision_that_others_are_read_with_stays(store: Store) -> None:
    chapter = history(store, [timedelta(days=days) for days in range(80, 0, -1)])
    with store.database.reading() as session:
        used = set(session.scalars(select(RevisionRow.snapshot).where(RevisionRow.snapshot.is_not(None))))
    assert len(used) > 1
    store.prune_revisions(chapter, Thinning(timedelta(0), timedelta(0)), at=NOW + timedelta(days=1))
    assert used < set(left(store, chapter))


def test_the_newest_revision_stays_whatever_the_policy_and_can_be_edited(store: Store) -> None:
    chapter = history(store, minutes(5, 4, 3, 2))
    store.prune_revisions(chapter, Thinning(timedelta(0), timedelta(0)), at=LATER)
    assert left(store, chapter) == [1, 4]
    store.save_chapter(chapter, text_of(5), 4)
    assert left(store, chapter) == [1, 4, 5]
    with pytest.raises(Missing, match="old ones may be pruned"):
        store.restore(chapter, 2, 5)


def test_candidates_that_were_kept_stay(store: Store) -> None:
    chapter = store.create_chapter(store.create_story().id).id
    kept, _ = store.add_candidates(chapter, 1, [Draft("一", 1), Draft("二", 2)])
    kept = store.judge_candidate(kept.id, "kept")
    store.prune_candidates(timedelta(days=1))
    assert len(store.candidates(chapter)) == 2
    store.prune_candidates(timedelta(days=1), at=LATER)
    assert store.candidates(chapter) == (kept,)


def test_what_was_deleted_lately_can_still_be_recovered(store: Store) -> None:
    story = store.create_story().id
    store.delete_story(story)
    store.purge_deleted(timedelta(days=30))
    assert store.recover_story(story).id == story


def test_what_was_deleted_long_ago_is_gone_with_all_that_belongs_to_it(store: Store) -> None:
    gone, stays = store.create_story().id, store.create_story().id
    chapter = store.create_chapter(gone).id
    store.add_candidates(chapter, 1, [Draft("一", 1)])
    store.delete_story(gone)
    store.delete_chapter(store.create_chapter(stays).id)
    store.purge_deleted(timedelta(days=30), at=LATER)
    with pytest.raises(Missing, match=f"story {gone}: there is none"):
        store.recover_story(gone)
    with store.database.reading() as session:
        assert session.scalars(select(ChapterRow)).all() == []
        assert session.scalars(select(RevisionRow)).all() == []
        assert {note.story_id for note in session.scalars(select(NoteRow))} == {stays}


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="has no time zone"):
        store.purge_deleted(timedelta(0), at=datetime(2024, 1, 1))
