"""A student works through an assignment in the real JupyterLab."""

import re

import nbformat
import pytest
from conftest import jupyterlab, save_notebook

from lectures_lib.assignments.assignment import assign

IDS = ["cnn-output-size", "rnn-clip-everything"]
ANSWER = """# exercise: cnn-output-size
def output_size(input_size, kernel_size, stride, padding):
    return (input_size {padding} - kernel_size) // stride + 1"""
WORDS = "It never lengthens a gradient."


@pytest.fixture
def folder(tmp_path):
    assign(IDS, output=tmp_path / "week5", seed=7, title="Week 5")
    return tmp_path / "week5" / "student"


@pytest.fixture
def lab(folder, tmp_path):
    with jupyterlab(folder, tmp_path) as address:
        yield address


class Student:
    """Works through a notebook by keyboard; a click only chooses the cell."""

    def __init__(self, page):
        self.page = page

    def cell(self, begins):
        return self.page.locator(".jp-Cell", has_text=begins).first

    def fill_in(self, cell, text):
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def run(self, times=1):
        for _ in range(times):
            self.page.keyboard.press("Shift+Enter")

    def sees(self, text):
        """Wait for an output that is this text."""
        shown = self.page.locator(".jp-OutputArea-output", has_text=text).first
        shown.wait_for(timeout=60_000)
        return shown.inner_text().strip()


def test_a_wrong_answer_is_explained_and_mended(lab, visit, folder):
    handed_out = nbformat.read(folder / "week5.ipynb", as_version=4)
    page = visit(viewport={"width": 1280, "height": 1000}).open(f"{lab}/lab/tree/week5.ipynb")
    student = Student(page)
    install = student.cell("class SetUp")
    install.wait_for(timeout=120_000)
    page.get_by_text("(ipykernel) | Idle").wait_for(timeout=120_000)  # the kernel has started

    # From the first cell to the first check, with nothing filled in. JupyterLab drops what is run
    # before it is connected to the kernel; then the first cell is run again.
    ran = install.get_by_text(re.compile(r"^\[[1-9]\d*\]:$"))
    for _ in range(10):
        install.locator(".cm-content").click()
        student.run()
        page.wait_for_timeout(2000)
        if ran.count():
            break
    student.run(4)
    student.sees("Not yet: nothing is filled in yet.")

    # Padding on one side only; the check names the case, what came out and what to think of.
    answer = student.cell("# exercise: cnn-output-size")
    student.fill_in(answer, ANSWER.format(padding="+ padding"))
    student.run(2)
    message = student.sees("Not yet: the function gives")
    assert re.search(r"for input_size=\d+, kernel_size=\d+, stride=\d+, padding=\d+", message)
    assert "The padding is added at both ends." in message

    # A slip of the pen is Python's own message, and the cell can be run again.
    student.fill_in(answer, ANSWER.format(padding="+ 2 * padding") + ")")
    student.run()
    student.sees("SyntaxError")

    student.fill_in(answer, ANSWER.format(padding="+ 2 * padding"))
    student.run(2)
    assert re.fullmatch(r"Right: \d+ cases agree\.", student.sees("Right:"))

    # An answer in words: opened by a double click, as any Markdown cell.
    student.cell("Write your answer here.").dblclick()
    student.fill_in(student.cell("Write your answer here."), WORDS)
    student.run()

    # What marking needs cannot be deleted, not even on purpose; a task, with the same keys, can.
    for begins in ('check("cnn-output-size"', "A clip for everything?"):
        student.cell(begins).locator(".jp-InputPrompt").click()
        page.keyboard.press("d")
        page.keyboard.press("d")

    save_notebook(page)
    handed_in = nbformat.read(folder / "week5.ipynb", as_version=4)
    nbformat.validate(handed_in)
    written = {cell.id: cell for cell in handed_in.cells}
    assert ANSWER.format(padding="+ 2 * padding") == written["cnn-output-size-answer"].source
    assert written["rnn-clip-everything-answer"].source == WORDS
    deleted = {cell.id for cell in handed_out.cells} - written.keys()
    assert deleted == {"rnn-clip-everything-task"}
    for cell in [cell for cell in handed_out.cells if cell.id in written]:
        assert cell.metadata.items() <= written[cell.id].metadata.items(), cell.id
        if not cell.id.endswith("-answer"):
            assert cell.source == written[cell.id].source, cell.id
