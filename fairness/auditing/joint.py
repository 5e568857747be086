"""All columns of a profile together, against the protected attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from fairness.auditing.tables import findings_frame
from fairness.counts.sample import RowSample, sample_rows, whole_number
from fairness.errors import Problem, shown
from fairness.findings import Finding
from fairness.findings.readings import number_or_none

if TYPE_CHECKING:
    import pandas as pd

Carried = dict[str, dict[str, dict[str, float | None]]]

FOLDS, ROWS = 5, 50_000
_LEAST_FOLDS = 2


def joint_proxy(
    data: Any,
    *,
    by: str | Sequence[str],
    uses: str | Sequence[str],
    id: str | None = None,  # noqa: A002  # the contract's name
    protected: Any = None,
    bands: Mapping[str, Sequence[float | str]] | None = None,
    as_of: str | date | None = None,
    rows: int = ROWS,
    folds: int = FOLDS,
    seed: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Measure how well all columns of a profile together tell protected groups.

    Two columns that tell nothing alone may give a group away together. A classifier
    of the attribute is trained on four fifths of the customers and tried on the last
    fifth, five times over.

    Parameters
    ----------
    data : table or path
        As in `fairness.audit`, like `by`, `id`, `protected`, `bands` and `as_of`.
    by : str or sequence of str
        Protected attributes to tell.
    uses : str or sequence of str
        Columns that the profile uses.
    rows : int, default 50_000
        Customers to draw at most. The draw does not depend on the order of the rows.
    folds : int, default 5
        Parts of which each is tried on what the others trained.
    seed : int, default 0
        Another seed draws other customers and other folds.
    confidence : float, default 0.95
        Level of the intervals, and of the readings.

    Returns
    -------
    DataFrame
        One row a group: area under the curve of group against rest, 0.5 where nothing
        is told, 1 where everything is; undefined, with the reason in ``message``, for
        fewer than two customers in a fold. ``attrs`` holds the sizes of the ``sample``
        and of the whole (``total``), ``notes``, and ``carried``: by attribute and
        group, what the area loses when a column is shuffled, None where it is
        undefined.

    Raises
    ------
    InputError
        With every problem found in the arguments, or else in the data.

    Notes
    -----
    A group that can be told is not one that is harmed: what columns do to the
    selection is in ``fa.audit(…, uses=…).checks("proxy_ratio")``. An area of 0.5
    says that this classifier found nothing, not that there is nothing. See
    `fairness.models.fit_joint_proxy` for the classifier and the interval.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"g": ["a", "b"] * 200, "city": ["x", "y"] * 200})
    >>> joint_proxy(frame, by="g", uses="city")[["group", "estimate", "reading"]]
      group  estimate reading
    0     a       1.0  higher
    1     b       1.0  higher
    """
    problems = whole_number("folds", folds, _LEAST_FOLDS)
    problems += _level_problems(confidence)
    sample = sample_rows(
        data,
        by=by,
        uses=uses,
        id=id,
        protected=protected,
        bands=bands,
        as_of=as_of,
        rows=rows,
        seed=seed,
        known=problems,
    )
    findings, carried = measure_joint(sample, folds, seed, confidence)
    frame = findings_frame(findings)
    frame.attrs = {
        "sample": sample.rows,
        "total": sample.total,
        "notes": list(sample.notes),
        "carried": carried,
    }
    return frame


def measure_joint(
    sample: RowSample, folds: int, seed: int, confidence: float
) -> tuple[list[Finding], Carried]:
    """Return the findings of all attributes of a sample, and what each column carries.

    Parameters
    ----------
    sample : RowSample
    folds, seed : int
    confidence : float
    """
    from fairness.models import fit_joint_proxy, joint_findings  # noqa: PLC0415

    findings: list[Finding] = []
    carried: Carried = {}
    columns = [feature.name for feature in sample.features]
    with _progress(len(sample.labels) * folds) as tick:
        for attribute, labels in sample.labels.items():
            found = fit_joint_proxy(
                sample.features,
                sample.groups[attribute],
                len(labels),
                folds=folds,
                seed=seed,
                confidence=confidence,
                tick=tick,
            )
            findings += joint_findings(attribute, labels, sample, found, confidence)
            carried[attribute] = {
                group: dict(zip(columns, map(number_or_none, lost), strict=True))
                for group, lost in zip(labels, found.carried.T, strict=True)
            }
    return findings, carried


def _level_problems(confidence: Any) -> list[Problem]:
    is_number = isinstance(confidence, int | float) and not isinstance(confidence, bool)
    if is_number and 0 < confidence < 1:
        return []
    what = f"{shown(confidence)} is not between 0 and 1"
    return [Problem("confidence", what, "write 95 % as 0.95")]


@contextmanager
def _progress(steps: int) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal's standard error, and nothing elsewhere."""
    from rich.console import Console  # noqa: PLC0415  # only for long work
    from rich.progress import Progress  # noqa: PLC0415

    console = Console(stderr=True)
    with Progress(
        console=console, disable=not console.is_terminal, transient=True
    ) as bar:
        task = bar.add_task("joint proxy", total=steps)
        yield lambda: bar.advance(task)
