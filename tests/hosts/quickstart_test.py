# quickstart_test.py - quickstart run for real, on a copy of the source that nobody has built yet.
#
# usage: quickstart_test.py BUILDDIR SRCDIR
# Cases about what is missing or goes wrong put programs of their own before the true ones on PATH:
# a package manager that only writes down what it was told, a configure that never ends. After every
# case no process and no file of a quickstart may be left.
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from apertium import missing as apertium_is_missing
from cases import Skip, collect, copy_source, directories, equal, run, true
from serving import PATH, ROOT, free_port, wait_until

BUILD, SOURCE = (os.path.abspath(directory) for directory in directories()[:2])
BUILD_PATIENCE = 900
CHANGE = '{"res":[{"7":"quarters"},{"1":"dimes"},{"4":"pennies"}]}'


class Place:
    """A copy of the source, and a TMPDIR of its own whose contents can be looked at."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="dime-quickstart.")
        os.chmod(self.root, 0o755)
        self.tree, self.tmp = os.path.join(self.root, "a tree, \u00fc"), os.path.join(self.root, "tmp")
        copy_source(SOURCE, self.tree)
        os.mkdir(self.tmp)
        os.chmod(self.tmp, 0o1777)

    def close(self):
        shutil.rmtree(self.root)

    def leftovers(self):
        """Files in TMPDIR, and processes of which the command line or directory is below ours."""
        found = os.listdir(self.tmp)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    command = file.read().decode(errors="replace").replace("\0", " ")
                place = os.readlink(f"/proc/{pid}/cwd")
            except OSError:
                continue
            if self.root in command or place.startswith(self.root):
                found.append(f"process {pid}: {command}")
        return found

    def fake(self, name, text):
        """Puts a shell script of this name into a folder for the front of PATH; the folder."""
        folder = os.path.join(self.root, "fake")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), "w") as file:
            file.write("#!/bin/sh\n" + text + "\n")
        os.chmod(os.path.join(folder, name), 0o755)
        return folder

    def forget_fakes(self):
        shutil.rmtree(os.path.join(self.root, "fake"), ignore_errors=True)

    def without_build(self):
        """Moves the real build away for a while; the move back."""
        build, aside = os.path.join(self.tree, "build"), os.path.join(self.root, "aside")
        if os.path.exists(build):
            os.rename(build, aside)

        def back():
            shutil.rmtree(build, ignore_errors=True)
            if os.path.exists(aside):
                os.rename(aside, build)
        return back


def nothing_left(place):
    """Fails if anything is left; a process that was killed needs a moment to go."""
    end = time.monotonic() + 1
    while place.leftovers() and time.monotonic() < end:
        time.sleep(0.01)
    equal(place.leftovers(), [], "left behind")


class Quickstart:
    """One run of the script. What it says is in a file, which `said` reads."""

    def __init__(self, place, *arguments, path="", user=None, terminal=False, covered=(),
                 **environment):
        self.place = place
        self.output = tempfile.NamedTemporaryFile(dir=place.root, suffix=".output")
        self.environment = dict(os.environ, TMPDIR=place.tmp,
                                DIME_MODELS_FROM=os.path.join(BUILD, "models"))
        self.environment.update(environment)
        self.environment["PATH"] = path + ":" * bool(path) + os.environ["PATH"]
        command = [os.path.join(place.tree, "quickstart"), *arguments]
        if user:
            command = ["setpriv", "--reuid", user, "--regid", "nogroup", "--clear-groups", *command]
        if covered:  # a file, and what quickstart alone sees in its place
            script = 'mount --bind "$1" "$0" && shift && exec "$@"'
            command = ["unshare", "--mount", "sh", "-c", script, *covered, *command]
        if terminal:
            self._start_on_terminal(command)
            return
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=self.output, cwd=place.root, env=self.environment,
                                        start_new_session=True)

    def _start_on_terminal(self, command):
        self.terminal, slave = pty.openpty()
        controlled = ["setsid", "--ctty", *command]
        self.process = subprocess.Popen(controlled, stdin=slave, stdout=self.output,
                                        stderr=self.output, cwd=self.place.root,
                                        env=self.environment, start_new_session=False)
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.output.close()

    def said(self):
        with open(self.output.name, errors="replace") as file:
            return file.read()

    def wait(self, patience=30):
        """The exit status."""
        return self.process.wait(patience)

    def ready(self, patience=60):
        """Waits until it says that dime is served."""
        wait_until(lambda: "dime is served" in self.said() or self.process.poll() is not None,
                   f"quickstart said only: {self.said()}", patience)
        true(self.process.poll() is None, self.said())
        return self

    def stop(self, number, wanted=0):
        """Stops it by a signal, and sees that nothing is left."""
        self.process.send_signal(number)
        equal(self.wait(), wanted, "exit status")
        nothing_left(self.place)

    def directory(self):
        return re.search(r"Logs: (\S+)/log\.", self.said())[1]

    def processes(self):
        """Name to pid of what it started."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    command = file.read().decode(errors="replace").replace("\0", " ")
                with open(f"/proc/{pid}/stat") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == self.process.pid and self.directory() in command:
                program = re.search(r"/(\w+) --listen", command)
                found[program[1] if program else "nginx"] = int(pid)
        return found


