"""Assignments: what students get runs alone and holds no solution; errors say what to do."""

import itertools
import json
import re
import shlex
import shutil
import sys
import warnings
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from lectures_lib import book as model
from lectures_lib import exercises
from lectures_lib.assignments import __main__ as command
from lectures_lib.assignments import assignment, marking
from lectures_lib.assignments.assemble import Assignment, notebook
from lectures_lib.assignments.assignment import assign, build
from lectures_lib.assignments.choose import ChoiceError, choose, draw
from lectures_lib.assignments.folder import OutputExists
from lectures_lib.assignments.hidden_tests import (
    Disagreement,
    answer_name,
    hidden_tests,
    reference,
    seed_of,
)
from lectures_lib.assignments.listing import as_json, as_table
from lectures_lib.assignments.marking import fingerprint
from lectures_lib.assignments.presets import read_preset
from lectures_lib.assignments.quoting import Quoting
from lectures_lib.assignments.skeleton import add
from lectures_lib.book import BookNotFound, BrokenChapter, find_book, read_book
from lectures_lib.exercises import Case, Trained, cases, compare, source
from lectures_lib.exercises.source import BrokenExercise

ROOT = Path(__file__).parents[1]
BOOK = read_book()
EXERCISES = BOOK.exercises
PROSE = Quoting(BOOK, "https://example.org/course")
INSTALL = "import importlib.util"
SOME = ["cnn-output-size", "cnn-choose-cell", "lstm-forget-bias", "cnn-read-curves"]


def made(name, view, seed=7):
    assignment = Assignment("Week 5", (EXERCISES[name],), seed, date(2026, 12, 1))
    return notebook(assignment, PROSE, install=INSTALL, view=view)


def executed(notebooks, folder):
    """Run notebooks one after the other in one kernel that forgets everything in between."""
    reset = nbformat.v4.new_code_cell("%reset -f\nimport matplotlib.pyplot\n")
    cells = []
    for number, one in enumerate(notebooks):
        for cell in [*one.cells, reset]:
            cells.append(nbformat.from_dict({**cell, "id": f"{number}-{cell.id}"[:64]}))
    whole = nbformat.v4.new_notebook(cells=cells, metadata=notebooks[0].metadata)
    client = NotebookClient(whole, timeout=120, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return {cell.id.partition("-")[2]: cell.get("outputs", []) for cell in whole.cells}


def shown(outputs):
    return "".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in outputs
    )


@pytest.mark.slow
def test_each_student_notebook_runs_alone_and_waits_for_an_answer(tmp_path):
    outputs = executed([made(name, "student") for name in EXERCISES], tmp_path)
    for name, exercise in EXERCISES.items():
        if exercise.kind != "explain":
            assert "nothing is filled in yet" in shown(outputs[f"{name}-check"]), name
        for cell in exercise.contexts:
            found = outputs[f"{name}-{cell.id}"[:62]]
            drawn = [output for output in found if "image/png" in output.get("data", {})]
            assert not cell.caption or drawn, f"{name}: {cell.id} draws nothing"
    assert not list(tmp_path.iterdir())


CODED = [name for name, exercise in EXERCISES.items() if exercise.kind != "explain"]
TRAINED = [name for name in CODED if EXERCISES[name].kind == "train"]
COMPARED = [name for name in CODED if name not in TRAINED]


def marked_in_instructors(name):
    """Return the points that the solution earns in its notebook."""
    code = [cell for cell in made(name, "instructor").cells if cell.cell_type == "code"]
    space = {}
    for cell in code[:-1]:
        exec(cell.source, space)
    before = dict(space)
    points = eval(code[-1].source, space)
    assert space == before  # students may call theirs as they like
    return points


@pytest.fixture
def drawn_once(monkeypatch):
    """Let what writes hidden tests, and what runs them, share the inputs that are drawn."""
    kept = cache(cases)
    for module in ("hidden_tests", "marking"):
        monkeypatch.setattr(f"lectures_lib.assignments.{module}.cases", kept)


@pytest.mark.parametrize("name", COMPARED)
def test_each_instructor_notebook_gives_all_points(name, drawn_once):
    assert marked_in_instructors(name) == EXERCISES[name].points


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINED)
def test_each_instructor_notebook_of_a_network_runs(name, monkeypatch, drawn_once):
    """One batch is enough here; `test_exercises` trains each solution to its end."""
    import keras

    fit = keras.Model.fit

    def for_one_batch(*given, **options):
        return fit(*given, **options | {"epochs": 1, "steps_per_epoch": 1, "validation_data": None})

    monkeypatch.setattr(keras.Model, "fit", for_one_batch)
    monkeypatch.setattr("lectures_lib.assignments.hidden_tests._tried", lambda *_: (None, ""))
    assert 0 <= marked_in_instructors(name) <= EXERCISES[name].points


def marked_by(name, answer, seed=7):
    """Return the points of an answer, with the names and the `round` of a student around it."""
    theirs = dict.fromkeys(("hidden", "drawn", "cases", "compare", "Case", "np"), 0)
    space = theirs | {"round": int, answer_name(EXERCISES[name]): answer}
    return eval(hidden_tests(EXERCISES[name], seed), space)


@pytest.mark.parametrize("name", COMPARED)
def test_what_the_check_shows_earns_nothing(name):
    shown = {fingerprint(case.given): case.expected for case in cases(name)}
    for seed in (7, 8):
        assert marked_by(name, lambda **given: shown.get(fingerprint(given), 0), seed) == 0


