#!/usr/bin/env python3
"""responder_test.py - the FastCGI host: listening, requests of every shape, and peers that are wrong.

Usage: responder_test.py BUILDDIR. The client speaks to the socket directly, so each test can do what no
web server would. What takes time (slow peers, bounds, stopping) is in endurance_test.py.
"""

import fcntl
import json
import os
import random
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import (ABORT_REQUEST, AUTHORIZER, BEGIN_REQUEST, CANT_MPX_CONN, DATA, END_REQUEST, FILTER,
                     GET_VALUES, GET_VALUES_RESULT, PARAMS, STDIN, STDOUT, UNKNOWN_ROLE, UNKNOWN_TYPE, Connection, Program, Server, Skip, accepts, ask, begin, equal, expect,
                     get, length, main, pair, post, record, request, stream, variables,
                     wait_until)


def is_hello(answer, name="world"):
    equal(answer.status, 200, "status")
    equal(json.loads(answer.body), {"message": "hello " + name}, "body")
    equal((answer.app_status, answer.protocol_status), (0, 0), "END_REQUEST")


def is_problem(answer, status):
    equal(answer.status, status, "status")
    equal(answer.headers["content-type"], "application/problem+json", "content type")
    equal(json.loads(answer.body)["status"], status, "the problem's status")


# Listening

def test_listens_at_a_unix_socket_that_only_its_group_may_use(folder, program):
    path = folder + "/s"
    with Server(folder, program, address="unix:" + path) as server:
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o660, "mode")
        is_hello(ask(server.address, get()))
        equal(server.stop()[0], 0, "exit status")
        expect(not os.path.lexists(path), "the socket file is left")


def test_is_started_by_spawn_fcgi(folder, program):
    """As docs/hosting.md has it: a socket of spawn-fcgi's, its mode, and several workers behind it."""
    if not shutil.which("spawn-fcgi"):
        raise Skip("spawn-fcgi isn't installed")
    path = folder + "/s"
    process = subprocess.Popen(["spawn-fcgi", "-n", "-s", path, "-M", "0660", "-b", "1024", "--", program,
                                "--workers", "2"], stderr=subprocess.DEVNULL)
    try:
        address = "unix:" + path
        wait_until(lambda: accepts(address), 10, "it doesn't listen")
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o660, "mode")
        for _ in range(20):
            is_hello(ask(address, get()))
        process.terminate()
        equal(process.wait(10), 0, "exit status")
    finally:
        process.kill()
        process.wait()


def free_port(family, host):
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def test_listens_at_tcp(folder, program):
    with Server(folder, program, address="127.0.0.1:%d" % free_port(socket.AF_INET, "127.0.0.1"))\
            as server:
        with Connection(server.address) as connection:
            for _ in range(1000):
                is_hello(connection.ask(get()))
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


def stale(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path)
    return "unix:" + path


def test_replaces_a_stale_file_only_under_the_lock_of_its_folder(folder, program):
    """Whoever is at it may be about to listen there."""
    address = stale(folder + "/s")
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with Program(folder, program, ["--listen", address]) as one:
            time.sleep(0.7)
            expect(not accepts(address), "it didn't wait")
            os.close(lock)
            lock = -1
            wait_until(lambda: accepts(address), 10, "it doesn't listen")
            one.signal(signal.SIGTERM)
            equal(one.wait(), 0, "exit status")
            expect(not os.path.lexists(folder + "/s"), "the socket file is left")
    finally:
        if lock >= 0:
            os.close(lock)


def test_of_many_that_start_at_once_one_listens(folder, program):
    for i in range(12):
        address = stale("%s/%d" % (folder, i))
        programs = [Program(folder, program, ["--listen", address]) for _ in range(4)]
        try:
            wait_until(lambda: sum(one.process.poll() is None for one in programs) == 1, 10,
                       "not one of four goes on")
            is_hello(ask(address, get()))
            said = [one.said() for one in programs if one.process.poll() is not None]
            expect(all("can't listen on" in text for text in said), "said: %s" % said)
        finally:
            for one in programs:
                one.__exit__()


