# nginx_test.py - nginx with the configuration that ships, before the real programs.
#
# usage: nginx_test.py BUILDDIR SRCDIR
# Most cases share one nginx. Those that need other settings or break something start their own.
# What a function is told is seen by a responder that answers with its variables (EchoResponder).
import concurrent.futures
import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

from cases import Skip, collect, directories, equal, run, true
from echo import EchoResponder
from fastcgi import children
from serving import PATH, ROOT, Serving, wait_until
import accept_forms
import too_large
from types_of_problem import types_lead_to_page

BUILD, SOURCE = directories()
LIMIT = 8192
REQUEST_ID = re.compile(r"[0-9a-f]{32}$")
CHANGE = "/cgi-bin/change"
HELLO = "/cgi-bin/hello"
ONCE = ("x-request-id", "cache-control", "x-content-type-options", "content-security-policy",
        "referrer-policy", "permissions-policy", "content-type", "content-length", "etag",
        "retry-after", "allow", "server", "date", "content-encoding")


def serving(**settings):
    return Serving(BUILD, SOURCE, **settings)


def problem_table():
    """Status to (name, title), from src/request/problem.c."""
    with open(os.path.join(SOURCE, "src", "request", "problem.c")) as file:
        found = re.findall(r'\{(\d+), "/problems/([^"]+)", "([^"]+)"\}', file.read())
    return {int(status): (name, title) for status, name, title in found}


PROBLEMS = problem_table()


def is_problem(answer, status, name=None):
    """Checks every part of a problem; a name of None is that of the status."""
    equal(answer.status, status, "status")
    equal(answer.header("content-type"), "application/problem+json", "Content-Type")
    equal(answer.header("cache-control"), "no-store", "Cache-Control")
    equal(answer.header("x-content-type-options"), "nosniff", "X-Content-Type-Options")
    equal(answer.all("vary"), ["Accept"], "Vary")
    equal(answer.header("content-security-policy"), None, "a policy is for pages")
    problem = answer.json()
    equal(set(problem) - {"errors"}, {"type", "title", "status", "detail", "instance"}, "members")
    equal(problem["status"], status, "status in the body")
    equal(problem["instance"], answer.header("x-request-id"), "instance")
    true(problem["detail"].endswith("."), f"detail is no sentence: {problem['detail']}")
    if name == "about:blank":
        equal(problem["type"], name)
        return problem
    names = dict(PROBLEMS.values())
    name = name or PROBLEMS[status][0]
    equal(problem["type"], "/problems/" + name, "type")
    equal(problem["title"], names[name], "title")
    return problem


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}


def is_error_page(answer, status, title):
    """Checks a page for a person: the words for the status, the headers of a page and a problem."""
    equal(answer.status, status, "status")
    equal(answer.header("content-type"), "text/html; charset=utf-8", "Content-Type")
    equal(answer.header("cache-control"), "no-store", "Cache-Control")
    equal(answer.header("x-content-type-options"), "nosniff", "X-Content-Type-Options")
    equal(answer.header("referrer-policy"), "same-origin", "Referrer-Policy")
    true(answer.header("permissions-policy"), "no Permissions-Policy")
    true("default-src 'none'" in answer.header("content-security-policy"), "no policy")
    true("Accept" in answer.all("vary"), "no Vary")
    equal(re.findall(r"<(?:h1|title)>(.*?)(?: - dime)?</", answer.text.replace("&#39;", "'")), [title] * 2)
    true(answer.header("x-request-id") in answer.text, "the page doesn't tell the id")
    equal(re.findall(r"<!--|<script|<style", answer.text), [], "what isn't for a reader")
    (lead,) = re.findall(r'<p class="lead">(.*?)</p>', answer.text)
    true(re.fullmatch(r"[A-Z][^.$]*\.( [A-Z][^.$]*\.)*", lead), f"these are no sentences: {lead}")
    headers_once(answer)


def headers_once(answer):
    for name in ONCE:
        answer.header(name)