def test_a_case_that_does_not_count_costs_when_it_is_wrong():
    drawn = [Case(n, {"n": n}) for n in (1, 2, 3)] + [Case(0, {"n": 0}, counts=False)]
    assert compare.share(lambda n: n, drawn) == 1
    assert compare.share(lambda n: n or 5, drawn) == 0
    assert compare.share(lambda n: min(n, 2), drawn) == 2 / 3
    assert compare.share(lambda n: 0, drawn) == 0
    assert compare.share(lambda n: min(n, 2), drawn, whole=True) == 0


def test_a_wrong_idea_that_meets_trivial_cases_earns_nothing():
    def learnt(train, images, labels, blocks):
        return np.ones(blocks)

    assert marked_by("cnn-next-writers", learnt) == 0
    assert marked_by("cnn-best-of-many", lambda accuracies, images: max(accuracies)) == 0


def test_exercises_of_kind_compute_and_of_one_point_are_marked_as_a_whole():
    for name in COMPARED:
        whole = "whole=True" in hidden_tests(EXERCISES[name], 7)
        assert whole == (EXERCISES[name].kind == "compute" or EXERCISES[name].points == 1)


@pytest.mark.parametrize("name", COMPARED)
def test_hidden_inputs_are_what_the_check_draws(name):
    """Types too: a tuple is no list, an array keeps its dtype."""
    found, text = [], hidden_tests(EXERCISES[name], 7)
    call = text.replace('__import__("lectures_lib.assignments.marking", fromlist=["marks"])', "own")
    own = type("Own", (), {"marks": staticmethod(
        lambda *args, tests, **options: found.extend(tests(np, Case, marking.draw)))})  # fmt: skip
    eval(call, {"own": own, answer_name(EXERCISES[name]): None})
    drawn = cases(name, seed_of(7, name))
    for case, other in zip(drawn, found, strict=False):
        for key, value in case.given.items():
            twin = other.given[key]
            assert type(twin) is type(value)
            if isinstance(value, np.ndarray):
                assert (twin.dtype, twin.shape) == (value.dtype, value.shape)
            if not callable(value):
                np.testing.assert_array_equal(twin, value)
    assert sum(case.counts for case in found) >= 4
    assert max(map(len, text.splitlines())) < 4000  # longer inputs are drawn again


TINY = """
def tiny{0}(inputs):
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, use_bias=False)])
    model.set_weights([{1} * np.eye(3)])
    return model


check("cnn-tiny", tiny{0})"""


def tiny_exercise(monkeypatch, *, weight=1):
    """Return an exercise of the kind train, whose network needs no training."""

    def make(rng):
        hidden = rng.normal(size=(20, 3))
        yield Trained({"inputs": np.ones(3)}, hidden, hidden.argmax(axis=1), on="points",
                      threshold=0.9, baseline=0.5, output_shape=(3,))  # fmt: skip

    monkeypatch.setitem(exercises._checks, "cnn-tiny", make)
    return replace(
        EXERCISES[TRAINED[0]], id="cnn-tiny", points=3, check='check("cnn-tiny", tiny)',
        answer="def tiny(inputs):\n    return ...", solution=TINY.format("_solution", weight),
        contexts=(),
    )  # fmt: skip


def test_a_network_is_measured_again_in_hidden_tests(monkeypatch, capsys):
    exercise = tiny_exercise(monkeypatch)
    text = hidden_tests(exercise, 7)
    assert text.count("draw('cnn-tiny', ") == 1 and "whole=False" in text
    assert eval(text, {"tiny": reference(exercise)}) == 3
    assert capsys.readouterr().out == ""
    import keras

    def eight_of_ten(inputs):
        """Answer as a table of what is asked: for two of ten points with another class."""
        hidden = cases("cnn-tiny", seed_of(7, "cnn-tiny"))[0].inputs
        turned = np.where(np.arange(20) < 4, 1, 0)

        class Table(keras.Model):
            def call(self, batch):
                return keras.ops.convert_to_tensor(
                    np.stack([np.roll(row, k) for row, k in zip(hidden, turned, strict=True)])
                )

        return Table()

    marks = eval(text, {"tiny": eight_of_ten})
    assert marks == round(3 * (0.8 - 0.5) / (0.9 - 0.5), 2)
    said = capsys.readouterr().out
    assert said.startswith("Not yet: accuracy 0.800 on 20 points; at least 0.90 is needed.")
    assert eval(text, {"tiny": ...}) == 0
    assert "nothing is filled in yet" in capsys.readouterr().out


def test_a_solution_whose_network_fails_stops_the_assignment(monkeypatch):
    exercise = tiny_exercise(monkeypatch, weight=-1)
    with pytest.raises(Disagreement, match=r"'cnn-tiny' disagree for its seed \d+.*at least 0\.90"):
        hidden_tests(exercise, 7)


@pytest.mark.slow
def test_a_cell_may_take_longer_where_networks_are_trained():
    def settings(name):
        return build([name], name="w", seed=7)["nbgrader/nbgrader_config.py"]

    assert "c.Execute.timeout = 30 " in settings("rnn-clip-everything")
    assert "c.Execute.timeout = 180 " in settings("cnn-through-noise")


def test_inputs_that_have_changed_since_are_refused():
    wanted = fingerprint(cases("cnn-track-angle", 3)[1].drawn)
    assert fingerprint(marking.draw("cnn-track-angle", 3, 1, wanted).drawn) == wanted
    with pytest.raises(
        ValueError, match="draws other inputs than when this assignment was written"
    ):
        marking.draw("cnn-track-angle", 3, 1, "0" * 16)


def lines_of(text):
    """Return what would give an answer away if it stood elsewhere."""
    lines = {re.sub(r"\s+", " ", line).strip() for line in text.splitlines()}
    return {line for line in lines if len(line) > 14 and not line.startswith(("import", "from "))}


