#!/usr/bin/env python3
"""queue_test.py - dime consume and dime send with a real redis-server.

Usage: queue_test.py BUILDDIR. The function that runs is a probe that writes down each message that
it was handed. What must hold: no message is lost, whoever dies; what succeeded isn't delivered again;
what failed is, and is a dead letter in the end; a queue that is down costs nothing and is found
again soon.
"""

import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import Program, Skip, alive, children, equal, expect, is_sanitized, main, processor_time, wait_until
from redis_server import Peer, Redis, answers, closes, stalls, trickles

MANY = 10000
TIMEOUT = 20


def function_of(program, name):
    """How --function names one of the tests' own functions, a program of the build tree, or one of dime's."""
    path = os.path.join(os.path.dirname(program), "tests", "hosts", "queue", name)
    return path if os.path.exists(path) else name


class Consumer(Program):
    """A dime consume that runs the probe, whose notes are in a file."""

    def __init__(self, folder, program, url, *options, notes=None, function="probe", **variables):
        self.notes = notes or os.path.join(folder, "notes")
        environment = dict(os.environ, PROBE_FILE=self.notes, PROBE_STATUS="500")
        environment.update({"PROBE_" + name.upper(): str(value)
                            for name, value in variables.items()})
        super().__init__(folder, program, ["consume", "--queue", url, "--function", function_of(program, function),
                                           "--visibility", "2", "--retry", "0.05", *options],
                         environment=environment)

    def stop(self, within=10.0):
        wait_until(lambda: "consuming" in self.said(), 10, "it doesn't begin")
        self.signal(signal.SIGTERM)
        return self.wait(within)


def noted(folder, name="notes"):
    """How often the probe was run for each number."""
    try:
        with open(os.path.join(folder, name)) as file:
            return collections.Counter(int(line.split()[0]) for line in file)
    except FileNotFoundError:
        return collections.Counter()


def send(program, url, text, *options, within=TIMEOUT, **more):
    """The exit status, stdout and stderr of dime send."""
    done = subprocess.run([program, "send", "--queue", url, *options], capture_output=True,
                          input=text if isinstance(text, bytes) else text.encode(), timeout=within,
                          check=False, **more)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def fill(redis, stream, numbers, **more):
    redis.all([("XADD", stream, "*", "body", json.dumps({"n": number, **more})) for number in numbers])


def is_empty(redis, stream, group="dime"):
    """Whether nothing waits in the stream, and nothing is pending."""
    try:
        return redis("XLEN", stream) == 0 and redis("XPENDING", stream, group)[0] == 0
    except OSError:  # there is no group yet
        return False


def dead(redis, stream):
    """The numbers of the dead letters."""
    entries = redis("XRANGE", stream + ":dead", "-", "+")
    return [json.loads(dict(zip(fields[::2], fields[1::2]))["body"])["n"] for _, fields in entries]


def test_sends_and_consumes(folder, program):
    with Redis(folder) as redis:
        url = redis.url("q")
        status, out, err = send(program, url, '{"n":1}')
        equal((status, err), (0, ""), "the status and stderr")
        equal(out.strip(), redis("XRANGE", "q", "-", "+")[0][0], "the id")
        equal(send(program, url, '{"n":2}\n\n {"n":3} \r\n{"n":4}', "--lines")[0], 0, "lines")
        with Consumer(folder, program, url) as consumer:
            wait_until(lambda: is_empty(redis, "q"), what="the queue isn't empty")
            equal(consumer.stop(), 0, "the exit status")
        equal(noted(folder), {1: 1, 2: 1, 3: 1, 4: 1}, "what was run")
        log = [json.loads(line) for line in consumer.said().splitlines()]
        lines = [line for line in log if line.get("host") == "queue"]
        expect(lines and all(line["status"] == 200 for line in lines), "the log is %r" % log)


