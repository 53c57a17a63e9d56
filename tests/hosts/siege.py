# siege.py - clients that mean no good, all at once, against a site that a test serves.
#
#     with Siege(port) as siege:
#         ... ask as others do ...
#     siege.aborted
#
# SILENT connections send nothing, SLOW ones a byte of their headers now and then, as many a byte of
# their body, and one client after the other breaks off a request: before it is whole, or before its
# answer. They run in a process of their own, so that they share no interpreter with who asks.
import multiprocessing
import os
import select
import signal
import socket
import struct
import time

SILENT, SLOW, ABORTED = 400, 100, 10000
PAUSE = 0.5  # seconds between two bytes of a slow one
BODY = b'{"amount":1.89}'
HEAD = (b"POST /cgi-bin/change HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n")
WHOLE = HEAD % len(BODY) + BODY
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close sends a reset


def _connect(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    return connection


class _Slow:
    """A connection that sends a text byte by byte, and begins anew when it's hung up on."""

    def __init__(self, port, head, rest):
        self.port, self.head, self.rest = port, head, rest
        self.begin()

    def begin(self):
        self.connection, self.sent = _connect(self.port), 0
        self.connection.sendall(self.head)

    def step(self):
        try:
            if select.select([self.connection], [], [], 0)[0] and not self.connection.recv(4096):
                raise OSError
            self.connection.send(self.rest[self.sent % len(self.rest):][:1])
            self.sent += 1
        except OSError:
            self.connection.close()
            self.begin()


def _abort(port, number):
    """One request that is broken off: in its head, in its body, or as soon as it's sent."""
    connection = _connect(port)
    connection.sendall(WHOLE[:[20, len(WHOLE) - 5, len(WHOLE)][number % 3]])
    if number % 6 == 5:
        time.sleep(0.001)
    connection.close()


def _besiege(port, seconds, ready, aborted):
    silent = [_connect(port) for _ in range(SILENT)]
    slow = [_Slow(port, b"GET / HTTP/1.1\r\nX-Slow: ", b"x") for _ in range(SLOW)]
    slow += [_Slow(port, HEAD % 4000, b" ") for _ in range(SLOW)]
    ready.set()
    start = due = time.monotonic()
    while aborted.value < ABORTED or time.monotonic() < start + seconds:
        now = time.monotonic()
        if now >= due:
            for one in slow:
                one.step()
            due += PAUSE
        if aborted.value < min(ABORTED, (now - start) / seconds * ABORTED):
            _abort(port, aborted.value)
            aborted.value += 1
        else:
            time.sleep(0.001)
    del silent


class Siege:
    """Hostile clients for about so many seconds, from when the block is entered on."""

    def __init__(self, port, seconds):
        context = multiprocessing.get_context("fork")
        self.ready, self.count = context.Event(), context.Value("i", 0, lock=False)
        self.process = context.Process(target=_besiege, daemon=True,
                                       args=(port, seconds, self.ready, self.count))

    def __enter__(self):
        self.process.start()
        if not self.ready.wait(20):
            raise AssertionError("the siege doesn't begin")
        return self

    def __exit__(self, kind, *_):
        """Waits until all requests were broken off, unless the block failed."""
        if not kind:
            self.process.join(60)
        if self.process.is_alive():
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()

    @property
    def aborted(self):
        """How many requests were broken off."""
        return self.count.value
