"""How one campaign of a batch ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ending = Literal["clear", "review", "block", "error", "crash"]


@dataclass(frozen=True, slots=True)
class BatchRow:
    """How one campaign of a batch ended.

    Parameters
    ----------
    file : str
        As it was given.
    campaign : str or None
        None where the file could not be read.
    ending : {"clear", "review", "block", "error", "crash"}
        The verdict, "clear" too where leave was given; "error": the input was refused;
        "crash": something failed that should not.
    selected : int or None
    released : bool
    said : tuple of str
        Which step makes the gap, or what went wrong.
    told : tuple of str
        The verdict in one sentence, then which step makes the gap, as the report's
        first lines have them; empty where there is no report.
    seconds : float
    kept : bool
        Whether it was done before the batch was interrupted, and not done again.
    """

    file: str
    campaign: str | None
    ending: Ending
    selected: int | None = None
    released: bool = False
    said: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    seconds: float = 0.0
    kept: bool = False
