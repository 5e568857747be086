"""Nothing is handed on unjudged: a gate around an estimator, and around a function.

======================  ==========================================================
``FairnessGate``        a scikit-learn estimator whose `predict` is judged
``gated``               a decorator for any function that picks customers
``Terms``               what an audience is judged by
``Judged``              what was found of it
======================  ==========================================================

Names are handed out lazily: only ``FairnessGate`` loads scikit-learn.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.gate.decorator import Gated as Gated
    from pipelines.gate.decorator import gated as gated
    from pipelines.gate.estimator import FairnessGate as FairnessGate
    from pipelines.gate.judging import Judged as Judged
    from pipelines.gate.terms import Terms as Terms

_HOME = {
    "FairnessGate": "estimator",
    "Gated": "decorator",
    "Judged": "judging",
    "Terms": "terms",
    "gated": "decorator",
}

__all__ = ["FairnessGate", "Gated", "Judged", "Terms", "gated"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
