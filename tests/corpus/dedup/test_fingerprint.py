"""Fingerprints: equal for texts that say the same, in every process."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moxu.corpus.dedup.fingerprint import EXACT_BYTES, Fingerprinter
from moxu.errors import SettingsError

TEXT = "夜里下了一场雨。他推开门，院子里静悄悄的。\n“谁在那里？”她问。没有人回答，只听见风的声音。"
PRINT = "import sys\nfrom moxu.corpus.dedup.fingerprint import Fingerprinter\n"
PRINT += "f = Fingerprinter().of(sys.argv[1])\nprint(f.exact.hex(), f.signature.tolist())"


def test_white_space_and_punctuation_make_no_difference() -> None:
    other = "　　夜里下了一场雨，他推开门；院子里静悄悄的！\n\n「谁在那里」她问……没有人回答 只听见风的声音"
    first, second = Fingerprinter().of(TEXT), Fingerprinter().of(other)
    assert first.exact == second.exact
    assert first.signature is not None
    assert second.signature is not None
    assert np.array_equal(first.signature, second.signature)


def test_one_other_letter_makes_another_digest_and_nearly_the_same_signature() -> None:
    first, second = Fingerprinter().of(TEXT), Fingerprinter().of(TEXT.replace("雨", "雪"))
    assert first.exact != second.exact
    assert first.signature is not None
    assert second.signature is not None
    assert 0.6 < (first.signature == second.signature).mean() < 1


def test_short_texts_have_no_signature_and_are_equal_only_as_they_are() -> None:
    shorts = ["", "……", "？", "雨", "雨。", "雨 ", "夜雨", "一二三四", "一二，三四", "Ａ", "a"]
    fingerprints = [Fingerprinter(ngram=5).of(text) for text in shorts]
    assert [each.signature for each in fingerprints] == [None] * len(shorts)
    assert len({each.exact for each in fingerprints}) == len(shorts)
    assert Fingerprinter().of("夜雨").exact == Fingerprinter().of("夜雨").exact


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from([1, 3, 5, 8]), st.sampled_from([8, 80, 128]))
def test_any_text_has_a_fingerprint_of_its_size(text: str, ngram: int, bins: int) -> None:
    fingerprint = Fingerprinter(ngram, bins).of(text)
    assert len(fingerprint.exact) == EXACT_BYTES
    if fingerprint.signature is not None:
        assert fingerprint.signature.shape == (bins,)
        assert fingerprint.signature.dtype == np.uint32


@pytest.mark.parametrize("seed", ["0", "1234"])
def test_fingerprints_of_another_process_are_the_same(seed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT, TEXT],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    mine = Fingerprinter().of(TEXT)
    assert mine.signature is not None
    assert done.stdout.strip() == f"{mine.exact.hex()} {mine.signature.tolist()}"


def test_fingerprints_are_those_that_were_written_before() -> None:
    """What a build has kept must not become worthless unnoticed."""
    mine = Fingerprinter().of(TEXT)
    assert mine.signature is not None
    assert mine.exact.hex() == "04baf5c3558bf15c33a14f4b28209a11"
    assert mine.signature[:4].tolist() == [4253237083, 59957561, 59957561, 203479788]


def test_fingerprinter_can_be_sent_to_another_process() -> None:
    sent = pickle.loads(pickle.dumps(Fingerprinter(ngram=6, bins=64)))
    assert sent == Fingerprinter(ngram=6, bins=64)


@pytest.mark.parametrize("values", [{"ngram": 0}, {"ngram": 33}, {"bins": 7}, {"bins": 2000}])
def test_settings_out_of_range_are_named_with_what_is_expected(values: dict[str, int]) -> None:
    ((name, value),) = values.items()
    with pytest.raises(SettingsError, match=f"{name} is {value}; expected"):
        Fingerprinter(**values)
