"""An outline of a passage, taken from the passage itself: a sentence of each part of it, in the order of the text.

The method is transparent and draws nothing at random. A sentence is a vector of its pairs of neighbouring letters,
each weighted by how often it stands there and how few sentences of the passage have it (TF-IDF); the centre is the sum
of all. The passage is cut into PARTS of about equal length, so that the outline tells how it goes on and not only how
it begins. From each part comes the sentence that is most like the centre and least like those taken before it (maximal
marginal relevance, Carbonell and Goldstein 1998), if there is room. Speech and verse, which colour more than they
tell, count less; what is no whole sentence, such as half of a speech, does not count.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

from moxu.corpus.pairs.sentences import CLOSING, PAIRED, STRONG

Vector = dict[str, float]

PARTS = 3
NOVELTY = 0.5  # what likeness to sentences already taken costs
COLOUR = 0.3  # what a sentence counts that is nothing but speech, or verse
SHORTEST = 8  # characters of a sentence that says something
WHOLE = STRONG | CLOSING | {"…"}  # what a whole sentence may end with: no title, and nothing that leads to a quotation
_SPEECH = re.compile("“[^”]*”|「[^」]*」|『[^』]*』|【[^】]*】")
_VERSE = re.compile(r"(?:\w{5}[，、。？！；]){2,}|(?:\w{7}[，、。？！；]){2,}")


def outline(sentences: Sequence[str], longest: int) -> str:
    """Return sentences of at most ``longest`` characters together, none or one of each part of the passage."""
    texts = [" ".join(sentence.split()) for sentence in sentences]
    vectors = _vectors(texts)
    centre = _unit(_sum(vectors))
    worth = [_likeness(vector, centre) * _telling(text) for text, vector in zip(texts, vectors, strict=True)]
    taken: list[int] = []
    room = longest
    for number, part in enumerate(_parts(texts)):
        fair = room // (PARTS - number)  # what an earlier part leaves, a later one may use
        fitting = [place for place in part if SHORTEST <= len(texts[place]) <= fair and _is_whole(texts[place])]
        if fitting:
            best = max(fitting, key=lambda place: worth[place] - NOVELTY * _repeats(place, taken, vectors))
            taken.append(best)
            room -= len(texts[best])
    return "".join(texts[place] for place in taken)


def _parts(texts: Sequence[str]) -> list[list[int]]:
    """Return the numbers of the texts by the part in which their middle lies."""
    parts: list[list[int]] = [[] for _ in range(PARTS)]
    before, whole = 0, sum(map(len, texts)) or 1
    for place, text in enumerate(texts):
        parts[min(PARTS - 1, PARTS * (before + len(text) // 2) // whole)].append(place)
        before += len(text)
    return parts


def _is_whole(text: str) -> bool:
    """Say whether nothing is missing from a sentence: its end, or half of a pair of quotes or brackets."""
    opened = sum(text.count(mark) for mark in PAIRED)
    return text[-1] in WHOLE and opened == sum(text.count(mark) for mark in CLOSING)


def _telling(text: str) -> float:
    """Return how much of a sentence tells what happens: from COLOUR, for speech alone or verse, to 1."""
    if _VERSE.fullmatch(text.rpartition("：")[2]):
        return COLOUR
    return 1 - (1 - COLOUR) * sum(map(len, _SPEECH.findall(text))) / max(1, len(text))


def _vectors(texts: Sequence[str]) -> list[Vector]:
    """Return for each text its pairs of letters, weighted by TF-IDF among these texts and of length 1."""
    pairs = [[text[at : at + 2] for at in range(len(text) - 1)] for text in texts]
    counts = [Counter(pair for pair in of_text if pair.isalnum()) for of_text in pairs]
    spread = Counter(pair for count in counts for pair in count)
    return [
        _unit({pair: times * math.log(1 + len(texts) / spread[pair]) for pair, times in count.items()})
        for count in counts
    ]


def _sum(vectors: Sequence[Vector]) -> Vector:
    total: Vector = {}
    for vector in vectors:
        for pair, weight in vector.items():
            total[pair] = total.get(pair, 0.0) + weight
    return total


def _unit(vector: Vector) -> Vector:
    norm = math.sqrt(sum(weight * weight for weight in vector.values())) or 1.0
    return {pair: weight / norm for pair, weight in vector.items()}


def _repeats(place: int, taken: Sequence[int], vectors: Sequence[Vector]) -> float:
    return max((_likeness(vectors[place], vectors[other]) for other in taken), default=0.0)


def _likeness(one: Vector, other: Vector) -> float:
    """Return the cosine of two vectors of length 1."""
    return sum(weight * other.get(pair, 0.0) for pair, weight in one.items())
