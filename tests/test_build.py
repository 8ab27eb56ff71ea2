"""The build of the book: what must fail fails, naming file and cell; what changed is executed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import nbformat
import pytest

from lectures_lib.book import Book, read_book
from lectures_lib.site import notebooks
from lectures_lib.site.dependencies import PACKAGE, library_files
from tools import walk

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
DEMO = """
from lectures_lib.explore import explore
from lectures_lib.plots import new_figure

def draw(power):
    figure, axes = new_figure(height=1.2)
    axes.plot([0, 2**power])
    return figure

explore(draw, name={name!r}, caption="Powers $2^p$ of *two*.", power=[1, 2, 3],
        alt=lambda power: f"A line that ends at {{2**power}}.")
"""


def notebook(*cells):
    """Return a notebook: texts that start with `#` and a space are markdown, others code."""
    made = [
        nbformat.v4.new_markdown_cell(text)
        if text.startswith("# ")
        else nbformat.v4.new_code_cell(text)
        for text in cells
    ]
    return nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": KERNEL})


KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


class TinyBook:
    """A tiny book with the real configuration; `write` adds notebooks, `build` builds."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def write(self, listed=None, **chapters):
        folder = self.folder / "book"
        folder.mkdir(exist_ok=True)
        shutil.copy(ROOT / "_config.yml", self.folder)
        (folder / "references.bib").touch()
        (folder / "intro.md").write_text("# Start\n\n```{chapter-table}\n```\n")
        for name, made in chapters.items():
            (folder / name).parent.mkdir(exist_ok=True)
            nbformat.write(made, folder / f"{name}.ipynb")
        entries = "".join(f"\n  - file: book/{n}" for n in listed or chapters)
        head = "format: jb-book\nroot: book/intro\noptions:\n  numbered: 1\nchapters:"
        (self.folder / "_toc.yml").write_text(f"{head}{entries}\n")

    def build(self, writing=False):
        program = f"from tools import build; raise SystemExit(build.main(writing={writing}))"
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        return done.returncode, done.stdout + done.stderr

    def page(self, name, site="_build/html"):
        return (self.folder / site / "book" / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture
def book(tmp_path):
    return TinyBook(tmp_path)


FILTERS = """
import numpy as np
from lectures_lib.demos import cnn_digits
cnn_digits.filters(np.eye(3)[:, :, None, None])
"""
GATES = "from lectures_lib.playground import playground\n\nplayground('gates')"
LEARNS = """
from lectures_lib.data import load_digits
from lectures_lib.models import digits_cnn
from lectures_lib.playground.training import train

train(digits_cnn, load_digits(seed=0), name="learns", caption="It *learns*.", epochs=1,
      learning_rate=[0.1, 0.3], seed=[0, 1])
"""
WITHOUT_DATA = """
import keras
from lectures_lib.data import DatasetUnavailable, load_cifar10

def load_data():
    raise OSError("no network")

keras.datasets.cifar10.load_data = load_data
try:
    load_cifar10()
except DatasetUnavailable as error:
    print(error)
"""
POWERS = """# Powers

```{math}
:label: eq-two
y
```
See {numref}`two` and {eq}`eq-one`."""


@pytest.fixture(scope="module")
def site_of_all(tmp_path_factory):
    """A book with a page of each kind, built once."""
    book = TinyBook(tmp_path_factory.mktemp("all"))
    none = {"LECTURES_DATA_DIR": "", "KERAS_HOME": str(book.folder)}
    book.environment = book.environment | none
    book.write(
        other=notebook("# Other\n\n```{math}\n:label: eq-one\nx\n```", "1 + 1"),
        powers=notebook(POWERS, DEMO.format(name="two")),
        filters=notebook("# Filters\n\nSee {numref}`fig-filters`.", FILTERS),
        cells=notebook("# Cells\n\nSee {numref}`playground-gates`.", GATES),
        learning=notebook("# Learning\n\nSee {numref}`learns`.", LEARNS),
        pictures=notebook("# Pictures", WITHOUT_DATA),
    )
    with (book.folder / "book/intro.md").open("a") as intro:
        intro.write("\n```{train-again} learns\nTry *it*.\n```\n")
    code, output = book.build()
    assert code == 0, output
    return book


def test_a_demo_becomes_a_numbered_figure_with_frames_as_files(site_of_all):
    book = site_of_all
    html = book.page("powers")
    assert '<figure class="explore-figure align-default" id="two">' in html
    assert re.search(r'href="#two"><span class="std std-numref">Fig. 2.1<', html)
    assert 'class="katex"' in html.split("<figcaption>")[1]
    assert 'alt="A line that ends at 2."' in html
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])
    assert data["base"] == "../_demos/two/"
    frames = [book.folder / "_build/html/_demos/two" / file for file in data["files"]]
    assert len({frame.read_bytes() for frame in frames}) == 3
    assert "base64" not in html
    assert "widget" not in html.split("<article")[1].split("</article")[0]
    intro = book.page("intro")
    assert re.search(r'<a class="reference external" href="powers.html">Powers</a>', intro)
    assert re.search(r'<header>\s*<a class="navbar-brand logo"', intro), "outside all landmarks"


