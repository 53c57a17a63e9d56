#!/usr/bin/env python3
"""dime_lambda_guard_test.py - dime lambda against what means it no good, and what AWS does that is rare.

Usage: dime_lambda_guard_test.py BUILDDIR. Web pages of others, ambiguous HTTP, zips that grow or lead
out of their folder, programs that write to a terminal what it would obey; then the parts of Lambda's
API that only a careful caller sees. dime_lambda_test.py has the usual ways, and the programs.
"""

import base64
import concurrent.futures
import http.client
import json
import os
import pty
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from dime_lambda_test import (INVOKE, PATIENCE, PUPPET, STREAMING, Served, begin, needs_bootstrap, puppet, run,
                              url_puppet)
from fastcgi import Program, Skip, children, equal, expect, is_sanitized, main, wait_until


def test_pages_of_others_are_refused(folder, program):
    """A browser sends these headers itself; a page can neither change nor leave them out."""
    with puppet(folder, program) as served:
        here = "127.0.0.1:%d" % served.port
        for wanted, headers in (
                (200, {}), (200, {"Sec-Fetch-Site": "none"}),
                (200, {"Sec-Fetch-Site": "same-origin", "Origin": "http://" + here}),
                # A page that sends no referrer has forms of origin null, which are its own all the same.
                (200, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}),
                (200, {"Origin": "http://" + here}), (200, {"Origin": "https://" + here}),
                (403, {"Sec-Fetch-Site": "cross-site"}), (403, {"Sec-Fetch-Site": "same-site"}),
                (403, {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"}),
                (403, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}),
                (403, {"Origin": "https://evil.example"}), (403, {"Origin": "null"}), (403, {"Origin": ""}),
                (403, {"Origin": "http://" + here + ".evil.example"}), (403, {"Origin": "http://127.0.0.1"}),
                (403, {"Sec-Fetch-Site": ""}), (403, {"Sec-Fetch-Site": "sAme-origin"})):
            for method, path in (("POST", INVOKE % "puppet"), ("POST", STREAMING), ("GET", "/"), ("OPTIONS", "/")):
                status, answer, body = served.ask(method, path, b"{}", headers)
                if wanted == 200:
                    equal(status, 200, "%s %s with %s" % (method, path, headers))
                    continue
                equal((status, answer.get("x-amzn-errortype")), (403, "AccessDeniedException"),
                      "%s %s with %s" % (method, path, headers))
                expect("--allow" in json.loads(body)["Message"], "it says %r" % body)
        expect(not any("access-control" in name for name in answer), "it lets other pages read")


def test_names_that_could_point_anywhere_are_refused(folder, program):
    """After DNS rebinding a page's own name is this machine, and everything is of its origin."""
    with puppet(folder, program) as served:
        for wanted, host in ((200, "localhost"), (200, "127.0.0.1:1"), (200, "[::1]:9001"), (200, "10.0.0.7"),
                             (200, "LOCALHOST.:80"), (200, "api.localhost:80"), (200, "lambda:9001"),
                             # A name without a dot: nobody can register it, and it's 127.0.0.1 to a browser.
                             (200, "2130706433"), (200, "0x7f000001:9001"), (200, "0"),
                             (403, "evil.example"), (403, "evil.example:%d" % served.port), (403, "localhost.evil"),
                             (403, "127.0.0.1.nip.example"), (403, "1.2.3"), (403, "[::1].evil.example"),
                             (403, "."), (403, ":80"), (403, "0x7f.1")):
            for method, path in (("GET", "/"), ("POST", INVOKE % "puppet")):
                status, _, body = served.ask(method, path, b"{}", {"Host": host})
                equal(status, wanted, "%s as %r" % (method, host))
                expect(wanted == 200 or b"--allow" in body, "it says %r" % body)
    with puppet(folder, program, "--allow", "api.example", "--allow", "app.example:3000") as served:
        for wanted, headers in (
                (200, {"Host": "API.example:80"}), (403, {"Host": "other.example"}),
                (403, {"Host": "app.example:80"}),
                (200, {"Origin": "https://app.example:3000", "Sec-Fetch-Site": "cross-site"}),
                (403, {"Origin": "https://app.example:3001", "Sec-Fetch-Site": "cross-site"})):
            equal(served.ask("GET", "/", None, headers)[0], wanted, "with --allow, %s" % headers)
    with puppet(folder, program, "--allow", "*") as served:
        equal(served.ask("GET", "/", None, {"Host": "x.example", "Origin": "http://y.example"})[0], 200, "all")
    equal(run(program, "--allow", "http://x", "/bin/true")[0], 2, "the status of what is no host")


