"""Columns in memory as integer codes and short lists of values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

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
        # Wrapping subtraction in the codes' own type: right for uint64 as well,
        # where neither the codes nor the offset fit int64.
        offset = np.array(self.offset, self.codes.dtype)
        found: IntArray = np.subtract(self.codes, offset).astype(np.int64)
        return found


def encode_series(series: nw.Series[Any]) -> Encoded:
    """Return a column of any library as codes and distinct values."""
    native = series.to_native()
    if series.implementation.is_pandas_like():
        return _encode_pandas(native)
    if series.implementation.is_polars():
        return _encode_polars(series, native)
    return encode_arrow(native)


def _encode_pandas(native: Any) -> Encoded:
    import pandas as pd  # noqa: PLC0415  # the caller has loaded it already

    dtype = native.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        # `cat.codes` would copy; this is a view that cannot be written to.
        return Encoded(native.array.codes, list(dtype.categories))
    if isinstance(dtype, np.dtype) and dtype.kind in "iub":
        return _encode_numpy(native.to_numpy())
    # Text, nullable and Arrow-backed columns; not periods and intervals, whose
    # Arrow form is a bare number.
    if isinstance(dtype, pd.StringDtype) or hasattr(dtype, "numpy_dtype"):
        return encode_arrow(native.array.__arrow_array__())
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
    """Return a pyarrow Array or ChunkedArray as codes and distinct values.

    Examples
    --------
    >>> import pyarrow as pa
    >>> encoded = encode_arrow(pa.chunked_array([["a", None], ["b"]]))
    >>> encoded.codes.tolist(), encoded.values
    ([0, -1, 1], ['a', 'b'])
    """
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

    Examples
    --------
    >>> import pyarrow as pa
    >>> arrow_numbers(pa.array([7, None, 9], pa.uint8())[1:], null=-1).tolist()
    [-1, 9]
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
    if data is None or not len(chunk):
        numbers = np.zeros(len(chunk), dtype)
    else:
        numbers = np.frombuffer(data, dtype, count=start + len(chunk))[start:]
    if null is None or not chunk.null_count:
        return numbers
    valid = chunk.buffers()[0]
    bits = np.unpackbits(
        np.frombuffer(valid, np.uint8), count=start + len(chunk), bitorder="little"
    )[start:]
    if dtype.kind in "iu" and np.isnan(null):
        numbers = numbers.astype(np.float64)
    elif dtype.kind == "u":
        numbers = numbers.astype(np.int64)
    return np.where(bits.astype(bool), numbers, numbers.dtype.type(null))
