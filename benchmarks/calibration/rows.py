"""One row of the table: an interval in a setting, and what simulation found."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

NARROW = (0.93, 0.97)
WIDENED = (0.93, 1.0)
INVERTED = (0.93, 0.99)
# Coverage is estimated: a row fails beyond this many standard errors.
ERRORS = 3.0


@dataclass(frozen=True, slots=True)
class Row:
    """Coverage and width of one interval in one setting.

    Parameters
    ----------
    interval : str
    setting : str
    replicates : int
        Drawn for the coverage.
    coverage : float
    se : float
        Standard error of the coverage.
    mean_width : float
        nan where every width is infinite or undefined.
    closed_width : float or None
        Mean width, on the same draws, of the closed form that the interval replaces.
    band : tuple of float or None
        What the coverage must lie in; None: nothing is promised.
    """

    interval: str
    setting: str
    replicates: int
    coverage: float
    se: float
    mean_width: float
    closed_width: float | None = None
    band: tuple[float, float] | None = None

    @property
    def holds(self) -> bool:
        """Whether the coverage is inside its band, up to 3 standard errors.

        Those of the band's edges: a coverage of 0 or 1 has none of its own.
        """
        if self.band is None:
            return True
        low, high = self.band
        below, above = (ERRORS * error(at, self.replicates) for at in (low, high))
        return low - below <= self.coverage <= high + above

    def cells(self) -> list[str]:
        """Return the row as it stands in the table."""
        width = "" if math.isnan(self.mean_width) else f"{self.mean_width:.4g}"
        ratio = ""
        if self.closed_width is not None:
            ratio = f"{self.mean_width / self.closed_width:.2f}"
        band = "" if self.band is None else f"{self.band[0]:.0%} – {self.band[1]:.0%}"
        held = "" if self.band is None else "yes" if self.holds else "NO"
        held_in = f"{100 * self.coverage:.1f} ± {100 * self.se:.1f}"
        return [self.interval, self.setting, held_in, width, ratio, band, held]


HEADER = (
    "| interval | setting | coverage, % | mean width | of closed form | band | holds |\n"
    "| --- | --- | ---: | ---: | ---: | --- | --- |"
)


def error(share: float, replicates: int) -> float:
    """Return the standard error of a share."""
    return math.sqrt(share * (1 - share) / replicates)


def row_of(
    interval: str,
    setting: str,
    held: NDArray[np.bool_] | FloatArray,
    width: float,
    *,
    closed: float | None = None,
    band: tuple[float, float] | None = None,
) -> Row:
    """Return the row of an interval, from which of its replicates hold the truth."""
    share, n = float(np.mean(held)), len(held)
    return Row(interval, setting, n, share, error(share, n), width, closed, band)


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return random numbers of one cell, the same whichever other cells run."""
    return np.random.default_rng([seed, *"/".join(names).encode()])


def holding(low: FloatArray, high: FloatArray, truth: float) -> NDArray[np.bool_]:
    """Return which intervals hold the truth, up to rounding."""
    slack = 1e-12 * max(abs(truth), 1e-3)
    return np.asarray((low <= truth + slack) & (truth - slack <= high))


def mean_width(low: FloatArray, high: FloatArray) -> float:
    """Return the mean width of the intervals that have one."""
    width = high - low
    finite = width[np.isfinite(width)]
    return float(finite.mean()) if finite.size else math.nan
