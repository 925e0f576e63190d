"""The tables of an inspection, and what in them is worth a look; the page and the terminal show the same ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from moxu.corpus.inspect.facts import ChapterFacts, CharacterCount, Facts, NumberingInWork
from moxu.corpus.inspect.numbering import NumberingFault


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole, between 0 and 1."""

    value: float

    def __str__(self) -> str:
        percent = self.value * 100
        return f"{percent:.1f}%" if percent >= 10 or percent == 0 else f"{percent:.2g}%"


@dataclass(frozen=True, slots=True)
class Marked:
    """Something within the text that stands around it."""

    before: str
    inside: str
    after: str

    def __str__(self) -> str:
        return self.before + self.inside + self.after


NUMBERS = (int, float, Part)
FAR_LONGER = 20  # times the median
Cell = str | int | float | Part | Marked


@dataclass(frozen=True, slots=True)
class Table:
    """A table; numbers and parts are set to the right. ``note`` says what it means."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def overview(facts: Facts) -> Table:
    """Return the counts that say how large a corpus is."""
    structure, dialogue = facts.structure, facts.dialogue
    rows: tuple[tuple[Cell, ...], ...] = (
        ("works", facts.works),
        ("chapters", facts.chapters),
        ("paragraphs", facts.paragraphs),
        ("characters", facts.characters),
        ("different characters", facts.text.different),
        ("within quotation marks", part(dialogue.characters, facts.characters)),
        ("works of one chapter", structure.works_whole),
        ("titles of volumes", structure.volume_titles),
    )
    return Table("Overview", ("", "count"), rows)


def share_tables(facts: Facts) -> Iterator[Table]:
    """Give a table for each column of which a work says anything."""
    for column, shares in facts.shares.items():
        if [share.name for share in shares] in ([""], []):
            continue
        rows = tuple(
            (
                share.name or "(none)",
                share.works,
                share.chapters,
                share.characters,
                part(share.characters, facts.characters),
            )
            for share in shares
        )
        yield Table(f"By {column}", (column, "works", "chapters", "characters", "part"), rows)


def lengths(facts: Facts) -> Table:
    """Return the lengths of works, chapters, paragraphs and sentences."""
    rows = tuple(
        (name, one.count, round(one.mean), one.shortest, one.tenth, one.median, one.nine_tenths, one.longest)
        for name, one in facts.lengths.items()
    )
    columns = ("", "count", "mean", "shortest", "10%", "median", "90%", "longest")
    return Table("Lengths in characters", columns, rows, "10%: one in ten is no longer than this.")


def coverage(facts: Facts) -> Table:
    """Return how many characters a vocabulary needs."""
    rows = tuple((f"{one.part * 100:g}%", one.characters) for one in facts.text.coverage)
    note = "So many of the most frequent characters make up this part of the text."
    return Table("Vocabulary", ("of the text", "characters"), rows, note)


def kinds(facts: Facts) -> Table:
    """Return the kinds of characters."""
    total = sum(facts.text.kinds.values())
    rows = tuple((title, count, part(count, total)) for title, count in facts.text.kinds.items())
    note = "Only in one script: what GB 2312 has and Big5 has not, or the other way round."
    return Table("Kinds of characters", ("kind", "count", "part"), rows, note)


def punctuation(facts: Facts) -> Table:
    """Return the marks of punctuation, and how often each stands among a thousand characters."""
    total = max(1, facts.characters)
    rows = tuple(
        (one.character, one.code, one.name.lower(), one.count, one.count / total * 1000)
        for one in facts.text.punctuation
    )
    return Table("Punctuation", ("mark", "code", "name", "count", "in a thousand"), rows)


def odd(facts: Facts) -> Table:
    """Return characters that no text of fiction needs."""
    note = "Neither Han nor common punctuation, letters or digits; each with the place where it stands first."
    return _examples("Odd characters", facts.text.odd, note)


def rare(facts: Facts) -> Table:
    """Return Han characters that neither GB 2312 nor Big5 has."""
    note = "In neither GB 2312 nor Big5: names, dialect, or damage."
    found = _examples("Rare Han characters", facts.text.rare, note)
    columns, rows = found.columns, found.rows  # the name would only say the code again
    return Table(found.title, columns[:2] + columns[3:], tuple(row[:2] + row[3:] for row in rows), note)


def lost(facts: Facts) -> Table:
    """Return the works in which most characters are lost."""
    rows = tuple((one.work, one.lost, part(one.lost, one.characters)) for one in facts.lost_in)
    found = ", ".join(f"{one.character} {one.count:,}" for one in facts.text.lost)
    return Table("Lost characters", ("work", "lost", "part"), rows, f"In {facts.works_with_lost:,} works: {found}.")


def scripts(facts: Facts) -> Table:
    """Return the works that mix simplified and traditional characters."""
    rows = tuple(
        (one.work, one.simplified, one.traditional, part(one.traditional, one.simplified + one.traditional))
        for one in facts.script.mixed
    )
    told = ", ".join(f"{count:,} {script}" for script, count in facts.script.works.items() if count)
    note = f"Works by script: {told}. Rare characters that only Big5 has count as traditional in any text."
    return Table("Works in both scripts", ("work", "simplified", "traditional", "traditional part"), rows, note)


def longest(facts: Facts) -> Table:
    """Return the longest chapters."""
    note = "A chapter far longer than the others may hold several whose titles were not seen."
    return _chapters("Longest chapters", facts.structure.longest, note)


def shortest(facts: Facts) -> Table:
    """Return the shortest chapters."""
    return _chapters("Shortest chapters", facts.structure.shortest, "A few characters may be a line taken for a title.")


def untitled(facts: Facts) -> Table:
    """Return the works with chapters that have no title."""
    rows = tuple((one.work, one.untitled, one.chapters) for one in facts.structure.works_untitled)
    note = "What stands before the first title is left aside."
    return Table("Chapters without a title", ("work", "untitled", "chapters"), rows, note)


def numbering(facts: Facts) -> Table:
    """Return the works whose chapters do not count on by one."""
    rows = tuple((one.work, one.missing, one.count, _told(one)) for one in facts.structure.misnumbered)
    note = "By the numbers in titles, or else in the source: missing chapters, numbers that come twice or go back."
    return Table("Gaps in the numbers of chapters", ("work", "missing", "places", "first of them"), rows, note)


def copies(facts: Facts) -> Table:
    """Return the chapters that stand there more than once."""
    rows = tuple(
        (
            one.characters,
            one.count,
            Part(one.alike),
            " · ".join(f"{work}, chapter {number}" for work, number in one.places),
        )
        for one in facts.repetition.copies
    )
    note = "Alike: how many of their runs of five characters all of them share with the first, punctuation aside."
    return Table("Chapters with the same text, or nearly", ("characters", "times", "alike", "places"), rows, note)


def repeated_lines(facts: Facts) -> Table:
    """Return the lines that stand there most often."""
    rows = tuple((one.text, one.count, one.works, one.work) for one in facts.repetition.lines)
    low = f" Counts may be too low, by {facts.repetition.uncounted:,} at most." if facts.repetition.uncounted else ""
    note = f"Formulas of old novels, or adverts that cleaning has missed: these come in many works.{low}"
    return Table("Lines repeated most", ("line", "times", "works", "first in"), rows, note)


def unread(facts: Facts) -> Table:
    """Return what could not be read."""
    rows = tuple((one.source, one.reason) for one in facts.unread)
    return Table("Not read", ("file", "why"), rows)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth a look, and the section of the page that shows it."""

    text: str
    section: str


