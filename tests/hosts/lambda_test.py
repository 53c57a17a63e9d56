#!/usr/bin/env python3
"""lambda_test.py - the bootstrap programs against a Runtime API, good and bad.

Usage: lambda_test.py BUILDDIR. The programs are the real ones; the API is runtime_api.py. What is
held throughout: no event is lost or answered twice, the exit status is the one of
dime-bootstrap(7), and nothing that a peer sends makes a program crash or hang. probe.c is a
function that does what the others do rarely.
"""

import base64
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import time

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import Skip, equal, expect, main
from runtime_api import (PATIENCE, TAKEN, Api, Program, after, chunks, cut, event, send, slowly,
                         status_line)

STOPPED, NOT_OPEN, NO_LAMBDA, BROKEN = 0, 1, 2, 3
LIMIT = 6291556  # bytes of an answer
BALANCER_LIMIT = 1048576  # of one that a load balancer passes on
QUARTERS = '{"res":[{"7":"quarters"},{"1":"dimes"},{"4":"pennies"}]}'
WORD = "caf\u00e9 \u2615"
V1 = {"httpMethod": "POST"}
V2 = {"requestContext": {"http": {"method": "POST"}}}
ALB = {"httpMethod": "POST", "requestContext": {"elb": {}}}
SQS = {"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": "{}"}]}


def probe_of(program):
    path = os.path.join(os.path.dirname(program), "tests", "hosts", "probe.bootstrap")
    if not os.path.exists(path):
        raise Skip("make check-programs builds the probe")
    return path


def is_sanitized(program):
    with open(program, "rb") as file:
        return b"__asan_init" in file.read()


def run(program, script, posts=None, take=None, head=None, extension=200, **environment):
    """
    Runs the program until the script has ended and it asks again or has ended itself, then stops
    it. Returns (the API, exit status, stdout, log lines).
    """
    api = Api(script, take, head, extension)
    process = Program(program, api, **environment)
    wanted = len(script) if posts is None else posts
    api.wait(lambda: api.waiting or process.process.poll() is not None, 0.05)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if api.wait(lambda: api.waiting and len(api.posts) >= wanted, 0.05) or \
                process.process.poll() is not None:
            break
    _, status, out, err = process.stop()
    api.close()
    return api, status, out, lines_of(err)


def lines_of(err):
    return [json.loads(line) for line in err.splitlines() if line.startswith(b"{")]


def answers(api):
    """The path's last two parts and the body in JSON of each post."""
    return [(post.path.split("/")[-2:], json.loads(post.body)) for post in api.posts]


