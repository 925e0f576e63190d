import subprocess
import sys
from collections.abc import Callable
from typing import Any

import click
import pytest

from moxu.cli.corpus import COMMANDS, corpus

Moxu = Callable[..., Any]
HEAVY = ("torch", "numpy", "pyarrow", "scrapy", "lxml", "rich")


def test_help_imports_nothing_heavy() -> None:
    program = "import sys; from moxu.cli.main import main; main(['corpus', '--help']); print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    modules = answer.stdout.decode().splitlines()[-1].split()
    assert not set(HEAVY) & {module.partition(".")[0] for module in modules}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_there_and_is_listed(name: str, moxu: Moxu) -> None:
    command = corpus.get_command(click.Context(corpus), name)
    assert command is not None
    assert command.name == name
    assert command.help
    assert moxu("corpus", name, "--help").status == 0
    assert f"  {name} " in moxu("corpus", "--help").out


def test_a_command_that_is_not_there_is_named(moxu: Moxu) -> None:
    answer = moxu("corpus", "pakc")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "pakc" in answer.err
