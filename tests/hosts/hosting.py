# hosting.py - `dime host` on a machine with dime's packages: an author's own function is put on it, upgraded
# and taken away, and whatever can go wrong meanwhile does.
#
# package_test.py runs these, in this order, on its machine: nginx serves dime's site there. The programs are
# compiled on this machine, against the library as it was installed, as an author has it.
import os
import subprocess

from cases import equal, true
from installed import Installed
from serving import wait_until

OWN = "/etc/dime/functions/shout"
PROGRAM = "/usr/libexec/dime/shout"
DROP_IN = "/etc/systemd/system/dime@shout.service.d/dime.conf"
SITE = "dime.example.org"
# The versions of the author's function, in folders of their own: edits of the text of hello.c.
VERSIONS = {
    "first": {"says": "one"},
    "second": {"says": "two", "body": ".body_max = 20 * 1024,"},
    "heavy": {"says": "heavy", "body": ".heavy = true, .network = true,"},
    "other": {"name": "whisper", "says": "other"},
    "change": {"name": "change", "says": "not the package's"},
}
FUNCTION = """
#include <dime.h>

static void answer(dime_call *call, const void *input)
{
    (void)input;
    dime_put_string(dime_answer(call, 200), "message", "%(says)s");
}

DIME_FUNCTION(%(name)s, .summary = "Says %(says)s", %(body)s .handle = answer);
"""


def compile_own(build, folder):
    """Compiles the versions to FOLDER/VERSION/NAME."""
    with Installed(build) as dime:
        for version, words in VERSIONS.items():
            words = {"name": "shout", "body": "", **words}
            os.makedirs(os.path.join(folder, version))
            program = os.path.join(folder, version, words["name"])
            with open(program + ".c", "w", encoding="utf-8") as file:
                file.write(FUNCTION % words)
            done = subprocess.run(f"cc {program}.c $(pkg-config --cflags --libs dime) -o {program}", shell=True,
                                  env=dime.environment(), capture_output=True, text=True, check=False)
            equal((done.returncode, done.stderr), (0, ""), version)


def own(version):
    """The program of a version, as the machine sees it."""
    return f"/mnt/own/{version}/{VERSIONS[version].get('name', 'shout')}"


def install(m, version, *options, before=()):
    return m.try_run(*before, "dime", "host", "install", own(version), *options)


def fine(done):
    """It has succeeded, with nothing on stderr; what it printed."""
    equal((done.returncode, done.stderr), (0, ""), done.stdout)
    return done.stdout


def refused(done, why, status=2):
    """It has failed, with this as the end of what it says."""
    equal(done.returncode, status, done.stdout + done.stderr)
    true(done.stderr.endswith(why + "\n"), done.stderr)
    true(done.stderr.splitlines()[-1].startswith("dime host: "), done.stderr)


def message(m):
    return m.curl("/cgi-bin/shout", host=SITE)


def status(m, path="/cgi-bin/shout"):
    """The status of an answer, whatever it is."""
    return m.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: " + SITE, "http://127.0.0.1" + path)


def state(m):
    """All that `dime host` may write, with a checksum of each file."""
    return m.run("sh", "-c", "find /etc/dime /etc/systemd/system /usr/libexec/dime -printf '%p %y %m\\n' | sort; "
                 "find /etc/dime /etc/systemd/system /usr/libexec/dime -type f | sort | xargs md5sum")


def reload_nginx(m):
    """Reloads nginx, and returns when no worker of before is there."""
    before = m.run("pgrep", "-f", "nginx: worker").split()
    m.run("systemctl", "reload", "nginx")
    wait_until(lambda: not set(before) & set(m.try_run("pgrep", "-f", "nginx: worker").stdout.split()), "an old worker is left")


class Unchanged:
    """What `dime host` may write is the same after the block as before it."""

    def __init__(self, m):
        self.m = m

    def __enter__(self):
        self.before = state(self.m)

    def __exit__(self, kind, *_):
        if not kind:
            equal(state(self.m), self.before)


