"""Many campaigns over one CRM in one process."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.batch.rows import BatchRow as BatchRow
    from pipelines.batch.running import Watched as Watched
    from pipelines.batch.running import run_batch as run_batch
    from pipelines.batch.summaries import markdown as markdown
    from pipelines.batch.summaries import summary as summary

_HOME = {
    "BatchRow": "rows",
    "Watched": "running",
    "markdown": "summaries",
    "run_batch": "running",
    "summary": "summaries",
}

__all__ = [
    "BatchRow",
    "Watched",
    "markdown",
    "run_batch",
    "summary",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
