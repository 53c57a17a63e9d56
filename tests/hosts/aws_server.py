"""aws_server.py - stands in for AWS as badly as a test wants, and checks every signature that comes.

A Server answers each request with the next step of its script: `answer` gives a good or bad one
whole, the others do what peers and networks do. What came is in `requests`. `signature` computes a
Signature Version 4 from the request as it was read, strictly as AWS's page "Create a signed AWS API
request" has it; aws_test.py holds it against the published test vectors first.
"""

import contextlib
import hashlib
import hmac
import json
import re
import socket
import ssl
import struct
import threading
import time
import urllib.parse

KEY, SECRET = "AKIDPROBEPROBE000001", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEYS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "eu-west-1"}
TOKEN = "FwoGZXIvYXdzEBYaDprobe/session+token==" + "x" * 700


class Request:
    """What one request said. NUMBER tells which connection it came over."""

    def __init__(self, line, headers, body, number):
        self.method, self.target, self.version = line.split(" ", 2)
        self.headers, self.body, self.number = headers, body, number

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def operation(self):
        return (self.header("X-Amz-Target") or self.target).split(".")[-1]

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def key(self):
        """Whose signature it is."""
        found = re.search(r"Credential=([^/]+)/", self.header("Authorization") or "")
        return found and found[1]

    @property
    def scope(self):
        """The region and the service that it's signed for."""
        found = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/", self.header("Authorization"))
        return found[1], found[2]


def _mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _encode(text, safe):
    return urllib.parse.quote(text, safe=safe + "-_.~")


def canonical(request, signed, service):
    """The canonical request: of S3's path every part is encoded once, of others' twice."""
    target = request.target
    if "://" in target:  # as a proxy gets it
        target = "/" + target.split("://", 1)[1].partition("/")[2]
    path, _, query = target.partition("?")
    decoded = urllib.parse.unquote_to_bytes(path) or b"/"
    path = _encode(decoded, "/")
    if service != "s3":
        path = _encode(path, "/")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    pairs = sorted((_encode(urllib.parse.unquote_to_bytes(name), ""),
                    _encode(urllib.parse.unquote_to_bytes(value), "")) for name, _, value in pairs)
    lines = [f"{name}:{' '.join(request.header(name).split())}\n" for name in signed]
    payload = request.header("x-amz-content-sha256") or hashlib.sha256(request.body).hexdigest()
    return "\n".join([request.method, path, "&".join("=".join(pair) for pair in pairs),
                      "".join(lines), ";".join(signed), payload])


