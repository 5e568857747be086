"""Columns that answer yes or no: who was selected, who responded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem, alternatives, shown, unknown_name
from fairness.groups.labels import MISSING, label_of

_PAIRS = (("0", "1"), ("false", "true"), ("no", "yes"), ("n", "y"), ("f", "t"))
UNOBSERVED = 2
"""Code of a flag that is not known."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes/no column.

    Parameters
    ----------
    column : str
    value : str or None
        The label that means yes; None takes one of the accepted pairs.
    """

    column: str
    value: str | None = None


def parse_flag(text: str, columns: Sequence[str], *, role: str) -> Flag:
    """Read ``COL`` or ``COL=VALUE``.

    Raises
    ------
    InputError
        No column of that name.

    Examples
    --------
    >>> parse_flag("y=yes", ["y", "age"], role="selected")
    Flag(column='y', value='yes')
    """
    if text in columns:
        return Flag(text)
    # A column may have "=" in its name: the longest name that fits is meant.
    for cut in range(len(text) - 1, 0, -1):
        if text[cut] == "=" and text[:cut] in columns:
            return Flag(text[:cut], text[cut + 1 :].strip())
    raise InputError(unknown_name(role, text.partition("=")[0], columns, "column"))


def flag_codes(
    flag: Flag,
    values: Sequence[object],
    *,
    role: str,
    missing: Sequence[str] = (),
    unobserved: bool = False,
) -> NDArray[np.int64]:
    """Return 0, 1 or `UNOBSERVED` for each distinct value of a flag's column.

    Parameters
    ----------
    flag : Flag
    values : sequence
        The distinct values that occur.
    role : str
        What the column is for, in messages.
    missing : sequence of str
        Texts that count as missing.
    unobserved : bool
        Whether a missing value is allowed (an outcome that was not observed).

    Raises
    ------
    InputError
        Values that are no accepted pair, a value that does not occur, a
        missing value where none is allowed.

    Examples
    --------
    >>> flag_codes(Flag("y"), ["No", "yes"], role="selected").tolist()
    [0, 1]
    >>> flag_codes(Flag("tier", "gold"), ["gold", "tin"], role="selected").tolist()
    [1, 0]
    """
    labels = [label_of(value, missing) for value in values]
    known = sorted(set(labels) - {MISSING})
    where = f"{role} column {shown(flag.column)}"
    problems = []
    if MISSING in labels and not unobserved:
        problems.append(
            Problem(
                where,
                "has missing values, which are neither yes nor no",
                f"fill them, or name the value that means yes: {flag.column}=VALUE "
                "after filling"
                if flag.value is None
                else "fill them with a value of their own",
            )
        )
    if flag.value is not None:
        wanted = label_of(flag.value)
        if wanted not in known:
            problems.append(
                Problem(
                    where,
                    f"never holds {shown(wanted)}. It holds: {alternatives(known)}",
                )
            )
        yes = {wanted}
    else:
        lowered = {label.lower() for label in known}
        pair = next((pair for pair in _PAIRS if lowered <= set(pair)), None)
        if pair is None:
            problems.append(
                Problem(
                    where,
                    f"holds {alternatives(known)}, which is not one of the pairs 0/1, "
                    "true/false, yes/no, y/n, t/f",
                    f"name the value that means yes: {flag.column}=VALUE",
                )
            )
        yes = {label for label in known if pair and label.lower() == pair[1]}
    if problems:
        raise InputError(problems)
    return np.array(
        [UNOBSERVED if label == MISSING else int(label in yes) for label in labels],
        dtype=np.int64,
    )