def test_the_runtime_api_is_guarded_too(folder, program):
    with puppet(folder, program) as served:
        path = "/2018-06-01/runtime/invocation/next"
        for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}):
            [[status, body]] = served.results(["ask", "GET", path, headers])
            equal((status, json.loads(body)["errorType"]), (403, "AccessDeniedException"), "with %s" % headers)


def said(port, data):
    """The status of an answer to these bytes (None: there is none), and whether the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as peer:
        peer.sendall(data)
        got, ended = b"", False
        while not re.match(rb"HTTP/1\.1 \d{3}", got) and not ended:
            piece = peer.recv(65536)
            got, ended = got + piece, not piece
        status = int(got[9:12]) if got else None
        peer.settimeout(PATIENCE if status != 200 else 0.1)
        try:
            while not ended:
                ended = not peer.recv(65536)
        except TimeoutError:
            pass
        return status, ended


def test_ambiguous_requests_are_refused(folder, program):
    with puppet(folder, program) as served:
        post = b"POST /x HTTP/1.1\r\nHost: x\r\n"
        for fine in (post + b"Content-Length: 2\r\n\r\n{}", b"GET /x HTTP/1.0\r\n\r\n",
                     post + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                     post + b"Transfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"):
            equal(said(served.port, fine)[0], 200, "for %r" % fine)
        for bad in (post + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
                    post + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
                    post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    post + b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                    post + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                    post + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    b"POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    post + b"Content-Length: 2, 2\r\n\r\n{}", post + b"Content-Length: +2\r\n\r\n{}",
                    post + b"Content-Length : 2\r\n\r\n{}", post + b"Host: y\r\n\r\n", b"GET /x HTTP/1.1\r\n\r\n",
                    b"GET /x HTTP/1.1\r\nHost:\r\n\r\n", b"GET /x HTTP/1.1\r\nHost: \t\r\n\r\n",
                    b"GET /x HTTP/1.0\r\nHost:\r\n\r\n",
                    post + b"A: b\1c\r\n\r\n", post + b"A b: c\r\n\r\n", b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
                    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"):
            equal(said(served.port, bad), (400, True), "for %r" % bad)
        equal(said(served.port, b"GET / HTTP/2.0\r\nHost: x\r\n\r\n"), (505, True), "another version")
        expect(said(served.port, b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n") in ((400, True), (None, True)), "a blank")
        equal(served.results(), [], "it goes on")


def make_zip(path, entries):
    """A zip of (name, data, mode)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, data, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr, entry.compress_type = 3, mode << 16, zipfile.ZIP_DEFLATED
            file.writestr(entry, data)


def boot(folder, program):
    """The puppet as an entry of a zip."""
    del folder, program
    return ("bootstrap", PUPPET.encode(), 0o100755)


def test_zips_that_lead_out_or_grow(folder, program):
    room, out = os.path.join(folder, "room"), os.path.join(folder, "out")
    os.mkdir(room)
    os.mkdir(out)
    bootstrap, megabyte = boot(folder, program), bytes(1 << 20)
    zips = {
        "up.zip": ([bootstrap, ("../" * 12 + out[1:] + "/one", b"x", 0o100644)], "can't be unpacked"),
        "root.zip": ([bootstrap, (out + "/two", b"x", 0o100644)], "can't be unpacked"),
        "link.zip": ([bootstrap, ("d", out.encode(), 0o120777), ("d/three", b"x", 0o100644)], "can't be unpacked"),
        "one-file.zip": ([bootstrap, ("big", 251 * megabyte, 0o100644)], "unpacks to more than 250 MB"),
        "files.zip": ([bootstrap, *[("f%d" % i, 25 * megabyte, 0o100644) for i in range(10)]],
                      "unpacks to more than 250 MB"),
    }
    environment = dict(os.environ, TMPDIR=room, UNZIP="-:", UNZIPOPT="-:")
    for name, (entries, part) in zips.items():
        path = os.path.join(folder, name)
        make_zip(path, entries)
        status, _, err = run(program, path, env=environment)
        equal((status, os.listdir(room), os.listdir(out)), (2, [], []), name)
        expect(part in err, "%s: it says %r" % (name, err))
    # Exactly as much as Lambda takes.
    make_zip(os.path.join(folder, "most.zip"), [
        bootstrap, ("big", bytes(250 * (1 << 20) - len(bootstrap[1])), 0o100644)])
    with Served(folder, program, os.path.join(folder, "most.zip")) as served:
        expect(served.invoke({}, "most")[1]["pid"], "the most is taken")
    os.mkfifo(os.path.join(folder, "fifo.zip"))
    expect("isn't a file" in run(program, os.path.join(folder, "fifo.zip"))[2], "a fifo isn't waited for")


