# systemd_test.py - the units that ship, under a real systemd in a container (machine.py).
#
# usage: systemd_test.py BUILDDIR SRCDIR
# The machine gets what `make install` installs. The functions are spoken to through their sockets,
# which systemd holds. What the units take away from a function is read from the running process, and
# judged by systemd itself.
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import time

import fastcgi
from cases import Skip, collect, directories, equal, run, true
from machine import Machine, missing
from serving import wait_until

BUILD, SOURCE = directories()
SOCKET, SERVICE = "dime@change.socket", "dime@change.service"
TIMER, SCHEDULED = "dime-schedule@hello.timer", "dime-schedule@hello.service"
ASK = fastcgi.request({"REQUEST_METHOD": "GET", "QUERY_STRING": "amount=1", "SCRIPT_NAME": "/cgi-bin/change"})
RES = b'{"res":[{"4":"quarters"}]}'
EXPOSURE = 0.5  # of `systemd-analyze security`: at most this, for a function without network


# Where systemd looks for units (systemd.unit(5)); a dime installed elsewhere isn't for it.
UNIT_FOLDERS = ("lib/systemd/system", "usr/lib/systemd/system", "usr/local/lib/systemd/system")


def install(stage):
    """Installs dime below STAGE; whether its units are where systemd finds them."""
    done = subprocess.run(["make", "-s", "-C", BUILD, "install", f"DESTDIR={stage}"], check=False,
                          capture_output=True, text=True)
    equal(done.returncode, 0, done.stderr)
    return any(os.path.exists(os.path.join(stage, folder, "dime@.service")) for folder in UNIT_FOLDERS)


def address(m):
    return "unix:" + socket_path(m)


def socket_path(m):
    return m.path("/run/dime/change.sock")


def ask(m):
    """The body of one answer, on a connection of its own."""
    with fastcgi.Connection(address(m)) as connection:
        return connection.ask(ASK).body


def shown(m, name, unit=SERVICE):
    """A property of a unit."""
    return m.run("systemctl", "show", "-P", name, unit).strip()


def processes(m):
    """The process ids of change in the machine."""
    return m.try_run("pgrep", "-x", "change").stdout.split()


def status_of(m, name):
    """A line of /proc/PID/status of the running function."""
    text = m.run("cat", f"/proc/{shown(m, 'MainPID')}/status")
    return re.search(rf"^{name}:\s*(.*)$", text, re.M).group(1)


def test_verify(m):
    """systemd-analyze verify has nothing to say of the units."""
    said = m.try_run("systemd-analyze", "verify", "--man=no", SOCKET, SERVICE, TIMER, SCHEDULED)
    equal((said.returncode, said.stdout + said.stderr), (0, ""))


def test_security(m):
    """systemd finds the services all but free of exposure."""
    for service in (SERVICE, SCHEDULED):
        said = m.run("systemd-analyze", "security", "--no-pager", service)
        exposure = float(re.search(r"exposure level for \S+ ([0-9.]+)", said).group(1))
        print(f"# systemd-analyze security {service}: {exposure}, at most {EXPOSURE}")
        true(exposure <= EXPOSURE, f"{service}: {exposure}")


def test_nothing_runs_unasked(m):
    """The socket is there for the web server's group, and no process before the first request."""
    m.run("systemctl", "enable", "--now", SOCKET)
    found = os.stat(socket_path(m))
    group = int(m.run("getent", "group", "www-data").split(":")[2])
    equal((stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid), (0o660, 0, group))
    equal(processes(m), [])


def test_answers(m):
    """The first request starts the function and is answered; later ones find it running."""
    started = time.monotonic()
    equal(ask(m), RES)
    first = time.monotonic() - started
    pid = shown(m, "MainPID")
    started = time.monotonic()
    equal(ask(m), RES)
    print(f"# the first answer took {first * 1000:.0f} ms, the second {(time.monotonic() - started) * 1000:.1f}")
    equal(shown(m, "MainPID"), pid)
    equal(shown(m, "ActiveState"), "active")