def curl(*arguments):
    return subprocess.run(["curl", "-qfs", "--noproxy", "*", *arguments], capture_output=True,
                          text=True).stdout


def change(port):
    return curl("-d", '{"amount":1.89}', f"http://127.0.0.1:{port}/cgi-bin/change")


def can_mount():
    """Whether a quickstart can be given a mount namespace of its own."""
    return ROOT and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0


def refused(place, status, *arguments, **words):
    """Runs quickstart, which has to end with this status and leave nothing; what it said."""
    with Quickstart(place, *arguments, **words) as quickstart:
        equal(quickstart.wait(), status, f"exit status ({quickstart.said().strip()})")
        nothing_left(place)
        return quickstart.said()


# Words on the command line.

def test_shellcheck(_):
    """shellcheck finds nothing in it."""
    if not shutil.which("shellcheck"):
        raise Skip("shellcheck isn't installed")
    for shell in ("sh", "dash"):
        said = subprocess.run(["shellcheck", "-s", shell, os.path.join(SOURCE, "quickstart")],
                              capture_output=True, text=True)
        equal(said.stdout + said.stderr, "")


def test_help(place):
    """--help says what there is."""
    said = refused(place, 0, "--help")
    for word in ("--port", "--workers", "check", "Debian 12 and 13"):
        true(word in said, word)


def test_wrong_words(place):
    """A wrong option or number gets one line and status 2."""
    for words in (["--prot", "1"], ["--port"], ["--port", "0"], ["--port", "65536"],
                  ["--port", "x"], ["--port", "80a"], ["--port", "-1"], ["--port="],
                  ["--workers", "0"], ["--workers", "65"], ["--workers", "9" * 20],
                  ["serve"], ["--port", "080"], ["--port", ""]):
        said = refused(place, 2, *words)
        equal(said.count("\n"), 1, f"lines for {words}")


# What may be in the way.

def test_port_taken(place):
    """A taken port gets one line, before anything is built or started."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"),
                            (socket.AF_INET6, "::")):
        with socket.socket(family) as other:
            other.bind((address, 0))
            other.listen()
            port = other.getsockname()[1]
            said = refused(place, 1, "--port", str(port))
            equal(said, f"quickstart: port {port} is taken; choose another one:"
                  " ./quickstart --port N\n", address)
            true(not os.path.exists(os.path.join(place.tree, "build")), "it has built")


def listen_on(address, alone):
    """A socket that listens on this IPv6 address, and for IPv4 as well unless it's alone."""
    other = socket.socket(socket.AF_INET6)
    other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, alone)
    other.bind((address, 0))
    other.listen()
    return other


def test_low_port(place):
    """A port that only root may have gets one line."""
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as file:
        first = int(file.read())
    if first < 2:
        raise Skip("every port is free for all here")
    true("root" in refused(place, 1, "--port", "1"), "it doesn't say why")


def fake_dpkg(place, missing, provides=None):
    """A dpkg-query that knows all packages but these, which aren't commands either; one of them may be
    but another name of the last package."""
    with open(os.path.join(place.tree, "quickstart")) as file:
        names = " ".join(re.findall(r"^\w+_PACKAGES='([^']*)'", file.read(), re.M)).split()
    lines = [f"{'not-installed' if name in missing.split('|') else 'installed'} {name}, " for name in names]
    if provides:
        lines.append(f"installed another, something (= 1.0), {provides} (= 1:2.0), more")
    return place.fake("dpkg-query", "cat <<'END'\n" + "\n".join(lines) + "\nEND")


