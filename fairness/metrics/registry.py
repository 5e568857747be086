"""The registry of metrics: by name, by code, and explained."""

from __future__ import annotations

import textwrap

from fairness.errors import InputError, alternatives, unknown_name
from fairness.metrics.conditional_rows import CONDITIONAL
from fairness.metrics.conduct_rows import PEOPLE
from fairness.metrics.metric import Metric
from fairness.metrics.number_rows import NUMBERS
from fairness.metrics.outcome_rows import OUTCOME
from fairness.metrics.paper_rows import PAPERS
from fairness.metrics.proxy_rows import PROXIES
from fairness.metrics.selection_rows import SELECTION
from fairness.metrics.small_rows import SMALL

_ROWS: tuple[Metric, ...] = (
    *SELECTION,
    *OUTCOME,
    *NUMBERS,
    *CONDITIONAL,
    *SMALL,
    *PROXIES,
    *PEOPLE,
    *PAPERS,
)
_IN = " " * 16

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
    kinds = alternatives(metric.evidence)
    facts = {
        "formula": metric.formula,
        "range": f"{low} to {high}, ideal {ideal}",
        "undefined": metric.undefined,
        "misleads": metric.misleads,
        "evidence": kinds,
        "needs": metric.needs,
        "source": metric.source,
        "in a policy": f'metric = "{metric.name}"',
    }
    lines = [
        textwrap.fill(fact, 100, initial_indent=f"  {name:<13} ", subsequent_indent=_IN)
        for name, fact in facts.items()
    ]
    return "\n".join((f"{metric.code}  {metric.title} ({metric.name})", *lines))
