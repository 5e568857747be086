"""Ways around the verdict that somebody tried, each closed."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from fairness.errors import InputError
from pipelines.campaign import run_campaign
from pipelines.campaign.model import Campaign

SIZE = 4_000


@pytest.fixture
def tables():
    """Postcode B holds 80 % of the men and 20 % of the women."""
    rng = np.random.default_rng(5)
    ids = [f"c{place:05d}" for place in range(SIZE)]
    gender = rng.choice(["f", "m"], SIZE)
    lives = rng.random(SIZE) < np.where(gender == "m", 0.8, 0.2)
    customers = pd.DataFrame(
        {"customer_id": ids, "postcode": np.where(lives, "B", "A"), "orders": 3}
    )
    return {
        "customers": customers,
        "protected": pd.DataFrame({"customer_id": ids, "gender": gender}),
    }


def ran(
    tables,
    *,
    by=("gender",),
    rule="postcode = 'B'",
    more=None,
    use=None,
    policy=(),
    name="spring",
    day="2026-11-01",
    **options,
):
    campaign = Campaign(
        name=name,
        owner="olga",
        as_of=day,
        offer={"name": "x", "polarity": "beneficial"},
        tables=dict.fromkeys(tables, "in memory"),
        protected={"by": list(by), "use": use or {}},
        funnel={"clauses": rule} | (more or {}),
        policy={"use": list(policy)} if policy else {},
    )
    return run_campaign(campaign, tables=tables, **options)


def test_the_rule_is_blocked(tables):
    assert ran(tables).verdict == "block"


@pytest.mark.parametrize(
    "name", ["(contactable)", "(listed)", "(path)", "(Selected)", "(known)", "Gender"]
)
def test_a_column_that_could_be_taken_for_another_is_refused(name, tables):
    tables["customers"][name] = True
    with pytest.raises(InputError, match=r"uses itself|both customers and protected"):
        ran(tables)


def test_attributes_of_the_customers_do_not_take_the_place_of_protected_ones(tables):
    tables["customers"]["gender"] = "x"
    with pytest.raises(InputError, match="both customers and protected"):
        ran(tables)


def test_a_customer_who_is_cleared_and_not_is_suppressed_and_counted_once(tables):
    ids = tables["customers"]["customer_id"]
    twice = pd.DataFrame(
        {"customer_id": [*ids, *ids], "suppressed": [True] * SIZE + [False] * SIZE}
    )
    found = ran(tables | {"suppression": twice})
    assert found.audit.counts.rows == SIZE
    assert found.audience == ()


def test_a_suppression_list_of_unknown_ids_is_a_review(tables):
    tables["customers"]["postcode"] = "B"
    listed = pd.DataFrame(
        {"customer_id": tables["customers"]["customer_id"].str.upper()}
    )
    found = ran(tables | {"suppression": listed})
    assert found.verdict == "review"
    assert "suppression list" in found.decision.reasons[0]


def test_an_attribute_of_one_group_is_compared_with_nothing(tables):
    tables["protected"]["same"] = "x"
    found = ran(tables, by=["same"])
    assert found.verdict == "review"
    assert "compared with nothing" in found.decision.reasons[-1]


@pytest.mark.parametrize(
    "more",
    [
        {"holdout": "0.1", "base": "holdout", "base_reason": "x"},
        {"universe": "postcode = 'B'", "clauses": "orders > 0"},
    ],
)
def test_a_base_or_universe_does_not_hide_a_block(more, tables):
    found = ran(tables, more=more)
    assert found.verdict == "review"
    assert "would be blocked" in found.decision.reasons[0]


def test_a_universe_that_leaves_out_evenly_is_clear(tables):
    tables["customers"]["coin"] = np.random.default_rng(2).integers(0, 2, SIZE)
    found = ran(tables, rule="coin = 1", more={"universe": "customer_id < 'c03000'"})
    assert found.verdict == "clear"


def test_no_score_is_trained_on_an_attribute(tables):
    ids = tables["customers"]["customer_id"]
    tables["protected"]["male"] = tables["protected"]["gender"] == "m"
    answers = pd.DataFrame({"customer_id": ids, "responded": np.arange(SIZE) % 3 == 0})
    tables["customers"]["spend"] = np.arange(SIZE) % 50
    score = {"model": "logistic", "columns": ["spend"], "outcome": "male", "top": 100}
    with pytest.raises(InputError, match="'male' is a protected attribute"):
        ran(tables | {"responses": answers}, more={"score": score})


class Reads:
    name = "reads"

    def __init__(self, *columns):
        self.columns = columns

    def score(self, table):
        return np.linspace(0, 1, table.num_rows)


def test_an_estimator_of_ones_own_reads_no_attribute(tables):
    tables["customers"]["spend"] = np.arange(SIZE) % 50
    score = {"column": "spend", "top": 100}
    with pytest.raises(InputError, match="'gender' is a protected attribute"):
        ran(tables, more={"score": score}, estimator=Reads("gender"))
    with pytest.raises(InputError, match="which no table has"):
        ran(tables, more={"score": score}, estimator=Reads("nothing"))
    found = ran(tables, more={"score": score}, estimator=Reads("spend"))
    assert found.facts()["score"] == {"name": "reads", "columns": ["spend"]}


def test_a_policy_under_the_name_of_a_pack_is_refused(tables, tmp_path):
    from importlib import resources

    pack = resources.files("fairness.policy").joinpath("packs/us-four-fifths.toml")
    text = pack.read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(
        re.sub(r"at_least = .*", "at_least = 0.01", text, count=1)
    )
    campaign = Campaign(
        name="spring",
        owner="olga",
        offer={"name": "x"},
        tables={"customers": "in memory", "protected": "in memory"},
        protected={"by": ["gender"]},
        funnel={"clauses": "postcode = 'B'"},
        policy={"use": ["own.toml"]},
    )
    with pytest.raises(InputError, match="like a pack, and is another"):
        run_campaign(campaign, directory=tmp_path, tables=tables)


def test_an_attribute_called_selected_has_a_funnel_of_its_own(tables):
    tables["protected"]["selected"] = tables["protected"].pop("gender")
    found = ran(tables, by=["selected"])
    assert found.verdict == "block"
    assert found.culprits
    table = found.funnel.table(("selected",))
    assert table.groups == ("f", "m")


def test_what_is_told_of_a_small_group_does_not_tell_its_number(tables):
    women = tables["protected"].index[tables["protected"]["gender"] == "f"]
    tables["customers"]["arrears"] = 0
    tables["customers"].loc[women[:3], "arrears"] = 1
    found = ran(
        tables,
        rule="orders > 0",
        more={"suppression": "arrears = 1", "eligibility": "orders > 1"},
    )
    section = found.payload()["funnel"]
    (numbers,) = [one["reached"] for one in section["groups"] if one["group"] == "f"]
    shown = [n for n in numbers if n is not None]
    assert not any(0 < a - b < 5 for a, b in pairwise(shown)) or (
        # Size and selection of a group are in the report itself.
        shown == [numbers[0], numbers[-1]]
    )
    for gap in section["gaps"]:
        first = gap["stages"][0]
        assert first["ratio"] is None
        assert first["log_ratio"] is None


@pytest.mark.parametrize(
    ("more", "stage"),
    [
        ({"universe": "orders > 5"}, "universe"),
        (
            {
                "universe": "orders > 0",
                "suppression": "orders > 5",
                "eligibility": "orders > 5",
                "base": "clauses",
                "base_reason": "x",
            },
            "eligibility",
        ),
    ],
)
def test_with_nobody_to_judge_the_stage_is_named(more, stage, tables):
    with pytest.raises(InputError) as caught:
        ran(tables, more=more)
    (problem,) = caught.value.problems
    assert problem.where == f"stage {stage}"
    assert "nobody of 4,000 customers to judge from the stage clauses" in problem.what
    assert "'orders > 5'" in problem.what
    assert problem.hint


LENIENT = """schema = "fairreach/policy/1"
name = "lenient"
version = "1"
title = "Nothing has to be measured"
jurisdiction = "none"
as_of = 2026-11-23
max_unmeasured = 1.0
disclaimer = "A test."