def test_missing_without_sudo(place):
    """Without root and sudo, a missing package gets the command for an administrator."""
    if not ROOT:
        raise Skip("needs root, to become somebody else")
    if shutil.which("sudo"):
        raise Skip("sudo is installed")
    fake = fake_dpkg(place, "libfcgi-dev|libjson-c-dev")
    said = refused(place, 1, "--port", str(free_port()), path=fake, user="nobody")
    place.forget_fakes()
    equal(said.count("\n"), 1, "lines")
    true(said.endswith("apt-get install --no-install-recommends libfcgi-dev libjson-c-dev\n"), said)


def install_with_fakes(place, missing, status=9, user=None, covered=(), **fakes):
    """What it said, and what the fakes were told; apt-get ends with this status, it with 1."""
    told = os.path.join(place.root, "told")
    with open(told, "w"):
        pass
    os.chmod(told, 0o666)
    fake = fake_dpkg(place, missing)
    place.fake("apt-get", f'echo "apt-get $*" >>{told}\n'
               f'case $* in *" install "*) exit {status} ;; esac')
    for name, text in fakes.items():
        place.fake(name, text.replace("TOLD", told))
    said = refused(place, 1, "--port", str(free_port()), path=fake, user=user, covered=covered)
    place.forget_fakes()
    with open(told) as file:
        return said, file.read()


def test_missing_as_root(place):
    """Root installs what is missing; a failure of apt-get gets one line."""
    if not ROOT:
        raise Skip("needs root")
    said, told = install_with_fakes(place, "libfcgi-dev")
    equal(told, "apt-get -qq update\napt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install libfcgi-dev\n")
    true("installing libfcgi-dev" in said and "could not be installed" in said, said)


def test_missing_with_sudo(place):
    """Another user installs what is missing through sudo."""
    if not ROOT:
        raise Skip("needs root, to become somebody else")
    said, told = install_with_fakes(place, "libfcgi-dev", user="nobody",
                                    sudo='echo "sudo $*" >>TOLD; exec "$@"')
    true("installing with sudo libfcgi-dev" in said, said)
    true("sudo env DEBIAN_FRONTEND=noninteractive apt-get" in told, told)
    true("--no-install-recommends -o Dpkg::Use-Pty=0 install libfcgi-dev" in told, told)


def test_debians_nginx(place):
    """The nginx service that Debian starts as it installs nginx is stopped and disabled."""
    nginx = shutil.which("nginx", path=PATH)
    if not can_mount():
        raise Skip("needs root, and a mount namespace to hide the nginx that is here")
    undo = fake_build(place, "exit 1")
    tell = 'echo "$(basename "$0") $*" >>TOLD'
    said, told = install_with_fakes(place, "nginx", 0, covered=(nginx, "/dev/null"), systemctl=tell, service=tell,
                                    **{"update-rc.d": tell})
    undo()
    true("stopped and disabled" in said, said)
    systemd = os.path.isdir("/run/systemd/system")
    true(("systemctl --quiet disable --now nginx\n" if systemd else
          "service nginx stop\nupdate-rc.d nginx disable\n") in told, told)


def test_provided(place):
    """What another package provides isn't asked for, again at each start."""
    if not ROOT:
        raise Skip("needs root")
    undo = fake_build(place, "exit 1")
    fake = fake_dpkg(place, "libfcgi-dev", provides="libfcgi-dev")
    place.fake("apt-get", "exit 9")
    said = refused(place, 1, "--port", str(free_port()), path=fake)
    place.forget_fakes()
    undo()
    true("configure failed" in said and "installing" not in said, said)


SYSTEMS = (  # what is in /etc/os-release, and the name that it's called by; None where it's known
    ("ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME='Debian GNU/Linux 12 (bookworm)'\n", None),
    ("ID=debian\nVERSION_ID=\"13\"\nPRETTY_NAME='Debian GNU/Linux 13 (trixie)'\n", None),
    ("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux forky/sid\"\n", "Debian GNU/Linux forky/sid"),
    ("ID=debian\nVERSION_ID=\"11\"\nPRETTY_NAME='Debian GNU/Linux 11'\n", "Debian GNU/Linux 11"),
    ("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"12\"\nPRETTY_NAME='Ubuntu 12'\nwhat=serve\ntop=/\n", "Ubuntu 12"),
    ("", "a system without a name"))


