"""Policies: rules as data, the packs that come with the library, waivers.

Names are handed out lazily, so that ``import fairness.policy`` loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairness.policy.document import policy_text
    from fairness.policy.load import list_packs, load_pack, load_policy
    from fairness.policy.model import Citation, MetricTraits, Policy, Rule
    from fairness.policy.waivers import Waiver, load_waivers

_HOME = {
    "Citation": "fairness.policy.model",
    "MetricTraits": "fairness.policy.model",
    "Policy": "fairness.policy.model",
    "Rule": "fairness.policy.model",
    "Waiver": "fairness.policy.waivers",
    "list_packs": "fairness.policy.load",
    "load_pack": "fairness.policy.load",
    "load_policy": "fairness.policy.load",
    "load_waivers": "fairness.policy.waivers",
    "policy_text": "fairness.policy.document",
}

__all__ = [
    "Citation",
    "MetricTraits",
    "Policy",
    "Rule",
    "Waiver",
    "list_packs",
    "load_pack",
    "load_policy",
    "load_waivers",
    "policy_text",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'fairness.policy' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
