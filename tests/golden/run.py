"""run.py - asks every golden event of every host, and compares the answers with the one on file.

usage: run.py BUILDDIR SRCDIR [--only HOST]

A golden event is a request and its one right answer, worked out by hand from what the functions
promise. It's the same whichever host it comes through: `cgi` is the program started for each
request, `fastcgi` the program behind its socket, `nginx` that behind a real nginx, `in-process` the
function called by a C program, and `memory` the same with ever too little memory. An event that
nginx answers by itself names the hosts that it's for. The table at the end has an event a line.

The `invoke-` hosts are `dime invoke`, where the request is wrapped in an event as API Gateway (v1,
v2) or a load balancer (alb, alb-multi) would wrap it, and `direct` hands over the fields alone.
An event that can't come that way is left out there: a gateway of v1 decodes the query itself, and
so refuses a broken one; direct events have no headers and no method. The `bootstrap-` hosts are the
real bootstrap programs under `dime lambda`, which get the same events over Lambda's Runtime API;
`bootstrap-url` is their function URL, which is asked in plain HTTP.

In an answer `body` is the exact text, where a problem's instance is <id>; of a page `body_contains`
and `body_lacks` say what matters. A header that is null must not be there.
"""

import argparse
import base64
import glob
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "hosts"))

import fastcgi  # noqa: E402 - it lies beside the tests of the hosts

HOSTS = ("cgi", "fastcgi", "nginx", "in-process", "memory", "invoke-v1", "invoke-v2", "invoke-alb",
         "invoke-alb-multi", "invoke-direct", "bootstrap-v1", "bootstrap-v2", "bootstrap-alb",
         "bootstrap-alb-multi", "bootstrap-direct", "bootstrap-url")
HANDED_ON = re.compile("SAN_OPT|^TRANSLATE_")  # variables that a program gets in a test
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# What must be the same on every host besides the status and the body.
COMPARED = ("content-type", "cache-control", "x-content-type-options", "content-security-policy",
            "allow")


class Event:
    """One file: a request and its answer."""

    def __init__(self, path):
        self.path = path
        self.function = os.path.basename(os.path.dirname(path))
        self.name = "%s/%s" % (self.function, os.path.basename(path).removesuffix(".json"))
        with open(path, encoding="utf-8") as file:
            event = json.load(file)
        request, self.wanted = event["request"], event["response"]
        hosts = event.get("hosts", HOSTS)
        # What comes through `cgi` comes through an event too, unless it can't be wrapped in one.
        self.hosts = [host for host in HOSTS if host in hosts
                      or (host.startswith(("invoke-", "bootstrap-")) and "cgi" in hosts)]
        self.method, self.query = request["method"], request["query"]
        self.path_info = request.get("path_info", "")
        self.headers = request["headers"]
        body = request.get("body")
        self.body = (base64.b64decode(request["body_base64"]) if "body_base64" in request
                     else None if body is None else body.encode())

    def path_on_server(self):
        """Where the function is, and what is asked for below it."""
        return "/cgi-bin/" + self.function + self.path_info

    def wire_headers(self):
        """Names and values, with what a gateway adds."""
        given = {name.lower() for name in self.headers}
        added = {"Host": "localhost", "X-Forwarded-Proto": "http"}
        return list(self.headers.items()) + [(name, value) for name, value in added.items()
                                             if name.lower() not in given]

    def variables(self):
        """The variables of CGI."""
        result = {"REQUEST_METHOD": self.method, "QUERY_STRING": self.query,
                  "SCRIPT_NAME": "/cgi-bin/" + self.function, "GATEWAY_INTERFACE": "CGI/1.1",
                  "SERVER_PROTOCOL": "HTTP/1.1"}
        if self.path_info:
            result["PATH_INFO"] = self.path_info
        if self.body is not None:
            result["CONTENT_LENGTH"] = str(len(self.body))
        for name, value in self.headers.items():
            name = name.upper().replace("-", "_")
            result[name if name == "CONTENT_TYPE" else "HTTP_" + name] = value
        return result


class Answer:
    """A status, headers by lower-case name, and the body, where the request's id is <id>."""

    def __init__(self, status, headers, body, framed=True):
        self.status, self.headers = status, headers
        self.framed = framed  # whether the host writes Content-Length: gateways do it themselves
        self.id = headers.get("x-request-id", "")
        self.length = len(body)
        self.body = body.decode("utf-8", "backslashreplace")
        if headers.get("content-type") == "application/problem+json":
            self.body = self.body.replace('"instance":"%s"' % self.id, '"instance":"<id>"')

    def essence(self):
        """What every host must agree on."""
        return self.status, [self.headers.get(name) for name in COMPARED], self.body


