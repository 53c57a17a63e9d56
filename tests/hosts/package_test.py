# package_test.py - Debian's packages, from `make deb` to a purge, on a fresh Debian of this machine's release.
#
# usage: package_test.py BUILDDIR SRCDIR
# The packages are built. lintian, shellcheck, `systemd-analyze verify`, `nginx -t` and `apachectl configtest`
# judge them. Then an administrator's life: install, nginx, Apache, an upgrade under load to packages that were
# edited into a next version's, remove, purge. It takes place in a container with its own systemd (machine.py,
# debian_root.py), without a network. At last an author's first function, in another root (debian_author.py).
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import debian_author
import debian_root
import hosting
from cases import Skip, collect, directories, equal, run, true
from machine import Machine, missing

BUILD, SOURCE = map(os.path.abspath, directories())
with open(os.path.join(SOURCE, "configure.ac"), encoding="utf-8") as lines:
    VERSION = re.search(r"^AC_INIT\(\[dime\], \[([^]]+)", lines.read(), re.M)[1]
NEXT = re.sub("[0-9]", "9", VERSION)  # as long, since it is put into a program
PACKAGES = ("dime", "dime-labels", "dime-lambda", "dime-queue", "dime-translate")
SOCKETS = ("dime@change.socket", "dime@hello.socket")
RES = '{"res":[{"4":"quarters"}]}'
SITE = "dime.example.org"
TIMERS = ("dime-alarm.timer", "dime-schedule@hello.timer")
CONFIGURATION = ("dime-base.conf", "dime-function.conf", "dime-http.conf", "dime-server.conf")
# What the next version's configuration has at the ends of its files.
MORE = {"dime-base.conf": b"map $uri $dime_next { default next; }\n"
                          b"upstream dime_next { server unix:/run/dime/hello.sock; }\n",
        "dime-server.conf": b"location = /cgi-bin/next {\n    include /etc/dime/dime-function.conf;\n"
                            b"    add_header X-Next $dime_next;\n    fastcgi_pass dime_next;\n}\n"}
LOAD_SECONDS = 300  # at most
# Before any upgrade an administrator writes this into a file that he was given.
OURS = "# ours\n"


class Administrator(Machine):
    """The machine, and what an administrator does with it."""

    def apt(self, *words):
        """Runs apt-get, which asks nothing and keeps files that were changed."""
        return self.run("env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "apt-get", "-y", "-q",
                        "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold",
                        *words)

    def install(self, version, *names):
        """Installs packages of the folder /mnt/VERSION."""
        folder = os.path.join(self.stage, version)
        files = [os.path.basename(path) for name in names for path in debian_root.find(folder, name)]
        equal(len(files), len(names), f"packages {names} in {folder}")
        return self.apt("install", *(f"/mnt/{version}/{file}" for file in files))

    def curl(self, path, *options, host="localhost"):
        """The body of an answer of 2xx by a web server of the machine, which may just be starting."""
        return self.run("curl", "-sS", "--fail-with-body", "--retry", "5", "--retry-connrefused", "-H", "Host: " + host, *options,
                        "http://127.0.0.1" + path)

    def shown(self, name, unit):
        """A property of a unit."""
        return self.run("systemctl", "show", "-P", name, unit).strip()

    def quiet(self, *command):
        """Runs a command that must succeed and have nothing to say."""
        said = self.try_run(*command)
        equal((said.returncode, said.stdout + said.stderr), (0, ""), " ".join(command))

    def append(self, path, text):
        with open(self.path(path), "a", encoding="utf-8") as file:
            file.write(text)

    def read(self, path):
        with open(self.path(path), encoding="utf-8") as file:
            return file.read()

    def files(self):
        """All paths but those that come and go with logs, caches, apt and the web servers themselves."""
        found = self.run("find", "/", "-xdev", "(", "-path", "/tmp", "-o", "-path", "/var/log", "-o",
                         "-path", "/var/cache", "-o", "-path", "/var/lib/apt", "-o", "-path", "/mnt", ")",
                         "-prune", "-o", "-print").splitlines()
        others = ("/var/lib/nginx/", "/var/lib/apache2/", "/var/lib/systemd/linger", "/var/tmp/systemd-private-")
        found = [path for path in found if not path.startswith(others) or "dime" in path]
        return set(found) | set(self.run("find", "/run", "-name", "*dime*").splitlines())


