"""Firefox, driven by WebDriver BiDi, which it speaks by itself."""

import json
import os
import re
import shutil
import subprocess
import time

import websocket

__all__ = ["Firefox", "firefox"]

# Pages from file:// may read nothing but themselves; that is what Firefox comes with.
SETTINGS = {
    "security.fileuri.strict_origin_policy": True,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}


def firefox():
    """Return the path of Firefox, or None."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """One window with a fresh profile in `folder`."""

    def __init__(self, folder):
        lines = [f'user_pref("{name}", {json.dumps(value)});' for name, value in SETTINGS.items()]
        (folder / "user.js").write_text("\n".join(lines))
        self.log = folder / "firefox.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [firefox(), "--headless", "--no-remote", "--remote-debugging-port=0",
                 "--profile", folder],
                stdout=log, stderr=log, env=os.environ | {"HOME": str(folder)},
            )  # fmt: skip
        self.socket = websocket.create_connection(
            f"{self._address()}/session", suppress_origin=True, timeout=60
        )
        self.count = 0
        self.send("session.new", capabilities={})
        self.context = self.send("browsingContext.getTree")["contexts"][0]["context"]

    def _address(self):
        for _ in range(600):
            found = re.search(r"BiDi listening on (ws://\S+)", self.log.read_text())
            if found:
                return found[1]
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def send(self, method, **parameters):
        """Send a command and return its result."""
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv())).get("id") != self.count:
            pass
        assert answer["type"] == "success", answer
        return answer["result"]

    def open(self, url):
        """Open a page and wait until it is loaded."""
        self.send("browsingContext.navigate", context=self.context, url=url, wait="complete")
        # On a busy machine that may be said of the page before.
        place = url.partition("#")[0]
        self.wait_for(f"document.readyState === 'complete' && location.href.startsWith('{place}')")

    def evaluate(self, expression):
        """Return the value of an expression, or what its promise gives, through JSON."""
        given = {
            "expression": f"(async () => JSON.stringify(await ({expression})))()",
            "target": {"context": self.context}, "awaitPromise": True,
        }  # fmt: skip
        answer = self.send("script.evaluate", **given)
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"].get("value", "null"))

    def wait_for(self, condition, *, seconds=30):
        """Wait until an expression is true."""
        for _ in range(10 * seconds):
            # What is not yet there has no properties.
            tried = f"(() => {{ try {{ return {condition}; }} catch {{ return false; }} }})()"
            if self.evaluate(f"Boolean({tried})"):
                return
            time.sleep(0.1)
        raise AssertionError(f"After {seconds} s still not true: {condition}")

    def close(self):
        """End the browser."""
        self.socket.close()
        self.process.terminate()
        self.process.wait(30)
