"""The commands and how they end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from fairness.errors import FairreachError, RefusedError
from pipelines.cli import exits
from pipelines.cli.campaigns import approve, batch, init, run_campaign, verify, waive
from pipelines.cli.check import HELP_PANEL, check
from pipelines.cli.delivered import delivered
from pipelines.cli.keys import (
    KEYS_HELP,
    list_people,
    new_person,
    revoke_key,
    trust_key,
)
from pipelines.cli.ledger import LEDGER_HELP, show_ledger, verify_file
from pipelines.cli.messages import usage_problem
from pipelines.cli.more import (
    POLICY_HELP,
    check_policy,
    demo,
    explain,
    list_policies,
    show_policy,
)
from pipelines.cli.notices import (
    PERSON_HELP,
    erase_customer,
    export_person,
    notice,
    why_chosen,
)
from pipelines.cli.output import tell, tell_aside
from pipelines.cli.recheck import recheck
from pipelines.cli.secure import secure_check
from pipelines.cli.stored import render_report, schema
from pipelines.cli.vault import (
    VAULT_HELP,
    grant_role,
    revoke_role,
    rotate_key,
    seal,
    show_log,
)


def _plain(params: Sequence[Any]) -> list[Any]:
    """Say no type beside a flag, which takes no value."""
    for param in params:
        if getattr(param, "is_bool_flag", False) and param.metavar is None:
            param.metavar = ""
    return list(params)


class _Group(TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return _plain(super().get_params(ctx))


class _Command(TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return _plain(super().get_params(ctx))


class _Check(_Command):
    def get_help_option(self, ctx: Any) -> Any:
        option: Any = super().get_help_option(ctx)
        # Else a panel of its own would come first, before what is asked for.
        option.rich_help_panel = HELP_PANEL
        return option


app = typer.Typer(
    name="fairreach",
    cls=_Group,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Tells, before a campaign goes out, whether the profile behind it "
    "discriminates against a protected group.\n\n"
    "[bold]Examples[/bold]\n\n"
    "  fairreach demo\n\n"
    "  fairreach check customers.csv --selected offered --by gender,age\n\n"
    "[bold]Exit codes[/bold]\n\n"
    "  0 clear · 4 review · 3 block · 2 usage, configuration or data error",
    epilog="Start with: fairreach demo",
)
app.command(cls=_Check)(check)
for _one in (init, run_campaign, batch, approve, waive, verify, delivered, recheck):
    app.command(_one.__name__.split("_")[0], cls=_Command)(_one)
app.command("render", cls=_Command)(render_report)
app.command(cls=_Command)(notice)
app.command(cls=_Command)(demo)
app.command(cls=_Command)(explain)
app.command(cls=_Command)(schema)

_policy = typer.Typer(name="policy", cls=_Group, no_args_is_help=True, help=POLICY_HELP)
_policy.command("list", cls=_Command)(list_policies)
_policy.command("show", cls=_Command)(show_policy)
_policy.command("check", cls=_Command)(check_policy)
app.add_typer(_policy)

_keys = typer.Typer(name="keys", cls=_Group, no_args_is_help=True, help=KEYS_HELP)
_keys.command("new", cls=_Command)(new_person)
_keys.command("trust", cls=_Command)(trust_key)
_keys.command("list", cls=_Command)(list_people)
_keys.command("revoke", cls=_Command)(revoke_key)
app.add_typer(_keys)

_ledger = typer.Typer(name="ledger", cls=_Group, no_args_is_help=True, help=LEDGER_HELP)
_ledger.command("show", cls=_Command)(show_ledger)
_ledger.command("verify", cls=_Command)(verify_file)
app.add_typer(_ledger)

_person = typer.Typer(name="person", cls=_Group, no_args_is_help=True, help=PERSON_HELP)
_person.command("why", cls=_Command)(why_chosen)
_person.command("export", cls=_Command)(export_person)
_person.command("erase", cls=_Command)(erase_customer)
app.add_typer(_person)

_vault = typer.Typer(name="vault", cls=_Group, no_args_is_help=True, help=VAULT_HELP)
_vault.command("seal", cls=_Command)(seal)
_vault.command("grant", cls=_Command)(grant_role)
_vault.command("revoke", cls=_Command)(revoke_role)
_vault.command("rotate", cls=_Command)(rotate_key)
_vault.command("log", cls=_Command)(show_log)
app.add_typer(_vault)
app.command("secure-check", cls=_Command)(secure_check)


def _tell_version(asked: bool) -> None:
    if asked:
        from fairness import __version__  # noqa: PLC0415

        tell(f"fairreach {__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and exit.",
            is_eager=True,
            callback=_tell_version,
        ),
    ] = False,
) -> None:
    pass


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str

    Returns
    -------
    int
        See `pipelines.cli.exits`. A crash is not caught: Python exits with 1.
    """
    try:
        return _answered(arguments)
    except TyperException as error:
        tell_aside(f"fairreach: {usage_problem(error)}")
        return exits.USAGE
    except RefusedError as error:
        tell_aside(f"fairreach: refused: {error}")
        return exits.BLOCK
    except FairreachError as error:
        tell_aside(f"fairreach: {error}")
        return exits.USAGE
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except RuntimeError as error:
        # What Ctrl-C becomes inside DuckDB.
        if str(error) != "Query interrupted":
            raise
        return _interrupted()


def _answered(arguments: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    try:
        found = command.main(
            args=list(arguments), prog_name="fairreach", standalone_mode=False
        )
    except TyperException as error:
        # Asked for nothing: the help is the answer, and nothing was checked.
        if type(error).__name__ != "NoArgsIsHelpError":
            raise
        return exits.USAGE
    except SystemExit as stop:
        # The reader of the help went away; typer and rich end with 1 for that.
        if not isinstance(stop.__context__, BrokenPipeError):
            raise
        return exits.CLEAR
    if found == exits.INTERRUPTED:
        raise KeyboardInterrupt
    return found if isinstance(found, int) else exits.CLEAR


def _interrupted() -> int:
    tell_aside("fairreach: interrupted")
    return exits.INTERRUPTED
