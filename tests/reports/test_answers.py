"""What a report answers first is true of what was found."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import fairness as fa
from fairness.errors import InputError
from fairness.findings.observed import Observed
from fairness.policy import Waiver, load_policy
from fairness.reports import render
from fairness.reports.answers import answers, in_words
from fairness.reports.harm import worst_of
from fairness.reports.page.figures import figures_of
from fairness.reports.page.tables import Places, table_of
from fairness.reports.sections import sections
from pipelines.demo import run_demo
from tests.policies import HEAD

AIR = {"metric": "adverse_impact_ratio", "at_least": 0.80}
# Of the right kind, and never broken here.
MILD = {"metric": "adverse_impact_ratio", "at_least": 0.01, "id": "mild"}
USUAL = {
    "title": "a title",
    "severity": "block",
    "evidence": "significant",
    "status": "practice",
    "confirmed": False,
    "why": "a reason",
}
LOW, HIGH = (5000, 700), (5000, 1400)
USUALLY = (5000, 1000)


@dataclass
class Seen:
    """A campaign of which one thing is observed."""

    seen: Observed
    sector: str | None = None

    def observe(self, metric, params):
        return [self.seen]


@pytest.fixture
def policy(tmp_path):
    """Write a policy of some rules, each a dict of its keys."""

    def write(*rules, head=""):
        lines = [HEAD, head]
        for rule in rules:
            keys = {"id": rule["metric"].replace("_", "-"), **USUAL, **rule}
            lines.append("[[rules]]")
            lines += [f"{name} = {json.dumps(value)}" for name, value in keys.items()]
            lines.append('citation = { source = "own", as_of = 2026-11-23 }')
        path = tmp_path / "own.toml"
        path.write_text("\n".join(lines))
        return path

    return write


def customers(**groups):
    """Groups of a size each, of whom so many are offered."""
    return pd.concat(
        [
            pd.DataFrame({"g": group, "offered": np.arange(n) < picked})
            for group, (n, picked) in groups.items()
        ],
        ignore_index=True,
    ).assign(offered=lambda table: table["offered"].astype(int))


def rules_of(page):
    """Each rule of a page's policies with what it came to."""
    part = page[page.index('<section id="policy"') :]
    return re.findall(r'<td class="\w*"><span class="mark">.</span>(.*?)</td>', part)


def told(table, policy=None, *, by="g", offer="beneficial", **options):
    """The payload and what it answers."""
    gating = {k: options.pop(k) for k in ("waivers", "conduct") if k in options}
    made = fa.audit(table, selected="offered", by=by, offer=offer, **options)
    payload = (made if policy is None else made.gate(policy, **gating)).to_dict()
    return payload, answers(payload)


# A clear verdict.


def test_a_clear_verdict_with_a_proven_gap_never_says_that_nobody_differs(policy):
    payload, found = told(customers(f=(50_000, 9200), m=(50_000, 10_000)), policy(AIR))
    assert payload["verdict"] == "clear"
    assert found.sentence == (
        "Clear: no rule stands against it, though g f is selected 0.92 times as often "
        "as m (95 % 0.90 to 0.94)"
    )
    assert found.who == "No group by the rules, though g f differs from its reference."
    assert found.how_much == (
        "The rules let it pass: 0.92 times the rate of m (95 % 0.90 to 0.94)"
    )


def test_a_clear_verdict_tells_the_lowest_ratio_where_nothing_is_proven(policy):
    _, found = told(customers(f=(5000, 990), x=(5000, 970), m=USUALLY), policy(AIR))
    assert "the lowest ratio is 0.97 (95 % 0.90 to 1.05), g x against m" in (
        found.sentence
    )
    assert found.how_much == "No clear difference was found."


def test_a_clear_verdict_on_a_burden_tells_the_highest_ratio(policy):
    rule = {"metric": "burden_ratio", "at_most": 1.25}
    _, found = told(
        customers(f=(5000, 990), x=(5000, 1010), m=USUALLY),
        policy(rule),
        offer="burdensome",
    )
    assert "the highest ratio is 1.02" in found.sentence
    assert "g x against everybody else" in found.sentence


