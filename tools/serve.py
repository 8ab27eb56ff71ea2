"""Serve the built book on this machine: `python -m tools.serve [--port N]`."""

import argparse
import errno
import gzip
import signal
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["Handler", "Server", "main", "port", "session"]

HOST = "127.0.0.1"
TEXT = ("text/", "application/json", "application/x-ipynb+json", "image/svg+xml")


class Handler(SimpleHTTPRequestHandler):
    """Files of one folder and nothing else: no listings, no links out of it, no log."""

    protocol_version = "HTTP/1.1"  # one connection for many frames
    timeout = 60
    # Not taken from the system, where some entries are missing or wrong.
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".css": "text/css",
        ".html": "text/html; charset=utf-8",
        ".ipynb": "application/x-ipynb+json",
        ".js": "text/javascript",
        ".json": "application/json",
        ".md": "text/markdown; charset=utf-8",
        ".svg": "image/svg+xml",
        ".woff2": "font/woff2",
    }

    def translate_path(self, path):
        root = Path(self.directory).resolve()
        translated = super().translate_path(path)
        try:
            if Path(translated).resolve().is_relative_to(root):
                return translated
        except (OSError, ValueError, RuntimeError):  # a zero byte, a loop of links
            pass
        return str(root / "no such file")

    def do_GET(self):
        """Send text packed, as the servers do on which the book is published."""
        path = Path(self.translate_path(self.path))
        asked = "gzip" in self.headers.get("Accept-Encoding", "")
        kind = self.guess_type(path)
        if not (asked and kind.startswith(TEXT) and path.is_file()):
            super().do_GET()
            return
        body = gzip.compress(self.text(path), 6)
        self.send_response(200)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Encoding", "gzip"),
            ("Content-Length", str(len(body))),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def text(self, path):
        return path.read_bytes()

    def list_directory(self, path):
        self.send_error(404, "File not found")

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")  # ask again: the book may be built anew
        super().end_headers()

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    """A server of one folder on 127.0.0.1; port 0 takes a free one."""

    allow_reuse_port = False  # some versions of Python let two servers share a port

    def __init__(self, folder, port=0, handler=Handler):
        super().__init__((HOST, port), partial(handler, directory=str(folder)))

    def handle_error(self, request, client_address):
        """Readers leave in the middle of a page; that is no error."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)

    @property
    def url(self):
        return f"http://{HOST}:{self.server_port}"


def session(work, folder, port, handler=Handler):
    """Call `work` with a server until Ctrl-C or SIGTERM; return the exit code."""
    # Also when a shell started this in the background, where Ctrl-C is switched off.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        server = Server(folder, port, handler)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            what, other = "is taken", port + 1 if port < 65_535 else 8000
        else:
            what, other = f"cannot be used ({error.strerror})", 8001
        return _fail(f"Port {port} {what}. Choose another: PORT={other}")
    with server:
        try:
            work(server)
        except KeyboardInterrupt:
            print("\nEnded.", flush=True)
    return 0


def main(arguments=None):
    """Serve until Ctrl-C or SIGTERM; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.serve", description=__doc__)
    parser.add_argument("--port", type=port, default=8000)
    parser.add_argument("--folder", type=Path, default=Path("_build/html"))
    options = parser.parse_args(arguments)
    if not (options.folder / "index.html").is_file():
        return _fail(f"There is no site in {options.folder}. Build it first: make book")

    def serve(server):
        print(f"Serving the book at {server.url} (Ctrl-C ends)", flush=True)
        server.serve_forever()

    return session(serve, options.folder, options.port)


def port(text):
    """Read the number of a port."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number from 0 to 65535.")
    return int(text)


def _fail(message):
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
