from moxu.cli.record import Record
from moxu.decode.options import sampling_options
from moxu.writers.base import Finish, Piece, Request, Started


def record_of_two() -> Record:
    record = Record()
    for event in (Started(2, 2, (7, 8)), Piece(0, "甲"), Piece(1, "乙"), Piece(0, "子"), Finish(0, "stop", 2, 2, 0.5)):
        record.take(event)
    return record


def test_an_unfinished_text_is_cancelled_and_kept() -> None:
    first, second = record_of_two().continuations()
    assert (first.text, first.finish_reason, first.seed, first.characters_per_second) == ("甲子", "stop", 7, 4.0)
    assert (second.text, second.finish_reason, second.seed) == ("乙", "cancelled", 8)


def test_the_summary_names_the_seeds_and_the_speed_of_all_together() -> None:
    assert record_of_two().summary() == "seeds 7 to 8 · 6 characters/s"


def test_nothing_is_recorded_before_the_start() -> None:
    assert not Record().has_text
    assert Record().continuations() == []


def test_the_answer_in_json_has_exactly_its_four_keys() -> None:
    request = Request(prompt="\n", options=sampling_options("steady"), count=2, max_chars=9, stop=("完",))
    answer = record_of_two().as_json("small", request, "steady")
    assert list(answer) == ["model", "seed", "settings", "continuations"]
    assert (answer["model"], answer["seed"]) == ("small", 7)
    assert answer["settings"]["temperature"] == 0.8
    assert answer["settings"]["max_chars"] == 9
    assert {"preset", "stop", "window", "context", "past_end", "beams"} <= answer["settings"].keys()
    assert set(answer["continuations"][0]) == {"text", "finish_reason", "characters_per_second", "seed"}