def findings(facts: Facts) -> tuple[Finding, ...]:
    """Return what in the facts may be a fault of the texts, or of their making."""
    text, structure, repetition = facts.text, facts.structure, facts.repetition
    lost_count = sum(one.count for one in text.lost)
    longest, median = facts.lengths["chapters"].longest, max(1, facts.lengths["chapters"].median)
    misnumbered = many(structure.works_misnumbered, "work")
    copied = many(repetition.chapters, "repeated chapter")
    candidates = (
        (len(facts.unread), f"{many(len(facts.unread), 'file')} could not be read", "unread"),
        (
            structure.missing,
            f"{many(structure.missing, 'missing chapter')}, by the numbers, in {misnumbered}",
            "chapters",
        ),
        (structure.untitled, f"{many(structure.untitled, 'chapter')} without a title", "chapters"),
        (
            longest > FAR_LONGER * median,
            f"a chapter of {longest:,} characters; half have {median:,} or fewer",
            "chapters",
        ),
        (repetition.chapters, f"{copied}, {repetition.characters:,} characters", "repetition"),
        (lost_count, f"{many(lost_count, 'lost character')} in {many(facts.works_with_lost, 'work')}", "odd"),
        (len(text.odd), many(text.kinds["others"], "odd character"), "odd"),
        (facts.script.works["mixed"], f"{many(facts.script.works['mixed'], 'work')} in both scripts", "script"),
        (facts.dialogue.unclosed, many(facts.dialogue.unclosed, "unclosed quotation"), "script"),
    )
    return tuple(Finding(told, section) for is_so, told, section in candidates if is_so)


def all_numbers(table: Table, place: int) -> bool:
    """Say whether a column has nothing but numbers."""
    return all(isinstance(row[place], NUMBERS) for row in table.rows)


def number(cell: int | float | Part) -> str:
    """Return a number as people read it."""
    match cell:
        case int():
            return f"{cell:,}"
        case float():
            return f"{cell:.3g}"
        case Part():
            return str(cell)


def part(count: float, total: float) -> Part:
    """Return what part of ``total`` a count is."""
    return Part(count / total if total else 0.0)


def many(count: int, noun: str) -> str:
    """Return a count with its noun: 1 work, 2 works."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _examples(title: str, counts: Sequence[CharacterCount], note: str) -> Table:
    rows = tuple(
        (one.character, one.code, one.name.lower(), one.count, Marked(one.before, one.character, one.after), one.work)
        for one in counts
    )
    return Table(title, ("character", "code", "name", "count", "example", "work"), rows, note)


def _chapters(title: str, chapters: Sequence[ChapterFacts], note: str) -> Table:
    rows = tuple((one.characters, one.work, one.number, one.title or "(no title)") for one in chapters)
    return Table(title, ("characters", "work", "chapter", "title"), rows, note)


def _told(found: NumberingInWork) -> str:
    told = "; ".join(map(_fault_told, found.faults))
    return told + ("; …" if found.count > len(found.faults) else "")


def _fault_told(fault: NumberingFault) -> str:
    after = f"after {fault.previous}" if fault.previous else "at the beginning"
    match fault.fault:
        case "missing" if fault.missing == 1:
            return f"{fault.previous + 1} is missing"
        case "missing":
            return f"{fault.previous + 1}–{fault.number - 1} are missing"
        case "again":
            return f"{fault.number} comes twice"
        case "back":
            return f"{fault.number} {after}"
