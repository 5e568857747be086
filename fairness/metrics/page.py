"""The page of all metrics: ``python -m fairness.metrics.page > docs/checks.md``."""

from __future__ import annotations

from fairness.metrics.metric import Metric
from fairness.metrics.registry import METRICS

_FAMILIES = {
    "groups": "One group against its reference",
    "extremes": "The highest against the lowest rate",
    "power": "What the data could have shown",
    "conditional": "Within strata",
    "small": "Groups too small alone",
    "slices": "The worst-treated slices",
    "scores": "Scores",
    "values": "Offered values",
    "proxies": "Columns that the profile uses",
    "joint": "All columns that the profile uses together",
    "consent": "Conduct: consent and objection",
    "data": "Conduct: the data used",
    "exploitation": "Conduct: no exploitation, no manipulation",
    "records": "Conduct: records and notices",
    "security": "Conduct: security",
}
_INTRODUCTION = (
    "Made from the registry by `python -m fairness.metrics.page > docs/checks.md`. "
    "A code is what `fairreach explain` takes, a name what a rule of a policy "
    'writes as `metric = "…"`, a family what `audit.checks("…")` takes.'
)


def page() -> str:
    """Return the page as Markdown, a section a family and a table a metric.

    Examples
    --------
    >>> page().splitlines()[0]
    '# Metrics and checks'
    """
    lines = ["# Metrics and checks", "", _INTRODUCTION]
    for family, title in _FAMILIES.items():
        lines += ["", f"## {title} (`{family}`)"]
        for metric in METRICS.values():
            if metric.family == family:
                lines += ["", *_section(metric)]
    return "\n".join(lines) + "\n"


def _section(metric: Metric) -> list[str]:
    low, high = (f"{end:g}" for end in metric.range)
    ideal = "none" if metric.ideal != metric.ideal else f"{metric.ideal:g}"  # NaN
    facts = {
        "formula": f"`{metric.formula}`",
        "range": f"{low} to {high}, ideal {ideal}",
        "undefined": metric.undefined,
        "when it misleads": metric.misleads,
        "needs": metric.needs,
        "evidence a rule may ask for": ", ".join(metric.evidence),
        "source": metric.source,
    }
    return [
        f"### {metric.code} {metric.title}",
        "",
        f"`{metric.name}`",
        "",
        "| | |",
        "| --- | --- |",
        *(f"| {name} | {_cell(fact)} |" for name, fact in facts.items()),
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201  # the page is what this is for
