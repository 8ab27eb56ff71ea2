"""Pictures in dark mode: dark paper, light letters, hues that stay, images as they are."""

import base64
import colorsys
import io
import math
import re

import numpy as np
import pytest
from conftest import SITE, demos
from PIL import Image

from lectures_lib.plots import COLOURS

PAGE, WINDOW = next((page, demo) for page, demo in demos() if demo["name"] == "window")
SHAPE = re.compile(r"polygon\((.*)\)")
THEME = "theme => document.documentElement.dataset.theme = theme"


def rgb(picture):
    """Return the colours of a Pillow image as shares of 1."""
    return np.asarray(picture.convert("RGB")) / 255


def shown(place):
    """Return what the browser paints of an element."""
    return rgb(Image.open(io.BytesIO(place.screenshot())))


def luminance(colour):
    """Return the relative luminance of WCAG 2."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def inside(shape, height, width, *, margin):
    """Return which pixels belong to the boxes of a shape of CSS, made smaller by a margin."""
    mask = np.zeros((height, width), bool)
    corners = [re.findall(r"([\d.]+)%", point) for point in SHAPE.fullmatch(shape)[1].split(",")]
    corners = np.array([corner for corner in corners if corner], float).reshape(-1, 5, 2) / 100
    for box in corners * [width, height]:
        (left, top), (right, bottom) = box.min(axis=0) + margin, box.max(axis=0) - margin
        mask[int(top) : int(bottom), int(left) : int(right)] = True
    return mask


def wait_for(opened, index):
    opened.wait_for_function(
        "index => document.querySelector('[data-demo=window] .explore-frame').dataset.state"
        " === String(index)",
        arg=index,
    )
    for image in opened.locator("[data-demo=window] img").all():
        image.evaluate("i => i.checkVisibility() && i.decode()")


def painted(here, index):
    """Return what is painted of the demo, its file in that size, and its pixels within and out."""
    picture = shown(here.locator(".explore-frame"))
    height, width = picture.shape[:2]
    with Image.open(SITE / "_demos" / "window" / WINDOW["files"][index]) as file:
        stored = rgb(file.convert("RGB").resize((width, height), Image.Resampling.BOX))
    shape = WINDOW["shapes"][WINDOW["shape"][index]]
    within, around = (inside(shape, height, width, margin=margin) for margin in (3, -3))
    return picture, stored, within, ~around


@pytest.mark.parametrize("moved", [False, True], ids=["start", "moved"])
def test_a_figure_is_dark_and_its_images_are_as_they_were(moved, visit, address):
    one = visit(color_scheme="dark", viewport={"width": 1280, "height": 900})
    opened = one.open(f"{address}/{PAGE}")
    here, index = opened.locator("[data-demo=window]"), WINDOW["start"]
    here.scroll_into_view_if_needed()
    if moved:
        here.locator("input[type=range]").first.focus()
        opened.keyboard.press("End")
        first, *others = WINDOW["parameters"]
        steps = math.prod(len(parameter["texts"]) for parameter in others)
        index += (len(first["texts"]) - 1 - first["start"]) * steps
    wait_for(opened, index)
    assert here.locator("img.true-colours").get_attribute("alt") == ""  # once is enough
    assert here.locator(".explore-frame").get_attribute("alt") == WINDOW["alts"][index]

    picture, stored, kept, turned = painted(here, index)
    in_the_dark = picture
    assert 0.1 < kept.mean() < 0.9
    assert np.median(np.abs(picture - stored)[kept]) < 0.01
    paper = np.median(picture[turned], axis=0)
    page = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    np.testing.assert_allclose(255 * paper, [int(n) for n in re.findall(r"\d+", page)], atol=3)
    letters = picture[(stored.max(axis=2) < 0.25) & turned]
    assert len(letters) > 50
    assert np.median([contrast(letter, paper) for letter in letters]) > 4.5

    # The theme is switched with the frame as it stands, there and back; paper is always light.
    for theme, media in (("light", "screen"), ("dark", "print"), ("dark", "screen")):
        opened.evaluate(THEME, theme)
        opened.emulate_media(media=media)
        if media == "print":
            still = here.locator(".explore-still") if moved else here.locator(".explore-frame")
            assert still.evaluate("i => getComputedStyle(i).filter") == "none"
            assert not here.locator(".true-colours").is_visible()
        elif theme == "light":
            picture, stored, *_ = painted(here, index)
            assert np.median(np.abs(picture - stored)) < 0.01
            assert not here.locator(".true-colours").is_visible()
        else:
            assert here.locator(".true-colours").is_visible()
            np.testing.assert_array_equal(painted(here, index)[0], in_the_dark)
    assert one.complaints == []


def test_lines_in_the_dark_keep_their_hue_and_stand_out(visit, address):
    opened = visit(color_scheme="dark").open(f"{address}/{PAGE}")
    colours = [*COLOURS, "#ffffff"]
    swatches = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours], np.uint8)
    file = io.BytesIO()
    Image.fromarray(swatches[None].repeat(20, axis=0).repeat(50, axis=1)).save(file, "PNG")
    image = opened.locator(".figure-still > img").first
    image.scroll_into_view_if_needed()
    source = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    image.evaluate("(image, source) => { image.src = source; return image.decode(); }", source)
    picture = shown(image)
    height, width = picture.shape[:2]
    places = ((np.arange(len(colours)) + 0.5) * width / len(colours)).astype(int)
    *lines, paper = picture[height // 2, places]
    assert min(contrast(line, paper) for line in lines) > 3
    assert contrast(lines[COLOURS.index("#000000")], paper) > 12
    for line, colour in zip(lines[:-1], swatches / 255, strict=False):
        apart = (colorsys.rgb_to_hls(*line)[0] - colorsys.rgb_to_hls(*colour)[0]) * 360
        assert abs((apart + 180) % 360 - 180) < 10


def test_forced_colours_leave_a_picture_as_it_is(visit, address):
    opened = visit(color_scheme="dark", forced_colors="active").open(f"{address}/{PAGE}")
    frame = opened.locator("[data-demo=window] .explore-frame")
    assert frame.evaluate("i => getComputedStyle(i).filter") == "none"
