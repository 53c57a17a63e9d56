# webservers_test.py - the golden events through every web server that dime has a configuration for:
# nginx, Apache in its three ways, nginx with fcgiwrap, and lighttpd.
#
# usage: webservers_test.py BUILDDIR SRCDIR
# All must give the same answers, but for a few that lighttpd gives by itself. The table has an event a line and a server a column.
import glob
import os
import shutil
import sys

from apache import WAYS, Apache, missing
from cases import directories
from fcgiwrap import Fcgiwrap
from lighttpd import Lighttpd
from serving import PATH, Serving

BUILD, SOURCE = directories()
sys.path.append(os.path.join(SOURCE, "tests", "golden"))
import run as golden  # noqa: E402 - the events and their judge


# What lighttpd says to by itself, before a function is asked or with the query put right, with what status.
ITS_OWN = {"lighttpd": {"change/method-made-up": 501, "change/post-with-query-alone": 411, "hello/post-empty": 411,
                        "hello/name-line-break": 400, "hello/name-nul-in-query": 400,
                        "translate/text-blank": 400, "change/query-cut-short": 422,
                        "change/query-damaged-name": 422}}


def judged(server, name, said):
    """What is wrong with an answer: what SAID tells of it, unless it's the server's own and as expected."""
    status = ITS_OWN.get(server, {}).get(name)
    if not status:
        return said
    return "" if (said or "").startswith(f"the status is {status}, not ") else f"isn't {status}: {said}"


class Server(golden.Nginx):
    """The golden runner's host, for any of these servers."""

    def __init__(self, serving):
        self.serving = serving

    def __call__(self, *_):
        return self

    def ask(self, event):
        """The answer; some servers frame it anew."""
        answer = super().ask(event)
        answer.framed = False
        return answer


def servers():
    """Name, what is missing for it, and how it is started."""
    def absent(*programs):
        return ", ".join(name for name in programs if not shutil.which(name, path=PATH))
    yield "nginx", absent("nginx"), lambda: Serving(BUILD, SOURCE)
    for way in WAYS:
        yield "apache-" + way, missing(way), lambda way=way: Apache(BUILD, SOURCE, way)
    yield "fcgiwrap", absent("nginx", "fcgiwrap"), lambda: Fcgiwrap(BUILD, SOURCE)
    yield "lighttpd", absent("lighttpd"), lambda: Lighttpd(BUILD, SOURCE)


def main():
    """Asks all, and prints the table."""
    paths = sorted(glob.glob(os.path.join(SOURCE, "tests", "golden", "*", "*.json")))
    events = [event for event in map(golden.Event, paths) if "nginx" in event.hosts]
    results, firsts, skipped = {}, {}, 0
    for name, lacking, start in servers():
        if lacking:
            print(f"skip - the golden events through {name}: not installed: {lacking}")
            skipped += len(events)
            continue
        asked = golden.ask_host(Server(start()), BUILD, SOURCE, events, firsts)
        results[name] = {event.name: judged(name, event.name, said) for event, said in asked}
    golden.print_table(events, list(results), results)
    said = [(server, name, what) for server in results for name, what in results[server].items()]
    for server, name, what in said:
        if what:
            print(f"not ok - {name} through {server}: {what}")
    failed = sum(1 for entry in said if entry[2])
    print(f"{len(said) - failed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not said else 0


if __name__ == "__main__":
    sys.exit(main())