def test_a_figure_of_the_library_has_no_controls_and_a_link_to_its_source(site_of_all):
    book = site_of_all
    html = book.page("filters")
    assert '<figure class="explore-figure align-default" id="fig-filters">' in html
    assert re.search(r'href="#fig-filters"><span class="std std-numref">Fig. 3.1<', html)
    assert "application/json" not in html
    image = re.search(
        r'<img class="explore-still" src="\.\./(_demos/fig-filters/\w+\.png)" alt="1', html
    )
    assert (book.folder / "_build/html" / image[1]).is_file()
    link = r'href="https://github\.com/\S+/blob/\w+/lectures_lib/demos/cnn_digits\.py#L\d+">Source<'
    assert re.search(link, html.split("<figcaption>")[1])
    made = nbformat.read(book.folder / "_build/notebooks/filters.ipynb", as_version=4)
    assert made.cells[-1].source.startswith("**Fig. 3.1.** The filters after training")
    assert "sliders" not in made.cells[-1].source
    (row,) = (texts for texts, _ in rows_of(book.page("intro")) if "Filters" in texts[0])
    assert [row[3], row[5]] == ["0", "0"], "no exercise, and a figure is not interactive"


def test_a_playground_becomes_a_numbered_figure_with_scripts_on_its_page_only(site_of_all):
    book = site_of_all
    html = book.page("cells")
    assert '<figure class="playground-figure align-default" id="playground-gates">' in html
    assert re.search(r'href="#playground-gates"><span class="std std-numref">Fig. 4.1<', html)
    assert '<img class="playground-still" src="../_playgrounds/gates.png" alt="A record of' in html
    assert '<script defer src="../_playgrounds/gates.js?v=' in html
    folder = book.folder / "_build/html"
    for file in ("_playgrounds/gates.js", "_playgrounds/gates.png", "_static/playground/lines.js"):
        assert (folder / file).stat().st_size > 1000
    assert "lines.js" in html
    assert "pictures.js" not in html  # of the other playground
    assert "_static/playground" not in book.page("other")
    assert sorted(path.name for path in (folder / "_playgrounds").iterdir()) == [
        "gates.js", "gates.png", "learns-engine.js", "learns.js", "learns.png",
    ]  # fmt: skip