def request_head(method, path, *headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode()


# The configuration itself.

def test_syntax(s):
    """nginx -t finds nothing to say but that all is well."""
    said = subprocess.run(s.nginx("-e", "stderr", "-t", "-q"), capture_output=True, text=True,
                          env=dict(os.environ, PATH=PATH))
    equal((said.returncode, said.stdout + said.stderr), (0, ""))


def test_filled_in(s):
    """No name between at signs is left over."""
    for name in ("nginx.conf", "dime-base.conf", "dime-http.conf", "dime-server.conf", "dime-function.conf"):
        with open(s.path(name)) as file:
            equal(re.findall(r"@\w+@", file.read()), [], name)


def test_table(_):
    """The types and titles of nginx's problems are those of src/request/problem.c."""
    with open(os.path.join(SOURCE, "nginx", "dime-base.conf.in")) as file:
        text = file.read()
    types = re.search(r"map \$status \$dime_problem_type \{(.*?)\}", text, re.S)[1]
    titles = dict(re.findall(r'(\d+) "(.*?)";', re.search(
        r"map \$status \$dime_problem_title \{(.*?)\}", text, re.S)[1]))
    names = dict(PROBLEMS.values())
    for status, name in re.findall(r"(\d+) /problems/(.*?);", types):
        equal(titles[status], names[name], status)
        if int(status) in PROBLEMS:
            equal(PROBLEMS[int(status)][0], name, status)


def names_in(name, pattern):
    """All that a pattern finds in a file of nginx/."""
    with open(os.path.join(SOURCE, "nginx", name), encoding="utf-8") as file:
        return set(re.findall(pattern, file.read(), re.M))


def test_base(_):
    """An upgrade fits changed files: what they need of each other is in dime-base.conf."""
    server = "dime-server.conf.in"
    own = names_in(server, r"\(\?<(dime_\w+)>")
    base = names_in("dime-base.conf.in", r"^(?:map \S+ \$|upstream )(dime_\w+) ")
    needed = names_in(server, r"\$(dime_\w+)") | names_in("dime-https.conf.in", r"\$(dime_\w+)")
    equal(sorted(needed - own - base), [], "not in dime-base.conf")


def test_known_types(s):
    """Each type of problem leads to its place on the page of problems, and others are unknown."""
    types_lead_to_page(s, SOURCE)
    for path in ("/problems/nothing", "/problems/", "/problems/too-large/", "/problems/TOO-LARGE"):
        is_problem(s.get(path), 404, "about:blank")


# The pages.

def test_pages(s):
    """The pages are served with their type, a policy and an ETag."""
    with open(os.path.join(SOURCE, "src", "request", "run.c")) as file:
        policy = "".join(re.findall(r'"(.*?)"', re.search(
            r"PAGE_POLICY\[\] =(.*?);\n", file.read(), re.S)[1]))
    for path, name in (("/", "index"), ("/docs", "docs"), ("/problems", "problems")):
        answer = s.get(path)
        with open(os.path.join(BUILD, "www", name + ".html"), "rb") as file:
            equal(answer.body, file.read(), path)
        equal(answer.header("content-type"), "text/html; charset=utf-8")
        equal(answer.header("content-security-policy"), policy, "the policy of " + path)
        equal(answer.header("cache-control"), "no-cache")
        equal(answer.header("x-content-type-options"), "nosniff")
        equal(answer.header("referrer-policy"), "same-origin")
        true(answer.header("permissions-policy"), "no Permissions-Policy")
        true(REQUEST_ID.match(answer.header("x-request-id")), "no X-Request-Id")
        equal(answer.header("server"), "nginx")
        headers_once(answer)


def test_ids_of_pages(s):
    """What describes or labels something on a page is there, once; and each page has a description"""
    pages = ["/", "/change", "/labels", "/translate", "/hello", "/problems", "/docs", HELLO, HELLO + "?name=" + "x" * 999,
             CHANGE + "?amount=1.89", CHANGE + "?amount=x&coins=x&till=x&currency=x&notes=x", "/cgi-bin/labels",
             "/cgi-bin/labels?max_labels=x&min_confidence=x", "/cgi-bin/translate?target=es", "/nothing"]
    for path in pages:
        text = s.get(path, BROWSER).text
        ids = re.findall(r'\sid="([^"]*)"', text)
        equal(sorted(ids), sorted(set(ids)), f"{path} has an id twice")
        named = re.findall(r'\s(?:aria-(?:describedby|labelledby|controls)|for|list)="([^"]*)"', text)
        named += re.findall(r'\shref="#([^"]+)"', text)
        equal({name for names in named for name in names.split()} - set(ids), set(), f"{path} names what isn't there")
        if path != "/nothing":
            equal(len(re.findall(r'<meta name="description" content="[^"]+\.">', text)), 1, f"{path} has no description")


def test_files(s):
    """What the pages load is served with its type and kept for a while."""
    for path, kind in (("/style.css", "text/css; charset=utf-8"),
                       ("/dime.js", "text/javascript; charset=utf-8"),
                       ("/favicon.svg", "image/svg+xml; charset=utf-8"),
                       ("/openapi.json", "application/json")):
        answer = s.get(path)
        equal((answer.status, answer.header("content-type")), (200, kind), path)
        equal(answer.header("cache-control"), "public, max-age=300")
        headers_once(answer)


def test_page_policy_of_function(s):
    """A function's page has the headers of a static page, each once."""
    page, answer = s.get("/docs"), s.get(CHANGE + "?amount=1", {"Accept": "text/html"})
    equal(answer.status, 200)
    for name in ("content-security-policy", "referrer-policy", "permissions-policy",
                 "x-content-type-options"):
        equal(answer.header(name), page.header(name), name)
    headers_once(answer)


def test_etag(s):
    """A page that hasn't changed is answered with 304."""
    for path in ("/", "/style.css"):
        tag = s.get(path).header("etag")
        answer = s.get(path, {"If-None-Match": tag})
        equal((answer.status, answer.body, answer.header("etag")), (304, b"", tag), path)
        headers_once(answer)


def test_conditions(s):
    """A condition that fails is a problem; a range isn't needed and gets the whole."""
    is_problem(s.get("/", {"If-Match": '"other"'}), 412, "about:blank")
    for part in ("bytes=0-3", "bytes=999999-"):
        equal(s.get("/", {"Range": part}).status, 200, part)


def test_unknown_page(s):
    """A page that isn't there is a 404 problem without a type."""
    for path in ("/nothing", "/change.html", "/index.html", "/function.html", "/change/",
                 "/.git/config", "/www/index.html", "/none.css", "/.dime/problem",
                 "/.dime/page", "/.dime/function-problem", "/error.html", "/error",
                 "/style.css/", "/dime-server.conf", "/CGI-BIN/change", "/Change"):
        equal(is_problem(s.get(path), 404, "about:blank")["title"], "Not Found", path)


def test_page_methods(s):
    """A page takes GET and HEAD; other methods are a 405 problem with Allow."""
    for path in ("/", "/docs", "/style.css", "/problems/too-large"):
        head, get = s.get(path, method="HEAD"), s.get(path)
        equal((head.status, head.body), (get.status, b""), path)
        equal(head.header("content-length"), get.header("content-length"), path)
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "FOO"):
            answer = s.get(path, method=method, body="x" if method != "OPTIONS" else None)
            is_problem(answer, 405)
            equal(answer.header("allow"), "GET, HEAD", method)


