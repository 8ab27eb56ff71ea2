"""What happens to notebooks between student and marking; none of it costs points."""

import json

import nbformat

SPLIT = "\n\n"


def raw(notebook):
    return nbformat.writes(notebook).encode()


def data(notebook):
    return json.loads(raw(notebook))


def cell(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name)


def moved(notebook, name, place):
    one = cell(notebook, name)
    notebook.cells.remove(one)
    notebook.cells.insert(len(notebook.cells) if place is None else place, one)


def merged(notebook, *names):
    """As JupyterLab merges: the first cell takes the text of all."""
    first, *rest = (cell(notebook, name) for name in names)
    for one in rest:
        first.source += SPLIT + one.source
        notebook.cells.remove(one)


def unmarked(notebook, *, ids=True):
    for one in notebook.cells:
        one.metadata.clear()
        if ids:
            one.id = f"new-{one.id}"[:60]


def without_ids(notebook, minor=0):
    made = data(notebook)
    made["nbformat_minor"] = minor
    for one in made["cells"]:
        del one["id"]
    return made


# How a file is written.


def mark_of_order(notebook):
    return b"\xef\xbb\xbf" + raw(notebook)


def utf_16(notebook):
    return raw(notebook).decode().encode("utf-16")


def utf_16_without_mark(notebook):
    return raw(notebook).decode().encode("utf-16-le")


def carriage_returns(notebook):
    made = data(notebook)
    for one in made["cells"]:
        one["source"] = "".join(one["source"]).replace("\n", "\r\n")
    return json.dumps(made).encode()


def old_format(notebook):
    return json.dumps(nbformat.convert(notebook, 3)).encode()


def no_ids(notebook):
    return json.dumps(without_ids(notebook)).encode()


def no_ids_no_marks(notebook):
    unmarked(notebook)
    return no_ids(notebook)


def one_id(notebook):
    made = data(notebook)
    for one in made["cells"]:
        one["id"] = "same"
    return json.dumps(made).encode()


def strange_ids(notebook):
    made = data(notebook)
    for number, one in enumerate(made["cells"]):
        one["id"] = [None, 7, "", "a b", "ä" * 99][number % 5]
    return json.dumps(made).encode()


def kernel_null(notebook):
    return json.dumps(data(notebook) | {"metadata": {"kernelspec": None}}).encode()


def no_metadata(notebook):
    made = data(notebook)
    del made["metadata"], made["nbformat"], made["nbformat_minor"]
    return json.dumps(made).encode()


def metadata_null(notebook):
    made = data(notebook)
    for one in made["cells"]:
        one["metadata"] = None
    return json.dumps(made | {"metadata": None}).encode()


def strange_marks(notebook):
    made = data(notebook)
    for number, one in enumerate(made["cells"]):
        one["metadata"] = {
            "nbgrader": [None, [], "x", {"grade_id": 7}, {"grade_id": ["x"]}][number % 5]
        }
    return json.dumps(made).encode()


def strange_cells(notebook):
    made = data(notebook)
    for number, source in enumerate([None, 7, {"a": 1}, [1, None, "x = 1\n"], ["\ud800 = 1"]]):
        made["cells"].insert(2 * number, {"cell_type": "code", "source": source})
    made["cells"] += [None, 7, {}, {"cell_type": "heading", "source": "Mine"}]
    return json.dumps(made).encode()


def outputs_null(notebook):
    made = data(notebook)
    for one in made["cells"]:
        one |= {"outputs": None, "execution_count": "x", "extra": 1}
    return json.dumps(made).encode()


def widgets(notebook):
    state = {"application/vnd.jupyter.widget-state+json": {"state": {"a": {}}}}
    notebook.metadata["widgets"] = state
    return raw(notebook)


def big_outputs(notebook):
    made = data(notebook)
    made["cells"][1]["outputs"] = [{"output_type": "stream", "name": "x", "text": "x" * 20_000_000}]
    return json.dumps(made).encode()


def trailing(notebook):
    return raw(notebook) + b"\0\0\n<<<<<<< HEAD {}"


# What happens to cells.


def marks_lost(notebook):
    unmarked(notebook)


def marks_lost_but_ids(notebook):
    unmarked(notebook, ids=False)


def marks_lost_and_lines(notebook):
    """A copy of code and text, without the first lines."""
    unmarked(notebook)
    for one in notebook.cells:
        if one.source.startswith(("# exercise:", "<!-- exercise:")):
            one.source = one.source.partition("\n")[2]


def lines_lost(notebook):
    for one in notebook.cells:
        if one.source.startswith(("# exercise:", "<!-- exercise:")):
            one.source = one.source.partition("\n")[2]


def tests_deleted(notebook):
    notebook.cells = [one for one in notebook.cells if not one.id.endswith(("-test", "-check"))]


def set_up_deleted(notebook):
    notebook.cells = [one for one in notebook.cells if one.id not in ("install", "set-up", "title")]


def tasks_deleted(notebook):
    notebook.cells = [one for one in notebook.cells if not one.id.endswith("-task")]


def answer_to_the_end(notebook):
    moved(notebook, "cnn-output-size-answer", None)


def answers_to_the_end_without_tests(notebook):
    for name in ("cnn-output-size-answer", "rnn-clip-everything-answer"):
        moved(notebook, name, None)
    tests_deleted(notebook)


def answer_to_the_front(notebook):
    moved(notebook, "rnn-step-answer", 0)


def reversed_cells(notebook):
    notebook.cells.reverse()


