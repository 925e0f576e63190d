"""Settings of the desk over HTTP."""

from typing import Any

import httpx
import pytest

from servers import ON_SQLITE

VALUES: list[Any] = [None, True, 0, 2**53, 0.5, "夜", "\0", [], {"night": {"size": 18}}]


def test_a_setting_comes_back_as_it_was_set(desk: httpx.Client) -> None:
    assert desk.get("/desk/settings/desk.theme").json()["error"]["code"] == "missing"
    for value in VALUES:
        expected = {"key": "desk.theme", "value": value}
        assert desk.put("/desk/settings/desk.theme", json={"value": value}).json() == expected
        assert desk.get("/desk/settings/desk.theme").json() == expected
        assert desk.get("/desk/settings").json() == {"desk.theme": value}
    assert [desk.delete("/desk/settings/desk.theme").status_code for _ in range(2)] == [204, 204]
    assert desk.get("/desk/settings").json() == {}


@ON_SQLITE
@pytest.mark.parametrize("key", ["a" * 101, ".a", "a%00", "a%0a", "雾", "a%20b", "%5c"])
def test_a_key_is_a_plain_name(desk: httpx.Client, key: str) -> None:
    assert desk.put(f"/desk/settings/{key}", json={"value": 1}).status_code == 400
    assert desk.get("/desk/settings").json() == {}


@ON_SQLITE
@pytest.mark.parametrize(
    ("content", "status"),
    [
        ('{"value": ' + "[" * 40 + "]" * 40 + "}", 400),
        ('{"value": NaN}', 400),
        ('{"value": ' + "9" * 5000 + "}", 400),
        ('{"value": "\\ud800"}', 400),
        ('{"value": "' + "x" * (1 << 20) + '"}', 413),
        ("{}", 400),
        ("1", 400),
        ('{"value"', 400),
    ],
)
def test_what_is_no_json_that_can_be_kept_is_refused(desk: httpx.Client, content: str, status: int) -> None:
    answer = desk.put("/desk/settings/a", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert desk.get("/desk/settings").json() == {}
