#!/usr/bin/env python3
"""cgi_test.py - the program as a CGI program, and started by hand.

Usage: cgi_test.py BUILDDIR. The environment is written out for each call, so nothing of the caller's
own leaks in. What Apache and others do besides RFC 3875 (a query as arguments, a Proxy header, closed
descriptors) is tried too.
"""

import base64
import hashlib
import json
import os
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import equal, expect, main, parse_cgi

TIMEOUT = 10


def run(program, arguments=(), body=b"", stdin=None, **environment):
    """One call; its status, stdout and stderr."""
    if stdin is None:
        done = subprocess.run([program, *arguments], input=body, capture_output=True,
                              env=environment, timeout=TIMEOUT)
    else:
        done = subprocess.run([program, *arguments], stdin=stdin, capture_output=True,
                              env=environment, timeout=TIMEOUT)
    return done.returncode, done.stdout, done.stderr.decode()


def call(program, method="GET", query="", body=b"", said=True, arguments=(), **more):
    """One CGI call; its HTTP status, headers and body, as a web server takes them."""
    environment = {"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1",
                   "REQUEST_METHOD": method, "SCRIPT_NAME": "/cgi-bin/hello"}
    if query is not None:
        environment["QUERY_STRING"] = query
    if said is True and method == "POST":
        environment["CONTENT_LENGTH"] = str(len(body))
    elif isinstance(said, str):
        environment["CONTENT_LENGTH"] = said
    if method == "POST":
        environment["CONTENT_TYPE"] = "application/json"
    environment.update(more)
    environment = {name: value for name, value in environment.items() if value is not None}
    status, out, err = run(program, arguments, body, **environment)
    equal(status, 0, "exit status (%s)" % err)
    expect(out.startswith(b"Status: "), "no CGI response: %r %s" % (out[:80], err))
    line = json.loads(err)
    answer = parse_cgi(out)
    equal((line["host"], line["status"]), ("cgi", answer[0]), "the log line")
    return answer


def is_hello(answer, name="world"):
    equal(answer[0], 200, "status")
    equal(json.loads(answer[2]), {"message": "hello " + name}, "body")
    equal(answer[1]["content-length"], str(len(answer[2])), "Content-Length")


def is_problem(answer, status):
    equal(answer[0], status, "status")
    equal(answer[1]["content-type"], "application/problem+json", "content type")
    equal(json.loads(answer[2])["status"], status, "the problem's status")


def test_answers_each_method(folder, program):
    is_hello(call(program))
    is_hello(call(program, "POST", body=b'{"name":"b"}'), "b")
    head = call(program, "HEAD")
    equal((head[0], head[2], head[1]["content-length"]), (200, b"", "25"), "HEAD")
    options = call(program, "OPTIONS")
    equal((options[0], options[2]), (204, b""), "OPTIONS")
    expect("POST" in options[1]["allow"], "Allow")
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "post", "G\xe9T", "X" * 5000):
        answer = call(program, method)
        is_problem(answer, 405)
        expect("allow" in answer[1], "no Allow")


def test_a_made_page_has_its_style(folder, program):
    """Its policy names the digest of what is within <style>."""
    probe = os.path.join(os.path.dirname(program), "tests", "hosts", "probe")
    done = subprocess.run([probe], capture_output=True, timeout=TIMEOUT, check=True,
                          env={"REQUEST_METHOD": "GET", "QUERY_STRING": "pieces=x", "HTTP_ACCEPT": "text/html"})
    _, headers, page = parse_cgi(done.stdout)
    style = page.partition(b"<style>")[2].partition(b"</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    expect("style-src 'sha256-%s'" % digest in headers["content-security-policy"], "it has %s" % digest)
    for word in (b"href", b"src=", b"<script"):
        expect(word not in page, "%s is in the page" % word)
    policy = call(program, HTTP_ACCEPT="text/html")[1]["content-security-policy"]
    expect("style-src 'self'" in policy, "a page of its own has %s" % policy)


def test_an_empty_method_is_refused(folder, program):
    is_problem(call(program, ""), 405)


def test_reads_the_query(folder, program):
    is_hello(call(program, query="name=x"), "x")
    is_hello(call(program, query="name=%C3%A4+b%26"), "ä b&")
    is_hello(call(program, query=None))
    is_hello(call(program, query=""))
    is_hello(call(program, query="%=1"))  # a name that is none, and so nobody's
    for bad in ("name=%", "name=%4", "name=%zz", "name=%ff", "name=%00", "name=1&name=2"):
        answer = call(program, query=bad)
        expect(answer[0] in (400, 422), "%s: status %d" % (bad, answer[0]))
        json.loads(answer[2])


def test_takes_no_arguments_from_the_query(folder, program):
    # RFC 3875, section 4.4: a query without "=" may come as arguments too; none is an option.
    for query in ("--help", "--listen unix:%s/s" % folder, "--version", "-x", "word", "--threads 0"):
        answer = call(program, query=query.replace(" ", "+"), arguments=query.split())
        expect(answer[0] < 500, "%s: status %d" % (query, answer[0]))
        expect(not os.path.lexists(folder + "/s"), "a client opened a socket")


def test_reads_the_body_as_it_was_said(folder, program):
    body = b'{"name":"said"}'
    is_hello(call(program, "POST", body=body), "said")
    is_hello(call(program, "POST", body=body + b"and more", said=str(len(body))), "said")
    for said, status in (("100", 400), ("14", 400), ("-1", 400), ("abc", 400), ("8193", 413),
                         ("1e1", 400), ("9223372036854775807", 413), ("9" * 30, 413),
                         (" 15", 400), ("15 ", 400), ("0x0f", 400), ("+15", 400), ("1_5", 400),
                         ("-9223372036854775808", 400), ("-0", 400)):
        is_problem(call(program, "POST", body=body, said=said), status)
    for said in (False, "", "0"):  # RFC 3875: then there is no body, which isn't JSON
        is_problem(call(program, "POST", body=body, said=said), 400)
        is_hello(call(program, "POST", body=body, said=said, CONTENT_TYPE=None))
    is_hello(call(program, "POST", body=b'{"name":"big"}'.ljust(8192)), "big")


def test_reads_a_body_that_comes_in_pieces(folder, program):
    body = b'{"name":"pieces"}'
    process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, bufsize=0,
                               env={"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body)),
                                    "CONTENT_TYPE": "application/json"})
    try:
        for byte in body:
            process.stdin.write(bytes([byte]))
            time.sleep(0.001)
        out = process.stdout.read()  # stdin stays open: a program must not wait for its end
        is_hello(parse_cgi(out), "pieces")
    finally:
        process.kill()
        process.communicate()


