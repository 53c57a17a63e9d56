# redis_server.py - a real redis-server for a test, and a peer in front of it that misbehaves.
#
#     with Redis(folder) as redis:
#         redis("XADD", "orders", "*", "body", "{}")
#
# It listens on a unix socket in the test's folder and on a free port of this machine. A Peer passes
# connections on to it until it's told to do otherwise: to refuse, to stall, to talk nonsense.
import os
import shutil
import socket
import subprocess
import threading
import time

from fastcgi import Skip, wait_until
from serving import free_port


class Redis:
    """A redis-server that ends with the block. Calling it asks it a command."""

    def __init__(self, folder):
        if not shutil.which("redis-server"):
            raise Skip("redis-server isn't installed")
        self.folder, self.port = folder, free_port()
        self.socket = os.path.join(folder, "redis.sock")
        self.files = 0

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder,
             "--unixsocket", self.socket, "--save", "", "--appendonly", "yes", "--appendfsync", "no",
             "--logfile", os.path.join(self.folder, "redis.log")],
            stdin=subprocess.DEVNULL, start_new_session=True)
        wait_until(self.answers, 10, "redis-server doesn't answer")

    def answers(self):
        try:
            return self("PING") == "PONG"
        except OSError:
            return False

    def stop(self, number=9):
        self.process.send_signal(number)
        self.process.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def __call__(self, *words):
        """The reply to one command."""
        return self.all([words])[0]

    def all(self, commands):
        """The replies to many commands, sent at once."""
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(20)
            peer.connect(self.socket)
            sender = threading.Thread(target=peer.sendall, args=(b"".join(map(encode, commands)),))
            sender.start()
            with peer.makefile("rb") as replies:
                answers = [read(replies) for _ in commands]
            sender.join()
        return answers

    def url(self, stream, **settings):
        """The URL of a queue at its socket."""
        more = "".join("&%s=%s" % item for item in settings.items())
        return "redis+unix://%s?stream=%s%s" % (self.socket, stream, more)


def encode(words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def read(replies):
    """A reply of RESP: text, numbers, lists, None; an error is an OSError."""
    line = replies.readline().rstrip(b"\r\n")
    if not line:
        raise OSError("the server has hung up")
    kind, rest = line[:1], line[1:]
    if kind == b"-":
        raise OSError(rest.decode())
    if kind == b"+":
        return rest.decode()
    if kind == b":":
        return int(rest)
    if int(rest) < 0:
        return None
    if kind == b"*":
        return [read(replies) for _ in range(int(rest))]
    return replies.read(int(rest) + 2)[:-2].decode("utf-8", "surrogateescape")


class Peer:
    """A port that passes on to a server, or what BEHAVE says: a function of a connection."""

    def __init__(self, port):
        self.target, self.behave, self.open = port, None, True
        self.connections, self.accepted = set(), 0
        self.port = free_port()
        self.listener = None
        self.listen()

    def listen(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def refuse(self):
        """Nobody listens any more."""
        if not self.listener:
            return
        # A thread that waits in accept() would keep the socket open.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.listener = None
        self.drop()

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            self.connections.add(client)
            serve = self.behave or self.forward
            threading.Thread(target=self.run, args=(serve, client), daemon=True).start()

    def run(self, serve, client):
        try:
            serve(client)
        except OSError:
            pass
        finally:
            self.connections.discard(client)
            client.close()

    def forward(self, client):
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            self.connections.add(server)
            back = threading.Thread(target=copy, args=(server, client), daemon=True)
            back.start()
            copy(client, server)
            self.connections.discard(server)

    def drop(self):
        """Breaks the connections that there are."""
        for one in list(self.connections):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def misbehave(self, behave):
        """From now on; None: passes on again."""
        self.behave = behave
        self.drop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.refuse()


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for one in (source, target):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


# How a peer can be wrong.

def stalls(client):
    while client.recv(65536):
        pass


def closes(client):
    client.recv(1)


def answers(data, every=0.0):
    """Answers each command, or whatever comes, with the same bytes."""
    def behave(client):
        while client.recv(65536):
            client.sendall(data)
            time.sleep(every)
    return behave


def trickles(client):
    client.recv(65536)
    for byte in b"$9\r\n123456789\r\n":
        client.sendall(bytes([byte]))
        time.sleep(0.3)
