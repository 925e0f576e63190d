import dataclasses
from queue import SimpleQueue
from threading import Thread

from mocks import ByteTokenizer, NgramModel
from moxu.decode.options import sampling_options
from moxu.writers.base import Request, collect
from moxu.writers.local import LocalWriter
from moxu.writers.parallel import ParallelWriter

REQUEST = Request(prompt="\n这是一颗", options=sampling_options("wild"), max_chars=20, seed=10, count=2)


class Listening(LocalWriter):
    """A writer that keeps the requests it is asked for and the texts it comes to."""

    def __init__(self) -> None:
        super().__init__(NgramModel(), ByteTokenizer(), "mock")
        self.requests: list[Request] = []
        self.texts: list[str] = []

    def write(self, request: Request):  # type: ignore[no-untyped-def]
        self.requests.append(request)
        events = list(super().write(request))
        self.texts += [continuation.text for continuation in collect(iter(events))]
        yield from events


def test_all_write_the_same_texts_until_the_first_lets_them_go() -> None:
    leading, following = Listening(), Listening()
    channel: SimpleQueue[Request | None] = SimpleQueue()

    def send(request: Request | None) -> Request | None:
        channel.put(request)
        return request

    first = ParallelWriter(leading, send)
    second = ParallelWriter(following, lambda _: channel.get(timeout=60))
    thread = Thread(target=second.follow)
    thread.start()
    told = collect(first.write(REQUEST)) + collect(first.write(dataclasses.replace(REQUEST, seed=None)))
    send(None)
    thread.join(60)
    assert not thread.is_alive()
    assert [one.text for one in told] == leading.texts == following.texts
    assert leading.requests == following.requests
    assert leading.requests[0] == REQUEST
    assert leading.requests[1].seed is not None
