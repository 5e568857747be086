"""``fairreach demo``, ``explain`` and ``policy``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import exits
from pipelines.cli.output import tell

POLICY_HELP = """The policies that turn findings into verdicts.

[bold]Examples[/bold]

  fairreach policy list

  fairreach policy show us-four-fifths

  fairreach policy check policies/spring.toml
"""


def demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where to write.")
    ] = Path("fairreach-demo"),
) -> int:
    """Make the sample CRM, check its six audiences, and write their reports.

    [bold]Example[/bold]

      fairreach demo --out /tmp/fairreach-demo
    """
    from pipelines.demo import run_demo  # noqa: PLC0415  # loads the engine

    tell(run_demo(out))
    return exits.CLEAR


def explain(
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE", help="A code such as FA101, or a metric's name."
        ),
    ],
) -> int:
    """Say what a finding's code means: formula, range, when it misleads.

    [bold]Examples[/bold]

      fairreach explain FA101

      fairreach explain burden_ratio
    """
    from fairness.metrics import explain as told  # noqa: PLC0415

    tell(f"{told(code)}\n")
    return exits.CLEAR


def list_policies() -> int:
    """List the policies that come with fairreach.

    [bold]Example[/bold]

      fairreach policy list
    """
    from fairness.policy import list_packs, load_pack  # noqa: PLC0415  # pydantic

    packs = [load_pack(name) for name in list_packs()]
    wide = max(len(pack.name) for pack in packs) + 2
    tell("".join(f"{p.name:<{wide}}{p.version:<10} {p.title}\n" for p in packs))
    return exits.CLEAR


def show_policy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A pack or a file.")],
) -> int:
    """Print a policy as a document: its rules, bounds, reasons and sources.

    [bold]Example[/bold]

      fairreach policy show us-four-fifths
    """
    from datetime import UTC, datetime  # noqa: PLC0415

    from fairness.policy import load_policy, policy_text  # noqa: PLC0415  # pydantic

    today = datetime.now(tz=UTC).date()
    tell(f"{policy_text(load_policy(name), today=today)}\n")
    return exits.CLEAR


def check_policy(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A policy in TOML.")],
) -> int:
    """Check a policy file: every problem, with its key and a hint.

    [bold]Example[/bold]

      fairreach policy check policies/spring.toml
    """
    from fairness.policy import load_policy  # noqa: PLC0415  # pydantic

    policy = load_policy(file)
    told = f"{policy.name} {policy.version}: {len(policy.rules)} rules, valid"
    tell(f"{told}\n{policy.digest}\n")
    return exits.CLEAR
