#!/usr/bin/env python3
"""aws_test.py - calls to AWS against a server that behaves as badly as it can.

Usage: aws_test.py BUILDDIR. aws_probe.c makes the calls. What is held throughout: a reply comes
before the deadline, it names the service's code, every request is signed as AWS wants it, memory is
bounded, and no key is in the log or in what a person reads. The last cases ask moto_server, with its
checks of signatures on, where that is installed.
"""

import contextlib
import datetime
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
from aws_server import (KEY, SECRET, TOKEN, Request, Server, answer, close, drip, endless_head, fault,
                        flood, raw, reset, signature, stall, xml_fault)
from cases import Skip, collect, equal, run, true

LABELS = {"Labels": [{"Name": "Cup", "Confidence": 99.5}], "LabelModelVersion": "3.0"}
GOOD = answer(LABELS)
KEYS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "eu-west-1"}
SECRETS = {KEY: SECRET}
SAID = []  # all that any probe has printed
HIDDEN = {SECRET, TOKEN}  # what must be nowhere in it


class Run:
    """What became of the calls of one probe."""

    def __init__(self, replies, log, seconds):
        self.replies, self.log, self.seconds = replies, log, seconds

    def __getitem__(self, number):
        return self.replies[number]

    @property
    def messages(self):
        return " ".join(line["message"] for line in self.log)


def probe(build, calls, environment, inside=()):
    """Makes the calls, each a tuple of words; ENVIRONMENT is all of the probe's."""
    lines = "".join("\t".join(map(str, call)) + "\n" for call in calls)
    began = time.monotonic()
    done = subprocess.run([*inside, os.path.join(build, "tests", "hosts", "aws_probe")],
                          input=lines.encode(), capture_output=True, timeout=40,
                          env={"PATH": os.environ["PATH"], **environment}, check=False)
    out, err = done.stdout.decode(), done.stderr.decode()
    SAID.append(out + err)
    true(done.returncode == 0, f"the probe ended with {done.returncode}: {err[-2000:]}")
    replies = [json.loads(line) for line in out.split("\n")[:-1]]
    equal(len(replies), len(calls), "the replies")
    return Run(replies, [json.loads(line) for line in err.splitlines()],
               time.monotonic() - began)


def ask(build, script, *calls, secrets=SECRETS, **environment):
    """Makes the calls to a server with this script. Returns (the run, the server)."""
    server = Server(script, secrets)
    done = probe(build, calls or [LABEL],
                 {**KEYS, "AWS_ENDPOINT_URL": server.address, **environment})
    server.close()
    equal(server.faults, [], "the signatures")
    return done, server


def refused(reply, status, code, words=""):
    equal((reply["ok"], reply["status"], reply["code"]), (False, status, code), "the reply")
    true(words in reply["detail"] and code in reply["detail"] and reply["detail"].endswith("."),
         f"it says {reply['detail']!r}")


PICTURE = os.path.join(tempfile.mkdtemp(prefix="dime-aws."), "picture")
LABEL = ("labels", PICTURE)
with open(PICTURE, "wb") as picture:
    picture.write(bytes(range(256)) * 16)


def test_vectors(_build):
    """The test's own signatures are those of the published vectors"""
    for request, secret in vectors():
        wanted, given = signature(request, secret)
        equal(wanted, given, request.target)


EXAMPLE = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def vectors():
    """
    Requests of AWS's Signature Version 4 test suite, with keys AKIDEXAMPLE, and the GET of an object
    from S3's page "Signature Calculations for the Authorization Header", as they are signed there.
    """
    def authorization(key, scope, names, value):
        return ("Authorization", f"AWS4-HMAC-SHA256 Credential={key}/{scope}/aws4_request, "
                                 f"SignedHeaders={names}, Signature={value}")

    def of_suite(line, headers, body, names, value):
        return (Request(line + " HTTP/1.1",
                        [("Host", "example.amazonaws.com"), *headers,
                         ("X-Amz-Date", "20150830T123600Z"),
                         authorization("AKIDEXAMPLE", "20150830/us-east-1/service", names, value)],
                        body, 0), EXAMPLE)

    yield of_suite("GET /", [], b"", "host;x-amz-date",
                   "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
    yield of_suite("POST /", [], b"", "host;x-amz-date",
                   "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")
    yield of_suite("GET /?Param1=value1&Param2=value2", [], b"", "host;x-amz-date",
                   "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")
    yield of_suite("POST /", [("Content-Type", "application/x-www-form-urlencoded")],
                   b"Param1=value1", "content-type;host;x-amz-date",
                   "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a")
    yield (Request("GET /test.txt HTTP/1.1",
                   [("Host", "examplebucket.s3.amazonaws.com"), ("Range", "bytes=0-9"),
                    ("x-amz-content-sha256", EMPTY), ("X-Amz-Date", "20130524T000000Z"),
                    authorization("AKIAIOSFODNN7EXAMPLE", "20130524/us-east-1/s3",
                                  "host;range;x-amz-content-sha256;x-amz-date",
                                  "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
                                  )], b"", 0), "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


AWKWARD = ["a.jpg", "a b.jpg", "a+b.jpg", "100%.jpg", "%20.jpg", "a//b.jpg", "/a", "a/", "a..b/...",
           ".a/b.", "caf\u00e9/\u2615.jpg", "~!@#$^&*()_-={}[]|\\:;\"'<>,.?`", "a=b&c=d", "?x"]


def test_keys(build):
    """Every key of S3 is signed as AWS and botocore do it, with and without a session"""
    calls = [("get", 100, "photos", key, version) for key in AWKWARD for version in ("", "v+/= 1")]
    for token in ("", TOKEN):
        done, server = ask(build, [answer(b"x")] * len(calls), *calls, AWS_SESSION_TOKEN=token)
        equal([reply["body"] for reply in done.replies], ["x"] * len(calls), "the bodies")
        for request in server.requests:
            equal(request.header("X-Amz-Security-Token"), token or None, "the token")


# What botocore signs, in a python that has it: reads requests, prints their signatures.
BOTOCORE = """
import json, sys
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
for line in sys.stdin:
    key, secret, token, region, service, method, url, headers, body, date = json.loads(line)
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(Credentials(key, secret, token), service,
                                                             region)
    request = AWSRequest(method, url, headers, body.encode("latin-1"))
    request.context["timestamp"] = date
    text = signer.string_to_sign(request, signer.canonical_request(request))
    print(signer.signature(text, request))
"""


def python_with(module):
    """A python that has the module."""
    for python in (sys.executable, shutil.which("python3")):
        if python and not subprocess.run([python, "-c", f"import {module}"], capture_output=True,
                                         check=False).returncode:
            return python
    raise Skip(f"no python here has {module}")


def test_botocore(build):
    """The same, compared with botocore itself"""
    python = python_with("botocore")
    calls = [("get", 100, "photos", key, version) for key in AWKWARD for version in ("", "v+/= 1")]
    calls += [LABEL, ("labels-object", "photos", "a b"), ("translate", "hi", "en", "de")]
    _, server = ask(build, [answer(b"{}")] * len(calls), *calls, AWS_SESSION_TOKEN=TOKEN)
    lines = []
    for request in server.requests:
        region, service = request.scope
        headers = {name: value for name, value in request.headers
                   if name.lower().startswith(("x-amz-", "content-type"))}
        lines.append(json.dumps([KEY, SECRET, TOKEN, region, service, request.method,
                                 server.address + request.target, headers,
                                 request.body.decode("latin-1"), request.header("X-Amz-Date")]))
    done = subprocess.run([python, "-c", BOTOCORE], input="\n".join(lines), capture_output=True,
                          text=True, check=True)
    equal(len(server.requests), len(calls), "the requests")
    for theirs, request in zip(done.stdout.split(), server.requests):
        equal(signature(request, SECRET)[1], theirs, request.target)


RETRIED = {  # what makes a call try again: the step, and what it ends with when it stays so
    "throttling": (fault("ThrottlingException"), 503, "ThrottlingException", "too many requests"),
    "a prefix": (fault("com.amazon.coral#ProvisionedThroughputExceededException"), 503,
                 "ProvisionedThroughputExceededException", "too many requests"),
    "a header": (answer("", 400, ["x-amzn-ErrorType: TooManyRequestsException:http://x/"]), 503,
                 "TooManyRequestsException", "too many requests"),
    "an error": (fault("InternalServerError", 500), 502, "InternalServerError", "failed"),
    "an error without code": (answer("oops", 503), 502, "", "status 503"),
    "a closed connection": (close, 502, "", "broke off"),
    "a reset connection": (reset, 502, "", "broke off"),
    "half an answer": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"Labels"), 502, "",
                       "broke off"),
    "half a head": (raw(b"HTTP/1.1 200 OK\r\nContent-Le"), 502, "", "broke off"),
    "half a chunk": (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}"), 502, "",
                     "broke off"),
    "a head without end": (endless_head, 502, "", "broke off"),
    "no HTTP": (raw(b"\x15\x03\x01 garbage\r\n\r\n"), 502, "", "broke off"),
}


