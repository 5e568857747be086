"""What maps share: rows and columns of names, a cell a row of the frame."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from fairness.reports.displays.base import Display, Row
from fairness.reports.displays.canvas import Layout, write_title
from fairness.reports.displays.maps import Cell, draw_map, heads_above, map_layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False)
class Crossed(Display):
    """A map of two lists of names.

    Parameters
    ----------
    attribute : str
    rows : tuple of dict
        One a cell.
    down, across : tuple of str
        Names of the map's rows and columns, in order.
    left_out : int
        Pairs for which there is no room.
    """

    down: tuple[str, ...] = ()
    across: tuple[str, ...] = ()
    left_out: int = 0

    @abstractmethod
    def sides(self, row: Row) -> tuple[str, str]:
        """Return the names that a cell stands under."""

    @abstractmethod
    def value(self, row: Row) -> float | None:
        """Return a cell's ratio; None is hatched."""

    @abstractmethod
    def is_marked(self, row: Row) -> bool:
        """Return whether a cell stands out."""

    @abstractmethod
    def below(self) -> str:
        """Return what the numbers are."""

    @abstractmethod
    def note(self) -> str:
        """Return what is left out; empty for nothing."""

    def is_reversed(self) -> bool:
        """Return whether high ratios are the harm, and have its colour."""
        return False

    @cached_property
    def _cells(self) -> tuple[Cell, ...]:
        rows = {name: place for place, name in enumerate(self.down)}
        columns = {name: place for place, name in enumerate(self.across)}
        made = []
        for place, row in enumerate(self.rows):
            down, across = self.sides(row)
            cell = Cell(
                rows[down],
                columns[across],
                place,
                self.value(row),
                is_marked=self.is_marked(row),
            )
            made.append(cell)
        return tuple(made)

    def layout(self, *, heading: bool) -> Layout:
        """Return the measures: as large as the cells and their names need."""
        return map_layout(
            self.down,
            self.across,
            self._cells,
            title=self.title,
            heading=heading,
            below=self.below(),
            note=self.note(),
            reverse=self.is_reversed(),
        )

    def draw(self, ax: Axes, layout: Layout | None, *, heading: bool) -> None:
        """Draw the map."""
        draw_map(
            ax,
            layout,
            rows=self.down,
            columns=self.across,
            cells=self._cells,
            below=self.below(),
            note=self.note(),
            reverse=self.is_reversed(),
        )
        if heading:
            write_title(ax, self.title, layout, heads_above(self.across))
