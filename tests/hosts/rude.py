#!/usr/bin/env python3
"""rude.py - a FastCGI program that does what a query tells it, and most of that isn't polite.

Started as the tool starts a program: with a listening socket as fd 0. The query's first word is what it does
with the request; a second one is a number for it. Every request is noted in the file that RUDE_FILE names.
"""

import os
import signal
import socket
import struct
import subprocess
import sys
import time

BEGIN, END, PARAMS, STDIN, STDOUT, STDERR = 1, 3, 4, 5, 6, 7
GET_VALUES, GET_VALUES_RESULT = 9, 10
PLAIN = b"Content-Type: text/plain\r\n\r\n"


class Gone(Exception):
    """The tool has closed the connection."""


def record(kind, content=b"", request=1, version=1):
    return struct.pack(">BBHHBB", version, kind, request, len(content), 0, 0) + content


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise Gone
        data += piece
    return data


def read_length(data):
    """A length of a name or a value, and what is behind it."""
    if data[0] < 128:
        return data[0], data[1:]
    return struct.unpack(">I", data[:4])[0] & 0x7FFFFFFF, data[4:]


def variables(data):
    found = {}
    while data:
        name, data = read_length(data)
        value, data = read_length(data)
        found[data[:name].decode()] = data[name:name + value].decode()
        data = data[name + value:]
    return found


def read_request(connection):
    """The request's id and its query, or its body with RUDE_BODY."""
    params, body, kind, length = b"", b"", 0, 0
    while kind != STDIN or length:
        _, kind, request, length, padding, _ = struct.unpack(">BBHHBB", read_exactly(connection, 8))
        content = read_exactly(connection, length)
        read_exactly(connection, padding)
        params += content if kind == PARAMS else b""
        body += content if kind == STDIN else b""
        if kind == GET_VALUES:
            connection.sendall(record(GET_VALUES_RESULT, b"\x0f\x01FCGI_MPXS_CONNS0", 0))
    return request, body.decode() if "RUDE_BODY" in os.environ else variables(params)["QUERY_STRING"]


def whole(request, text=b"fine"):
    return record(STDOUT, PLAIN + text, request) + record(STDOUT, b"", request) + record(END, b"\0" * 8, request)


def crash(connection, request, number):
    os.kill(os.getpid(), number or signal.SIGSEGV)


def crash_within(connection, request, number):
    connection.sendall(record(STDOUT, PLAIN + b"half", request))
    os.kill(os.getpid(), signal.SIGKILL)


def end(connection, request, number):
    sys.exit(number)


def hang(connection, request, number):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(["sleep", "1000"])  # a child, which hangs too
    time.sleep(1000)


def wait(connection, request, number):
    time.sleep(number / 1000)
    connection.sendall(whole(request))


def garbage(connection, request, number):
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello, this isn't FastCGI")
    time.sleep(1000)


def of_another(connection, request, number):
    connection.sendall(whole(request + 1))
    time.sleep(1000)


def close_early(connection, request, number):
    connection.sendall(record(STDOUT, PLAIN + b"half", request))
    connection.close()


def close_at_once(connection, request, number):
    connection.close()


def close_after(connection, request, number):
    connection.sendall(whole(request))
    connection.close()


def flood(connection, request, number):
    connection.sendall(record(STDOUT, PLAIN, request))
    while True:
        connection.sendall(record(STDOUT, b"x" * 60000, request))


def flood_head(connection, request, number):
    while True:
        connection.sendall(record(STDOUT, b"X-A: b\r\n" * 7000, request))


def flood_log(connection, request, number):
    for _ in range(2000):
        connection.sendall(record(STDERR, b"a line for the log\n" * 100, request))
    connection.sendall(whole(request))


def no_head(connection, request, number):
    connection.sendall(record(STDOUT, b"hello", request) + record(END, b"\0" * 8, request))


def more(connection, request, number):
    connection.sendall(whole(request) + record(STDOUT, PLAIN + b"of nobody", request))


def pieces(connection, request, number):
    for byte in whole(request):
        connection.sendall(bytes([byte]))


def shout(connection, request, number):
    print("a word on stdout", flush=True)
    connection.sendall(whole(request))


def tell_pid(connection, request, number):
    connection.sendall(whole(request, b"%d" % os.getpid()))


def note(query):
    if "RUDE_FILE" in os.environ:
        with open(os.environ["RUDE_FILE"], "a") as file:
            file.write("%d %s\n" % (os.getpid(), query))


def serve(connection):
    try:
        while connection.fileno() >= 0:
            request, query = read_request(connection)
            note(query)
            word, _, number = query.removeprefix("do=").partition("-")
            globals()[word](connection, request, int(number or 0))
    except (Gone, ConnectionError):
        connection.close()


def main():
    listener = socket.socket(fileno=0)
    while True:
        serve(listener.accept()[0])


if __name__ == "__main__":
    if "RUDE_START" in os.environ:
        sys.exit(int(os.environ["RUDE_START"]))
    main()
