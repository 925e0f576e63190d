"""Plots as SVG within a page: colours and fonts are those of the page's style, text stays text, no script."""

import math
from collections.abc import Callable, Sequence
from html import escape

from moxu.corpus.inspect.plots import Axis, Bars, Curve, Histogram, Plot

WIDTH, HEIGHT = 520, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 16, 46
BAR_HEIGHT, NAME_WIDTH = 26, 216
LONGEST_NAME = 15  # characters of a name that have room, if they are Chinese
ROOM = 1.12  # above the highest bar, for what is written there

Scale = Callable[[float], float]


def draw(plot: Plot, name: str) -> str:
    """Return a plot as an SVG element; ``name`` is unique in the page, and names its title."""
    match plot:
        case Bars():
            return _bars(plot, name)
        case Histogram():
            body = _histogram(plot)
        case Curve():
            body = _curve(plot)
    middle = (TOP + HEIGHT - BOTTOM) / 2
    body += [
        f'<text class="axis" x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 6}">{escape(plot.x.title)}</text>',
        f'<text class="axis" transform="translate(13 {middle:.0f}) rotate(-90)">{escape(plot.y.title)}</text>',
    ]
    return _svg(body, plot.title, name, HEIGHT)


def _histogram(plot: Histogram) -> list[str]:
    highest = max(count for *_, count in plot.bars)
    frame = Frame(plot.x, (plot.bars[0][0], plot.bars[-1][1]), plot.y, (0.0, highest * ROOM))
    body = frame.grid()
    for low, high, count in plot.bars:
        left, right, top = frame.x(low), frame.x(high), frame.y(count)
        place = f'x="{left:.1f}" y="{top:.1f}" width="{max(0.5, right - left - 1):.1f}"'
        if count:
            body.append(f'<rect class="bar" {place} height="{HEIGHT - BOTTOM - top:.1f}"/>')
    x = frame.x(max(plot.median, plot.bars[0][0]))
    side, text_x = ("end", x - 5) if x > WIDTH / 2 else ("start", x + 5)
    told = f"median: {plot.median:,.0f}"
    body += [
        f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>',
        f'<text class="mark" text-anchor="{side}" x="{text_x:.1f}" y="{TOP + 9}">{told}</text>',
    ]
    return body


def _curve(plot: Curve) -> list[str]:
    xs, ys = zip(*plot.points, strict=True)
    frame = Frame(plot.x, (min(xs), max(xs)), plot.y, (min(ys), max(ys)))
    points = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in plot.points)
    body = [*frame.grid(), f'<polyline class="curve" points="{points}"/>']
    for label, x, y in plot.marks:
        left, top = frame.x(x), frame.y(y)
        body += [
            f'<circle class="mark" cx="{left:.1f}" cy="{top:.1f}" r="4"/>',
            f'<text class="mark" text-anchor="end" x="{left - 9:.1f}" y="{top + 4:.1f}">{escape(label)}</text>',
        ]
    return body


def _bars(plot: Bars, name: str) -> str:
    largest = max((value for _, value in plot.values), default=0.0) or 1.0
    room = WIDTH - NAME_WIDTH - 60
    body = []
    for row, (label, value) in enumerate(plot.values):
        top = row * BAR_HEIGHT + 4
        width = max(1.0, value / largest * room)
        body += [
            f'<text class="name" x="{NAME_WIDTH - 8}" y="{top + 15}">{escape(shortened(label))}</text>',
            f'<rect class="bar" x="{NAME_WIDTH}" y="{top}" width="{width:.1f}" height="{BAR_HEIGHT - 6}"/>',
            f'<text class="value" x="{NAME_WIDTH + width + 6:.1f}" y="{top + 15}">{short(value, plot.x)}</text>',
        ]
    return _svg(body, plot.title, name, len(plot.values) * BAR_HEIGHT + 8)


def _svg(body: Sequence[str], title: str, name: str, height: int) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{name}">'
    return f'{head}<title id="{name}">{escape(title)}</title>{"".join(body)}</svg>'


class Frame:
    """Where on the page the values of two axes are, each given with its ends."""

    def __init__(self, x: Axis, x_ends: tuple[float, float], y: Axis, y_ends: tuple[float, float]) -> None:
        self._x_axis, self._x_ticks = x, ticks(x, *x_ends)
        self._y_axis, self._y_ticks = y, ticks(y, *y_ends)
        self.x = _scale(x, x_ends, LEFT, WIDTH - RIGHT)
        self.y = _scale(y, y_ends, HEIGHT - BOTTOM, TOP)

    def grid(self) -> list[str]:
        """Return the lines and the numbers of the axes."""
        body = []
        for tick in self._y_ticks:
            y = self.y(tick)
            body.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            body.append(f'<text class="tick y" x="{LEFT - 6}" y="{y + 4:.1f}">{short(tick, self._y_axis)}</text>')
        bottom = HEIGHT - BOTTOM
        body.append(f'<line class="base" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>')
        for tick in self._x_ticks:
            x = self.x(tick)
            body.append(f'<line class="base" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 4}"/>')
            body.append(f'<text class="tick" x="{x:.1f}" y="{bottom + 17}">{short(tick, self._x_axis)}</text>')
        return body


def _scale(axis: Axis, ends: tuple[float, float], start: float, end: float) -> Scale:
    if axis.log:
        first, last = map(math.log, ends)
        return lambda value: start + (math.log(value) - first) / ((last - first) or 1) * (end - start)
    low, high = ends
    return lambda value: start + (value - low) / ((high - low) or 1) * (end - start)


def ticks(axis: Axis, low: float, high: float) -> list[float]:
    """Return round values from ``low`` to ``high``: powers of ten where these are enough, or whole numbers in steps."""
    if axis.log:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for steps in ((1,), (1, 2, 5)):
            found = [step * 10.0**power for power in powers for step in steps]
            found = [tick for tick in found if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]
            if len(found) > 1:
                return found
        return [low, high]
    magnitude = 10 ** math.floor(math.log10((high - low) or 1))
    step = next(magnitude * part for part in (0.1, 0.2, 0.5, 1, 2, 5, 10) if (high - low) / (magnitude * part) <= 6)
    step = max(1, step)
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step + 1e-9) + 1)]


def short(value: float, axis: Axis) -> str:
    """Return a number as an axis shows it: 20, 1.5k, 30M, 0.1%."""
    if axis.of_one:
        return f"{value * 100:.10f}".rstrip("0").rstrip(".") + "%"
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def shortened(name: str) -> str:
    """Return as much of a name as has room beside a bar; Latin letters take half of it."""
    longest = LONGEST_NAME * 2 if name.isascii() else LONGEST_NAME
    return name if len(name) <= longest else name[: longest - 1] + "…"
