"""Collections: the fingerprints of texts, in the order in which they were added."""

from moxu.corpus.dedup.collection import Collection
from moxu.corpus.dedup.duplicates import KEPT
from moxu.corpus.dedup.fingerprint import Fingerprinter

TEXT = "夜里下了一场雨。他推开门，院子里静悄悄的。没有人回答，只听见风的声音。"


def test_texts_are_compared_in_the_order_in_which_they_were_added() -> None:
    collection = Collection()
    for text in ("短", TEXT, "长", f"　　{TEXT}", "短"):
        collection.add(text)
    assert len(collection) == 5
    assert collection.duplicates(0.7).repeats.tolist() == [KEPT, KEPT, KEPT, 1, 0]


def test_places_without_text_repeat_nothing() -> None:
    collection = Collection(Fingerprinter(bins=16))
    collection.add_nothing()
    collection.add("")
    collection.add_nothing()
    collection.add(TEXT)
    assert collection.duplicates(0.7).kept.all()


def test_an_empty_collection_has_no_duplicates() -> None:
    assert Collection().duplicates(0.7).kept.tolist() == []
