"""Nothing leaves without a certificate: runs, approvals, waivers, releases."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.release.audience import Released as Released
    from pipelines.release.audience import release as release
    from pipelines.release.carrying import Authority as Authority
    from pipelines.release.carrying import Outcome as Outcome
    from pipelines.release.carrying import carry_out as carry_out
    from pipelines.release.leave import Leave as Leave
    from pipelines.release.leave import leave_of as leave_of
    from pipelines.release.place import Place as Place
    from pipelines.release.statements import Signed as Signed
    from pipelines.release.statements import approve_place as approve_place
    from pipelines.release.statements import sign_waiver as sign_waiver

_HOME = {
    "Authority": "carrying",
    "Leave": "leave",
    "Outcome": "carrying",
    "Place": "place",
    "Released": "audience",
    "Signed": "statements",
    "approve_place": "statements",
    "carry_out": "carrying",
    "leave_of": "leave",
    "release": "audience",
    "sign_waiver": "statements",
}

__all__ = [
    "Authority",
    "Leave",
    "Outcome",
    "Place",
    "Released",
    "Signed",
    "approve_place",
    "carry_out",
    "leave_of",
    "release",
    "sign_waiver",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