def test_a_network_that_trains_is_loaded_on_a_click_and_may_stand_on_another_page(site_of_all):
    book = site_of_all
    html, again = book.page("learning"), book.page("intro")
    assert '<figure class="playground-figure align-default" id="learns">' in html
    assert re.search(r'href="#learns"><span class="std std-numref">Fig. 5.1<', html)
    assert "It <em>learns</em>." in html.split("<figcaption>")[1]
    for page, small in ((html, ""), (again, " data-small")):
        assert f'<div class="playground" id="learns-playground"{small}><img class="playgr' in page
        assert 'src="../_playgrounds/learns.png" alt="' in page
        loaded = re.findall(r'<script [^>]*src="\S*/(\w+\.js)\S*"', page)
        assert [name for name in loaded if "begin" in name or "train" in name] == ["begin.js"]
        later = (
            r'data-scripts="../_playgrounds/learns-engine.js\?v=\w{8} ../_playgrounds/learns.js\?'
        )
        assert re.search(later, page)
    assert "Try <em>it</em>." in again
    folder = book.folder / "_build/html"
    for path in (
        *(folder / "_static/playground").glob("*.js"),
        folder / "_playgrounds/learns-engine.js",
    ):
        assert "// " not in path.read_text(encoding="utf-8"), path


MEET = """
import pathlib, time
pathlib.Path("{mine}.here").touch()
end = time.monotonic() + 100
while not pathlib.Path("{other}.here").exists():
    assert time.monotonic() < end, "the other chapter is not running"
    time.sleep(0.1)
"""
WRONG = {
    "raises": (["x = 1", "1 / 0"], r"/raises.ipynb: code cell raised in cell 3: ZeroDivisionError"),
    "warns": (
        ["x = 1", "import warnings; warnings.warn('mind this')"],
        r"/warns.ipynb, cell 3, line \d: stderr was found in the cell outputs of cell 3",
    ),
    "prints": (
        ["x = 1", "print('WARNING:tensorflow:5 out of the last 5 calls')"],
        r"/prints.ipynb: cell 3 printed WARNING:tensorflow:5 out",
    ),
    "picture": (
        ["import matplotlib.pyplot as plt\nplt.plot([1, 2]);"],
        r"/picture.ipynb: the picture in cell 2 has no alt text. Set mystnb.image.alt",
    ),
    "formula": (
        ["# F\n\n$\\frac{1$"],
        "/formula.ipynb: a formula cannot be rendered: .*ParseError",
    ),
    "reference": (
        ["# Link\n\nSee {numref}`nowhere`."],
        "/reference.ipynb, cell 2, line 3: undefined label: 'nowhere'",
    ),
    "demos": ([DEMO.format(name="two"), DEMO.format(name="two")], "'two' is used by two demos"),
    "card": (
        ["# Card\n\n```{course-part} See\n:chapters: no\n:picture: see\nText.\n```"],
        "/card.ipynb: no chapter lies in book/no",
    ),
    "path": (
        ["# Path\n\n```{reading-path}\npath\n```"],
        "/path.ipynb: path is no chapter with a first reading",
    ),
    "words": (
        ["# Words\n\n```{glossary}\nkernel\n  A pattern.\n```"],
        "words.ipynb: its text has the directive {glossary}, which a notebook alone",
    ),
    "exercise": (
        [],
        "'cnn-key' has the title '{octicon}`key`', but its page has no such section",
    ),
    "forgotten": ([], "forgotten.ipynb is not in _toc.yml: add it there or delete it"),
}


def test_all_that_is_wrong_is_named_at_once_and_chapters_are_executed_at_the_same_time(book):
    chapters = {
        "a": notebook("# A", MEET.format(mine="a", other="b")),
        "b": notebook("# B", MEET.format(mine="b", other="a")),
        **{name: notebook("# Bad", *cells) for name, (cells, _) in WRONG.items()},
    }
    chapters["exercise"].cells += exercise("{octicon}`key`", "cnn-key")
    listed = [*(name for name in chapters if name != "forgotten"), "index"]
    book.write(listed, **chapters)
    (book.folder / "book" / "index.md").write_text("# Index\n\n```{exercise-index}\n```\n")
    code, output = book.build()
    assert code != 0
    for _, text in WRONG.values():
        assert re.search(text, output), output
    assert "All output is in _build/book.log" in output
    for noise in ("IPKernelApp", "absl", "Traceback", "WARNING: ", "\x1b["):
        assert noise not in output
    assert re.search(r"\d+/\d+  a  \d+ s\n", output) and re.search(r"\d+/\d+  b  \d+ s\n", output)
    assert re.search(r"\d+/\d+  raises  failed\n", output)


