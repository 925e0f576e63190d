import re
from collections.abc import Callable

from moxu.serve.batching.scheduler import Scheduler
from servers import Running, running, served


def figures(server: Running) -> dict[str, float]:
    with server.client() as client:
        text = client.get("/metrics").text
    return {name: float(value) for name, value in re.findall(r"^(moxu_\S+) (\S+)$", text, re.MULTILINE)}


def test_requests_tokens_and_ends_are_counted(new_scheduler: Callable[..., Scheduler]) -> None:
    with running(served(new_scheduler())) as server, server.client() as client:
        body = {"prompt": "ab", "max_tokens": 5, "n": 2, "logit_bias": {"256": -100}}
        assert client.post("/v1/completions", json=body).status_code == 200
        assert client.post("/v1/completions", json={"n": 0}).status_code == 400
        counted = figures(server)
    route = 'method="POST",route="/v1/completions"'
    assert counted[f'moxu_requests_total{{{route},status="200"}}'] == 1
    assert counted[f'moxu_requests_total{{{route},status="400"}}'] == 1
    assert counted['moxu_prompt_tokens_total{model="mock"}'] == 2
    assert counted['moxu_written_tokens_total{model="mock"}'] == 10
    assert counted['moxu_texts_total{model="mock",reason="length"}'] == 2


def test_every_count_of_a_scheduler_is_a_figure(new_scheduler: Callable[..., Scheduler]) -> None:
    scheduler = new_scheduler(slots=7)
    with running(served(scheduler)) as server:
        counted = figures(server)
    assert counted['moxu_scheduler_slots{model="mock"}'] == 7
    for name in vars(scheduler.stats()):
        assert f'moxu_scheduler_{name}{{model="mock"}}' in counted


def test_what_clients_make_up_makes_no_figures(new_scheduler: Callable[..., Scheduler]) -> None:
    with running(served(new_scheduler())) as server, server.client() as client:
        for number in range(20):
            client.get(f"/v1/models/made-up-{number}")
            client.request(f"MADE{number}", f"/made-up-{number}")
        names = " ".join(figures(server))
    assert "made-up" not in names
    assert "MADE" not in names
