"""Rules that name the attributes which they are about."""

import numpy as np
import pytest

from tests.conduct_file.files import SIZE, tables
from tests.conduct_people.people import seen

METRICS = ["trait_lift", "trait_auc", "used_columns_auc", "audience_variation"]
BOTH = {"protected_by": {"by": ["group", "religion"]}}


def of_two(seed=3):
    religion = np.random.default_rng(seed).choice(["r", "s"], size=SIZE)
    return tables(attributes={"religion": religion})


@pytest.mark.parametrize("metric", METRICS)
def test_an_attribute_that_is_not_audited_is_missing(tmp_path, metric):
    (one,) = seen(tmp_path, of_two(), metric, {"attributes": ["race"]}, **BOTH)
    assert (one.status, one.attribute) == ("missing", "race")
    assert one.message == "race is not among the audited attributes"


@pytest.mark.parametrize("metric", METRICS)
def test_of_two_attributes_the_one_that_is_audited_is_measured(tmp_path, metric):
    asked = {"attributes": ["religion", "race"]}
    found = seen(tmp_path, of_two(), metric, asked, **BOTH)
    told = [(one.attribute, one.status) for one in found]
    assert told == [("religion", "measured"), ("race", "missing")]


@pytest.mark.parametrize("metric", METRICS)
def test_without_a_name_the_usual_attributes_are_looked_at(tmp_path, metric):
    found = seen(tmp_path, of_two(), metric, **BOTH)
    usual = ["religion"] if metric.startswith("trait") else ["group", "religion"]
    assert [one.attribute for one in found] == usual


def test_few_who_are_left_out_are_not_told(tmp_path):
    # All but 3 of 203 are in the audience.
    place = np.arange(SIZE)
    member = place < 203
    pick = np.where(member, place >= 3, place % 4 == 0).astype(int)
    data = tables(attributes={"religion": np.where(member, "r", "s")})
    data["customers"] = data["customers"].set_column(1, "pick", [pick])
    (one,) = seen(tmp_path, data, "trait_lift", protected_by={"by": ["religion"]})
    assert "too few" in one.message
    assert (one.n, one.selected, one.low, one.high) == (None, None, None, None)
    assert one.value > 3