def test_names_of_zips_are_names(folder, program):
    """None of them is an option of unzip, or a pattern."""
    here = os.getcwd()
    os.chdir(folder)
    try:
        for argument, path, name in (("./-x.zip", "-x.zip", "-x"), ("f=-P.zip", "-P.zip", "f"),
                                     ("f=[a].zip", "[a].zip", "f"), ("f=*.zip", "*.zip", "f"),
                                     ("a=caf\u00e9 au lait.ZIP", "caf\u00e9 au lait.ZIP", "a")):
            make_zip(path, [boot(folder, program), ("bootstrap", PUPPET.encode(), 0o100755)])
            with Served(folder, program, argument) as served:
                expect(served.invoke({}, name)[1]["pid"], "%s runs" % path)
            os.unlink(path)
    finally:
        os.chdir(here)


def on_terminal(arguments, act):
    """What a terminal gets of a program, whose stdout and stderr it is, while ACT runs."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    got = bytearray()

    def read():
        try:
            while True:
                got.extend(os.read(ours, 65536))
        except OSError:
            pass
    reader = threading.Thread(target=read)
    reader.start()
    try:
        act(got)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        reader.join(PATIENCE)
        os.close(ours)
    return bytes(got)


def test_a_terminal_is_not_obeyed(folder, program):
    with puppet(folder, program) as served:
        path = re.search(r"puppet is (\S+)", served.said())[1]

    def act(got):
        wait_until(lambda: b"URL is" in got, PATIENCE, "it doesn't begin")
        port = int(re.search(rb"127\.0\.0\.1:(\d+)/\r\n", bytes(got))[1])

        def invoke(*steps, **headers):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            connection.request("POST", INVOKE % "puppet", json.dumps({"do": steps}), headers)
            connection.getresponse().read()
        text = "\x1b]0;title\x07 \x9b31m caf\u00e9 \u2615\tok \x7f over\rwritten\n"
        invoke(["out", text], ["err", text])
        invoke(["out", "x" * 1023 + "\u00e9" * 3000 + "\r\nlast\n"])
        invoke(["post", "error", "\x1b[2J"], ["done"], **{"X-Amz-Invocation-Type": "Event"})
        wait_until(lambda: b"retried" in got, PATIENCE, "the failure isn't said")
    got = on_terminal([program, "lambda", "--listen", "127.0.0.1:0", path], act).decode()
    wanted = "\\x1b]0;title\\x07 \\xc2\\x9b31m caf\u00e9 \u2615\tok \\x7f over\\x0dwritten\r\n"
    equal(got.count(wanted), 2, "on both streams: %r" % got[:600])
    expect("x" * 1023 + "\u00e9" * 3000 + "\r\nlast\r\n" in got.replace("\r\r", "\r"), "what is harmless stays")
    expect("\x1b" not in got and "\x9b" not in got and "\\x1b[2J" in got, "an escape got through")


def test_what_is_no_terminal_gets_all_unchanged(folder, program):
    with puppet(folder, program) as served:
        served.invoke({"do": [["out", "\x1b[31mred\x1b[0m\x9b\n"]]})
        wait_until(lambda: "\x1b[31mred\x1b[0m\x9b\n" in served.said(), PATIENCE, "it's changed")


def is_called(pid, name):
    """Whether a process is this function's."""
    with open("/proc/%d/environ" % pid, "rb") as file:
        return b"AWS_LAMBDA_FUNCTION_NAME=%s" % name.encode() in file.read().split(b"\0")


