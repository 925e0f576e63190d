import numpy as np

from moxu.decode.penalties import CountPenalty, RepetitionPenalty, recent_counts, seen_recently


def test_repetition_divides_positive_and_multiplies_negative_logits_once() -> None:
    logits = np.asarray([[2.0, -2.0, 1.0, -1.0]], np.float32)
    punished = RepetitionPenalty(penalty=2.0, window=10)(logits, [[0, 0, 1]])
    np.testing.assert_array_equal(punished, [[1.0, -4.0, 1.0, -1.0]])


def test_frequency_counts_each_time_and_presence_once() -> None:
    logits = np.zeros((2, 3), np.float32)
    punished = CountPenalty(presence=1.0, frequency=0.25, window=10)(logits, [[0, 0, 1], []])
    np.testing.assert_array_equal(punished, [[-1.5, -1.25, 0.0], [0.0, 0.0, 0.0]])


def test_only_the_window_is_counted() -> None:
    counts = recent_counts(np.zeros((1, 4), np.float32), [[3, 3, 3, 0, 1]], 2)
    np.testing.assert_array_equal(counts, [[1, 1, 0, 0]])


def test_seen_is_what_has_a_count() -> None:
    logits, history = np.zeros((3, 5), np.float32), [[4, 4, 1], [], [2]]
    np.testing.assert_array_equal(seen_recently(logits, history, 2), recent_counts(logits, history, 2) > 0)


def test_what_is_forbidden_stays_forbidden() -> None:
    logits = np.asarray([[-np.inf, 0.5]], np.float32)
    assert np.isneginf(RepetitionPenalty(penalty=1.3, window=4)(logits, [[0]])[0, 0])
    assert np.isneginf(CountPenalty(presence=1.0, frequency=1.0, window=4)(logits, [[0]])[0, 0])