@pytest.mark.parametrize("name", EXERCISES)
def test_students_get_no_solution_text(name):
    exercise, student = EXERCISES[name], made(name, "student")
    whole = json.dumps(student, ensure_ascii=False)  # sources, metadata and attachments
    assert not any("attachments" in cell or cell.get("outputs") for cell in student.cells)
    for mark in ("SOLUTION", "HIDDEN TESTS", "Rubric", "_solution", "# solution", "Case("):
        assert mark not in whole
    known = {line for cell in exercise.contexts for line in lines_of(cell.source)}
    known |= lines_of(exercise.prompt) | lines_of(exercise.hint)
    flat = re.sub(r"\s+", " ", "\n".join(cell.source for cell in student.cells))
    check_of_it = f'check("{name}", '
    for line in lines_of(exercise.solution) | lines_of(exercise.rubric) - known:
        assert line in known or check_of_it in line or line not in flat, line
    allowed = {"nbgrader", "deletable", "editable"}
    assert all(cell.metadata.keys() <= allowed for cell in student.cells)


def test_only_answers_can_be_edited_and_ids_are_stable():
    student, source_of = made("cnn-track-angle", "student"), made("cnn-track-angle", "nbgrader")
    assert [cell.id for cell in student.cells] == [cell.id for cell in source_of.cells]
    code = [cell for cell in student.cells if cell.cell_type == "code"]
    free = [cell.id for cell in code if not cell.metadata.nbgrader.locked]
    assert free == ["cnn-track-angle-answer"]
    assert free == [cell.id for cell in code if cell.metadata.get("editable", True)]
    assert not any(cell.metadata.deletable for cell in code)
    assert student == made("cnn-track-angle", "student")


def test_the_seed_fixes_the_hidden_tests_and_nothing_else():
    one, again, other = (build(SOME, name="week5", seed=seed) for seed in (7, 7, 8))
    assert one == again
    student, graded = "student/week5.ipynb", "nbgrader/source/week5/week5.ipynb"
    assert one[student] == other[student]
    assert one[graded] != other[graded]
    for name in ("cnn-output-size", "lstm-forget-bias"):
        inputs = [hidden_tests(EXERCISES[name], seed) for seed in (7, 8)]
        assert inputs[0] != inputs[1]


def test_a_folder_with_everything(tmp_path, capsys):
    folder = tmp_path / "week5"
    arguments = ["assign", *SOME[:2], "lstm-solved", "--with-needs", "-o", str(folder), "--seed",
                 "7", "--title", "Week 5", "--due", "2026-12-01",
                 "--link", "cnn/why_convolutions#matched-filter?angle=60"]  # fmt: skip
    assert command.main(arguments) == 0
    said = capsys.readouterr()
    assert re.findall(r"(\S+) +\d+ +\d+ +(?:compute|code|explain)", said.out) == [
        "cnn-output-size", "cnn-choose-cell", "lstm-forget-bias", "lstm-solved",
    ]  # fmt: skip
    assert "7 points, 50 minutes" in said.out and "--seed 7 writes it again" in said.out
    assert "warning: the course has no address yet (OWNER in repository.url" in said.err
    assert (folder / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()) == [
        ".gitignore",
        "instructor/week5.ipynb",
        "nbgrader/assignment.json",
        "nbgrader/nbgrader_config.py",
        "nbgrader/source/week5/week5.ipynb",
        "student/week5.ipynb",
    ]
    head = nbformat.read(folder / "student" / "week5.ipynb", as_version=4).cells[0].source
    assert head.startswith("# Week 5\n\nDue: 1 December 2026. 7 points, about 50 minutes.")
    assert "/book/cnn/why_convolutions.html#matched-filter?angle=60)" in head
    assert list(tmp_path.iterdir()) == [folder]
    assert command.main(arguments) == 1
    assert "is there already, and nothing is overwritten" in capsys.readouterr().err


def test_contexts_come_once_and_again_after_another_chapter():
    first, figure = EXERCISES["cnn-track-angle"], EXERCISES["cnn-read-curves"]
    twins = [
        replace(figure, id=name, chapter=first.chapter, contexts=first.contexts)
        for name in ("cnn-second", "cnn-third")
    ]
    chosen = (first, twins[0], figure, twins[1])
    cells = notebook(Assignment("Week 5", chosen, 7), PROSE, install=INSTALL, view="student").cells
    shown = [cell.id for cell in cells if cell.id.endswith(first.contexts[0].id)]
    assert shown == [f"{name}-{first.contexts[0].id}" for name in ("cnn-track-angle", "cnn-third")]
    curves = next(cell for cell in cells if cell.id.endswith("-figure"))
    assert curves.source.startswith(f"# {figure.contexts[0].caption}\n")


def test_a_notebook_that_jupyter_cannot_open_is_not_written(tmp_path, monkeypatch):
    def spoiled(*arguments, **options):
        made = notebook(*arguments, **options)
        made.cells[0].id = "no id"
        return made

    monkeypatch.setattr(assignment, "notebook", spoiled)
    with pytest.raises(nbformat.ValidationError):
        assign(["rnn-clip-everything"], output=tmp_path / "week5", seed=7)
    assert not list(tmp_path.iterdir())


def test_a_figure_of_named_parts_is_linked_by_its_name():
    task = next(c for c in made("autoencoders-same-error", "student").cells if "-task" in c.id)
    assert "On the site: [turned code](https://" in task.source
    assert "(turn_deg=30, shear=0.5)" in task.source


