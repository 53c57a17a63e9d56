# labels_flood_test.py - while pictures flood labels, change answers nearly as fast as when it's quiet.
#
# usage: labels_flood_test.py BUILDDIR SRCDIR
# Both are served by one nginx, as quickstart serves them. wrk asks for change, first alone and then
# beside 8 clients that send pictures without a pause; the medians are compared, since those of one
# run share whatever else the machine does.
import os
import re
import shutil
import subprocess
import sys
import threading

import cases
from cases import Skip, directories, true
from labels_calls import get_models, multipart, read_sample
from serving import Serving

BUILD, SOURCE = (os.path.abspath(path) for path in directories())
CLIENTS, SECONDS, ROUNDS, MOST = 8, 2, 3, 3.0
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def median(served):
    """The median of change's answers in seconds, to one client."""
    done = subprocess.run(["wrk", "-t1", "-c1", f"-d{SECONDS}s", "--latency",
                           served.url("/cgi-bin/change?amount=1.89")],
                          capture_output=True, text=True, check=True, timeout=60)
    true("Non-2xx" not in done.stdout, done.stdout)
    number, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)\b", done.stdout).groups()
    return float(number) * UNITS[unit]


class Flood:
    """Clients that send pictures, one after the other each, until they are told to stop."""

    def __init__(self, served):
        self.served, self.answers, self.stopping = served, [], threading.Event()
        self.body, self.kind = multipart(read_sample(SOURCE, "coffee.jpg"), "coffee.jpg")
        self.threads = [threading.Thread(target=self.send) for _ in range(CLIENTS)]

    def send(self):
        """One client."""
        while not self.stopping.is_set():
            answer = self.served.post("/cgi-bin/labels", self.body, {"Content-Type": self.kind})
            self.answers.append(answer.status)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def test_flood():
    """8 clients flood labels, and change's median stays within 3 times its quiet one"""
    have, why = get_models(BUILD, SOURCE)
    if not have:
        raise Skip(why)
    if not shutil.which("wrk"):
        raise Skip("wrk isn't installed")
    with Serving(BUILD, SOURCE, workers=2, threads=1) as served:
        median(served)
        ratios = []
        for _ in range(ROUNDS):
            quiet = median(served)
            with Flood(served) as flood:
                flooded = median(served)
            ratios.append(flooded / quiet)
            print(f"# quiet {quiet * 1e6:.0f} us, flooded {flooded * 1e6:.0f} us: "
                  f"{ratios[-1]:.2f}; {len(flood.answers)} pictures")
            true(flood.answers and set(flood.answers) == {200}, f"{set(flood.answers)}")
    ratio = sorted(ratios)[len(ratios) // 2]
    true(ratio <= MOST, f"it's {ratio:.2f} times as long")


if __name__ == "__main__":
    sys.exit(cases.run(cases.collect(globals())))
