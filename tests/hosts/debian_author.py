# debian_author.py - somebody's first function on a fresh Debian: libdime-dev, a compiler, and README.md's lines.
#
# The root (debian_root.py) gets the package files with what they depend on and no more, so that a dependency
# which control forgets is missed here. Neither the source nor anything that this machine has installed can be
# seen from inside. package_test.py runs the cases, on the release that it runs on.
import contextlib
import os
import shutil
import subprocess

import debian_root
import fastcgi
from cases import equal, true
from library_test import HEADERS_OF_CXX, HELLO, STRICT, block_of, block_of_command, invoke_shout
from serving import wait_until

HOME, PACKAGES = "/srv/author", "/srv/packages"
ENVIRONMENT = ("env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + HOME,
               "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")
# What is dime's by its name, wherever it lies.
NAMED = ("find", "/", "-xdev", "(", "-path", HOME, "-o", "-path", PACKAGES, "-o", "-path", "/proc", ")", "-prune", "-o",
         "(", "-name", "dime", "-o", "-name", "dime[.@-]*", "-o", "-name", "libdime*", ")", "-print")
SITE = """server {
    listen unix:%(home)s/nginx.sock;
    location = /cgi-bin/shout {
        include /etc/dime/dime-function.conf;
        fastcgi_pass unix:%(home)s/run/shout.sock;
    }
}
"""


class Author(debian_root.Root):
    """The fresh Debian, and what the author does on it."""

    def __init__(self, build, packages):
        super().__init__(build)
        self.packages = packages

    def __enter__(self):
        super().__enter__()
        for folder in (HOME, PACKAGES):
            os.mkdir(self.path + folder)
        for package in self.packages:
            shutil.copy(package, self.path + PACKAGES)
        return self

    def write(self, name, text):
        """Writes a file; a relative NAME is one of the author's."""
        with open(self.path + os.path.join(HOME, name), "w", encoding="utf-8") as file:
            file.write(text)

    def running(self, *command):
        """The command line that runs a command in the author's folder."""
        return self.entering(*ENVIRONMENT, "sh", "-c", 'cd && exec "$@"', "sh", *command)

    def do(self, *command, stdin=""):
        """Runs a command that must succeed; what it printed."""
        done = subprocess.run(self.running(*command), input=stdin, capture_output=True, text=True, check=False)
        true(done.returncode == 0, f"{' '.join(command)}: {(done.stdout + done.stderr)[-1500:]}")
        return done.stdout

    def shell(self, line):
        return self.do("sh", "-ec", line)

    def install(self, name, *others):
        """Installs one of dime's packages and others with what they depend on, and nothing that is only recommended."""
        file, = debian_root.find(self.path + PACKAGES, name)
        self.do("apt-get", "-y", "-q", "--no-install-recommends", "install", f"{PACKAGES}/{os.path.basename(file)}", *others)

    def cgi(self, **variables):
        """The body of an answer as CGI."""
        said = self.do("env", *(f"{name}={value}" for name, value in variables.items()), "./shout")
        head, _, body = said.replace("\r\n", "\n").partition("\n\n")
        true("Status: 200 OK" in head.split("\n"), said)
        return body


def fresh(author, *hidden):
    """an author's Debian has nothing of dime, and sees nothing of this machine's"""
    equal(author.do(*NAMED), "")
    equal(author.do("find", "/usr/local", "-type", "f"), "", "in /usr/local")
    for folder in hidden:
        author.do("test", "!", "-e", folder)


def installed(author):
    """libdime-dev brings all that its users need but a compiler and pkg-config"""
    author.install("libdime-dev", "gcc", "pkgconf")
    for name in ("dime", "dime-lambda"):
        author.do("pkg-config", "--print-errors", "--exists", name)
    names = author.do("dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n").splitlines()
    equal([name for name in names if "dime" in name and name.startswith("installed")], ["installed libdime-dev"])
    equal(author.do("dpkg", "--verify", "libdime-dev"), "")


def lines(author):
    """README.md's lines are built by its command, and answer as CGI"""
    author.write("shout.c", block_of("README.md", "c"))
    author.shell("\n".join(block_of_command()))
    equal(author.cgi(REQUEST_METHOD="GET", QUERY_STRING="name=you"), HELLO)
    headers = set(author.shell("cc -M shout.c $(pkg-config --cflags dime)").replace("\\\n", " ").split()[2:])
    true("/usr/include/dime.h" in headers, headers)
    equal([name for name in headers if not name.startswith(("/usr/include/", "/usr/lib/gcc/"))], [], "other headers")


def bootstrap(author):
    """with dime-lambda the same lines are a bootstrap"""
    author.shell("\n".join(block_of_command()).replace("libs dime)", "libs dime-lambda)").replace("-o shout", "-o bootstrap"))
    equal(author.do("./bootstrap", "--describe"), author.do("./shout", "--describe"))
    true("libcurl" in author.shell("readelf -d bootstrap"), "it's no bootstrap")


def cxx(author):
    """a file of C++17 includes the headers"""
    author.do("apt-get", "-y", "-q", "--no-install-recommends", "install", "g++")
    author.write("headers.cc", HEADERS_OF_CXX)
    author.shell(f"c++ -std=c++17 {STRICT} -c headers.cc $(pkg-config --cflags dime)")


def nginx(author):
    """nginx serves it, with what the package dime has for a location"""
    author.install("dime")
    author.do("rm", "/etc/nginx/sites-enabled/default")
    author.write("/etc/nginx/sites-enabled/shout", SITE % {"home": HOME})
    author.do("install", "-d", "-o", "www-data", "run")
    user = ("setpriv", "--reuid", "www-data", "--regid", "www-data", "--clear-groups")
    ask = ("curl", "-sS", "--unix-socket", "nginx.sock", "http://localhost/cgi-bin/shout")
    with contextlib.ExitStack() as stack:
        for socket, command in (("run/shout.sock", (*user, "./shout", "--listen", f"unix:{HOME}/run/shout.sock")),
                                ("nginx.sock", ("nginx", "-g", "daemon off;"))):
            program, *words = author.running(*command)
            started = stack.enter_context(fastcgi.Program(author.path + "/tmp", program, words))
            wait_until(lambda: os.path.exists(f"{author.path}{HOME}/{socket}") or started.process.poll() is not None, socket, 30)
            true(started.process.poll() is None, started.said())
        equal(author.do(*ask, "-d", '{"name":"you"}'), HELLO)
        true("<form" in author.do(*ask, "-H", "Accept: text/html"), "no page")


def dime_lambda(author):
    """the installed dime lambda runs the bootstrap"""
    author.install("dime-lambda")
    program, *words = author.running("dime", "lambda", "--listen", "127.0.0.1:0", "shout=./bootstrap")
    invoke_shout(author.path + "/tmp", program, words)


def belongs(author):
    """all of dime that was used came with a package"""
    used = [name for name in author.do(*NAMED).split() if name.startswith("/usr/")]
    true({"/usr/include/dime.h", "/usr/bin/dime-lambda"} < set(used), used)
    author.do("dpkg", "-S", *used)


def cases(author, *hidden):
    """What to try, in an author's order. HIDDEN are folders of this machine that mustn't be seen."""
    def named(case, *more):
        def with_author(_):
            case(author, *more)
        with_author.__doc__ = case.__doc__
        return with_author
    return [named(fresh, *hidden), *map(named, (installed, lines, bootstrap, cxx, nginx, dime_lambda, belongs))]
