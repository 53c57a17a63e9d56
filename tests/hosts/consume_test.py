#!/usr/bin/env python3
"""consume_test.py - dime consume with queues and readers that fail in part, for good, or for a while.

Usage: consume_test.py BUILDDIR. queue_test.py and sqs_test.py show what holds with queues that work or
are away as a whole. Here one message of a batch can't be extended, answers aren't taken, a right is missing,
nobody reads: the other messages mustn't suffer, nothing may be hidden without end, and the log says it once.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fake_sqs import FakeSqs, Refusal
from fastcgi import equal, expect, main, wait_until
from queue_test import Consumer, fill, is_empty, noted, pending, send
from redis_server import Peer, Redis

EXTEND, DELETE = "ChangeMessageVisibilityBatch", "DeleteMessageBatch"
SERVER_FAULT = {"SenderFault": False, "Code": "InternalError"}
SENDER_FAULT = {"SenderFault": True, "Code": "InvalidParameterValue"}


def body(number, **more):
    return json.dumps({"n": number, **more})


def errors(consumer, words):
    """How many lines of the log say WORDS."""
    return sum(words in line for line in consumer.said().splitlines())


def prepare():
    os.environ.update(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="secret",
                      AWS_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true", HOME="/nonexistent")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"):
        os.environ.pop(name, None)


def test_extends_the_others_where_one_cannot_be(folder, program):
    """Whichever fails, in the same batch or in another thread's: the others stay hidden."""
    batches = [[("a", body(1, wait=4000)), ("b", body(2))], [("c", body(3, wait=4000))]]
    for bad in ("r-a", "r-c"):
        with FakeSqs(batches) as sqs:
            sqs.fails = lambda operation, entry, bad=bad: (
                SERVER_FAULT if operation == EXTEND and entry["ReceiptHandle"] == bad else None)
            with Consumer(folder, program, sqs.url(), "--concurrency", "2", "--visibility", "1") as consumer:
                for good in {"r-a", "r-b", "r-c"} - {bad}:
                    wait_until(lambda good=good: len(sqs.seen(EXTEND, good)) >= 2, 10,
                               "%s isn't extended while %s fails" % (good, bad))
                expect(sqs.seen(EXTEND, bad, False), "%s doesn't fail" % bad)
                equal(errors(consumer, "can't be kept hidden"), 1, "lines in the log")


def test_hides_nothing_for_longer_than_its_timeout(folder, program):
    """An answer had to wait for a moment: the rest of its batch has its own time, and no more."""
    with FakeSqs([[("a", body(1)), ("b", body(2, wait=9000))]]) as sqs:
        failures = [Refusal(500, "InternalError")] * 3 + [Refusal(400, "QueueDoesNotExist")]

        def judge(operation, _):
            if operation == "SendMessageBatch" and failures:
                raise failures.pop()
        sqs.judge = judge
        with Consumer(folder, program, sqs.url(), "--answers", sqs.url("next"), "--visibility", "1",
                      "--timeout", "1") as consumer:
            wait_until(lambda: sqs.seen("SendMessageBatch"), 10, "the answer isn't passed on")
            expect(errors(consumer, "answers can't be passed on") == 1, "it says %r" % consumer.said())
            time.sleep(3)
            before = len(sqs.seen(EXTEND, "r-b"))
            time.sleep(2)
            equal(len(sqs.seen(EXTEND, "r-b")), before, "how often it's extended after its time")


def test_runs_the_rest_after_an_answer_had_to_wait(folder, program):
    """An outage of the queue of answers costs no message a delivery, not even one that stands behind."""
    with Redis(folder) as redis:
        peer = Peer(redis.port)
        peer.refuse()
        redis.all([("XADD", "q", "*", "amount", "%d" % number) for number in range(1, 21)])
        with Consumer(folder, program, redis.url("q", deliveries=1), "--answers",
                      "redis://127.0.0.1:%d/next" % peer.port, "--timeout", "1", function="change") as one:
            wait_until(lambda: "answers can't be passed on" in one.said(), 10, "it says nothing")
            time.sleep(2.5)
            peer.listen()
            wait_until(lambda: is_empty(redis, "q"), 20, "the queue isn't empty")
            equal(one.stop(), 0, "the exit status")
        equal((redis("XLEN", "q:dead"), redis("XLEN", "next")), (0, 20), "the dead letters and answers")
        peer.__exit__()


