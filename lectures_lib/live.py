"""The live view of `explore`: ipywidgets over the picture, with a kernel behind them.

Three outputs: a sentence for when no kernel answers, the controls with their picture, and the same
picture as ordinary output, which is what a saved notebook keeps. A style shows what is needed of
them, also where the widgets are gone, in JupyterLab and Notebook; other front ends, and those
without `:has()`, show the controls and the ordinary picture. In Colab, which saves widgets, the
controls with their picture are all.

Only what version 7.7 of ipywidgets has, so that it works in Colab.
"""

import base64
import struct
import sys
import uuid
from html import escape

import ipywidgets as widgets
from IPython.display import display, update_display

__all__ = ["SENTENCE", "controls", "show"]

SENTENCE = (
    "No kernel answers here: run all cells above, then run this cell again to move the sliders."
)
WIDTH = 600  # of a picture, CSS pixels
_OUTPUT = ":is(.jp-OutputArea-child, .output_area)"  # in JupyterLab and Notebook 7, Notebook 6
_SAVED = f"{_OUTPUT}:has(.lectures-saved)"  # with the sentence; after it the controls, the picture
_LIVE = f"{_OUTPUT} .lectures-live"
_STYLE = f"""
.lectures-again {{ display: none; font-weight: bold; }}
.jupyter-widgets-disconnected .lectures-again {{ display: block; }}
.lectures-control.jupyter-widgets-disconnected {{ display: none; }}
.lectures-demo.jupyter-widgets-disconnected::before,
.lectures-demo .jupyter-widgets-disconnected::before {{ display: none; }}
{_SAVED}:not(:has(+ {_LIVE})) .lectures-again {{ display: block; animation: lectures-wait 1s; }}
{_SAVED}:not(:has(+ {_LIVE})) + {_OUTPUT} {{ display: none; }}
{_SAVED} + {_LIVE} {{ display: block !important; }}
{_SAVED}:has(+ {_LIVE}), {_SAVED}:has(+ {_LIVE}) + {_OUTPUT} + {_OUTPUT} {{ display: none; }}
@keyframes lectures-wait {{ from, to {{ height: 0; margin: 0; visibility: hidden; }} }}
"""
# On a list of choices JupyterLab takes letters and arrows for commands of its own, unless the list
# says no; a click elsewhere in the notebook would leave the keys to the list.
_KEYS = """<script>
if (!window.lecturesKeys) {
  window.lecturesKeys = true;
  const list = (element) => element?.closest?.(".lectures-demo select");
  window.addEventListener("keydown", ({ target, altKey, ctrlKey, metaKey }) => {
    const mine = !(altKey || ctrlKey || metaKey);
    if (list(target)) target.toggleAttribute("data-lm-suppress-shortcuts", mine);
  }, true);
  window.addEventListener("mousedown", ({ target }) => {
    if (list(document.activeElement) && !list(target)) document.activeElement.blur();
  }, true);
}
</script>"""


def show(demo):
    """Display a `Demo` in a notebook."""
    if "google.colab" in sys.modules:
        display(_view(controls(demo)) | demo.shown, raw=True)
        return
    place = uuid.uuid4().hex

    def keep(shown):
        update_display(shown, raw=True, metadata=_metadata(shown), display_id=place)

    box = controls(demo, keep)
    display({"text/html": _again("lectures-saved") + _KEYS}, raw=True)
    display(_view(box) | {"text/plain": ""}, raw=True)
    display(demo.shown, raw=True, metadata=_metadata(demo.shown), display_id=place)


def controls(demo, keep=None):
    """Return the widget of a `Demo`: a control per parameter, a reset button, the picture.

    Args:
        demo: What `explore` returned.
        keep: Shows a bundle of picture and alternative text as ordinary output. Without it the
            picture of the widget is visible in every front end.
    """
    made = {p.name: _control(p, demo.start[p.name]) for p in demo.parameters}
    picture = widgets.HTML(_picture(demo.shown, keep))
    reset = widgets.Button(description="Reset", tooltip="Back to the starting state")

    def redraw(_change=None):
        state = {name: control.value for name, control in made.items()}
        try:
            shown = _bundle(demo, state)
        except Exception as error:  # a callback must not swallow it
            picture.value = f'<p role="alert" class="lectures-live"><b>{escape(str(error))}</b></p>'
            return
        picture.value = _picture(shown, keep)
        if keep:
            keep(shown)

    def back(_button):
        for name, control in made.items():
            control.value = demo.start[name]

    for control in made.values():
        control.observe(redraw, names="value")
    reset.on_click(back)
    for control in (*made.values(), reset):
        control.add_class("lectures-control")
    box = widgets.VBox([widgets.HTML(_again()), *made.values(), reset, picture])
    return box.add_class("lectures-demo")


def _control(parameter, value):
    wide = {"description_width": "initial"}
    if parameter.kind == "boolean":
        return widgets.Checkbox(value=value, description=parameter.label, style=wide)
    settings = {
        "options": [(parameter.text(v), v) for v in parameter.values],
        "value": value,
        "description": parameter.label,
        "layout": widgets.Layout(width="min(100%, 32em)"),
        "style": wide,
    }
    if parameter.kind == "choice":
        return widgets.Dropdown(**settings)
    return widgets.SelectionSlider(**settings, continuous_update=False)


def _view(box):
    """Return a widget by MIME type: written out, because version 7 has no `_repr_mimebundle_`."""
    model = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    return {"application/vnd.jupyter.widget-view+json": model}


def _again(more=""):
    return f'<style>{_STYLE}</style><p role="status" class="lectures-again {more}">{SENTENCE}</p>'


def _bundle(demo, state):
    data = base64.b64encode(demo.png(state)).decode()
    return {"image/png": data, "text/plain": demo.alt_text(state)}


def _metadata(shown):
    """Return the size of a picture, so that nothing moves when it changes, and its description."""
    width, height = struct.unpack(">II", base64.b64decode(shown["image/png"][:32])[16:24])
    size = {"width": WIDTH, "height": round(WIDTH * height / width)}
    return {"image/png": size | {"alt": shown["text/plain"]}}  # of these, nbconvert takes alt


def _picture(shown, keep):
    """Return the picture as HTML; beside an ordinary one it waits until the style shows it."""
    size = _metadata(shown)["image/png"]
    return (
        f'<img class="lectures-live" src="data:image/png;base64,{shown["image/png"]}" '
        f'alt="{escape(shown["text/plain"])}" width="{size["width"]}" height="{size["height"]}" '
        f'decoding="sync" style="max-width: 100%; height: auto{"; display: none" * bool(keep)}">'
    )
