"""Submissions are put in order before they are marked, and what costs points is named."""

import contextlib
from importlib.util import find_spec

import nbformat
import pytest

from lectures_lib.assignments import __main__ as command
from lectures_lib.assignments.assignment import assign

if find_spec("nbgrader") is None:
    pytest.skip("nbgrader is not installed", allow_module_level=True)

from submissions import CHANGES, cell, changed, raw

from lectures_lib.assignments import handed_in
from lectures_lib.assignments.clean import NEW, cleaned, mended
from lectures_lib.assignments.essays import harmless

IDS = ["cnn-output-size", "rnn-step", "rnn-clip-everything", "cnn-one-event"]
FUNCTIONS = {"cnn-output-size": "output_size", "rnn-step": "step"}
WORDS = {
    "rnn-clip-everything": "It never makes a gradient *longer*, if $a<b$ and a < b.",
    "cnn-one-event": "A filter of its own: `<b>`, <https://example.org>.",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return assign(IDS, output=tmp_path_factory.mktemp("clean") / "week5", seed=7)


@pytest.fixture(scope="module")
def handed_out(folder):
    return nbformat.read(folder / "student" / "week5.ipynb", as_version=4)


@pytest.fixture
def answered(handed_out):
    """A notebook in which all is answered; each function returns 'mine'."""
    made = nbformat.from_dict(handed_out)
    for name, function in FUNCTIONS.items():
        cell(
            made, f"{name}-answer"
        ).source = f"# exercise: {name}\ndef {function}(*given):\n    return 'mine'\n"
    for name, text in WORDS.items():
        cell(made, f"{name}-answer").source = f"<!-- exercise: {name} -->\n{text}"
    return made


@pytest.fixture
def stubs(handed_out):
    return {one.id: one.source for one in handed_out.cells}


def counted(notebook):
    """Return what each answer is where it counts: of code what its test meets."""
    space, found = {}, {}
    for one in notebook.cells:
        exercise, _, role = one.id.rpartition("-")
        mark = one.metadata.get("nbgrader", {})
        if role == "test" and mark.get("grade"):
            answer = space.get(FUNCTIONS[exercise], print)
            found[exercise] = answer()
        elif mark.get("grade"):
            found[exercise] = one.source
        elif one.cell_type == "code" and not mark.get("locked"):
            with contextlib.suppress(SyntaxError, NameError):
                exec(one.source, space)
    return found


@pytest.mark.parametrize("change", CHANGES)
def test_what_happens_on_the_way_costs_nothing(change, answered, handed_out, stubs):
    made, remarks = cleaned(changed(change, answered, stubs), handed_out)
    assert remarks == []
    found = counted(made)
    assert {name: found[name] for name in FUNCTIONS} == dict.fromkeys(FUNCTIONS, "mine")
    for name, text in WORDS.items():
        assert text in found[name]
        assert sum(text in one.source for one in made.cells) == 1
    given = {one.id: one for one in handed_out.cells if "nbgrader" in one.metadata}
    kept = {one.id: one for one in made.cells if "nbgrader" in one.metadata}
    for name, one in kept.items():
        assert one.metadata == given[name].metadata
        assert one.cell_type == given[name].cell_type
        assert not one.metadata.nbgrader.locked or one.source == given[name].source
    assert {name for name, one in given.items() if one.metadata.nbgrader.grade} <= kept.keys()
    assert all(not one.get("outputs") for one in made.cells)
    assert made.metadata == handed_out.metadata


def test_what_is_handed_in_as_it_was_handed_out_stays_so(handed_out):
    made, remarks = cleaned(raw(handed_out), handed_out)
    assert remarks == []
    assert made.cells == handed_out.cells


ESSAY = "Clipping only shortens what is too long, and never changes the direction of a step."


@pytest.mark.parametrize("deleted", [True, False])
@pytest.mark.parametrize("kind", ["markdown", "raw", "code", "comment", "string"])
@pytest.mark.parametrize("place", ["first", "last", "rnn-step-test", "cnn-one-event-answer"])
def test_an_essay_far_from_its_cell_is_read(place, kind, deleted, answered, handed_out, stubs):
    one, at = cell(answered, "rnn-clip-everything-answer"), 0
    if place != "first":
        at = 1 + answered.cells.index(cell(answered, place)) if place != "last" else None
    new = NEW.get(kind, nbformat.v4.new_code_cell)
    essay = {"comment": f"# {ESSAY}", "string": f'"""{ESSAY}"""'}.get(kind, ESSAY)
    answered.cells.insert(len(answered.cells) if at is None else at, new(essay))
    one.source = stubs[one.id]
    if deleted:
        answered.cells.remove(one)
    given = raw(answered)
    made, remarks = cleaned(given, handed_out)
    assert remarks == []
    text = cell(made, one.id).source
    assert text == f"*This text stood outside the cell of the answer.*\n\n{ESSAY}"
    assert sum(ESSAY in other.source for other in made.cells) == 1
    assert mended(given, made) == {"answers put in order"}


@pytest.mark.parametrize("text", ["## My second exercise", "See above.", "![](photo.png)"])
def test_a_note_is_no_essay(text, answered, handed_out, stubs):
    one = cell(answered, "rnn-clip-everything-answer")
    one.source = stubs[one.id]
    answered.cells.insert(0, nbformat.v4.new_markdown_cell(text))
    made, _ = cleaned(raw(answered), handed_out)
    assert cell(made, one.id).source == stubs[one.id]


CODE = {
    "a program": 'def largest(values):\n    """Return the largest one of the values."""\n',
    "broken": "for k in range(3)\n    # this loop prints all of the squares\n    print(k**2)",
    "a text": 'text = "all that is between the digits of a number"',
    "magic": "%timeit step(x)\n!ls",
    "conditional": "low if low > 0 else high if high < 3 else None",
    "escape": r"import re; re.split('\d', 'all that is between the digits')",
}


@pytest.mark.parametrize("source", CODE.values(), ids=CODE)
def test_code_is_no_essay(source, answered, handed_out, stubs):
    one, task = (cell(answered, f"rnn-clip-everything-{role}") for role in ("answer", "task"))
    one.source = stubs[one.id]
    place = answered.cells.index(task) + 1
    answered.cells.insert(place, nbformat.v4.new_code_cell(source))
    made, _ = cleaned(raw(answered), handed_out)
    assert cell(made, one.id).source == stubs[one.id]
    assert sum(source in other.source for other in made.cells) == 1


def test_where_all_is_answered_a_text_of_ones_own_stays(answered, handed_out):
    answered.cells.append(nbformat.v4.new_markdown_cell(ESSAY))
    given = raw(answered)
    made, _ = cleaned(given, handed_out)
    assert counted(made)["rnn-clip-everything"].endswith(WORDS["rnn-clip-everything"])
    assert made.cells[-1].source == ESSAY
    assert mended(given, made) == set()


def test_an_essay_typed_below_its_task_is_read(answered, handed_out, stubs):
    one, task = (cell(answered, f"rnn-clip-everything-{role}") for role in ("answer", "task"))
    one.source, task.source = stubs[one.id], f"{task.source}\n\n{ESSAY}"
    made, _ = cleaned(raw(answered), handed_out)
    assert cell(made, one.id).source == ESSAY


def lost(answered):
    answered.cells.remove(cell(answered, "cnn-output-size-answer"))
    answered.cells.remove(cell(answered, "rnn-clip-everything-answer"))


def second_in_the_test(answered):
    cell(answered, "rnn-step-test").source = "def step(*given):\n    return 'other'"


def two_versions(answered):
    for name in ("rnn-step-answer", "cnn-one-event-answer"):
        one = cell(answered, name)
        source = one.source.replace("mine", "first").replace("own", "first")
        twin = nbformat.from_dict({**one, "id": f"{name}-twin", "source": source})
        answered.cells.insert(answered.cells.index(one), twin)


def another_notebook(answered):
    answered.cells = [nbformat.v4.new_code_cell("print('hello')")]


@pytest.mark.parametrize(
    ("change", "remarks"),
    [
        (lost, ["lacks an answer to cnn-output-size", "lacks an answer to rnn-clip-everything"]),
        (second_in_the_test, ["has another answer to rnn-step below it, which does not count"]),
        (two_versions, ["has two answers to rnn-step, of which the last counts",
                        "has two answers to cnn-one-event, of which the last counts"]),
        (another_notebook, ["has no answer to any exercise; it may be another notebook"]),
    ],
)  # fmt: skip
def test_what_costs_points_is_named(change, remarks, answered, handed_out):
    change(answered)
    made, said = cleaned(raw(answered), handed_out)
    assert said == remarks
    found = counted(made)
    assert found["rnn-step"] == ("mine" if change is not another_notebook else None)
    assert WORDS["cnn-one-event"] in found["cnn-one-event"] or change is another_notebook
    unread = cell(handed_out, "rnn-clip-everything-answer").source
    assert (found["rnn-clip-everything"] == unread) == (change in (lost, another_notebook))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (b"", "is empty. Ask"),
        (b"\0\0\n", "is empty. Ask"),
        (b"PK\x03\x04...", "is a zip file, not a notebook. Ask"),
        (b"<!DOCTYPE html><title>Log in</title>", "is a web page, not a notebook. Ask"),
        (b"%PDF-1.7", "is a PDF, not a notebook. Ask"),
        (b"import numpy as np", "is not a notebook. Ask"),
        (b"[]", "is not a notebook. Ask"),
        (b"{}", "is not a notebook. Ask"),
        (b'{"worksheets": 7}', "is not a notebook. Ask"),
        (b'{"cells": [{"cell_type": "code", "sou', "is cut off or damaged. Ask"),
        (b"[" * 200_000, "is not a notebook. Ask"),
        (b'{"cells": ' + b"[" * 200_000, "is not a notebook. Ask"),
        (b'{"cells": ' + b"9" * 5000 + b"}", "is not a notebook. Ask"),
        (b'{"cells": 7}', "is a notebook without cells. Ask"),
        (b'{"cells": []}', "is a notebook without cells. Ask"),
        (b'{"cells": [' + b"{}," * 1000 + b"{}]}", "has 1001 cells, and at most 1000 are marked"),
        (bytes([255] * 40), "is not a notebook. Ask"),
    ],
    ids=range(17),
)
def test_what_is_no_notebook_is_said(given, text, handed_out):
    with pytest.raises(handed_in.Unreadable) as error:
        cleaned(given, handed_out)
    assert str(error.value).startswith(text)


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path, monkeypatch, handed_out):
    monkeypatch.setattr(handed_in, "LARGEST", 10**6)
    path = tmp_path / "large.ipynb"
    path.write_bytes(b" " * 10**7)
    found = handed_in.read(path)
    assert len(found) == 10**6 + 1
    with pytest.raises(handed_in.Unreadable, match="is larger than 1 MB"):
        cleaned(found, handed_out)


