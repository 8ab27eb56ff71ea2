"""Read the exercises out of the notebooks of a book.

An exercise is a heading and its task, an answer cell, and a check with a solution or, when the
answer is free text, a rubric. Its metadata sits in the answer cell; CONTRIBUTING.md shows it.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "KINDS",
    "BookNotFound",
    "BrokenExercise",
    "Cell",
    "Exercise",
    "chapters",
    "find_book",
    "read",
    "read_notebook",
    "read_text_cells",
]

KINDS = ("compute", "code", "explain")
ROLES = ("answer", "check", "solution", "rubric")
CHAPTER_ONLY = re.compile(r"<!-- chapter -->.*?<!-- /chapter -->\s*", re.DOTALL)
HINT = re.compile(r"<details>\s*<summary>Hint</summary>\s*(.*?)\s*</details>", re.DOTALL)
HEADING = re.compile(r"^### (.+)$", re.MULTILINE)
PARTS = {"explain": ("rubric",), "compute": ("check", "solution"), "code": ("check", "solution")}


class BookNotFound(ValueError):
    """There is no folder with notebooks."""


class BrokenExercise(ValueError):
    """The cells of an exercise do not fit together."""


@dataclass(frozen=True)
class Cell:
    """A cell of a chapter; `caption` is that of its figure, if it draws one."""

    id: str
    kind: str
    source: str
    caption: str = ""
    figure: str = ""


@dataclass(frozen=True)
class Exercise:
    """An exercise: `chapter` reads "cnn/tuning", `needs` names those that come before.

    `prompt`, `hint` and `rubric` are markdown; `contexts` are cells of the chapter without which
    neither the task nor its solution works, `presets` links to states of its sliders.
    """

    id: str
    chapter: str
    title: str
    kind: str
    points: int
    minutes: int
    needs: tuple
    prompt: str
    answer: str
    hint: str = ""
    check: str = ""
    solution: str = ""
    rubric: str = ""
    contexts: tuple = ()
    presets: tuple = ()

    @property
    def topic(self):
        """The first part of the chapter, as "cnn"."""
        return self.chapter.partition("/")[0]


def find_book(given=None):
    """Return the folder with the notebooks: the one given, else `book` here or in the repository.

    >>> find_book("nowhere")
    Traceback (most recent call last):
    ...
    lectures_lib.exercises.source.BookNotFound: nowhere holds no notebooks. Give the folder book \