def test_systems(place):
    """It names a system that it isn't tried on in one line, and goes on."""
    if not can_mount():
        raise Skip("needs root, and a mount namespace to cover /etc/os-release")
    undo = fake_build(place, "exit 1")
    path = os.path.join(place.root, "os-release")
    for text, name in SYSTEMS:
        with open(path, "w") as file:
            file.write(text)
        said = refused(place, 1, "--port", str(free_port()), path=fake_dpkg(place, "none"),
                       covered=("/etc/os-release", path))
        line = f"quickstart: this is {name}; quickstart is tested on Debian 12 and 13, and goes on\n" if name else ""
        equal(said, line + "quickstart: configuring\nquickstart: configure failed, as shown above\n", text)
    os.unlink(path)
    place.forget_fakes()
    undo()


def test_own_directory_configured(place):
    """A tree that was configured in its own directory gets one line."""
    path = os.path.join(place.tree, "config.status")
    with open(path, "w"):
        pass
    said = refused(place, 1, "--port", str(free_port()))
    os.unlink(path)
    true("make distclean" in said, said)
    equal(said.count("\n"), 1)


def test_path_that_cannot_be(place):
    """A folder in whose path the build can't be gets one line."""
    for name in ("it's", "dollar$", "a(b)", 'a"b', "a&b", "new\nline"):
        folder = os.path.join(place.root, name)
        os.mkdir(folder)
        for file in ("quickstart", "Makefile.am"):
            shutil.copy(os.path.join(place.tree, file), folder)
        done = subprocess.run([os.path.join(folder, "quickstart"), "--port", str(free_port())], capture_output=True,
                              text=True, check=False, env=dict(os.environ, TMPDIR=place.tmp))
        equal((done.returncode, "can't be built below a path like" in done.stderr), (1, True), done.stderr)
        shutil.rmtree(folder)


# Builds that fail or are interrupted, with a configure of our own.

def fake_build(place, configure):
    """A tree with this configure; how to take it away."""
    back = place.without_build()
    for name, text in (("configure", "#!/bin/sh\n" + configure + "\n"), ("Makefile.in", "")):
        with open(os.path.join(place.tree, name), "w") as file:
            file.write(text)
        os.chmod(os.path.join(place.tree, name), 0o755)

    def undo():
        for name in ("configure", "Makefile.in"):
            os.unlink(os.path.join(place.tree, name))
        back()
    return undo


def functions(place):
    """The names of dime's functions, as the Makefile has them."""
    with open(os.path.join(place.tree, "Makefile.am")) as file:
        return re.search(r"^function_PROGRAMS = (.*)$", file.read(), re.M)[1]


def test_build_fails(place):
    """A build that fails shows why, and the status is 1."""
    undo = fake_build(place, "echo the reason; exit 3")
    said = refused(place, 1, "--port", str(free_port()))
    undo()
    true("the reason" in said and said.endswith("configure failed, as shown above\n"), said)


