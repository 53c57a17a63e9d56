# types_of_problem.py - a problem's type is an address: it must lead to what the page says of it.
#
# Whichever web server it is, that is a redirection to a place on the page of problems of the same
# server, which Apache names and nginx doesn't. curl follows it, and so does a browser.
import os
import re
import shutil
import subprocess

from cases import equal, true

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def types(source):
    """The names of src/request/problem.c."""
    with open(os.path.join(source, "src", "request", "problem.c"), encoding="utf-8") as file:
        return re.findall(r'^    \{\d{3}, "/problems/([a-z-]+)"', file.read(), re.M)


def followed(url, *options):
    """What curl -L ends with: (status, type, where), and the body."""
    done = subprocess.run(["curl", "-qsSL", "--noproxy", "*", "-w", "\n%{http_code} %{content_type}\n%{url_effective}",
                           *options, url], capture_output=True, text=True, check=True, timeout=20)
    body, told, where = done.stdout.rsplit("\n", 2)
    return (*told.split(" ", 1), where), body


def types_lead_to_page(server, source):
    """Each type, asked of the server, leads to its place on the page."""
    names = types(source)
    true(len(names) > 5, f"only {names}")
    for name in names:
        for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"Accept": BROWSER})):
            answer = server.get("/problems/" + name, headers, method)
            where = answer.header("location").removeprefix(server.url())
            equal((answer.status, where), (302, "/problems#" + name), f"{method} {name}")
    page = server.get("/problems")
    equal((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"))
    for name in names:
        true(re.search(rf'<section [^>]*id="{name}"', page.text), f"the page has no place for {name}")
    if shutil.which("curl"):
        for options in ((), ("-H", "Accept: " + BROWSER), ("-H", "Accept: application/json")):
            found, body = followed(server.url("/problems/" + names[0]), *options)
            equal((found[:2], body), (("200", "text/html; charset=utf-8"), page.text.rstrip("\n") + "\n"), options)
            equal(found[2].removesuffix("#" + names[0]), server.url("/problems"), options)
