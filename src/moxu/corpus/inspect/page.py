"""The page of an inspection: one HTML file without script, which loads nothing and opens anywhere.

Everything that comes from the texts is escaped, and isolated, so that a title that turns the direction of writing
around does so within itself only. A policy in the page forbids it to load anything, whatever is in it.
"""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from moxu.corpus.book import UNWANTED
from moxu.corpus.inspect import tables
from moxu.corpus.inspect.excerpts import Excerpt
from moxu.corpus.inspect.facts import Facts
from moxu.corpus.inspect.plots import Bars, Curve, Histogram, Plot, character_plots, length_plots, share_plot
from moxu.corpus.inspect.svg import draw
from moxu.corpus.inspect.tables import NUMBERS, Cell, Finding, Marked, Part, Table, all_numbers, number

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
TALL = 15  # rows from which on a table scrolls
TEXT_COLUMNS = frozenset(("work", "title", "line", "first in", "places", "author", "group", "example", "file"))


def page(facts: Facts) -> str:
    """Return the page as HTML."""
    sections = {
        "look": ("Worth a look", _findings(tables.findings(facts))),
        "unread": ("Not read", _block(tables.unread(facts))),
        "composition": ("What it is made of", _composition(facts)),
        "lengths": ("Lengths", _lengths(facts)),
        "characters": ("Characters", _characters(facts)),
        "odd": ("Odd, rare and lost characters", _odd(facts)),
        "script": ("Script and dialogue", _script(facts)),
        "chapters": ("Chapters", _chapters(facts)),
        "repetition": ("Repetition", _blocks([tables.copies(facts), tables.repeated_lines(facts)])),
        "excerpts": ("Random excerpts", _excerpts(facts.excerpts, facts.seed)),
    }
    shown = {name: (title, body) for name, (title, body) in sections.items() if body}
    style = files("moxu.corpus.inspect").joinpath("page.css").read_text("utf-8")
    name = _clean(", ".join(facts.sources)) or "corpus"
    links = "".join(f'<li><a href="#{one}">{title}</a></li>' for one, (title, _) in shown.items())
    body = "\n".join(
        f'<section id="{one}" aria-labelledby="{one}-title"><h2 id="{one}-title">{title}</h2>\n{text}</section>'
        for one, (title, text) in shown.items()
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="color-scheme" content="light dark">
<title>{name} · moxu corpus inspect</title>
<style>
{style}</style>
</head>
<body>
<header>
<p class="seal" lang="zh">墨续</p>
<h1>{_isolated(", ".join(facts.sources) or "corpus")}</h1>
{_figures(facts)}
<nav aria-label="Sections"><ul>{links}</ul></nav>
</header>
<main>
{body}
</main>
<footer>
<p>Characters are those of paragraphs: titles and line ends are not counted. Lengths are exact up to 255, and told to
within one in 128 beyond. Made by <code>moxu corpus inspect</code>.</p>
</footer>
</body>
</html>
"""


def _figures(facts: Facts) -> str:
    found = (
        ("works", f"{facts.works:,}"),
        ("chapters", f"{facts.chapters:,}"),
        ("paragraphs", f"{facts.paragraphs:,}"),
        ("characters", f"{facts.characters:,}"),
        ("different characters", f"{facts.text.different:,}"),
        ("in quotation marks", str(tables.part(facts.dialogue.characters, facts.characters))),
    )
    return f'<dl class="figures">{"".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in found)}</dl>'


def _findings(found: Sequence[Finding]) -> str:
    if not found:
        return "<p>Nothing was found that looks like a fault.</p>"
    rows = "".join(f'<li><a href="#{one.section}">{escape(one.text)}</a></li>' for one in found)
    return f'<ul class="findings">{rows}</ul>'


def _composition(facts: Facts) -> str:
    body = []
    for place, table in enumerate(tables.share_tables(facts)):
        column = table.columns[0]
        plot = share_plot(f"Characters by {column}", facts.shares[column])
        chart = _figure(plot, f"share-{place}", with_table=False) if len(plot.values) > 1 else ""
        body.append(f'<div class="pair">{_block(table)}{chart}</div>')
    return "".join(body)


def _lengths(facts: Facts) -> str:
    plots = "".join(_figure(plot, f"length-{place}") for place, plot in enumerate(length_plots(facts)))
    return f'{_block(tables.lengths(facts))}<div class="pair">{plots}</div>'


def _characters(facts: Facts) -> str:
    plots = "".join(_figure(plot, f"character-{place}") for place, plot in enumerate(character_plots(facts)))
    left, right = tables.coverage(facts), tables.kinds(facts)
    frequent = "".join(one.character for one in facts.text.frequent)
    most = (
        f'<div class="block"><h3>Most frequent</h3><p class="text">{_isolated(frequent)}</p></div>' if frequent else ""
    )
    return (
        f'<div class="pair">{plots}</div><div class="pair"><div>{_block(left)}{most}{_block(right)}</div>'
        f"{_block(tables.punctuation(facts))}</div>"
    )


def _odd(facts: Facts) -> str:
    pair = _blocks([tables.rare(facts), tables.lost(facts)])
    return _block(tables.odd(facts)) + (f'<div class="pair">{pair}</div>' if pair else "")


def _script(facts: Facts) -> str:
    script, dialogue = facts.script, facts.dialogue
    told = tables.part(script.traditional, script.simplified + script.traditional)
    spoken = tables.part(dialogue.characters, facts.characters)
    lines = (
        f"Of {script.simplified + script.traditional:,} characters that belong to one script only, {told} are "
        "traditional.",
        f"{spoken} of the text stands within quotation marks; {tables.many(dialogue.works_without, 'work')} "
        f"without any; {tables.many(dialogue.unclosed, 'paragraph')} with a quotation that is not closed.",
    )
    return "".join(f"<p>{line}</p>" for line in lines) + _block(tables.scripts(facts))


def _chapters(facts: Facts) -> str:
    pair = f'<div class="pair">{_block(tables.longest(facts))}{_block(tables.shortest(facts))}</div>'
    return pair + _blocks([tables.numbering(facts), tables.untitled(facts)])


def _excerpts(excerpts: Iterable[Excerpt], seed: int) -> str:
    quotes = []
    for one in excerpts:
        text = "".join(f"<p>{_isolated(line)}</p>" for line in one.text.split("\n"))
        place = f"{one.work}, chapter {one.number}" + (f" · {one.title}" if one.title else "")
        quotes.append(f'<blockquote lang="zh">{text}<footer>{_isolated(place)}</footer></blockquote>')
    note = f'<p class="note">Drawn with seed {seed}.</p>'
    return f'{note}<div class="excerpts">{"".join(quotes)}</div>' if quotes else ""


def _figure(plot: Plot, name: str, with_table: bool = True) -> str:
    note = f'<p class="note">{escape(plot.note)}</p>' if plot.note else ""
    numbers = ""
    if with_table:
        rows = _table_of(plot, f"{name}-numbers")
        numbers = f"<details><summary>The numbers of this plot</summary>{rows}</details>"
    caption = f"<figcaption><h3>{escape(plot.title)}</h3>{note}</figcaption>"
    return f"<figure>{caption}{draw(plot, name)}{numbers}</figure>"


def _table_of(plot: Plot, name: str) -> str:
    match plot:
        case Histogram():
            rows = tuple((f"{low:,.0f} to {high - 1:,.0f}", int(count)) for low, high, count in plot.bars)
            table = Table(plot.title, (plot.x.title, plot.y.title), rows)
        case Curve():
            step = max(1, len(plot.points) // 24)
            chosen = plot.points[::step]
            cells = tuple((f"{x:,.0f}", f"{y:,.0f}" if y >= 1 else f"{y:.2g}") for x, y in chosen)
            table = Table(plot.title, (plot.x.title, plot.y.title), cells)
        case Bars():
            table = Table(plot.title, ("", plot.x.title), tuple((label, int(value)) for label, value in plot.values))
    return _table(table, name)


def _blocks(found: Iterable[Table]) -> str:
    return "".join(map(_block, found))


def _block(table: Table) -> str:
    """Return a table with its title and note; nothing for one without rows, unless its note says more than they."""
    if not table.rows:
        return ""
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    name = table.title.lower().replace(" ", "-")
    return f'<div class="block"><h3 id="{name}">{escape(table.title)}</h3>{note}{_table(table, name)}</div>'


def _table(table: Table, label: str) -> str:
    heads = "".join(
        f'<th scope="col"{_class("number" if all_numbers(table, place) else "")}>{escape(column)}</th>'
        if column
        else "<td></td>"
        for place, column in enumerate(table.columns)
    )
    rows = "".join(_row(table.columns, row) for row in table.rows)
    shape = "wide tall" if len(table.rows) > TALL else "wide"
    return (
        f'<div class="{shape}" role="region" aria-label="{escape(table.title)}" tabindex="0" data-table="{label}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(columns: Sequence[str], row: Sequence[Cell]) -> str:
    cells = []
    for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
        tag = 'th scope="row"' if place == 0 else "td"
        cells.append(f"<{tag}{_class(_class_of(column, cell))}>{_cell(cell)}</{tag[:2]}>")
    return f"<tr>{''.join(cells)}</tr>"


def _class_of(column: str, cell: Cell) -> str:
    if isinstance(cell, NUMBERS):
        return "number"
    if column in ("mark", "character"):
        return "glyph"
    if column == "code":
        return "code"
    return "text" if column in TEXT_COLUMNS else ""


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _cell(cell: Cell) -> str:
    match cell:
        case int() | float() | Part():
            return number(cell)
        case Marked(before, inside, after):
            return f'<bdi lang="zh">{_clean(before)}<mark>{_clean(inside)}</mark>{_clean(after)}</bdi>'
        case str():
            return escape(cell) if cell.isascii() else _isolated(cell)


def _isolated(text: str) -> str:
    return f'<bdi lang="zh">{_clean(text)}</bdi>'


def _clean(text: str) -> str:
    return escape(UNWANTED.sub("\ufffd", text))