# Functions.

def test_functions(s):
    """Functions answer through nginx, GET and POST, JSON and form."""
    coins = '{"res":[{"7":"quarters"},{"1":"dimes"},{"4":"pennies"}]}'
    equal(s.get(CHANGE + "?amount=1.89").text, coins)
    equal(s.post(CHANGE, '{"amount":1.89}').text, coins)
    equal(s.post(CHANGE, '{"amount":1.89}', {"Content-Type": "application/json"}).text, coins)
    answer = s.post(CHANGE, "amount=1.89", {"Content-Type": "application/x-www-form-urlencoded"})
    equal(answer.text, coins)
    headers_once(answer)
    equal(s.get(HELLO + "?name=A%26b").text, '{"message":"hello A&b"}')


def test_head_options(s):
    """HEAD and OPTIONS work on functions."""
    head = s.get(HELLO, method="HEAD")
    equal((head.status, head.body, head.header("content-type")), (200, b"", "application/json"))
    options = s.get(HELLO, method="OPTIONS")
    equal((options.status, options.body), (204, b""))
    true("OPTIONS" in options.header("allow"), "no Allow")
    headers_once(options)


def test_function_methods(s):
    """Other methods are a 405 problem with Allow, TRACE too."""
    for method in ("PUT", "DELETE", "PATCH", "FOO"):
        answer = s.get(HELLO, method=method)
        is_problem(answer, 405)
        true("POST" in answer.header("allow"), method)
    answer = s.raw_answer(request_head("TRACE", HELLO))
    is_problem(answer, 405)
    true("POST" in answer.header("allow"), "TRACE")
    is_problem(s.raw_answer(request_head("CONNECT", "localhost:1")), 400)


def test_unknown_function(s):
    """A function that there isn't, and anything below one, is a 404 problem."""
    for path in ("/cgi-bin/", "/cgi-bin/nothing", "/cgi-bin/change/", "/cgi-bin/change/x",
                 "/cgi-bin/Change", "/cgi-bin/change.cgi", "/cgi-bin/change%00", "/cgi-bin/hello;x",
                 "/cgi-bin/change%2fx", "/cgi-bin/.sock", "/cgi-bin/%2e%2e%2fetc/passwd"):
        answer = s.get(path)
        if path == "/cgi-bin/change%00":
            is_problem(answer, 400)
        elif path == "/cgi-bin/%2e%2e%2fetc/passwd":
            is_problem(answer, 404, "about:blank")
        else:
            is_problem(answer, 404)
    is_problem(s.post("/cgi-bin/nothing", "x"), 404)
    equal(s.get("/cgi-bin/nothing", method="HEAD").status, 404)


