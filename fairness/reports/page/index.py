"""The index of a batch: one line a campaign, its verdict in a sentence, its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from fairness.findings.messages import label
from fairness.reports.page.engine import asset, hash_of, template, texts

ENDING_MARKS: Mapping[str, str] = MappingProxyType(
    {"clear": "●", "review": "○", "block": "■", "error": "!", "crash": "!"}
)
"""How each way in which a campaign may end is marked."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One campaign of a batch as its index shows it.

    Parameters
    ----------
    name : str
    ending : {"clear", "review", "block", "error", "crash"}
    selected : int or None
    released : bool
    said : tuple of str
        The verdict in a sentence and the step that makes the gap, or what went wrong.
    page : str or None
        Path of its report from the index, its parts divided by ``/``; None where
        there is none.
    """

    name: str
    ending: str
    selected: int | None
    released: bool
    said: tuple[str, ...]
    page: str | None


def index(title: str, listed: Sequence[Listed]) -> str:
    """Return the index of a batch as a page of its own.

    Parameters
    ----------
    title : str
    listed : sequence of Listed

    Returns
    -------
    str
        In the order given, with the totals first.

    Examples
    --------
    >>> spring = Listed("spring", "block", 12, False, ("Blocked: g f",), "s/r.html")
    >>> page = index("The night", [spring])
    >>> "1 campaign: 1 block" in page and 'href="s/r.html"' in page
    True
    """
    style, script = asset("report.css"), asset("report.js")
    return template("index.html.j2").render(
        title=label(title, 120),
        totals=totals([one.ending for one in listed]),
        rows=[
            {
                "name": label(one.name),
                "mark": ENDING_MARKS[one.ending],
                "ending": one.ending,
                "selected": "–" if one.selected is None else f"{one.selected:,}",
                "released": "released" if one.released else "not released",
                "said": texts(one.said),
                # A relative path never turns into a scheme: the first part is quoted.
                "href": None if one.page is None else quote(one.page),
            }
            for one in listed
        ],
        style=style,
        style_hash=hash_of(style),
        script=script,
        script_hash=hash_of(script),
    )


def totals(endings: Sequence[str]) -> str:
    """Return how many campaigns ended in which way.

    Examples
    --------
    >>> totals(["block", "clear", "block"])
    '3 campaigns: 1 clear, 2 block'
    """
    size = f"{len(endings)} campaign{'' if len(endings) == 1 else 's'}"
    told = ", ".join(
        f"{endings.count(ending)} {ending}"
        for ending in ENDING_MARKS
        if ending in endings
    )
    return f"{size}: {told}" if told else size
