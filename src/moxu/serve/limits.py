"""What one request, and all of them together, may cost the server."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Every bound that keeps a hostile or careless client from harming the others."""

    body_bytes: int = 2 << 20
    chapter_bytes: int = 8 << 20  # of a body that is sent to the desk's interface
    book_bytes: int = 64 << 20  # of a file that is imported
    book_seconds: float = 300.0  # within which it arrives
    book_chapters: int = 20_000
    books: int = 2  # that are imported or exported at once, for they lie in memory; further ones get 503
    header_bytes: int = 32 << 10  # the request line and all headers together
    connections: int = 512  # open at once; further ones are turned away
    sockets: int = 64  # of AI-Writer's pages; further ones get 503
    message_bytes: int = 256 << 10  # of one message on a socket
    waiting_messages: int = 8  # on a socket, while a text is written
    ping_seconds: float = 20.0  # between two pings of a socket, and for which an answer may take
    requests: int = 384  # being answered at once; further ones get 503
    arrival_seconds: float = 30.0  # from the first byte of a request to its last
    slow_reader_seconds: float = 30.0  # for which a client may take nothing of what is sent to it
    waiting_bytes: int = 8 << 20  # of pieces that wait for one reader, as they lie in memory
    send_buffer: int = 256 << 10  # bytes that the system keeps for one reader
    request_seconds: float = 600.0  # a text that takes longer ends there, as one that is long enough
    shutdown_seconds: float = 10.0  # for open answers to end after Ctrl-C
    prompt_characters: int = 400_000
    prompts: int = 16  # in one request
    texts: int = 64  # prompts times n
    n: int = 32
    messages: int = 1024
    logprobs: int = 20
    prompt_logprobs: int = 1 << 18  # in one answer: of the tokens of prompts, and those likelier in their place
    answer_logprobs: int = 1 << 20  # the same of written tokens, in an answer that is not a stream
    stops: int = 4
    stop_sequences: int = 64  # for KoboldAI's clients, which send the names of all who speak
    stop_characters: int = 200
    biases: int = 1024
    max_tokens: int = 16_384
    max_chars: int = 65_536
    kept_texts: int = 128  # of KoboldAI's clients, which may ask for a text that is over
    kept_seconds: float = 120.0
    reach: int = 100_000  # characters of a story that are read
    written_characters: int = 32_768  # of all texts of one writing at the desk
    reading_characters: int = 4096  # of a text whose tokens the desk asks for
    writings: int = 32  # of the desk, that are written or kept
    writings_bytes: int = 64 << 20  # of their events
    writing_seconds: float = 300.0  # for which a writing is kept when it is over
    absent_seconds: float = 20.0  # for which a writing goes on while nobody reads it
    chapter_characters: int = 2_000_000
    note_characters: int = 200_000  # of a note or a candidate
    json_characters: int = 1 << 20  # of spans, and of a setting
    json_depth: int = 32
    store_requests: int = 12  # that use the store at once; further ones wait
    store_seconds: float = 20.0  # for which they wait
