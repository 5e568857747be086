"""The facade: `audit` counts once and measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from fairness.auditing.joint import FOLDS, measure_joint
from fairness.auditing.measured import Audit
from fairness.auditing.settings import Offer, check_settings
from fairness.counts import count
from fairness.counts.sample import sample_rows
from fairness.findings import Finding
from fairness.frames import Source
from fairness.frames.databases import address, is_url


def audit(
    data: Any,
    *,
    selected: str | None = None,
    audience: Any = None,
    id: str | None = None,  # noqa: A002  # the contract's name
    protected: Any = None,
    by: str | Sequence[str],
    bands: Mapping[str, Sequence[float | str]] | None = None,
    as_of: str | date | None = None,
    intersections: int = 1,
    offer: Offer | None = None,
    reference: str | None = None,
    outcome: str | None = None,
    score: str | None = None,
    value: str | None = None,
    weight: str | None = None,
    strata: str | Sequence[str] | None = None,
    uses: str | Sequence[str] | None = None,
    value_cap: float | None = None,
    slices: bool = False,
    joint: bool = False,
    min_expected: float = 20,
    confidence: float = 0.95,
) -> Audit:
    """Measure how the selection of an audience falls on protected groups.

    Parameters
    ----------
    data : table or path
        One row a customer: a pandas, polars or pyarrow table, a lazy frame
        (polars, DuckDB, Ibis, PySpark), or the path (or glob) of CSV or Parquet
        files; `fairness.scan` for files that need options.
    selected : str, optional
        Column that says who was picked: 0/1, true/false, yes/no, y/n, t/f, or
        ``"COL=VALUE"``. Either this or `audience`.
    audience : table, path or list of ids, optional
        The ids that were picked; each is in `data` exactly once.
    id : str, optional
        Column of the customer id, here, in `audience` and in `protected`.
    protected : table or path, optional
        Protected attributes by customer id; used for counting only.
    by : str or sequence of str
        Protected attributes to audit.
    bands : dict of column to edges, optional
        Edges 18, 30, 45 make (-inf,18), [18,30), [30,45), [45,inf). A date is
        banded by age at `as_of`.
    as_of : str or date, optional
        The day at which ages are counted.
    intersections : int, default 1
        2 looks at pairs of attributes as well, 3 at triples.
    offer : {"beneficial", "burdensome", "neutral"}, optional
        Whether it is harm to be left out, to be picked, or either. Taken as
        beneficial where not given, and said so.
    reference : str, optional
        "highest" (rate, of the sizeable groups), "rest", "overall" or
        ``"COL=GROUP"``.
    outcome : str, optional
        What was observed: as `selected`; missing where not observed.
    score, value, weight : str, optional
        Columns of numbers: the score behind the selection, the value offered,
        the weight of each customer.
    strata : str or sequence of str, optional
        Columns within which the ratios are shown as well, as context.
    uses : str or sequence of str, optional
        Columns that the profile uses, to be checked as proxies.
    value_cap : float, optional
        A value above which an offer is too much: the shares above it are compared.
    slices : bool, default False
        Look for the worst-treated slices over all attributes and strata as well; this
        takes seconds.
    joint : bool, default False
        Train a predictor of each protected attribute from all the columns in `uses`
        together, on a sample of the rows (see `joint_proxy`); this takes seconds.
    min_expected : float, default 20
        Groups that expect fewer selections (or non-selections) are too few.
    confidence : float, default 0.95
        Level of the intervals, and of the readings: alpha is 1 - confidence.

    Returns
    -------
    Audit

    Raises
    ------
    InputError
        With every problem found in the arguments and the data.

    Examples
    --------
    >>> import pandas as pd
    >>> customers = pd.DataFrame(
    ...     {"gender": ["f"] * 5000 + ["m"] * 5000,
    ...      "offered": [1] * 700 + [0] * 4300 + [1] * 1000 + [0] * 4000})
    >>> result = audit(customers, selected="offered", by="gender", offer="beneficial")
    >>> result.gate("us-four-fifths").verdict
    'block'
    """
    check_settings(intersections, offer, min_expected, confidence)
    counted = count(
        data,
        by=by,
        selected=selected,
        audience=audience,
        id=id,
        protected=protected,
        bands=bands,
        as_of=as_of,
        outcome=outcome,
        score=score,
        value=value,
        weight=weight,
        strata=strata,
        uses=uses,
        value_cap=value_cap,
    )
    learnt: list[Finding] = []
    if joint:
        sample = sample_rows(
            data, by=by, uses=uses or (), id=id, protected=protected, bands=bands,
            as_of=as_of,
        )  # fmt: skip
        learnt, _ = measure_joint(sample, FOLDS, 0, confidence)
    return Audit.of_counts(
        counted.counts,
        bins=counted.bins,
        values=counted.values,
        columns=counted.columns,
        value_cap=value_cap,
        slices=slices,
        joint=learnt,
        intersections=intersections,
        offer=offer,
        reference=reference,
        min_expected=min_expected,
        confidence=confidence,
        subject=_subject(selected, audience),
        notes=counted.notes,
    )


def _subject(selected: str | None, audience: Any) -> str:
    if selected is not None:
        return str(selected)
    url = audience.url if isinstance(audience, Source) else audience
    if is_url(url):
        return address(url).table
    if isinstance(audience, Source):
        return Path(audience.files[0]).name
    return Path(audience).name if isinstance(audience, str | Path) else "the audience"
