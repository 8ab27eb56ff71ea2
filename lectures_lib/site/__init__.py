"""The Sphinx side of the book: page view of `explore`, strict checks, fingerprints.

Listed under `extensions` in `_config.yml`; `setup` is what Sphinx calls.
"""

import os
import re
import zlib
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["WRITING", "pages", "setup", "with_columns"]

ASSETS = Path(__file__).parent / "assets"
# `make write` needs the page that changed, and no more.
WRITING = bool(os.environ.get("LECTURES_WRITE"))
PRINTED = re.compile(
    r'(<div class="output [^>]*>\s*(?:<div class="highlight">)?<pre)([^>]*>(.*?)</pre>)', re.DOTALL
)
_read = set()  # the pages that this build reads


def setup(app):
    """Connect the parts of this package to Sphinx."""
    from lectures_lib.site import (
        checks,
        edition,
        execution,
        exercise_index,
        frames,
        front,
        glossary,
        notebooks,
        own_progress,
        package_pages,
        patches,
        playgrounds,
        progress,
        questions,
        search_order,
        solutions,
        status,
        styles,
        table,
        teaching,
    )

    _prepare_kernels(Path(app.doctreedir) / "ipython")
    app.connect("config-inited", _static_files)
    app.connect("config-inited", _address)
    app.connect("env-before-read-docs", lambda app, env, docnames: _read.update(docnames))
    app.connect("env-updated", _pages_to_write)
    app.connect("html-page-context", _repair_body)
    app.connect("html-page-context", _repair_scripts, priority=900)  # after all who add some
    for part in (
        patches, questions,
        progress, notebooks, execution, frames, playgrounds, checks, table, exercise_index, status,
        front, glossary, styles, edition, package_pages, own_progress, solutions, teaching,
        search_order,
    ):  # fmt: skip
        part.setup(app)
    return {
        "env_version": _code_version(),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


def _pages_to_write(app, env):
    """Have all pages written, however few were read again, except while somebody writes one.

    Otherwise the search loses the terms of the others (github.com/sphinx-doc/sphinx/issues/12599),
    and they ask for the scripts of the build before.
    """
    from lectures_lib.site.progress import tell
    from lectures_lib.words import counted

    if WRITING:
        tell("step", "Write what changed")
        return None
    tell("step", f"Write {counted(len(env.found_docs), 'page')}")
    Path(app.outdir, "searchindex.js").unlink(missing_ok=True)  # its old terms would stay
    return env.found_docs


def pages(app):
    """Return the pages whose frames and scripts may be missing in the site, or too many."""
    return sorted(_read if WRITING else app.env.found_docs)


def _code_version():
    """Return a number that changes with what reads pages, so that Sphinx then reads all anew."""
    files = [
        *sorted(Path(__file__).parent.glob("*.py")),
        Path(__file__).parents[1] / "questions.py",
    ]
    return zlib.crc32(b"".join(path.read_bytes() for path in files))


def _prepare_kernels(folder):
    """Set what the kernels of the build inherit.

    `explore` then draws every state instead of showing widgets. What compiled libraries write to
    stderr (TensorFlow announces its options there) goes to the terminal and not into the pages,
    where anything on stderr is an error.
    """
    profile = folder / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    config = "c.IPKernelApp.capture_fd_output = False\nc.HistoryManager.enabled = False\n"
    (profile / "ipython_kernel_config.py").write_text(config, encoding="utf-8")
    os.environ.update(LECTURES_VIEW="page", IPYTHONDIR=str(folder))


def _static_files(app, config):
    config.templates_path.insert(0, str(ASSETS / "templates"))  # before those of the theme
    config.html_static_path.append(str(ASSETS / "static"))
    config.html_css_files.append("lectures.css")
    # Those that others use come before the scripts of single pages, which have a priority of 500.
    first, later = ("embed.js", "address.js"), ("explore.js", "reading.js", "progress.js")
    scripts = dict.fromkeys(first, 400) | dict.fromkeys(later, 800)
    config.html_js_files += [
        (name, {"defer": "defer", "priority": priority}) for name, priority in scripts.items()
    ]
    # Here and not in _config.yml, where they would replace what Jupyter Book makes of its own
    # entries: the repository's address and the launch buttons.
    config.html_theme_options.update(
        search_bar_text="Search the course",
        show_toc_level=2,
        navigation_with_keys=False,
        use_fullscreen_button=False,
        use_source_button=True,
    )


def _address(app, config):
    """Tell other sites what the pages are, and the page for wrong addresses where it stands.

    The one place that knows the address is `repository.url` in `_config.yml`.
    """
    from lectures_lib.book import site_address

    site = site_address(config.html_theme_options.get("repository_url", ""))
    config.ogp_site_url = f"{site}/"
    config.ogp_site_name = config.project = config.html_title
    config.ogp_image = "_static/course.png"
    config.ogp_image_alt = "A chapter: text, a figure, and sliders that change it."
    config.ogp_social_cards = {"enable": False}
    config.notfound_urls_prefix = f"{urlsplit(site).path}/"
    start = f"{config.notfound_urls_prefix}{config.root_doc}.html"
    config.notfound_context = {
        "title": "There is no such page",
        "body": "<h1>There is no such page</h1><p>It may have moved. The chapters are in the side "
        f'bar; the course <a href="{start}">begins here</a>.</p>',
    }


def _repair_body(app, pagename, templatename, context, doctree):
    """Docutils gives the bibliography roles that it does not keep to, or that ARIA gave up.

    And Sphinx marks code as not to be translated, and formulas, for one translator only. What opens
    folded code has a name of its own besides the text in view.
    """
    if "body" in context:
        body = context["body"]
        for wrong in (
            'role="list" ', 'role="doc-biblioentry" ', ' role="doc-biblioentry"',
            ' aria-label="Toggle hidden content"',
        ):  # fmt: skip
            body = body.replace(wrong, "")
        context["formula_fonts"] = fonts_of(body)
        kept = r'<(pre|code|(?:span|div)(?= class="math\b))\b'
        context["body"] = with_columns(re.sub(kept, r'<\1 translate="no"', body))


def fonts_of(body):
    """Return the fonts that the formulas of a page use in its lines.

    >>> fonts_of('<span class="katex"><span class="mord mathnormal">x</span></span>')
    ['Main-Regular', 'Math-Italic']
    """
    names = {"katex": "Main-Regular", "mathnormal": "Math-Italic", "mathbf": "Main-Bold"}
    return [font for name, font in names.items() if re.search(rf'class="[^"]*\b{name}"', body)]


def with_columns(body):
    """Say of each printed table how many columns it has: a phone shows it in letters that fit.

    >>> with_columns('<div class="output stream"><pre>a &lt; b\\n<b>1</b>\\n2\\n</pre>')
    '<div class="output stream"><pre style="--columns: 5">a &lt; b\\n<b>1</b>\\n2\\n</pre>'
    """

    def told(match):
        lines = unescape(re.sub("<[^>]+>", "", match[3])).splitlines()
        if len(lines) < 3:  # sentences, which may break
            return match[0]
        return f'{match[1]} style="--columns: {max(map(len, lines))}"{match[2]}'

    return PRINTED.sub(told, body)


def _repair_scripts(app, pagename, templatename, context, doctree):
    """Let pages show before scripts run; but the search starts within its page.

    Scripts in the page itself are of no use here, and a server may forbid them.
    """
    scripts = [script for script in context.get("script_files", ()) if script.filename]
    for script in scripts:  # the same objects for all pages
        if pagename == "search":
            script.attributes.pop("defer", None)
        elif not str(script.filename).endswith("documentation_options.js"):
            script.attributes["defer"] = "defer"
    context["script_files"] = scripts