@pytest.fixture
def waived(policy):
    path = policy(AIR)
    today = pd.Timestamp.now(tz="UTC").date()
    waiver = Waiver(
        rule="adverse-impact-ratio",
        policy_digest=load_policy(path).digest,
        attribute="g",
        group="f",
        reason="a pilot",
        owner="a.lee",
        approver="b.kim",
        issued=today - timedelta(days=1),
        expires=today + timedelta(days=30),
    )
    return told(customers(f=LOW, m=USUALLY), path, waivers=[waiver])


def test_a_waived_failure_is_told_and_not_called_no_gap(waived):
    payload, found = waived
    assert payload["verdict"] == "clear"
    assert found.sentence.startswith("Clear by a waiver: g f is selected 0.70 times")
    assert found.may_go == "Yes, by a waiver: somebody signed for what failed."
    assert found.who == "g f, which was waived"
    assert found.how_much.startswith("0.70 times the rate of m")
    assert found.now[-1] == "Mend what was waived before the waiver ends."


# Without a policy.


@pytest.mark.parametrize(
    ("offer", "group"), [("beneficial", "x"), ("burdensome", "f"), ("neutral", "x")]
)
def test_without_a_policy_it_is_about_harm_by_the_kind_of_offer(offer, group):
    table = customers(f=HIGH, m=USUALLY, x=(5000, 600))
    reference = "g=m" if offer == "beneficial" else None
    payload, found = told(table, offer=offer, reference=reference)
    assert worst_of(payload)["group"] == group
    assert found.who == f"g {group}"


def test_without_a_policy_the_largest_gap_is_told_not_the_first():
    _, found = told(customers(a=(5000, 900), b=USUALLY, x=(5000, 100)))
    assert found.who == "g x"
    assert found.how_much.startswith("0.10 times")


def test_too_few_are_not_called_equal():
    _, found = told(customers(f=(50, 10), m=(50, 10)))
    assert found.sentence == (
        "Measured: there are too few customers to compare any group"
    )
    assert found.who == "Not known: there are too few to compare."
    assert found.how_much == "Not measured."


def test_a_burden_is_sent_to_a_policy_that_is_for_burdens():
    _, found = told(customers(f=LOW, m=USUALLY), offer="burdensome")
    assert "exploitative-offers" in found.now[0]


# A review.


def test_what_is_not_proven_is_told_so_in_the_sentence_and_of_the_group():
    table = customers(f=(500, 36), m=(5000, 500), x=(500, 54))
    payload, found = told(table, "us-four-fifths")
    row = worst_of(payload)
    assert row["verdict"] == "inconclusive"
    # Both references stand in the message, and one is left out of the sentence.
    assert row["decided_by"] == "m"
    assert "clearest against" not in found.sentence
    assert "chance is not ruled out (adjusted p 0.091)" in found.sentence
    assert found.who == "Perhaps g f: it is not proven."
    assert found.now == ("Have somebody read what is not clear below and decide.",)


def test_a_required_attribute_that_is_missing_is_not_called_too_few(policy):
    payload, found = told(
        customers(f=USUALLY, m=USUALLY), policy(AIR, head='required = ["g", "age"]')
    )
    assert payload["verdict"] == "review"
    assert found.sentence == (
        "To be looked at: age is required by own and was not audited"
    )
    assert found.who == "Not known: it could not be judged in full."
    assert found.now[0] == "Audit age as well."


def test_a_campaign_judged_on_conduct_alone_is_not_said_to_show_no_difference(policy):
    rule = {"metric": "objectors", "at_most": 0, "evidence": "point"}
    seen = Seen(Observed("nobody objected", value=0.0, n=10_000, selected=0))
    _, found = told(customers(f=LOW, m=USUALLY), policy(rule), conduct=seen)
    assert "groups were not compared" in found.sentence
    assert found.who == "Not known: it could not be judged in full."
    assert found.how_much == "No rule failed, as far as it could be judged."


def test_a_rule_that_asks_for_a_review_alone_never_blocks(policy):
    payload, found = told(
        customers(f=LOW, m=USUALLY), policy(AIR | {"severity": "review"}, MILD)
    )
    assert payload["verdict"] == "review"
    assert found.may_go == "Not yet. Somebody has to look at it and sign."
    assert found.who == "g f"


# How many people, and which way.


