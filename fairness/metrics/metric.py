"""What is known of a metric apart from its value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["ratio", "difference", "share", "number", "count", "z"]
Form = Literal[
    "ratio",
    "difference",
    "odds",
    "attribute",
    "compound",
    "derived",
    "rate",
    "check",
    "conduct",
]
Family = Literal[
    "groups",
    "extremes",
    "power",
    "conditional",
    "small",
    "slices",
    "scores",
    "values",
    "proxies",
    "joint",
    "consent",
    "data",
    "exploitation",
    "records",
    "security",
]
Needs = Literal[
    "selection",
    "outcome",
    "score",
    "score and outcome",
    "value",
    "value and strata",
    "value cap",
    "strata",
    "columns",
    "campaign",
]


@dataclass(frozen=True, slots=True)
class Metric:
    """What is known of a metric apart from its value.

    Parameters
    ----------
    code : str
        Stable code of the findings made with it.
    name, title, formula : str
    kind : {"ratio", "difference", "share", "number", "count", "z"}
        How a bound on it is written: against 1, against 0, as a share or probability,
        in the unit of a column, as people, in deviations.
    form : str
        How it is computed from two rates; ``"check"`` where that takes more,
        ``"conduct"`` where it is measured on a campaign and not on counts.
    rate : str
        The rate it compares; empty for moments of a score or value.
    range : (float, float)
    ideal : float
    needs : str
        What has to be counted for it.
    testable : bool
        Whether a rule on it can ask for significance.
    undefined, misleads, source : str
    family : str, default "groups"
        The check that makes it; ``"groups"`` for one group against its reference.
    interval : bool, default False
        Whether it has an interval, so that a rule can ask for proof.
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
    needs: Needs
    testable: bool
    undefined: str
    misleads: str
    source: str
    family: Family = "groups"
    interval: bool = False

    @property
    def evidence(self) -> tuple[str, ...]:
        """Kinds of evidence that a rule on it may ask for."""
        proven = self.interval or self.form in {"ratio", "difference", "odds"}
        asked = ("significant",) * self.testable + ("proven",) * proven
        return (*asked, "point")
