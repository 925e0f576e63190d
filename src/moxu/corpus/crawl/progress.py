"""How far a crawl has come; whoever shows it looks whenever it likes."""

from dataclasses import dataclass, field
from time import monotonic


@dataclass
class CrawlProgress:
    """Counts that only grow; ``chapters`` is 0 as long as the catalogue is read."""

    catalogue_pages: int = 0
    chapters: int = 0  # that the catalogue lists
    done: int = 0  # chapters
    failed: int = 0  # chapters
    pages: int = 0  # fetched in this run; those of the journal cost nothing
    began: float = field(default_factory=monotonic)

    @property
    def seconds(self) -> float:
        return monotonic() - self.began