@pytest.mark.parametrize(
    ("rule", "picked", "expected"),
    [
        (AIR, LOW, "0.70 times the rate of m (95 % 0.64 to 0.76); 100 more"),
        (
            {"metric": "adverse_impact_ratio", "within": [0.8, 1.25]},
            HIGH,
            "1.40 times the rate of m (95 % 1.30 to 1.50); 150 fewer",
        ),
        (
            {"metric": "statistical_parity_difference", "at_least": -0.02},
            LOW,
            "6.0 percentage points below m (95 % -7.5 to -4.5); 200 more",
        ),
        (
            {"metric": "statistical_parity_difference", "within": [-0.02, 0.02]},
            HIGH,
            "8.0 percentage points above m (95 % 6.3 to 9.7); 300 fewer",
        ),
    ],
)
def test_the_people_it_would_take_are_the_sentences_and_go_the_same_way(
    policy, rule, picked, expected
):
    _, found = told(
        customers(f=picked, m=USUALLY), policy(rule), offer="neutral", reference="g=m"
    )
    assert found.how_much == f"{expected} would have to be selected"
    assert f"; {expected.rpartition('; ')[2]} would have to be" in found.sentence


@pytest.mark.parametrize("way", ["at_least", "within"])
def test_the_people_that_are_asked_for_meet_the_bound(policy, way):
    bound = {"at_least": 0.80} if way == "at_least" else {"within": [0.80, 1.25]}
    sizes = {"f": LOW, "m": USUALLY} if way == "at_least" else {"f": HIGH, "m": USUALLY}
    rule = policy({"metric": "adverse_impact_ratio", **bound})
    options = {"offer": "neutral", "reference": "g=m"}
    payload, found = told(customers(**sizes), rule, **options)
    row = worst_of(payload)
    change = row["needed"] * (1 if "more" in found.how_much else -1)
    n, picked = sizes["f"]

    def verdict(selected):
        table = customers(f=(n, selected), m=USUALLY)
        ratio = Fraction(selected, n) / Fraction(USUALLY[1], USUALLY[0])
        return Fraction(4, 5) <= ratio <= Fraction(5, 4), told(table, rule, **options)[
            0
        ]["verdict"]

    assert verdict(picked + change) == (True, "clear")
    assert not verdict(picked + change - (1 if change > 0 else -1))[0]


def test_a_ratio_without_end_is_told_in_words(policy):
    rule = {"metric": "burden_ratio", "at_most": 1.25}
    _, found = told(
        customers(f=(5000, 100), m=(5000, 0)), policy(rule), offer="burdensome"
    )
    assert found.how_much.startswith("g f is selected, nobody else is")


def test_a_group_of_whom_nobody_is_selected_is_told_with_zero():
    _, found = told(customers(f=(5000, 0), m=USUALLY), "us-four-fifths")
    assert found.how_much.startswith("0.00 times the rate of m")
    assert found.how_much.endswith("800 more would have to be selected")


# Rules and tables.


def test_two_policies_that_name_a_rule_alike_keep_their_outcomes(policy):
    """All but the bound of the second one's rule is as in the first."""
    table = customers(f=(5000, 900), m=USUALLY)
    first = load_policy(policy(AIR))
    strict = load_policy(policy(AIR | {"at_least": 0.95}))
    strict = strict.model_copy(update={"name": "strict"})
    payload, _ = told(table, [first, strict])
    assert rules_of(render(payload, "html")) == ["2 pass", "1 fail, 1 pass"]
    assert [(row["policy"], row["rule"]) for row in payload["findings"]] == [
        *[("own", "adverse-impact-ratio")] * 2,
        *[("strict", "adverse-impact-ratio")] * 2,
    ]
    junit = render(payload, "junit")
    suites = re.findall(
        r'<testsuite name="adverse-impact-ratio" .*?failures="(\d+)"', junit
    )
    assert suites == ["0", "1"]
    assert len(sections(payload)) == 2


def test_each_policy_has_its_own_remedy(policy):
    seen = Seen(Observed("12 objected", value=12.0, n=2000, selected=12))
    rule = {"metric": "objectors", "at_most": 0, "evidence": "point"}
    first = load_policy(policy(rule | {"remedy": "ask them"}, AIR))
    other = load_policy(policy(rule | {"remedy": "leave them out"}, AIR))
    both = [first, other.model_copy(update={"name": "other"})]
    payload, _ = told(customers(f=USUALLY, m=USUALLY), both, conduct=seen)
    assert [(row["policy"], row["remedy"]) for row in payload["ethics"]] == [
        ("own", "ask them"),
        ("other", "leave them out"),
    ]


