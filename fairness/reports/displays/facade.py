"""Displays and pictures of an audit, a decision or a campaign, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fairness.errors import InputError, unknown_name
from fairness.findings import Comparison, Finding, Sharing, findings_of
from fairness.metrics import METRICS
from fairness.reports.displays.ratios import Ratios, ratios_of
from fairness.reports.payload import Audited, finding_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
