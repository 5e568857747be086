"""The structure of pictures: what is drawn where, and under which words."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import fairness as fa
from fairness.errors import InputError


@pytest.fixture(scope="module")
def audit_of():
    """The audit of groups: their sizes and selected customers by name."""

    def build(groups, *, name="g", offer="beneficial", **options):
        parts = [np.arange(n) < selected for n, selected in groups.values()]
        column = np.repeat(list(groups), [n for n, _ in groups.values()])
        table = pd.DataFrame({name: column, "s": np.concatenate(parts).astype(int)})
        return fa.audit(table, selected="s", by=name, offer=offer, **options)

    return build


TWO = {"f": (5000, 700), "m": (5000, 1000)}
MANY = {f"region {i:02d}": (700, 70 + i // 6) for i in range(59)} | {
    "rest": (9000, 900)
}
EIGHT = {
    "white": (6000, 660),
    "black": (1600, 85),
    "asian": (1200, 130),
    "hispanic": (1900, 205),
    "mixed": (450, 47),
    "few": (60, 6),
    "none": (900, 0),
    "": (380, 38),
}


def dots(ax):
    """Estimates and rows of the dots: marks of one point that are no arrow."""
    marks = [line for line in ax.lines if (line.get_gid() or "").startswith("mark-")]
    found = [line for line in marks if len(line.get_xdata()) == 1]
    return [line for line in found if line.get_markersize() > 6]


def names(ax):
    return [tick.get_text() for tick in ax.get_yticklabels()]


def test_the_axes_returned_are_those_given_and_no_figure_is_made(audit_of):
    figure = Figure()
    ax = figure.add_subplot()
    before = plt.get_fignums()
    assert audit_of(TWO).plot.ratios("g", ax=ax) is ax
    assert plt.get_fignums() == before


def test_without_axes_one_figure_is_made(audit_of):
    before = len(plt.get_fignums())
    ax = audit_of(TWO).plot.ratios("g")
    assert len(plt.get_fignums()) == before + 1
    assert ax.figure.number in plt.get_fignums()


def test_no_setting_of_matplotlib_changes(audit_of):
    before = dict(mpl.rcParams)
    audit_of(EIGHT).plot.ratios("g")
    assert dict(mpl.rcParams) == before


def test_the_title_is_the_finding(audit_of):
    title = audit_of(TWO).plot.ratios("g").get_title()
    assert title == "f is selected 0.70 times as often as m"


@pytest.mark.parametrize(
    ("groups", "title"),
    [
        ({"f": (5000, 1000), "m": (5000, 1000)}, "No group of g differs clearly from"),
        ({"f": (50, 1), "m": (50, 1)}, "No group of g can be compared: too few"),
        (
            {"f": (5000, 500), "m": (60, 6)},
            "Too few to tell whether groups of g differ",
        ),
    ],
)
def test_the_title_says_so_where_nothing_stands_out(groups, title, audit_of):
    assert audit_of(groups).plot.ratios("g").get_title().startswith(title)


def test_of_a_burdensome_offer_the_group_on_top_is_the_one_picked_most(audit_of):
    groups = {"a": (3000, 300), "b": (3000, 300), "c": (3000, 900)}
    ax = audit_of(groups, offer="burdensome").plot.ratios("g")
    assert names(ax)[0] == "c (n = 3,000)"
    title = ax.get_title().replace("\n", " ")
    assert title.startswith("c is selected 3.00 times as often as everybody else")
    texts = [text.get_text() for text in ax.texts]
    assert "1: same as everybody else" in texts


@pytest.mark.parametrize("groups", [TWO, EIGHT, MANY], ids=["2", "8", "60"])
def test_every_group_has_a_dot_and_the_figure_grows(groups, audit_of):
    ax = audit_of(groups).plot.ratios("g")
    assert len(names(ax)) == len(dots(ax)) == len(groups)
    height = ax.figure.get_size_inches()[1]
    assert height >= 0.28 * len(groups)
    ax.figure.canvas.draw()


def test_groups_are_sorted_and_carry_their_size(audit_of):
    ax = audit_of(EIGHT).plot.ratios("g")
    assert names(ax)[:2] == ["none (n = 900)", "black (n = 1,600)"]
    assert names(ax)[-1] in {"white (n = 6,000)", "hispanic (n = 1,900)"}
    assert "(missing) (n = 380)" in names(ax)
    places = {line.get_ydata()[0]: line.get_xdata()[0] for line in dots(ax)}
    ordered = [places[i] for i in range(len(places))]
    assert ordered == sorted(ordered)


def test_the_axis_of_ratios_is_logarithmic_that_of_differences_is_not(audit_of):
    result = audit_of(TWO)
    assert result.plot.ratios("g").get_xscale() == "log"
    ax = result.plot.ratios("g", metric="statistical_parity_difference")
    assert ax.get_xscale() == "linear"
    assert ax.get_title().startswith("f is selected 6.0 percentage points less than m")
    assert [line.get_xdata()[0] for line in dots(ax)] == pytest.approx([-0.06, 0.0])


def test_a_ratio_of_zero_is_an_arrow_at_the_edge(audit_of):
    ax = audit_of(EIGHT).plot.ratios("g")
    first = next(line for line in dots(ax) if line.get_ydata()[0] == 0)
    assert first.get_marker() == "<"
    assert first.get_xdata()[0] == pytest.approx(ax.get_xlim()[0])


def test_an_infinite_ratio_is_an_arrow_at_the_other_edge(audit_of):
    groups = {"a": (2000, 400), "b": (2000, 0)}
    ax = audit_of(groups, offer="burdensome").plot.ratios("g")
    markers = {line.get_marker() for line in ax.lines}
    assert ">" in markers
    assert np.isfinite(ax.get_xlim()).all()
    ax.figure.canvas.draw()


def test_a_group_too_few_is_hollow_and_the_reference_is_marked(audit_of):
    ax = audit_of(EIGHT).plot.ratios("g")
    style = {names(ax)[int(line.get_ydata()[0])]: line for line in dots(ax)}
    assert style["few (n = 60)"].get_markerfacecolor() == "#ffffff"
    assert style["white (n = 6,000)"].get_marker() == "D"
    assert style["black (n = 1,600)"].get_marker() == "s"
    assert style["asian (n = 1,200)"].get_marker() == "o"


def test_a_hidden_group_is_named_without_its_numbers(audit_of):
    groups = {"a": (4000, 400), "b": (4000, 400), "c": (300, 30), "tiny": (3, 1)}
    ax = audit_of(groups).plot.ratios("g")
    assert names(ax)[-1] == "tiny"
    assert "hidden: small group" in [text.get_text() for text in ax.texts]
    assert len(dots(ax)) == sum("(n = " in name for name in names(ax))


LABELS = [
    "a $1 and $2",
    "$a_b^c$",
    r"\frac{",
    "维吾尔族的朋友们",
    "مرحبا",
    "👩🏽‍🚀",
    "x" * 10_000,
    "a\x00b\u202e",
    "one\ntwo",
    "\ue000",
    "<script>",
    "%s {0}",
]


@pytest.mark.parametrize("label", LABELS, ids=range(len(LABELS)))
def test_any_label_is_drawn_literally_and_without_a_warning(label, audit_of):
    groups = {label: (3000, 300), "m": (3000, 600)}
    ax = audit_of(groups, name=f"col {label[:50]}").plot.ratios(f"col {label[:50]}")
    ax.figure.canvas.draw()
    assert len(names(ax)[0]) <= 60
    texts = [*ax.get_yticklabels(), ax.title, ax.xaxis.label]
    assert not any(text.get_parse_math() for text in texts)


def test_a_dollar_is_shown_as_it_is(audit_of):
    ax = audit_of({"a $1 and $2": (3000, 300), "m": (3000, 600)}).plot.ratios("g")
    assert names(ax)[0] == "a $1 and $2 (n = 3,000)"
    assert ax.get_title().startswith("a $1 and $2 is selected 0.50 times")


def test_labels_that_no_font_has_stay_apart(audit_of):
    groups = {"\U00012000": (3000, 300), "\U00012001": (3000, 600)}
    first, second = names(audit_of(groups).plot.ratios("g"))
    assert first != second


def test_an_intersection_is_drawn_by_the_name_of_its_findings():
    sexes, races = ["f", "m"] * 4000, (["a"] * 2 + ["b"] * 2) * 2000
    table = pd.DataFrame(
        {"sex": sexes, "race": races, "s": [1, 0, 0, 0, 0, 0, 1, 0] * 1000}
    )
    result = fa.audit(
        table, selected="s", by=["sex", "race"], intersections=2, offer="beneficial"
    )
    ax = result.plot.ratios("sex&race")
    assert {name.split(" (")[0] for name in names(ax)} == {"f&a", "f&b", "m&a", "m&b"}


def test_an_unknown_attribute_or_metric_is_an_error(audit_of):
    result = audit_of(TWO)
    with pytest.raises(InputError, match="'gg' is not an audited attribute") as raised:
        result.plot.ratios("gg")
    assert "did you mean 'g'?" in str(raised.value)
    with pytest.raises(InputError, match="'air' is not a metric"):
        result.plot.ratios("g", metric="air")
    with pytest.raises(InputError, match="is not a comparison"):
        result.plot.ratios("g", metric="shortfall")
    assert plt.get_fignums() == []


def test_pictures_of_an_outcome_and_a_score():
    random = np.random.default_rng(5)
    table = pd.DataFrame(
        {
            "g": np.repeat(["f", "m"], 3000),
            "s": random.random(6000) < 0.3,
            "o": random.random(6000) < 0.5,
            "score": random.normal(size=6000),
        }
    )
    result = fa.audit(
        table, selected="s", by="g", outcome="o", score="score", offer="beneficial"
    )
    for metric in ("true_positive_rate_ratio", "selection_odds_ratio"):
        ax = result.plot.ratios("g", metric=metric)
        assert len(dots(ax)) >= 1
        ax.figure.canvas.draw()


def test_a_rule_with_two_ends_draws_both_with_their_words(audit_of):
    from fairness.policy import Policy

    rule = {
        "id": "ours",
        "title": "Ours",
        "metric": "adverse_impact_ratio",
        "within": ["0.80", "1.30"],
        "severity": "block",
        "status": "voluntary",
        "why": "Neither fewer nor more.",
        "citation": {"source": "practice", "as_of": "2026-11-23"},
    }
    about = {
        "name": "house",
        "version": "1",
        "title": "House rules",
        "jurisdiction": "none",
        "disclaimer": "Ours.",
        "as_of": "2026-11-23",
    }
    ax = audit_of(TWO).gate(Policy(**about, rules=[rule])).plot.ratios("g")
    words = {text.get_text(): text for text in ax.texts}
    assert {"at least 0.80", "at most 1.30"} <= set(words)
    lines = {tuple(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2}
    assert {(0.8, 0.8), (1.3, 1.3)} <= lines