def complain_of_headers(event, answer):
    """What is wrong with the headers: those of the file, and those that every answer has."""
    for name, value in event.wanted.get("headers", {}).items():
        if name.lower() == "content-length" and not answer.framed:
            continue
        if answer.headers.get(name.lower()) != value:
            yield "%s is %r, not %r" % (name, answer.headers.get(name.lower()), value)
    if not ID.fullmatch(answer.id):
        yield "X-Request-Id is %r" % answer.id
    if answer.headers.get("cache-control") != "no-store":
        yield "Cache-Control is %r" % answer.headers.get("cache-control")
    if answer.headers.get("x-content-type-options") != "nosniff":
        yield "X-Content-Type-Options is %r" % answer.headers.get("x-content-type-options")
    if "Accept" not in re.split(", *", answer.headers.get("vary", "")):
        yield "Vary is %r" % answer.headers.get("vary")
    length = answer.headers.get("content-length", str(answer.length))
    if event.method != "HEAD" and length != str(answer.length):
        yield "Content-Length is %s of %d bytes" % (length, answer.length)


def complain_of_body(event, answer):
    """What is wrong with the body."""
    wanted = event.wanted
    exact = wanted.get("body", "").replace('"instance":"%s"' % answer.id, '"instance":"<id>"')
    if "body" in wanted and answer.body != exact:
        yield "the body is %r, not %r" % (answer.body, exact)
    for part in wanted.get("body_contains", ()):
        if part not in answer.body:
            yield "the body lacks %r" % part
    for part in wanted.get("body_lacks", ()):
        if part in answer.body:
            yield "the body has %r" % part


def complaints(event, answer):
    """All that is wrong with an answer."""
    if answer.status != event.wanted["status"]:
        yield "the status is %d, not %d" % (answer.status, event.wanted["status"])
    yield from complain_of_headers(event, answer)
    yield from complain_of_body(event, answer)


def judge(event, answer, first):
    """An empty text, or what is wrong. FIRST is the answer of the first host that was asked."""
    said = list(complaints(event, answer))
    if first and not said and answer.essence() != first.essence():
        said = ["it answers %r, another host %r" % (answer.essence(), first.essence())]
    return "; ".join(said)


class Cgi:
    """The program, started for each request."""

    def __init__(self, build, _):
        self.build = build

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def ask(self, event):
        """The answer; what the program logs must be a line about it."""
        environment = {name: value for name, value in os.environ.items() if HANDED_ON.search(name)}
        run = subprocess.run([os.path.join(self.build, event.function)], input=event.body or b"",
                             env={**environment, **event.variables()}, capture_output=True,
                             check=False, timeout=30)
        status, headers, body = fastcgi.parse_cgi(run.stdout)
        log = json.loads(run.stderr)
        fastcgi.equal(run.returncode, 0, "the exit status")
        fastcgi.equal((log["status"], log["requestId"]), (status, headers["x-request-id"]),
                      "the log's status and id")
        return Answer(status, headers, body)


class FastCgi:
    """The programs behind their sockets, on one kept connection each."""

    def __init__(self, build, _):
        self.build, self.servers, self.connections = build, [], {}

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="dime")
        return self

    def __exit__(self, *_):
        for connection in self.connections.values():
            connection.close()
        for server in self.servers:
            server.stop()
        self.folder.cleanup()

    def connection(self, function):
        """A connection to a function's program, which is started when it's needed first."""
        if function not in self.connections:
            program = os.path.join(self.build, function)
            server = fastcgi.Server(self.folder.name, program)
            self.servers.append(server)
            self.connections[function] = fastcgi.Connection(server.address)
        return self.connections[function]

    def ask(self, event):
        """The answer."""
        data = fastcgi.request(event.variables(), event.body or b"")
        try:
            answer = self.connection(event.function).ask(data)
        except (fastcgi.Closed, ConnectionError):
            # A connection isn't kept once a body has been refused.
            self.connections.pop(event.function).close()
            answer = self.connection(event.function).ask(data)
        return Answer(answer.status, answer.headers, answer.body)