def test_gives_up_an_answer_that_no_queue_takes(folder, program):
    """It's the message that fails, and not the consumer, which would wait for ever."""
    with FakeSqs([[("a", body(1)), ("b", body(2))]]) as sqs:
        sqs.fails = lambda operation, _: SENDER_FAULT if operation == "SendMessageBatch" else None
        with Consumer(folder, program, sqs.url(), "--answers", sqs.url("next"), "--timeout", "20") as consumer:
            wait_until(lambda: len(noted(folder)) == 2, 10, "the next message isn't run")
            wait_until(lambda: sqs.seen(EXTEND, "r-a") and sqs.seen(EXTEND, "r-b"), 10, "none comes again")
            equal(sqs.seen(DELETE), [], "a message without an answer is done")
            expect("an answer can't be passed on" in consumer.said(), "it says %r" % consumer.said())


def test_goes_on_without_the_right_to_hide(folder, program):
    """A role that Lambda's mapping of a queue does with has no right to ChangeMessageVisibility."""
    with FakeSqs([[("a", body(7))], [("b", body(14))], [("c", body(1))]]) as sqs:
        def judge(operation, _):
            if operation == EXTEND:
                raise Refusal(403, "AccessDeniedException")
        sqs.judge = judge
        with Consumer(folder, program, sqs.url(), fails=7, status=422) as consumer:
            wait_until(lambda: sqs.seen(DELETE, "r-c"), 20, "what is behind a failure isn't done")
            equal(errors(consumer, "AccessDeniedException"), 1, "lines in the log")
            expect("delivered again late" in consumer.said(), "it says %r" % consumer.said())


def test_says_once_what_fails_for_good(folder, program):
    with FakeSqs() as sqs:
        calls = []

        def judge(operation, _):
            calls.append(operation)
            raise Refusal(400, "QueueDoesNotExist")
        sqs.judge = judge
        with Consumer(folder, program, sqs.url(), "--concurrency", "8") as consumer:
            wait_until(lambda: len(calls) > 40, 20, "it doesn't try again")
            equal(errors(consumer, "QueueDoesNotExist"), 1, "lines in the log")
    with FakeSqs([[("%d" % number, body(number))] for number in range(4)]) as sqs:
        deletes = []

        def refuse_deletes(operation, _):
            if operation == DELETE:
                deletes.append(operation)
                raise Refusal(403, "AccessDenied")
        sqs.judge = refuse_deletes
        with Consumer(folder, program, sqs.url(), "--concurrency", "4") as consumer:
            wait_until(lambda: len(deletes) > 12, 20, "it isn't told again")
            equal(errors(consumer, "AccessDenied"), 1, "lines in the log")


def test_sends_a_batch_that_is_too_long_in_parts(folder, program):
    """A queue's owner may have set less than SQS's own limit, and other servers have less."""
    with FakeSqs() as sqs:
        def judge(operation, request):
            if sum(len(entry["MessageBody"]) for entry in request["Entries"]) > 256 * 1024:
                raise Refusal(400, "BatchRequestTooLong")
        sqs.judge = judge
        lines = ["%d" % number + "x" * 100000 for number in range(10)]
        path = os.path.join(folder, "lines")  # a pipe would hand out fewer at once
        with open(path, "w") as file:
            file.write("\n".join(lines))
        status, out, err = send(program, sqs.url(), "", "--lines", path)
        equal((status, len(out.split()), err), (0, 10, ""), "the status, ids and stderr")
        equal([about for _, about, _, _ in sqs.calls], lines, "what was sent, in its order")
        status, out, err = send(program, sqs.url(), "x" * 300000)
        equal((status, out), (1, ""), "the status and ids of one that is too long")
        expect("BatchRequestTooLong" in err, "it says %r" % err)


def read_rest(descriptor):
    with os.fdopen(descriptor, "rb") as rest:
        return rest.read()