HARMLESS = [
    "![a plot](data:image/png;base64,iVBORw0KGgo=)",
    '<img src="data:image/jpeg;base64,/9j/4AA=" width="200" height="50%">',
    '<font color="red">wrong sign</font>',
    "", "It *never* makes a gradient longer.", "# Mine\n\n- a\n- b\n\n3. x\n4. y", "a < b, a<b, <3",
    "$a<b$ and $$x < y$$ and \\(a<b\\)", "\\begin{align}a &< b\\\\ c&=d\\end{align}",
    "| a | b |\n|---|:-:|\n| 1 | 2 |", "```python\nif a < b:\n    print('<b>')\n```", "`<script>`",
    "x<sup>2</sup><br>H<sub>2</sub>O <br/> z", "[l](https://a.org?x=1&y=2) <https://b.org>",
    "it's \"quoted\" & so, ü 🎉 &nbsp; &lt;script>", "![x](attachment:i.png) ![y](my%20plot-1.png)",
    "> quote\n\n---\n\n    code <b>", "~~no~~ https://bare.org/x_y a*b*c", "<!-- mine --> text",
    "term\n: meaning", "<ada@example.org>",
]  # fmt: skip
HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))",
    "[x](&#106;avascript:alert(1))", "[x](javascript&colon;alert(1))", "<svg onload=alert(1)>",
    "[x]\n\n[x]: JaVaScript:alert(1)", "```mermaid\n<script>a</script>\n```", "<iframe src=//e>",
    "```mermaid\ngraph\n```", "<b style='position:fixed'>x</b>", "<a href='vbscript:x'>x</a>",
    "<span class='full-credit'>x</span>", "![x](data:image/svg+xml;base64,AAA)", "<base href=//e>",
    "[x](data:text/html,a)", "![x](attachment:none.png)", "$\\href{javascript:alert(1)}{x}$",
    "<!--><script>alert(1)</script>-->", "<details><summary>x", "<form action=x>", "<plaintext>",
    "<style>*{}</style>", "<!-- a --!><script>b</script>", "<math><mtext></mtext></math>",
    "<x onfocus=a tabindex=1>", "<div id=x>", "<textarea>", "<!-- open", "a" * 100_001,
    '<a href="jav&#x0A;ascript:alert(1)">x</a>', "``\n<script>alert(1)</script>", "<p hidden>x</p>",
    "![x](https://a.org/b.png)", "<img src=//a.org/b.png>", "![x](/logout)", "![x](../../logout)",
    "![x]\n\n[x]: http:a.org/b.png", "<img src='https&colon;//a.org/b.png'>", "<img src=\\\\a.org>",
    "<meta http-equiv=refresh content='0;url=//e'>", "<object data=x>", "<embed src=x>", "</div>",
]  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS)
def test_text_that_is_harmless_stays_as_it_is(text):
    assert harmless(text, {"i.png": {}}) == text


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:40] for text in HOSTILE])
def test_text_that_could_run_is_shown_as_it_was_typed(text, answered, handed_out):
    one = cell(answered, "cnn-one-event-answer")
    one.source = f"<!-- exercise: cnn-one-event -->\n{text}"
    answered.cells.insert(0, nbformat.v4.new_markdown_cell(text))
    made, remarks = cleaned(raw(answered), handed_out)
    assert remarks == []
    for found in (made.cells[0].source, counted(made)["cnn-one-event"]):
        fence, *_, end = found.split("\n")
        assert (fence, fence.strip("`"), text in found) == (f"{end}text", "text", True)


