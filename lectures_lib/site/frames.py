"""The page view of `explore`: frames as files under native sliders, without a kernel."""

import base64
import hashlib
import html
import json
import struct
from pathlib import Path

from docutils import nodes
from myst_nb.core.render import MimeRenderPlugin

from lectures_lib.explore import MIME_TYPE
from lectures_lib.site import figures

__all__ = ["ExploreRenderer", "setup"]

FOLDER = "_demos"


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
        shapes = [figures.true_shape(frame) for frame in frames]
        bundle["shapes"] = list(dict.fromkeys(shapes))
        bundle["shape"] = [bundle["shapes"].index(shape) for shape in shapes]  # of each frame
        bundle["files"] = [f"{hashlib.sha256(frame).hexdigest()[:16]}.png" for frame in frames]
        store = _store(renderer.renderer.sphinx_env.app, bundle["name"])
        store.mkdir(parents=True, exist_ok=True)
        for file, frame in zip(bundle["files"], frames, strict=True):
            (store / file).write_bytes(frame)
        texts = {key: bundle[key] for key in ("name", "caption", "source")}
        return figures.figure(
            renderer, data, explore_controls(bundle=bundle), classes="explore-figure", **texts
        )


def _store(app, name):
    """Where frames wait beside the doctrees that refer to them, until the site is written."""
    return Path(app.doctreedir) / FOLDER / name


def _visit_html(self, node):
    bundle = node["bundle"]
    name, start = bundle["name"], bundle["start"]
    base = "../" * self.builder.current_docname.count("/") + f"{FOLDER}/{name}/"
    picture = figures.picture_tags(
        base + bundle["files"][start],
        alt=bundle["alts"][start],
        size=bundle["size"],
        classes="explore-still",
        shape=bundle["shapes"][bundle["shape"][start]]
        if bundle["shapes"] != [figures.NOWHERE]
        else "",
    )
    if not bundle["parameters"]:
        self.body.append(f'<div class="figure-still">{picture}</div>')
        raise nodes.SkipNode
    keys = ("name", "parameters", "alts", "files", "start", "shapes", "shape")
    data = {key: bundle[key] for key in keys} | {"base": base}
    # "<" cannot end the script element early, whatever a label or alt text contains.
    payload = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    self.body.append(
        f'<div class="explore" data-demo="{name}">{picture}{figures.WITHOUT_SCRIPTS}'
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
    stores = {bundle["name"]: bundle["files"] for bundle in figures.shown(app, explore_controls)}
    files = {f"{name}/{file}": _store(app, name) / file for name in stores for file in stores[name]}
    figures.keep_files(Path(app.outdir) / FOLDER, files)


def setup(app):
    """Register the node and the copying of its files."""
    app.add_node(explore_controls, html=(_visit_html, None), text=(_visit_other, None))
    app.connect("build-finished", _copy_frames)