def test_signals_while_building(place):
    """A signal while it builds ends the build, all of it, at once."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        undo = fake_build(place, "sleep 300 & sleep 300")
        with Quickstart(place, "--port", str(free_port())) as quickstart:
            wait_until(lambda: "configuring" in quickstart.said(), "it doesn't configure")
            wait_until(lambda: sum("sleep" in one for one in place.leftovers()) == 2, "no sleep")
            start = time.monotonic()
            quickstart.process.send_signal(number)
            status = quickstart.wait()
            true(time.monotonic() - start < 5, "it took long")
            equal(status, -9 if number == signal.SIGKILL else 128 + number, number.name)
            if number != signal.SIGKILL:
                nothing_left(place)
            for one in place.leftovers():
                os.kill(int(one.split()[1].rstrip(":")), signal.SIGKILL)
        undo()


def test_check(place):
    """`quickstart check` makes warnings errors, runs all tests and ends as they do."""
    for result in (0, 2):
        rules = (f"dime-describe {functions(place)} www-here:\\n\\t@true\\n"
                 f"check-all:\\n\\t@echo all tests; exit {result}\\n")
        undo = fake_build(place, f'echo "$*" >../../told; printf "{rules}" >Makefile')
        fake = fake_dpkg(place, "none")
        with Quickstart(place, "check", path=fake) as quickstart:
            equal(quickstart.wait(), result)
            true("all tests" in quickstart.said(), quickstart.said())
        with open(os.path.join(place.tree, "told")) as file:
            true("--enable-werror" in file.read(), "warnings aren't errors")
        os.unlink(os.path.join(place.tree, "told"))
        place.forget_fakes()
        undo()


# The real thing.

def test_first_start(place):
    """From a clean copy it builds and serves, and what it prints is true."""
    port = free_port()
    with Quickstart(place, "--port", str(port)) as quickstart:
        quickstart.ready(BUILD_PATIENCE)
        said = quickstart.said()
        equal(change(port), CHANGE)
        true("<title>dime" in curl(f"http://127.0.0.1:{port}/"), "no page")
        lines = re.findall(r"^  (curl .*)$", said, re.M)
        equal(len(lines), 3, "curl lines")
        answers = [subprocess.run(line, shell=True, capture_output=True, text=True,
                                  cwd=place.tree).stdout for line in lines]
        equal(answers[:2], [CHANGE, '{"message":"hello you"}'])
        if os.path.exists(os.path.join(place.tree, "build", "models", "PROVENANCE")):
            true('"Name":"Cat"' in answers[2], f"labels answers {answers[2]}")
        else:  # no registry could be reached
            true('"status":503' in answers[2], f"labels answers {answers[2]}")
        logs = re.search(r"Logs: (\S+)\.", said)[1]
        equal(sorted(os.listdir(logs)), ["access.log", "change.log", "hello.log",
                                           "labels.log", "nginx.log", "translate.log"])
        place_of_it = os.stat(quickstart.directory())
        equal((place_of_it.st_mode & 0o777, place_of_it.st_uid), (0o750 if ROOT else 0o700, os.getuid()),
              "mode and owner of its directory")
        quickstart.stop(signal.SIGINT)


def addresses_of(pid):
    """Where a process listens, in the kernel's hexadecimal: 0100007F is 127.0.0.1."""
    sockets = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        found = re.match(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{name}"))
        if found:
            sockets.add(found[1])
    found = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}", encoding="ascii") as file:
            found += [words[1].split(":")[0] for words in map(str.split, file)
                      if words[3] == "0A" and words[9] in sockets]
    return found


def test_with_translate(place):
    """With --with-translate Apertium translates, listens on loopback alone, and is gone at the end."""
    if apertium_is_missing():
        raise Skip(apertium_is_missing())
    port = free_port()
    with Quickstart(place, "--port", str(port), "--with-translate") as quickstart:
        quickstart.ready(BUILD_PATIENCE)
        lines = re.findall(r"^  (curl .*/translate)$", quickstart.said(), re.M)
        equal(len(lines), 1, "the line for translate")
        answer = subprocess.run(lines[0], shell=True, capture_output=True, text=True, check=False).stdout
        true('"TranslatedText":"Hola Mundo"' in answer, answer)
        pids = [pid for pid in filter(str.isdigit, os.listdir("/proc"))
                if f"{quickstart.directory()}/apy-on-loopback" in command_of(pid)]
        equal([addresses_of(pid) for pid in pids], [["0100007F"]])
        parts = [pid for pid in filter(str.isdigit, os.listdir("/proc")) if session_of(pid) == pids[0]]
        true(len(parts) > 5, f"{len(parts)} processes of Apertium's")
        quickstart.stop(signal.SIGINT)
        wait_until(lambda: not any(session_of(pid) == pids[0] for pid in parts), "parts of Apertium are left")


def command_of(pid):
    """The command line of a process; empty where it has gone."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().decode(errors="replace").replace("\0", " ")
    except OSError:
        return ""


def session_of(pid):
    """Which session a process is in, by the PID of its leader; empty where it has gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[3]
    except OSError:
        return ""


def test_apertium_dies(place):
    """If Apertium dies, it says so and ends with status 1."""
    if apertium_is_missing():
        raise Skip(apertium_is_missing())
    with Quickstart(place, "--port", str(free_port()), "--with-translate") as quickstart:
        quickstart.ready()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            if f"{quickstart.directory()}/apy-on-loopback" in command_of(pid):
                os.kill(int(pid), signal.SIGKILL)
        equal(quickstart.wait(), 1)
        true("apertium has stopped by itself" in quickstart.said(), quickstart.said())
        nothing_left(place)


