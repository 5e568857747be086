"""All displays that a payload can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairness.reports.displays.base import Display
from fairness.reports.displays.calibration import calibration_of
from fairness.reports.displays.funnel import funnel_of
from fairness.reports.displays.intersections import intersections_of
from fairness.reports.displays.proxies import proxies_of
from fairness.reports.displays.rates import rates_of
from fairness.reports.displays.ratios import ratios_of
from fairness.reports.displays.scores import scores_of
from fairness.reports.displays.segments import segments_of
from fairness.reports.displays.thresholds import thresholds_of


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
        made += thresholds_of(payload, attribute)
        made += scores_of(payload, attribute)
        made += calibration_of(payload, attribute)
        made += proxies_of(payload, attribute)
    made += intersections_of(payload)
    made += segments_of(payload)
    return tuple(made)