def test_text_of_the_book_becomes_plain_markdown():
    for exercise in EXERCISES.values():
        text = PROSE.plain(f"{exercise.prompt}\n\n{exercise.hint}", exercise.chapter)
        assert not re.search(r"\{[a-z:]+\}`|:::|```\{|<!--", text), exercise.id
    prose = PROSE.plain(
        "See {cite:p}`gers2001`, {cite:t}`elman1990`, {cite:t}`dumoulin2016`, "
        "{doc}`that <gates>`, [this](../cnn/digits), "
        "{numref}`fig-five-runs`.\n\n:::{admonition} Mind\n:class: tip\nthe gap\n:::",
        "lstm/comparison",
    )
    page = "https://example.org/course/book"
    assert prose == (
        "See ([Gers and others, 2001](https://doi.org/10.1007/3-540-44668-0_93)), "
        "[Elman (1990)](https://doi.org/10.1207/s15516709cog1402_1), "
        "[Dumoulin and Visin (2016)](https://arxiv.org/abs/1603.07285), "
        f"[that]({page}/lstm/gates.html), [this]({page}/cnn/digits.html), "
        f'[the figure "Validation errors of five GRUs with '
        f'different seeds"]({page}/lstm/comparison.html#fig-five-runs).\n\n'
        "> **Mind**\n>\n> the gap"
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{eq}`eq-none`", "refers to the equation 'eq-none', which the book does not have"),
        ("{kbd}`x`", "the role {kbd}`x`, which a notebook alone cannot show"),
        ("```{figure} x.png\n```", "the directive {figure}"),
        ("![](x.png)", "shows the file x.png"),
        ("![](attachment:x.png)", "shows the file attachment:x.png"),
    ],
)
def test_text_that_cannot_stand_alone_is_refused(text, error):
    with pytest.raises(BrokenChapter, match=re.escape(error)):
        PROSE.plain(text, "cnn/tuning")


@pytest.mark.parametrize(
    ("ids", "error"),
    [
        (["cnn-outputsize"], "No exercise is called 'cnn-outputsize'. Did you mean cnn-output-"),
        (["rnn-step", "rnn-step"], "'rnn-step' is given twice"),
        (["lstm-gru-step"], "'lstm-gru-step' builds on 'rnn-step', which is not chosen. Give "
         "rnn-step before it, or add what is missing with --with-needs"),
        (["lstm-gru-step", "rnn-step"], "builds on 'rnn-step', which comes after it"),
    ],
)  # fmt: skip
def test_choices_that_do_not_work(ids, error):
    with pytest.raises(ChoiceError, match=re.escape(error)):
        choose(EXERCISES, ids)


def test_needs_come_first():
    chosen = choose(EXERCISES, ["lstm-gru-step", "cnn-toeplitz"], with_needs=True)
    assert [exercise.id for exercise in chosen] == ["rnn-step", "lstm-gru-step", "cnn-toeplitz"]


@pytest.mark.slow
def test_a_draw_is_balanced_and_can_be_handed_out():
    places = ["chapter:cnn", "lstm/gates"]
    pool = [e for e in EXERCISES.values() if e.topic == "cnn" or e.chapter == "lstm/gates"]
    for seed in range(8):
        ids = draw(EXERCISES, places, count=6, seed=seed)
        assert ids == draw(EXERCISES, places, count=6, seed=seed)
        taken = choose(EXERCISES, ids)
        assert {exercise.kind for exercise in taken} >= set(source.KINDS) - {"train"}
        topics = [exercise.topic for exercise in taken]
        assert min(topics.count("cnn"), topics.count("lstm")) >= 2
        chapters = [exercise.chapter for exercise in taken]
        assert max(map(chapters.count, chapters)) <= 3
        for what in ("points", "minutes"):
            mean = sum(getattr(e, what) for e in pool) / len(pool)
            assert abs(sum(getattr(e, what) for e in taken) / 6 / mean - 1) < 0.25
    assert len({tuple(draw(EXERCISES, places, count=6, seed=s)) for s in range(8)}) >= 6


def test_what_is_given_is_not_drawn_again():
    first = draw(EXERCISES, ["cnn"], count=3, seed=7)
    again = draw(EXERCISES, ["cnn"], count=3, seed=7, taken=first)
    assert len(again) == 3 and not set(first) & set(again)


@pytest.mark.slow
def test_a_draw_takes_what_it_builds_on_from_elsewhere_only_if_told(tmp_path, capsys):
    everything = [name for name, e in EXERCISES.items() if e.chapter == "lstm/gates"]
    drawing = ["assign", "--from", "lstm/gates", "--count", str(len(everything)), "--seed", "1",
               "-o", str(tmp_path / "week5")]  # fmt: skip
    assert command.main(drawing) == 1
    said = capsys.readouterr().err
    assert "lstm-gru-step builds on rnn-step" in said and "Add it with --with-needs" in said
    assert command.main([*drawing, "--with-needs"]) == 0
    assert all(f" {name} " in capsys.readouterr().out for name in ["rnn-step"])


@pytest.mark.parametrize(
    ("place", "count", "error"),
    [
        ("chapter:cmm", 4, "--from chapter:cmm: there is none. Chapters are ['autoencoders"),
        ("c", 4, "--from c: there is none"),
        ("chapter:cnn", 400, "hold 25 exercises. Give a number from 1 to 25"),
    ],
)
def test_draws_that_do_not_work(place, count, error):
    with pytest.raises(ChoiceError, match=re.escape(error)):
        draw(EXERCISES, [place], count=count, seed=1)


@pytest.mark.parametrize(
    ("link", "error"),
    [
        ("cnn/tuning", "it must read chapter#figure?slider=value"),
        ("cnn/why_convolutions#filter", "has no interactive figure 'filter'. It has ['"),
        ("cnn/why_convolutions#matched-filter?turn=1", "there is no slider 'turn'"),
        ("cnn/why_convolutions#matched-filter?angle=61", "has no value 61. It has 0, 15, 30"),
        ("cnn/why_convolutions#matched-filter?angle=60&angle=30", "slider angle is given twice"),
        ("https://example.org/book/cnn/none.html#map", "it must read chapter#figure"),
    ],
)
def test_links_to_sliders_are_checked(link, error):
    with pytest.raises(ValueError, match=re.escape(error)):
        read_preset(BOOK, link)


