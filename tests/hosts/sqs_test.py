#!/usr/bin/env python3
"""sqs_test.py - dime consume and dime send with queues that speak SQS's protocol.

Usage: sqs_test.py BUILDDIR. The server is fauxqs, from npm, which keeps visibility, redrive policies
and FIFO queues as SQS does; the first test is tried with moto_server too, where that is installed. A
peer in front of it answers errors, closes, stalls and talks nonsense.
"""

import concurrent.futures
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import Skip, equal, expect, is_sanitized, main, processor_time, wait_until
from labels_calls import get_models, read_sample
from modules import fetch_modules
from queue_test import Consumer, noted, send
from redis_server import Peer, answers, closes, stalls, trickles
from serving import free_port

MANY = 10000
HERE = os.path.dirname(os.path.abspath(__file__))
MOTO_PATIENCE = 20

SHARED = {}  # the server that all tests ask, each for queues of its own


def prepare():
    """Fetches the server, and gives the programs credentials that are nobody's."""
    build = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "."
    SHARED["modules"], SHARED["why"] = fetch_modules(
        os.path.join(HERE, "..", "fauxqs", "package.json"), os.path.join(build, "fauxqs"))
    os.environ.update(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="secret",
                      AWS_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true", HOME="/nonexistent")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"):
        os.environ.pop(name, None)


