"""The rule of the verdict against a second, plain and slow reading of it."""

import math
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from scipy.stats import hypergeom, norm, studentized_range

import fairness as fa
from fairness.counts.table import Axis, GroupCounts
from fairness.findings.readings import Sharing
from fairness.groups import MISSING
from fairness.inference import studentized_range_sf
from fairness.policy import Waiver, load_policy

ON = date(2026, 11, 23)
PACK = load_policy("us-four-fifths")
BURDEN = load_policy("exploitative-offers")


def customers(groups, attribute="g"):
    rows = []
    for group, (selected, n) in groups.items():
        rows += [(group, 1)] * selected + [(group, 0)] * (n - selected)
    return pd.DataFrame(rows, columns=[attribute, "picked"])


def policy(*changes, **about):
    """The pack with only the rules that are given, each ff-air with changes."""
    air = PACK.rule("ff-air")
    rules = tuple(
        air.model_copy(update={"id": f"r{i}"} | change)
        for i, change in enumerate(changes or ({},))
    )
    return PACK.model_copy(update={"rules": rules} | about)


def gate(frame, policies, by="g", offer="beneficial", **options):
    waivers = options.pop("waivers", ())
    audit = fa.audit(frame, selected="picked", by=by, offer=offer, **options)
    return audit.gate(policies, on=ON, waivers=waivers)


def found(decision, group, rule="r0"):
    return next(f for f in decision.findings if (f.rule, f.group) == (rule, group))


# --- the oracle --------------------------------------------------------------------


def plain_z(x1, n1, x2, n2, side):
    if side == "upper":
        return plain_z(x2, n2, x1, n1, "lower")
    m, total = x1 + x2, n1 + n2
    expected = [n * c / total for n in (n1, n2) for c in (m, total - m)]
    if min(expected) >= 40:
        cells = (x1, n1 - x1, x2, n2 - x2)
        deviance = 2 * sum(
            c * math.log(c / e) for c, e in zip(cells, expected, strict=True) if c
        )
        return math.copysign(math.sqrt(max(deviance, 0)), x2 * n1 - x1 * n2)
    if m in (0, total):
        return 0.0
    p = hypergeom.cdf(x1, total, m, n1)
    other = hypergeom.sf(x1, total, m, n1)
    if other == 0:
        cells = (x1, n1 - x1, x2, n2 - x2)
        deviance = 2 * sum(
            c * math.log(c / e) for c, e in zip(cells, expected, strict=True) if c
        )
        return min(0.0, -math.sqrt(max(deviance, 0)))
    return -norm.ppf(p) if p < other else norm.ppf(other)


def plain_tail(z, k):
    if z <= 0:
        return 1.0
    if k <= 2:
        return 2 * ndtr(-z)
    found = float(studentized_range.sf(math.sqrt(2) * z, k, np.inf))
    # Far out scipy's integral keeps no digits; there the library's own is taken.
    return found if found > 1e-5 else float(studentized_range_sf(math.sqrt(2) * z, k))


