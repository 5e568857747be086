"""What every display can do: be drawn, and be turned back into its numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from fairness.reports.displays.canvas import Layout, new_axes, settings

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Row = Mapping[str, Any]
Rows = tuple[Row, ...]


@dataclass(frozen=True)
class Display(ABC):
    """A picture that can be turned back into its numbers.

    Parameters
    ----------
    attribute : str
        What its groups are of; empty where it is of none.
    rows : tuple of dict
        What is drawn, one a mark; see `frame`.
    """

    kind: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]

    attribute: str
    rows: Rows

    @property
    @abstractmethod
    def title(self) -> str:
        """What the picture shows, in one sentence."""

    @property
    @abstractmethod
    def told(self) -> tuple[str, ...]:
        """Each mark in plain words with its numbers, in the order of the frame."""

    @property
    def is_judged(self) -> bool:
        """Whether a policy gave verdicts on what is drawn."""
        return any(row.get("verdict") is not None for row in self.rows)

    @abstractmethod
    def layout(self, *, heading: bool) -> Layout:
        """Return the measures of a new figure, with or without the title."""

    @abstractmethod
    def draw(self, ax: Axes, layout: Layout | None, *, heading: bool) -> None:
        """Draw on axes; without a layout they are somebody else's."""

    def frame(self) -> pd.DataFrame:
        """Return the drawn numbers, one row a mark, as the payload has them."""
        import pandas as pd  # noqa: PLC0415  # heavy, and only for frames

        return pd.DataFrame(
            [[row.get(name) for name in self.columns] for row in self.rows],
            columns=list(self.columns),
        )

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the picture.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
        """
        if ax is not None:
            self.draw(ax, None, heading=True)
            return ax
        with settings():
            layout = self.layout(heading=True)
            ax = new_axes(layout, pyplot=True)
            self.draw(ax, layout, heading=True)
        return ax

    def __repr__(self) -> str:
        return f"{self.title}\nNext: .plot() · .frame()"