def test_says_which_port_the_system_has_chosen(folder, program):
    hosts = ["127.0.0.1", "[::1]"] if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6") else ["127.0.0.1"]
    for host in hosts:
        for more in ([], ["--workers", "1"]):
            with Program(folder, program, ["--listen", host + ":0", *more]) as one:
                wait_until(lambda: "listening on " + host in one.said(), 10, "it isn't said")
                port = json.loads(one.said().splitlines()[0])["message"].rpartition(":")[2]
                wait_until(lambda: accepts(host + ":" + port), 10, "it doesn't listen there")
                is_hello(ask(host + ":" + port, get()))


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
    with Server(folder, program, "--threads", "1") as server:
        for data in (get(keep=False), post(b'{"name":"x"}', keep=False)):
            with Connection(server.address) as connection:
                connection.ask(data)
                start = time.monotonic()
                expect(connection.is_closed(), "it stays open")
                is_hello(ask(server.address, get()))  # it doesn't wait for the peer to close
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
                             ("abc", 400), ("1e1", 400), ("+16", 400), ("99999999999999999999", 413),
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


# Peers that are wrong

def huge_lengths():
    return begin() + record(PARAMS, struct.pack(">II", 0xFFFFFFFE, 0xFFFFFFFE) + b"A" * 100)


VALUES = b"".join(pair(name, "") for name in ("FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS", "OTHER"))


