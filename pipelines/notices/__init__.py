"""What is owed to those whose data a campaign uses.

======================  ==========================================================
``campaign_notice``     what, why, on which basis, how to object
``main_parameters``     why a recipient sees it, in a sentence
``art30_row``           the campaign's row of the record of processing
``dpia_section``        its section of an impact assessment
``explanation_lines``   why one customer was chosen, or was not
``held_of``             all that fairreach holds of a customer
``erase_person``        take it out again
======================  ==========================================================

Strings are in one file a language: see `load_language`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.notices.campaign import Document as Document
    from pipelines.notices.campaign import art30_row as art30_row
    from pipelines.notices.campaign import campaign_notice as campaign_notice
    from pipelines.notices.campaign import dpia_section as dpia_section
    from pipelines.notices.campaign import main_parameters as main_parameters
    from pipelines.notices.holdings import Held as Held
    from pipelines.notices.holdings import erase_person as erase_person
    from pipelines.notices.holdings import held_of as held_of
    from pipelines.notices.person import explanation_dict as explanation_dict
    from pipelines.notices.person import explanation_lines as explanation_lines
    from pipelines.notices.wording import Language as Language
    from pipelines.notices.wording import list_languages as list_languages
    from pipelines.notices.wording import load_language as load_language

_HOME = {
    "Document": "campaign",
    "Held": "holdings",
    "Language": "wording",
    "art30_row": "campaign",
    "campaign_notice": "campaign",
    "dpia_section": "campaign",
    "erase_person": "holdings",
    "explanation_dict": "person",
    "explanation_lines": "person",
    "held_of": "holdings",
    "list_languages": "wording",
    "load_language": "wording",
    "main_parameters": "campaign",
}

__all__ = [
    "Document",
    "Held",
    "Language",
    "art30_row",
    "campaign_notice",
    "dpia_section",
    "erase_person",
    "explanation_dict",
    "explanation_lines",
    "held_of",
    "list_languages",
    "load_language",
    "main_parameters",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