def invoke(program, body, **more):
    """The whole answer to one event."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    api, status, _, _ = run(program, [send(event(body, chunk=1 << 16 if len(body) > 2048 else None))],
                            **more)
    equal(status, STOPPED, "the exit status")
    equal([post.kind for post in api.posts], ["response"], "the posts")
    return json.loads(api.posts[0].body)


def is_problem(answer, status):
    equal(answer["statusCode"], status, "the status of %r" % answer)
    headers = answer.get("headers") or answer["multiValueHeaders"]
    expect("problem+json" in str(headers["Content-Type"]), "the type is %r" % headers)
    equal(json.loads(answer["body"])["status"], status, "the problem's status")


def test_answers_events(_, program):
    for name, body in (("change", QUARTERS), ("hello", '{"message":"hello world"}')):
        path = os.path.join(os.path.dirname(program), name + ".bootstrap")
        given = b'{"amount":1.89}' if name == "change" else b"{}"
        api, status, out, log = run(path, [send(event(given, b"id-%d" % i)) for i in range(5)])
        equal((status, out), (STOPPED, b""), "exit status and stdout")
        equal([(path, answer["body"]) for path, answer in answers(api)],
              [(["id-%d" % i, "response"], body) for i in range(5)], "the answers")
        equal([(line["function"], line["host"], line["status"], line["level"]) for line in log],
              [(name, "lambda", 200, "info")] * 5, "the log")
        equal([line["requestId"] for line in log], ["id-%d" % i for i in range(5)], "the ids")
        equal(api.posts[0].headers["content-type"], "application/json", "the answer's type")
        expect("expect" not in api.posts[0].headers, "it waits for a 100")


def test_keeps_one_connection(_, program):
    api = Api([send(event()) for _ in range(20)])
    process = Program(program, api)
    expect(api.wait(lambda: api.waiting and len(api.posts) == 20), "it doesn't answer")
    sockets = [os.readlink("/proc/%d/fd/%s" % (process.process.pid, name))
               for name in os.listdir("/proc/%d/fd" % process.process.pid)]
    process.stop()
    api.close()
    # The extension's and the worker's, and two of libcurl's own for each.
    expect(sum(name.startswith("socket:") for name in sockets) <= 6, "it holds %s" % sockets)


def test_every_header(_, program):
    more = (b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:1:function:probe\r\n"
            b"lambda-runtime-trace-id:Root=1-5bef4de7;Sampled=1\r\n"
            b"LAMBDA-RUNTIME-CLIENT-CONTEXT: eyJhIjoxfQ==\r\n"
            b'Lambda-Runtime-Cognito-Identity: {"cognitoIdentityId":"x"}\r\n'
            b"Lambda-Runtime-Aws-Tenant-Id: tenant-7\r\nLambda-Runtime-Invocation-Id: \tinv-9 \r\n")
    names = ("Invoked-Function-Arn", "Client-Context", "Cognito-Identity", "Aws-Tenant-Id")
    spoof = {"requestContext": {"http": {"method": "POST", "sourceIp": "192.0.2.1"}},
             "headers": {"X-Forwarded-For": "192.0.2.66", **{"Lambda-Runtime-" + name: "theirs" for name in names}}}
    api, status, _, log = run(probe_of(program), [
        send(event(json.dumps(spoof).encode(), more=more)),
        send(event(json.dumps(spoof).encode(),
                   more=b"Lambda-Runtime-Trace-Id: \r\nLambda-Runtime-Aws-Tenant-Id:\r\n"))])
    equal(status, STOPPED, "the exit status")
    first, second = (json.loads(answer["body"]) for _, answer in answers(api))
    equal(first, {"data": "", "deadline": 4102444800000, "tenant": "tenant-7", "client": "192.0.2.1",
                  "arn": "arn:aws:lambda:eu-west-1:1:function:probe", "context": "eyJhIjoxfQ==",
                  "identity": '{"cognitoIdentityId":"x"}', "trace": "Root=1-5bef4de7;Sampled=1"},
          "what the function sees")
    equal([second[name] for name in ("arn", "context", "identity", "tenant", "trace")], [""] * 5,
          "without headers of the runtime's own")
    equal([post.headers.get("lambda-runtime-invocation-id") for post in api.posts],
          ["inv-9", None], "the invocation's id")
    equal([line.get("tenantId") for line in log if "status" in line], ["tenant-7", None], "tenants")


def test_ids_of_any_bytes(_, program):
    names = [WORD.encode(), bytes(range(1, 10)) + bytes(range(11, 13)) + bytes(range(14, 32)),
             b"a/b?c#d%00 e;\x7f\xff\xfe", b"x" * 8000, b"../../init/error"]
    api, status, _, log = run(program, [send(event(name=name)) for name in names])
    equal(status, STOPPED, "the exit status")
    paths = [post.path for post in api.posts]
    trimmed = [name.strip(b"\t") for name in names]
    equal([re.sub(rb"%(..)", lambda match: bytes([int(match[1], 16)]),
                  path.split("/")[-2].encode()) for path in paths], trimmed, "the ids")
    expect(all(re.fullmatch(r"[\x21-\x7e]+", path) for path in paths), "a path isn't escaped")
    equal(len([line for line in log if "status" in line]), len(names), "the log lines")


def test_events_of_any_form(_, program):
    large = b'{"httpMethod":"POST","body":"amount=1.89","headers":{"content-type":"application/' \
            b'x-www-form-urlencoded"},"more":"' + b"x" * (6 << 20) + b'"}'
    script = [send(event(large, chunk=size)) for size in (1 << 16, 1 << 20, 100000)]
    script += [send(event(large)), send(event(b"", b"empty")), send(event(b"", chunk=1)),
               slowly(event(b'{"amount":1.89}', chunk=3)), after(2.0, send(event()))]
    api, status, _, _ = run(program, script)
    equal(status, STOPPED, "the exit status")
    statuses = [answer["statusCode"] for _, answer in answers(api)]
    equal(statuses, [200] * 4 + [400, 400, 200, 200], "the statuses")


def test_large_event_room_goes_back(_, program):
    large = b'{"amount":"' + b"x" * (6 << 20) + b'"}'
    api = Api([send(event())] + [send(event(large, chunk=1 << 16))] * 3 + [send(event())] * 5)
    process = Program(program, api)
    expect(api.wait(lambda: api.waiting and len(api.posts) == 9), "it doesn't answer")
    if not is_sanitized(program):
        expect(process.memory() < 14 << 10, "it still has %d KiB" % process.memory())
    equal(process.stop()[1], STOPPED, "the exit status")
    api.close()


def is_failure(post, error_type, part):
    """The post ends its invocation as failed, in the form that Lambda wants."""
    equal(post.kind, "error", "the post")
    error = json.loads(post.body)
    equal((error["errorType"], post.headers["lambda-runtime-function-error-type"]),
          (error_type, error_type), "the type")
    expect(re.fullmatch(r"(Runtime|Function)\.[A-Z][a-zA-Z]+", error_type), error_type)
    expect(part in error["errorMessage"] and error["stackTrace"] == [], error)


def test_events_that_are_too_long(_, program):
    # Longer than Lambda's own are: whose they are hasn't been read, so they can't be answered.
    for shape in ({}, V1, V2, ALB, SQS):
        body = json.dumps({**shape, "more": "x" * (9 << 20)}).encode()
        api, status, _, log = run(program, [send(event(body)), send(event())])
        equal((status, len(api.posts), api.posts[1].kind), (STOPPED, 2, "response"), "after it")
        is_failure(api.posts[0], "Runtime.EventTooLarge", "longer than 8 MB")
        expect("longer than 8 MB" in log[0]["message"], log)


def test_asynchronous_senders_try_again(_, program):
    probe = probe_of(program)
    fault, bad = json.dumps({"fault": True}), json.dumps({"pieces": "x"})

    def of_sns(message):
        return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": message}}]}

    gateway = json.dumps({**V2, "body": fault, "headers": {"content-type": "application/json"}})
    for sent, fails in (
            ({"detail-type": "Scheduled Event", "source": "aws.events", "detail": {"fault": True}}, True),
            ({"detail-type": "Order", "source": "shop", "detail": {"fault": True}}, True),
            ({"detail-type": "Order", "source": "shop", "detail": {"pieces": "x"}}, False),
            (of_sns(fault), True), (of_sns(gateway), True), (of_sns(bad), False),
            ({"Records": [{"eventSource": "aws:s3", "s3": {}}], "fault": True}, True),
            ({"fault": True}, False), ({**V1, "body": fault}, False), (json.loads(gateway), False)):
        api, status, _, log = run(probe, [send(event(json.dumps(sent).encode())), send(event(b"{}"))],
                                  DIME_INVOKE_MODE="response_stream")
        equal((status, [post.kind for post in api.posts]),
              (STOPPED, ["error" if fails else "response", "response"]), "for %r" % sent)
        if fails:
            is_failure(api.posts[0], "Function.Failed",
                       "answered with 502: The probe broke off, %s." % WORD)
            equal((log[0]["status"], log[0]["level"], log[0]["bytesOut"]), (502, "error", 0), "the log")


def test_events_of_other_senders_fail(_, program):
    """An answer would count as done, and a stream's batch would be gone."""
    for sent, sender in (
            ({"Records": [{"eventSource": "aws:kinesis", "kinesis": {"data": "e30="}}]}, "Kinesis"),
            ({"eventSource": "aws:kafka", "records": {"t-0": []}}, "Kafka"),
            ({"RequestType": "Create", "ResponseURL": "https://x"}, "CloudFormation")):
        api, status, _, _ = run(probe_of(program), [send(event(json.dumps(sent).encode())), send(event(b"{}"))])
        equal((status, [post.kind for post in api.posts]), (STOPPED, ["error", "response"]), "for %r" % sent)
        is_failure(api.posts[0], "Function.Failed", "An event of %s can't be read" % sender)


