"""Build what changes while you write: `python -m tools.write [--port N]`, for `make write`.

Each saved file starts a build, and the open pages load again when it is done. They come from
`_build/work`; only `make book` checks and publishes the site.
"""

import argparse
import sys
import threading

from watchfiles import DefaultFilter, watch

from tools import build, serve

__all__ = ["Handler", "changes", "main"]

WATCHED = ("book", "lectures_lib", "_config.yml", "_toc.yml")
# The page says which build it is of, so that none is missed while it loads.
SCRIPT = '<script>new EventSource("/built?%d").onmessage = () => location.reload()</script></head>'


class Handler(serve.Handler):
    """Pages that load again when the next build is done."""

    builds = 0
    done = threading.Condition()

    @classmethod
    def built(cls):
        """Have all open pages load again."""
        with cls.done:
            cls.builds += 1
            cls.done.notify_all()

    def do_GET(self):
        if not self.path.startswith("/built?"):
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        with self.done:
            self.done.wait_for(lambda: self.path != f"/built?{self.builds}")
        self.wfile.write(b"data: built\n\n")

    def text(self, path):
        body = super().text(path)
        script = (SCRIPT % self.builds).encode()
        return body.replace(b"</head>", script, 1) if path.suffix == ".html" else body


def changes(*paths):
    """Yield at once, and then for each time that files are saved; hidden ones are left out."""
    hidden = (*DefaultFilter.ignore_entity_patterns, r"^\.")
    folders = (*DefaultFilter.ignore_dirs, ".ipynb_checkpoints")
    only = DefaultFilter(ignore_dirs=folders, ignore_entity_patterns=hidden)
    saved = set()
    while True:
        # Anew each time: the watch of a file ends when an editor puts another in its place.
        watching = watch(*paths, watch_filter=only, yield_on_timeout=True, rust_timeout=100)
        begun = next(watching)
        yield saved
        saved = begun or next(filter(None, watching))
        watching.close()


def main(arguments=None):
    """Build whenever a file is saved, until Ctrl-C or SIGTERM; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.write", description=__doc__)
    parser.add_argument("--port", type=serve.port, default=8000)
    options = parser.parse_args(arguments)

    def work(server):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        saved = changes(*WATCHED)
        next(saved)
        code = build.main()
        print(f"Save a file, and its page at {server.url} loads again (Ctrl-C ends)", flush=True)
        while code != build.INTERRUPTED:
            next(saved)
            code = build.main(writing=True)
            Handler.built()
        raise KeyboardInterrupt

    return serve.session(work, build.WORK / "html", options.port, Handler)


if __name__ == "__main__":
    sys.exit(main())
