"""Whom to write to: scores that are trained, and the cuts that are made by them.

======================  ==========================================================
``fit_propensity``      how likely a customer is to say yes
``fit_uplift``          how much more likely for being asked
``wrap_estimator``      a score of an estimator or Pipeline of the user's own
``Scorer``              what the funnel asks of a score
``refuse_protected``    keeps protected attributes out of what a score looks at
``select_top`` …        the best N, those above a mark, a lot
======================  ==========================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.segmentation.protected import refuse_protected as refuse_protected
    from pipelines.targeting.cuts import select_above as select_above
    from pipelines.targeting.cuts import select_by_lot as select_by_lot
    from pipelines.targeting.cuts import select_top as select_top
    from pipelines.targeting.propensity import FittedScore as FittedScore
    from pipelines.targeting.propensity import fit_propensity as fit_propensity
    from pipelines.targeting.scorer import Scorer as Scorer
    from pipelines.targeting.uplift import UpliftScore as UpliftScore
    from pipelines.targeting.uplift import fit_uplift as fit_uplift
    from pipelines.targeting.wrapped import WrappedScore as WrappedScore
    from pipelines.targeting.wrapped import wrap_estimator as wrap_estimator

_HOME = {
    "FittedScore": "pipelines.targeting.propensity",
    "Scorer": "pipelines.targeting.scorer",
    "UpliftScore": "pipelines.targeting.uplift",
    "WrappedScore": "pipelines.targeting.wrapped",
    "fit_propensity": "pipelines.targeting.propensity",
    "fit_uplift": "pipelines.targeting.uplift",
    "refuse_protected": "pipelines.segmentation.protected",
    "select_above": "pipelines.targeting.cuts",
    "select_by_lot": "pipelines.targeting.cuts",
    "select_top": "pipelines.targeting.cuts",
    "wrap_estimator": "pipelines.targeting.wrapped",
}

__all__ = [
    "FittedScore",
    "Scorer",
    "UpliftScore",
    "WrappedScore",
    "fit_propensity",
    "fit_uplift",
    "refuse_protected",
    "select_above",
    "select_by_lot",
    "select_top",
    "wrap_estimator",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
