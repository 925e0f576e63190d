import pytest

from moxu.serve.checks import check_within, token_biases
from moxu.serve.problems import Problem


@pytest.mark.parametrize("value", [None, 1, 1.5, 3])
def test_a_value_in_its_range_passes(value: float | None) -> None:
    check_within("n", value, 1, 3)


@pytest.mark.parametrize(
    ("value", "unit", "message"),
    [
        (0, "", "n is 0; expected between 1 and 3"),
        (4, "texts", "n has 4 texts; expected between 1 and 3"),
        (10**400, "", "n is too large; expected between 1 and 3"),
    ],
)
def test_a_value_out_of_its_range_is_named(value: float, unit: str, message: str) -> None:
    with pytest.raises(Problem) as caught:
        check_within("n", value, 1, 3, unit)
    assert (str(caught.value), caught.value.param, caught.value.code) == (message, "n", "out_of_range")


def test_biases_are_pairs_of_ids() -> None:
    assert token_biases({"0": -1.5, "9": 2.0}, 10) == ((0, -1.5), (9, 2.0))


@pytest.mark.parametrize("key", ["10", "-1", "a", "", "²", "1.0", "9" * 5000])
def test_what_is_no_id_has_no_bias(key: str) -> None:
    with pytest.raises(Problem, match="expected ids from 0 to 9"):
        token_biases({key: 1.0}, 10)
