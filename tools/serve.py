"""Serve the built book on this machine: `python -m tools.serve [--port N]`."""

import argparse
import errno
import gzip
import signal
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["Server", "main"]

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
        body = gzip.compress(path.read_bytes(), 6)
        self.send_response(200)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Encoding", "gzip"),
            ("Content-Length", str(len(body))),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

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

    def __init__(self, folder, port=0):
        self.folder = str(folder)
        super().__init__((HOST, port), Handler)

    def finish_request(self, request, client_address):
        Handler(request, client_address, self, directory=self.folder)

    def handle_error(self, request, client_address):
        """Readers leave in the middle of a page; that is no error."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)

    @property
    def url(self):
        return f"http://{HOST}:{self.server_port}"


def main(arguments=None):
    """Serve until Ctrl-C or SIGTERM; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.serve", description=__doc__)
    parser.add_argument("--port", type=_port, default=8000)
    parser.add_argument("--folder", type=Path, default=Path("_build/html"))
    options = parser.parse_args(arguments)
    if not (options.folder / "index.html").is_file():
        return _fail(f"There is no site in {options.folder}. Build it first: make book")
    # Also when a shell started this in the background, where Ctrl-C is switched off.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with Server(options.folder, options.port) as server:
            print(f"Serving the book at {server.url} (Ctrl-C ends)", flush=True)
            server.serve_forever()
    except KeyboardInterrupt:
        print("\nEnded.", flush=True)
        return 0
    except OSError as error:
        other = options.port + 1 if options.port < 65_535 else 8000
        if error.errno == errno.EADDRINUSE:
            return _fail(f"Port {options.port} is taken. Choose another: make serve PORT={other}")
        return _fail(
            f"Port {options.port} cannot be used ({error.strerror}). "
            "Choose another: make serve PORT=8001"
        )


def _port(text):
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number from 0 to 65535.")
    return int(text)


def _fail(message):
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
