"""The page view of `playground`: a figure with scripts, on the pages that show one only."""

import html
import itertools
import struct
import zlib
from base64 import b64decode
from pathlib import Path

from docutils import nodes
from myst_nb.core.render import MimeRenderPlugin, create_figure_context

from lectures_lib.playground.answering import (
    MIME_TYPE,
    SCRIPTS,
    STYLE,
    TRAINING,
    asset,
    start,
    start_line,
    still,
)
from lectures_lib.site import WRITING, pages
from lectures_lib.site.dependencies import PACKAGE

__all__ = ["PlaygroundRenderer", "playground_box", "setup"]

FOLDER = "_playgrounds"


class playground_box(nodes.General, nodes.Element):
    """Where a playground stands; `bundle` has its name, caption and alt text."""


class PlaygroundRenderer(MimeRenderPlugin):
    """Turn what a `playground` or `train` call gives into a numbered figure (a myst-nb entry)."""

    mime_priority_overrides = (("*", MIME_TYPE, 1),)

    @staticmethod
    def handle_mime(renderer, data, inline):
        if inline or data.mime_type != MIME_TYPE:
            return None
        holder, markdown, bundle = nodes.Element(), renderer.renderer, data.content
        options = {"name": bundle["figure"], "caption": bundle["caption"]}
        options["classes"] = "playground-figure"
        with (
            markdown.current_node_context(holder),
            create_figure_context(markdown, options, data.line),
        ):
            markdown.current_node.append(playground_box(bundle=bundle))
        return list(holder.children)


def _place(name):
    """Return the id of the element in which a playground starts."""
    return f"{name}-playground"


def _files(app, bundle):
    """Return data and still picture of a playground, `{file: bytes}`.

    While somebody writes they are made anew only when the library has changed: it takes seconds.
    """
    name = bundle["name"]
    if "page" in bundle:
        line = start_line("training", _place(name), bundle["page"])
        return {f"{name}.js": line.encode(), f"{name}.png": b64decode(bundle["picture"])}
    made = [Path(app.outdir, FOLDER, f"{name}.{kind}") for kind in ("js", "png")]
    if WRITING and all(path.is_file() for path in made):
        changed = max(path.stat().st_mtime for path in PACKAGE.rglob("*.*"))
        if min(path.stat().st_mtime for path in made) > changed:
            return {path.name: path.read_bytes() for path in made}
    return {f"{name}.js": start(name, _place(name)).encode(), f"{name}.png": still(name)[0]}


def _version(content):
    return f"?v={zlib.crc32(content):08x}"


def _visit_html(self, node):
    bundle = node["bundle"]
    name, alt = bundle["name"], html.escape(bundle["alt"])
    root = "../" * self.builder.current_docname.count("/")
    base = f"{root}{FOLDER}/{name}"
    files = _files(self.builder.app, bundle)
    width, height = struct.unpack(">II", files[f"{name}.png"][16:24])  # in the PNG head
    script = f"{base}.js{_version(files[f'{name}.js'])}"
    self.body.append(
        f'<div class="playground" id="{_place(name)}">'
        f'<img class="playground-still" src="{base}.png" alt="{alt}" width="{width}" '
        f'height="{height}" loading="lazy" decoding="async">'
    )
    if "page" in bundle:
        static = [
            f"{root}_static/playground/{file}{_version(asset(file).encode())}"
            for file in TRAINING[bundle["page"]["kind"]]
        ]
        self.body.append(
            f'<p><button type="button" class="playground-begin" hidden '
            f'data-scripts="{" ".join([*static, script])}">Train it here</button> '
            '<span role="status"></span></p></div>'
        )
    else:
        self.body.append(f'</div><script defer src="{script}"></script>')
    raise nodes.SkipNode


def _visit_other(self, node):
    self.body.append(html.escape(node["bundle"]["alt"]))
    raise nodes.SkipNode


def _bundles(doctree):
    return [node["bundle"] for node in doctree.findall(playground_box)]


def _add_scripts(app, pagename, templatename, context, doctree):
    """Let a page with a playground load what it needs, and no other page."""
    bundles = _bundles(doctree) if doctree else []
    needed = [("begin.js",) if "page" in bundle else SCRIPTS[bundle["name"]] for bundle in bundles]
    for file in dict.fromkeys(itertools.chain(*needed)):
        app.add_js_file(f"playground/{file}", defer="defer")
    if bundles:
        app.add_css_file(f"playground/{STYLE}")


def _write_files(app, exception):
    """Write data and still picture of each playground of the book, and remove all others."""
    if exception is not None or app.builder.format != "html":
        return
    out, files = Path(app.outdir) / FOLDER, {}
    for docname in pages(app):
        for bundle in _bundles(app.env.get_doctree(docname)):
            if f"{bundle['name']}.js" in files:
                raise ValueError(
                    f"{docname}: a second page shows the playground {bundle['name']!r}."
                )
            files |= _files(app, bundle)
    for path in () if WRITING else out.glob("*"):
        if path.name not in files:
            path.unlink()
    for file, content in files.items():
        out.mkdir(exist_ok=True)
        (out / file).write_bytes(content)


def setup(app):
    """Register the node and what its pages need."""
    app.add_node(playground_box, html=(_visit_html, None), text=(_visit_other, None))
    app.connect("html-page-context", _add_scripts)
    app.connect("build-finished", _write_files)