of the course's repository, as --book lectures/book.
    """
    here = [Path("book"), Path(__file__).parents[2] / "book"]
    for folder in [Path(given)] if given else here:
        if any(folder.glob("*/*.ipynb")):
            return folder
    if given:
        raise BookNotFound(
            f"{given} holds no notebooks. Give the folder book of the course's repository, "
            "as --book lectures/book."
        )
    raise BookNotFound(
        "The chapters are not installed with the package. Clone the course's repository and run "
        "this in it, or give its folder of chapters, as --book lectures/book."
    )


def read(book):
    """Return `{id: Exercise}` for the notebooks of a folder, in the order of the book."""
    found = {}
    for path in chapters(book):
        name = path.relative_to(book).with_suffix("").as_posix()
        for exercise in read_notebook(path, name):
            if exercise.id in found:
                raise BrokenExercise(
                    f"{name}.ipynb and {found[exercise.id].chapter}.ipynb both have an exercise "
                    f"{exercise.id!r}; rename one."
                )
            early = [need for need in exercise.needs if need not in found]
            if early:
                raise BrokenExercise(
                    f"{name}.ipynb: exercise {exercise.id!r} needs {early[0]!r}, but no exercise "
                    "before it is called so. Correct its needs."
                )
            found[exercise.id] = exercise
    return found


def chapters(book):
    """Return the paths of the notebooks, in the order of `_toc.yml` beside the folder."""
    book = Path(book)
    paths = [p for p in sorted(book.glob("*/*.ipynb")) if ".ipynb_checkpoints" not in p.parts]
    contents = book.resolve().parent / "_toc.yml"
    text = contents.read_text(encoding="utf-8") if contents.is_file() else ""
    listed = re.findall(r"file: \S+?/(\S+)", text)
    place = {name: number for number, name in enumerate(listed)}
    return sorted(
        paths, key=lambda p: place.get(p.relative_to(book).with_suffix("").as_posix(), len(place))
    )


def read_text_cells(path):
    """Yield `(source, figure)` of all cells; `figure` holds the name and the caption, if any."""
    for cell in _cells(path, path):
        yield cell["source"], cell["metadata"].get("mystnb", {}).get("figure", {})


def read_notebook(path, chapter):
    """Return the exercises of one notebook, as a list."""
    cells = _cells(path, chapter)
    roles = _roles(cells)
    answers = [i for i, cell in enumerate(cells) if _mark(cell).get("role") == "answer"]
    for exercise, role in roles:
        if (exercise, "answer") not in roles:
            cell = roles[exercise, role]
            raise BrokenExercise(
                f"{cell['where']}: a {role} of {exercise!r}, which has no answer cell. Add one, or "
                "correct the id."
            )
    return [_exercise(cells, number, roles, chapter) for number in answers]


def _cells(path, chapter):
    try:
        cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError) as error:
        raise BrokenExercise(f"{chapter}.ipynb is not a notebook: {error!r}.") from error
    for number, cell in enumerate(cells):
        cell["source"] = "".join(cell["source"])
        cell["where"] = f"{chapter}.ipynb, cell {number} (id {cell.get('id')})"
    return cells


def _roles(cells):
    found = {}
    for cell in cells:
        mark = _mark(cell)
        if not mark:
            continue
        if not isinstance(mark.get("id"), str) or mark.get("role") not in ROLES:
            raise BrokenExercise(
                f"{cell['where']}: its metadata 'exercise' is {mark!r}. It needs an id, and a role "
                "that is answer, check, solution or rubric."
            )
        key = mark["id"], mark["role"]
        if key in found:
            raise BrokenExercise(
                f"{cell['where']}: exercise {key[0]!r} has two cells of role {key[1]}. Remove one."
            )
        found[key] = cell
    return found


def _mark(cell):
    return cell["metadata"].get("exercise", {})


def _exercise(cells, number, roles, chapter):
    cell = cells[number]
    mark = _checked(_mark(cell), cell)
    first = cell["source"].partition("\n")[0]
    form = "<!-- exercise: {} -->" if mark["kind"] == "explain" else "# exercise: {}"
    if first != form.format(mark["id"]):
        raise BrokenExercise(
            f"{cell['where']}: the first line of its answer is {first!r}. It must be "
            f"{form.format(mark['id'])!r}, which editors that drop metadata leave there."
        )
    parts = {}
    for role in PARTS[mark["kind"]]:
        if (mark["id"], role) not in roles:
            raise BrokenExercise(
                f"{cell['where']}: exercise {mark['id']!r} has no {role} cell. Add a cell with the "
                f'metadata {{"exercise": {{"id": "{mark["id"]}", "role": "{role}"}}}}.'
            )
        parts[role] = roles[mark["id"], role]["source"]
    title, prompt, hint = _task(cells, number)
    mark |= {name: tuple(mark[name]) for name in ("needs", "presets")}
    mark["contexts"] = _contexts(mark, cells, cell)
    del mark["role"]
    return Exercise(
        chapter=chapter, title=title, prompt=prompt, hint=hint, answer=cell["source"],
        **parts, **mark,
    )  # fmt: skip


def _checked(mark, cell):
    """Return the metadata of an answer cell, if it is complete."""
    mark = {"needs": [], "contexts": [], "presets": []} | mark
    wanted = {
        "kind": (lambda value: value in KINDS, "one of " + ", ".join(KINDS)),
        "points": (_counts, "a whole number from 1 on"),
        "minutes": (_counts, "a whole number from 1 on"),
        "needs": (_texts, "a list of ids of exercises"),
        "contexts": (_texts, "a list of ids of cells"),
        "presets": (_texts, "a list of links like cnn/tuning#map?rate=0.1"),
    }
    for name, (fits, what) in wanted.items():
        if name not in mark:
            raise BrokenExercise(
                f"{cell['where']}: exercise {mark['id']!r} has no {name} in the metadata of its "
                f"answer cell. Add {what}."
            )
        if not fits(mark[name]):
            raise BrokenExercise(
                f"{cell['where']}: exercise {mark['id']!r} has {name}={mark[name]!r}, but it must "
                f"be {what}."
            )
    unknown = mark.keys() - wanted.keys() - {"id", "role"}
    if unknown:
        raise BrokenExercise(
            f"{cell['where']}: exercise {mark['id']!r} has {sorted(unknown)} in its metadata, "
            f"which nothing reads. Known are {sorted(wanted)}."
        )
    return mark


def _counts(value):
    return type(value) is int and value >= 1


def _texts(value):
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _task(cells, number):
    """Return title, prompt and hint: the markdown between the last heading and the answer."""
    texts = []
    own = _mark(cells[number]).get("contexts", [])  # a figure may stand before the answer
    for cell in [c for c in reversed(cells[:number]) if c.get("id") not in own]:
        if cell["cell_type"] != "markdown" or _mark(cell):
            break
        texts.insert(0, cell["source"])
        headings = list(HEADING.finditer("\n\n".join(texts)))
        if headings:
            text = "\n\n".join(texts)[headings[-1].end() :].strip()
            hint = HINT.search(text)
            prompt = HINT.sub("", text).strip()
            return headings[-1][1].strip(), prompt, hint[1].strip() if hint else ""
    cell = cells[number]
    raise BrokenExercise(
        f"{cell['where']}: exercise {_mark(cell)['id']!r} has no heading. Write '### Title' and "
        "the task into a markdown cell just before its answer."
    )


def _contexts(mark, cells, answer):
    """Return the cells of the chapter that an exercise needs, in the order of the chapter."""
    known = {cell.get("id") for cell in cells}
    missing = [name for name in mark["contexts"] if name not in known]
    if missing:
        raise BrokenExercise(
            f"{answer['where']}: exercise {mark['id']!r} names the context {missing[0]!r}, but no "
            "cell of the notebook has this id."
        )
    return tuple(_cell(cell) for cell in cells if cell.get("id") in mark["contexts"])


def _cell(cell):
    figure = cell["metadata"].get("mystnb", {}).get("figure", {})
    caption = figure.get("caption", "")
    return Cell(cell["id"], cell["cell_type"], cell["source"], caption, figure.get("name", ""))
