"""What a rule may say under ``params`` for a metric of conduct."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

WHEN = "when"
WHENS = ("export", "hardship")
"""``when = "export"``: the rule is for audiences that go to a platform; "hardship": for
those who are picked by a column of hardship."""

PARAMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "objectors": ("also",),
        "product_channel_consent": ("evidence", "max_age_days"),
        "without_consent": ("basis", "evidence", "max_age_days"),
        "privacy_signals": ("purposes",),
        "restricted_sector_columns": ("sectors",),
        "special_category_columns": ("conditions",),
        "fine_geography": ("min_radius_miles", "allowed"),
        "trait_lift": ("attributes",),
        "trait_auc": ("attributes",),
        "used_columns_auc": ("attributes",),
        "audience_variation": ("attributes", "least"),
        "events_over_retention": ("days",),
        "hardship_columns": ("correlation",),
        "zero_tolerance": ("flags", "within_days"),
        "over_cap": ("cap", "days"),
        "pressure_ratio": ("cap", "days"),
        "price_notice_missing": ("text",),
        "under_age": ("age", "column", "unknown"),
        "missing_records": ("fields",),
        "overdue_records": (
            "field",
            "fields",
            "max_days",
            "max_months",
            "min_business_days_before",
            "holidays",
            "not_passed",
        ),
        "unjustified_exclusions": ("share",),
    }
)
"""By metric, beside `WHEN`; a metric that is not named takes no other."""
