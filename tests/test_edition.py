"""The notebooks that people open: no mark of the book's own build, nothing given away."""

import ast
import importlib.util
import io
import posixpath
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from nbconvert import HTMLExporter

import lectures_lib
from lectures_lib import __version__, explore, first_cell
from lectures_lib.book import Book, BrokenChapter, Cell, Chapter, read_book
from lectures_lib.plots import new_figure
from lectures_lib.site.edition import BRANCH, Numbered, launched, notebook
from tools import branch

ROOT = Path(__file__).parents[1]
BOOK = read_book()
EXTENSIONS = {"amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath", "substitution"}
SITE = "https://OWNER.github.io/lectures/book"
FOLDED = {"tags": ["hide-input"]}


class Numbers(dict):
    """A table with a row for every name: numbers are counted elsewhere."""

    def __missing__(self, name):
        return ("book/rnn/elsewhere", f"({name})")

    def __contains__(self, name):
        return True


def numbered(book):
    names = ("chapters", "equations", "figures", "terms", "works")
    labels = Numbered(book, **{name: {} for name in names}).labels
    equations = {label: str(number) for number, label in enumerate(labels, start=1)}
    tables = {name: Numbers() for name in ("figures", "terms", "works")}
    return Numbered(book, chapters={"book/cnn/near": "7"}, equations=equations, **tables)


def raw_marks(text):
    """Return what MyST would read in a text as its own, and a plain front end would show raw."""
    parser = create_md_parser(MdParserConfig(enable_extensions=EXTENSIONS), RendererHTML)
    todo, found = list(parser.parse(text)), []
    while todo:
        token = todo.pop()
        todo += token.children or []
        mine = token.type.startswith(("myst_", "colon_fence", "substitution", "amsmath"))
        if mine or (token.type == "fence" and token.info.startswith("{")):
            found.append(token.content)
    return found


@pytest.mark.parametrize("chapter", BOOK.chapters, ids=lambda chapter: chapter.name)
def test_no_mark_of_the_book_is_left(chapter):
    made = notebook(chapter, numbered(BOOK), {})
    nbformat.validate(made)
    texts = [cell.source for cell in made.cells if cell.cell_type == "markdown"]
    assert [mark for text in texts for mark in raw_marks(text)] == []
    # A heading inside an answer would be a section that is not closed.
    assert not re.search(r"<summary>[^<]*[`$*]", "\n".join(texts)), "markdown in a summary"
    for target in re.findall(r"\]\((?!\w+:)([^)]+)\)", "\n".join(texts)):
        place = posixpath.normpath(posixpath.join(posixpath.dirname(chapter.name), target))
        assert place.removesuffix(".ipynb") in [one.name for one in BOOK.chapters]


@pytest.mark.parametrize(
    "text", ["{eq}`a`", "see {term}`$x$ <y>`", "```{math}\nx\n```", ":::{dropdown} A\nb\n:::"]
)
def test_raw_marks_are_found(text):
    assert raw_marks(text)


TEXT = """\
As {eq}`eq-one` and {eq}`eq-far` say, {term}`the $x$-th
kernel <Kernel>` of {numref}`map` is {doc}`far`, [far](../rnn/far#map?x=1), [home](../intro).

```{math}
:label: eq-one
x = \\begin{cases} 1 \\\\ 2 \\end{cases}
```

::::{dropdown} Answer: swapped
:::{note}
Mind $y$.
:::
```{math}
y
```
::::
<!-- chapter -->
Only here.
<!-- /chapter -->
"""


def small(*cells, far=""):
    """Return a book of the chapters cnn/near, with the given cells, and rnn/far."""
    near = Chapter("cnn/near", Path("cnn/near.ipynb"), (Cell("t", "markdown", "# Near"), *cells))
    text = f"# Far\n\n```{{math}}\n:label: eq-far\nz\n```\n{far}"
    return Book(
        ROOT / "book", (near, Chapter("rnn/far", Path("x"), (Cell("f", "markdown", text),)))
    )


def test_text_becomes_what_every_front_end_shows():
    book = small(Cell("a", "markdown", TEXT))
    assert numbered(book).plain(TEXT, "cnn/near") == (
        f"As (1) and [(2)]({SITE}/rnn/far.html#equation-eq-far) say, "
        f"[the $x$-th kernel]({SITE}/rnn/elsewhere.html#(kernel)) of "
        f"[Fig. (map)]({SITE}/rnn/elsewhere.html#map) is [far](far), "
        f"[far]({SITE}/rnn/far.html#map?x=1), [home]({SITE}/intro.html).\n\n"
        "$$\nx = \\begin{cases} 1 \\\\ 2 \\end{cases} \\tag{1}\n$$\n\n"
        "<details>\n<summary>Answer: swapped</summary>\n\n"
        "> **Note**\n>\n> Mind $y$.\n\n$$\ny\n$$\n\n</details>\n\nOnly here."
    ).replace("[far](far)", f"[far]({SITE}/cnn/far.html)")


