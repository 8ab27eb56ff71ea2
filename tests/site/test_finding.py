"""Finding, sharing and printing pages; what the reader's system asks for."""

import re
from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit

import pytest
from conftest import SITE, demos_of, pages

from tools.pdf import write

PUBLISHED = "https://example.org/course/"
CHAPTER = next(page for page in pages() if demos_of(page))


@pytest.mark.parametrize("where", ["server", "file"])
def test_search_works_offline(where, visit, address):
    base = address if where == "server" else SITE.as_uri()
    opened = visit().open(f"{base}/search.html?q=receptive+field")
    found = opened.locator("#search-results li a", has_text="Build a network from convolution")
    found.first.wait_for()
    assert "book/cnn/convolution_layers.html" in found.first.get_attribute("href")
    if where == "server":  # a browser reads no other file for a page that is a file
        excerpt = opened.locator("#search-results li p.context").first
        excerpt.wait_for()
        texts = " ".join(opened.locator("#search-results li p.context").all_inner_texts())
        assert "receptive field" in texts.lower()
        assert ".ipynb" not in texts and "Contents" not in texts
        opened = visit().open(f"{address}/search.html?q=forget+gate")
        first = opened.locator("#search-results li").first.locator("p.context")
        first.wait_for()
        assert "forget gate: The gate" in first.inner_text()
    opened = visit().open(f"{base}/search.html?q=zzzz")
    opened.get_by_text("did not match any documents").wait_for()


# What a lecturer expects first.
EXPECTED = {
    "return_sequences": "lstm/gates",
    "half-life": "lstm/gates",
    "half life": "lstm/gates",
    "beta": "autoencoders/variational",
    "β": "autoencoders/variational",
    "η": "cnn/tuning",
    "keras.layers.LSTM": "lstm/long_memory",
    "l2": "cnn/tuning",
    "1e-3": "rnn/extrapolation",
    "vanishing gradient": "glossary",
    "receptive field": "glossary",
    "Conv2D": "cnn/convolution_layers",
    "conv2d": "cnn/convolution_layers",
    "stateful": "rnn/recurrent_networks",
    "Hochreiter": "lstm/gates",
    "ising": "autoencoders/linear_and_pca",
    "CIFAR-10": "cnn/cifar10",
    "KL divergence": "autoencoders/variational",
    "max pooling": "cnn/convolution_layers",
    "tanh": "lstm/gates",
    "PCA": "autoencoders/linear_and_pca",
    "Björck": "package/from_scratch",
    "early stopping": "rnn/noisy_sine",
}


def test_words_code_and_greek_lead_to_the_page_that_is_about_them(visit, address):
    opened = visit().open(f"{address}/search.html?q=zzzz")
    opened.get_by_text("did not match any documents").wait_for()
    first = opened.evaluate(
        "queries => queries.map("
        "query => Search._performSearch(...Search._parseQuery(query)).at(-1))",
        list(EXPECTED),
    )
    found = {query: one and one[0] for query, one in zip(EXPECTED, first, strict=True)}
    assert found == {query: f"book/{page}" for query, page in EXPECTED.items()}


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("β", {"β", "beta"}),
        ("half-life", {"half", "life"}),
        ("Return_Sequences", {"return_sequences"}),
    ],
)
def test_an_excerpt_marks_what_was_asked_for(query, marked, visit, address):
    opened = visit().open(f"{address}/search.html?q={quote(query)}")
    mark = opened.locator("#search-results li").first.locator("p.context .highlighted")
    mark.first.wait_for()
    assert {text.lower() for text in mark.all_inner_texts()} <= marked


def test_the_search_field_of_a_page_leads_there(visit, address):
    opened = visit(viewport={"width": 1280, "height": 900}).open(f"{address}/{CHAPTER}")
    opened.keyboard.press("Control+k")
    opened.keyboard.type("gates")
    opened.keyboard.press("Enter")
    opened.wait_for_url("**/search.html?q=gates*")
    opened.locator("#search-results li a").first.wait_for()
    opened.keyboard.press("Control+k")
    opened.keyboard.type("kernel")
    assert opened.locator(".bd-search-container input").input_value() == "kernel"


