#!/usr/bin/env python3
"""workers_test.py - the parent that holds the socket: deaths, replacement, and stopping.

Usage: workers_test.py BUILDDIR. What a client sees must not depend on a worker's life: the socket stays,
so a request waits in its queue rather than being refused. Programs that die are made by putting a
failing file in the place of the program.
"""

import os
import shutil
import signal
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import (Closed, Connection, Program, Server, accepts, alive, ask, children, equal, expect,
                     get, is_sanitized, main, post, processor_time, takes_signals,
                     wait_until)


def is_hello(answer):
    equal((answer.status, answer.body), (200, b'{"message":"hello world"}'), "answer")


def workers_of(server, count):
    wait_until(lambda: len(children(server.pid)) == count, 5, "not %d workers" % count)
    return sorted(children(server.pid))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Clients:
    """Threads that ask all the time on kept connections and connect anew when one was closed. They end with
    the `with` block, whatever fails in it, and pause after an error."""

    def __init__(self, address, count=6):
        self.address, self.answered, self.errors = address, 0, []
        self.slowest, self.end = 0.0, threading.Event()
        self.threads = [threading.Thread(target=self._run) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _ask(self, connection, data):
        """The connection after an answer; None if it was closed before any byte of one."""
        try:
            start = time.monotonic()
            is_hello(connection.ask(data))
            self.slowest = max(self.slowest, time.monotonic() - start)
            self.answered += 1
            return connection
        except (Closed, OSError) as error:
            if connection.received or isinstance(error, TimeoutError):
                self.errors.append(repr(error))
            connection.close()
            return None

    def _run(self):
        connection, number, data = None, 0, get()
        while not self.end.is_set():
            try:
                fresh = connection is None
                connection = self._ask(connection or Connection(self.address, 5), data)
                if fresh and connection is None:
                    self.errors.append("a new connection was closed")
                number += 1
                if connection and number % 20 == 0:
                    connection.close()
                    connection = None
            except (AssertionError, OSError) as error:
                self.errors.append(repr(error))
                connection = None
                self.end.wait(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end.set()
        for thread in self.threads:
            thread.join()


def command_line(pid):
    """The words a process was started with."""
    with open("/proc/%d/cmdline" % pid) as file:
        return file.read().split("\0")


def test_runs_as_many_workers_as_asked(folder, program):
    for count in (1, 3):
        with Server(folder, program, "--workers", str(count), "--threads", "1") as server:
            workers = workers_of(server, count)
            is_hello(ask(server.address, get()))
            for pid in workers:
                wait_until(lambda: "--threads=1" in command_line(pid), 5,  # it may be a fork still
                           "the options aren't passed on")
                expect(len(os.listdir("/proc/%d/task" % pid)) == 1, "threads of a worker")
            status, took = server.stop()
            equal(status, 0, "exit status")
            expect(took < (2 if is_sanitized(program) else 0.5), "it took %.2f s" % took)
            expect(not os.path.lexists(server.address[5:]), "the socket file is left")
            expect(not any(alive(pid) for pid in workers), "a worker is left")


def test_holds_an_inherited_socket(folder, program):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(folder + "/s")
        listener.listen(64)
        with Program(folder, program, ["--workers", "2"], stdin=listener) as parent:
            is_hello(ask("unix:" + folder + "/s", get()))
            parent.signal(signal.SIGTERM)
            equal(parent.wait(), 0, "exit status")
        expect(os.path.exists(folder + "/s"), "it removed a socket that isn't its own")


def test_starts_with_stdin_closed(folder, program):
    address = "unix:" + folder + "/s"
    arguments = [program, "--listen", address, "--workers", "1"]
    with Program(folder, "/bin/sh", ["-c", 'exec "$@" <&-', "sh", *arguments]):
        wait_until(lambda: accepts(address), 5, "it doesn't listen")
        is_hello(ask(address, get(), 3))


def test_a_killed_worker_is_back_within_a_second(folder, program):
    with Server(folder, program, "--workers", "3", "--threads", "1") as server:
        workers = workers_of(server, 3)
        wait_until(lambda: all(takes_signals(pid) for pid in workers))
        time.sleep(1.05)  # one that has lived for a second is replaced at once
        start = time.monotonic()
        os.kill(workers[0], signal.SIGKILL)
        wait_until(lambda: len(children(server.pid)) == 3 and workers[0] not in children(server.pid),
                   1, "it isn't back")
        expect(time.monotonic() - start < 0.5, "it took long")
        expect(workers[1] in children(server.pid) and workers[2] in children(server.pid),
               "another worker was hit")
        wait_until(lambda: "killed by signal 9" in server.said(), 2, "the death isn't told")


def test_the_others_go_on_when_one_is_killed(folder, program):
    with Server(folder, program, "--workers", "3", "--threads", "1") as server:
        workers = workers_of(server, 3)
        wait_until(lambda: all(takes_signals(pid) for pid in workers))
        with Connection(server.address) as kept:
            is_hello(kept.ask(get()))
            with Clients(server.address) as clients:
                for _ in range(3):
                    time.sleep(0.2)
                    victim = workers_of(server, 3)[0]
                    os.kill(victim, signal.SIGKILL)
                time.sleep(0.3)
            answered = clients.answered
        # What lay with the dead worker is lost; each client has at most one request there.
        timeouts = [error for error in clients.errors if "imeout" in error]
        expect(answered > 500, "only %d answers" % answered)
        equal(timeouts, [], "requests that waited for ever")
        expect(len(clients.errors) <= 3 * 6, "%d errors: %s" % (len(clients.errors),
                                                               clients.errors[:3]))


def failing_program(folder, program):
    """A program of our own that can be replaced: a copy."""
    path = os.path.join(folder, "hello")
    shutil.copy2(program, path)
    return path


def replace(path, content):
    """Puts another executable file in its place, as a package manager would."""
    with open(path + ".new", "w") as file:
        file.write(content)
    os.chmod(path + ".new", 0o755)
    os.rename(path + ".new", path)


def test_backs_off_when_workers_die_at_once(folder, program):
    path = failing_program(folder, program)
    with Server(folder, path, "--workers", "1") as server:
        worker = workers_of(server, 1)[0]
        replace(path, "#!/bin/sh\necho started >>%s/starts\nexit 3\n" % folder)
        os.kill(worker, signal.SIGKILL)
        time.sleep(2)
        with open(folder + "/starts") as file:
            starts = file.read().count("started")
        expect(3 <= starts <= 6, "%d starts in two seconds" % starts)
        expect("status 3" in server.said(), "the death isn't told: " + server.said())
        expect(processor_time(server.pid) < 0.5, "the parent is busy")
        shutil.copy2(program, path + ".good")
        os.rename(path + ".good", path)
        is_hello(ask(server.address, get(), 10))  # it waited in the queue
        equal(server.stop()[0], 0, "exit status")


def test_backs_off_when_the_program_file_is_gone(folder, program):
    path = failing_program(folder, program)
    with Server(folder, path, "--workers", "2") as server:
        workers = workers_of(server, 2)
        os.unlink(path)
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        time.sleep(1)
        expect(2 <= server.said().count("can't start") <= 12, "lines: " + server.said()[-500:])
        equal(server.stop()[0], 0, "exit status")


def test_sighup_replaces_all_workers_without_an_error(folder, program):
    with Server(folder, program, "--workers", "2", "--threads", "2") as server:
        workers_of(server, 2)
        with Clients(server.address) as clients:
            for _ in range(3):
                old = set(children(server.pid))
                server.signal(signal.SIGHUP)
                wait_until(lambda old=old: not old & set(children(server.pid)), 8, "an old worker stays")
                workers_of(server, 2)
                time.sleep(0.2)
        answered = clients.answered
        equal(clients.errors, [], "errors")
        expect(answered > 200 and clients.slowest < 2, "%d answers, one took %.2f s"
               % (answered, clients.slowest))
        equal(server.stop()[0], 0, "exit status")


def test_sighup_takes_the_new_program(folder, program):
    path = failing_program(folder, program)
    with Server(folder, path, "--workers", "1") as server:
        workers_of(server, 1)
        replace(path, "#!/bin/sh\ntouch %s/new\nexec %s \"$@\"\n" % (folder, program))
        server.signal(signal.SIGHUP)
        wait_until(lambda: os.path.exists(folder + "/new"), 5, "the new program doesn't run")
        is_hello(ask(server.address, get()))


def test_sighup_with_a_broken_program_leaves_the_workers(folder, program):
    path = failing_program(folder, program)
    with Server(folder, path, "--workers", "2") as server:
        workers = workers_of(server, 2)
        with Clients(server.address, 2) as clients:
            for content in ("#!/bin/sh\nexit 3\n", "#!/nowhere\n"):
                replace(path, content)
                server.signal(signal.SIGHUP)
                time.sleep(0.4)
                equal(workers_of(server, 2), workers, "the workers")
            time.sleep(1)
            equal(workers_of(server, 2), workers, "the workers later")
        equal(clients.errors, [], "errors")
        expect("keeps running" in server.said(), "it isn't told: " + server.said()[-300:])
        equal(server.stop()[0], 0, "exit status")


def test_sighup_lets_a_request_finish(folder, program):
    data = post(b'{"name":"world"}')
    with Server(folder, program, "--workers", "1") as server, Connection(server.address) as half:
        old = workers_of(server, 1)
        half.send(data[:50])
        time.sleep(0.3)
        server.signal(signal.SIGHUP)
        time.sleep(0.3)
        is_hello(ask(server.address, get()))
        half.send(data[50:])
        is_hello(half.read())
        wait_until(lambda: not alive(old[0]), 3, "the old worker stays")


def test_many_sighups_at_once_leave_as_many_workers(folder, program):
    with Server(folder, program, "--workers", "2") as server:
        workers_of(server, 2)
        for _ in range(30):
            server.signal(signal.SIGHUP)
            time.sleep(0.003)
        time.sleep(0.2)
        workers_of(server, 2)
        is_hello(ask(server.address, get()))
        expect("ended with" not in server.said() and "killed" not in server.said(), server.said()[:400])
        equal(server.stop()[0], 0, "exit status")


def test_workers_end_with_a_parent_that_was_killed(folder, program):
    with Server(folder, program, "--workers", "3") as server:
        workers = workers_of(server, 3)
        wait_until(lambda: all(takes_signals(pid) for pid in workers))
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        wait_until(lambda: not any(alive(pid) for pid in workers), 2, "a worker goes on")
        with Server(folder, program, address=server.address) as successor:
            is_hello(ask(successor.address, get()))


def test_stops_whatever_the_workers_are_doing(folder, program):
    with Server(folder, program, "--workers", "3") as server:
        workers = workers_of(server, 3)
        os.kill(workers[0], signal.SIGKILL)
        kept = [Connection(server.address) for _ in range(12)]
        for connection in kept:
            is_hello(connection.ask(get()))
        status, took = server.stop()
        equal(status, 0, "exit status")
        expect(took < 1.5, "it took %.2f s" % took)
        expect(not any(alive(pid) for pid in workers), "a worker is left")
        for connection in kept:
            connection.close()


def test_what_waits_in_the_queue_is_answered_before_it_stops(folder, program):
    for address, count in (("unix:" + folder + "/s", "1"), ("unix:" + folder + "/s", "3"),
                           ("127.0.0.1:%d" % free_port(), "2")):
        with Server(folder, program, "--workers", count, address=address) as server:
            workers = workers_of(server, int(count))
            wait_until(lambda: all(takes_signals(pid) for pid in workers))
            for pid in workers:
                os.kill(pid, signal.SIGSTOP)
            waiting = [Connection(address) for _ in range(300)]
            for connection in waiting:
                connection.send(get())
            server.signal(signal.SIGTERM)
            wait_until(lambda: not address.startswith("unix:") or not accepts(address), 2,
                       "it still lets others connect")
            for pid in workers:
                os.kill(pid, signal.SIGCONT)
            for connection in waiting:
                is_hello(connection.read())
                connection.close()
            equal(server.wait(3), 0, "exit status")


def test_a_socket_that_was_handed_over_keeps_its_queue(folder, program):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(folder + "/s")
        listener.listen(64)
        with Program(folder, program, ["--workers", "2"], stdin=listener) as parent:
            workers = workers_of(parent, 2)
            wait_until(lambda: all(takes_signals(pid) for pid in workers))
            for pid in workers:
                os.kill(pid, signal.SIGSTOP)
            with Connection("unix:" + folder + "/s") as waiting:
                waiting.send(get())
                parent.signal(signal.SIGTERM)
                for pid in workers:
                    os.kill(pid, signal.SIGCONT)
                equal(parent.wait(3), 0, "exit status")
                with Program(folder, program, stdin=listener):
                    is_hello(waiting.read())
                    is_hello(ask("unix:" + folder + "/s", get()))


def stop_and_replace(server):
    """Stops the one worker in its tracks and has it replaced; its process id."""
    stuck = workers_of(server, 1)[0]
    wait_until(lambda: takes_signals(stuck))
    os.kill(stuck, signal.SIGSTOP)
    server.signal(signal.SIGHUP)
    wait_until(lambda: set(children(server.pid)) - {stuck}, 5, "there is no new worker")
    time.sleep(1.3)  # the old one is told to end
    expect(alive(stuck), "it isn't stuck")
    return stuck


def test_a_stuck_worker_that_was_replaced_is_killed(folder, program):
    with Server(folder, program, "--workers", "1", "--timeout", "1") as server:
        stuck = stop_and_replace(server)
        is_hello(ask(server.address, get()))
        wait_until(lambda: not alive(stuck), 25, "it outlives its replacement")
        expect("worker %d didn't end in time; killed it" % stuck in server.said(), server.said())
        workers_of(server, 1)
        equal(server.stop()[0], 0, "exit status")


def test_a_stuck_worker_that_was_replaced_does_not_hold_up_stopping(folder, program):
    with Server(folder, program, "--workers", "1", "--timeout", "3000") as server:
        stuck = stop_and_replace(server)
        status, took = server.stop(25)
        equal(status, 0, "exit status")
        expect(not alive(stuck), "the stuck worker is left")
        expect(took > 5, "it was killed after %.1f s, when it could have gone on" % took)


def test_a_stuck_worker_does_not_hold_up_stopping(folder, program):
    with Server(folder, program, "--workers", "2") as server:
        workers = workers_of(server, 2)
        wait_until(lambda: all(takes_signals(pid) for pid in workers))
        os.kill(workers[0], signal.SIGSTOP)
        equal(server.stop(25)[0], 0, "exit status")
        expect(not any(alive(pid) for pid in workers), "a worker is left")


def test_stops_where_sigint_was_ignored(folder, program):
    address = "unix:" + folder + "/s"
    ignoring = "import os,signal,sys;signal.signal(signal.SIGINT,signal.SIG_IGN);" \
               "os.execv(sys.argv[1],sys.argv[1:])"
    for delay in (0, 0.002, 0.005, 0.3):
        with Program(folder, sys.executable, ["-c", ignoring, program, "--listen", address,
                                              "--workers", "2"]) as parent:
            wait_until(lambda: os.path.lexists(address[5:]), 5, "it doesn't listen")
            time.sleep(delay)
            parent.signal(signal.SIGTERM)
            expect(parent.wait(3) in (0, -signal.SIGTERM), "exit status")
        if os.path.lexists(address[5:]):
            os.unlink(address[5:])


def test_stops_while_starting(folder, program):
    for delay in (0, 0.001, 0.003, 0.01):
        address = "unix:%s/%s" % (folder, delay)
        with Program(folder, program, ["--listen", address, "--workers", "4"]) as parent:
            wait_until(lambda: os.path.lexists(address[5:]), 5, "it doesn't listen")
            time.sleep(delay)
            parent.signal(signal.SIGTERM)
            status = parent.wait(5)
            expect(status in (0, -signal.SIGTERM), "exit status %d" % status)
            wait_until(lambda: not children(parent.pid), 2, "a worker is left")


def test_deaths_are_told_even_where_sigchld_was_ignored(folder, program):
    address = "unix:" + folder + "/s"
    ignoring = "import os,signal,sys;signal.signal(signal.SIGCHLD,signal.SIG_IGN);" \
               "os.execv(sys.argv[1],sys.argv[1:])"
    with Program(folder, sys.executable, ["-c", ignoring, program, "--listen", address,
                                          "--workers", "1"]) as parent:
        wait_until(lambda: accepts(address), 5, "it doesn't listen")
        worker = workers_of(parent, 1)[0]
        wait_until(lambda: takes_signals(worker))
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: children(parent.pid) not in ([], [worker]), 2, "it isn't started again")
        is_hello(ask(address, get(), 3))


def test_the_parent_does_nothing_while_the_workers_serve(folder, program):
    with Server(folder, program, "--workers", "2") as server:
        workers_of(server, 2)
        before = processor_time(server.pid)
        with Connection(server.address) as connection:
            for _ in range(3000):
                connection.ask(get())
        expect(processor_time(server.pid) - before < 0.03, "the parent is busy")


if __name__ == "__main__":
    main([value for name, value in list(globals().items()) if name.startswith("test_")])
