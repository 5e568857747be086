"""Disparity of a campaign audience: counts, inference, verdicts.

Names are handed out lazily, so that ``import fairness`` loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairness.auditing import Audit, Decision, audit
    from fairness.auditing.joint import joint_proxy
    from fairness.counts import GroupCounts, ScoreBins, count_scores
    from fairness.errors import (
        AudienceBlockedError,
        FairreachError,
        InputError,
        PolicyError,
        UndefinedMetricWarning,
    )
    from fairness.frames import scan
    from fairness.policy import Policy, Waiver, load_policy

_HOME = {
    "Audit": "fairness.auditing",
    "AudienceBlockedError": "fairness.errors",
    "Decision": "fairness.auditing",
    "FairreachError": "fairness.errors",
    "GroupCounts": "fairness.counts",
    "InputError": "fairness.errors",
    "Policy": "fairness.policy",
    "PolicyError": "fairness.errors",
    "ScoreBins": "fairness.counts",
    "UndefinedMetricWarning": "fairness.errors",
    "Waiver": "fairness.policy",
    "audit": "fairness.auditing",
    "count_scores": "fairness.counts",
    "joint_proxy": "fairness.auditing.joint",
    "load_policy": "fairness.policy",
    "scan": "fairness.frames",
}

__all__ = [
    "AudienceBlockedError",
    "Audit",
    "Decision",
    "FairreachError",
    "GroupCounts",
    "InputError",
    "Policy",
    "PolicyError",
    "ScoreBins",
    "UndefinedMetricWarning",
    "Waiver",
    "audit",
    "count_scores",
    "joint_proxy",
    "load_policy",
    "scan",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'fairness' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
