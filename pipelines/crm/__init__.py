"""CRM tables: the seeded sample and tables of any size for benchmarks.

======================  ==========================================================
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
    from pipelines.crm.sample import write_sample as write_sample

_HOME = {
    "PLANTED": "audiences",
    "bench_chunk": "bench",
    "generate_parquet": "bench",
    "write_sample": "sample",
}

__all__ = ["PLANTED", "bench_chunk", "generate_parquet", "write_sample"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
