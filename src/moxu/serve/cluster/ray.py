"""Ray itself: a cluster of this machine alone, started and ended with the command, or one that is there already.

The local one listens on the loopback, and lets nobody in who does not bring its token. (The replicas of Ray Serve have
one more port that is open on all addresses, where nothing is answered without the token.) Nothing is sent to Ray's
makers.
"""

import logging
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from moxu.errors import MoxuError, SettingsError
from moxu.serve.cluster.share import Machine

OBJECT_STORE = 80 << 20  # bytes, about the least that Ray takes: events are small
SECONDS_TO_CONNECT = 5.0

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_SERVE_LOG_TO_STDERR": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
CLOSED = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # whose other side is: this machine is 127.0.0.1, as it always is there
    "RAY_AUTH_MODE": "token",
    "RAY_OBJECT_STORE_ALLOW_SLOW_STORAGE": "1",  # where /dev/shm is small
}


@contextmanager
def connected(
    address: str | None,
    *,
    option: str = "--cluster-address",
    library: str = "ray.serve",
    object_store: int = OBJECT_STORE,
    cores: int | None = None,
) -> Iterator[list[Machine]]:
    """Be connected to a cluster, and tell its machines: one that is there, or (None) one of this machine alone.

    ``option`` is what gave the address, ``library`` the part of Ray that is used. A cluster that is started here has
    so many bytes of ``object_store``, and ``cores`` (None: those of the machine). Ray must not have been imported
    before. Raises SettingsError where it is missing or the cluster does not answer.
    """
    if find_spec("ray") is None or find_spec("grpc") is None:
        raise SettingsError("--cluster needs Ray, which is not installed: pip install 'moxu[cluster]'")
    os.environ.update(QUIET)
    joining = _started(library, object_store, cores) if address is None else _joined(library, address, option)
    with _silent_output(), joining:
        import ray

        alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        yield [Machine(int(has.get("CPU", 0)), int(has.get("GPU", 0))) for has in alive]


@contextmanager
def _started(library: str, object_store: int, cores: int | None) -> Iterator[None]:
    """Start a cluster, and leave nothing of it behind."""
    os.environ.update(CLOSED, RAY_AUTH_TOKEN=secrets.token_hex(32))
    folder = Path(tempfile.mkdtemp(prefix="moxu-", dir=None if sys.platform == "win32" else "/tmp"))  # sockets: < 104
    try:
        ray = _quiet_ray(library)
        try:
            ray.init(
                address="local",
                num_cpus=cores,
                include_dashboard=False,
                object_store_memory=object_store,
                log_to_driver=False,
                configure_logging=False,
                _temp_dir=str(folder / "ray"),
            )
        except Exception as error:
            raise MoxuError(f"Ray could not be started here: {_first_line(error)}") from error
        yield
    finally:
        _leave()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _joined(library: str, address: str, option: str) -> Iterator[None]:
    """Join a cluster that is there."""
    _check_answers(address, option)
    try:
        ray = _quiet_ray(library)
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except Exception as error:
            raise SettingsError(
                f"{option} {address!r}: cannot join the cluster: {_first_line(error)}; this machine has to be one of it"
            ) from error
        yield
    finally:
        _leave()


def _check_answers(address: str, option: str) -> None:
    """Raise SettingsError unless somebody answers there; Ray itself would try for long."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "//" in host:
        raise SettingsError(f"{option} {address!r}; expected HOST:PORT, as ray start --head told it, or auto")
    try:
        socket.create_connection((host.strip("[]"), int(port)), SECONDS_TO_CONNECT).close()
    except (OSError, OverflowError, UnicodeError):
        raise SettingsError(
            f"{option} {address!r}: no cluster answers there; start one with ray start --head, or leave the address out"
        ) from None


@contextmanager
def _silent_output() -> Iterator[None]:
    """Keep what Ray prints, of each worker that dies, from standard output; the server's log says it."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):  # noqa: PTH123 — a device
        yield


def _leave() -> None:
    if "ray" in sys.modules:
        sys.modules["ray"].shutdown()


def _quiet_ray(library: str) -> Any:
    """Import Ray, and let it say only what went wrong."""
    ray = import_module("ray")
    import_module(library)
    for name in ("ray", library):
        logging.getLogger(name).setLevel(logging.ERROR)
    return ray


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines()]
    return next(filter(None, lines), type(error).__name__).rstrip(".")
