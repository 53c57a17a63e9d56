#!/usr/bin/env python3
"""streams_test.py - answers that are made piece by piece, over FastCGI and CGI.

Usage: streams_test.py BUILDDIR. The function is tests/hosts/probe, which streams as many pieces of as many
bytes as it's asked for. What Lambda makes of a stream is in lambda_test.py.
"""

import json
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import (Closed, Connection, Server, Skip, ask, descriptors, equal, expect, get, is_sanitized, main,
                     resident, wait_until)

MEBIBYTE = 1024 * 1024


class Ends:
    """A line for each call that has ended, as the probe notes it."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "ends")
        self.environment = {"PROBE_ENDS": self.path}

    def lines(self):
        if not os.path.exists(self.path):
            return []
        with open(self.path) as file:
            return file.read().splitlines()

    def are(self, count):
        """All have ended, on their own thread, while the function was open, and none twice."""
        wait_until(lambda: len(self.lines()) >= count, 10, "a call hasn't ended")
        equal(self.lines(), ["ended"] * count, "the ends of calls")


def data_of(pieces, size):
    """What the probe answers with: piece N begins with the digit N."""
    digits = b"0123456789" * (size // 10 + 2)
    return b"".join(digits[piece % 10:piece % 10 + size] for piece in range(pieces))


def is_whole(body, pieces, size):
    expect(body.startswith(b'{"data":"' + data_of(pieces, size) + b'","deadline":'), "the data aren't all there")
    expect(body.endswith(b"}"), "the end isn't there")


def asks(pieces, size, **more):
    query = f"pieces={pieces}&bytes={size}" + "".join(f"&{name}={value}" for name, value in more.items())
    return get(query)


def test_streams_more_than_a_body_may_have(folder, program):
    with Server(folder, program) as server:
        answer = ask(server.address, asks(300, 100000), timeout=60)
        equal(answer.status, 200, "status")
        expect("content-length" not in answer.headers, "a length that nobody can know")
        is_whole(answer.body, 300, 100000)
        equal((answer.app_status, answer.protocol_status), (0, 0), "END_REQUEST")


def test_keeps_the_connection_after_a_stream(folder, program):
    with Server(folder, program) as server, Connection(server.address) as connection:
        for pieces in (20, 1, 300, 0):
            is_whole(connection.ask(asks(pieces, 10000)).body, pieces, 10000)


def test_gives_a_short_answer_its_length(folder, program):
    """One that is whole with its first piece is an answer like any other."""
    with Server(folder, program) as server:
        answer = ask(server.address, asks(0, 0))
        equal(int(answer.headers["content-length"]), len(answer.body), "Content-Length")


def test_answers_head_without_a_body(folder, program):
    with Server(folder, program) as server:
        answer = ask(server.address, get("pieces=1000&bytes=100000&wait=1000", REQUEST_METHOD="HEAD"), timeout=5)
        equal((answer.status, answer.body), (200, b""), "the answer")


def test_a_problem_of_the_first_piece_is_a_problem(folder, program):
    with Server(folder, program) as server:
        answer = ask(server.address, get("fault=true"))
        equal((answer.status, answer.headers["content-type"]), (502, "application/problem+json"), "the answer")


def test_tells_the_address_of_a_client(folder, program):
    """As the web server says it, and as text that can stand in JSON, whatever that is."""
    with Server(folder, program) as server:
        for said, address in ((None, ""), (b"192.0.2.1", "192.0.2.1"), (b"[2001:db8::1]:80", "2001:db8::1"),
                              (b"unix:", ""), (b"\"\\\n", ""), (b"\xff", "")):
            told = {"HTTP_X_FORWARDED_FOR": "192.0.2.66", **({"REMOTE_ADDR": said} if said else {})}
            answer = ask(server.address, get("pieces=0", **told))
            equal(json.loads(answer.body)["client"], address, "the client of %r over FastCGI" % said)
            out, _ = cgi(program, "pieces=0", **told).communicate(timeout=60)
            equal(json.loads(out.split(b"\r\n\r\n", 1)[1])["client"], address, "the client of %r over CGI" % said)


def test_breaks_off_so_that_it_is_noticed(folder, program):
    """The connection ends without the request's end."""
    with Server(folder, program) as server, Connection(server.address) as connection:
        connection.send(asks(5, 1000, fault="true"))
        try:
            connection.read()
        except Closed:
            pass
        else:
            raise AssertionError("the half passes for the whole")
        is_whole(ask(server.address, asks(5, 10)).body, 5, 10)


