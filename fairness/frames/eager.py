"""Tables in memory: pandas, polars and pyarrow columns become integer codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem, shown

# Integers that span fewer values than this are their own codes.
_DENSE_SPAN = 4096

IntArray = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One column as codes into a short list of values.

    Parameters
    ----------
    codes : integer array, one entry a row
        ``codes[i] - offset`` is the position in `values`; below 0 is null.
        The array may be the caller's own memory: it is never written to.
    values : list
        The distinct values, in no particular order, some perhaps unused.
    offset : int
        What has to be subtracted from the codes.
    """

    codes: IntArray
    values: list[object]
    offset: int = 0

    def positions(self) -> IntArray:
        """Return the codes with the offset taken off; negative is null."""
        if not self.offset:
            return self.codes
        return self.codes.astype(np.int64) - self.offset


class EagerTable:
    """A table whose columns are in memory.

    Parameters
    ----------
    frame : narwhals.DataFrame
    name : str
        What the table is called in messages.
    missing : sequence of str
        Further texts that count as missing, beside the empty cell.
    """

    def __init__(
        self,
        frame: nw.DataFrame[Any],
        *,
        name: str = "data",
        missing: Sequence[str] = (),
    ) -> None:
        self._frame = frame
        self.name = name
        self.missing = tuple(missing)

    @property
    def columns(self) -> list[str]:
        """Names of the columns, as text."""
        return [str(column) for column in self._frame.columns]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self._frame)

    def encode(self, column: str) -> Encoded:
        """Return a column as codes and distinct values."""
        return _encode(self._series(column))

    def arrow(self, column: str) -> Any:
        """Return a column as a pyarrow ChunkedArray."""
        import pyarrow as pa  # noqa: PLC0415  # loaded only where ids are joined

        array = self._series(column).to_arrow()
        if not isinstance(array, pa.ChunkedArray):
            array = pa.chunked_array([array])
        return array

    def numbers(self, column: str) -> NDArray[np.float64]:
        """Return a column as floats, NaN where it is missing.

        Raises
        ------
        InputError
            A value that is not a number.
        """
        series = self._series(column)
        dtype = series.dtype
        if dtype.is_numeric() and not dtype.is_decimal():
            return _floats(series.cast(nw.Float64))
        encoded = _encode(series)
        parsed = np.full(len(encoded.values) + 1, np.nan)
        bad = []
        for position, value in enumerate(encoded.values):
            text = str(value).strip()
            if not text or text in self.missing:
                continue
            try:
                parsed[position] = float(text)
            except ValueError:
                bad.append(value)
        if bad:
            raise InputError(not_numbers(self.name, column, bad))
        # position -1 (null) picks the NaN that was put last
        return parsed[encoded.positions()]

    def _series(self, column: str) -> nw.Series[Any]:
        names = [name for name in self._frame.columns if str(name) == column]
        if len(names) > 1 or list(self._frame.columns).count(names[0]) > 1:
            raise InputError(
                Problem(
                    self.name,
                    f"has {len(names)} columns named {shown(column)}",
                    "rename them, so that each role names one column",
                )
            )
        return self._frame[names[0]]


def _floats(series: nw.Series[Any]) -> NDArray[np.float64]:
    if series.implementation.is_pyarrow():
        return arrow_numbers(series.to_native(), null=np.nan)
    return np.asarray(series.to_numpy(), dtype=np.float64)


def not_numbers(table: str, column: str, values: Sequence[object]) -> Problem:
    """Return the problem of a column that should hold numbers and does not."""
    listed = ", ".join(shown(value) for value in values[:5])
    return Problem(
        table,
        f"column {shown(column)} has values that are not numbers: {listed}",
        "name what stands for a missing value with --missing (missing= in Python)",
    )


def _encode(series: nw.Series[Any]) -> Encoded:
    native = series.to_native()
    if series.implementation.is_pandas_like():
        return _encode_pandas(series, native)
    if series.implementation.is_polars():
        return _encode_polars(series, native)
    return encode_arrow(native)


