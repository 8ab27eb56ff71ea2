"""Sliders and playgrounds in the real JupyterLab: by keyboard, after a restart, after reopening."""

import time

import nbformat
import pytest
from conftest import jupyterlab, save_notebook

from lectures_lib.live import SENTENCE

DEMO = """from lectures_lib.explore import explore
from lectures_lib.plots import new_figure

def draw(power):
    figure, axes = new_figure(height=1.5)
    axes.plot([0, 1, 2], [0, 1, 2**power])
    return figure

explore(draw, name="powers", caption="A power of two.", power=[1, 2, 3, 4],
        alt=lambda power: f"A line that ends at {2**power}.")"""
CHOICE = """from lectures_lib.explore import explore
from lectures_lib.plots import new_figure

def draw_shape(shape):
    figure, axes = new_figure(height=1.5)
    axes.plot([0, 1 if shape == "up" else -1])
    return figure

explore(draw_shape, name="shapes", caption="A shape.", shape=["up", "down"],
        alt=lambda shape: f"A line that goes {shape}.")"""
CELLS = [
    DEMO,
    "from lectures_lib.playground import playground\nplayground('digits')",
    "playground('gates')",
    CHOICE,
]
SAVED = ".jp-OutputArea img:not(.lectures-live)"


@pytest.fixture
def folder(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    cells = [nbformat.v4.new_code_cell(text) for text in CELLS]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(book, work / "play.ipynb")
    return work


@pytest.fixture
def lab(folder, tmp_path):
    # Without its check of cookies, so that the test may end kernels by requests of its own.
    with jupyterlab(folder, tmp_path, "--ServerApp.disable_check_xsrf=True") as address:
        yield address


class Runner:
    """Somebody who opens the notebook in a fresh window."""

    def __init__(self, visit, lab):
        self.lab = lab
        self.page = visit(viewport={"width": 1280, "height": 1400}).open(
            f"{lab}/lab/tree/play.ipynb"
        )
        self.cell(0).wait_for(timeout=120_000)
        self.page.get_by_text("(ipykernel) | Idle").wait_for(timeout=120_000)

    def cell(self, place):
        return self.page.locator(".jp-Notebook .jp-Cell").nth(place)

    def run(self, place, appears):
        """Run a cell until something appears: JupyterLab drops what comes before its kernel."""
        for _ in range(10):
            self.cell(place).locator(".cm-content").click()
            self.page.keyboard.press("Control+Enter")
            try:
                self.see(place, appears, timeout=30_000)
            except TimeoutError:
                continue
            return
        raise AssertionError(f"Cell {place} shows no {appears}.")

    def see(self, place, what, *, timeout=60_000):
        """Wait until a part of a cell's output can be seen."""
        until = time.monotonic() + timeout / 1000
        while not (found := self.cell(place).locator(f".jp-OutputArea {what}:visible")).count():
            if time.monotonic() > until:
                raise TimeoutError(f"{what} in {self.text(place)!r}")
            self.page.wait_for_timeout(50)
        return found

    def text(self, place=0):
        return self.cell(place).locator(".jp-OutputArea").inner_text().strip()

    def pictures(self, place=0):
        """Return descriptions of the pictures in sight, and the data of those to be saved."""
        shown = self.cell(place).locator(".jp-OutputArea img:visible")
        saved = self.cell(place).locator(SAVED)
        return [one.get_attribute("alt") for one in shown.all()], [
            one.get_attribute("src").split(",")[1] for one in saved.all()
        ]

    def press(self, place, selector, *keys):
        """Focus a control and press keys, none of which may choose another cell."""
        self.cell(place).locator(selector).first.focus()
        for key in keys:
            self.page.keyboard.press(key)
        assert "jp-mod-active" in self.cell(place).get_attribute("class"), (selector, keys)

    def close(self, *, kernel):
        """Close the window, and end the kernel if it is not to be kept."""
        if not kernel:
            for session in self.page.request.get(f"{self.lab}/api/sessions").json():
                self.page.request.delete(f"{self.lab}/api/sessions/{session['id']}")
        self.page.close()


def end(power):
    return [f"A line that ends at {2**power}."]


def test_a_demo_lives_through_restart_and_reopening(lab, visit, folder):
    runner = Runner(visit, lab)
    runner.run(0, ".noUi-handle")
    runner.see(0, "img")
    runner.page.wait_for_timeout(1500)  # what waits, waits for a second
    assert SENTENCE not in runner.text()
    shown, first = runner.pictures()
    assert (shown, len(first)) == (end(1), 1)

    # The slider changes the picture that is seen, the one that is saved, and nothing else moves.
    below = runner.cell(1).bounding_box()
    runner.press(0, ".noUi-handle", "ArrowRight")
    runner.see(0, 'img[alt="A line that ends at 4."]')
    runner.page.wait_for_function(
        "([selector, old]) => document.querySelector(selector).src !== old",
        arg=[SAVED, f"data:image/png;base64,{first[0]}"],
    )
    assert runner.cell(1).bounding_box() == below
    shown, second = runner.pictures()
    assert shown == end(2)

    # A copy of the cell has sliders and pictures of its own.
    runner.cell(0).locator(".jp-InputPrompt").click()
    runner.page.keyboard.press("c")
    runner.page.keyboard.press("v")
    runner.run(1, ".noUi-handle")
    runner.press(1, ".noUi-handle", "ArrowRight", "ArrowRight")
    runner.see(1, 'img[alt="A line that ends at 8."]')
    assert runner.pictures() == (end(2), second)
    runner.press(0, ".noUi-handle", "ArrowLeft")
    runner.see(0, 'img[alt="A line that ends at 2."]')
    assert runner.pictures(1)[0] == end(3)
    runner.press(0, ".noUi-handle", "ArrowRight")
    runner.see(0, 'img[alt="A line that ends at 4."]')

    # The page is loaded anew, and the kernel still answers.
    runner.page.wait_for_timeout(500)
    save_notebook(runner.page)
    runner.close(kernel=True)
    runner = Runner(visit, lab)
    runner.see(0, ".noUi-handle")
    runner.press(0, ".noUi-handle", "ArrowRight")
    runner.see(0, 'img[alt="A line that ends at 8."]')
    runner.press(0, ".noUi-handle", "ArrowLeft")
    runner.see(0, 'img[alt="A line that ends at 4."]')
    assert SENTENCE not in runner.text()

    # The kernel is started again: the picture stays, the sliders go, and the sentence comes.
    runner.cell(0).locator(".jp-InputPrompt").click()
    runner.page.keyboard.press("0")
    runner.page.keyboard.press("0")
    runner.page.locator(".jp-Dialog .jp-mod-accept").click()
    for place, power in ((0, 2), (1, 3)):
        runner.see(place, ".lectures-again")
        assert runner.text(place) == SENTENCE
        assert runner.pictures(place)[0] == end(power)
    save_notebook(runner.page)
    runner.close(kernel=False)

    # Reopened, without that kernel: the pictures seen last, as ordinary output.
    outputs = nbformat.read(folder / "play.ipynb", as_version=4).cells[0].outputs
    assert outputs[-1].data["image/png"].strip() == second[0]
    assert outputs[-1].data["text/plain"] == end(2)[0]
    runner = Runner(visit, lab)
    for place in (0, 1):
        runner.see(place, ".lectures-again")
        runner.page.wait_for_timeout(3000)  # JupyterLab looks for a widget for two seconds
        assert runner.text(place) == SENTENCE
        assert runner.cell(place).locator(".jp-OutputArea img:visible").count() == 1
    assert runner.pictures()[1] == second
    runner.run(0, ".noUi-handle")
    runner.press(0, ".noUi-handle", "ArrowRight")
    runner.see(0, 'img[alt="A line that ends at 4."]')
    assert SENTENCE not in runner.text()
    assert runner.text(1) == SENTENCE


def test_keys_belong_to_the_playground_that_has_the_focus(lab, visit):
    runner = Runner(visit, lab)
    for place in (1, 2):
        runner.run(place, ".playground-live")

    def value(place, selector):
        return runner.cell(place).locator(selector).first.input_value()

    slider = ".playground-slider input"
    before = float(value(1, slider))
    runner.press(1, slider, "ArrowRight", "ArrowUp")
    assert float(value(1, slider)) == before + 2
    runner.press(1, slider, "ArrowDown")
    assert float(value(1, slider)) == before + 1

    pixel = runner.cell(1).locator(".playground-paper .playground-cell").nth(8)
    runner.press(1, '.playground-paper [tabindex="0"]', "ArrowDown", " ")
    assert pixel.get_attribute("aria-label") == "row 2, column 1: grey 16"

    runner.press(2, ".playground-choice input", "ArrowDown")
    assert runner.cell(2).locator(".playground-choice input").nth(1).is_checked()

    # Twice d is two drains, not the end of the cell.
    runner.press(2, ".playground-line", "Home", "d", "d", "ArrowLeft")
    assert value(2, ".playground-record").startswith("dd")
    assert runner.page.locator(".jp-Notebook .jp-Cell").count() == len(CELLS)

    # A letter in a list of choices does not make the cell a text, and an arrow chooses.
    runner.run(3, "select")
    runner.press(3, "select", "m", "ArrowDown")
    runner.see(3, 'img[alt="A line that goes down."]')
    assert "jp-CodeCell" in runner.cell(3).get_attribute("class")
    runner.cell(3).locator(".jp-InputPrompt").click()  # and from here on keys are for the notebook
    runner.page.keyboard.press("m")
    runner.page.locator(".jp-MarkdownCell").wait_for(timeout=30_000)
    runner.page.keyboard.press("y")
    runner.page.locator(".jp-MarkdownCell").wait_for(state="detached", timeout=30_000)

    # What is no key of a playground is JupyterLab's still.
    runner.press(1, slider, "ArrowRight")
    save_notebook(runner.page)