[[rules]]
id = "one"
title = "Four fifths"
metric = "adverse_impact_ratio"
at_least = 0.80
severity = "block"
status = "practice"
why = "A test."
citation = { source = "a test", locator = "1", as_of = 2026-11-23 }
"""


def consents(tables, status):
    ids = tables["customers"]["customer_id"]
    told = {"purpose": "marketing", "channel": "email", "captured_at": "2026-05-01"}
    return pd.DataFrame({"customer_id": ids, "status": status, **told})


@pytest.mark.parametrize(
    ("more", "asks"),
    [
        ({"suppression": "orders > 2"}, "suppression leaves none. It asks: not orders"),
        ({"consent": {"channel": "email"}}, "consent leaves none. It asks: marketing"),
        ({"clauses": "orders > 5"}, "clauses leaves none. It asks: orders > 5"),
        (
            {"clauses": "orders > 5", "score": {"column": "orders", "top": 5}},
            "clauses leaves none",
        ),
        (
            {"score": {"column": "orders", "at_least": 9}},
            "score leaves none. It asks: orders at least 9",
        ),
        ({"score": {"column": "gap", "top": 9}}, "score leaves none. It asks: top 9"),
    ],
)
def test_an_audience_of_nobody_is_never_clear(more, asks, tables, tmp_path):
    tables["customers"]["gap"] = np.nan
    tables["consents"] = consents(tables, "opt_out")
    (tmp_path / "lenient.toml").write_text(LENIENT)
    lenient = {"policy": ["lenient.toml"], "directory": tmp_path}
    found = ran(tables, more=more, rule="orders > 0", **lenient)
    assert (found.verdict, found.audience) == ("review", ())
    assert asks in found.decision.reasons[0]
    assert found.decision.reasons[0] in found.payload()["reasons"]
    # The same funnel with somebody in it: nothing but the doubt was in the way.
    tables["consents"] = consents(tables, "opt_in")
    assert ran(tables, rule="orders > 0", **lenient).verdict == "clear"


LOTS = [
    {"cap": 500},
    {"holdout": "0.2"},
    {"score": {"column": "orders", "top": 500}},
]


@pytest.mark.parametrize("more", LOTS)
def test_another_name_gives_no_other_audience(more, tables):
    everybody = {"rule": "orders > 0", "more": more}
    first = ran(tables, **everybody).audience
    assert 0 < len(first) < SIZE
    for options in ({"name": "summer"}, {"day": "2026-01-01"}):
        assert ran(tables, **everybody, **options).audience == first
    # No customer is last in every year.
    assert ran(tables, **everybody, day="2027-11-01").audience != first


def test_a_larger_cap_keeps_those_of_a_smaller_one(tables):
    sizes = (100, 101, 2_000)
    audiences = [
        set(ran(tables, rule="orders > 0", more={"cap": size}).audience)
        for size in sizes
    ]
    assert [len(one) for one in audiences] == list(sizes)
    assert audiences[0] < audiences[1] < audiences[2]
