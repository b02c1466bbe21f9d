"""The example notebook runs from top to bottom, as a reader would run it."""

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / "examples" / "first_look.ipynb"


@pytest.mark.filterwarnings("ignore")  # Jupyter's own
def test_first_look_runs(tmp_path):
    client = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    resources = {"metadata": {"path": tmp_path}}
    client.NotebookClient(notebook, startup_timeout=600, resources=resources).execute()
    outputs = [cell.outputs[-1].data for cell in notebook.cells if cell.cell_type == "code"]
    assert "image/png" in outputs[2]
    assert "rk4': '4." in outputs[5]["text/plain"] or "rk4': '3.9" in outputs[5]["text/plain"]
