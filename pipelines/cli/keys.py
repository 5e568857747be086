"""``fairreach keys``: who may approve, waive and release."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairness.errors import InputError, Problem, shown
from pipelines.cli import exits
from pipelines.cli.output import tell, tell_aside

if TYPE_CHECKING:
    from datetime import date, datetime

    from fairness.evidence import Person, Signer

PASSPHRASE = "FAIRREACH_PASSPHRASE"  # noqa: S105 - the name of a variable
TRUST = Path("trust.toml")
DIRECTORY = Path("keys")

KEYS_HELP = f"""Keys: who may approve, waive and release.

A person is a key. NAME.key is private: it signs, and it opens what is
encrypted to NAME. NAME.pub is for others, who add it to their trust file;
only keys in there count.

Where nothing else is said, keys are in ./{DIRECTORY} and the trust file is
./{TRUST}.

[bold]Examples[/bold]

  fairreach keys new ann

  fairreach keys trust keys/ann.pub

  fairreach keys list

  fairreach keys revoke ann
"""

_TRUST = typer.Option("--trust", metavar="FILE", help="The trust file.")


def new_person(
    person: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="Letters, digits, dots, hyphens, underscores."
        ),
    ],
    *,
    directory: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where to write.")
    ] = DIRECTORY,
    protect: Annotated[
        bool,
        typer.Option(
            "--protect",
            help=f"Ask for a passphrase. One in {PASSPHRASE} is taken without asking.",
        ),
    ] = False,
) -> int:
    """Make a key: NAME.key to keep and NAME.pub to hand out.

    No key is ever overwritten. Whoever can read NAME.key can sign, unless it
    has a passphrase.

    [bold]Examples[/bold]

      fairreach keys new ann

      fairreach keys new ann --dir /home/ann/keys --protect
    """
    from fairness.evidence import new_key  # noqa: PLC0415  # cryptography

    passphrase = os.environ.get(PASSPHRASE) or None
    if protect and passphrase is None:
        passphrase = _asked(f"Passphrase for {person}", confirm=True)
    signer = new_key(person, directory, passphrase)
    tell(f"{signer.key_id}  {person}\n")
    tell_aside(f"private, never to be passed on: {directory / person}.key")
    tell_aside(f"for the others: fairreach keys trust {directory / person}.pub")
    return exits.CLEAR


def trust_key(
    public: Annotated[
        str, typer.Argument(metavar="FILE", help="A public key, NAME.pub.")
    ],
    *,
    trust: Annotated[Path, _TRUST] = TRUST,
    expires: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Last day of the key, YYYY-MM-DD."),
    ] = None,
) -> int:
    """Add a person's public key to the trust file, made where it is absent.

    Be sure that the file is theirs: compare the key id that both of you see.

    [bold]Examples[/bold]

      fairreach keys trust keys/ann.pub

      fairreach keys trust ann.pub --trust team.toml --expires 2027-12-31
    """
    from fairness.evidence import add_person, load_public  # noqa: PLC0415

    until = None if expires is None else _day("--expires", expires)
    person = add_person(trust, load_public(public), expires=until)
    tell(f"{person.key_id}  {person.name}\n")
    tell_aside(f"added to {trust}")
    return exits.CLEAR


def list_people(*, trust: Annotated[Path, _TRUST] = TRUST) -> int:
    """List the people of the trust file: key id, name, since when, until when.

    [bold]Examples[/bold]

      fairreach keys list

      fairreach keys list --trust team.toml
    """
    from datetime import UTC, datetime  # noqa: PLC0415

    from fairness.evidence import load_trust  # noqa: PLC0415  # pydantic

    now = datetime.now(tz=UTC)
    people = load_trust(trust).people
    width = max((len(person.name) for person in people), default=0)
    tell("".join(_person_line(person, width, now) for person in people))
    return exits.CLEAR


def revoke_key(
    whose: Annotated[str, typer.Argument(metavar="NAME", help="Whose key.")],
    *,
    trust: Annotated[Path, _TRUST] = TRUST,
    on: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Last day on which it counts, YYYY-MM-DD; today where not given.",
        ),
    ] = None,
) -> int:
    """Revoke a person's key: nothing that is issued after the day counts.

    A stolen key can write any day it likes: give the day before it was
    stolen, and release again what was issued after.

    [bold]Examples[/bold]

      fairreach keys revoke ann

      fairreach keys revoke ann --on 2026-11-20
    """
    from fairness.evidence import revoke_person  # noqa: PLC0415

    day = None if on is None else _day("--on", on)
    person = revoke_person(trust, whose, on=day)
    tell(f"{person.key_id}  {person.name}  revoked {person.revoked}\n")
    return exits.CLEAR


def unlock(path: str | Path) -> Signer:
    """Return the key in a file, with its passphrase where it has one.

    The passphrase comes from the environment variable FAIRREACH_PASSPHRASE, else from
    who sits at the terminal; never from an argument, which others can read.

    Parameters
    ----------
    path : str or Path
        ``NAME.key``.

    Raises
    ------
    InputError, RefusedError
        As `fairness.evidence.load_key`.
    """
    from fairness.evidence import is_protected, load_key  # noqa: PLC0415

    passphrase = None
    if is_protected(path):
        passphrase = os.environ.get(PASSPHRASE) or None
        if passphrase is None and _is_terminal():
            passphrase = _asked(f"Passphrase for {path}", confirm=False)
    return load_key(path, passphrase)


def _asked(what: str, *, confirm: bool) -> str:
    if not _is_terminal():
        hint = f"set {PASSPHRASE}, or run it in a terminal"
        raise InputError(Problem("passphrase", "cannot be asked for", hint))
    given: str = typer.prompt(
        what, hide_input=True, confirmation_prompt=confirm, err=True
    )
    return given


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _day(option: str, text: str) -> date:
    from datetime import date  # noqa: PLC0415

    try:
        return date.fromisoformat(text)
    except ValueError:
        what = f"{shown(text)} is not a date"
        hint = "write a day as 2026-11-24"
        raise InputError(Problem(option, what, hint)) from None


def _person_line(person: Person, width: int, now: datetime) -> str:
    if person.revoked is not None:
        state = f"revoked {person.revoked}"
    elif person.ended(now):
        state = f"expired {person.expires}"
    else:
        state = f"until {person.expires}" if person.expires else "in force"
    return f"{person.key_id}  {person.name:<{width}}  since {person.added}  {state}\n"