def test_a_batch_is_never_taken_for_done(_, program):
    def failures(body):
        answer = invoke(probe_of(program), body)
        equal(list(answer), ["batchItemFailures"], "the answer to %r" % body[:100])
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def batch(*messages, **more):
        return json.dumps({**more, "Records": [
            {"eventSource": "aws:sqs", "messageId": "m%d" % i, "body": message, **attributes}
            for i, (message, attributes) in enumerate(messages)]}).encode()

    good, many = ("{}", {}), {"more-%d" % i: i for i in range(100)}
    equal(failures(batch(good, good)), [], "when all is well")
    equal(failures(batch(good, ('{"fault":true}', {}), ("x", {}), good)), ["m1", "m2"], "some")
    equal(failures(batch(("x", {}), good, **many)), ["m0"], "with many members")
    deep = {"messageAttributes": json.loads('{"a":' * 100 + "1" + "}" * 100)}
    equal(failures(batch(good, ("{}", deep))), [""], "what is too deep to be read")
    equal(failures(batch(good) + b" x"), [""], "what isn't JSON")
    equal(failures(batch(good).replace(b'"body"', b'"messageId":"m0","body"')), [""], "a name twice")
    equal(len(failures(batch(*[("x", {})] * 10000))), 10000, "as many as a batch may hold")


def test_bad_events(_, program):
    bad = [b" ", b"amount=1", b"{", b"[" * 200, b'{"a":' * 200 + b"1" + b"}" * 200, b"\0",
           b"[" * (6 << 20), b"\xff" * 100, b'{"amount":NaN}', b'{"amount":1,"amount":2}',
           WORD.encode(), bytes(range(256))]
    api, status, _, _ = run(program, [send(event(body)) for body in bad])
    equal((status, len(api.posts)), (STOPPED, len(bad)), "exit status and answers")
    for path, answer in answers(api):
        equal(path, ["id-1", "response"], "it is no function error")
        is_problem(answer, 400)


def test_wrong_members(_, program):
    maps, texts = (5, True, "x", {"a": 5}, {"a": [[]]}), (5, True, [], {}, ["x"])
    members = (("httpMethod", texts, (V1, ALB)), ("path", texts, (V1, ALB)),
               ("body", texts, (V1, V2, ALB)), ("isBase64Encoded", ("true", 1), (V1, V2, ALB)),
               ("headers", maps, (V1, V2, ALB)), ("queryStringParameters", maps, (V1, ALB)),
               ("multiValueHeaders", maps, (V1,)), ("rawPath", texts, (V2,)),
               ("multiValueQueryStringParameters", maps, (V1, ALB)),
               ("rawQueryString", texts, (V2,)), ("cookies", (5, {}, [5]), (V2,)),
               ("version", (5, True, [], {}), (V1, V2, ALB)), ("requestContext", maps[:3], (V1,)))
    bodies = [{"body": '{"amount":1}', **shape, name: value} for name, values, shapes in members
              for value in values for shape in shapes]
    bodies += [{"amount": 1, "requestContext": {name: value}} for value in maps[:3]
               for name in ("http", "elb")]
    bodies += [{"amount": 1, "requestContext": {"http": {"method": value}}} for value in texts]
    bodies += [{"amount": 1, "Records": value} for value in (5, True, "x", {}, [5], ["x"], [[]])]
    bodies += [{"amount": 1, "Records": [{name: value}]} for value in texts
               for name in ("eventSource", "EventSource")]
    bodies += [{"Records": [{"EventSource": "aws:sns", "Sns": value}]} for value in maps]
    bodies += [{"Records": [{"EventSource": "aws:sns", "Sns": {"Message": value}}]} for value in texts]
    bodies += [{"detail-type": value, "detail": {"amount": 1}} for value in texts]
    bodies += [{"detail-type": "x", "source": value, "detail": {"amount": 1}} for value in texts]
    bodies += [{"detail-type": "x", "detail": value} for value in (5, True, "x", [])]
    base64s = [{**shape, "body": body, "isBase64Encoded": True} for shape in (V1, V2, ALB)
               for body in ("a", "====", "YQ", "Y Q=", WORD)]
    api, status, _, _ = run(program, [send(event(json.dumps(body).encode()))
                                      for body in bodies + base64s])
    equal((status, len(api.posts)), (STOPPED, len(bodies + base64s)), "exit status and answers")
    for (path, answer), body in zip(answers(api), bodies + base64s):
        equal(path[1], "response", "the post for %r" % body)
        is_problem(answer, 400 if body in base64s else 422)
    record = {"messageId": "m", "body": '{"amount":1}'}
    bodies = [{"Records": [{"eventSource": "aws:sqs", **record, name: value}, {**record, "messageId": "n"}]}
              for name in ("messageId", "body", "eventSourceARN") for value in texts]
    api, status, _, _ = run(program, [send(event(json.dumps(body).encode())) for body in bodies])
    equal((status, len(api.posts)), (STOPPED, len(bodies)), "exit status and answers")
    for (path, answer), body in zip(answers(api), bodies):
        wanted = "" if body["Records"][0]["messageId"] != "m" else "m"
        equal((path[1], answer), ("response", {"batchItemFailures": [{"itemIdentifier": wanted}]}),
              "the answer to %r" % body)
        equal("statusDescription" in answer, "elb" in str(body), "the shape for %r" % body)


def test_any_bytes_survive(_, program):
    word = WORD + "".join(map(chr, range(1, 32))) + "\"\\\x7f\u2028"
    hello = os.path.join(os.path.dirname(program), "hello.bootstrap")
    answer = invoke(hello, {"httpMethod": "GET", "queryStringParameters": {"name": word}})
    equal(json.loads(answer["body"]), {"message": "hello " + word}, "the body")