class Load:
    """
    wrk within the machine's network, in the background; `end` judges its counts. A reload of nginx
    closes idle connections, and then a client sends a request again (RFC 9112, 9.3.1). wrk doesn't:
    where nginx is reloaded it gets HEADERS that let it connect anew for each request.
    """

    def __init__(self, m, *headers, clients=16):
        if not shutil.which("wrk"):
            raise Skip("wrk isn't installed")
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "nsenter", "-t", str(m.leader), "-n", "wrk", "-t1", f"-c{clients}", f"-d{LOAD_SECONDS}s",
             "--timeout", "5s", "-H", "Host: " + SITE, *(word for one in headers for word in ("-H", one)),
             "http://127.0.0.1/cgi-bin/change?amount=1"],
            stdout=subprocess.PIPE, text=True)
        time.sleep(2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def end(self, what):
        """All of the requests were answered with 200, and there were many."""
        true(self.process.poll() is None, "the load ended before what it was for")
        self.process.send_signal(signal.SIGINT)
        said = self.process.communicate(timeout=60)[0]
        requests = int(re.search(r"(\d+) requests in", said)[1])
        print(f"# {what}: {requests} requests")
        true(requests > 1000, f"only {requests} requests")
        true("Socket errors" not in said and "Non-2xx" not in said, said)


def next_version(folder):
    """Edits a package of this version, which is in FOLDER, into one of the next: with another number and another map."""
    def edit(name, change):
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            old = file.read()
        new = change(old)
        true(new != old, f"{path} is as it was")
        with open(path, "wb") as file:
            file.write(new)

    def renumber(text):
        return text.replace(VERSION.encode(), NEXT.encode())
    edit("DEBIAN/control", renumber)
    if os.path.exists(os.path.join(folder, "usr/bin/dime")):
        edit("usr/bin/dime", renumber)
        for name in CONFIGURATION:
            for place in ("etc/dime", "usr/share/dime/nginx"):
                edit(os.path.join(place, name), lambda text: text + b"# next\n" + MORE.get(name, b""))
        for name in ("etc/apache2/sites-available/dime.conf", "usr/lib/systemd/system/dime@.socket"):
            edit(name, lambda text: text + b"# next\n")


# The packages as files.

def test_lintian(_):
    """lintian has nothing to say, and each override has its reason above it."""
    changes = glob.glob(os.path.join(BUILD, "deb", "*.changes"))
    equal(len(changes), 1, "files of changes")
    # One source is for two releases of Debian, and names the policy of the older one.
    said = subprocess.run(["lintian", "--allow-root", "-EvI", "--fail-on", "error,warning,info",
                           "--suppress-tags", "out-of-date-standards-version", *changes], capture_output=True, text=True, check=False)
    tags = [line for line in said.stdout.splitlines() if not line.startswith("N:")]
    equal((tags, said.returncode), ([], 0), said.stderr)
    for path in glob.glob(os.path.join(SOURCE, "deploy", "debian", "**", "*lintian-overrides"), recursive=True):
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        equal([line[:2] == "# " for line in lines], [True, False] * (len(lines) // 2), path)


def test_dependencies(_):
    """An administrator of change is given nothing else; the tool reads descriptions with json-c."""
    package, = debian_root.find(os.path.join(BUILD, "deb"), "dime")
    depends = debian_root.run("dpkg-deb", "-f", package, "Depends")
    equal(sorted(word.split()[0] for word in depends.split(",")), ["libc6", "libjson-c5"])


def test_settings(_):
    """All that lies in /etc is dpkg's to keep when it was changed."""
    for package in debian_root.find(os.path.join(BUILD, "deb")):
        listed = debian_root.run("dpkg-deb", "-c", package).split("\n")
        held = {line.split()[5][1:] for line in listed if line.startswith("-") and " ./etc/" in line}
        said = subprocess.run(["dpkg-deb", "-I", package, "conffiles"], capture_output=True, text=True,
                              check=False).stdout.split()
        equal(held, set(said), package)


def test_scripts(m):
    """shellcheck has nothing to say of the scripts that ship, as they are installed."""
    if not shutil.which("shellcheck"):
        raise Skip("shellcheck isn't installed")
    with tempfile.TemporaryDirectory() as folder:
        checked = []
        for package in debian_root.find(os.path.join(m.stage, "deb")):
            place = os.path.join(folder, os.path.basename(package))
            debian_root.run("dpkg-deb", "-R", package, place)
            for path in glob.glob(place + "/**", recursive=True):
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as file:
                        if file.read(9) == b"#!/bin/sh":
                            checked.append(path)
        true(len(checked) >= 8, f"only {len(checked)} scripts")
        # What debhelper adds is its own.
        said = subprocess.run(["shellcheck", "-s", "sh", *checked], capture_output=True, text=True, check=False)
        equal((said.returncode, said.stdout), (0, ""))


# The packages on a machine, in the order of an administrator's days.

def test_install(m):
    """Once dime is installed its sockets are open, for the next boot too, and nothing runs."""
    m.before = m.files()
    m.install("deb", "dime")
    for socket in SOCKETS:
        equal((m.shown("ActiveState", socket), m.shown("UnitFileState", socket)), ("active", "enabled"), socket)
    equal(m.try_run("pgrep", "-f", "/usr/libexec/dime").stdout, "", "what runs")
    equal(m.try_run("systemctl", "is-enabled", "dime-alarm.timer").stdout.strip(), "disabled", "the alarm")
    equal(m.run("dime", "--version"), "dime " + VERSION + "\n")
    equal(m.try_run("dpkg", "--verify", "dime").stdout, "")


def test_units(m):
    """systemd-analyze verify has nothing to say of the units in their places."""
    m.quiet("systemd-analyze", "verify", "--man=no", *SOCKETS, "dime@change.service",
            "dime-schedule@hello.timer", "dime-schedule@hello.service", "dime-alarm.timer",
            "dime-alarm.service")


def test_apache_functions(m):
    """a2enconf puts the functions on every site of Apache."""
    m.run("a2enconf", "-q", "dime")
    equal(m.try_run("apachectl", "configtest").stderr.splitlines()[-1:], ["Syntax OK"])
    m.run("systemctl", "start", "apache2")
    equal(m.curl("/cgi-bin/change?amount=1"), RES)
    equal(m.curl("/healthz/hello"), '{"status":"ok"}')
    true("Apache2" in m.curl("/"), "the site that was there has gone")


def test_apache_site(m):
    """a2ensite puts a site with the pages beside the others."""
    m.run("a2ensite", "-q", "dime")
    equal(m.try_run("apachectl", "configtest").stderr.splitlines()[-1:], ["Syntax OK"])
    m.run("systemctl", "reload", "apache2")
    equal(m.curl("/cgi-bin/change", "-d", '{"amount":1}', host=SITE), RES)
    true("<title>" in m.curl("/docs", host=SITE) and "dime" in m.curl("/", host=SITE), "no pages")
    m.run("systemctl", "stop", "apache2")


def test_apache_modules(m):
    """Where Apache lacks a module, configtest says what to do."""
    m.run("a2dismod", "-q", "-f", "proxy_fcgi")
    said = m.try_run("apachectl", "configtest")
    m.run("a2enmod", "-q", "proxy_fcgi")
    true(said.returncode != 0 and "a2enmod headers proxy proxy_fcgi unique_id" in said.stderr, said.stderr)


def test_lighttpd(m):
    """lighty-enable-mod puts a host with the pages beside what lighttpd has."""
    m.run("lighty-enable-mod", "dime")
    m.quiet("lighttpd", "-tt", "-f", "/etc/lighttpd/lighttpd.conf")
    m.run("systemctl", "start", "lighttpd")
    equal(m.curl("/cgi-bin/change", "-d", '{"amount":1}', host=SITE), RES)
    true("<title>" in m.curl("/docs", host=SITE) and "dime" in m.curl("/", host=SITE), "no pages")
    equal(m.try_run("curl", "-sf", "http://127.0.0.1/cgi-bin/change?amount=1").returncode, 22, "another host")
    m.run("systemctl", "stop", "lighttpd")


def test_nginx(m):
    """The site that README.Debian tells of: a link, nginx -t, and it's served."""
    m.run("ln", "-s", "../sites-available/dime", "/etc/nginx/sites-enabled/")
    m.quiet("nginx", "-t", "-q")
    m.run("systemctl", "start", "nginx")
    equal(m.curl("/cgi-bin/change", "-d", '{"amount":1}', host=SITE), RES)
    equal(m.curl("/healthz/hello", host=SITE), '{"status":"ok"}')
    true("<title>" in m.curl("/docs", host=SITE), "no page")
    said = m.try_run("curl", "-sS", "-H", "Host: " + SITE, "-d", "x", "http://127.0.0.1/cgi-bin/labels")
    true('"status":404' in said.stdout, f"without dime-labels: {said.stdout}")


def test_labels(m):
    """dime-labels is a package of its own, and the models are fetched as its README.Debian says."""
    m.install("deb", "dime-labels")
    hosting.reload_nginx(m)
    models, picture = "/var/lib/dime/models", ["-F", "image=@/usr/share/dime/www/samples/cat.jpg"]
    said = m.try_run("curl", "-sS", "-H", "Host: " + SITE, *picture, "http://127.0.0.1/cgi-bin/labels")
    true("can get the models" in said.stdout, f"without models: {said.stdout}")
    if not os.path.exists(os.path.join(m.stage, "models")):
        raise Skip("with models: `make models` hasn't fetched them")
    m.run("env", "DIME_CACHE=", "DIME_MODELS_FROM=/mnt/models", "sh", "/usr/share/dime/models/fetch", models)
    m.run("systemctl", "try-restart", "dime@labels.service")
    true('"Name":"Cat"' in m.curl("/cgi-bin/labels", *picture, host=SITE), "no cat")
    m.quiet("systemd-analyze", "verify", "--man=no", "dime@labels.service")


def test_translate(m):
    """dime-translate brings its function, which answers."""
    m.install("deb", "dime-translate")
    hosting.reload_nginx(m)
    equal(m.curl("/healthz/translate", host=SITE), '{"status":"ok"}')
    m.quiet("systemd-analyze", "verify", "--man=no", "dime@translate.service")


def test_others(m):
    """dime-queue and dime-lambda give the command its other halves."""
    true(m.try_run("dime", "lambda", "--help").returncode != 0, "dime lambda is there before its package")
    m.install("deb", "dime-queue", "dime-lambda")
    true("dime consume" in m.run("dime", "consume", "--help"), "consume has no help")
    true("dime lambda" in m.run("dime", "lambda", "--help"), "lambda has no help")
    true("labels" in m.run("dime", "list"), "labels isn't listed")


def test_host_nginx(m):
    """`dime host install` and a reload put an author's own function on nginx, as it's described."""
    hosting.puts_on_nginx(m)


def test_host_others(m):
    """The same command puts it on Apache and on lighttpd, and says where they don't include it yet."""
    hosting.puts_on_others(m)


def test_host_upgrade(m):
    """It upgrades the function, and keeps a part that was changed."""
    hosting.upgrades(m)


def test_host_drop_in(m):
    """A service gets its drop-in, and loses it with the version that needs it."""
    hosting.gives_and_takes_a_drop_in(m)


def test_host_refused(m):
    """A configuration that the server refuses is taken back, and the old program serves."""
    hosting.takes_back_what_is_refused(m)


def test_host_packages(m):
    """A package's function can be neither replaced nor removed."""
    hosting.leaves_packages_alone(m)


def test_host_root(m):
    """Who isn't root can't install or remove, and changes nothing."""
    hosting.wants_root(m)


def test_host_read_only(m):
    """A folder that can't be written to is named, and nothing has changed."""
    hosting.bears_folders_that_cannot_be_written(m)


def test_host_full(m):
    """Nor has it on a full disk, or where a file is in the place of a folder."""
    hosting.bears_a_full_disk(m)


def test_host_interrupted(m):
    """An interruption has what was written taken back."""
    hosting.bears_an_interruption(m)


def test_host_remove(m):
    """`dime host remove` takes all of it away but a part that was changed."""
    hosting.takes_away(m)


def test_upgrade(m):
    """An upgrade under load: 0 failed, the new programs serve, what was changed or disabled stays so."""
    m.append("/etc/dime/dime-http.conf", OURS)
    m.run("systemctl", "disable", "--now", "dime@hello.socket")
    m.run("systemctl", "enable", "--now", *TIMERS)
    m.old = {name: m.read("/etc/dime/" + name) for name in CONFIGURATION}
    opened = os.stat(m.path("/run/dime/change.sock")).st_ino
    pid = m.shown("MainPID", "dime@change.service")
    with Load(m) as load:
        m.install("next", *PACKAGES)
        load.end("an upgrade")
    equal(os.stat(m.path("/run/dime/change.sock")).st_ino, opened, "the socket")
    now = m.shown("MainPID", "dime@change.service")
    true(now not in (pid, "0"), "the function wasn't restarted")
    equal(m.run("readlink", f"/proc/{now}/exe").strip(), "/usr/libexec/dime/change", "the program that runs")
    equal(m.run("dime", "--version"), f"dime {NEXT}\n")
    equal(m.read("/etc/dime/dime-http.conf"), m.old["dime-http.conf"], "the changed file")
    true("# next" in m.read("/etc/dime/dime-server.conf"), "the file that wasn't changed is the old one")
    equal((m.shown("ActiveState", "dime@hello.socket"), m.shown("UnitFileState", "dime@hello.socket")),
          ("inactive", "disabled"), "the socket that was disabled")
    m.run("systemctl", "enable", "--now", "dime@hello.socket")
    equal([m.shown("ActiveState", timer) for timer in TIMERS], ["active"] * len(TIMERS), "the timers")


def test_reload(m):
    """nginx takes the new configuration, and again and again, under load: 0 failed."""
    m.quiet("nginx", "-t", "-q")
    with Load(m, "Connection: close") as load:
        for _ in range(8):
            m.run("systemctl", "reload", "nginx")
            time.sleep(1)
        load.end("eight reloads")
    true("hello" in m.curl("/cgi-bin/next", host=SITE), "the new configuration isn't served")


def test_mixed(m):
    """nginx -t passes whichever of the files was changed and so kept by the upgrade."""
    new = {name: m.read("/usr/share/dime/nginx/" + name) for name in CONFIGURATION}
    kept = m.read("/etc/dime/dime-http.conf")

    def put(name, text):
        with open(m.path("/etc/dime/" + name), "w", encoding="utf-8") as file:
            file.write(text)
    for name in CONFIGURATION:
        true(m.old[name] != new[name], f"{name} is the same in both")
        if name != "dime-base.conf":
            put(name, m.old[name])
            m.quiet("nginx", "-t", "-q")
        put(name, new[name])
    for name in set(CONFIGURATION) - {"dime-base.conf"}:
        put(name, m.old[name])
    m.quiet("nginx", "-t", "-q")
    for name in CONFIGURATION:
        put(name, new[name])
    put("dime-http.conf", kept)


def test_remove(m):
    """Removed, nothing is left that runs; the settings are, and the web servers can still start."""
    m.apt("remove", *PACKAGES)
    equal(m.run("find", "/run", "-name", "*dime*"), "")
    equal(m.try_run("pgrep", "-f", "/usr/libexec/dime").stdout, "", "what runs")
    true(m.read("/etc/dime/dime-http.conf").endswith(OURS), "the changed file has gone")
    true(not os.path.exists(m.path("/usr/libexec/dime")), "programs are left")
    m.quiet("nginx", "-t", "-q")
    equal(m.try_run("apachectl", "configtest").stderr.splitlines()[-1:], ["Syntax OK"])
    m.quiet("lighttpd", "-tt", "-f", "/etc/lighttpd/lighttpd.conf")


def test_again(m):
    """Installed again, it serves as before, with the settings that were left."""
    m.install("next", "dime")
    equal(m.curl("/cgi-bin/change?amount=1", host=SITE), RES)
    true(m.read("/etc/dime/dime-http.conf").endswith(OURS), "the changed file has gone")
    for socket in SOCKETS:
        equal((m.shown("ActiveState", socket), m.shown("UnitFileState", socket)), ("active", "enabled"), socket)
    equal([m.shown("ActiveState", timer) for timer in TIMERS], ["active"] * len(TIMERS), "the timers")


def test_purge(m):
    """Purged, nothing is left of it anywhere, and the web servers can start."""
    m.run("systemctl", "enable", "--now", "dime-alarm.timer", "dime-schedule@hello.timer")
    m.run("systemctl", "start", "dime-alarm.service")
    m.append("/etc/dime/labels.env", "LABELS_ENGINE=local\n")
    m.apt("purge", *PACKAGES)
    m.apt("autoremove", "--purge")
    now = m.files()
    equal((sorted(now - m.before), sorted(m.before - now)), ([], []), "what is there now, and isn't")
    equal(m.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "dime*"), "", "units")
    m.quiet("nginx", "-t", "-q")
    equal(m.try_run("apachectl", "configtest").stderr.splitlines()[-1:], ["Syntax OK"])


def why_not():
    """Why the packages can't be tried here, or an empty text."""
    absent = [name for name in ("dpkg-buildpackage", "dh", "lintian", "debootstrap") if not shutil.which(name)]
    if absent:
        return "not installed: " + ", ".join(absent)
    return missing() or debian_root.lacking(SOURCE)


def stage(folder):
    """Makes both versions, and lays them out with the models as the machine is to see them; the first one's files."""
    debian_root.run("make", "-s", "-C", BUILD, "deb")
    shutil.copytree(os.path.join(BUILD, "deb"), os.path.join(folder, "deb"))
    packages = debian_root.find(os.path.join(folder, "deb"))
    os.mkdir(os.path.join(folder, "next"))
    debian_root.repack(packages, os.path.join(folder, "next"), next_version)
    hosting.compile_own(BUILD, os.path.join(folder, "own"))
    if os.path.isdir(os.path.join(BUILD, "models")):
        shutil.copytree(os.path.join(BUILD, "models"), os.path.join(folder, "models"))
    return packages


def main():
    """Builds, boots and runs all; the status to exit with."""
    with tempfile.TemporaryDirectory() as folder, debian_root.Root(BUILD) as root:
        os.chmod(folder, 0o755)
        packages = stage(folder)
        root.get(packages)
        with Administrator(folder, own=root.path) as machine, debian_author.Author(BUILD, packages) as author:
            return run(collect(globals()) + debian_author.cases(author, BUILD, SOURCE), machine)


if __name__ == "__main__":
    reason = why_not()
    if reason:
        print(f"skip - Debian's packages: {reason}\n0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    sys.exit(main())
