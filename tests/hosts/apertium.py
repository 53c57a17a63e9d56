"""apertium.py - a real Apertium for a test: APy on loopback, as quickstart starts it.

    with Apertium(source, folder) as apertium:
        environment["TRANSLATE_URL"] = apertium.url

MISSING says what isn't installed, or is empty.
"""

import os
import subprocess
import urllib.error
import urllib.request

from serving import free_port, wait_until

MODES = "/usr/share/apertium/modes"
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's modules


def missing():
    """Why there can be no Apertium here."""
    if not os.path.exists("/usr/bin/apertium-apy"):
        return "apertium-apy isn't installed"
    if not os.path.exists(os.path.join(MODES, "eng-spa.mode")):
        return "apertium-eng-spa isn't installed"
    return ""


class Apertium:
    """APy with all pairs that are installed. Use it in a `with`."""

    def __init__(self, source, folder, port=None):
        self.program = os.path.join(source, "deploy", "apertium", "apy-on-loopback")
        self.log, self.port = os.path.join(folder, "apertium.log"), port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def answers(self):
        """Whether it's up; it must not have ended."""
        if self.process.poll() is not None:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                raise AssertionError(f"APy has ended: {log.read()[-800:]}")
        try:
            with urllib.request.urlopen(self.url + "/listPairs", timeout=5) as reply:
                return reply.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def __enter__(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", PYTHON, self.program, "-p", str(self.port), MODES],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"})
        wait_until(self.answers, "APy doesn't answer", 30)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
