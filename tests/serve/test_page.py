import gzip
import re
from collections.abc import Callable, Iterator

import pytest

from moxu.serve.batching.scheduler import Scheduler
from moxu.serve.page import NONCE, STATIC
from servers import Running, running, served

MOST_BYTES = 600_000  # that a browser has to load, compressed


@pytest.fixture
def server(new_scheduler: Callable[..., Scheduler]) -> Iterator[Running]:
    with running(served(new_scheduler())) as one:
        yield one


def linked(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]+)"', page)


def test_every_page_has_another_nonce_which_its_policy_names(server: Running) -> None:
    with server.client() as client:
        answers = [client.get("/") for _ in range(2)]
    nonces = [re.findall(r'name="style-nonce" content="([^"]+)"', answer.text)[0] for answer in answers]
    assert nonces[0] != nonces[1]
    for answer, nonce in zip(answers, nonces, strict=True):
        assert NONCE not in answer.text
        assert f"style-src 'self' 'nonce-{nonce}'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


def test_the_page_has_no_script_or_style_of_its_own(server: Running) -> None:
    with server.client() as client:
        page = client.get("/").text
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick" not in page
    assert page.count("<script") == page.count('src="/static/assets/') == 1


def test_the_page_loads_files_of_its_own_server_only_and_they_are_kept_for_ever(server: Running) -> None:
    with server.client() as client:
        files = linked(client.get("/").text)
        assert {path.rpartition("/")[0] for path in files} == {"/static/assets"}
        for path in files:
            answer = client.get(path)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]


def test_the_page_lists_the_interfaces_that_there_are(server: Running) -> None:
    with server.client() as client:
        page = client.get("/").text
        script = client.get(re.findall(r'src="([^"]+)"', page)[0]).text
        described = client.get("/openapi.json").json()["paths"]
    listed = set(re.findall(r"(?:GET|POST) (/[\w./]+)", script))
    tags = {path: tag for path, methods in described.items() for method in methods.values() for tag in method["tags"]}
    assert {tags[path] for path in listed - {"/openapi.json"}} == set(tags.values())


def test_the_page_is_small() -> None:
    files = [path for path in STATIC.rglob("*") if path.is_file()]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < MOST_BYTES
