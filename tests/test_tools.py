"""Tools that build, print and measure the site."""

import errno
import subprocess
from pathlib import Path

import pytest
import yaml

from lectures_lib import book as model
from tools import build, lighthouse, npm, pdf, way_out

ROOT = Path(__file__).parents[1]


def test_all_pages_in_the_order_of_the_contents():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [
        below["file"]
        for part in contents["parts"]
        for page in part["chapters"]
        for below in [page, *page.get("sections", ())]
    ]
    assert model.contents(ROOT / "_toc.yml") == [contents["root"], *listed]


def test_the_address_of_the_published_site_is_read_from_a_page():
    head = '<meta property="og:url" content="https://a.github.io/b/book/intro.html" />'
    assert pdf._published(head) == "https://a.github.io/b/"
    assert pdf._published("<p>nothing</p>") == ""


def test_the_pages_with_a_place_for_it_link_to_the_pdf(tmp_path):
    place = '<p class="pdf-place"></p>'
    (tmp_path / "book").mkdir()
    for name, text in (("intro", f"<p>{place}"), ("other", "<p>")):
        (tmp_path / "book" / f"{name}.html").write_text(text)
    for size, said in ((12_300_000, "12.3 MB"), (9_870_000, "9.9 MB")):  # also a second time
        (tmp_path / "course.pdf").write_bytes(bytes(size))
        assert pdf.link(tmp_path) == 1
        assert (tmp_path / "book" / "intro.html").read_text() == (
            '<p><p class="pdf-place"><a href="../course.pdf">Download the book as PDF</a> '
            f"({said})</p>"
        )
        assert (tmp_path / "book" / "other.html").read_text() == "<p>"


def test_a_mark_below_the_budget_is_named():
    text, missed = lighthouse.table({"book/a": [95, 100, 100, 95], "b": [100, 94, 100, 100]})
    assert text.splitlines()[1:] == [
        "book/a           95            100             100   95",
        "b               100             94             100  100",
    ]
    assert missed == ["b"]


def test_the_newest_sphinx_comes_with_every_extension_of_the_book():
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pinned = {line.partition("==")[0] for line in text.splitlines() if "==" in line}
    found = way_out.newest(text)
    assert found[0] == "sphinx>=9,<10"
    assert set(found[1:]) == {n for n in pinned if "sphinx" in n or "myst" in n} - {"sphinx"}


def test_without_a_browser_nothing_is_measured(monkeypatch, capsys):
    monkeypatch.setattr("os.environ", {"PATH": "/nowhere"})
    for tool in (lighthouse, pdf):
        assert tool.main([]) == 1
        assert "No Chromium found" in capsys.readouterr().err


def test_what_npm_cannot_fetch_is_named_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(npm, "FOLDER", tmp_path)
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(RuntimeError, match=r"(?si)sniffer 2\.5\.1 could not be fetched.*npm err"):
        npm.installed("html_codesniffer", "2.5.1")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty repository; `made` says what Sphinx would write and how it would end."""
    monkeypatch.chdir(tmp_path)
    site = tmp_path / "_build" / "work" / "_build" / "html"

    def made(text, code=0, complete=0, writing=False):
        def run(steps, writing):
            site.mkdir(parents=True, exist_ok=True)
            (site / "a.html").write_text(text)
            return code, ["what is wrong"] if code else []

        monkeypatch.setattr(build, "run", run)
        monkeypatch.setattr(build.complete, "main", lambda arguments: complete)
        return build.main(writing=writing)

    return made


def shown():
    return Path("_build/html/a.html").read_text()


def test_only_a_whole_site_takes_the_place_of_the_last(folder):
    assert folder("one") == 0 and shown() == "one"
    assert folder("half", code=1) == 1 and shown() == "one"
    assert folder("half", complete=1) == 1 and shown() == "one"
    assert folder("two") == 0 and shown() == "two"
    assert sorted(p.name for p in Path("_build").iterdir()) == [".lock", "html", "work"]


def test_a_build_that_did_not_end_is_done_anew(folder, monkeypatch):
    trees = Path("_build/work/_build/.doctrees")
    assert folder("one") == 0
    trees.mkdir()
    assert folder("two") == 0 and trees.exists()
    assert folder("half", code=1) == 1 and trees.exists()
    for left in ("html.new", "html.old"):  # killed while the site changed places
        Path("_build", left).mkdir()
    assert folder("three") == 0 and shown() == "three"
    assert not trees.exists()
    assert not list(Path("_build").glob("html.*"))


def test_what_is_written_is_neither_published_nor_taken_for_checked(folder):
    trees = Path("_build/work/_build/.doctrees")
    assert folder("one") == 0
    trees.mkdir()
    assert folder("two", writing=True) == 0 and shown() == "one"
    assert folder("three") == 0 and shown() == "three" and trees.exists()
    assert folder("bad", code=1, writing=True) == 1
    assert folder("four", writing=True) == 0 and trees.exists()
    assert folder("five") == 0 and shown() == "five"
    assert not trees.exists()  # a page that was not read again may still be bad


PRINTS = """
import json, os
def tell(*event):
    os.write(int(os.environ["LECTURES_PROGRESS"]), json.dumps(event).encode() + b"\\n")