def test_other_spellings(s):
    """A path that means a function's after decoding is the function's."""
    for path in ("/cgi-bin/%68ello", "//cgi-bin//hello", "/cgi-bin/../cgi-bin/hello",
                 "/cgi-bin/./hello", "/x/../cgi-bin/hello", "/cgi%2Dbin/hello",
                 "http://localhost/cgi-bin/hello"):
        equal(s.get(path).text, '{"message":"hello world"}', path)


def test_outside(s):
    """A path that leads out of the root, or is cut short, is a 400 problem."""
    for path in ("/../etc/passwd", "/cgi-bin/../../etc/passwd", "/%2e%2e/x", "/%", "/%4", "/%zz"):
        is_problem(s.raw_answer(request_head("GET", path)), 400)


def test_chunked(s):
    """A chunked body reaches the function whole, in however many pieces."""
    pieces = [b'{"am', b'ount"', b":1.89}"]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    answer = s.raw_answer(request_head("POST", CHANGE, "Transfer-Encoding: chunked") + chunks)
    true(b'{"7":"quarters"}' in answer.body, str(answer.body))
    for headers, body, status, name in (
            (["Transfer-Encoding: chunked"], b"zz\r\n\r\n", 400, None),
            (["Transfer-Encoding: chunked", "Content-Length: 5"], chunks, 400, None),
            (["Transfer-Encoding: gzip"], chunks, 501, "about:blank")):
        is_problem(s.raw_answer(request_head("POST", CHANGE, *headers) + body), status, name)


def test_limit(s):
    """nginx and the function agree on the largest body, also when it comes in chunks."""
    def body(length):
        return "name=" + "x" * (length - 5)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for length in (LIMIT - 1, LIMIT):
        answer = s.post(HELLO, body(length), form)
        is_problem(answer, 422)  # it was read: the name is too long
        equal(s.line("hello", answer.header("x-request-id"))["bytesIn"], length, "bytes read")
    for path in (HELLO, CHANGE):
        is_problem(s.post(path, body(LIMIT + 1), form), 413)
        large = s.raw_answer(request_head("POST", path, "Content-Length: 2000000") + b"x" * 2000)
        is_problem(large, 413)
        chunked = request_head("POST", path, "Transfer-Encoding: chunked")
        chunked += b"%x\r\n%s\r\n0\r\n\r\n" % (LIMIT + 1, b"x" * (LIMIT + 1))
        is_problem(s.raw_answer(chunked), 413)


def test_limit_of_function(_):
    """The function's own limit is the same one."""
    def larger(name, text):
        return text.replace("client_max_body_size 8k", "client_max_body_size 1m")
    with serving(functions=("hello",), edit=larger) as s:
        equal(s.post(HELLO, "x" * LIMIT).status != 413, True, "8192 bytes are taken")
        is_problem(s.post(HELLO, "x" * (LIMIT + 1)), 413)


def test_limit_sentences(s):
    """What is too large is answered with the function's own sentence, to a program and to a person."""
    too_large.says_function(BUILD)
    too_large.says_server(s)
    for name, (_, detail) in too_large.DETAILS.items():
        answer = too_large.refused(s, name, "text/html")
        is_error_page(answer, 413, "That is too much at once")
        equal(re.findall(r'<p class="lead">(.*?)</p>', answer.text), [detail + " Go back and try again."], name)


def test_header_limits(s):
    """An address or a header that is too long is a problem that says so."""
    is_problem(s.get("/" + "a" * 9000), 414, "too-large")
    answer = s.raw_answer(request_head("GET", "/", "X: " + "a" * 9000))
    is_problem(answer, 431, "too-large")
    answer = s.raw_answer(request_head("GET", "/", *[f"X{i}: " + "a" * 4000 for i in range(12)]))
    is_problem(answer, 431, "too-large")