def plain_verdict(tables, offer):
    """Return verdict by group and p by group of one ratio rule on single and pairs."""
    singles = sum(len(names) == 1 for names in tables)
    pairs = len(tables) - singles
    verdicts, adjusted, shown, estimates = {}, {}, {}, {}
    side = "lower" if offer == "beneficial" else "upper"
    bound = Fraction(4, 5) if side == "lower" else Fraction(5, 4)
    for names, cells in tables.items():
        selected = sum(s for s, _ in cells.values())
        total = sum(n for _, n in cells.values())
        rate = Fraction(selected, total)
        expected = {g: n * min(rate, 1 - rate) for g, (_, n) in cells.items()}
        k = max(sum(e >= 5 for e in expected.values()), 2)
        if len(names) == 1:
            factor = singles / 0.8 if pairs else singles
        else:
            factor = pairs / 0.2
        able = {
            g
            for g, (_, n) in cells.items()
            if expected[g] >= 30
            and MISSING not in g
            and (len(names) > 1 or Fraction(n, total) >= Fraction(1, 20))
        }
        best = max(able, key=lambda g: Fraction(*cells[g]), default=None)
        for g, (s, n) in cells.items():
            key = names, g
            if side == "lower":
                references = {r: cells[r] for r in able - {g}}
                shown_to = None if best is None else cells[best]
                if best is None:
                    verdicts[key] = "not_measurable"
                    continue
                top = Fraction(*cells[best])
                estimates[key] = Fraction(s, n) / top if top else None
                own = Fraction(*cells[g]) == top and g in able
            else:
                rest = (selected - s, total - n)
                references = {"rest": rest} if rest[1] else {}
                shown_to, own = rest, False
                over = Fraction(*rest) if rest[1] else 0
                estimates[key] = Fraction(s, n) / over if over else None
            broken = []
            for s2, n2 in references.values():
                left, right = Fraction(s, n), Fraction(s2, n2)
                out = left < bound * right if side == "lower" else left > bound * right
                if out:
                    broken.append(plain_z(s, n, s2, n2, side))
            few = expected[g] < 20
            if broken:
                p = min(1.0, plain_tail(max(broken), k) * factor)
                adjusted[key] = p
                if p < 0.05 and expected[g] >= 5:
                    verdicts[key] = "fail"
                elif few:
                    verdicts[key] = "not_measurable"
                else:
                    verdicts[key] = "inconclusive" if p < 0.15 else "pass"
                continue
            undefined = estimates[key] is None and not own
            verdicts[key] = "not_measurable" if few or undefined else "pass"
            shown[key] = shown_to
    return verdicts, adjusted, estimates


def random_counts(rng):
    attributes = int(rng.integers(1, 4))
    sizes = [int(rng.integers(2, 5)) for _ in range(attributes)]
    labels = [[f"g{i}" for i in range(size)] for size in sizes]
    for place in range(attributes):
        if rng.random() < 0.3:
            labels[place][-1] = MISSING
    n = int(rng.choice([60, 300, 1500, 8000]))
    codes = np.column_stack(
        [rng.choice(size, n, p=rng.dirichlet(np.full(size, 2.0))) for size in sizes]
    )
    rate = rng.choice([0.03, 0.1, 0.3, 0.6, 0.95])
    harm = rng.random(sizes[0]) * 0.6 + 0.4
    chance = rate * (harm[codes[:, 0]] if rng.random() < 0.6 else 1)
    picked = rng.random(n) < chance
    return codes, labels, picked


def counted(codes, labels, picked):
    names = [f"a{i}" for i in range(codes.shape[1])]
    levels, n = np.unique(
        np.column_stack([codes, picked.astype(int)]), axis=0, return_counts=True
    )
    axes = [Axis(x, "attribute", tuple(y)) for x, y in zip(names, labels, strict=True)]
    axes.append(Axis("picked", "selected", ("0", "1")))
    return GroupCounts(tuple(axes), levels.astype(np.int64), n.astype(np.int64), {})


@pytest.mark.parametrize("batch", range(10))
def test_a_plain_second_reading_gives_the_same_verdicts_on_200_audits(batch):
    for seed in range(20 * batch, 20 * batch + 20):
        rng = np.random.default_rng([6, seed])
        counts = counted(*random_counts(rng))
        offer = ("beneficial", "burdensome")[seed % 2]
        orders = 1 + int(rng.integers(0, 2))
        audit = fa.Audit.of_counts(counts, intersections=orders, offer=offer)
        metric = {
            "beneficial": {},
            "burdensome": {
                "metric": "burden_ratio", "at_least": None, "at_most": Decimal("1.25"),
            },
        }[offer]  # fmt: skip
        rule = {"order": (1, 2), "offers": None} | metric
        decision = audit.gate(policy(rule), on=ON)
        tables = {
            names: {
                parts if len(names) > 1 else parts[0]: (int(s), int(n))
                for parts, s, n in zip(
                    table.labels, table.selected, table.n, strict=True
                )
            }
            for names, table in audit.tables.items()
        }
        tables = {
            names: {(g if isinstance(g, tuple) else (g,)): c for g, c in cells.items()}
            for names, cells in tables.items()
        }
        verdicts, adjusted, estimates = plain_verdict(tables, offer)
        ours = [f for f in decision.findings if f.rule == "r0"]
        assert len(ours) == len(verdicts)
        for f in ours:
            key = tuple(f.attribute.split("&")), tuple(f.group.split("&"))
            assert f.verdict == verdicts[key], (seed, key, f)
            if key in adjusted and f.verdict in {"fail", "inconclusive"}:
                assert f.p_adjusted == pytest.approx(adjusted[key], rel=1e-6, abs=1e-9)
            known = estimates.get(key)
            if known is not None and f.estimate is not None:
                assert f.estimate == pytest.approx(float(known), rel=1e-9, abs=1e-12)
        blocked = "fail" in verdicts.values()
        assert (decision.verdict == "block") == blocked
        if not blocked and "inconclusive" in verdicts.values():
            assert decision.verdict == "review"


