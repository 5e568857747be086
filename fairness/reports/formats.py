"""One payload, many formats."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fairness.errors import InputError, Problem, shown, unknown_name
from fairness.writing import write_whole

_HOME: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "text": ("fairness.reports.text", "text"),
        "summary": ("fairness.reports.text", "summary"),
        "markdown": ("fairness.reports.markdown", "markdown"),
        "html": ("fairness.reports.page", "html"),
        "notebook": ("fairness.reports.page", "notebook"),
        "junit": ("fairness.reports.junit", "junit"),
        "csv": ("fairness.reports.findings_csv", "findings_csv"),
        "adverse-impact": ("fairness.reports.artefacts.adverse", "adverse_impact"),
        "dpia": ("fairness.reports.artefacts.dpia", "dpia"),
        "model-card": ("fairness.reports.artefacts.model_card", "model_card"),
        "ll144": ("fairness.reports.artefacts.summary", "ll144"),
    }
)

ARTEFACTS: Mapping[str, str] = MappingProxyType(
    {
        "adverse-impact": "adverse-impact report of US practice (29 CFR 1607)",
        "dpia": "section of a data protection impact assessment (GDPR, Art 35)",
        "model-card": "model card of the score",
        "ll144": "summary of a bias audit (New York City, Local Law 144)",
    }
)
"""Documents of the trade, in Markdown, made of a payload alone."""

FORMATS: Mapping[str, str] = MappingProxyType(
    {
        ".csv": "csv",
        ".html": "html",
        ".json": "json",
        ".md": "markdown",
        ".txt": "text",
        ".xml": "junit",
    }
)
"""Format by the ending of a report's name."""


def render(payload: Mapping[str, Any], format: str, *, most: int | None = None) -> str:  # noqa: A002  # the option's name
    """Return a payload as text of some format.

    Parameters
    ----------
    payload : dict
        From `Audit.to_dict` or `Decision.to_dict`.
    format : {"text", "summary", "markdown", "html", "notebook", "json", "junit", \
"csv"} or one of `ARTEFACTS`
    most : int, optional
        Rows of a summary's table.

    Returns
    -------
    str
        Ends with a line break.

    Raises
    ------
    InputError
        A format that is not known; an artefact that the payload cannot give.
    """
    if format == "json":
        # ASCII only: a label with a line separator or an emoji stays one line of text.
        return json.dumps(payload, indent=2, allow_nan=False) + "\n"
    if format not in _HOME:
        raise InputError(unknown_name("format", format, [*_HOME, "json"], "format"))
    module, name = _HOME[format]
    renderer: Callable[..., str] = getattr(import_module(module), name)
    return renderer(payload) if most is None else renderer(payload, most=most)


def write_report(payload: Mapping[str, Any], path: str | Path) -> Path:
    """Write a payload to a file, whole or not at all.

    Parameters
    ----------
    payload : dict
    path : str or Path
        Its ending says the format: one of `FORMATS`.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        An ending that is not known, a directory that cannot be written to.
    """
    ending = Path(path).suffix.lower()
    if ending not in FORMATS:
        raise InputError(
            Problem(
                "report",
                f"{shown(str(path))} ends in none of {', '.join(sorted(FORMATS))}",
            )
        )
    return write_whole(path, render(payload, FORMATS[ending]))
