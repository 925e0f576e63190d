"""How the turns of a dialogue become a prompt for a model that was trained on them."""

from collections.abc import Sequence

from moxu.text.tokenizer import Tokenizer
from moxu.writers.manners import Prompt


def prompt_of_turns(turns: Sequence[str], tokenizer: Tokenizer, room: int | None) -> Prompt:
    """Return as many of the newest turns as fit in ``room`` tokens, whole, but one at least; each ends a document."""
    assert tokenizer.end_id is not None
    ids: list[int] = []
    kept = 0
    for turn in reversed(turns):
        read = [*tokenizer.encode(turn), tokenizer.end_id]
        if kept and room is not None and len(read) + len(ids) > room:
            break
        ids, kept = read + ids, kept + 1
    return Prompt("\t".join([*turns[len(turns) - kept :], ""]), "", tuple(ids))


def room_for_turns(window: int | None, answer: int) -> int | None:
    """Return how many tokens of turns are read: the window but for the room of an answer, a third of it at most."""
    return None if window is None else max(1, window - min(answer, window // 3))