# --- references --------------------------------------------------------------------


@pytest.mark.parametrize(("size", "able"), [(300, True), (299, False)])
def test_a_reference_expects_thirty(size, able):
    frame = customers({"a": (size // 10, size), "b": (500 - size // 10, 5000 - size)})
    comparison = fa.audit(frame, selected="picked", by="g").comparison(
        "adverse_impact_ratio"
    )
    assert bool(comparison.eligible[0]) is able


@pytest.mark.parametrize(("size", "able"), [(500, True), (499, False)])
def test_a_reference_of_a_single_attribute_holds_a_twentieth(size, able):
    frame = customers({"a": (100, size), "b": (2000, 10_000 - size)})
    comparison = fa.audit(frame, selected="picked", by="g").comparison(
        "adverse_impact_ratio"
    )
    assert bool(comparison.eligible[0]) is able


def test_an_intersection_needs_no_share_and_no_missing_part_is_a_reference():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"g": rng.choice(["a", "b"], 40_000, p=[0.04, 0.96])})
    frame["h"] = rng.choice(["x", None], 40_000)
    frame["picked"] = (rng.random(40_000) < 0.2) * 1
    comparison = fa.audit(
        frame, selected="picked", by=["g", "h"], intersections=2
    ).comparison("adverse_impact_ratio")
    able = {
        g for g, yes in zip(comparison.groups, comparison.eligible, strict=True) if yes
    }
    assert "a" not in able
    assert "a&x" in able
    assert not any(MISSING in g for g in able)


def test_missing_is_refused_as_a_named_reference():
    frame = customers({"f": (700, 5000), None: (1000, 5000)})
    for offer in ("beneficial", "burdensome"):
        with pytest.raises(fa.InputError, match="never a reference"):
            fa.audit(
                frame, selected="picked", by="g", offer=offer, reference="g=(missing)"
            )
    with pytest.raises(fa.InputError, match="never a reference"):
        gate(frame, policy({"reference": "g=(missing)"}))


def test_a_named_reference_is_the_only_one_also_beside_other_attributes():
    frame = customers({"a": (500, 5000), "b": (1000, 5000), "m": (520, 5000)})
    frame["h"] = np.tile(["x", "y"], len(frame) // 2)
    for by in (["g"], ["g", "h"]):
        decision = gate(frame, policy(), by=by, reference="g=m")
        assert decision.verdict == "clear"
        assert found(decision, "a").verdict == "pass"


def test_a_named_reference_of_a_handful_clears_nothing():
    frame = customers({"a": (500, 5000), "b": (1000, 5000), "m": (1, 3)})
    decision = gate(frame, policy(), reference="g=m")
    assert decision.verdict == "review"
    assert found(decision, "a").verdict == "not_measurable"
    assert "reference itself is too small" in found(decision, "a").message


def test_a_named_reference_absent_from_a_stratum_is_said_not_raised():
    frame = customers({"f": (700, 5000), "m": (1000, 5000)})
    frame["tier"] = np.where(frame["g"] == "m", "one", "two")
    audit = fa.audit(frame, selected="picked", by="g", reference="g=m", strata="tier")
    told = next(f for f in audit.findings if f.stratum == "tier=two")
    assert told.estimate is None
    assert "the reference is not among the customers here" in told.message


def test_overall_compares_the_bound_with_everybody_not_with_the_rest():
    frame = customers({"f": (700, 5000), "m": (1000, 5000)})
    decision = gate(frame, policy(), reference="overall")
    f = found(decision, "f")
    assert (f.estimate, f.verdict) == (pytest.approx(14 / 17), "pass")


def test_a_burdensome_offer_compares_with_the_rest_whatever_the_metric():
    frame = customers({"hit": (1200, 4000), "o": (2880, 16_000)})
    change = {
        "metric": "statistical_parity_difference", "at_least": None,
        "at_most": Decimal("0.05"), "offers": None,
    }  # fmt: skip
    f = found(gate(frame, policy(change), offer="burdensome"), "hit")
    assert (f.reference, f.verdict, f.needed) == ("(rest)", "fail", 280)
    assert f.estimate == pytest.approx(0.12)


def test_a_failure_shows_a_comparison_that_breaks_the_bound():
    change = {"at_least": None, "at_most": Decimal("1.25")}
    frame = customers({"a": (1000, 5000), "b": (2000, 5000)})
    f = found(gate(frame, policy(change)), "b")
    assert (f.verdict, f.reference, f.reading) == ("fail", "a", "higher")
    assert f.estimate == pytest.approx(2)
    assert f.needed == 750


# --- p, alpha ----------------------------------------------------------------------


def test_all_of_alpha_goes_to_singles_without_intersections():
    assert [Sharing(5, 0).factor(1), Sharing(5, 10).factor(1)] == [5, 6.25]
    assert Sharing(5, 10).factor(2) == 50


def shared(frame, *policies, offer="beneficial", group="f"):
    return found(gate(frame, list(policies), offer=offer), group).p_adjusted


def test_block_rules_share_alpha_across_policies_and_metrics_but_not_with_points():
    frame = customers({"f": (120, 1000), "m": (180, 1000)})
    frame["seen"] = 1
    alone = shared(frame, policy())
    difference = {
        "metric": "statistical_parity_difference", "at_least": Decimal("-0.05"),
    }  # fmt: skip
    other = policy({"id": "else"} | difference, name="other")
    assert shared(frame, policy({}, difference)) == pytest.approx(2 * alone)
    assert shared(frame, policy(), other) == pytest.approx(2 * alone)
    assert shared(frame, policy(), policy()) == pytest.approx(alone)
    point = policy({}, difference | {"evidence": "point"})
    review = policy({}, difference | {"severity": "review"})
    pairs = policy({}, difference | {"order": (2,)})
    for one in (point, review, pairs):
        assert shared(frame, one) == pytest.approx(alone)


def test_a_neutral_offer_halves_alpha_of_each_order_looked_at_one_way():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"g": rng.choice(["a", "b"], 8000), "h": rng.choice(["x", "y"], 8000)}
    )
    low = (frame["g"] == "a") & (frame["h"] == "x")
    frame["picked"] = (rng.random(8000) < np.where(low, 0.1, 0.2)) * 1
    both = [policy({}, {"order": (2,)}), BURDEN]
    options = {"by": ["g", "h"], "intersections": 2}
    neutral = gate(frame, both, offer="neutral", **options)
    usual = gate(frame, both[:1], **options)
    for group, rule in (("a", "r0"), ("a&x", "r1")):
        twice = 2 * found(usual, group, rule).p_adjusted
        assert found(neutral, group, rule).p_adjusted == pytest.approx(twice)