def test_retries(build):
    """What may be better the next time is tried three times, and the reply names the code"""
    def twice(name):
        step, status, code, words = RETRIED[name]
        done, server = ask(build, [step, step, GOOD])
        equal((done[0]["ok"], len(server.requests)), (True, 3), f"{name}, then better")
        equal(json.loads(done[0]["body"]), LABELS, name)
        done, server = ask(build, [step] * 4)
        refused(done[0], status, code, words)
        equal(len(server.requests), 3, f"{name}, the tries")
        equal([line["requestId"] for line in done.log], ["request-1"], f"{name}, the log")
    with ThreadPoolExecutor(len(RETRIED)) as pool:
        list(pool.map(twice, RETRIED))


FINAL = {  # what isn't tried again
    "no right": (fault("AccessDeniedException", 400), 502, "AccessDeniedException", "right"),
    "no picture": (fault("InvalidImageFormatException"), 415, "InvalidImageFormatException", "JPEG"),
    "too large": (fault("ImageTooLargeException"), 413, "ImageTooLargeException", "smaller|5 MiB"),
    "too small": (fault("InvalidParameterException"), 422, "InvalidParameterException", "80 pixels"),
    "no object": (fault("InvalidS3ObjectException"), 422, "InvalidS3ObjectException", "no such"),
    "an unknown code": (fault("Strange.Thing", 400, style="Code"), 502, "Strange.Thing", "failed"),
    "a code that is none": (fault("<script>alert(1)</script>"), 502, "", "status 400"),
    "a redirect": (answer("", 302, ["Location: http://127.0.0.1:1/"]), 502, "", "status 302"),
    "garbage": (answer(b"\xff\xfe garbage"), 502, "", "can't be read"),
    "half of JSON": (answer('{"Labels":[{"Name":"Cu'), 502, "", "can't be read"),
    "a list": (answer("[]"), 502, "", "can't be read"),
    "two names": (answer('{"Labels":[],"Labels":[]}'), 502, "", "can't be read"),
    "10 MB of garbage": (flood(200, 10), 502, "", "more than"),
    "10 MB, unannounced": (flood(200, 10, False), 502, "", "more than"),
    "10 MB of error": (flood(400, 10), 502, "", "status 400"),
}


def test_refusals(build):
    """What stays wrong is not tried again, and is a 4xx if the asker can mend it"""
    def once(name):
        step, status, code, words = FINAL[name]
        done, server = ask(build, [step] * 2)
        refused(done[0], status, code)
        true(any(word in done[0]["detail"] for word in words.split("|")),
             f"{name}: {done[0]['detail']}")
        equal(len(server.requests), 1, f"{name}, the tries")
        true(done[0]["memory"] < 24 << 20, f"{name} takes {done[0]['memory']} bytes")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(once, FINAL))


def stall_within_head(connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-")
    return stall(connection, request)


def test_deadline(build):
    """A server that stalls, drips or never ends is left in time: 504"""
    def until(step):
        done, _ = ask(build, [step] * 3, ("deadline", 1200), LABEL)
        refused(done[1], 504, "", "in time")
        # The reply is to be there 100 ms before; a busy machine gets some time to notice.
        true(1000 <= done[1]["ms"] <= 1700, f"it took {done[1]['ms']} ms of 1200")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(until, [stall, drip, stall_within_head, stall]))


def test_names(build):
    """A name server that says nothing doesn't hold up the reply: 504"""
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        silent.bind(("127.0.0.1", 53))
    except OSError as error:
        raise Skip(f"there can be no name server here: {error.strerror}") from error
    names = PICTURE + ".resolv"
    with open(names, "w", encoding="ascii") as file:
        file.write("nameserver 127.0.0.1\noptions timeout:30 attempts:1\n")
    inside = ["unshare", "--mount", "sh", "-c", f"mount --bind {names} /etc/resolv.conf && exec $0"]
    with silent:
        if not shutil.which("unshare") or subprocess.run([*inside, "true"], capture_output=True,
                                                         check=False).returncode:
            raise Skip("there can be no mount of a test's own here")
        done = probe(build, [("deadline", 1000), LABEL], KEYS, inside=inside)
    refused(done[1], 504, "", "in time")
    true(done[1]["ms"] <= 1500 and done.seconds < 4, f"it took {done[1]['ms']} ms")


def test_late_retry(build):
    """A pause that would end after the deadline isn't begun: the failure is the reply"""
    done, server = ask(build, [fault("ThrottlingException")] * 3, ("deadline", 102), LABEL)
    true(done[1]["ms"] < 102, f"it took {done[1]['ms']} ms")
    true(done[1]["status"] in (503, 504) and len(server.requests) <= 1, f"{done[1]}")
    done, server = ask(build, [], ("deadline", 50), LABEL)
    refused(done[1], 504, "", "in time")
    equal(server.requests, [], "what is sent when there's no time")


def test_stop(build):
    """A call is given up at once when its worker is to stop"""
    for script in ([stall], [fault("ThrottlingException")] * 3):
        done, _ = ask(build, script, ("stop", 300), LABEL, LABEL)
        if done[1]["ms"] > 280:  # a pause may have been shorter
            equal((done[1]["stopped"], done[1]["status"]), (True, 503), "the reply")
        true(done[1]["ms"] < 700, f"it took {done[1]['ms']} ms")
    done, server = ask(build, [], ("stop", 0), ("sleep", 50), LABEL)
    equal((done[2]["stopped"], server.requests), (True, []), "a call that comes after it")


def test_unreachable(build):
    """Where nobody listens is tried three times: 502"""
    server = Server()
    server.close()
    done = probe(build, [LABEL], {**KEYS, "AWS_ENDPOINT_URL": server.address})
    refused(done[0], 502, "", "can't be reached")
    true("tries: 3" in done.messages, done.messages)
    done = probe(build, [LABEL], {**KEYS, "AWS_ENDPOINT_URL": "http://nowhere.invalid"})
    refused(done[0], 502, "", "can't be reached")


def test_connections(build):
    """Connections are kept; one that has died meanwhile costs nothing"""
    _, server = ask(build, [GOOD] * 6, *[LABEL] * 6)
    equal({request.number for request in server.requests}, {1}, "the connections")
    dying = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    done, server = ask(build, [dying, dying, dying], LABEL, LABEL, LABEL)
    equal([reply["ok"] for reply in done.replies], [True] * 3, "the replies")
    true(done.seconds < 0.9, "there was no pause")


