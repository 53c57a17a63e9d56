# debian_13_test.py - dime on Debian 13, where this machine has another release.
#
# usage: debian_13_test.py BUILDDIR SRCDIR
# A copy of the source goes into a fresh root (debian_root.py), which becomes the root of what runs there:
# quickstart first, as a user would, with the packages that it installs itself; then, in the tree that it has
# built, the suites that other versions of compilers, libraries and services can break. The root shares this
# machine's kernel and network.
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import debian_root
from cases import copy_source, directories, equal, run, true
from machine import missing
from serving import free_port, wait_until

BUILD, SOURCE = map(os.path.abspath, directories())
RELEASE = "trixie"
SUITES = ("unit", "golden", "aws", "systemd", "package")
# What these need beyond what quickstart has installed.
PACKAGES = """build-essential check python3 openssl systemd-container libhiredis-dev libmicrohttpd-dev debhelper lintian shellcheck
debootstrap wrk jq""".split()
PATIENCE = 600
TREE = "/srv/dime"
CHANGE = '{"res":[{"7":"quarters"},{"1":"dimes"},{"4":"pennies"}]}'
ENVIRONMENT = ("env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/srv",
               "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", f"DIME_MODELS_FROM={TREE}/../models",
               # The suite unit runs here by itself, so `make deb` needn't build and run it too.
               "DEB_BUILD_OPTIONS=nocheck")


class Other(debian_root.Root):
    """The root of Debian 13, with the source in it."""

    def fill(self):
        """Copies the source, the models, and how to reach the packages into the root."""
        copy_source(SOURCE, self.path + TREE)
        if os.path.isdir(os.path.join(BUILD, "models")):
            shutil.copytree(os.path.join(BUILD, "models"), self.path + "/srv/models")
        for name in ("resolv.conf", "hosts"):
            shutil.copyfile("/etc/" + name, f"{self.path}/etc/{name}")

    def do(self, *command, **options):
        """Runs a command in the root; its status and what it said."""
        return subprocess.run(self.entering(*ENVIRONMENT, *command), stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)

    def must(self, *command):
        done = self.do(*command)
        equal(done.returncode, 0, f"{' '.join(command)}: {done.stdout[-1500:]}")
        return done.stdout


def test_quickstart(root):
    """quickstart installs what is missing, builds without a warning, serves, and stops at Ctrl-C"""
    port = free_port()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(root.entering(*ENVIRONMENT, f"{TREE}/quickstart", f"--port={port}"),
                                   stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)

        def text():
            said.seek(0)
            return said.read()
        try:
            wait_until(lambda: "dime is served" in text() or process.poll() is not None, "quickstart serves", PATIENCE)
            true(process.poll() is None, text())
            asked = subprocess.run(["curl", "-qsS", "--noproxy", "*", "-d", '{"amount":1.89}',
                                    f"http://127.0.0.1:{port}/cgi-bin/change"], capture_output=True, text=True,
                                   check=True)
            equal(asked.stdout.strip(), CHANGE)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    equal(process.returncode, 0, "its status after Ctrl-C")
    with open(f"{root.path}{TREE}/build/quickstart.log", encoding="utf-8") as log:
        equal(re.findall(".*warning.*", log.read()), [], "what make says")


def test_build(root):
    """All of dime and of its tests builds where each warning is an error, also by clang"""
    root.must("sh", "-c", f"apt-get -qq -y --no-install-recommends install {' '.join(PACKAGES)} clang >/dev/null")
    # Without the libraries of the tests quickstart has configured less.
    root.must("sh", "-c", f"cd {TREE}/build && ../configure -q --enable-werror && make -s -j2 all check-programs")
    root.must("sh", "-c", f"mkdir {TREE}/clang && cd {TREE}/clang && ../configure -q --enable-werror CC=clang CFLAGS=-O1 && "
                          "make -s -j2 all")


def suite(name):
    """A case that runs this suite in the root."""
    def case(root):
        done = root.do(f"{TREE}/tests/run", f"{TREE}/build", TREE, name)
        print("".join(f"# {line}\n" for line in done.stdout.splitlines()), end="")
        counts = re.findall(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", done.stdout, re.M)
        true(done.returncode == 0 and counts and int(counts[-1][0]), done.stdout[-1500:])
    case.__doc__ = f"The suite {name}"
    return case


def why_not():
    """Why this can't be tried here, or an empty text."""
    if debian_root.codename() == RELEASE:
        return "this is Debian 13"
    return missing() or ("" if shutil.which("debootstrap") else "debootstrap isn't installed")


def main():
    """Makes the root and runs all in it; the status to exit with."""
    with Other(BUILD, RELEASE) as root:
        root.fill()
        # The machine that the packages are tried on boots from the same tarball.
        builds = f"{root.path}{TREE}/build/builds"
        os.makedirs(builds)
        shutil.copy(root.base, builds)
        return run([test_quickstart, test_build, *map(suite, SUITES)], root)


if __name__ == "__main__":
    reason = why_not()
    if reason:
        print(f"skip - Debian 13: {reason}\n0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    # Where SIGINT is ignored, as for a background job, quickstart would never see Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