def test_a_work_that_is_nowhere_to_be_read_leads_to_the_bibliography():
    plain = numbered(small()).plain("{cite:t}`hjorthjensen2021`, {cite:p}`elman1990`", "cnn/near")
    first, second = plain.split(", (")
    assert first == f"[Hjorth-Jensen (2021)]({SITE}/rnn/elsewhere.html#(hjorthjensen2021))"
    assert second.startswith("[Elman, 1990](https://doi.org/10.1207/")


def test_a_link_to_a_chapter_opens_its_notebook():
    prose = numbered(small())
    assert prose.plain("{doc}`../rnn/far` [x](../rnn/far)", "cnn/near") == (
        "[Far](../rnn/far.ipynb) [x](../rnn/far.ipynb)"
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{eq}`eq-none`", "the equation 'eq-none', which the book does not have"),
        ("{cite:p}`none2000`", "the work 'none2000', which the book does not have"),
        ("```{figure} x.png\n```", "the directive {figure}"),
        ("1. one\n   ```{math}\n   x\n   ```", "the directive {math}"),
        ("{kbd}`x`", "the role {kbd}`x`"),
    ],
)
def test_what_cannot_be_shown_ends_the_build(text, error):
    with pytest.raises(BrokenChapter, match=re.escape(f"cnn/near.ipynb: its text {''}")) as raised:
        numbered(small()).plain(text, "cnn/near")
    assert error in str(raised.value)


@pytest.fixture
def bundle(monkeypatch):
    """The output of a demo when the site is built."""
    monkeypatch.setattr(explore, "registry", {})
    monkeypatch.setenv("LECTURES_VIEW", "page")

    def draw(power):
        figure, axes = new_figure(height=1.5)
        axes.plot([0, 2**power])
        return figure

    demo = explore.explore(draw, name="powers", caption="A power of {eq}`eq-far`. More.",
                           power=[1, 2], alt=lambda power: f"A line to {2**power}.")  # fmt: skip
    return {"output_type": "execute_result", "execution_count": 7, "metadata": {},
            "data": demo.shown}  # fmt: skip


def made_of(cells, outputs):
    made = notebook(small(*cells).chapters[0], numbered(small(*cells)), outputs)
    nbformat.validate(made)
    return made, {cell.id: cell for cell in made.cells}


def test_a_demo_keeps_its_picture_and_closes_its_code(bundle):
    made, cells = made_of([Cell("d", "code", "explore(draw)", "", FOLDED)], {"d": [bundle]})
    assert [cell.id for cell in made.cells] == ["t", "set-up", "d", "d-caption"]
    assert cells["t"].source == "# 7. Near"
    demo = cells["d"]
    assert demo.source == "#@title A power of (1)\nexplore(draw)"
    assert demo.metadata == {"jupyter": {"source_hidden": True}, "cellView": "form"}
    (output,) = demo.outputs
    assert set(output.data) == {"image/png", "text/plain"}
    assert output.data["text/plain"] == "A line to 2."
    assert output.metadata["image/png"]["width"] == 600
    page, _ = HTMLExporter(template_name="classic").from_notebook_node(made)  # as nbviewer
    assert 'alt="A line to 2."' in page
    assert demo.execution_count == output.execution_count
    assert cells["d-caption"].source == (
        f"**Fig. (powers).** A power of [(1)]({SITE}/rnn/far.html#equation-eq-far). More."
        " *(It has sliders when the cells up to here have run.)*"
    )


def test_a_figure_has_its_caption_and_its_description():
    mark = {"mystnb": {"figure": {"name": "fig-a", "caption": "A line."}, "image": {"alt": "Up."}}}
    figure, _ = new_figure(height=1.5)
    with io.BytesIO() as file:
        figure.savefig(file, format="png")
        picture = nbformat.v4.new_output("display_data", {
            "image/png": explore.base64.b64encode(file.getvalue()).decode(),
            "text/plain": "<Figure>"})  # fmt: skip
    _, cells = made_of([Cell("a", "code", "figure", "", mark)], {"a": [picture]})
    assert cells["a"].outputs[0].data["text/plain"] == "Up."
    assert cells["a"].outputs[0].data["image/png"] == picture.data["image/png"]
    assert cells["a-caption"].source == "**Fig. (fig-a).** A line."
    assert cells["a"].source == "figure"


