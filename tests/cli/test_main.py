import errno
import subprocess
import sys
import types
from collections.abc import Callable
from typing import Any

import click
import pytest

import moxu
from moxu.cli.lazy import LazyCommand
from moxu.cli.main import COMMANDS, cli
from moxu.errors import SettingsError

HEAVY = ("torch", "numpy", "transformers", "rich", "safetensors")


def test_help_imports_nothing_heavy() -> None:
    program = "import sys; from moxu.cli.main import main; main(['--help']); print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    modules = answer.stdout.decode().splitlines()[-1].split()
    assert not set(HEAVY) & {module.partition(".")[0] for module in modules}


def test_help_is_utf8_where_the_system_speaks_ascii(start: Callable[..., subprocess.Popen[bytes]]) -> None:
    out, _ = start("--help", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0").communicate()
    assert "墨续" in out.decode("utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_begins_its_own_help_with_a_sentence_and_is_listed(name: str, moxu: Callable[..., Any]) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert command.help
    assert moxu(name, "--help").status == 0
    assert f"  {name} " in moxu().out


def test_the_version_is_printed(moxu: Callable[..., Any]) -> None:
    answer = moxu("--version")
    assert (answer.status, answer.out.split()[0]) == (0, "moxu")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("wriet",), "wriet"),
        (("write", "--tempo", "3"), "--tempo"),
        (("write", "--chars", "many"), "many"),
        (("score",), "MODEL"),
        (("write", "--device", "tpu"), "tpu"),
    ],
)
def test_a_usage_error_is_one_line_that_names_the_mistake(
    moxu: Callable[..., Any], arguments: tuple[str, ...], named: str
) -> None:
    answer = moxu(*arguments)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("moxu: ")
    assert answer.err.count("\n") == 1
    assert named in answer.err
    assert "--help" in answer.err


@pytest.mark.parametrize(
    ("error", "status", "lines"),
    [
        (SettingsError("two\nlines"), 2, ["moxu: two lines"]),
        (KeyboardInterrupt(), 130, [""]),
        (
            OSError(errno.ENOSPC, "Full", "a.txt"),
            1,
            ["moxu: a.txt: Full; what was written before is kept"],
        ),
        (PermissionError(errno.EACCES, "Permission denied", "a.txt"), 2, ["moxu: a.txt: Permission denied"]),
        (click.exceptions.Exit(130), 130, []),
    ],
)
def test_an_error_becomes_a_status_and_at_most_a_line(
    moxu: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    lines: list[str],
) -> None:
    @click.command()
    def fail() -> None:
        raise error

    monkeypatch.setitem(sys.modules, "a_command_that_fails", types.SimpleNamespace(fail=fail))
    monkeypatch.setitem(COMMANDS, "fail", LazyCommand("a_command_that_fails:fail", "Fail."))
    answer = moxu("fail")
    assert (answer.status, answer.err.splitlines()) == (status, lines)


def test_an_unforeseen_error_is_not_hidden(moxu: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "missing", LazyCommand("moxu.cli.main:missing", "Not there."))
    with pytest.raises(AttributeError):
        moxu("missing")


def test_package_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "moxu", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"moxu {moxu.__version__}\n"
