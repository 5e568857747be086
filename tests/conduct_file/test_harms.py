"""Harms on file: flagged at the effects of the catalogue, and not where they are gone.

D6 is a segment that says who is pregnant, D19 a subscription that is easier to begin
than to end. Everything else about the campaigns is as it should be.
"""

import numpy as np
import pytest

from fairness.policy import list_packs
from tests.conduct_file.complete import CREATIVE, complete
from tests.conduct_file.files import judged, tables, told_by

PACKS = [name for name in list_packs() if name != "equal-opportunity"]
RUNS = [(None, 20_000), (1, 12_000), (2, 20_000), (3, 40_000)]
BASE = 0.04


def pregnant(size, share, seed):
    """Customers of whom 4 % are pregnant, and a segment of one in forty.

    Without a seed the shares are exact.
    """
    segment = size // 40
    place = np.arange(size)
    inside = place < segment
    most = round(BASE * size)
    if seed is None:
        hits = round(share * segment)
        trait = np.where(inside, place < hits, place - segment < most - hits)
    else:
        rng = np.random.default_rng(seed)
        outside = (BASE * size - share * segment) / (size - segment)
        trait = rng.random(size) < np.where(inside, share, outside)
    names = ("yes", "no")
    attributes = {
        "group": np.where(place % 3 == 0, "b", "a"),
        "pregnant": np.where(trait, *names),
    }
    return tables(size, attributes=attributes, lotion=inside.astype(int))


def run_d6(folder, share, seed, size, name):
    return complete(
        folder,
        ["eu-gdpr-marketing", "eu-dsa-ads"],
        of=pregnant(size, share, seed),
        by=["group", "pregnant"],
        reads=(name, "lotion"),
        export={"platform": "meta", "audience_name": name},
    )


@pytest.mark.parametrize(("seed", "size"), RUNS)
def test_d6_a_segment_that_says_who_is_pregnant(tmp_path, seed, size):
    # 82 % against 4 %: a lift of 20.5.
    run = run_d6(tmp_path, 0.82, seed, size, "pregnancy_products")
    assert told_by(run, "gd-infer-lift") == {"fail"}
    assert told_by(run, "ds-name") == {"fail"}
    assert run.verdict == "block"
    (lift,) = [f for f in run.decision.findings if f.rule == "gd-infer-lift"]
    assert lift.estimate == pytest.approx(20.5, rel=0.01 if seed is None else 0.15)


@pytest.mark.parametrize(("seed", "size"), RUNS)
def test_d6_is_gone_without_the_products_that_tell(tmp_path, seed, size):
    # 6 % against 4 %: a lift of 1.5.
    run = run_d6(tmp_path, 0.06, seed, size, "household_products")
    for rule in ("gd-infer-lift", "gd-infer", "ds-infer", "ds-name", "gd-special"):
        assert told_by(run, rule) == {"pass"}, rule
    (lift,) = [f for f in run.decision.findings if f.rule == "gd-infer-lift"]
    assert lift.estimate < 2.5
    failed = {f.rule for f in run.decision.findings if f.verdict == "fail"}
    assert not failed


STEPS = [(2, 6), (1, 4), (3, 5), (2, 12)]


@pytest.mark.parametrize(("join", "leave"), STEPS)
@pytest.mark.parametrize("pack", ["exploitative-offers", "eu-dsa-ads"])
def test_d19_more_steps_to_leave_than_to_join(tmp_path, pack, join, leave):
    rule = {"exploitative-offers": "ex-dark", "eu-dsa-ads": "ds-dark"}[pack]
    for steps, verdict in ((leave, "fail"), (join, "pass")):
        folder = tmp_path / verdict
        folder.mkdir()
        creative = CREATIVE | {"signup_steps": join, "cancel_steps": steps}
        offer = {"polarity": "neutral", "sector": "retail"}
        packs = [pack, "us-four-fifths"]
        run = complete(folder, packs, creative=creative, offer=offer)
        assert told_by(run, rule) == {verdict}
        assert run.verdict == ("clear" if verdict == "pass" else "review")


@pytest.mark.parametrize("sector", ["retail", "credit", "employment", "housing"])
def test_a_campaign_of_which_nothing_is_missing_is_clear_under_all_packs(
    tmp_path, sector
):
    offer = {"sector": sector}
    run = complete(tmp_path, PACKS, offer=offer)
    assert run.decision.reasons == ()
    assert run.verdict == "clear"


@pytest.mark.parametrize("polarity", ["beneficial", "neutral", "burdensome"])
def test_optional_data_that_are_absent_make_no_review_of_a_beneficial_offer(polarity):
    packs = {"beneficial": "us-four-fifths"}.get(polarity, "exploitative-offers")
    run = judged(tables(), packs, offer={"polarity": polarity})
    assert run.verdict == ("review" if polarity == "burdensome" else "clear")
