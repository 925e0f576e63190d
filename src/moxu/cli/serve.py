"""``moxu serve``: a model for programs, and for a page in the browser, over HTTP."""

import threading
import webbrowser
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from moxu.cli.database_choice import open_store
from moxu.cli.model_choice import DEFAULT, ModelChoice, find, find_kind, model_options
from moxu.cli.serve_model import ClusterChoice, cluster_options, serving
from moxu.cli.terminal import say
from moxu.errors import SettingsError

if TYPE_CHECKING:
    from moxu.serve.service import ServedModel, Service
    from moxu.store.store import Store

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
    "--allow-origin",
    "allow_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Let the pages of another site use this server, such as https://lite.koboldai.net; repeatable.",
)
@click.option(
    "--slots", type=click.IntRange(1, 1024), default=64, show_default=True, help="Texts to write at the same time."
)
@click.option(
    "--database",
    envvar="MOXU_DATABASE",
    metavar="URL|FILE",
    help="Where the stories of the desk are kept: postgresql://USER@HOST/NAME, or a file of SQLite; by default one in "
    "the folder of your own data.  [env: MOXU_DATABASE]",
)
@click.option(
    "--aiwriter-port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Answer AI-Writer's page as well, which looks for its server at 8266.",
)
@click.option("--open", "opens", is_flag=True, help="Show the writing desk in the browser.")
@cluster_options
@model_options
def serve(
    choice: ModelChoice,
    cluster: ClusterChoice | None,
    host: str,
    port: int,
    api_keys: tuple[str, ...],
    allow_hosts: tuple[str, ...],
    allow_origins: tuple[str, ...],
    slots: int,
    database: str | None,
    aiwriter_port: int | None,
    opens: bool,
) -> None:
    """Serve the writing desk to a browser, and a model to programs.

    In a browser the address that is told is the writing desk; clients of OpenAI's interface use it with /v1 behind it.
    Ctrl-C ends all answers, and the server.
    """
    _check(host, api_keys, aiwriter_port, allow_origins)
    find_kind(find(choice.model))  # a wrong name is told before a database is made

    from moxu.serve import aiwriter, logs
    from moxu.serve.app import make_app
    from moxu.serve.server import address_of, listen, make_server

    with ExitStack() as sockets:
        bound, others = [sockets.enter_context(listen(host, port))], {}
        if aiwriter_port is not None:
            bound.append(sockets.enter_context(listen(aiwriter.HOST, aiwriter_port, "--aiwriter-port")))
        store = sockets.enter_context(open_store(database))
        served = sockets.enter_context(serving(choice, slots, cluster))
        service = _service(served, api_keys, store)
        app = make_app(service, host=host, allow_hosts=allow_hosts, allow_origins=allow_origins)
        if aiwriter_port is not None:
            address = bound[1].getsockname()
            others[address] = aiwriter.make_aiwriter_app(service, app.state.metrics)
            say(f"AI-Writer's page is answered at ws://{address[0]}:{address[1]}")
        server = make_server(app, service, others)
        logs.configure()
        url = address_of(bound[0])
        say(f"moxu serves {choice.name} at {url} · for programs: {url}/v1 · Ctrl-C ends it")
        if opens:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()  # which waits to be let in
        server.run(bound)


def _check(host: str, api_keys: tuple[str, ...], aiwriter_port: int | None, allow_origins: tuple[str, ...]) -> None:
    """Raise SettingsError where strangers could use the server, or a key or an origin is none."""
    from moxu.serve.origins import origins_of
    from moxu.serve.security import is_loopback

    origins_of(allow_origins)
    if any(len(key.strip()) < 8 for key in api_keys):
        raise SettingsError("--api-key: a key has at least 8 characters; make a long random one")
    if not is_loopback(host) and not api_keys:
        raise SettingsError(f"--host {host!r} can be reached from other machines: give an --api-key, or MOXU_API_KEY")
    if aiwriter_port is not None and api_keys:
        raise SettingsError(
            "--aiwriter-port: the page cannot bring a key; leave out --api-key and MOXU_API_KEY, "
            "or start a server of its own for it"
        )


def _service(served: "ServedModel", api_keys: tuple[str, ...], store: "Store") -> "Service":
    """Return what is served, and to whom."""
    from moxu.serve.service import Service, digests

    return Service({served.name: served}, keys=digests(key.strip() for key in api_keys), store=store)
