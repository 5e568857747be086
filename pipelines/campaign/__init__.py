"""Campaigns: the file, its plan, and the run up to the verdict."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.campaign.draft import draft_campaign as draft_campaign
    from pipelines.campaign.frame import SharedTables as SharedTables
    from pipelines.campaign.load import load_campaign as load_campaign
    from pipelines.campaign.model import SCHEMA as SCHEMA
    from pipelines.campaign.model import Campaign as Campaign
    from pipelines.campaign.plan import Plan as Plan
    from pipelines.campaign.plan import make_plan as make_plan
    from pipelines.campaign.result import CampaignRun as CampaignRun
    from pipelines.campaign.run import Watch as Watch
    from pipelines.campaign.run import run_campaign as run_campaign

_HOME = {
    "Campaign": "model",
    "CampaignRun": "result",
    "Plan": "plan",
    "SCHEMA": "model",
    "SharedTables": "frame",
    "Watch": "run",
    "draft_campaign": "draft",
    "load_campaign": "load",
    "make_plan": "plan",
    "run_campaign": "run",
}

__all__ = [
    "SCHEMA",
    "Campaign",
    "CampaignRun",
    "Plan",
    "SharedTables",
    "Watch",
    "draft_campaign",
    "load_campaign",
    "make_plan",
    "run_campaign",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
