"""fastcgi.py - a raw FastCGI client, and what the tests of the hosts share.

The client writes records of any shape, right or wrong, in any pieces, since a web server would only
ever send good ones. It's written from the FastCGI specification 1.0 alone and knows nothing of
the program that it tests. The second half starts and stops programs and runs tests with a bound on
their time. Standard library only.
"""

import multiprocessing
import os
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7
DATA, GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE = 8, 9, 10, 11
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3
CANT_MPX_CONN, UNKNOWN_ROLE = 1, 3
KEEP = 1
MOST = 65535


def record(kind, content=b"", request_id=1, padding=0, version=1):
    """One record."""
    head = struct.pack(">BBHHBB", version, kind, request_id, len(content), padding, 0)
    return head + content + b"\xa5" * padding


def begin(keep=True, role=RESPONDER, request_id=1):
    """The record that begins a request."""
    return record(BEGIN_REQUEST, struct.pack(">HB5x", role, KEEP if keep else 0), request_id)


def length(number, long=False):
    """The length of a name or a value, in its short form if it has one and LONG isn't set."""
    return struct.pack(">I", number | 1 << 31) if long or number > 127 else bytes([number])


def pair(name, value, long=False):
    """One variable as it stands in PARAMS."""
    name, value = _bytes(name), _bytes(value)
    return length(len(name), long) + length(len(value), long) + name + value


def stream(kind, data, piece=MOST, padding=0, request_id=1, end=True):
    """DATA as records of at most PIECE bytes, and the empty one that ends a stream."""
    parts = [record(kind, data[i:i + piece], request_id, padding)
             for i in range(0, len(data), piece)]
    return b"".join(parts) + (record(kind, b"", request_id) if end else b"")


def variables(method="GET", query="", body=b"", content_type=None, said=True, **more):
    """The variables of a request; SAID False leaves CONTENT_LENGTH out, a text is taken as it is."""
    result = {"REQUEST_METHOD": method, "QUERY_STRING": query, "SCRIPT_NAME": "/cgi-bin/hello",
              "SERVER_PROTOCOL": "HTTP/1.1", "GATEWAY_INTERFACE": "CGI/1.1"}
    if said is True and (body or method == "POST"):
        result["CONTENT_LENGTH"] = str(len(body))
    elif isinstance(said, str):
        result["CONTENT_LENGTH"] = said
    if content_type or body:
        result["CONTENT_TYPE"] = content_type or "application/json"
    result.update(more)
    return result


def request(values=None, body=b"", keep=True, request_id=1, piece=MOST, padding=0,
            params_piece=MOST, long=False):
    """A whole request."""
    values = variables(body=body, method="POST" if body else "GET") if values is None else values
    data = b"".join(pair(name, value, long) for name, value in values.items())
    return (begin(keep, request_id=request_id)
            + stream(PARAMS, data, params_piece, padding, request_id)
            + stream(STDIN, body, piece, padding, request_id))


def get(query="", keep=True, **more):
    """A GET request."""
    return request(variables("GET", query, **more), keep=keep)


def post(body, keep=True, content_type=None, said=True, shape=None, **more):
    """A POST request; SHAPE goes to request()."""
    return request(variables("POST", "", body, content_type, said, **more), body, keep,
                   **(shape or {}))


class Closed(Exception):
    """The peer closed the connection before an answer was whole."""


class Answer:
    """What came back for one request."""

    def __init__(self, out, err, app_status, protocol_status):
        self.out, self.err = out, err
        self.app_status, self.protocol_status = app_status, protocol_status
        self.status, self.headers, self.body = parse_cgi(out)


def parse_cgi(out):
    """Splits a CGI response into the status, the headers by lower-case name, and the body."""
    head, _, body = out.partition(b"\r\n\r\n")
    headers = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return int(headers.get("status", "200").split()[0]), headers, body


