"""Near-duplicates found by moxu and by datasketch: what each finds, and how long it takes, in one run.

    python -m benchmarks.corpus.dedup [SRC...] [--texts 1200] [--rounds 3]

Texts are chapters of the sources (where none is named, of the fiction beside the repository), and synthetic ones; to
each set belong copies of a quarter of the texts with a known part of their letters changed. Both sides get the same
texts, n-grams of five letters (found by moxu's rules for both: datasketch is given the text without white space and
punctuation), as many bins as permutations and the same threshold, and go through the texts in the same order, keeping
what is like nothing that was kept. datasketch is used as its documentation says is fastest: ``MinHash.bulk`` over sets
of n-grams, and MinHashLSH in memory, whose candidates are compared by their signatures. Sides take turns; times are of
the processor, medians of the rounds.

What has to be found are the copies whose true similarity to their origin, counted from the sets, is at least the
threshold t: recall is the part of them that is found, clear that of those of t + 0.1 or more; precision is the part of
what is found that is truly as similar as t, nearly that of t - 0.1 or more. datasketch chooses fewer bands, which find
less; it is measured with moxu's bands as well, where both find as much.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from datasketch import MinHash, MinHashLSH

from moxu.corpus.dedup.bands import choose_bands
from moxu.corpus.dedup.collection import Collection
from moxu.corpus.dedup.fingerprint import Fingerprinter
from moxu.corpus.dedup.ngrams import letters
from moxu.corpus.sources.works import read_works

FICTION = Path(__file__).resolve().parents[3] / "shared" / "corpus"
THRESHOLD = 0.7
RATES = (0.005, 0.01, 0.02, 0.03, 0.035, 0.04, 0.05, 0.08)  # of letters that are changed
SHORTEST = 500
COMMON = (
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十用"
)


@dataclass(frozen=True)
class Texts:
    """Texts of which some are changed copies; ``similarity`` is the true one of each copy to its origin, by place."""

    name: str
    texts: list[str]
    similarity: dict[int, float]

    def alike(self, threshold: float) -> set[int]:
        """Return the copies that are truly as similar as this."""
        return {place for place, similarity in self.similarity.items() if similarity >= threshold}


def compared(text: str) -> str:
    """Return the letters of a text, as a text."""
    return letters(text).astype("<u4").tobytes().decode("utf-32-le")


def ngrams(text: str, n: int) -> set[str]:
    return {text[start : start + n] for start in range(len(text) - n + 1)}


def changed(text: str, rate: float, draw: random.Random) -> str:
    """Return a text of which this part of the letters is replaced, left out or doubled."""
    result = []
    for letter in text:
        if draw.random() >= rate:
            result.append(letter)
        else:
            result.append(draw.choice((draw.choice(COMMON), "", letter + draw.choice(COMMON))))
    return "".join(result)


def with_copies(name: str, texts: list[str]) -> Texts:
    """Add a changed copy of every fourth text, in a random place after all of them."""
    draw, n = random.Random(1), Fingerprinter().ngram
    copies = [(text, changed(text, RATES[number % len(RATES)], draw)) for number, text in enumerate(texts[::4])]
    draw.shuffle(copies)
    similarity = {}
    for place, (origin, copy) in enumerate(copies, start=len(texts)):
        first, second = ngrams(compared(origin), n), ngrams(compared(copy), n)
        similarity[place] = len(first & second) / len(first | second)
    return Texts(name, [*texts, *(copy for _, copy in copies)], similarity)


def chapters_of(sources: Sequence[Path], count: int) -> list[str]:
    """Return chapters from all over the sources."""
    works = read_works(sources, missed=print)
    found = ["\n".join(chapter.paragraphs) for work in works for chapter in work.book.chapters]
    found = [text for text in found if len(text) >= SHORTEST]
    return found[:: max(1, len(found) // count)][:count]


def synthetic(count: int) -> list[str]:
    """Return texts of 300 to 6,000 random letters, frequent ones more often."""
    draw = random.Random(2)
    rare = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
    alphabet = list(COMMON) * 40 + rare
    return ["".join(draw.choices(alphabet, k=draw.randint(300, 6000))) for _ in range(count)]


def find_with_moxu(texts: Sequence[str]) -> set[int]:
    collection = Collection()
    for text in texts:
        collection.add(text)
    return set((~collection.duplicates(THRESHOLD).kept).nonzero()[0].tolist())


def find_with_datasketch(texts: Sequence[str], bands: tuple[int, int] | None = None) -> set[int]:
    settings = Fingerprinter()

    def members() -> Iterator[list[bytes]]:
        for text in texts:
            yield [ngram.encode() for ngram in ngrams(compared(text), settings.ngram)]

    hashes = MinHash.bulk(members(), num_perm=settings.bins)
    index = MinHashLSH(threshold=THRESHOLD, num_perm=settings.bins, params=bands)
    found = set()
    for place, signature in enumerate(hashes):
        if any(hashes[like].jaccard(signature) >= THRESHOLD for like in index.query(signature)):
            found.add(place)
        else:
            index.insert(place, signature, check_duplication=False)
    return found


def find_with_the_same_bands(texts: Sequence[str]) -> set[int]:
    return find_with_datasketch(texts, choose_bands(THRESHOLD, Fingerprinter().bins))


SIDES: dict[str, Callable[[Sequence[str]], set[int]]] = {
    "moxu": find_with_moxu,
    "datasketch": find_with_datasketch,
    "the same bands": find_with_the_same_bands,
}


def measure(texts: Texts, rounds: int) -> None:
    """Print what each side finds, and the medians of its times."""
    find_with_moxu(texts.texts[:10])  # its table of letters is made once
    times: dict[str, list[float]] = {name: [] for name in SIDES}
    found: dict[str, set[int]] = {}
    for _ in range(rounds):
        for name, find in SIDES.items():
            began = time.process_time()
            found[name] = find(texts.texts)
            times[name].append(time.process_time() - began)
    characters = sum(map(len, texts.texts))
    print(
        f"\n{texts.name}: {len(texts.texts):,} texts, {characters:,} characters, {len(texts.alike(THRESHOLD)):,} copies"
    )
    print(f"{'':16}{'recall':>8}{'clear':>8}{'precision':>11}{'nearly':>8}{'seconds':>9}{'M char/s':>10}{'ratio':>7}")
    for name in SIDES:
        among = found[name] & texts.similarity.keys()  # what was there twice before has no known similarity
        parts = [
            part_of(found[name], texts.alike(THRESHOLD)),
            part_of(found[name], texts.alike(THRESHOLD + 0.1)),
            part_of(texts.alike(THRESHOLD), among),
            part_of(texts.alike(THRESHOLD - 0.1), among),
        ]
        seconds = statistics.median(times[name])
        ratio = statistics.median(theirs / ours for ours, theirs in zip(times["moxu"], times[name], strict=True))
        print(
            f"{name:16}{parts[0]:>8.3f}{parts[1]:>8.3f}{parts[2]:>11.3f}{parts[3]:>8.3f}"
            f"{seconds:>9.2f}{characters / seconds / 1e6:>10.2f}{ratio:>7.1f}",
            flush=True,
        )


def part_of(found: set[int], all_of_them: set[int]) -> float:
    return len(found & all_of_them) / len(all_of_them)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path, nargs="*", default=[FICTION] if FICTION.exists() else [], help="novels")
    parser.add_argument("--texts", type=int, default=1200, help="how many of each kind, before copies are added")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.sources:
        measure(with_copies("chapters", chapters_of(arguments.sources, arguments.texts)), arguments.rounds)
    measure(with_copies("synthetic", synthetic(arguments.texts)), arguments.rounds)


if __name__ == "__main__":
    main()