def test_within_pays_for_both_sides_and_shows_the_p_that_decided():
    change = {"at_least": None, "within": (Decimal("0.8"), Decimal("1.25"))}
    frame = customers({"low": (170, 1000), "mid": (200, 1000), "high": (255, 1000)})
    decision = gate(frame, policy(change), reference="g=mid")
    f = found(decision, "high")
    z = plain_z(255, 1000, 200, 1000, "upper")
    assert f.p_adjusted == pytest.approx(2 * plain_tail(z, 3))
    one = gate(frame, policy(), reference="g=mid")
    low = found(decision, "low").p_adjusted
    assert low == pytest.approx(min(1, 2 * found(one, "low").p_adjusted))


# --- sizes -------------------------------------------------------------------------


def test_five_expected_can_fail_and_fewer_cannot():
    for size, verdict in ((12, "fail"), (9, "not_measurable")):
        frame = customers({"x": (0, size), "f": (2000, 4000), "m": (2000, 4000)})
        f = found(
            gate(frame, policy(alpha=Decimal("0.20"), alpha_review=Decimal("0.30"))),
            "x",
        )
        assert f.verdict == verdict


def test_too_few_to_fail_is_unsure_where_the_policy_calls_it_enough():
    frame = customers({"x": (0, 9), "f": (1000, 2000), "m": (1000, 2000)})
    decision = gate(frame, policy(min_expected=1))
    f = found(decision, "x")
    assert (f.verdict, decision.verdict) == ("inconclusive", "review")
    assert "too small to fail" in f.message


