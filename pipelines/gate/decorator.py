"""A gate around anybody's own function that picks customers."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, Unpack

from fairness.errors import InputError, Problem
from pipelines.gate.answers import Customers, segments_of, selection_of
from pipelines.gate.judging import (
    Judged,
    judge_segments,
    judge_selection,
    refuse_protected,
)
from pipelines.gate.rows import refuse_other_index
from pipelines.gate.terms import Terms, TermSettings

P = ParamSpec("P")
R = TypeVar("R")


class Gated(Generic[P, R]):
    """A function whose answer is judged before anybody gets it; made by `gated`.

    Parameters
    ----------
    function : callable
        Its first argument is the frame of customers.
    terms : Terms
    protected : table or path
    segment : str or None
    """

    def __init__(
        self,
        function: Callable[P, R],
        terms: Terms,
        protected: Any,
        segment: str | None,
    ) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._name = getattr(function, "__name__", type(function).__name__)
        self._terms = terms
        self._protected = protected
        self._segment = segment

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the function returns, where it has passed.

        Raises
        ------
        AudienceBlockedError
            The verdict is not clear; nothing is returned.
        InputError
            The answer is no selection of the customers.
        """
        answer, judged = self._judged(*args, **kwargs)
        judged.raise_for_verdict(self._terms.fail_on)
        return answer

    def judge(self, *args: P.args, **kwargs: P.kwargs) -> Judged:
        """Return what is found of the function's answer, and not the answer.

        Raises
        ------
        InputError
            The answer is no selection of the customers.
        """
        return self._judged(*args, **kwargs)[1]

    def __repr__(self) -> str:
        return f"<Gated {self._name}; .judge(customers) looks without a gate>"

    def _judged(self, *args: P.args, **kwargs: P.kwargs) -> tuple[R, Judged]:
        terms, protected = self._terms, self._protected
        customers = Customers.of(self._frame(*args, **kwargs), self._name, terms.id)
        refuse_protected(customers.columns, terms, protected)
        if terms.id is None:
            refuse_other_index(customers.frame, protected)
        answer = self._function(*args, **kwargs)
        if self._segment is not None:
            labels = segments_of(answer, customers, self._segment)
            return answer, judge_segments(labels, terms, protected, customers.ids)
        taken = selection_of(answer, customers)
        judged = judge_selection(taken, terms, protected, customers.ids, self._name)
        return answer, judged

    def _frame(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Return the first argument, however it was passed."""
        bound = inspect.signature(self._function).bind(*args, **kwargs)
        if not bound.args:
            what = "takes its customers by keyword only"
            hint = "let the frame be its first argument: def pick(customers, …)"
            raise InputError(Problem(self._name, what, hint))
        return bound.args[0]


def gated(
    *, protected: Any, segment: str | None = None, **terms: Unpack[TermSettings]
) -> Callable[[Callable[P, R]], Gated[P, R]]:
    """Judge what a function picks out of a frame of customers before it is returned.

    The function takes the frame first, and returns ids (a list, an array, a Series,
    or a frame with the column of ids), or a mask of True and False aligned with the
    frame; with `segment`, a frame with that column of labels, by id or aligned. Frames
    may be of pandas, polars, pyarrow or DuckDB. It never sees the protected table.

    Parameters
    ----------
    protected : table or path
        Protected attributes by id, or aligned with the customers where no id is named.
    segment : str, optional
        Column of the labels that the function returns. Each segment is judged as if
        its members had been selected, at its part of alpha; customers without a label
        are in none. Where no segment is the better one, say ``offer="neutral"``.
    **terms
        The fields of `Terms`: `by`, `id`, `policies`, `bands`, `offer`, ….

    Returns
    -------
    callable
        Makes a `Gated` of a function: called as before, it returns the same answer or
        raises `AudienceBlockedError`; ``.judge(customers)`` looks without a gate.

    Raises
    ------
    InputError
        With every problem of the terms.

    Examples
    --------
    >>> import pyarrow as pa
    >>> customers = pa.table({"id": range(4_000), "orders": [1, 5] * 2_000})
    >>> gender = ["f", "f", "m", "m"] * 1_000
    >>> attributes = pa.table({"id": range(4_000), "gender": gender})
    >>> @gated(protected=attributes, id="id", by="gender", offer="beneficial")
    ... def regulars(customers):
    ...     return [i for i, n in enumerate(customers["orders"].to_pylist()) if n > 1]
    >>> len(regulars(customers))
    2000
    >>> @gated(protected=attributes, id="id", by="gender", offer="beneficial")
    ... def some(customers):
    ...     return [i for i in range(4_000) if i % 4 > 1 or i % 20 == 0]
    >>> some.judge(customers).verdict
    'block'
    """
    agreed = Terms(**terms)

    def decorated(function: Callable[P, R]) -> Gated[P, R]:
        return Gated(function, agreed, protected, segment)

    return decorated
