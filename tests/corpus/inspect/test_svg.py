import re
from xml.etree import ElementTree

import pytest

from moxu.corpus.inspect.plots import Axis, Bars, Curve, Histogram, Plot
from moxu.corpus.inspect.svg import HEIGHT, WIDTH, draw, short, shortened, ticks

LOG = Axis("characters", log=True)
COUNT = Axis("works")
PLOTS: dict[str, Plot] = {
    "histogram": Histogram("H", LOG, COUNT, ((1, 2, 3), (2, 4, 0), (4, 8, 9)), 4),
    "one bar": Histogram("H", LOG, COUNT, ((5, 6, 1),), 5),
    "an empty text": Histogram("H", LOG, COUNT, ((0.7, 1, 4),), 0),
    "curve": Curve(
        "C", LOG, Axis("part", log=True, of_one=True), ((1, 0.9), (10, 0.1), (90, 0.001)), (("99%", 10, 0.1),)
    ),
    "flat curve": Curve("C", LOG, LOG, ((1, 5), (2, 5))),
    "bars": Bars("B", Axis("characters"), (("一二三", 5), ("<b>&", 0))),
    "no bars": Bars("B", Axis("characters"), ()),
}


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_is_well_formed_and_within_its_frame(name: str) -> None:
    drawn = draw(PLOTS[name], "plot-1")
    root = ElementTree.fromstring(drawn)
    assert (root.attrib["role"], root.attrib["aria-labelledby"], root[0].attrib["id"]) == ("img", "plot-1", "plot-1")
    height = float(root.attrib["viewBox"].split()[3])
    for element in root.iter():
        for key in ("x", "x1", "x2", "cx"):
            assert 0 <= float(element.get(key, 0)) <= WIDTH
        for key in ("y", "y1", "y2", "cy"):
            assert 0 <= float(element.get(key, 0)) <= min(height, HEIGHT)
    assert "nan" not in drawn


def test_names_are_text_and_nothing_else() -> None:
    drawn = draw(PLOTS["bars"], "plot-1")
    assert "<b>" not in drawn
    assert "&lt;b&gt;&amp;" in drawn


def test_higher_counts_are_higher_bars() -> None:
    heights = [
        float(found) for found in re.findall(r'class="bar"[^>]*height="([\d.]+)"', draw(PLOTS["histogram"], "p"))
    ]
    assert heights[1] == pytest.approx(3 * heights[0], rel=0.01)


@pytest.mark.parametrize(
    ("log", "low", "high", "expected"),
    [
        (True, 3, 2000, [10, 100, 1000]),
        (True, 3, 30, [5, 10, 20]),
        (True, 6.5, 7.5, [6.5, 7.5]),
        (False, 0, 27, [0, 5, 10, 15, 20, 25]),
        (False, 0, 1, [0, 1]),
        (False, 5, 5, [5]),
    ],
)
def test_ticks_are_round(log: bool, low: float, high: float, expected: list[float]) -> None:
    assert ticks(Axis("", log), low, high) == pytest.approx(expected)


def test_numbers_on_axes_are_short() -> None:
    told = [short(value, Axis("")) for value in (0, 7, 1500, 30_000_000, 2e9, 0.5)]
    assert told == ["0", "7", "1.5k", "30M", "2G", "0.5"]
    assert [short(value, Axis("", of_one=True)) for value in (1, 0.1, 0.0001)] == ["100%", "10%", "0.01%"]


def test_long_names_are_cut() -> None:
    assert len(shortened("长" * 99)) < len(shortened("long" * 99)) < 40
    assert shortened("短") == "短"
