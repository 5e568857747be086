"""What the audit of a segmentation found, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fairness.counts.suppress import SMALLEST
from fairness.errors import InputError, ascii_controls, unknown_name
from fairness.findings.messages import label, number

if TYPE_CHECKING:
    from fairness.reports.displays.segments import Segments
    from pipelines.segmentation.describing import Description

# Of the form that an interpreter prints.
_MOST_LINES = 10
_LONGEST = 86


@dataclass(frozen=True, slots=True)
class Lift:
    """A group in a segment, against its share of all customers.

    Parameters
    ----------
    segment, attribute, group : str
    n : int or None
        Customers of the group in the segment; None where it is hidden, and all that
        follows from it with it.
    expected : float or None
        What it would be if the segment had nothing to do with the group.
    share : float or None
        Of the segment, in [0, 1].
    base : float or None
        The group's share of all customers; hidden only where the whole group is.
    lift, low, high : float or None
        share / base, and its interval; 1 is no difference. None where everybody is of
        the group.
    p_value, p_adjusted : float or None
        Exact, two-sided; adjusted for all lifts (false discovery rate).
    reading : {"over-represented", "under-represented", "no clear difference", \
"too few", "undefined", "hidden"}
    """

    segment: str
    attribute: str
    group: str
    n: int | None
    expected: float | None
    share: float | None
    base: float | None
    lift: float | None
    low: float | None
    high: float | None
    p_value: float | None
    p_adjusted: float | None
    reading: str


@dataclass(frozen=True, slots=True)
class SegmentRank:
    """A segment, in the order of how much it discriminates.

    Parameters
    ----------
    segment : str
    n : int
    attribute : str
        That with which being in the segment goes most.
    cramers_v : float or None
        Of being in it with the groups of the attribute, corrected for bias, in [0, 1].
    p_adjusted : float or None
        Of independence; for all segments and attributes (false discovery rate).
    """

    segment: str
    n: int
    attribute: str
    cramers_v: float | None
    p_adjusted: float | None


@dataclass(frozen=True, slots=True)
class GivenAway:
    """How much of an attribute the segments tell.

    Parameters
    ----------
    attribute : str
    cramers_v : float or None
        Corrected for bias, in [0, 1].
    explained : float or None
        Mutual information as a share of the entropy of the groups, in [0, 1].
    chance : float or None
        What that is expected to be where there is nothing to find.
    p_value : float or None
    areas : dict of group to (area under the curve, by chance)
        How well the segments rank members of the group before the rest; None for a
        group that is hidden.
    """

    attribute: str
    cramers_v: float | None
    explained: float | None
    chance: float | None
    p_value: float | None
    areas: Mapping[str, tuple[float | None, float | None]]


@dataclass(frozen=True, eq=False)
class SegmentAudit:
    """What a segmentation does to protected groups, from counts.

    Parameters
    ----------
    name, made : str
        Of the segmentation.
    columns : tuple of str
    sizes : dict of segment to customers
    lifts : tuple of Lift
        By attribute, group and segment.
    ranking : tuple of SegmentRank
        The most discriminating first.
    given_away : tuple of GivenAway
    confidence, alpha : float
    notes : tuple of str
    selected : dict of segment to customers, or None
        How many of each were selected; None where no audience was given.
    """

    name: str
    made: str
    columns: tuple[str, ...]
    sizes: Mapping[str, int]
    lifts: tuple[Lift, ...] = field(repr=False)
    ranking: tuple[SegmentRank, ...]
    given_away: tuple[GivenAway, ...] = field(repr=False)
    confidence: float
    alpha: float
    notes: tuple[str, ...] = ()
    selected: Mapping[str, int] | None = None

    def found(self) -> list[Lift]:
        """Return what is over- or under-represented, what surely is most so first."""
        told = [one for one in self.lifts if one.reading.endswith("represented")]
        return sorted(told, key=_distance, reverse=True)

    def frame(self) -> Any:
        """Return the lifts as a pandas frame, one row each."""
        import pyarrow as pa  # noqa: PLC0415

        names = list(Lift.__dataclass_fields__)
        rows = [{name: getattr(one, name) for name in names} for one in self.lifts]
        return pa.Table.from_pylist(rows).to_pandas()

    def text(self, described: Iterable[Description] = ()) -> str:
        """Return what was found as text: lines of at most 100 columns.

        Parameters
        ----------
        described : iterable of Description, optional
            What `describe` says of the segments.
        """
        from fairness.reports.text import segments_text  # noqa: PLC0415

        return segments_text(self.section(described))

    def __repr__(self) -> str:
        told = [one["message"] for one in self.section()["segments"]]
        most = _MOST_LINES if len(told) <= _MOST_LINES else _MOST_LINES - 1
        head = f"{self.name}: {len(self.sizes)} segments, {len(self.found())} of "
        head += f"{len(self.lifts)} lifts beyond chance; the most telling segment first"
        lines = [head, *(f"  {_cut(ascii_controls(one))}" for one in told[:most])]
        if len(told) > most:
            lines.append(f"  … and {len(told) - most} more")
        return "\n".join([*lines, "Next: print(….text()) · .frame() · .display('…')"])

    def _repr_html_(self) -> str:
        from fairness.reports.page import segments  # noqa: PLC0415

        return segments(self.section())

    def display(self, attribute: str) -> Segments:
        """Return which segments hold more or fewer of a group, as a map.

        Parameters
        ----------
        attribute : str

        Returns
        -------
        Segments
            Drawn by ``plot()``, turned into numbers by ``frame()``.

        Raises
        ------
        InputError
            An attribute that was not looked at.
        """
        from fairness.reports.displays.segments import segments_of  # noqa: PLC0415

        found = segments_of({"segments": self.section()}, attribute)
        if not found:
            known = list(dict.fromkeys(one.attribute for one in self.lifts))
            raise InputError(unknown_name("display", attribute, known, "attribute"))
        return found[0]

    def section(self, described: Iterable[Description] = ()) -> dict[str, Any]:
        """Return the section ``segments`` of a payload: plain values, null for none.

        Parameters
        ----------
        described : iterable of Description, optional
            What `describe` says of the segments.
        """
        most: dict[str, Lift] = {}
        for one in self.found():
            most.setdefault(one.segment, one)
        profiles = {one.segment: one.text for one in described}
        return {
            "name": self.name,
            "made": self.made,
            "columns": list(self.columns),
            "confidence": self.confidence,
            "alpha": self.alpha,
            "segments": [
                {
                    "segment": one.segment,
                    "n": one.n,
                    "attribute": one.attribute,
                    "cramers_v": one.cramers_v,
                    "p_adjusted": one.p_adjusted,
                    "message": _message(one, most.get(one.segment)),
                    **self._selection(one),
                    "profile": profiles.get(one.segment),
                }
                for one in self.ranking
            ],
            "lifts": [
                {name: getattr(one, name) for name in Lift.__dataclass_fields__}
                for one in self.lifts
            ],
            "attributes": [
                {
                    "attribute": one.attribute,
                    "cramers_v": one.cramers_v,
                    "explained": one.explained,
                    "explained_by_chance": one.chance,
                    "p_value": one.p_value,
                    "groups": [
                        {"group": group, "auc": area, "auc_by_chance": floor}
                        for group, (area, floor) in one.areas.items()
                    ],
                }
                for one in self.given_away
            ],
            "notes": list(self.notes),
        }

    def _selection(self, one: SegmentRank) -> dict[str, Any]:
        if self.selected is None or one.n < SMALLEST:
            return {"selected": None, "rate": None}
        picked = self.selected[one.segment]
        return {"selected": picked, "rate": picked / one.n}


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _distance(one: Lift) -> float:
    """Return how far from 1 a lift surely is, in logs."""
    if one.lift is None or one.low is None or one.high is None:
        return 0.0
    near = one.low if one.lift > 1 else 1 / one.high
    return float(np.log(max(near, 1.0)))


def _message(one: SegmentRank, lift: Lift | None) -> str:
    if one.cramers_v is None:
        return f"{label(one.segment)}: everybody is in it, or of one group"
    if lift is None:
        return f"{label(one.segment)}: no group stands out"
    more = "more" if (lift.lift or 0) > 1 else "less"
    who = f"{label(lift.attribute)} {label(lift.group)}"
    return (
        f"{label(one.segment)}: {who} is {number(lift.share or 0, 3)} "
        f"of it and {number(lift.base or 0, 3)} of all customers, "
        f"{number(lift.lift or 0, 3)} times its share, {more} than by chance"
    )
