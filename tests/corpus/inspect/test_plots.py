from collections.abc import Callable

from moxu.corpus.inspect.facts import Facts
from moxu.corpus.inspect.plots import Curve, Histogram, all_plots

MakeFacts = Callable[..., Facts]


def test_there_is_a_plot_of_every_length_and_of_the_characters(facts: MakeFacts) -> None:
    plots = all_plots(facts())
    assert [plot.title for plot in plots if isinstance(plot, Histogram)] == [
        "Length of works",
        "Length of chapters",
        "Length of paragraphs",
        "Length of sentences",
    ]
    zipf, coverage = (plot for plot in plots if isinstance(plot, Curve))
    assert zipf.points[0][1] >= zipf.points[-1][1] >= 1
    assert all(0 < part < 1 for _, part in coverage.points)
    assert len(plots) == 8  # and the splits and groups


def test_nothing_has_no_plots(facts: MakeFacts) -> None:
    assert all_plots(facts([])) == ()
