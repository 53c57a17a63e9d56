# debian_root.py - a fresh Debian for a test, and the packages that are tried in it.
#
#     with Root(build) as root:
#         root.get(packages)
#         subprocess.run(root.entering("cat", "/etc/debian_version"))
#
# It is the release of this machine, or the one that is named. debootstrap makes the smallest root there is,
# with systemd, three web servers and curl, once in a build tree; it is kept as a tarball there, since that
# takes half a minute. The mirror is the one that this machine's apt uses. All that needs a network is done
# here: the machine that boots from the root has none.
import glob
import os
import re
import shutil
import subprocess
import tempfile
import zlib

INCLUDE = "systemd,systemd-sysv,dbus,nginx-light,apache2,lighttpd,curl"
# What an administrator turns on in Apache before dime is there.
MODULES = "headers include proxy proxy_fcgi rewrite unique_id"
ENVIRONMENT = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8",
                   PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


def run(*command, **options):
    """Runs a command that must succeed; what it said."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, env=ENVIRONMENT, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stdout[-1500:]}")
    return done.stdout


def codename():
    """The name of this machine's Debian, such as bookworm."""
    with open("/etc/os-release", encoding="utf-8") as file:
        return re.search(r"^VERSION_CODENAME=(\w+)$", file.read(), re.M)[1]


def mirror():
    """Where this machine's apt gets Debian from, or Debian's own address."""
    said = run("apt-get", "indextargets", "--format", "$(SITE) $(CREATED_BY)")
    found = re.search(r"^(\S+/debian/?) Packages$", said, re.M)
    return found[1] if found else "http://deb.debian.org/debian"


# Makes ROOT the root of this process, so that what it runs may boot containers from it, and runs a command
# there. The network stays this machine's.
ENTER = """set -e
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
cd "$root"
mkdir -p old
pivot_root . old
umount -l /old
exec "$@"
"""


class Root:
    """A folder with a fresh Debian, of the release NAME or else this machine's, gone after the block."""

    def __init__(self, build, name=None):
        self.codename = name or codename()
        packages = zlib.crc32((INCLUDE + MODULES).encode())
        self.base = os.path.join(build, "builds", f"{self.codename}-{packages:08x}.tar")

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="dime-root.")
        os.chmod(self.path, 0o755)
        try:
            if not os.path.exists(self.base):
                self.make()
            run("tar", "xf", self.base, "-C", self.path, "--numeric-owner")
            # A root that is thrown away needn't reach the disk.
            with open(self.path + "/etc/dpkg/dpkg.cfg.d/unsafe", "w", encoding="ascii") as file:
                file.write("force-unsafe-io\n")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run(["rm", "-rf", "--one-file-system", self.path], check=False)

    def make(self):
        """Makes the tarball."""
        root = os.path.join(self.path, "new")
        run("debootstrap", "--variant=minbase", "--include=" + INCLUDE, self.codename, root, mirror())
        run("chroot", root, "a2enmod", "-q", *MODULES.split())
        os.makedirs(os.path.dirname(self.base), exist_ok=True)
        run("tar", "cf", self.base + ".new", "-C", root, "--numeric-owner", ".")
        os.rename(self.base + ".new", self.base)
        shutil.rmtree(root)

    def entering(self, *command):
        """The command line that runs a command in the root."""
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "sh", self.path, *command]

    def get(self, packages):
        """Downloads what these package files depend on; what is in the root's cache isn't fetched anew."""
        folder = os.path.join(self.path, "tmp", "get")
        os.mkdir(folder)
        names = [shutil.copy(one, folder) for one in packages]
        run("chroot", self.path, "apt-get", "-qq", "-y", "--no-install-recommends", "--download-only",
            "install", *("/tmp/get/" + os.path.basename(name) for name in names))
        shutil.rmtree(folder)


def lacking(source):
    """Which packages the build of dime's packages wants, or an empty text."""
    control = os.path.join(source, "deploy", "debian", "control")
    done = subprocess.run(["dpkg-checkbuilddeps", control], capture_output=True, text=True, check=False)
    return done.stderr.strip()


def find(folder, name="*"):
    """The package files in a folder, without those for debuggers."""
    return sorted(path for path in glob.glob(os.path.join(folder, name + "_*.deb")) if "-dbgsym_" not in path)


def repack(packages, folder, edit):
    """Puts each of these package files into FOLDER once more. EDIT gets the folder with what is in it, to change it."""
    for package in packages:
        unpacked = os.path.join(folder, "unpacked")
        run("dpkg-deb", "-R", package, unpacked)
        edit(unpacked)
        run("dpkg-deb", "-z1", "--root-owner-group", "-b", unpacked, folder)
        shutil.rmtree(unpacked)