def test_the_letters_of_the_glossary_lead_to_their_first_terms():
    text = (SITE / "book" / "glossary.html").read_text(encoding="utf-8")
    terms = re.findall(r'<dt id="([^"]+)">(.)', text)
    letters = re.findall(
        r'href="#([^"]+)">(.)</a>', text.partition('class="letters"')[2].partition("</p>")[0]
    )
    first = {name[0].upper(): place for place, name in reversed(terms)}
    assert {letter: place for place, letter in letters} == first
    assert "".join(letter for _, letter in letters) == "".join(sorted(first))


def test_pages_tell_other_sites_what_they_are():
    seen = {}
    for page in pages():
        text = (SITE / page).read_text(encoding="utf-8")
        found = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)"', text))
        described = re.search(r'<meta name="description" content="([^"]{40,})"', text)
        assert described, page
        assert found["title"] and found["description"], page
        assert found["url"].endswith(f"/{page}"), page
        image = SITE / urlsplit(found["image"]).path.partition("/_static/")[2]
        assert (SITE / "_static" / image.name).is_file(), found["image"]
        seen.setdefault(described[1], []).append(page)
    assert [twice for twice in seen.values() if len(twice) > 1] == []


def test_a_wrong_address_leads_back():
    text = (SITE / "404.html").read_text(encoding="utf-8")
    addresses = re.findall(r'(?:href|src)="(/[^"#?]*)', text)
    prefix = "/" + PurePosixPath(addresses[0]).parts[1] + "/"
    assert len(addresses) > 20
    assert [a for a in addresses if not (SITE / a.removeprefix(prefix)).exists()] == []
    assert "There is no such page" in text


def test_print_leaves_out_what_paper_cannot_do(visit, address):
    opened = visit(viewport={"width": 800, "height": 1100}).open(f"{address}/{CHAPTER}")
    opened.emulate_media(media="print")
    for gone in (".bd-sidebar-primary", ".explore-controls", "article details", ".copybtn"):
        assert opened.locator(gone).count()
        assert not opened.locator(gone).first.is_visible(), gone
    assert opened.locator(".explore-frame").first.is_visible()


def test_the_book_as_one_pdf(browser, address):
    chapters = ["book/intro", "book/exercises"]
    whole = write(browser, address, chapters, PUBLISHED)
    assert [entry.title for entry in whole.outline] == [
        "Networks that see, remember and compress",
        "All exercises",
    ]
    text = "".join(page.extract_text() for page in whole.pages)
    assert "cnn-output-size" in text
    assert "Three parts" in text and "Train it here" not in text  # paper has no buttons
    links = {
        note.get_object()["/A"]["/URI"]
        for page in whole.pages
        for note in page.get("/Annots", ())
        if "/URI" in note.get_object().get("/A", {})
    }
    assert f"{PUBLISHED}book/cnn/digits.html" in links
    assert [link for link in links if "127.0.0.1" in link] == []


def test_forced_colours_keep_the_icons(visit, address):
    opened = visit(forced_colors="active").open(f"{address}/{CHAPTER}")
    colours = opened.evaluate(
        "[...document.querySelectorAll('.fa-solid, .fas')].filter(e => e.offsetWidth)"
        ".map(e => [getComputedStyle(e).backgroundColor, getComputedStyle(document.body).color])"
    )
    assert colours
    assert {icon for icon, _ in colours} == {text for _, text in colours}


def test_reduced_motion_is_honoured(visit, address):
    opened = visit(reduced_motion="reduce").open(f"{address}/{CHAPTER}")
    moving = opened.evaluate(
        "[...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e);"
        "return parseFloat(s.transitionDuration) > 0 || s.animationName !== 'none'; }).length"
    )
    assert moving == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_picture_of_a_page_has_the_mode_of_the_system(scheme, visit, address):
    one = visit(color_scheme=scheme)
    # All scripts but one come after it.
    one.context.route(re.compile(r"(?<!/first)\.js\b"), lambda route: route.abort())
    opened = one.open(f"{address}/{CHAPTER}")
    assert opened.evaluate("document.documentElement.dataset.theme") == scheme
