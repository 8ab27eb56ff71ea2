"""Every page in Firefox and WebKit, from a server with a strict policy."""

import json

import pytest
from conftest import SITE, address_of, demos_of, index_of, pages, start_of

ALL = [*pages(), "search.html?q=gate", "genindex.html"]
WIDTHS = (320, 390, 768, 1280)
FIGURES = """[...document.querySelectorAll('.explore[data-demo]')].map((box) => {
  const frame = box.querySelector('.explore-frame');
  const controls = [...box.querySelectorAll('.explore-row :is(input, select)')];
  return [box.dataset.demo, frame.dataset.state, frame.alt, frame.src.split('/').at(-1),
    ...controls.flatMap((control) => {
      if (control.type === 'checkbox') return [control.checked ? 'on' : 'off'];
      if (control.type !== 'range') return [control.value];
      const value = control.closest('.explore-row').querySelector('output').textContent;
      return [value, control.getAttribute('aria-valuetext')];
    })];
})"""
PLACE = """(({ top, height }) => top >= 0 && top < innerHeight - Math.min(height, 100))
  (document.querySelector('.explore[data-demo="NAME"]').getBoundingClientRect())"""
# Values that stand neither in the line of their label nor in a line of their own.
ASKEW = """[...document.querySelectorAll('label > output')].flatMap((value) => {
  const text = document.createRange();
  text.selectNode(value.parentElement.firstChild);
  const [label, own] = [[...text.getClientRects()].at(-1), value.getClientRects()[0]];
  const apart = own.bottom - label.bottom;
  return Math.abs(apart) <= 2 || own.top >= label.bottom - 2 ? [] : [[value.htmlFor.value, apart]];
})"""
TOO_WIDE = """(async () => {
  const frame = globalThis.frame || Object.assign(document.createElement('iframe'), {
    style: 'position: absolute; top: 0; left: 0; height: 800px; border: 0' });
  if (!frame.isConnected) document.body.replaceChildren(globalThis.frame = frame);
  await new Promise((done) => Object.assign(frame, { onload: done, src: PAGE }));
  const found = [];
  for (const width of WIDTHS) {
    frame.style.width = `${width}px`;
    for (let k = 0; k < 3; k++) await new Promise(requestAnimationFrame); // canvases follow
    const { documentElement: page } = frame.contentDocument;
    if (page.scrollWidth > page.clientWidth) found.push([width, page.scrollWidth]);
  }
  return found;
})()"""


def one_step(parameter, place):
    """Return a key that moves a control, and where it then is."""
    if parameter["kind"] == "boolean":
        return "Space", 1 - place
    forth, back = {"number": ("ArrowRight", "ArrowLeft"), "choice": ("ArrowDown", "ArrowUp")}[
        parameter["kind"]
    ]
    last = len(parameter["texts"]) - 1
    return (forth, place + 1) if place < last else (back, place - 1)


def shown(demo, state):
    """Return what `FIGURES` finds where all that a figure shows belongs together."""
    index = index_of(demo, state)
    found = [demo["name"], str(index), demo["alts"][index], demo["files"][index]]
    for parameter, k in zip(demo["parameters"], state, strict=True):
        found += [parameter["texts"][k]] * (2 if parameter["kind"] == "number" else 1)
    return found


@pytest.mark.parametrize("page", ALL)
def test_a_page_is_whole_and_its_figures_follow_links_and_keys(page, engine, strict):
    demos = demos_of(page.partition("?")[0])
    states, link = [start_of(demo) for demo in demos], ""
    if demos:  # a cold link to the last figure, with pictures above that are still to come
        states[-1] = [one_step(p, p["start"])[1] for p in demos[-1]["parameters"]]
        link = f"#{address_of(demos[-1], states[-1])}"
    engine.open(f"{strict}/{page}{link}")
    if demos:
        engine.wait_for("!document.querySelector('.explore[aria-busy]')")
        assert engine.evaluate(PLACE.replace("NAME", demos[-1]["name"]))
    for demo, state in zip(demos, states, strict=True):
        for i, parameter in enumerate(demo["parameters"]):
            key, state[i] = one_step(parameter, state[i])
            engine.focus(f"#explore-{demo['name']}-{parameter['name']}")
            engine.toggle() if key == "Space" else engine.press(key)
    engine.wait_for("!document.querySelector('.explore[aria-busy]')")
    assert engine.evaluate(FIGURES) == [shown(*one) for one in zip(demos, states, strict=True)]
    assert engine.evaluate(ASKEW) == []
    assert engine.evaluate("complaints") == []


def test_nothing_scrolls_sideways(engine, address):
    engine.open(f"{address}/search.html")
    found = {}
    for page in ALL:
        given = {"PAGE": f"{address}/{page}", "WIDTHS": WIDTHS}
        asked = TOO_WIDE
        for name, value in given.items():
            asked = asked.replace(name, json.dumps(value))
        if wide := engine.evaluate(asked):
            found[page] = wide
    assert found == {}


def test_there_are_figures():
    assert sum(bool(demos_of(page)) for page in pages()) > 10 and SITE.is_dir()