def test_an_answer_that_is_too_large(_, program):
    probe = probe_of(program)
    for shape in (V1, V2, ALB, {}):
        inside = {"pieces": 4, "bytes": 1900000}
        body = {**shape, "body": json.dumps(inside)} if shape else inside
        if shape:
            body["headers"] = {"content-type": "application/json"}
        answer = invoke(probe, body)
        is_problem(answer, 500)
        limit = BALANCER_LIMIT if shape is ALB else LIMIT
        expect(str(limit) in answer["body"], "it says %r" % answer["body"])
        equal("statusDescription" in answer, shape is ALB, "its shape")


def test_statuses_of_posts(_, program):
    refusals = [(400, b"InvalidRequestID"), (403, b"InvalidStateTransition"), (404, b""),
                (410, b"InvokeTimeout"), (413, b"Function.ResponseSizeTooLarge"), (200, b"")]

    def take(_, number):
        if number < len(refusals):
            status, kind = refusals[number]
            close = b"Connection: close\r\n" if status == 413 else b""
            return status_line(status, b'{"errorType":"' + kind + b'"}', close)
        return TAKEN

    api, status, _, log = run(program, [send(event())] * (len(refusals) + 1), take=take)
    equal(status, STOPPED, "the exit status")
    equal([post.kind for post in api.posts], ["response"] * (len(refusals) + 1), "the posts")
    said = [line["message"] for line in log if "message" in line]
    equal(len(said), 5, "what the log says: %s" % said)
    for (status, kind), message in zip(refusals, said):
        expect(str(status) in message and kind.decode() in message, "it says %r" % message)
    for status in (500, 502, 503):
        api, exit_status, _, log = run(program, [send(event())] * 3,
                                       take=lambda *_, status=status: status_line(status))
        equal((exit_status, len(api.posts)), (BROKEN, 1), "after %d" % status)
        expect(str(status) in log[-1]["message"] and log[-1]["level"] == "error", log[-1])


def test_statuses_of_next(_, program):
    for status in (403, 500, 503, 404, 202, 301):
        api, exit_status, _, log = run(program, [send(event()), send(status_line(status, b"why\1"))])
        equal((exit_status, api.asked, len(api.posts)), (BROKEN, 2, 1), "after %d" % status)
        expect(str(status) in log[-1]["message"] and log[-1]["level"] == "error", log[-1])


def test_a_next_that_breaks_off(_, program):
    for chunk in (None, 7):
        whole = event(b'{"amount":1.89}', b"broken", chunk=chunk)
        known, line = whole.index(b"broken\r\n") + 8, whole.index(b"\n") + 1
        for at in [*range(1, len(whole), 9), len(whole) - 1]:
            api, status, _, log = run(program, [send(event()), cut(whole[:at]), send(event())],
                                      posts=2 if at < line else 3)
            kinds = [(post.path.split("/")[-2], post.kind) for post in api.posts]
            if at < line:  # not a line of an answer yet: it asks once more, on a new connection
                equal((status, api.asked, len(api.posts)), (STOPPED, 4, 2), "cut at %d" % at)
                continue
            if at < known:
                equal((status, kinds), (BROKEN, [("id-1", "response")]), "cut at %d" % at)
                continue
            if chunk and at > len(whole) - 3:  # the last chunk, which has no bytes, has come
                # To libcurl 7.88 that is the end; 8.14 wants its line end too.
                expect(kinds[1] in [("broken", "response"), ("broken", "error")], "cut at %d" % at)
                continue
            equal((status, kinds), (STOPPED, [("id-1", "response"), ("broken", "error"),
                                              ("id-1", "response")]), "cut at %d: %s" % (at, log))
            error = json.loads(api.posts[1].body)
            expect(re.fullmatch(r"(Runtime|Function)\.[A-Z][a-zA-Z]+", error["errorType"]), error)
            equal(api.posts[1].headers["lambda-runtime-function-error-type"], error["errorType"],
                  "the header")
            equal(error["stackTrace"], [], "the stack trace")


def test_wrong_chunks(_, program):
    head = event(b"", b"broken", chunk=1)[:-5]
    for body in (b"zz\r\n", b"-1\r\nx\r\n", b"5\r\n{}\r\n0\r\n\r\n", b"ffffffffffffffffffff\r\n{}",
                 b"2\r\n{}xx0\r\n\r\n"):
        api, status, _, _ = run(program, [cut(head + body), send(event())], posts=2)
        equal((status, [post.kind for post in api.posts]), (STOPPED, ["error", "response"]),
              "chunks %r" % body)
    api, status, _, _ = run(program, [cut(event()[:-15].replace(b": 15", b": 99999999999")),
                                      send(event())], posts=2)
    equal((status, [post.kind for post in api.posts]), (STOPPED, ["error", "response"]), "a length")


def test_absurd_heads(_, program):
    many = b"".join(b"X-%d: %s\r\n" % (i, b"y" * 50) for i in range(2000))
    fine = [event(more=b"X-Huge: " + b"y" * 90000 + b"\r\n"), event(more=many),
            event(more=b"Lambda-Runtime-Aws-Request-Id: second\r\n"),
            event(more=b"Lambda-Runtime-Client-Context: " + b"y" * 90000 + b"\r\n"),
            event(more=b"Lambda-Runtime-Deadline-Ms: soon\r\nLambda-Runtime-: x\r\n:\r\n"),
            event(more=b"Lambda-Runtime-Trace-Id: " + b"t" * 5000 + b"\r\n"),
            b"HTTP/1.1 100 Continue\r\nLambda-Runtime-Aws-Request-Id: early\r\n\r\n" + event()]
    api, status, _, log = run(program, [send(data) for data in fine])
    equal((status, [path for path, _ in answers(api)]), (STOPPED, [["id-1", "response"]] * len(fine)),
          "exit status and answers: %s" % log)
    api, status, _, _ = run(program, [cut(event(more=b"no header\r\n")), send(event())])
    equal((status, [post.kind for post in api.posts]), (STOPPED, ["error", "response"]), "a line")
    for data in (event(name=None), event(name=b""), event(name=b"i" * 9000),
                 event(name=b"a\0b"), b"\0\0\0\0\r\n\r\n", b"SSH-2.0-OpenSSH\r\n", b"\r\n\r\n",
                 b"HTTP/9.9 200 OK\r\n\r\n", b"HTTP/1.1 99999 x\r\n\r\n"):
        api, status, _, log = run(program, [send(event()), cut(data)])
        equal((status, len(api.posts), log[-1]["level"]), (BROKEN, 1, "error"), "%r" % data[:60])