def test_two_policies_of_one_name_are_refused(policy):
    made = fa.audit(
        customers(f=(5000, 900), m=USUALLY), selected="offered", by="g",
        offer="beneficial",
    )  # fmt: skip
    first = load_policy(policy(AIR))
    strict = load_policy(policy(AIR | {"at_least": 0.95}))
    with pytest.raises(InputError, match="2 policies are named 'own'"):
        made.gate([first, strict])
    # The same one twice asks the same question once.
    assert len(made.gate([first, first]).policies) == 1


def test_a_table_says_whom_it_counts_where_the_rate_is_of_the_outcome(policy, scored):
    draw = np.random.default_rng(5)
    table = scored.assign(bought=(draw.random(len(scored)) < 0.3).astype(int))
    rules = [
        {"metric": "equal_opportunity_difference", "at_least": -0.1},
        {"metric": "predictive_parity_difference", "at_least": -0.1},
    ]
    payload, _ = told(table, policy(AIR, *rules), outcome="bought")
    heads = {}
    for section in sections(payload):
        made = table_of(section.single, Places(payload))
        heads[section.metric] = [one["head"] for one in made["columns"]][1:3]
    assert heads == {
        "adverse_impact_ratio": ["customers", "selected"],
        "equal_opportunity_difference": ["with the outcome", "selected"],
        "predictive_parity_difference": ["selected", "with the outcome"],
    }


# Numbers that are no ratio of rates.


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            {"metric": "selection_odds_ratio", "at_least": 0.8},
            "0.65 times the odds of m (95 % 0.59 to 0.72)",
        ),
        (
            {"metric": "selection_rate", "at_least": 0.15, "evidence": "point"},
            "Selection rate: 0.14, where the rule asks for at least 0.15",
        ),
        (
            {"metric": "shortfall", "at_most": 20, "evidence": "point"},
            "Shortfall in people: 150 against m, where the rule asks for at most 20",
        ),
        (
            {"metric": "max_min_gap", "at_most": 0.02, "evidence": "point"},
            (
                "Gap between the highest and the lowest rate of an attribute: 0.06 "
                "(95 % 0.05 to 0.07), where the rule asks for at most 0.02"
            ),
        ),
    ],
)
def test_only_ratios_of_rates_are_told_as_times_the_rate(policy, rule, expected):
    _, found = told(customers(f=LOW, m=USUALLY), policy(rule))
    assert found.how_much == expected


def test_a_rule_on_a_whole_attribute_names_no_group_called_all(policy):
    rule = {"metric": "disparate_impact_ratio", "at_least": 0.8, "evidence": "point"}
    _, found = told(customers(f=LOW, m=USUALLY), policy(rule))
    assert found.who == "Some group of g: the rule looks at all of them together."
    assert "reference" not in found.how_much


@pytest.fixture
def scored():
    draw = np.random.default_rng(7)
    table = customers(f=USUALLY, m=USUALLY)
    is_f = (table["g"] == "f").to_numpy()
    score = draw.normal(size=len(table)) - 0.4 * is_f
    area = np.where(draw.random(len(table)) < np.where(is_f, 0.8, 0.2), "n", "s")
    return table.assign(score=score, area=area, tier=np.where(score > 0, "a", "b"))


def test_a_gap_of_scores_has_no_ratio(policy, scored):
    rule = {"metric": "score_smd", "at_least": -0.1, "evidence": "point"}
    payload, found = told(scored, policy(MILD, rule), score="score")
    row = worst_of(payload)
    assert found.who == "g f"
    assert found.how_much == (
        f"Standardized mean difference of scores: {row['estimate']:.2f} (95 % "
        f"{row['low']:.2f} to {row['high']:.2f}) against m, where the rule asks for "
        "at least -0.1"
    )


