#!/usr/bin/env python3
"""ask_test.py - dime invoke with programs of all kinds: FastCGI programs that aren't dime's, and rude ones.

Usage: ask_test.py BUILDDIR. Whatever a program does, whoever asks has an answer in time, nothing of the program
is left running, and nothing of its socket is left lying about. What the tool says of an event can't be said by
a client.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # the source may be another's, or be read only
from fastcgi import Skip, alive, equal, expect, main, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
RUDE = os.path.join(HERE, "rude.py")
TIMEOUT = 60


def invoke(program, path, *words, event=None, within=TIMEOUT, **variables):
    """The exit status, the answer in JSON, and stderr."""
    done = subprocess.run([program, "invoke", path, *words], input=event, capture_output=True, timeout=within,
                          check=False, env=dict(os.environ, **variables))
    return done.returncode, json.loads(done.stdout), done.stderr.decode("utf-8", "replace")


def ask(program, *words, **more):
    """The status and the body, or a problem's detail, of what the rude program does with WORDS; and stderr."""
    code, answer, err = invoke(program, RUDE, *["do=" + word for word in words], **more)
    status, body = answer["statusCode"], answer["body"]
    equal(code, 0 if status < 400 else status // 100, "the exit status")
    return status, json.loads(body)["detail"] if status >= 400 else body, err


def plain(program):
    path = os.path.join(os.path.dirname(program), "tests", "hosts", "plain")
    if not os.path.exists(path):
        raise Skip("this build has no tests/hosts/plain")
    return path


def processes(folder):
    """The processes that noted themselves in the folder's file."""
    try:
        with open(os.path.join(folder, "noted")) as file:
            return [int(line.split()[0]) for line in file]
    except FileNotFoundError:
        return []


def test_is_answered_whatever_a_program_does(folder, program):
    for word, status, part in (
            ("crash", 502, "was killed by signal 11"), ("crash-6", 502, "was killed by signal 6"),
            ("crash_within", 502, "was killed by signal 9"), ("end", 502, "ended with status 0"),
            ("end-7", 502, "ended with status 7"), ("garbage", 502, "isn't FastCGI"),
            ("of_another", 502, "isn't FastCGI"), ("close_early", 502, "before it had answered"),
            ("close_at_once", 502, "before it had answered"), ("flood", 502, "too long"),
            ("flood_head", 502, "too long"), ("no_head", 502, "head is incomplete"), ("close_after", 200, "fine"),
            ("more", 200, "fine"), ("pieces", 200, "fine"), ("shout", 200, "fine"), ("wait-50", 200, "fine")):
        began = time.monotonic()
        found, said, err = ask(program, word, RUDE_FILE=os.path.join(folder, "noted"), TMPDIR=folder)
        equal(found, status, "%s: %r" % (word, said))
        expect(part in said, "%s says %r" % (word, said))
        if status == 502:
            equal([json.loads(line)["status"] for line in err.splitlines() if line.startswith("{")], [502],
                  "%s: the log" % word)
        expect(time.monotonic() - began < 15, "%s takes %.1f s" % (word, time.monotonic() - began))
    for pid in processes(folder):
        expect(not alive(pid), "a program still runs")
    equal(len(processes(folder)), 17, "how often the program was asked")
    equal(os.listdir(folder), ["noted"], "what is left")


def test_one_that_cannot_be_started(folder, program):
    for status in ("0", "3"):
        found, said, _ = ask(program, "wait", RUDE_START=status)
        equal(found, 502, said)
        expect("ended with status %s before it had answered" % status in said, said)
    broken = os.path.join(folder, "broken")
    with open(broken, "w") as file:
        file.write("#!/nowhere/at/all\n")
    os.chmod(broken, 0o755)
    code, answer, err = invoke(program, broken, event=b"{}")
    equal((code, answer["statusCode"]), (5, 503), "the statuses")
    expect("can't be started: its program can't be run: No such file" in answer["body"], answer["body"])
    equal(json.loads(err)["status"], 503, "the log's")
    code, answer, _ = invoke(program, broken, event=b"{}", TMPDIR="/nowhere")
    expect("can't make a socket in /nowhere: No such file" in answer["body"], answer["body"])
    for word, part in ((folder, "can't be run: Permission denied"), (folder + "/nothing", "No such file"),
                       (__file__, "Permission denied"), ("./no/thing", "No such file")):
        done = subprocess.run([program, "invoke", word], capture_output=True, text=True, check=False, cwd=folder)
        equal((done.returncode, done.stdout), (2, ""), "the status of %s, and stdout" % word)
        expect(part in done.stderr, "%s: it says %r" % (word, done.stderr))


def test_one_that_hangs_is_killed(folder, program):
    """After the deadline, with its children."""
    began = time.monotonic()
    status, said, _ = ask(program, "hang", RUDE_FILE=os.path.join(folder, "noted"))
    took = time.monotonic() - began
    equal(status, 504, said)
    expect(30 < took < 40, "it takes %.1f s" % took)
    [pid] = processes(folder)
    expect(not alive(pid), "it still runs")
    done = subprocess.run(["pgrep", "-g", str(pid)], capture_output=True, text=True, check=False)
    equal([left for left in done.stdout.split() if alive(int(left))], [], "what is left of its group")


def test_it_ends_with_the_tool(folder, program):
    noted = os.path.join(folder, "noted")
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        tool = subprocess.Popen([program, "invoke", RUDE, "do=hang"], env=dict(os.environ, RUDE_FILE=noted),
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        wait_until(lambda: processes(folder), 10, "it doesn't begin")
        tool.send_signal(number)
        equal(tool.wait(10), -number, "the exit status")
        [pid] = processes(folder)
        wait_until(lambda pid=pid: not alive(pid), 5, "the program lives on")
        os.unlink(noted)


def test_what_is_for_the_log(folder, program):
    status, answer, err = invoke(program, plain(program), "log=1")
    equal((status, answer["statusCode"]), (0, 200), "the statuses")
    expect("a word to the log\n" in err and "a word" not in answer["body"], "it says %r" % err)
    _, _, err = ask(program, "shout")
    expect("a word on stdout" in err, "it says %r" % err)
    # Nobody reads it: the lines are lost, and not the answer.
    out, held = os.pipe()
    done = subprocess.run([program, "invoke", RUDE, "do=flood_log"], stdout=subprocess.PIPE, stderr=held,
                          timeout=TIMEOUT, check=False)
    os.close(out)
    os.close(held)
    equal((done.returncode, json.loads(done.stdout)["body"]), (0, "fine"), "the answer")


def lines_of(answer):
    return dict(line.split("=", 1) for line in answer["body"].split("\n") if "=" in line)


def test_a_program_that_is_not_ours(folder, program):
    """It gets what RFC 3875 has, and what the tool says of the event."""
    path = plain(program)
    event = {"requestContext": {"http": {"method": "POST"}}, "rawPath": "/cgi-bin/plain/more", "body": "a body",
             "rawQueryString": "a=b", "headers": {"Content-Type": "text/x", "X-Request-Id": "an-id",
                                                  "Accept": "a", "X-Odd_One": "o", "Bad Name": "x"},
             "cookies": ["a=b", "c=d"]}
    _, answer, _ = invoke(program, path, event=json.dumps(event).encode())
    found = lines_of(answer)
    wanted = {"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "POST", "SCRIPT_NAME": "/cgi-bin/plain",
              "PATH_INFO": "/more", "QUERY_STRING": "a=b", "CONTENT_TYPE": "text/x", "CONTENT_LENGTH": "6",
              "HTTP_ACCEPT": "a", "HTTP_COOKIE": "a=b; c=d", "HTTP_X_ODD_ONE": "o", "SCRIPT_FILENAME": path,
              "DIME_REQUEST_ID": "an-id", "DIME_PATH": "/cgi-bin/plain/more",
              "DIME_HOST": "command", "REQUEST_SCHEME": "https"}
    equal({name: found.get(name) for name in wanted}, wanted, "the variables")
    expect("DIME_SOURCE" not in found and abs(int(found["DIME_DEADLINE_MS"]) / 1000 - time.time() - 30) < 20,
           "the event's: %r" % found)
    equal([name for name in found if "NAME" in name and name.startswith("HTTP")], [], "a name that is none")
    expect(answer["body"].endswith("\na body\n"), "the body: %r" % answer["body"])
    for context, address in (({"sourceIp": "192.0.2.1"}, "192.0.2.1"), ({"sourceIp": "evil\n"}, ""), ({}, "")):
        event = {"requestContext": {"http": {"method": "GET", **context}}, "headers": {"X-Forwarded-For": "192.0.2.6"}}
        _, answer, _ = invoke(program, path, event=json.dumps(event).encode())
        equal(lines_of(answer)["REMOTE_ADDR"], address, "the client's address")
    equal(lines_of(invoke(program, path, event=b"{}")[1])["REMOTE_ADDR"], "127.0.0.1", "that of a direct event")
    for event, source in ((b'{"n":1}', "direct"), (b'{"Event":"s3:TestEvent"}', "s3"),
                          (b'{"detail-type":"Scheduled Event","source":"aws.events"}', "schedule")):
        _, answer, _ = invoke(program, path, event=event)
        equal(lines_of(answer)["DIME_SOURCE"], source, "the source")
    code, answer, _ = invoke(program, path, "fails=1")
    equal((code, answer["statusCode"]), (5, 500), "the statuses of one that fails")
    many = {"requestContext": {"http": {"method": "GET"}}, "headers": {"x-%d" % i: "y" * 1000 for i in range(100)}}
    code, answer, err = invoke(program, path, event=json.dumps(many).encode())
    equal((code, answer["statusCode"]), (4, 422), "the statuses of one with many headers")
    expect("65536 bytes" in answer["body"], answer["body"])
    equal(json.loads(err)["status"], 422, "the log's")
    code, answer, _ = invoke(program, path, event=b'{"httpMethod":"GET","path":"/a\\u0000b"}')
    equal((code, answer["statusCode"]), (4, 422), "the statuses of one with a NUL")


def test_a_program_gets_fields_and_files(folder, program):
    """One that doesn't describe itself gets whatever is given; what is too long for a query is a form."""
    path = plain(program)
    _, answer, _ = invoke(program, path, "a=b", "c d=e&f")
    equal(lines_of(answer)["QUERY_STRING"], "a=b&c%20d=e%26f", "the query")
    _, answer, _ = invoke(program, path, "a=" + "x" * 40000, 'b"c=d')
    found = lines_of(answer)
    equal(found["QUERY_STRING"], "", "the query of a form")
    expect(found["CONTENT_TYPE"].startswith("multipart/form-data; boundary=dime-"), found["CONTENT_TYPE"])
    expect('name="a"\r\n\r\n' + "x" * 40000 + "\r\n--" in answer["body"], "a part")
    expect('name="b%22c"\r\n\r\nd\r\n--' in answer["body"], "another part")
    done = subprocess.run([program, "invoke", path, "-", "a=" + "x" * 40000], input=b"{}", capture_output=True,
                          check=False, timeout=TIMEOUT)
    equal((done.returncode, done.stdout), (2, b""), "the status of a long one beside an event, and stdout")
    expect(b"too long" in done.stderr, "it says %r" % done.stderr)
    done = subprocess.run([program, "invoke", "labels", "-", "image=" + __file__], input=b"{}", check=False,
                          capture_output=True, timeout=TIMEOUT)
    equal((done.returncode, done.stdout), (2, b""), "the status of a file beside an event, and stdout")
    expect(b"added to an event" in done.stderr, "it says %r" % done.stderr)


def test_php(folder, program):
    """A script that is run by php-cgi is a FastCGI program too."""
    if not shutil.which("php-cgi"):
        raise Skip("php-cgi isn't installed")
    path = os.path.join(folder, "hello.php")
    with open(path, "w") as file:
        file.write("#!%s\n<?php header('X-A: b'); http_response_code(404);\n"
                   "echo $_GET['n'], $_SERVER['DIME_SOURCE'], file_get_contents('php://input');\n"
                   % shutil.which("php-cgi"))
    os.chmod(path, 0o755)
    code, answer, _ = invoke(program, path, "n=5")
    equal((code, answer["statusCode"], answer["body"]), (4, 404, "5direct{}"), "the answer")
    equal(answer["headers"]["X-A"], "b", "a header")


def test_tells_what_describes_itself(folder, program):
    """A path is as good as a name; what describes nothing says so, and soon."""
    build = os.path.dirname(program)
    link = os.path.join(folder, "coins")
    os.symlink(os.path.join(build, "change"), link)
    done = subprocess.run([program, "help", link], capture_output=True, text=True, check=False, timeout=TIMEOUT)
    expect("amount of money" in done.stdout and link + " amount=VALUE" in done.stdout, done.stdout)
    code, answer, err = invoke(program, link, "amount=1")
    equal((code, answer["statusCode"], json.loads(err)["function"]), (0, 200, "change"), "of a link")
    silent = os.path.join(folder, "silent")
    for text in ("echo '{\"dime\":2}'", "echo '[]'", "echo '{'", "exit 0", "yes", "echo '{\"dime\":1}' >&2"):
        with open(silent, "w") as file:
            file.write("#!/bin/sh\n%s\n" % text)
        os.chmod(silent, 0o755)
        began = time.monotonic()
        done = subprocess.run([program, "help", silent], capture_output=True, text=True, check=False, timeout=TIMEOUT)
        equal((done.returncode, done.stdout), (2, ""), "%s: the status and stdout" % text)
        expect("doesn't describe itself" in done.stderr, done.stderr)
        expect(time.monotonic() - began < 5, "%s takes %.1f s" % (text, time.monotonic() - began))
    for path in (RUDE, plain(program)):
        began = time.monotonic()
        done = subprocess.run([program, "help", path], capture_output=True, text=True, check=False, timeout=TIMEOUT)
        equal(done.returncode, 2, "the status of %s" % path)
        expect(time.monotonic() - began < 5, "it takes %.1f s" % (time.monotonic() - began))


if __name__ == "__main__":
    main([value for name, value in list(globals().items()) if name.startswith("test_")], "dime", 120, 4)
