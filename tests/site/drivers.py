"""Firefox and WebKit under one small interface, each driven in the language it speaks by itself.

Firefox speaks WebDriver BiDi, WebKitGTK's driver WebDriver; that one needs a screen, which Xvfb is.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from functools import partial
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import websocket

__all__ = ["DRIVERS", "Firefox", "WebKit"]

# Pages from file:// may read nothing but themselves; that is what Firefox comes with.
SETTINGS = {
    "security.fileuri.strict_origin_policy": True,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
KEYS = {
    "Backspace": "\ue003", "Tab": "\ue004", "Enter": "\ue007", "Control": "\ue009", "Space": " ",
    "End": "\ue010", "Home": "\ue011", "ArrowLeft": "\ue012", "ArrowUp": "\ue013",
    "ArrowRight": "\ue014", "ArrowDown": "\ue015",
}  # fmt: skip
JSON_OF = "(async () => JSON.stringify(await ({})))()"


def program(*names):
    """Return the path of the first program that is here."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    assert found, f"{names[0]} is not on PATH; .ci/run installs it."
    return found


def until(ready, *, seconds=60, what):
    """Return what `ready` gives as soon as it gives anything."""
    for _ in range(10 * seconds):
        if found := ready():
            return found
        time.sleep(0.1)
    raise AssertionError(f"After {seconds} s still not true: {what()}")


