"""What one request, and all of them together, may cost the server."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Every bound that keeps a hostile or careless client from harming the others."""

    body_bytes: int = 2 << 20
    header_bytes: int = 32 << 10  # the request line and all headers together
    connections: int = 512  # open at once; further ones are turned away
    requests: int = 384  # being answered at once; further ones get 503
    arrival_seconds: float = 30.0  # from the first byte of a request to its last
    slow_reader_seconds: float = 30.0  # for which a client may take nothing of what is sent to it
    waiting_events: int = 4096  # pieces that wait for one reader, in memory
    request_seconds: float = 600.0  # a text that takes longer ends there, as one that is long enough
    shutdown_seconds: float = 10.0  # for open answers to end after Ctrl-C
    prompt_characters: int = 400_000
    prompts: int = 16  # in one request
    texts: int = 64  # prompts times n
    n: int = 32
    messages: int = 1024
    logprobs: int = 20
    stops: int = 4
    stop_characters: int = 200
    biases: int = 1024
    max_tokens: int = 16_384
    max_chars: int = 65_536