def puts_on_nginx(m):
    m.before_own = m.files()
    said = fine(install(m, "first", "--nginx"))
    for line in (f"wrote {OWN}/nginx-http.conf\n", f"wrote {PROGRAM}\n", "dime@shout.socket is open\n",
                 "nginx takes it. Now: systemctl reload nginx\n"):
        true(line in said, said)
    reload_nginx(m)
    equal(message(m), '{"message":"one"}')
    equal(status(m, "/healthz/shout"), "200")
    equal(m.shown("UnitFileState", "dime@shout.socket"), "enabled")
    printed = m.run("dime", "describe", "--nginx", "--programs", "/usr/libexec/dime", "shout")
    equal("".join(m.read(f"{OWN}/nginx-{part}.conf") for part in ("http", "sizes", "server")), printed)
    with Unchanged(m):
        true("wrote " + OWN not in fine(install(m, "first", "--nginx")), "it was written anew")


def puts_on_others(m):
    true("apache takes it. Now: systemctl reload apache2\n" in fine(install(m, "first", "--apache")), "apache")
    m.run("systemctl", "stop", "nginx")
    m.run("systemctl", "start", "apache2")
    equal(message(m), '{"message":"one"}')
    m.run("systemctl", "stop", "apache2")
    m.run("lighty-disable-mod", "dime")
    true("lighttpd doesn't include dime's parts yet" in fine(install(m, "first", "--lighttpd")), "lighttpd includes it")
    m.run("lighty-enable-mod", "dime")
    true("lighttpd takes it. Now: systemctl reload lighttpd\n" in fine(install(m, "first", "--lighttpd")), "lighttpd")
    m.run("systemctl", "start", "nginx")


def upgrades(m):
    m.append(OWN + "/nginx-server.conf", "# ours\n")
    said = fine(install(m, "second", "--nginx"))
    true(f"kept {OWN}/nginx-server.conf, which was changed; the new one is {OWN}/nginx-server.conf.new\n" in said, said)
    true(m.read(OWN + "/nginx-server.conf").endswith("# ours\n"), "the changed part")
    true("client_max_body_size 20480;" in m.read(OWN + "/nginx-server.conf.new"), "the new part")
    true("20480" in m.read(OWN + "/nginx-sizes.conf"), "the part that wasn't changed")
    equal(message(m), '{"message":"two"}', "without a reload")
    true("-gt 20480" in m.read(OWN + "/apache.conf") and "= 20\n" in m.read(OWN + "/lighttpd.conf"), "the other servers' parts")
    true("apache takes it. Now: " in said and "lighttpd takes it. Now: " in said, said)


def gives_and_takes_a_drop_in(m):
    fine(install(m, "heavy"))
    equal((m.shown("Nice", "dime@shout.service"), m.shown("PrivateNetwork", "dime@shout.service")), ("10", "no"))
    m.quiet("systemd-analyze", "verify", "--man=no", "dime@shout.service")
    true("removed " + DROP_IN in fine(install(m, "second")), "the drop-in is left")
    equal(m.shown("Nice", "dime@shout.service"), "0")
    true(not os.path.exists(m.path(os.path.dirname(DROP_IN))), "its folder is left")


def takes_back_what_is_refused(m):
    with Unchanged(m):
        with open(m.path("/etc/nginx/conf.d/broken.conf"), "w", encoding="utf-8") as file:
            file.write("}\n")
        done = install(m, "heavy", "--nginx")
        refused(done, "dime host: the server refuses the configuration, which was taken back")
        true("unexpected" in done.stderr and "broken.conf" in done.stderr, "what nginx says")
        refused(install(m, "other", "--nginx"), "which was taken back")
        os.unlink(m.path("/etc/nginx/conf.d/broken.conf"))
    m.quiet("nginx", "-t", "-q")
    equal(message(m), '{"message":"two"}')
    true(not os.path.exists(m.path("/etc/dime/functions/whisper")), "a folder is left")


def leaves_packages_alone(m):
    with Unchanged(m):
        refused(m.try_run("dime", "host", "remove", "change"), "change: it belongs to a package; apt-get removes that")
        refused(install(m, "change", "--nginx"), "it belongs to a package; give your function another name")
        true("wrote" not in fine(m.try_run("dime", "host", "install", "change", "--nginx")), "it's there already")
    equal(m.try_run("dpkg", "--verify", "dime").stdout.replace("\n", " ").count("functions"), 0)