def test_a_network_that_no_page_has_fails_the_build(book):
    book.write(bad=notebook("# Bad\n\n```{train-again} it\n```"))
    code, output = book.build()
    assert code != 0
    assert "No page has a network called 'it' that trains in the page" in output


def test_a_duplicate_key_is_found(tmp_path):
    path = tmp_path / "_config.yml"
    path.write_text("title: one\nauthor: me\ntitle: two\n")
    lint = [sys.executable, "-m", "yamllint", "--strict", "-c", str(ROOT / ".yamllint"), str(path)]
    done = subprocess.run(lint, capture_output=True, text=True)
    assert done.returncode != 0
    assert re.search(r'3:1 .*duplication of key "title"', done.stdout)


def test_a_change_in_the_library_executes_the_chapters_that_use_it(book):
    shutil.copytree(
        ROOT / "lectures_lib",
        book.folder / "copy" / "lectures_lib",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    book.environment = book.environment | {"PYTHONPATH": str(book.folder / "copy")}
    book.write(
        uses=notebook("# Uses", "from lectures_lib.data import detector_image"),
        other=notebook("# Other", "from lectures_lib.from_scratch import relu"),
    )

    def executed():
        code, output = book.build()
        assert code == 0, output
        return set(re.findall(r"\d/\d  (\w+)  \d+ s\n", output))

    assert executed() == {"uses", "other"}
    module = book.folder / "copy" / "lectures_lib" / "data" / "detector.py"
    module.write_text(module.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert executed() == {"uses"}


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}


def test_while_writing_only_the_changed_page_is_written_and_the_next_build_is_whole(book):
    def changed(word, top):
        demo = DEMO.format(name="two").replace("power=[1, 2, 3]", f"power=[1, 2, {top}]")
        return notebook(f"# Changed\n\nSee {{numref}}`two`, {word}.", demo)

    site, written = book.folder / "_build" / "html", "_build/work/_build/html"
    listed = ["changed", "other", "words"]
    book.write(listed, changed=changed("first", 3), other=notebook("# Other"))
    words = "# Words\n\n```{glossary}\nkernel\n  What slides over a picture.\n```"
    (book.folder / "book" / "words.md").write_text(words)
    assert book.build()[0] == 0
    before = files_of(book.folder / written)
    nbformat.write(changed("second", 4), book.folder / "book" / "changed.ipynb")
    code, output = book.build(writing=True)
    assert code == 0, output
    assert "Read 1 page ..." in output and "Write what changed ..." in output
    html = book.page("changed", written)
    assert "second" in html and "first" in book.page("changed")  # which is what is published
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])
    assert all((book.folder / written / "_demos/two" / file).is_file() for file in data["files"])
    sheet = (book.folder / written / "_static" / "course.css").read_text(encoding="utf-8")
    for name in re.findall(r'@import "(.*?)";', sheet):
        assert (book.folder / written / "_static" / name).is_file()
    assert sheet.startswith('@import "basic.css";') and '@import "lectures.css";' in sheet
    pages = {path.stem for path, content in files_of(book.folder / written).items()
             if path.suffix == ".html" and content != before[path]}  # fmt: skip
    assert "changed" in pages and "other" not in pages
    assert book.build()[0] == 0
    after = files_of(site)
    shutil.rmtree(book.folder / written)
    (book.folder / "_build" / "work" / ".passed").unlink()  # so that it forgets its pages
    assert book.build()[0] == 0
    whole = files_of(site)
    assert [path for path in after | whole if after.get(path) != whole.get(path)] == []
    text = (site / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    assert list(index["indexentries"]) == ["kernel"] and "second" in index["terms"]


def test_writing_shows_errors_and_goes_on_until_they_are_mended(book):
    (book.folder / "lectures_lib").mkdir()  # which is watched
    book.write(words=notebook("# Words\n\nOne."))
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.write", "--port", "0"],
        cwd=book.folder, env=book.environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip

    def printed(until):
        lines = []
        while not re.search(until, "".join(lines)):
            lines.append(process.stdout.readline())
            assert lines[-1], lines  # it has not ended
        return "".join(lines)

    with process:
        try:
            url = re.search(r"at (http://127.0.0.1:\d+) loads again", printed("Ctrl-C"))[1]
            book.write(words=notebook("# Words\n\nTwo {numref}`nowhere`."))
            assert "book/words.ipynb, cell 1, line 3: undefined label" in printed("All output")
            book.write(words=notebook("# Words\n\nThree."))
            printed(r"Done in \d+ s")
            with urlopen(f"{url}/book/words.html", timeout=20) as answer:
                assert "<p>Three.</p>" in answer.read().decode()
            process.send_signal(signal.SIGTERM)
            assert process.stdout.read().endswith("\nEnded.\n")
            assert process.wait() == 0
        finally:
            process.kill()


def test_a_book_is_built_without_data(site_of_all):
    page = site_of_all.page("pictures")
    assert "no network" in page and "170 MB" not in page


def used(*cells):
    """Return the files that cells use, relative to the package."""
    return {p.relative_to(PACKAGE).as_posix() for p in library_files(*cells)} - {"__init__.py"}


def test_a_result_that_cannot_be_kept_ends_the_build(book):
    others = {f"b{k}": notebook(f"# B{k}", "import time; time.sleep(10_000)") for k in range(6)}
    book.write(a=notebook("# A", "1"), **others)
    cache = book.folder / "_build" / "work" / "_build" / ".jupyter_cache"
    (cache / "peak_memory.json").mkdir(parents=True)
    code, output = book.build()  # which has time limits of its own
    assert code != 0
    assert "Is a directory" in output and "peak_memory.json" in output


def test_imports_are_followed_to_the_modules_that_define_the_names():
    assert used("import numpy") == set()
    assert used("from lectures_lib.live import controls") == {"live.py"}
    assert used("from lectures_lib.data import make_windows") == {
        "data/windows.py",
        "data/splits.py",
    }
    assert used("def f():\n    from lectures_lib.data.series import noisy_sine") == {
        "data/series.py"
    }
    many = used("from lectures_lib.training import fit_many")
    assert {"training/many.py", "training/batched.py", "training/progress.py"} <= many
    assert not {"training/forecast.py", "training/__init__.py"} & many
    figures = used("from lectures_lib.explore import explore")
    assert figures == {"explore.py", "plots.py", "live.py", "words.py"}
    assert used("from lectures_lib.site import frames", "import lectures_lib.site.table") == set()


@pytest.mark.parametrize("cell", ["from lectures_lib import data", "import lectures_lib.data as d"])
def test_a_whole_package_counts_with_all_its_files(cell):
    assert {"data/__init__.py", "data/series.py", "data/cifar10.py"} <= used(cell)


def test_what_is_looked_up_by_name_counts_if_it_is_named():
    load = "from lectures_lib import recorded\n"
    assert used(load + "recorded.load('digits_seeds')") == {
        "keras_settings.py", "recorded/__init__.py", "recorded/digits_seeds.csv"
    }  # fmt: skip
    every = {f"recorded/{path.name}" for path in (PACKAGE / "recorded").glob("*.*")}
    every |= {"keras_settings.py"}
    assert len(every) > 10
    assert used(load + "recorded.load(f'digits_{what}')") == every
    check = "from lectures_lib.exercises import check"
    assert used(check, "check('cnn-output-size', 3)") == {
        *(f"data/{name}.py" for name in ("digits", "disturb", "shapes", "splits")),
        *(f"exercises/{name}.py" for name in ("__init__", "case", "cnn", "cnn_trained")),
        *(f"exercises/{name}.py" for name in ("compare", "results", "running", "trained")),
    }
    rnn = used(check, 'check("rnn-euler-weights", 3)')
    assert {"exercises/rnn.py"} < rnn  # and what its checks compute with
    assert "exercises/cnn.py" not in rnn


def test_a_cell_that_cannot_be_read_hides_no_other():
    assert used("x = (", "%pip install x\nfrom lectures_lib import live") == {"live.py"}


def test_fingerprint_tells_whether_the_data_are_there(tmp_path, monkeypatch):
    monkeypatch.setenv("LECTURES_DATA_DIR", str(tmp_path))
    without = notebooks.code_fingerprint(["import numpy"])
    (tmp_path / "cifar10.npz").write_bytes(b"data")
    assert notebooks.code_fingerprint(["import numpy"]) != without


def test_fingerprint_follows_imports_and_ignores_magics():
    plain, magic = ["import numpy"], ["%pip install x\n!ls\nimport numpy"]
    uses = ["if True:\n    %pip install x\nfrom lectures_lib import data"]
    assert notebooks.code_fingerprint(plain) == notebooks.code_fingerprint(magic)
    assert notebooks.code_fingerprint(plain) != notebooks.code_fingerprint(uses)
    mark = notebooks.read(nbformat.writes(notebook("# Uses", *uses))).metadata.kernelspec
    assert mark["name"] == "python3"
    assert mark["lectures_lib"] == notebooks.code_fingerprint(uses)


def exercise(title, name, *, kind="code", points=2, minutes=15, needs=()):
    """Return the cells of an exercise, for `notebook`."""
    mark = {"id": name, "role": "answer", "kind": kind, "points": points, "minutes": minutes}
    roles = {"answer": f"# exercise: {name}", "check": "1", "solution": "2"}
    if kind == "explain":
        roles = {"answer": f"<!-- exercise: {name} -->", "rubric": "- 2 points: it is said why."}
    cells = [nbformat.v4.new_markdown_cell(f"### {title}\n\nDo it.")]
    for role, text in roles.items():
        new = nbformat.v4.new_markdown_cell if kind == "explain" else nbformat.v4.new_code_cell
        cells.append(new(text))
        cells[-1].metadata["exercise"] = {"id": name, "role": role}
    cells[1].metadata["exercise"] = mark | {"needs": list(needs)}
    return cells


def rows_of(html):
    """Return the texts of the rows of all tables of a page, and the addresses in them."""
    found = []
    for row in re.findall(r"<tr.*?</tr>", html, re.DOTALL):
        cells = re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)
        texts = [re.sub(r"<[^>]+>|\s+", " ", cell).split() for cell in cells]
        found.append(([" ".join(text) for text in texts], re.findall(r'href="(.*?)"', row)))
    return found


