#!/usr/bin/env python3
"""responder_test.py - the FastCGI host against peers that are slow, wrong, greedy, or gone.

Usage: responder_test.py BUILDDIR. The client speaks to the socket directly, so each test can do what no
web server would. Times are bounds that a busy machine holds too: what matters is that a
stalled peer costs others milliseconds and not its own delay.
"""

import json
import os
import random
import resource
import signal
import socket
import statistics
import stat
import struct
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import (ABORT_REQUEST, AUTHORIZER, BEGIN_REQUEST, DATA, FILTER, GET_VALUES, PARAMS,
                     STDIN, STDOUT, Closed, Connection, Program, Server, Skip, accepts, ask, begin,
                     descriptors, equal, expect, get, is_sanitized, length, main, pair, post,
                     processor_time, record, request, resident, stream, variables, wait_until)

HELLO = {"message": "hello world"}


def is_hello(answer, name="world"):
    equal(answer.status, 200, "status")
    equal(json.loads(answer.body), {"message": "hello " + name}, "body")
    equal((answer.app_status, answer.protocol_status), (0, 0), "END_REQUEST")


def is_problem(answer, status):
    equal(answer.status, status, "status")
    equal(answer.headers["content-type"], "application/problem+json", "content type")
    equal(json.loads(answer.body)["status"], status, "the problem's status")


def no_sanitizer(program):
    if is_sanitized(program):
        raise Skip("memory is measured without sanitizers")


def many_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            raise Skip("it takes %d descriptors" % count)
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


# Listening

def test_listens_at_a_unix_socket_that_only_its_group_may_use(folder, program):
    path = folder + "/s"
    with Server(folder, program, address="unix:" + path) as server:
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o660, "mode")
        is_hello(ask(server.address, get()))
        equal(server.stop()[0], 0, "exit status")
        expect(not os.path.lexists(path), "the socket file is left")


def free_port(family, host):
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def test_listens_at_tcp(folder, program):
    with Server(folder, program, address="127.0.0.1:%d" % free_port(socket.AF_INET, "127.0.0.1"))\
            as server:
        is_hello(ask(server.address, get()))
        equal(server.stop()[0], 0, "exit status")


def test_listens_at_tcp_of_ipv6(folder, program):
    try:
        port = free_port(socket.AF_INET6, "::1")
    except OSError:
        raise Skip("no IPv6 here") from None
    with Server(folder, program, address="[::1]:%d" % port) as server:
        is_hello(ask(server.address, get()))


def test_replaces_a_socket_file_that_nobody_listens_on(folder, program):
    path = folder + "/s"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    with Server(folder, program, address="unix:" + path) as server:
        is_hello(ask(server.address, get()))


def test_leaves_a_socket_in_use_alone(folder, program):
    path = folder + "/s"
    with Server(folder, program, address="unix:" + path) as first:
        with Program(folder, program, ["--listen", "unix:" + path]) as second:
            equal(second.wait(), 1, "exit status of the second")
            expect("can't listen on unix:" + path in second.said(), second.said())
            equal(second.said().count("\n"), 1, "lines")
        is_hello(ask(first.address, get()))


def test_leaves_a_file_that_is_no_socket_alone(folder, program):
    with open(folder + "/s", "w") as file:
        file.write("precious")
    with Program(folder, program, ["--listen", "unix:" + folder + "/s"]) as second:
        equal(second.wait(), 1, "exit status")
    with open(folder + "/s") as file:
        equal(file.read(), "precious", "the file")


def test_leaves_the_socket_file_of_a_successor(folder, program):
    path = folder + "/s"
    with Server(folder, program, address="unix:" + path) as first:
        os.unlink(path)
        with Server(folder, program, address="unix:" + path) as second:
            equal(first.stop()[0], 0, "exit status of the first")
            is_hello(ask(second.address, get()))


