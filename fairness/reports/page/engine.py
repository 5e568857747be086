"""The template engine, and the style and script of a page with their hashes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fairness.errors import ascii_controls

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

_PACKAGE = "fairness.reports.page"


def template(name: str) -> Template:
    """Return a template of the package; what it is given is escaped."""
    made: Template = _environment().get_template(name)
    return made


def asset(*names: str) -> Markup:
    """Return files of the package as they are: no text of a payload gets into them."""
    from markupsafe import Markup  # noqa: PLC0415  # loaded with the engine

    folder = files(_PACKAGE) / "templates"
    return Markup(  # noqa: S704  # files of the package alone
        "".join((folder / name).read_text(encoding="utf-8") for name in names)
    )


def hash_of(content: str) -> str:
    """Return how a content security policy names a style or a script.

    Examples
    --------
    >>> hash_of("")
    'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    """
    digest = hashlib.sha256(content.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def texts(items: Sequence[str]) -> list[str]:
    """Return texts without control characters."""
    return [ascii_controls(str(item)) for item in items]


def flat(text: object) -> str:
    r"""Return a text of several lines as one, without control characters.

    Examples
    --------
    >>> flat("a rule\n of two lines"), flat(None)
    ('a rule of two lines', '')
    """
    return ascii_controls(" ".join(str(text or "").split()))


@cache
def _environment() -> Any:
    from jinja2 import (  # noqa: PLC0415  # heavy, and only for pages
        Environment,
        PackageLoader,
        StrictUndefined,
    )

    return Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
