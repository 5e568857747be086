"""All displays that a payload can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairness.reports.displays.base import Display
from fairness.reports.displays.funnel import funnel_of
from fairness.reports.displays.intersections import intersections_of
from fairness.reports.displays.rates import rates_of
from fairness.reports.displays.ratios import ratios_of


def displays_of(payload: Mapping[str, Any]) -> tuple[Display, ...]:
    """Return all that a payload can show, in reading order.

    Parameters
    ----------
    payload : dict
        As `audit_payload` makes it, or as it was stored.

    Returns
    -------
    tuple of Display
    """
    made: list[Display] = []
    for attribute in payload["attributes"]:
        made += ratios_of(payload["findings"], attribute)
        made += rates_of(payload, attribute)
        made += funnel_of(payload, attribute)
    made += intersections_of(payload)
    return tuple(made)
