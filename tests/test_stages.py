"""The runner of the tests: it stops, skips and counts as it says."""

import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import slow

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
def times(tmp_path, monkeypatch):
    """A file of times for this test."""
    monkeypatch.setattr(stages, "TIMES", tmp_path / "cache" / "stages.json")
    return stages.TIMES


def run_main(monkeypatch, fakes, environment=PATH, arguments=()):
    monkeypatch.setattr(stages, "stages", lambda environment: fakes)
    return stages.main(list(arguments), dict(environment))


def test_all_pass(monkeypatch, capfd):
    assert run_main(monkeypatch, [fake("one", 0, 0), fake("two", 0)]) == 0
    out = capfd.readouterr().out
    assert out.index("=== one: what one does\n") < out.index("=== two: what two does\n")
    assert out.count("passed  ") == 2


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


def test_a_failing_command_stops_its_stage(monkeypatch, capfd):
    outcome = stages.run_stage(fake("one", 3, 0, prints="here"), PATH)
    assert outcome.result == "FAILED"
    assert capfd.readouterr().out == "here\n"


def test_a_missing_browser_is_a_skip_that_says_so(monkeypatch, capfd):
    environment = {"PATH": "/nowhere"}
    assert run_main(monkeypatch, [fake("site", 1, browser=True)], environment) == 0
    last = capfd.readouterr().out.splitlines()[-3]
    assert last.startswith("site       SKIPPED")
    assert "install chromium" in last


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


@pytest.mark.parametrize("value", ["true", "1"])
def test_a_missing_browser_fails_in_ci(monkeypatch, capfd, value):
    environment = {"PATH": "/nowhere", "CI": value}
    assert run_main(monkeypatch, [fake("site", 0, browser=True)], environment) == 1
    assert "site       FAILED" in capfd.readouterr().out


def test_a_browser_is_found_by_name_and_by_variable(tmp_path):
    program = tmp_path / "chromium-browser"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    assert stages.find_browser({"PATH": str(tmp_path)}) == str(program)
    assert stages.find_browser({"PATH": "/nowhere", "CHROMIUM": str(program)}) == str(program)
    assert stages.find_browser({"PATH": str(tmp_path), "CHROMIUM": "/nowhere/chrome"}) is None


def test_the_stage_gets_the_browser(monkeypatch, capfd, tmp_path):
    program = tmp_path / "google-chrome"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    show = [sys.executable, "-c", "import os; print(os.environ['CHROMIUM'])"]
    outcome = stages.run_stage(
        stages.Stage("site", "shows", (show,), browser=True), {"PATH": str(tmp_path)}
    )
    assert outcome.result == "passed"
    assert capfd.readouterr().out.strip() == str(program)


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


@pytest.mark.slow
def test_no_tests_is_a_failure(monkeypatch, capfd, tmp_path):
    (tmp_path / "pytest.ini").touch()
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    stage = stages.Stage("unit", "finds", ([*command, str(tmp_path)],))
    assert run_main(monkeypatch, [stage]) == 1
    assert "no test was found" in capfd.readouterr().out


def test_one_stage_can_be_chosen(monkeypatch, capfd):
    fakes = [fake("one", 1), fake("two", 0)]
    assert run_main(monkeypatch, fakes, arguments=["two"]) == 0
    assert "one" not in capfd.readouterr().out
    assert run_main(monkeypatch, fakes, arguments=["three"]) == 2
    assert "Choose: one, two" in capfd.readouterr().err


def test_a_part_of_another_stage_runs_only_when_it_is_asked_for(monkeypatch, capfd):
    fakes = [fake("quick", 0, part=True), fake("unit", 0)]
    assert run_main(monkeypatch, fakes) == 0
    assert "quick" not in capfd.readouterr().out
    assert run_main(monkeypatch, fakes, arguments=["quick"]) == 0
    assert "unit" not in capfd.readouterr().out


def test_a_stage_says_how_long_it_took_when_it_last_passed(monkeypatch, capfd, times):
    fakes = [fake("one", 0), fake("two", 1)]
    assert run_main(monkeypatch, fakes) == 1
    assert "last time" not in capfd.readouterr().out
    assert list(json.loads(times.read_text())) == ["one"]
    times.write_text(json.dumps({"one": 499.6, "two": 59.4}))
    assert run_main(monkeypatch, fakes) == 1
    out = capfd.readouterr().out
    assert "\n=== one: what one does; last time 8 min 20 s\n" in out
    assert "\n=== two: what two does; last time 59 s\n" in out
    known = json.loads(times.read_text())
    assert known["one"] < 499 and known["two"] == 59.4


def test_times_that_cannot_be_read_are_forgotten(monkeypatch, capfd, times):
    times.parent.mkdir()
    times.write_text("{")
    assert run_main(monkeypatch, [fake("one", 0)]) == 0
    assert "last time" not in capfd.readouterr().out
    assert "one" in json.loads(times.read_text())


def test_the_stages_and_what_keep_changes():
    named = {stage.name: stage for stage in stages.stages({})}
    assert list(named) == ["lint", "quick", "unit", "notebooks", "book", "site", "engines", "lab"]
    # No test of the browsers is run twice, and none is left out.
    left = {part.removeprefix("--ignore=") for part in named["site"].commands[0][-2:]}
    assert left == {named[name].commands[0][-1] for name in ("engines", "lab")}
    assert left == {p.parent.relative_to(ROOT).as_posix() for p in ROOT.glob("tests/site/*/*.py")}
    assert [name for name, stage in named.items() if stage.part] == ["quick"]
    assert named["quick"].commands[0] == [*named["unit"].commands[0], "-m", "not slow"]
    assert len(named["book"].commands) == 2
    (book,) = (s for s in stages.stages({"KEEP": "1"}) if s.name == "book")
    assert len(book.commands) == 1


def test_lint_checks_scripts_and_compiled_bytes_where_it_can(tmp_path, monkeypatch):
    def lint(environment):
        return [" ".join(command) for command in stages.stages(environment)[0].commands]

    compiled = f"{sys.executable} -m tools.wasm --check"
    monkeypatch.setattr(stages, "COMPILER", tmp_path / "node_modules")
    assert compiled not in lint({})
    assert compiled in lint({"CI": "true"})
    (tmp_path / "node_modules").mkdir()
    assert compiled in lint({})
    (scripts,) = (command for command in lint({}) if "oxlint" in command)
    program, folder, *_ = scripts.split()
    assert Path(program).is_file() and (ROOT / folder / "explore.js").is_file()


def test_slow_tests_without_the_mark_are_named():
    def report(test, duration, *marks):
        return SimpleNamespace(nodeid=test, duration=duration, keywords=dict.fromkeys(marks, 1))

    reports = [report("a", 1.5), report("a", 1.5), report("b", 1.9), report("c", 9, "slow")]
    assert slow.unmarked([*reports, report("d", 5)]) == {"d": 5, "a": 3}


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
