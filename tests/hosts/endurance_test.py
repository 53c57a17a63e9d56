#!/usr/bin/env python3
"""endurance_test.py - the FastCGI host against peers that are slow, silent or greedy, and its end.

Usage: endurance_test.py BUILDDIR. Times are bounds that a busy machine holds too: what matters is that a
stalled peer costs others milliseconds and not its own delay. Memory and descriptors are read from
/proc, before and after.
"""

import contextlib
import fcntl
import json
import os
import random
import resource
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import (PARAMS, Closed, Connection, Program, Server, Skip, accepts, ask, begin,
                     descriptors, equal, expect, get, is_sanitized, main, pair, post, processor_time, resident,
                     stream, wait_until)
from responder_test import WRONG, is_hello

F_SETPIPE_SZ = 1031  # fcntl.h; Python 3.11 has no name for it everywhere


def no_sanitizer(program):
    if is_sanitized(program):
        raise Skip("memory is measured without sanitizers")


def many_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            raise Skip("it takes %d descriptors" % count)
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


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


def large_answers(program):
    """A function whose answer is as large as it's asked to be (probe.c)."""
    return os.path.join(os.path.dirname(program), "tests", "hosts", "probe")


LARGE = 6000000


def large(keep=True, count=LARGE):
    return get("pieces=1&bytes=%d" % count, keep=keep)


def is_large(answer, count=LARGE):
    data = b"0123456789" * (count // 10)
    equal(answer.status, 200, "status")
    expect(answer.body.startswith(b'{"data":"' + data + b'","deadline":'), "the answer isn't whole")


def is_probe(address):
    """How long a small answer takes."""
    start = time.monotonic()
    equal(ask(address, get("pieces=1&bytes=10")).status, 200, "status of another")
    return time.monotonic() - start


def test_a_peer_that_reads_slowly_holds_up_nobody(folder, program):
    with Server(folder, large_answers(program), "--threads", "1") as server:
        with Connection(server.address) as slow, Connection(server.address) as other:
            slow.send(large())
            other.send(large(keep=False))
            slow._fill(1000)
            other._fill(1000)  # both answers are made
            worst = 0.0
            for _ in range(20):
                expect(len(slow.socket.recv(200)) > 0, "nothing came")
                worst = max(worst, is_probe(server.address))
            expect(worst < 2, "another waited for %.1f s" % worst)
            equal(other.read().status, 200, "status of the other large one")


def test_a_slow_peer_gets_the_whole_answer(folder, program):
    with Server(folder, large_answers(program), "--threads", "1") as server:
        for keep in (True, False):
            with Connection(server.address) as slow:
                slow.send(large(keep))
                for wanted in range(0, 3000000, 300000):  # in small pieces at first
                    slow._fill(wanted)
                    is_probe(server.address)
                is_large(slow.read())
                if keep:
                    is_large(slow.ask(large(count=10)), 10)
                equal(slow.is_closed(0.2), not keep, "closed")


def test_a_slow_peer_has_a_deadline_for_the_whole_answer(folder, program):
    with Server(folder, large_answers(program), "--threads", "1", "--timeout", "1") as server:
        with Connection(server.address) as slow:
            slow.send(large())
            got, start = 0, time.monotonic()
            while time.monotonic() - start < 8:
                data = slow.socket.recv(2000)
                if not data:
                    break
                got += len(data)
                time.sleep(0.01)
            expect(not data and got < LARGE / 2, "%d bytes came: there is no deadline" % got)
            wait_until(lambda: "too slow to read the whole answer" in server.said(), 2, "it isn't told")
        is_probe(server.address)


def test_memory_stays_bounded_however_many_read_nothing(folder, program):
    no_sanitizer(program)
    with Server(folder, large_answers(program), "--threads", "1") as server:
        is_probe(server.address)
        before, deaf = resident(server.pid), []
        for _ in range(40):
            deaf.append(Connection(server.address))
            deaf[-1].send(large())
            is_probe(server.address)
        grown = resident(server.pid) - before
        expect(grown < 80 << 20, "it grew by %d MB" % (grown >> 20))
        expect("too many answers wait" in server.said(), "it isn't told")
        is_large(deaf[-1].read())
        for connection in deaf:
            connection.close()
        wait_until(lambda: descriptors(server.pid) < 20, 5, "descriptors are left open")


def test_sigterm_lets_a_slow_peer_read_its_answer(folder, program):
    for keep in (True, False):
        with Server(folder, large_answers(program), "--threads", "1") as server:
            with Connection(server.address) as slow:
                slow.send(large(keep))
                slow._fill(1000)
                server.signal(signal.SIGTERM)
                time.sleep(0.3)
                is_large(slow.read())
                expect(slow.is_closed(3), "it stays open")
            equal(server.wait(5), 0, "exit status")


def test_sigterm_waits_for_a_slow_peer_only_so_long(folder, program):
    with Server(folder, large_answers(program), "--threads", "1") as server:
        with Connection(server.address) as slow:
            slow.send(large())
            slow._fill(1000)
            equal(server.stop(12)[0], 0, "exit status")


def test_slow_bodies_hold_up_nobody_who_asks_a_heavy_function(folder, program):
    labels = os.path.join(os.path.dirname(program), "labels")
    if not os.path.exists(labels):
        raise Skip("labels isn't built")
    with Server(folder, labels, "--threads", "1") as server:
        slow = [Connection(server.address) for _ in range(60)]
        for connection in slow:
            connection.send(post(b"x" * 3000, content_type="image/jpeg")[:2000])
        start = time.monotonic()
        equal(ask(server.address, get(SCRIPT_NAME="/healthz/labels"), 30).status, 200, "status")
        expect(time.monotonic() - start < 6, "it waited for %.1f s" % (time.monotonic() - start))
        for connection in slow:
            connection.close()


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
        wait_until(lambda: descriptors(server.pid) <= files, 10, "descriptors are left open")
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
                expect(took < (1 if is_sanitized(program) else 0.5), "%.3f s" % took)
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
            load = [Load(server.address) for _ in range(20)]
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


def policies(pid):
    """The scheduling policies of a process's threads."""
    return {os.sched_getscheduler(int(name)) for name in os.listdir("/proc/%d/task" % pid)}


def test_lets_the_web_server_go_first_while_it_sends_much(folder, program):
    with Server(folder, program, "--threads", "1") as server:
        equal(policies(server.pid), {os.SCHED_OTHER}, "the policy at first")
        crowd = [Connection(server.address) for _ in range(20)]
        for connection in crowd:
            is_hello(connection.ask(get()))
        equal(policies(server.pid), {os.SCHED_BATCH}, "the policy with 20 connections")
        for connection in crowd:
            connection.close()
        wait_until(lambda: policies(server.pid) == {os.SCHED_OTHER}, 2, "it stays SCHED_BATCH")
    process, address = start_with_errors_to(folder, program, subprocess.DEVNULL, idle=True)
    try:
        crowd = [Connection(address) for _ in range(20)]
        for connection in crowd:
            is_hello(connection.ask(get()))
            equal(policies(process.pid), {os.SCHED_IDLE}, "the policy that it was started with")
    finally:
        process.kill()
        process.wait()


def test_log_lines_come_in_time_and_together_under_load(folder, program):
    reader, writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # a read is a write
    process, address = start_with_errors_to(folder, program, writer)
    writer.close()
    reader.settimeout(5)
    try:
        with reader, contextlib.ExitStack() as stack:
            crowd = [stack.enter_context(Connection(address)) for _ in range(20)]
            for connection in crowd:
                is_hello(connection.ask(get(HTTP_X_REQUEST_ID="alone")))
                expect(b'"alone"' in reader.recv(65536), "a line of a request alone")
            process.send_signal(signal.SIGSTOP)
            for number, connection in enumerate(crowd):
                connection.send(get(HTTP_X_REQUEST_ID="r%d" % number))
            process.send_signal(signal.SIGCONT)
            for connection in crowd:
                is_hello(connection.read())
            writes = []
            while b"".join(writes).count(b"\n") < len(crowd):
                writes.append(reader.recv(65536))
        lines = b"".join(writes).splitlines()
        equal({json.loads(line)["requestId"] for line in lines},
              {"r%d" % number for number in range(len(crowd))}, "the lines")
        expect(all(each.endswith(b"}\n") and len(each) <= 4096 for each in writes), "a line was cut")
        expect(len(writes) < 10, "each line is written alone: %d writes" % len(writes))
    finally:
        process.kill()
        process.wait()


def start_with_errors_to(folder, program, stderr, *arguments, idle=False):
    """A responder whose fd 2 is this, SCHED_IDLE if so; returns it and its address when it listens."""
    address = "unix:%s/%d.sock" % (folder, time.monotonic_ns())
    process = subprocess.Popen([program, "--listen", address, "--threads", "1", *arguments],
                               stdin=subprocess.DEVNULL, stderr=stderr, preexec_fn=lambda: idle and
                               os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0)))
    wait_until(lambda: accepts(address), 5, "it doesn't listen")
    return process, address


