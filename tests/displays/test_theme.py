"""Colours can be read and told apart on light and on dark pages."""

import itertools
import re

import numpy as np
import pytest

from fairness.reports.displays.maps import step_of
from fairness.reports.displays.theme import COLOURS, PAGES, theme_css

MODES = ("light", "dark")
STEPS = ("least", "less", "fewer", "same", "slightly", "more", "most")

# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
DEFICIENCIES = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour):
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(first, second):
    high, low = sorted([luminance(first), luminance(second)], reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    xyz = np.clip(rgb, 0, 1) @ np.array(
        [[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]]
    )
    t = xyz / [0.95047, 1.0, 1.08883]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_the_contrast_of_black_and_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", COLOURS)
def test_marks_and_words_stand_out_from_the_page(name, mode):
    colour, page = COLOURS[name], PAGES[MODES.index(mode)]
    found = contrast(getattr(colour, mode), page)
    if colour.is_text:
        assert found >= 4.5
    if colour.is_mark:
        assert found >= 3


@pytest.mark.parametrize("mode", MODES)
def test_words_are_read_on_every_step_and_on_the_band(mode):
    for name in (*STEPS, "band"):
        ground = getattr(COLOURS[name], mode)
        assert contrast(getattr(COLOURS["ink"], mode), ground) >= 4.5
    for name in ("soft", "harm"):
        ground = getattr(COLOURS["band"], mode)
        assert contrast(getattr(COLOURS[name], mode), ground) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("deficiency", [None, *DEFICIENCIES])
def test_what_harms_is_told_apart_from_what_does_not(deficiency, mode):
    matrix = np.eye(3) if deficiency is None else np.array(DEFICIENCIES[deficiency])
    seen = {
        name: lab(matrix @ linear(getattr(COLOURS[name], mode)))
        for name in ("harm", "other", "ink", "least", "most")
    }
    for first, second in (("harm", "other"), ("harm", "ink"), ("least", "most")):
        assert np.linalg.norm(seen[first] - seen[second]) > 12, (first, second)


@pytest.mark.parametrize("mode", MODES)
def test_no_two_names_share_a_colour(mode):
    values = [getattr(colour, mode) for colour in COLOURS.values()]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("mode", MODES)
def test_steps_get_stronger_to_both_ends(mode):
    page = PAGES[MODES.index(mode)]
    strength = [contrast(getattr(COLOURS[name], mode), page) for name in STEPS]
    if mode == "light":
        assert strength[0] > strength[1] > strength[2]
        assert strength[6] > strength[5] > strength[4]
    middle = lab(linear(getattr(COLOURS["same"], mode)))
    far = [
        np.linalg.norm(lab(linear(getattr(COLOURS[n], mode))) - middle) for n in STEPS
    ]
    assert far[0] > far[1] > far[2]
    assert far[6] > far[5] > far[4]


def test_steps_are_the_same_for_a_ratio_and_its_inverse():
    for ratio in (0.3, 0.55, 0.85, 0.95, 1.0):
        assert step_of(ratio) + step_of(1 / ratio) == 6


def test_the_sheet_maps_every_colour_for_light_dark_and_print():
    css = theme_css()
    blocks = re.findall(r"svg\.picture \{([^}]*)\}", css)
    assert len(blocks) == 3
    for name, colour in COLOURS.items():
        assert f"--picture-{name}: {colour.light}" in blocks[0]
        assert f"--picture-{name}: {colour.dark}" in blocks[1]
        assert f"--picture-{name}: {colour.light}" in blocks[2]
        for part in ("fill", "stroke"):
            rule = f'[{part}="{colour.light}"] {{ {part}: var(--picture-{name}) }}'
            assert f"svg.picture {rule}" in css
    assert "prefers-color-scheme: dark" in css
    assert "@media print" in css
    assert "url(" not in css


def test_neighbouring_lines_differ_in_colour_and_in_marker():
    from fairness.reports.displays.lines import Standing

    standing = Standing(("a", "b"), "c", "lower")
    looks = standing.looks(list("abcdef")).values()
    for first, second in itertools.combinations(looks, 2):
        assert first.colour != second.colour
        assert first.marker != second.marker