def test_refuses_addresses_that_are_none(folder, program):
    for address, word in (("unix:" + folder + "/" + "x" * 120, "long"), ("unix:", "unix:"),
                          ("unix:/nowhere/s", "No such"), ("localhost:9000", "127.0.0.1:PORT"),
                          ("127.0.0.1:", "PORT"), ("127.0.0.1:70000", "PORT"), ("9000", "PORT"),
                          ("127.0.0.1:-1", "PORT"), ("", "PORT"), ("[::1]", "PORT"),
                          ("300.0.0.1:80", "PORT"), ("127.0.0.1:8x", "PORT")):
        with Program(folder, program, ["--listen", address]) as one:
            equal(one.wait(), 1, "exit status for %r" % address)
            expect(word in one.said(), "%r: %s" % (address, one.said()))
            equal(one.said().count("\n"), 1, "lines for %r" % address)


def test_serves_a_listening_fd_0(folder, program):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(folder + "/s")
        listener.listen(64)
        with Program(folder, program, stdin=listener) as one:
            is_hello(ask("unix:" + folder + "/s", get()))
            one.signal(signal.SIGTERM)
            equal(one.wait(), 0, "exit status")
        expect(os.path.exists(folder + "/s"), "it removed a socket that isn't its own")


# Requests as they should be

def test_answers_many_requests_on_one_connection(folder, program):
    with Server(folder, program) as server, Connection(server.address) as connection:
        for i in range(2000):
            is_hello(connection.ask(get("name=n%d" % i)), "n%d" % i)
        expect(not connection.is_closed(0.1), "the connection was closed")


def test_closes_at_once_where_the_connection_is_not_to_be_kept(folder, program):
    with Server(folder, program) as server:
        for data in (get(keep=False), post(b'{"name":"x"}', keep=False)):
            with Connection(server.address) as connection:
                connection.ask(data)
                start = time.monotonic()
                expect(connection.is_closed(), "it stays open")
                expect(time.monotonic() - start < 0.3, "it lingered")


def test_answers_each_method(folder, program):
    with Server(folder, program) as server, Connection(server.address) as connection:
        for method, status in (("GET", 200), ("POST", 400), ("HEAD", 200), ("OPTIONS", 204),
                               ("PUT", 405), ("DELETE", 405), ("", 405), ("get", 405)):
            answer = connection.ask(request(variables(method)))
            expect(answer.status == status or method == "POST", "%s: %d" % (method, answer.status))
            if method in ("HEAD", "OPTIONS"):
                equal(answer.body, b"", "body of " + method)
        equal(connection.ask(request({})).status, 405, "status without any variable")


def pieces_at(data, where):
    return [data[:where], data[where:]]


def test_takes_a_request_split_at_every_point(folder, program):
    data = post(b'{"name":"split"}', shape={"params_piece": 40, "padding": 3})
    with Server(folder, program, "--threads", "1") as server:
        with Connection(server.address) as connection:
            for where in range(1, len(data)):
                connection.send_pieces(pieces_at(data, where), 0.001)
                is_hello(connection.read(), "split")


def test_takes_a_request_byte_by_byte(folder, program):
    for keep in (True, False):
        data = post(b'{"name":"slow"}', keep=keep)
        with Server(folder, program) as server, Connection(server.address) as connection:
            connection.send_pieces([data[i:i + 1] for i in range(len(data))], 0.0003)
            is_hello(connection.read(), "slow")
            equal(connection.is_closed(0.1), not keep, "closed")


def test_takes_a_body_in_records_of_one_byte(folder, program):
    body = json.dumps({"name": "b" * 150}).encode()
    big = b" " * 8000 + body
    with Server(folder, program) as server, Connection(server.address) as connection:
        for padding in (0, 1, 7, 255):
            is_hello(connection.ask(post(body, shape={"piece": 1, "padding": padding})), "b" * 150)
        is_hello(connection.ask(post(big, shape={"piece": 1, "padding": 7})), "b" * 150)


