"""Write the cells of a new exercise into a chapter, and say what else it needs."""

import builtins
import json
import keyword
import tempfile
from pathlib import Path

from lectures_lib.exercises.source import KINDS, LONGEST, identifier

__all__ = ["add"]

TASK = """\
### A title with a verb

Say what to write and what it returns, with shapes and units.

<details>
<summary>Hint</summary>

Where to begin.

</details>"""
RUBRIC = """\
<details>
<summary>Rubric</summary>

- 1 point: what an answer must say.
- 1 point: what else.

</details>"""
CHECK = """\
@exercise("{id}", chapter="{chapter}")
def _{name}(rng):
    # Computed another way than the solution does it.
    for value in (1.0, *rng.uniform(2, 5, size=2).tolist()):
        yield Case(value, {{"value": value}}, hint="What a wrong value may come from.")"""
CHECK_TRAINED = """\
@exercise("{id}", chapter="{chapter}")
def _{name}(rng):
    inputs = rng.normal(size=(200, 8))
    labels = (inputs[:, 0] > 0).astype(int)
    yield Trained(
        {{"inputs": inputs[:100], "labels": labels[:100]}},
        inputs[100:],
        labels[100:],
        on="points that it has not seen",
        threshold=0.9,
        baseline=0.5,  # what a network reaches that lacks the idea
        output_shape=(2,),
        bands=((0.6, "What a network lacks that reaches no more."),),
    )"""
TEST = """\
    "{id}": [  # two usual mistakes
        lambda value: 2 * value,
        lambda value: value + 1,
    ],"""
TEST_TRAINED = """\
    "{id}": [  # functions that train without the idea
        trained_on_centred(lecture_network, epochs=40),
        trained_on_centred(wide_network, epochs=40),
    ],"""


def add(name, chapter, *, kind, book):
    """Write the cells of an exercise at the end of a chapter's exercises.

    Returns:
        Lines that say what is still to be written: the check and its test.
    """
    path = book.folder / f"{chapter}.ipynb"
    topic = chapter.partition("/")[0]
    _refuse(name, topic, kind, path, book)
    _insert(path, _cells(name, kind))
    title = f"{path}: wrote the cells of {name}. Fill them in."
    if kind == "explain":
        return [title, "The points of the rubric must add up to those of the answer cell."]
    wrong = "ways to WAYS" if kind == "train" else "answers to WRONG"
    check, test = (CHECK_TRAINED, TEST_TRAINED) if kind == "train" else (CHECK, TEST)
    return [
        title,
        f"\nAdd its check to lectures_lib/exercises/{topic}.py:\n",
        check.format(id=name, name=_function(name), chapter=chapter),
        f"\nand two wrong {wrong} in tests/test_exercises.py:\n",
        test.format(id=name),
    ]


def _refuse(name, topic, kind, path, book):
    """Raise for what cannot be an exercise."""
    if kind not in KINDS:
        raise ValueError(f"--kind {kind}, but it must be one of {', '.join(KINDS)}.")
    if not path.is_file():
        known = [chapter.name for chapter in book.chapters]
        raise ValueError(f"--chapter: there is no {path}. Chapters are {known}.")
    if not identifier(name) or not name.startswith(f"{topic}-"):
        raise ValueError(
            f"{name!r} must begin with the topic, be lower-case and of at most {LONGEST} letters, "
            f"as {topic}-my-idea."
        )
    function = _function(name)
    taken = (
        keyword.iskeyword(function) or hasattr(builtins, function) or function in {"check", "np"}
    )
    if taken or not function.isidentifier():
        raise ValueError(
            f"{name!r} would call the function {function!r}, which Python cannot, or which has a "
            "meaning already. Choose another id."
        )
    if name in book.exercises:
        raise ValueError(
            f"{book.exercises[name].chapter} has an exercise {name!r}. Choose another id."
        )


def _function(name):
    """Return the name of the function that answers an exercise."""
    return name.partition("-")[2].replace("-", "_")


def _cells(name, kind):
    """Return task, answer, and check with solution or rubric, as JSON has them."""
    function = _function(name)
    mark = {"id": name, "role": "answer", "points": 2, "minutes": 15, "kind": kind, "needs": []}
    task = _cell(f"{name}-task", "markdown", TASK, {})
    if kind == "explain":
        stub = f"<!-- exercise: {name} -->\n*Your answer here.*"
        return [
            task,
            _cell(f"{name}-answer", "markdown", stub, {"exercise": mark}),
            _cell(f"{name}-rubric", "markdown", RUBRIC, _role(name, "rubric")),
        ]
    check = f'from lectures_lib.exercises import check\n\ncheck("{name}", {function})'
    arguments = "inputs, labels" if kind == "train" else "value"
    stub = f"# exercise: {name}\ndef {function}({arguments}):\n    return ...  # your answer"
    solution = (
        f"# solution: {name}\ndef {function}_solution({arguments}):\n    return ...\n\n\n"
        f'check("{name}", {function}_solution)'
    )
    hidden = {
        "jupyter": {"source_hidden": True},
        "mystnb": {"code_prompt_show": "Show the solution"},
        "tags": ["hide-cell"],
    }
    return [
        task,
        _cell(f"{name}-answer", "code", stub, {"exercise": mark}),
        _cell(f"{name}-check", "code", check, _role(name, "check")),
        _cell(f"{name}-solution", "code", solution, _role(name, "solution") | hidden),
    ]


def _role(name, role):
    return {"exercise": {"id": name, "role": role}}


def _cell(name, kind, source, metadata):
    cell = {"cell_type": kind, "id": name, "metadata": metadata}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": source.splitlines(keepends=True)}


def _insert(path, new):
    """Put cells before the further reading of a chapter, or at its end."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = notebook["cells"]
    last = [i for i, c in enumerate(cells) if "".join(c["source"]).startswith("## Further reading")]
    at = last[-1] if last else len(cells)
    cells[at:at] = new
    text = json.dumps(notebook, indent=1, ensure_ascii=False)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as folder:
        whole = Path(folder, path.name)  # the chapter stays as it is until all is written
        whole.write_text(text + "\n", encoding="utf-8")
        whole.replace(path)