def test_a_column_that_tells_groups_apart_harms_nobody_yet(policy, scored):
    rule = {"metric": "proxy_auc", "at_most": 0.6, "evidence": "point"}
    _, found = told(scored, policy(MILD, rule), uses=["area"])
    assert found.who == "Perhaps g f: a column tells who is of it."


def test_who_fails_beside_a_column_rule_is_not_the_favoured_group(policy, scored):
    table = scored.assign(offered=(scored["area"] == "s").astype(int))
    rule = {"metric": "proxy_auc", "at_most": 0.6, "evidence": "point"}
    payload, found = told(table, policy(AIR, rule), uses=["area"])
    failed = {row["group"] for row in payload["findings"] if row["verdict"] == "fail"}
    assert failed == {"f", "m"}
    assert found.who == "g f"
    assert found.step.startswith(
        "Not seen step by step. Of the columns used, area alone would make a ratio of 0"
    )


def test_a_stratum_is_named_with_the_number(policy, scored):
    table = scored.assign(offered=(scored["area"] == "s").astype(int))
    rule = {"metric": "conditional_ratio", "at_least": 0.8, "evidence": "point"}
    _, found = told(table, policy(MILD, rule), strata=["tier"])
    assert found.how_much.startswith("Selection rate ratio within strata: 0.2")
    assert found.how_much.endswith("within tier, where the rule asks for at least 0.8")


# Rules on conduct.


@pytest.mark.parametrize(
    ("metric", "bound", "seen", "who", "how_much"),
    [
        (
            "objectors",
            {"at_most": 0},
            Observed("12 objected", value=12.0, n=1700, selected=12),
            "12 of the 1,700 people in the audience; also g f",
            "Objectors to direct marketing: 12, where the rule asks for at most 0",
        ),
        (
            "objectors",
            {"at_most": 0},
            Observed("few objected", value=3.0, n=1700, selected=None),
            "A few of the 1,700 people in the audience; also g f",
            "few objected",
        ),
        (
            "objectors",
            {"at_most": 0},
            Observed("9 were trained on", value=9.0, n=4000, selected=9),
            "9 of the 4,000 people looked at; also g f",
            "Objectors to direct marketing: 9, where the rule asks for at most 0",
        ),
        (
            "events_over_retention",
            {"at_most": 0},
            Observed("320 events are old", value=320.0, n=5000, selected=320),
            "No group: it is about the data that is used; also g f",
            "Events older than retention: 320, where the rule asks for at most 0",
        ),
        (
            "secure_check_age",
            {"at_most": 30},
            Observed("it is 330 days old", value=330.0),
            "No group: it is about how the data is kept; also g f",
            (
                "Age of the last security audit: 330 days, where the rule asks for at most "
                "30"
            ),
        ),
        (
            "trait_lift",
            {"at_most": 1.2},
            Observed(
                "g m: lift 2.50",
                value=2.5,
                attribute="g",
                group="m",
                reference="(all)",
                n=1700,
                selected=1000,
                low=2.4,
                high=2.6,
            ),
            "g m; also g f",
            (
                "Lift of a special trait: 2.50 (95 % 2.40 to 2.60), where the rule asks "
                "for at most 1.2"
            ),
        ),
        (
            "audience_variation",
            {"at_most": 0.1},
            Observed("g: 0.3", value=0.3, attribute="g", n=10_000, selected=1700),
            "Groups of g; also g f",
            (
                "Variation of eligible and selected: 0.30, where the rule asks for at most "
                "0.1"
            ),
        ),
        (
            "vulnerable_share_ratio",
            {"at_most": 1.1},
            Observed("the vulnerable are too few to tell their share", value=1.37),
            "Not known: nothing was observed, or too few to tell; also g f",
            "the vulnerable are too few to tell their share",
        ),
        (
            "objectors",
            {"at_most": 0, "on_missing": "block"},
            Observed.missing("no consent records were given"),
            "Not known: nothing was observed, or too few to tell; also g f",
            "no consent records were given",
        ),
    ],
)
def test_what_conduct_counts_is_told_as_what_it_is(
    policy, metric, bound, seen, who, how_much
):
    rule = {"metric": metric, "evidence": "point", "id": "conduct", **bound}
    payload, _ = told(
        customers(f=LOW, m=USUALLY), policy(rule, AIR), conduct=Seen(seen)
    )
    payload["reasons"].sort(key=lambda reason: reason != seen.message)
    found = answers(payload)
    assert found.sentence == f"Blocked: {seen.message}"
    assert found.who == who
    assert found.how_much == how_much


