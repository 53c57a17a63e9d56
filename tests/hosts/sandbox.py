"""sandbox.py - runs a Lambda's bootstrap as AWS does: alone, on a machine that has only glibc.

A root of its own holds what the zip holds, at /var/task, and of the system no more than the loader
and libc. bubblewrap shuts the program in, or chroot where root may do that and bubblewrap may not
make namespaces. RuntimeApi is the other side of the Runtime API, for events of the test's choice.
"""

import http.server
import os
import queue
import shutil
import signal
import socketserver
import subprocess
import threading
import zipfile

# As Lambda sets it, for provided.al2023.
LIBRARY_PATH = (
    "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
)
PATIENCE = 20  # seconds
CHROOT = shutil.which("chroot", path="/usr/sbin:/sbin")


class RuntimeApi(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Hands out what is put on `events`, and puts on `answers` (what for, id, body)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.events, self.answers, self.asked = queue.Queue(), queue.Queue(), threading.Event()
        self.count = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.server_address[1]

    def invoke(self, event):
        self.events.put(event)
        return self.answers.get(timeout=PATIENCE)

    def close(self):
        self.events.put(None)
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.server.asked.set()
        event = self.server.events.get()
        if event is None:
            self.close_connection = True
            return
        self.server.count += 1
        headers = [
            ("Lambda-Runtime-Aws-Request-Id", f"request-{self.server.count}"),
            ("Lambda-Runtime-Deadline-Ms", "4102444800000"),
            ("Content-Type", "application/json"),
        ]
        self.answer(200, event, headers)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "/extension/" in self.path:
            self.answer(403, b"{}")  # there are no extensions here
            return
        self.answer(202, b'{"status":"OK"}')
        parts = self.path.split("/")
        self.server.answers.put((parts[-1], parts[-2], body))


def unpack(archive, root):
    """What Lambda does with a zip: the files, read-only, with the modes that it says."""
    task = os.path.join(root, "var", "task")
    os.makedirs(task)
    with zipfile.ZipFile(archive) as zipped:
        for info in zipped.infolist():
            path = zipped.extract(info, task)
            os.chmod(path, info.external_attr >> 16 & 0o555)
    return os.path.join(task, "bootstrap")


def add_glibc(root, compiler="gcc"):
    """The loader and libc, where Amazon Linux has them too, and not one file more."""
    os.makedirs(os.path.join(root, "lib64"))
    os.symlink("lib64", os.path.join(root, "lib"))
    for name in ("ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libc.so.6"):
        command = [compiler, f"-print-file-name={name}"]
        path = subprocess.run(command, capture_output=True, text=True).stdout.strip()
        if os.path.isabs(path):
            shutil.copy(os.path.realpath(path), os.path.join(root, "lib64", name))


def _bubblewrap(root):
    # Where the root has a folder for it, there is a /proc, as on Lambda.
    proc = ["--proc", "/proc"] if os.path.isdir(os.path.join(root, "proc")) else []
    return ["bwrap", "--ro-bind", root, "/", *proc, "--unshare-all", "--share-net",
            "--die-with-parent", "--cap-drop", "ALL"]


def _chroot(root):
    return [CHROOT, "--userspec=65534:65534", root]


def find_way(outcome):
    """How a program can be shut in on this machine: a function of the root; None if it can't."""
    if not shutil.which("bwrap"):
        why = "bubblewrap isn't installed"
    else:
        tried = subprocess.run([*_bubblewrap("/"), "true"], capture_output=True, text=True)
        if tried.returncode == 0:
            return _bubblewrap
        why = "bubblewrap can't make namespaces here: " + tried.stderr.strip()
    if os.geteuid() == 0 and CHROOT:
        print(f"# chroot, since {why}")
        return _chroot
    outcome.skip("sandbox", why)
    return None


def has_proc(way):
    """Whether a program that is shut in so can have a /proc."""
    return way is _bubblewrap


def environment(address):
    return {
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_LAMBDA_FUNCTION_NAME": "packaged",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LD_LIBRARY_PATH": LIBRARY_PATH,
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "TZ": ":UTC",
        "_HANDLER": "bootstrap",
    }


class Sandbox:
    """A bootstrap at work in there. EMULATOR is a static program for one of another machine."""

    def __init__(self, way, root, emulator=None, **variables):
        self.api = RuntimeApi()
        command = [*way(root), "/var/task/bootstrap"]
        if emulator:
            shutil.copy(emulator, os.path.join(root, "emulator"))
            command.insert(-1, "/emulator")
        self.log = open(root + ".log", "w+")
        inside = {**environment(self.api.address), **variables}
        self.process = subprocess.Popen(command, env=inside, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.api.close()
        self.log.close()

    def stop(self):
        """Sends SIGTERM to the program itself, which is behind all of the sandbox's own processes;
        returns its exit status."""
        children = [str(self.process.pid)]
        while children:
            program = children[0]
            with open(f"/proc/{program}/task/{program}/children") as file:
                children = file.read().split()
        os.kill(int(program), signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def said(self):
        self.log.seek(0)
        return self.log.read()
