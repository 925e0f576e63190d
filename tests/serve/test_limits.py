import dataclasses

from moxu.serve.limits import Limits


def test_every_limit_is_a_positive_number() -> None:
    assert all(value > 0 for value in dataclasses.asdict(Limits()).values())


def test_requests_are_turned_away_with_an_answer_before_connections_are() -> None:
    assert Limits().requests < Limits().connections


def test_a_prompt_of_the_longest_kind_fits_in_a_body() -> None:
    assert 4 * Limits().prompt_characters <= Limits().body_bytes  # four bytes of UTF-8 a character
