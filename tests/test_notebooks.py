"""Every notebook runs from a clean kernel, top to bottom."""

from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
# jupyter_client announces a change of its own defaults; it is not about this project.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_notebook_runs_and_ends_with_a_sentence_it_computed(path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=60, resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()
    last = notebook.cells[-1]
    assert last.cell_type == "code"
    text = "".join(output.get("text", "") for output in last.outputs)
    assert "block" in text
    assert "clear" in text
