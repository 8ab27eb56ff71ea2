"""Every notebook that people open, in the real JupyterLab: as it comes, and some of them run.

`EDITION=all`, as in the weekly run, runs them all.
"""

import json
import os
import re
import shutil

import pytest
from conftest import ROOT, jupyterlab
from playwright.sync_api import expect

from lectures_lib.book import read_book

NOTEBOOKS = ROOT / "_build" / "notebooks"
NAMES = [chapter.name for chapter in read_book(ROOT / "book").chapters]
RUN = NAMES if os.environ.get("EDITION") == "all" else ["cnn/why_convolutions", "lstm/gates",
                                                        "autoencoders/linear_and_pca"]  # fmt: skip
# What MyST alone reads, and what JupyterLab says of a formula or a widget that it cannot show.
RAW = r"\{(?:eq|numref|term|doc|cite:.)\}|:::\{|```\{|\\tag\{|\$\$|Error displaying"
BROKEN = ("mjx-merror", "[data-mjx-error]")
RENDERED = """() => {
  const cells = [...document.querySelectorAll('.jp-MarkdownCell .jp-MarkdownOutput')];
  return cells.map(cell => {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll('mjx-container, code, pre').forEach(one => one.remove());
    return copy.textContent;
  }).join('\\n');
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a copy of the edition that shows whole notebooks, not the part in view."""
    scratch = tmp_path_factory.mktemp("lab")
    shutil.copytree(NOTEBOOKS, scratch / "notebooks")
    settings = scratch / "jupyter" / "lab_settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    with jupyterlab(scratch / "notebooks", scratch) as address:
        yield address


@pytest.fixture
def opened(lab, visit):
    def make(name):
        one = visit(viewport={"width": 1280, "height": 1000})
        page = one.open(f"{lab}/lab/tree/{name}.ipynb?reset")
        page.locator(".jp-Cell").first.wait_for(timeout=120_000)
        page.get_by_text("(ipykernel) | Idle").wait_for(timeout=120_000)
        page.wait_for_function("!document.querySelector('.jp-MarkdownCell .jp-mod-rendering')")
        return page

    return make


def expected(name):
    """Return how many captions, equations and folded parts a notebook has."""
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    texts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    whole = "\n\n".join(texts)
    captions = sum(cell["id"].endswith("-caption") for cell in cells)
    return captions, len(re.findall(r"(?m)^\$\$", whole)) // 2, whole.count("<details>")


def looks_right(page, name):
    """Everything rendered, nothing raw, nothing open that should be closed, pictures in place."""
    captions, equations, folded = expected(name)
    page.wait_for_function(
        f"document.querySelectorAll('mjx-container[display=true]').length >= {equations}"
    )
    assert re.findall(RAW, page.evaluate(RENDERED)) == []
    assert page.locator(", ".join(BROKEN)).count() == 0
    assert page.locator(".jp-MarkdownOutput details").count() == folded
    assert page.locator(".jp-MarkdownOutput details[open]").count() == 0
    pictures = page.locator(".jp-OutputArea-output img").evaluate_all(
        "all => all.filter(one => one.naturalWidth > 100).length"
    )
    assert pictures >= captions


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_that_was_not_run(name, opened):
    page = opened(name)
    looks_right(page, name)
    # The code of the first cell and of figures is closed.
    closed = page.locator(".jp-Cell.jp-mod-inputHidden, .jp-Cell:has(.jp-InputPlaceholder)").count()
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    assert closed == sum("cellView" in cell["metadata"] for cell in cells)


@pytest.mark.parametrize("name", RUN)
def test_a_notebook_that_is_run(name, opened):
    page = opened(name)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    waiting = page.locator(".jp-InputPrompt", has_text="[*]:")
    waiting.first.wait_for(timeout=60_000)
    expect(waiting).to_have_count(0, timeout=300_000)
    looks_right(page, name)
    for kind in ("stderr", "error"):
        found = page.locator(f'.jp-RenderedText[data-mime-type="application/vnd.jupyter.{kind}"]')
        assert found.all_inner_texts() == []
    live = page.locator(".lectures-live:visible").count()
    assert live == page.locator(".lectures-demo").count() > 0
    verdicts = page.locator(".jp-OutputArea-output", has_text=re.compile(r"^(Right|Not yet): "))
    for text in verdicts.all_inner_texts():
        assert text.startswith("Not yet: nothing is filled in")
