"""Works that share much of their text, by the sketches of their chapters."""

import numpy as np

from moxu.corpus.build.gathering import Chapters, Works
from moxu.corpus.dedup.related import Related, relate


def related_works(works: Works, chapters: Chapters) -> Related:
    """Find the groups of related works; the sketch of a work is what its chapters' have together."""
    starts = chapters.sketch_starts[works.starts]
    sketches = [
        np.unique(np.asarray(chapters.sketches[begin:end]))
        for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    ]
    return relate(sketches)