def test_takes_variables_in_any_pieces_and_both_forms_of_length(folder, program):
    values = variables("GET", "name=v", HTTP_ACCEPT="*/*", EMPTY="", HTTP_X_LONG="x" * 300)
    with Server(folder, program) as server, Connection(server.address) as connection:
        for long in (False, True):
            for piece in list(range(1, 40)) + [128, 500]:
                is_hello(connection.ask(request(values, params_piece=piece, long=long,
                                                padding=piece % 8)), "v")


def test_takes_a_body_without_a_length(folder, program):
    with Server(folder, program) as server, Connection(server.address) as connection:
        is_hello(connection.ask(post(b'{"name":"chunked"}', said=False)), "chunked")
        is_hello(connection.ask(post(b'{"name":"empty"}', said="")), "empty")
        is_hello(connection.ask(post(b"", said=False)))


def test_takes_the_largest_body(folder, program):
    body = b'{"name":"big"}'.ljust(8192)
    with Server(folder, program) as server, Connection(server.address) as connection:
        for said in (True, False):
            is_hello(connection.ask(post(body, said=said)), "big")
        is_problem(connection.ask(post(body + b" ", said=False)), 413)


def test_takes_other_request_ids(folder, program):
    with Server(folder, program) as server, Connection(server.address) as connection:
        for number in (1, 2, 255, 256, 65535):
            is_hello(connection.ask(request(request_id=number), number))


# Bodies that aren't what was said

def test_refuses_a_body_of_another_length_than_said(folder, program):
    with Server(folder, program) as server:
        for said, status in (("100", 400), ("5", 400), ("0", 400), ("8193", 413), ("-1", 400),
                             ("abc", 400), ("1e1", 400), ("+16", 400), ("99999999999999999999", 400),
                             ("9223372036854775807", 413), ("16 ", 400), ("0x10", 400)):
            with Connection(server.address) as connection:
                is_problem(connection.ask(post(b'{"name":"lying"}', said=said)), status)
            is_hello(ask(server.address, get()))


def send_all_and_read(address, data, slices=1, pause=0.0):
    with Connection(address) as connection:
        step = len(data) // slices + 1
        connection.send_pieces([data[i:i + step] for i in range(0, len(data), step)], pause)
        answer = connection.read()
        expect(connection.is_closed(3), "it stays open")
        return answer


def test_answers_413_to_a_peer_that_is_still_sending(folder, program):
    body = b"x" * (2 << 20)
    addresses = [None, "127.0.0.1:%d" % free_port(socket.AF_INET, "127.0.0.1")]
    for address in addresses:
        with Server(folder, program, "--threads", "1", address=address) as server:
            for said in (True, False, "10"):
                data = post(body, said=said)
                status = 400 if said == "10" else 413
                is_problem(send_all_and_read(server.address, data), status)
                is_problem(send_all_and_read(server.address, data, 20, 0.02), status)
            is_hello(ask(server.address, get()))


def test_gives_up_on_a_peer_that_sends_for_ever_after_its_answer(folder, program):
    with Server(folder, program) as server, Connection(server.address) as connection:
        connection.send(begin() + stream(PARAMS, pair("REQUEST_METHOD", "POST")))
        start, piece = time.monotonic(), record(STDIN, b"x" * 1000)
        try:
            while time.monotonic() - start < 6:
                connection.send(piece)
                time.sleep(0.005)
        except OSError:
            pass
        expect(1 < time.monotonic() - start < 4, "it took %.1f s" % (time.monotonic() - start))