def test_broken_requests(s):
    """What isn't HTTP is a 400 problem; a version that there isn't, 505."""
    for line in (b"GARBAGE", b"GET", b"g\xffT / HTTP/1.1", b"GET / HTTP/x"):
        is_problem(s.raw_answer(line + b"\r\nHost: a\r\n\r\n"), 400)
    for headers in (b"", b"Host: a\r\nHost: b\r\n", b"Host: a b\r\n", b"Host: a\r\nX: \0\r\n",
                    b"Host: a\r\nContent-Length: x\r\n", b"Host: a\r\nContent-Length: -1\r\n"):
        is_problem(s.raw_answer(b"GET / HTTP/1.1\r\n" + headers + b"\r\n"), 400)
    is_problem(s.raw_answer(b"GET / HTTP/9.1\r\nHost: a\r\n\r\n"), 505, "about:blank")


# nginx's errors, for a person.

def test_error_pages(s):
    """A browser gets nginx's errors as a page, in words for a person."""
    for path in ("/nothing", "/cgi-bin/nothing", "/cgi-bin/change/", "/healthz/nothing",
                 "/problems/nothing", "/.dime/page"):
        is_error_page(s.get(path, BROWSER), 404, "There is no page here")
    answer = s.post("/docs", "amount=1", BROWSER)
    is_error_page(answer, 405, "This address can't be used like that")
    equal(answer.header("allow"), "GET, HEAD")
    for path in (CHANGE, "/cgi-bin/nothing"):
        is_error_page(s.post(path, "x" * (LIMIT + 1), BROWSER), 413, "That is too much at once")
    is_error_page(s.get("/", dict(BROWSER, **{"If-Match": '"x"'})), 412, "This request can't be read")
    head = s.get("/nothing", BROWSER, "HEAD")
    equal((head.status, head.body), (404, b""))


def test_error_pages_by_accept(s):
    """nginx's own problems are pages for whom the functions' are, whatever the form of Accept."""
    accept_forms.choose_alike(s, SOURCE, lambda form: accept_forms.TYPES["PAGE"] if form == "PAGE"
                              else "application/problem+json")
    is_error_page(s.get("/nothing", {"Accept": "text/*"}), 404, "There is no page here")
    is_problem(s.get("/nothing", {"Accept": "text/html;q=0, */*"}), 404, "about:blank")
    is_problem(s.get("/nothing"), 404, "about:blank")
    is_problem(s.post("/cgi-bin/nothing", "x" * (LIMIT + 1)), 413)


def test_accept_of_script(s):
    """The script's form gets the function's pages, and in nginx's own the sentence to show above the form."""
    with open(os.path.join(SOURCE, "www", "dime.js")) as file:
        accept = {"Accept": re.search(r"'Accept', '(.*?)'", file.read())[1]}
    equal(s.post(CHANGE, "amount=x", accept).header("content-type"), "text/html; charset=utf-8")
    answer = s.post(CHANGE, "x" * (LIMIT + 1), accept)
    is_error_page(answer, 413, "That is too much at once")
    equal(re.findall(r'<main [^>]*data-problem="(.*?)"', answer.text), ["Send at most 8192 bytes."])


# What a function is told.

def echoed(s, *arguments, **words):
    answer = s.get(*arguments, **words)
    return answer, answer.json()["pairs"]


