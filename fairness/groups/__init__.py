"""Values become groups: labels, bands, yes/no columns, intersections."""

from fairness.groups.bands import Bands
from fairness.groups.flags import Flag, flag_codes, parse_flag
from fairness.groups.labels import (
    MISSING,
    intersection_name,
    label_of,
    sort_labels,
    sort_parts,
    split_names,
)

__all__ = [
    "MISSING",
    "Bands",
    "Flag",
    "flag_codes",
    "intersection_name",
    "label_of",
    "parse_flag",
    "sort_labels",
    "sort_parts",
    "split_names",
]
