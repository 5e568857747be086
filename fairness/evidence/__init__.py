"""Keys, signed statements, certificates, the ledger, and sealed files.

======================  ==========================================================
``new_key``             make a person's key; ``load_key`` returns its `Signer`
``load_trust``          whose keys count; ``add_person``, ``revoke_person``
``sign_document``       sign a table of values; ``check_document``
``approve_run``         an approval; ``waive_rule`` a waiver; and their checks
``issue_certificate``   what goes with an audience; ``verify_audience``
``Ledger``              append-only lines in a chain; ``verify_ledger``
``seal_file``           encrypt to people; ``open_sealed``
``seal_vault``          protected attributes at rest; ``open_vault``, ``grant``, …
======================  ==========================================================

Names are handed out lazily: the ledger needs the standard library alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairness.evidence.certificates import Certificate as Certificate
    from fairness.evidence.certificates import certificate_path as certificate_path
    from fairness.evidence.certificates import issue_certificate as issue_certificate
    from fairness.evidence.certificates import verify_audience as verify_audience
    from fairness.evidence.chain import Entry as Entry
    from fairness.evidence.chain import Head as Head
    from fairness.evidence.core_dumps import forbid_core_dumps as forbid_core_dumps
    from fairness.evidence.documents import canonical as canonical
    from fairness.evidence.documents import digest_of as digest_of
    from fairness.evidence.documents import file_digest as file_digest
    from fairness.evidence.documents import read_document as read_document
    from fairness.evidence.documents import write_document as write_document
    from fairness.evidence.keys import PublicKey as PublicKey
    from fairness.evidence.keys import Signer as Signer
    from fairness.evidence.keys import is_protected as is_protected
    from fairness.evidence.keys import load_key as load_key
    from fairness.evidence.keys import load_public as load_public
    from fairness.evidence.keys import new_key as new_key
    from fairness.evidence.ledger import Ledger as Ledger
    from fairness.evidence.sealing import open_sealed as open_sealed
    from fairness.evidence.sealing import open_sealed_file as open_sealed_file
    from fairness.evidence.sealing import seal_file as seal_file
    from fairness.evidence.secure_record import last_secure_check as last_secure_check
    from fairness.evidence.signing import Signature as Signature
    from fairness.evidence.signing import check_document as check_document
    from fairness.evidence.signing import sign_document as sign_document
    from fairness.evidence.statements import Approval as Approval
    from fairness.evidence.statements import SignedWaiver as SignedWaiver
    from fairness.evidence.statements import approve_run as approve_run
    from fairness.evidence.statements import check_approval as check_approval
    from fairness.evidence.statements import check_waiver as check_waiver
    from fairness.evidence.statements import waive_rule as waive_rule
    from fairness.evidence.trust import Person as Person
    from fairness.evidence.trust import Trust as Trust
    from fairness.evidence.trust import load_trust as load_trust
    from fairness.evidence.trust_file import add_person as add_person
    from fairness.evidence.trust_file import revoke_person as revoke_person
    from fairness.evidence.trust_file import trust_entry as trust_entry
    from fairness.evidence.vault import VaultState as VaultState
    from fairness.evidence.vault import export_vault as export_vault
    from fairness.evidence.vault import grant as grant
    from fairness.evidence.vault import open_vault as open_vault
    from fairness.evidence.vault import revoke as revoke
    from fairness.evidence.vault import rotate as rotate
    from fairness.evidence.vault import seal_vault as seal_vault
    from fairness.evidence.vault_hiding import without_values as without_values
    from fairness.evidence.vault_place import is_vault as is_vault
    from fairness.evidence.vault_place import ledger_beside as ledger_beside
    from fairness.evidence.vault_reading import knows_vault as knows_vault
    from fairness.evidence.vault_reading import vault_log as vault_log
    from fairness.evidence.verifying import LedgerReport as LedgerReport
    from fairness.evidence.verifying import verify_ledger as verify_ledger
    from fairness.evidence.wrapping import WrappedKey as WrappedKey
    from fairness.evidence.wrapping import unwrap_key as unwrap_key
    from fairness.evidence.wrapping import wrap_key as wrap_key

_HOME = {
    "Approval": "statements",
    "Certificate": "certificates",
    "Entry": "chain",
    "Head": "chain",
    "Ledger": "ledger",
    "LedgerReport": "verifying",
    "Person": "trust",
    "PublicKey": "keys",
    "Signature": "signing",
    "SignedWaiver": "statements",
    "Signer": "keys",
    "Trust": "trust",
    "VaultState": "vault",
    "WrappedKey": "wrapping",
    "add_person": "trust_file",
    "approve_run": "statements",
    "canonical": "documents",
    "certificate_path": "certificates",
    "check_approval": "statements",
    "check_document": "signing",
    "check_waiver": "statements",
    "digest_of": "documents",
    "export_vault": "vault",
    "file_digest": "documents",
    "forbid_core_dumps": "core_dumps",
    "grant": "vault",
    "is_protected": "keys",
    "is_vault": "vault_place",
    "issue_certificate": "certificates",
    "knows_vault": "vault_reading",
    "ledger_beside": "vault_place",
    "last_secure_check": "secure_record",
    "load_key": "keys",
    "load_public": "keys",
    "load_trust": "trust",
    "new_key": "keys",
    "open_sealed": "sealing",
    "open_sealed_file": "sealing",
    "open_vault": "vault",
    "read_document": "documents",
    "revoke": "vault",
    "revoke_person": "trust_file",
    "rotate": "vault",
    "seal_file": "sealing",
    "seal_vault": "vault",
    "sign_document": "signing",
    "trust_entry": "trust_file",
    "unwrap_key": "wrapping",
    "vault_log": "vault_reading",
    "verify_audience": "certificates",
    "verify_ledger": "verifying",
    "waive_rule": "statements",
    "without_values": "vault_hiding",
    "wrap_key": "wrapping",
    "write_document": "documents",
}

__all__ = [  # noqa: PLE0604 - the same names as above
    *_HOME,
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_HOME)