def _encode_pandas(series: nw.Series[Any], native: Any) -> Encoded:
    dtype = native.dtype
    if hasattr(dtype, "categories") and hasattr(native, "cat"):
        return Encoded(native.cat.codes.to_numpy(), list(dtype.categories))
    if isinstance(dtype, np.dtype) and dtype.kind in "iub":
        return _encode_numpy(native.to_numpy())
    if hasattr(native.array, "__arrow_array__") and not isinstance(dtype, np.dtype):
        array = native.array.__arrow_array__()
        return encode_arrow(array)
    import pandas as pd  # noqa: PLC0415  # the caller has loaded it already

    codes, values = pd.factorize(native, use_na_sentinel=True)
    return Encoded(codes, list(values))


def _encode_polars(series: nw.Series[Any], native: Any) -> Encoded:
    if isinstance(series.dtype, nw.Enum):
        values: list[object] = list(series.dtype.categories)
        physical = native.to_physical()
        if physical.null_count():
            return Encoded(physical.cast(int).fill_null(-1).to_numpy(), values)
        return Encoded(physical.to_numpy(), values)
    if series.dtype.is_integer() and not native.null_count():
        return _encode_numpy(native.to_numpy())
    return encode_arrow(native.to_arrow())


def _encode_numpy(values: IntArray) -> Encoded:
    if values.dtype == bool:
        return Encoded(values.view(np.uint8), [False, True])
    if not len(values):
        return Encoded(np.zeros(0, np.int8), [])
    low, high = int(values.min()), int(values.max())
    if high - low < _DENSE_SPAN:
        return Encoded(values, list(range(low, high + 1)), offset=low)
    distinct, codes = np.unique(values, return_inverse=True)
    return Encoded(codes, distinct.tolist())


def encode_arrow(array: Any) -> Encoded:
    """Return a pyarrow Array or ChunkedArray as codes and distinct values."""
    import pyarrow as pa  # noqa: PLC0415  # loaded only for Arrow data

    if not isinstance(array, pa.ChunkedArray):
        array = pa.chunked_array([array])
    kind = array.type
    if pa.types.is_integer(kind) and not array.null_count:
        return _encode_numpy(arrow_numbers(array))
    array = (
        array.unify_dictionaries()
        if pa.types.is_dictionary(kind)
        else array.dictionary_encode()
    )
    if not array.num_chunks:
        return Encoded(np.zeros(0, np.int8), [])
    # A null may hide in the dictionary itself as well as in the indices.
    values = array.chunk(0).dictionary.to_pylist()
    indices = pa.chunked_array([chunk.indices for chunk in array.chunks])
    return Encoded(arrow_numbers(indices, null=-1), values)


def arrow_numbers(array: Any, *, null: float | None = None) -> NDArray[Any]:
    """Return an Arrow column of fixed-width numbers as numpy, without pandas.

    pyarrow's own conversion loads pandas when that is installed, which costs a
    command-line check half a second.

    Parameters
    ----------
    array : pyarrow.Array or pyarrow.ChunkedArray
    null : float, optional
        What stands for null; integers are widened to hold it.
    """
    chunks = getattr(array, "chunks", [array])
    parts = [_buffer(chunk, null) for chunk in chunks]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return np.zeros(0, array.type.to_pandas_dtype())
    return np.concatenate(parts)


def _buffer(chunk: Any, null: float | None) -> NDArray[Any]:
    dtype = np.dtype(chunk.type.to_pandas_dtype())
    start = chunk.offset
    data = chunk.buffers()[1]
    if data is None:
        numbers = np.zeros(len(chunk), dtype)
    else:
        numbers = np.frombuffer(data, dtype, count=start + len(chunk))[start:]
    if null is None or not chunk.null_count:
        return numbers
    valid = chunk.buffers()[0]
    bits = np.unpackbits(
        np.frombuffer(valid, np.uint8), count=start + len(chunk), bitorder="little"
    )[start:]
    if dtype.kind == "u":
        numbers = numbers.astype(np.int64)
    elif dtype.kind == "i" and np.isnan(null):
        numbers = numbers.astype(np.float64)
    return np.where(bits.astype(bool), numbers, numbers.dtype.type(null))