def start_unread(program, url, *options, function="change"):
    """A consumer of whose stdout nobody reads; and the end to read from."""
    out, held = os.pipe()
    process = subprocess.Popen([program, "consume", "--queue", url, "--function", function, "--answers",
                                "-", "--visibility", "1", *options], stdout=held, stderr=subprocess.PIPE)
    os.close(held)
    return process, out


def test_ends_though_nobody_reads_the_answers(folder, program):
    """Long before the timeout of a batch, on a pipe and a socket, with whole lines but for the last."""
    with Redis(folder) as redis:
        redis.all([("XADD", "q", "*", "amount", "1", "pad", "x" * 900) for _ in range(600)])
        process, out = start_unread(program, redis.url("q", deliveries=1), "--timeout", "60",
                                    "--concurrency", "4")
        wait_until(lambda: redis("XLEN", "q") < 600 and pending(redis) > 0, 10, "nothing runs")
        time.sleep(1.5)
        started = time.monotonic()
        process.terminate()
        _, err = process.communicate(timeout=30)
        took = time.monotonic() - started
        expect(took < 15, "it takes %.1f s" % took)
        expect(b"nobody reads the answers" in err, "it says %r" % err[-500:])
        equal(process.returncode, 1, "the exit status")
        lines = read_rest(out).split(b"\n")
        for line in lines[:-1]:
            json.loads(line)
        left = redis("XLEN", "q")
        expect(len(lines) - 1 >= 600 - left, "%d lines, %d messages" % (len(lines) - 1, left))
        equal(redis("XLEN", "q:dead"), 0, "the dead letters")
        with Consumer(folder, program, redis.url("q", deliveries=1), function="change") as consumer:
            wait_until(lambda: is_empty(redis, "q"), 20, "what has no answer doesn't come again")
            equal(consumer.stop(), 0, "the exit status")
        equal(redis("XLEN", "q:dead"), 0, "the dead letters of the next one")


def test_keeps_hidden_what_waits_for_a_reader(folder, program):
    """Back-pressure isn't a failure: what waits for a slow reader is run once."""
    with Redis(folder) as redis:
        redis.all([("XADD", "q", "*", "n", "1", "amount", "1") for _ in range(600)])
        process, out = start_unread(program, redis.url("q"), "--timeout", "1", "--batch", "100")
        wait_until(lambda: pending(redis) > 0 and redis("XLEN", "q") < 600, 10, "nothing runs")
        time.sleep(4)  # of which the batch would have had one, and then another consumer
        entries = redis("XPENDING", "q", "dime", "-", "+", 1000)
        expect(entries and all(entry[2] < 1000 for entry in entries), "it isn't hidden: %r" % entries[:2])
        equal({entry[3] for entry in entries}, {1}, "how often each was delivered")
        lines = []
        with os.fdopen(out, "rb") as reader:
            while len(lines) < 600:
                lines.append(json.loads(reader.readline()))
            wait_until(lambda: is_empty(redis, "q"), what="the queue isn't empty")
            process.terminate()
            _, _ = process.communicate(timeout=20)
            equal((process.returncode, reader.read()), (0, b""), "the exit status, and more lines")


def calls_of(redis, command):
    found = re.search(r"cmdstat_%s:calls=(\d+)" % command, redis("INFO", "commandstats"))
    return int(found.group(1)) if found else 0


def test_looks_at_a_long_list_now_and_then(folder, program):
    """20,000 messages are pending elsewhere and none is due; then a few of them are, in the middle."""
    with Redis(folder) as redis:
        fill(redis, "q", range(20000))
        redis("XGROUP", "CREATE", "q", "dime", "0")
        redis("XREADGROUP", "GROUP", "dime", "other", "COUNT", 20000, "STREAMS", "q", ">")
        redis("CONFIG", "RESETSTAT")
        with Consumer(folder, program, redis.url("q"), "--batch", "1", "--visibility", "3600",
                      "--concurrency", "4") as consumer:
            wait_until(lambda: calls_of(redis, "xpending") >= 20, 10, "it doesn't look")
            time.sleep(4)
            calls = sum(calls_of(redis, name) for name in ("xautoclaim", "xpending", "xreadgroup"))
            expect(calls < 250, "%d calls" % calls)
            middle = redis("XRANGE", "q", "-", "+")[12000:12005]
            for name, _ in middle:
                redis("XCLAIM", "q", "dime", "other", 0, name, "IDLE", 3600000, "JUSTID")
            wait_until(lambda: len(noted(folder)) == 5, 30, "what is due isn't found")
            equal(sorted(noted(folder)), list(range(12000, 12005)), "what was run")
            equal(consumer.stop(), 0, "the exit status")


