# stand.py - what every measurement here needs: a scratch directory, an nginx, wrk, and a clean end.
#
# A Stand owns all that it starts. Each process leads its own group, gets SIGTERM and after a while
# SIGKILL when the stand closes, and SIGTERM by the kernel should this program itself be killed.
# Ctrl-C, SIGTERM and SIGHUP end the program by an exception, so they close the stand like any other
# end.
import ctypes
import glob
import http.client
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SRCDIR = os.path.abspath(os.environ.get("SRCDIR", os.path.join(HERE, "..", "..")))
BUILDDIR = os.path.abspath(os.environ.get("BUILDDIR", SRCDIR))
QUICK = os.environ.get("BENCH_QUICK", "0") not in ("", "0")

URL_PATH = "/cgi-bin/"
# What each peer must answer; the third is an amount that binary fractions lose a cent of.
ANSWERS = {
    b'{"amount":1.89}': b'{"res":[{"7":"quarters"},{"1":"dimes"},{"4":"pennies"}]}',
    b'{"amount":1.45}': b'{"res":[{"5":"quarters"},{"2":"dimes"}]}',
    b'{"amount":0.29}': b'{"res":[{"1":"quarters"},{"4":"pennies"}]}',
}
LOG_MOST = 1 << 20
# Short runs end before this: to cut a log of 20 MB holds up whoever writes to it for milliseconds.
LOG_SECONDS = 10
# nginx looks at the rate limit for every peer, as it does for `change`; loopback is exempt from it.
LIMIT = "limit_req zone=dime burst=20 nodelay;"
MEASURED = b'{"amount":1.89}'  # what post.lua sends

# Debian keeps servers where ordinary users don't look.
SEARCH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"

# dime's own configuration is included as it ships, so `change` is measured as people run it. The
# rest is what a fair comparison needs: two workers, a processor each as in nginx.conf, and no access
# log.
CONFIGURATION = """
{user}
worker_processes 2;
worker_cpu_affinity auto;
daemon off;
pid {scratch}/nginx.pid;
error_log {scratch}/nginx.log warn;
events {{ worker_connections 2048; }}
http {{
    default_type application/json;
    log_format counted '$status $body_bytes_sent $request_time';
    access_log off;
    keepalive_timeout 65s;
    keepalive_requests 1000000;
    client_body_temp_path {scratch}/client;
    fastcgi_temp_path {scratch}/fastcgi;
    uwsgi_temp_path {scratch}/uwsgi;
    proxy_temp_path {scratch}/proxy;
    scgi_temp_path {scratch}/scgi;
    include {scratch}/dime-http.conf;
{upstreams}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        include {scratch}/dime-server.conf;
{locations}
    }}
}}
"""


class Failure(Exception):
    """Something that had to work didn't; the text says what."""


class Measure:
    """What one run of wrk found. Times are in microseconds."""

    def __init__(self, words):
        (self.requests, duration, self.p50, self.p99, self.max,
         self.bad, self.broken) = (int(word) for word in words)
        self.rate = self.requests * 1e6 / duration
        self.errors = self.bad + self.broken


def find(*names):
    """The path of the first of these programs that is installed, or None; names may be patterns."""
    for name in names:
        path = shutil.which(name, path=SEARCH)
        if path:
            return path
        for folder in SEARCH.split(":"):
            for path in sorted(glob.glob(os.path.join(folder or ".", name)), reverse=True):
                if os.access(path, os.X_OK):
                    return path
    return None


def need(program):
    """The path of a program in the build directory."""
    path = os.path.join(BUILDDIR, program)
    if not os.access(path, os.X_OK):
        raise Failure(f"there is no {path}: build first, or set BUILDDIR")
    return path


def shipped(name, sockets="", nginx=""):
    """A file of dime's nginx configuration, with the names between at signs filled in."""
    folder = os.path.join(SRCDIR, "nginx")
    values = {"sockets": sockets, "nginx": nginx or folder, "www": os.path.join(SRCDIR, "www"),
              "rate": "10", "loopback": "0"}
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        text = file.read()
    unknown = set(re.findall("@([a-z_]+)@", text)) - set(values)
    if unknown:
        raise Failure(f"the bench has no value for what {name} wants: {' '.join(sorted(unknown))}")
    return re.sub("@([a-z_]+)@", lambda match: values[match[1]], text)


def parameters(kind):
    """The parameters that dime ships, as lines of `fastcgi_param` or `uwsgi_param`."""
    lines = shipped("dime-function.conf").splitlines()
    return "".join(" " + line.replace("fastcgi_param", kind, 1)
                   for line in lines if line.startswith("fastcgi_param "))


def fastcgi(upstream_name, kept):
    """The body of a location that asks a FastCGI peer, with kept connections as dime has them."""
    if kept:
        return f"{LIMIT} include {SRCDIR}/nginx/dime-function.conf; fastcgi_pass {upstream_name};"
    return f"{LIMIT} fastcgi_pass {upstream_name};" + parameters("fastcgi_param")


def upstream(name, path, kept):
    """An upstream block on a unix socket, with dime's settings for kept connections."""
    keep = " keepalive 512; keepalive_requests 10000; keepalive_timeout 60s;" if kept else ""
    return f"upstream {name} {{ server unix:{path};{keep} }}"


def taken_by_others(seconds=0.5, most=4):
    """
    The part of the processors' time, in per cent, that a busy loop doesn't get: what other programs
    take, and a hypervisor, which need not tell. The slowest requests wait for that, whoever serves.
    """
    allowed, taken, spent = os.sched_getaffinity(0), 0.0, 0.0
    for processor in sorted(allowed)[:most]:
        os.sched_setaffinity(0, {processor})
        first = last = time.monotonic()
        while last - first < seconds:
            now = time.monotonic()
            taken += now - last if now - last > 1e-4 else 0
            last = now
        spent += last - first
    os.sched_setaffinity(0, allowed)
    return 100 * taken / spent