def test_expect(build):
    """A large picture is sent whole, whatever the server says to Expect: 100-continue"""
    large = PICTURE + ".large"
    with open(large, "wb") as file:
        file.write(os.urandom(5 << 20))

    def early(step):
        step.early = True
        return step

    def ignore(_connection, _request):
        return None

    for script, tries in [([GOOD], 1), ([early(ignore), GOOD], 1),
                          ([early(fault("ThrottlingException", 400)), GOOD], 1)]:
        done, server = ask(build, script, ("labels", large))
        equal((done[0]["ok"], len(server.requests)), (True, tries), "the reply")
        equal(len(server.requests[0].json["Image"]["Bytes"]), ((5 << 20) + 2) // 3 * 4, "bytes sent")
        true(done[0]["memory"] < 17 << 20, f"it takes {done[0]['memory']} bytes")
    with open(large, "ab") as file:
        file.write(b"x")
    done, server = ask(build, [], ("labels", large))
    refused(done[0], 413, "", "5 MiB")
    equal(server.requests, [], "what is sent of it")


def test_questions(build):
    """Each operation sends what its page in AWS's reference says"""
    calls = [("labels", PICTURE, 5, 50), ("labels-object", "photos", "a/b \u00e9.jpg", "v1"),
             ("translate", 'say "\u00e9"', "auto", "de"), ("languages",)]
    done, server = ask(build, [GOOD] * 4, *calls)
    equal([reply["ok"] for reply in done.replies], [True] * 4, "the replies")
    one, two, three, four = server.requests
    equal({**one.json, "Image": None}, {"Image": None, "MaxLabels": 5, "MinConfidence": 50}, "labels")
    equal(two.json, {"Image": {"S3Object": {"Bucket": "photos", "Name": "a/b \u00e9.jpg",
                                            "Version": "v1"}}}, "labels-object")
    equal(three.json, {"Text": 'say "\u00e9"', "SourceLanguageCode": "auto",
                       "TargetLanguageCode": "de"}, "translate")
    equal(four.json, {"DisplayLanguageCode": "en", "MaxResults": 500}, "languages")
    equal([request.header("X-Amz-Target") for request in server.requests],
          ["RekognitionService.DetectLabels"] * 2 +
          ["AWSShineFrontendService_20170701." + name for name in ("TranslateText", "ListLanguages")],
          "the targets")
    equal({request.header("Content-Type") for request in server.requests},
          {"application/x-amz-json-1.1"}, "the types")
    equal([request.scope for request in server.requests],
          [("eu-west-1", "rekognition")] * 2 + [("eu-west-1", "translate")] * 2, "the scopes")


def test_objects(build):
    """An object is read whole, or the reply says why not"""
    big = os.urandom(300000)
    half = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234")
    chunked = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", False)
    unframed = raw(b"HTTP/1.1 200 OK\r\n\r\nabc")
    done, server = ask(build, [answer(big), half, answer(b"123456789"), chunked, answer(b""),
                               unframed, unframed, unframed],
                       ("get", 300000, "photos", "a"), ("get", 9, "photos", "a"),
                       ("get", 9, "photos", "a"), ("get", 9, "photos", "a"),
                       ("get", 9, "photos", "a"))
    equal([reply["ok"] for reply in done.replies], [True] * 4 + [False], "the replies")
    equal([reply["body"] for reply in done.replies[1:4]], ["123456789", "abc", ""], "the bodies")
    true(done[0]["memory"] < 400000, f"an object of 300000 bytes takes {done[0]['memory']}")
    refused(done[4], 502, "", "broke off")
    true("it has no length" in done.log[0]["message"], f"{done.log}")
    equal(server.requests[0].target, "/photos/a", "the path")
    part = answer(b"1234", 206, ["Content-Range: bytes 0-3/9"])
    done, _ = ask(build, [part, part, part, part, answer(b"123456789")], *[("get", 9, "photos", "a")] * 2)
    refused(done[0], 502, "", "broke off")
    true("a part (206)" in done.log[0]["message"], f"{done.log}")
    equal(done[1]["body"], "123456789", "after a part")
    script = [answer(b"1234567890"), flood(200, 10), flood(200, 10, False), xml_fault("NoSuchKey"),
              xml_fault("NoSuchBucket"), xml_fault("AccessDenied", 403),
              xml_fault("NoSuchVersion"), xml_fault("Strange", 400)]
    done, _ = ask(build, script, *[("get", 9, "photos", "a")] * 8)
    for number, (status, code) in enumerate(
            [(413, ""), (413, ""), (413, ""), (422, "NoSuchKey"), (422, "NoSuchBucket"),
             (422, "AccessDenied"), (422, "NoSuchVersion"), (502, "Strange")]):
        refused(done[number], status, code)
    bad = [("", "a"), ("a/b", "a"), ("x@evil.example", "a"), ("..", "a"), ("photos", ""),
           ("photos", "k" * 1025)]
    done, server = ask(build, [], *[("get", 9, *names) for names in bad])
    equal([reply["status"] for reply in done.replies], [422] * 6, "names that none has")
    equal(server.requests, [], "what is sent for them")


def test_queue(build):
    """Messages are received, hidden and deleted in batches, and each failure is told"""
    messages = {"Messages": [{"MessageId": f"m{i}", "ReceiptHandle": f"r{i}", "Body": f"b\u00e9 {i}\n",
                              "MD5OfBody": "x", "Attributes": {"ApproximateReceiveCount": "2"}}
                             for i in range(3)]}
    failed = {"Successful": [{"Id": "0"}], "Failed": [
        {"Id": "1", "SenderFault": True, "Code": "ReceiptHandleIsInvalid", "Message": "no"},
        {"Id": "77", "Code": "Odd"}]}
    sent = {"Successful": [{"Id": "0", "MessageId": "new"}, {"Id": "1", "MessageId": "new"}]}
    script = [answer(value) for value in
              ({}, messages, failed, {"Successful": [{"Id": "2"}]}, sent)]
    script += [fault("com.amazonaws.sqs#QueueDoesNotExist")]
    url = "https://sqs.us-west-2.amazonaws.com/123456789012/pictures"
    done, server = ask(build, script, ("queue", url), ("receive", 10, 3), ("receive", 3, 20, 45),
                       ("delete", 0, 1, 2), ("hide", 60, 2), ("send", "one", 'tw"o'),
                       ("receive", 1, 0))
    equal({**done[0], "ms": 0}["region"], "us-west-2", "the region")
    equal((done[1]["messages"], done[1]["ok"]), ([], True), "an empty receive")
    equal([(message["id"], message["body"], message["attributes"]) for message in done[2]["messages"]],
          [(f"m{i}", f"b\u00e9 {i}\n", {"ApproximateReceiveCount": "2"}) for i in range(3)],
          "the messages")
    equal(done[3]["failed"], [None, "ReceiptHandleIsInvalid", ""], "what wasn't deleted")
    equal(done[5]["failed"], [None, None], "what wasn't sent")
    refused(done[6], 502, "QueueDoesNotExist")
    equal([request.operation for request in server.requests],
          ["ReceiveMessage", "ReceiveMessage", "DeleteMessageBatch", "ChangeMessageVisibilityBatch",
           "SendMessageBatch", "ReceiveMessage"], "the operations")
    equal({request.scope for request in server.requests}, {("us-west-2", "sqs")}, "the scope")
    equal({request.header("Content-Type") for request in server.requests},
          {"application/x-amz-json-1.0"}, "the type")
    bodies = [request.json for request in server.requests]
    equal({body["QueueUrl"] for body in bodies}, {url}, "the queue")
    equal([bodies[1][name] for name in ("MaxNumberOfMessages", "WaitTimeSeconds", "VisibilityTimeout")],
          [3, 8, 45], "the wait fits into the deadline")
    equal(bodies[2]["Entries"], [{"Id": str(i), "ReceiptHandle": f"r{i}"} for i in range(3)], "deletes")
    equal(bodies[3]["Entries"][0]["VisibilityTimeout"], 60, "hides")
    equal([entry["MessageBody"] for entry in bodies[4]["Entries"]], ["one", 'tw"o'], "sends")


QUEUES = {
    "https://sqs.eu-north-1.amazonaws.com/1/a": ("eu-north-1", False),
    "https://sqs.cn-north-1.amazonaws.com.cn/1/a.fifo": ("cn-north-1", True),
    "https://sqs-fips.us-gov-west-1.amazonaws.com/1/a": ("us-gov-west-1", False),
    "https://vpce-0a1-b2.sqs.us-east-2.vpce.amazonaws.com/1/a": ("us-east-2", False),
    "https://us-west-1.queue.amazonaws.com/1/a": ("us-west-1", False),
    "https://queue.amazonaws.com/1/a": ("us-east-1", False),
    "http://sqs.eu-west-3.localhost.localstack.cloud:4566/0/a": ("eu-west-3", False),
    "http://127.0.0.1:9324/000000000000/a.fifo": ("eu-west-1", True),
    "ftp://sqs.eu-west-1.amazonaws.com/1/a": None, "sqs": None, "": None,
    "https://user:pass@sqs.eu-west-1.amazonaws.com/1/a": None,
    "https://sqs.eu-west-1.amazonaws.com/": None,
}


def test_queue_addresses(build):
    """A queue's address says its region and where to call"""
    done = probe(build, [("queue", url) for url in QUEUES], KEYS)
    for (url, wanted), reply in zip(QUEUES.items(), done.replies):
        equal(reply["ok"], wanted is not None, url)
        if wanted:
            equal((reply["region"], reply["ordered"]), wanted, url)
            equal(reply["endpoint"], url.rsplit("/", 2)[0], url)
            equal(reply["name"], url.rsplit("/", 1)[1], url)


@contextlib.contextmanager
def files(**contents):
    """A home folder with ~/.aws/NAME of each content."""
    with tempfile.TemporaryDirectory(prefix="dime-aws.") as home:
        os.mkdir(os.path.join(home, ".aws"))
        for name, content in contents.items():
            with open(os.path.join(home, ".aws", name), "w", encoding="utf-8") as file:
                file.write(content)
        yield home


CREDENTIALS = f"""# mine
[default]
aws_access_key_id = KEYDEFAULT
aws_secret_access_key = {SECRET}
[other]
aws_access_key_id=KEYOTHER
aws_secret_access_key={SECRET}
aws_session_token={TOKEN}
[half]
aws_access_key_id = KEYHALF
[role]
aws_access_key_id = KEYDEFAULT
aws_secret_access_key = {SECRET}
[sso-and-keys]
aws_access_key_id = KEYDEFAULT
aws_secret_access_key = {SECRET}
[process-and-keys]
aws_access_key_id = KEYDEFAULT
aws_secret_access_key = {SECRET}
[indented]
    aws_access_key_id = KEYOTHER
    aws_secret_access_key: {SECRET}
    aws_security_token = {TOKEN}
    s3 =
      aws_session_token = nested
"""
CONFIG = f"""[default]
region = eu-default-1
[profile other]
region = eu-other-1
aws_access_key_id = KEYWRONG
aws_secret_access_key = wrong
services = mine
[profile inconfig]
region = eu-config-1
aws_access_key_id = KEYCONFIG
aws_secret_access_key = {SECRET}
endpoint_url = ENDPOINT
[profile sso]
sso_session = x
region = eu-west-1
[profile role]
role_arn = arn:aws:iam::123456789012:role/r
source_profile = role
[profile role-of-file]
role_arn = arn:aws:iam::123456789012:role/r
credential_source = Ec2InstanceMetadata
[profile source]
source_profile = default
[profile credential-source]
credential_source = Environment
[profile sso-and-keys]
sso_account_id = 123456789012
sso_role_name = r
[profile process]
credential_process = /bin/true
aws_access_key_id = KEYCONFIG
aws_secret_access_key = {SECRET}
[profile process-and-keys]
credential_process = /bin/true
region = eu-process-1
[profile login]
login_session = x
[profile web]
web_identity_token_file = /nowhere/token
[profile indented]
    region = eu-indented-1
    rekognition =
        region = eu-nested-1
[services mine]
s3 =
  endpoint_url = http://127.0.0.1:1
rekognition =
  endpoint_url = ENDPOINT
"""
BY_FILE = {name: SECRET for name in ("KEYDEFAULT", "KEYOTHER", "KEYCONFIG", KEY)}


def test_files(build):
    """Keys, region and endpoint are found in the shared files, the environment before them"""
    server = Server([GOOD] * 99, BY_FILE)
    with files(credentials=CREDENTIALS, config=CONFIG.replace("ENDPOINT", server.address)) as home:
        base = {"HOME": home, "AWS_ENDPOINT_URL": server.address, "AWS_EC2_METADATA_DISABLED": "true"}
        wanted = [
            ({}, "KEYDEFAULT", "eu-default-1", None),
            ({"AWS_PROFILE": "other", "AWS_ENDPOINT_URL": ""}, "KEYOTHER", "eu-other-1", TOKEN),
            ({"AWS_DEFAULT_PROFILE": "other"}, "KEYOTHER", "eu-other-1", TOKEN),
            ({"AWS_PROFILE": "inconfig", "AWS_ENDPOINT_URL": ""}, "KEYCONFIG", "eu-config-1", None),
            ({"AWS_PROFILE": "other", "AWS_REGION": "eu-env-1", "AWS_DEFAULT_REGION": "eu-no-1"},
             "KEYOTHER", "eu-env-1", TOKEN),
            ({"AWS_PROFILE": "other", "AWS_DEFAULT_REGION": "eu-env-2"}, "KEYOTHER", "eu-env-2", TOKEN),
            ({**KEYS, "AWS_PROFILE": "other", "AWS_REGION": ""}, KEY, "eu-other-1", None),
            ({**KEYS, "AWS_ACCESS_KEY_ID": ""}, "KEYDEFAULT", "eu-west-1", None),
            ({"AWS_PROFILE": "indented"}, "KEYOTHER", "eu-indented-1", TOKEN),
            ({"AWS_PROFILE": "process-and-keys"}, "KEYDEFAULT", "eu-process-1", None),
            ({**KEYS, "AWS_PROFILE": "role", "AWS_SECURITY_TOKEN": TOKEN}, KEY, "eu-west-1", TOKEN),
            ({**KEYS, "AWS_SECURITY_TOKEN": TOKEN, "AWS_SESSION_TOKEN": "other"}, KEY, "eu-west-1", TOKEN),
            ({"AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "AWS_PROFILE": "inconfig"}, "KEYCONFIG",
             "eu-config-1", None),
            ({"AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials", "AWS_CONFIG_FILE": "/nowhere",
              "AWS_REGION": "eu-x-1"}, "KEYDEFAULT", "eu-x-1", None),
        ]
        for environment, key, region, token in wanted:
            done = probe(build, [("ready",), LABEL], {**base, **environment})
            true(done[0]["ok"] and done[1]["ok"], f"{environment}: {done.replies}")
            request = server.requests[-1]
            equal((request.key, request.scope[0], request.header("X-Amz-Security-Token")),
                  (key, region, token), str(environment))
    server.close()
    equal(server.faults, [], "the signatures")


def test_misconfigured(build):
    """What is set wrong is told before anything is sent: 503, and `auto` knows it"""
    server = Server([GOOD] * 99)
    with files(credentials=CREDENTIALS, config=CONFIG) as home:
        base = {"HOME": home, "AWS_ENDPOINT_URL": server.address, "AWS_REGION": "eu-west-1",
                "AWS_EC2_METADATA_DISABLED": "true"}
        secret = os.path.join(home, "unreadable")
        os.mkdir(secret)
        long = os.path.join(home, "long")
        with open(long, "w", encoding="utf-8") as file:
            file.write("#" * (1 << 20) + "\n")
        wanted = [
            ({"HOME": "/nowhere"}, "no AWS credentials"),
            ({"HOME": ""}, "no AWS credentials"),
            ({"AWS_PROFILE": "half"}, "without aws_secret_access_key"),
            ({"AWS_PROFILE": "sso"}, "export-credentials"),
            *[({"AWS_PROFILE": name}, "export-credentials")
              for name in ("role", "role-of-file", "source", "credential-source", "sso-and-keys",
                           "process", "login")],
            ({"AWS_PROFILE": "role", "AWS_WEB_IDENTITY_TOKEN_FILE": "/dev/null",
              "AWS_ROLE_ARN": "arn:aws:iam::1:role/x"}, "export-credentials"),
            ({"AWS_PROFILE": "nobody"}, "AWS_PROFILE"),
            ({**KEYS, "AWS_ACCESS_KEY_ID": " "}, "aren't keys"),
            ({**KEYS, "AWS_SECURITY_TOKEN": " "}, "aren't keys"),
            ({**KEYS, "AWS_PROFILE": "nobody"}, "AWS_PROFILE"),
            ({"AWS_ACCESS_KEY_ID": KEY}, "without AWS_SECRET_ACCESS_KEY"),
            ({**KEYS, "AWS_SESSION_TOKEN": "one\r\nX-Evil: two"}, "aren't keys"),
            ({**KEYS, "AWS_SECRET_ACCESS_KEY": SECRET + "\n"}, "aren't keys"),
            ({**KEYS, "AWS_SECRET_ACCESS_KEY": "x" * 4000}, "aren't keys"),
            ({"AWS_SHARED_CREDENTIALS_FILE": secret}, "AWS_SHARED_CREDENTIALS_FILE"),
            ({"AWS_CONFIG_FILE": long}, "1 MiB"),
            ({**KEYS, "AWS_REGION": ""}, ""),
            ({**KEYS, "HOME": "/nowhere", "AWS_REGION": ""}, "set AWS_REGION"),
            ({**KEYS, "AWS_REGION": "x@evil.example/"}, "AWS_REGION"),
            ({**KEYS, "AWS_REGION": "a" * 64}, "AWS_REGION"),
        ]
        for environment, words in wanted:
            done = probe(build, [("ready",), LABEL], {**base, **environment})
            if not words:
                true(done[0]["ok"] and done[1]["ok"], f"{environment}: {done.replies}")
                continue
            equal(done[0]["ok"], False, f"ready, {environment}")
            true(words in done[0]["detail"], f"{environment}: {done[0]['detail']}")
            refused(done[1], 503, "", words)
            true(home not in done[1]["detail"], "no path of this machine is told")
        for url in ("localhost:1", "ftp://x/", "https://u:p@x/", "http:///", "http://x" + "y" * 300):
            done = probe(build, [LABEL], {**base, **KEYS, "AWS_ENDPOINT_URL_REKOGNITION": url})
            refused(done[0], 503, "", "AWS_ENDPOINT_URL")
    server.close()
    equal(len(server.requests), 1, "what is sent")


def test_endpoints(build):
    """An endpoint is the service's variable, the common one, the profile's, or AWS's own"""
    one, two, proxy = Server([GOOD] * 9), Server([GOOD] * 9), Server([close] * 99, proxy=True)
    ignore = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE", "HTTPS_PROXY": proxy.address}
    both = {**KEYS, "AWS_ENDPOINT_URL": two.address, "AWS_ENDPOINT_URL_REKOGNITION": one.address + "/p/"}
    probe(build, [LABEL, ("translate", "a", "en", "de")], both)
    equal(([request.target for request in one.requests], [request.target for request in two.requests]),
          (["/p"], ["/"]), "the paths")
    done = probe(build, [("deadline", 600), LABEL, ("get", 9, "photos", "k"),
                         ("get", 9, "my.photos", "k"), ("translate", "a", "en", "de")],
                 {**both, **ignore})
    equal(len(one.requests) + len(two.requests), 2, "asked though it's to be ignored")
    hosts = []
    for request in proxy.requests:
        if request.target not in hosts:
            hosts.append(request.target)
    equal(hosts, [name + ".eu-west-1.amazonaws.com:443"
                  for name in ("rekognition", "photos.s3", "s3", "translate")], "AWS's own hosts")
    equal({reply["status"] for reply in done.replies[1:]} <= {502, 504}, True, "the replies")
    for server in (one, two, proxy):
        server.close()


class Certificates:
    """An authority of the test's own, and what it has signed."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="dime-aws.")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=dime test", "-days", "2")
        with open(os.path.join(self.folder, "ca.conf"), "w", encoding="ascii") as file:
            file.write("[ca]\ndefault_ca = it\n[it]\ndatabase = index\nrand_serial = yes\nnew_certs_dir = .\n"
                       "unique_subject = no\nprivate_key = ca.key\ncertificate = ca.pem\n"
                       "default_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n")
        with open(os.path.join(self.folder, "index"), "w", encoding="ascii"):
            pass  # a database of nothing

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def context(self, names, until="20490101000000Z"):
        """A server's side of TLS with a certificate for these names; UNTIL: as openssl-ca(1) takes it."""
        with open(os.path.join(self.folder, "names"), "w", encoding="ascii") as file:
            file.write("subjectAltName=" + names)
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=x")
        self.openssl("ca", "-batch", "-config", "ca.conf", "-in", "request.pem", "-out", "cert.pem",
                     "-notext", "-extfile", "names", "-startdate", "20200101000000Z", "-enddate", until)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.folder, "cert.pem"),
                                os.path.join(self.folder, "key.pem"))
        return context

    @property
    def authority(self):
        return os.path.join(self.folder, "ca.pem")


