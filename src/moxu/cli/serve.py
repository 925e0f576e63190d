"""``moxu serve``: a model for programs, and for a page in the browser, over HTTP."""

from typing import TYPE_CHECKING

import click

from moxu.cli.model_choice import DEFAULT, ModelChoice, model_options, tokenizer_of
from moxu.cli.terminal import say
from moxu.errors import SettingsError

if TYPE_CHECKING:
    from moxu.serve.service import Service

PORT = 8265


@click.command()
@click.option("--model", default=DEFAULT, show_default=True, help="An installed model, or the path of a checkpoint.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The name or address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: any that is free.")
@click.option(
    "--api-key",
    "api_keys",
    multiple=True,
    envvar="MOXU_API_KEY",
    metavar="KEY",
    help="Answer only those who bring this key, or another one given; needed to listen beyond this machine.  "
    "[env: MOXU_API_KEY]",
)
@click.option(
    "--allow-host", "allow_hosts", multiple=True, metavar="NAME", help="A further name of this server; repeatable."
)
@click.option(
    "--slots", type=click.IntRange(1, 1024), default=64, show_default=True, help="Texts to write at the same time."
)
@model_options
def serve(
    choice: ModelChoice, host: str, port: int, api_keys: tuple[str, ...], allow_hosts: tuple[str, ...], slots: int
) -> None:
    """Serve a model to programs, over HTTP.

    Clients of OpenAI's interface use the address that is told, with /v1 behind it. In a browser it is a page that lists
    the interfaces and continues a text. Ctrl-C ends all answers, and the server.
    """
    _check(host, api_keys)

    from moxu.serve import logs
    from moxu.serve.app import make_app
    from moxu.serve.server import address_of, listen, make_server

    with listen(host, port) as bound:
        service = _service(choice, api_keys, slots)
        app = make_app(service, host=host, allow_hosts=allow_hosts)
        server = make_server(app, service)
        logs.configure()
        say(f"moxu serves {choice.name} at {address_of(bound)} · for programs: {address_of(bound)}/v1 · Ctrl-C ends it")
        server.run([bound])


def _check(host: str, api_keys: tuple[str, ...]) -> None:
    """Raise SettingsError where strangers could use the server, or a key is none."""
    from moxu.serve.security import is_loopback

    if any(len(key.strip()) < 8 for key in api_keys):
        raise SettingsError("--api-key: a key has at least 8 characters; make a long random one")
    if not is_loopback(host) and not api_keys:
        raise SettingsError(f"--host {host!r} can be reached from other machines: give an --api-key, or MOXU_API_KEY")


def _service(choice: ModelChoice, api_keys: tuple[str, ...], slots: int) -> "Service":
    """Load the model, and start what writes with it."""
    from moxu.serve.scheduler import Scheduler
    from moxu.serve.service import ServedModel, Service, digests
    from moxu.writers.manners import manner_of

    loaded = choice.load()
    model, tokenizer = loaded.model, tokenizer_of(loaded)
    served = ServedModel(
        name=choice.name,
        worker=Scheduler(model, tokenizer, choice.name, slots=slots),
        tokenizer=tokenizer,
        manner=manner_of(model.architecture, tokenizer),
        max_context=model.max_context,
        reads_source=model.passage is not None,
    )
    return Service({choice.name: served}, keys=digests(key.strip() for key in api_keys))
