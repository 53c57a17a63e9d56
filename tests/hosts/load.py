# load.py - wrk in the background, asking `change` through a site that a test serves.
#
# What counts is how many answers there were, which connections broke, and which answers weren't 200;
# `waits` has the median and the 99th percentile of all waits, for who compares them.
import re
import shutil
import subprocess

from cases import Skip

UNITS = {"us": 1, "ms": 1000, "s": 1000000}

SCRIPT = """wrk.method = "POST"
wrk.body = '{"amount":1.89}'
wrk.headers["Content-Type"] = "application/json"
"""
CLOSE = 'wrk.headers["Connection"] = "close"\n'


class Load:
    """
    wrk, from now on for so many seconds; `end` gives its counts, and `waits` microseconds. Its clients
    keep their connections, or take a new one for each request; they post an amount, or get a PATH.
    """

    def __init__(self, site, clients, seconds, keep=True, path=None):
        if not shutil.which("wrk"):
            raise Skip("wrk isn't installed")
        script = site.path("post.lua")
        with open(script, "w") as out:
            out.write(("" if path else SCRIPT) + ("" if keep else CLOSE))
        self.process = subprocess.Popen(
            ["wrk", "-t1", "--latency", f"-c{clients}", f"-d{seconds}s", "--timeout", "5s", "-s", script,
             site.url(path or "/cgi-bin/change")], stdout=subprocess.PIPE, text=True)

    def end(self):
        said = self.process.communicate(timeout=60)[0]
        self.waits = {share: float(number) * UNITS[unit] for share, number, unit in
                      re.findall(r"^ +(50|99)% +([\d.]+)([a-z]+)$", said, re.M)}
        requests = int(re.search(r"(\d+) requests in", said).group(1))
        errors = re.search(r"Socket errors: (.*)", said)
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
        return requests, errors.group(1) if errors else "", int(refused.group(1)) if refused else 0
