"""Bands of signatures: which texts are worth comparing, and how surely similar ones are found.

A signature of k bins is cut into b bands of r bins, and texts that agree in a whole band are candidates (locality
sensitive hashing; Indyk and Motwani 1998; Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, chapter 3). Two
texts of similarity s are, with probability

    candidates    1 - (1 - s^r)^b
    found         sum over m >= t k of C(k, m) s^m (1 - s)^(k - m) (1 - q_m)

where a candidate is found if its signature agrees in m bins, at least the part t of all, and q_m is the probability
that m of k places fill none of b bands:

    q_m = sum over j of (-1)^j C(b, j) C(k - j r, m - j r) / C(k, m)
"""

from fractions import Fraction
from math import ceil, comb

SURE = 0.99


def choose_bands(threshold: float, bins: int) -> tuple[int, int]:
    """Return (bands, rows): the most rows with which texts of the threshold's similarity are candidates, SURE as that.

    Candidates are compared by their whole signatures, so a false one costs time and nothing else; more rows make fewer.
    """
    rows = max(r for r in range(1, bins + 1) if r == 1 or candidate_probability(threshold, bins // r, r) >= SURE)
    return bins // rows, rows


def candidate_probability(similarity: float, bands: int, rows: int) -> float:
    """Return how probably two texts of this similarity agree in a whole band."""
    return float(1 - (1 - similarity**rows) ** bands)


def found_probability(similarity: float, threshold: float, bins: int) -> float:
    """Return how probably two texts of this similarity are candidates and seem at least as similar as the threshold.

    This holds for texts of many more n-grams than bins; the estimate for shorter ones varies more.
    """
    bands, rows = choose_bands(threshold, bins)
    total = 0.0
    for equal in range(needed(threshold, bins), bins + 1):
        likelihood = comb(bins, equal) * similarity**equal * (1 - similarity) ** (bins - equal)
        total += likelihood * (1 - _fills_no_band(equal, bands, rows, bins))
    return total


def needed(threshold: float, bins: int) -> int:
    """Return in how many bins two signatures have to agree."""
    return ceil(round(threshold * bins, 6))


def _fills_no_band(equal: int, bands: int, rows: int, bins: int) -> float:
    ways = sum(
        (-1) ** full * comb(bands, full) * comb(bins - full * rows, equal - full * rows)
        for full in range(min(bands, equal // rows) + 1)
    )
    return float(Fraction(ways, comb(bins, equal)))
