# systemd_test.py - the units that ship, under a real systemd in a container (machine.py).
#
# usage: systemd_test.py BUILDDIR SRCDIR
# The machine gets what `make install` installs. The functions are spoken to through their sockets,
# which systemd holds, by this test or by an nginx outside of the machine. What the units take away from
# a function is read from the running process, and judged by systemd itself.
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time

import fastcgi
from cases import Skip, collect, directories, equal, run, true
from machine import Machine, is_busy, missing
from serving import PATH, Serving, wait_until

BUILD, SOURCE = directories()
SOCKET, SERVICE = "dime@change.socket", "dime@change.service"
TIMER, SCHEDULED = "dime-schedule@hello.timer", "dime-schedule@hello.service"
ASK = fastcgi.request({"REQUEST_METHOD": "GET", "QUERY_STRING": "amount=1", "SCRIPT_NAME": "/cgi-bin/change"})
RES = b'{"res":[{"4":"quarters"}]}'
# Of `systemd-analyze security`, at most: for a function without the network and for one with it.
EXPOSURE, EXPOSURE_WITH_NETWORK = 0.5, 1.3
FIRST_MS = 50  # how much longer than others the answer may take that starts the function
IDLE = 1  # seconds until a function ends, where a test waits for that; dime@.service says 300


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


class DropIn:
    """A drop-in for a service, as long as the block lasts."""

    def __init__(self, m, text, unit=SERVICE):
        self.m, self.text = m, text
        self.folder = m.path(f"/run/systemd/system/{unit}.d")

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, "test.conf"), "w", encoding="utf-8") as file:
            file.write(self.text)
        self.m.run("systemctl", "daemon-reload")

    def __exit__(self, *_):
        shutil.rmtree(self.folder)
        self.m.run("systemctl", "daemon-reload")


def idle_soon(m):
    """A drop-in that lets the function end after IDLE seconds."""
    command = re.search(r"argv\[\]=(\S+)", shown(m, "ExecStart")).group(1)
    return DropIn(m, f"[Service]\nExecStart=\nExecStart={command} --idle {IDLE}\n")


def wait_for_end(m, patience=10):
    """Waits until the function has ended by itself."""
    wait_until(lambda: shown(m, "ActiveState") == "inactive", "it still runs", patience)
    equal((shown(m, "Result"), processes(m)), ("success", []))


def status_of(m, name):
    """A line of /proc/PID/status of the running function."""
    text = m.run("cat", f"/proc/{shown(m, 'MainPID')}/status")
    return re.search(rf"^{name}:\s*(.*)$", text, re.M).group(1)


def test_verify(m):
    """systemd-analyze verify has nothing to say of the units."""
    said = m.try_run("systemd-analyze", "verify", "--man=no", SOCKET, SERVICE, TIMER, SCHEDULED)
    equal((said.returncode, said.stdout + said.stderr), (0, ""))


def jail(m):
    """The root that the running function sees, from here."""
    return m.path(os.path.join("/proc", shown(m, "MainPID"), "root"))


def exposed(m, most, service=SERVICE):
    """Judges a service by `systemd-analyze security`."""
    said = m.try_run("systemd-analyze", "security", "--no-pager", f"--threshold={most * 10:.0f}", service)
    print(f"# {said.stdout.strip().splitlines()[-1].split(':', 1)[1].strip()}, at most {most}")
    equal(said.returncode, 0, "systemd-analyze security")


def test_security(m):
    """systemd finds the services all but free of exposure."""
    for service in (SERVICE, SCHEDULED):
        exposed(m, EXPOSURE, service)


def test_network(m):
    """With network.conf a function has the network, and little more."""
    with open(os.path.join(SOURCE, "deploy", "systemd", "network.conf"), encoding="utf-8") as file, \
            DropIn(m, file.read()):
        said = m.try_run("systemd-analyze", "verify", "--man=no", SERVICE)
        equal((said.returncode, said.stdout + said.stderr), (0, ""))
        exposed(m, EXPOSURE_WITH_NETWORK)
        m.run("systemctl", "start", SOCKET)
        equal(ask(m), RES)
        namespace = [os.readlink(m.path(f"/proc/{pid}/ns/net")) for pid in ("1", shown(m, "MainPID"))]
        equal(namespace[0], namespace[1], "its network")
        names = os.listdir(os.path.join(jail(m), "etc"))
        true({"hosts", "ssl"} <= set(names), f"it sees of /etc: {names}")
        m.run("systemctl", "stop", SOCKET, SERVICE)
        m.run("rm", "-r", "/run/dime/jail/change")  # with the places of more files than others see


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
    # Its program, its libraries, and what systemd puts there; nothing that is anybody's.
    # What Debian calls root's home is made by systemd, empty and closed.
    equal(sorted(set(os.listdir(jail(m))) - {"root"}),
          ["dev", "etc", "lib", "lib64", "proc", "run", "sys", "tmp", "usr", "var"], "what it sees")
    equal(os.listdir(os.path.join(jail(m), "etc")), ["ld.so.cache"], "what it sees of /etc")
    equal(shown(m, "MemoryMax"), str(512 << 20), "most memory")
    equal(shown(m, "TasksMax"), "64", "most tasks")
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


