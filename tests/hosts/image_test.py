# image_test.py - the container image of deploy/lambda/Dockerfile, built and run.
#
# usage: image_test.py BUILDDIR SRCDIR
# buildah builds it, which needs no daemon, from a Debian 12 that debootstrap has made; `dime lambda` runs
# what is in the image as Lambda would. docker reads the same Dockerfile.
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request

from cases import Skip, collect, directories, equal, run, true
from debian_root import Root
from serving import free_port, wait_until

BUILD, SOURCE = (os.path.abspath(path) for path in directories())
BASE = "localhost/dime-debian"
LIMIT = 900  # seconds for an image


class Buildah:
    """buildah with images of its own, which are gone after the block."""

    def __enter__(self):
        if not shutil.which("buildah"):
            raise Skip("buildah isn't installed")
        if os.geteuid() != 0:
            raise Skip("only root can build an image here")
        self.folder = tempfile.mkdtemp(prefix="dime-image.")
        try:
            self.make_base()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            self("umount", "--all")
        for mounted in ("run", "root"):  # what is still mounted would be in the way
            for line in reversed(open("/proc/mounts", encoding="utf-8").readlines()):
                if line.split()[1].startswith(os.path.join(self.folder, mounted)):
                    subprocess.run(["umount", "-l", line.split()[1]], check=False)
        subprocess.run(["rm", "-rf", "--one-file-system", self.folder], check=False)

    def __call__(self, *arguments):
        """What it prints; an AssertionError with what it said if it fails."""
        roots = ["--root", os.path.join(self.folder, "root"), "--runroot", os.path.join(self.folder, "run")]
        done = subprocess.run(["buildah", *roots, *arguments],
                              env=dict(os.environ, BUILDAH_ISOLATION="chroot"), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LIMIT, check=False)
        if done.returncode:
            raise AssertionError(f"buildah {arguments[0]}: {(done.stdout + done.stderr)[-1200:]}")
        return done.stdout.strip()

    def make_base(self):
        """Makes an image of Debian."""
        with Root(BUILD) as root:
            container = self("from", "scratch")
            self("add", "-q", container, root.base, "/")
        self("commit", "-q", "--rm", container, BASE)

    def build(self, *options):
        """Builds the Dockerfile from what git has, as a clone; the folder that the image is mounted at."""
        clone = os.path.join(self.folder, "source")
        if not os.path.exists(clone):
            with contextlib.suppress(OSError, subprocess.CalledProcessError):
                subprocess.run(["git", "clone", "-q", SOURCE, clone], check=True, capture_output=True)
        if not os.path.exists(clone):
            raise Skip("the source isn't a clone")
        image = self("bud", "-q", "--layers", "--network", "host", "--build-arg", "DEBIAN=" + BASE, *options,
                     "-f", os.path.join(clone, "deploy", "lambda", "Dockerfile"), clone).splitlines()[-1]
        container = self("from", image)
        return self("mount", container), json.loads(self("inspect", container))["OCIv1"]["config"]


def ask(program, event):
    """What Lambda would answer to one event."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/2015-03-31/functions/change/invocations"
    process = subprocess.Popen([os.path.join(BUILD, "dime"), "lambda", "--once", "--listen",
                                f"127.0.0.1:{port}", program], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)

    def answer():
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(address, event, timeout=10).read()
    try:
        return json.loads(wait_until(answer, "dime lambda doesn't answer"))
    finally:
        process.kill()
        process.wait()


def files_of(folder):
    """The files in a folder, by their paths from there."""
    return sorted(os.path.relpath(os.path.join(where, name), folder)
                  for where, _, names in os.walk(folder) for name in names)


def check_program(folder, config, user):
    """Whether the image's program answers, and what else the image says."""
    equal((config["User"], config["Entrypoint"]), (user, ["/var/runtime/bootstrap"]))
    with tempfile.TemporaryDirectory() as place:
        program = shutil.copy(os.path.join(folder, "var", "runtime", "bootstrap"), os.path.join(place, "change"))
        answer = ask(program, b'{"amount":1.89}')
    equal((answer["statusCode"], answer["body"]),
          (200, '{"res":[{"7":"quarters"},{"1":"dimes"},{"4":"pennies"}]}'))


def test_image():
    """The image holds one static program, which answers; that with a system around it has a CA file too."""
    with Buildah() as buildah:
        folder, config = buildah.build()
        equal(files_of(folder), ["var/runtime/bootstrap"], "the files")
        size = os.path.getsize(os.path.join(folder, "var", "runtime", "bootstrap"))
        print(f"# the image has {size} bytes")
        check_program(folder, config, "65534:65534")
        folder, config = buildah.build("--target", "with-system")
        true(os.path.exists(os.path.join(folder, "etc", "ssl", "certs", "ca-certificates.crt")), "no CA file")
        check_program(folder, config, "nobody")


if __name__ == "__main__":
    sys.exit(run(collect(globals())))
