"""Memory, author's note and lore."""

import pytest

from moxu.errors import StoreError
from moxu.store.records import NoteContent
from moxu.store.refusals import Conflict, Missing
from moxu.store.store import Store

BOATMAN = NoteContent(name="船家", aliases=("老艄公", "陈三"), text="六十岁，左耳失聪。", always=True, depth=2000)


@pytest.fixture
def story(store: Store) -> int:
    return store.create_story("长夜行").id


def names(store: Store, story: int) -> list[str]:
    return [note.content.name for note in store.notes(story) if note.kind == "lore"]


def test_a_story_has_one_memory_and_one_authors_note(store: Store, story: int) -> None:
    notes = store.notes(story)
    assert [(note.kind, note.content, note.revision) for note in notes] == [
        ("memory", NoteContent(), 1),
        ("author", NoteContent(), 1),
    ]


def test_a_card_comes_back_as_it_was_written(store: Store, story: int) -> None:
    card = store.create_card(story, BOATMAN)
    assert (card.kind, card.content, card.revision, card.text) == ("lore", BOATMAN, 1, "六十岁，左耳失聪。")
    assert store.note(card.id) == card
    assert store.notes(story)[2:] == (card,)


def test_a_saved_note_has_the_next_revision(store: Store, story: int) -> None:
    memory = store.notes(story)[0]
    saved = store.save_note(memory.id, NoteContent(text="故事发生在江南。", depth=0), memory.revision)
    assert (saved.revision, saved.content) == (2, NoteContent(text="故事发生在江南。", depth=0))
    assert store.save_note(memory.id, saved.content, 1) == saved  # what is saved already is not saved again
    assert store.note(memory.id) == saved


def test_a_note_that_somebody_else_saved_is_a_conflict(store: Store, story: int) -> None:
    card = store.create_card(story, BOATMAN)
    newest = store.save_note(card.id, NoteContent(name="船家", text="七十岁。"), 1)
    with pytest.raises(Conflict, match=f"note {card.id} is at revision 2") as conflict:
        store.save_note(card.id, NoteContent(name="船家", text="八十岁。"), 1)
    assert (conflict.value.current, conflict.value.text) == (newest, "七十岁。")
    assert store.note(card.id) == newest


def test_cards_are_moved_among_cards(store: Store, story: int) -> None:
    cards = [store.create_card(story, NoteContent(name=name)) for name in "甲乙丙"]
    store.move_card(cards[2].id, 0)
    assert names(store, story) == ["丙", "甲", "乙"]
    store.move_card(cards[2].id, 2)
    assert names(store, story) == ["甲", "乙", "丙"]
    assert [note.kind for note in store.notes(story)][:2] == ["memory", "author"]


def test_a_deleted_card_comes_back_where_it_was(store: Store, story: int) -> None:
    cards = [store.create_card(story, NoteContent(name=name)) for name in "甲乙丙"]
    store.delete_card(cards[1].id)
    assert names(store, story) == ["甲", "丙"]
    assert [note.id for note in store.notes(story, deleted=True)] == [cards[1].id]
    with pytest.raises(Missing, match=f"note {cards[1].id} was deleted"):
        store.save_note(cards[1].id, BOATMAN, 1)
    assert store.recover_card(cards[1].id) == cards[1]
    assert names(store, story) == ["甲", "乙", "丙"]


def test_memory_and_authors_note_cannot_be_deleted_or_moved(store: Store, story: int) -> None:
    memory = store.notes(story)[0].id
    with pytest.raises(StoreError, match="is the memory note of its story, not a card"):
        store.delete_card(memory)
    with pytest.raises(StoreError, match="is the memory note of its story, not a card"):
        store.move_card(memory, 1)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (NoteContent(name="\0"), "the name: character 1"),
        (NoteContent(aliases=("\ud800",)), "the aliases: "),
        (NoteContent(text="雾\0"), "the text: character 2"),
        (NoteContent(depth=-1), "depth is -1"),
    ],
)
def test_what_cannot_be_stored_is_refused(store: Store, story: int, content: NoteContent, told: str) -> None:
    with pytest.raises(StoreError, match=told):
        store.create_card(story, content)
    assert names(store, story) == []


@pytest.mark.parametrize("number", [0, 99, 10**20])
def test_a_note_that_never_was_is_told(store: Store, number: int) -> None:
    with pytest.raises(Missing, match=f"note {number}: there is none"):
        store.note(number)