def test_ends_when_idle(m):
    """Idle for long enough, no process is left; the next request starts it, and costs little more."""
    waits = []
    with idle_soon(m):
        m.run("systemctl", "restart", SERVICE)
        for _ in range(5):
            started = time.monotonic()
            equal(ask(m), RES)
            first = time.monotonic() - started
            warm = []
            for _ in range(5):
                started = time.monotonic()
                equal(ask(m), RES)
                warm.append(time.monotonic() - started)
            waits.append(1000 * (first - sorted(warm)[2]))
            wait_for_end(m, IDLE + 5)
    equal(shown(m, "NRestarts"), "0", "restarts")
    print("# the answer that starts the function takes longer by " +
          ", ".join(f"{wait:.0f}" for wait in waits) + f" ms; at most {FIRST_MS}")
    # What else the machine does adds to it: the best one shows what it takes.
    if min(waits) >= FIRST_MS and is_busy():
        raise Skip(f"the machine is busy with other things; it took {min(waits):.0f} ms")
    true(min(waits) < FIRST_MS, f"{min(waits):.0f} ms")


def test_idle_behind_nginx(m):
    """Requests through nginx, on connections that it keeps, just as the function ends: none is lost."""
    if not shutil.which("nginx", path=PATH):
        raise Skip("nginx isn't installed")
    with Serving(BUILD, SOURCE, functions=()) as site, idle_soon(m):
        os.symlink(socket_path(m), site.path("change.sock"))
        m.run("systemctl", "restart", SERVICE)
        pids = set()
        for pause in (0, 0.999, 1.0, 1.001, 1.002, 1.003, 1.3):
            time.sleep(pause)
            for _ in range(3):
                answer = site.post("/cgi-bin/change", '{"amount":1}')
                equal((answer.status, answer.body), (200, RES))
            pids.add(shown(m, "MainPID"))
        true(len(pids) > 1, "it never ended")
        wait_for_end(m)


def threads(m):
    """How many threads the probe has."""
    return len(os.listdir(m.path(f"/proc/{shown(m, 'MainPID', 'dime@probe.service')}/task")))


def test_threads(m):
    """A thread for each processor, and requests that wait share them."""
    slow = fastcgi.request({"REQUEST_METHOD": "GET", "QUERY_STRING": "pieces=1&wait=30",
                            "SCRIPT_NAME": "/cgi-bin/probe"})
    program = os.path.join(BUILD, "tests", "hosts", "probe")
    if not os.path.exists(program):
        raise Skip("make check-programs builds the probe")
    command = re.search(r"argv\[\]=(\S+)", shown(m, "ExecStart")).group(1)
    with open(program, "rb") as source, open(m.path(command.replace("change", "probe")), "wb") as copy:
        shutil.copyfileobj(source, copy)
    m.run("chmod", "755", command.replace("change", "probe"))
    m.run("systemctl", "start", "dime@probe.socket")
    address = "unix:" + m.path("/run/dime/probe.sock")
    many = [fastcgi.Connection(address) for _ in range(8)]
    for _ in range(5):
        for connection in many:
            connection.send(slow)
        for connection in many:
            equal(connection.read().status, 200)
    equal(threads(m), int(m.run("nproc")), "threads")
    m.run("systemctl", "stop", "dime@probe.socket", "dime@probe.service")


def test_stops(m):
    """Stopping the service is clean; stopping the socket takes it away."""
    m.run("systemctl", "stop", SERVICE)
    equal((shown(m, "Result"), processes(m)), ("success", []))
    equal(ask(m), RES)
    m.run("systemctl", "stop", SOCKET, SERVICE)
    equal(processes(m), [])
    true(not os.path.exists(socket_path(m)), "the socket is left")
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
