# apache_test.py - Apache with the configuration that ships, before the real programs, in each of the
# three ways in which it runs a function: what is Apache's own to do.
#
# usage: apache_test.py BUILDDIR SRCDIR
# The golden events are webservers_test.py's. What a function is told is seen by a responder that
# answers with its variables (EchoResponder), or by a CGI program that prints them.
import concurrent.futures
import os
import re
import socket
import subprocess
import sys
import time

from apache import WAYS, Apache, missing
from cases import Skip, collect, directories, equal, run, true
from echo import EchoResponder
from serving import PATH, Answer, wait_until
import accept_forms
import too_large
from types_of_problem import types_lead_to_page

BUILD, SOURCE = directories()
CHANGE, HELLO = "/cgi-bin/change", "/cgi-bin/hello"


def served(way):
    """dime behind Apache in this way, or a Skip that says why not."""
    reason = missing(way)
    if reason:
        raise Skip(reason)
    return Apache(BUILD, SOURCE, way)


def every_way(test):
    """A case for each way: NAME is its first line and the way."""
    for way in WAYS:
        def case(test=test, way=way):
            with served(way) as s:
                test(s)
        case.__doc__ = f"{test.__doc__.strip().splitlines()[0].rstrip('.')} ({way})"
        globals()[f"{test.__name__.replace('each_', 'test_')}_{way}"] = case
    return test


def is_problem(answer, status, name):
    """The parts of a problem."""
    equal(answer.status, status, "status")
    equal(answer.header("content-type"), "application/problem+json", "Content-Type")
    equal(answer.header("cache-control"), "no-store", "Cache-Control")
    equal(answer.header("x-content-type-options"), "nosniff", "X-Content-Type-Options")
    problem = answer.json()
    equal(problem["status"], status, "status in the body")
    equal(problem["type"], name, "type")
    equal(problem["instance"], answer.header("x-request-id"), "instance")
    true(problem["detail"].endswith("."), "the detail is no sentence")


class LargeAnswers(Apache):
    """Apache in front of a `hello` whose answers are as large as they are asked to be (probe.c)."""

    def program(self, name):
        return os.path.join(self.build, "tests", "hosts", "probe")


def test_a_slow_client_holds_up_no_other_request():
    """A client that reads a large answer slowly holds up no other (proxy)."""
    reason = missing("proxy")
    if reason:
        raise Skip(reason)
    with LargeAnswers(BUILD, SOURCE, "proxy", functions=("hello",), threads=1) as s, \
            socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(20)
        slow.connect(("127.0.0.1", s.port))
        slow.sendall(b"GET /cgi-bin/hello?pieces=1&bytes=7000000 HTTP/1.1\r\nHost: localhost\r\n"
                     b"Connection: close\r\n\r\n")
        true(slow.recv(2000).startswith(b"HTTP/1.1 200"), "the slow client's status")
        for _ in range(8):
            start = time.monotonic()
            equal(s.get("/cgi-bin/hello?pieces=1&bytes=9").status, 200, "another's status")
            true(time.monotonic() - start < 3, "another waited")
            true(slow.recv(2000), "the slow client gets no more")


@every_way
def each_configuration(s):
    """apachectl configtest has nothing to say."""
    said = subprocess.run(s.apache("-t"), capture_output=True, text=True,
                          env=dict(os.environ, PATH=PATH))
    equal((said.returncode, said.stdout + said.stderr), (0, "Syntax OK\n"))


@every_way
def each_pages(s):
    """The pages, their style and script, and the way from a problem's type to its page."""
    for path, kind in {"/": "text/html; charset=utf-8", "/docs": "text/html; charset=utf-8",
                       "/problems": "text/html; charset=utf-8", "/style.css": "text/css; charset=utf-8",
                       "/dime.js": "text/javascript; charset=utf-8",
                       "/favicon.svg": "image/svg+xml; charset=utf-8",
                       "/openapi.json": "application/json"}.items():
        answer = s.get(path)
        equal((answer.status, answer.header("content-type")), (200, kind), path)
        true("default-src 'none'" in answer.header("content-security-policy"), path)
        equal(answer.header("x-content-type-options"), "nosniff", path)
        fresh = "no-cache" if "html" in kind else "public, max-age=300"
        equal(answer.header("cache-control"), fresh, path)
    form = s.get(CHANGE, {"Accept": "text/html"})
    true("<h1>Change</h1>" in s.get("/change", {"Accept": "text/html"}).text, "a function's page has its own address")
    equal(form.header("referrer-policy"), "same-origin", "of a function's page")
    true("camera=()" in form.header("permissions-policy"), "of a function's page")


@every_way
def each_problem_types(s):
    """Each type of problem leads curl and a browser to what the page says of it; others lead nowhere."""
    types_lead_to_page(s, SOURCE)
    is_problem(s.get("/problems/nothing"), 404, "about:blank")


@every_way
def each_other_paths(s):
    """What isn't named isn't there, and a function that isn't there is a problem that says so."""
    for path in ("/nope", "/change.html", "/.dime/404.shtml", "/dime-common.conf", "/www/"):
        is_problem(s.get(path), 404, "about:blank")
    for path in ("/cgi-bin/nope", "/cgi-bin/", "/cgi-bin/Change", "/healthz/nope"):
        is_problem(s.get(path), 404, "/problems/no-such-function")
    is_problem(s.get("/%2e%2e/%2e%2e/etc/passwd"), 400, "/problems/not-parseable")
    is_problem(s.get(CHANGE + "/below"), 404, "/problems/no-such-function")
    refused = s.get("/style.css", method="POST", body="x")
    is_problem(refused, 405, "/problems/method-not-allowed")
    equal(refused.header("allow"), "GET, HEAD")


