"""Exercises as they stand in the cells of a chapter.

An exercise is a heading and its task, an answer cell, and a check with a solution or, when the
answer is free text, a rubric. Its metadata sits in the answer cell; book/README.md shows it.
"""

import re
from dataclasses import dataclass

__all__ = [
    "CHAPTER_ONLY",
    "KINDS",
    "BrokenExercise",
    "Exercise",
    "exercises_of",
    "identifier",
    "in_order",
]

KINDS = ("compute", "code", "train", "explain")
LONGEST = 40  # letters of an id: nbformat allows 64 for a cell, whose id begins with it
ROLES = ("answer", "check", "solution", "rubric")
# Text that makes sense between the other cells of its chapter only.
CHAPTER_ONLY = re.compile(r"<!-- chapter -->.*?<!-- /chapter -->\s*", re.DOTALL)
HINT = re.compile(r"<details>\s*<summary>Hint</summary>\s*(.*?)\s*</details>", re.DOTALL)
HEADING = re.compile(r"^### (.+)$", re.MULTILINE)
PARTS = dict.fromkeys(KINDS, ("check", "solution")) | {"explain": ("rubric",)}


class BrokenExercise(ValueError):
    """The cells of an exercise do not fit together."""


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


def in_order(chapters):
    """Return `{id: Exercise}` for pairs of a chapter's name and its exercises.

    Raises:
        BrokenExercise: If two have one id, or one builds on what does not come before it.
    """
    found = {}
    for name, exercises in chapters:
        for exercise in exercises:
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


def exercises_of(chapter):
    """Return the exercises of a `Chapter`, as a list."""
    cells = chapter.cells
    roles = _roles(cells)
    answers = [i for i, cell in enumerate(cells) if cell.exercise.get("role") == "answer"]
    for exercise, role in roles:
        if (exercise, "answer") not in roles:
            raise BrokenExercise(
                f"{roles[exercise, role].where}: a {role} of {exercise!r}, which has no answer "
                "cell. Add one, or correct the id."
            )
    return [_exercise(cells, number, roles, chapter.name) for number in answers]


