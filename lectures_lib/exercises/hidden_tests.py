"""Hidden tests of an assignment: inputs drawn from its seed, values from the reference solution."""

import ast
import contextlib
import hashlib
import io
import math
import re

import numpy as np

from lectures_lib.exercises import cases, check
from lectures_lib.exercises.compare import problem

__all__ = ["SET_UP", "Disagreement", "answer_name", "hidden_tests", "reference", "seed_of"]

SET_UP = "import numpy as np\n\nfrom lectures_lib.exercises import check"
LONGEST = 60  # numbers that are written out; longer inputs are drawn again


class Disagreement(ValueError):
    """The check and the reference solution of an exercise are not of one mind."""


def seed_of(seed, exercise):
    """Return the seed of one exercise's hidden tests: another one for each exercise.

    >>> seed_of(7, "cnn-output-size"), seed_of(7, "lstm-hold"), seed_of(8, "lstm-hold")
    (2794091702, 1165174281, 188245799)
    """
    return int.from_bytes(hashlib.sha256(f"{seed}/{exercise}".encode()).digest()[:4], "big")


def answer_name(exercise, role="check"):
    """Return the name that an exercise's check looks at, as `output_size`; or its solution's."""
    return _checked_name(getattr(exercise, role), exercise, role)


def reference(exercise):
    """Run the cells that an exercise needs and its solution; return what the solution defines."""
    space = {"check": check, "np": np}
    code = [cell.source for cell in exercise.contexts if cell.kind == "code"]
    for source in [*code, exercise.solution]:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(source, space)
        except Exception as error:
            raise Disagreement(
                f"The solution of {exercise.id!r} in {exercise.chapter}.ipynb does not run with "
                f"its contexts alone: {type(error).__name__}: {error}. Add the cells that it "
                "needs to contexts, or let it import what it uses."
            ) from error
    return space[answer_name(exercise, "solution")]


def hidden_tests(exercise, seed):
    """Return the code of the hidden tests of an exercise; its last line is the number of points.

    Raises `Disagreement` when the reference solution does not pass the check with these inputs.
    """
    own = seed_of(seed, exercise.id)
    solution, lines, again = reference(exercise), [], False
    for number, case in enumerate(cases(exercise.id, own)):
        value, wrong = _tried(case, solution)
        if wrong:
            raise Disagreement(
                f"The check and the solution of {exercise.id!r} disagree for seed {seed}, case "
                f"{number}: {wrong} Correct one of them, or take another seed."
            )
        given, drawn = _given(case, number)
        again |= drawn
        expected = _literal(_plain(value))
        finite = ", finite=True" if case.finite else ""
        lines.append(f"    Case({expected}, {given}, {case.tolerance!r}, {case.hint!r}{finite}),")
    head = ["import importlib", "", "import numpy as np", ""]
    head.append(f"from lectures_lib.exercises import {'cases, ' if again else ''}compare")
    head.append("from lectures_lib.exercises.compare import Case")
    if again:
        head += ["", f"drawn = cases({exercise.id!r}, seed={own})"]
    whole = exercise.kind == "compute" or exercise.points == 1
    score = f"compare.share({answer_name(exercise)}, hidden{', whole=True' if whole else ''})"
    tail = ["]", "importlib.reload(compare)", f"round({exercise.points} * {score}, 2)"]
    return "\n".join([*head, "", "hidden = [", *lines, *tail])


def _checked_name(source, exercise, role):
    """Return the second argument of the last `check("id", name)` in a cell."""
    found = [
        node.args[1].id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "check"
        and len(node.args) == 2
        and getattr(node.args[0], "value", None) == exercise.id
        and isinstance(node.args[1], ast.Name)
    ]
    if not found:
        raise Disagreement(
            f"The {role} cell of {exercise.id!r} in {exercise.chapter}.ipynb does not call "
            f'check("{exercise.id}", ...) with the name of the answer.'
        )
    return found[-1]


def _tried(case, solution):
    """Return the value of a solution, which runs once, and what the check has against it."""
    values = [solution] if case.given is None else []

    def kept(**given):
        values.append(solution(**given))
        return values[-1]

    wrong = problem(case, solution if case.given is None else kept)
    return values[-1] if values else None, wrong


def _plain(value):
    """Return a solution's value as Python numbers in lists, or as the word that it is."""
    return value.lower() if isinstance(value, str) else np.asarray(value).tolist()


def _given(case, number):
    """Return code for the inputs of a case, and whether they are drawn again."""
    if case.given is None:
        return "None", False
    literals = {key: _literal(value) for key, value in case.given.items()}
    if None in literals.values():
        return f"drawn[{number}].given", True
    return "{" + ", ".join(f"{key!r}: {text}" for key, text in literals.items()) + "}", False


def _literal(value):
    """Return code for a number, a text, or a short list or array of numbers; None for the rest."""
    if isinstance(value, np.ndarray):
        inner = _literal(value.tolist()) if value.size <= LONGEST else None
        return inner and f"np.array({inner})"
    if isinstance(value, (list, tuple)):
        parts = [_literal(item) for item in value]
        if None in parts:
            return None
        return f"[{', '.join(parts)}]"
    if isinstance(value, (float, np.floating)):
        number = repr(float(value))
        return number if math.isfinite(value) else re.sub("(nan|inf)", r"np.\1", number)
    if isinstance(value, (int, np.integer)):
        return repr(value.item() if isinstance(value, np.generic) else value)
    return repr(value) if isinstance(value, str) else None
