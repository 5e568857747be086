"""Wide tables of any size for benchmarks and simulations.

Five protected attributes with 29 groups and 4,320 joint cells, a decision, an outcome
and a score. A chunk is a function of seed, chunk number and rows alone: memory is
bounded by one chunk, and any chunk can be made without the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from fairness.errors import InputError, Problem, unknown_name
from pipelines.crm.chunks import SEED, Progress, check_range, chunk_sizes
from pipelines.crm.draws import Draws, Uniform
from pipelines.crm.files import whole_file

Codes = NDArray[np.int8]

ATTRIBUTES: Mapping[str, Mapping[str, int]] = {
    "sex": {"f": 505, "m": 485, "x": 10},
    "disability": {"none": 820, "mobility": 80, "sensory": 40, "other": 60},
    "age_band": {
        "18-24": 110,
        "25-34": 180,
        "35-44": 190,
        "45-54": 180,
        "55-64": 160,
        "65+": 180,
    },
    "ethnicity": {
        "white": 550,
        "hispanic": 160,
        "black": 130,
        "asian": 90,
        "mixed": 40,
        "other": 30,
    },
    "region": {
        f"R{number:02d}": share
        for number, share in enumerate(
            (180, 150, 130, 110, 100, 90, 80, 70, 50, 40), start=1
        )
    },
}
"""Attribute, group, share in per mille."""

_LEVELS = 2**16
_SCORE_LEVELS = 2**24
_MOST_ROWS = 10**10
_MOST_CHUNK = 10**8
_MOST_SEED = 2**63
_COMPRESSION = "zstd"


class BenchChunk(TypedDict):
    """One chunk of the wide table, as arrays.

    Attributes
    ----------
    codes : dict of str to array of int8
        One array for each of `ATTRIBUTES`.
    labels : dict of str to tuple of str
        The label of each code.
    customer_id : array of int64
        Consecutive, from `first`.
    selected, responded : array of int8
        0 or 1; `responded` is what the customer would do, selected or not.
    score : array of float32
        In [0, 1); the chance to respond grows with it, being selected does not.
    """

    codes: dict[str, Codes]
    labels: dict[str, tuple[str, ...]]
    customer_id: NDArray[np.int64]
    selected: Codes
    responded: Codes
    score: NDArray[np.float32]


def bench_chunk(
    rows: int,
    seed: int = SEED,
    *,
    chunk: int = 0,
    first: int = 1,
    rate: float = 0.1,
    ratios: Mapping[tuple[str, str], float] | None = None,
) -> BenchChunk:
    """Draw one chunk of the wide table in memory.

    Attributes are independent of each other, and the decision of all of them but for
    `ratios`.

    Parameters
    ----------
    rows : int
    seed : int, default 20261244
    chunk : int, default 0
        Number of the chunk; each has streams of its own.
    first : int, default 1
        The first customer id.
    rate : float, default 0.1
        Chance to be selected, in [0, 1].
    ratios : mapping of (attribute, group) to float, optional
        Multiplies the chance of a group: plants an adverse impact ratio of that size.
        Chances above 1 select everybody.

    Returns
    -------
    BenchChunk

    Raises
    ------
    InputError
        A size or a rate is out of range, or `ratios` names no group.

    Examples
    --------
    >>> drawn = bench_chunk(100_000, seed=1, ratios={("sex", "m"): 0.5})
    >>> selected, sex = drawn["selected"], drawn["codes"]["sex"]
    >>> round(selected[sex == 1].mean() / selected[sex == 0].mean(), 2)
    np.float64(0.5)
    """
    check_range(
        rows=(rows, 1, _MOST_CHUNK),
        seed=(seed, 0, _MOST_SEED),
        chunk=(chunk, 0, _MOST_ROWS),
        rate=(rate, 0, 1),
    )
    _check_ratios(ratios or {})
    draws = Draws(seed, chunk)
    # Four 16-bit draws in each 64 raw bits, in an order that no machine changes.
    people = _quarters(draws.raw("people", rows))
    more = _quarters(draws.raw("more", rows))
    score = draws.raw("score", rows) >> np.uint64(40)
    names = list(ATTRIBUTES)
    sources = [*(people[:, i] for i in range(4)), more[:, 0]]
    codes = {
        name: _lookup(list(ATTRIBUTES[name].values()))[source]
        for name, source in zip(names, sources, strict=True)
    }
    chance = 0.02 + 0.08 * score.astype(np.float64) / _SCORE_LEVELS
    return BenchChunk(
        codes=codes,
        labels={name: tuple(groups) for name, groups in ATTRIBUTES.items()},
        customer_id=np.arange(first, first + rows, dtype=np.int64),
        selected=_selected(draws, codes, rows, rate, ratios or {}),
        responded=(more[:, 1] < chance * _LEVELS).astype(np.int8),
        score=(score.astype(np.float32) / np.float32(_SCORE_LEVELS)),
    )


def generate_parquet(
    directory: Path,
    *,
    customers: int,
    seed: int = SEED,
    chunk: int = 1_000_000,
    files: int = 1,
    rate: float = 0.1,
    ratios: Mapping[tuple[str, str], float] | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write the wide table as Parquet, one chunk in memory at a time.

    Parameters
    ----------
    directory : Path
        Made if it does not exist; gets ``part-000.parquet`` and so on.
    customers : int
    seed : int, default 20261244
    chunk : int, default 1,000,000
        Rows drawn at once, one row group each; another chunk makes other data.
    files : int, default 1
        Files, at most one a chunk; the rows do not depend on it.
    rate, ratios
        As in `bench_chunk`.
    progress : callable, optional
        Called with the rows written and all rows, `chunks.terminal_progress` gives one.

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        A size or a rate is out of range, or `ratios` names no group.

    Examples
    --------
    >>> import tempfile, pyarrow.parquet
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     paths = generate_parquet(Path(directory), customers=900, chunk=300, files=2)
    ...     [pyarrow.parquet.read_metadata(path).num_rows for path in paths]
    [300, 600]
    """
    check_range(customers=(customers, 1, _MOST_ROWS), chunk=(chunk, 1, _MOST_CHUNK))
    sizes = list(chunk_sizes(customers, chunk))
    check_range(
        files=(files, 1, len(sizes)), seed=(seed, 0, _MOST_SEED), rate=(rate, 0, 1)
    )
    _check_ratios(ratios or {})
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(files):
        own = sizes[number * len(sizes) // files : (number + 1) * len(sizes) // files]
        paths.append(directory / f"part-{number:03d}.parquet")
        with whole_file(paths[-1]) as half, _writer(half) as writer:
            for place, rows in own:
                drawn = bench_chunk(
                    rows,
                    seed,
                    chunk=place,
                    first=place * chunk + 1,
                    rate=rate,
                    ratios=ratios,
                )
                writer.write_table(arrow_table(drawn), row_group_size=chunk)
                if progress is not None:
                    progress(place * chunk + rows, customers)
    return paths


def arrow_table(drawn: BenchChunk) -> Any:
    """Return a chunk as a pyarrow Table, attributes dictionary-encoded.

    Parameters
    ----------
    drawn : BenchChunk

    Examples
    --------
    >>> arrow_table(bench_chunk(3, seed=1)).column_names[-3:]
    ['selected', 'responded', 'score']
    """
    import pyarrow as pa  # noqa: PLC0415 -- heavy

    columns = {"customer_id": pa.array(drawn["customer_id"])}
    for name, codes in drawn["codes"].items():
        columns[name] = pa.DictionaryArray.from_arrays(
            pa.array(codes), pa.array(drawn["labels"][name])
        )
    columns["selected"] = pa.array(drawn["selected"])
    columns["responded"] = pa.array(drawn["responded"])
    columns["score"] = pa.array(drawn["score"])
    return pa.table(columns)


def _writer(path: Path) -> Any:
    import pyarrow.parquet as pq  # noqa: PLC0415 -- heavy

    return pq.ParquetWriter(
        path,
        arrow_table(bench_chunk(1)).schema,
        compression=_COMPRESSION,
        use_dictionary=[*ATTRIBUTES, "selected", "responded"],
        column_encoding={"customer_id": "DELTA_BINARY_PACKED"},
    )


def _quarters(raw: Uniform) -> NDArray[np.uint16]:
    return raw.astype("<u8", copy=False).view("<u2").reshape(-1, 4)


def _lookup(shares: list[int]) -> Codes:
    edges = np.cumsum(shares) * _LEVELS // sum(shares)
    return np.searchsorted(edges, np.arange(_LEVELS), side="right").astype(np.int8)


def _selected(
    draws: Draws,
    codes: Mapping[str, Codes],
    rows: int,
    rate: float,
    ratios: Mapping[tuple[str, str], float],
) -> Codes:
    uniform = draws.uniform("selected", rows)
    chance: NDArray[np.float64] | float = rate
    for name, own in codes.items():
        factors = [ratios.get((name, group), 1.0) for group in ATTRIBUTES[name]]
        if any(factor != 1.0 for factor in factors):
            chance = chance * np.asarray(factors)[own]
    return np.asarray(uniform < chance * 2.0**32, dtype=np.int8)


def _check_ratios(ratios: Mapping[tuple[str, str], float]) -> None:
    known = [(name, group) for name, groups in ATTRIBUTES.items() for group in groups]
    words = ["&".join(pair) for pair in known]
    problems = [
        unknown_name("ratios", "&".join(pair), words, "group")
        for pair in ratios
        if pair not in known
    ]
    problems += [
        Problem(f"ratios, {'&'.join(pair)}", f"{ratio} is outside the range 0 to inf")
        for pair, ratio in ratios.items()
        if not ratio >= 0
    ]
    if problems:
        raise InputError(problems)
