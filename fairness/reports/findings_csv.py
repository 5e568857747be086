"""The findings as CSV (RFC 4180): one row each, for a spreadsheet or a data frame.

The columns are those of the payload's findings, in their order; a later version adds
columns at the end. Numbers have all their digits. What is hidden, undefined or not said
is an empty cell, and `message` says why. A text that a spreadsheet would run as a
formula has a ' before it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from fairness.findings.model import PAYLOAD_ORDER
from fairness.writing import safe_cell


def findings_csv(payload: Mapping[str, Any]) -> str:
    r"""Return the findings as CSV: a line of names, and a line for each finding.

    Parameters
    ----------
    payload : dict

    Returns
    -------
    str
        Lines end with a carriage return and a line feed; to be written as UTF-8.

    Examples
    --------
    >>> text = findings_csv({"findings": [{"code": "FA101", "group": "=1+1", "n": 12}]})
    >>> text.splitlines()[1].rstrip(",")
    "FA101,,,,'=1+1,,,12"
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(PAYLOAD_ORDER)
    for row in payload["findings"]:
        writer.writerow([_cell(row.get(name)) for name in PAYLOAD_ORDER])
    return text.getvalue()


def _cell(value: object) -> str:
    # A negative number is no formula, however it is spelled.
    if isinstance(value, int | float):
        return repr(value)
    return safe_cell(value)