@pytest.mark.parametrize(("tiny", "verdict"), [(50, "clear"), (51, "review")])
def test_exactly_the_allowed_share_may_be_unmeasured(tiny, verdict):
    n = (10_000 - 20 * tiny) // 2
    groups = {"a": (n // 5, n), "b": (n // 5, n)}
    groups |= {f"t{i}": (4, 20) for i in range(tiny)}
    assert gate(customers(groups), policy()).verdict == verdict


def test_unmeasured_intersections_are_not_counted():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {"g": rng.integers(0, 8, 4000), "h": rng.integers(0, 8, 4000), "picked": 0}
    )
    frame.loc[rng.permutation(4000)[:800], "picked"] = 1
    decision = gate(frame, policy({}, {"order": (2,)}), by=["g", "h"], intersections=2)
    pairs = [f for f in decision.findings if f.rule == "r1"]
    assert {f.verdict for f in pairs} <= {"pass", "not_measurable"}
    assert not any("r1 cannot measure" in reason for reason in decision.reasons)


def test_min_share_that_hides_most_customers_clears_nothing():
    frame = customers({"f": (100, 5000), "m": (1000, 5000)})
    decision = gate(frame, policy({"min_share": Decimal("0.6")}))
    assert decision.verdict == "review"


def test_a_required_attribute_that_no_rule_looks_at_is_a_review():
    frame = customers({"f": (100, 5000), "m": (1000, 5000)})
    frame["h"] = np.tile(["x", "y"], 5000)
    only = policy({"attributes": ("h",)})
    decision = gate(frame, only, by=["g", "h"])
    assert decision.verdict == "review"
    assert any("no rule of it" in reason for reason in decision.reasons)
    free = only.model_copy(update={"required": ("h",)})
    assert gate(frame, free, by=["g", "h"]).verdict == "clear"


def test_a_policy_that_lacks_its_data_is_a_review_beside_one_that_clears():
    frame = customers({"f": (1000, 5000), "m": (1000, 5000)})
    assert gate(frame, [PACK, "equal-opportunity"]).verdict == "review"
    assert gate(frame, [PACK, "exploitative-offers"]).verdict == "clear"


# --- (missing) ---------------------------------------------------------------------


def test_a_clear_that_the_unknown_would_turn_is_a_review():
    # As members of f they would make it the highest, and m less than four fifths.
    frame = customers({"f": (200, 2000), "m": (800, 8000), None: (640, 4000)})
    decision = gate(frame, policy())
    assert decision.verdict == "review"
    assert "the verdict would change if all of them were f" in decision.reasons[0]
    lax = gate(frame, policy(max_unmeasured=Decimal("0.5")))
    assert lax.verdict == "clear"


def test_the_unknown_never_soften_a_block():
    frame = customers({"f": (500, 9000), "m": (1000, 9000), None: (4000, 9000)})
    assert gate(frame, policy()).verdict == "block"


def test_what_is_waived_does_not_come_back_through_the_unknown():
    frame = customers({"f": (500, 9000), "m": (1000, 9000), None: (1000, 9000)})
    decision = gate(frame, policy(), waivers=[waiver()])
    assert decision.verdict == "clear"


# --- exactness ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "bound", "f", "m"),
    [
        ("statistical_parity_difference", "-0.1", (20, 100), (30, 100)),
        ("statistical_parity_difference", "-0.3", (40, 100), (70, 100)),
        ("selection_odds_ratio", "0.7", (7, 17), (10, 20)),
        ("disparate_impact_ratio", "0.8", (40, 1000), (50, 1000)),
        ("disparate_impact_ratio", "0.7", (28, 400), (40, 400)),
        ("selection_rate", "0.3", (30, 100), (60, 100)),
    ],
)  # fmt: skip
def test_equal_to_the_bound_does_not_break_it(metric, bound, f, m):
    change = {"metric": metric, "at_least": Decimal(bound), "evidence": "point"}
    loose = {"min_expected": 1, "max_unmeasured": Decimal(1)}
    frame = customers({"f": f, "m": m})
    for shift, broken in ((0, False), (Decimal("1e-12"), True)):
        moved = change | {"at_least": Decimal(bound) + shift}
        decision = gate(frame, policy(moved, **loose), reference="g=m")
        assert ("fail" in {f.verdict for f in decision.findings}) is broken


