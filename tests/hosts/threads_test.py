#!/usr/bin/env python3
"""threads_test.py - what a responder's threads do for each other, and that they end when nothing is to do.

Usage: threads_test.py BUILDDIR. The programs get a listening socket as systemd would hand it over. What
is slow is done by `probe`, a function that waits as long as it's told to. Whenever a program ends, a
request that could be sent is answered.
"""

import concurrent.futures
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import (Closed, Connection, Program, Server, Skip, ask, equal, expect, get, is_sanitized,
                     main, processor_time, takes_signals, wait_until)


@contextlib.contextmanager
def handed_over(folder):
    """A listening socket, as systemd would open it, and its address."""
    with socket.socket(socket.AF_UNIX) as listener:
        path = os.path.join(folder, "s")
        listener.bind(path)
        listener.listen(1024)
        yield listener, "unix:" + path


def threads(program):
    """The thread ids of a program that runs."""
    return os.listdir("/proc/%d/task" % program.pid)


def probe_of(program):
    """The program of the function that waits."""
    path = os.path.join(os.path.dirname(program), "tests", "hosts", "probe")
    if not os.path.exists(path):
        raise Skip("make check-programs builds the probe")
    return path


def waiting(milliseconds):
    """A request that takes so long."""
    return get("pieces=1&wait=%d" % milliseconds)


def ask_at_once(address, count, times, data):
    """COUNT clients on a kept connection each; what they were answered, and how long it took."""
    def client(_):
        with contextlib.ExitStack() as stack:
            connection, answers = None, []
            while len(answers) < times:
                connection = connection or stack.enter_context(Connection(address, 30))
                try:
                    connection.send(data)
                except BrokenPipeError:
                    connection = None  # it was closed, and says so before the request is sent
                    continue
                answers.append(connection.read().status)
            return answers
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        answers = sum(pool.map(client, range(count)), [])
    return answers, time.monotonic() - start


def test_serves_as_many_requests_at_once_as_it_has_threads(folder, program):
    with Server(folder, probe_of(program), "--threads", "4") as server:
        for _ in range(2):
            answers, took = ask_at_once(server.address, 8, 10, waiting(40))
            equal((answers, len(threads(server))), ([200] * 80, 4), "answers and threads")
            # One thread would need 3.2 s, four that share evenly 0.8 s.
            expect(took < 2.2, "80 requests of 40 ms took %.2f s" % took)
        equal(server.stop()[0], 0, "exit status")


def test_tries_again_to_open_what_could_not_be_opened(folder, program):
    environment = {**os.environ, "PROBE_OPENS": "3", "PROBE_WHY": "The model is missing."}
    with Server(folder, probe_of(program), "--threads", "1", environment=environment) as server:
        answer = ask(server.address, get())
        expect(answer.status == 503 and b"The model is missing." in answer.body, answer.body)
        wait_until(lambda: ask(server.address, get()).status == 200, 30, "it stays closed")
        equal([ask(server.address, get()).status for _ in range(20)], [200] * 20, "once it's open")
        status, said = server.stop()[0], server.said()
        equal((status, said.count("can't be opened: The model is missing."),
               said.count("the function is open now"), said.count("probe closed")), (0, 1, 1, 1), said)


def test_does_not_try_to_open_at_every_request(folder, program):
    # A hundred requests are answered long before a hundred attempts are due: those double.
    environment = {**os.environ, "PROBE_OPENS": "100"}
    with Server(folder, probe_of(program), "--threads", "1", environment=environment) as server:
        equal([ask(server.address, get()).status for _ in range(150)], [503] * 150, "answers")
        equal(server.stop()[0], 0, "exit status")


def test_has_no_thread_beyond_those_allowed(folder, program):
    with Server(folder, probe_of(program), "--threads", "1") as server:
        equal(ask_at_once(server.address, 6, 4, waiting(10))[0], [200] * 24, "answers")
        equal(len(threads(server)), 1, "threads")


