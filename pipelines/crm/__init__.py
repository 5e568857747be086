"""CRM tables: contracts, sources and export layouts; the seeded sample.

======================  ==========================================================
``Crm``                 the tables of a CRM, opened, checked, ready to be joined
``open_crm_table``      one of them
``check_tables``        what is wrong with them, in one table
``CONTRACTS``           what they have to hold
``load_layout``         how a CRM's exports are written; ``list_layouts``
``write_sample``        the sample CRM with its planted audiences, as CSV files
``PLANTED``             what is true of each audience
``generate_parquet``    a wide table of up to 10**10 rows, in chunks
``bench_chunk``         one chunk of it in memory
======================  ==========================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.crm.audiences import PLANTED as PLANTED
    from pipelines.crm.bench import bench_chunk as bench_chunk
    from pipelines.crm.bench import generate_parquet as generate_parquet
    from pipelines.crm.contracts import CONTRACTS as CONTRACTS
    from pipelines.crm.contracts import Column as Column
    from pipelines.crm.contracts import Contract as Contract
    from pipelines.crm.layouts import Layout as Layout
    from pipelines.crm.layouts import list_layouts as list_layouts
    from pipelines.crm.layouts import load_layout as load_layout
    from pipelines.crm.sample import write_sample as write_sample
    from pipelines.crm.sources import Crm as Crm
    from pipelines.crm.sources import check_tables as check_tables
    from pipelines.crm.sources import open_crm_table as open_crm_table
    from pipelines.crm.violations import Violation as Violation
    from pipelines.crm.violations import Violations as Violations

_HOME = {
    "CONTRACTS": "contracts",
    "Column": "contracts",
    "Contract": "contracts",
    "Crm": "sources",
    "Layout": "layouts",
    "PLANTED": "audiences",
    "Violation": "violations",
    "Violations": "violations",
    "bench_chunk": "bench",
    "check_tables": "sources",
    "generate_parquet": "bench",
    "list_layouts": "layouts",
    "load_layout": "layouts",
    "open_crm_table": "sources",
    "write_sample": "sample",
}

__all__ = [
    "CONTRACTS",
    "PLANTED",
    "Column",
    "Contract",
    "Crm",
    "Layout",
    "Violation",
    "Violations",
    "bench_chunk",
    "check_tables",
    "generate_parquet",
    "list_layouts",
    "load_layout",
    "open_crm_table",
    "write_sample",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
