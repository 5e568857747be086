"""Writes the sample CRM: the same bytes from the same seed, on every machine.

Examples
--------
>>> import tempfile
>>> with tempfile.TemporaryDirectory() as directory:
...     paths = write_sample(Path(directory), customers=50)
...     sorted(path.name for path in paths)[:3]
['README.md', 'app-cashback.toml', 'app_cashback.csv']
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pipelines.crm.activity import (
    draw_consents,
    draw_contacts,
    draw_responses,
    draw_transactions,
)
from pipelines.crm.audiences import PLANTED, truth_toml
from pipelines.crm.chunks import SEED, Progress, check_range, chunk_sizes
from pipelines.crm.customers import Customers, draw_customers, joined
from pipelines.crm.draws import Draws
from pipelines.crm.files import Table, csv_text, write_text
from pipelines.crm.population import CHUNK, draw_population
from pipelines.crm.readme import readme

CUSTOMERS = 12_000

# Seven digits, and ids from C9000000 belong to nobody.
_MOST_CUSTOMERS = 8_999_999
_MOST_SEED = 2**63


def write_sample(
    directory: Path,
    *,
    customers: int = CUSTOMERS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> list[Path]:
    """Write the sample CRM into a directory and return the files.

    Parameters
    ----------
    directory : Path
        Made if it does not exist; files of the same names are replaced.
    customers : int, default 12,000
        At most 8,999,999; held in memory. The truths are planted for the default size
        and seed.
    seed : int, default 20261244
    progress : callable, optional
        Called with the customers drawn so far and all customers.

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        The number of customers or the seed is out of range.
    """
    check_range(customers=(customers, 1, _MOST_CUSTOMERS), seed=(seed, 0, _MOST_SEED))
    everyone: list[Customers] = []
    tables: dict[str, list[Table]] = {}
    for chunk, rows in chunk_sizes(customers, CHUNK):
        drawn, activity = draw_chunk(Draws(seed, chunk), rows)
        everyone.append(drawn)
        for name, table in activity.items():
            tables.setdefault(name, []).append(table)
        if progress is not None:
            progress(chunk * CHUNK + rows, customers)
    lists, campaigns = directory / "audiences", directory / "campaigns"
    for folder in (lists, campaigns):
        folder.mkdir(parents=True, exist_ok=True)
    written = [
        write_text(directory / f"{name}.csv", csv_text(parts))
        for name, parts in tables.items()
    ]
    whole = joined(everyone)
    sizes: dict[str, int] = {}
    for planted in PLANTED:
        ids = whole.customer_id[planted.members(whole)]
        sizes[planted.name] = len(ids)
        text = csv_text([{"customer_id": ids}])
        written.append(write_text(lists / f"{planted.name}.csv", text))
    shapes = {
        name: (sum(len(part["customer_id"]) for part in parts), list(parts[0]))
        for name, parts in tables.items()
    }
    return [
        *written,
        *(
            write_text(campaigns / file.name, file.read_text(encoding="utf-8"))
            for file in campaign_files()
        ),
        write_text(lists / "truth.toml", truth_toml(sizes)),
        write_text(directory / "README.md", readme(shapes, sizes, seed=seed)),
    ]


def campaign_files() -> list[Any]:
    """Return the campaign files that come with the sample, sorted by name."""
    folder = resources.files("pipelines.crm") / "campaigns"
    return sorted(folder.iterdir(), key=lambda file: file.name)


def draw_chunk(draws: Draws, rows: int) -> tuple[Customers, Mapping[str, Table]]:
    """Draw all tables of one chunk, keyed by the name of the file.

    Parameters
    ----------
    draws : Draws
    rows : int
        Customers, at most `population.CHUNK`.

    Examples
    --------
    >>> customers, tables = draw_chunk(Draws(1, 0), 20)
    >>> list(tables)[:3]
    ['customers', 'protected', 'transactions']
    """
    people = draw_population(draws, rows)
    customers = draw_customers(draws, people)
    return customers, {
        "customers": customers.table(),
        "protected": people.protected_table(),
        "transactions": draw_transactions(draws, customers),
        "consents": draw_consents(draws, people, customers),
        "contacts": draw_contacts(draws, customers),
        "responses": draw_responses(draws, customers),
    }
