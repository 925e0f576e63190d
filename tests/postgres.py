"""A PostgreSQL server of the tests' own, on a socket in a folder of its own; nothing listens on the network."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

OWNER = "moxu"
PATIENCE = 60.0  # seconds to start, and to come back after a crash


def programs() -> Path:
    """Return the folder of initdb and pg_ctl; where there is none the test is skipped, but in CI, which installs it."""
    if os.name == "nt":
        pytest.skip("a PostgreSQL server on a Unix socket needs Unix")
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        assert "CI" not in os.environ, "CI has to install PostgreSQL"
        pytest.skip("there is no PostgreSQL (initdb) on this machine")
    return folders[-1]


class Cluster:
    """A running server. It does not flush its disk: what it wrote outlives any process, if not a loss of power."""

    def __init__(self) -> None:
        self.programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="moxu-pg-"))  # short: the path of a socket may not be long
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = "postgres" if _exists("postgres") else "nobody"
            shutil.chown(self.folder, user)
            self._as = {"user": user, "extra_groups": []}
        self._databases = 0
        self._options = f"-c listen_addresses='' -c fsync=off -k {self.folder}"
        self._run("initdb", "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--wal-segsize=1")
        self.start()

    def start(self) -> None:
        """Start the server; one that crashed recovers first, once the last of its old processes is gone."""
        deadline = time.monotonic() + PATIENCE
        while self._run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"), "-o", self._options, check=False):
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill the server as it stands."""
        os.kill(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def wait_until_ready(self) -> None:
        """Wait for a server that recovers from the death of one of its processes."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                assert time.monotonic() < deadline
                time.sleep(0.05)

    def close(self) -> None:
        """Stop the server and remove all it wrote."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", check=False)
        shutil.rmtree(self.folder)

    def new_database(self, options: str = "") -> str:
        """Create a database and return its URL."""
        self._databases += 1
        name = f"test{self._databases}"
        self.execute(f"CREATE DATABASE {name} {options}")
        return self.url(name)

    def empty_database(self) -> str:
        """Return the URL of a database with nothing in it, always the same one: to create one takes a while."""
        name = "shared"
        if not self.execute(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            self.execute(f"CREATE DATABASE {name}")
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        self.execute("DROP SCHEMA public CASCADE", name)
        self.execute("CREATE SCHEMA public", name)
        return self.url(name)

    def url(self, name: str) -> str:
        """Return the URL of a database of this server."""
        return f"postgresql://{OWNER}@/{name}?host={self.folder}"

    def execute(self, statement: str, name: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement outside of any transaction."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        quiet = subprocess.DEVNULL  # a pipe would stay open as long as the server that inherits it
        return subprocess.run(command, cwd="/", stdout=quiet, stderr=quiet, check=check, **self._as).returncode


def _exists(user: str) -> bool:
    return any(line.startswith(f"{user}:") for line in Path("/etc/passwd").read_text().splitlines())
