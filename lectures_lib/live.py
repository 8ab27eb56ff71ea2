"""The live view of `explore`: ipywidgets over the picture, with a kernel behind them.

Only what version 7.7 of ipywidgets has, so that it works in Colab.
"""

import base64
from html import escape

import ipywidgets as widgets

__all__ = ["controls", "view"]


def view(demo):
    """Return the widget of a `Demo` as notebooks show it, by MIME type.

    Written out, because a widget of version 7 has no `_repr_mimebundle_`.
    """
    model = {"version_major": 2, "version_minor": 0, "model_id": controls(demo).model_id}
    return {"application/vnd.jupyter.widget-view+json": model}


def controls(demo):
    """Return the widget of a `Demo`: a control per parameter, a reset button, the picture."""
    made = {p.name: _control(p, demo.start[p.name]) for p in demo.parameters}
    picture = widgets.HTML(_picture(demo, demo.start))
    reset = widgets.Button(description="Reset", tooltip="Back to the starting state")

    def redraw(_change=None):
        picture.value = _picture(demo, {name: control.value for name, control in made.items()})

    def back(_button):
        for name, control in made.items():
            control.value = demo.start[name]

    for control in made.values():
        control.observe(redraw, names="value")
    reset.on_click(back)
    caption = widgets.HTML(f"<p>{escape(demo.caption)}</p>")
    return widgets.VBox([*made.values(), reset, picture, caption])


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


def _picture(demo, state):
    """Return the picture of a state as HTML, or what went wrong: a callback must not swallow it."""
    try:
        data, alt = base64.b64encode(demo.png(state)).decode(), demo.alt_text(state)
    except Exception as error:
        return f'<p role="alert"><b>{escape(str(error))}</b></p>'
    source = f"data:image/png;base64,{data}"
    return f'<img src="{source}" alt="{escape(alt)}" style="width: min(100%, 600px)">'