class Connection:
    """A connection to a responder at "unix:PATH" or "HOST:PORT"."""

    def __init__(self, address, timeout=10.0, small_buffers=False):
        if address.startswith("unix:"):
            family, where = socket.AF_UNIX, address[5:]
        else:
            host, port = address.rsplit(":", 1)
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            where = (host.strip("[]"), int(port))
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if small_buffers:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.settimeout(timeout)
        self.received = b""
        try:
            self._connect(where, time.monotonic() + timeout)
        except OSError:
            self.socket.close()
            raise

    def _connect(self, where, end):
        """A unix socket whose queue is full refuses a client that has a timeout; a web server's waits."""
        while True:
            try:
                return self.socket.connect(where)
            except BlockingIOError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.001)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Closes the connection."""
        self.socket.close()

    def send(self, data):
        """Sends all of DATA."""
        self.socket.sendall(data)

    def send_pieces(self, pieces, pause=0.0):
        """Sends the pieces one by one."""
        for piece in pieces:
            self.socket.sendall(piece)
            if pause:
                time.sleep(pause)

    def _fill(self, count):
        while len(self.received) < count:
            data = self.socket.recv(65536)
            if not data:
                raise Closed("closed after %d bytes" % len(self.received))
            self.received += data

    def read_record(self):
        """The next record: its kind, request id and content."""
        self._fill(8)
        version, kind, request_id, size, padding, _ = struct.unpack(">BBHHBB", self.received[:8])
        if version != 1:
            raise AssertionError("an answer of version %d" % version)
        self._fill(8 + size + padding)
        content = self.received[8:8 + size]
        self.received = self.received[8 + size + padding:]
        return kind, request_id, content

    def read(self, request_id=1):
        """The answer to one request."""
        out = err = b""
        while True:
            kind, answered, content = self.read_record()
            if answered != request_id:
                raise AssertionError("request %d was answered" % answered)
            if kind == STDOUT:
                out += content
            elif kind == STDERR:
                err += content
            elif kind == END_REQUEST:
                app_status, protocol_status = struct.unpack(">IB3x", content)
                return Answer(out, err, app_status, protocol_status)
            else:
                raise AssertionError("a record of type %d" % kind)

    def ask(self, data, request_id=1):
        """Sends a request and reads its answer."""
        self.send(data)
        return self.read(request_id)

    def is_closed(self, within=2.0):
        """Whether the peer closes the connection in that time, having sent nothing more."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            if select.select([self.socket], [], [], max(0, end - time.monotonic()))[0]:
                try:
                    data = self.socket.recv(65536)
                except ConnectionError:
                    return True
                if not data:
                    return True
                self.received += data
                return False
        return False


def ask(address, data, timeout=10.0):
    """One request on a connection of its own."""
    with Connection(address, timeout) as connection:
        return connection.ask(data)


# What the tests share: programs under test, and a runner.

class Skip(Exception):
    """The test can't run here."""


def _bytes(text):
    return text.encode() if isinstance(text, str) else text


def expect(condition, what):
    """Fails the test unless CONDITION holds."""
    if not condition:
        raise AssertionError(what)


def equal(got, wanted, what="value"):
    """Fails the test unless both are equal."""
    if got != wanted:
        raise AssertionError("%s is %r, not %r" % (what, got, wanted))


def wait_until(condition, within=5.0, what="it didn't happen"):
    """Waits for CONDITION, looking often."""
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("%s within %.1f s" % (what, within))
        time.sleep(0.005)


def resident(pid):
    """Resident memory in bytes."""
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def descriptors(pid):
    """How many descriptors a process has open."""
    return len(os.listdir("/proc/%d/fd" % pid))


def takes_signals(pid):
    """Whether a responder has come so far that a signal to stop doesn't end it at once."""
    for name in os.listdir("/proc/%d/fd" % pid):
        try:
            if "signalfd" in os.readlink("/proc/%d/fd/%s" % (pid, name)):
                return True
        except FileNotFoundError:
            pass  # it was closed just now
    return False


def processor_time(pid):
    """Seconds of processor time that a process has used."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid):
    """The processes that PID is the parent of and that haven't ended."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name) as file:
                fields = file.read().rsplit(") ", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(name))
    return found


