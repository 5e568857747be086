"""What audits, decisions and campaign runs show alike, all of it from their payload."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.auditing.settings import ROW_LIMIT

if TYPE_CHECKING:
    from fairness.reports.displays.facade import Displays, Drawn, Pictures


class Reported(ABC):
    """A result with a payload: reports, pictures, and how an interpreter shows it."""

    _judged: ClassVar[bool] = True
    _most_rows: ClassVar[int] = ROW_LIMIT

    @abstractmethod
    def _told(self) -> dict[str, Any]:
        """Return the payload."""

    @abstractmethod
    def _measured(self) -> Drawn:
        """Return the audit that it rests on."""

    @property
    def plot(self) -> Pictures:
        """Pictures: ``audit.plot.ratios("gender")``; with verdicts once there are."""
        from fairness.reports.displays.facade import Pictures  # noqa: PLC0415  # heavy

        return Pictures(self.display)

    @property
    def display(self) -> Displays:
        """Pictures with their numbers: ``audit.display.ratios("gender").frame()``."""
        from fairness.reports.displays.facade import Displays  # noqa: PLC0415  # heavy

        return Displays(self._measured(), self._told, judged=self._judged)

    def report(
        self, path: str | Path, *, segments: Mapping[str, Any] | None = None
    ) -> Path:
        """Write a report of the kind that the name ends in: .html, .md, .json, .csv.

        Parameters
        ----------
        path : str or Path
        segments : dict, optional
            What a segment audit says as ``section()``, to stand in the report.

        Returns
        -------
        Path

        Raises
        ------
        InputError
            An ending that is not known, a directory that cannot be written to.
        """
        from fairness.reports import write_report  # noqa: PLC0415

        told = {} if segments is None else {"segments": dict(segments)}
        return write_report(self._told() | told, path)

    def text(self) -> str:
        """Return the full report for a terminal, at most 100 columns wide."""
        return self._rendered("text")

    def __repr__(self) -> str:
        return self._rendered("summary", most=self._most_rows)

    def _repr_html_(self) -> str:
        return self._rendered("notebook")

    def _rendered(self, kind: str, *, most: int | None = None) -> str:
        from fairness.reports import render  # noqa: PLC0415

        return render(self._told(), kind, most=most)
