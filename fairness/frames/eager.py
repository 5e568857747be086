"""Tables in memory, of pandas, polars or pyarrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem, shown
from fairness.frames.encoding import (
    Encoded,
    arrow_numbers,
    encode_series,
)
from fairness.frames.failures import reading
from fairness.frames.texts import parse_number


class EagerTable:
    """A table whose columns are in memory.

    Parameters
    ----------
    frame : narwhals.DataFrame
    name : str
        What the table is called in messages.
    missing : sequence of str
        Further texts that count as missing, beside the empty cell.
    columns : sequence of str, optional
        Names of the columns by position, where they are not those of `frame`:
        a name may be there twice, as long as no role names it.
    untyped : bool, default False
        Whether every column is text as it was written, numbers too.
    """

    def __init__(
        self,
        frame: nw.DataFrame[Any],
        *,
        name: str = "data",
        missing: Sequence[str] = (),
        columns: Sequence[str] | None = None,
        untyped: bool = False,
    ) -> None:
        self.untyped = untyped
        self._frame = frame
        self._keys = list(frame.columns)
        self.columns = (
            [str(key) for key in self._keys] if columns is None else [*columns]
        )
        self.name = name
        self.missing = tuple(missing)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self._frame)

    def with_missing(self, missing: Sequence[str]) -> EagerTable:
        """Return the table with other texts that count as missing."""
        return EagerTable(
            self._frame,
            name=self.name,
            missing=missing,
            columns=self.columns,
            untyped=self.untyped,
        )

    def is_number(self, column: str) -> bool:
        """Whether a column holds numbers, not text that may be read as such."""
        return self._series(column).dtype.is_numeric()

    def has_zone(self, column: str) -> bool:
        """Whether a column holds points in time with a time zone."""
        return has_zone(self._series(column).dtype)

    def encode(self, column: str) -> Encoded:
        """Return a column as codes and distinct values.

        Raises
        ------
        InputError
            Values that make no groups, such as lists.
        """
        series = self._series(column)
        with reading(self._where(column), "has values that make no groups"):
            try:
                return encode_series(series)
            except TypeError as error:
                raise InputError(
                    Problem(
                        self._where(column), f"has values that make no groups: {error}"
                    )
                ) from None

    def arrow(self, column: str) -> Any:
        """Return a column as a pyarrow ChunkedArray."""
        import pyarrow as pa  # noqa: PLC0415  # loaded only where ids are joined

        with reading(self._where(column)):
            array = self._series(column).to_arrow()
        if not isinstance(array, pa.ChunkedArray):
            array = pa.chunked_array([array])
        return array

    def numbers(self, column: str, *, short: bool = False) -> NDArray[np.float64]:
        """Return a column as floats, NaN where it is missing.

        Parameters
        ----------
        column : str
        short : bool, default False
            Leave numbers without a gap as they are, in the caller's memory.

        Raises
        ------
        InputError
            A value that is not a number.
        """
        series = self._series(column)
        if series.dtype.is_numeric() and not series.dtype.is_decimal():
            with reading(self._where(column)):
                if short and not series.null_count():
                    return _floats(series)
                return _floats(series.cast(nw.Float64))
        encoded = self.encode(column)
        parsed = np.full(len(encoded.values) + 1, np.nan)
        bad = []
        for position, value in enumerate(encoded.values):
            number = parse_number(value, self.missing)
            if number is None:
                bad.append(value)
            else:
                parsed[position] = number
        if bad:
            raise InputError(not_numbers(self.name, column, bad))
        # position -1 (null) picks the NaN that was put last
        return np.asarray(parsed[encoded.positions()], dtype=np.float64)

    def _where(self, column: str) -> str:
        return f"{self.name} column {shown(column)}"

    def _series(self, column: str) -> nw.Series[Any]:
        places = [i for i, name in enumerate(self.columns) if name == column]
        if len(places) > 1:
            raise InputError(
                Problem(
                    self.name,
                    f"has {len(places)} columns named {shown(column)}",
                    "rename them, so that each role names one column",
                )
            )
        return self._frame[self._keys[places[0]]]


def has_zone(dtype: Any) -> bool:
    """Whether a type is that of points in time with a time zone."""
    return isinstance(dtype, nw.Datetime) and dtype.time_zone is not None


def _floats(series: nw.Series[Any]) -> NDArray[np.float64]:
    if series.implementation.is_pyarrow():
        return arrow_numbers(series.to_native(), null=np.nan)
    return np.asarray(series.to_numpy())


def not_numbers(table: str, column: str, values: Sequence[object]) -> Problem:
    """Return the problem of a column that should hold numbers and does not."""
    listed = ", ".join(shown(value) for value in sorted(values, key=str)[:5])
    return Problem(
        table,
        f"column {shown(column)} has values that are not numbers: {listed}",
        "name what stands for a missing value with --missing (missing= in fa.scan)",
    )