@every_way
def each_health(s):
    """/healthz needs no function, /healthz/NAME does."""
    for path in ("/healthz", "/healthz/change", "/healthz/hello"):
        answer = s.get(path)
        equal((answer.status, answer.text), (200, '{"status":"ok"}'), path)
        equal(answer.header("cache-control"), "no-store", path)
        equal(answer.header("content-type"), "application/json", path)


@every_way
def each_bodies(s):
    """Bodies up to the limit are read, chunked ones too; over it is 413, however it is sent."""
    equal(s.post(CHANGE, b'{"amount":1}'.ljust(8192)).text, '{"res":[{"4":"quarters"}]}')
    for size in (8193, 70000, 3000000):
        is_problem(s.post(CHANGE, b'{"amount":1}'.ljust(size)), 413, "/problems/too-large")

    def chunked(data):
        connection = s.connect()
        connection.request("POST", CHANGE, iter([data]), encode_chunked=True)
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read())
    equal(chunked(b'{"amount":2}').status, 200)
    for size in (8193, 60000):
        is_problem(chunked(b'{"amount":1}'.ljust(size)), 413, "/problems/too-large")


@every_way
def each_accept(s):
    """The functions choose by Accept as everywhere; Apache's own problems are JSON for all."""
    accept_forms.choose_alike(s, SOURCE, lambda _: "application/problem+json")


@every_way
def each_limit_sentences(s):
    """What is too large is answered with the function's own sentence."""
    too_large.says_function(BUILD)
    too_large.says_server(s)


@every_way
def each_ids(s):
    """One id in the answer, in the function's log and in Apache's, whatever the client sent."""
    answer = s.get(HELLO, {"X-Request-Id": "mine"})
    name = answer.header("x-request-id")
    true(re.fullmatch(r"[A-Za-z0-9._-]{20,40}", name), name)
    equal(s.get("/nope").status, 404)
    # Apache hands on what its programs say to its own error log, or to its stderr.
    logs = ("hello",) if s.way == "proxy" else ("error", "apache")
    wait_until(lambda: any(f'"requestId":"{name}"' in s.log(log) for log in logs),
               "the id isn't in the function's log")
    wait_until(lambda: f"{name} 200" in s.log("access"), "the id isn't in Apache's log")


@every_way
def each_together(s):
    """Thirty-two clients at once all get their own answer."""
    def ask(number):
        return [s.get(f"{HELLO}?name=n{number}-{i}").json()["message"] for i in range(10)]
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        for number, said in enumerate(pool.map(ask, range(32))):
            equal(said, [f"hello n{number}-{i}" for i in range(10)])


VARIABLES = """#!/bin/sh
printf 'Content-Type: application/json\\n\\n{"proxy":"%s","authorization":"%s","id":"%s"}' \\
    "${HTTP_PROXY-}" "${HTTP_AUTHORIZATION-}" "${HTTP_X_REQUEST_ID-}"
"""
TOLD = {"Proxy": "http://evil/", "Authorization": "Bearer abc", "X-Request-Id": "mine"}


def test_told_cgi():
    """A CGI program is told Authorization and never Proxy."""
    with served("cgi") as s:
        with open(s.path("bin", "hello"), "w", encoding="utf-8") as file:
            file.write(VARIABLES)
        told = s.get(HELLO, TOLD).json()
        equal((told["proxy"], told["authorization"]), ("", "Bearer abc"))
        true(told["id"] not in ("", "mine"), told["id"])


def test_told_proxy():
    """A responder is told Authorization and never Proxy."""
    with served("proxy") as s:
        s.stop("hello")
        if os.path.exists(s.path("hello.sock")):
            os.unlink(s.path("hello.sock"))
        with EchoResponder(s.path("hello.sock")):
            os.chmod(s.path("hello.sock"), 0o666)
            told = dict(s.get(HELLO, TOLD).json()["pairs"])
        equal((told.get("HTTP_PROXY"), told["HTTP_AUTHORIZATION"]), (None, "Bearer abc"))
        true(told["HTTP_X_REQUEST_ID"] not in ("", "mine"), told["HTTP_X_REQUEST_ID"])
        equal((told["SCRIPT_NAME"], told["REMOTE_ADDR"]), (HELLO, "127.0.0.1"))


def test_responder_down():
    """A function that is down is unavailable, and back as soon as it is started again."""
    with served("proxy") as s:
        equal(s.get(HELLO).status, 200)
        s.stop("hello")
        answer = s.get(HELLO)
        is_problem(answer, 503, "/problems/unavailable")
        equal(answer.header("retry-after"), "1")
        equal(s.get(CHANGE + "?amount=1").status, 200, "the other function")
        s.start("hello")
        s.open_socket("hello")
        equal(s.get(HELLO).status, 200)


def test_restart_under_load():
    """The workers are replaced while clients ask: no request is lost."""
    with served("proxy") as s:
        s.stop("hello")
        s.workers = 2
        s.start("hello")
        s.open_socket("hello")
        stop = []

        def ask():
            connection, bad, count = s.connect(), [], 0
            while not stop:
                answer = s.ask(connection, HELLO)
                count += 1
                if answer.status != 200:
                    bad.append(answer.status)
            return count, bad
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(ask) for _ in range(8)]
            for _ in range(5):
                concurrent.futures.wait(asked, 0.2)
                s.processes["hello"].send_signal(1)
            concurrent.futures.wait(asked, 0.3)
            stop.append(True)
            results = [one.result() for one in asked]
        true(sum(count for count, _ in results) > 100, "too few were asked")
        equal([bad for _, bad in results if bad], [], "answers that weren't 200")


if __name__ == "__main__":
    sys.exit(run(collect(globals())))