def test_more_processes_than_a_thousand_descriptors(folder, program):
    """Each process has three that are waited for. What stood behind the 1,024th wasn't heard."""
    if is_sanitized(program):
        raise Skip("so many processes take too long with sanitizers")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < 4096:
        raise Skip("no more than %d files may be open" % hard)
    source, binary = os.path.join(folder, "idle.c"), os.path.join(folder, "idle.bootstrap")
    with open(source, "w", encoding="utf-8") as file:
        file.write("#include <signal.h>\n#include <unistd.h>\n"
                   "static void speak(int number) { if (write(1, number ? \"late\\n\" : \"here\\n\", 5) < 5) _exit(1); }\n"
                   "int main(void) { signal(SIGUSR1, speak); speak(0); for (;;) pause(); }\n")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        raise Skip("there is no compiler")
    subprocess.run([compiler, "-O", source, "-o", binary], check=True, capture_output=True)
    names = ["f%d=%s" % (number, binary) for number in range(6)]
    with Served(folder, program, "--concurrency", "64", "--timeout", "600", *names, end=0) as served:
        def event(name):
            return served.ask("POST", INVOKE % name, b"{}", {"X-Amz-Invocation-Type": "Event"})[0]
        for number in range(6):
            equal({event("f%d" % number) for _ in range(64)}, {202}, "the events")
        wait_until(lambda: served.said().count("here\n") == 6 * 64, PATIENCE, "they don't begin")
        # Nobody asks any more: only what one of them writes can wake the loop.
        for count, pid in enumerate(pid for pid in children(served.pid) if is_called(pid, "f5")):
            os.kill(pid, signal.SIGUSR1)
            wait_until(lambda: served.said().count("late\n") == count + 1, PATIENCE, "%d isn't heard" % count)
        equal(served.said().count("late\n"), 64, "those of the last function")


def echo(folder, program, *arguments):
    """A function URL whose answer is the event."""
    path = os.path.join(folder, "echo.bootstrap")
    with open(path, "w", encoding="utf-8") as file:
        file.write(PUPPET.replace('"length": len(body)', '"event": event'))
    os.chmod(path, 0o755)
    return Served(folder, program, *arguments, path)


