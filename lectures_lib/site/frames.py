"""The page view of `explore`: frames as files under native sliders, without a kernel."""

import base64
import hashlib
import html
import json
import struct
from pathlib import Path

from docutils import nodes
from myst_nb.core.render import MimeRenderPlugin, create_figure_context

from lectures_lib.explore import MIME_TYPE
from lectures_lib.site import WRITING, pages
from lectures_lib.site.model import book_of

__all__ = ["ExploreRenderer", "setup"]

FOLDER = "_demos"
WITHOUT_SCRIPTS = (
    "<noscript><p>This figure is a picture here: its controls need JavaScript, which is off.</p>"
    "</noscript>"
)


class explore_controls(nodes.General, nodes.Element):
    """The picture and controls of one demo; `bundle` and `files` say which."""


class ExploreRenderer(MimeRenderPlugin):
    """Turn the bundle of an `explore` call into a numbered figure (a myst-nb entry point)."""

    mime_priority_overrides = (("*", MIME_TYPE, 1),)

    @staticmethod
    def handle_mime(renderer, data, inline):
        if inline or data.mime_type != MIME_TYPE:
            return None
        bundle = dict(data.content)
        frames = [base64.b64decode(frame) for frame in bundle.pop("frames")]
        bundle["size"] = struct.unpack(">II", frames[0][16:24])  # width, height in the PNG head
        bundle["files"] = [f"{hashlib.sha256(frame).hexdigest()[:16]}.png" for frame in frames]
        store = _store(renderer.renderer.sphinx_env.app, bundle["name"])
        store.mkdir(parents=True, exist_ok=True)
        for file, frame in zip(bundle["files"], frames, strict=True):
            (store / file).write_bytes(frame)
        address = source_address(renderer.renderer.sphinx_env.app, bundle["source"])
        return _figure(renderer, bundle, data.line, address)


def _store(app, name):
    """Where frames wait beside the doctrees that refer to them, until the site is written."""
    return Path(app.doctreedir) / FOLDER / name


def source_address(app, source):
    """Return where the code of a figure of the library can be read, or an empty text."""
    repository = book_of(app).repository.removesuffix(".git")
    branch = app.config.html_theme_options.get("repository_branch") or "main"
    return f"{repository}/blob/{branch}/lectures_lib/{source}" if repository and source else ""


def _figure(renderer, bundle, line, address):
    """Return the demo as a figure node with number, name and caption, as myst-nb makes its own."""
    holder, markdown = nodes.Element(), renderer.renderer
    options = {"name": bundle["name"], "caption": bundle["caption"], "classes": "explore-figure"}
    with markdown.current_node_context(holder), create_figure_context(markdown, options, line):
        markdown.current_node.append(explore_controls(bundle=bundle))
    add_source(holder, address)
    return list(holder.children)


def add_source(holder, address):
    """Let the caption of a figure end with a link to its code, where there is one."""
    for caption in holder.findall(nodes.caption) if address else ():
        link = nodes.reference("", "Source", refuri=address, classes=["figure-source"])
        caption += [nodes.Text(" "), link]


def _visit_html(self, node):
    bundle = node["bundle"]
    name, start = bundle["name"], bundle["start"]
    base = "../" * self.builder.current_docname.count("/") + f"{FOLDER}/{name}/"
    width, height = bundle["size"]
    alt = html.escape(bundle["alts"][start])
    picture = (
        f'<img class="explore-still" src="{base}{bundle["files"][start]}" alt="{alt}" '
        f'width="{width}" height="{height}" loading="lazy" decoding="async">'
    )
    if not bundle["parameters"]:
        self.body.append(f'<div class="figure-still">{picture}</div>')
        raise nodes.SkipNode
    keys = ("name", "parameters", "alts", "files", "start")
    data = {key: bundle[key] for key in keys} | {"base": base}
    # "<" cannot end the script element early, whatever a label or alt text contains.
    payload = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    self.body.append(
        f'<div class="explore" data-demo="{name}">{picture}{WITHOUT_SCRIPTS}'
        f'<script type="application/json">{payload}</script></div>'
    )
    raise nodes.SkipNode


def _visit_other(self, node):
    self.body.append(html.escape(node["bundle"]["alts"][node["bundle"]["start"]]))
    raise nodes.SkipNode


def _copy_frames(app, exception):
    """Bring the frames that the pages refer to into the site, and remove all others."""
    if exception is not None or app.builder.format != "html":
        return
    wanted = {}
    for docname in pages(app):
        for node in app.env.get_doctree(docname).findall(explore_controls):
            name = node["bundle"]["name"]
            if name in wanted:
                raise ValueError(f"{docname}: a second demo is called {name!r}; rename one.")
            wanted[name] = set(node["bundle"]["files"])
    out = Path(app.outdir) / FOLDER
    for path in () if WRITING else out.glob("*/*"):
        if path.name not in wanted.get(path.parent.name, ()):
            path.unlink()
    for name, files in wanted.items():
        (out / name).mkdir(parents=True, exist_ok=True)
        for file in files:
            if not (out / name / file).exists():
                (out / name / file).write_bytes((_store(app, name) / file).read_bytes())


def setup(app):
    """Register the node and the copying of its files."""
    app.add_node(explore_controls, html=(_visit_html, None), text=(_visit_other, None))
    app.connect("build-finished", _copy_frames)
