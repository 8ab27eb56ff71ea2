"""What is changed in other people's packages: it works, and an update that moves it is noticed."""

import sys
from types import SimpleNamespace

import pytest
import sphinx
from pygments.formatters import HtmlFormatter
from sphinx.errors import ExtensionError
from sphinx.highlighting import PygmentsBridge
from sphinxcontrib import katex

from lectures_lib.site import patches


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch):
    """Undo the patches after each test."""
    for owner, names in (
        (katex, ("NODEJS_BINARY", "STARTUP_TIMEOUT", "RENDER_TIMEOUT")),
        (katex.KaTeXServer, ("start_server_process",)),
        (PygmentsBridge, ("html_formatter",)),
    ):
        for name in names:
            monkeypatch.setattr(owner, name, getattr(owner, name))


class Katex:
    timeout_error = staticmethod(lambda seconds: RuntimeError("no server"))

    def __init__(self, program):
        self.program = program

    def build_command(self, socket):
        return [sys.executable, "-c", self.program, str(socket)]


@pytest.mark.parametrize("letters", [1, 120])  # the path of a socket has at most 107
def test_formulas_take_no_detour_and_a_broken_server_is_no_wait(letters, tmp_path):
    folder = tmp_path / (letters * "x")
    folder.mkdir()
    program = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1])\n"
    program += "import time; time.sleep(0.3); s.listen(); s.accept()[0].sendall(b'x^2')"
    # Bound before it listens.
    process, connection = patches.start_katex(Katex(program), folder, 60)
    with process, connection:
        assert connection.recv(3) == b"x^2"
    with pytest.raises(RuntimeError, match="no server"):
        patches.start_katex(Katex("raise SystemExit(1)"), folder, 60)


@pytest.mark.parametrize(
    ("owner", "name", "said"),
    [
        (katex, "RENDER_TIMEOUT", "sphinxcontrib-katex's settings"),
        (HtmlFormatter, "_get_css_classes", "Pygments' _get_css_classes"),
    ],
)
def test_what_an_update_took_away_is_named(owner, name, said, monkeypatch):
    patches.setup(None)
    monkeypatch.delattr(owner, name)
    with pytest.raises(ExtensionError, match=f"^{said} is no longer what .*patches.py changes"):
        patches.setup(None)


def test_what_an_update_moved_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(katex.KaTeXServer, "start_server_process", lambda folder: None)
    with pytest.raises(ExtensionError, match="sphinxcontrib-katex's start_server_process"):
        patches._formulas()
    monkeypatch.setattr(PygmentsBridge, "html_formatter", object)
    with pytest.raises(ExtensionError, match="Sphinx's formatter of code"):
        patches._code()
    with pytest.raises(ExtensionError, match="_orig_css_files of Sphinx's builder"):
        patches.style_sheets(SimpleNamespace(_css_files=[]))
    script = tmp_path / patches.SEARCH
    script.parent.mkdir(parents=True)
    script.write_text("Search = {}", encoding="utf-8")
    monkeypatch.undo()
    monkeypatch.setattr(sphinx, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(ExtensionError, match=r"htmlToText in Sphinx's searchtools\.js"):
        patches.setup(None)