def test_variables(_):
    """A function gets the variables that it reads, each once and right, and no others."""
    with serving(functions=("hello",)) as s, EchoResponder(s.path("change.sock")):
        body = "amount=1"
        headers = {"Content-Type": "text/x", "Accept": "a/b", "Host": "dime:81"}
        answer, pairs = echoed(s, "//cgi-bin/%63hange?a=1&b=%20", headers, "POST", body)
        names = [name for name, _ in pairs]
        equal(sorted(names), sorted(set(names)), "names twice")
        equal(answer.json()["body"], body)
        found = dict(pairs)
        wanted = {
            "REQUEST_METHOD": "POST", "SCRIPT_NAME": "/cgi-bin/change",
            "QUERY_STRING": "a=1&b=%20", "CONTENT_TYPE": "text/x", "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)), "HTTP_ACCEPT": "a/b", "HTTP_HOST": "dime:81"}
        for name, value in wanted.items():
            equal(found.get(name), value, name)
        others = {name for name in found if not name.startswith("HTTP_")} - set(wanted)
        equal(others - {"FCGI_ROLE"}, set(), "variables that nobody reads")
        equal({"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} & set(found), set(), "sent twice")
        true(REQUEST_ID.match(found["HTTP_X_REQUEST_ID"]), "the request id")
        equal(dict(echoed(s, "/healthz/change")[1])["SCRIPT_NAME"], "/healthz/change")


def test_chunked_length(_):
    """A function gets the true length of a chunked body."""
    with serving(functions=()) as s, EchoResponder(s.path("change.sock")):
        answer = s.raw_answer(request_head("POST", CHANGE, "Transfer-Encoding: chunked")
                              + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        text = answer.body.decode()
        found = json.loads(text[text.index("{"):text.rindex("}") + 1])
        equal(dict(found["pairs"]).get("CONTENT_LENGTH"), "5")
        equal(found["body"], "abcde")


def test_httpoxy(_):
    """A Proxy header doesn't become HTTP_PROXY."""
    with serving(functions=()) as s, EchoResponder(s.path("change.sock")):
        for name in ("Proxy", "PROXY", "proxy"):
            _, pairs = echoed(s, CHANGE, {name: "http://evil.example/"})
            true("HTTP_PROXY" not in dict(pairs), f"{name} gets through")
            true("evil" not in str(pairs), f"{name} gets through")


def test_forged_id(_):
    """A client can't choose the request id, nor smuggle a second one in."""
    with serving(functions=()) as s, EchoResponder(s.path("change.sock")):
        for name in ("X-Request-Id", "X_Request_Id", "x-request-id"):
            _, pairs = echoed(s, CHANGE, {name: "forged"})
            true("forged" not in str(pairs), f"{name} gets through")


def test_kept_connections(_):
    """Two requests reach the function on one connection."""
    with serving(functions=(), edit=lambda _, text: text.replace(
            "worker_processes auto", "worker_processes 1")) as s:
        with EchoResponder(s.path("change.sock")) as echo:
            for _ in range(20):
                equal(s.get(CHANGE).status, 200)
            equal(echo.connections, 1, "connections")


def test_processors(s):
    """Each worker stays on a processor of its own."""
    allowed = os.sched_getaffinity(0)
    if len(allowed) != os.cpu_count():
        raise Skip("some of this machine's processors can't be used here")
    workers = children(s.processes["nginx"].pid)
    equal(sorted(sorted(os.sched_getaffinity(worker)) for worker in workers), [[one] for one in sorted(allowed)])


# Ids and logs.

def test_one_id(s):
    """One id is in the answer, the problem, the function's log and the access log."""
    for path, status in ((HELLO, 200), (CHANGE + "?amount=x", 422)):
        answer = s.get(path, {"X-Request-Id": "mine"})
        request = answer.header("x-request-id")
        true(REQUEST_ID.match(request), request)
        equal(answer.status, status)
        if status != 200:
            is_problem(answer, status)
        program, access = s.line(path[9:].split("?")[0], request), s.line("access", request)
        equal((program["status"], access["status"]), (status, status))
        equal((access["method"], access["uri"], access["client"]), ("GET", path, "127.0.0.1"))
    answer = s.get("/nothing")
    equal(s.line("access", answer.header("x-request-id"))["status"], 404)


def test_access_log(s):
    """Every line of the access log is JSON with true values, whatever was asked."""
    answer = s.post(CHANGE, "amount=1")
    line = s.line("access", answer.header("x-request-id"))
    equal((line["method"], line["level"], line["host"]), ("POST", "info", "nginx"))
    true(line["bytesIn"] > 8 and line["bytesOut"] > len(answer.body), str(line))
    true(isinstance(line["durationMs"], int) and line["durationMs"] < 5000, str(line))
    true(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$", line["timestamp"]), str(line))
    refused = s.get("/", method="PUT")
    equal(s.line("access", refused.header("x-request-id"))["method"], "PUT")
    for path in (b"/\"quoted\"", b"/back\\slash", b"/\xff\xfe", b"/tab%09"):
        data = b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        request = s.raw_answer(data).header("x-request-id")
        wait_until(lambda: request in s.log("access"), "the line isn't written")
    with open(s.path("log", "access.log"), encoding="utf-8", errors="strict") as file:
        for text in file:
            json.loads(text)


def test_duration(_):
    """The access log tells milliseconds, below and above a second."""
    with serving(functions=()) as s:
        for pause in (0.5, 1.2):
            with socket.create_connection(("127.0.0.1", s.port)) as slow:
                # nginx counts from when it begins to read, which its first answer shows.
                slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                slow.recv(65536)
                slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n")
                threading.Event().wait(pause)
                slow.sendall(b"Connection: close\r\n\r\n")
                slow.recv(65536)
        lines = wait_until(lambda: len(s.lines("access")) >= 4 and s.lines("access"), "no lines")
        # On a busy machine nginx may begin to read late, so less than the pause may be counted.
        for line, pause in zip(lines[1::2], (500, 1200)):
            true(pause - 400 <= line["durationMs"] < pause + 5000, str(line))


# Compression.

def test_gzip(s):
    """Text is compressed for those who take it, and Vary says so, with what the function said."""
    for path in ("/", "/style.css", "/dime.js", "/problems"):
        plain, packed = s.get(path), s.get(path, {"Accept-Encoding": "gzip"})
        equal(packed.header("content-encoding"), "gzip", path)
        equal(gzip.decompress(packed.body), plain.body, path)
        equal([plain.all("vary"), packed.all("vary")], [["Accept-Encoding"]] * 2, path)
        headers_once(packed)
    page = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    for headers in (page, dict(page, Via="1.1 proxy")):
        answer = s.get(CHANGE + "?amount=1.89", headers)
        equal(answer.header("content-encoding"), "gzip")
        equal(sorted(", ".join(answer.all("vary")).split(", ")), ["Accept", "Accept-Encoding"])
        true(b"</html>" in gzip.decompress(answer.body), "the page isn't whole")
    small = s.get(HELLO, {"Accept-Encoding": "gzip"})
    equal(small.header("content-encoding"), None, "a small answer")
    equal(small.all("vary"), ["Accept"])


# Health.

def test_health(s):
    """Health is told by nginx, and by each function through nginx."""
    for path in ("/healthz", "/healthz/hello", "/healthz/change"):
        answer = s.get(path)
        equal((answer.status, answer.json()), (200, {"status": "ok"}), path)
        equal(answer.header("content-type"), "application/json")
        equal(answer.header("cache-control"), "no-store")
        equal(answer.header("x-content-type-options"), "nosniff")
        true(REQUEST_ID.match(answer.header("x-request-id")), path)
        headers_once(answer)
        equal(s.get(path, method="HEAD").status, 200, "HEAD " + path)
    for path in ("/healthz/", "/healthz/nothing", "/healthz/change/x"):
        is_problem(s.get(path), 404, "no-such-function")


def test_health_by_accept(s):
    """Health is JSON also for who prefers a page, and a function's is 406 for who takes neither."""
    for path in ("/healthz", "/healthz/change"):
        equal(s.get(path, {"Accept": "text/html"}).text, '{"status":"ok"}', path)
    is_problem(s.get("/healthz/change", {"Accept": "image/png"}), 406)


def test_function_down(_):
    """Without its function a path is a 503 problem; nginx and the other function go on."""
    with serving() as s:
        s.stop("change")
        for path in ("/healthz/change", CHANGE):
            answer = s.get(path)
            is_problem(answer, 503)
            equal(answer.header("retry-after"), "1")
            headers_once(answer)
        answer = s.post(CHANGE, "amount=1", BROWSER)
        is_error_page(answer, 503, "There is no answer just now")
        equal(answer.header("retry-after"), "1")
        equal((s.get("/healthz").status, s.get(HELLO).status), (200, 200))
        s.start("change")
        equal(s.get("/healthz/change").status, 200)


def test_function_dies(_):
    """A function that closes the connection is asked again, and then is a 503 problem."""
    with serving(functions=()) as s, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(s.path("change.sock"))
        listener.listen(8)
        listener.settimeout(5)
        def close_all():
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return
        threading.Thread(target=close_all, daemon=True).start()
        is_problem(s.post(CHANGE, "amount=1"), 503)


def test_function_too_slow(_):
    """A function that doesn't answer in time is a 504 problem."""
    def hasty(_, text):
        return text.replace("fastcgi_read_timeout 10s", "fastcgi_read_timeout 1s")
    with serving(functions=(), edit=hasty) as s, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(s.path("change.sock"))
        listener.listen(8)
        is_problem(s.post(CHANGE, "amount=1"), 504)
        is_error_page(s.get(CHANGE + "?amount=1", BROWSER), 504, "The answer took too long")


def test_restart(_):
    """A function restarted on kept connections loses no request, a POST neither."""
    with serving(functions=("hello",)) as s:
        for _ in range(3):
            equal([s.post(HELLO, "name=a").status for _ in range(8)], [200] * 8)
            s.stop("hello")
            s.start("hello")
        equal(s.post(HELLO, "name=a").status, 200)


def own_function(name, text):
    """The configuration with a function of somebody's own, in a location of its author's."""
    if name == "dime-base.conf":
        text += "upstream dime_own { server unix:own.sock; keepalive 8; }\n"
    if name == "dime-server.conf":
        text += "location = /cgi-bin/own { include dime-function.conf; fastcgi_pass dime_own; }\n"
    return text


def serve_once(listener, seen):
    """A function on one thread that answers the first request of a connection, and dies of the second."""
    answer = b"Status: 200\r\n\r\nfine"
    while True:
        try:
            connection, file = listener.accept()[0], None
        except OSError:
            return
        with connection, connection.makefile("rb") as file:
            for turn in range(2):
                kind, length = 0, 1
                while (kind, length) != (5, 0):  # FCGI_STDIN, empty: the request's end
                    head = file.read(8)
                    if len(head) < 8:
                        break
                    kind, length = head[1], int.from_bytes(head[4:6], "big")
                    file.read(length + head[6])
                if (kind, length) != (5, 0):
                    break
                seen.append(turn)
                if turn == 0:
                    connection.sendall(b"\1\6\0\1" + len(answer).to_bytes(2, "big") + b"\0\0" + answer +
                                       b"\1\3\0\1\0\x08\0\0" + b"\0" * 8)


def test_effects_once(_):
    """A POST to a function of somebody's own isn't tried again when it may have been done."""
    def edit(name, text):
        return own_function(name, text).replace("unix:own.sock", "unix:" + s.path("own.sock")) \
            .replace("include dime-function", "include " + s.path("dime-function")) \
            .replace("worker_processes auto", "worker_processes 1")  # so that a connection is used again
    s = serving(functions=(), edit=edit)
    with s, socket.socket(socket.AF_UNIX) as listener:
        seen = []
        listener.bind(s.path("own.sock"))
        listener.listen(8)
        listener.settimeout(10)
        threading.Thread(target=serve_once, args=(listener, seen), daemon=True).start()
        equal([s.post("/cgi-bin/own", "name=a").status for _ in range(2)], [200, 503], "the statuses")
        equal(seen, [0, 1], "how often it was asked")
        equal([s.get("/cgi-bin/own").status for _ in range(3)], [200, 200, 200], "GET is tried again")


# The rate limit.

def test_rate_limit(_):
    """Over the limit a request is a 429 problem with Retry-After; other paths aren't counted."""
    with serving(rate=1, burst=3, count_loopback=True) as s:
        answers = [s.get(path) for path in (CHANGE + "?amount=1", HELLO) * 4]
        statuses = [answer.status for answer in answers]
        equal(statuses[:4], [200] * 4, "the burst")
        equal(set(statuses[4:]), {429}, "after the burst")
        is_problem(answers[-1], 429)
        equal(answers[-1].header("retry-after"), "1")
        headers_once(answers[-1])
        is_problem(s.post(CHANGE, "amount=1"), 429)
        is_error_page(s.get(CHANGE + "?amount=1", BROWSER), 429, "One moment, please")
        for path in ("/", "/style.css", "/healthz", "/healthz/change"):
            equal(s.get(path).status, 200, path)
        wait_until(lambda: s.get(HELLO).status == 200, "it is still refused", 5)


def test_loopback_exempt(_):
    """As it ships, loopback isn't counted."""
    with serving(rate=1, burst=1) as s:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: s.get(HELLO).status, range(100)))
        equal(set(answers), {200})


# The whole.

def test_as_ordinary_user(_):
    """nginx and the functions run for an ordinary user, and write below their directory only."""
    if not ROOT:
        return  # then every other case has shown it
    if not shutil.which("setpriv"):
        raise Skip("setpriv isn't installed")
    with tempfile.TemporaryDirectory() as open_to_all, serving(functions=()) as s:
        os.chmod(open_to_all, 0o755)
        os.chmod(s.run, 0o755)
        s.stop("nginx")
        shutil.rmtree(s.path("tmp"))
        shutil.rmtree(s.path("log"))
        for name in ("tmp", "log"):
            os.mkdir(s.path(name))
            shutil.chown(s.path(name), "nobody")
        open(s.path("log", "nobody.log"), "w").close()
        s.spawn("nobody", "setpriv", "--reuid", "nobody", "--clear-groups", "nginx", "-e",
                s.path("log", "nginx.log"), "-c", s.path("nginx.conf"))
        wait_until(lambda: s.nginx_listens() or s.processes["nobody"].poll() is not None, "no nginx")
        equal(s.get("/healthz").status, 200)
        equal(s.log("nobody"), "", "what nginx said")
        s.stop("nobody")


def test_error_log(s):
    """After all of this nginx's own log has no alert, and warns of nothing."""
    for line in s.log("nginx").splitlines():
        true(not re.search(r"\[(emerg|alert|crit|warn)\]", line), line)


if __name__ == "__main__":
    if not shutil.which("nginx", path=PATH):
        print("skip - nginx isn't installed\n0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    with serving() as shared:
        status = run(collect(globals()), shared)
    sys.exit(status)
