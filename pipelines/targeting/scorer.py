"""What the funnel asks of a score."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Scorer(Protocol):
    """Gives each customer a score; higher is taken first.

    ``columns`` are the ones that it reads; ``score`` returns one float for each row of
    a pyarrow table of these, NaN where it cannot tell.
    """

    @property
    def name(self) -> str:
        """As reports call it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that are read."""

    def score(self, table: Any) -> NDArray[np.float64]:
        """Return the score of each row."""
