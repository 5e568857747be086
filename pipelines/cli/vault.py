"""``fairreach vault``: protected attributes at rest, and who may do what with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairness.errors import InputError, Problem, ascii_controls, shown
from pipelines.cli import exits
from pipelines.cli.keys import TRUST, unlock
from pipelines.cli.ledger import LEDGER
from pipelines.cli.output import tell, tell_aside

if TYPE_CHECKING:
    from fairness.evidence import Entry, Signer, Trust, VaultState

VAULT_HELP = """The vault: protected attributes, encrypted at rest.

Each person in a vault has a role. An analyst may have it counted by the
engine, from which only aggregates come out; an auditor may read its log as
well; a custodian may besides take rows out, grant, revoke and rotate. Every
access and every refusal is a line of the ledger, which is ledger.jsonl beside
the vault where nothing else is said.

[bold]Examples[/bold]

  fairreach vault seal protected.csv --out protected.vault \\
    --key keys/cora.key --to ann=analyst --to olga=auditor

  fairreach check customers.csv --id customer_id --audience picked.csv \\
    --protected protected.vault --by gender --key keys/ann.key \\
    --purpose "spring, before it goes out"

  fairreach vault revoke protected.vault ann --key keys/cora.key

  fairreach vault log protected.vault --key keys/olga.key
