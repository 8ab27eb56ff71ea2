"""The chapter on CIFAR-10 without CIFAR-10: it says so in a box and goes on with generated data."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.slow

CHAPTER = Path(__file__).parents[1] / "book" / "cnn" / "cifar10.ipynb"


@pytest.fixture
def without_data(monkeypatch, tmp_path):
    """No folder of data, an empty cache of Keras, and no host that answers."""
    monkeypatch.delenv("LECTURES_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("LECTURES_VIEW", "still")


SHORT = [("4000", "500"), ('"test_images": 1000', '"test_images": 200'), ("epochs=50", "epochs=5")]
SHORT += [('"epochs": 8', '"epochs": 1'), ("epochs=8", "epochs=1")]


def test_chapter_runs_without_the_data_set(without_data, tmp_path):
    notebook = nbformat.read(CHAPTER, as_version=4)
    notebook.cells = [c for c in notebook.cells
                      if c.metadata.get("exercise", {}).get("role") != "solution"]  # fmt: skip
    for old, new in SHORT:
        (cell,) = (c for c in notebook.cells if c.cell_type == "code" and old in c.source)
        cell.source = cell.source.replace(old, new)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    (box,) = (
        output["data"]["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "admonition" in output.get("data", {}).get("text/html", "")
    )
    assert "are generated, and not CIFAR-10" in box
    assert "LECTURES_DATA_DIR is not set" in box