def test_certificates(build):
    """Nothing is sent to a server whose certificate is wrong"""
    if not shutil.which("openssl"):
        raise Skip("openssl isn't installed")
    made = Certificates()
    here = "IP:127.0.0.1"
    right, other, old = made.context(here), made.context("DNS:example.com"), made.context(here, "20200102000000Z")
    trusted = {"AWS_CA_BUNDLE": made.authority}
    for tls, environment, status in [
            (right, trusted, 0), (right, {"SSL_CERT_FILE": made.authority}, 0),
            (right, {"CURL_CA_BUNDLE": made.authority}, 0), (right, {}, 502), (other, trusted, 502),
            (old, trusted, 502), (right, {"AWS_CA_BUNDLE": "/nowhere.pem"}, 503)]:
        server = Server([GOOD] * 9, SECRETS, tls)
        done = probe(build, [LABEL, LABEL], {**KEYS, "AWS_ENDPOINT_URL": server.address, **environment})
        server.close()
        equal({reply["status"] for reply in done.replies}, {status}, str(environment))
        equal(len(server.requests), 0 if status else 2, "what is sent")
        if status == 502:
            refused(done[0], 502, "", "certificate")
            true(done[0]["ms"] < 900, "it isn't tried again")
        if status == 503:
            refused(done[0], 503, "", "can't be called from here (Problem with the SSL CA cert")
            true("/nowhere" not in done[0]["detail"], "a path of this machine is told")
        if not status:
            equal(server.connections, 1, "the connections")
    shutil.rmtree(made.folder)


