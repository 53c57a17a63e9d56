# numbers_test.py - what dime-log(7) tells of watching, done with the logs of real requests.
#
# usage: numbers_test.py BUILDDIR SRCDIR
# The page's command lines are run as they stand there, but for the places of the logs; journalctl is
# a stand-in that shows what the functions wrote. systemd_test.py asks the real one.
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "style"))
from cases import Skip, collect, directories, equal, run, true
from man_test import blocks
from serving import Serving, wait_until

BUILD, SOURCE = (os.path.abspath(name) for name in directories())
CHANGE, HELLO = "/cgi-bin/change", "/cgi-bin/hello"
FAILED = ('{"timestamp":"2026-11-24T14:00:00.000Z","level":"error","requestId":"abc","function":"change",'
          '"host":"fastcgi","status":500,"durationMs":1.5,"bytesIn":0,"bytesOut":9,"message":"It \\"broke\\"."}')


class Watched(Serving):
    """dime that has been asked this and that, and what journalctl would show of it."""

    def __enter__(self):
        super().__enter__()
        try:
            self.use()
        except BaseException:
            self.__exit__()
            raise
        return self

    def use(self):
        for _ in range(40):
            equal(self.get(CHANGE + "?amount=1").status, 200)
        for _ in range(3):
            last = self.get(CHANGE + "?amount=x").header("x-request-id")
        for path in ("/", "/", "/nothing", "/cgi-bin/nothing"):
            self.get(path)
        self.line("change", last)
        self.stop("hello")
        last = self.get(HELLO)
        equal(last.status, 503)
        self.line("access", last.header("x-request-id"))
        with open(self.path("journal"), "w") as journal:
            journal.write("Started The dime function change.\n" + self.log("change") + FAILED + "\n")
        self.stand_in("journalctl", 'cat "$JOURNAL"')

    def stand_in(self, name, text):
        """Puts a program of this name before the true one."""
        os.makedirs(self.path("bin"), exist_ok=True)
        with open(self.path("bin", name), "w") as file:
            file.write("#!/bin/sh\n" + text + "\n")
        os.chmod(self.path("bin", name), 0o755)
        self.environment |= {"PATH": self.path("bin") + ":" + self.environment["PATH"],
                             "JOURNAL": self.path("journal")}

    def shell(self, line):
        """Runs a line of the manual; what it printed."""
        for old, new in {"/usr/share/dime/": SOURCE + "/deploy/watch/", "127.0.0.1/": f"127.0.0.1:{self.port}/",
                         "/var/log/nginx/access.log": self.path("log", "access.log")}.items():
            line = line.replace(old, new)
        done = subprocess.run(["sh", "-c", line], cwd=self.run, env=self.environment, capture_output=True, text=True)
        equal((done.returncode, done.stderr), (0, ""), line)
        return done.stdout


def lines_of_manual():
    """The command lines that dime-log(7) shows."""
    with open(os.path.join(SOURCE, "man", "dime-log.7"), encoding="utf-8") as file:
        return ["\n".join(lines) for _, lines in blocks(file.read()) if not lines[0].startswith("$ ")]


def the_line(*words):
    """The one line of the manual with all these words."""
    found = [line for line in lines_of_manual() if all(word in line for word in words)]
    equal(len(found), 1, f"lines with {words}")
    return found[0]


def numbers(s, log):
    """Function to its numbers, as the manual's line has them."""
    printed = s.shell(the_line("numbers.jq", log))
    return {one["function"]: one for one in map(json.loads, printed.splitlines())}


def test_all_are_tried(_):
    """Each line of the manual is one of those that are tried here."""
    tried = [("numbers.jq", "journalctl"), ("numbers.jq", "access.log"), ("error", "journalctl"),
             ("uniq", "access.log"), ("nginx_status",), ("goaccess",)]
    equal(sorted(the_line(*words) for words in tried), sorted(lines_of_manual()))