def test_posts_that_are_cut(_, program):
    # Read as a whole, and no word of it: it isn't sent again.
    api, status, _, _ = run(program, [send(event(name=b"a")), send(event(name=b"b"))],
                            take=lambda _, number: None if number == 0 else TAKEN)
    equal((status, [path[0] for path, _ in answers(api)]), (STOPPED, ["a", "b"]), "after an end")
    # Reset, before it was read: it is sent again, at most twice.
    api, status, _, _ = run(program, [send(event(name=b"a")), send(event(name=b"b"))], posts=3,
                            head=lambda _, number: "reset" if number == 0 else None)
    equal((status, [(post.path.split("/")[-2], post.body is None) for post in api.posts]),
          (STOPPED, [("a", True), ("a", False), ("b", False)]), "after a reset")
    for resets, sent in ((2, ["a", "a", "a", "b"]), (3, ["a", "a", "a", "b"])):
        api, status, _, _ = run(program, [send(event(name=b"a")), send(event(name=b"b"))], posts=4,
                                head=lambda _, number, resets=resets: "reset" if number < resets else None)
        equal((status, [post.path.split("/")[-2] for post in api.posts]), (STOPPED, sent),
              "after %d resets" % resets)
    # Half of an answer to it.
    api, status, _, _ = run(program, [send(event(name=b"a")), send(event(name=b"b"))],
                            take=lambda _, number: b"HTTP/1.1 202 Acc" if number == 0 else TAKEN)
    equal((status, len(api.posts)), (STOPPED, 2), "after half a status")


def test_stale_connections(_, program):
    for step in (cut, lambda data: cut(data, reset=True)):
        script = [step(event(name=b"%d" % i)) if i % 2 else send(event(name=b"%d" % i))
                  for i in range(10)]
        api, status, _, _ = run(program, script)
        equal((status, [path[0] for path, _ in answers(api)]),
              (STOPPED, [str(i) for i in range(10)]), "the answers")
    # Closed after the answer was taken, a moment later or at once.
    api, status, _, _ = run(program, [send(event(name=b"%d" % i)) for i in range(10)],
                            take=lambda *_: status_line(202, b"", b"Connection: close\r\n"))
    equal((status, [path[0] for path, _ in answers(api)]), (STOPPED, [str(i) for i in range(10)]),
          "the answers")