def ask_in_http(connection, event, framed=True):
    """The answer to a request on a kept connection."""
    query = "?" + event.query if event.query else ""
    connection.putrequest(event.method, event.path_on_server() + query, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": "localhost", **event.headers}.items():
        connection.putheader(name, value.encode())
    if event.body is not None:
        connection.putheader("Content-Length", str(len(event.body)))
    connection.endheaders(event.body)
    response = connection.getresponse()
    body = response.read()
    headers = {}
    for name, value in response.getheaders():
        name = name.lower()
        headers[name] = headers[name] + ", " + value if name in headers else value
    return Answer(response.status, headers, body, framed)


class Nginx:
    """The programs behind nginx, on one kept connection."""

    def __init__(self, build, source):
        import serving  # pylint: disable=import-outside-toplevel
        self.serving = serving.Serving(build, source)

    def __enter__(self):
        port = self.serving.__enter__().port
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        return self

    def __exit__(self, *error):
        self.connection.close()
        self.serving.__exit__(*error)

    def ask(self, event):
        """The answer."""
        return ask_in_http(self.connection, event)


class InProcess:
    """The functions called by a C program, which answers all events at once."""

    def __init__(self, build, _):
        self.program = os.path.join(build, "tests", "golden", "inprocess")
        self.answers = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def prepare(self, events):
        """Asks for all answers."""
        run = subprocess.run([self.program] + [event.path for event in events],
                             capture_output=True, check=False, timeout=300)
        fastcgi.equal((run.returncode, run.stderr), (0, b""), "the exit status and stderr")
        for line in run.stdout.splitlines():
            line = json.loads(line)
            self.answers[line["path"]] = line

    def ask(self, event):
        """The answer."""
        line = self.answers[event.path]
        headers = {name.lower(): value for name, value in line["headers"].items()}
        return Answer(line["status"], headers, line["body"].encode())


def pairs_of(query):
    """The names and values that a query holds, or None for one that a gateway can't decode."""
    parts = [part.partition("=")[::2] for part in query.split("&") if part]
    if any(re.search("%(?![0-9A-Fa-f]{2})", text) for part in parts for text in part):
        return None
    try:
        return [tuple(urllib.parse.unquote_plus(text, errors="strict") for text in part)
                for part in parts]
    except UnicodeDecodeError:
        return None


def single(pairs):
    """A map with one value a name, or None for nothing; the last one wins, as AWS has it."""
    return dict(pairs) or None


def multiple(pairs):
    """A map with all values of each name, or None for nothing."""
    result = {}
    for name, value in pairs:
        result.setdefault(name, []).append(value)
    return result or None


def wrap_body(event):
    """The body as a gateway sends it: text, or base64 for what isn't."""
    if event.body is None:
        return {"body": None, "isBase64Encoded": False}
    try:
        return {"body": event.body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(event.body).decode(), "isBase64Encoded": True}


def wrap_v1(event):
    """As a REST API of API Gateway wraps it; None for what it refuses."""
    headers, pairs = event.wire_headers(), pairs_of(event.query)
    return pairs is not None and {
        "httpMethod": event.method, "path": event.path_on_server(),
        "headers": single(headers), "multiValueHeaders": multiple(headers),
        "queryStringParameters": single(pairs),
        "multiValueQueryStringParameters": multiple(pairs),
        "requestContext": {"stage": "prod", "httpMethod": event.method}, **wrap_body(event)}


def wrap_v2(event):
    """As an HTTP API or a function URL wraps it."""
    path, headers, cookies = "/prod" + event.path_on_server(), {}, None
    for name, value in event.wire_headers():
        if name.lower() == "cookie":
            cookies = value.split("; ")
        else:
            headers[name.lower()] = value
    wrapped = {"version": "2.0", "rawPath": path, "rawQueryString": event.query,
               "headers": headers, **wrap_body(event),
               "requestContext": {"stage": "prod", "http": {"method": event.method, "path": path}}}
    return {**wrapped, "cookies": cookies} if cookies else wrapped


def wrap_alb(event, multi):
    """As a load balancer wraps it, which leaves the query encoded."""
    pairs = [part.partition("=")[::2] for part in event.query.split("&") if part]
    if len(dict(pairs)) < len(pairs) and not multi:
        return None  # only one value of a name comes through
    if len(multiple(pairs) or {}) < len(pairs) and event.wanted["status"] == 400:
        return None  # what is wrong with the query comes elsewhere in another order
    headers = [(name.lower(), value) for name, value in event.wire_headers()]
    maps = ({"multiValueHeaders": multiple(headers),
             "multiValueQueryStringParameters": multiple(pairs) or {}} if multi else
            {"headers": dict(headers), "queryStringParameters": dict(pairs)})
    return {"requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:x"}},
            "httpMethod": event.method, "path": event.path_on_server(), **maps,
            **wrap_body(event)}


def wrap_alb_single(event):
    """With one value for each name."""
    return wrap_alb(event, False)


def wrap_alb_multi(event):
    """With all of them."""
    return wrap_alb(event, True)


