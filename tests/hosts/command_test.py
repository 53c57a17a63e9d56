#!/usr/bin/env python3
"""command_test.py - the dime command: what it prints, its exit statuses, and bad events.

Usage: command_test.py BUILDDIR. What the functions answer is for the golden events; here are
the files, descriptors and arguments around them, the samples, and events that nobody should send.
"""

import base64
import calendar
import json
import os
import pty
import resource
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import Skip, equal, expect, is_sanitized, main

TIMEOUT = 30
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SAMPLES = os.path.join(SOURCE, "deploy", "lambda", "events")
LARGE = 6 << 20


def dime(program, *arguments, event=b"", **more):
    """The exit status, stdout and stderr of one call."""
    # A call in an environment of its own finds everything, and the sanitizers their options.
    environment = {name: value for name, value in os.environ.items() if "SAN_OPT" in name}
    given = {} if "stdin" in more else {"input": event}
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **given, **more}
    done = subprocess.run([program, *arguments], env=environment, timeout=TIMEOUT, check=False,
                          **more)
    return done.returncode, done.stdout, (done.stderr or b"").decode()


def requests_in(err):
    """The lines of a log that are of requests; the tool itself says which message of a queue failed."""
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]  # not a library's
    return [line for line in lines if "host" in line]


def invoke(program, event, function="change"):
    """The exit status, the answer as it is in JSON, and its body, also read where it is JSON."""
    if not isinstance(event, bytes):
        event = json.dumps(event).encode()
    status, out, err = dime(program, "invoke", function, event=event)
    answer = json.loads(out)
    log = requests_in(err)  # one for each message of a queue
    expect(out.endswith(b"}\n") and out.count(b"\n") == 1, "one line of answer")
    equal({(line["host"], line["function"]) for line in log}, {("command", function)}, "the log")
    if "statusCode" not in answer:
        return status, answer, None
    equal([line["status"] for line in log], [answer["statusCode"]], "the log's status")
    equal(status, {2: 0, 3: 0, 4: 4, 5: 5}[answer["statusCode"] // 100], "the exit status")
    body = answer["body"]
    return status, answer, json.loads(body) if body.startswith("{") else body


def is_problem(result, status, shape=("statusCode", "headers", "body", "isBase64Encoded")):
    """Checks that it's a problem with this status, in the form of the sender."""
    _, answer, body = result
    equal(answer["statusCode"], status, "the status: %r" % body)
    equal(set(answer), set(shape), "the members of the answer")
    headers = answer.get("headers") or answer["multiValueHeaders"]
    expect(headers["Content-Type"] in ("application/problem+json", ["application/problem+json"]),
           "the type is %r" % headers["Content-Type"])
    equal(body["status"], status, "the problem's status")
    expect(body["instance"] in (headers["X-Request-Id"], headers["X-Request-Id"][0]), "its id")
    expect(len(body["detail"]) > 10, "the detail is %r" % body["detail"])


def test_lists_the_functions(_, program):
    status, out, err = dime(program, "list")
    equal((status, err), (0, ""), "the status and stderr")
    equal([line.split()[0] for line in out.decode().splitlines()], ["change", "hello", "labels", "translate"],
          "the names")


def test_helps(_, program):
    for words, part in ((["help"], "dime invoke FUNCTION"), (["--help"], "dime invoke FUNCTION"),
                        (["help", "invoke"], "exit status"), (["invoke", "--help"], "exit status"),
                        (["help", "event"], "sample"), (["help", "list"], "what it takes"),
                        (["help", "help"], "a function takes"), (["help", "change"], "amount of money"),
                        (["help", "change"], "\n  amount         number (required)\n"),
                        (["help", "change"], "list of whole numbers from 1 to 10000000, at most 32 of them\n"),
                        (["help", "labels"], "\n  LABELS_ENGINE  the engine"),
                        (["invoke", "change", "x", "--help"], "dime invoke change amount=VALUE ["),
                        (["help", os.path.join(os.path.dirname(program), "change")], "amount of money"),
                        (["help", "hello"], "dime invoke hello name=VALUE ["),
                        (["invoke", "labels", "--help"], "dime invoke labels image=FILE ["),
                        (["--version"], "dime ")):
        status, out, err = dime(program, *words)
        equal((status, err), (0, ""), "%s: the status and stderr" % words)
        expect(part in out.decode(), "%s says %r" % (words, out))
        short = all(len(line) <= 100 for line in out.decode().splitlines())
        expect(short or any("change" in word for word in words), "%s has a long line" % words)


def test_says_how_to_use_it(_, program):
    for words, part in (([], "dime invoke FUNCTION"), (["nothing"], '"nothing"; try dime help'),
                        (["invoke"], "dime list"), (["invoke", "nothing"], '"nothing"; dime list'),
                        (["invoke", "change", "-", "more"], '"more"'), (["list", "x"], '"x"'),
                        (["event", "nothing"], '"nothing"; dime event'), (["help", "x"], '"x"'),
                        (["event", "alb", "more"], '"more"'), ([""], '""'),
                        (["help", "labels", "x"], '"x"'), (["change", "x"], "try dime invoke change"),
                        (["invoke", "change", "--amount=1"], 'no option "--amount=1"; try dime help invoke'),
                        (["invoke", "change", "/nowhere/at.json"], "No such file"),
                        (["invoke", "change", "/"], "Is a directory")):
        status, out, err = dime(program, *words)
        equal((status, out), (2, b""), "%s: the status and stdout" % words)
        expect(part in err, "%s says %r" % (words, err))


def test_queues_are_for_a_program_of_its_own(folder, program):
    lonely = os.path.join(folder, "dime")
    shutil.copy(program, lonely)
    beside = os.path.join(folder, "dime-queue")
    status, out, err = dime(lonely, "consume", "--once")
    equal((status, out), (2, b""), "the status and stdout")
    expect("make builds it where libhiredis-dev" in err, "it says %r" % err)
    with open(beside, "w") as file:
        file.write("#!/bin/sh\necho \"$@\"\n")
    os.chmod(beside, 0o755)
    for command in ("consume", "send", "watch"):
        equal(dime(lonely, command, "a b", "--x"), (0, b"%s a b --x\n" % command.encode(), ""),
              "what is beside it")
        for words in (("help", command), (command, "--help")):
            equal(dime(lonely, *words), (0, b"%s --help\n" % command.encode(), ""), "its help")


def test_finds_functions_beside_it_or_where_they_are_installed(folder, program):
    """Beside it in a folder of a build tree; never a program that happens to lie beside it."""
    lonely = os.path.join(folder, "dime")
    shutil.copy(program, lonely)
    shutil.copy(os.path.join(os.path.dirname(program), "hello"), os.path.join(folder, "beside"))
    status, out, err = dime(lonely, "invoke", "beside", event=b"{}")
    equal((status, out), (2, b""), "the status and stdout")
    expect('there is no function "beside"; dime list' in err, "it says %r" % err)
    functions = os.path.join(folder, "functions")
    os.mkdir(functions)
    equal(dime(lonely, "list"), (0, b"", ""), "the list of an empty folder")
    for name in ("one", "dime-helper", "two.bootstrap"):
        os.symlink(os.path.join(os.path.dirname(program), "hello"), os.path.join(functions, name))
    with open(os.path.join(functions, "text"), "w") as file:
        file.write("no program")
    equal(dime(lonely, "list"), (0, b"one          Says hello\n", ""), "the list")
    equal(dime(lonely, "invoke", "one", event=b"{}")[0], 0, "the status of one that is there")
    for name in ("dime-helper", "two.bootstrap", "text", "..", ".", ""):
        equal(dime(lonely, "invoke", name, event=b"{}")[:2], (2, b""), "%r: the status and stdout" % name)


def test_make_builds_all_of_the_command(_, program):
    """The target dime has its siblings, but isn't linked anew for them."""
    build = os.path.dirname(program)
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    done = subprocess.run(["make", "-C", build, "-pnq", "dime"], capture_output=True, text=True,
                          env=environment, timeout=TIMEOUT, check=False)
    rule = next(line for line in done.stdout.splitlines() if line.startswith("dime:"))
    siblings = rule.partition(" | ")[2].split()
    equal(siblings, [name for name in ("dime-describe", "dime-lambda", "dime-queue", "functions/all")
                     if os.path.exists(os.path.join(build, name))], "what is built with it")


def test_a_schedule_sends_its_event(folder, program):
    """What the unit runs hands over an event that EventBridge could have sent."""
    script = os.path.join(os.path.dirname(program), "deploy", "systemd", "dime-schedule")
    stub = os.path.join(folder, "stub")
    with open(stub, "w") as file:
        file.write("#!/bin/sh\necho \"$@\" >&2\nexec cat\n")
    os.chmod(stub, 0o755)
    sample = json.loads(dime(program, "event", "schedule")[1])
    for environment, detail in (({}, {}), ({"DIME_DETAIL": '{"name":"a \\" b"}'}, {"name": 'a " b'})):
        environment = {"PATH": os.environ["PATH"], "DIME": stub, **environment,
                       "INVOCATION_ID": "0123456789abcdef0123456789abcdef"}
        done = subprocess.run([script, "hello"], env=environment, capture_output=True, timeout=TIMEOUT,
                              check=False)
        equal((done.returncode, done.stderr), (0, b"invoke hello\n"), "the status and arguments")
        event = json.loads(done.stdout)
        equal(list(event), list(sample), "the members")
        equal((event["detail"], event["id"]), (detail, "01234567-89ab-cdef-0123-456789abcdef"), "its own")
        equal((event["detail-type"], event["source"]), ("Scheduled Event", "aws.events"), "the kind")
        moment = time.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ")
        expect(abs(calendar.timegm(moment) - time.time()) < 60, "the time is %s" % event["time"])
    environment = {"PATH": os.environ["PATH"], "DIME": program}
    done = subprocess.run([script, "hello"], env=environment, capture_output=True, timeout=TIMEOUT, check=False)
    equal(json.loads(done.stdout)["statusCode"], 200, "the answer of the real one")
    equal(subprocess.run([script, "change"], env=environment, capture_output=True, timeout=TIMEOUT,
                         check=False).returncode, 4, "the status of one that fails")
    done = subprocess.run([script], env=environment, capture_output=True, timeout=TIMEOUT, check=False)
    equal(done.returncode, 2, "the status without a function")
    expect(done.stderr.startswith(b"usage: dime-schedule FUNCTION"), "it says %r" % done.stderr)


def test_lambda_is_a_program_of_its_own(folder, program):
    lonely = os.path.join(folder, "dime")
    shutil.copy(program, lonely)
    status, out, err = dime(lonely, "lambda", "change")
    equal((status, out), (2, b""), "the status and stdout")
    expect("make builds it where libmicrohttpd-dev" in err, "it says %r" % err)
    beside = os.path.join(folder, "dime-lambda")
    with open(beside, "w") as file:
        file.write("#!/bin/sh\necho \"$@\"\n")
    equal(dime(lonely, "lambda")[0], 2, "the status where it can't be run")
    os.chmod(beside, 0o755)
    equal(dime(lonely, "lambda", "a b", "--x"), (0, b"a b --x\n", ""), "what is beside it")
    equal(dime(lonely, "help", "lambda"), (0, b"--help\n", ""), "its help")


def test_reads_an_event_from_a_file_or_stdin(folder, program):
    path = os.path.join(folder, "event.json")
    with open(path, "wb") as file:
        file.write(b'{"amount":0.25}')
    for words in ((path,), ("-",), ()):
        event = b"" if words == (path,) else b'{"amount":0.25}'
        status, out, _ = dime(program, "invoke", "change", *words, event=event)
        equal(status, 0, "the exit status")
        equal(json.loads(out)["body"], '{"res":[{"1":"quarters"}]}', "the body")


def test_reads_fields_from_its_words(folder, program):
    """NAME=VALUE beside an event, and without one: then stdin isn't read."""
    path = os.path.join(folder, "a=b.json")
    with open(path, "wb") as file:
        file.write(b'{"amount":"0.25"}')
    for words, status, part in (
            (("change", "amount=1.00"), 200, '{"res":[{"4":"quarters"}]}'),
            (("change", "amount=0.30", "coins=30,1"), 200, '"count":1'),
            (("change", path, "notes=no"), 200, '"count":1'),
            (("hello", "name=a=b&c d%41\u00e9+"), 200, '{"message":"hello a=b&c d%41\u00e9+"}'),
            (("hello", "name="), 200, '{"message":"hello world"}'),
            (("change", path, "amount=1"), 422, "given more than once"),
            (("change", "amount=1", "amount=1"), 422, "given more than once")):
        started, held = os.pipe()  # nobody ever writes to it
        _, out, _ = dime(program, "invoke", *words, stdin=started)
        os.close(started)
        os.close(held)
        answer = json.loads(out)
        equal(answer["statusCode"], status, "%r: %r" % (words, answer["body"]))
        expect(part in answer["body"], "%r: %r" % (words, answer["body"]))
    for words, part in ((("change", "amuont=1"), 'has no field "amuont"; dime help change'),
                        (("hello", "=1"), "=1 can't be read"), (("change", "a.b", "c.d"), '"c.d"'),
                        (("hello", "name=" + "x" * 120000, *["name=" + "%" * 120000] * 5), "more")):
        status, out, err = dime(program, "invoke", *words)
        if part == "more":
            equal(status, 4, "the exit status of a name that is given more than once")
        else:
            equal((status, out), (2, b""), "%r" % (words,))
            expect(part in err, "%r says %r" % (words, err))


def test_functions_in_a_pipe(_, program):
    """An answer is an event for the next; the first that fails is what the last one says."""
    _, first, _ = dime(program, "invoke", "hello", "name=x")
    status, out, err = dime(program, "invoke", "change", "-", "amount=0.26", event=first)
    equal((status, json.loads(out)["body"]), (0, '{"res":[{"1":"quarters"},{"1":"pennies"}]}'), "the last")
    equal(json.loads(err)["requestId"], json.loads(first)["headers"]["X-Request-Id"], "one id for all")
    for status in (400, 404, 500, 503, 504):
        failure = b'{"statusCode":%d,"body":"x"}' % status
        is_problem(invoke(program, failure, "hello"), status)
    _, first, _ = dime(program, "invoke", "change", "amount=x")
    detail = json.loads(json.loads(first)["body"])["detail"]
    for function in ("hello", "change"):
        status, first, _ = dime(program, "invoke", function, event=first)
        body = json.loads(json.loads(first)["body"])
        equal((status, body["status"], body["detail"]), (4, 422, detail), function)


def test_says_that_it_waits_for_a_person(_, program):
    ours, theirs = pty.openpty()
    os.write(ours, b"{}\n\x04")
    status, out, err = dime(program, "invoke", "hello", stdin=theirs)
    os.close(ours)
    os.close(theirs)
    equal(status, 0, "the exit status")
    expect(b"hello world" in out and "Ctrl-D" in err, "it says %r %r" % (out, err))


def test_closed_descriptors(_, program):
    status, _, err = dime(program, "invoke", "hello", preexec_fn=lambda: os.close(0))
    equal(status, 2, "the exit status without stdin")
    expect("on stdin can't be read" in err, "it says %r" % err)
    status, _, err = dime(program, "list", preexec_fn=lambda: os.close(1))
    equal(status, 1, "the exit status without stdout")
    expect("stdout can't be written" in err, "it says %r" % err)
    with open("/dev/full", "wb") as full:
        equal(dime(program, "invoke", "hello", event=b"{}", stdout=full)[0], 1, "on a full disk")
        equal(dime(program, "event", "alb", stdout=full)[0], 1, "on a full disk")


def test_samples_are_the_files(_, program):
    status, out, _ = dime(program, "event")
    names = out.decode().split()
    equal(status, 0, "the exit status")
    equal(names, sorted(name[:-5] for name in os.listdir(SAMPLES)), "the names")
    for name in names:
        status, out, _ = dime(program, "event", name)
        with open(os.path.join(SAMPLES, name + ".json"), "rb") as file:
            equal((status, out), (0, file.read()), name)


def test_samples_work(_, program):
    for name in sorted(os.listdir(SAMPLES)):
        with open(os.path.join(SAMPLES, name), "rb") as file:
            status, answer, body = invoke(program, file.read())
        if name == "sqs.json":
            equal((status, len(answer["batchItemFailures"])), (4, 2), name)
        elif name in ("s3.json", "sns.json", "eventbridge.json", "schedule.json"):
            equal((status, body["errors"][0]["field"]), (4, "amount"), name)
        else:
            equal((status, body["res"][0]), (0, {"7": "quarters"}), name)


def test_events_that_are_not_json(_, program):
    for event in (b"", b" ", b"amount=1", b"{", b"[" * 200, b'{"a":' * 200 + b"1" + b"}" * 200,
                  b"[" * LARGE, b'{"a":"' + b"x" * LARGE, b"\0", b"\xff" * 100, b'{"a":1}{"b":2}',
                  b'\xef\xbb\xbf{"amount":1}', b'{"amount":NaN}', b'{"amount":1,"amount":2}',
                  "caf\u00e9 \u2615".encode(), bytes(range(256))):
        is_problem(invoke(program, event), 400)


def test_events_of_no_use(_, program):
    for event in (b"null", b"[]", b"1.45", b'"x"', b"true", b"{}", b'{"Records":[]}'):
        is_problem(invoke(program, event), 422)
    is_problem(invoke(program, b'{"amount":1,"x":"' + b"x" * LARGE + b'"}'), 413)


V1 = {"httpMethod": "POST"}
V2 = {"requestContext": {"http": {"method": "POST"}}}
ALB = {"httpMethod": "POST", "requestContext": {"elb": {}}}


def test_wrong_types(_, program):
    maps = (5, True, "x", [], {"a": 5}, {"a": {}}, {"a": [5]}, {"a": [[]]})
    texts = (5, 1.5, True, [], {}, ["x"])
    members = (("httpMethod", texts, (V1, ALB)), ("path", texts, (V1, ALB)),
               ("requestContext", (5, True, "x", []), (V1,)),
               ("body", texts, (V1, V2, ALB)), ("isBase64Encoded", ("true", 1, {}), (V1, V2, ALB)),
               ("headers", maps + ({"a": ["x"]},), (V1, V2, ALB)),
               ("queryStringParameters", maps + ({"a": ["x"]},), (V1, ALB)),
               ("multiValueHeaders", maps + ({"a": "x"},), (V1,)),
               ("multiValueQueryStringParameters", maps + ({"a": "x"},), (V1, ALB)),
               ("rawPath", texts, (V2,)), ("rawQueryString", texts, (V2,)),
               ("cookies", (5, True, {}, "a=b", [5], [[]]), (V2,)))
    for name, values, events in members:
        for value in values:
            for event in events:
                # All else is right, so that the member alone is what is refused.
                result = invoke(program, {"body": '{"amount":1}', **event, name: value})
                shape = {"statusCode", "headers", "body", "isBase64Encoded"}
                is_problem(result, 422, shape | ({"statusDescription"} if event is ALB else set()))
                expect(result[2]["detail"].startswith("The event's " + name),
                       "%s %r: %r" % (name, value, result[2]["detail"]))


ANY_TYPE = (None, True, 5, 1e300, "x", "", [], [5], ["x"], {}, {"a": 5}, {"http": {"method": 5}})
# What an event's shape is told by; put there, any of them may make it another's.
TELLING = {"httpMethod", "requestContext", "http", "method", "elb", "connectionId", "Records", "body",
           "detail-type", "eventSource", "EventSource", "Sns", "Type", "TopicArn", "Message", "Event", "0"}
READ = ("version", "httpMethod", "path", "rawPath", "requestContext", "requestContext.http",
        "requestContext.http.method", "requestContext.elb", "requestContext.stage",
        "requestContext.connectionId", "headers", "multiValueHeaders", "queryStringParameters",
        "multiValueQueryStringParameters", "rawQueryString", "cookies", "body", "isBase64Encoded",
        "headers.content-type", "headers.accept", "multiValueHeaders.accept", "Records", "Records.0",
        "Records.0.eventSource", "Records.0.EventSource", "Records.0.messageId", "Records.0.body",
        "Records.0.eventSourceARN", "Records.0.Sns", "Records.0.Sns.Message", "detail-type",
        "source", "detail", "Event", "Type", "TopicArn", "Message")


def with_value(event, path, value):
    """A copy of the event with this value there; None where there is nothing to put it in."""
    copy = json.loads(json.dumps(event))
    *way, last = [int(word) if word == "0" else word for word in path.split(".")]
    place = copy
    for word in way:
        try:
            place = place[word]
        except (KeyError, IndexError, TypeError):
            return None
    if not isinstance(place, list if last == 0 else dict):
        return None
    place[last] = value
    return copy


def test_any_type_in_any_member(_, program):
    """In each shape, each member that is read: the answer is whole, in the sender's shape, no 5xx."""
    cases = 0
    for name in sorted(os.listdir(SAMPLES)):
        with open(os.path.join(SAMPLES, name), "rb") as file:
            event = json.load(file)
        usual = set(invoke(program, event)[1])
        for path in READ:
            for value in ANY_TYPE:
                changed = with_value(event, path, value)
                if changed is None:
                    continue
                cases += 1
                status, answer, _ = invoke(program, changed)
                where = "%s: %s is %r: %r" % (name, path, value, answer)
                expect(status in (0, 4), where)
                if "statusCode" in answer:
                    expect(answer["statusCode"] in (200, 400, 405, 406, 415, 422), where)
                if path.split(".")[-1] not in TELLING:
                    plain = set(answer) - {"multiValueHeaders"} | {"headers"}
                    expect(plain == usual - {"multiValueHeaders"} | {"headers"} or
                           usual == {"batchItemFailures"} == set(answer), where)
    expect(cases > 2000, "%d cases" % cases)


def test_events_that_people_try(_, program):
    authorizer = {"jwt": {"claims": {"cognito:groups": "[a b]", "aud": "x"}, "scopes": None},
                  "lambda": None, "iam": {"cognitoIdentity": None}}
    socket = {"requestContext": {"connectionId": "c", "eventType": "CONNECT", "routeKey": "$connect"},
              "headers": {"Host": "h"}, "multiValueHeaders": {"Host": ["h"]}, "isBase64Encoded": False}
    for event, function, status in (
            ({"key1": "value1", "key2": "value2", "key3": "value3"}, "hello", 200),
            ({"key1": "value1", "key2": "value2", "key3": "value3"}, "change", 422),
            ({"warmer": True, "concurrency": 3}, "hello", 200),
            ({"source": "serverless-plugin-warmup"}, "change", 422),
            ({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}, "hello", 200),
            ({"httpMethod": "GET", "queryStringParameters": {"name": "x"}, "pathParameters": {"proxy": "a"},
              "requestContext": {"authorizer": authorizer, "stage": "prod"}}, "hello", 200),
            ({"version": "2.0", "rawPath": "/prod/healthz/hello", "rawQueryString": "",
              "requestContext": {"authorizer": authorizer, "stage": "prod",
                                 "http": {"method": "GET"}}}, "hello", 200),
            ({"requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/", "queryStringParameters": {},
              "headers": {"user-agent": "ELB-HealthChecker/2.0"}, "body": "",
              "isBase64Encoded": False}, "hello", 200),
            (socket, "hello", 422), ({**socket, "body": "{}"}, "hello", 422),
            ({"Records": [{"eventSource": "aws:dynamodb"}]}, "hello", 422),
            ({"version": "0", "detail-type": "Scheduled Event", "source": "aws.scheduler",
              "detail": "{}"}, "hello", 422),
            ({"detail-type": "Sold", "source": "till", "detail": {"amount": 1}}, "change", 200)):
        _, answer, body = invoke(program, event, function)
        equal(answer["statusCode"], status, "%r: %r" % (event, body))


def queue(*bodies, source="arn:aws:sqs:eu-central-1:123456789012:q"):
    return {"Records": [{"messageId": str(number), "body": body, "eventSource": "aws:sqs",
                         "eventSourceARN": source} for number, body in enumerate(bodies)]}


def failed(program, event):
    """The exit status, and the identifiers of the messages that the queue is to keep."""
    status, answer, _ = invoke(program, event)
    equal(list(answer), ["batchItemFailures"], "the answer")
    return status, [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_each_message_of_a_queue(_, program):
    good, bad = '{"amount":1}', '{"amount":-1}'
    topic = json.dumps({"Type": "Notification", "TopicArn": "t", "Message": good})
    bus = json.dumps({"detail-type": "Sold", "source": "till", "detail": {"amount": 1}})
    web = json.dumps({"httpMethod": "GET", "queryStringParameters": {"amount": "1"}})
    for event, status, names in (
            (queue(good), 0, []), (queue(good, good), 0, []), (queue(bad), 4, ["0"]),
            (queue(good, bad, good, "no", "", "[]", good), 4, ["1", "3", "4", "5"]),
            (queue(topic, bus, web, good), 0, []),
            (queue(good, bad, good, source="arn:q.fifo"), 4, ["1", "2"]),
            (queue(good, None, 5, {}, [], json.dumps(queue(good))), 4, ["1", "2", "3", "4", "5"]),
            (queue(*[good] * 1000), 0, []), (queue("[" * (4 << 20), good), 4, ["0"])):
        equal(failed(program, event), (status, names), "%.300r" % event)
    # What can't be named brings back all: the queue can't be told of it in another way.
    for name in (None, 5, {}, []):
        event = queue(good, good)
        event["Records"][1].update({"messageId": name, "body": bad})
        equal(failed(program, event), (4, [""]), "a message called %r" % name)


def test_says_which_message_failed(_, program):
    _, _, err = dime(program, "invoke", "change",
                     event=json.dumps(queue('{"amount":1}', '{"amount":-1}')).encode())
    lines = [json.loads(line) for line in err.splitlines()]
    equal(sorted(line["status"] for line in requests_in(err)), [200, 422], "the statuses in the log")
    [said] = [line for line in lines if "host" not in line]
    expect('the message "1" failed with 422: The amount is negative' in said["message"], "it says %r" % said)
    equal(said["level"], "warn", "the level")
    equal(len({line["requestId"] for line in lines}), 1, "ids for all")


def test_bad_base64(_, program):
    for body in ("a", "ab", "abc", "====", "a===", "YQ", "Y Q=", "YW\n=", "caf\u00e9", "YR==", "-_==",
                 "x" * (LARGE + 1)):
        is_problem(invoke(program, {"httpMethod": "POST", "body": body, "isBase64Encoded": True}),
                   400)


def test_any_bytes_survive(_, program):
    word = "caf\u00e9 \u2615" + "".join(map(chr, range(1, 32))) + "\"\\\x7f\u2028"
    for event in ({"name": word}, {"body": json.dumps({"name": word})},
                  {"httpMethod": "GET", "queryStringParameters": {"name": word}}):
        _, _, body = invoke(program, event, "hello")
        equal(body, {"message": "hello " + word}, "the body")


def test_an_event_that_is_too_long(folder, program):
    path = os.path.join(folder, "long.json")
    with open(path, "wb") as file:
        file.write(b" " * ((12 << 20) + 1))
    for words, event, name in ((("hello",), b" " * (13 << 20), "on stdin"), (("hello", path), b"", path)):
        status, out, err = dime(program, "invoke", *words, event=event)
        equal((status, out), (2, b""), "the status and stdout")
        expect("the event %s has more than 12 MiB" % name in err, "it says %r" % err)
    os.truncate(path, 12 << 20)
    equal(dime(program, "invoke", "hello", path)[0], 4, "of one that is as long as may be")


def test_takes_the_largest_picture(folder, program):
    """As a field and in base64 as an event: neither is too long for the function's own limit."""
    paths = [os.path.join(folder, name) for name in ("large.jpg", "large.json")]
    picture = b"\xff\xd8\xff\xe0" + bytes((8 << 20) - 4)
    with open(paths[0], "wb") as file:
        file.write(picture)
    with open(paths[1], "w") as file:
        json.dump({"image": base64.b64encode(picture).decode()}, file)
    for word in ("image=" + paths[0], paths[1]):
        _, out, err = dime(program, "invoke", "labels", word)
        detail = json.loads(json.loads(out)["body"])["detail"]
        [log] = requests_in(err)
        expect(log["status"] in (400, 503) and "bytes" not in detail, "%s: %r" % (word, detail))
    with open(paths[0], "ab") as file:
        file.write(b"x")
    status, out, err = dime(program, "invoke", "labels", "image=" + paths[0])
    equal((status, out), (2, b""), "the status and stdout")
    expect("has more than 8388608 bytes, the most that image may have" in err, "it says %r" % err)


def test_says_how_to_give_a_file(folder, program):
    empty = os.path.join(folder, "empty")
    picture = os.path.join(SOURCE, "www", "samples", "cat.jpg")
    with open(empty, "wb"):
        pass
    for words, part in (((picture,), "to give it as a field: image=" + picture),
                        (("image=",), "image wants the path of a file"),
                        (("image=" + empty,), empty + " is empty"),
                        (("image=/nowhere/at.all",), "/nowhere/at.all can't be read: No such file"),
                        (("image=/",), "Is a directory")):
        status, out, err = dime(program, "invoke", "labels", *words)
        equal((status, out), (2, b""), "%r: the status and stdout" % (words,))
        expect(part in err, "%r says %r" % (words, err))
    status, _, _ = dime(program, "invoke", "change", picture)
    equal(status, 4, "of a function without a file: it is an event that isn't JSON")


def test_says_that_it_leaves_stdin(folder, program):
    note = "dime: stdin isn't read beside fields; to read the event there: dime invoke %s - "
    for words, event, noted in ((("hello", "name=x"), b"{}", True), (("hello", "name=x"), b"", False),
                                (("change", "notes=no"), b"", True), (("hello", "-", "name=x"), b"{}", False),
                                (("hello",), b"{}", False)):
        started, held = os.pipe()
        os.write(held, event)
        os.close(held)
        _, _, err = dime(program, "invoke", *words, stdin=started)
        os.close(started)
        equal(note % words[0] in err, noted, "%r: %r" % (words, err))
    path = os.path.join(folder, "event.json")
    with open(path, "wb") as file:
        file.write(b"{}")
    for words, noted in ((("hello", "name=x"), False), (("change", "notes=no"), True)):
        with open(path, "rb") as file:
            _, _, err = dime(program, "invoke", *words, stdin=file)
        equal(note % words[0] in err, noted, "a file, %r: %r" % (words, err))
    _, _, err = dime(program, "invoke", "change", "notes=no", stdin=subprocess.DEVNULL)
    equal(err.count("\n"), 1, "lines where stdin is /dev/null: %r" % err)


def test_takes_little_time(_, program):
    """Of the processor: the tool's and the program's together, the least of some."""
    if is_sanitized(program):
        raise Skip("the sanitizers take more")
    least = 1.0
    for _ in range(20):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        dime(program, "invoke", "change", event=b'{"amount":1.89}')
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        least = min(least, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    expect(least < 0.006, "it takes %.1f ms" % (least * 1000))
    print("#! dime invoke change: %.1f ms of the processor's time" % (least * 1000), flush=True)


def test_little_memory(_, program):
    if is_sanitized(program):
        raise Skip("the sanitizers need more address space than there is then")
    event = json.dumps({"httpMethod": "POST", "body": "x" * (4 << 20)}).encode()
    for megabytes in range(4, 64, 3):
        size = megabytes << 20
        status, out, _ = dime(program, "invoke", "hello", event=event,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size)))
        expect(status in (2, 4, 5, 127), "%d MB: %d %r" % (megabytes, status, out[:100]))
        if status in (4, 5):
            equal(json.loads(out)["statusCode"] // 100, status, "the class of the status")


def test_completion(_, program):
    bash = shutil.which("bash")
    if not bash:
        raise Skip("bash isn't installed")
    script = """
        PATH=$1:$PATH; . "$2"
        complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dime 2>/dev/null
                           echo "${COMPREPLY[@]}"; }
        complete_words dime in; complete_words dime invoke ch; complete_words dime event s
        complete_words dime help he; complete_words dime nothing x
        complete_words dime lambda --max; complete_words dime lambda --once hel"""
    done = subprocess.run([bash, "-c", script, "bash", os.path.dirname(program),
                           os.path.join(SOURCE, "deploy", "bash-completion", "dime")],
                          capture_output=True, text=True, check=False)
    equal(done.stdout.splitlines(), ["invoke", "change", "s3 schedule sns sqs", "help hello", "",
                                     "--max-concurrency", "hello"],
          "the completions: " + done.stderr)


if __name__ == "__main__":
    main([value for name, value in list(globals().items()) if name.startswith("test_")], "dime")
