"""Displays and pictures of an audit, a decision or a campaign, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from fairness.errors import InputError, Problem, shown, unknown_name
from fairness.findings import Comparison, Finding, Sharing, findings_of
from fairness.metrics import METRICS
from fairness.reports.displays.base import Display
from fairness.reports.displays.calibration import Calibration, calibration_of
from fairness.reports.displays.funnel import Funnel, funnel_of
from fairness.reports.displays.intersections import Intersections, intersections_of
from fairness.reports.displays.made import displays_of
from fairness.reports.displays.proxies import Proxies, proxies_of
from fairness.reports.displays.rates import Rates, rates_of
from fairness.reports.displays.ratios import Ratios, ratios_of
from fairness.reports.displays.scores import Scores, scores_of
from fairness.reports.displays.segments import Segments, segments_of
from fairness.reports.displays.thresholds import Thresholds, thresholds_of
from fairness.reports.payload import Audited, finding_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes


D = TypeVar("D", bound=Display)

_NEEDS: Mapping[str, str] = MappingProxyType(
    {
        "rates": "name an attribute that was counted",
        "funnel": "a funnel comes with a campaign's run",
        "thresholds": "give a score (score=…), and no weights",
        "scores": "give a score (score=…), and no weights",
        "calibration": "give a score and an outcome (score=…, outcome=…)",
        "proxies": "name the columns that the profile uses (uses=…)",
        "intersections": "name a pair: 'gender&ethnicity', with intersections=2",
        "segments": "segments come with a payload that has them",
    }
)


class Drawn(Audited, Protocol):
    """What displays need of an audit."""

    @property
    def headline(self) -> tuple[str, ...]:
        """Names of the metrics that the findings are about."""

    @property
    def min_expected(self) -> float:
        """Groups that expect fewer are too few."""

    @property
    def sharing(self) -> Sharing:
        """How alpha is shared."""

    def comparison(self, metric: str) -> Comparison:
        """Return a metric of all groups against their references."""


@dataclass(frozen=True, eq=False)
class Displays:
    """Displays: each is drawn by ``plot()`` and turned into numbers by ``frame()``.

    Parameters
    ----------
    audit : Audit
    payload : callable
        Makes the payload that they show.
    judged : bool, default False
        Whether the payload has verdicts.
    """

    audit: Drawn
    payload: Callable[[], Mapping[str, Any]]
    judged: bool = False

    def ratios(self, attribute: str, *, metric: str | None = None) -> Ratios:
        """Return how each group compares with the reference.

        Parameters
        ----------
        attribute : str
            A single attribute, or an intersection as the findings name it:
            ``"gender&ethnicity"``.
        metric : str, optional
            A comparison; by default the one that the findings are about.

        Returns
        -------
        Ratios

        Raises
        ------
        InputError
            An attribute that was not counted, a metric that cannot be drawn.

        Examples
        --------
        >>> import pandas as pd
        >>> import fairness as fa
        >>> table = pd.DataFrame({
        ...     "g": ["f"] * 5000 + ["m"] * 5000,
        ...     "offered": [1] * 700 + [0] * 4300 + [1] * 1000 + [0] * 4000})
        >>> audit = fa.audit(table, selected="offered", by="g")
        >>> audit.display.ratios("g")
        f is selected 0.70 times as often as m
        Next: .plot() · .frame()
        """
        known = [table.attribute for table in self.audit.tables.values()]
        if attribute not in known:
            kind = "audited attribute or intersection"
            raise InputError(unknown_name("ratios", attribute, known, kind))
        if metric is not None and metric not in METRICS:
            raise InputError(unknown_name("metric", metric, list(METRICS), "metric"))
        name = metric or self.audit.headline[0]
        if self.judged:
            found = ratios_of(self.payload()["findings"], attribute, name)
            if found:
                return found[0]
        rows = finding_rows(
            self.audit,
            [f for f in self._findings(name) if f.attribute == attribute],
        )
        return ratios_of(rows, attribute, name)[0]

    def rates(self, attribute: str) -> Rates:
        """Return what share of each group is selected.

        Raises
        ------
        InputError
            An attribute that was not counted.
        """
        return self._one(rates_of, "rates", attribute)

    def funnel(self, attribute: str) -> Funnel:
        """Return what is left of each group after each stage.

        Raises
        ------
        InputError
            An attribute that was not counted, an audit without a funnel.
        """
        return self._one(funnel_of, "funnel", attribute)

    def thresholds(self, attribute: str) -> Thresholds:
        """Return the ratio of each group at each cut of the score.

        Raises
        ------
        InputError
            An attribute that was not counted, an audit without a score.
        """
        return self._one(thresholds_of, "thresholds", attribute)

    def scores(self, attribute: str) -> Scores:
        """Return how the scores of each group are spread.

        Raises
        ------
        InputError
            An attribute that was not counted, an audit without a score.
        """
        return self._one(scores_of, "scores", attribute)

    def calibration(self, attribute: str) -> Calibration:
        """Return whether the score means the same outcome for each group.

        Raises
        ------
        InputError
            An attribute that was not counted, an audit without a score and an outcome.
        """
        return self._one(calibration_of, "calibration", attribute)

    def proxies(self, attribute: str) -> Proxies:
        """Return what each column used tells of an attribute, and does alone.

        Raises
        ------
        InputError
            An attribute that was not counted, an audit that looked at no columns.
        """
        return self._one(proxies_of, "proxies", attribute)

    def intersections(self, attribute: str) -> Intersections:
        """Return how each intersection of two attributes compares.

        Raises
        ------
        InputError
            A pair that was not counted.
        """
        return self._one(intersections_of, "intersections", attribute)

    def segments(self, attribute: str) -> Segments:
        """Return which groups each segment holds too many or too few of.

        Raises
        ------
        InputError
            An attribute that was not counted, a payload without segments.
        """
        return self._one(segments_of, "segments", attribute)

    def all(self) -> tuple[Display, ...]:
        """Return all that there is to show, in reading order."""
        return displays_of(self.payload())

    def _one(
        self,
        made: Callable[[Mapping[str, Any], str], Sequence[D]],
        kind: str,
        attribute: str,
    ) -> D:
        payload = self.payload()
        found = made(payload, attribute)
        if found:
            return found[0]
        known = list(dict.fromkeys(one["attribute"] for one in payload["groups"]))
        if attribute not in known:
            noun = "audited attribute or intersection"
            raise InputError(unknown_name(kind, attribute, known, noun))
        raise InputError(
            Problem(kind, f"there are none of {shown(attribute)}", _NEEDS[kind])
        )

    def _findings(self, metric: str) -> Sequence[Finding]:
        if metric in self.audit.headline:
            return self.audit.findings
        return findings_of(
            self.audit.comparison(metric),
            self.audit.sharing,
            alpha=1 - self.audit.confidence,
            min_expected=self.audit.min_expected,
        )


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures: the displays of the same names, drawn.

    Parameters
    ----------
    displays : Displays
    """

    displays: Displays

    def ratios(
        self, attribute: str, *, ax: Axes | None = None, metric: str | None = None
    ) -> Axes:
        """Draw how each group compares with the reference, with its interval.

        Parameters
        ----------
        attribute : str
            A single attribute, or an intersection as the findings name it:
            ``"gender&ethnicity"``.
        ax : Axes, optional
            Where to draw; a new figure by default.
        metric : str, optional
            A comparison; by default the one that the findings are about.

        Returns
        -------
        Axes

        Raises
        ------
        InputError
            An attribute that was not counted, a metric that cannot be drawn.

        Notes
        -----
        The numbers are those of ``audit.frame()``. An arrow marks an interval, or
        an estimate of zero, that goes on beyond the axis. Groups that reports hide
        because they are small are named and not drawn.

        Examples
        --------
        >>> import pandas as pd
        >>> import fairness as fa
        >>> table = pd.DataFrame({
        ...     "g": ["f"] * 5000 + ["m"] * 5000,
        ...     "offered": [1] * 700 + [0] * 4300 + [1] * 1000 + [0] * 4000})
        >>> audit = fa.audit(table, selected="offered", by="g")
        >>> audit.plot.ratios("g").get_title()
        'f is selected 0.70 times as often as m'
        """
        return self.displays.ratios(attribute, metric=metric).plot(ax=ax)

    def rates(self, attribute: str, *, ax: Axes | None = None) -> Axes:
        """Draw what share of each group is selected."""
        return self.displays.rates(attribute).plot(ax=ax)

    def funnel(self, attribute: str, *, ax: Axes | None = None) -> Axes:
        """Draw what is left of each group after each stage."""
        return self.displays.funnel(attribute).plot(ax=ax)

    def thresholds(self, attribute: str, *, ax: Axes | None = None) -> Axes:
        """Draw the ratio of each group at each cut of the score."""
        return self.displays.thresholds(attribute).plot(ax=ax)

    def scores(self, attribute: str, *, ax: Axes | None = None) -> Axes:
        """Draw how the scores of each group are spread."""
        return self.displays.scores(attribute).plot(ax=ax)

    def calibration(self, attribute: str, *, ax: Axes | None = None) -> Axes:
        """Draw whether the score means the same outcome for each group."""
        return self.displays.calibration(attribute).plot(ax=ax)

    def proxies(self, attribute: str, *, ax: Axes | None = None) -> Axes:
        """Draw what each column used tells of an attribute, and does alone."""
        return self.displays.proxies(attribute).plot(ax=ax)

    def intersections(self, attribute: str, *, ax: Axes | None = None) -> Axes:
        """Draw how each intersection of two attributes compares."""
        return self.displays.intersections(attribute).plot(ax=ax)

    def segments(self, attribute: str, *, ax: Axes | None = None) -> Axes:
        """Draw which groups each segment holds too many or too few of."""
        return self.displays.segments(attribute).plot(ax=ax)