def tied_to_us():
    """In a child before exec: the kernel ends it should we be killed (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def end_by_exception(number, frame):
    raise SystemExit(128 + number)


class Stand:
    """Use it in a `with`."""

    def __enter__(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end_by_exception)
        self.processes = []
        self.scratch = tempfile.mkdtemp(prefix="dime-bench.")
        self.port = None
        return self

    def __exit__(self, *ignored):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for process in self.processes[::-1]:
            self.stop(process)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.scratch, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def start(self, name, command, **options):
        """Starts a process that lasts as long as the stand; what it says goes to NAME.log."""
        with open(self.path(name + ".log"), "ab") as log:
            options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **options}
            process = subprocess.Popen(command, start_new_session=True, preexec_fn=tied_to_us,
                                       cwd=self.scratch, **options)
        self.processes.append(process)
        return process

    def stop(self, process):
        """Ends a process, and then whatever is left of its group."""
        if process.returncode is None:  # not waited for yet, so its number is still its own
            os.kill(process.pid, signal.SIGTERM)
            deadline = time.monotonic() + 5
            ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
            while time.monotonic() < deadline and not os.waitid(os.P_PID, process.pid, ended):
                time.sleep(0.01)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.remove(process)

    def last_words(self, name):
        """The last line of a log, for a person who wonders why something doesn't start."""
        with open(self.path(name + ".log"), encoding="utf-8", errors="replace") as log:
            lines = [line.strip() for line in log if line.strip()]
        return lines[-1] if lines else "it said nothing"

    def trim_logs(self):
        """dime logs each request; a scratch disk needn't hold millions of lines."""
        for path in glob.glob(self.path("*.log")):
            if os.path.getsize(path) > LOG_MOST:
                os.truncate(path, 0)

    def wait_for(self, name, process, address):
        """Waits until something accepts connections at ADDRESS, a path or a port."""
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        where = address if isinstance(address, str) else ("127.0.0.1", address)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            with socket.socket(family) as probe:
                try:
                    probe.connect(where)
                    return
                except OSError:
                    time.sleep(0.02)
        raise Failure(f"{name} didn't start: {self.last_words(name)}")

    def nginx(self, upstreams, locations):
        """
        Starts nginx with these upstream blocks and {name: body of its location}; returns it. The
        location of `change` is the one that ships, and its socket is change.sock.
        """
        program = find("nginx")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.write("dime-base.conf", shipped("dime-base.conf.in", self.scratch))
        self.write("dime-http.conf", shipped("dime-http.conf.in", nginx=self.scratch))
        self.write("dime-server.conf", shipped("dime-server.conf.in", nginx=self.scratch))
        subprocess.run([os.path.join(BUILDDIR, "dime-describe"), "--nginx", "--sockets", self.scratch,
                        "--settings", os.path.join(SRCDIR, "nginx"), "--output", self.path("functions"),
                        os.path.join(BUILDDIR, "change")], check=True)
        user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
        configuration = self.write("nginx.conf", CONFIGURATION.format(
            user=user, scratch=self.scratch, port=self.port,
            upstreams="\n".join("    " + block for block in upstreams),
            locations="\n".join(f"        location = {URL_PATH}{name} {{ {body} }}"
                                for name, body in locations.items())))
        process = self.start("nginx", [program, "-p", self.scratch, "-e", self.path("nginx.log"),
                                       "-c", configuration])
        self.wait_for("nginx", process, self.port)
        return process

    def ask(self, name, body):
        """Posts BODY to a location; returns status, body and headers of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", URL_PATH + name, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.getheaders()
        finally:
            connection.close()

    def verify(self, name, constant=False):
        """Fails unless the location answers right, several times so that every worker is asked."""
        for question in [MEASURED] if constant else ANSWERS:
            for _ in range(8):
                status, body, _ = self.ask(name, question)
                if (status, body) != (200, ANSWERS[question]):
                    raise Failure(f"{name} answers {question.decode()} with {status} {body!r}")

    def wrk(self, name, clients, seconds):
        """Measures a location with wrk."""
        command = [find("wrk"), "-t1", f"-c{clients}", f"-d{seconds}s", "--latency",
                   "-s", os.path.join(HERE, "post.lua"),
                   f"http://127.0.0.1:{self.port}{URL_PATH}{name}"]
        with open(self.path("wrk.log"), "ab") as log:
            process = self.start("wrk", command, stdout=subprocess.PIPE, stderr=log, text=True)
        output = None
        while output is None:
            try:
                output, _ = process.communicate(timeout=LOG_SECONDS)
            except subprocess.TimeoutExpired:
                pass
            self.trim_logs()
        self.processes.remove(process)
        for line in output.splitlines():
            if line.startswith("measured "):
                return Measure(line.split()[1:])
        raise Failure(f"wrk has not measured {name}: {self.last_words('wrk')}")


def main(measure):
    """Exits with what measure(stand) returns; 77 where a tool is missing, 2 on failure."""
    missing = [name for name in ("nginx", "wrk") if not find(name)]
    if missing:
        print(f"skipped: not installed: {' '.join(missing)}", file=sys.stderr)
        sys.exit(77)
    try:
        with Stand() as stand:
            status = measure(stand)
    except Failure as failure:
        print(f"failed: {failure}", file=sys.stderr)
        status = 2
    except BrokenPipeError:  # whoever read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 2
    sys.exit(status)
