"""`make test` stops, skips and counts as it says; notebooks are kept without outputs."""

import importlib.util
import os
import re
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATH = {"PATH": os.environ["PATH"]}


def load(name):
    """Import a file of `tools`, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


stages = load("stages")
notebooks = load("notebooks")


def fake(name, *codes, prints="", **options):
    """A stage whose commands print something and end with the given codes."""
    commands = [[sys.executable, "-c", f"print({prints!r}); raise SystemExit({c})"] for c in codes]
    return stages.Stage(name, f"what {name} does", tuple(commands), **options)


@pytest.fixture(autouse=True)
def no_times(tmp_path, monkeypatch):
    monkeypatch.setattr(stages, "TIMES", tmp_path / "cache" / "stages.json")


def run_main(monkeypatch, fakes, environment=PATH, arguments=()):
    monkeypatch.setattr(stages, "stages", lambda environment: fakes)
    return stages.main(list(arguments), dict(environment))


def test_a_failing_stage_stops_the_run(monkeypatch, capfd, tmp_path):
    touch = [sys.executable, "-c", f"open({str(tmp_path / 'ran')!r}, 'w')"]
    fakes = [fake("one", 0), fake("two", 1, 0), stages.Stage("three", "touches", (touch,))]
    assert run_main(monkeypatch, fakes) == 1
    out = capfd.readouterr().out
    assert [line.split()[:2] for line in out.splitlines() if line.startswith("t")] == [
        ["two", "FAILED"],
        ["three", "not"],
    ]
    assert not (tmp_path / "ran").exists()


def test_a_missing_browser_is_a_skip_that_says_so_and_fails_in_ci(monkeypatch, capfd):
    environment, fakes = {"PATH": "/nowhere"}, [fake("site", 1, browser=True)]
    assert run_main(monkeypatch, fakes, environment) == 0
    last = capfd.readouterr().out.splitlines()[-3]
    assert last.startswith("site       SKIPPED")
    assert "install chromium" in last
    assert run_main(monkeypatch, fakes, environment | {"CI": "true"}) == 1
    assert "site       FAILED" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("here", "missing"),
    [
        ([], ["firefox-esr", "webkit2gtk-driver", "xvfb"]),
        (["firefox", "Xvfb"], ["webkit2gtk-driver"]),
        (["firefox-esr", "Xvfb", "WebKitWebDriver"], []),
    ],
)
def test_a_missing_engine_is_named_with_its_package(here, missing, monkeypatch, capfd, tmp_path):
    for name in here:
        (tmp_path / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    environment, fakes = {"PATH": str(tmp_path)}, [fake("engines", 0, needs=(*stages.PROGRAMS,))]
    assert run_main(monkeypatch, fakes, environment) == 0
    out = capfd.readouterr().out
    assert ("engines    SKIPPED" in out) == bool(missing)
    assert re.findall(r"install ([\w-]+)", out) == 2 * missing
    assert run_main(monkeypatch, fakes, environment | {"CI": "true"}) == bool(missing)


def test_counts_are_read_and_added(monkeypatch, capfd):
    fakes = [
        fake("unit", 0, prints="===== 12 passed, 1 skipped in 3.20s ====="),
        fake("notebooks", 0, prints="= 30 passed in 61.00s (0:01:01) ="),
        fake("book", 0, prints="4 pages, 12 demos, 431 frames."),
    ]
    assert run_main(monkeypatch, fakes) == 0
    out = capfd.readouterr().out
    table = out[out.index("stage ") :]
    assert "12 passed, 1 skipped\n" in table
    assert "30 passed\n" in table
    assert "4 pages, 12 demos, 431 frames\n" in table
    assert table.endswith("\n\n42 passed, 0 failed, 1 skipped\n")


def test_one_stage_can_be_chosen(monkeypatch, capfd):
    fakes = [fake("one", 1), fake("two", 0)]
    assert run_main(monkeypatch, fakes, arguments=["two"]) == 0
    assert "one" not in capfd.readouterr().out
    assert run_main(monkeypatch, fakes, arguments=["three"]) == 2
    assert "Choose: one, two" in capfd.readouterr().err


def test_no_test_of_the_browsers_runs_twice_and_none_is_left_out():
    named = {stage.name: stage for stage in stages.stages({})}
    left = {part.removeprefix("--ignore=") for part in named["site"].commands[0][-2:]}
    assert left == {named[name].commands[0][-1] for name in ("engines", "lab")}
    assert left == {p.parent.relative_to(ROOT).as_posix() for p in ROOT.glob("tests/site/*/*.py")}


def notebook(*, tags=(), outputs=True, count=1, identity="a"):
    result = {
        "output_type": "execute_result",
        "execution_count": count,
        "data": {"text/plain": "2"},
        "metadata": {},
    }
    cell = {
        "cell_type": "code",
        "id": identity,
        "metadata": {"tags": list(tags)} if tags else {},
        "source": "1 + 1",
        "execution_count": count,
        "outputs": [result] if outputs else [],
    }
    if identity is None:
        del cell["id"]
    return notebooks.nbformat.from_dict(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    )


COMPARED = ["nbval-check-output"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (notebook(), "an output"),
        (notebook(outputs=False), "execution count"),
        (notebook(tags=COMPARED, count=None), "output or its count"),
        (notebook(tags=COMPARED, outputs=False, count=None), "but no output"),
        (notebook(outputs=False, count=None, identity=None), "no id"),
    ],
)
def test_a_notebook_that_is_not_clean_is_named(given, problem):
    assert problem in " ".join(notebooks.problems(given))


@pytest.mark.parametrize(
    "given", [notebook(outputs=False, count=None), notebook(tags=COMPARED, count=1)]
)
def test_a_clean_notebook_has_no_problems(given):
    assert notebooks.problems(given) == []


def test_stripping_keeps_the_outputs_that_are_compared(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book" / "cnn").mkdir(parents=True)
    for name, tags in {"plain": [], "compared": COMPARED}.items():
        notebooks.nbformat.write(notebook(tags=tags), tmp_path / "book" / "cnn" / f"{name}.ipynb")
    assert notebooks.main(["check"]) == 1
    assert notebooks.main(["strip"]) == 0
    assert notebooks.main(["check"]) == 0
    assert capsys.readouterr().out.endswith("2 notebooks without outputs\n")
    read = notebooks.nbformat.read(tmp_path / "book" / "cnn" / "compared.ipynb", as_version=4)
    assert read.cells[0].outputs[0].data["text/plain"] == "2"
    assert read.cells[0].metadata == {"tags": COMPARED}
    assert read.cells[0].execution_count == 1  # without it nbval refuses the output


def test_removing_the_build_keeps_what_the_notebooks_stage_drew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("html/book/a.html", ".doctrees/a", "live/book/a/whole"):
        (tmp_path / "_build" / name).parent.mkdir(parents=True)
        (tmp_path / "_build" / name).touch()
    (tmp_path / "_build" / ".passed").touch()
    assert stages.main(["--remove-build"], {}) == 0
    assert [p.name for p in (tmp_path / "_build").rglob("*") if p.is_file()] == ["whole"]


@pytest.mark.parametrize("name", ["short", "ä" * 60])
def test_a_browser_gets_a_folder_whose_name_is_short_enough_for_a_socket(
    name, tmp_path, monkeypatch
):
    given = Path("/tmp") / name
    monkeypatch.setenv("TMPDIR", str(given))
    monkeypatch.setattr(tempfile, "tempdir", str(given))
    with stages.short_folder():
        found = os.environ["TMPDIR"]
        assert (found == str(given)) == (name == "short")
        assert len(os.fsencode(found)) <= 60
    assert os.environ["TMPDIR"] == str(given)
