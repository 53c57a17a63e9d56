# echo.py - a FastCGI responder that says what it was told, to see what a web server sends.
#
# It answers each request with a JSON object: `pairs`, the variables in the order in which they came,
# a name twice if it came twice, and `body`. It keeps connections and counts them.
import json
import socket
import threading


class EchoResponder:
    """A FastCGI responder that answers with the variables that it got, as a JSON list of pairs."""

    def __init__(self, address):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(address)
        self.listener.listen(64)
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        stream, streams = connection.makefile("rb"), {4: b"", 5: b""}
        while head := stream.read(8):
            kind, length, padding = head[1], int.from_bytes(head[4:6], "big"), head[6]
            content = stream.read(length)
            stream.read(padding)
            streams[kind] = streams.get(kind, b"") + content
            if kind == 5 and not length:
                self._answer(connection, self._pairs(streams[4]), streams[5])
                streams = {4: b"", 5: b""}

    @staticmethod
    def _pairs(data):
        pairs, at = [], 0

        def length():
            nonlocal at
            long = data[at] >> 7
            value = int.from_bytes(data[at:at + 4], "big") & 0x7fffffff if long else data[at]
            at += 4 if long else 1
            return value
        while at < len(data):
            name, value = length(), length()
            pairs.append((data[at:at + name].decode(), data[at + name:at + name + value].decode()))
            at += name + value
        return pairs

    @staticmethod
    def _answer(connection, pairs, body):
        text = json.dumps({"pairs": pairs, "body": body.decode()}).encode()
        out = b"Content-Type: application/json\r\n\r\n" + text

        def record(kind, content):
            return bytes([1, kind, 0, 1]) + len(content).to_bytes(2, "big") + b"\0\0" + content
        connection.sendall(record(6, out) + record(6, b"") + record(3, bytes(8)))