def test_port_of_ipv6(place):
    """Somebody who listens on [::] for IPv6 alone isn't in the way."""
    with listen_on("::", True) as other:
        port = other.getsockname()[1]
        with Quickstart(place, "--port", str(port)) as quickstart:
            quickstart.ready()
            equal(change(port), CHANGE)
            quickstart.stop(signal.SIGTERM)


def test_port_taken_later(place):
    """A port that is found taken only as nginx starts gets the same line."""
    fake = place.fake("curl", "exit 7")
    with listen_on("::", False) as other:
        port = other.getsockname()[1]
        said = refused(place, 1, "--port", str(port), path=fake)
    place.forget_fakes()
    true(f"quickstart: port {port} is taken; choose another one: ./quickstart --port N\n" in said, said)
    true("dime is served" not in said, said)


def test_second_start(place):
    """The second start builds nothing and takes a moment."""
    programs = [os.path.join(place.tree, "build", name) for name in ("hello", "change")]
    before = [os.stat(program).st_mtime_ns for program in programs]
    port = free_port()
    start = time.monotonic()
    with Quickstart(place, "--port", str(port)) as quickstart:
        quickstart.ready()
        took = time.monotonic() - start
        quickstart.stop(signal.SIGTERM)
    equal([os.stat(program).st_mtime_ns for program in programs], before, "built again")
    true(took < 5, f"it took {took:.1f} s")


def test_terminal(place):
    """Ctrl-C on a terminal, and closing the terminal, stop everything cleanly."""
    for end in (lambda quickstart: os.write(quickstart.terminal, b"\x03"),
                lambda quickstart: os.close(quickstart.terminal)):
        port = free_port()
        with Quickstart(place, "--port", str(port), terminal=True) as quickstart:
            quickstart.ready()
            equal(change(port), CHANGE)
            end(quickstart)
            equal(quickstart.wait(), 0, quickstart.said())
            nothing_left(place)


def test_hangup(place):
    """SIGHUP stops everything cleanly."""
    with Quickstart(place, "--port", str(free_port())) as quickstart:
        quickstart.ready().stop(signal.SIGHUP)


def test_killed(place):
    """If it is killed, what it started ends."""
    with Quickstart(place, "--port", str(free_port())) as quickstart:
        quickstart.ready().process.kill()
        wait_until(lambda: not [one for one in place.leftovers() if one.startswith("process")],
                   "processes are left")
        shutil.rmtree(quickstart.directory())


def test_two_at_once(place):
    """Two of them on two ports don't disturb each other."""
    ports = free_port(), free_port()
    with Quickstart(place, "--port", str(ports[0])) as one:
        with Quickstart(place, f"--port={ports[1]}", "--workers", "1") as two:
            one.ready(), two.ready()
            equal([change(port) for port in ports], [CHANGE] * 2)
            two.process.send_signal(signal.SIGINT)
            equal(two.wait(), 0)
        equal(change(ports[0]), CHANGE, "the other one")
        one.stop(signal.SIGINT)


def test_process_dies(place):
    """If a function or nginx dies, it says so, stops the rest and ends with status 1."""
    for name in ("change", "hello", "nginx"):
        with Quickstart(place, "--port", str(free_port())) as quickstart:
            quickstart.ready()
            os.kill(quickstart.processes()[name], signal.SIGKILL)
            equal(quickstart.wait(), 1)
            true(f"{name} has stopped by itself" in quickstart.said(), quickstart.said())
            nothing_left(place)


def test_as_root(place):
    """Root serves as nobody, and says so."""
    if not ROOT:
        raise Skip("needs root")
    with Quickstart(place, "--port", str(free_port())) as quickstart:
        quickstart.ready()
        true("run as nobody" in quickstart.said(), quickstart.said())
        processes = quickstart.processes()
        equal(sorted(processes), ["change", "hello", "labels", "nginx", "translate"])
        for name, pid in processes.items():
            with open(f"/proc/{pid}/status") as file:
                status = file.read()
            equal(set(re.search(r"^Uid:\s+(.*)$", status, re.M)[1].split()), {"65534"}, name)
            for kind in ("CapPrm", "CapEff", "CapBnd"):
                equal(re.search(rf"^{kind}:\s+(\w+)$", status, re.M)[1].strip("0"), "", name)
        quickstart.stop(signal.SIGINT)


