"""Customers in segments, and what the segments do to protected groups.

======================  ==========================================================
``rfm_grid``            segments of RFM scores
``kmeans_segments``     customers who are alike
``own_segments``        labels of the user's own
``stability``           whether others like these would give the same segments
``describe``            each segment in plain words
``segment_audit``       groups a segment has too many or too few of
``refuse_protected``    keeps protected attributes out of what segments are made of
======================  ==========================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.segmentation.audit import segment_audit as segment_audit
    from pipelines.segmentation.describing import describe as describe
    from pipelines.segmentation.protected import refuse_protected as refuse_protected
    from pipelines.segmentation.resampling import stability as stability
    from pipelines.segmentation.results import SegmentAudit as SegmentAudit
    from pipelines.segmentation.segments import Segmentation as Segmentation
    from pipelines.segmentation.segments import kmeans_segments as kmeans_segments
    from pipelines.segmentation.segments import own_segments as own_segments
    from pipelines.segmentation.segments import rfm_grid as rfm_grid

_HOME = {
    "SegmentAudit": "results",
    "Segmentation": "segments",
    "describe": "describing",
    "kmeans_segments": "segments",
    "own_segments": "segments",
    "refuse_protected": "protected",
    "rfm_grid": "segments",
    "segment_audit": "audit",
    "stability": "resampling",
}

__all__ = [
    "SegmentAudit",
    "Segmentation",
    "describe",
    "kmeans_segments",
    "own_segments",
    "refuse_protected",
    "rfm_grid",
    "segment_audit",
    "stability",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