# Names.


def test_a_group_called_rest_is_not_everybody_else():
    names = {"(all)": (5000, 500), "(rest)": USUALLY, "a&b": USUALLY}
    _, found = told(customers(**names), "us-four-fifths")
    assert "group '(rest)'" in found.sentence
    assert found.how_much.startswith("0.50 times the rate of group '(rest)'")
    _, found = told(
        customers(**{"(rest)": HIGH, "m": LOW}),
        "exploitative-offers",
        offer="burdensome",
    )
    assert found.how_much.startswith("2.00 times the rate of everybody else")


def test_a_label_that_reads_like_the_gates_words_stays_whole():
    name = "x (the evidence is clearest against m)"
    _, found = told(customers(**{name: LOW, "m": USUALLY}), "us-four-fifths")
    assert found.sentence.startswith(f"Blocked: g {name} is selected 0.70 times")
    assert found.who == f"g {name}"


def test_who_is_missing_is_told_in_words():
    table = customers(f=USUALLY, m=USUALLY, none=LOW)
    table["g"] = table["g"].replace("none", None)
    _, found = told(table, "us-four-fifths")
    assert found.who == "customers whose g is missing"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("f&[18,30) & more", "f & 18 to under 30 & more"),
        ("[18,30)&f", "18 to under 30 & f"),
        ("R&&[18,30)", "R&&18 to under 30"),
        ("[18,30)&&D", "18 to under 30&&D"),
        ("[18,30]", "[18,30]"),
    ],
)
def test_a_doubled_ampersand_belongs_to_a_label(text, words):
    assert in_words(text) == words


def test_a_group_that_reports_hide_is_told_without_a_number(policy):
    table = customers(tiny=(3, 0), f=USUALLY, m=USUALLY)
    payload, found = told(table, policy(AIR | {"evidence": "point"}))
    assert payload["verdict"] == "block"
    assert found.how_much == "Not told: the group is too small to be shown."
    assert not any(mark.isdigit() for mark in found.sentence)


def test_no_text_of_a_policy_or_of_conduct_turns_the_page_round(policy):
    bad = "a\u202eb\u0007c"
    seen = Seen(Observed(f"12 {bad}", value=12.0, n=2000, selected=12))
    rule = {"metric": "objectors", "at_most": 0, "evidence": "point", "remedy": bad}
    texts = {"title": bad, "why": bad}
    path = policy(AIR | texts, rule | texts)
    text = path.read_text().replace('"Own rules"', json.dumps(bad))
    path.write_text(
        text.replace('disclaimer = "none"', f"disclaimer = {json.dumps(bad)}")
    )
    payload, _ = told(customers(f=USUALLY, m=USUALLY), path, conduct=seen)
    page = render(payload, "html")
    assert not {"\u202e", "\u0007"} & set(page)
    assert page.count("a\\u202eb\\x07c") >= 8


# Intersections and pictures.


@pytest.fixture
def crossing():
    """Each attribute alone is even; a&y and b&x are left out."""
    cells = {("a", "x"): 800, ("a", "y"): 400, ("b", "x"): 400, ("b", "y"): 800}
    parts = [
        customers(**{g: (4000, picked)}).assign(h=h) for (g, h), picked in cells.items()
    ]
    return pd.concat(parts, ignore_index=True)


def test_a_gap_of_an_intersection_alone_names_it(crossing):
    payload, found = told(crossing, "us-four-fifths", by=["g", "h"], intersections=2)
    assert found.who == "g&h a&y; also 1 intersection"
    figures = figures_of(payload)["groups"]
    assert any(one["crossed"] for one in figures)


def test_pictures_are_of_the_attribute_that_the_sentence_is_about(policy, scored):
    """The rule that decides may be on another attribute than the clearest p."""
    draw = np.random.default_rng(3)
    table = scored.assign(
        offered=(draw.random(len(scored)) < np.where(scored["g"] == "f", 0.1, 0.3)),
        h=np.where(draw.random(len(scored)) < 0.5, "x", "y"),
    )
    table["offered"] &= ~((table["h"] == "x") & (draw.random(len(table)) < 0.3))
    table["offered"] = table["offered"].astype(int)
    rules = [AIR | {"attributes": ["h"], "at_least": 0.9}, MILD]
    payload, found = told(
        table, policy(*rules), by=["g", "h"], score="score", outcome=None
    )
    assert found.who == "h x"
    drawn = {one["attribute"] for one in figures_of(payload)["scores"]}
    assert drawn <= {"h", ""}
    assert "h" in drawn


