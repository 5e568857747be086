"""Notebooks are stored with what a clean kernel makes of them."""

import re

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

from notebooks.run import (  # noqa: E402  # needs what may be absent
    executed,
    is_same,
    notebooks,
    pictures,
    plain,
    sources,
    told,
)

NOTEBOOKS = notebooks()
PLACES = re.compile(r"/home/|/root/|/tmp/|/work/|/Users/|[A-Z]:\\\\")


def stored(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def sentence(notebook):
    """Return what the last cell prints."""
    return "".join(output.get("text", "") for output in notebook.cells[-1].outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
# jupyter_client announces a change of its own defaults; it is not about this project.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_clean_kernel_makes_what_is_stored(path):
    here, before = executed(path), stored(path)
    assert sentence(here) == sentence(before)
    assert told(here) == told(before)
    assert is_same(here, before), "run: make notebooks"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_stored_is_whole_and_clean(path):
    notebook = stored(path)
    assert plain(notebook) == notebook
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr"
    said = [text for texts in told(notebook) for text in texts]
    for text in said:
        assert not PLACES.search(text), text
        assert "Warning" not in text
    assert len(said) > 3
    assert pictures(notebook) >= 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_last_cell_computes_what_the_story_comes_to(path):
    notebook = stored(path)
    last = notebook.cells[-1]
    assert last.cell_type == "code"
    assert re.search(r"\{[a-z]", last.source), "no figure in it is computed"
    printed = sentence(notebook)
    assert printed.endswith(".\n")
    assert "\n\n" not in printed
    assert max(map(len, printed.splitlines())) <= 88
    assert notebook.cells[0].source.startswith("# ")


def test_another_number_or_a_picture_less_is_not_the_same():
    before = stored(NOTEBOOKS[0])
    assert is_same(before, before)
    other = stored(NOTEBOOKS[0])
    place = next(
        place
        for place, cell in enumerate(other.cells)
        if pictures(nbformat.v4.new_notebook(cells=[cell]))
    )
    drawn = next(o for o in other.cells[place].outputs if "image/png" in o["data"])
    drawn["data"]["image/png"] = "another"
    assert is_same(before, other)
    other.cells[place].outputs = []
    assert not is_same(before, other)
    other = stored(NOTEBOOKS[0])
    other.cells[-1].outputs[0]["text"] = "clear."
    assert not is_same(before, other)
    assert sources(before) == sources(other)
