# webservers_test.py - the golden events through every web server that dime has a configuration for:
# nginx, Apache in its three ways, nginx with fcgiwrap, and lighttpd.
#
# usage: webservers_test.py BUILDDIR SRCDIR
# All must give the same answers, but for a few that lighttpd gives by itself. The table has an event a line and a server a column.
# And from all a program can find out what there is: by the catalog, the description, and a link in each answer.
import glob
import os
import shutil
import sys

from apache import WAYS, Apache, missing
from cases import directories
from fcgiwrap import Fcgiwrap
from lighttpd import Lighttpd
from serving import PATH, Serving, listed

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


CATALOG = "/.well-known/api-catalog"
CATALOG_TYPE = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'


def discover(s):
    """Follows the catalog of a server to all that it names; what is wrong with it, or an empty text."""
    found = s.get(CATALOG)
    head = s.get(CATALOG, method="HEAD")
    for answer in (found, head):
        if (answer.status, answer.header("Content-Type")) != (200, CATALOG_TYPE):
            return f"the catalog is {answer.status}, {answer.header('Content-Type')}"
        if 'rel="api-catalog"' not in (answer.header("Link") or ""):
            return f"the catalog's Link is {answer.header('Link')}"
    links = found.json()["linkset"]
    functions = {link["href"] for link in links[0]["item"]}
    if functions != {link["anchor"] for link in links[1:]} or len(functions) != len(listed(SOURCE)):
        return f"the functions are {functions}"
    document = s.get("/openapi.json").json()
    for link in links[1:]:
        if link["anchor"] not in document["paths"]:
            return f"{link['anchor']} isn't in /openapi.json"
        for relation in ("service-desc", "service-doc", "status"):
            answer = s.get(link[relation][0]["href"])
            if answer.status != 200:
                return f"the {relation} of {link['anchor']} is {answer.status}"
        for answer in (s.get(link["anchor"] + "?min_confidence=101&name=a&amount=1"), s.get(link["anchor"], method="PUT")):
            if 'rel="service-desc"' not in (answer.header("Link") or ""):
                return f"the Link of {link['anchor']} is {answer.header('Link')}"
    return ""


def discovered(start):
    with start() as s:
        try:
            return discover(s)
        except (OSError, ValueError, KeyError, AssertionError) as error:
            return repr(error)


def main():
    """Asks all, and prints the table."""
    paths = sorted(glob.glob(os.path.join(SOURCE, "tests", "golden", "*", "*.json")))
    events = [event for event in map(golden.Event, paths) if "nginx" in event.hosts]
    results, firsts, discoveries, skipped = {}, {}, {}, 0
    for name, lacking, start in servers():
        if lacking:
            print(f"skip - the golden events through {name}: not installed: {lacking}")
            skipped += len(events)
            continue
        asked = golden.ask_host(Server(start()), BUILD, SOURCE, events, firsts)
        results[name] = {event.name: judged(name, event.name, said) for event, said in asked}
        discoveries[name] = discovered(start)
    golden.print_table(events, list(results), results)
    said = [(server, name, what) for server in results for name, what in results[server].items()]
    said += [(server, "its catalog", what) for server, what in discoveries.items()]
    for server, name, what in said:
        if what:
            print(f"not ok - {name} through {server}: {what}")
    failed = sum(1 for entry in said if entry[2])
    print(f"{len(said) - failed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not said else 0


if __name__ == "__main__":
    sys.exit(main())