def environment_of(pid):
    """The environment that a process was started with."""
    with open(f"/proc/{pid}/environ", errors="replace") as file:
        return dict(one.partition("=")[::2] for one in file.read().split("\0") if one)


SECRETS = {"AWS_SECRET_ACCESS_KEY": "of-root", "AWS_ACCESS_KEY_ID": "of-root", "FOREIGN": "of-root"}


def test_environment_as_root(place):
    """What serves for root gets what it needs of root's environment, and no secrets."""
    if not ROOT:
        raise Skip("needs root")
    with Quickstart(place, "--port", str(free_port()), TRANSLATE_ENGINE="apertium", **SECRETS) as quickstart:
        quickstart.ready()
        true("aren't given to nobody" in quickstart.said(), quickstart.said())
        for name, pid in quickstart.processes().items():
            found = environment_of(pid)
            equal(("of-root" in found.values(), "HOME" in found), (False, False), name)
            if name != "nginx":  # which writes its title there
                equal((found["TRANSLATE_ENGINE"], found["TMPDIR"]), ("apertium", quickstart.directory() + "/tmp"), name)
        quickstart.stop(signal.SIGINT)


# For ever puts links in the place of the functions' logs, as soon as they're there, and of what root wrote
# there once.
RACER = """
import glob, os, sys, time
folder, victim, *functions = sys.argv[1:]
while True:
    time.sleep(0.0005)
    paths = [path for name in functions for path in glob.glob(f"{folder}/dime.*/log/{name}.log")]
    for path in paths + [one + "/health" for one in glob.glob(f"{folder}/dime.*/tmp")]:
        try:
            if not os.path.islink(path):
                os.symlink(victim, path + "~")
                os.rename(path + "~", path)
        except OSError:
            pass
"""


def test_nobody_cannot_use_root(place):
    """Another process of nobody's gets nothing written or read by root, and changes no program."""
    if not ROOT:
        raise Skip("needs root")
    victim = os.path.join(place.root, "victim")
    with open(victim, "w") as file:
        file.write("a secret of root's\n")
    os.chmod(victim, 0o600)

    def state():
        found = os.stat(victim)
        return found.st_uid, found.st_mode, found.st_mtime_ns
    before = state()
    nobody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
    racer = subprocess.Popen([*nobody, sys.executable, "-c", RACER, place.tmp, victim, *functions(place).split()])
    try:
        with Quickstart(place, "--port", str(free_port())) as quickstart:
            quickstart.ready()
            run_folder = quickstart.directory()
            found = subprocess.run([*nobody, "find", run_folder, "-maxdepth", "2", "-writable", "-not", "-type", "l"],
                                   capture_output=True, text=True, check=False).stdout.split("\n")
            own = {os.path.join(run_folder, name) for name in ("log", "tmp", "sockets")}
            others = {one for one in found if one and one not in own and os.path.dirname(one) not in own}
            equal(others, set(), "what nobody can change")
            equal({one for one in found if one in own}, own, "what is nobody's")
            for name in quickstart.processes().keys() - {"nginx"}:
                path = os.path.join(run_folder, "log", name + ".log")
                wait_until(lambda path=path: os.path.islink(path), "no link is placed at " + path, 10)
            os.kill(quickstart.processes()["change"], signal.SIGKILL)
            equal(quickstart.wait(), 1)
            true("change has stopped by itself" in quickstart.said(), quickstart.said())
            true("a secret of root's" not in quickstart.said(), "root reads what a link of nobody's leads to")
            nothing_left_but(place, racer.pid)
    finally:
        racer.kill()
        racer.wait()
    with open(victim) as file:
        equal(file.read(), "a secret of root's\n", "root's file")
    equal(state(), before, "root's file")
    os.unlink(victim)


def nothing_left_but(place, pid):
    """Fails if anything but this process is left."""
    wait_until(lambda: not [one for one in place.leftovers() if not one.startswith(f"process {pid}:")],
               "something is left", 2)


