"""The built site in a real browser, with every other host blocked and counted."""

import gzip
import io
import json
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import cache, partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from drivers import DRIVERS
from playwright.sync_api import sync_playwright

from tools import npm
from tools.stages import find_browser, short_folder

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    # The list below the address bar, which nobody sees, is a page of its own in each new window.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
    # No other host is found.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
HERE = ("http://127.0.0.1:", "file:", "data:", "blob:")
ASKED = "X-Policy"  # the header of a request that says which policy is to come with a page
PACKED = (".png", ".woff2")
# What a browser does that stores nothing.
BLOCKED = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(globalThis, name, {
    configurable: true, get() { throw new DOMException("no"); },
  });"""
AT_REST = "document.getAnimations().every(one => one.playState !== 'running')"
AT_ONCE = "*, ::before, ::after { transition: none !important; }"  # colours fade otherwise
AXE = """async ([where, wanted, options]) => {
  const only = { resultTypes: ["violations"], ...options };
  const { violations, passes } = await axe.run(where || document, only);
  const found = violations.map(({ id, impact, nodes }) =>
    `${id} (${impact}): ${nodes[0].html.slice(0, 150)}`);
  const contrast = [...violations, ...passes].some(({ id }) => id === "color-contrast");
  return contrast || !wanted ? found : [...found, "contrast was not measured"];
}"""
# What need not be measured again: letters of a formula, which have the colour of their paragraph,
# and text in the flow of a page with the colour, the size and the grounds of one that is measured.
LETTERS = """(where) => {
  const grounds = new Map([[null, ""]]), seen = new Set();
  const ground = (one) => {
    if (!grounds.has(one)) {
      const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(one);
      const own = [backgroundColor, backgroundImage, opacity].join();
      const flows = /static|relative/.test(position);
      grounds.set(one, ground(one.parentElement) + (flows ? "" : "#" + grounds.size) +
        (own === "rgba(0, 0, 0, 0),none,1" ? "" : own));
    }
    return grounds.get(one);
  };
  for (const one of document.querySelectorAll(`${where || "body"} *`)) {
    delete one.dataset.seen;
    if (one.closest(".katex") || !one.checkVisibility()) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(one);
    const kind = [color, fontSize, fontWeight, ground(one)].join();
    const text = [...one.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim());
    if (seen.has(kind)) one.dataset.seen = "";
    else if (text) seen.add(kind);
  }
  axe.configure({ rules: [{ id: "color-contrast", selector: "*:not(.katex *, [data-seen])" }] });
}"""
SNIFFER = """() => new Promise((done, failed) => HTMLCS.process("WCAG2AA", document, () => done(
  HTMLCS.getMessages().filter(({ type }) => type === HTMLCS.ERROR).map(({ code, element }) =>
    `${code}: ${(element.outerHTML ?? "document").slice(0, 150)}`)), failed))"""


def pages():
    """Return the addresses of all chapters, relative to the site."""
    found = sorted(p.relative_to(SITE).as_posix() for p in (SITE / "book").rglob("*.html"))
    assert found, f"No pages in {SITE}: run `make book` first."
    return found


def axe(opened, where=None, *, contrast=True, **options):
    """Return what the checker axe finds on a page, or in the part of it that a selector names.

    Most of its time goes into contrast, which `sniffer` measures too, and much faster.
    """
    if not opened.evaluate("Boolean(globalThis.axe)"):
        opened.evaluate(AXE_SCRIPT)
    if contrast:
        opened.evaluate(LETTERS, where)
    else:
        options = {"rules": {"color-contrast": {"enabled": False}}}
    return opened.evaluate(AXE, [where, contrast, options])


def sniffer(opened):
    """Return what HTML_CodeSniffer calls an error on a page; its warnings ask a person to look."""
    if not opened.evaluate("Boolean(globalThis.HTMLCS)"):
        home = npm.installed("html_codesniffer", "2.5.1")
        opened.evaluate((home / "build" / "HTMLCS.js").read_text(encoding="utf-8"))
    return opened.evaluate(SNIFFER)


def fingers(opened, where=None):
    """The same, and targets that are too small for fingers."""
    return axe(opened, where, rules={"target-size": {"enabled": True}})


def schemes(opened):
    """Show a page in light, and then in dark mode; yields the name when colours rest."""
    opened.add_style_tag(content=AT_ONCE)
    for scheme in ("light", "dark"):
        opened.emulate_media(color_scheme=scheme)
        opened.locator(f"html[data-theme={scheme}]").wait_for()
        opened.wait_for_function(AT_REST)
        yield scheme


class _Data(HTMLParser):
    """Collects the JSON of every demo on a page."""

    def __init__(self):
        super().__init__()
        self.inside, self.found = False, []

    def handle_starttag(self, tag, attributes):
        self.inside = tag == "script" and ("type", "application/json") in attributes

    def handle_data(self, data):
        if self.inside and '"alts"' in data:
            self.found.append(json.loads(data))

    def handle_endtag(self, tag):
        self.inside = False


def demos_of(page):
    """Return the data of all demos of a page."""
    parser = _Data()
    parser.feed((SITE / page).read_text(encoding="utf-8"))
    return parser.found


def demos():
    """Return `(page, demo)` for the whole site."""
    return [(page, demo) for page in pages() for demo in demos_of(page)]


def start_of(demo):
    """Return where each control of a figure begins."""
    return [parameter["start"] for parameter in demo["parameters"]]


def index_of(demo, state):
    """Return the frame that stands for places of all controls."""
    index = 0
    for parameter, k in zip(demo["parameters"], state, strict=True):
        index = index * len(parameter["texts"]) + k
    return index


def address_of(demo, state):
    """Return the fragment of a figure with its controls at these places."""
    pairs = zip(demo["parameters"], state, strict=True)
    return f"{demo['name']}?" + urlencode([(p["name"], p["texts"][k]) for p, k in pairs])


@cache
def names_of(path):
    """Return what the fragments of addresses may name on a page."""
    return set(re.findall(r'\b(?:id|name)="([^"]+)"', path.read_text(encoding="utf-8")))


@contextmanager
def jupyterlab(folder, scratch, *options):
    """JupyterLab as it comes, without settings of this machine's user; yields its address."""
    own = {
        f"JUPYTER{name}_DIR": str(scratch / "jupyter" / name.strip("_").lower())
        for name in ("_CONFIG", "_DATA", "_RUNTIME", "LAB_SETTINGS", "LAB_WORKSPACES")
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
        "--ServerApp.port=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None", *options,
    ]  # fmt: skip
    with (scratch / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
        try:
            yield _address(server, scratch)
        finally:
            server.terminate()
            server.wait(30)


def save_notebook(page):
    """Save the notebook of a JupyterLab page, and wait until its server has written the file."""
    with page.expect_response(
        lambda answer: answer.request.method == "PUT" and "/api/contents/" in answer.url
    ) as written:
        page.keyboard.press("Control+s")
    assert written.value.ok
    page.locator(".jp-mod-dirty").wait_for(state="detached", timeout=30_000)


def _address(server, scratch):
    """Wait until the server has written down its address and return that."""
    for _ in range(600):
        for path in (scratch / "jupyter" / "runtime").glob("jpserver-*.json"):
            return f"http://127.0.0.1:{json.loads(path.read_text())['port']}"
        assert server.poll() is None, (scratch / "lab.log").read_text()
        time.sleep(0.1)
    raise AssertionError((scratch / "lab.log").read_text())


class _Quiet(SimpleHTTPRequestHandler):
    """Sends with a page the policy that was asked for."""

    def log_message(self, *arguments):
        pass

    def end_headers(self):
        policy = self.headers.get(ASKED)
        if policy and ".html" in self.path:
            self.send_header("Content-Security-Policy", policy)
        super().end_headers()


class _Watched(_Quiet):
    """Puts a script first into each page, which keeps what goes wrong in `complaints`."""

    policy = None
    script = """
      globalThis.complaints = [];
      const file = ({ src, href }) => `${src || href} is missing`;
      addEventListener("error", (e) => complaints.push(e.message || file(e.target)), true);
      addEventListener("unhandledrejection", (e) => complaints.push(`${e.reason}`));
      addEventListener("securitypolicyviolation", (e) =>
        complaints.push(`${e.violatedDirective} forbids ${e.blockedURI}`));
      for (const kind of ["error", "warn"]) {
        console[kind] = (...texts) => complaints.push(texts.join(" "));
      }
    """

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if self.path == "/watch.js":
            self._send(self.script, "text/javascript")
        elif path.suffix == ".html" and path.is_file():
            page = path.read_text(encoding="utf-8")
            self._send(page.replace("<head>", '<head><script src="/watch.js"></script>', 1))
        else:
            super().do_GET()

    def _send(self, text, kind="text/html; charset=utf-8"):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.policy:
            self.send_header("Content-Security-Policy", self.policy)
        self.end_headers()
        self.wfile.write(body)


class _Strict(_Watched):
    """Lets pages ask this server only, and run no script that stands in them."""

    policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


class _Slow(_Watched):
    """Sends 400 kbit/s, over all connections, packed as servers do."""

    policy, line = None, threading.Lock()

    def do_GET(self):
        self.real, self.wfile = self.wfile, io.BytesIO()
        super().do_GET()
        head, _, body = self.wfile.getvalue().partition(b"\r\n\r\n")
        self.wfile = self.real
        if b" 200 " in head.partition(b"\r\n")[0] and not self.path.endswith(PACKED):
            body = gzip.compress(body, 6)
            head = re.sub(rb"(?i)content-length: \d+", b"Content-Encoding: gzip", head)
        whole = head + b"\r\n\r\n" + body
        for start in range(0, len(whole), 1000):
            with self.line:
                time.sleep(1000 * 8 / 400_000)
            self.wfile.write(whole[start : start + 1000])


@contextmanager
def serving(folder, handler=_Quiet):
    """Serve a folder; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def address():
    """The site at the root of a server."""
    with serving(SITE) as url:
        yield url


@pytest.fixture(scope="session")
def subfolder_address(tmp_path_factory):
    """The site in a sub-folder of a server, as on GitHub Pages."""
    root = tmp_path_factory.mktemp("server")
    (root / "some").mkdir()
    (root / "some" / "course").symlink_to(SITE)
    with serving(root) as url:
        yield f"{url}/some/course"


@pytest.fixture
def watched():
    """The site on a new server whose pages keep what goes wrong, and of which nothing is kept."""
    with serving(SITE, _Watched) as url:
        yield url


@pytest.fixture
def slow():
    """The same at 400 kbit/s."""
    with serving(SITE, _Slow) as url:
        yield url


@pytest.fixture(scope="module")
def strict():
    """The same under a strict policy."""
    with serving(SITE, _Strict) as url:
        yield url


@pytest.fixture
def host(tmp_path):
    """Return what makes a tall page of another origin around a page in a frame."""

    def write(url, attributes=""):
        frame = f'<iframe src="{url}" {attributes} width="800" height="700"></iframe>'
        space = '<div style="height: 2000px"></div>'
        head = '<title>Host</title><link rel="icon" href="data:,">'
        (tmp_path / "host.html").write_text(f"{head}{space}{frame}{space}")
        return f"{origin}/host.html"

    with serving(tmp_path) as origin:
        yield write


@pytest.fixture(scope="session", params=DRIVERS)
def engine(request, tmp_path_factory):
    """Firefox, and WebKit after all tests of Firefox: two processes begin with one each."""
    driver = DRIVERS[request.param](tmp_path_factory.mktemp(request.param))
    yield driver
    driver.close()


@pytest.fixture(scope="session")
def browser():
    with short_folder(), sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=find_browser(os.environ), args=FLAGS)
        yield opened
        opened.close()


class Visit:
    """One page in a fresh browser context; what it asked for and complained about."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.foreign, self.complaints, self.bodies = [], [], {}
        self.page.on("request", self._request)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._response)

    def _request(self, request):
        if not request.url.startswith(HERE):
            self.foreign.append(request.url)

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _response(self, response):
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")
        elif response.url.startswith("http://127.0.0.1:"):
            self.bodies[response.url] = response

    def forbid(self, policy="script-src 'self'"):
        """Let the server send a policy with each page, such as one against scripts in pages."""
        self.context.set_extra_http_headers({ASKED: policy})

    def open(self, url):
        self.page.goto(url, wait_until="load")
        self.page.wait_for_timeout(150)
        return self.page

    def wire_bytes(self):
        """Return gzipped bytes of everything fetched; pictures and fonts are packed already."""
        total = 0
        for url, response in list(self.bodies.items()):
            body = response.body()
            packed = url.split("?")[0].endswith(PACKED)
            total += len(body) if packed else len(gzip.compress(body, 6))
        return total


@pytest.fixture
def visit(browser):
    opened = []

    def make(**options):
        opened.append(Visit(browser, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.context.unroute_all(behavior="ignoreErrors")  # what still waits for its answer
        one.context.close()


@pytest.fixture
def framed(visit, host):
    """Open a page in a frame of a tall page of another origin; return visit, page and frame."""

    def show(url, attributes=""):
        one = visit(viewport={"width": 1280, "height": 900})
        opened = one.open(host(url, attributes))
        return one, opened, opened.frames[1]

    return show