def test_numbers_of_functions(s):
    """The four numbers of a function, from the journal."""
    found = numbers(s, "journalctl")
    equal(sorted(found), ["change"])
    change = found["change"]
    equal((change["host"], change["requests"], change["4xx"], change["5xx"]), ("fastcgi", 44, 3, 1))
    lines = [line for line in s.lines("change") if "status" in line]
    durations = sorted([line["durationMs"] for line in lines] + [1.5])
    equal((change["p50Ms"], change["p99Ms"]), (durations[21], durations[43]))
    true(abs(change["perSecond"] - 44 / change["seconds"]) < 0.001, str(change))
    true(abs(change["busy"] - sum(durations) / 1000 / change["seconds"]) < 0.001, str(change))


def test_numbers_of_nginx(s):
    """The same from nginx's log: a function that is down is there too, and what leads nowhere is a page."""
    found = numbers(s, "access.log")
    equal({name: (one["requests"], one["4xx"], one["5xx"]) for name, one in found.items()},
          {"change": (43, 3, 0), "hello": (1, 0, 1), "pages": (4, 2, 0)})


def test_numbers_known(s):
    """Rate, percentiles and saturation of a log whose numbers are known."""
    with open(s.path("known"), "w") as log:
        for number in range(1, 201):
            log.write('{"timestamp":"2026-11-24T14:00:%02d.000Z","function":"f","host":"fastcgi","status":200,'
                      '"durationMs":%d}\n' % (number % 20, number))
        log.write('no JSON\n{"level":"info","message":"no request"}\n7\n[]\n')
    line = f"cat known | jq -Rncf {SOURCE}/deploy/watch/numbers.jq"
    equal(s.shell(line).strip(), '{"host":"fastcgi","function":"f","seconds":20,"requests":200,"perSecond":10,'
          '"4xx":0,"5xx":0,"p50Ms":100,"p99Ms":198,"busy":1.005}')
    equal(s.shell(f"jq -Rncf {SOURCE}/deploy/watch/numbers.jq </dev/null"), "", "an empty log")


def test_failures(s):
    """What failed is listed, with its request id and reason."""
    equal(s.shell(the_line("error", "journalctl")), '2026-11-24T14:00:00.000Z change 500 abc It "broke".\n')


def test_refused(s):
    """What was refused is counted by path, the most frequent first."""
    rows = [row.split() for row in s.shell(the_line("uniq")).splitlines()]
    equal(rows[0], ["3", "422", "GET", CHANGE + "?amount=x"])
    true(["1", "503", "GET", HELLO] in rows and ["1", "404", "GET", "/nothing"] in rows, str(rows))


