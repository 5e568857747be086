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
    mean_width: float
    closed_width: float | None = None
    band: tuple[float, float] | None = None

    @property
    def se(self) -> float:
        """Standard error of the coverage, at the edge of the band it is nearest to."""
        at = self.coverage
        if self.band is not None:
            at = min(max(at, self.band[0]), self.band[1])
        return math.sqrt(at * (1 - at) / self.replicates)

    @property
    def holds(self) -> bool:
        """Whether the coverage is inside its band, up to 3 standard errors."""
        if self.band is None:
            return True
        slack = ERRORS * self.se
        return self.band[0] - slack <= self.coverage <= self.band[1] + slack

    def cells(self) -> list[str]:
        """Return the row as it stands in the table."""
        width = "" if math.isnan(self.mean_width) else f"{self.mean_width:.4g}"
        ratio = ""
        if self.closed_width is not None:
            ratio = f"{self.mean_width / self.closed_width:.2f}"
        band = "" if self.band is None else f"{self.band[0]:.0%} – {self.band[1]:.0%}"
        held = "" if self.band is None else "yes" if self.holds else "NO"
        covered = f"{100 * self.coverage:.1f} ± {100 * self.se:.1f}"
        return [self.interval, self.setting, covered, width, ratio, band, held]


HEADER = (
    "| interval | setting | coverage, % | mean width | of closed form | band | holds |\n"
    "| --- | --- | ---: | ---: | ---: | --- | --- |"
)


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return random numbers of one cell, the same whichever other cells run."""
    return np.random.default_rng([seed, *"/".join(names).encode()])


def covered(low: FloatArray, high: FloatArray, truth: float) -> float:
    """Return the share of intervals that hold the truth, up to rounding."""
    slack = 1e-12 * max(abs(truth), 1e-3)
    return float(((low <= truth + slack) & (truth - slack <= high)).mean())


def mean_width(low: FloatArray, high: FloatArray) -> float:
    """Return the mean width of the intervals that have one."""
    width = high - low
    finite = width[np.isfinite(width)]
    return float(finite.mean()) if finite.size else math.nan