def test_confined(m):
    """The running function has no privilege, no network, and a filter of its system calls."""
    equal(status_of(m, "NoNewPrivs"), "1")
    equal(status_of(m, "Seccomp"), "2")
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        equal(status_of(m, name), "0" * 16, name)
    true(status_of(m, "Uid").split()[0] != "0", "it runs as root")
    pid = shown(m, "MainPID")
    devices = m.run("nsenter", "-t", pid, "-n", "cat", "/proc/net/dev").splitlines()[2:]
    equal([line.split(":")[0].strip() for line in devices], ["lo"], "network devices")


def test_works_under_the_filter(m):
    """Big bodies, many clients and hostile ones meet no system call that is forbidden."""
    body = b'{"amount":1}'.ljust(8192)
    post = fastcgi.request({"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json",
                            "CONTENT_LENGTH": "8192", "SCRIPT_NAME": "/cgi-bin/change"}, body)
    many = [fastcgi.Connection(address(m)) for _ in range(64)]
    for connection in many:
        equal(connection.ask(post).body, RES)
        connection.send_pieces([post[i:i + 1000] for i in range(0, len(post), 1000)], 0.001)
    for connection in many:
        equal(connection.read().body, RES)
        connection.close()
    with fastcgi.Connection(address(m)) as hostile:
        hostile.send(b"\xff" * 4096)
    equal(ask(m), RES)
    equal(shown(m, "NRestarts"), "0", "restarts")


def test_logs(m):
    """Each request is a line of JSON in the journal."""
    with fastcgi.Connection(address(m)) as connection:
        name = connection.ask(ASK).headers["x-request-id"]

    def found():
        lines = m.run("journalctl", "-q", "-o", "cat", "-u", SERVICE, "--no-pager").splitlines()
        return [line for line in lines if line.startswith("{") and json.loads(line).get("requestId") == name]
    line = json.loads(wait_until(found, "there is no line of the request")[0])
    equal((line["function"], line["host"], line["status"]), ("change", "fastcgi", 200))


def test_killed(m):
    """After a kill -9 the next request is answered: the socket was open all the time."""
    pid = shown(m, "MainPID")
    m.run("systemctl", "kill", "-s", "KILL", SERVICE)
    equal(ask(m), RES)
    true(shown(m, "MainPID") not in (pid, "0"), "it's the same process")


def test_alarm(m):
    """The alarm tells once of a death and of an error in the journal, and can be verified."""
    unit, error = "dime-alarm.service", '{"level":"error","status":500,"requestId":"of the test"}'

    def told():
        m.run("systemctl", "start", unit)
        m.run("journalctl", "--sync")
        return m.run("journalctl", "-q", "-o", "cat", "-t", "dime-alarm", "-p", "alert", "--no-pager")
    said = m.try_run("systemd-analyze", "verify", "--man=no", unit, "dime-alarm.timer")
    equal((said.returncode, said.stdout + said.stderr), (0, ""))
    before = told()
    true(f"{SERVICE}: Failed with result 'signal'" in before, before)
    with open(m.path("/run/systemd/system/dime@broken.service"), "w") as file:
        file.write(f"[Service]\nType=oneshot\nExecStart=echo '{error}'\n")
    m.run("systemctl", "daemon-reload")
    m.run("systemctl", "start", "dime@broken.service")
    now = told()
    equal(now.removeprefix(before), f"dime: new errors: 1; the first of them:\n{error}\n")
    equal(told(), now, "told twice")


def test_numbers(m):
    """The line of dime-log(7) reads the four numbers from the journal."""
    if m.try_run("sh", "-c", "command -v jq").returncode:
        raise Skip("jq isn't installed")
    program = m.run("find", "/usr", "-path", "*/share/dime/numbers.jq").split()[0]
    printed = m.run("sh", "-c", f"journalctl -q -u 'dime@*' -o cat --since -5min | jq -Rncf {program}")
    found = {one["function"]: one for one in map(json.loads, printed.splitlines())}
    true(found["change"]["requests"] > 100 and found["change"]["5xx"] == 0, printed)