def test_a_peer_that_sends_without_end_holds_up_nobody(folder, program):
    with Server(folder, program, "--threads", "1") as server:
        alone = statistics.median(latencies(server.address, 100))
        senders = []
        for _ in range(2):
            code = ("import socket,sys\ns=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1])\n"
                    "s.sendall(bytes.fromhex(sys.argv[2]))\nd=bytes.fromhex('0105000180000000')+b'x'*32768\n"
                    "d*=8\nwhile 1: s.sendall(d)")
            head = begin() + stream(PARAMS, pair("REQUEST_METHOD", "POST"))
            senders.append(subprocess.Popen([sys.executable, "-c", code, server.address[5:],
                                             head.hex()], stderr=subprocess.DEVNULL))
        try:
            time.sleep(0.1)
            found = []
            end = time.monotonic() + 1.2
            while time.monotonic() < end:
                found += latencies(server.address, 5)
            expect(max(found) < 0.5, "one waited for %.2f s" % max(found))
            expect(statistics.median(found) < 20 * alone + 0.01, "median %.1f ms, alone %.1f ms"
                   % (statistics.median(found) * 1e3, alone * 1e3))
        finally:
            for sender in senders:
                sender.kill()
                sender.wait()


# Peers that are wrong

def huge_lengths():
    return begin() + record(PARAMS, struct.pack(">II", 0xFFFFFFFE, 0xFFFFFFFE) + b"A" * 100)


def smuggled():
    """GET_VALUES with four names where libfcgi forgets to skip padding."""
    hidden = record(GET_VALUES, pair("FCGI_MAX_CONNS", "") * 4, 0)
    head = struct.pack(">BBHHBB", 1, BEGIN_REQUEST, 1, 8, len(hidden), 0)
    return head + begin()[8:] + hidden + stream(PARAMS, b"") + stream(STDIN, b"")


WRONG = {
    "GET_VALUES in padding": smuggled(),
    "padding behind PARAMS": begin() + record(PARAMS, b"", padding=16) + stream(STDIN, b""),
    "GET_VALUES with four names": record(GET_VALUES, b"".join(
        pair(name, "") for name in ("FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS", "OTHER")),
        0),
    "GET_VALUES within a request": begin() + record(GET_VALUES, pair("FCGI_MAX_CONNS", "") * 4, 0),
    "huge lengths": huge_lengths(),
    "huge lengths in pieces": begin() + stream(PARAMS, struct.pack(">II", 0xFFFFFFFE, 0xFFFFFFFE)
                                               + b"A" * 10, 1),
    "lengths beyond the variables": begin() + stream(PARAMS, length(200, True) + length(0)),
    "half a length": begin() + stream(PARAMS, b"\x80\x00"),
    "a name without a value": begin() + stream(PARAMS, b"\x05"),
    "ABORT_REQUEST": begin() + record(ABORT_REQUEST),
    "ABORT_REQUEST first": record(ABORT_REQUEST),
    "an authorizer": begin(role=AUTHORIZER) + stream(PARAMS, b"") + stream(STDIN, b""),
    "a filter": begin(role=FILTER) + stream(PARAMS, b"") + stream(STDIN, b"") + stream(DATA, b""),
    "an unknown role": begin(role=99),
    "role 0": begin(role=0),
    "an unknown type": begin() + record(99),
    "an unknown management type": record(99, b"", 0),
    "version 0": record(BEGIN_REQUEST, b"\0\1\1" + b"\0" * 5, version=0),
    "version 2": record(BEGIN_REQUEST, b"\0\1\1" + b"\0" * 5, version=2),
    "version 2 later": begin() + record(PARAMS, b"", version=2),
    "request id 0": request(request_id=0),
    "another id in PARAMS": begin() + stream(PARAMS, b"", request_id=2),
    "another id in STDIN": begin() + stream(PARAMS, b"") + stream(STDIN, b"", request_id=2),
    "a short BEGIN_REQUEST": record(BEGIN_REQUEST, b"\0\1\1"),
    "a long BEGIN_REQUEST": record(BEGIN_REQUEST, b"\0\1\1" + b"\0" * 6),
    "an empty BEGIN_REQUEST": record(BEGIN_REQUEST),
    "BEGIN_REQUEST twice": begin() + begin(),
    "another request within": begin() + begin(request_id=2),
    "STDIN before PARAMS": begin() + stream(STDIN, b""),
    "STDOUT from the peer": begin() + record(STDOUT, b"x"),
    "PARAMS after their end": begin() + stream(PARAMS, b"") + record(PARAMS, pair("A", "B")),
    "PARAMS first": record(PARAMS, b""),
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "zeros": b"\0" * 100,
    "too many variables": begin() + stream(PARAMS, pair("A", "x" * 60000) * 2),
}


