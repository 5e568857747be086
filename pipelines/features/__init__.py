"""Features of customers from their transactions, on any engine alike.

======================  ==========================================================
``build_features``      recency, frequency, trend, channels …, one row a customer
``FEATURES``            each feature: what it says, unit, where it is undefined
``rfm_scores``          scores, codes and plain segment names
``rfm_segment``         the name of three scores
======================  ==========================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.features.build import build_features as build_features
    from pipelines.features.registry import FEATURES as FEATURES
    from pipelines.features.registry import Feature as Feature
    from pipelines.features.rfm import rfm_scores as rfm_scores
    from pipelines.features.rfm import rfm_segment as rfm_segment

_HOME = {
    "FEATURES": "registry",
    "Feature": "registry",
    "build_features": "build",
    "rfm_scores": "rfm",
    "rfm_segment": "rfm",
}

__all__ = ["FEATURES", "Feature", "build_features", "rfm_scores", "rfm_segment"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
