"""From the universe to the audience, stage by stage, and what each does to a group.

======================  ==========================================================
``Stage``, ``Paths``    the stages, and the ways through them as numbers
``walk``                sends the rows of a frame through conditions and cuts
``count_walked``        counts by protected group how far everybody got
``decompose``           the stage that makes a gap, and the clause within it
``score_columns``       the columns of a score that move a gap
======================  ==========================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.funnel.columns import score_columns as score_columns
    from pipelines.funnel.counted import FunnelCounts as FunnelCounts
    from pipelines.funnel.counted import FunnelTable as FunnelTable
    from pipelines.funnel.counting import Roles as Roles
    from pipelines.funnel.counting import count_walked as count_walked
    from pipelines.funnel.decomposition import Decomposition as Decomposition
    from pipelines.funnel.decomposition import decompose as decompose
    from pipelines.funnel.paths import Paths as Paths
    from pipelines.funnel.paths import Stage as Stage
    from pipelines.funnel.walking import Conditions as Conditions
    from pipelines.funnel.walking import Draw as Draw
    from pipelines.funnel.walking import ScoreCut as ScoreCut
    from pipelines.funnel.walking import Walked as Walked
    from pipelines.funnel.walking import walk as walk

_HOME = {
    "Conditions": "walking",
    "Decomposition": "decomposition",
    "Draw": "walking",
    "FunnelCounts": "counted",
    "FunnelTable": "counted",
    "Paths": "paths",
    "Roles": "counting",
    "ScoreCut": "walking",
    "Stage": "paths",
    "Walked": "walking",
    "count_walked": "counting",
    "decompose": "decomposition",
    "score_columns": "columns",
    "walk": "walking",
}

__all__ = [
    "Conditions",
    "Decomposition",
    "Draw",
    "FunnelCounts",
    "FunnelTable",
    "Paths",
    "Roles",
    "ScoreCut",
    "Stage",
    "Walked",
    "count_walked",
    "decompose",
    "score_columns",
    "walk",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
