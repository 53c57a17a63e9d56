# machine.py - a machine with a real systemd for a test: a container that boots from this machine's own
# root, of which it sees everything and changes nothing, or from a root of its own.
#
#     with Machine(stage) as machine:
#         machine.run("systemctl", "start", "dime@change.socket")
#
# systemd-nspawn lays an empty file system over the root, so that what is installed into the machine
# is gone with it. It has a network of its own with nothing in it. This takes root, and a kernel that
# lets root do so: `missing` says what else is needed.
import os
import shutil
import subprocess
import sys
import tempfile
import time

PATIENCE = 60
NEEDED = ("systemd-nspawn", "systemctl", "nsenter", "setpriv")


def missing():
    """Why there can be no machine here, or an empty text."""
    if os.geteuid() != 0:
        return "only root can boot a container"
    absent = [name for name in NEEDED if not shutil.which(name)]
    if absent or not os.path.exists("/lib/systemd/systemd"):
        return "not installed: " + ", ".join(absent or ["systemd"])
    return ""


def is_busy():
    """Whether others keep this machine's processors from us: a time measured here says little then."""
    spin = "import time\nwhile time.process_time() < 0.3: pass"
    start = time.monotonic()
    spinning = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(os.cpu_count() or 1)]
    for one in spinning:
        one.wait()
    return time.monotonic() - start > 0.42


class Machine:
    """
    A booted container. STAGE, a folder laid out as a root, is copied over its root. With OWN, a
    folder with a whole Debian in it, the container boots from that and keeps its changes there; STAGE
    is at /mnt, and nothing is copied.
    """

    def __init__(self, stage, own=None):
        self.stage, self.own = stage, own

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="dime-machine.")
        self.root = self.own or os.path.join(self.folder, "root")
        if not self.own:
            os.mkdir(self.root)
            subprocess.run(["mount", "--bind", "/", self.root], check=True)
        try:
            self.boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def boot(self):
        """Starts the container, and returns when its systemd is up."""
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.nspawn = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "systemd-nspawn", "-q", "-D", self.root,
                 *([] if self.own else ["--volatile=overlay"]), "--private-network", "--boot", "--register=no", "--keep-unit",
                 "--console=pipe", f"--machine=dime-{os.getpid()}",
                 "--link-journal=no", "--bind-ro=" + self.stage + ":/mnt",
                 # None of the services that this machine runs.
                 "systemd.unit=basic.target"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.nspawn.poll() is None:
            self.leader = self.find_leader()
            if self.leader and self.try_run("systemctl", "is-system-running").stdout.strip() in (
                    "running", "degraded"):
                if not self.own:
                    self.run("cp", "-a", "/mnt/.", "/")
                    self.run("systemctl", "daemon-reload")
                return
            time.sleep(0.1)
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            raise AssertionError("the container didn't boot: " + log.read()[-1000:])

    def find_leader(self):
        """The container's first process, the child of systemd-nspawn, or None."""
        try:
            with open(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children") as file:
                children = file.read().split()
        except OSError:
            return None
        return int(children[0]) if children else None

    def __exit__(self, *_):
        nspawn = getattr(self, "nspawn", None)
        if nspawn:
            nspawn.terminate()
            try:
                nspawn.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                nspawn.kill()
                nspawn.wait()
        if not self.own:
            subprocess.run(["umount", "-l", self.root], check=False)
        # Not through the mount, should it still be there.
        subprocess.run(["rm", "-rf", "--one-file-system", self.folder], check=False)

    def entering(self, *command):
        """The command line that runs a command in the machine."""
        return ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-C", *command]

    def try_run(self, *command):
        """Runs a command in the machine; its status and what it said."""
        return subprocess.run(self.entering(*command), capture_output=True, text=True, check=False,
                              timeout=PATIENCE)

    def run(self, *command):
        """Runs a command in the machine that must succeed; what it printed."""
        done = self.try_run(*command)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout

    def path(self, name):
        """A file of the machine's, as seen from here: its sockets can be connected to."""
        return os.path.join("/proc", str(self.leader), "root") + name
