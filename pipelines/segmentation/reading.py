"""Columns of any frame as Arrow, and as the numbers that models take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem, alternatives, shown, unknown_name
from fairness.frames.failures import reading
from fairness.groups.flags import flag_codes, parse_flag

FloatArray = NDArray[np.float64]
Int64Array = NDArray[np.int64]


def read_columns(table: Any, columns: Sequence[str], *, where: str = "table") -> Any:
    """Return some columns of a frame as an Arrow table.

    Parameters
    ----------
    table : table
        Of any supported library, or a narwhals frame of one.
    columns : sequence of str
        Each once in the answer.
    where : str
        What the frame is called in messages.

    Raises
    ------
    InputError
        Columns that are not there; no columns; pandas objects of several kinds.

    Examples
    --------
    >>> import pandas as pd
    >>> read_columns(pd.DataFrame({"age": [40, 20], "x": [1, 2]}), ["age"]).shape
    (2, 1)
    """
    import pyarrow as pa  # noqa: PLC0415

    wanted = list(dict.fromkeys(columns))
    if not wanted:
        raise InputError(Problem("columns", "names no column"))
    if isinstance(table, pa.Table):
        _check_there(table.column_names, wanted, where)
        return table.select(wanted)
    import narwhals as nw  # noqa: PLC0415

    with reading(where):
        frame: Any = nw.from_native(table)
    _check_there(list(frame.collect_schema()), wanted, where)
    if frame.implementation.is_pandas_like():
        return _from_pandas(frame.to_native(), wanted, where)
    chosen = frame.select(*wanted)
    with reading(where):
        if isinstance(chosen, nw.LazyFrame):
            chosen = chosen.collect("pyarrow")
        return chosen.to_arrow()


def _check_there(known: Sequence[str], wanted: Sequence[str], where: str) -> None:
    problems = [
        unknown_name(where, name, known, "column")
        for name in wanted
        if name not in known
    ]
    if problems:
        raise InputError(problems)


def _from_pandas(native: Any, columns: Sequence[str], where: str) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    arrays, problems = {}, []
    for name in columns:
        try:
            arrays[name] = pa.array(native[name], from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            what = f"{shown(name)} holds objects that are not all of one kind"
            problems.append(Problem(where, what, "make it text or numbers"))
    if problems:
        raise InputError(problems)
    return pa.table(arrays)


def kind_of(dtype: Any) -> str:
    """Return what a column of an Arrow type is to a model.

    Returns
    -------
    {"number", "label", "nothing", "other"}
        True and false are numbers; a column of nulls alone is nothing.
    """
    import pyarrow as pa  # noqa: PLC0415

    kinds = pa.types
    if kinds.is_dictionary(dtype):
        return kind_of(dtype.value_type)
    if kinds.is_null(dtype):
        return "nothing"
    if kinds.is_boolean(dtype) or kinds.is_integer(dtype):
        return "number"
    if kinds.is_floating(dtype) or kinds.is_decimal(dtype):
        return "number"
    if kinds.is_string(dtype) or kinds.is_large_string(dtype):
        return "label"
    return "label" if kinds.is_string_view(dtype) else "other"


def numbers_of(column: Any) -> FloatArray:
    """Return a column of numbers with NaN for null.

    Examples
    --------
    >>> import pyarrow as pa
    >>> numbers_of(pa.chunked_array([[1, None], [3, 4]])).tolist()
    [1.0, nan, 3.0, 4.0]
    """
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if not pa.types.is_float64(column.type):
        # Beyond 2**53 a model takes the nearest float.
        column = column.cast(pa.float64(), safe=False)
    return np.asarray(column.to_numpy(), dtype=np.float64)


def places_of(column: Any) -> tuple[Int64Array, list[str | None]]:
    """Return a place for each row of a column of text, and the text of each place.

    Empty text is null; -1 is the place of null.

    Examples
    --------
    >>> import pyarrow as pa
    >>> places, texts = places_of(pa.chunked_array([["x", None, "y", "x"]]))
    >>> places.tolist(), texts
    ([0, -1, 1, 0], ['x', 'y'])
    """
    places, values = coded(column)
    return places, [text or None for text in values]


def coded(column: Any) -> tuple[Int64Array, list[Any]]:
    """Return the place of each row's value, -1 for null, and the values."""
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_null(column.type):
        return np.full(len(column), -1, dtype=np.int64), []
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    whole = column.unify_dictionaries().combine_chunks()
    places = whole.indices.cast(pa.int64()).fill_null(-1)
    found = np.asarray(places.to_numpy(zero_copy_only=False), dtype=np.int64)
    return found, whole.dictionary.to_pylist()


