"""Pictures are legible: no word over another, nothing outside, whatever the labels."""

import itertools

import pytest
from matplotlib import font_manager
from matplotlib.text import Text

from fairness.reports.displays import displays_of
from fairness.reports.displays.canvas import shorten, width_of
from fairness.reports.displays.glyphs import families_for, readable
from fairness.reports.displays.lines import spread
from tests.displays.conftest import CHINESE, LONG, payload_of

CASES = (
    "two",
    "eight",
    "judged",
    "burden",
    "sixty",
    "long",
    "chinese",
    "hostile",
    "named",
)
TOUCHING = 1.0


def drawn(case, dpi=100):
    """Yield the figure of each display, drawn."""
    for one in displays_of(payload_of(case)):
        ax = one.plot()
        ax.figure.set_dpi(dpi)
        ax.figure.canvas.draw()
        yield one, ax


def words(ax):
    """Return the texts of a picture that show something."""
    return [
        text
        for text in ax.figure.findobj(Text)
        if text.get_visible() and text.get_text().strip()
    ]


def box_of(text):
    return text.get_window_extent()


@pytest.mark.parametrize("case", CASES)
def test_no_word_lies_over_another(case):
    for one, ax in drawn(case):
        flat = [text for text in words(ax) if not text.get_rotation()]
        for first, second in itertools.combinations(flat, 2):
            a, b = box_of(first), box_of(second)
            across = min(a.x1, b.x1) - max(a.x0, b.x0)
            down = min(a.y1, b.y1) - max(a.y0, b.y0)
            # Boxes are as high as the font's lines, letters are not: a third may touch.
            slack = 0.34 * min(a.height, b.height)
            assert across <= TOUCHING or down <= slack, (
                one.kind,
                first.get_text(),
                second.get_text(),
            )


@pytest.mark.parametrize("dpi", [72, 200])
@pytest.mark.parametrize("case", CASES)
def test_nothing_leaves_the_figure(case, dpi):
    for one, ax in drawn(case, dpi):
        width, height = ax.figure.get_size_inches() * ax.figure.dpi
        for text in words(ax):
            box = box_of(text)
            inside = box.x0 >= -1 and box.x1 <= width + 1
            assert inside, (one.kind, text.get_text(), box.x0, box.x1, width)
            assert box.y0 >= -1, (one.kind, text.get_text())
            assert box.y1 <= height + 1, (one.kind, text.get_text())
        for line in ax.lines:
            box = line.get_window_extent()
            if line.get_gid():
                assert box.x0 >= -1, one.kind
                assert box.x1 <= width + 1, one.kind
                assert box.y0 >= -1, one.kind
                assert box.y1 <= height + 1, one.kind


def test_long_labels_stay_apart():
    for _, ax in drawn("long"):
        names = [tick.get_text() for tick in ax.get_yticklabels()]
        assert len(set(names)) == len(names)
    assert len({shorten(name) for name in LONG}) == len(LONG)


def test_sixty_groups_each_have_a_row_as_high_as_a_line():
    ax = next(
        x for one, x in drawn("sixty") if one.kind == "ratios" and one.attribute == "g"
    )
    places = sorted(box_of(tick).y0 for tick in ax.get_yticklabels())
    highest = max(box_of(tick).height for tick in ax.get_yticklabels())
    assert min(b - a for a, b in itertools.pairwise(places)) >= highest


def has_chinese():
    return any("CJK" in name for name in font_manager.fontManager.get_font_names())


@pytest.mark.skipif(not has_chinese(), reason="no font for Chinese is installed")
def test_chinese_is_drawn_as_it_is_where_there_is_a_font():
    for text in CHINESE:
        assert readable(text) == text
    ax = displays_of(payload_of("chinese"))[0].plot()
    names = [tick.get_text().split(" (n")[0] for tick in ax.get_yticklabels()]
    assert set(names) == set(CHINESE)
    assert any("CJK" in name for name in families_for("汉"))


def test_without_a_font_chinese_is_its_escape(monkeypatch):
    from fairness.reports.displays import glyphs

    monkeypatch.setattr(glyphs, "_covered", lambda families: frozenset(range(32, 256)))
    assert readable("汉族 a") == "\\u6c49\\u65cf a"


def test_places_that_collide_are_spread_and_the_rest_stays():
    assert spread([], 4, 0, 10) == []
    assert spread([1, 9], 4, 0, 10) == [1, 9]
    placed = spread([5, 5, 5, 30], 4, 0, 40)
    assert placed == [1, 5, 9, 30]
    low, high = spread([0, 0], 4, 0, 40)
    assert (low, high) == (0, 4)


def test_a_width_grows_with_the_text():
    assert 0 < width_of("ab") < width_of("abc") < width_of("abc", bold=True)
