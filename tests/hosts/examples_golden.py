# examples_golden.py - the golden requests of an example, and the hosts that they are asked on.
#
# A request is the same text that the project's own tests/golden/run reads. Here it is an event to the runner of
# the tree's golden events (tests/golden/run.py), whose hosts are used.
import json
import os
import re
import shutil
import subprocess
import sys

from apache import missing
from examples import ApacheProxy, LighttpdFastCgi, Nginx
from serving import PATH

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import run as golden  # noqa: E402

golden.HANDED_ON = re.compile("SAN_OPT|^(SHORTENER|THUMBNAIL|EXPORT|DIME)_")
COMPARED = golden.COMPARED + ("location", "content-disposition", "retry-after")


class Request:
    """NAME.request, and what NAME.answer wants."""

    def __init__(self, project, path):
        self.function, self.name = project.name, os.path.basename(path).removesuffix(".request")
        with open(path, "rb") as file:
            head, _, body = file.read().partition(b"\n\n")
        line, *lines = head.decode().split("\n")
        self.method, address = line.split(" ")
        address, _, self.query = address.partition("?")
        self.path_info = address.removeprefix("/cgi-bin/" + project.name)
        self.headers = {**dict(header.split(": ", 1) for header in lines if header), "X-Request-Id": "golden"}
        self.body = body if body or self.method in ("POST", "PUT", "PATCH") else None
        with open(path.removesuffix(".request") + ".answer", encoding="utf-8") as file:
            head, _, body = file.read().partition("\n\n")
        status, *lines = head.rstrip("\n").split("\n")
        self.status, self.wanted_headers = int(status), [header.split(": ", 1) for header in lines]
        self.wanted = body.rstrip("\n").replace('"instance":"golden"', '"instance":"<id>"')

    path_on_server, wire_headers = golden.Event.path_on_server, golden.Event.wire_headers

    def variables(self):
        """The variables of CGI, as a web server has them that is asked for localhost."""
        return {**golden.Event.variables(self), "HTTP_HOST": "localhost"}

    def complaints(self, answer):
        """What is wrong with an answer."""
        if answer.status != self.status:
            yield f"the status is {answer.status}, not {self.status}: {answer.body[:200]}"
        for name, value in self.wanted_headers:
            if answer.headers.get(name.lower()) != value:
                yield f"{name} is {answer.headers.get(name.lower())!r}, not {value!r}"
        if self.wanted and answer.body.replace("\r", "").rstrip("\n") != self.wanted:
            yield f"the body is {answer.body!r}, not {self.wanted!r}"


class AtRoot(Request):
    """The same, where the function is all that its server has."""

    def path_on_server(self):
        return self.path_info or "/"


def essence(answer):
    """What all hosts must agree on."""
    return answer.status, [answer.headers.get(name) for name in COMPARED], answer.body


class Behind(golden.Nginx):
    """A web server that serves one project."""

    def __init__(self, serving):
        self.serving = serving


class Lambda(golden.Bootstrap):
    """A project's bootstrap under `dime lambda`."""

    def __init__(self, project, build):
        super().__init__(build, None)
        self.project = project

    def __enter__(self):
        super().__enter__()
        self.connections[self.project.name] = self.connection(f"{self.project.name}={self.project.path('bootstrap')}")
        return self


class Invoked(golden.Invoke):
    """A project's program, asked by `dime invoke`."""

    def __init__(self, project, build):
        super().__init__(build, None)
        self.project = project

    def ask(self, event):
        done = subprocess.run([self.program, "invoke", self.project.path(event.function), "-"],
                              input=self.event_of(event), capture_output=True, check=False, timeout=30)
        return self.read(json.loads(done.stdout))


class LambdaUrl(Lambda):
    """Its function URL."""

    def ask(self, event):
        return golden.ask_in_http(self.connection(event.function), event, framed=False)


def hosts(project, build):
    """Name, what is missing for it, and how it begins, with the settings in the environment."""
    def absent(*programs):
        names = [name for name in programs if not shutil.which(name, path=PATH)]
        return ", ".join(names) + " isn't installed" if names else ""

    def shaped(kind, shape):
        return golden.kind_of(kind, golden.SHAPES[shape])(project, build)
    unbuilt = "" if os.access(os.path.join(build, "dime-lambda"), os.X_OK) else "dime-lambda isn't built"
    yield "cgi", "", lambda: golden.Cgi(project.folder, None)
    yield "fastcgi", "", lambda: golden.FastCgi(project.folder, None)
    yield "nginx", absent("nginx"), lambda: Behind(Nginx(project))
    yield "apache", missing("proxy"), lambda: Behind(ApacheProxy(project))
    yield "lighttpd", absent("lighttpd"), lambda: Behind(LighttpdFastCgi(project))
    for shape in ("v1", "v2", "alb", "alb-multi"):
        yield "lambda-" + shape, unbuilt, lambda shape=shape: shaped(Lambda, shape)
        yield "invoke-" + shape, "", lambda shape=shape: shaped(Invoked, shape)
    yield "lambda-url", unbuilt, lambda: LambdaUrl(project, build)


def ask_all(start, requests, firsts):
    """Asks one host all requests, in their order. Yields each with what is wrong with its answer. FIRSTS has the
    answers of the first host that was asked, by the request's name."""
    with start() as host:
        for request in requests:
            answer = host.ask(request)
            said = "; ".join(request.complaints(answer))
            first = firsts.setdefault(request.name, answer)
            if not said and essence(answer) != essence(first):
                said = f"it answers {essence(answer)!r}, another host {essence(first)!r}"
            yield request, said


def print_table(title, requests, columns):
    """A request a line, a host a column. COLUMNS has what was wrong, by host and request."""
    width = max(len(request.name) for request in requests) + len(title) + 1
    print(" ".join(["".ljust(width)] + list(columns)))
    for request in requests:
        cells = [column.get(request.name) for column in columns.values()]
        words = ["-" if cell is None else "not ok" if cell else "ok" for cell in cells]
        print(" ".join([f"{title}/{request.name}".ljust(width)]
                       + [word.rjust(len(host)) for word, host in zip(words, columns)]), flush=True)
