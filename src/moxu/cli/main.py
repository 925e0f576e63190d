"""The program ``moxu``: its commands, imported when they are used, and what becomes of every mistake."""

import os
import sys
from collections.abc import Sequence

import click

import moxu
from moxu.cli.exit_status import INCOMPLETE, INTERRUPTED, MISTAKE
from moxu.cli.lazy import LazyCommand, LazyGroup
from moxu.errors import MoxuError

COMMANDS = {
    "write": LazyCommand("moxu.cli.write:write", "Continue an opening."),
    "expand": LazyCommand("moxu.cli.expand:expand", "Write an outline out as a passage."),
    "lyric": LazyCommand("moxu.cli.lyric:lyric", "Continue a lyric line by line."),
    "chat": LazyCommand("moxu.cli.chat:chat", "Talk with a model of dialogues."),
    "serve": LazyCommand("moxu.cli.serve:serve", "Serve a model to programs, over HTTP."),
    "models": LazyCommand("moxu.cli.models:models", "List the installed models."),
    "convert": LazyCommand("moxu.cli.convert:convert", "Convert a checkpoint from one format to another."),
    "reshard": LazyCommand("moxu.cli.reshard:reshard", "Cut a CPM-1 checkpoint into another number of parts."),
    "score": LazyCommand("moxu.cli.score:score", "Measure how well a model foresees a text."),
    "logits": LazyCommand("moxu.cli.logits:logits", "Write the logits that follow given ids to a file."),
    "train": LazyCommand("moxu.cli.train:train", "Train a model from a recipe, or resume its training."),
    "crawl": LazyCommand("moxu.cli.crawl:crawl", "Fetch a novel from the web, and say what is missing."),
    "corpus": LazyCommand("moxu.cli.corpus:corpus", "Prepare texts for training."),
}


@click.group(
    cls=LazyGroup,
    places=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(moxu.__version__, message="moxu %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """moxu 墨续: a workshop for Chinese fiction. It continues what you have begun to write.

    \b
      moxu write 这是一颗
      moxu write --file chapter.txt --chars 500 -n 4 --out next.txt
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status; mistakes are told on one line of standard error."""
    _speak_utf8()
    try:
        status = cli.main(arguments, prog_name="moxu", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        return _fail(_usage_line(error), MISTAKE)
    except click.ClickException as error:
        return _fail(error.format_message(), MISTAKE)
    except MoxuError as error:
        return _fail(str(error), MISTAKE)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output has left: no mistake of anyone's
        _close_standard_output()
        return INCOMPLETE
    except (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        return _fail(_reason(error), MISTAKE)
    except OSError as error:  # a full disk, a drive that was pulled out
        _close_standard_output()
        return _fail(f"{_reason(error)}; what was written before is kept", INCOMPLETE)
    return status if isinstance(status, int) else 0


def _speak_utf8() -> None:
    """Use UTF-8 whatever the system's own encoding is: the texts are Chinese everywhere."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


def _usage_line(error: click.UsageError) -> str:
    command = error.ctx.command_path if error.ctx else "moxu"
    return f"{error.format_message().rstrip('.')}; see: {command} --help"


def _reason(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def _fail(message: str, status: int) -> int:
    click.echo(f"moxu: {' '.join(message.split())}", err=True)
    return status


def _close_standard_output() -> None:
    """Write nothing more where writing may have failed; else Python would try again at its end, and complain."""
    if sys.__stdout__ is not None and sys.stdout is sys.__stdout__:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 — a device
            os.dup2(nowhere.fileno(), sys.__stdout__.fileno())


if __name__ == "__main__":
    sys.exit(main())
