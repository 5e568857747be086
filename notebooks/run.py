"""Execute the notebooks, each in a kernel of its own, and store what came out.

Run ``python notebooks/run.py`` for all, ``python notebooks/run.py 03_redlining`` for
one. A notebook whose text came out as it is stored is not written again: pictures
differ by a byte between machines, and are left as they are.
"""

# ruff: noqa: INP001 - a folder of notebooks is no package

from __future__ import annotations

import argparse
import copy
import os
import sys
import warnings
from pathlib import Path
from time import perf_counter
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
LIMIT = 60
"""Seconds that a notebook may take for any of its cells."""
PICTURE = "image/png"
# Whatever the caller's is: a notebook shows its pictures.
INLINE = "module://matplotlib_inline.backend_inline"


def notebooks() -> list[Path]:
    """Return the notebooks of this folder, in order."""
    return sorted(HERE.glob("*.ipynb"))


def executed(path: Path) -> Any:
    """Return a notebook as it comes out of a clean kernel.

    Parameters
    ----------
    path : Path

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell raised.
    """
    # Else a kernel on a new machine tells on stderr that it looks for fonts.
    import matplotlib.font_manager  # noqa: F401, PLC0415

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    kernel = {"metadata": {"path": str(HERE)}}
    with warnings.catch_warnings():
        # jupyter_client announces a change of its own defaults.
        warnings.simplefilter("ignore", DeprecationWarning)
        NotebookClient(
            notebook,
            timeout=LIMIT,
            record_timing=False,
            resources=kernel,
            # The kernel warns of its unencrypted port, which is of this machine only.
            extra_arguments=["--log-level=ERROR"],
        ).execute(env=os.environ | {"MPLBACKEND": INLINE})
    return plain(notebook)


def plain(notebook: Any) -> Any:
    """Return a notebook without what differs between two runs or two machines."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        }
    )
    for place, cell in enumerate(notebook.cells):
        cell.id = f"cell-{place:02}"
        cell.metadata = nbformat.from_dict({})
    return notebook


def told(notebook: Any) -> list[list[str]]:
    """Return what the code cells say, but for pictures: one list of texts a cell."""
    return [
        [
            text
            for output in cell.outputs
            for text in (
                output.get("text", ""),
                *(
                    value
                    for kind, value in sorted(output.get("data", {}).items())
                    # The text of a picture is its size, which hangs on fonts.
                    if kind.startswith("text/") and PICTURE not in output["data"]
                ),
                *output.get("traceback", []),
            )
            if text
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def sources(notebook: Any) -> list[tuple[str, str]]:
    """Return the kind and the source of each cell."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def pictures(notebook: Any) -> int:
    """Return how many pictures a notebook shows."""
    return sum(
        PICTURE in output.get("data", {})
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )


def is_same(one: Any, other: Any) -> bool:
    """Say whether two notebooks differ at most in the bytes of their pictures."""
    return (
        sources(one) == sources(other)
        and told(one) == told(other)
        and pictures(one) == pictures(other)
        and plain(one) == one
    )


def main() -> int:
    """Execute notebooks by name, or all; store those that came out otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--force", action="store_true", help="store pictures as well")
    options = parser.parse_args()
    for path in notebooks():
        if options.names and path.stem not in options.names:
            continue
        began = perf_counter()
        stored, made = nbformat.read(path, as_version=4), executed(path)
        same = is_same(stored, made) and not options.force
        if not same:
            nbformat.write(made, path)
        seconds = perf_counter() - began
        what = "as stored" if same else "stored"
        print(f"{path.name}: {seconds:.0f} s, {what}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