print("noise", flush=True)
tell("step", "Execute 2 chapters")
tell("note", "1/2  a  18 s")
tell("note", "2/2  b  7 s")
tell("step", "Write 3 pages")
"""


@pytest.fixture
def program(folder, monkeypatch):
    """Real runs of what is given instead of Jupyter Book, without a clock."""
    Path("_build").mkdir()
    monkeypatch.setattr(build.time, "monotonic", lambda: 100.0)

    def run(text):
        monkeypatch.setattr(build, "PROGRAM", text)
        return build.build()

    return run


def test_a_build_prints_steps_and_chapters_and_logs_the_rest(program, monkeypatch, capfd):
    monkeypatch.setattr(build.complete, "main", lambda arguments: print("3 pages.") or 0)
    Path("_build/work/_build/html").mkdir(parents=True)
    assert program(PRINTS) == 0
    assert capfd.readouterr() == (
        "Look for changes ... 0 s\n"
        "Execute 2 chapters ...\n"
        "  1/2  a  18 s\n"
        "  2/2  b  7 s\n"
        "Write 3 pages ... 0 s\n"
        "Check the site\n"
        "3 pages.\n"
        "Done in 0 s.\n",
        "",
    )
    assert Path("_build/book.log").read_text() == "noise\n"


def test_a_failed_build_prints_each_problem_once_and_names_the_log(program, capfd):
    problem = 'tell("problem", "book/a.ipynb, cell 3: no alt text")\n'
    assert program(PRINTS + 2 * problem + "raise SystemExit(1)") == 1
    assert capfd.readouterr().err == (
        "\nbook/a.ipynb, cell 3: no alt text\n\n"
        "All output is in _build/book.log; the last site is as it was.\n"
    )


def test_a_build_that_ends_without_a_word_shows_the_end_of_the_log(program, capfd):
    lines = 'print(*range(100), sep="\\n", flush=True)\n'
    assert program(lines + "import os; os.kill(os.getpid(), 9)") == -9
    shown = capfd.readouterr().err.splitlines()
    assert shown[1:17] == [*map(str, range(85, 100)), "Jupyter Book ended with code -9, as above."]


def test_an_interrupted_build_ends_the_program_and_says_so(folder, monkeypatch, capsys):
    ended = []

    class Process(subprocess.Popen):
        def kill(self):
            ended.append(self.args)
            super().kill()

    def interrupted(steps, text):
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "PROGRAM", PRINTS + "import time; time.sleep(1000)")
    monkeypatch.setattr(build.subprocess, "Popen", Process)
    monkeypatch.setattr(build.Steps, "note", interrupted)
    assert build.main() == build.INTERRUPTED
    assert len(ended) == 1
    assert capsys.readouterr().err == "\nInterrupted; the last site is as it was.\n"


def test_two_builds_do_not_mix(folder, capsys):
    with build.alone(Path("_build")):
        assert folder("mixed") == 1
    assert "Another build works in this folder." in capsys.readouterr().err
    assert not Path("_build/html").exists()
    assert folder("one") == 0


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "Make room on the disk."),
        (errno.EACCES, "Clone the repository into a folder of your own."),
        (errno.EROFS, "Clone the repository into a folder of your own."),
        (errno.ENOTDIR, "See what may write there."),
    ],
)
def test_a_place_that_takes_no_site_is_said(number, told, folder, monkeypatch, capsys):
    def refused(*arguments):
        raise OSError(number, "No")

    assert folder("one") == 0
    monkeypatch.setattr(build.shutil, "copytree", refused)
    assert folder("two") == 1 and shown() == "one"
    assert f"No. {told}" in capsys.readouterr().err