def code_merged(notebook):
    merged(notebook, "cnn-output-size-answer", "rnn-step-answer")


def answer_merged_with_its_test(notebook):
    merged(notebook, *(f"cnn-output-size-{role}" for role in ("answer", "check", "test")))


def words_merged(notebook):
    merged(notebook, "rnn-clip-everything-answer", "cnn-one-event-answer")


def words_merged_into_a_task(notebook):
    merged(notebook, "rnn-clip-everything-task", "rnn-clip-everything-answer")


def split_in_two(notebook):
    """As JupyterLab splits: both cells keep the marks."""
    for name in ("cnn-output-size-answer", "rnn-clip-everything-answer"):
        one = cell(notebook, name)
        lines = one.source.splitlines()
        twin = nbformat.from_dict({**one, "id": f"{name}-twin"})
        one.source, twin.source = lines[0], "\n".join(lines[1:])
        notebook.cells.insert(notebook.cells.index(one) + 1, twin)


def doubled(notebook):
    for one in list(notebook.cells):
        twin = nbformat.from_dict({**one, "id": f"{one.id}-twin"[:64]})
        notebook.cells.insert(notebook.cells.index(one), twin)


def stub_kept_below(notebook, stubs):
    for name in ("cnn-output-size-answer", "rnn-clip-everything-answer"):
        one = cell(notebook, name)
        twin = nbformat.from_dict({**one, "id": f"{name}-twin", "source": stubs[name]})
        notebook.cells.insert(notebook.cells.index(one) + 1, twin)


def answer_below_the_stub(notebook, stubs):
    """In a cell of one's own, below the check and the test of code."""
    for name, place in (("cnn-output-size-answer", 3), ("rnn-clip-everything-answer", 1)):
        one = cell(notebook, name)
        make = (
            nbformat.v4.new_code_cell if one.cell_type == "code" else nbformat.v4.new_markdown_cell
        )
        text = one.source.partition("\n")[2]
        notebook.cells.insert(notebook.cells.index(one) + place, make(text))
        one.source = stubs[name]


def answer_in(role):
    def change(notebook, stubs):
        one, other = (cell(notebook, f"cnn-output-size-{name}") for name in ("answer", role))
        other.source = f"{one.source}\n\n{other.source}"
        one.source = stubs[one.id]

    return change


def answer_after_the_test_line(notebook, stubs):
    one, test = (cell(notebook, f"cnn-output-size-{name}") for name in ("answer", "test"))
    test.source += f"\n{one.source.partition(chr(10))[2]}"
    one.source = stubs[one.id]


def answer_in_place_of_the_test_without_answer(notebook):
    one, test = (cell(notebook, f"cnn-output-size-{name}") for name in ("answer", "test"))
    test.source = one.source
    notebook.cells.remove(one)


def other_types(notebook):
    for name, kind in (
        ("cnn-output-size-answer", "raw"), ("rnn-step-answer", "markdown"),
        ("rnn-clip-everything-answer", "code"), ("cnn-output-size-test", "markdown"),
        ("rnn-step-check", "raw"), ("rnn-clip-everything-task", "code"),
    ):  # fmt: skip
        one = cell(notebook, name)
        one.cell_type = kind
        one.pop("outputs", None), one.pop("execution_count", None)
    return json.dumps(notebook).encode()


def line_in_the_set_up(notebook):
    cell(notebook, "set-up").source += "\nanswers = 'mine'"
    one = cell(notebook, "cnn-output-size-answer")
    one.source = one.source.replace("'mine'", "answers")


def helper_between_answer_and_test(notebook):
    one = cell(notebook, "cnn-output-size-check")
    one.source = f"answers = 'mine'\n{one.source}"
    answer = cell(notebook, "cnn-output-size-answer")
    answer.source = answer.source.replace("'mine'", "answers")


def checks_and_tests_edited(notebook):
    for one in notebook.cells:
        if one.id.endswith("-test"):
            one.source, one.metadata.nbgrader["points"] = "10", 99
        if one.id.endswith("-check"):
            one.source = "print('Right: all cases agree.')"


FILES = [
    mark_of_order, utf_16, utf_16_without_mark, carriage_returns, old_format, no_ids,
    no_ids_no_marks, one_id, strange_ids, kernel_null, no_metadata, metadata_null, strange_marks,
    strange_cells, outputs_null, widgets, big_outputs, trailing,
]  # fmt: skip
CELLS = [
    marks_lost, marks_lost_but_ids, lines_lost, tests_deleted, set_up_deleted,
    tasks_deleted, answer_to_the_end, answers_to_the_end_without_tests, answer_to_the_front,
    code_merged, answer_merged_with_its_test, words_merged, words_merged_into_a_task,
    split_in_two, doubled, other_types, line_in_the_set_up, helper_between_answer_and_test,
    checks_and_tests_edited, answer_in_place_of_the_test_without_answer, marks_lost_and_lines,
    reversed_cells,
]  # fmt: skip
STUBS = {
    "stub_kept_below": stub_kept_below, "answer_below_the_stub": answer_below_the_stub,
    "answer_in_the_test": answer_in("test"), "answer_in_the_check": answer_in("check"),
    "answer_after_the_test_line": answer_after_the_test_line,
}  # fmt: skip
CHANGES = {change.__name__: change for change in FILES + CELLS} | STUBS


def changed(name, notebook, stubs):
    """Return the bytes of a notebook to which a thing happened."""
    made = nbformat.from_dict(notebook)
    change = CHANGES[name]
    found = change(made, stubs) if name in STUBS else change(made)
    return found or raw(made)