def test_closed_directory_as_root(place):
    """Root can serve from a directory that nobody else may enter."""
    if not ROOT:
        raise Skip("needs root")
    port = free_port()
    os.chmod(place.tree, 0o700)
    with Quickstart(place, "--port", str(port)) as quickstart:
        quickstart.ready()
        equal(change(port), CHANGE)
        true("<title>" in curl(f"http://127.0.0.1:{port}/docs"), "no page")
        quickstart.stop(signal.SIGINT)
    os.chmod(place.tree, 0o755)


def test_full_tmpdir(place):
    """A TMPDIR without room gets one line that says so, and nothing is left."""
    if not can_mount():
        raise Skip("needs root, and a mount namespace for a small TMPDIR")
    script = 'mount -t tmpfs -o size=64k none "$TMPDIR" && "$@"; s=$?; ls "$TMPDIR"; exit $s'
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh",
                           os.path.join(place.tree, "quickstart"), "--port", str(free_port())],
                          capture_output=True, text=True, env=dict(os.environ, TMPDIR=place.tmp))
    equal((done.returncode, done.stdout.splitlines()[1:]), (1, []), "left in it")
    equal(done.stderr, f"quickstart: there is no room for 2 MB in {place.tmp}; make some, or try:"
          " TMPDIR=/var/tmp ./quickstart\n")


def test_unusual_tmpdir(place):
    """A TMPDIR that can't be used gets one clear line."""
    for name in ("with space", "quote'\"", "dollar$x", "l" * 100):
        folder = os.path.join(place.root, name)
        os.mkdir(folder)
        with Quickstart(place, "--port", str(free_port()), TMPDIR=folder) as quickstart:
            equal(quickstart.wait(), 1)
            true("TMPDIR" in quickstart.said().splitlines()[-1], quickstart.said())
        equal(os.listdir(folder), [])
        os.rmdir(folder)
    said = refused(place, 1, "--port", str(free_port()), TMPDIR=place.root + "/nothing")
    true("TMPDIR" in said.splitlines()[-1], said)


def test_ordinary_user(place):
    """An ordinary user without sudo builds and serves; their style is that of the tree."""
    if not ROOT:
        raise Skip("every other case has shown it")
    subprocess.run(["chown", "-R", "nobody:nogroup", place.tree], check=True)
    port = free_port()
    with Quickstart(place, "--port", str(port), user="nobody", **SECRETS) as quickstart:
        quickstart.ready(BUILD_PATIENCE)
        equal(change(port), CHANGE)
        for name in quickstart.processes().keys() - {"nginx"}:  # which writes its title there
            found = environment_of(quickstart.processes()[name])
            equal((found.get("AWS_SECRET_ACCESS_KEY"), found.get("FOREIGN")), ("of-root", None), name)
        with open(os.path.join(place.tree, "www", "style.css"), "a") as file:
            file.write("/* edited */\n")
        true("edited" in curl(f"http://127.0.0.1:{port}/style.css"), "an edit isn't seen")
        quickstart.stop(signal.SIGINT)


def test_new_function(place):
    """A function that is new in the tree is served: nothing about it stands in a server's configuration."""
    functions = os.path.join(place.tree, "src", "functions")
    with open(os.path.join(functions, "hello.c"), encoding="utf-8") as file:
        text = file.read()
    with open(os.path.join(functions, "again.c"), "w", encoding="utf-8") as file:
        file.write(text.replace("DIME_FUNCTION(hello", "DIME_FUNCTION(again"))
    with open(os.path.join(place.tree, "Makefile.am"), "a", encoding="utf-8") as file:
        file.write("function_PROGRAMS += again\nagain_SOURCES = src/functions/again.c\n")
    port = free_port()
    with Quickstart(place, "--port", str(port)) as quickstart:
        quickstart.ready(BUILD_PATIENCE)
        true("hello" in curl(f"http://127.0.0.1:{port}/cgi-bin/again?name=you"), "the new function doesn't answer")
        quickstart.stop(signal.SIGINT)


if __name__ == "__main__":
    # Where SIGINT is ignored, as for a background job, what is started here would never see Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for need in ("nginx", "setpriv", "curl", "autoreconf"):
        if not shutil.which(need, path=PATH):
            print(f"skip - all of it: {need} isn't installed\n0 passed, 0 failed, 1 skipped")
            sys.exit(0)
    shared = Place()
    try:
        result = run(collect(globals()), shared)
    finally:
        shared.close()
    sys.exit(result)
