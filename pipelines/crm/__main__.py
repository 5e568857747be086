"""Writes sample data: ``python -m pipelines.crm sample DIR`` or ``parquet DIR``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fairness.errors import InputError
from pipelines.crm.bench import generate_parquet
from pipelines.crm.chunks import SEED, terminal_progress
from pipelines.crm.sample import CUSTOMERS, write_sample

_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what the arguments say and return the exit code, 0 or 2.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the command line by default.
    """
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.crm", description=__doc__
    )
    parser.add_argument("kind", choices=["sample", "parquet"])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--files", type=int, default=1, help="of the Parquet table")
    given = parser.parse_args(arguments)
    try:
        with terminal_progress("customers") as progress:
            if given.kind == "sample":
                paths = write_sample(
                    given.directory,
                    customers=given.customers,
                    seed=given.seed,
                    progress=progress,
                )
            else:
                paths = generate_parquet(
                    given.directory,
                    customers=given.customers,
                    seed=given.seed,
                    files=given.files,
                    progress=progress,
                )
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return _USAGE
    sys.stdout.writelines(f"{path}\n" for path in paths)
    return 0


if __name__ == "__main__":
    sys.exit(main())
