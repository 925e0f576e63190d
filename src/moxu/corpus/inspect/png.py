"""The plots of an inspection as one picture, drawn by matplotlib in the colours of the page by day.

Chinese names are drawn in a font of the machine that has them; where there is none, a character is shown as its code
point and not as a box.
"""

import math
from pathlib import Path
from typing import Any

from moxu.corpus.inspect.facts import Facts
from moxu.corpus.inspect.plots import Axis, Bars, Curve, Histogram, Plot, all_plots
from moxu.corpus.inspect.svg import ROOM, short, shortened
from moxu.errors import SettingsError

PAPER, INK, QUIET, PALE, LINE, CINNABAR = "#fbf8f1", "#1f1b16", "#6a6154", "#56647a", "#ddd5c5", "#b5402a"
FONTS = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei"),
    *(
        "WenQuanYi Micro Hei",
        "WenQuanYi Zen Hei",
        "SimHei",
        "Noto Sans CJK JP",
        "Noto Serif CJK SC",
        "Arial Unicode MS",
    ),
)
LATIN_FONT = "DejaVu Sans"  # which comes with matplotlib
COLUMNS = 2
WIDTH, HEIGHT = 5.6, 3.4  # inches of one plot
DOTS = 120  # in an inch
SMALL: dict[str, Any] = {"color": PALE, "fontsize": 8, "textcoords": "offset points"}
DASHED: dict[str, Any] = {"color": PALE, "linewidth": 1, "linestyle": (0, (4, 3))}
FIRST_CHINESE = "\u2e80"


def write_png(facts: Facts, path: Path) -> None:
    """Draw the plots into a file; SettingsError where matplotlib is not installed."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
    except ImportError:
        raise SettingsError("--png needs matplotlib: pip install 'moxu[corpus]'") from None
    plots, fonts = all_plots(facts), _chinese_fonts()
    rows = max(1, math.ceil(len(plots) / COLUMNS))
    figure = Figure((WIDTH * COLUMNS, HEIGHT * rows), DOTS, facecolor=PAPER)
    figure.set_layout_engine(ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.12))
    FigureCanvasAgg(figure)
    for place, plot in enumerate(plots, start=1):
        axes = figure.add_subplot(rows, COLUMNS, place, facecolor=PAPER)
        _style(axes, plot.title)
        _draw(axes, plot, bool(fonts))
        for text in axes.get_yticklabels():  # the only names that come from the user
            text.set_fontfamily([LATIN_FONT, *fonts])
    figure.savefig(path, format="png", metadata={"Software": "moxu corpus inspect"})


def _chinese_fonts() -> list[str]:
    """Return the first font of the machine that has Chinese characters, or none."""
    from matplotlib import font_manager

    names = {font.name for font in font_manager.fontManager.ttflist}
    return [font for font in FONTS if font in names][:1]


def _style(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, color=INK, fontweight="bold")
    axes.tick_params(colors=QUIET, labelsize=8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(QUIET)


def _draw(axes: Any, plot: Plot, has_chinese: bool) -> None:
    match plot:
        case Histogram():
            _draw_histogram(axes, plot)
        case Curve():
            axes.plot(*zip(*plot.points, strict=True), color=CINNABAR, linewidth=1.8)
            for label, x, y in plot.marks:
                axes.plot(x, y, "o", color=PALE, markersize=5)
                axes.annotate(label, (x, y), (-7, -3), ha="right", **SMALL)
        case Bars():
            _draw_bars(axes, plot, has_chinese)
    axes.grid(axis="x" if isinstance(plot, Bars) else "y", color=LINE, linewidth=0.6)
    _scale(axes, "x", plot.x)
    if not isinstance(plot, Bars):
        _scale(axes, "y", plot.y)


def _draw_histogram(axes: Any, plot: Histogram) -> None:
    lows, highs, counts = zip(*plot.bars, strict=True)
    widths = [high - low for low, high in zip(lows, highs, strict=True)]
    axes.bar(lows, counts, widths, align="edge", color=CINNABAR, alpha=0.82, edgecolor=PAPER, linewidth=0.5)
    axes.set_ylim(0, max(counts) * ROOM)
    axes.axvline(plot.median, **DASHED)
    place = (plot.median, max(counts) * ROOM)
    axes.annotate(f"median: {plot.median:,.0f}", place, (4, -9), **SMALL)


def _draw_bars(axes: Any, plot: Bars, has_chinese: bool) -> None:
    places = range(len(plot.values))
    axes.barh(places, [value for _, value in plot.values], color=CINNABAR, alpha=0.82, height=0.72)
    axes.set_yticks(places, [drawable(shortened(label), has_chinese) for label, _ in plot.values])
    axes.tick_params(axis="y", colors=INK, length=0)
    axes.invert_yaxis()


def _scale(axes: Any, name: str, told: Axis) -> None:
    from matplotlib.ticker import NullLocator

    axis = getattr(axes, f"{name}axis")
    axis.set_label_text(told.title, fontsize=8, color=QUIET)
    if told.log:
        getattr(axes, f"set_{name}scale")("log")
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(lambda value, _: short(value, told))


def drawable(label: str, has_chinese: bool) -> str:
    """Return a label of which every character can be drawn; an unescaped ``$`` would begin a formula."""
    if not has_chinese:
        label = "".join(one if one < FIRST_CHINESE else f"<{ord(one):X}>" for one in label)
    return label.replace("$", r"\$")
