"""What models are trained on, and how rows become what they take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem, shown
from fairness.groups.flags import parse_flag
from pipelines.segmentation.learning import plain_sklearn
from pipelines.segmentation.reading import (
    Coding,
    FloatArray,
    Int64Array,
    learn_coding,
    read_columns,
    read_flag,
)
from pipelines.targeting.models import check_model, frame_of

MOST_ROWS = 1_000_000
_BLOCK = 2**17


@dataclass(frozen=True, slots=True)
class Inputs:
    """How columns of a table become what an estimator takes.

    Parameters
    ----------
    columns : tuple of str
    coding : Coding or None
        None for an estimator that takes a pandas frame.
    """

    columns: tuple[str, ...]
    coding: Coding | None

    def read(self, table: Any) -> tuple[Any, NDArray[np.bool_]]:
        """Return the rows, and which of them hold what no model can take."""
        if self.coding is None:
            return frame_of(table), np.zeros(table.num_rows, dtype=bool)
        rows = self.coding.matrix(table)
        infinite = np.isinf(rows)
        if infinite.any():
            rows[infinite] = np.nan
        return rows, np.asarray(infinite.any(axis=1), dtype=bool)

    def score_blocks(
        self, table: Any, score: Callable[[Any], FloatArray]
    ) -> FloatArray:
        """Return the scores of a frame, block by block; NaN for what none can take."""
        whole = read_columns(table, self.columns)
        found = np.empty(whole.num_rows)
        with plain_sklearn():
            for start in range(0, whole.num_rows, _BLOCK):
                rows, unusable = self.read(whole.slice(start, _BLOCK))
                scores = score(rows)
                scores[unusable] = np.nan
                found[start : start + _BLOCK] = scores
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """Rows to train on.

    Parameters
    ----------
    table : pyarrow.Table
    inputs : Inputs
    flags : mapping of str to int array
        0 and 1 for each role.
    names : mapping of str to str
        The column of each role.
    of : int
        Rows that there were.
    problems : tuple of Problem
        What is wrong with the columns.
    """

    table: Any
    inputs: Inputs
    flags: Mapping[str, Int64Array]
    names: Mapping[str, str]
    of: int
    problems: tuple[Problem, ...]


def read_training(
    table: Any,
    columns: Sequence[str],
    roles: Mapping[str, str],
    model: Any,
    seed: int,
    max_rows: int,
) -> Training:
    """Read what a model is to be trained on.

    Parameters
    ----------
    table : any supported frame
    columns : sequence of str
    roles : mapping of str to str
        ``COL`` or ``COL=VALUE`` of each flag.
    model : {"logistic", "boosting"} or classifier
    seed : int
    max_rows : int

    Raises
    ------
    InputError
        What keeps the rows from being read; the rest is in `Training.problems`.
    """
    own = check_model(model)
    names = tuple(dict.fromkeys([columns] if isinstance(columns, str) else columns))
    flags = {
        role: parse_flag(text, columns_of(table), role=role)
        for role, text in roles.items()
    }
    problems = [
        Problem("columns", f"{shown(flag.column)} is the {role} itself", "leave it out")
        for role, flag in flags.items()
        if flag.column in names
    ]
    if problems:
        raise InputError(problems)
    wanted = [*names, *(flag.column for flag in flags.values())]
    if not names:
        raise InputError(Problem("columns", "names no column"))
    whole = read_columns(table, wanted)
    of = whole.num_rows
    kept = _drawn(of, max_rows, seed)
    if kept is not None:
        whole = whole.take(kept)
    codes: dict[str, Int64Array] = {}
    for role, text in roles.items():
        try:
            codes[role] = read_flag(whole, text, whole.column_names, role=role)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    coding = None
    try:
        coding = None if own else learn_coding(whole, names)
    except InputError as error:
        problems += error.problems
    return Training(
        whole,
        Inputs(names, coding),
        codes,
        {role: flag.column for role, flag in flags.items()},
        of,
        tuple(problems),
    )


def columns_of(table: Any) -> list[str]:
    """Return the names of the columns of a frame."""
    if hasattr(table, "column_names"):
        return list(table.column_names)
    import narwhals as nw  # noqa: PLC0415

    return list(nw.from_native(table).collect_schema())


def _drawn(rows: int, most: int, seed: int) -> Int64Array | None:
    """Return which rows to train on, by lot, in their order; None for all of them."""
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        what = f"{shown(most)} is not a whole number above 0"
        raise InputError(Problem("max_rows", what))
    if rows <= most:
        return None
    drawn = np.random.default_rng([seed, rows]).choice(rows, most, replace=False)
    return np.sort(drawn)
