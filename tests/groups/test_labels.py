"""Labels, names of intersections, lists of columns."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from fairness.groups import (
    MISSING,
    Bands,
    intersection_name,
    label_of,
    sort_labels,
    split_names,
)


def test_one_value_has_one_label_whatever_its_type():
    for value in (
        1,
        1.0,
        "1",
        " 1 ",
        "1.0",
        "1.000",
        np.int8(1),
        np.float32(1),
        np.str_("1"),
    ):
        assert label_of(value) == "1"
    for value in ("01", "1.5", "1e0", "one", "1,0"):
        assert label_of(value) == value
    for value in (None, float("nan"), pd.NA, pd.NaT, "", " \t", np.float64("nan")):
        assert label_of(value) == MISSING
    assert label_of("<NA>") == "<NA>"
    assert label_of(-0.0) == "0"
    assert label_of("?", ["?"]) == MISSING


@given(st.lists(st.text(), unique=True))
def test_labels_have_one_order(labels):
    assert sort_labels(labels) == sort_labels(labels[::-1])


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8, unique=True))
def test_bands_sort_from_the_lowest_to_the_highest(edges):
    labels = list(Bands.of("x", sorted(edges)).labels)
    if len(set(labels)) == len(labels):
        assert sort_labels(labels[::-1]) == labels


@given(
    st.lists(
        st.text("a&", min_size=1).filter(lambda x: x.strip("&")), min_size=2, max_size=2
    ),
    st.lists(
        st.text("a&", min_size=1).filter(lambda x: x.strip("&")), min_size=2, max_size=2
    ),
)
def test_intersections_without_outer_ampersands_have_names_of_their_own(one, two):
    edges = [part.startswith("&") or part.endswith("&") for part in (*one, *two)]
    if one != two and not any(edges):
        assert intersection_name(one) != intersection_name(two)


def test_lists_of_columns_are_split_at_commas_unless_they_are_a_column():
    assert split_names("a, b,,c", ["a"]) == ["a", "b", "c"]
    assert split_names("a, b", ["a, b"]) == ["a, b"]