def alive(pid):
    """Whether a process is there and hasn't ended."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def accepts(address):
    """Whether something accepts connections there."""
    try:
        Connection(address, 2.0).close()
        return True
    except OSError:
        return False


def is_sanitized(program):
    """Whether a program was built with AddressSanitizer, whose memory and time say nothing."""
    with open(program, "rb") as file:
        return b"__asan_init" in file.read()


class Program:
    """A program under test, with its stderr in a file. Ends what it started when it's left."""

    def __init__(self, folder, program, arguments=(), stdin=subprocess.DEVNULL, limits=(),
                 environment=None):
        self.log = os.path.join(folder, "log.%d" % time.monotonic_ns())

        def prepare():
            for which, most in limits:
                resource.setrlimit(which, (most, most))

        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([program, *arguments], stdin=stdin, stdout=log,
                                            stderr=log, preexec_fn=prepare,
                                            env=environment, start_new_session=True)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def signal(self, number):
        """Sends a signal."""
        self.process.send_signal(number)

    def wait(self, within=10.0):
        """The exit status; fails the test if it takes longer."""
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError("it still runs after %.1f s" % within) from None

    def said(self):
        """What it has written so far."""
        with open(self.log, "rb") as file:
            return file.read().decode("utf-8", "replace")


class Server(Program):
    """A responder at a unix socket of its own, ready when this returns."""

    def __init__(self, folder, program, *arguments, address=None, limits=(), environment=None):
        self.address = address or "unix:%s/%d.sock" % (folder, time.monotonic_ns())
        super().__init__(folder, program, ["--listen", self.address, *arguments], limits=limits,
                         environment=environment)
        try:
            wait_until(lambda: self.process.poll() is not None or accepts(self.address), 10,
                       "it doesn't listen")
            expect(self.process.poll() is None, "it ended: " + self.said())
        except BaseException:
            self.__exit__()
            raise

    def stop(self, within=5.0):
        """SIGTERM; returns the exit status and how long it took."""
        start = time.monotonic()
        self.signal(signal.SIGTERM)
        status = self.wait(within)
        return status, time.monotonic() - start


class _TooLong(Exception):
    pass


def _too_long(*_):
    raise _TooLong("it takes too long")


def _run_one(function, arguments, seconds):
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(seconds)
    try:
        function(*arguments)
        return "ok", ""
    except Skip as skip:
        return "skip", str(skip)
    except Exception as error:  # a test may fail in any way
        if os.environ.get("VERBOSE"):
            traceback.print_exc()
        return "not ok", "%s%s" % ("" if isinstance(error, AssertionError)
                                   else type(error).__name__ + ": ", error)
    finally:
        signal.alarm(0)


def _run_case(case):
    test, path, seconds = case
    folder = tempfile.mkdtemp(prefix="dime")
    start = time.monotonic()
    result, why = _run_one(test, (folder, path), seconds)
    shutil.rmtree(folder, ignore_errors=True)
    return result, why, time.monotonic() - start


def main(tests, program="hello", seconds=240, at_once=1):
    """Runs TESTS, each with a folder of its own and the program's path. ONLY=NAME runs some."""
    if len(sys.argv) != 2:
        sys.exit("usage: %s BUILDDIR" % sys.argv[0])
    path = os.path.join(os.path.abspath(sys.argv[1]), program)
    counts = {"ok": 0, "not ok": 0, "skip": 0}
    tests = [test for test in tests if os.environ.get("ONLY", "") in test.__name__]
    cases = [(test, path, seconds) for test in tests]
    # Those that mostly wait may run at once, each in a process of its own.
    pool = multiprocessing.get_context("fork").Pool(at_once, maxtasksperchild=1) if at_once > 1 else None
    done = pool.imap(_run_case, cases, 1) if pool else map(_run_case, cases)
    for test, (result, why, took) in zip(tests, done):
        name = test.__name__.removeprefix("test_").replace("_", " ")
        counts[result] += 1
        line = "ok - %s # skip" % name if result == "skip" else "%s - %s" % (result, name)
        line += ": " + " ".join(why.split())[:600] if why else ""
        if os.environ.get("VERBOSE"):
            line += " (%.2f s)" % took
        print(line, flush=True)
    if pool:
        pool.close()
        pool.join()
    print("%d passed, %d failed, %d skipped" % (counts["ok"], counts["not ok"], counts["skip"]))
    sys.exit(1 if counts["not ok"] else 0)
