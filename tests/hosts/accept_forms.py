# accept_forms.py - the forms of Accept of the unit test, asked of a web server: the functions behind it and the
# server's own problems must choose alike.
#
# The table stands in tests/unit/request_test.c, once.
import os
import re

from cases import equal, true

TYPES = {"PAGE": "text/html; charset=utf-8", "JSON": "application/json", "NEITHER": "application/problem+json"}


def forms(source):
    """Pairs of an Accept header and PAGE, JSON or NEITHER."""
    with open(os.path.join(source, "tests", "unit", "request_test.c"), encoding="utf-8") as file:
        table = re.search(r"\} accepts\[\] = \{(.*?)\n\};", file.read(), re.S)[1]
    found = re.findall(r'\{((?:"[^"]*"\s*)+),\s*(PAGE|JSON|NEITHER)\}', table)
    true(len(found) > 70, f"only {len(found)}")
    return [("".join(re.findall('"([^"]*)"', text)).replace("\\t", "\t").strip(), form) for text, form in found]


def choose_alike(server, source, own):
    """Asks a function, and for a page that isn't there; OWN gives the type of the server's own problem by form."""
    for accept, form in forms(source):
        answer = server.get("/cgi-bin/hello", {"Accept": accept})
        equal((answer.status, answer.header("content-type")), (406 if form == "NEITHER" else 200, TYPES[form]), accept)
        problem = server.get("/nothing", {"Accept": accept})
        equal((problem.status, problem.header("content-type")), (404, own(form)), accept)