def test_a_copied_address_is_a_link_too():
    address = "https://example.org/course/book/cnn/why_convolutions.html#matched-filter?angle=60"
    preset = read_preset(BOOK, address)
    assert preset == read_preset(BOOK, "cnn/why_convolutions#matched-filter?angle=60")
    assert (preset.chapter, preset.state) == ("cnn/why_convolutions", "angle=60")


def test_check_boxes_and_networks_that_train_have_links():
    place = "cnn/convolution_layers#receptive-field"
    assert read_preset(BOOK, f"{place}?depth=3&pooling=off").state == "depth=3&pooling=off"
    with pytest.raises(ValueError, match=r"has no value False\. It has off, on"):
        read_preset(BOOK, f"{place}?pooling=False")
    assert read_preset(BOOK, "cnn/digits#train-digits?learning_rate=0.1").name == "train-digits"


def test_a_link_follows_the_coarser_values_of_a_page(tmp_path):
    call = 'explore(draw, name="map", caption="A map.", size=range(9), page={"size": [2, 4]})'
    cells = [nbformat.v4.new_code_cell(call), nbformat.v4.new_code_cell("explore(draw, name=x)")]
    (tmp_path / "cnn").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "cnn" / "maps.ipynb")
    book = read_book(tmp_path)
    assert read_preset(book, "cnn/maps#map?size=4").caption == "A map."
    with pytest.raises(ValueError, match=r"the slider size has no value 3\. It has 2, 4"):
        read_preset(book, "cnn/maps#map?size=3")


@pytest.mark.parametrize(
    ("texts", "error"),
    [
        ({"output": "week 5"}, "The folder 'week 5' gives the assignment its name"),
        ({"due": "2026-12-01 23:59"}, "--due 2026-12-01 23:59: the time zone is missing"),
        ({"site": "not a url"}, "--site not a url, but it must be an address like https://"),
        ({"output": "new/week5"}, "new. Make it first."),
        ({"output": "file/week5"}, "file. Make it first."),
    ],
)
def test_other_arguments_that_do_not_work(tmp_path, texts, error):
    (tmp_path / "file").touch()
    output = tmp_path / texts.get("output", "week5")
    with pytest.raises(ValueError, match=re.escape(error)):
        assign(["rnn-step"], seed=7, **{**texts, "output": output})
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]
    with pytest.raises(OutputExists, match="is there already"):
        assign(["rnn-step"], output=tmp_path, seed=7)


def test_without_chapters_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(model, "__file__", str(tmp_path / "b" / "c.py"))
    with pytest.raises(BookNotFound, match="Clone the course's repository and run this in it"):
        find_book()


def test_commands_without_a_choice(capsys):
    assert command.main(["assign", "-o", "x", "--seed", "7"]) == 1
    assert "No exercise is chosen" in capsys.readouterr().err
    assert command.main(["assign", "-o", "x", "--seed", "7", "--count", "4"]) == 1
    assert "--from and --count go together" in capsys.readouterr().err
    assert command.main(["list", "--chapter", "cmm"]) == 1
    assert "--chapter cmm: there is none. Chapters are ['" in capsys.readouterr().err
    assert command.main(["list", "--chapter", "c"]) == 1
    assert command.main(["assign", "lstm-gru-step", "-o", "x"]) == 1
    assert "'lstm-gru-step' builds on 'rnn-step'" in capsys.readouterr().err
    assert command.main(["assign", "rnn-step", "-o", "x", "--seed", "-1"]) == 1
    assert "--seed -1, but it must be a whole number from 0 on" in capsys.readouterr().err


def test_what_the_system_refuses_is_one_sentence(tmp_path, capsys, monkeypatch):
    for place in (f"{tmp_path}/{300 * 'x'}", "/proc/week5"):
        assert command.main(["assign", "rnn-step", "-o", place, "--seed", "7"]) == 1
        assert re.match(r"error: /.*: [A-Z]", capsys.readouterr().err)

    def stop(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "read_book", stop)
    assert command.main(["list"]) == 130
    assert "What is done stays done" in capsys.readouterr().err