def signature(request, secret):
    """The signature that the request must have, and the one that it has."""
    authorization = request.header("Authorization")
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=[^/]+/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
                         r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})", authorization)
    date, region, service, names, given = found.groups()
    text = canonical(request, names.split(";"), service)
    scope = f"{date}/{region}/{service}/aws4_request"
    whole = "\n".join(["AWS4-HMAC-SHA256", request.header("X-Amz-Date"), scope,
                       hashlib.sha256(text.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = _mac(key, part)
    return _mac(key, whole).hex(), given


def check_signature(request, secrets):
    """What is wrong with a request's signature, or None."""
    if not request.header("Authorization"):
        return "it isn't signed"
    if request.key not in secrets:
        return f"it's signed by {request.key}"
    wanted, given = signature(request, secrets[request.key])
    if wanted != given:
        return f"its signature is {given}, not {wanted}"
    signed = re.search(r"SignedHeaders=([^,]+)", request.header("Authorization"))[1].split(";")
    missing = [name for name, _ in request.headers
               if name.lower().startswith("x-amz-") and name.lower() not in signed]
    if missing or "host" not in signed:
        return f"its headers aren't signed: {missing}"
    return None


# The steps of a script: each gets the connection and the request.


def raw(data, end=True):
    """Sends these bytes, and ends the connection."""
    def step(connection, _request):
        connection.sendall(data)
        return end
    return step


def answer(body=b"{}", status=200, headers=(), keep=True):
    """A whole answer."""
    body = body.encode() if isinstance(body, str) else body
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    if not keep:
        lines.append("Connection: close")
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body, not keep)


def fault(code, status=400, message="no", style="__type"):
    """An error in the JSON of AWS."""
    return answer({style: code, "message": message}, status, ["x-amzn-RequestId: 1-2-3"])


def xml_fault(code, status=404, headers=()):
    """An error in the XML of S3."""
    return answer(f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>no</Message></Error>',
                  status, ["Content-Type: application/xml", *headers])


def close(_connection, _request):
    """Ends the connection without a word."""
    return True


def reset(connection, _request):
    """Resets the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return True


def stall(connection, _request):
    """Says nothing until the other side has had enough."""
    connection.settimeout(60)
    try:
        while connection.recv(4096):
            pass
    except OSError:
        pass
    return True


def drip(connection, _request):
    """A byte now and then, for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def endless_head(connection, _request):
    """Header after header."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-Garbage: " + b"x" * 8000 + b"\r\n")


def flood(status, megabytes, announced=True):
    """Far more than any answer has."""
    def step(connection, _request):
        length = f"Content-Length: {megabytes << 20}\r\n" if announced else ""
        connection.sendall(f"HTTP/1.1 {status} X\r\n{length}\r\n".encode())
        for _ in range(megabytes):
            connection.sendall(b"garbage\xff" * (1 << 17))
        return True
    return step


class Server:
    """Listens on a port of its own choice. SECRETS: whose signatures are good; None: nobody signs."""

    def __init__(self, script=(), secrets=None, tls=None, proxy=False):
        self.script, self.secrets, self.tls, self.proxy = list(script), secrets, tls, proxy
        self.requests, self.faults, self.connections = [], [], 0
        self.lock = threading.Lock()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def address(self):
        return f"{'https' if self.tls and not self.proxy else 'http'}://127.0.0.1:{self.port}"

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection, self.connections),
                             daemon=True).start()

    def serve(self, connection, number):
        try:
            if self.proxy:
                self.connected(connection)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                while not self.one(connection, number):
                    pass
        except OSError:
            pass
        finally:
            connection.close()

    def connected(self, connection):
        """Plays a proxy: whatever host is wanted, it's this server."""
        head = self.read_head(connection)[0]
        with self.lock:
            self.requests.append(Request(*self.parse(head), b"", 0))
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")

    @staticmethod
    def read_head(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                raise OSError("it has gone")
            data += more
        return data.split(b"\r\n\r\n", 1)

    @staticmethod
    def parse(head):
        lines = head.decode("latin-1").split("\r\n")
        return lines[0], [tuple(line.split(": ", 1)) for line in lines[1:]]

    def one(self, connection, number):
        head, body = self.read_head(connection)
        line, headers = self.parse(head)
        request = Request(line, headers, body, number)
        length = int(request.header("Content-Length") or 0)
        early = None
        if request.header("Expect"):
            early = self.expected(connection, request)
        while early is None and len(request.body) < length:
            more = connection.recv(1 << 20)
            if not more:
                raise OSError("it has gone")
            request.body += more
        return self.take(connection, request) if early is None else early

    def expected(self, connection, request):
        """The script may begin with what is said to `Expect: 100-continue`."""
        step = self.script[0] if self.script else None
        if getattr(step, "early", False):
            self.script.pop(0)
            return step(connection, request)
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return None

    def take(self, connection, request):
        with self.lock:
            self.requests.append(request)
            if self.secrets is not None:
                wrong = check_signature(request, self.secrets)
                if wrong:
                    self.faults.append(wrong)
            step = self.script.pop(0) if self.script else answer()
        return step(connection, request)


@contextlib.contextmanager
def aws(*script):
    """(a server with this script, the variables that lead to it); every request must be signed."""
    server = Server(script, {KEY: SECRET})
    try:
        yield server, {**KEYS, "AWS_ENDPOINT_URL": server.address}
        if server.faults:
            raise AssertionError(f"the signatures: {server.faults!r}, not []")
    finally:
        server.close()