def wants_root(m):
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    with Unchanged(m):
        refused(install(m, "heavy", "--nginx", before=nobody), "Permission denied")
        refused(install(m, "other", before=nobody), "Permission denied")
        refused(m.try_run(*nobody, "dime", "host", "remove", "shout"), "/usr/libexec/dime: Permission denied")


def bears_folders_that_cannot_be_written(m):
    for folder in (OWN, "/usr/libexec/dime", "/etc/dime/functions"):
        m.run("mount", "--bind", folder, folder)
        m.run("mount", "-o", "remount,bind,ro", folder)
        try:
            with Unchanged(m):
                refused(install(m, "first", "--nginx"), "Read-only file system")
                refused(m.try_run("dime", "host", "remove", "shout"), "Read-only file system",
                        2 if "libexec" in folder else 1)
        finally:
            m.run("umount", folder)
    equal(message(m), '{"message":"two"}')


def bears_a_full_disk(m):
    m.run("sh", "-ec", f"mkdir /tmp/kept; cp -a {OWN}/. /tmp/kept; mount -t tmpfs -o size=64k,mode=755 none {OWN}; "
          f"cp -a /tmp/kept/. {OWN}; rm -r /tmp/kept; head -c 1M /dev/zero >{OWN}/full 2>/dev/null || :")
    try:
        with Unchanged(m):
            refused(install(m, "first", "--nginx"), "No space left on device")
    finally:
        m.run("umount", OWN)
    with open(m.path("/etc/dime/functions/whisper"), "w", encoding="utf-8"):
        pass
    with Unchanged(m):
        refused(install(m, "other", "--nginx"), "/etc/dime/functions/whisper/nginx-http.conf: Not a directory")
    os.unlink(m.path("/etc/dime/functions/whisper"))


def bears_an_interruption(m):
    """A signal while the server tests: to all, as a terminal sends it, and to the command alone."""
    m.run("sh", "-ec", "mkdir /tmp/slow; printf '#!/bin/sh\\nsleep 3\\n' >/tmp/slow/nginx; chmod +x /tmp/slow/nginx")
    slow = ("env", "PATH=/tmp/slow:/usr/bin:/bin", "timeout", "--preserve-status")
    with Unchanged(m):
        refused(install(m, "heavy", "--nginx", before=(*slow, "-s", "INT", "1")), "dime host: interrupted")
        refused(install(m, "heavy", "--nginx", before=(*slow, "--foreground", "-s", "TERM", "1")), "dime host: interrupted")
        refused(install(m, "other", "--nginx", before=(*slow, "-s", "HUP", "1")), "dime host: interrupted")
    m.run("rm", "-r", "/tmp/slow")
    with Unchanged(m):
        done = m.try_run("sh", "-c", f"dime host install {own('second')} --nginx >/dev/full")
        equal(done.returncode, 1, done.stderr)
        done = m.try_run("sh", "-c", f"dime host install {own('second')} --nginx | :; echo $?")
        equal(done.stdout, "0\n", "a reader that leaves")


def takes_away(m):
    said = fine(m.try_run("dime", "host", "remove", "shout"))
    true(f"kept {OWN}/nginx-server.conf, which was changed, as {OWN}/nginx-server.conf.old\n" in said, said)
    true(f"removed {PROGRAM}\n" in said and said.endswith("Reload the server that served it.\n"), said)
    equal(os.listdir(m.path(OWN)), ["nginx-server.conf.old"])
    m.quiet("nginx", "-t", "-q")
    reload_nginx(m)
    equal(status(m), "404")
    equal(m.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "dime@shout*"), "")
    m.run("rm", "-r", OWN)
    left = sorted(path for path in m.files() ^ m.before_own if "systemd-private-" not in path)
    equal(left, [], "what is there now and wasn't, or was")
    refused(m.try_run("dime", "host", "remove", "shout"), 'there is no function "shout"; dime list names those that are installed')
