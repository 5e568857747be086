"""The protected table of a campaign, where it lies in a vault."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairness.errors import InputError, Problem, ascii_controls
from fairness.evidence import (
    Signer,
    Trust,
    is_vault,
    knows_vault,
    ledger_beside,
    open_vault,
    without_values,
)

if TYPE_CHECKING:
    from pipelines.campaign.model import Campaign

_PROTECTED = "protected"


def vault_of(
    campaign: Campaign, directory: Path, tables: Mapping[str, Any] | None = None
) -> Path | None:
    """Return the vault that a campaign's protected attributes lie in, if any.

    Parameters
    ----------
    campaign : Campaign
    directory : Path
        Where relative paths start.
    tables : mapping of name to table or path, optional
        In place of the campaign's own.
    """
    given = campaign.tables.named() | dict(tables or {})
    found = given.get(_PROTECTED)
    return directory / str(found) if is_vault(found) else None


def with_vault(
    vault: Path,
    campaign: Campaign,
    tables: Mapping[str, Any] | None,
    *,
    signer: Signer | None,
    trust: Trust | None,
    ledger: Path,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Return the tables to run a campaign with, the protected one opened in memory.

    Parameters
    ----------
    vault : Path
    campaign : Campaign
        Its name is the purpose that the vault's ledger keeps.
    tables : mapping of name to table or path, optional
    signer, trust : Signer, Trust, optional
    ledger : Path
        Of the campaign. The one beside the vault counts where this one does not know
        the vault.
    now : datetime, optional

    Raises
    ------
    InputError
        There is no key or no trust file.
    RefusedError
        As `fairness.evidence.open_vault`.
    """
    problems = []
    where = ascii_controls(vault.name)
    if signer is None:
        what = "is a vault, which opens with a key alone"
        problems.append(Problem(where, what, "name yours: --key keys/NAME.key"))
    if trust is None:
        what = "is a vault, and nobody's signature counts without a trust file"
        problems.append(Problem(where, what, "name it: --trust FILE"))
    if signer is None or trust is None:
        raise InputError(problems)
    book = ledger if knows_vault(ledger, vault) else ledger_beside(vault)
    table = open_vault(
        vault,
        signer,
        purpose=f"{campaign.name}: audit",
        trust=trust,
        ledger=book,
        now=now,
    )
    return {**(tables or {}), _PROTECTED: table}


def told_without(error: InputError, tables: Mapping[str, Any] | None) -> InputError:
    """Return an error without the values of a protected table out of a vault."""
    found = (tables or {}).get(_PROTECTED)
    # Of a table that did not open there is nothing to tell.
    return without_values(error, found) if hasattr(found, "column_names") else error
