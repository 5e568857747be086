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
    from pipelines.release.delivered import Delivered as Delivered
    from pipelines.release.delivered import check_delivered as check_delivered
    from pipelines.release.following import follow_up as follow_up
    from pipelines.release.leave import Leave as Leave
    from pipelines.release.leave import leave_of as leave_of
    from pipelines.release.place import Place as Place
    from pipelines.release.rechecked import Rechecked as Rechecked
    from pipelines.release.rechecking import recheck as recheck
    from pipelines.release.statements import Signed as Signed
    from pipelines.release.statements import approve_place as approve_place
    from pipelines.release.statements import sign_waiver as sign_waiver

_HOME = {
    "Authority": "carrying",
    "Delivered": "delivered",
    "Leave": "leave",
    "Outcome": "carrying",
    "Place": "place",
    "Rechecked": "rechecked",
    "Released": "audience",
    "Signed": "statements",
    "approve_place": "statements",
    "carry_out": "carrying",
    "check_delivered": "delivered",
    "follow_up": "following",
    "leave_of": "leave",
    "recheck": "rechecking",
    "release": "audience",
    "sign_waiver": "statements",
}

__all__ = [
    "Authority",
    "Delivered",
    "Leave",
    "Outcome",
    "Place",
    "Rechecked",
    "Released",
    "Signed",
    "approve_place",
    "carry_out",
    "check_delivered",
    "follow_up",
    "leave_of",
    "recheck",
    "release",
    "sign_waiver",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
