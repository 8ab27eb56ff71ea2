"""`make write`: what is saved is built, and the open pages load again."""

import gzip
import os
import threading
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import pytest

from tools.serve import Server
from tools.write import Handler, changes


@pytest.fixture
def server(tmp_path):
    class Fresh(Handler):
        builds = 0
        done = threading.Condition()

    (tmp_path / "page.html").write_text("<head></head><p></p>", encoding="utf-8")
    (tmp_path / "data.json").write_text("</head>", encoding="utf-8")
    with Server(tmp_path, handler=Fresh) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        server.built = Fresh.built
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def asked(port, path):
    with closing(HTTPConnection("127.0.0.1", port, timeout=100)) as connection:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        yield connection.getresponse()


def page(port, path):
    with asked(port, path) as response:
        return gzip.decompress(response.read()).decode()


def test_a_page_says_which_build_it_is_of(server):
    start = '<head><script>new EventSource("/built?'
    assert page(server.server_port, "/page.html").startswith(f"{start}0")
    server.built()
    assert page(server.server_port, "/page.html").startswith(f"{start}1")
    assert page(server.server_port, "/data.json") == "</head>"


def test_a_page_hears_of_the_next_build_and_of_one_that_it_missed(server):
    with asked(server.server_port, "/built?0") as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        server.built()
        assert response.read() == b"data: built\n\n"
    with asked(server.server_port, "/built?0") as response:
        assert response.read() == b"data: built\n\n"


def names(saved):
    return {os.path.basename(path) for _, path in saved}


def test_saved_files_are_seen_and_hidden_ones_are_not(tmp_path):
    book, settings = tmp_path / "book", tmp_path / "_toc.yml"
    (book / ".ipynb_checkpoints").mkdir(parents=True)
    settings.touch()
    watch = changes(book, settings)
    assert next(watch) == set()  # it has begun
    for hidden in (".ipynb_checkpoints/a.ipynb", ".~a.ipynb", "a.md~", "__pycache__"):
        (book / hidden).write_text("", encoding="utf-8")
    (book / "a.ipynb").write_text("", encoding="utf-8")
    assert names(next(watch)) == {"a.ipynb"}
    for text in ("once", "twice"):  # in a new file that takes the name, as editors do it
        (tmp_path / "new").write_text(text, encoding="utf-8")
        os.replace(tmp_path / "new", settings)
        assert names(next(watch)) == {"_toc.yml"}
    watch.close()