class Driver:
    """What tests do with a browser, whichever it is."""

    def open(self, url):
        """Open a page and wait until it is loaded."""
        self._navigate(url)
        # On a busy machine the browser may say that of the page before.
        place = url.partition("#")[0].partition("?")[0]
        self.wait_for(f"document.readyState === 'complete' && location.href.startsWith('{place}')")

    def wait_for(self, condition, *, seconds=60):
        """Wait until an expression is true; what is not yet there has no properties."""
        tried = f"(() => {{ try {{ return Boolean({condition}); }} catch {{ return false; }} }})()"
        until(lambda: self.evaluate(tried), seconds=seconds, what=lambda: condition)

    def press(self, *keys):
        """Press keys, one after the other; those joined by `+` together."""
        steps = []
        for key in keys:
            together = [KEYS.get(name, name) for name in key.split("+")]
            steps += [{"type": "keyDown", "value": value} for value in together]
            steps += [{"type": "keyUp", "value": value} for value in reversed(together)]
        self._perform([{"type": "key", "id": "keys", "actions": steps}])

    def focus(self, selector):
        """Give the focus to an element."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")

    def press_button(self, inside, *texts):
        """Press the first button of a part of the page with one of these texts."""
        self.evaluate(
            f"{json.dumps(texts)}.map((text) => [...document.querySelectorAll("
            f"{json.dumps(inside + ' button')})].find((one) => one.textContent === text))"
            ".find((one) => one).focus()"
        )
        self.activate()

    def activate(self):
        """Do what Enter does to what has the focus."""
        self.press("Enter")

    def toggle(self):
        """Do what a space does to a check box that has the focus."""
        self.press("Space")


class Firefox(Driver):
    """One window with a fresh profile in `folder`."""

    def __init__(self, folder):
        lines = [f'user_pref("{name}", {json.dumps(value)});' for name, value in SETTINGS.items()]
        (folder / "user.js").write_text("\n".join(lines))
        log = folder / "firefox.log"
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [program("firefox-esr", "firefox"), "--headless", "--no-remote",
                 "--remote-debugging-port=0", "--profile", folder],
                stdout=output, stderr=output, env=os.environ | {"HOME": str(folder)},
            )  # fmt: skip
        address = partial(re.search, r"BiDi listening on (ws://\S+)")
        found = until(lambda: address(log.read_text()), what=log.read_text)
        self.socket = websocket.create_connection(
            f"{found[1]}/session", suppress_origin=True, timeout=120
        )
        self.count = 0
        self.send("session.new", capabilities={})
        (window,) = self.send("browsingContext.getTree")["contexts"]
        self.context = window["context"]

    def send(self, method, **parameters):
        """Send a command and return its result."""
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv())).get("id") != self.count:
            pass
        assert answer["type"] == "success", answer
        return answer["result"]

    def _navigate(self, url):
        self.send("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def reload(self):
        """Load the page again."""
        self.send("browsingContext.reload", context=self.context, wait="complete")

    def back(self):
        """Go back to the page before."""
        self.send("browsingContext.traverseHistory", context=self.context, delta=-1)

    def activate(self):
        """A click: in a window that nobody sees buttons get keys, and do not follow them."""
        self.evaluate("document.activeElement.click()", userActivation=True)

    toggle = activate

    def evaluate(self, expression, **options):
        """Return the value of an expression, or what its promise gives, through JSON."""
        answer = self.send(
            "script.evaluate", expression=JSON_OF.format(expression),
            target={"context": self.context}, awaitPromise=True, **options,
        )  # fmt: skip
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"].get("value", "null"))

    def _perform(self, actions):
        self.send("input.performActions", context=self.context, actions=actions)

    @contextmanager
    def frame(self):
        """Do what follows in the first frame of the page."""
        page = self.context
        (tree,) = self.send("browsingContext.getTree", root=page)["contexts"]
        self.context = tree["children"][0]["context"]
        try:
            yield
        finally:
            self.context = page

    def close(self):
        """End the browser."""
        self.socket.close()
        self.process.terminate()
        self.process.wait(30)


class WebKit(Driver):
    """One window of 1280 by 900 pixels; WebKitGTK keeps nothing of a session."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        reading, writing = os.pipe()
        with (folder / "webkit.log").open("w") as log:
            outputs = {"stdout": log, "stderr": log}
            self.screen = subprocess.Popen(
                [program("Xvfb"), "-displayfd", str(writing), "-screen", "0", "1300x1000x24"],
                pass_fds=[writing], **outputs,
            )  # fmt: skip
            os.close(writing)
            with os.fdopen(reading) as number:
                display = {"DISPLAY": f":{number.readline().strip()}", "HOME": str(folder)}
            self.driver = subprocess.Popen(
                [program("WebKitWebDriver"), f"--port={port}"], env=os.environ | display, **outputs
            )
        self.session = f"http://127.0.0.1:{port}/session"
        made = until(self._start, what=(folder / "webkit.log").read_text)
        self.session += f"/{made['sessionId']}"
        self.send("window/rect", x=0, y=0, width=1280, height=900)

    def _start(self):
        try:
            return self.send("", capabilities={})
        except URLError:  # it does not listen yet
            return None

    def send(self, command, **parameters):
        """Send a command and return its result."""
        request = Request(f"{self.session}/{command}".rstrip("/"), json.dumps(parameters).encode())
        try:
            with urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except HTTPError as error:
            raise AssertionError(f"{command}: {error.read().decode()}") from None

    def _navigate(self, url):
        self.send("url", url=url)

    def reload(self):
        """Load the page again."""
        self.send("refresh")

    def back(self):
        """Go back to the page before."""
        self.send("back")

    def evaluate(self, expression):
        """Return the value of an expression, or what its promise gives, through JSON."""
        script = f"const done = arguments[0]; {JSON_OF.format(expression)}.then("
        script += "(text) => done([text]), (error) => done(`${error}`));"
        answer = self.send("execute/async", script=script, args=[])
        assert isinstance(answer, list), answer
        return json.loads(answer[0] or "null")

    def _perform(self, actions):
        self.send("actions", actions=actions)

    @contextmanager
    def frame(self):
        """Do what follows in the first frame of the page."""
        self.send("frame", id=0)
        try:
            yield
        finally:
            self.send("frame/parent")

    def close(self):
        """End the browser."""
        urlopen(Request(self.session, method="DELETE"), timeout=60).close()
        for process in (self.driver, self.screen):
            process.terminate()
            process.wait(30)


DRIVERS = {"firefox": Firefox, "webkit": WebKit}
