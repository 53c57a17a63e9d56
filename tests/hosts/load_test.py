# load_test.py - what clients see while workers are replaced, killed and crowded.
#
# usage: load_test.py BUILDDIR SRCDIR
# wrk asks through the nginx configuration that ships, and what counts are answers other than 200 and
# connections that broke. How long it all takes isn't judged here: that is `make bench`.
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from cases import Skip, collect, directories, equal, run, true
from serving import Serving, wait_until

SCRIPT = """wrk.method = "POST"
wrk.body = '{"amount":1.89}'
wrk.headers["Content-Type"] = "application/json"
"""


class Load:
    """wrk in the background; `end` gives its counts."""

    def __init__(self, site, clients, seconds):
        if not shutil.which("wrk"):
            raise Skip("wrk isn't installed")
        script = site.path("post.lua")
        with open(script, "w") as out:
            out.write(SCRIPT)
        self.process = subprocess.Popen(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "5s", "-s", script,
             site.url("/cgi-bin/change")], stdout=subprocess.PIPE, text=True)

    def end(self):
        said = self.process.communicate(timeout=60)[0]
        requests = int(re.search(r"(\d+) requests in", said).group(1))
        errors = re.search(r"Socket errors: (.*)", said)
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
        return requests, errors.group(1) if errors else "", int(refused.group(1)) if refused else 0


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as listed:
        return {int(word) for word in listed.read().split()}


def parent_of(site):
    """The process of change's parent: setpriv has become it."""
    return site.processes["change"].pid


def test_restarts(build, source):
    """Ten restarts under load: no error."""
    with Serving(build, source, workers=2, threads=1) as site:
        load = Load(site, 64, 12)
        time.sleep(1)
        for _ in range(10):
            before = children(parent_of(site))
            os.kill(parent_of(site), signal.SIGHUP)
            wait_until(lambda: not before & children(parent_of(site)), "old workers are there")
            time.sleep(0.5)
        requests, errors, refused = load.end()
        print(f"# ten restarts: {requests} requests")
        true(requests > 1000, f"only {requests} requests")
        equal((errors, refused), ("", 0))


def test_killed(build, source):
    """kill -9 of a worker under load: the others go on, and it is back within a second."""
    with Serving(build, source, workers=3, threads=1) as site:
        load = Load(site, 32, 6)
        time.sleep(1)
        before = children(parent_of(site))
        os.kill(min(before), signal.SIGKILL)
        began = time.monotonic()
        wait_until(lambda: len(children(parent_of(site)) - before) == 1, "no new worker")
        back = time.monotonic() - began
        requests, errors, refused = load.end()
        print(f"# one of three workers killed: {requests} requests, {refused} failed, "
              f"a new one after {back * 1000:.0f} ms")
        true(back < 1, f"the new worker came after {back:.2f} s")
        true(refused <= 32, f"{refused} requests failed, more than the worker can have had")
        equal(errors, "")


def test_many_clients(build, source):
    """256 clients on 4 workers: no answer other than 200."""
    with Serving(build, source, workers=4, threads=1) as site:
        requests, errors, refused = Load(site, 256, 5).end()
        print(f"# 256 clients: {requests} requests")
        true(requests > 1000, f"only {requests} requests")
        equal((errors, refused), ("", 0))


if __name__ == "__main__":
    sys.exit(run(collect(globals()), *directories()))