def test_closes_the_connection_of_a_peer_that_is_wrong(folder, program):
    with Server(folder, program) as server:
        for name, data in WRONG.items():
            for pieces in ([data], [data[i:i + 1] for i in range(len(data))] if len(data) < 999
                           else [data[:5], data[5:]]):
                with Connection(server.address) as connection:
                    try:
                        connection.send_pieces(pieces)
                    except OSError:
                        continue  # closed even before all was sent
                    expect(connection.is_closed(), name + ": it stays open, or is answered")
            expect(server.process.poll() is None, name + ": it died: " + server.said()[-300:])
        for behind in (get(), b"\1", b"\0" * 70000):
            with Connection(server.address) as connection:
                connection.send(get() + behind)
                wait_until(connection.is_closed, 1, "more than a request: it stays open")
        is_hello(ask(server.address, get()))


def test_survives_garbage(folder, program):
    numbers = random.Random(1)
    good = post(b'{"name":"garbage"}', shape={"params_piece": 30, "padding": 2})
    with Server(folder, program) as server:
        for i in range(1500):
            data = bytearray(good)
            for _ in range(numbers.randint(1, 6)):
                data[numbers.randrange(len(data))] = numbers.choice((0, 1, 127, 128, 255, i & 255))
            if i % 3 == 0:
                del data[numbers.randrange(len(data)):]
            with Connection(server.address) as connection:
                connection.send(data)
        expect(server.process.poll() is None, "it died: " + server.said()[-300:])
        is_hello(ask(server.address, get()))


def test_keeps_injected_lines_out_of_headers(folder, program):
    with Server(folder, program) as server, Connection(server.address) as connection:
        for bad in ("a\r\nSet-Cookie: x=1", "a\nb", "a b", "x" * 65, "", "a\0b", "ä"):
            answer = connection.ask(get(HTTP_X_REQUEST_ID=bad))
            is_hello(answer)
            expect("set-cookie" not in answer.headers, "a header was injected")
            expect(answer.headers["x-request-id"] != bad, "a bad id was taken: %r" % bad)
        equal(connection.ask(get(HTTP_X_REQUEST_ID="good-1")).headers["x-request-id"], "good-1", "id")


# Peers that are slow or silent

def test_closes_a_silent_connection_after_the_timeout(folder, program):
    with Server(folder, program, "--timeout", "1") as server:
        for data in (b"", get()[:30], get()[:-1]):
            with Connection(server.address) as connection:
                connection.send(data)
                start = time.monotonic()
                expect(connection.is_closed(4), "it stays open")
                expect(0.8 < time.monotonic() - start < 2.5, "after %.1f s"
                       % (time.monotonic() - start))


def test_the_timeout_is_that_of_the_whole_request(folder, program):
    with Server(folder, program, "--timeout", "1") as server:
        with Connection(server.address) as connection:
            is_hello(connection.ask(get()))
            time.sleep(1.3)  # a kept connection may be idle for longer
            is_hello(connection.ask(get()))
            start = time.monotonic()
            try:
                for byte in get():
                    connection.send(bytes([byte]))
                    time.sleep(0.05)
            except OSError:
                pass
            expect(time.monotonic() - start < 4, "a peer that drips is never closed")


def latencies(address, count):
    found = []
    with Connection(address) as connection:
        for _ in range(count):
            start = time.monotonic()
            is_hello(connection.ask(get()))
            found.append(time.monotonic() - start)
    return found