def test_the_build_writes_notebooks_for_runners(site_of_all):
    book = site_of_all
    made = nbformat.read(book.folder / "_build/html/notebooks/powers.ipynb", as_version=4)
    head, _, demo, caption = made.cells
    assert head.source.startswith("# 2. Powers\n\n$$\ny \\tag{2.1}\n$$")
    assert re.search(r"\[Fig\. 2\.1\]\(\S+/book/powers\.html#two\)", head.source)
    assert re.search(r"\[\(1\.1\)\]\(\S+/book/other\.html#equation-eq-one\)", head.source)
    sliders = "*(It has sliders when the cells up to here have run.)*"
    assert caption.source == f"**Fig. 2.1.** Powers $2^p$ of *two*. {sliders}"
    assert demo.outputs[0].data["text/plain"] == "A line that ends at 2."
    assert 'href="../notebooks/powers.ipynb"' in book.page("powers")


def test_what_the_notebooks_stage_executed_is_kept_and_what_is_gone_is_removed(book):
    two = notebook("# Two")
    book.write(one=notebook("# One", "1 + 1"), two=two)
    chapter = read_book(book.folder / "book")["one"]
    ran = walk.run_of(Book(ROOT / "book", ()), chapter)
    ran.cells[1].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "kept"})]
    ran.cells[2].outputs = [nbformat.v4.new_output("stream", name="stdout", text="1234")]
    done = {cell.id: (cell.outputs, 2.5) for cell in ran.cells}
    walk.keep(ran, done, root=book.folder)
    code, output = book.build()
    assert code == 0, output
    assert ">kept" in book.page("one") and not re.search(r"/\d  one  ", output)
    folder = book.folder / "_build/html/notebooks"
    assert sorted(path.name for path in folder.iterdir()) == ["one.ipynb", "two.ipynb"]
    (book.folder / "_build/work/_build/html/notebooks/gone.ipynb").touch()
    (book.folder / "book/two.ipynb").unlink()
    (book.folder / "_build/work/_build/html/book/two.html").unlink()
    book.write(one=notebook("# One", "1 + 2"))
    code, output = book.build()
    assert code == 0, output
    assert ">3" in book.page("one") and "Execute 1 chapter" in output
    for made in (folder, book.folder / "_build/notebooks"):
        assert [path.name for path in made.iterdir()] == ["one.ipynb"]