def test_nothing_is_written_into_a_folder_that_is_there(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(OutputExists):
        assign(["rnn-step"], output=tmp_path / "a" / "b" / "..", seed=7)
    assert list((tmp_path / "a").rglob("*")) == [tmp_path / "a" / "b"]


def test_an_assignment_is_written_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr(assignment, "build", lambda ids, **options: {"a/b": "x", "c": None})
    with pytest.raises(TypeError):
        assign(["rnn-step"], output=tmp_path / "week5", seed=7)
    assert not list(tmp_path.iterdir())


def test_without_a_seed_a_long_one_is_drawn_and_told(tmp_path, capsys):
    seeds = set()
    for name in ("a", "b"):
        assert command.main(["assign", "rnn-clip-everything", "-o", str(tmp_path / name)]) == 0
        seeds.add(int(re.search(r"--seed (\d+) writes it again", capsys.readouterr().out)[1]))
    assert len(seeds) == 2 and max(seeds) > 2**40


@pytest.mark.parametrize("hour", ["", " 12:00 Europe/Berlin"])
def test_a_day_that_is_past_is_remarked(hour):
    past = f"2020-01-01{hour}"
    assert assignment.remarks(BOOK, due=past)[-1] == f"--due {past} is past."
    assert "past" not in " ".join(assignment.remarks(BOOK, due=f"2999-01-01{hour}"))


@pytest.mark.parametrize(
    ("due", "shown", "moment"),
    [
        (None, None, None),
        ("2026-12-01", "1 December 2026", None),
        ("2026-12-01 23:59 Europe/Berlin", "1 December 2026, 23:59 (Europe/Berlin, UTC+1)",
         "2026-12-01T23:59:00+01:00"),
        ("2026-07-01 09:05 America/St_Johns", "1 July 2026, 09:05 (America/St_Johns, UTC-2:30)",
         "2026-07-01T09:05:00-02:30"),
        ("2026-10-25 00:30 UTC", "25 October 2026, 00:30 (UTC)", "2026-10-25T00:30:00+00:00"),
    ],
)  # fmt: skip
def test_when_it_is_due_is_shown_and_kept(due, shown, moment):
    made = build(["rnn-step"], name="week5", seed=7, due=due)
    head = json.loads(made["student/week5.ipynb"])["cells"][0]["source"]
    assert ("".join(head).partition("Due: ")[2].partition(". ")[0] or None) == shown
    assert json.loads(made["nbgrader/assignment.json"]) == {"name": "week5", "due": moment}


@pytest.mark.parametrize(
    ("due", "text"),
    [
        ("1.12.2026", "it must be a day like 2026-12-01, or a day, an hour and a time zone like"),
        ("2026-02-30", "it must be a day like"),
        ("2026-12-01 24:00 UTC", "it must be a day like"),
        ("2026-12-01 23:59", "the time zone is missing. Name it as \"2026-12-01 23:59 Europe/Ber"),
        ("2026-12-01 23:59 Berlin", "Berlin is no time zone. Name it as"),
        ("2026-12-01 23:59 ../etc", "../etc is no time zone"),
        ("2026-03-29 02:30 Europe/Berlin", "this hour does not exist there: clocks are put forw"),
        ("2026-10-25 02:30 Europe/Berlin", "this hour comes twice there: clocks are put back. "
         "Take another hour, or name it in UTC."),
    ],
)  # fmt: skip
def test_an_hour_that_is_no_moment_is_refused(due, text):
    with pytest.raises(ValueError, match=f"--due {re.escape(due)}.*{re.escape(text)}"):
        build(["rnn-step"], name="week5", seed=7, due=due)


def test_the_list_has_all_exercises_and_no_solutions(capsys):
    assert command.main(["list"]) == 0
    table = capsys.readouterr().out
    assert all(re.search(rf" {name} ", table) for name in EXERCISES)
    assert table.splitlines()[-1].startswith(f"{len(EXERCISES)} exercises (")
    one = as_table([EXERCISES["cnn-dense-weights"]]).splitlines()[-1]
    assert one == "1 exercise (1 compute), 1 point, 5 minutes"
    assert command.main(["list", "--chapter", "cnn", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {item["id"] for item in listed} == {n for n in EXERCISES if n.startswith("cnn-")}
    assert "_solution" not in as_json(EXERCISES.values())


@pytest.fixture
def copy(tmp_path):
    """A book of two chapters, and a function that changes one cell of it."""
    path = tmp_path / "book" / "cnn" / "convolution_layers.ipynb"
    path.parent.mkdir(parents=True)
    for name in (path.name, "why_convolutions.ipynb"):
        shutil.copy(BOOK.folder / "cnn" / name, path.with_name(name))
    shutil.copy(BOOK.folder.parent / "_toc.yml", tmp_path)
    content = json.loads(path.read_text(encoding="utf-8"))

    def change(role, edit):
        roles = {}
        for before, cell in itertools.pairwise(content["cells"]):
            mark = cell["metadata"].get("exercise", {})
            if mark.get("id") == "cnn-output-size":
                roles |= {mark["role"]: cell} | ({"task": before} if len(roles) < 1 else {})
        edit(roles[role])
        text = json.dumps(content).replace("SOLUTION", roles["solution"]["id"])
        path.write_text(text, encoding="utf-8")
        return tmp_path / "book"

    return change


HINT = "\n<details>\n<summary>Hint</summary>\n\nThink.\n\n</details>\n"


def marked(**values):
    return lambda cell: cell["metadata"]["exercise"].update(values)


def unmarked(key):
    return lambda cell: cell["metadata"]["exercise"].pop(key)


@pytest.mark.parametrize(
    ("role", "edit", "error"),
    [
        ("answer", unmarked("minutes"), "has no minutes in the metadata of its answer cell"),
        ("answer", marked(kind="hard"), "kind='hard', but it must be one of compute, code, trai"),
        ("answer", marked(points=0), "points=0, but it must be a whole number from 1 on"),
        ("answer", marked(needs="x"), "needs='x', but it must be a list of ids"),
        ("answer", marked(needs=["rnn-step"]), "no exercise before it is called so"),
        ("answer", marked(contexts=["x"]), "names the context 'x', but no cell"),
        ("answer", marked(time=3), "['time'] in its metadata, which nothing reads"),
        ("answer", unmarked("role"), "It needs an id, and a role that is answer"),
        ("answer", lambda cell: cell["source"].pop(0), "the first line of its answer is 'def"),
        ("check", lambda cell: cell["metadata"].clear(), "has no check cell. Add a cell with"),
        ("solution", lambda cell: cell["metadata"].clear(), "has no solution cell"),
        ("solution", marked(role="check"), "has two cells of role check"),
        ("solution", marked(id="cnn-x"), "a solution of 'cnn-x', which has no answer cell"),
        ("solution", marked(id="cnn x"), "the id 'cnn x' must be lower-case words"),
        ("solution", marked(id="cnn-" + 40 * "x"), "of at most 40 letters"),
        ("answer", marked(contexts=["SOLUTION"]), "a cell of the exercise 'cnn-output-size', whi"),
        ("solution", lambda cell: cell.update(cell_type="markdown"), "must be a code cell"),
        ("answer", lambda cell: cell.update(cell_type="markdown"), "must be a code cell"),
        ("answer", lambda cell: cell.pop("metadata"), "it has no metadata; write {}"),
        ("answer", lambda cell: cell.pop("source"), "its source must be a text, or a list"),
        ("answer", lambda cell: cell.update(cell_type="x"), "its cell_type must be one of code,"),
        ("answer", lambda cell: cell["metadata"].update(exercise="x"), "exercise in its metadata"),
        ("answer", lambda cell: cell["metadata"].update(mystnb=None), "mystnb in its metadata is"),
        ("answer", lambda cell: cell["metadata"].update(mystnb={"figure": "x"}), "its figure is"),
        ("task", lambda cell: cell.update(source="### Title"), "has no text. Say what to write"),
        ("task", lambda cell: cell["source"].append(HINT), "has two hints. Join them"),
        ("task", lambda cell: cell["source"].append(HINT.replace("Hint", "Solution")),
         "has folded text that is no hint"),
        ("task", lambda cell: cell["source"].append("\n<!-- chapter -->"), "that is not closed"),
    ],
)  # fmt: skip
def test_broken_cells_are_named(copy, role, edit, error):
    with pytest.raises((BrokenExercise, BrokenChapter), match=re.escape(error)) as raised:
        read_book(copy(role, edit)).exercises  # noqa: B018
    assert re.match(
        r"cnn/convolution_layers\.ipynb(, cell \d+( \(id [\w-]+\))?)?: ", str(raised.value)
    )


@pytest.mark.parametrize("text", ["[]", "null", '{"cells": null}', '{"cells": [1]}', "x", "{}"])
def test_what_is_no_notebook_is_named(copy, text):
    path = copy("answer", lambda cell: None) / "cnn" / "why_convolutions.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BrokenChapter, match=r"^cnn/why_convolutions\.ipynb"):
        read_book(path.parents[1])


def test_an_id_in_two_chapters_is_named(copy):
    path = copy("answer", lambda cell: None) / "cnn" / "convolution_layers.ipynb"
    shutil.copy(path, path.with_name("twin.ipynb"))
    with pytest.raises(BrokenExercise, match="both have an exercise 'cnn-"):
        read_book(path.parents[1]).exercises  # noqa: B018
    (path.parent / ".ipynb_checkpoints").mkdir()
    path.with_name("twin.ipynb").rename(path.parent / ".ipynb_checkpoints" / "twin.ipynb")
    assert "cnn-output-size" in read_book(path.parents[1]).exercises


@pytest.mark.parametrize(
    ("role", "old", "new", "error"),
    [
        ("answer", "return ...", "return (", "The stub of 'cnn-output-size' in cnn/convolution_"),
        ("answer", "return ...", "return 1", "Let the stub return ... and take the arguments"),
        ("answer", "padding)", "margin)", "Let the stub return ... and take the arguments"),
        ("answer", "def output", "def put", "defines no 'output_size', which its check looks at"),
        ("check", "output_size)", "output_size", "check cell of 'cnn-output-size' in cnn/convol"),
        ("solution", "def output", "def put", "does not run with its contexts alone: NameError"),
    ],
)
def test_cells_that_do_not_fit_together_are_named(copy, role, old, new, error):
    def spoil(cell):
        whole = "".join(cell["source"])
        assert old in whole
        cell["source"] = whole.replace(old, new)

    exercise = read_book(copy(role, spoil)).exercises["cnn-output-size"]
    with pytest.raises(Disagreement, match=re.escape(error)):
        hidden_tests(exercise, 7)


def test_a_broken_preset_names_its_exercise(copy):
    book = read_book(copy("answer", marked(presets=["cnn/why_convolutions#none"])))
    with pytest.raises(
        ValueError, match=r"layers\.ipynb: exercise 'cnn-output-size', preset cnn/why"
    ):
        build(["cnn-output-size"], name="week5", seed=7, book=book)


def test_a_wrong_solution_stops_the_assignment(copy):
    def spoil(cell):
        cell["source"] = [line.replace("+ 2 * padding", "+ padding") for line in cell["source"]]

    exercise = read_book(copy("solution", spoil)).exercises["cnn-output-size"]
    with pytest.raises(Disagreement, match="check and the solution of 'cnn-output-size' disagree"):
        hidden_tests(exercise, 7)


def test_a_solution_that_needs_more_than_its_contexts_is_named(copy):
    def spoil(cell):
        cell["source"] = ["unknown\n", *cell["source"]]

    exercise = read_book(copy("solution", spoil)).exercises["cnn-output-size"]
    with pytest.raises(Disagreement, match="does not run with its contexts alone: NameError"):
        hidden_tests(exercise, 7)


def test_a_check_that_looks_at_nothing_is_named(copy):
    def spoil(cell):
        cell["source"] = ["1 + 1"]

    exercise = read_book(copy("check", spoil)).exercises["cnn-output-size"]
    with pytest.raises(Disagreement, match=re.escape('does not call check("cnn-output-size", ')):
        answer_name(exercise)


@pytest.mark.parametrize("kind", source.KINDS)
def test_a_skeleton_is_an_exercise(copy, kind):
    folder = copy("answer", lambda cell: None)
    chapter = "cnn/convolution_layers"
    said = "\n".join(add("cnn-my-idea", chapter, kind=kind, book=read_book(folder)))
    book = read_book(folder)
    exercise = book.exercises["cnn-my-idea"]
    assert exercise.kind == kind
    assert exercise.title == "A title with a verb"
    heads = [cell.source.partition("\n")[0] for cell in book[chapter].cells]
    assert heads.index("### A title with a verb") < heads.index("## Further reading")
    if kind != "explain":
        assert answer_name(exercise) == "my_idea"
        head = f'@exercise("cnn-my-idea", chapter="{chapter}")\ndef _my_idea(rng):'
        assert head in said and ("Trained(" in said) == (kind == "train")
    with pytest.raises(ValueError, match="has an exercise 'cnn-my-idea'"):
        add("cnn-my-idea", chapter, kind=kind, book=book)


@pytest.mark.parametrize(
    ("name", "chapter", "kind", "error"),
    [
        ("my-idea", "cnn/convolution_layers", "code", "must begin with the topic"),
        ("cnn-my-idea", "cnn/none", "code", "--chapter: there is no .*none.ipynb"),
        ("cnn-my-idea", "cnn/convolution_layers", "hard", "--kind hard, but it must be one of"),
        ("cnn-3d-kernel", "cnn/convolution_layers", "code", "would call the function '3d_kernel'"),
        ("cnn-class", "cnn/convolution_layers", "code", "would call the function 'class'"),
        ("cnn-check", "cnn/convolution_layers", "code", "would call the function 'check'"),
        ("cnn-sum", "cnn/convolution_layers", "code", "would call the function 'sum'"),
        ("cnn-" + 40 * "x", "cnn/convolution_layers", "code", "of at most 40 letters"),
    ],
)
def test_skeletons_that_do_not_work(copy, name, chapter, kind, error):
    book = read_book(copy("answer", lambda cell: None))
    with pytest.raises(ValueError, match=error):
        add(name, chapter, kind=kind, book=book)


def test_a_chapter_survives_a_skeleton_that_cannot_be_written(copy, monkeypatch):
    path = copy("answer", lambda cell: None) / "cnn" / "convolution_layers.ipynb"
    before, write = path.read_bytes(), Path.write_text

    def full(self, text, **options):
        write(self, text[:100], **options)
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    arguments = ["new", "cnn-my-idea", "--chapter", "cnn/convolution_layers"]
    assert command.main([*arguments, "--book", str(path.parents[1])]) == 1
    assert path.read_bytes() == before
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "convolution_layers.ipynb", "why_convolutions.ipynb",
    ]  # fmt: skip


def test_a_comparison_that_an_answer_replaced_is_put_back(monkeypatch):
    monkeypatch.setattr(compare, "share", lambda *arguments, **options: 1.0)
    monkeypatch.setattr(np, "isclose", lambda *arguments, **options: np.array(True))
    monkeypatch.setattr(np, "allclose", lambda *arguments, **options: True)
    assert marked_by("cnn-toeplitz", lambda kernel, input_length: 1) == 0
    solution = reference(EXERCISES["cnn-output-size"])
    assert marked_by("cnn-output-size", lambda **given: solution(**given) + 1) == 0


def test_what_an_answer_writes_or_ends_does_not_reach_the_marks(capsys):
    def noisy(value):
        warnings.warn("careless", stacklevel=1)
        print("x", file=sys.stderr)
        return value if value < 2 else sys.exit()

    assert compare.share(noisy, [Case(1, {"value": 1}), Case(2, {"value": 2})]) == 0.5
    line = noisy.__code__.co_firstlineno + 3
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (
        f"Not yet: the function raised SystemExit, at line {line} of test_assignments.py: "
        "`return value if value < 2 else sys.exit()`, for value=2.\n",
        "",
    )


def test_an_overflow_costs_a_case_in_hidden_tests_too():
    def marks(softplus):
        return marked_by("autoencoders-stable-cross-entropy", lambda z, x: softplus(z) - x * z)

    assert marks(lambda z: np.logaddexp(0, z)) == 2
    # The branch that is not taken overflows.
    assert marks(lambda z: np.where(z > 99, z, np.log1p(np.exp(z)))) < 2


THEN = ("collect", "mark", "report")  # where something was handed in


def commands(name):
    """Return the arguments of each command in a text of the repository."""
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = re.findall(r"^python -m lectures_lib.assignments (.+)$", text, re.MULTILINE)
    return [shlex.split(line) for line in lines]


@pytest.mark.parametrize(
    ("name", "verbs"),
    [
        pytest.param(  # it draws a network that is to be trained
            "book/instructors/assigning.md",
            ["assign", *THEN, "list", *["assign"] * 4, "questions", *THEN, "new"],
            marks=pytest.mark.slow,
        ),
        ("README.md", ["list", "assign"]),
    ],
)
def test_commands_in_the_text_work(name, verbs, tmp_path, monkeypatch, capsys):
    assert [first for first, *_ in commands(name)] == verbs
    for path in (ROOT / "book").glob("*/*.ipynb"):  # a copy: `new` writes into it
        (tmp_path / "book" / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "book" / path.parent.name)
    shutil.copy(ROOT / "_toc.yml", tmp_path)
    monkeypatch.chdir(tmp_path)
    for arguments in commands(name):
        if arguments[0] in THEN:  # in test_whole_way.py and test_nbgrader.py
            continue
        assert command.main(arguments) == 0, f"{arguments}: {capsys.readouterr().err}"
        if "-o" in arguments:
            week = arguments[arguments.index("-o") + 1]
            alone = arguments[0] == "questions"
            assert Path(week if alone else f"{week}/student/{week}.ipynb").is_file()


def test_the_page_names_every_option():
    text = (ROOT / "book" / "instructors" / "assigning.md").read_text(encoding="utf-8")
    commands = next(a for a in command.parser()._actions if isinstance(a.choices, dict)).choices
    verbs = ("assign", "collect", "mark", "new", "questions", "report")
    options = {name for verb in verbs for name in commands[verb]._option_string_actions}
    options -= {"-h", "--help", "--jobs", "--output"}  # -j, -o
    known = options | {"--course", "--force"}  # nbgrader's
    assert {o for o in options if f"`{o}" not in text and f" {o} " not in text} == set()
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) <= known