def test_restarts_lose_nothing(m):
    """Ten restarts while a client asks: every request is answered."""
    for _ in range(10):
        restart = subprocess.Popen(["nsenter", "-t", str(m.leader), "-m", "-p", "-C", "systemctl",
                                    "restart", SERVICE])
        asked = 0
        while restart.poll() is None or asked < 20:
            equal(ask(m), RES)
            asked += 1
        equal(restart.returncode, 0, "the restart's status")
    equal(shown(m, "Result"), "success")


def test_stops(m):
    """Stopping the service is clean; stopping the socket takes it away."""
    m.run("systemctl", "stop", SERVICE)
    equal((shown(m, "Result"), processes(m)), ("success", []))
    equal(ask(m), RES)
    m.run("systemctl", "stop", SOCKET, SERVICE)
    equal(processes(m), [])
    m.run("systemctl", "disable", SOCKET)


def lines_of(m, service):
    """What a service has written to the journal, as JSON."""
    lines = m.run("journalctl", "-q", "-o", "cat", "-u", service, "--no-pager").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_schedule(m):
    """A scheduled run hands the function its event, and the journal has answer and log line."""
    m.run("systemctl", "start", SCHEDULED)
    answer, log = wait_until(lambda: (lambda found: len(found) == 2 and sorted(found, key=len))(
        lines_of(m, SCHEDULED)), "there are no two lines")
    equal(json.loads(answer["body"]), {"message": "hello world"}, "the answer")
    equal((log["host"], log["function"], log["status"]), ("command", "hello", 200), "the log line")


def test_schedule_with_fields(m):
    """The fields of a scheduled run are set in a drop-in."""
    folder = m.path(f"/etc/systemd/system/{SCHEDULED}.d")
    os.makedirs(folder)
    with open(os.path.join(folder, "fields.conf"), "w", encoding="utf-8") as file:
        file.write("[Service]\nEnvironment='DIME_DETAIL={\"name\":\"you 100%%\"}'\n")
    m.run("systemctl", "daemon-reload")
    m.run("systemctl", "start", SCHEDULED)
    wait_until(lambda: "hello you 100%" in m.run("journalctl", "-q", "-o", "cat", "-u", SCHEDULED,
                                                 "--no-pager"), "the field didn't arrive")


def test_schedule_fails(m):
    """A run that the function answers with a problem is a failure that systemd knows of."""
    service = "dime-schedule@change.service"  # without an amount
    true(m.try_run("systemctl", "start", service).returncode != 0, "it succeeded")
    status = m.run("systemctl", "show", "-P", "ExecMainStatus", service).strip()
    equal(status, "4", "the exit status")


def test_timer(m):
    """The timer waits for the next full hour."""
    m.run("systemctl", "enable", "--now", TIMER)
    equal(m.run("systemctl", "is-active", TIMER).strip(), "active")
    due = m.run("systemctl", "show", "-P", "NextElapseUSecRealtime", TIMER).strip()
    true(re.search(r"\d\d:00:00", due), f"it's due at {due}")
    m.run("systemctl", "disable", "--now", TIMER)


if __name__ == "__main__":
    reason = missing()
    if not reason and fastcgi.is_sanitized(os.path.join(BUILD, "change")):
        reason = "a sanitized program needs more than the units allow"
    if reason:
        print(f"skip - the units under systemd: {reason}\n0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        if not install(folder):
            print("skip - the units under systemd: the prefix isn't one where systemd looks for them\n"
                  "0 passed, 0 failed, 1 skipped")
            sys.exit(0)
        try:
            with Machine(folder) as machine:
                status = run(collect(globals()), machine)
        except AssertionError as error:
            print(f"skip - the units under systemd: {error}\n0 passed, 0 failed, 1 skipped")
            status = 0
    sys.exit(status)
