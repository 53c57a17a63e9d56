"""runtime_api.py - a Lambda Runtime API on raw sockets, which can behave badly.

It follows a script: each question for an event takes the next step, a function that writes what it
likes to the connection, or closes it. When the script has ended the question is left open. Posts are
recorded and answered by another function. Standard library only, and nothing of an HTTP library,
since that would put right what is meant to be wrong.
"""

import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

TAKEN = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
PATIENCE = 60.0


def status_line(status, body=b"", more=b""):
    """A whole answer with this status."""
    return b"HTTP/1.1 %d Status\r\n%sContent-Length: %d\r\n\r\n%s" % (status, more, len(body), body)


def chunks(body, size):
    parts = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def event(body=b'{"amount":1.89}', name=b"id-1", more=b"", chunk=None):
    """What hands out an event; CHUNK is the size of its chunks."""
    head = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            + (b"Lambda-Runtime-Aws-Request-Id: " + name + b"\r\n" if name is not None else b"")
            + b"Lambda-Runtime-Deadline-Ms: 4102444800000\r\n" + more)
    if chunk:
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(body, chunk)
    return head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def send(data):
    """A step that sends DATA and keeps the connection."""
    def step(connection):
        connection.sendall(data)
        return True
    return step


def cut(data, reset=False):
    """A step that sends DATA and closes."""
    def step(connection):
        connection.sendall(data)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    return step


def slowly(data, pause=0.001, size=1):
    """A step that sends DATA in small pieces."""
    def step(connection):
        for i in range(0, len(data), size):
            connection.sendall(data[i:i + size])
            time.sleep(pause)
        return True
    return step


def after(seconds, step):
    def later(connection):
        time.sleep(seconds)
        return step(connection)
    return later


class Post:
    """A request with a body."""

    def __init__(self, path, headers, body, trailers):
        self.path, self.headers, self.body, self.trailers = path, headers, body, trailers

    @property
    def kind(self):
        return self.path.rsplit("/", 1)[1]


class Api:
    """
    SCRIPT is what questions for events get, in turn. TAKE(post, number) returns what a post is
    answered with, or None to close; HEAD(path, number) may return "close" or "reset" before a
    post's body is read.
    """

    def __init__(self, script=(), take=None, head=None, extension=200):
        self.script, self.take, self.head, self.extension = list(script), take, head, extension
        self.posts, self.registered, self.asked, self.waiting = [], [], 0, 0
        self.extension_waits = False
        self.changed = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                self._requests(connection)
            except (OSError, EOFError):
                pass

    def _requests(self, connection):
        reader = Reader(connection)
        while True:
            line = reader.line()
            headers = reader.headers()
            method, path, _ = line.split(" ")
            if method == "GET":
                keep = self._get(connection, path)
            else:
                keep = self._post(connection, reader, path, headers)
            if not keep:
                return

    def _get(self, connection, path):
        if "extension" in path:
            with self.changed:
                self.extension_waits = True
                self.changed.notify_all()
            threading.Event().wait()
        with self.changed:
            step = self.script.pop(0) if self.script else None
            self.asked += 1
            self.waiting += step is None
            self.changed.notify_all()
        if step is None:  # held, until the program ends
            return connection.recv(1) and False
        return step(connection)

    def _post(self, connection, reader, path, headers):
        if "extension" in path:
            self.registered.append((headers, reader.body(headers)[0]))
            if self.extension is None:
                threading.Event().wait()
            connection.sendall(status_line(self.extension, b"{}",
                                           b"Lambda-Extension-Identifier: of-test\r\n"))
            return True
        how = self.head(path, len(self.posts)) if self.head else None
        if how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if how:
            with self.changed:
                self.posts.append(Post(path, headers, None, {}))
                self.changed.notify_all()
            return False
        body, trailers = reader.body(headers)
        post = Post(path, headers, body, trailers)
        with self.changed:
            number = len(self.posts)
            self.posts.append(post)
            self.changed.notify_all()
        answer = self.take(post, number) if self.take else TAKEN
        if answer is None:
            return False
        connection.sendall(answer)
        return b"Connection: close" not in answer and b"\r\n\r\n" in answer

    def wait(self, condition, seconds=PATIENCE):
        """Waits until CONDITION() holds; says whether it does."""
        with self.changed:
            return self.changed.wait_for(condition, seconds)


class Reader:
    """Reads requests, strictly."""

    def __init__(self, connection):
        self.connection, self.data = connection, b""

    def _more(self):
        part = self.connection.recv(1 << 16)
        if not part:
            raise EOFError
        self.data += part

    def line(self):
        while b"\r\n" not in self.data:
            self._more()
        line, self.data = self.data.split(b"\r\n", 1)
        return line.decode("latin-1")

    def headers(self):
        headers = {}
        for line in iter(self.line, ""):
            name, colon, value = line.partition(":")
            assert colon and name.lower() not in headers, line
            headers[name.lower()] = value.strip()
        return headers

    def take(self, length):
        parts, got = [self.data], len(self.data)
        while got < length:
            part = self.connection.recv(1 << 20)
            if not part:
                raise EOFError
            parts.append(part)
            got += len(part)
        whole = b"".join(parts)
        self.data = whole[length:]
        return whole[:length]

    def body(self, headers):
        if headers.get("transfer-encoding") != "chunked":
            return self.take(int(headers["content-length"])), {}
        parts = []
        while True:
            length = int(self.line(), 16)
            if length == 0:
                return b"".join(parts), self.headers()
            parts.append(self.take(length))
            assert self.line() == ""


class Program:
    """A bootstrap that runs against an API."""

    def __init__(self, command, api, **environment):
        kept = {name: value for name, value in os.environ.items() if "SAN_OPT" in name}
        command = command if isinstance(command, list) else [command]
        self.api = api
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**kept, "AWS_LAMBDA_RUNTIME_API": api.address, "PATH": os.environ["PATH"],
                 **environment})
        self.out, self.err = [], []
        self.readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(file, parts):
        for part in iter(lambda: os.read(file.fileno(), 1 << 16), b""):
            parts.append(part)

    def wait(self, seconds=PATIENCE):
        """Returns (exit status, stdout, stderr)."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("the program doesn't end: %r" % b"".join(self.err)) from None
        for reader in self.readers:
            reader.join(5)
        self.process.stdout.close()
        self.process.stderr.close()
        return status, b"".join(self.out), b"".join(self.err)

    def stop(self):
        """Sends SIGTERM; returns (seconds until the end, exit status, stdout, stderr)."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        result = self.wait()
        return (time.monotonic() - began,) + result

    def memory(self):
        """KiB that are resident."""
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])