def wrap_direct(event):
    """The fields alone: what a POST of JSON without further headers says."""
    told = {name.lower() for name in event.headers} - {"content-type", "content-length", "host"}
    plain = event.method == "POST" and not event.query and not event.path_info and not told
    json_type = event.headers.get("Content-Type", "").startswith("application/json")
    return event.body.decode("utf-8", "surrogateescape") if plain and json_type and event.body else None


class Invoke:
    """`dime invoke`, handed each request in an event of one shape."""

    wrap = None

    def __init__(self, build, _):
        self.program = os.path.join(build, "dime")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    @classmethod
    def can_ask(cls, event):
        """Whether the event can come that way."""
        return bool(cls.wrap(event))

    @classmethod
    def event_of(cls, event):
        """The bytes of the event that the function is handed."""
        wrapped = cls.wrap(event)
        if not isinstance(wrapped, str):
            wrapped = json.dumps(wrapped, ensure_ascii=False)
        return wrapped.encode("utf-8", "surrogateescape")

    def read(self, said):
        """The answer in what the function gave back, in the form that the event's shape wants."""
        headers = said.get("multiValueHeaders", said.get("headers"))
        fastcgi.equal("multiValueHeaders" in said, self.wrap is wrap_alb_multi,
                      "whether there are multiValueHeaders")
        headers = {name.lower(): ", ".join(value) if isinstance(value, list) else value
                   for name, value in headers.items()}
        body = said["body"].encode()
        return Answer(said["statusCode"], headers,
                      base64.b64decode(body) if said["isBase64Encoded"] else body, framed=False)

    def ask(self, event):
        """The answer; the exit status must tell its class, and the log must be a line about it."""
        run = subprocess.run([self.program, "invoke", event.function, "-"],
                             input=self.event_of(event), capture_output=True, check=False,
                             timeout=30)
        answer, log = self.read(json.loads(run.stdout)), json.loads(run.stderr)
        fastcgi.equal(run.returncode, {4: 4, 5: 5}.get(answer.status // 100, 0),
                      "the exit status")
        fastcgi.equal((log["status"], log["requestId"], log["host"]),
                      (answer.status, answer.id, "command"), "the log's status, id and host")
        return answer


class Bootstrap(Invoke):
    """The real bootstrap programs under `dime lambda`, invoked as AWS's API has it."""

    def __init__(self, build, _):
        super().__init__(build, _)
        self.build, self.lambdas, self.connections = build, [], {}

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="dime")
        return self

    def __exit__(self, *_):
        for connection in self.connections.values():
            connection.close()
        for served in self.lambdas:
            served.signal(signal.SIGTERM)
            status = served.wait()
            served.__exit__()
            fastcgi.equal(status, 0, "the exit status of dime lambda: " + served.said())
        self.folder.cleanup()

    def connection(self, function):
        """A connection to a lambda with one function, which is started when it's needed first."""
        if function not in self.connections:
            hand_on = [word for name in os.environ if HANDED_ON.search(name)
                       for word in ("--env", name)]
            served = fastcgi.Program(self.folder.name, self.program, [
                "lambda", "--listen", "127.0.0.1:0", "--allow", "dime.example", *hand_on, function])
            self.lambdas.append(served)
            fastcgi.wait_until(lambda: "URL is" in served.said(), 10, "dime lambda doesn't begin")
            port = int(re.search(r"127\.0\.0\.1:(\d+)/\n", served.said())[1])
            self.connections[function] = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        return self.connections[function]

    def ask(self, event):
        """The answer, which mustn't be an error of the function."""
        connection = self.connection(event.function)
        connection.request("POST", "/2015-03-31/functions/%s/invocations" % event.function,
                           self.event_of(event))
        response = connection.getresponse()
        said = response.read()
        fastcgi.equal((response.status, response.getheader("X-Amz-Function-Error")), (200, None),
                      "the invocation's status and error")
        return self.read(json.loads(said))


class BootstrapUrl(Bootstrap):
    """Their function URLs."""

    @classmethod
    def can_ask(cls, event):
        """Whether the event can come that way: what nginx lets through."""
        return "nginx" in event.hosts

    def ask(self, event):
        """The answer."""
        return ask_in_http(self.connection(event.function), event, framed=False)


def kind_of(base, shape):
    """A host that wraps events in this shape."""
    return type(base.__name__ + shape.__name__, (base,), {"wrap": staticmethod(shape)})


SHAPES = {"v1": wrap_v1, "v2": wrap_v2, "alb": wrap_alb_single, "alb-multi": wrap_alb_multi,
          "direct": wrap_direct}