def read_flag(
    table: Any, name: str, columns: Sequence[str], *, role: str
) -> Int64Array:
    """Return a column that answers yes or no as 0 and 1.

    Parameters
    ----------
    table : pyarrow.Table
    name : str
        ``COL``, of one of the accepted pairs, or ``COL=VALUE``.
    columns : sequence of str
        Those of the whole frame, for messages.
    role : str

    Raises
    ------
    InputError
        Values that are no accepted pair; missing values.

    Examples
    --------
    >>> import pyarrow as pa
    >>> read_flag(pa.table({"y": ["no", "yes"]}), "y", ["y"], role="outcome").tolist()
    [0, 1]
    """
    flag = parse_flag(name, columns, role=role)
    places, values = coded(table[flag.column])
    used = np.unique(places)
    known = [None if place < 0 else values[place] for place in used.tolist()]
    codes = flag_codes(flag, known, role=role)
    return np.asarray(codes[np.searchsorted(used, places)], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Coding:
    """How columns become numbers: a number stays, a label becomes its place.

    Parameters
    ----------
    columns : tuple of str
    labels : mapping of str to tuple of str
        Of each column of text the labels, in order; those of the rest are numbers.

    Notes
    -----
    A missing number is NaN, a missing label the place after the last, one that was not
    learned -1.
    """

    columns: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]

    @property
    def is_label(self) -> NDArray[np.bool_]:
        """Whether each column holds labels."""
        return np.array([name in self.labels for name in self.columns], dtype=bool)

    def matrix(self, table: Any) -> FloatArray:
        """Return the columns of an Arrow table as numbers.

        Parameters
        ----------
        table : pyarrow.Table

        Returns
        -------
        float array, rows x columns

        Raises
        ------
        InputError
            A column that is not there, or is of another kind.

        Examples
        --------
        >>> import pyarrow as pa
        >>> coding = Coding(("n", "t"), {"t": ("x", "y")})
        >>> coding.matrix(pa.table({"n": [1, None], "t": ["y", "z"]})).tolist()
        [[1.0, 1.0], [nan, -1.0]]
        """
        self.check(table)
        found = np.empty((table.num_rows, len(self.columns)), order="F")
        for place, name in enumerate(self.columns):
            column = table[name]
            if name in self.labels:
                found[:, place] = self._places(column, self.labels[name])
            elif kind_of(column.type) == "nothing":
                found[:, place] = np.nan
            else:
                found[:, place] = numbers_of(column)
        return found

    def check(self, table: Any) -> None:
        """Raise where a column of a table is not what it was."""
        problems = []
        for name in self.columns:
            if name not in table.column_names:
                known = table.column_names
                problems.append(unknown_name("table", name, known, "column"))
                continue
            wanted = "label" if name in self.labels else "number"
            kind = kind_of(table.schema.field(name).type)
            if kind not in {wanted, "nothing"}:
                held = table.schema.field(name).type
                words = {"label": "text", "number": "numbers"}
                what = (
                    f"{shown(name)} holds {held}, and was {words[wanted]} in training"
                )
                problems.append(Problem("table", what, "score what was trained on"))
        if problems:
            raise InputError(problems)

    @staticmethod
    def _places(column: Any, labels: Sequence[str]) -> FloatArray:
        missing = len(labels)
        if kind_of(column.type) == "nothing":
            return np.full(len(column), float(missing))
        places, texts = places_of(column)
        learned = {label: place for place, label in enumerate(labels)}
        found = [missing if text is None else learned.get(text, -1) for text in texts]
        return np.array([*found, missing], dtype=np.float64)[places]


def learn_coding(
    table: Any, columns: Sequence[str], *, labels: bool = True, where: str = "columns"
) -> Coding:
    """Return how columns of an Arrow table become numbers.

    Parameters
    ----------
    table : pyarrow.Table
    columns : sequence of str
    labels : bool, default True
        Whether text is allowed.
    where : str

    Raises
    ------
    InputError
        With every problem: dates and lists, columns without a value, infinite
        numbers, text that differs for nearly every row.

    Examples
    --------
    >>> import pyarrow as pa
    >>> learn_coding(pa.table({"n": [1, 2], "t": ["x", "y"]}), ["n", "t"]).labels
    {'t': ('x', 'y')}
    """
    learned: dict[str, tuple[str, ...]] = {}
    problems = []
    for name in dict.fromkeys(columns):
        column = table[name]
        kind = kind_of(column.type)
        wrong: tuple[str, str] | None = None
        if kind == "nothing" or column.null_count == len(column):
            wrong = "has no value at all", "leave it out"
        elif kind == "other":
            hint = "make it a number: days up to the campaign say more than a date"
            wrong = f"holds {column.type}, which a model cannot take", hint
        elif kind == "number":
            wrong = _wrong_numbers(numbers_of(column))
        elif labels:
            learned[name] = _labels(column)
            wrong = _wrong_labels(learned[name], len(column))
        else:
            wrong = f"holds {column.type}, not numbers", "name columns of numbers"
        if wrong is not None:
            problems.append(Problem(where, f"{shown(name)} {wrong[0]}", wrong[1]))
    if problems:
        raise InputError(problems)
    return Coding(tuple(dict.fromkeys(columns)), learned)


_OWN_LABELS_FROM = 50


def _wrong_numbers(values: FloatArray) -> tuple[str, str] | None:
    infinite = int(np.isinf(values).sum())
    if infinite:
        return f"is infinite in {infinite} rows", "put a limit on it, or leave it empty"
    if np.isnan(values).all():
        return "has no value at all", "leave it out"
    return None


def _wrong_labels(labels: Sequence[str], rows: int) -> tuple[str, str] | None:
    if not labels:
        return "has no value at all", "leave it out"
    if rows >= _OWN_LABELS_FROM and len(labels) > rows / 2:
        what = f"holds {len(labels)} labels in {rows} rows: {alternatives(labels)}"
        return what, "an id tells nothing of others: leave it out, or group the labels"
    return None


def _labels(column: Any) -> tuple[str, ...]:
    places, texts = places_of(column)
    used = np.bincount(places[places >= 0], minlength=len(texts))
    return tuple(
        sorted(t for t, n in zip(texts, used.tolist(), strict=True) if n and t)
    )
