import json
import os
import queue
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.frames import CloseCode
from websockets.sync.client import connect
from websockets.typing import Origin

from aiwriter_page import closed_with
from moxu.cli.serve import serve

Start = Callable[..., subprocess.Popen[bytes]]
PATIENCE = 60


class Program:
    """``moxu serve`` in a process of its own, and what it says on standard error."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process, self.lines = process, queue.Queue[str]()
        self.said: list[str] = []
        self._reading = threading.Thread(target=self._read)
        self._reading.start()
        while "http://" not in self.said_next():
            pass
        found = re.search(r"at (http://\S+)", self.said[-1])
        assert found is not None
        self.url = found[1]

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.put(line.decode())

    def said_next(self) -> str:
        self.said.append(self.lines.get(timeout=PATIENCE))
        return self.said[-1]

    def end(self, number: signal.Signals) -> int:
        """Send a signal, and return the exit status."""
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        self._reading.join(PATIENCE)
        while not self.lines.empty():
            self.said_next()
        return status


@pytest.fixture
def program(start: Start, rwkv7: Path) -> Iterator[Program]:
    one = Program(start("serve", "--model", rwkv7, "--port", 0))
    yield one
    one.process.kill()
    one.process.communicate()


ENDLESS = {"prompt": "这是", "max_tokens": 16000, "stream": True}


@pytest.mark.skipif(os.name == "nt", reason="no process can be sent a Ctrl-C of its own there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_its_address_answers_and_ends_every_stream_when_it_is_stopped(
    program: Program, number: signal.Signals, rwkv7: Path
) -> None:
    assert httpx.get(program.url + "/readyz", timeout=PATIENCE).status_code == 200
    status = list[int]()
    with httpx.stream("POST", program.url + "/v1/completions", json=ENDLESS, timeout=PATIENCE) as answer:
        lines = answer.iter_lines()
        first = next(lines)
        ending = threading.Thread(target=lambda: status.append(program.end(number)))
        ending.start()
        rest = [line for line in lines if line]
    ending.join(PATIENCE)
    assert json.loads(first.removeprefix("data: "))["model"] == rwkv7.name
    assert rest[-1] == "data: [DONE]"
    assert status == [0]
    logged = [json.loads(line) for line in program.said if line.startswith("{")]
    assert [line["route"] for line in logged] == ["/readyz", "/v1/completions"]
    assert not any("Traceback" in line for line in program.said)


@pytest.mark.skipif(os.name == "nt", reason="no process can be sent a Ctrl-C of its own there")
def test_the_page_of_ai_writer_is_answered_with_the_shipped_model_until_ctrl_c(start: Start) -> None:
    one = Program(start("serve", "--port", 0, "--aiwriter-port", 0))
    try:
        said = next(line for line in one.said if "ws://" in line)
        with connect(said[said.index("ws://") :].strip(), origin=Origin("null"), proxy=None) as page:
            assert str(page.recv(PATIENCE)).startswith("id_")
            page.send(json.dumps({"op": "GET", "txt": "他推开门，看见"}))
            answer = json.loads(page.recv(PATIENCE))
            assert (answer["op"], len(answer["txt"])) == ("TXT", 20)
            page.send(json.dumps({"op": "GET", "txt": "月" * 511}))
            assert one.end(signal.SIGINT) == 0
            assert closed_with(page) == CloseCode.SERVICE_RESTART
        logged = [json.loads(line) for line in one.said if line.startswith("{")]
        assert [line["event"] for line in logged] == ["socket"]
        assert "月" not in "".join(one.said)
    finally:
        one.process.kill()
        one.process.communicate()


def test_the_page_of_ai_writer_is_not_answered_where_a_key_is_needed(moxu: Any, rwkv7: Path) -> None:
    options = ("serve", "--model", rwkv7, "--port", 0, "--aiwriter-port", 0)
    answer = moxu(*options, "--api-key", "a-long-enough-key")
    assert answer.status == 2
    assert answer.err.count("\n") == 1
    assert "--aiwriter-port: the page cannot bring a key" in answer.err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        answer = moxu(*options[:-1], taken.getsockname()[1])
    assert answer.status == 2
    assert "give another --aiwriter-port" in answer.err


def test_a_port_that_is_taken_is_told_in_one_line(moxu: Any, rwkv7: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        answer = moxu("serve", "--model", rwkv7, "--port", taken.getsockname()[1])
    assert answer.status == 2
    assert answer.err.count("\n") == 1
    assert "give another --port" in answer.err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org"])
def test_other_machines_are_served_only_with_a_key(
    moxu: Any, rwkv7: Path, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MOXU_API_KEY", raising=False)
    answer = moxu("serve", "--model", rwkv7, "--port", 0, "--host", host)
    assert answer.status == 2
    assert answer.err.count("\n") == 1
    assert "--api-key" in answer.err


def test_a_key_that_can_be_guessed_is_refused(moxu: Any, rwkv7: Path) -> None:
    answer = moxu("serve", "--model", rwkv7, "--port", 0, "--api-key", "abc")
    assert answer.status == 2
    assert "at least 8 characters" in answer.err
    assert "abc" not in answer.err


@pytest.mark.parametrize("host", ["no such host", "256.0.0.1.example.invalid"])
def test_a_host_that_is_none_is_told_in_one_line(moxu: Any, rwkv7: Path, host: str) -> None:
    answer = moxu("serve", "--model", rwkv7, "--port", 0, "--host", host, "--api-key", "12345678")
    assert answer.status == 2
    assert answer.err.count("\n") == 1


def test_a_model_that_is_not_there_is_told_before_anything_is_served(moxu: Any) -> None:
    answer = moxu("serve", "--model", "nowhere", "--port", 0)
    assert answer.status == 2
    assert "no model 'nowhere'" in answer.err


@pytest.mark.skipif(os.name == "nt", reason="no process can be sent a Ctrl-C of its own there")
def test_a_key_from_the_environment_opens_a_server_on_all_addresses(start: Start, rwkv7: Path) -> None:
    process = start("serve", "--model", rwkv7, "--port", 0, "--host", "0.0.0.0", MOXU_API_KEY="a-long-enough-key")
    one = Program(process)
    try:
        url = one.url.replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(url + "/v1/models", timeout=PATIENCE).status_code == 401
        key = {"authorization": "Bearer a-long-enough-key"}
        assert httpx.get(url + "/v1/models", headers=key, timeout=PATIENCE).status_code == 200
        assert one.end(signal.SIGTERM) == 0
        assert "a-long-enough-key" not in "".join(one.said)
    finally:
        process.kill()
        process.communicate()


def test_stories_outlive_a_server_that_is_killed(start: Start, rwkv7: Path, tmp_path: Path) -> None:
    revision, path = 0, "/desk/chapters/1/text"
    for _ in range(2):
        one = Program(start("serve", "--model", rwkv7, "--port", 0, MOXU_DATABASE=str(tmp_path / "stories.db")))
        try:
            assert f"stories are kept in {tmp_path / 'stories.db'}\n" in one.said
            with httpx.Client(base_url=one.url, timeout=PATIENCE) as client:
                if not revision:
                    client.post("/desk/stories", json={"title": "长夜行"})
                    client.post("/desk/stories/1/chapters", json={"title": "渡口"})
                    revision = 1
                assert client.get("/desk/chapters/1").json()["revision"] == revision
                for _ in range(5):
                    body = {"text": "雾" * revision, "base_revision": revision}
                    revision = client.put(path, json=body).json()["revision"]
        finally:
            one.process.kill()
            one.process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="BROWSER is of Unix")
def test_the_desk_is_shown_in_the_browser_when_asked(start: Start, rwkv7: Path, tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{shown}.part" && mv "{shown}.part" "{shown}"\n')
    browser.chmod(0o700)
    one = Program(start("serve", "--model", rwkv7, "--port", 0, "--open", BROWSER=f"{browser} %s"))
    try:
        end = time.monotonic() + PATIENCE
        while not shown.exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        assert shown.read_text().strip() == one.url
    finally:
        one.process.kill()
        one.process.communicate()


def test_every_option_is_explained() -> None:
    assert all(getattr(parameter, "help", None) for parameter in serve.params)