def test_a_log_reader_that_stalls_stops_nobody(folder, program):
    for arguments in ((), ("--workers", "1")):
        reader, writer = os.pipe()
        fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
        process, address = start_with_errors_to(folder, program, writer, *arguments)
        try:
            os.close(writer)
            for _ in range(100):
                is_hello(ask(address, get("name=log")), "log")
            filled = os.read(reader, 65536)
            expect(filled.endswith(b"}\n"), "a line was cut")
            is_hello(ask(address, get("name=log")), "log")
            time.sleep(0.1)
            expect(b"log lines before this one were lost" in os.read(reader, 65536),
                   "lost lines aren't told")
            process.send_signal(signal.SIGTERM)
            equal(process.wait(2), 0, "exit status")
        finally:
            process.kill()
            process.wait()
            os.close(reader)


def test_nothing_of_its_own_lands_on_closed_descriptors(folder, program):
    address = "unix:%s/closed.sock" % folder
    shell = 'exec "$0" --listen "$1" --threads 1 <&- >&- 2>&-'
    process = subprocess.Popen(["sh", "-c", shell, program, address])
    try:
        wait_until(lambda: accepts(address), 5, "it doesn't listen")
        is_hello(ask(address, get("name=closed")), "closed")
        for number in (0, 1, 2):
            equal(os.readlink("/proc/%d/fd/%d" % (process.pid, number)), "/dev/null")
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main([value for name, value in list(globals().items()) if name.startswith("test_")])
