"""Requests that are wrong in every way we know, for every operation that a server describes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.serve.client import Address

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NO_MODELS = (
    *("../../etc/passwd", "/etc/passwd", "..\\..\\windows\\win.ini", "file:///etc/passwd", "default/../../x", "."),
    *("\0", "default\0", "\ud800", "default ", "DEFAULT", "~", "$(id)", "'; DROP TABLE stories; --", "a" * 100_000),
)
NO_PATHS = (
    *(
        "/v1/models/../../etc/passwd",
        "/v1/models/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/static/../app.py",
        "/../etc/passwd",
    ),
    *("/static/%2e%2e/app.py", "/static/..%5c..%5capp.py", "//etc/passwd", "/v1//models", "/.git/config", "/%00"),
    *("/static/%00", "/v1/models/%ff%fe", "/v1/models/" + "a" * 5000, "/v2/completions", "/%", "/;/"),
)
NO_HEADS = (
    *(b"GARBAGE\r\n\r\n", b"\x16\x03\x01\x02\x00\x01" + b"\xa5" * 200 + b"\r\n\r\n", b"\0" * 64 + b"\r\n\r\n"),
    *(b"GET /\r\n\r\n", b"get / http/1.1\r\n\r\n", b"GET  /  HTTP/1.1\r\n\r\n"),
    *(b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", b"GET / HTTP/1.1\r\ncolon\r\n\r\n"),
    *(b"GET / HTTP/1.1\r\nhost: \xff\r\n\r\n", b"GET / HTTP/1.1\r\n\xe9: 1\r\n\r\n", b"GET / HTTP/1.1\r\n:\r\n\r\n"),
    *(b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 9000 + b"\r\n"),
    *(b"GET / HTTP/1.1\r\nx: " + b"a" * 70_000 + b"\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\n"),
)  # fmt: skip
"""What is no HTTP, or too much of it."""
BAD_LENGTHS = (
    *({"content-length": "-1"}, {"content-length": "abc"}, {"content-length": "1e3"}, {"content-length": "9" * 30}),
    *({"transfer-encoding": "gzip"}, {"transfer-encoding": "chunked, chunked"}, {"content-length": "99999999999"}),
)
NO_JSON = (
    *(
        b"",
        b"{",
        b"}",
        b"[",
        b"{]",
        b"nul",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"prompt": "x"',
        b"\xef\xbb\xbf{",
        b"\0\0\0\0",
    ),
    *(b'{"prompt": "\xff\xfe"}', b'{"prompt": "\xed\xa0\x80"}', b"\xff\xfe{\0}\0", b'{"prompt": "a\nb"}', b"<a/>"),
    *(
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"1" * 1_000_000,
        b'{"seed": ' + b"9" * 5000,
    ),
)
NO_OBJECTS = (b"null", b"true", b"0", b'"text"', b"[]", b"[{}]", b"NaN", b"-Infinity", b"1e999")
FOREIGN = (
    *({"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:1"}, {"origin": "file://"}),
    *({"host": "evil.example"}, {"host": "evil.example:8265"}, {"host": "127.0.0.1.evil.example"}, {"host": ""}),
    *({"host": "localhost@evil.example"}, {"origin": "http://localhost.evil.example"}),
)
WRONG_VALUES: tuple[dict[str, Any], ...] = (
    *({"n": 10**9}, {"n": 0}, {"n": -1}, {"n": "many"}, {"n": 1.5}, {"n": True}, {"n": 10**400}, {"n": [1]}),
    *({"max_tokens": -1}, {"max_tokens": 10**12}, {"max_tokens": "1"}, {"max_chars": 0}, {"max_chars": 10**9}),
    *({"logprobs": 10**6}, {"logprobs": -1}, {"logprobs": "all"}, {"logit_bias": {"x": 1}}, {"logit_bias": {"-1": 1}}),
    *({"logit_bias": {"99999999": 1}}, {"logit_bias": {str(each): 1 for each in range(5000)}}, {"logit_bias": [1]}),
    *({"stop": ["x"] * 99}, {"stop": "x" * 9999}, {"stop": 1}, {"stop": [["x"]]}, {"stream": "maybe"}),
    *({"temperature": -1}, {"temperature": "hot"}, {"temperature": [1]}, {"top_p": 2}, {"top_p": -1}, {"min_p": 7}),
    *({"seed": -(2**70)}, {"seed": 2**70}, {"seed": 0.5}, {"seed": "x"}, {"preset": ""}, {"preset": 1}),
    *({"window": "all"}, {"window": 1}),
    *({"context": 0}, {"context": -5}, {"tools": [{}]}, {"suffix": "x"}, {"best_of": 9}, {"nonsense": 1}, {"": ""}),
    *({"stream_options": 1}, {"top_k": -1}, {"top_k": 0.5}, {"no_repeat_ngram": -1}, {"repetition_penalty": 0}),
    *({"presence_penalty": "x"}, {"model": 1}, {"model": ["default"]}, {"model": {}}),
)  # fmt: skip
WRONG_PROMPTS: tuple[Any, ...] = (
    *([], [[]], [1, "a"], [-1], [10**9], [10**400], {}, 1, True, ["x"] * 99, [["x"]], "长" * 500_000, [None], [1.5]),
    *([[1], "a"], ["a", ["b"]]),
)
WRONG_MESSAGES: tuple[Any, ...] = (
    *([], "hello", [1], [{}], [{"role": "king", "content": "x"}], [{"role": "user", "content": 1}], {"role": "user"}),
    *([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]}], [[]], None),
    *([{"role": "user", "content": "x"}] * 5000, [{"role": "user", "content": "x", "tool_calls": [1]}], [None]),
)


@dataclass(frozen=True)
class Attack:
    """A request as it is sent; ``path`` says whose error object has to come back, None that of what is no HTTP."""

    name: str
    request: bytes
    path: str | None


def attacks(address: Address, described: Mapping[str, Mapping[str, Any]]) -> list[Attack]:
    """Return all attacks on a server whose OpenAPI document describes these ``paths``."""
    return [
        *_of_heads(address),
        *(Attack(f"path {path[:40]}", address.head("GET", path), path) for path in NO_PATHS),
        *_of_values(address),
        *(attack for path in described for attack in _of_path(address, path, described[path])),
    ]


def _of_heads(address: Address) -> Iterator[Attack]:
    """Yield what goes wrong before anybody knows what is asked for."""
    yield from (Attack(f"head {head[:24]!r}", head, None) for head in NO_HEADS)
    path = "/v1/completions"
    for headers in BAD_LENGTHS:
        kind = {"content-type": "application/json"}
        yield Attack(f"length {headers}", address.head("POST", path, **kind, **headers) + b"{}", path)
    chunked = address.head("POST", path, content_type="application/json", transfer_encoding="chunked")
    for body in (b"ZZZ\r\n{}\r\n", b"-1\r\n", b"5;\xff\r\nabc", b"FFFFFFFFFFFFFFFFFFFF\r\n", b"2\r\n{}junk\r\n"):
        yield Attack(f"chunks {body!r}", chunked + body, path)


def _of_values(address: Address) -> Iterator[Attack]:
    """Yield wrong values in otherwise proper requests of OpenAI's interface."""
    complete, chat = "/v1/completions", "/v1/chat/completions"
    for prompt in WRONG_PROMPTS:
        yield Attack(f"prompt {str(prompt)[:24]}", address.post(complete, {"prompt": prompt}), complete)
    for messages in WRONG_MESSAGES:
        yield Attack(f"messages {str(messages)[:24]}", address.post(chat, {"messages": messages}), chat)
    proper: dict[str, dict[str, Any]] = {
        complete: {"prompt": "x"},
        chat: {"messages": [{"role": "user", "content": "x"}]},
    }
    for path, body in proper.items():
        wrong: Sequence[dict[str, Any]] = [*WRONG_VALUES, *({"model": name} for name in NO_MODELS)]
        yield from (Attack(f"{path} {str(one)[:40]}", address.post(path, body | one), path) for one in wrong)
        for number in (b"NaN", b"Infinity", b"-Infinity", b"1e999"):
            sent = json.dumps(body | {"temperature": 0}).replace(": 0", ": " + number.decode()).encode()
            yield Attack(f"{path} temperature {number.decode()}", address.post(path, sent), path)