def identifier(text):
    """Return whether a text can be the id of an exercise: lower-case words joined by hyphens.

    >>> identifier("cnn-output-size"), identifier("cnn output"), identifier("cnn-" + 40 * "x")
    (True, False, False)
    """
    return len(text) <= LONGEST and bool(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", text))


def _roles(cells):
    found = {}
    for cell in cells:
        mark = cell.exercise
        if not mark:
            continue
        if not isinstance(mark.get("id"), str) or mark.get("role") not in ROLES:
            raise BrokenExercise(
                f"{cell.where}: its metadata 'exercise' is {mark!r}. It needs an id, and a role "
                "that is answer, check, solution or rubric."
            )
        if not identifier(mark["id"]):
            raise BrokenExercise(
                f"{cell.where}: the id {mark['id']!r} must be lower-case words joined by "
                f"hyphens, as cnn-output-size, of at most {LONGEST} letters."
            )
        key = mark["id"], mark["role"]
        if key in found:
            raise BrokenExercise(
                f"{cell.where}: exercise {key[0]!r} has two cells of role {key[1]}. Remove one."
            )
        found[key] = cell
    return found


def _exercise(cells, number, roles, chapter):
    cell = cells[number]
    mark = _checked(cell.exercise, cell)
    first = cell.source.partition("\n")[0]
    form = "<!-- exercise: {} -->" if mark["kind"] == "explain" else "# exercise: {}"
    if first != form.format(mark["id"]):
        raise BrokenExercise(
            f"{cell.where}: the first line of its answer is {first!r}. It must be "
            f"{form.format(mark['id'])!r}, which editors that drop metadata leave there."
        )
    parts = _parts(mark, cell, roles)
    title, prompt, hint = _task(cells, number)
    mark |= {name: tuple(mark[name]) for name in ("needs", "presets")}
    mark["contexts"] = _contexts(mark, cells, cell)
    del mark["role"]
    return Exercise(
        chapter=chapter, title=title, prompt=prompt, hint=hint, answer=cell.source,
        **parts, **mark,
    )  # fmt: skip


def _parts(mark, cell, roles):
    """Return `{role: source}` of the cells that go with an answer."""
    parts = {}
    for role in PARTS[mark["kind"]]:
        if (mark["id"], role) not in roles:
            raise BrokenExercise(
                f"{cell.where}: exercise {mark['id']!r} has no {role} cell. Add a cell with the "
                f'metadata {{"exercise": {{"id": "{mark["id"]}", "role": "{role}"}}}}.'
            )
        parts[role] = roles[mark["id"], role].source
    wanted = "markdown" if mark["kind"] == "explain" else "code"
    for part in (cell, *(roles[mark["id"], role] for role in parts)):
        if part.kind != wanted:
            raise BrokenExercise(
                f"{part.where}: a cell of the exercise {mark['id']!r}, which is of the kind "
                f"{mark['kind']}, must be a {wanted} cell."
            )
    return parts


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
                f"{cell.where}: exercise {mark['id']!r} has no {name} in the metadata of its "
                f"answer cell. Add {what}."
            )
        if not fits(mark[name]):
            raise BrokenExercise(
                f"{cell.where}: exercise {mark['id']!r} has {name}={mark[name]!r}, but it must "
                f"be {what}."
            )
    unknown = mark.keys() - wanted.keys() - {"id", "role"}
    if unknown:
        raise BrokenExercise(
            f"{cell.where}: exercise {mark['id']!r} has {sorted(unknown)} in its metadata, "
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
    own = cells[number].exercise.get("contexts", [])  # a figure may stand before the answer
    for cell in [c for c in reversed(cells[:number]) if c.id not in own]:
        if cell.kind != "markdown" or cell.exercise:
            break
        texts.insert(0, cell.source)
        headings = list(HEADING.finditer("\n\n".join(texts)))
        if headings:
            text = "\n\n".join(texts)[headings[-1].end() :].strip()
            return headings[-1][1].strip(), *_parted(text, cells[number])
    cell = cells[number]
    raise BrokenExercise(
        f"{cell.where}: exercise {cell.exercise['id']!r} has no heading. Write '### Title' and "
        "the task into a markdown cell just before its answer."
    )


def _parted(text, answer):
    """Return the prompt and the hint of a task, if students get just these two."""
    prompt, hints = HINT.sub("", text).strip(), HINT.findall(text)
    faults = {
        "has no text. Say what to write and what it returns": not prompt,
        "has two hints. Join them": len(hints) > 1,
        "has folded text that is no hint. Move it out, or call it Hint": "<details" in prompt,
        "has a part for the chapter that is not closed with <!-- /chapter -->": (
            "<!-- chapter" in CHAPTER_ONLY.sub("", text)
        ),
    }
    for fault, found in faults.items():
        if found:
            raise BrokenExercise(f"{answer.where}: the task of {answer.exercise['id']!r} {fault}.")
    return prompt, hints[0].strip() if hints else ""


def _contexts(mark, cells, answer):
    """Return the cells of the chapter that an exercise needs, in the order of the chapter."""
    known = {cell.id for cell in cells}
    missing = [name for name in mark["contexts"] if name not in known]
    if missing:
        raise BrokenExercise(
            f"{answer.where}: exercise {mark['id']!r} names the context {missing[0]!r}, but no "
            "cell of the notebook has this id."
        )
    named = [cell for cell in cells if cell.id in mark["contexts"]]
    for number, cell in enumerate(named):
        if cell.exercise:
            raise BrokenExercise(
                f"{answer.where}: exercise {mark['id']!r} names the context {cell.id!r}, a cell "
                f"of the exercise {cell.exercise['id']!r}, which students would get. Use needs."
            )
        if cell.id in [other.id for other in named[:number]]:
            raise BrokenExercise(
                f"{cell.where}: another cell has the id {cell.id!r} too. Change one."
            )
    return tuple(named)