class Server:
    """A server of SQS's protocol that ends with the block."""

    at_once = MANY  # so many messages may wait

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()

    def command(self):
        if SHARED["why"]:
            raise Skip(SHARED["why"])
        return ["node", os.path.join(SHARED["modules"], "fauxqs", "dist", "server.js")], {
            "FAUXQS_PORT": str(self.port), "FAUXQS_LOGGER": "false"}

    def __enter__(self):
        command, environment = self.command()
        with open(os.path.join(self.folder, "server.log"), "wb") as log:
            self.process = subprocess.Popen(command, env=dict(os.environ, **environment), stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_until(self.answers, 30, "the server doesn't answer")
        return self

    def answers(self):
        if self.process.poll() is not None:
            with open(os.path.join(self.folder, "server.log")) as log:
                raise Skip("the server doesn't run here: " + log.read()[-200:])
        try:
            self("ListQueues", {})
            return True
        except OSError:
            return False

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __call__(self, operation, request):
        """What the server answers to one operation."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("POST", "/", json.dumps(request), {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS." + operation,
            "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/sqs/"
                             "aws4_request, SignedHeaders=host, Signature=0"})
        answer = connection.getresponse()
        body = json.loads(answer.read() or b"{}")
        connection.close()
        if answer.status != 200:
            raise AssertionError("%s: %r" % (operation, body))
        return body

    def make(self, name, **attributes):
        """Makes a queue; its URL."""
        return self("CreateQueue", {"QueueName": name, "Attributes": attributes})["QueueUrl"]

    def left(self, url):
        """How many messages wait or are hidden."""
        got = self("GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["All"]})["Attributes"]
        return int(got["ApproximateNumberOfMessages"]) + int(
            got["ApproximateNumberOfMessagesNotVisible"])

    def fill(self, program, url, numbers, **more):
        lines = [json.dumps({"n": number, **more}) for number in numbers]
        for first in range(0, len(lines), self.at_once):
            wait_until(lambda: self.left(url) <= self.at_once, 60, "nobody takes messages")
            status, _, err = send(program, url, "\n".join(lines[first:first + self.at_once]), "--lines",
                                  within=60)
            equal((status, err), (0, ""), "the status and stderr of dime send")

    def take_all(self, url):
        """The numbers of all messages in a queue."""
        found = []
        while got := self("ReceiveMessage", {"QueueUrl": url, "MaxNumberOfMessages": 10}).get("Messages"):
            found += [json.loads(message["Body"])["n"] for message in got]
        return found


class Moto(Server):
    at_once = 100  # it takes a time that grows with the square of what waits

    def command(self):
        if not shutil.which("moto_server"):
            raise Skip("moto_server isn't installed")
        return ["moto_server", "-H", "127.0.0.1", "-p", str(self.port)], {}


def the_server():
    """The one that is shared; raises Skip where there is none."""
    if "server" not in SHARED:
        raise Skip(SHARED["why"])
    return SHARED["server"]


def run_all(folder, program, url, count, server, within, **variables):
    """Consumes until nothing is left."""
    with Consumer(folder, program, url, "--concurrency", "4", **variables) as consumer:
        wait_until(lambda: sum(noted(folder).values()) >= count and server.left(url) == 0, within,
                   "not all is done")
        equal(consumer.stop(), 0, "the exit status")


def test_sends_and_consumes(folder, program):
    server = the_server()
    url = server.make("send")
    status, out, err = send(program, url, "\n".join('{"n":%d}' % n for n in range(25)), "--lines")
    equal((status, len(out.split()), err), (0, 25, ""), "the status, ids and stderr")
    run_all(folder, program, url, 25, server, 20)
    equal(noted(folder), {n: 1 for n in range(25)}, "what was run")
    text = json.dumps({"n": 1, "key": "\u00e9" * 400})
    equal(send(program, url, text, "-")[0], 0, "a message of some length")
    for text, words in ((json.dumps({"n": 1}), "QueueDoesNotExist"),):
        status, _, err = send(program, url + "-none", text)
        equal(status, 1, "the status where there is no queue")
        expect(words in err, "it says %r" % err)


def test_sends_and_consumes_with_moto(folder, program):
    with Moto(folder) as server:
        url = server.make("q")
        equal(send(program, url, "\n".join('{"n":%d}' % n for n in range(40)), "--lines")[0], 0, "sent")
        run_all(folder, program, url, 40, server, MOTO_PATIENCE)
        # It may hand a message to two at once, as SQS may too.
        equal(set(noted(folder)), set(range(40)), "what was run")


def lose_none(folder, program, server, kind, within, many=MANY):
    """This many messages and three consumers, one of which is killed each second."""
    url, kills, pool = server.make("many"), 0, concurrent.futures.ThreadPoolExecutor(1)
    options = (folder, program, url, "--visibility", "1")
    started = time.monotonic()
    filling = pool.submit(server.fill, program, url, range(many))
    consumers = [Consumer(*options, wait=1) for _ in range(3)]
    try:
        while not filling.done() or server.left(url):
            time.sleep(1)
            victim = random.randrange(3)
            consumers[victim].signal(signal.SIGKILL)
            consumers[victim].wait()
            consumers[victim] = Consumer(*options, wait=1)
            kills += 1
            expect(time.monotonic() - started < within, "it takes too long")
        filling.result()
        for one in consumers:
            equal(one.stop(), 0, "the exit status")
    finally:
        pool.shutdown()
        for one in consumers:
            one.__exit__()
    runs = noted(folder)
    equal([number for number in range(many) if number not in runs], [], "the messages that were lost")
    twice = sum(count - 1 for count in runs.values())
    print("#! SQS (%s): %d messages, 3 consumers, %d killed: none lost, %d run again, %.1f s"
          % (kind, many, kills, twice, time.monotonic() - started), flush=True)


def test_a_message_is_at_least_once_whoever_dies(folder, program):
    lose_none(folder, program, the_server(), "fauxqs", 80)


def test_a_message_is_at_least_once_whoever_dies_with_moto(folder, program):
    with Moto(folder) as server:
        # A message costs it more the more of them wait: 10,000 take 85 s of its own time.
        lose_none(folder, program, server, "moto", 150, MANY // 5)


def fail_every_seventh(folder, program, server):
    dead = server.make("dead")
    arn = server("GetQueueAttributes", {"QueueUrl": dead, "AttributeNames": ["QueueArn"]})["Attributes"]
    policy = {"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": 2}
    url = server.make("fails", RedrivePolicy=json.dumps(policy))
    server.fill(program, url, range(210))
    sevenths = set(range(0, 210, 7))
    with Consumer(folder, program, url, fails=7) as consumer:
        wait_until(lambda: server.left(url) == 0 and server.left(dead) == len(sevenths), 60,
                   "the queue isn't empty")
        equal(consumer.stop(), 0, "the exit status")
    runs = noted(folder)
    equal(runs, {n: 2 if n in sevenths else 1 for n in range(210)}, "how often each was run")
    equal(sorted(server.take_all(dead)), sorted(sevenths), "the dead letters")


def test_what_fails_goes_where_the_queue_says(folder, program):
    fail_every_seventh(folder, program, the_server())


def test_what_fails_goes_where_the_queue_says_with_moto(folder, program):
    with Moto(folder) as server:
        server.at_once = 210
        fail_every_seventh(folder, program, server)


def test_an_upload_is_labelled(folder, program):
    """S3's event in a queue, and the object in S3: the answer goes into the next queue."""
    source = os.path.dirname(os.path.dirname(HERE))
    build = os.path.dirname(program)
    have, why = get_models(build, source)
    if not have:
        raise Skip(why)
    server = the_server()
    uploads, labelled = server.make("uploads"), server.make("labelled")
    for path, body in (("/photos", None), ("/photos/a/my%20cat.jpg", read_sample(source, "cat.jpg"))):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("PUT", path, body, {"Content-Type": "image/jpeg"})
        equal(connection.getresponse().status, 200, path)
        connection.close()
    with open(os.path.join(source, "deploy", "lambda", "events", "s3.json"), encoding="utf-8") as file:
        event = file.read().replace("a+cat.jpg", "a/my+cat.jpg")
    equal(send(program, uploads, event)[0], 0, "the event is sent")
    done = subprocess.run([os.path.join(build, "dime-queue"), "consume", "--once", "--queue", uploads,
                           "--function", "labels", "--answers", labelled], capture_output=True,
                          env=dict(os.environ, AWS_ENDPOINT_URL_S3="http://127.0.0.1:%d" % server.port),
                          timeout=60, check=False)
    equal(done.returncode, 0, "the exit status: %r" % done.stderr[-500:])
    equal(server.left(uploads), 0, "what is left")
    answer = server("ReceiveMessage", {"QueueUrl": labelled})["Messages"][0]["Body"]
    result = json.loads(json.loads(answer)["body"])["Results"][0]
    equal((result["Bucket"], result["Key"]), ("photos", "a/my cat.jpg"), "the object")
    expect("Cat" in [label["Name"] for label in result["Labels"]], "the labels: %r" % result)


def test_keeps_the_order_of_a_fifo_queue(folder, program):
    server = the_server()
    url = server.make("q.fifo", FifoQueue="true")
    lines = "\n".join('{"n":%d}' % n for n in range(1, 31))
    equal(send(program, url, lines, "--lines")[0], 0, "the status")
    run_all(folder, program, url, 30, server, 20)
    with open(os.path.join(folder, "notes")) as file:
        equal([int(line.split()[0]) for line in file], list(range(1, 31)), "the order")


def test_keeps_hidden_what_runs(folder, program):
    server = the_server()
    url = server.make("slow")
    server.fill(program, url, range(3), wait=1200)
    options = (folder, program, url, "--visibility", "1")
    with Consumer(*options) as one, Consumer(*options) as other:
        wait_until(lambda: server.left(url) == 0, 15, "the queue isn't empty")
        start = time.monotonic()
        equal((one.stop(), other.stop()), (0, 0), "the exit statuses")
        expect(time.monotonic() - start < 1.5, "a wait isn't broken off")
    equal(noted(folder), {n: 1 for n in range(3)}, "what was run")


def failing(body, status="500 Oops"):
    return answers(b"HTTP/1.1 %s\r\nContent-Type: application/x-amz-json-1.0\r\n"
                   b"Content-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body))


def test_a_queue_that_fails_costs_nothing_and_is_found_again(folder, program):
    behaviours = {
        "refuses": None, "closes": closes, "stalls": stalls, "errs": failing(b"{}"),
        "throttles": failing(b'{"__type":"com.amazonaws.sqs#RequestThrottled"}', "400 No"),
        "unjson": failing(b"<html>", "200 OK"), "empty": failing(b"", "200 OK"),
        "odd": failing(b'{"Messages":[{"Body":"x"},1]}', "200 OK"),
        "unhttp": answers(b"*1\r\n:1\r\n"), "trickles": trickles,
    }
    peers, consumers, urls = {}, {}, {}
    server = the_server()
    for name in behaviours:
        peers[name], urls[name] = Peer(server.port), server.make(name)
    try:
        # The URL is the server's own; where it's asked is another matter.
        for name, peer in peers.items():
            os.environ["AWS_ENDPOINT_URL_SQS"] = "http://127.0.0.1:%d" % peer.port
            consumers[name] = Consumer(folder, program, urls[name],
                                       notes=os.path.join(folder, name))
            wait_until(lambda peer=peer: peer.accepted > 0, 10, name + " doesn't begin")
        for name, peer in peers.items():
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
        del os.environ["AWS_ENDPOINT_URL_SQS"]
        for name in peers:
            server.fill(program, urls[name], [1])
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
            wait_until(lambda name=name: server.left(urls[name]) == 0, what=name + " isn't settled")
            one.signal(signal.SIGTERM)
        for name, one in consumers.items():
            equal(one.wait(), 0, "%s: the exit status" % name)
    finally:
        os.environ.pop("AWS_ENDPOINT_URL_SQS", None)
        for one in [*consumers.values(), *peers.values()]:
            one.__exit__()


def test_needs_credentials_and_a_queue(folder, program):
    for url, words in (("http://127.0.0.1:1/", "looks like https://"), ("https://", "looks like https://")):
        status, _, err = send(program, url, "{}")
        equal(status, 2, "the status of %s" % url)
        expect(words in err, "%s: it says %r" % (url, err))
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_REGION": "us-east-1",
                   "AWS_EC2_METADATA_DISABLED": "true"}
    status, _, err = send(program, "http://127.0.0.1:1/1/q", "{}", env=environment)
    equal(status, 1, "the status without credentials")
    expect("redential" in err, "it says %r" % err)


def run_tests():
    main([value for name, value in list(globals().items()) if name.startswith("test_")],
         "dime-queue", 240, 3)


if __name__ == "__main__":
    prepare()
    with tempfile.TemporaryDirectory() as place:
        try:
            SHARED["server"] = Server(place).__enter__()
        except (Skip, AssertionError) as no_server:
            SHARED["why"] = str(no_server)
        try:
            run_tests()
        finally:
            if "server" in SHARED:
                SHARED["server"].__exit__()