def test_goes_on_with_the_threads_it_has_where_no_more_can_be_started(folder, program):
    if is_sanitized(program):
        raise Skip("a sanitizer needs more memory than may be had here")
    probe = probe_of(program)
    limited = ["prlimit", "--stack=%d" % (1 << 40), "--as=%d" % (1 << 32), probe]
    with handed_over(folder) as (listener, address), \
            Program(folder, limited[0], [*limited[1:], "--threads", "4"], stdin=listener) as server:
        equal(ask_at_once(address, 6, 5, waiting(10))[0], [200] * 30, "answers")
        equal(len(threads(server)), 1, "threads")
        expect("can't start another thread; continuing with 1" in server.said(), "it said " + server.said())
        server.signal(signal.SIGTERM)
        equal(server.wait(), 0, "exit status")


def test_all_threads_take_part(folder, program):
    with Server(folder, probe_of(program), "--threads", "3") as server:
        ask_at_once(server.address, 9, 12, waiting(20))
        before = {name: switches(server, name) for name in threads(server)}
        ask_at_once(server.address, 9, 12, waiting(20))
        for name, count in before.items():
            expect(switches(server, name) - count > 8, "a thread of %d did nothing" % len(before))


def switches(program, thread):
    """How often a thread has had to wait."""
    with open("/proc/%d/task/%s/status" % (program.pid, thread)) as file:
        return int(next(line for line in file if line.startswith("voluntary")).split()[1])


def test_ends_when_it_has_been_idle(folder, program):
    with handed_over(folder) as (listener, address), \
            Program(folder, program, ["--idle", "1", "--threads", "4"], stdin=listener) as server, \
            Connection(address) as kept:
        equal(kept.ask(get()).status, 200, "status")
        start = time.monotonic()
        equal(server.wait(5), 0, "exit status")
        took = time.monotonic() - start
        expect(0.9 < took < 2, "it ended after %.2f s" % took)
        expect(kept.is_closed(), "the kept connection is open")
        # Nobody was asked to close the socket: the next program answers what has been sent.
        with Connection(address) as late:
            late.send(get())
            with Program(folder, program, ["--idle", "1"], stdin=listener):
                equal(late.read().status, 200, "status")


def test_ends_when_nobody_ever_asked(folder, program):
    with handed_over(folder) as (listener, _), \
            Program(folder, program, ["--idle", "1"], stdin=listener) as server:
        equal(server.wait(5), 0, "exit status")
        equal(server.said(), "", "what it said")


def test_does_not_end_while_one_thread_is_used(folder, program):
    with handed_over(folder) as (listener, address), \
            Program(folder, probe_of(program), ["--idle", "1", "--threads", "4"], stdin=listener) as server:
        with Connection(address) as connection:
            for _ in range(10):
                equal(connection.ask(get()).status, 200, "status")
                time.sleep(0.25)
            equal(len(threads(server)), 4, "threads")
        equal(server.wait(6), 0, "exit status")


def test_a_request_that_takes_longer_than_the_idle_time_is_answered(folder, program):
    with handed_over(folder) as (listener, address), \
            Program(folder, probe_of(program), ["--idle", "1", "--threads", "2"], stdin=listener):
        equal(ask(address, waiting(2500)).status, 200, "status")


def test_uses_no_time_while_it_waits_to_end(folder, program):
    with handed_over(folder) as (listener, address), \
            Program(folder, program, ["--idle", "60", "--threads", "2"], stdin=listener) as server:
        equal(ask(address, get()).status, 200, "status")
        before = processor_time(server.pid)
        time.sleep(1)
        expect(processor_time(server.pid) - before <= 0.01, "it is busy")


def test_idle_is_for_a_socket_that_another_holds(folder, program):
    for more in (["--listen", "unix:" + folder + "/s"], ["--workers", "2"]):
        with handed_over(os.path.dirname(program) and folder_of(folder)) as (listener, _):
            done = subprocess.run([program, "--idle", "5", *more], stdin=listener,
                                  capture_output=True, text=True, check=False, timeout=10)
        equal(done.returncode, 2, "exit status")
        expect("--idle is for a socket that systemd holds" in done.stderr, "it said " + done.stderr)
    for number in ("0", "-1", "x", "86401", ""):
        done = subprocess.run([program, "--idle", number], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False, timeout=10)
        equal((done.returncode, done.stdout), (2, ""), "--idle " + number)
        expect("--idle takes a number from 1 to 86400" in done.stderr, "it said " + done.stderr)