def test_sends_what_can_be_sent(folder, program):
    path = os.path.join(folder, "file")
    with open(path, "w") as file:
        file.write("\u00e9" * 500000)
    with Redis(folder) as redis:
        url = redis.url("q", maxlen=3)
        equal(send(program, url, "", path)[0], 0, "a file of a megabyte")
        equal(len(redis("XRANGE", "q", "-", "+")[0][1][1]), 500000, "its length")
        for text, options, words in ((b"", (), "empty"), (b"\xff", (), "UTF-8"),
                                     (b"x" * 1048577, (), "1048576"), (b"", ("/nowhere",), "No such"),
                                     (b"x\n\xff\n", ("--lines",), "line 2 isn't"),
                                     (b"x" * 1048577, ("--lines",), "line 1 has more"),
                                     (b"", ("a", "b"), '"b"'), (b"", ("--x",), '"--x"')):
            status, _, err = send(program, url, text, *options)
            equal(status, 2, "the status of %r" % text[:9])
            expect(words in err, "it says %r" % err)
        equal(send(program, url, "a\nb", "--lines")[0], 0, "as many as there may be")
        status, out, err = send(program, url, "c")
        equal((status, out), (1, ""), "one more")
        expect("it's full" in err, "it says %r" % err)
        with open("/dev/full", "w") as full:
            done = subprocess.run([program, "send", "--queue", redis.url("p")], input=b"{}", timeout=TIMEOUT,
                                  stdout=full, stderr=subprocess.PIPE, check=False)
        equal((done.returncode, redis("XLEN", "p")), (1, 1), "where the id can't be written")