def test_a_weighted_ratio_at_the_bound_does_not_break_it():
    for weight in (0.1, 0.3, 1 / 3, 2.0, 7.7):
        frame = customers({"f": (80, 1000), "m": (100, 1000)})
        frame["w"] = weight
        decision = gate(frame, policy({"evidence": "point"}), weight="w")
        assert found(decision, "f").verdict == "pass", weight


def test_weights_that_are_all_alike_change_nothing_but_p_stays_of_customers():
    frame = customers({"f": (700, 5000), "m": (1000, 5000)})
    frame["w"] = 3.0
    a, b = (found(gate(frame, policy(), weight=w), "f") for w in (None, "w"))
    for name in ("estimate", "p_adjusted", "shortfall", "detectable", "needed"):
        assert getattr(a, name) == pytest.approx(getattr(b, name)), name


# --- evidence, waivers, strata -----------------------------------------------------


def test_point_evidence_does_not_put_a_reading_into_the_mouth_of_the_data():
    frame = customers({"f": (44, 200), "m": (60, 200)})
    f = found(gate(frame, policy({"evidence": "point"})), "f")
    assert (f.verdict, f.reading) == ("fail", "no clear difference")


def test_practical_conditions_count_those_who_are_short_not_those_above():
    # b is above the overall rate, though below nine tenths of the highest.
    groups = {"a": (400, 2000), "b": (1600, 10_000), "c": (800, 10_000)}
    change = {"at_least": Decimal("0.9"), "shortfall_at_least": 10}
    f = found(gate(customers(groups), policy(change)), "b")
    assert f.shortfall < 0
    assert f.verdict == "pass"
    assert "fewer than 10 people short" in f.message


def waiver(rule="r0", **changes):
    made = {
        "rule": rule, "reason": "file 7", "owner": "a", "approver": "b",
        "issued": date(2026, 11, 1), "expires": date(2026, 12, 31),
    }  # fmt: skip
    return Waiver(**(made | changes))


def test_a_waiver_holds_for_the_policy_it_was_signed_for_only():
    frame = customers({"f": (700, 5000), "m": (1000, 5000)})
    one, two = policy(), policy(name="other")
    signed = [waiver(policy_digest=one.digest)]
    decision = gate(frame, [one, two], waivers=signed)
    verdicts = sorted(f.verdict for f in decision.findings if f.group == "f")
    assert verdicts == ["fail", "waived"]
    assert decision.verdict == "block"


def test_strata_clear_nothing_and_are_in_the_payload():
    frame = customers({"f": (700, 5000), "m": (1000, 5000)})
    frame["tier"] = np.where(frame.index % 3 == 0, "one", "two")
    plain, within = gate(frame, policy()), gate(frame, policy(), strata="tier")
    assert (plain.verdict, within.verdict) == ("block", "block")
    strata = {row["stratum"] for row in within.to_dict()["findings"]}
    assert strata == {None, "tier=one", "tier=two"}
    context = [r for r in within.to_dict()["findings"] if r["stratum"]]
    assert all(row["verdict"] is None for row in context)
