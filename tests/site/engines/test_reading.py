"""Firefox and WebKit in the hands of readers: links, reload, frames, files, search."""

import re

import pytest
from conftest import SITE, address_of, demos, index_of, start_of

DEMOS = {demo["name"]: (page, demo) for page, demo in demos()}
PAGE, WINDOW = DEMOS["window"]  # its first control is a slider
NUMBER = WINDOW["parameters"][0]
END = len(NUMBER["texts"]) - 1
SLIDER = f"#explore-window-{NUMBER['name']}"
FRAME = "document.querySelector('[data-demo=window] .explore-frame')"
IN_VIEW = f"""(({{ top }}) => top >= 0 && top < innerHeight)({FRAME}.getBoundingClientRect())"""
CHAPTER = "book/cnn/convolution_layers.html"


def at(k):
    """Return the places of all controls, with the first at `k`."""
    return [k, *start_of(WINDOW)[1:]]


def link(k):
    """Return the fragment of the figure with its first control at `k`."""
    return f"#{address_of(WINDOW, at(k))}"


def shows(engine, k):
    """Wait until the picture is that of a state; its description is then, too."""
    index = index_of(WINDOW, at(k))
    engine.wait_for(f"{FRAME}.dataset.state === '{index}'")
    assert engine.evaluate(f"{FRAME}.alt") == WINDOW["alts"][index]


def pause(engine, milliseconds=300):
    engine.evaluate(f"new Promise((done) => setTimeout(done, {milliseconds}))")


@pytest.mark.parametrize("leave", ["reload", "back"])
def test_a_reader_who_returns_finds_figures_and_place(leave, engine, watched):
    engine.open(f"{watched}/{PAGE}{link(1)}")
    shows(engine, 1)
    engine.wait_for("scrollY > 600")
    engine.focus(SLIDER)
    engine.press("End")
    shows(engine, END)
    pause(engine, 500)  # the address is written at most every 400 ms
    # WebKit comes back to what has the focus, which a link takes from the slider.
    engine.evaluate("document.activeElement.blur()")
    engine.evaluate("scrollTo({ top: 300, behavior: 'instant' })")
    pause(engine)  # browsers keep a place some time after it is reached
    if leave == "reload":
        engine.reload()
    else:
        engine.open(f"{watched}/genindex.html")
        engine.back()
    shows(engine, END)
    engine.wait_for("Math.abs(scrollY - 300) < 5")  # browsers do it by themselves, but late
    pause(engine)
    assert engine.evaluate("scrollY") == pytest.approx(300, abs=5)
    assert engine.evaluate("location.hash") == link(END)
    assert engine.evaluate("complaints") == []


def test_the_address_follows_however_many_keys_are_pressed(engine, watched):
    engine.open(f"{watched}/{PAGE}")
    engine.focus(SLIDER)
    for k in (0, END):
        engine.press(*["Home", "End"] * 100, "Home" if k == 0 else "End")
        shows(engine, k)
        engine.wait_for(f"location.hash === '{link(k)}'")
    assert engine.evaluate("complaints") == []


@pytest.mark.parametrize("attributes", ["", 'sandbox="allow-scripts allow-same-origin"',
                                        'sandbox="allow-scripts"'])  # fmt: skip
def test_a_page_in_a_frame_of_another_site(attributes, engine, watched, host):
    engine.open(host(f"{watched}/{PAGE}{link(1)}", attributes))
    alone = attributes == 'sandbox="allow-scripts"'
    with engine.frame():
        shows(engine, 1)
        assert engine.evaluate(IN_VIEW)
        assert engine.evaluate("origin") == ("null" if alone else watched)
        # No keys: they go to the frame only after a reader has clicked there.
        slider = f"document.querySelector('{SLIDER}')"
        engine.evaluate(f"({slider}.value = {END}, {slider}.dispatchEvent(new Event('input')))")
        shows(engine, END)
        engine.evaluate("[...document.querySelectorAll('[data-demo=window] button')]"
                        ".find((one) => one.textContent === 'Copy link').click()")  # fmt: skip
        note = "document.querySelector('[data-demo=window] .explore-note')"
        engine.wait_for(f"{note}.textContent")
        if engine.evaluate(f"{note}.textContent") != "Link copied.":
            assert engine.evaluate(f"{note}.querySelector('input').value") == (
                f"{watched}/{PAGE}{link(END)}"
            )
        theme_switches(engine)
        # That server lets no other origin have its fonts.
        assert [c for c in engine.evaluate("complaints") if not alone or "fonts" not in c] == []
    assert engine.evaluate("scrollY") == 0


def test_the_link_is_copied(engine, watched):
    engine.open(f"{watched}/{PAGE}{link(END)}")
    shows(engine, END)
    # Browsers without a window paste nothing.
    engine.evaluate("""(() => {
      const write = navigator.clipboard.writeText.bind(navigator.clipboard);
      navigator.clipboard.writeText = (text) => write(text).then(() => (globalThis.copied = text));
    })()""")
    engine.press_button("[data-demo=window]", "Copy link")
    engine.wait_for("document.querySelector('[data-demo=window] .explore-note')"
                    ".textContent === 'Link copied.'")  # fmt: skip
    assert engine.evaluate("copied") == f"{watched}/{PAGE}{link(END)}"


