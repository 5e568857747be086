"""Harms D4, D5, D13, D14, D16 and D17: each is found where it is, and nowhere else."""

import numpy as np
import pytest

from fairness.metrics import METRICS
from tests.conduct_people.harms import HARMS, RULES, People
from tests.conduct_people.people import ran

# Where chance draws, one of twenty fair campaigns or so is worth a second look.
FLAGGED = {True: ("fail", "inconclusive"), False: ("fail",)}
TRIALS = [(1.0, None), (0.8, 1), (1.0, 2), (1.6, 3)]


@pytest.mark.parametrize(("scale", "seed"), TRIALS)
@pytest.mark.parametrize("gone", [False, True], ids=["appears", "gone"])
@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_a_harm_is_found_where_it_is_and_nothing_else_is(
    tmp_path, harm, gone, scale, seed
):
    rng = None if seed is None else np.random.default_rng(seed)
    people = People(scale, rng)
    harm(people, gone=gone)
    run = ran(tmp_path, people.tables(), *RULES, **people.changes)
    failed = {
        one.metric
        for one in run.decision.findings
        if one.verdict in FLAGGED[rng is None] and METRICS[one.metric].form == "conduct"
    }
    assert failed == (set() if gone else HARMS[harm])
    assert (run.verdict == "block") == (not gone)


def counted(tmp_path, harm, scale=1.0):
    people = People(scale)
    harm(people, gone=False)
    run = ran(tmp_path, people.tables(), *RULES, **people.changes)
    return {
        (one.metric, one.attribute if one.group == "(all)" else one.group): one
        for one in run.decision.findings
        if METRICS[one.metric].form == "conduct"
    }


def named(name):
    return next(harm for harm in HARMS if harm.__name__ == name)


def test_the_counts_are_those_of_the_catalogue(tmp_path):
    found = counted(tmp_path, named("d4"))
    # All but the 3 % whom the suppression keeps out.
    assert found["pressure_ratio", "f"].estimate == pytest.approx(2.8, abs=0.05)
    found = counted(tmp_path, named("d5"), scale=2.0)
    assert found["zero_tolerance", "(campaign)"].estimate == pytest.approx(300, abs=15)
    found = counted(tmp_path, named("d16"))
    assert found["missing_contact_parity", "70+"].estimate == pytest.approx(
        0.34 / 0.06, abs=0.05
    )
    found = counted(tmp_path, named("d17"))
    assert found["suppression_parity", "f"].estimate == pytest.approx(3, abs=0.02)
    found = counted(tmp_path, named("d14"))
    # sqrt(chi2 / N) of 85 % against 20 %.
    assert found["creative_association", "gender"].estimate == pytest.approx(
        0.651, abs=0.005
    )
