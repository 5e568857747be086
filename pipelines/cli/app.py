"""The commands and how they end."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

from fairness.errors import FairreachError, ascii_controls
from pipelines.cli import exits
from pipelines.cli.check import check
from pipelines.cli.more import demo, explain, policy_app

app = typer.Typer(
    name="fairreach",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Tells, before a campaign goes out, whether the profile behind it "
    "discriminates against a protected group.\n\n"
    "Exit codes: 0 clear · 2 usage, configuration or data error · 3 block · 4 review.",
    epilog="Start with: fairreach demo",
)
app.command()(check)
app.command()(demo)
app.command()(explain)
app.add_typer(policy_app)


@app.callback(invoke_without_command=True)
def _options(
    *,
    version: bool = typer.Option(  # noqa: B008  # typer's way of declaring
        False, "--version", help="Print the version and exit.", is_eager=True
    ),
) -> None:
    if version:
        from fairness import __version__  # noqa: PLC0415

        typer.echo(f"fairreach {__version__}")
        raise typer.Exit


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
    command = typer.main.get_command(app)
    try:
        found = command.main(
            args=list(arguments), prog_name="fairreach", standalone_mode=False
        )
    except typer.Exit as stop:
        return int(stop.exit_code)
    except typer.Abort:
        return exits.INTERRUPTED
    except TyperException as error:
        print(f"fairreach: {_printable(error.format_message())}", file=sys.stderr)  # noqa: T201
        print("Hint: fairreach check --help shows examples", file=sys.stderr)  # noqa: T201
        return exits.USAGE
    except FairreachError as error:
        print(f"fairreach: {_printable(str(error))}", file=sys.stderr)  # noqa: T201
        return exits.USAGE
    except KeyboardInterrupt:
        print("fairreach: interrupted", file=sys.stderr)  # noqa: T201
        return exits.INTERRUPTED
    except BrokenPipeError:
        # The reader of stdout went away; there is nobody left to tell.
        return exits.CLEAR
    return found if isinstance(found, int) else exits.CLEAR


def _printable(text: str) -> str:
    return "\n".join(ascii_controls(line) for line in text.split("\n"))
