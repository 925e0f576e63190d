import io
import sys

import pytest

from moxu.cli.asking import ask


@pytest.mark.parametrize(
    ("typed", "taken"), [("山\n", "山"), ("\n", ""), (" stop \n", None), ("", None), ("stop it\n", "stop it")]
)
def test_a_line_is_taken_until_somebody_leaves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, taken: str | None
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert ask() == taken
    assert capsys.readouterr().out == ""  # the question is not among the texts