def test_status(s):
    """nginx tells its connections to this host, and nobody else that there is such a page."""
    said = s.shell(the_line("nginx_status"))
    true(re.match(r"Active connections: \d+ \nserver accepts handled requests\n \d+ \d+ \d+ \n", said), said)
    answer = s.get("/nginx_status")
    equal((answer.status, answer.header("cache-control")), (200, "no-store"))
    with socket.create_connection(("127.0.0.1", s.port), 5, ("127.0.0.2", 0)) as other:
        other.sendall(b"GET /nginx_status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = other.makefile("rb").read().decode()
    true(answer.startswith("HTTP/1.1 404 ") and '"type":"about:blank"' in answer, answer)


def test_goaccess(s):
    """goaccess can read nginx's log by the format that the manual gives."""
    if not shutil.which("goaccess"):
        raise Skip("goaccess isn't installed")
    lines = len(s.lines("access"))
    s.shell(the_line("goaccess").replace("goaccess /", "goaccess --no-progress /"))
    with open(s.path("report.html"), encoding="utf-8") as file:
        page = file.read()
    found = {name: int(count) for name, count in re.findall(r'"(valid|failed)_requests": (\d+)', page)}
    true(found["valid"] >= lines and found["failed"] == 0, f"{found} of {lines} lines")


# The alarm.

def alarm(s, state, command="cat >>told", status=0):
    done = subprocess.run([os.path.join(SOURCE, "deploy", "systemd", "dime-alarm"), "sh", "-c", command], cwd=s.run,
                          env=s.environment | {"STATE_DIRECTORY": state}, capture_output=True, text=True)
    equal((done.returncode, done.stderr), (status, ""))
    told = s.path("told")
    text = ""
    if os.path.exists(told):
        with open(told) as file:
            text = file.read()
        os.unlink(told)
    return text


# As the real one does: shows what comes after the cursor, and where that is then.
JOURNAL = """seen=0
for last; do case $last in --after-cursor=*) seen=${last#*=} ;; esac; done
echo "$*" >>arguments
tail -n +$((seen + 1)) alarming
[ $(wc -l <alarming) -eq $seen ] || echo "-- cursor: $(wc -l <alarming)"
"""


def test_alarm(s):
    """An error is told once; what is well, not at all; what couldn't be told, again."""
    s.stand_in("journalctl", JOURNAL)
    state = s.path("state")
    os.mkdir(state)

    def log(*lines):
        with open(s.path("alarming"), "a") as file:
            file.write("".join(line + "\n" for line in lines))
    fine = FAILED.replace('"level":"error"', '"level":"info"').replace("500", "200")
    died = "dime@change.service: Failed with result 'signal'."
    log("Started The dime function change.", fine)
    equal(alarm(s, state), "")
    log(FAILED, fine, died)
    equal(alarm(s, state, "exit 3", status=3), "", "the command failed")
    equal(alarm(s, state), f"dime: new errors: 2; the first of them:\n{FAILED}\n{died}\n")
    equal(alarm(s, state), "", "told twice")
    log(*[FAILED] * 30)
    told = alarm(s, state)
    equal((told.splitlines()[0], told.count(FAILED)), ("dime: new errors: 30; the first of them:", 20))
    log(fine.replace('"durationMs"', '"message":"\\"level\\":\\"error\\"","durationMs"'))
    equal(alarm(s, state), "", "what a text says isn't the level")
    with open(s.path("arguments")) as file:
        asked = file.read().splitlines()
    which = "-q -u dime@* -u dime-schedule@* -o cat --show-cursor "
    equal(asked[:2], [which + "--since=-5min", which + "--after-cursor=2"])


def test_alarm_fails(s):
    """Where the journal can't be read the alarm fails, so that systemd shows it."""
    s.stand_in("journalctl", "exit 1")
    equal(alarm(s, s.path("state"), status=1), "")


def test_shell(_):
    """shellcheck has nothing to say of the alarm's script."""
    if not shutil.which("shellcheck"):
        raise Skip("shellcheck isn't installed")
    done = subprocess.run(["shellcheck", os.path.join(SOURCE, "deploy", "systemd", "dime-alarm")],
                          capture_output=True, text=True)
    equal((done.returncode, done.stdout), (0, ""))


def test_units(_):
    """systemd-analyze verify has nothing to say of the alarm's units."""
    if not shutil.which("systemd-analyze"):
        raise Skip("systemd-analyze isn't installed")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("dime-alarm.service.in", "dime-alarm.timer"):
            with open(os.path.join(SOURCE, "deploy", "systemd", name)) as file:
                text = file.read().replace("@programs@", os.path.join(SOURCE, "deploy", "systemd"))
            with open(os.path.join(folder, name.removesuffix(".in")), "w") as file:
                file.write(text)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", folder + "/dime-alarm.timer",
                               folder + "/dime-alarm.service"], capture_output=True, text=True)
        equal((done.returncode, done.stdout + done.stderr), (0, ""))


if __name__ == "__main__":
    for program in ("nginx", "jq", "curl"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            print(f"skip - watching: {program} isn't installed\n0 passed, 0 failed, 1 skipped")
            sys.exit(0)
    with Watched(BUILD, SOURCE) as serving:
        sys.exit(run(collect(globals()), serving))