def test_exercises_are_open_questions():
    def part(role, kind="code"):
        return Cell(role, kind, f"# {role}", "", {"exercise": {"id": "cnn-x", "role": role}})

    audit = Cell("audit", "code", "assert True", "", {"tags": ["audit"]})
    cells = [part("answer"), part("check"), part("solution"), part("rubric", "markdown"), audit]
    printed = nbformat.v4.new_output("stream", name="stdout", text="Not yet")
    made, found = made_of(cells, {cell.id: [printed] for cell in cells})
    assert list(found) == ["t", "set-up", "answer", "check", "solution", "rubric"]
    assert found["answer"].outputs == found["check"].outputs == []
    assert found["solution"].cell_type == "markdown"
    assert found["solution"].source == (
        "<details>\n<summary>Solution</summary>\n\n```python\n# solution\n```\n\n</details>"
    )
    assert not [cell for cell in made.cells if "exercise" in cell.metadata]


def test_the_whole_book_gives_no_answer_away():
    for chapter in BOOK.chapters:
        made = notebook(chapter, numbered(BOOK), {})
        shown = "\n".join(
            re.sub(r"(?s)<details>.*?</details>", "", cell.source) for cell in made.cells
        )
        for exercise in BOOK.exercises.values():
            if exercise.chapter == chapter.name and exercise.solution:
                assert exercise.solution.splitlines()[-1] not in shown, exercise.id


def test_no_answer_stands_open_below_an_exercise():
    for chapter in BOOK.chapters:
        for before, cell in pairwise(chapter.cells):
            if before.role in {"solution", "rubric"} and cell.kind == "markdown" and not cell.role:
                lead = re.split(r"(?m)^#{2,3} ", cell.source)[0].strip()
                closed = not lead or lead.endswith("?") or lead.startswith(":::{dropdown}")
                assert closed, f"{cell.where}: fold it: :::{{dropdown}} Answer"


def test_compared_cells_keep_their_tag():
    cell = Cell("a", "code", "1 + 1", "", {"tags": ["nbval-check-output", "hide-input"]})
    _, cells = made_of([cell], {})
    assert cells["a"].metadata["tags"] == ["nbval-check-output"]
    assert cells["a"].source == "#@title Code\n1 + 1"


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://hub/v2/gh/o/main/main?urlpath=lab/tree/book/cnn/near.ipynb",
         "https://hub/v2/gh/o/main/notebooks?urlpath=lab/tree/cnn/near.ipynb"),
        ("https://colab/github/o/r/blob/main/book/cnn/near.ipynb",
         "https://colab/github/o/r/blob/notebooks/cnn/near.ipynb"),
    ],
)  # fmt: skip
def test_buttons_lead_to_the_branch_of_the_notebooks(url, wanted):
    assert launched(url, "main", "book/cnn/near.ipynb", "cnn/near.ipynb") == wanted
    assert BRANCH == "notebooks"


def run_first_cell(source, found, monkeypatch, tmp_path, pip="exit 0", installed=True):
    """Run the first cell as if a version was found and pip did something; return its sentence."""
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"\n{pip}\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(sys, "stderr", io.StringIO())  # it has no file behind it
    if found is None:
        monkeypatch.setitem(sys.modules, "lectures_lib", None)  # as if it was not there
        source = source.replace('if "lectures_lib" in sys.modules', "if False")
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: installed and name)
    else:
        monkeypatch.setattr(lectures_lib, "__version__", found)
    try:
        exec(source, {})
    except Exception as error:
        (sentence,) = error._render_traceback_()
        return sentence
    return ""


ADDRESS = "https://github.com/me/fork"


@pytest.fixture
def source(monkeypatch):
    monkeypatch.setattr(first_cell, "commit", lambda folder: "0123abc")
    book = replace(BOOK)
    book.__dict__["repository"] = ADDRESS
    return first_cell.first_cell(book)


def test_a_package_that_is_new_enough_is_left_alone(source, monkeypatch, tmp_path):
    for found in (__version__, "999.0"):
        assert run_first_cell(source, found, monkeypatch, tmp_path, "exit 1") == ""
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize("found", [None, "0.0.9", "0.1.99.dev3"])
def test_a_missing_or_old_package_is_installed_at_its_commit(source, found, monkeypatch, tmp_path):
    said = run_first_cell(source, found, monkeypatch, tmp_path)
    told = f"lectures_lib {__version__} is installed now: restart the kernel to use it."
    assert said == ("" if found is None else told)  # an old one is already imported
    asked = (tmp_path / "asked").read_text(encoding="utf-8")
    assert asked == f"-m pip install --quiet lectures-lib @ git+{ADDRESS}@0123abc\n"