KINDS = {"cgi": Cgi, "fastcgi": FastCgi, "nginx": Nginx, "in-process": InProcess,
         "bootstrap-url": BootstrapUrl,
         **{"invoke-" + name: kind_of(Invoke, shape) for name, shape in SHAPES.items()},
         **{"bootstrap-" + name: kind_of(Bootstrap, shape) for name, shape in SHAPES.items()}}


def can_ask(host, event):
    """Whether an event is for a host, and can come through it."""
    if host == "memory":
        return True
    return host in event.hosts and getattr(KINDS[host], "can_ask", lambda _: True)(event)


def starve(build, events):
    """Asks the C program to let memory fail. Yields a complaint, or "", for each event."""
    program = os.path.join(build, "tests", "golden", "inprocess")
    run = subprocess.run([program, "--fail-alloc"] + [event.path for event in events],
                         capture_output=True, check=False, timeout=600)
    said = dict(line.split(" - ", 1)[::-1] if line.startswith("ok") else
                (line.split(" - ", 1)[1].split(": ")[0], line)
                for line in run.stdout.decode("utf-8", "replace").splitlines() if " - " in line)
    for event in events:
        word = said.get(event.path, "it ended before: " + run.stderr.decode()[-500:])
        yield event, "" if word == "ok" else word


def ask_host(kind, build, source, events, firsts):
    """Asks one host all events. Yields a complaint, or "", for each."""
    with kind(build, source) as host:
        if hasattr(host, "prepare"):
            host.prepare(events)
        for event in events:
            try:
                answer = host.ask(event)
                yield event, judge(event, answer, firsts.get(event.name))
                firsts.setdefault(event.name, answer)
            except Exception as error:  # an event may fail in any way
                yield event, "%s: %s" % (type(error).__name__, error)


def print_table(events, hosts, results):
    """An event a line, a host a column."""
    width = max(len(event.name) for event in events)
    print(" ".join(["event".ljust(width)] + [host.rjust(len(host)) for host in hosts]))
    for event in events:
        cells = [results[host].get(event.name) for host in hosts]
        words = ["-" if cell is None else "not ok" if cell else "ok" for cell in cells]
        print(" ".join([event.name.ljust(width)]
                       + [word.rjust(len(host)) for word, host in zip(words, hosts)]))


def skip_reason(host, build):
    """Why a host can't be asked here, or an empty text."""
    if host == "nginx" and not fastcgi.shutil.which("nginx", path=os.environ.get("PATH", "")
                                                    + ":/usr/local/sbin:/usr/sbin:/sbin"):
        return "nginx isn't installed"
    needed = ([] if host in ("cgi", "fastcgi", "nginx") else
              ["dime"] if host.startswith("invoke-") else
              ["dime", "dime-lambda", "change.bootstrap"] if host.startswith("bootstrap-") else
              [os.path.join("tests", "golden", "inprocess")])
    for name in needed:
        if not os.access(os.path.join(build, name), os.X_OK):
            return "%s isn't built" % name
    return ""


def main():
    """Runs them all."""
    # A sanitizer's look for leaks costs each of thousands of processes more than its answer, and
    # the unit tests and the hosts' own have it.
    os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    # Whether Apertium runs on this machine must make no difference; nothing listens there.
    os.environ["TRANSLATE_URL"] = "http://127.0.0.1:1"
    parser = argparse.ArgumentParser(description="Asks every golden event of every host.")
    parser.add_argument("build")
    parser.add_argument("source")
    parser.add_argument("--only", choices=HOSTS)
    options = parser.parse_args()
    build, source = os.path.abspath(options.build), os.path.abspath(options.source)
    paths = sorted(glob.glob(os.path.join(glob.escape(source), "tests", "golden", "*", "*.json")))
    events, firsts = [Event(path) for path in paths], {}
    hosts = [options.only] if options.only else list(HOSTS)
    results, skipped = {host: {} for host in hosts}, 0
    for host in hosts:
        mine = [event for event in events if can_ask(host, event)]
        reason = skip_reason(host, build)
        if reason:
            print("skipped %s: %s" % (host, reason))
            skipped += len(mine)
            continue
        asked = (starve(build, mine) if host == "memory"
                 else ask_host(KINDS[host], build, source, mine, firsts))
        results[host] = {event.name: said for event, said in asked}
    print_table(events, hosts, results)
    said = [(host, name, what) for host in hosts for name, what in results[host].items()]
    for host, name, what in said:
        if what:
            print("not ok - %s on %s: %s" % (name, host, what))
    failed = sum(1 for entry in said if entry[2])
    print("%d passed, %d failed, %d skipped" % (len(said) - failed, failed, skipped))
    sys.exit(1 if failed or not events else 0)


if __name__ == "__main__":
    main()