def test_regions(build):
    """A bucket in another region is asked there, once; a region that is none is not believed"""
    if not shutil.which("openssl"):
        raise Skip("openssl isn't installed")
    made = Certificates()
    tls = made.context("DNS:*.s3.eu-west-1.amazonaws.com,DNS:*.s3.us-east-2.amazonaws.com")
    environment = {**KEYS, "AWS_CA_BUNDLE": made.authority}
    moved = [xml_fault("PermanentRedirect", 301, ["x-amz-bucket-region: us-east-2"])]
    lost = [xml_fault("PermanentRedirect", 301, [f"x-amz-bucket-region: {name}"])
            for name in ("us-east-2", "eu-west-1", "us-east-2")]
    evil = [xml_fault("PermanentRedirect", 301, ["x-amz-bucket-region: x.evil.example/"])]
    for script, ok, regions in [(moved + [answer(b"here")], True, ["eu-west-1", "us-east-2"]),
                                (lost, False, ["eu-west-1", "us-east-2"]),
                                (evil, False, ["eu-west-1"])]:
        server = Server(script, SECRETS, tls, proxy=True)
        done = probe(build, [("get", 9, "photos", "a b")], {**environment, "https_proxy": server.address})
        server.close()
        equal(done[0]["ok"], ok, f"{done[0]}")
        asked = [request for request in server.requests if request.method == "GET"]
        equal([request.scope[0] for request in asked], regions, "the regions")
        equal([request.header("Host") for request in asked],
              [f"photos.s3.{region}.amazonaws.com" for region in regions], "the hosts")
        equal(asked[0].target, "/a%20b", "the path")
        equal([fault for fault in server.faults if "isn't signed" not in fault], [], "signatures")
    shutil.rmtree(made.folder)


