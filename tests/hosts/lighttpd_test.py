# lighttpd_test.py - lighttpd with the configuration that ships, before the real programs: what is
# lighttpd's own to do.
#
# usage: lighttpd_test.py BUILDDIR SRCDIR
# The golden events are webservers_test.py's. What a function is told is seen by a responder that answers
# with its variables (EchoResponder).
import os
import re
import shutil
import subprocess
import sys

from cases import collect, directories, equal, run, true
from echo import EchoResponder
from lighttpd import Lighttpd
from serving import PATH, listed, wait_until
import accept_forms
import too_large
from types_of_problem import types_lead_to_page

BUILD, SOURCE = directories()
CHANGE = "/cgi-bin/change"


def test_configuration(s):
    """lighttpd -tt has nothing to say."""
    said = subprocess.run(s.lighttpd("-tt"), capture_output=True, text=True, check=False,
                          env=dict(os.environ, PATH=PATH))
    equal((said.returncode, said.stdout + said.stderr), (0, ""))


def test_functions(s):
    """Each function is named, by its two paths."""
    for name in listed(SOURCE):
        equal(s.get("/healthz/" + name).text, '{"status":"ok"}', name)
        true(s.get("/cgi-bin/" + name).status in (200, 422), name)
    equal(s.get("/healthz").text, '{"status":"ok"}')


def test_pages(s):
    """The pages, their style and script."""
    for path, kind in {"/": "text/html; charset=utf-8", "/docs?x": "text/html; charset=utf-8",
                       "/problems": "text/html; charset=utf-8", "/style.css": "text/css; charset=utf-8",
                       "/dime.js": "text/javascript; charset=utf-8",
                       "/favicon.svg": "image/svg+xml; charset=utf-8",
                       "/openapi.json": "application/json", "/samples/cat.jpg": "image/jpeg"}.items():
        answer = s.get(path)
        equal((answer.status, answer.header("content-type")), (200, kind), path)
        true("default-src 'none'" in answer.header("content-security-policy"), path)
        equal(answer.header("x-content-type-options"), "nosniff", path)
        equal(answer.header("cache-control"), "no-cache" if "html" in kind else "public, max-age=300", path)


def test_function_pages(s):
    """A function's page has an address of its own."""
    true("<h1>Change</h1>" in s.get("/change?x", {"Accept": "text/html"}).text, "/change")


def test_problem_types(s):
    """Each type of problem leads to what the page says of it."""
    types_lead_to_page(s, SOURCE)


def test_other_paths(s):
    """What isn't named isn't there."""
    for path in ("/nope", "/change.html", "/samples/PROVENANCE", "/cgi-bin/nope", "/cgi-bin/", "/cgi-bin/Change",
                 "/healthz/nope", "/cgi-bin/xchange", CHANGE + "/below", "/%2e%2e/%2e%2e/etc/passwd", "/samples/"):
        true(s.get(path).status in (400, 403, 404), f"{path}: {s.get(path).status}")


def test_bodies(s):
    """Bodies up to the limit are read, and over it is 413."""
    equal(s.post(CHANGE, b'{"amount":1}'.ljust(8192)).text, '{"res":[{"4":"quarters"}]}')
    for size in (8193, 70000):
        equal(s.post(CHANGE, b'{"amount":1}'.ljust(size)).status, 413, size)
    picture = s.post("/cgi-bin/labels", b"x" * 9000000, {"Content-Type": "image/jpeg"})
    true(picture.status in (413, 415, 422, 503) and "problem" in picture.header("content-type"),
         f"labels wasn't asked: {picture.status}")


def test_accept(s):
    """The functions choose by Accept as everywhere; lighttpd's own errors are its pages for all."""
    accept_forms.choose_alike(s, SOURCE, lambda _: "text/html")


def test_limit_sentences(s):
    """What is too large is a page in lighttpd's own words, from the first byte over the function's limit."""
    for name in too_large.DETAILS:
        answer = too_large.refused(s, name, "application/json")
        equal((answer.status, answer.header("content-type"), re.findall(r"<h1>(.*?)</h1>", answer.text)),
              (413, "text/html", ["413 Payload Too Large"]), name)


def test_what_a_function_is_told(_):
    """Its variables are those of CGI; a client's request id and Proxy header don't reach it."""
    with Lighttpd(BUILD, SOURCE, functions=()) as s, EchoResponder(s.path("change.sock")):
        answer = s.get(CHANGE + "?amount=1", {"X-Request-Id": "mine", "Proxy": "http://evil.example/", "X-Y": "z"})
        names = dict(answer.json()["pairs"])
        equal((names["SCRIPT_NAME"], names["QUERY_STRING"], names["REQUEST_METHOD"], names["HTTP_X_Y"],
               names.get("PATH_INFO", ""), names["REMOTE_ADDR"]), (CHANGE, "amount=1", "GET", "z", "", "127.0.0.1"))
        true("HTTP_PROXY" not in names and not names.get("HTTP_X_REQUEST_ID"), names)


def test_ids(s):
    """An answer has an id of the function's own."""
    answer = s.get(CHANGE + "?amount=1", {"X-Request-Id": "mine"})
    true(re.fullmatch(r"[0-9a-zA-Z.-]{8,}", answer.header("x-request-id")), answer.headers)


def test_comes_back(_):
    """A function that is down is 503, and is asked again within seconds once it's there."""
    with Lighttpd(BUILD, SOURCE, functions=("change",)) as s:
        s.stop("change")
        equal(s.get(CHANGE + "?amount=1").status, 503)
        s.start("change")
        wait_until(lambda: s.get(CHANGE + "?amount=1").status == 200, "it isn't asked", 3)


def main():
    """Starts lighttpd, and runs all; the status to exit with."""
    if not shutil.which("lighttpd", path=PATH):
        print("skip - lighttpd isn't installed\n0 passed, 0 failed, 1 skipped")
        return 0
    with Lighttpd(BUILD, SOURCE) as site:
        return run(collect(globals()), site)


if __name__ == "__main__":
    sys.exit(main())