def test_says_what_a_trim_took(folder, program):
    with Redis(folder) as redis:
        fill(redis, "q", range(30))
        redis("XGROUP", "CREATE", "q", "dime", "0")
        redis("XREADGROUP", "GROUP", "dime", "gone", "COUNT", 20, "STREAMS", "q", ">")
        redis("XTRIM", "q", "MAXLEN", 15)
        with Consumer(folder, program, redis.url("q"), "--visibility", "1") as consumer:
            wait_until(lambda: is_empty(redis, "q"), what="the queue isn't empty")
            equal(consumer.stop(), 0, "the exit status")
        lost = [int(count) for count in re.findall(r"(\d+) pending messages", consumer.said())]
        equal(sum(lost), 15, "how many it says are lost: %s" % consumer.said()[-800:])
        equal(noted(folder), {number: 1 for number in range(15, 30)}, "what was run")
        # One that fails, and that is deleted while it runs.
        fill(redis, "q", [7], wait=1500)
        with Consumer(folder, program, redis.url("q"), fails=7) as consumer:
            wait_until(lambda: pending(redis) == 1, what="it doesn't run")
            redis("XTRIM", "q", "MAXLEN", 0)
            wait_until(lambda: "isn't delivered again" in consumer.said(), what="it says nothing")
            equal(consumer.stop(), 0, "the exit status")


def test_needs_no_rights_that_it_does_not_use(folder, program):
    """A user who has the streams alone can do all; one who has no more than needed can consume."""
    least = ("+xreadgroup", "+xautoclaim", "+xpending", "+xclaim", "+xack", "+xdel", "+xadd")
    with Redis(folder) as redis:
        redis("ACL", "SETUSER", "joe", "on", ">pw", "~orders*", "+@stream")
        redis("ACL", "SETUSER", "ann", "on", ">pw", "~orders*", *least)
        for user in ("joe", "ann"):
            url = "redis://%s:pw@127.0.0.1:%d/orders" % (user, redis.port)
            status, _, err = send(program, url, '{"n":1}')
            equal((status, err), (0, ""), "%s: the status and stderr" % user)
            notes = os.path.join(folder, user)
            with Consumer(folder, program, url, notes=notes) as consumer:
                wait_until(lambda user=user: noted(folder, user), what="%s: nothing is run" % user)
                wait_until(lambda: is_empty(redis, "orders"), what="%s: it isn't settled" % user)
                equal(consumer.stop(), 0, "the exit status")


def test_uses_the_database_of_the_path(folder, program):
    with Redis(folder) as redis:
        for path in ("3?stream=q", "q?db=3", "?stream=q&db=3"):
            url = "redis://127.0.0.1:%d/%s" % (redis.port, path)
            equal(send(program, url, '{"n":1}')[0], 0, path)
        keyspace = redis("INFO", "keyspace")
        expect("db3:keys=1" in keyspace and "db0" not in keyspace, "it is in %r" % keyspace)


def test_gives_back_what_it_has_not_begun(folder, program):
    """A message that waits behind slow ones isn't a dead letter for it: its delivery is taken back."""
    with Redis(folder) as redis:
        fill(redis, "q", range(1, 7), wait=600)
        with Consumer(folder, program, redis.url("q", deliveries=1), "--timeout", "1") as consumer:
            wait_until(lambda: is_empty(redis, "q"), 30, "the queue isn't empty")
            expect("weren't begun" in consumer.said(), "it says %r" % consumer.said())
            equal(consumer.stop(), 0, "the exit status")
        equal(redis("XLEN", "q:dead"), 0, "the dead letters")
        equal(noted(folder), {number: 1 for number in range(1, 7)}, "what was run")


if __name__ == "__main__":
    prepare()
    main([value for name, value in list(globals().items()) if name.startswith("test_")],
         "dime-queue", 90, 4)
