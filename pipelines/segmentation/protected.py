"""Protected attributes stay out of what segments and scores are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fairness.errors import Problem, shown, unknown_name


def refuse_protected(
    columns: Iterable[str],
    protected: Iterable[str],
    stated: Mapping[str, str] | None = None,
) -> list[Problem]:
    """Return what keeps a set of columns from being used.

    Parameters
    ----------
    columns : iterable of str
        What a segmentation or a score would look at.
    protected : iterable of str
        Protected attributes; upper and lower case are the same.
    stated : mapping of str to str, optional
        Attributes that are used all the same, each with the reason.

    Returns
    -------
    list of Problem
        Empty where no protected attribute is used but for a stated reason.

    Examples
    --------
    >>> problem, = refuse_protected(["orders", "Gender"], ["gender"])
    >>> print(problem)
    columns: 'Gender' is a protected attribute
      Hint: leave it out, or state why it has to be used
    >>> refuse_protected(["age"], ["age"], {"age": "Youth accounts end at 26."})
    []
    """
    reasons = {name.casefold(): reason for name, reason in (stated or {}).items()}
    known = {name.casefold() for name in protected}
    used = list(dict.fromkeys(columns))
    problems = []
    for name in used:
        if name.casefold() not in known:
            continue
        if name.casefold() not in reasons:
            what = f"{shown(name)} is a protected attribute"
            hint = "leave it out, or state why it has to be used"
            problems.append(Problem("columns", what, hint))
        elif not reasons[name.casefold()].strip():
            what = f"{shown(name)} is stated without a reason"
            hint = "write why the campaign cannot do without it"
            problems.append(Problem("stated", what, hint))
    told = {name.casefold() for name in used}
    problems += [
        unknown_name("stated", name, used, "column that is used")
        for name in stated or {}
        if name.casefold() not in told
    ]
    return problems
