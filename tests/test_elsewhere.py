"""What runs and publishes the course elsewhere: Binder, Colab, a fork, GitHub's machines."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tools import address, alone, colab
from tools.stages import stages

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements(path):
    """Return the requirements of a file by name; its options are left out."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    made = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {canonicalize_name(requirement.name): requirement for requirement in made}


NEEDED = {canonicalize_name(Requirement(line).name): Requirement(line)
          for line in PROJECT["dependencies"]}  # fmt: skip
COLAB = requirements(ROOT / "tools" / "colab.txt")


def test_binder_installs_what_the_package_needs_and_nothing_else():
    # repo2docker reads this folder instead of the files at the root: with a pyproject.toml there
    # it would install the package with its dependencies, a second TensorFlow among them.
    folder = ROOT / ".binder"
    wanted = requirements(folder / "requirements.txt")
    assert set(wanted) == {name.replace("tensorflow", "tensorflow-cpu") for name in NEEDED}
    options = re.findall(r"^-c (\S+)$", (folder / "requirements.txt").read_text(), re.MULTILINE)
    assert [(folder / option).resolve() for option in options] == [ROOT / "requirements.txt"]
    known = requirements(ROOT / "requirements.txt")
    for name, requirement in wanted.items():
        assert not requirement.specifier, f"{name}: its version stands in requirements.txt"
        assert name in known, f"{name}: requirements.txt gives it no version"
    assert not [name for name in ("environment.yml", "binder", "postBuild", "runtime.txt")
                if (ROOT / name).exists()]  # fmt: skip


def test_binder_has_a_python_that_fits_and_the_package():
    folder = ROOT / ".binder"
    python = re.fullmatch(r"python-(3\.\d+)\n?", (folder / "runtime.txt").read_text())[1]
    assert python in SpecifierSet(PROJECT["requires-python"])
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]
    script = folder / "postBuild"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    assert re.search(r"^python -m pip install .*--no-deps \.$", script.read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", NEEDED)
def test_colab_keeps_its_own_versions(name):
    (pin,) = COLAB[name].specifier
    assert pin.operator == "=="
    assert pin.version in NEEDED[name].specifier, f"Colab has {name} {pin.version}"


def test_the_tested_widgets_are_those_of_colab():
    assert str(COLAB["ipywidgets"].specifier) == "==7.7.1"
    assert str(COLAB["ipython"].specifier) == "==7.34.0"


PUBLISHED = {
    "pip-freeze.txt": "absl-py==1.4.0\nKeras==3.13.2\nml_dtypes @ file:///there\noptree==0.19.1\n",
    "os-info.txt": "Ubuntu 22.04.5 LTS\nPython 3.13.15\n",
}


@pytest.fixture
def colabs(tmp_path, monkeypatch):
    """A list that is older than Colab's."""
    path = tmp_path / "colab.txt"
    path.write_text("# For Python 3.12.\nkeras==3.10.0\nml-dtypes==0.5.4\nabsl_py==1.4.0\n")
    monkeypatch.setattr(colab, "LIST", path)
    monkeypatch.setattr(colab, "read", PUBLISHED.__getitem__)
    return path


def test_what_is_older_than_colabs_is_told(colabs, capsys):
    before = colabs.read_text()
    assert colab.main([]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "Python is 3.13 in Colab, not 3.12",
        "keras is 3.13.2 in Colab, not 3.10.0",
        "ml-dtypes is no longer in Colab",
    ]
    assert said.err == "Renew it: python tools/colab.py --write\n"
    assert colabs.read_text() == before


def test_the_list_is_renewed(colabs, capsys):
    assert colab.main(["--write"]) == 0
    wanted = "# For Python 3.13.\nkeras==3.13.2\nml-dtypes==0.5.4\nabsl_py==1.4.0\n"
    assert colabs.read_text() == wanted
    colabs.write_text(wanted.replace("ml-dtypes==0.5.4\n", ""))
    assert colab.main([]) == 0
    assert capsys.readouterr().out.endswith("The list is Colab's own.\n")


@pytest.mark.parametrize("missing", PUBLISHED)
def test_a_page_that_is_no_list_is_told_and_nothing_is_written(
    missing, colabs, capsys, monkeypatch
):
    before = colabs.read_text()
    monkeypatch.setattr(colab, "read", (PUBLISHED | {missing: "Not found"}).__getitem__)
    assert colab.main(["--write"]) == 1
    assert "could not be read: Expected lines of name==version" in capsys.readouterr().err
    assert colabs.read_text() == before


def test_the_weekly_run_has_colabs_python():
    weekly = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text("utf-8"))["jobs"]
    (run,) = (one for one in weekly["alone"]["strategy"]["matrix"]["include"]
              if one["versions"] == "Colab")  # fmt: skip
    assert colab.PYTHON.search(colab.LIST.read_text("utf-8"))[1] == run["python"]