CLIMBING = ["..", ".", "../other/a", "a/../../other/a", "a/..", "a/../b", "a/./b", "./a", "a/."]


def test_climbing_keys(build):
    """A key that could lead out of its bucket is asked for only where the bucket is the host's"""
    if not shutil.which("openssl"):
        raise Skip("openssl isn't installed")
    done, server = ask(build, [], *[("get", 9, "photos", key, "v/../1") for key in CLIMBING])
    equal(server.requests, [], "a path with the bucket in it")
    for reply in done.replies:
        refused(reply, 422, "", "another bucket's")
    made = Certificates()
    tls = made.context("DNS:*.s3.eu-west-1.amazonaws.com,DNS:s3.eu-west-1.amazonaws.com")
    server = Server([answer(b"here")] * len(CLIMBING), SECRETS, tls, proxy=True)
    calls = [("get", 9, "photos", key) for key in CLIMBING] + [("get", 9, "my.photos", "../other/a")]
    done = probe(build, calls, {**KEYS, "AWS_CA_BUNDLE": made.authority, "https_proxy": server.address})
    server.close()
    *good, last = done.replies
    equal([reply["body"] for reply in good], ["here"] * len(CLIMBING), "a host for the bucket")
    refused(last, 422, "", "another bucket's")
    asked = [request for request in server.requests if request.method == "GET"]
    equal([request.target for request in asked], ["/" + key for key in CLIMBING], "the paths")
    equal({request.header("Host") for request in asked}, {"photos.s3.eu-west-1.amazonaws.com"})
    equal([fault for fault in server.faults if "isn't signed" not in fault], [], "signatures")
    shutil.rmtree(made.folder)


def hours(count):
    """A time from now as AWS writes it."""
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=count)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def handed(key, last=6):
    """What a neighbour hands out."""
    return answer({"Code": "Success", "AccessKeyId": key, "SecretAccessKey": SECRET, "Token": TOKEN,
                   "Expiration": hours(last)})


def with_neighbour(build, script, calls, signers, **environment):
    """
    Calls with credentials of a server. Returns (run, what came to AWS, the neighbour). There is a
    proxy for all but AWS, at which nobody is: a neighbour must be asked without it.
    """
    neighbour, server = Server(script), Server([GOOD] * 9, dict.fromkeys(signers, SECRET))
    environment = {name: value.replace("NEIGHBOUR", neighbour.address)
                   for name, value in environment.items()}
    done = probe(build, calls, {
        "AWS_REGION": "eu-west-1", "http_proxy": "http://127.0.0.1:1", "no_proxy": "localhost",
        "AWS_ENDPOINT_URL_REKOGNITION": f"http://localhost:{server.port}", **environment})
    neighbour.close()
    server.close()
    equal(server.faults, [], "the signatures")
    return done, server.requests, neighbour