def test_stalled_requests_hold_up_nobody(folder, program):
    many_descriptors(1200)
    with Server(folder, program, "--threads", "1") as server:
        alone = statistics.median(latencies(server.address, 300))
        data = post(b'{"name":"stalled"}')
        stalled = [Connection(server.address) for _ in range(400)]
        for i, connection in enumerate(stalled):
            connection.send(data[:i % len(data)])
        crowded = latencies(server.address, 300)
        expect(statistics.median(crowded) < 3 * alone + 0.002, "median %.2f ms, alone %.2f ms"
               % (statistics.median(crowded) * 1e3, alone * 1e3))
        expect(max(crowded) < 0.5, "one took %.2f s" % max(crowded))
        for i, connection in enumerate(stalled):
            connection.send(data[i % len(data):])
            is_hello(connection.read(), "stalled")
            connection.close()


def test_kept_idle_connections_hold_up_nobody(folder, program):
    with Server(folder, program, "--threads", "2") as server:
        idle = [Connection(server.address) for _ in range(200)]
        for connection in idle:
            is_hello(connection.ask(get()))
        expect(max(latencies(server.address, 200)) < 0.5, "one waited")
        for connection in idle:
            is_hello(connection.ask(get()))
            connection.close()


def test_a_peer_that_reads_no_answers_holds_up_nobody(folder, program):
    with Server(folder, program, "--threads", "1") as server:
        with Connection(server.address, 0.2, small_buffers=True) as deaf:
            data = get("name=" + "d" * 190)
            start = time.monotonic()
            worst = 0.0
            for _ in range(40):
                try:
                    for _ in range(25):
                        deaf.send(data)
                        time.sleep(0.0004)
                except OSError:
                    pass
                worst = max(worst, max(latencies(server.address, 1)))
            expect(worst < 0.5, "another waited for %.2f s" % worst)
            expect(time.monotonic() - start < 15, "it took too long")


# Bounds

def test_memory_stays_bounded_whatever_variables_come(folder, program):
    no_sanitizer(program)
    with Server(folder, program, "--threads", "1") as server:
        is_hello(ask(server.address, get()))
        before = resident(server.pid)
        one = stream(PARAMS, pair("A", "x" * 59990), end=False)
        with Connection(server.address) as connection:
            try:
                connection.send(begin())
                connection.send_pieces([one] * 2000)
            except OSError:
                pass
        for _ in range(2000):
            with Connection(server.address) as connection:
                connection.send(begin() + one)
        for _ in range(200):
            is_hello(ask(server.address, get(**{"HTTP_X_%d" % i: "y" * 1900 for i in range(30)})))
        grown = resident(server.pid) - before
        expect(grown < 2 << 20, "it grew by %d kB" % (grown >> 10))


def test_memory_stays_bounded_however_many_stall(folder, program):
    no_sanitizer(program)
    many_descriptors(3000)
    with Server(folder, program, "--threads", "1") as server:
        part = begin() + stream(PARAMS, pair("A", "x" * 59990), end=False)
        before, stalled = resident(server.pid), []
        try:
            for _ in range(2000):
                stalled.append(Connection(server.address))
                stalled[-1].send(part)
        except OSError:
            pass
        is_hello(ask(server.address, get()))
        grown = resident(server.pid) - before
        for connection in stalled:
            connection.close()
        expect(grown < 80 << 20, "it grew by %d MB" % (grown >> 20))


def test_running_out_of_descriptors_makes_no_busy_loop(folder, program):
    limits = [(resource.RLIMIT_NOFILE, 64)]
    with Server(folder, program, limits=limits) as server:
        silent = [Connection(server.address) for _ in range(300)]
        time.sleep(0.2)
        before = processor_time(server.pid)
        time.sleep(1)
        used = processor_time(server.pid) - before
        expect(used < 0.1, "%.2f s of processor time in a second" % used)
        for connection in silent:
            connection.close()
        is_hello(ask(server.address, get()))
        expect(server.process.poll() is None, "it died: " + server.said()[-300:])