def test_of_attachments_images_stay():
    png = {"image/png": "iVBORw0KGgo="}
    given = {
        "a.png": png, "b.svg": {"image/svg+xml": "<svg/>"}, "c": {'image/png"onerror="': "AAAA"},
        "d": {"image/png": 'AA" onerror="a'}, "e": 7, "f": {"image/jpeg": ["iVBO\n", "Rw0="]},
        "g": {"image/png": None},
    }  # fmt: skip
    assert handed_in.images(given) == {"a.png": png, "f": {"image/jpeg": "iVBO\nRw0="}}
    assert handed_in.images(None) == handed_in.images(7) == {}


def test_attachments_stay_with_their_answer(answered, handed_out):
    one = cell(answered, "cnn-one-event-answer")
    one.source += "\n![sketch](attachment:a.png)"
    one.attachments = {"a.png": {"image/png": "iVBORw0KGgo="}}
    made, _ = cleaned(raw(answered), handed_out)
    kept = cell(made, "cnn-one-event-answer")
    assert (kept.source, kept.attachments) == (one.source, one.attachments)


def test_the_inbox_is_inspected(folder, answered, stubs, capsys, tmp_path):
    for name in CHANGES:
        if name != "big_outputs":
            (tmp_path / f"{name}.ipynb").write_bytes(changed(name, answered, stubs))
    for name, given in {"zip.ipynb": b"PK", "eva.ipynb.json": raw(answered)}.items():
        (tmp_path / name).write_bytes(given)
    two_versions(answered)
    (tmp_path / "two.ipynb").write_bytes(raw(answered))
    assert command.main(["inspect", str(folder), str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "eva.ipynb.json does not end in .ipynb, and is left out. Rename it.",
        "two.ipynb has two answers to rnn-step, of which the last counts; it has two answers to "
        "cnn-one-event, of which the last counts. Ask the student.",
        "zip.ipynb is a zip file, not a notebook. Ask for the file again.",
        f"{len(CHANGES) - 1} of {len(CHANGES) + 2} notebooks have all answers where they count.",
    ]


def test_what_is_collected_is_inspected(folder, answered, capsys):
    place = folder / "nbgrader" / "submitted" / "ada" / "week5"
    place.mkdir(parents=True)
    (place / "week5.ipynb").write_text("no notebook")
    assert command.main(["inspect", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "ada is not a notebook. Ask for the file again.",
        "0 of 1 notebooks have all answers where they count.",
    ]