TAUGHT = """\
# Teach

```{week-plan}
:whole:
First: cnn/one
Second: rnn/two rnn/three
```

:::{chapter-notes} cnn/one
Show {state}`a line <cnn/one#one?power=2>`, ask {question}`why <one-why>`.
:::
:::{chapter-notes} rnn/two
Read {section}`rnn/two#It isn't over`, do {exercise}`rnn-step`.
:::
:::{chapter-notes} rnn/three
Nothing.
:::
"""


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A book with exercises, their index, and a page for lecturers, built once."""
    book = TinyBook(tmp_path_factory.mktemp("taught"))
    asked = "# Why\n\n:::{question} one-why\nWhy?\n\n- [x] So\n  > Yes.\n- [ ] No\n  > No.\n:::"
    first = "# One\n\n**A first reading** of 40 minutes."
    one = notebook(first, asked, DEMO.format(name="one"), "# Exercises")  # a slider of 3 minutes
    one.cells[-1].source = "## Exercises"
    one.cells += exercise("Find the `angle` that isn't $0$", "cnn-angle", kind="compute", points=1)
    one.cells[-1].source = "# solution: cnn-angle\nprint('quixotic', 'zeug' + 'ma')"
    one.cells += exercise("Say why", "cnn-why", kind="explain", minutes=20)
    one.cells[-1].source = "- 2 points: quixotic."
    two = notebook("# Two\n\n## It isn't over")
    two.cells += exercise("Step", "rnn-step", minutes=75, needs=["cnn-angle"])
    three = notebook("# Three\n\n" + "word " * 1300)  # 10 minutes
    chapters = {"cnn/one": one, "rnn/two": two, "rnn/three": three}
    book.write([*chapters, "exercises", "teaching"], **chapters)
    for name, text in (
        ("exercises", "# Index\n\n```{exercise-index}\n```\n"),
        ("teaching", TAUGHT),
    ):
        (book.folder / "book" / f"{name}.md").write_text(text)
    code, output = book.build()
    assert code == 0, output
    return book


def test_the_index_of_exercises_is_read_from_the_chapters(taught):
    book = taught
    html = book.page("exercises")
    sums, first, second = (rows_of(part) for part in html.split("<table")[1:])
    assert sums == [
        (["chapter", "compute", "code", "train", "explain", "points", "min"], []),
        (["One", "1", "0", "0", "1", "3", "35"], ["#exercises-cnn-one"]),
        (["Two", "0", "1", "0", "0", "2", "75"], ["#exercises-rnn-two"]),
        (["all", "1", "1", "0", "1", "5", "110"], []),
    ]
    assert [texts[1:] for texts, _ in first] == [
        ["kind", "points", "min", "solved"],
        ["compute", "1", "15", "solved: cnn-angle"],
        ["explain", "2", "20", "solved: cnn-why"],
    ]
    (texts, (angle,)), (_, (why,)) = first[1:]
    assert texts[0].startswith("Find the angle that isn’t") and texts[0].endswith("cnn-angle")
    assert why == "cnn/one.html#say-why"
    texts, addresses = second[1]
    assert texts == ["Step rnn-step , needs cnn-angle", "code", "2", "75", "solved: rnn-step"]
    assert addresses == ["rnn/two.html#step", angle]
    for address in (angle, why):  # which are there
        assert f'id="{address.partition("#")[2]}"' in book.page("cnn/one")
    assert re.search(r'<section id="exercises-cnn-one">\s*<h2>One<a', html)
    assert 'href="#exercises-rnn-two">Two</a>' in html.split("bd-sidebar-secondary")[1]


def test_the_page_for_lecturers_adds_up_hours(taught):
    html = taught.page("teaching")
    rows = [texts for texts, _ in rows_of(html)]
    assert rows[0] == ["week", "first reading", "reading", "exercises"]
    assert rows[1][0] == "1. First One" and rows[2][0] == "2. Second Two Three"
    assert [row[1] for row in rows[1:]] == ["0:40", "0:00", "0:40"]
    assert [row[3] for row in rows[1:]] == ["0:35", "1:15", "1:50"]
    assert rows[2][2] == "0:10"
    assert 'href="cnn/one.html#one?power=2">a line<' in html
    assert 'href="cnn/one.html#question-one-why">why<' in html
    assert 'href="rnn/two.html#it-isnt-over">2: It isn’t over<' in html
    assert re.search(r'href="rnn/two.html#step"><code.*?rnn-step.*?</a> \(75 min\)', html)


def test_a_book_without_solutions_tells_nothing_of_them_and_executes_nothing_again(taught):
    book = taught
    secret, later = re.compile(rb"quixot|zeugma|# solution"), "Solutions are published later by"

    def telling():
        site = files_of(book.folder / "_build/html") | files_of(book.folder / "_build/notebooks")
        return {path.name for path, content in site.items() if secret.search(content)}

    def assert_all_is_told():
        assert telling() == {"one.html", "one.ipynb", "searchindex.js"}
        assert later not in book.page("cnn/one")

    assert_all_is_told()
    book.environment = book.environment | {"LECTURES_SOLUTIONS": "no"}
    code, output = book.build()
    assert code == 0, output
    assert telling() == set() and book.page("cnn/one").count(f"<em>{later}") == 2
    assert "Execute" not in output
    book.environment = book.environment | {"LECTURES_SOLUTIONS": "yes"}
    code, output = book.build()
    assert code == 0, output
    assert_all_is_told()
    assert "Execute" not in output


def test_the_page_for_lecturers_refuses_what_is_not_there(taught):
    again = notebook("# Three", DEMO.format(name="one"))
    nbformat.write(again, taught.folder / "book" / "rnn" / "three.ipynb")
    text, errors = TAUGHT, ["shows 'one' already; rename one."]
    for right, wrong, error in (
        ("Second: rnn/two", "Second: cnn/one", "rnn/two is in no week; cnn/one is in two weeks"),
        ("First: cnn/one", "First: cnn/one cnn/four", "cnn/four is no chapter"),
        ("notes} rnn/three", "notes} rnn/five", "rnn/five is no chapter"),
        ("power=2", "power=4", "the slider power has no value 4"),
        ("one-why", "one-where", "there is no short question 'one-where'"),
        ("isn't over", "is over", "rnn/two has no section 'It is over'"),
        ("rnn-step", "rnn-leap", "there is no exercise 'rnn-leap'"),
    ):
        text = text.replace(right, wrong)
        errors.append(error)
    (taught.folder / "book" / "teaching.md").write_text(text)
    code, output = taught.build()
    assert code != 0
    assert [error for error in errors if error not in output] == [], output


def test_a_broken_exercise_is_named(book):
    one = notebook("# One")
    one.cells += exercise("Step", "cnn-step", minutes=0)
    book.write(["cnn/one"], **{"cnn/one": one})
    with pytest.raises(ValueError, match="'cnn-step' has minutes=0, but it must be a whole number"):
        _ = read_book(book.folder / "book").exercises