def test_idle_connections_up_to_the_limit_shut_nobody_out(folder, program):
    with Server(folder, program, "--threads", "1", limits=[(resource.RLIMIT_NOFILE, 64)]) as server:
        idle = []
        for _ in range(100):
            idle.append(Connection(server.address, 3))
            is_hello(idle[-1].ask(get()))
        is_hello(ask(server.address, get(), 3))
        for connection in idle:
            connection.close()


def test_stalled_connections_up_to_the_limit_shut_nobody_out_for_long(folder, program):
    with Server(folder, program, "--threads", "1", limits=[(resource.RLIMIT_NOFILE, 64)]) as server:
        stalled = []
        for _ in range(50):
            stalled.append(Connection(server.address))
            stalled[-1].send(get()[:40])
        is_hello(ask(server.address, get(), 5))
        for connection in stalled:
            connection.close()


def mixed(address, count, numbers):
    good = [get("name=a"), post(b'{"name":"b"}'), post(b"[", said=True), post(b"x" * 9000),
            post(b'{"name":"c"}', shape={"piece": 1, "params_piece": 3}), get("%%%"),
            post(b'{"name":"d"}', said="99")]
    bad = list(WRONG.values()) + [b"", get()[:40]]
    connection = Connection(address)
    for _ in range(count):
        if numbers.random() < 0.2:
            with Connection(address) as other:
                try:
                    other.send(numbers.choice(bad))
                except OSError:
                    pass
        try:
            connection.ask(numbers.choice(good))
        except (Closed, OSError):
            connection.close()
            connection = Connection(address)
    connection.close()


def test_nothing_leaks_in_20000_requests_good_and_bad(folder, program):
    sanitized = is_sanitized(program)
    numbers = random.Random(2)
    with Server(folder, program, "--threads", "2") as server:
        mixed(server.address, 1000, numbers)
        time.sleep(0.1)
        memory, files = resident(server.pid), descriptors(server.pid)
        mixed(server.address, 2000 if sanitized else 20000, numbers)
        wait_until(lambda: descriptors(server.pid) <= files, 3, "descriptors are left open")
        grown = resident(server.pid) - memory
        expect(sanitized or grown < 1 << 20, "it grew by %d kB" % (grown >> 10))
        equal(server.stop()[0], 0, "exit status")


# Stopping

def test_sigterm_stops_an_idle_one_at_once(folder, program):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        for threads in ("1", "4"):
            with Server(folder, program, "--threads", threads) as server:
                kept = [Connection(server.address) for _ in range(10)]
                for connection in kept:
                    connection.ask(get())
                start = time.monotonic()
                server.signal(number)
                equal(server.wait(3), 0, "exit status")
                took = time.monotonic() - start
                expect(took < (1 if is_sanitized(program) else 0.15), "%.3f s" % took)
                for connection in kept:
                    expect(connection.is_closed(0.1), "a kept connection is open")
                    connection.close()


def test_sigterm_lets_half_a_request_finish(folder, program):
    data = post(b'{"name":"half"}')
    for threads in ("1", "2"):
        for where in (3, 60, len(data) - 1):
            with Server(folder, program, "--threads", threads) as server:
                with Connection(server.address) as kept, Connection(server.address) as new:
                    kept.ask(get())
                    for connection in (kept, new):
                        connection.send(data[:where])
                    time.sleep(0.1)
                    server.signal(signal.SIGTERM)
                    time.sleep(0.2)
                    for connection in (kept, new):
                        connection.send(data[where:])
                        is_hello(connection.read(), "half")
                        expect(connection.is_closed(1), "it stays open")
                equal(server.wait(2), 0, "exit status")


def test_sigterm_waits_for_half_a_request_only_so_long(folder, program):
    with Server(folder, program) as server, Connection(server.address) as connection:
        connection.send(get()[:30])
        time.sleep(0.1)
        status, took = server.stop(10)
        equal(status, 0, "exit status")
        expect(1 < took < 8, "it took %.1f s" % took)