# Campaigns.


@pytest.fixture(scope="module")
def campaigns(tmp_path_factory):
    """The payloads of the demonstration's campaigns, by name."""
    out = tmp_path_factory.mktemp("answers")
    run_demo(out)
    reports = sorted((out / "campaigns").glob("*/report.json"))
    return {path.parent.name: json.loads(path.read_text()) for path in reports}


def test_the_step_is_that_of_the_group_that_is_named(campaigns):
    for payload in campaigns.values():
        found, row = answers(payload), worst_of(payload)
        if row is None or row["attribute"].startswith("("):
            continue
        if found.step.startswith("Stage "):
            who = in_words(f"{row['attribute']} {row['group']}")
            assert f"gap of {who}" in found.step


def test_of_two_references_the_step_is_that_of_the_one_that_decides(campaigns):
    payload = json.loads(json.dumps(campaigns["spring-card"]))
    row = worst_of(payload)
    (gap,) = (
        one
        for one in payload["funnel"]["gaps"]
        if (one["attribute"], one["group"]) == (row["attribute"], row["group"])
    )
    other = {**gap, "reference": "another", "culprit": {**gap["culprit"], "share": 0.5}}
    payload["funnel"]["gaps"].insert(0, other)
    over = {**gap, "direction": "over", "culprit": {**gap["culprit"], "share": 0.4}}
    payload["funnel"]["gaps"].insert(0, over)
    assert answers(payload).step == answers(campaigns["spring-card"]).step


@pytest.mark.parametrize(
    ("direction", "told_as"),
    [
        ("under", "nobody of ethnicity black gets past it."),
        ("over", "nobody but ethnicity black gets past it."),
    ],
)
def test_a_stage_that_empties_a_side_says_whose(campaigns, direction, told_as):
    payload = json.loads(json.dumps(campaigns["spring-card"]))
    row = worst_of(payload)
    if direction == "over":
        row |= {"metric": "burden_ratio", "bound": "at most 1.25"}
    for gap in payload["funnel"]["gaps"]:
        gap |= {"direction": direction, "log_ratio": None}
        if gap["culprit"] is not None:
            gap["culprit"]["share"] = None
    assert answers(payload).step.endswith(told_as)


def test_a_share_that_would_tell_of_a_few_is_not_called_an_empty_group(campaigns):
    payload = json.loads(json.dumps(campaigns["spring-card"]))
    for gap in payload["funnel"]["gaps"]:
        if gap["culprit"] is not None:
            gap["culprit"]["share"] = None
    assert answers(payload).step == (
        "Stage clauses, clause area: the largest part of the gap of ethnicity black."
    )


def test_what_now_changes_what_the_step_names(campaigns):
    for payload in campaigns.values():
        found = answers(payload)
        if found.step.startswith("Stage "):
            stage = found.step.removeprefix("Stage ").split(",")[0].split(":")[0]
            assert f"stage {stage}" in found.now[0]


def test_what_is_not_proven_is_looked_at_before_anything_is_changed(campaigns):
    payload = json.loads(json.dumps(campaigns["spring-card"]))
    payload["verdict"] = "review"
    for row in payload["findings"]:
        if row["verdict"] == "fail":
            row["verdict"] = "inconclusive"
    found = answers(payload)
    assert found.who == "Perhaps ethnicity black: it is not proven."
    assert found.now[0].endswith("sign: fairreach approve.")
    assert found.now[1].startswith("Drop or change clause area")


def test_every_campaign_answers_without_what_came_later(campaigns):
    optional = {"funnel", "campaign", "evidence", "ethics", "curves", "segments"}
    for payload in campaigns.values():
        bare = {key: part for key, part in payload.items() if key not in optional}
        assert answers(bare).sentence == answers(payload).sentence
        assert all(answer for _, answer in answers(bare).asked)