def _of_path(address: Address, path: str, operations: Mapping[str, Any]) -> Iterator[Attack]:
    """Yield what may be sent to any path: wrong methods, foreign pages, and bodies that nobody can read."""
    target = path.replace("{", "").replace("}", "")
    methods = [method for method in METHODS if method.lower() in operations]
    for method in (*METHODS, "TRACE", "BREW"):
        if method not in methods:
            yield Attack(f"{method} {path}", address.head(method, target), target)
    for method in methods[:1]:
        for headers in FOREIGN:
            yield Attack(f"{method} {path} {headers}", address.head(method, target, **headers), target)
        yield Attack(f"{method} {path} huge header", address.head(method, target, x="a" * 40_000), target)
    for method in methods:
        if (body := operations[method.lower()].get("requestBody")) is not None:
            yield from _of_bodies(address, method, target, required=body.get("required", False))


def _of_bodies(address: Address, method: str, target: str, *, required: bool) -> Iterator[Attack]:
    """Yield bodies that are no JSON, or not the object that is asked for; some may say nothing instead."""
    for body in (*NO_JSON, *NO_OBJECTS):
        if required or body not in (b"", b"null"):
            yield Attack(f"{method} {target} {body[:24]!r}", address.send(method, target, body), target)
    huge = json.dumps({"prompt": "x" * (10 << 20)}).encode()
    yield Attack(f"{method} {target} 10 MB", address.send(method, target, huge), target)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        yield Attack(f"{method} {target} as {kind}", address.send(method, target, b"{}", content_type=kind), target)