def folder_of(folder):
    """A folder of its own for each socket."""
    path = os.path.join(folder, str(time.monotonic_ns()))
    os.mkdir(path)
    return path


class Clients:
    """Clients that ask all the time, on kept connections and on new ones. None may lose a request."""

    def __init__(self, address, count):
        self.address, self.answered, self.lost, self.end = address, 0, [], threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(i,)) for i in range(count)]
        for thread in self.threads:
            thread.start()

    def _run(self, number):
        connection, turn = None, number
        while not self.end.is_set():
            turn += 1
            if connection is None:
                connection = Connection(self.address, 20)
            try:
                connection.send(get())
            except BrokenPipeError:
                connection.close()
                connection = None  # nothing was sent
                continue
            try:
                equal(connection.read().status, 200, "status")
                self.answered += 1
            except (AssertionError, Closed, OSError) as error:
                self.lost.append(repr(error))
            if self.lost or turn % 7 == 0:
                connection.close()
                connection = None

    def stop(self):
        """Ends them."""
        self.end.set()
        for thread in self.threads:
            thread.join()


def keep_running(folder, program, listener, end):
    """What systemd does: a program runs when somebody asks. Yields each; ends when END is reached."""
    while time.monotonic() < end:
        if not select.select([listener], [], [], 0.1)[0]:
            continue
        with Program(folder, program, ["--idle", "1", "--threads", "2"], stdin=listener) as server:
            yield server
            equal(server.wait(20), 0, "exit status")


def test_loses_nothing_that_could_be_sent_when_it_ends(folder, program):
    with handed_over(folder) as (listener, address):
        clients, ends = Clients(address, 6), 0
        try:
            for server in keep_running(folder, program, listener, time.monotonic() + 4):
                wait_until(lambda: takes_signals(server.pid), 20)
                time.sleep(0.02 + ends % 7 * 0.004)
                server.signal(signal.SIGTERM)
                ends += 1
        finally:
            last = Program(folder, program, [], stdin=listener)  # answers what still waits
            clients.stop()
            last.signal(signal.SIGTERM)
            last.wait()
    expect(not clients.lost, "%d of %d were lost: %s" % (len(clients.lost), clients.answered,
                                                         clients.lost[:3]))
    expect(ends > 5 and clients.answered > 50, "only %d ends, %d answers" % (ends, clients.answered))


class Bystander:
    """A client that asks when it's told to, on a kept connection or on a new one each time."""

    def __init__(self, address, keeps):
        self.address, self.keeps, self.connection = address, keeps, None

    def ask(self, moment):
        """Sends a request at that moment, and returns the answer's status or what went wrong."""
        while True:
            time.sleep(max(0, moment - time.monotonic()))
            self.connection = self.connection or Connection(self.address, 20)
            try:
                self.connection.send(get(keep=self.keeps))
                return self.connection.read().status
            except BrokenPipeError:
                self.connection = None  # nothing was sent
            except (Closed, OSError) as error:
                return repr(error)
            finally:
                if not self.keeps:
                    self.connection = None


def test_loses_nothing_around_the_idle_end(folder, program):
    """Six clients ask within a millisecond, some milliseconds about a second after the last answer."""
    rounds, said = 6, []

    def clients_ask(address, pool, bystanders):
        for number in range(rounds):
            first = time.monotonic() + (1 + (number - 2) / 1000 if number else 0)
            moments = [first + i * 0.0002 for i in range(len(bystanders))]
            said.extend(pool.map(lambda one, moment: one.ask(moment), bystanders, moments))
    with handed_over(folder) as (listener, address), \
            concurrent.futures.ThreadPoolExecutor(8) as pool:
        bystanders = [Bystander(address, i % 2 == 0) for i in range(6)]
        asking = pool.submit(clients_ask, address, pool, bystanders)
        ends = sum(1 for _ in keep_running(folder, program, listener, time.monotonic() + rounds + 1))
        asking.result()
    equal([what for what in said if what != 200], [], "lost")
    expect(ends >= 2 and len(said) == 6 * rounds, "%d ends, %d requests" % (ends, len(said)))


TESTS = [value for name, value in list(globals().items()) if name.startswith("test_")]

if __name__ == "__main__":
    main(TESTS, seconds=60)