def test_holds_one_piece_for_a_slow_reader(folder, program):
    """A gigabyte that nobody reads takes the memory of a piece, and the time of nobody."""
    with Server(folder, program, "--threads", "1") as server:
        ask(server.address, asks(5, 60000))
        before = resident(server.pid)
        readers = [Connection(server.address) for _ in range(20)]
        for reader in readers:
            reader.send(asks(20000, 60000))
        time.sleep(0.5)
        started = time.monotonic()
        is_whole(ask(server.address, asks(3, 10)).body, 3, 10)
        expect(time.monotonic() - started < 1, "others wait for a slow reader")
        for reader in readers:
            reader.close()
        if not is_sanitized(program):
            expect(resident(server.pid) - before < 20 * MEBIBYTE, "it takes %d MiB"
                   % ((resident(server.pid) - before) // MEBIBYTE))


def test_lets_others_in_between_pieces(folder, program):
    """A reader that is as fast as the function has the thread for a few pieces at once."""
    with Server(folder, program, "--threads", "1") as server, Connection(server.address) as fast:
        fast.send(asks(500, 50000, wait=1))
        fast.read_record()
        started = time.monotonic()
        ask(server.address, asks(0, 0))
        expect(time.monotonic() - started < 0.4, "it waited for all of a stream")


def test_forgets_a_stream_whose_reader_has_gone(folder, program):
    with Server(folder, program, "--threads", "1") as server:
        before = descriptors(server.pid)
        for _ in range(50):
            with Connection(server.address) as connection:
                connection.send(asks(10000, 60000))
                connection.read_record()
        wait_until(lambda: descriptors(server.pid) <= before + 1, 5, "connections are left")
        wait_until(lambda: server.said().count('"bytesOut"') == 50, 5, "streams aren't logged")


def test_bounds_how_many_stream_at_once(folder, program):
    with Server(folder, program, "--threads", "1") as server:
        readers = begin_reading(server, 256, 10000)
        equal(ask(server.address, asks(10000, 60000)).status, 503, "one more")
        is_whole(ask(server.address, asks(0, 0)).body, 0, 0)
        readers.pop().close()
        wait_until(lambda: ask(server.address, asks(5, 10)).status == 200, 5, "there's no place for another")
        for reader in readers:
            reader.close()


def test_stops_in_the_middle(folder, program):
    with Server(folder, program) as server, Connection(server.address) as connection:
        connection.send(asks(100000, 60000))
        connection.read_record()
        equal(server.stop(20)[0], 0, "exit status")


def test_ends_each_call_once(folder, program):
    """With a stream of many pieces and of one, with none, broken off, and in the place of one."""
    ends = Ends(folder)
    with Server(folder, program, "--threads", "1", environment=ends.environment) as server:
        for number, request in enumerate((
                asks(5, 60000), asks(0, 0), get("pieces=5&bytes=10", REQUEST_METHOD="HEAD"),
                asks(0, 0, fault="true"))):
            ask(server.address, request, timeout=30)
            ends.are(number + 1)
        with Connection(server.address) as connection:
            connection.send(asks(5, 1000, fault="true"))
            try:
                connection.read()
            except Closed:
                pass
        ends.are(5)
    ends.are(5)


def test_ends_a_call_whose_reader_has_gone(folder, program):
    ends = Ends(folder)
    with Server(folder, program, environment=ends.environment) as server:
        for number in range(20):
            with Connection(server.address) as connection:
                connection.send(asks(10000, 60000))
                connection.read_record()
            ends.are(number + 1)


def test_ends_a_call_whose_reader_is_slow(folder, program):
    ends = Ends(folder)
    with Server(folder, program, "--timeout", "1", environment=ends.environment) as server, \
            Connection(server.address) as connection:
        connection.send(asks(10000, 60000))
        connection.read_record()
        ends.are(1)


def begin_reading(server, count, pieces):
    """Connections whose streams have begun: each has read one record, and reads no more."""
    readers = [Connection(server.address) for _ in range(count)]
    for reader in readers:
        reader.send(asks(pieces, 60000))
    for reader in readers:
        reader.read_record()
    return readers


def test_ends_a_call_that_there_is_no_place_for(folder, program):
    ends = Ends(folder)
    with Server(folder, program, "--threads", "1", environment=ends.environment) as server:
        readers = begin_reading(server, 256, 10000)
        equal(ask(server.address, asks(10000, 60000)).status, 503, "one more")
        ends.are(1)
        for reader in readers:
            reader.close()
        ends.are(257)


def test_ends_the_calls_of_one_that_stops(folder, program):
    """Streams that aren't at their end when there is no time left; each on its own thread."""
    ends = Ends(folder)
    with Server(folder, program, "--threads", "4", environment=ends.environment) as server:
        readers = begin_reading(server, 20, 100000)
        equal(ends.lines(), [], "the ends of calls")
        equal(server.stop(20)[0], 0, "exit status")
        equal(server.said().count('"bytesOut"'), 20, "lines of the log")
        for reader in readers:
            reader.close()
    ends.are(20)


def test_ends_calls_over_cgi(folder, program):
    ends = Ends(folder)
    for number, (query, method) in enumerate((
            ("pieces=5&bytes=60000", "GET"), ("pieces=5", "HEAD"), ("fault=true", "GET"),
            ("pieces=3&bytes=60000&fault=true", "GET"))):
        cgi(program, query, method, **ends.environment).communicate(timeout=60)
        ends.are(number + 1)
    process = cgi(program, "pieces=100000&bytes=60000", **ends.environment)
    process.stdout.read(100)
    process.stdout.close()
    process.wait(20)
    process.stderr.close()
    ends.are(5)


def cgi(program, query, method="GET", **more):
    environment = {"REQUEST_METHOD": method, "QUERY_STRING": query, **more}
    return subprocess.Popen([program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_streams_over_cgi(_, program):
    process = cgi(program, "pieces=300&bytes=100000")
    out, err = process.communicate(timeout=60)
    head, body = out.split(b"\r\n\r\n", 1)
    expect(b"Content-Length" not in head, "a length that nobody can know")
    is_whole(body, 300, 100000)
    expect(b'"bytesOut":%d' % len(body) in err, "the log has other bytes")
    equal(process.returncode, 0, "exit status")


def test_ends_when_the_reader_of_cgi_has_gone(_, program):
    process = cgi(program, "pieces=100000&bytes=60000")
    process.stdout.read(100)
    process.stdout.close()
    equal(process.wait(20), 1, "exit status")
    process.stderr.close()


def test_takes_little_memory_over_cgi(_, program):
    if is_sanitized(program):
        raise Skip("memory isn't measured with sanitizers")
    process = cgi(program, "pieces=100000&bytes=60000")
    for _ in range(300):
        process.stdout.read(100000)
    with open(f"/proc/{process.pid}/status") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    expect(peak < 8 * 1024, f"it takes {peak} kB")


if __name__ == "__main__":
    main([value for name, value in list(globals().items()) if name.startswith("test_")],
         program="tests/hosts/probe")