def test_sends_lines_without_an_end(folder, program):
    with Redis(folder) as redis:
        process = subprocess.Popen([program, "send", "--queue", redis.url("q"), "--lines"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(b'{"n":1}\n{"n"')
        process.stdin.flush()
        wait_until(lambda: redis("XLEN", "q") == 1, what="the first line isn't sent")
        process.stdin.write(b":2}\n" + b"".join(b'{"n":%d}\n' % n for n in range(3, 1001)))
        out, _ = process.communicate(timeout=TIMEOUT)
        equal((process.returncode, len(out.split())), (0, 1000), "the status and ids")
        equal(redis("XLEN", "q"), 1000, "the messages")


def test_a_message_is_at_least_once_whoever_dies(folder, program):
    started = time.monotonic()
    kills = 0
    with Redis(folder) as redis:
        url = redis.url("q", deliveries=0)
        fill(redis, "q", range(MANY))
        options = (folder, program, url, "--visibility", "1")
        consumers = [Consumer(*options, wait=2) for _ in range(3)]
        try:
            while not is_empty(redis, "q"):
                time.sleep(1)
                victim = random.randrange(3)
                consumers[victim].signal(signal.SIGKILL)
                consumers[victim].wait()
                consumers[victim] = Consumer(*options, wait=2)
                kills += 1
                expect(time.monotonic() - started < 60, "it takes too long")
            for one in consumers:
                equal(one.stop(), 0, "the exit status")
        finally:
            for one in consumers:
                one.__exit__()
    runs = noted(folder)
    lost = [number for number in range(MANY) if number not in runs]
    equal(lost, [], "the messages that were lost")
    twice = sum(count - 1 for count in runs.values())
    print("#! %d messages, 3 consumers, %d killed: none lost, %d run again, %.1f s"
          % (MANY, kills, twice, time.monotonic() - started), flush=True)
    expect(kills >= 5 and twice <= 10 * kills, "%d kills, %d run again" % (kills, twice))


def test_what_fails_comes_again_and_only_that(folder, program):
    with Redis(folder) as redis:
        url = redis.url("q", deliveries=3)
        fill(redis, "q", range(MANY))
        consumers = [Consumer(folder, program, url, "--batch", "20", fails=7) for _ in range(3)]
        try:
            wait_until(lambda: is_empty(redis, "q"), 25, "the queue isn't empty")
            for one in consumers:
                equal(one.stop(), 0, "the exit status")
        finally:
            for one in consumers:
                one.__exit__()
        runs = noted(folder)
        sevenths = set(range(0, MANY, 7))
        equal({number for number, count in runs.items() if count == 3}, sevenths, "run three times")
        equal({number for number, count in runs.items() if count == 1},
              set(range(MANY)) - sevenths, "run once")
        equal(sorted(dead(redis, "q")), sorted(sevenths), "the dead letters")


def test_keeps_hidden_what_runs(folder, program):
    with Redis(folder) as redis:
        url = redis.url("q")
        fill(redis, "q", range(4), wait=700)
        options = (folder, program, url, "--visibility", "0.5")
        with Consumer(*options) as one, Consumer(*options) as other:
            wait_until(lambda: is_empty(redis, "q"), 10, "the queue isn't empty")
            equal((one.stop(), other.stop()), (0, 0), "the exit statuses")
        equal(noted(folder), {number: 1 for number in range(4)}, "what was run")


def test_gives_up_what_takes_too_long(folder, program):
    with Redis(folder) as redis:
        url = redis.url("q")
        fill(redis, "q", [1], wait=4000)
        options = (folder, program, url, "--visibility", "0.5", "--timeout", "1")
        with Consumer(*options, notes=os.path.join(folder, "slow")):
            wait_until(lambda: pending(redis) == 1, 10, "it isn't received")
            time.sleep(1)
            entry = redis("XPENDING", "q", "dime", "-", "+", 1)[0]
            wait_until(lambda: redis("XPENDING", "q", "dime", "-", "+", 1)[0][2] > 500, 3,
                       "it's kept hidden: %r" % entry)


def test_finishes_what_runs(folder, program):
    with Redis(folder) as redis:
        fill(redis, "q", range(3), wait=300)
        fill(redis, "q", range(3, 30), wait=300)
        with Consumer(folder, program, redis.url("q"), "--batch", "3") as consumer:
            wait_until(lambda: redis("XLEN", "q") == 30 and noted(folder), 10, "nothing runs")
            start = time.monotonic()
            equal(consumer.stop(), 0, "the exit status")
            expect(time.monotonic() - start < 2.5, "it takes %.1f s" % (time.monotonic() - start))
        runs = noted(folder)
        equal((runs, redis("XLEN", "q")), ({0: 1, 1: 1, 2: 1}, 27), "what was run, and is left")
        equal(redis("XPENDING", "q", "dime")[0], 0, "what is pending")


def test_a_second_signal_ends_it(folder, program):
    with Redis(folder) as redis:
        fill(redis, "q", [1], wait=20000)
        with Consumer(folder, program, redis.url("q")) as consumer:
            wait_until(lambda: pending(redis) == 1, 10, "nothing runs")
            consumer.signal(signal.SIGTERM)
            consumer.signal(signal.SIGHUP)  # as good as at once: the same wish
            time.sleep(1.2)
            expect("delivered again" not in consumer.said(), "it says %r" % consumer.said())
            consumer.signal(signal.SIGTERM)
            equal(consumer.wait(), 1, "the exit status")
            expect("delivered again" in consumer.said(), "it says %r" % consumer.said())
        equal(pending(redis), 1, "what is pending")


def pending(redis, stream="q"):
    try:
        return redis("XPENDING", stream, "dime")[0]
    except OSError:
        return 0


def test_runs_batches_at_once(folder, program):
    with Redis(folder) as redis:
        fill(redis, "q", range(40), wait=100)
        start = time.monotonic()
        with Consumer(folder, program, redis.url("q"), "--concurrency", "4", "--batch", "2"):
            wait_until(lambda: pending(redis) > 2, 10, "one batch at once")
            wait_until(lambda: expect(pending(redis) <= 8, "more at once") or is_empty(redis, "q"))
        took = time.monotonic() - start
        expect(0.9 < took < 3, "it took %.1f s" % took)
        equal(noted(folder), {number: 1 for number in range(40)}, "what was run")


def test_ends_after_one_batch(folder, program):
    with Redis(folder) as redis:
        for status in (200, 422, 503):
            fill(redis, "q", [7])
            with Consumer(folder, program, redis.url("q", deliveries=1), "--once", status=status,
                          fails=7 if status > 200 else 0) as consumer:
                equal(consumer.wait(), {2: 0, 4: 4, 5: 5}[status // 100], "the exit status")
        equal(len(dead(redis, "q")), 2, "the dead letters")


def test_passes_answers_on(folder, program):
    """From one queue through a function into the next, whose consumer prints what comes out."""
    with Redis(folder) as redis:
        redis.all([("XADD", "q", "*", "amount", "%d" % number) for number in range(1, 101)]
                  + [("XADD", "q", "*", "amount", "x")])
        first = ["--answers", redis.url("next"), "--concurrency", "3"]
        with Consumer(folder, program, redis.url("q", deliveries=1), *first, function="change") as one:
            wait_until(lambda: is_empty(redis, "q"), what="the queue isn't empty")
            equal(one.stop(), 0, "the exit status")
        answers_of = [json.loads(fields[1]) for _, fields in redis("XRANGE", "next", "-", "+")]
        equal(collections.Counter(json.loads(answer["body"])["res"][0]["%d" % (4 * number)]
                                  for number in range(1, 101) for answer in answers_of
                                  if '"%d":' % (4 * number) in answer["body"]),
              collections.Counter({"quarters": 100}), "the answers in the next queue")
        equal(redis("XLEN", "q:dead"), 1, "what failed has no answer")
        path = os.path.join(folder, "lines")
        with open(path, "wb") as out:
            process = subprocess.Popen(
                [program, "consume", "--queue", redis.url("next"), "--function", "hello",
                 "--answers", "-", "--concurrency", "8"], stdout=out, stderr=subprocess.DEVNULL)
            wait_until(lambda: is_empty(redis, "next"), what="the next queue isn't empty")
            process.terminate()
            equal(process.wait(TIMEOUT), 0, "the exit status")
        with open(path) as out:
            lines = [json.loads(line) for line in out]
        ids = sorted(answer["headers"]["X-Request-Id"] for answer in answers_of)
        equal([line["body"] for line in lines], ['{"message":"hello world"}'] * 100, "the lines")
        equal(sorted(line["headers"]["X-Request-Id"] for line in lines), ids, "one id all the way")


def test_keeps_what_cannot_be_passed_on(folder, program):
    """A full disk, a queue of answers that is away or full: no message is done with."""
    away = "redis://127.0.0.1:1/next"
    with Redis(folder) as redis:
        redis("XADD", "full", "*", "amount", "1")
        for number, (where, words, out) in enumerate((
                ("-", "No space left", "/dev/full"), (away, "answers can't be passed on", os.devnull),
                (redis.url("full", maxlen=1), "it's full", os.devnull))):
            stream = "q%d" % number
            redis("XADD", stream, "*", "amount", "1")
            with open(out, "wb") as stdout:
                done = subprocess.run([program, "consume", "--once", "--queue", redis.url(stream),
                                       "--function", "change", "--answers", where], stdout=stdout,
                                      stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
            expect(words.encode() in done.stderr, "it says %r" % done.stderr)
            equal(done.returncode, 5, "the exit status")
            equal((redis("XLEN", stream), redis("XPENDING", stream, "dime")[0]), (1, 1), "it's kept")
    for words, part in ((("--answers", redis.url("q")), "another queue"),
                        (("--answers", redis.url("q", deliveries=9, db=0)), "another queue"),
                        (("--answers", ""), "missing"),
                        (("--name", ""), "missing")):
        done = subprocess.run([program, "consume", "--queue", redis.url("q"), "--function", "change",
                               *words], capture_output=True, timeout=TIMEOUT, check=False)
        equal(done.returncode, 2, "the exit status")
        expect(part in done.stderr.decode(), "it says %r" % done.stderr)
    done = subprocess.run([program, "consume", "--queue", redis.url("q"), "--function", "change",
                           "--answers", "http:/x"], capture_output=True, timeout=TIMEOUT, check=False)
    equal(done.returncode, 2, "the exit status")
    expect("URL of the queue of answers" in done.stderr.decode(), "it says %r" % done.stderr)


def test_waits_for_where_answers_go(folder, program):
    """A queue of answers that is away costs no message one of its deliveries, and gets them all later."""
    with Redis(folder) as redis:
        peer = Peer(redis.port)
        peer.refuse()
        redis.all([("XADD", "q", "*", "amount", "%d" % number) for number in range(1, 31)])
        away = "redis://127.0.0.1:%d/next" % peer.port
        with Consumer(folder, program, redis.url("q", deliveries=2), "--answers", away, "--timeout", "1",
                      "--concurrency", "2", function="change") as one:
            wait_until(lambda: "answers can't be passed on" in one.said(), 10, "it says nothing")
            time.sleep(6)  # of which each delivery would have had at most two
            equal(redis("XLEN", "q:dead"), 0, "the dead letters")
            equal(redis("XLEN", "q"), 30, "the messages")
            peer.listen()
            wait_until(lambda: is_empty(redis, "q"), 20, "the queue isn't empty")
            expect("passed on again" in one.said(), "it says %r" % one.said())
            equal(one.stop(), 0, "the exit status")
        expect(redis("XLEN", "next") >= 30, "the answers")
        peer.__exit__()


def test_ends_when_nobody_reads_the_answers(folder, program):
    with Redis(folder) as redis:
        redis.all([("XADD", "q", "*", "amount", "%d" % number) for number in range(1, 31)])
        started, held = os.pipe()
        os.close(started)
        process = subprocess.Popen([program, "consume", "--queue", redis.url("q"), "--function", "change",
                                    "--answers", "-"], stdout=held, stderr=subprocess.PIPE)
        os.close(held)
        _, err = process.communicate(timeout=TIMEOUT)
        expect(b"nobody reads the answers" in err, "it says %r" % err)
        equal(process.returncode, 1, "the exit status")
        equal((redis("XLEN", "q"), redis("XLEN", "q:dead")), (30, 0), "all is still there")


def test_takes_entries_of_all_kinds(folder, program):
    with Redis(folder) as redis:
        redis.all([("XADD", "q", "*", "n", "1", "key", "a b"),  # fields of its own
                   ("XADD", "q", "*", "body", b"\xff\xfe"), ("XADD", "q", "*", "body", ""),
                   ("XADD", "q", "*", "x", b"\xff"), ("XADD", "q", "*", "n", "1", "n", "2"),
                   ("XADD", "q", "*", "body", b'{"n":2,"key":"a\\u0001"}'),
                   ("XADD", "q", "*", "body", b'{"key":"' + b"x" * (1 << 20) + b'"}'),
                   ("XADD", "q", "*", "body", '{"n":3}', "trace", "x")])
        with Consumer(folder, program, redis.url("q", deliveries=1, dead="d", group="g")) as consumer:
            wait_until(lambda: is_empty(redis, "q", "g"), what="the queue isn't empty")
            equal(consumer.stop(), 0, "the exit status")
        equal(noted(folder), {1: 1, 2: 1, 3: 1}, "what was run")
        letters = [fields for _, fields in redis("XRANGE", "d", "-", "+")]
        equal(len(letters), 5, "the dead letters")
        equal(letters[0][:2], ["body", "\udcff\udcfe"], "the bytes of a dead letter")
        equal(letters[0][-2:], ["dime-deliveries", "1"], "what it says of itself")


def test_keeps_what_others_read_too(folder, program):
    with Redis(folder) as redis:
        fill(redis, "q", range(5))
        for group in ("a", "b"):
            url = redis.url("q", group=group, keep="yes")
            with Consumer(folder, program, url, notes=os.path.join(folder, group)) as consumer:
                wait_until(lambda: len(noted(folder, group)) == 5, what="not all are run")
                equal(consumer.stop(), 0, "the exit status")
            equal(redis("XPENDING", "q", group)[0], 0, "what is pending")
        equal(redis("XLEN", "q"), 5, "the messages")


def test_finds_a_stream_again_that_was_removed(folder, program):
    with Redis(folder) as redis:
        with Consumer(folder, program, redis.url("q")) as consumer:
            wait_until(lambda: redis("EXISTS", "q"), what="there is no stream")
            redis("FLUSHALL")
            fill(redis, "q", [1])
            wait_until(lambda: noted(folder) and is_empty(redis, "q"), what="it isn't consumed")
            expect("NOGROUP" in consumer.said() or "UNBLOCKED" in consumer.said(),
                   "it says %r" % consumer.said())


def test_a_queue_that_fails_costs_nothing_and_is_found_again(folder, program):
    """All ways to fail at once: each has a consumer and a peer of its own in front of Redis."""
    behaviours = {
        "refuses": None, "closes": closes, "stalls": stalls, "errs": answers(b"-ERR no\r\n"),
        "is loading": answers(b"-LOADING Redis is loading the dataset in memory\r\n"),
        "speaks HTTP": answers(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"),
        "says too much": answers(b"*2147483647\r\n"), "says OK": answers(b"+OK\r\n"),
        "nests": answers(b"*1\r\n" * 20), "trickles": trickles,
        "says what nobody asked": answers(b":1\r\n*0\r\n$1\r\nx\r\n"),
    }
    peers, consumers = {}, {}
    with Redis(folder) as redis:
        try:
            for name, behave in behaviours.items():
                peers[name] = Peer(redis.port)
                url = "redis://127.0.0.1:%d/%s" % (peers[name].port, name.replace(" ", "%20"))
                consumers[name] = Consumer(folder, program, url, notes=os.path.join(folder, name))
            for name, peer in peers.items():
                wait_until(lambda name=name: redis("EXISTS", name), what="%s doesn't begin" % name)
                if behaviours[name]:
                    peer.misbehave(behaviours[name])
                else:
                    peer.refuse()
            time.sleep(1)
            before = {name: processor_time(one.pid) for name, one in consumers.items()}
            time.sleep(4)
            for name, one in consumers.items():
                used = (processor_time(one.pid) - before[name]) / 4
                expect(used < 0.02 or is_sanitized(program), "%s: %.1f %% CPU" % (name, used * 100))
                expect("receiving from the queue fails" in one.said(), "%s: it says %r" % (name, one.said()))
                fill(redis, name, [1])
            back = time.monotonic()
            for name, peer in peers.items():
                if behaviours[name]:
                    peer.misbehave(None)
                else:
                    peer.listen()
            for name in peers:
                wait_until(lambda name=name: noted(folder, name), 6, "%s: isn't found again" % name)
            took = time.monotonic() - back
            expect(took < 5 or is_sanitized(program), "found again after %.1f s" % took)
            for name, one in consumers.items():
                wait_until(lambda name=name: is_empty(redis, name), what="%s isn't settled" % name)
                one.signal(signal.SIGTERM)
            for name, one in consumers.items():
                equal(one.wait(), 0, "%s: the exit status" % name)
                expect("receiving from the queue works again" in one.said(), "%s: it says %r" % (name, one.said()))
        finally:
            for one in [*consumers.values(), *peers.values()]:
                one.__exit__()


def test_waits_for_messages_at_no_cost(folder, program):
    with Redis(folder) as redis:
        with Consumer(folder, program, redis.url("q"), "--concurrency", "4") as consumer:
            wait_until(lambda: redis("EXISTS", "q"), what="it doesn't begin")
            before = processor_time(consumer.pid)
            time.sleep(2)
            used = (processor_time(consumer.pid) - before) / 2
            expect(used < 0.02 or is_sanitized(program), "%.1f %% CPU" % (used * 100))


def test_settles_when_the_queue_is_back(folder, program):
    """What was done while the queue was away isn't done again."""
    with Redis(folder) as redis, Peer(redis.port) as peer:
        fill(redis, "q", range(6), wait=300)
        url = "redis://127.0.0.1:%d/q" % peer.port
        with Consumer(folder, program, url, "--batch", "6", "--visibility", "20", fails=5) as consumer:
            wait_until(lambda: noted(folder), 10, "nothing runs")
            peer.misbehave(closes)
            wait_until(lambda: len(noted(folder)) == 6, 10, "not all are run")
            time.sleep(0.5)
            peer.misbehave(None)
            wait_until(lambda: noted(folder)[5] == 5, 20, "what failed doesn't come again")
            wait_until(lambda: is_empty(redis, "q"), what="it isn't settled")
            equal(consumer.stop(), 0, "the exit status")
        runs = noted(folder)
        equal([runs[number] for number in range(6)], [5, 1, 1, 1, 1, 5], "how often each was run")


def test_ends_though_the_queue_is_away(folder, program):
    with Redis(folder) as redis, Peer(redis.port) as peer:
        fill(redis, "q", [1], wait=1500)
        with Consumer(folder, program, "redis://127.0.0.1:%d/q" % peer.port) as consumer:
            wait_until(lambda: pending(redis), 10, "nothing runs")
            peer.misbehave(closes)
            consumer.signal(signal.SIGTERM)
            equal(consumer.wait(9), 1, "the exit status")
            expect("couldn't be settled" in consumer.said(), "it says %r" % consumer.said())
        with Consumer(folder, program, "redis://127.0.0.1:1/q") as consumer:
            wait_until(lambda: "Connection refused (127.0.0.1:1)" in consumer.said(),
                       what="it doesn't say where")
            start = time.monotonic()
            equal(consumer.stop(), 0, "the exit status where nothing was received")
            expect(time.monotonic() - start < 1, "it takes %.1f s" % (time.monotonic() - start))


def test_survives_a_restart_of_redis(folder, program):
    with Redis(folder) as redis:
        fill(redis, "q", range(200))
        with Consumer(folder, program, redis.url("q"), wait=5) as consumer:
            wait_until(lambda: len(noted(folder)) > 50, 10, "nothing runs")
            redis.stop(signal.SIGTERM)  # it writes its log of commands
            redis.start()
            wait_until(lambda: is_empty(redis, "q"), 15, "the queue isn't empty")
            equal(consumer.stop(), 0, "the exit status")
        equal(set(noted(folder)), set(range(200)), "what was run")


def test_logs_in(folder, program):
    with Redis(folder) as redis:
        redis.all([("ACL", "SETUSER", "u/ser", "on", ">p:@/ss", "~*", "&*", "+@all"),
                   ("CONFIG", "SET", "requirepass", "secret")])
        path = redis.socket
        for user, variable, works in (("u%2Fser:p%3A%40%2Fss@", "", True), (":secret@", "", True),
                                      ("", "secret", True), ("", "", False), (":no@", "", False)):
            url = "redis+unix://%s%s?stream=q&db=3" % (user, path)
            status, _, err = send(program, url, "{}", env={"REDISCLI_AUTH": variable})
            equal(status, 0 if works else 1, "the status of %s: %s" % (user, err))
            expect("secret" not in err and "%40" not in err, "it says %r" % err)


def test_says_how_to_use_it(_, program):
    queue = ("--queue", "redis://x/y")
    for words, part in (([], "dime consume"), (["x"], "dime consume"), (["consume"], "--queue"),
                        (["consume", *queue], "--function"), (["consume", "x"], '"x"'),
                        (["consume", *queue, "--function", "x"], '"x"'),
                        (["consume", "--batch", "101"], '1 to 100, not "101"'),
                        (["consume", "--concurrency", "0"], '1 to 64, not "0"'),
                        (["consume", "--timeout", "1e9"], "from 0.01 to 900"),
                        (["consume", "--visibility", "0"], "from 0.1 to 43200"),
                        (["consume", "--retry", "x"], "from 0.001 to 900"),
                        (["consume", "--retry"], '"--retry"'), (["consume", "--x"], '"--x"'),
                        (["send"], "--queue"), (["send", "--queue"], '"--queue"')):
        done = subprocess.run([program, *words], capture_output=True, stdin=subprocess.DEVNULL,
                              timeout=TIMEOUT, check=False)
        equal((done.returncode, done.stdout), (2, b""), "%s: the status and stdout" % words)
        expect(part in done.stderr.decode(), "%s says %r" % (words, done.stderr))
    for words in (["consume", "--help"], ["send", "--help"]):
        done = subprocess.run([program, *words], capture_output=True, timeout=TIMEOUT, check=False)
        equal((done.returncode, done.stderr), (0, b""), "%s: the status and stderr" % words)
        expect(all(len(line) <= 100 for line in done.stdout.splitlines()), "%s is long" % words)


def test_refuses_a_url(_, program):
    for url, words in (("redis://h", "missing; add it"), ("redis://h/", "stream is missing"),
                       ("redis:///q", "host is missing"), ("redis://h:0/q", "port"),
                       ("redis://h:x/q", "port"), ("redis://[::1]x/q", "port"),
                       ("redis://h/a?stream=q", "twice"), ("redis://h/1?stream=q&db=1", "twice"),
                       ("redis://h/q?db=1&db=2", "twice"), ("redis://h/-1?stream=q", "twice"),
                       ("redis://h/q?keep=1", "yes or no"), ("redis://h/q?x=1", "its settings"),
                       ("redis://h/q?db=x", "number"), ("redis://h/q?dead=q", "another stream"),
                       ("redis://h/q.fifo", "order"), ("redis://h/q%0", "escape"),
                       ("redis://h/q?group=", "take a name"), ("redis+unix://x?stream=q", "redis+unix"),
                       ("redis+unix:///s", "missing; add it, as"), ("rediss://h/q", "stunnel"),
                       ("redis+unix:///" + "s" * 108 + "?stream=q", "107"), ("x", "write it as")):
        status, _, err = send(program, url, "{}")
        equal(status, 2, "the status of %s" % url)
        expect(words in err, "%s: it says %r" % (url, err))
        done = subprocess.run([program, "consume", "--queue", url, "--function", function_of(program, "probe")],
                              capture_output=True, timeout=TIMEOUT, check=False)
        equal(done.returncode, 2, "the status of a consumer of %s" % url)
        expect(words in done.stderr.decode(), "%s: it says %r" % (url, done.stderr))
        expect(done.stderr.startswith(b"dime consume: the URL of the queue can't be used"), "as a plain line")


def test_a_crash_costs_its_own_message(folder, program):
    """The others are done, once each. The one that crashes the function is delivered again, then is a dead letter."""
    with Redis(folder) as redis:
        fill(redis, "q", range(1, 31))
        with Consumer(folder, program, redis.url("q", deliveries=2), "--concurrency", "2", crashes=7) as consumer:
            wait_until(lambda: is_empty(redis, "q"), 30, "the queue isn't empty")
            equal(consumer.stop(), 0, "the exit status")
            expect("failed with 502: The function's program was killed by signal 11" in consumer.said(),
                   "it says %r" % consumer.said()[-800:])
        equal(noted(folder), {**{number: 1 for number in range(1, 31)}, 7: 2}, "what was run")
        equal(dead(redis, "q"), [7], "the dead letters")


def test_a_hang_costs_its_own_message(folder, program):
    """Its function is killed when the batch's time is over, and what is behind it has another batch's."""
    with Redis(folder) as redis:
        fill(redis, "q", range(1, 31))
        with Consumer(folder, program, redis.url("q", deliveries=2), "--timeout", "1", hangs=7) as consumer:
            wait_until(lambda: is_empty(redis, "q"), 40, "the queue isn't empty")
            equal(consumer.stop(), 0, "the exit status")
            expect("failed with 504: The function didn't answer in time" in consumer.said(),
                   "it says %r" % consumer.said()[-800:])
        equal(noted(folder), {**{number: 1 for number in range(1, 31)}, 7: 2}, "what was run")
        equal(dead(redis, "q"), [7], "the dead letters")


def test_a_function_ends_with_its_consumer(folder, program):
    for number in (signal.SIGKILL, signal.SIGTERM):
        with Redis(folder) as redis:
            fill(redis, "q", [1], wait=1000)
            with Consumer(folder, program, redis.url("q"), "--concurrency", "3") as consumer:
                wait_until(lambda: "consuming" in consumer.said() and pending(redis) == 1, 10, "nothing runs")
                functions = children(consumer.pid)
                equal(len(functions), 3, "the functions' processes")
                consumer.signal(number)
                consumer.wait()
                wait_until(lambda: not any(map(alive, functions)), 5, "a function runs on")


def test_a_program_that_is_not_ours(folder, program):
    """A FastCGI program that knows nothing of dime is a function too, and its answers are passed on."""
    plain = os.path.join(os.path.dirname(program), "tests", "hosts", "plain")
    if not os.path.exists(plain):
        raise Skip("this build has no tests/hosts/plain")
    os.environ["PLAIN_FILE"] = os.path.join(folder, "plain")
    with Redis(folder) as redis:
        fill(redis, "q", range(500))
        with Consumer(folder, program, redis.url("q"), "--concurrency", "2", "--answers", redis.url("next"),
                      function=plain) as consumer:
            wait_until(lambda: is_empty(redis, "q"), 30, "the queue isn't empty")
            equal(consumer.stop(), 0, "the exit status")
        with open(os.environ["PLAIN_FILE"]) as file:
            equal(sorted(json.loads(line)["n"] for line in file), list(range(500)), "what was run")
        answers = [json.loads(dict(zip(fields[::2], fields[1::2]))["body"])
                   for _, fields in redis("XRANGE", "next", "-", "+")]
        equal(len(answers), 500, "the answers")
        expect(all("DIME_SOURCE=sqs\n" in answer["body"] and "DIME_HOST=queue\n" in answer["body"] and
                   answer["headers"]["Content-Type"] == "text/plain" for answer in answers), "an answer")


def test_php(folder, program):
    if not shutil.which("php-cgi"):
        raise Skip("php-cgi isn't installed")
    script, notes = os.path.join(folder, "note.php"), os.path.join(folder, "notes")
    with open(script, "w") as file:
        file.write("#!%s\n<?php file_put_contents('%s', json_decode(file_get_contents('php://input'))->n . ' ' .\n"
                   "$_SERVER['DIME_SOURCE'] . \"\\n\", FILE_APPEND);\n" % (shutil.which("php-cgi"), notes))
    os.chmod(script, 0o755)
    with Redis(folder) as redis:
        fill(redis, "q", range(700))  # more than one php-cgi answers before it ends by itself
        with Consumer(folder, program, redis.url("q"), function=script) as consumer:
            wait_until(lambda: is_empty(redis, "q"), 30, "the queue isn't empty")
            equal(consumer.stop(), 0, "the exit status")
        equal(noted(folder), {number: 1 for number in range(700)}, "what was run")


def test_consumes_nothing_where_the_function_cannot_start(folder, program):
    with Redis(folder) as redis:
        fill(redis, "q", [1])
        with Consumer(folder, program, redis.url("q"), why="The model is missing.") as consumer:
            equal(consumer.wait(), 1, "the exit status")
            expect("The model is missing." in consumer.said(), "it says %r" % consumer.said())
        equal(redis("XLEN", "q"), 1, "the messages")


if __name__ == "__main__":
    main([value for name, value in list(globals().items()) if name.startswith("test_")],
         "dime-queue", 90, 4)