def ask_with(served, path, headers):
    """The event of a request whose headers may stand there more than once."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)
    connection.putrequest("GET", path)
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    return answer.status, json.loads(body).get("event"), body


def test_the_event_of_a_url_is_as_aws_writes_it(folder, program):
    with echo(folder, program) as served:
        _, event, _ = ask_with(served, "/p?a=b+c&d=%2B&e=%zz+&flag&g=1&g=2", [])
        equal((event["rawQueryString"], event["queryStringParameters"]), (
            "a=b+c&d=%2B&e=%zz+&flag&g=1&g=2",
            {"a": "b c", "d": "+", "e": "%zz ", "flag": "", "g": "1,2"}), "the query")
        headers, context = event["headers"], event["requestContext"]
        equal((headers["x-forwarded-for"], headers["x-forwarded-port"], headers["x-forwarded-proto"]),
              ("127.0.0.1", str(served.port), "http"), "what a proxy adds")
        expect(re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", headers["x-amzn-trace-id"]), "the trace")
        expect("cookies" not in event and "cookie" not in headers, "cookies that nobody has sent")
        made = time.strptime(context["time"], "%d/%b/%Y:%H:%M:%S +0000")
        equal(int(context["timeEpoch"]) // 1000 - int(time.mktime(made) - time.timezone), 0, "the time")
        _, event, _ = ask_with(served, "/", [
            ("Cookie", "a=1; b=2"), ("Cookie", "c=3;"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "10.0.0.1"),
            ("X-Forwarded-For", "10.0.0.2"), ("X-Forwarded-Port", "443"), ("X-Amzn-Trace-Id", "Root=1-2-3;Sampled=1"),
            ("X-Two", "1"), ("X-Two", "2")])
        equal(event["cookies"], ["a=1", "b=2", "c=3"], "the cookies")
        for name, value in (("cookie", "a=1; b=2; c=3;"), ("x-forwarded-proto", "http"), ("x-two", "1,2"),
                            ("x-forwarded-for", "10.0.0.1, 10.0.0.2, 127.0.0.1"),
                            ("x-forwarded-port", str(served.port)), ("x-amzn-trace-id", "Root=1-2-3;Sampled=1")):
            equal(event["headers"][name], value, name)
        for count, status in ((250, 200), (257, 431)):
            got, event, body = ask_with(served, "/", [("X-%d" % number, "v") for number in range(count)])
            equal(got, status, "%d headers: %r" % (count, body[:100]))
        got, event, body = ask_with(served, "/?" + "&".join("p%d=1" % number for number in range(256)), [])
        equal((got, len(event["queryStringParameters"])), (200, 256), "the most parameters")
        got, _, body = ask_with(served, "/?" + "&".join("p%d=1" % number for number in range(257)), [])
        expect(got == 431 and b"256 parameters" in body, "one more: %d %r" % (got, body))


def test_a_status_may_be_text(folder, program):
    with url_puppet(folder, program) as served:
        for status, wanted in (('"201"', 201), ("201", 201), ('"2x1"', 502), ('""', 502), ("true", 502),
                               ('"99"', 502)):
            answer = begin(served, ["post", "response", '{"statusCode":%s,"body":"x"}' % status], ["done"])
            equal(answer.status, wanted, status)


def test_paths_of_the_api_run_nothing(folder, program):
    with puppet(folder, program) as served:
        for path in ("/2015-03-31/functions", "/2015-03-31/functions/", "/2015-03-31/functions/puppet",
                     "/2015-03-31/functions/puppet/configuration", "/2015-03-31/event-source-mappings/",
                     "/2014-11-13/functions/puppet/invoke-async/", "/2018-10-31/layers", "/2017-03-31/tags/x",
                     "/2016-08-19/account-settings/", "/2021-10-31/functions/puppet/url", "/2031-01-01/functions"):
            for method in ("GET", "POST"):
                status, headers, _ = served.ask(method, path, b"{}" if method == "POST" else None)
                equal((status, headers.get("x-amzn-errortype")), (404, "UnknownOperationException"), path)
        for path in ("/2015-03-31/other", "/2015-03-31", "/functions", "/2015-3-31/functions", "/2015-03-31/functionsx"):
            equal(served.ask("GET", path)[0], 200, "a URL's own " + path)


def test_what_a_careful_caller_sees(folder, program):
    with puppet(folder, program) as served:
        path = INVOKE % "puppet"

        def message(where, **headers):
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            status, answer, body = served.ask("POST", where, b"{}", headers)
            return status, answer.get("x-amzn-errortype"), json.loads(body).get("Message")
        arn = "arn:aws:lambda:us-east-1:012345678912:function:"
        for name, query, wanted in (("nope", "", "nope:$LATEST"), ("nope:live", "", "nope:live"),
                                    ("nope", "?x=1&Qualifier=%24LATEST", "nope:$LATEST"),
                                    (arn.replace(":", "%3A") + "nope", "?Qualifier=7", "nope:7")):
            equal(message(INVOKE % name + query), (404, "ResourceNotFoundException",
                                                   "Function not found: " + arn + wanted), name)
        for where in (path + "?Qualifier=", INVOKE % "puppet:", path + "?Qualifier=a%20b", path + "?Qualifier=%",
                      path + "?Qualifier=" + "a" * 129, INVOKE % "nope" + "?Qualifier="):
            equal(message(where)[:2], (400, "ValidationException"), where)
        equal(message(path + "?Qualifier=" + "a" * 128)[0], 200, "the longest qualifier")
        for header, value in (("X_Amz_Log_Type", "Other"), ("X_Amz_Log_Type", "tail"),
                              ("X_Amz_Invocation_Type", "event")):
            equal(message(path, **{header: value})[:2], (400, "InvalidParameterValueException"), value)
        equal(message(STREAMING, X_Amz_Invocation_Type="Event")[:2], (400, "InvalidParameterValueException"), "a stream")
        equal(message(path, X_Amz_Log_Type="None")[0], 200, "the log None")
        status, headers, _ = served.ask("POST", path, b"", {"X-Amz-Invocation-Type": "DryRun"})
        expect(status == 204 and len(headers["x-amzn-requestid"]) == 36, "a dry run has its id")
        _, _, body = served.ask("POST", STREAMING, b"")
        expect(b'"length": 2' in body, "no payload, streamed, is an empty object")
        for mode, status in (("streaming", 202), ("Streaming", 202), ("buffered", 202), ("other", 400)):
            got, answer = served.invoke({"do": [["post", "response", "1", None, {
                "Lambda-Runtime-Function-Response-Mode": mode}], ["done"]]}) if mode != "other" else served.invoke(
                    {"do": [["raw", "POST /2018-06-01/runtime/invocation/ID/response HTTP/1.1\r\nHost: x\r\n"
                             "Lambda-Runtime-Function-Response-Mode: other\r\nContent-Length: 1\r\n\r\n1"], ["done"]]})
            if status == 400:
                equal((got["x-amz-function-error"], answer["errorType"]),
                      ("Unhandled", "Runtime.InvalidResponseModeHeader"), "an unknown mode")
        wait_until(lambda: "InvalidFunctionResponseMode" in served.said(), PATIENCE, "the program isn't told")


def test_the_log_of_a_failure(folder, program):
    with puppet(folder, program, "--report", "--timeout", "3") as served:
        for steps, status in (([["exit", 3]], "\tStatus: error\tError Type: Runtime.ExitError\n"),
                              ([["sleep", 60]], "\tStatus: timeout\n")):
            headers, _ = served.invoke({"do": steps}, X_Amz_Log_Type="Tail")
            log = base64.b64decode(headers["x-amz-log-result"]).decode()
            expect(log.endswith(status), "the log: " + log)
            memory = int(re.search(r"Max Memory Used: (\d+) MB", log)[1])
            expect(4 < memory < 256, "%d MB of memory" % memory)
        wait_until(lambda: served.said().count("REPORT RequestId: ") == 2, PATIENCE, "the reports")
        expect("Max Memory Used: 0 MB" not in served.said(), "no memory: " + served.said())


def test_events_that_fail_are_tried_twice_more(folder, program):
    with puppet(folder, program) as served:
        def send(*steps):
            status, headers, _ = served.ask("POST", INVOKE % "puppet", json.dumps({"do": steps}),
                                            {"X-Amz-Invocation-Type": "Event"})
            equal(status, 202, "the status")
            return headers["x-amzn-requestid"]
        request = send(["out", "tried\n"], ["post", "error", '{"errorType":"A.B"}'], ["done"])
        other = send(["out", "ended\n"], ["exit", 3])
        wait_until(lambda: served.said().count("was tried 3 times") == 2, PATIENCE, "the last try")
        log = served.said()
        equal((log.count("\ntried\n"), log.count("ended\n")), (3, 3), "how often: " + log)
        for one in (request, other):
            equal(log.count("puppet: %s failed" % one), 3, "the id is the same: " + log)
        send(["out", "fine\n"])
        send(["post", "error", "{}"], ["done"])
        wait_until(lambda: "fine\n" in served.said(), PATIENCE, "what succeeds")
        wait_until(lambda: served.said().count("retried in 1 s") == 3, PATIENCE, "the first failure")
        served.signal(signal.SIGTERM)
        equal(served.wait(), 0, "the exit status")
        expect("1 failed events aren't retried" in served.said(), served.said())
        equal(served.said().count("fine\n"), 1, "what succeeded isn't tried again")


def test_many_events_that_fail_are_bounded(folder, program):
    with puppet(folder, program) as served:
        def send(_):
            return served.ask("POST", INVOKE % "puppet", b'{"do":[["post","error","{}"],["done"]]}',
                              {"X-Amz-Invocation-Type": "Event"})[0]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            statuses = list(pool.map(send, range(400)))
        equal({*statuses}, {202, 429}, "the statuses")


def test_a_pipe_for_stdin_and_nothing_else(folder, program):
    """What is closed at the start is no zip, and no folder is left."""
    needs_bootstrap(program)
    path = os.path.join(folder, "puppet.zip")
    make_zip(path, [boot(folder, program)])
    with Program(folder, program, ["lambda", "--listen", "127.0.0.1:0", path]) as it:
        wait_until(lambda: "URL is" in it.said(), PATIENCE, "it doesn't begin: " + it.said())
    done = subprocess.run(["sh", "-c", 'exec "$0" lambda --once --timeout 1 --listen x "$1" <&-', program, path],
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    equal(done.returncode, 2, "the status: " + done.stderr)


if __name__ == "__main__":
    folder_of_programs = os.path.abspath(sys.argv[1]) if len(sys.argv) == 2 else ""
    if folder_of_programs and not os.path.exists(os.path.join(folder_of_programs, "dime-lambda")):
        print("skip - dime lambda: dime-lambda isn't built, as libmicrohttpd isn't there")
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    main([value for name, value in list(globals().items()) if name.startswith("test_")], "dime",
         300)