WRONG = {
    "huge lengths": huge_lengths(),
    "huge lengths in pieces": begin() + stream(PARAMS, struct.pack(">II", 0xFFFFFFFE, 0xFFFFFFFE)
                                               + b"A" * 10, 1),
    "lengths beyond the variables": begin() + stream(PARAMS, length(200, True) + length(0)),
    "half a length": begin() + stream(PARAMS, b"\x80\x00"),
    "a name without a value": begin() + stream(PARAMS, b"\x05"),
    "an unknown type": begin() + record(99),
    "version 0": record(BEGIN_REQUEST, b"\0\1\1" + b"\0" * 5, version=0),
    "version 2": record(BEGIN_REQUEST, b"\0\1\1" + b"\0" * 5, version=2),
    "version 2 later": begin() + record(PARAMS, b"", version=2),
    "request id 0": request(request_id=0),
    "a short BEGIN_REQUEST": record(BEGIN_REQUEST, b"\0\1\1"),
    "a long BEGIN_REQUEST": record(BEGIN_REQUEST, b"\0\1\1" + b"\0" * 6),
    "an empty BEGIN_REQUEST": record(BEGIN_REQUEST),
    "BEGIN_REQUEST twice": begin() + begin(),
    "STDIN before PARAMS": begin() + stream(STDIN, b""),
    "STDOUT from the peer": begin() + record(STDOUT, b"x"),
    "PARAMS after their end": begin() + stream(PARAMS, b"") + record(PARAMS, pair("A", "B")),
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
        for behind in (get(), b"\0" * 8, b"\0" * 70000):
            with Connection(server.address) as connection:
                try:
                    connection.send(get() + behind)
                except OSError:
                    continue  # closed even before all was sent
                wait_until(connection.is_closed, 1, "more than a request: it stays open")
        is_hello(ask(server.address, get()))


# What the protocol has besides requests

def smuggled():
    """GET_VALUES with four names as padding: read as a record, they smash libfcgi's stack."""
    hidden = record(GET_VALUES, VALUES, 0)
    head = struct.pack(">BBHHBB", 1, BEGIN_REQUEST, 1, 8, len(hidden), 0)
    return head + begin()[8:] + hidden + get()[16:]


def test_skips_padding_that_looks_like_a_record(folder, program):
    data = b"".join(pair(name, value) for name, value in variables().items())
    padded = begin() + stream(PARAMS, data, end=False) + record(PARAMS, b"", padding=16) \
        + record(STDIN, b"", padding=255)
    with Server(folder, program) as server, Connection(server.address) as connection:
        for request_ in (smuggled(), padded):
            is_hello(connection.ask(request_))
            connection.send_pieces([request_[i:i + 1] for i in range(len(request_))])
            is_hello(connection.read())


def pairs_of(data):
    """The name-value pairs of a record, each length a byte."""
    found = {}
    while data:
        name, value = data[0], data[1]
        found[data[2:2 + name].decode()] = data[2 + name:2 + name + value].decode()
        data = data[2 + name + value:]
    return found


def test_tells_its_values(folder, program):
    with Server(folder, program) as server, Connection(server.address) as connection:
        for before, rest in ((b"", get()), (begin(), get()[16:])):
            connection.send(before + record(GET_VALUES, VALUES, 0, padding=3))
            kind, request_id, content = connection.read_record()
            equal((kind, request_id), (GET_VALUES_RESULT, 0), "the reply")
            values = pairs_of(content)
            equal(values.pop("FCGI_MPXS_CONNS"), "0", "FCGI_MPXS_CONNS")
            equal(sorted(values), ["FCGI_MAX_CONNS", "FCGI_MAX_REQS"], "names")
            expect(all(int(value) > 1 for value in values.values()), "values: %r" % values)
            is_hello(connection.ask(rest))


def test_says_which_type_it_does_not_know(folder, program):
    with Server(folder, program) as server, Connection(server.address) as connection:
        for kind in (10, 11, 12, 99, 255):
            connection.send(record(kind, b"what", 0))
            equal(connection.read_record(), (UNKNOWN_TYPE, 0, bytes([kind]) + b"\0" * 7), "the reply")
        is_hello(connection.ask(get()))


def ended(protocol_status):
    return struct.pack(">IB3x", 0, protocol_status)


def test_refuses_other_roles(folder, program):
    with Server(folder, program) as server:
        for role in (AUTHORIZER, FILTER, 99, 0):
            with Connection(server.address) as connection:
                connection.send(begin(role=role) + get()[16:] + stream(DATA, b"x"))
                equal(connection.read_record(), (END_REQUEST, 1, ended(UNKNOWN_ROLE)), "the reply")
                is_hello(connection.ask(get()))
            with Connection(server.address) as connection:
                connection.send(begin(keep=False, role=role) + get()[16:])
                equal(connection.read_record(), (END_REQUEST, 1, ended(UNKNOWN_ROLE)), "the reply")
                expect(connection.is_closed(), "it stays open")
        wait_until(lambda: "isn't for a responder" in server.said(), 2, "the reason isn't told")
        equal(server.said().count("isn't for a responder"), 1, "times that it's told")


def test_refuses_a_second_request_and_answers_the_first(folder, program):
    second = get("name=second")
    with Server(folder, program) as server, Connection(server.address) as connection:
        first = get("name=first")
        other = request(variables("GET", "name=second"), request_id=2)
        for where in (16, len(first) - 8):
            connection.send(first[:where] + other + first[where:])
            equal(connection.read_record(), (END_REQUEST, 2, ended(CANT_MPX_CONN)), "the reply")
            is_hello(connection.read(), "first")
        connection.send(first + other)
        equal(connection.read_record(), (END_REQUEST, 2, ended(CANT_MPX_CONN)), "the reply")
        is_hello(connection.read(), "first")
        is_hello(connection.ask(second), "second")


def test_ends_a_request_that_is_aborted(folder, program):
    whole = post(b'{"name":"aborted"}')
    with Server(folder, program) as server:
        with Connection(server.address) as connection:
            for where in (16, len(whole) - 8):
                connection.send(whole[:where] + record(ABORT_REQUEST))
                equal(connection.read_record(), (END_REQUEST, 1, ended(0)), "the reply")
                is_hello(connection.ask(get()))
            connection.send(record(ABORT_REQUEST) + record(ABORT_REQUEST, request_id=7))
            is_hello(connection.ask(get()))
        with Connection(server.address) as connection:
            connection.send(begin(keep=False) + record(ABORT_REQUEST))
            equal(connection.read_record(), (END_REQUEST, 1, ended(0)), "the reply")
            expect(connection.is_closed(), "it stays open")


def test_closes_the_connection_of_one_who_reads_no_replies(folder, program):
    with Server(folder, program, "--threads", "1") as server:
        with Connection(server.address, 0.5) as deaf:
            try:
                for _ in range(2000):
                    deaf.send(record(99, b"", 0) * 500)
                raise AssertionError("it goes on for ever")
            except OSError:
                pass
        is_hello(ask(server.address, get()))
        expect("doesn't read the replies" in server.said(), "it isn't told: " + server.said()[-300:])


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


if __name__ == "__main__":
    main([value for name, value in list(globals().items()) if name.startswith("test_")])
