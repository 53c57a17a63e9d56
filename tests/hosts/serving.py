# serving.py - dime served for a test: the nginx configuration that ships, and the real programs.
#
#     with Serving(build, source) as s:
#         answer = s.get("/cgi-bin/hello")
#
# All of it lives in a temporary directory and on a free port, and ends with the block. Processes
# lead sessions of their own and get SIGTERM from the kernel if the test dies. Settings that a test
# needs otherwise are arguments, or an `edit` of the configuration's text.
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PATIENCE = 10
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
ROOT = os.geteuid() == 0


class Answer:
    """An HTTP answer: status, headers as a list of pairs, body as bytes."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def all(self, name):
        """Every value of a header, in order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        """The value of a header that is there once, or None."""
        values = self.all(name)
        if len(values) > 1:
            raise AssertionError(f"{name} is there {len(values)} times: {values}")
        return values[0] if values else None

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(family, address):
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0


def wait_until(condition, what, patience=PATIENCE):
    """Returns what the condition returns as soon as that is true; fails when patience ends."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {patience} s {what}")
        time.sleep(0.01)


def listed(source):
    """The functions that Makefile.am builds."""
    with open(os.path.join(source, "Makefile.am"), encoding="utf-8") as makefile:
        lines = re.findall(r"^function_PROGRAMS *\+?= *(.*)$", makefile.read(), re.M)
    return tuple(name for line in lines for name in line.split())


class Serving:
    """nginx and the functions. Use it in a `with`."""

    def __init__(self, build, source, functions=None, rate=20, burst=40,
                 count_loopback=False, workers=1, threads=2, edit=None, environment=None):
        self.build, self.source = os.path.abspath(build), os.path.abspath(source)
        functions = listed(source) if functions is None else functions
        self.functions, self.workers, self.threads = functions, workers, threads
        self.settings, self.burst = {"rate": rate, "loopback": int(count_loopback)}, burst
        self.edit = edit or (lambda name, text: text)
        self.environment = dict(os.environ, PATH=PATH, **(environment or {}))
        self.processes = {}

    def __enter__(self):
        self.run = tempfile.mkdtemp(prefix="dime-test.")
        try:
            for name in ("log", "tmp"):
                os.mkdir(self.path(name))
            for name in self.functions:
                self.start(name)
            self._start_nginx()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in sorted(self.processes, key=lambda name: name != "nginx"):
            self.stop(name)
        shutil.rmtree(self.run, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.run, *names)

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    # Processes.

    def program(self, name):
        return os.path.join(self.build, name)

    def spawn(self, name, *command):
        """Starts a process under this name; what it says on fd 1 and 2 goes to log/NAME.log."""
        with open(self.path("log", name + ".log"), "ab") as log:
            self.processes[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *command], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd=self.run, env=self.environment, start_new_session=True)
        return self.processes[name]

    def start(self, name):
        """Starts a function, and returns when it listens."""
        address = self.path(name + ".sock")
        process = self.spawn(name, self.program(name), "--listen", "unix:" + address, "--threads",
                             str(self.threads), "--workers", str(self.workers))
        wait_until(lambda: listens(socket.AF_UNIX, address) or process.poll() is not None,
                   f"{name} doesn't listen")
        if process.poll() is not None:
            raise AssertionError(f"{name} ended: {self.log(name)}")

    def stop(self, name, number=signal.SIGTERM):
        """Stops a process that was started here; its exit status."""
        process = self.processes.pop(name)
        process.send_signal(number)
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            return None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

    def configure(self):
        """Writes the configuration into the directory, as quickstart does."""
        values = dict(self.settings, run=self.run, sockets=self.run, nginx=self.run, port=self.port,
                      www=os.path.join(self.build, "www"))
        for name in ("dime-base.conf.in", "dime-http.conf.in", "dime-server.conf.in",
                     "dime-function.conf", "nginx.conf.in"):
            with open(os.path.join(self.source, "nginx", name)) as file:
                text = file.read()
            for key, value in values.items():
                text = text.replace(f"@{key}@", str(value))
            name = name.removesuffix(".in")
            with open(self.path(name), "w") as file:
                file.write(self.edit(name, text))
        self.describe("--nginx")

    def describe(self, form):
        """Writes the parts of a server's configuration that are the functions', as `dime describe` prints them."""
        functions = self.path("functions")
        shutil.rmtree(functions, ignore_errors=True)
        for function in self.described():
            subprocess.run([os.path.join(self.build, "dime-describe"), form, "--sockets", self.run, "--settings", self.run,
                            "--programs", self.path("bin"), "--output", functions,
                            Serving.program(self, function)], check=True)
        for folder, _, names in os.walk(functions):
            for name in names:
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    text = file.read().replace("burst=40 ", f"burst={self.burst} ")
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(self.edit(name, text))

    def described(self):
        """The functions that the server knows of, whether they run or not."""
        return listed(self.source)

    def nginx(self, *arguments):
        """The command line of this nginx. Root's workers stay root, to read the build."""
        user = ["-g", "user root;"] if ROOT else []
        return ["nginx", "-p", self.run + "/", "-e", self.path("log", "nginx.log"),
                "-c", self.path("nginx.conf"), *user, *arguments]

    def _start_nginx(self):
        for _ in range(5):
            self.port = free_port()
            self.configure()
            process = self.spawn("nginx", *self.nginx())
            if wait_until(lambda: self.nginx_listens() or process.poll() is not None,
                          "nginx doesn't listen") and process.poll() is None:
                return
            self.processes.pop("nginx")
        raise AssertionError(f"nginx ended: {self.log('nginx')}")

    def nginx_listens(self):
        return listens(socket.AF_INET, ("127.0.0.1", self.port))

    # Requests.

    def get(self, path, headers=(), method="GET", body=None):
        """One request on a connection of its own: headers as pairs or dict, body bytes or text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            return self.ask(connection, path, headers, method, body)
        finally:
            connection.close()

    def post(self, path, body, headers=()):
        return self.get(path, headers, "POST", body)

    def connect(self):
        """A connection to use with ask, which keeps it."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    @staticmethod
    def ask(connection, path, headers=(), method="GET", body=None):
        headers = list(headers.items()) if isinstance(headers, dict) else list(headers)
        body = body.encode() if isinstance(body, str) else body
        names = {name.lower() for name, _ in headers}
        connection.putrequest(method, path, skip_host="host" in names, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        if body:
            connection.send(body)
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read())

    def raw(self, data, patience=5):
        """Sends these bytes; all bytes that come back until the server closes or says no more."""
        with socket.create_connection(("127.0.0.1", self.port), patience) as connection:
            connection.sendall(data)
            answer = bytearray()
            try:
                while True:
                    part = connection.recv(65536)
                    if not part:
                        return bytes(answer)
                    answer += part
            except (TimeoutError, ConnectionResetError):
                return bytes(answer)

    def raw_answer(self, data, patience=5):
        """As raw, but read as an HTTP answer; the request should close the connection."""
        answer = self.raw(data, patience)
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ", 2)
        if not answer or not words[0].startswith("HTTP/"):
            raise AssertionError(f"no answer in HTTP: {answer[:80]!r}")
        headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
        return Answer(int(words[1]), headers, body)

    # Logs.

    def log(self, name):
        """All that a process has said."""
        with open(self.path("log", name + ".log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def lines(self, name):
        """A log of JSON lines: `access`, or a function's. The last one may be being written."""
        return [json.loads(line) for line in self.log(name).rpartition("\n")[0].splitlines()]

    def line(self, name, request):
        """The one line that a log has for a request's id; waits until it is written."""
        def found():
            return [line for line in self.lines(name) if line.get("requestId") == request]
        lines = wait_until(found, f"the {name} log has no line for {request}")
        if len(lines) != 1:
            raise AssertionError(f"the {name} log has {len(lines)} lines for {request}")
        return lines[0]