class Hostile:
    """An API that hands out whole events in any way there is, and takes answers as it likes."""

    def __init__(self, seed, count):
        self.random = random.Random(seed)
        self.names = ["%d-%d" % (seed, i) for i in range(count)]
        self.resets = set()
        steps = [step for name in list(self.names) for step in self.steps(name.encode())]
        self.api = Api(steps, self.take, self.head)

    def steps(self, name):
        """What happens around one event: a stale connection before it, a part of one, a stall."""
        size = self.random.choice((0, 0, 10, 2000, 20000, 300000))
        body = json.dumps({**V1, "body": "amount=1.89", "more": "x" * size, "headers": {
            "content-type": "application/x-www-form-urlencoded"}}).encode()
        chunk = self.random.choice((None, 1 if size < 20000 else 999, 1 << 16))
        more = self.random.choice((b"", b"X-More: " + b"x" * 20000 + b"\r\n", b"lambda-runtime-:\r\n",
                                   b"Lambda-Runtime-Invocation-Id: caf\xc3\xa9\x01\r\n"))
        data = event(body, name, more, chunk)
        if self.random.random() < 0.2:
            yield cut(data[:self.random.randrange(data.index(name) + len(name) + 2, len(data) - 2)])
            data = event(body, name + b"-again", more, chunk)
            self.names.append((name + b"-again").decode())
        yield self.random.choice((
            send(data), cut(data), cut(data), after(0.05, send(data)),
            slowly(data, 0.0005, len(data) // self.random.randrange(1, 50) + 1)))

    def head(self, path, _):
        """A reset before an answer is read makes the program send it again, once."""
        name = path.split("/")[-2]
        if name not in self.resets and self.random.random() < 0.1:
            self.resets.add(name)
            return "reset"
        return None

    def take(self, *_):
        status = self.random.choice((202, 202, 202, 400, 403, 410, 413, 404, 0, 1))
        close = self.random.choice((b"", b"Connection: close\r\n"))
        if status < 2:
            return (None, b"HTTP/1.1 202 Acc")[status]
        return status_line(status, b"x" * self.random.choice((0, 10, 100000)), close)


def test_a_hostile_api(_, program):
    for seed in range(int(os.environ.get("HOSTILE", "6"))):
        hostile = Hostile(seed, 60)
        process, api = Program(program, hostile.api), hostile.api
        while not api.wait(lambda: api.waiting, 0.05) and process.process.poll() is None:
            pass
        _, status, _, err = process.stop()
        api.close()
        equal(status, STOPPED, "seed %d: exit status; it says %s" % (seed, err[-2000:]))
        expect(b"Sanitizer" not in err, err[-3000:])
        answered = [post.path.split("/")[-2] for post in api.posts if post.body is not None]
        equal(sorted(answered), sorted(hostile.names), "seed %d: what was answered" % seed)
        for post in api.posts:
            if post.body is not None and post.kind == "response":
                equal(json.loads(post.body)["statusCode"], 200, post.path)


def test_next_is_never_asked_blindly(_, program):
    # A kept connection that ends without a byte is worth one more question, on a new one.
    api, status, _, _ = run(program, [send(event()), cut(b""), send(event()), cut(b""), cut(b""),
                                      send(event())])
    equal((status, api.asked, len(api.posts)), (BROKEN, 5, 2), "exit status, questions, answers")
    api, status, _, _ = run(program, [cut(b""), send(event())])
    equal((status, api.asked), (BROKEN, 1), "on a new connection")


def test_without_lambda(_, program):
    api = Api()
    for address in ("", "127.0.0.1:1/x", "a b", "\u00e9:1", "x" * 300):
        api.address = address
        status, out, err = Program(program, api).wait()
        equal((status, out), (NO_LAMBDA, b""), "exit status with %r" % address)
        expect(b"AWS_LAMBDA_RUNTIME_API" in err and b"dime invoke change" in err, err)
    api.close()
    api.address = "127.0.0.1:1"
    status, _, err = Program(program, api).wait()
    equal((status, lines_of(err)[-1]["level"]), (BROKEN, "error"), "without a listener")


def test_a_function_that_does_not_open(_, program):
    for why, part in ((WORD + " \1\"\\", WORD + " \1\"\\"), (None, "couldn't"), ("w" * 9000, "w" * 900)):
        given = {"PROBE_FAILS": "1"} if why is None else {"PROBE_FAILS": "1", "PROBE_WHY": why}
        api, status, _, log = run(probe_of(program), [], posts=1, **given)
        equal((status, api.asked), (NOT_OPEN, 0), "exit status and questions")
        equal([post.path for post in api.posts], ["/2018-06-01/runtime/init/error"], "the post")
        error = json.loads(api.posts[0].body)
        expect(part in error["errorMessage"], error)
        equal(api.posts[0].headers["lambda-runtime-function-error-type"], error["errorType"], "type")
        equal(log[-1]["level"], "error", "the log")


def stop_of(program, script, ready, extension=200, **environment):
    """(the API, seconds, exit status, stderr) of a program that is stopped when it's READY."""
    api = Api(script, extension=extension)
    process = Program(program, api, **environment)
    expect(api.wait(lambda: ready(api)), "it isn't ready")
    seconds, status, _, err = process.stop()
    api.close()
    return api, seconds, status, err


def check_stop(program, script, ready, posts, err, least=0.0, **environment):
    """
    It ends within the 500 ms that Lambda gives, with status 0, so many answers, and these last words.
    On a machine that has too much to do a program may get no time itself: it has some attempts.
    """
    seen = []
    for _ in range(10):
        api, seconds, status, said = stop_of(program, list(script), ready, **environment)
        seen.append((status, len(api.posts), said[-len(err):] if err else said, seconds))
        if seen[-1][:3] == (STOPPED, posts, err) and least < seconds < 0.5:
            return api
    raise AssertionError("it ended so: %s" % seen)


def test_sigterm(_, program):
    probe = probe_of(program)
    api = check_stop(probe, [], lambda api: api.waiting and api.extension_waits, 0, b"probe closed\n")
    (head, body), = api.registered
    equal((head["lambda-extension-name"], json.loads(body)), ("dime-probe", {"events": []}),
          "the extension")
    # In the middle of an event that takes its time.
    slow = send(event(b'{"pieces":1,"wait":250}'))
    check_stop(probe, [slow], lambda api: not api.script and not time.sleep(0.1), 1,
               b"probe closed\n")
    # In the middle of one that takes too long, of one worker or of several.
    for count in (1, 3):
        endless = send(event(b'{"pieces":1,"wait":9000}'))
        check_stop(probe, [endless] * count, lambda api: not api.script and not time.sleep(0.1), 0,
                   b"", least=0.38, AWS_LAMBDA_MAX_CONCURRENCY=str(count))
    # While an event trickles in that never becomes whole.
    endless = slowly(event(b"x" * 5000), 0.01, 10)
    check_stop(probe, [endless], lambda api: api.asked, 0, b"probe closed\n")


def test_without_extensions(_, program):
    for extension in (404, 403, 500):
        api, status, _, log = run(program, [send(event())], extension=extension)
        equal((status, len(api.posts), log[0]["level"]), (STOPPED, 1, "warn"), "%d" % extension)


def test_workers(_, program):
    probe = probe_of(program)
    script = [send(event(b'{"meet":4}', b"id-%d" % i)) for i in range(4)]
    script += [send(event(b'{"pieces":1,"wait":5,"bytes":10}', b"id-%d" % i)) for i in range(4, 40)]
    api, status, _, log = run(probe, script, AWS_LAMBDA_MAX_CONCURRENCY="4")
    equal((status, sorted(path[0] for path, _ in answers(api))),
          (STOPPED, sorted("id-%d" % i for i in range(40))), "the answers")
    equal([answer["statusCode"] for _, answer in answers(api)], [200] * 40, "they work at once")
    equal(sorted(line["requestId"] for line in log), sorted("id-%d" % i for i in range(40)), "log")
    equal({json.loads(answer["body"])["trace"] for _, answer in answers(api)}, {""}, "the trace")
    check_stop(probe, [], lambda api: api.waiting == 4, 0, b"probe closed\n" * 4,
               AWS_LAMBDA_MAX_CONCURRENCY="4")


def test_workers_end_together(_, program):
    probe = probe_of(program)
    api = Api()

    def refuse_later(connection):
        expect(api.wait(lambda: api.posts), "the good one isn't answered")
        return send(status_line(500))(connection)

    api.script = [send(event(b'{"pieces":6,"wait":10000}')), refuse_later, send(event(b"{}", b"good"))]
    process = Program(probe, api, AWS_LAMBDA_MAX_CONCURRENCY="4")
    status, _, _ = process.wait(40)
    api.close()
    equal(status, BROKEN, "the exit status")
    equal([post.path.split("/")[-2] for post in api.posts], ["good"], "the answers")
    api, status, _, err = run(probe, [], posts=1, AWS_LAMBDA_MAX_CONCURRENCY="4", PROBE_FAILS="3",
                              PROBE_WHY="No third.")
    equal((status, api.asked, len(api.posts)), (NOT_OPEN, 0, 1), "when the third doesn't open")
    for count in ("0", "-1", "x", "99999", ""):
        check_stop(probe, [], lambda api: api.waiting, 0, b"probe closed\n",
                   AWS_LAMBDA_MAX_CONCURRENCY=count)


def streamed(program, inside, shape=None, mode="response_stream", **more):
    body = {**(V2 if shape is None else shape), "body": json.dumps(inside),
            "headers": {"content-type": "application/json"}}
    api, status, _, log = run(probe_of(program), [send(event(json.dumps(body).encode())),
                                                  send(event(b"{}", b"then"))],
                              DIME_INVOKE_MODE=mode, **more)
    equal((status, len(api.posts)), (STOPPED, 2), "exit status and answers: %s" % log)
    return api.posts[0], log


def test_streams(_, program):
    for inside in ({"pieces": 3, "bytes": 10}, {"pieces": 0}, {"pieces": 40, "bytes": 250000},
                   {"pieces": 2000, "bytes": 1}):
        post, log = streamed(program, inside)
        equal((post.headers["lambda-runtime-function-response-mode"], post.headers["content-type"]),
              ("streaming", "application/vnd.awslambda.http-integration-response"), "the head")
        prelude, body = post.body.split(b"\0" * 8, 1)
        prelude = json.loads(prelude)
        equal((prelude["statusCode"], prelude["headers"]["Content-Type"]), (200, "application/json"),
              "the prelude")
        expect("X-Request-Id" in prelude["headers"], prelude)
        size = inside["pieces"] * inside.get("bytes", 0)
        equal((len(json.loads(body)["data"]), post.trailers), (size, {}), "the body")
        equal(log[0]["bytesOut"], len(post.body), "the log's bytes")


def test_streams_only_where_it_may(_, program):
    inside = {"pieces": 3, "bytes": 10}
    streaming = json.loads(streamed(program, inside)[0].body.split(b"\0" * 8, 1)[1])
    for shape, mode in ((V1, "RESPONSE_STREAM"), (ALB, "response_stream"), (V2, "buffered"), (V2, "")):
        post, _ = streamed(program, inside, shape, mode)
        expect("lambda-runtime-function-response-mode" not in post.headers, "it streams")
        equal(json.loads(json.loads(post.body)["body"]), streaming, "the body")


def test_a_stream_that_breaks_off(_, program):
    post, _ = streamed(program, {"pieces": 3, "bytes": 10, "fault": True})
    expect(post.body.endswith(b"\0" * 8 + b'{"data":"012345678912345678902345678901'), post.body)
    equal(post.trailers["lambda-runtime-function-error-type"], "Function.StreamBroken", "the type")
    error = json.loads(base64.b64decode(post.trailers["lambda-runtime-function-error-body"]))
    equal(error["errorMessage"], "The probe broke off, %s." % WORD, "the message")
    equal(post.headers["trailer"].lower(), "lambda-runtime-function-error-type, "
          "lambda-runtime-function-error-body", "they are announced")
    # A problem before anything has gone is an answer like any other.
    post, _ = streamed(program, {"pieces": "x"})
    prelude, body = post.body.split(b"\0" * 8, 1)
    equal((json.loads(prelude)["statusCode"], json.loads(body)["status"], post.trailers),
          (422, 422, {}), "the problem")
    post, _ = streamed(program, {"fault": True})
    equal(json.loads(post.body.split(b"\0" * 8, 1)[0])["statusCode"], 502, "without a flush")


def test_many_streams(_, program):
    bodies = [{**V2, "headers": {"content-type": "application/json"}, "body": json.dumps(
        {"pieces": 3 + i % 5, "bytes": 1 + 11 ** (i % 5), "fault": i % 3 == 0})} for i in range(60)]
    api, status, _, log = run(probe_of(program), [send(event(json.dumps(body).encode(), b"%d" % i))
                                                  for i, body in enumerate(bodies)],
                              DIME_INVOKE_MODE="response_stream")
    equal((status, [post.path.split("/")[-2:] for post in api.posts]),
          (STOPPED, [["%d" % i, "response"] for i in range(60)]), "exit status and posts: %s" % log)
    for post, body in zip(api.posts, bodies):
        inside = json.loads(body["body"])
        data = post.body.split(b"\0" * 8, 1)[1]
        equal(post.trailers.get("lambda-runtime-function-error-type"),
              "Function.StreamBroken" if inside["fault"] else None, "the trailers of %r" % body)
        size = len('{"data":"') + inside["pieces"] * inside["bytes"]
        expect(len(data) == size if inside["fault"] else len(data) > size, "%d bytes" % len(data))


def test_a_stream_that_nobody_wants(_, program):
    large = {**V2, "body": json.dumps({"pieces": 50, "bytes": 250000}),
             "headers": {"content-type": "application/json"}}
    script = [send(event(json.dumps(large).encode())), send(event(b"{}", b"then"))]
    for how in ("close", "reset"):
        api, status, _, _ = run(probe_of(program), script, DIME_INVOKE_MODE="response_stream",
                                head=lambda path, number, how=how: None if number else how)
        equal((status, [post.path.split("/")[-2] for post in api.posts]),
              (STOPPED, ["id-1", "then"]), "the answers")


def test_ends_each_call_once(folder, program):
    """Whether its answer is streamed or gathered, whole, broken off, too long, or wanted by nobody."""
    path = os.path.join(folder, "ends")
    count = 0
    for mode in "response_stream", "buffered":
        for inside in ({"pieces": 5, "bytes": 1000}, {"pieces": 0}, {"pieces": 3, "bytes": 10, "fault": True},
                       {"fault": True}, {"pieces": 5, "bytes": 2000000}):
            streamed(program, inside, mode=mode, PROBE_ENDS=path)
            count += 2
    large = {**V2, "body": json.dumps({"pieces": 50, "bytes": 250000}),
             "headers": {"content-type": "application/json"}}
    run(probe_of(program), [send(event(json.dumps(large).encode())), send(event(b"{}", b"then"))],
        DIME_INVOKE_MODE="response_stream", PROBE_ENDS=path,
        head=lambda path, number: None if number else "reset")
    batch = {"Records": [{**SQS["Records"][0], "messageId": str(i)} for i in range(3)]}
    run(probe_of(program), [send(event(json.dumps(batch).encode()))], PROBE_ENDS=path)
    with open(path) as file:
        equal(file.read().splitlines(), ["ended"] * (count + 5), "the ends of calls")


def test_metrics(_, program):
    api, _, out, log = run(program, [send(event()), send(event(b"{}"))], DIME_METRICS="EMF")
    lines = [json.loads(line) for line in out.splitlines()]
    equal([(line["function"], line["statusClass"], line["invocations"]) for line in lines],
          [("change", "2xx", 1), ("change", "4xx", 1)], "the metrics")
    for line, logged in zip(lines, log):
        directive = line["_aws"]["CloudWatchMetrics"][0]
        expect(abs(line["_aws"]["Timestamp"] - time.time() * 1000) < 60000, "the time")
        names = {metric["Name"] for metric in directive["Metrics"]}
        names |= {name for names in directive["Dimensions"] for name in names}
        expect(names <= set(line), "%s lacks one of %s" % (line, names))
        equal(line["duration"], logged["durationMs"], "the duration")
    equal(run(program, [send(event())])[2], b"", "without the setting")


def test_log_levels(_, program):
    probe = probe_of(program)
    script = [send(event(b"{}")), send(event(b'{"fault":true}'))]
    for settings, levels in (({"AWS_LAMBDA_LOG_LEVEL": "INFO"}, ["info", "error"]),
                             ({"AWS_LAMBDA_LOG_LEVEL": "DEBUG"}, ["info", "error"]),
                             ({"AWS_LAMBDA_LOG_LEVEL": "warn"}, ["error"]),
                             ({"AWS_LAMBDA_LOG_LEVEL": "ERROR", "AWS_LAMBDA_LOG_FORMAT": "Json"},
                              ["error"]),
                             ({"AWS_LAMBDA_LOG_LEVEL": "FATAL"}, []),
                             ({"AWS_LAMBDA_LOG_LEVEL": "ERROR", "AWS_LAMBDA_LOG_FORMAT": "TEXT"},
                              ["info", "error"])):
        log = run(probe, script, **settings)[3]
        equal([line["level"] for line in log], levels, "with %s" % settings)


def test_little_memory(_, program):
    probe = probe_of(program)
    if is_sanitized(probe):
        raise Skip("the sanitizers need more address space than there is then")
    large = [b'{"name":"' + b"x" * (4 << 20) + b'"}',
             json.dumps({**SQS, "more": "x" * (4 << 20)}).encode()]
    failed = answered = 0
    for megabytes in range(16, 42, 2):
        size = megabytes << 20
        script = [send(event(b"{}")), *(send(event(body, chunk=1 << 16)) for body in large)]
        api = Api(script + [send(event(b"{}"))])
        command = ["sh", "-c", "ulimit -v %d; exec \"$0\"" % (size >> 10), probe]
        process = Program(command, api)
        while not api.wait(lambda: api.waiting, 0.05) and process.process.poll() is None:
            pass
        status = process.stop()[1]
        api.close()
        # Where libcurl can't ask for the next event either, the program ends, and Lambda starts another.
        expect(status in (STOPPED, NOT_OPEN, BROKEN, 127), "%d MB: status %d" % (megabytes, status))
        if status != STOPPED:
            continue
        kinds = [post.kind for post in api.posts]
        equal((len(kinds), kinds[0], kinds[3]), (4, "response", "response"), "%d MB" % megabytes)
        for post in api.posts[1:3]:
            if post.kind == "error":
                is_failure(post, "Runtime.OutOfMemory", "Out of memory")
                failed += 1
        if kinds[2] == "response":
            equal(json.loads(api.posts[2].body), {"batchItemFailures": []}, "%d MB" % megabytes)
            answered += 1
    expect(failed and answered, "%d failed, %d were answered" % (failed, answered))


def test_memory_does_not_grow(_, program):
    count = int(os.environ.get("INVOCATIONS", "20000"))
    api = Api()
    api.script = [send(event(name=b"%032d" % i, more=b"Lambda-Runtime-Trace-Id: Root=1-%024d\r\n" % i))
                  for i in range(count)]
    process = Program(program, api)
    expect(api.wait(lambda: len(api.posts) >= count // 10, 120), "it doesn't answer")
    before = process.memory()
    expect(api.wait(lambda: api.waiting and len(api.posts) == count, 600), "it doesn't answer all")
    grown = process.memory() - before
    equal(process.stop()[1], STOPPED, "the exit status")
    api.close()
    if is_sanitized(program):
        raise Skip("the sanitizers keep freed memory for a while")
    expect(grown < 256, "it grew by %d KiB in %d invocations" % (grown, count))


def test_under_valgrind(_, program):
    valgrind = shutil.which("valgrind")
    if not valgrind:
        raise Skip("valgrind isn't installed")
    probe = probe_of(program)
    if is_sanitized(probe):
        raise Skip("the sanitizers don't go with it")
    command = [valgrind, "-q", "--error-exitcode=99", "--leak-check=full",
               "--errors-for-leak-kinds=definite,possible", "--soname-synonyms=somalloc=NONE", probe]
    stream = {**V2, "body": json.dumps({"pieces": 5, "bytes": 1000, "fault": True}),
              "headers": {"content-type": "application/json"}}
    script = [send(event(b"{}")), cut(event(b"{}")), send(event(b"[" * 1000000, chunk=1 << 16)),
              cut(event()[:-1]), send(event(json.dumps(stream).encode())), cut(b""), send(event(b""))]
    api = Api(script)
    process = Program(command, api, DIME_INVOKE_MODE="response_stream", DIME_METRICS="emf")
    expect(api.wait(lambda: api.waiting and len(api.posts) == 6, 100), "it doesn't answer")
    _, status, _, err = process.stop()
    api.close()
    equal(status, STOPPED, "the exit status; it says %s" % err.decode()[-3000:])


if __name__ == "__main__":
    if len(sys.argv) == 2 and not os.path.exists(os.path.join(sys.argv[1], "change.bootstrap")):
        print("skip - lambda: this build has no bootstrap programs, for want of libcurl")
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    main([value for name, value in list(globals().items()) if name.startswith("test_")],
         "change.bootstrap", 120)
