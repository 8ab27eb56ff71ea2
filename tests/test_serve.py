"""The local server: what it gives, what it refuses, how it ends."""

import gzip
import re
import signal
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection

import pytest

from tools.serve import Server, main


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "html"
    (folder / "book" / "cnn").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>Start</h1>", encoding="utf-8")
    (folder / "book" / "intro.html").write_text("<h1>Intro – é</h1>", encoding="utf-8")
    (folder / "font.woff2").write_bytes(b"font")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    return folder


@pytest.fixture
def server(site):
    with Server(site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def get(server, path, **headers):
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def get_raw(server, request):
    """Send bytes as they are: ordinary clients tidy the address first."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as client:
        client.sendall(request + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: client.recv(65_536), b""))


def test_text_is_sent_packed_to_those_who_can_unpack(server):
    packed = {"Accept-Encoding": "gzip, br"}
    response, body = get(server, "/book/intro.html", **packed)
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body).decode() == "<h1>Intro – é</h1>"
    assert len(body) == int(response.headers["Content-Length"])
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    for path, accepted in (("/font.woff2", packed), ("/", {})):
        response, body = get(server, path, **accepted)
        assert response.status == 200 and "Content-Encoding" not in response.headers
        assert body == {"/": b"<h1>Start</h1>", "/font.woff2": b"font"}[path]
    assert get(server, "/font.woff2")[0].headers["Content-Type"] == "font/woff2"


@pytest.mark.parametrize("packed", [b"", b"\r\nAccept-Encoding: gzip"])
def test_no_listing_and_nothing_outside_the_folder(server, site, packed):
    (site / "link.txt").symlink_to(site.parent / "secret.txt")
    for path in (
        b"/book/",
        b"/book/cnn/",
        b"/nothing.html",
        b"/book%00.html",
        b"/link.txt",
        b"/../../../../../../../../etc/passwd",
        b"/../secret.txt",
        b"/%2e%2e/secret.txt",
        b"/book/..%2f..%2fsecret.txt",
        b"//etc/passwd",
    ):
        answer = get_raw(server, b"GET " + path + b" HTTP/1.1" + packed)
        assert answer.startswith(b"HTTP/1.1 404"), path
        assert b"secret" not in answer and b"root:" not in answer and b"intro" not in answer


def test_taken_port_is_one_clear_line(server, site, capsys):
    port = server.server_port
    assert main(["--port", str(port), "--folder", str(site)]) == 1
    captured = capsys.readouterr()
    expected = f"Port {port} is taken. Choose another: PORT={port + 1}\n"
    assert (captured.out, captured.err) == ("", expected)


def test_missing_site_says_how_to_build_it(tmp_path, capsys):
    assert main(["--folder", str(tmp_path / "html")]) == 1
    assert "make book" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["x", "-1", "65536"])
def test_refuses_what_is_not_a_port(port, capsys):
    with pytest.raises(SystemExit):
        main(["--port", port])
    assert "from 0 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_quietly(site, number):
    command = [sys.executable, "-m", "tools.serve", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--folder", str(site)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    first = process.stdout.readline()
    assert re.fullmatch(r"Serving the book at http://127\.0\.0\.1:\d+ \(Ctrl-C ends\)\n", first)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out.strip(), err) == (0, "Ended.", "")


def test_a_request_leaves_no_log(server, capfd):
    get(server, "/nothing.html")
    get(server, "/")
    assert capfd.readouterr() == ("", "")