@pytest.mark.parametrize("asked", ["socket.create_connection(('192.0.2.1', 80), 1)",
                                   "socket.getaddrinfo('example.org', 443)"])  # fmt: skip
def test_without_network_asking_is_refused_and_named(tmp_path, asked):
    environment = alone.offline(tmp_path / "offline")
    done = subprocess.run(
        [sys.executable, "-c", f"import socket; {asked}"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    host = "192.0.2.1" if "192" in asked else "example.org"
    assert f"The network is switched off, but '{host}' was asked for." in done.stderr


def small(*sources):
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
              "source": source} for source in sources]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3"}
    return {"cells": cells, "nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": kernel}}


@pytest.mark.slow
def test_a_notebook_runs_alone(monkeypatch):
    monkeypatch.setenv("LECTURES_DATA_DIR", "/somewhere")
    source = (
        "import os, sys\n"
        "assert os.listdir() == ['chapter.ipynb'] and 'LECTURES_DATA_DIR' not in os.environ\n"
        "assert not os.path.exists(os.path.expanduser('~/.keras'))\n"
        "print('I0000 00:00:1795.477 port.cc:153] oneDNN is on.\\nlate', file=sys.stderr)"
    )
    result = alone.run(small(source), name="a", python=Path(sys.executable))
    assert (result.passed, result.note) == (True, "1 lines on stderr: late")


@pytest.mark.slow
def test_a_notebook_that_fails_is_told(capsys):
    result = alone.run(small("1 / 0"), name="cnn/a", python=Path(sys.executable))
    assert str(result).startswith("cnn/a ")
    assert "FAILED" in str(result)
    assert result.note == "ZeroDivisionError: division by zero"


def test_the_reason_is_the_error_and_not_what_is_printed_below_it():
    text = (
        "\x1b[31mx\x1b[0m\nnbclient.exceptions.CellTimeoutError: A cell timed out.\n---\n['a']\n\n"
    )
    assert alone.reason(text) == "nbclient.exceptions.CellTimeoutError: A cell timed out."
    assert alone.reason("killed\n\n") == "killed"
    assert alone.reason("") == "no message"


@pytest.fixture
def fork(tmp_path, monkeypatch):
    """The files that hold the address."""
    monkeypatch.chdir(tmp_path)
    for path in [ROOT / "_config.yml", ROOT / "README.md", ROOT / "CITATION.cff"]:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return tmp_path


def test_one_command_writes_the_address_everywhere(fork, capsys):
    before = {path: path.read_text("utf-8") for path in fork.rglob("*.*")}
    old = yaml.safe_load(before[fork / "_config.yml"])["repository"]["url"]
    assert address.main(["https://github.com/me/my-fork.git/"]) == 0
    for path, text in before.items():
        now = path.read_text("utf-8")
        assert now != text
        back = now.replace("https://github.com/me/my-fork", old)
        assert back.replace("cd my-fork", "cd " + old.rpartition("/")[2]) == text
    assert address.main(["--check"]) == 0
    assert capsys.readouterr().out.endswith("https://github.com/me/my-fork stands everywhere.\n")


def test_another_address_is_found_and_nothing_is_changed(fork, capsys):
    before = [path.read_text("utf-8") for path in fork.rglob("*.*")]
    assert address.main(["--check", "https://github.com/me/fork"]) == 1
    assert [path.read_text("utf-8") for path in fork.rglob("*.*")] == before
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 3
    assert "make fork REPOSITORY=https://github.com/me/fork" in captured.err


@pytest.mark.parametrize("url", ["me/fork", "https://github.com/me", "git@github.com:me/fork"])
def test_what_is_no_address_is_refused(fork, capsys, url):
    assert address.main([url]) == 1
    assert f"{url!r} is not the address of a repository" in capsys.readouterr().err


