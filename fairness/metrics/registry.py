"""One row a metric: its name, formula, range, ideal, and when it misleads."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Literal

from fairness.errors import InputError, unknown_name

Kind = Literal["ratio", "difference", "count", "z"]
Form = Literal[
    "ratio", "difference", "odds", "attribute", "compound", "smd", "derived", "rate"
]
_INF = float("inf")
_IN = " " * 16


@dataclass(frozen=True, slots=True)
class Metric:
    """What is known of a metric apart from its value.

    Parameters
    ----------
    code : str
        Stable code of the findings made with it.
    name, title, formula : str
    kind : {"ratio", "difference", "count", "z"}
        How a bound on it is written.
    form : str
        How it is computed from two rates.
    rate : str
        The rate it compares; empty for moments of a score or value.
    range : (float, float)
    ideal : float
    needs : {"selection", "outcome", "score", "value"}
    testable : bool
        Whether a rule on it can ask for significance.
    undefined, misleads, source : str
    """

    code: str
    name: str
    title: str
    formula: str
    kind: Kind
    form: Form
    rate: str
    range: tuple[float, float]
    ideal: float
    needs: Literal["selection", "outcome", "score", "value"]
    testable: bool
    undefined: str
    misleads: str
    source: str


_UGESP = "29 CFR 1607.4(D)"
_HARDT = "Hardt, Price & Srebro (2016), NeurIPS 29"
_OUTCOME_SEEN = (
    "The outcome is seen only for those who were contacted before: selective labels."
)

_ROWS = (
    Metric(
        "FA101",
        "adverse_impact_ratio",
        "Adverse impact ratio",
        "(selected_g / n_g) / (selected_ref / n_ref)",
        "ratio",
        "ratio",
        "selection_rate",
        (0.0, _INF),
        1.0,
        "selection",
        True,
        "the reference has no customers, or none of it is selected",
        "In small groups one person moves it far; at high rates it hides gaps among "
        "those left out. Of a burdensome offer it blames the wrong group.",
        _UGESP,
    ),
    Metric(
        "FA102",
        "statistical_parity_difference",
        "Statistical parity difference",
        "selected_g / n_g - selected_ref / n_ref",
        "difference",
        "difference",
        "selection_rate",
        (-1.0, 1.0),
        0.0,
        "selection",
        True,
        "a group without customers",
        "At low rates a small difference is a large ratio.",
        "Dwork et al. (2012), doi:10.1145/2090236.2090255",
    ),
    Metric(
        "FA103",
        "selection_odds_ratio",
        "Odds ratio of selection",
        "[selected_g / (n_g - selected_g)] / [selected_ref / (n_ref - selected_ref)]",
        "ratio",
        "odds",
        "selection_rate",
        (0.0, _INF),
        1.0,
        "selection",
        True,
        "nobody, or everybody, of the reference is selected",
        "At high rates it is far from the ratio of rates that a reader has in mind.",
        "Cornfield (1951), JNCI 11:1269",
    ),
    Metric(
        "FA104",
        "disparate_impact_ratio",
        "Disparate impact ratio of an attribute",
        "min_g rate_g / max_g rate_g",
        "ratio",
        "attribute",
        "selection_rate",
        (0.0, 1.0),
        1.0,
        "selection",
        False,
        "nobody is selected",
        "The smallest of many groups is small by chance: it falls with their number.",
        "fairlearn's demographic_parity_ratio",
    ),
    Metric(
        "FA105",
        "shortfall",
        "Shortfall in people",
        "n_g * (selected / n) - selected_g",
        "count",
        "derived",
        "selection_rate",
        (-_INF, _INF),
        0.0,
        "selection",
        False,
        "no customers",
        "It grows with the group: a large group with a trivial gap has a large one.",
        "practice of fair-lending reviews",
    ),
    Metric(
        "FA106",
        "burden_ratio",
        "Burden ratio",
        "(selected_g / n_g) / (selected_rest / n_rest)",
        "ratio",
        "ratio",
        "selection_rate",
        (0.0, _INF),
        1.0,
        "selection",
        True,
        "there is no rest, or nobody of group and rest is selected",
        "Of a beneficial offer it blames those who were favoured.",
        "practice; reverse redlining cases under 42 USC 3605",
    ),
    Metric(
        "FA107",
        "standard_deviations",
        "Standard deviations from the reference",
        "(rate_g - rate_ref) / sqrt(p (1 - p) (1/n_g + 1/n_ref)), p pooled",
        "z",
        "derived",
        "selection_rate",
        (-_INF, _INF),
        0.0,
        "selection",
        False,
        "nobody, or everybody, is selected",
        "In large data a trivial gap has many of them; it pays for no choice of group.",
        "Hazelwood v. United States, 433 U.S. 299 (1977), n.14",
    ),
    Metric(
        "FA108",
        "flip_one_ratio",
        "Ratio after one selection more or less",
        "AIR with one more selected where it is below the bound, one fewer where not",
        "ratio",
        "derived",
        "selection_rate",
        (0.0, _INF),
        1.0,
        "selection",
        False,
        "as the adverse impact ratio",
        "It speaks of the ratio alone, not of the verdict, which needs significance.",
        "EEOC, Questions and Answers on 29 CFR 1607 (1979)",
    ),
    Metric(
        "FA109",
        "detectable_ratio",
        "Detectable ratio",
        "largest ratio below 1 found with 80 % power at the adjusted alpha",
        "ratio",
        "derived",
        "selection_rate",
        (0.0, 1.0),
        1.0,
        "selection",
        False,
        "no ratio, not even 0, would be found",
        "It tells what the data could have shown, not what they show.",
        "Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions",
    ),
    Metric(
        "FA110",
        "selection_rate",
        "Selection rate",
        "selected_g / n_g",
        "difference",
        "rate",
        "selection_rate",
        (0.0, 1.0),
        float("nan"),
        "selection",
        False,
        "a group without customers",
        "By itself it compares nothing.",
        "Wilson (1927) for its interval",
    ),
    Metric(
        "FA201",
        "true_positive_rate_ratio",
        "Equal opportunity ratio",
        "TPR_g / TPR_ref, TPR = selected with outcome 1 / outcome 1",
        "ratio",
        "ratio",
        "true_positive_rate",
        (0.0, _INF),
        1.0,
        "outcome",
        True,
        "a group without outcome 1, or a reference of which none is selected",
        _OUTCOME_SEEN,
        _HARDT,
    ),
    Metric(
        "FA202",
        "equal_opportunity_difference",
        "Equal opportunity difference",
        "TPR_g - TPR_ref",
        "difference",
        "difference",
        "true_positive_rate",
        (-1.0, 1.0),
        0.0,
        "outcome",
        True,
        "a group without outcome 1",
        _OUTCOME_SEEN,
        _HARDT,
    ),
    Metric(
        "FA203",
        "false_positive_rate_difference",
        "False positive rate difference",
        "FPR_g - FPR_ref, FPR = selected with outcome 0 / outcome 0",
        "difference",
        "difference",
        "false_positive_rate",
        (-1.0, 1.0),
        0.0,
        "outcome",
        True,
        "a group without outcome 0",
        _OUTCOME_SEEN,
        _HARDT,
    ),
    Metric(
        "FA204",
        "equalized_odds_difference",
        "Equalized odds difference",
        "max(|TPR_g - TPR_ref|, |FPR_g - FPR_ref|)",
        "difference",
        "compound",
        "true_positive_rate",
        (0.0, 1.0),
        0.0,
        "outcome",
        False,
        "a group without outcome 0 or without outcome 1",
        "It has no sign, and which of the two rates made it is not seen.",
        _HARDT,
    ),
    Metric(
        "FA205",
        "predictive_parity_difference",
        "Predictive parity difference",
        "PPV_g - PPV_ref, PPV = selected with outcome 1 / selected with an outcome",
        "difference",
        "difference",
        "precision",
        (-1.0, 1.0),
        0.0,
        "outcome",
        True,
        "a group of which nobody with an outcome is selected",
        "Where base rates differ it cannot hold together with equalized odds.",
        "Chouldechova (2017), doi:10.1089/big.2016.0047",
    ),
    Metric(
        "FA206",
        "accuracy_difference",
        "Accuracy difference",
        "accuracy_g - accuracy_ref",
        "difference",
        "difference",
        "accuracy",
        (-1.0, 1.0),
        0.0,
        "outcome",
        True,
        "a group without an outcome",
        "Opposite errors of two groups cancel out in it.",
        "Berk et al. (2021), doi:10.1177/0049124118782533",
    ),
    Metric(
        "FA207",
        "base_rate_difference",
        "Base rate difference",
        "base_g - base_ref, base = outcome 1 / with an outcome",
        "difference",
        "difference",
        "base_rate",
        (-1.0, 1.0),
        0.0,
        "outcome",
        True,
        "a group without an outcome",
        "A gap in the outcome may be the trace of earlier campaigns.",
        "Barocas, Hardt & Narayanan (2023), Fairness and Machine Learning",
    ),
    Metric(
        "FA301",
        "score_smd",
        "Standardized mean difference of scores",
        "(mean_g - mean_ref) / pooled standard deviation",
        "difference",
        "smd",
        "score",
        (-_INF, _INF),
        0.0,
        "score",
        False,
        "fewer than two scores in a group, or no spread",
        "A gap in the tail, where the cut is, may not move the mean.",
        "Cohen (1988), Statistical Power Analysis",
    ),
    Metric(
        "FA302",
        "value_smd",
        "Standardized mean difference of offered values",
        "(mean_g - mean_ref) / pooled standard deviation",
        "difference",
        "smd",
        "value",
        (-_INF, _INF),
        0.0,
        "value",
        False,
        "fewer than two values in a group, or no spread",
        "Whether a high value is good or bad is for the offer to say.",
        "Cohen (1988), Statistical Power Analysis",
    ),
)

COVERAGE_CODE = "FA901"
"""Code of the finding that a required attribute was not audited; it has no metric."""

_COVERAGE = f"""\
{COVERAGE_CODE}  Required attribute not audited (coverage)
  means         the policy requires the attribute, and the data or --by lack it
  verdict       review: what was not measured is not cleared
  in a policy   required = ["gender", …]; without it, every audited attribute"""

METRICS = {metric.name: metric for metric in _ROWS}
"""Metric by name."""


def by_code(code: str) -> Metric:
    """Return the metric with a code, or with a name.

    Raises
    ------
    InputError
        Neither a code nor a name of a metric.

    Examples
    --------
    >>> by_code("fa101").name
    'adverse_impact_ratio'
    """
    for metric in _ROWS:
        if code.upper() == metric.code or code == metric.name:
            return metric
    known = [metric.code for metric in _ROWS] + list(METRICS)
    raise InputError(unknown_name("code", code, known, "code or metric"))


def explain(code: str) -> str:
    """Return what a metric is, in a few lines of text.

    Raises
    ------
    InputError
        Neither a code nor a name of a metric.

    Examples
    --------
    >>> print(explain("FA104").splitlines()[0])
    FA104  Disparate impact ratio of an attribute (disparate_impact_ratio)
    """
    if code.upper() == COVERAGE_CODE:
        return _COVERAGE
    metric = by_code(code)
    low, high = (f"{end:g}" for end in metric.range)
    ideal = "none" if metric.ideal != metric.ideal else f"{metric.ideal:g}"  # NaN
    tested = "yes" if metric.testable else 'no: a rule on it uses evidence = "point"'
    facts = {
        "formula": metric.formula,
        "range": f"{low} to {high}, ideal {ideal}",
        "undefined": metric.undefined,
        "misleads": metric.misleads,
        "significance": tested,
        "source": metric.source,
        "in a policy": f'metric = "{metric.name}"',
    }
    lines = [
        textwrap.fill(fact, 100, initial_indent=f"  {name:<13} ", subsequent_indent=_IN)
        for name, fact in facts.items()
    ]
    return "\n".join((f"{metric.code}  {metric.title} ({metric.name})", *lines))