def test_a_body_over_the_limit_isnt_waited_for(folder, program):
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL,
                          env={"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "2000000"}) as process:
        is_problem(parse_cgi(process.stdout.read()), 413)
        process.stdin.close()


def shell(program, redirections, **environment):
    """Runs it with the shell's REDIRECTIONS; its exit status and stderr."""
    done = subprocess.run(["/bin/sh", "-c", '"$0" ' + redirections, program], capture_output=True,
                          env=environment, timeout=TIMEOUT)
    return done.returncode, done.stdout, done.stderr.decode()


def over_a_socket(program, body, **more):
    """One call as Apache's mod_cgid makes it: fd 0 and fd 1 are one socket. Returns its answer."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        environment = {"REQUEST_METHOD": "POST", "QUERY_STRING": "", "SCRIPT_NAME": "/cgi-bin/hello",
                       "CONTENT_TYPE": "application/json", **more}
        child = subprocess.Popen([program], stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL,
                                 env=environment)
        theirs.close()
        ours.settimeout(TIMEOUT)
        ours.sendall(body)
        ours.shutdown(socket.SHUT_WR)
        out = b""
        while part := ours.recv(65536):
            out += part
        equal(child.wait(TIMEOUT), 0, "exit status")
    return parse_cgi(out)


def test_reads_a_chunked_body_to_its_end(folder, program):
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
    is_hello(over_a_socket(program, b'{"name":"you"}', **chunked), "you")
    is_hello(call(program, "POST", "", b'{"name":"you"}', said=False, **chunked), "you")
    equal(call(program, "POST", "", b" " * 10000, said=False, **chunked)[0], 413, "status")


def test_a_refused_body_on_a_socket_doesnt_take_the_answer_along(folder, program):
    for size in (10000, 150000):
        body = b'{"name":"you"}'.ljust(size)
        equal(over_a_socket(program, body, CONTENT_LENGTH=str(size))[0], 413, "status")
        equal(over_a_socket(program, body, HTTP_TRANSFER_ENCODING="chunked")[0], 413, "status")


def test_lives_with_closed_descriptors(folder, program):
    posted = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "5"}
    status, out, _ = shell(program, "<&-", **posted)
    equal(status, 0, "exit status without stdin")
    is_problem(parse_cgi(out), 400)
    is_hello(parse_cgi(shell(program, "<&-", REQUEST_METHOD="GET")[1]))
    is_hello(parse_cgi(shell(program, "2>&-", REQUEST_METHOD="GET")[1]))
    equal(shell(program, ">&-", REQUEST_METHOD="GET")[0], 1, "exit status without stdout")
    equal(shell(program, ">/dev/full", REQUEST_METHOD="GET")[0], 1, "exit status on a full disk")
    equal(shell(program, "<&- >&- 2>&-", REQUEST_METHOD="GET")[0], 1, "exit status without any")


def test_a_reader_that_has_gone_is_an_exit_status_and_a_log_line(folder, program):
    reader, writer = os.pipe()
    os.close(reader)
    # Python ignores SIGPIPE and its children inherit that unless it's restored; both must do.
    for restore in (True, False):
        done = subprocess.run([program], stdin=subprocess.DEVNULL, stdout=writer, timeout=TIMEOUT,
                              stderr=subprocess.PIPE, env={"REQUEST_METHOD": "GET"},
                              restore_signals=restore)
        equal(done.returncode, 1, "exit status")
        equal(json.loads(done.stderr)["status"], 200, "the log line's status")
    os.close(writer)


def test_drops_the_proxy_header_and_lives_with_odd_variables(folder, program):
    is_hello(call(program, HTTP_PROXY="http://evil.example:1/"))
    is_hello(call(program, HTTP_="", HTTP_A="", HTTP_B_C="=;=", NOTHING="", PATH_INFO=""))
    is_hello(call(program, **{"HTTP_X_%d" % i: "x" * 100 for i in range(500)}))
    expect(call(program, HTTP_ACCEPT="q" * 50000)[0] == 406, "a senseless Accept")


def test_keeps_injected_lines_out_of_headers(folder, program):
    for bad in ("a\r\nSet-Cookie: x=1", "a\nb", "a\rb", "a b", "", "x" * 65, "\x7f", "a:b"):
        answer = call(program, HTTP_X_REQUEST_ID=bad)
        is_hello(answer)
        expect("set-cookie" not in answer[1], "a header was injected")
        expect(answer[1]["x-request-id"] != bad, "a bad id was taken")
    equal(call(program, HTTP_X_REQUEST_ID="a.B-9_")[1]["x-request-id"], "a.B-9_", "id")
    expect(call(program)[1]["x-request-id"] != call(program)[1]["x-request-id"], "the same id twice")


def test_nothing_is_below_the_path(folder, program):
    is_problem(call(program, PATH_INFO="/more"), 404)
    is_problem(call(program, PATH_INFO="/"), 404)


def test_a_browser_gets_a_page(folder, program):
    answer = call(program, HTTP_ACCEPT="text/html,*/*;q=0.8", query="name=%3Cscript%3E")
    equal(answer[0], 200, "status")
    expect(answer[1]["content-type"].startswith("text/html"), "content type")
    expect(b"<script>" not in answer[2], "the value isn't escaped")
    expect("content-security-policy" in answer[1], "no policy")


# By hand


def test_says_what_it_is_when_started_by_hand(folder, program):
    status, out, err = run(program)
    equal((status, out), (2, b""), "exit status and stdout")
    expect("--listen" in err and "hello" in err, err)
    equal(run(program, stdin=subprocess.DEVNULL)[0], 2, "exit status")


def test_says_so_on_a_terminal_too(folder, program):
    ours, its = os.openpty()
    try:
        done = subprocess.run([program], stdin=its, stdout=its, stderr=subprocess.PIPE, env={},
                              timeout=TIMEOUT)
        equal(done.returncode, 2, "exit status")
        expect(b"--listen" in done.stderr, "no help")
    finally:
        os.close(ours)
        os.close(its)


def test_help_and_version(folder, program):
    status, out, err = run(program, ["--help"])
    equal((status, err), (0, ""), "status and stderr of --help")
    for word in (b"--listen", b"--threads", b"--workers", b"--timeout", b"--help", b"SIGTERM",
                 b"\n  name           text of 1 to 200 characters (default: world)\n                 whom to greet\n"):
        expect(word in out, "--help doesn't name %s" % word)
    expect(max(len(line) for line in out.splitlines()) <= 100, "a long line")
    status, out, err = run(program, ["--version"])
    equal((status, err), (0, ""), "status and stderr of --version")
    expect(out.startswith(b"hello (dime) ") and out.count(b"\n") == 1, repr(out))


def test_options_that_are_wrong_are_told_in_a_line(folder, program):
    wrong = ((["--bogus"], "bogus"), (["-z"], "z"), (["word"], '"word"'), (["--listen"], "listen"),
             (["--threads"], "threads"), (["--", "word"], '"word"'), (["--help=1"], "help"),
             (["--threads", "0"], '--threads takes a number from 1 to 64, not "0"'),
             (["--threads", "65"], '"65"'), (["--threads", "x"], '"x"'),
             (["--threads", ""], '""'), (["--threads", "-1"], '"-1"'), (["--threads", "1e9"], '"1e9"'),
             (["--threads", "99999999999999999999"], "--threads takes"),
             (["--workers", "0"], "--workers takes a number from 1 to 256"),
             (["--workers", "257"], '"257"'),
             (["--timeout", "0"], "--timeout takes a number from 1 to 3600"),
             (["--timeout", "3601"], '"3601"'))
    for arguments, words in wrong:
        status, out, err = run(program, arguments)
        equal((status, out), (2, b""), "exit status and stdout for %s" % arguments)
        expect(words in err and err.count("\n") <= 2, "%s: %s" % (arguments, err))


def test_options_without_a_socket_are_not_enough(folder, program):
    equal(run(program, ["--workers", "2"])[0], 2, "exit status")


if __name__ == "__main__":
    main([value for name, value in list(globals().items()) if name.startswith("test_")])
