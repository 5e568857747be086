"""What a rule may say under ``params`` for a metric of conduct."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

WHEN = "when"
WHENS = ("export",)
"""``when = "export"``: the rule is for audiences that go to a platform."""

PARAMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "objectors": ("also",),
        "product_channel_consent": ("evidence", "max_age_days"),
        "without_consent": ("basis", "evidence", "max_age_days"),
        "privacy_signals": ("purposes",),
        "restricted_sector_columns": ("sectors",),
        "fine_geography": ("min_radius_miles",),
        "trait_lift": ("attributes",),
        "trait_auc": ("attributes",),
        "used_columns_auc": ("attributes",),
        "audience_variation": ("attributes",),
        "events_over_retention": ("days",),
        "zero_tolerance": ("flags", "within_days"),
        "over_cap": ("cap", "days"),
        "pressure_ratio": ("cap", "days"),
        "price_notice_missing": ("text",),
        "under_age": ("age", "column", "unknown"),
        "missing_records": ("fields",),
        "overdue_records": ("field", "max_days", "min_business_days_before"),
    }
)
"""By metric, beside `WHEN`; a metric that is not named takes no other."""
