"""Tools that build, print and measure the site."""

import errno
import subprocess
from pathlib import Path

import pytest
import yaml

from lectures_lib import book as model
from tools import build, lighthouse, pdf

ROOT = Path(__file__).parents[1]


def test_all_pages_in_the_order_of_the_contents():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [page["file"] for part in contents["parts"] for page in part["chapters"]]
    assert model.contents(ROOT / "_toc.yml") == [contents["root"], *listed]


def test_the_address_of_the_published_site_is_read_from_a_page():
    head = '<meta property="og:url" content="https://a.github.io/b/book/intro.html" />'
    assert pdf._published(head) == "https://a.github.io/b/"
    assert pdf._published("<p>nothing</p>") == ""


def test_a_mark_below_the_budget_is_named():
    text, missed = lighthouse.table({"book/a": [95, 100, 100, 95], "b": [100, 94, 100, 100]})
    assert text.splitlines()[1:] == [
        "book/a           95            100             100   95",
        "b               100             94             100  100",
    ]
    assert missed == ["b"]


def test_without_a_browser_nothing_is_measured(monkeypatch, capsys):
    monkeypatch.setattr("os.environ", {"PATH": "/nowhere"})
    for tool in (lighthouse, pdf):
        assert tool.main([]) == 1
        assert "No Chromium found" in capsys.readouterr().err


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty repository; `made` says what Sphinx would write and how it would end."""
    monkeypatch.chdir(tmp_path)
    site = tmp_path / "_build" / "work" / "_build" / "html"

    def made(text, code=0, complete=0):
        def run(command, **options):
            site.mkdir(parents=True, exist_ok=True)
            (site / "a.html").write_text(text)
            return subprocess.CompletedProcess(command, code)

        monkeypatch.setattr(build.subprocess, "run", run)
        monkeypatch.setattr(build.complete, "main", lambda arguments: complete)
        return build.main()

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


def test_two_builds_do_not_mix(folder, capsys):
    with build.alone(Path("_build")):
        assert folder("mixed") == 1
    assert "Another build works in this folder." in capsys.readouterr().err
    assert not Path("_build/html").exists()
    assert folder("one") == 0


def test_a_full_disk_is_said(folder, monkeypatch, capsys):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    assert folder("one") == 0
    monkeypatch.setattr(build.shutil, "copytree", full)
    assert folder("two") == 1 and shown() == "one"
    message = capsys.readouterr().err
    assert "No space left on device. Make room on the disk." in message