def test_container(build):
    """A container's server hands out credentials, once, and only a neighbour is asked"""
    uri = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "NEIGHBOUR/get?x=1"}
    token = PICTURE + ".token"
    with open(token, "w", encoding="ascii") as file:
        file.write("Bearer from-a-file")
    for more, header in [({}, None), ({"AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic abc"}, "Basic abc"),
                         ({"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
                           "AWS_CONTAINER_AUTHORIZATION_TOKEN": "no"}, "Bearer from-a-file")]:
        done, asked, neighbour = with_neighbour(build, [handed("KEYCONTAINER")],
                                                [("ready",), LABEL, LABEL], ["KEYCONTAINER"],
                                                **uri, **more)
        equal([reply["ok"] for reply in done.replies], [True] * 3, "the replies")
        equal([(request.target, request.header("Authorization")) for request in neighbour.requests],
              [("/get?x=1", header)], "what the neighbour is asked")
        equal([request.header("X-Amz-Security-Token") for request in asked], [TOKEN] * 2, "the token")
    with open(token, "w", encoding="ascii") as file:
        file.write("Bearer x\r\nX-Evil: 1")
    for environment, words in [
            ({**uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\nb"}, "line end"),
            ({**uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token}, "line end"),
            ({**uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/nowhere"}, "can't be read"),
            ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.169.254/x"}, "only this machine"),
            ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1@evil.example/"}, "only this"),
            ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1.evil.example/"}, "only this"),
            ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://10.0.0.1/"}, "only this machine"),
            ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@evil.example/"}, "only this machine")]:
        done, asked, neighbour = with_neighbour(build, [], [LABEL], [], **environment)
        refused(done[0], 503, "", words)
        equal((asked, neighbour.requests), ([], []), "what is sent")


def test_neighbour_faults(build):
    """A neighbour that hands out nonsense, or nothing, is told of, in time"""
    uri = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "NEIGHBOUR/"}
    half = {"AccessKeyId": "KEYHALF", "Expiration": hours(1)}
    scripts = [[answer({**half, "SecretAccessKey": SECRET, "Expiration": "soon"})], [answer(half)],
               [answer("no JSON")], [answer("[]")], [fault("NoRole", 404)], [flood(200, 1)], [stall, close, close],
               [fault("Oops", 500)] * 3]

    def one(script):
        done, asked, _ = with_neighbour(build, list(script), [LABEL, LABEL], [], **uri)
        refused(done[0], 503, "", "container's server")
        equal(asked, [], "what is sent")
        true(done[0]["ms"] < 9900 and done[1]["ms"] < 100, "the second call doesn't wait for it too")
    with ThreadPoolExecutor(len(scripts)) as pool:
        list(pool.map(one, scripts))


def test_instance(build):
    """An instance's metadata server is asked by its second version, with a token"""
    script = [answer("the-session"), answer("my-role\n"), handed("KEYINSTANCE")]
    here = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "NEIGHBOUR/"}
    done, _, neighbour = with_neighbour(build, script, [("ready",), LABEL, LABEL], ["KEYINSTANCE"],
                                        **here)
    equal([reply["ok"] for reply in done.replies], [True] * 3, "the replies")
    path = "/latest/meta-data/iam/security-credentials/"
    equal([(request.method, request.target, request.header("X-aws-ec2-metadata-token-ttl-seconds"),
            request.header("X-aws-ec2-metadata-token")) for request in neighbour.requests],
          [("PUT", "/latest/api/token", "21600", None), ("GET", path, None, "the-session"),
           ("GET", path + "my-role", None, "the-session")], "what it's asked")
    done, _, neighbour = with_neighbour(build, list(script), [("ready",), LABEL], [], **here,
                                        AWS_EC2_METADATA_DISABLED="true")
    equal(([reply["ok"] for reply in done.replies], neighbour.requests), ([False] * 2, []), "disabled")
    script = [answer("the-session"), answer("", 404)]
    done, _, neighbour = with_neighbour(build, script, [("ready",), LABEL, ("ready",), LABEL], [],
                                        **here)
    equal([reply["ok"] for reply in done.replies], [True, False, False, False], "without a role")
    refused(done[1], 503, "", "no AWS credentials")
    equal(len(neighbour.requests), 2, "it isn't asked again at once")
    done, _, _ = with_neighbour(build, [stall], [LABEL, LABEL], [], **here)
    refused(done[0], 503, "", "no AWS credentials")
    true(950 < done[0]["ms"] < 1500 and done[1]["ms"] < 100, f"it waits {done[0]['ms']} ms")
    expired = [answer("the-session"), answer("my-role"), handed("KEYOLD", -1)]
    done, asked, _ = with_neighbour(build, expired, [LABEL], ["KEYOLD"], **here)
    equal((done[0]["ok"], len(asked)), (True, 1), "old ones are used while there are no others")


def test_web_identity(build):
    """A web identity's token is exchanged for credentials at STS"""
    token = PICTURE + ".identity"
    with open(token, "w", encoding="ascii") as file:
        file.write("eyJ.web.identity\n")
    given = answer(f"<R><Credentials><AccessKeyId>KEYWEB</AccessKeyId><SecretAccessKey>{SECRET}"
                   f"</SecretAccessKey><SessionToken>{TOKEN}</SessionToken>"
                   f"<Expiration>{hours(1)}</Expiration></Credentials></R>")
    role = "arn:aws:iam::123456789012:role/x"
    web = {"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": role, "AWS_ENDPOINT_URL_STS": "NEIGHBOUR",
           "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/", "http_proxy": ""}
    done, asked, sts = with_neighbour(build, [given], [("ready",), LABEL, LABEL], ["KEYWEB"], **web)
    equal([reply["ok"] for reply in done.replies], [True] * 3, "the replies")
    equal(([request.body.decode() for request in sts.requests], len(asked)),
          (["Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A"
            "123456789012%3Arole%2Fx&RoleSessionName=dime&WebIdentityToken=eyJ.web.identity"], 2),
          "what STS is asked")
    with files(config=f"[default]\nweb_identity_token_file = {token}\nrole_arn = {role}\n"
                      "role_session_name = mine\n") as home:
        done, asked, sts = with_neighbour(build, [given], [("ready",), LABEL], ["KEYWEB"], HOME=home,
                                          AWS_ENDPOINT_URL_STS="NEIGHBOUR", http_proxy="")
        equal(([reply["ok"] for reply in done.replies], len(asked)), ([True] * 2, 1), "the profile's")
        true(b"&RoleSessionName=mine&" in sts.requests[0].body, "the session's name")
    with files(config=f"[default]\nweb_identity_token_file = {token}\n") as home:
        done, asked, _ = with_neighbour(build, [], [LABEL], [], HOME=home)
        refused(done[0], 503, "", "role_arn")
    denied = [xml_fault("InvalidIdentityToken", 400)]
    done, asked, _ = with_neighbour(build, denied, [LABEL], [], **web)
    refused(done[0], 503, "", "AWS STS")
    true("InvalidIdentityToken" in done.messages, done.messages)
    done, _, _ = with_neighbour(build, [], [LABEL], [], **{**web, "AWS_ROLE_ARN": ""})
    refused(done[0], 503, "", "AWS_ROLE_ARN")
    HIDDEN.add("eyJ.web.identity")


def test_renewed(build):
    """Credentials that AWS doesn't take any more are looked for again, once"""
    with files(credentials=CREDENTIALS.replace("KEYDEFAULT", "KEYOLD")) as home:
        def rotate(connection, request):
            with open(os.path.join(home, ".aws", "credentials"), "w", encoding="utf-8") as file:
                file.write(CREDENTIALS)
            return fault("ExpiredTokenException")(connection, request)
        server = Server([GOOD, rotate, GOOD], {"KEYOLD": SECRET, "KEYDEFAULT": SECRET})
        done = probe(build, [LABEL, LABEL], {"HOME": home, "AWS_REGION": "eu-west-1",
                                             "AWS_ENDPOINT_URL": server.address})
        server.close()
    equal(([reply["ok"] for reply in done.replies], server.faults), ([True] * 2, []), "the replies")
    equal([request.key for request in server.requests], ["KEYOLD", "KEYOLD", "KEYDEFAULT"], "the keys")
    done, server = ask(build, [fault("ExpiredTokenException")] * 4)
    refused(done[0], 502, "ExpiredTokenException", "renew")
    equal(len(server.requests), 2, "the tries")


def test_echo(build):
    """A service that quotes what it was sent tells neither the log nor a person a key"""
    def echo(where):
        def step(connection, request):
            quoted = "\n".join(": ".join(pair) for pair in request.headers)
            token = request.header("X-Amz-Security-Token")
            if where == "code":
                return fault(request.key, 400, quoted)(connection, request)
            if where == "id":
                return answer("{}", 400, [f"x-amzn-RequestId: {token}"[:70]])(connection, request)
            if where == "xml":
                return answer(f"<Error><Code>SignatureDoesNotMatch</Code><Message>{quoted}</Message>"
                              "</Error>", 403)(connection, request)
            return fault("InvalidSignatureException", 400, quoted)(connection, request)
        return step
    for where in ("message", "code", "id", "xml"):
        done, _ = ask(build, [echo(where)] * 4, AWS_SESSION_TOKEN=TOKEN)
        said = json.dumps(done.replies) + json.dumps(done.log)
        equal(done[0]["ok"], False, where)
        for secret in (KEY, SECRET[:12], TOKEN[:16]):
            true(secret not in said, f"{where}: {secret} is told: {said[:400]}")


def test_memory(build):
    """A thousand calls, good and bad, take no more memory than a hundred"""
    def peak(count):
        server = Server([GOOD, fault("AccessDeniedException"), answer(b"x" * 100000), flood(400, 1)] *
                        count, SECRETS)
        calls = [LABEL, LABEL, ("get", 200000, "photos", "k"), LABEL] * count
        done = probe(build, calls, {**KEYS, "AWS_ENDPOINT_URL": server.address})
        server.close()
        equal(len(done.replies), 4 * count, "the replies")
        return done[-1]["memory"], done[-1]["rss"]
    few, many = peak(25), peak(250)
    true(many[0] <= few[0] and many[1] < few[1] + 1024, f"it grows from {few} to {many} kB")


class Moto:
    """A moto_server, and the keys of a user and of a session in it."""

    def __init__(self):
        program = shutil.which("moto_server")
        if not program:
            raise Skip("moto_server isn't installed")
        with socket.create_server(("127.0.0.1", 0)) as probing:
            self.port = probing.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(self.port)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        start_new_session=True)
        try:
            self.prepare()
        except BaseException:
            self.close()
            raise

    def prepare(self):
        for _ in range(300):
            with contextlib.suppress(OSError):
                self.ask("moto-api/", "sts")
                break
            time.sleep(0.1)
        policy = {"Version": "2012-10-17",
                  "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
        for form in ({"Action": "CreateUser", "UserName": "probe"},
                     {"Action": "PutUserPolicy", "UserName": "probe", "PolicyName": "all",
                      "PolicyDocument": json.dumps(policy)}):
            self.query("iam", Version="2010-05-08", **form)
        made = self.query("iam", Action="CreateAccessKey", Version="2010-05-08", UserName="probe")
        self.user = {"AWS_ACCESS_KEY_ID": element(made, "AccessKeyId"),
                     "AWS_SECRET_ACCESS_KEY": element(made, "SecretAccessKey")}
        role = self.query("iam", Action="CreateRole", Version="2010-05-08", RoleName="probe",
                          AssumeRolePolicyDocument=json.dumps(trust))
        self.query("iam", Action="PutRolePolicy", Version="2010-05-08", RoleName="probe",
                   PolicyName="all", PolicyDocument=json.dumps(policy))
        self.role = element(role, "Arn")
        given = self.query("sts", Action="AssumeRole", Version="2011-06-15", RoleSessionName="probe",
                           RoleArn=self.role)
        self.session = {"AWS_ACCESS_KEY_ID": element(given, "AccessKeyId"),
                        "AWS_SECRET_ACCESS_KEY": element(given, "SecretAccessKey"),
                        "AWS_SESSION_TOKEN": element(given, "SessionToken")}
        HIDDEN.update({self.user["AWS_SECRET_ACCESS_KEY"], self.session["AWS_SECRET_ACCESS_KEY"],
                       self.session["AWS_SESSION_TOKEN"]})
        self.ask("photos", "s3", b"<CreateBucketConfiguration><LocationConstraint>eu-west-1"
                 b"</LocationConstraint></CreateBucketConfiguration>", "PUT")
        self.ask("photos/folder/a-1_b.jpg", "s3", b"a picture", "PUT")
        for name, more in (("plain", {}), ("strict.fifo", {"Attribute.1.Name": "FifoQueue",
                                                           "Attribute.1.Value": "true",
                                                           "Attribute.2.Value": "true",
                                                           "Attribute.2.Name":
                                                           "ContentBasedDeduplication"})):
            self.query("sqs", Action="CreateQueue", Version="2012-11-05", QueueName=name, **more)

    def check_signatures(self):
        """From here on it does."""
        self.ask("moto-api/reset-auth", "sts", b"0", "POST")

    def ask(self, path, service, body=None, method="GET"):
        kind = "text/plain" if path else "application/x-www-form-urlencoded"
        request = urllib.request.Request(f"{self.address}/{path}", body, method=method, headers={
            "Content-Type": kind,
            "Authorization": f"AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/{service}/aws4_request,"
                             " SignedHeaders=host, Signature=0"})
        with urllib.request.urlopen(request, timeout=10) as done:
            return done.read().decode()

    def query(self, service, **form):
        return self.ask("", service, urllib.parse.urlencode(form).encode(), "POST")

    def probe(self, build, keys, *calls, **more):
        environment = {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": self.address,
                       "AWS_EC2_METADATA_DISABLED": "true"}
        return probe(build, calls, {**environment, **keys, **more})

    def close(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def element(xml, name):
    return re.search(f"<{name}>([^<]+)</{name}>", xml)[1]


def test_moto(build):
    """moto_server, which checks signatures, is asked for labels, objects and messages"""
    moto = Moto()
    try:
        ask_origins_of_moto(build, moto)
        moto.check_signatures()
        for keys in (moto.user, moto.session):
            ask_moto(build, moto, keys)
        wrong = {**moto.user, "AWS_SECRET_ACCESS_KEY": "x" * 40}
        done = moto.probe(build, wrong, LABEL, ("get", 99, "photos", "folder/a-1_b.jpg"))
        refused(done[0], 502, "SignatureDoesNotMatch", "renew")
        refused(done[1], 502, "SignatureDoesNotMatch", "renew")
        done = moto.probe(build, {**wrong, "AWS_ACCESS_KEY_ID": "AKIANOBODYNOBODY0000"}, LABEL)
        refused(done[0], 502, "InvalidClientTokenId", "renew")
    finally:
        moto.close()


def ask_moto(build, moto, keys):
    url = f"{moto.address}/123456789012/"
    done = moto.probe(build, keys, LABEL, ("labels-object", "photos", "folder/a-1_b.jpg"),
                      ("get", 99, "photos", "folder/a-1_b.jpg"), ("get", 3, "photos", "folder/a-1_b.jpg"),
                      ("get", 99, "photos", "none"), ("get", 99, "nowhere", "none"))
    equal([json.loads(reply["body"])["Labels"][0]["Name"] for reply in done.replies[:2]],
          ["Mobile Phone"] * 2, "the labels")
    equal(done[2]["body"], "a picture", "the object")
    for reply, wanted in zip(done.replies[3:], [(413, ""), (422, "NoSuchKey"), (422, "NoSuchBucket")]):
        refused(reply, *wanted)
    for name, bodies in (("plain", ["one", 'two "\u00e9"', "three"]), ("strict.fifo", ["a", "b", "c"])):
        done = moto.probe(build, keys, ("queue", url + name), ("send", *bodies),
                          ("receive", 10, 1, 30), ("hide", 0, 0, 1, 2),
                          ("receive", 10, 1, 30), ("delete", 0, 1, 2), ("receive", 10, 0),
                          ("delete", 9))
        equal([reply["ok"] for reply in done.replies], [True] * 8, f"{name}: {done.replies}")
        equal(done[1]["failed"], [None] * 3, name)
        for number, times in ((2, "1"), (4, "2")):
            equal([(message["body"], message["attributes"]["ApproximateReceiveCount"])
                   for message in done[number]["messages"]], [(body, times) for body in bodies], name)
        equal((done[3]["failed"], done[5]["failed"]), ([None] * 3, [None] * 3), name)
        equal(done[6]["messages"], [], "what was deleted isn't received")
        equal(done[7]["failed"], ["ReceiptHandleIsInvalid"], "a receipt that is none")
    done = moto.probe(build, keys, ("queue", url + "none"), ("receive", 1, 0))
    true(not done[1]["ok"] and "QueueDoesNotExist" in done[1]["code"] + done[1]["detail"] or
         "NonExistentQueue" in done[1]["code"], f"{done[1]}")


def ask_origins_of_moto(build, moto):
    """An instance's metadata server, and STS: those answer whoever asks."""
    token = PICTURE + ".identity"
    done = moto.probe(build, {}, LABEL, AWS_EC2_METADATA_DISABLED="", AWS_ENDPOINT_URL="http://127.0.0.1:1",
                      AWS_EC2_METADATA_SERVICE_ENDPOINT=moto.address)
    refused(done[0], 502, "", "can't be reached")  # it had credentials, and got as far as this
    with open(token, "w", encoding="ascii") as file:
        file.write("eyJ.web.identity\n")
    done = moto.probe(build, {}, LABEL, AWS_WEB_IDENTITY_TOKEN_FILE=token, AWS_ROLE_ARN=moto.role)
    equal(done[0]["ok"], True, f"a web identity: {done.replies} {done.log}")


def test_secrets(_build):
    """No key was in anything that was printed in all of this"""
    said = "".join(SAID)
    true(len(said) > 10000, "there is something to look at")
    for secret in HIDDEN:
        true(secret[:14] not in said, f"{secret[:8]}... was printed")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if not os.path.exists(os.path.join(sys.argv[1], "tests", "hosts", "aws_probe")):
        sys.exit("make check-programs builds the probe, where there is a libcurl")
    status = run(collect(globals()), os.path.abspath(sys.argv[1]))
    shutil.rmtree(os.path.dirname(PICTURE))
    sys.exit(status)