def theme_switches(engine):
    """Press the switch until each mode has come."""
    seen = []
    for _ in range(3):
        engine.evaluate("document.querySelector('.theme-switch-button').click()")
        seen.append(engine.evaluate("document.documentElement.dataset.mode"))
    assert sorted(seen) == ["auto", "dark", "light"]


def test_folds_open_and_the_theme_switches_and_is_kept(engine, watched):
    engine.open(f"{watched}/{CHAPTER}")
    # Where scripts run, the answers to short questions are not folded but gone.
    folded = "[...document.querySelectorAll('article details:not(.question *) > summary')]"
    count = engine.evaluate(f"{folded}.length")
    assert count > 10
    for k in range(count):
        engine.evaluate(f"{folded}[{k}].focus()")
        engine.activate()
    shut = f"{folded}.filter((one) => !one.parentElement.open).length"
    assert engine.evaluate(shut) == 0
    theme_switches(engine)
    for mode, background in (("light", "255, 255, 255"), ("dark", "18, 18, 18")):
        engine.evaluate(f"localStorage.setItem('mode', '{mode}')")
        engine.evaluate(f"localStorage.setItem('theme', '{mode}')")
        engine.reload()
        engine.wait_for(f"document.documentElement.dataset.theme === '{mode}'")
        colour = engine.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background in colour
    engine.evaluate("localStorage.clear()")
    assert engine.evaluate("complaints") == []


@pytest.mark.parametrize("where", ["server", "file"])
def test_search_finds(where, engine, watched):
    base = watched if where == "server" else SITE.as_uri()
    engine.open(f"{base}/{PAGE}")
    engine.focus("h1 a")
    engine.press("Control+k")
    engine.wait_for("document.activeElement.name === 'q'")
    engine.press(*"gates", "Enter")
    engine.wait_for("location.href.includes('search.html?q=gates')")
    results = "[...document.querySelectorAll('#search-results li a')].map((one) => one.href)"
    engine.wait_for(f"{results}.length > 3")
    assert any("/lstm/gates.html" in one for one in engine.evaluate(results))
    if where == "server":  # a browser reads no other file for a page that is a file
        engine.wait_for("document.querySelector('#search-results p.context').textContent")
        assert engine.evaluate("complaints") == []


def test_a_page_that_is_a_file(engine):
    engine.open(f"{SITE.as_uri()}/{PAGE}{link(1)}")
    shows(engine, 1)
    assert engine.evaluate(IN_VIEW)
    engine.focus(SLIDER)
    engine.press("End")
    shows(engine, END)
    engine.wait_for(f"location.hash === '{link(END)}'")
    theme_switches(engine)
    assert re.match(r"(null|file://)$", engine.evaluate("origin"))


def test_progress_of_files_is_kept_and_no_more_is_claimed(engine):
    engine.open((SITE / CHAPTER).as_uri())
    engine.evaluate("document.querySelector('[id^=solved-]').click()")
    engine.open((SITE / "book/intro.html").as_uri())
    shown = engine.evaluate("document.querySelector('.own-progress').checkVisibility()")
    kept = engine.evaluate("localStorage.getItem(lecturesProgress.key)")
    assert shown == (kept is not None)
    engine.open((SITE / CHAPTER).as_uri())
    assert engine.evaluate("document.querySelector('[id^=solved-]').checked")
    engine.evaluate("document.querySelector('[id^=solved-]').click()")


def test_on_a_slow_network_a_figure_never_names_what_it_does_not_show(engine, slow):
    engine.open(f"{slow}/{PAGE}{link(1)}")
    shows(engine, 1)
    alts = [WINDOW["alts"][index_of(WINDOW, at(k))] for k in range(END + 1)]
    files = [WINDOW["files"][index_of(WINDOW, at(k))] for k in range(END + 1)]
    # At each picture that the browser draws: busy or not, what is said, what is shown.
    engine.evaluate(f"""(() => {{
      globalThis.seen = [];
      const box = {FRAME}.closest(".explore");
      const look = () => {{
        const {{ alt, currentSrc, complete }} = {FRAME};
        seen.push([box.hasAttribute("aria-busy"), alt, currentSrc.split("/").at(-1), complete]);
        requestAnimationFrame(look);
      }};
      look();
    }})()""")
    engine.focus(SLIDER)
    engine.press("End")
    shows(engine, END)
    seen = engine.evaluate("seen")
    assert any(busy for busy, *_ in seen)
    named = {(alt, file) for busy, alt, file, complete in seen if not busy and complete}
    assert named <= set(zip(alts, files, strict=True))
    assert engine.evaluate("complaints") == []


def test_a_finger_that_scrolls_puts_the_slider_back(engine, watched):
    engine.open(f"{watched}/{PAGE}{link(1)}")
    shows(engine, 1)
    # No browser without a screen for fingers scrolls for them: what it would tell the page.
    engine.evaluate(f"""(() => {{
      const slider = document.querySelector("{SLIDER}");
      const tell = (kind) => slider.dispatchEvent(
        new PointerEvent(kind, {{ pointerType: "touch", bubbles: true }}));
      tell("pointerdown");
      slider.value = {END};
      slider.dispatchEvent(new Event("input", {{ bubbles: true }}));
      tell("pointercancel");
    }})()""")
    shows(engine, 1)
    assert engine.evaluate(f"document.querySelector('{SLIDER}').value") == "1"
    assert engine.evaluate("complaints") == []
