"""Checks: what is measured beyond one group's rate against another's.

A family of checks turns an audit's counts into findings, each of a metric in the
registry. They carry readings and no verdicts; a policy's rule may ask for any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import cast

from fairness.checks.evidence import Evidence
from fairness.findings import Finding

Family = Callable[[Evidence, float], Sequence[Finding]]


def _family(name: str, home: str = "") -> Family:
    """Return a check whose module is loaded when it first runs."""

    def run(measured: Evidence, confidence: float) -> Sequence[Finding]:
        module = import_module(f"fairness.checks.{home or name}")
        return cast("Family", getattr(module, name))(measured, confidence)

    return run


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        name: _family(name)
        for name in (
            "extremes",
            "power",
            "conditional",
            "small",
            "slices",
            "scores",
            "values",
            "proxies",
        )
    }
    | {
        "crossed_extremes": _family("crossed_extremes", "extremes"),
        "joint": lambda measured, _: measured.joint,
    }
)
"""Check by name: from an audit and a level of confidence to findings."""

QUICK = tuple(name for name in FAMILIES if name not in {"slices", "crossed_extremes"})
"""Checks that take milliseconds; that of slices draws a thousand selections."""

__all__ = ["FAMILIES", "QUICK", "Evidence", "Family"]