"""

VAULT_PANEL = "Opening a vault"
"""Where the help of other commands shows the options below."""

_FILE = typer.Argument(metavar="X.vault", help="The vault.")
_NAME_ROLE = "NAME=ROLE; roles are analyst, auditor and custodian."
VaultKey = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="FILE",
        envvar="FAIRREACH_KEY",
        help="Your private key, NAME.key. Its passphrase, if any, is read from "
        "FAIRREACH_PASSPHRASE or asked for.",
        rich_help_panel=VAULT_PANEL,
    ),
]
VaultTrust = Annotated[
    Path | None,
    typer.Option(
        "--trust",
        metavar="FILE",
        envvar="FAIRREACH_TRUST",
        help=f"The people whose keys count; ./{TRUST} if not given.",
        rich_help_panel=VAULT_PANEL,
    ),
]
VaultLedger = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        metavar="FILE",
        help="Its ledger; ledger.jsonl beside the vault if not given.",
        rich_help_panel=VAULT_PANEL,
    ),
]


def seal(
    data: Annotated[
        str, typer.Argument(metavar="FILE", help="CSV or Parquet: the attributes.")
    ],
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="X.vault", help="The vault to make.")
    ],
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="NAME=ROLE", help=_NAME_ROLE)
    ] = None,
    key: VaultKey = None,
    trust: VaultTrust = None,
    ledger: VaultLedger = None,
) -> int:
    r"""Seal a table of protected attributes; whose key seals is its custodian.

    The table stays where it is: remove it once the vault opens.

    [bold]Example[/bold]

      fairreach vault seal protected.csv --out protected.vault \
        --key keys/cora.key --to ann=analyst --to olga=auditor
    """
    from fairness.evidence import seal_vault  # noqa: PLC0415  # cryptography

    if out.suffix.lower() != ".vault":
        what = f"{shown(out.name)} does not end in .vault"
        raise InputError(Problem("--out", what, "write --out protected.vault"))
    people = dict(_pair("--to", text) for text in to or ())
    if len(people) < len(to or ()):
        raise InputError(Problem("--to", "names somebody twice"))
    found = seal_vault(
        data,
        out,
        signer=needed_signer(key),
        trust=needed_trust(trust),
        people=people,
        ledger=ledger,
    )
    _tell_state(found)
    tell_aside(f"sealed: {out}; {data} still holds it in the clear")
    return exits.CLEAR


def grant_role(
    vault: Annotated[Path, _FILE],
    who: Annotated[str, typer.Argument(metavar="NAME=ROLE", help=_NAME_ROLE)],
    *,
    key: VaultKey = None,
    trust: VaultTrust = None,
    ledger: VaultLedger = None,
) -> int:
    """Give a person a role in a vault, or another one.

    [bold]Example[/bold]

      fairreach vault grant protected.vault bob=analyst --key keys/cora.key
    """
    from fairness.evidence import grant  # noqa: PLC0415  # cryptography

    name, role = _pair("NAME=ROLE", who)
    signer, people = needed_signer(key), needed_trust(trust)
    _tell_state(grant(vault, name, role, signer=signer, trust=people, ledger=ledger))
    return exits.CLEAR


def revoke_role(
    vault: Annotated[Path, _FILE],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who is to go.")],
    *,
    key: VaultKey = None,
    trust: VaultTrust = None,
    ledger: VaultLedger = None,
) -> int:
    """Take a person out of a vault: the new file has a data key they never had.

    Copies of older files stay readable to whoever was in them.

    [bold]Example[/bold]

      fairreach vault revoke protected.vault ann --key keys/cora.key
    """
    from fairness.evidence import revoke  # noqa: PLC0415  # cryptography

    signer, people = needed_signer(key), needed_trust(trust)
    _tell_state(revoke(vault, name, signer=signer, trust=people, ledger=ledger))
    return exits.CLEAR


def rotate_key(
    vault: Annotated[Path, _FILE],
    *,
    key: VaultKey = None,
    trust: VaultTrust = None,
    ledger: VaultLedger = None,
) -> int:
    """Give a vault a new data key; whose own key has ended is left out.

    [bold]Example[/bold]

      fairreach vault rotate protected.vault --key keys/cora.key
    """
    from fairness.evidence import rotate  # noqa: PLC0415  # cryptography

    signer, people = needed_signer(key), needed_trust(trust)
    _tell_state(rotate(vault, signer=signer, trust=people, ledger=ledger))
    return exits.CLEAR


def show_log(
    vault: Annotated[
        Path | None,
        typer.Argument(metavar="[X.vault]", help="One vault; all where not given."),
    ] = None,
    *,
    key: VaultKey = None,
    trust: VaultTrust = None,
    ledger: VaultLedger = None,
) -> int:
    """Print what was done with vaults, and what was refused to whom.

    For auditors and custodians; that they read it is a line of the ledger too.
    Without a vault the ledger is ./ledger.jsonl where --ledger names no other.

    [bold]Examples[/bold]

      fairreach vault log protected.vault --key keys/olga.key

      fairreach vault log --key keys/olga.key --ledger out/ledger.jsonl
    """
    from fairness.evidence import ledger_beside, vault_log  # noqa: PLC0415

    book = ledger or (LEDGER if vault is None else ledger_beside(vault))
    lines = vault_log(
        book, signer=needed_signer(key), trust=needed_trust(trust), path=vault
    )
    tell("".join(_line(entry) for entry in lines))
    return exits.CLEAR


def is_vault_path(path: str | None) -> bool:
    """Say whether an option names a vault."""
    from fairness.evidence import is_vault  # noqa: PLC0415

    return is_vault(path)


def open_protected(
    vault: str | Path,
    *,
    key: Path | None,
    trust: Path | None,
    ledger: Path | None,
    purpose: str | None,
) -> Any:
    """Return the table of a vault for the engine of another command.

    Parameters
    ----------
    vault : str or Path
    key, trust, ledger : Path, optional
        As the options of the command give them.
    purpose : str, optional

    Raises
    ------
    InputError, RefusedError
        As `fairness.evidence.open_vault`.
    """
    from fairness.evidence import open_vault  # noqa: PLC0415  # cryptography

    if purpose is None:
        hint = 'a vault is opened for a purpose: --purpose "…"'
        raise InputError(Problem("--purpose", "is missing", hint))
    return open_vault(
        vault,
        needed_signer(key),
        purpose=purpose,
        trust=needed_trust(trust),
        ledger=ledger,
    )


@contextmanager
def values_hidden(table: Any) -> Iterator[None]:
    """Tell no value of a table out of a vault; where it is None, all is told."""
    try:
        yield
    except InputError as error:
        if table is None:
            raise
        from fairness.evidence import without_values  # noqa: PLC0415

        raise without_values(error, table) from None


def needed_signer(key: Path | None) -> Signer:
    """Return the key of an option, unlocked.

    Raises
    ------
    InputError
        It is not given, or as `unlock`.
    """
    from fairness.evidence import forbid_core_dumps  # noqa: PLC0415

    if key is None:
        hint = "name your private key: --key keys/NAME.key"
        raise InputError(Problem("--key", "is missing", hint))
    forbid_core_dumps()
    return unlock(key)


def needed_trust(path: Path | None) -> Trust:
    """Return the people of a trust file; ./trust.toml where none is named.

    Raises
    ------
    InputError
        There is none, or as `load_trust`.
    """
    from fairness.evidence import load_trust  # noqa: PLC0415

    return load_trust(TRUST if path is None else path)


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, role = text.partition("=")
    if not equals or not name.strip() or not role.strip():
        what = f"{shown(text)} is not NAME=ROLE"
        raise InputError(Problem(option, what, "for example ann=analyst"))
    return name.strip(), role.strip()


def _tell_state(state: VaultState) -> None:
    people = ", ".join(f"{name}={role}" for name, role in state.people.items())
    tell(f"{state.vault}  version {state.version}  {people}\n")
    for name in state.left_out:
        tell_aside(f"left out: {name}, whose key does not count any more")


def _line(entry: Entry) -> str:
    body = {key: value for key, value in entry.body.items() if value is not None}
    day = datetime.fromisoformat(entry.time).astimezone(UTC)
    words = [
        f"{entry.seq:>6}",
        f"{day:%Y-%m-%d %H:%M:%S}",
        f"{entry.kind.removeprefix('vault-'):<7}",
        f"{body.get('action', '')} {body.get('step', '')}".strip(),
        f"by {body.get('by', '')}" + (f" ({body['role']})" if "role" in body else ""),
        f"version {body['version']}" if "version" in body else "",
        str(body.get("about", "")),
        _purpose(body),
        "; ".join(map(str, body.get("reasons", ()))),
    ]
    return ascii_controls("  ".join(word for word in words if word)) + "\n"


def _purpose(body: dict[str, Any]) -> str:
    said = body.get("purpose")
    # Who grants or reads the log says no other.
    told = said is not None and said != body.get("action")
    return json.dumps(said, ensure_ascii=False) if told else ""