def test_what_cannot_be_installed_ends_in_one_sentence(source, monkeypatch, tmp_path):
    said = run_first_cell(
        source, None, monkeypatch, tmp_path, "echo first >&2; echo 'no network' >&2; exit 1"
    )
    assert said == (
        f"lectures_lib {__version__} could not be installed (no network): check the network, or "
        f"install git+{ADDRESS}@0123abc yourself, restart the kernel and run this cell again."
    )


PIP_SAYS = """
echo 'WARNING: Retrying' >&2
echo 'error: externally-managed-environment' >&2
echo '[notice] A new release of pip is available' >&2
exit 1"""


def test_the_reason_is_the_error_and_not_what_pip_says_below(source, monkeypatch, tmp_path):
    said = run_first_cell(source, None, monkeypatch, tmp_path, PIP_SAYS)
    assert "could not be installed (error: externally-managed-environment): check" in said


def test_a_package_that_went_elsewhere_is_told_at_once(source, monkeypatch, tmp_path):
    said = run_first_cell(source, None, monkeypatch, tmp_path, installed=None)
    assert said.startswith(f"pip has installed lectures_lib {__version__}, but not where this ker")
    assert f"({sys.prefix}): restart the kernel" in said


def test_a_copy_without_an_address_says_so(monkeypatch, tmp_path):
    said = run_first_cell(first_cell.first_cell(BOOK), None, monkeypatch, tmp_path)
    assert said.startswith(f"lectures_lib {__version__} is missing, and this copy of the course")
    assert not (tmp_path / "asked").exists()


def test_a_notebook_shows_the_sentence_and_stops(tmp_path):
    code = first_cell.first_cell(BOOK).replace(f'"{__version__}"', '"999.0"')
    (tmp_path / "cell.py").write_text(code, encoding="utf-8")
    program = (
        "from IPython.core.interactiveshell import InteractiveShell as Shell\n"
        "done = Shell.instance().run_cell(open('cell.py').read())\n"
        "print('raised' if done.error_in_exec else 'went on')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True,
                          text=True, check=True)  # fmt: skip
    sentence, raised = done.stdout.strip().splitlines()
    assert sentence.startswith("lectures_lib 999.0 is missing") and raised == "raised"


@pytest.fixture
def published(tmp_path, monkeypatch):
    monkeypatch.setattr(branch, "EDITION", tmp_path / "edition")
    monkeypatch.setattr(branch, "commit", lambda folder: "0123abc")
    monkeypatch.chdir(ROOT)
    (tmp_path / "edition" / "cnn").mkdir(parents=True)
    (tmp_path / "edition" / "cnn" / "digits.ipynb").write_text("{}", encoding="utf-8")
    return tmp_path / "branch"


@pytest.mark.slow
def test_the_branch_holds_notebooks_and_binders_environment(published, capsys):
    assert branch.main([str(published)]) == 0
    assert sorted(p.relative_to(published).as_posix() for p in published.rglob("*.*")) == [
        ".binder", ".binder/requirements.txt", ".binder/runtime.txt", "README.md",
        "cnn/digits.ipynb", "requirements.txt",
    ]  # fmt: skip
    script = (published / ".binder" / "postBuild").read_text(encoding="utf-8")
    assert f'--no-deps "lectures-lib @ git+{BOOK.repository}@0123abc"\n' in script
    subprocess.run(["bash", "-n", published / ".binder" / "postBuild"], check=True)
    assert "commit 0123abc" in (published / "README.md").read_text(encoding="utf-8")
    assert branch.main([str(published)]) == 1
    assert "The branch was not written: " in capsys.readouterr().err


def names_of(cell, context):
    tree = ast.parse(re.sub(r"(?m)^[%!].*$", "", cell.source))
    return {
        node.id for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, context)
    } | ({
        alias.asname or alias.name.partition(".")[0] for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names
    } | {
        node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    } | {
        node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)
    } if context is ast.Store else set())  # fmt: skip


@pytest.mark.parametrize("chapter", BOOK.chapters, ids=lambda chapter: chapter.name)
def test_no_code_needs_what_only_a_solution_or_an_audit_defines(chapter):
    """A notebook for runners does not run these, though the site and nbval do."""
    here, missing = set(), set()
    for cell in (cell for cell in chapter.cells if cell.kind == "code"):
        if cell.role in {"solution", "audit"}:
            missing |= names_of(cell, ast.Store)
        else:
            here |= names_of(cell, ast.Store)
            needed = (names_of(cell, ast.Load) & missing) - here
            assert not needed, f"{cell.where} needs {needed}"
