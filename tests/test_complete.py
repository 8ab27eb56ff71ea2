"""The check of the built site: one tiny good site, and one defect at a time."""

import json

import pytest

from tools.complete import main

INTRO = """<html><head><link rel="stylesheet" href="../_static/a.css?v=1"></head>
<body id="top"><a href="#top">up</a> <a href="#">here</a> <a href="cnn/why.html#weights">why</a>
<a href="cnn/why.html#weights?size=200">a state</a> <a href="https://example.org/x">elsewhere</a>
<a href="mailto:a@example.org">mail</a> <img src="data:," alt="A rising line."></body></html>"""
DEMO = {"base": "../../_demos/weights/", "files": ["0a.png", "0b.png"]}
LOST = """<html><head><link rel="stylesheet" href="/course/_static/a.css"></head>
<body><a href="/course/book/intro.html#top">start</a></body></html>"""
WHY = """<html><body><figure id="weights"><div class="explore" data-demo="weights">
<img src="../../_demos/weights/0a.png" alt="Two curves &amp; a line.">
<script type="application/json">{demo}</script></div></figure>
<script src="../../_static/a.js"></script><a href="../intro.html">back</a></body></html>"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/intro\nparts:\n  - caption: One\n    chapters:\n"
        "      - file: book/cnn/why\n",
        encoding="utf-8",
    )
    for path, text in {
        "index.html": '<meta http-equiv="Refresh" content="0; url=book/intro.html">',
        "404.html": LOST,
        "book/intro.html": INTRO,
        "book/cnn/why.html": WHY.replace("{demo}", json.dumps(DEMO)),
        "_static/a.css": "",
        "_static/a.js": "",
        "_static/theme.html": '<script src="https://cdn.example.org/not-a-page.js"></script>',
        "_demos/weights/0a.png": "",
        "_demos/weights/0b.png": "",
    }.items():
        (tmp_path / "html" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "html" / path).write_text(text, encoding="utf-8")
    return tmp_path


def check(site, capsys):
    arguments = ["--folder", str(site / "html"), "--toc", str(site / "_toc.yml")]
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def add(site, html, page="book/intro.html"):
    path = site / "html" / page
    path.write_text(path.read_text(encoding="utf-8").replace("</body>", html + "</body>"))


def test_a_whole_site_passes_and_is_counted(site, capsys):
    assert check(site, capsys) == (0, "2 pages, 1 demo, 2 frames.\n", "")


@pytest.mark.parametrize(
    ("html", "message"),
    [
        (
            '<a href="book/intro.html">',
            "book/intro.html leads elsewhere from each folder. Begin it",
        ),
        ('<a href="/course/book/none.html">', "/course/book/none.html does not exist in the site."),
        ('<a href="/book/intro.html">', "/book/intro.html does not exist in the site."),
        (
            '<a href="/course/book/intro.html#no">',
            "leads to a place that intro.html does not have.",
        ),
    ],
)
def test_the_page_for_wrong_addresses_has_absolute_links(site, capsys, html, message):
    add(site, f"{html}there</a></body>", page="404.html")
    code, _, said = check(site, capsys)
    assert code == 1
    assert f"404.html: {html[9:-2].partition(' ')[0]}" in said
    assert message in said


@pytest.mark.parametrize(
    ("html", "message"),
    [
        ('<a href="gone.html">x</a>', "gone.html does not exist"),
        ('<a href="../../outside.html">x</a>', "outside.html does not exist"),
        ('<img src="../_images/gone.png" alt="A line.">', "_images/gone.png does not exist"),
        ('<script src="../_static/gone.js"></script>', "gone.js does not exist"),
        ('<a href="#nowhere">x</a>', "#nowhere leads to a place that intro.html does not have"),
        ('<a href="cnn/why.html#nowhere">x</a>', "leads to a place that why.html does not have"),
        ('<a href="cnn/why.html#nowhere?size=2">x</a>', "leads to a place"),
        ('<script src="https://cdn.example.org/x.js"></script>', "from another host"),
        ('<script src="//cdn.example.org/x.js"></script>', "from another host"),
        ('<link rel="stylesheet" href="https://example.org/x.css">', "from another host"),
        ('<img src="https://example.org/x.png" alt="A line.">', "from another host"),
        ('<iframe src="https://example.org/video"></iframe>', "from another host"),
        ('<img src="data:," alt="../../_images/0123456789abcdef.png">', "Say what it shows"),
        ('<img src="data:," alt="plot.png">', "Say what it shows"),
        ('<img src="data:," alt="b921320b59cf28b343b46a23b6f4a5d5">', "Say what it shows"),
        ('<img src="data:,">', "alt text None"),
    ],
)
def test_a_bad_reference_is_named_with_its_page(site, capsys, html, message):
    add(site, html)
    code, _, err = check(site, capsys)
    assert code == 1
    first, last = err.splitlines()
    assert first.startswith("book/intro.html: ")
    assert message in first
    assert "not complete" in last


def test_a_link_to_elsewhere_is_not_loaded(site, capsys):
    add(site, '<link rel="canonical" href="https://example.org/book/intro.html">')
    assert check(site, capsys)[0] == 0


def test_a_page_of_the_contents_is_missing(site, capsys):
    add(site, "")
    (site / "html/book/cnn/why.html").unlink()
    code, _, err = check(site, capsys)
    assert code == 1
    assert "book/cnn/why.html is missing, but _toc.yml lists book/cnn/why" in err


def test_a_page_of_an_earlier_build_is_left(site, capsys):
    (site / "html/book/old.html").write_text("<p>Old.</p>", encoding="utf-8")
    code, _, err = check(site, capsys)
    assert code == 1
    assert "book/old.html is a page of an earlier build" in err
    assert f"rm {site}/html/book/old.html" in err


def test_a_frame_is_missing(site, capsys):
    (site / "html/_demos/weights/0b.png").unlink()
    code, _, err = check(site, capsys)
    assert code == 1
    assert "book/cnn/why.html: the demo 'weights' lacks 1 of 2 frames" in err
    assert "_demos/weights/0b.png" in err


@pytest.mark.parametrize("data", ["{broken", "{}", "[]", '{"base": "", "files": []}'])
def test_a_demo_without_frames(site, capsys, data):
    add(
        site,
        f'<div class="explore" data-demo="none"><script type="application/json">{data}</script>',
    )
    code, _, err = check(site, capsys)
    assert code == 1
    assert "the demo 'none'" in err


def test_there_is_no_site(tmp_path, capsys):
    assert main(["--folder", str(tmp_path / "html")]) == 1
    assert "make book" in capsys.readouterr().err