def test_sigterm_is_not_held_up_by_a_silent_connection(folder, program):
    with Server(folder, program) as server, Connection(server.address):
        time.sleep(0.05)
        status, took = server.stop(10)
        equal(status, 0, "exit status")
        expect(took < 1.5, "it took %.1f s" % took)


def test_sigterm_answers_all_that_waits_in_the_queue(folder, program):
    for threads in ("1", "2"):
        with Server(folder, program, "--threads", threads) as server:
            kept = [Connection(server.address) for _ in range(50)]
            for connection in kept:
                is_hello(connection.ask(get()))
            server.signal(signal.SIGSTOP)
            new = [Connection(server.address) for _ in range(200)]
            for connection in kept + new:
                connection.send(get("name=queue"))
            server.signal(signal.SIGTERM)
            server.signal(signal.SIGCONT)
            for connection in kept + new:
                is_hello(connection.read(), "queue")
                connection.close()
            equal(server.wait(2), 0, "exit status")


def test_sigterm_leaves_the_queue_of_a_shared_socket_to_the_next(folder, program):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(folder + "/s")
        listener.listen(256)
        with Program(folder, program, stdin=listener) as first:
            is_hello(ask("unix:" + folder + "/s", get()))
            first.signal(signal.SIGSTOP)
            waiting = [Connection("unix:" + folder + "/s") for _ in range(100)]
            for connection in waiting:
                connection.send(get())
            first.signal(signal.SIGTERM)
            with Program(folder, program, stdin=listener):
                first.signal(signal.SIGCONT)
                for connection in waiting:
                    is_hello(connection.read())
                    connection.close()
                equal(first.wait(2), 0, "exit status")


class Load(threading.Thread):
    """Asks on new connections until it's refused; notes each that was sent early and not answered."""

    def __init__(self, address):
        super().__init__()
        self.address, self.answered, self.lost, self.end = address, 0, [], threading.Event()

    def run(self):
        while not self.end.is_set():
            sent = None
            try:
                with Connection(self.address) as connection:
                    connection.send(get(keep=False))
                    sent = time.monotonic()
                    connection.read()
                    self.answered += 1
            except (Closed, OSError):
                if sent:
                    self.lost.append(sent)
                else:
                    return


def test_sigterm_under_load_loses_nothing_that_was_sent_before(folder, program):
    for _ in range(3):
        with Server(folder, program) as server:
            load = [Load(server.address) for _ in range(8)]
            for one in load:
                one.start()
            time.sleep(0.3)
            stopped = time.monotonic()
            server.signal(signal.SIGTERM)
            equal(server.wait(5), 0, "exit status")
            for one in load:
                one.end.set()
                one.join()
            lost = [sent for one in load for sent in one.lost if sent < stopped]
            expect(sum(one.answered for one in load) > 50, "there was no load")
            equal(len(lost), 0, "requests that were lost")


def test_a_signal_in_mid_request_does_no_harm(folder, program):
    with Server(folder, program) as server, Connection(server.address) as connection:
        data = post(b'{"name":"signal"}')
        for number in (signal.SIGUSR1, signal.SIGPIPE, signal.SIGWINCH, signal.SIGCONT):
            connection.send(data[:50])
            server.signal(number)
            time.sleep(0.02)
            connection.send(data[50:])
            is_hello(connection.read(), "signal")


def test_one_thread_uses_no_time_when_idle(folder, program):
    with Server(folder, program) as server:
        with Connection(server.address) as kept, Connection(server.address) as half:
            kept.ask(get())
            half.send(get()[:20])
            time.sleep(0.1)
            before = processor_time(server.pid)
            time.sleep(0.7)
            expect(processor_time(server.pid) - before < 0.05, "it's busy when idle")


if __name__ == "__main__":
    main([value for name, value in list(globals().items()) if name.startswith("test_")])