def jobs():
    for path in WORKFLOWS:
        for name, job in yaml.safe_load(path.read_text("utf-8"))["jobs"].items():
            yield pytest.param(job, id=f"{path.stem}-{name}")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_may_only_read_and_use_no_secret(path):
    text = path.read_text("utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    assert "group" in workflow["concurrency"]
    assert "secrets" not in text
    assert "pull_request_target" not in text


@pytest.mark.parametrize("job", list(jobs()))
def test_jobs_end_and_use_githubs_own_actions(job):
    if "uses" in job:
        assert job["uses"] == "./.github/workflows/tests.yml"
        return
    assert job["timeout-minutes"] <= 120
    for used in (step["uses"] for step in job["steps"] if "uses" in step):
        assert re.fullmatch(r"actions/[a-z-]+@v\d+", used), f"{used}: pin it to a commit"


def test_nothing_is_published_before_every_test_has_passed():
    read = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in WORKFLOWS}
    publish = read["pages"]["jobs"]["publish"]
    for job in (publish, read["pages"]["jobs"]["notebooks"]):
        assert job["needs"] == "tests"
        assert "if" not in job  # it would run after a failure, too
    jobs = read["tests"]["jobs"].values()
    assert not [job for job in jobs if "if" in job]
    ran, done = [], {}
    for job in jobs:
        for step in job["steps"]:
            assert not step.get("continue-on-error")
            what = step.get("run") or step["uses"].partition("@")[0]
            command, _, stage = what.partition(" ")
            if command == ".ci/run":
                ran += job["strategy"]["matrix"]["stage"] if "matrix" in stage else stage.split()
            done[what] = len(done)
    assert sorted(ran) == sorted(one.name for one in stages({}) if not one.part)
    steps = ("make book SOLUTIONS=no", ".venv/bin/python -m tools.complete",
             "actions/upload-pages-artifact")  # fmt: skip
    assert sorted(steps, key=done.get) == list(steps)


def test_the_versions_of_python_agree():
    classified = {c.rpartition(" ")[2] for c in PROJECT["classifiers"] if ":: 3." in c}
    weekly = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text("utf-8"))["jobs"]
    assert set(weekly["newest"]["strategy"]["matrix"]["python"]) == classified
    assert classified == {"3.11", "3.12", "3.13"}
    text = (ROOT / "tools/set_up.py").read_text("utf-8")
    assert "VERSIONS = ((3, 13), (3, 12), (3, 11))" in text


def git(*arguments):
    return subprocess.run(["git", *map(str, arguments)], capture_output=True, text=True,
                          check=True).stdout  # fmt: skip


def test_the_branch_of_the_notebooks_keeps_its_history(tmp_path):
    remote, made = tmp_path / "remote.git", tmp_path / "made"
    git("init", "--bare", "--quiet", remote)
    script = ROOT / "tools" / "push_notebooks.sh"
    for name, text in (("a.ipynb", "one"), ("b.ipynb", "two"), ("b.ipynb", "two")):
        shutil.rmtree(made, ignore_errors=True)
        (made / ".binder").mkdir(parents=True)
        (made / ".binder" / "runtime.txt").touch()
        (made / name).write_text(text, encoding="utf-8")
        subprocess.run([script, made, remote, "bot"], check=True, capture_output=True)
    log = git("-C", remote, "log", "--format=%an", "notebooks").split()
    assert log == ["bot", "bot"]  # what did not change is no commit
    files = git("-C", remote, "ls-tree", "-r", "--name-only", "notebooks").split()
    assert files == [".binder/runtime.txt", "b.ipynb"]


@pytest.mark.skipif(not shutil.which("actionlint"), reason="actionlint is not installed")
def test_actionlint_finds_what_is_wrong(tmp_path):
    text = WORKFLOWS[0].read_text("utf-8")
    (tmp_path / "a.yml").write_text(text.replace("needs: tests", "needs: test"), "utf-8")
    done = subprocess.run(
        ["actionlint", str(tmp_path / "a.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert '"test"' in done.stdout


def test_a_clone_made_on_windows_has_the_same_files(tmp_path):
    there = tmp_path / "clone"
    git("-c", "core.autocrlf=true", "clone", "--quiet", "--depth=1", f"file://{ROOT}", there)
    lines = git("-C", there, "ls-files", "--eol").splitlines()
    ends = {name: kind.split()[1] for kind, name in (line.split("\t") for line in lines)}
    assert ends["Makefile"] == ends["recipes/SHA256SUMS"] == "w/lf"
    assert set(ends.values()) == {"w/lf", "w/-text", "w/none"}  # text, binary, empty
    folded = [name.casefold() for name in ends]
    assert sorted(folded) == sorted(set(folded))  # one name each where case does not count
