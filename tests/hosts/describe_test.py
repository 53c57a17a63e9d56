# describe_test.py - `dime describe`: what it prints, and what servers make of it.
#
# usage: describe_test.py BUILDDIR SRCDIR
# The configurations of dime's own functions, of those of docs/examples and of one that is written here are read
# and served by nginx, Apache in its three ways, lighttpd and systemd. Then come programs that describe themselves
# badly: each is refused in a line, and nothing is printed for it.
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import apache
from apache import Apache
from cases import Skip, directories, equal, run, true
from examples import Project
from installed import Installed
from lighttpd import Lighttpd
from serving import PATH, Serving, listed

BUILD, SOURCE = map(os.path.abspath, directories())
DESCRIBE = os.path.join(BUILD, "dime-describe")
EXAMPLES = {"export": ["sqlite3"], "invoice": [], "shortener": ["sqlite3"],
            "thumbnail": ["libturbojpeg", "libpng", "libexif"]}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Writes a line, and dies before it has answered. What it says of its effects is chosen as it is compiled.
MORTAL = """
#include <dime.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static void store(dime_call *call, const void *input)
{
    (void)input;
    int file = open(dime_setting_of(call, "MORTAL_FILE"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (write(file, "x", 1) == 1)
        raise(SIGKILL);
}

static void look(dime_call *call, const void *input)
{
    (void)input;
    dime_put_boolean(dime_answer(call, 200), "here", true);
}

static const dime_route ROUTES[] = {
    DIME_ROUTE("GET /", look),
    DIME_ROUTE("POST /", store, .effects = EFFECTS),
};

static const dime_setting SETTINGS[] = {{.name = "MORTAL_FILE"}};

DIME_FUNCTION(mortal, .summary = "Dies", DIME_ROUTES(ROUTES), DIME_SETTINGS(SETTINGS));
"""


class Programs:
    """The programs that are described, by name, in a folder; what an example lacks is in `lacking`."""

    def __init__(self, folder, dime):
        self.folder, self.dime, self.lacking = folder, dime, {}
        self.paths = {name: os.path.join(BUILD, name) for name in listed(SOURCE)}
        for name, packages in EXAMPLES.items():
            absent = [one for one in packages if subprocess.run(["pkg-config", "--exists", one], check=False).returncode]
            if absent:
                self.lacking[name] = absent
                continue
            project = Project(folder, name, dime)
            status, said = project.make("all")
            equal(status, 0, f"make {name}: {said[-500:]}")
            self.paths[name] = project.path(name)

    def compile(self, name, text, *options):
        """Compiles a function of the library; its path."""
        source, program = self.path(name + ".c"), self.path(name)
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run(f"cc {' '.join(options)} {source} $(pkg-config --cflags --libs dime) -o {program}", shell=True,
                              env=self.dime.environment(), capture_output=True, text=True, check=False)
        equal((done.returncode, done.stderr), (0, ""), name)
        return program

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def script(self, name, text):
        """A program of the shell; its path."""
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + text)
        os.chmod(self.path(name), 0o755)
        return self.path(name)

    def describing(self, description, name="odd"):
        """A program that prints this for its description, JSON or bytes; its path."""
        data = description if isinstance(description, bytes) else json.dumps(description).encode()
        with open(self.path(name + ".json"), "wb") as file:
            file.write(data)
        return self.script(name, f'[ "$1" != --describe ] || cat "{self.path(name + ".json")}"\n')

    def description(self, name):
        """What a program says of itself."""
        return json.loads(subprocess.run([self.paths[name], "--describe"], capture_output=True, check=True).stdout)


class Described:
    """Serving's kin with all of the programs, whose parts are those that are printed."""

    def __init__(self, programs, *words, **settings):
        self.programs = programs
        super().__init__(BUILD, SOURCE, *words, tuple(programs.paths), **settings)

    def program(self, name):
        return self.programs.paths[name]

    def describe(self, form):
        describe(form, "--sockets", self.run, "--settings", self.run, "--programs", self.path("bin"), "--output",
                 self.path("functions"), *self.programs.paths.values())


class OnNginx(Described, Serving):
    def check(self):
        return self.nginx("-t", "-q")


class OnApache(Described, Apache):
    def check(self):
        return self.apache("-t")


class OnLighttpd(Described, Lighttpd):
    def check(self):
        return self.lighttpd("-tt")


def say(*words, program=DESCRIBE, **more):
    """The exit status, stdout and stderr of one call."""
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    done = subprocess.run([program, *words], stdin=subprocess.DEVNULL, text=True, timeout=60, check=False, **more)
    return done.returncode, done.stdout, done.stderr


def describe(*words, **more):
    """What is printed by a call that has to succeed, and has nothing to say on stderr."""
    status, out, err = say(*words, **more)
    equal((status, err), (0, ""), " ".join(words))
    return out


def refuses(programs, description, why, form="--nginx"):
    """A program that says this is refused: one line on stderr, and nothing else."""
    program = programs.describing(description)
    status, out, err = say(form, program)
    equal((status, out), (2, ""), f"{description!r}")
    true(err.startswith(f"dime describe: {program}: ") and err.count("\n") == 1 and why in err, f"{description!r}: {err}")


def odd(**members):
    """A description of a function that is fine but for these members; None leaves one out."""
    whole = {"dime": 1, "name": "odd", "summary": "Is odd", "methods": ["GET"], "effects": "reads", "bodyMax": 8192,
             "tooLarge": "Send less.", "fields": [], **members}
    return {name: value for name, value in whole.items() if value is not None}


@contextlib.contextmanager
def changed(programs, **paths):
    """PROGRAMS with these paths alone, for a while."""
    before = programs.paths
    programs.paths = paths
    try:
        yield
    finally:
        programs.paths = before


# Served.

def is_taken(server):
    """The server's own check has nothing to say."""
    done = subprocess.run(server.check(), capture_output=True, text=True, check=False, env=dict(os.environ, PATH=PATH))
    said = [line for line in (done.stdout + done.stderr).splitlines() if line != "Syntax OK"]
    equal((done.returncode, said), (0, []))


def follows_routes(server):
    """A route below the shortener's path finds its way; below a function without routes there is nothing."""
    answer = server.get("/cgi-bin/hello/below")
    equal(answer.status, 404)
    if "shortener" in server.programs.lacking:
        return
    made = server.post("/cgi-bin/shortener", "url=https://example.org/&code=here", FORM)
    equal(made.status, 201, made.body)
    followed = server.get("/cgi-bin/shortener/here")
    equal((followed.status, followed.header("location")), (302, "https://example.org/"))
    equal(server.get("/cgi-bin/shortener/nowhere").status, 404)
    equal(server.get("/healthz/shortener").status, 200)
    equal(server.get("/cgi-bin/shortenerx").status, 404)


def says_too_large(server, name, path):
    """A body that is larger than the function takes is answered for by the server, in the function's words."""
    said = server.programs.description(name)
    most = said["bodyMax"]
    if isinstance(server, Lighttpd):
        most = -(-most // 1024) * 1024  # it counts in kilobytes
    answer = server.raw_answer(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
                               f"{most + 1}\r\n\r\n".encode())
    equal(answer.status, 413, path)
    if not isinstance(server, Lighttpd):
        equal(answer.json()["detail"], said["tooLarge"], path)


def knows_sizes(server):
    for name in server.programs.paths:
        says_too_large(server, name, "/cgi-bin/" + name)
    if "shortener" not in server.programs.lacking:
        says_too_large(server, "shortener", "/cgi-bin/shortener/below")


def serves(what, lacking, start):
    """A case for a server: it takes what was printed, and serves it."""
    def case(programs):
        if lacking:
            raise Skip(lacking)
        database = programs.path(f"links.{time.monotonic_ns()}.db")
        # Apache's own user writes there, where Apache starts the programs.
        os.chmod(programs.folder, 0o777)
        environment = {"SHORTENER_DB": database, "THUMBNAIL_FOLDER": programs.folder, "EXPORT_DB": database}
        edit = pass_settings(environment)
        with start(programs, environment=environment, edit=edit) as server:
            is_taken(server)
            follows_routes(server)
            knows_sizes(server)
        if programs.lacking:
            raise Skip(f"but for {programs.lacking}")
    case.__doc__ = f"{what} takes what is printed of all functions, follows their routes and knows their sizes"
    return case


def pass_settings(environment):
    """An `edit` that has Apache hand these to the programs that it starts."""
    def edit(name, text):
        word = {"dime-cgi.conf": "SetEnv", "dime-fcgid.conf": "FcgidInitialEnv"}.get(name)
        if name == "apache.conf":
            text = f"LoadModule env_module {apache.MODULES}/mod_env.so\n" + text
        return text + "".join(f'{word} {key} "{value}"\n' for key, value in environment.items() if word)
    return edit


def server_cases():
    nginx = "" if shutil.which("nginx", path=PATH) else "nginx isn't installed"
    lighttpd = "" if shutil.which("lighttpd", path=PATH) else "lighttpd isn't installed"

    def on_apache(way):
        return lambda programs, **settings: OnApache(programs, way, **settings)
    return [serves("nginx", nginx, OnNginx), serves("lighttpd", lighttpd, OnLighttpd),
            *(serves(f"Apache ({way})", apache.missing(way), on_apache(way)) for way in apache.WAYS)]


def count_deaths(programs, effects):
    """Posts to a function that dies once it has written; how often it was asked."""
    if not shutil.which("nginx", path=PATH):
        raise Skip("nginx isn't installed")
    written = programs.path("written." + effects)
    program = programs.compile("mortal", MORTAL, "-DEFFECTS=" + effects)
    with changed(programs, mortal=program), OnNginx(programs, workers=2, environment={"MORTAL_FILE": written}) as server:
        for _ in range(3):  # a connection that is kept may be used again
            equal(server.get("/cgi-bin/mortal").status, 200)
        true(server.post("/cgi-bin/mortal", "").status in (500, 502, 503), "it was answered")
    return os.path.getsize(written)


def test_creates(programs):
    """A function that creates isn't asked twice by nginx, and one that does no harm is"""
    equal(count_deaths(programs, "DIME_CREATES"), 1, "it creates")
    true(count_deaths(programs, "DIME_IDEMPOTENT") > 1, "it could be asked again, and wasn't")


def test_systemd(programs):
    """systemd-analyze verify has nothing to say of the drop-ins, and only those functions have one that need it"""
    if not shutil.which("systemd-analyze"):
        raise Skip("systemd isn't installed")
    units, bin_folder = programs.path("units"), programs.path("bin")
    os.makedirs(bin_folder, exist_ok=True)
    for name, path in programs.paths.items():
        shutil.copy(path, os.path.join(bin_folder, name))
    describe("--systemd", "--programs", bin_folder, "--output", units, *programs.paths.values())
    special = sorted(os.listdir(units))
    wanted = sorted(name for name in programs.paths if {"heavy", "network", "settings"} & set(programs.description(name)))
    equal(special, wanted)
    true({"labels", "translate"} <= set(special) and "hello" not in special, special)
    for name in special:
        os.rename(os.path.join(units, name), os.path.join(units, f"dime@{name}.service.d"))
        os.rename(os.path.join(units, f"dime@{name}.service.d", "systemd.conf"),
                  os.path.join(units, f"dime@{name}.service.d", "dime.conf"))
    shutil.copy(os.path.join(SOURCE, "deploy", "systemd", "dime@.socket"), units)
    with open(os.path.join(SOURCE, "deploy", "systemd", "dime@.service.in"), encoding="utf-8") as file:
        text = file.read().replace("@programs@", bin_folder)
    with open(os.path.join(units, "dime@.service"), "w", encoding="utf-8") as file:
        file.write(text)
    for name in special:
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", f"dime@{name}.service"], capture_output=True, text=True,
                              check=False, env=dict(os.environ, SYSTEMD_UNIT_PATH=units + ":"))
        if "Failed to initialize manager" in done.stderr or "Failed to setup working directory" in done.stderr:
            raise Skip(done.stderr)
        about = [line for line in done.stderr.splitlines() if "dime" in line]
        equal((done.returncode, about), (0, []), name)


# Programs that say odd things of themselves.

def test_sentences(programs):
    """What ends a string, a line, a block or a comment, or names a variable, is a blank in what servers read"""
    evil = 'It\'s "q" \\ $host ${x} {y}\nreturn 200; # */ <IfModule> %{ENV} \u00e9 \x7f'
    path = programs.describing(odd(summary=evil, tooLarge=evil))
    with changed(programs, odd=path):
        for form in ("--nginx", "--apache", "--lighttpd", "--systemd"):
            plain = describe(form, programs.describing(odd(summary="x", tooLarge="x")))
            path = programs.describing(odd(summary=evil, tooLarge=evil))
            out = describe(form, path)
            equal(len(out.splitlines()), len(plain.splitlines()), form)
            true("$host" not in out and '"q"' not in out and "{y}" not in out, out)
        for start in (OnNginx, OnLighttpd, lambda programs: OnApache(programs, "proxy")):
            with start_only(start, programs) as server:
                is_taken(server)
                if isinstance(server, Lighttpd):
                    continue
                answer = server.raw_answer(b"POST /cgi-bin/odd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                           b"Content-Length: 8193\r\n\r\n")
                equal(answer.status, 413)
                true(answer.json()["detail"].startswith("It's  q  "), answer.body)


def start_only(start, programs):
    """A server with the parts of all programs, of which none runs."""
    server = start(programs)
    server.functions = ()
    return server


def test_names(programs):
    """A name that isn't only letters, digits, _ and -, or that is dime's own, is refused"""
    for name in ("", "../x", "a/b", "a.b", "a+", "a b", "a\n}", "a$b", "-a", "\u00e9", ".", "dime-alarm", "a;b", None, 7):
        refuses(programs, odd(name=name), "its name can't be in a configuration")
    refuses(programs, odd(name="a" * 300), "the path of its socket is too long")
    true("/run/dime/a-_9.sock;" in describe("--nginx", "--sockets", "/run/dime", programs.describing(odd(name="a-_9"))), "a-_9")


def test_sizes(programs):
    """A size that isn't one, or that no server can have, is refused; a large one is what it was for all of them"""
    for size in (-1, 0, 1.5, "8192", None, True, (1 << 40) + 1, 1 << 63, 1 << 64, -(1 << 63)):
        refuses(programs, odd(bodyMax=size), "how large a body may be")
    path = programs.describing(odd(bodyMax=1 << 40))
    true("client_max_body_size 1099511627776;" in describe("--nginx", path), "nginx")
    true("max-request-size = 1073741824\n" in describe("--lighttpd", path), "lighttpd")
    with changed(programs, odd=path):
        for start in (OnNginx, OnLighttpd, lambda programs: OnApache(programs, "proxy")):
            with start_only(start, programs) as server:
                is_taken(server)


def test_no_description(programs):
    """What isn't a description is refused: no JSON, another version, too much, nothing, another kind"""
    no = "its program doesn't say what it is"
    whole = json.dumps(odd()).encode()
    for said in (b"", b"hello\n", whole[:-1], b"[1]", b"null", json.dumps(odd(dime=2)).encode(), b'{"name":"odd"}',
                 whole[:-1] + b"," + b" " * (2 << 20) + b"}", b"x" * (2 << 20), b"[" * 100000):
        refuses(programs, said, no)
    refuses(programs, whole.replace(b"Is odd", b"Is \xff odd"), "isn't in UTF-8")
    for text in ("exit 3\n", "kill -9 $$\n"):
        program = programs.script("odd", text)
        equal(say("--nginx", program), (2, "", f"dime describe: {program}: {no}\n"), text)


def test_hangs(programs):
    """A program that hangs is given up after ten seconds, and one that serves at once"""
    hangs, began = programs.script("hangs", "sleep 100\n"), time.monotonic()
    equal(say("--nginx", hangs), (2, "", f"dime describe: {hangs}: its program doesn't say what it is\n"))
    true(9 < time.monotonic() - began < 20, "the time")
    equal(subprocess.run(["pgrep", "-f", hangs], capture_output=True, text=True, check=False).stdout, "", "what runs")
    plain, began = os.path.join(BUILD, "tests", "hosts", "plain"), time.monotonic()
    equal(say("--nginx", plain), (2, "", f"dime describe: {plain}: its program doesn't say what it is\n"))
    true(time.monotonic() - began < 5, "the time")


def test_settings(programs):
    """A setting's name that isn't one isn't printed"""
    settings = [{"name": name} for name in ("GOOD_1", "BAD\nExecStart=/bin/sh", "", "B=1", "GOOD_2")]
    out = describe("--systemd", programs.describing(odd(settings=settings)))
    true("a line: GOOD_1 GOOD_2\n" in out, out)


def test_paths(programs):
    """Paths with blanks and other signs, and relative ones, are refused; a program may lie anywhere where it isn't named"""
    hello = programs.paths["hello"]
    for option in ("--sockets", "--programs", "--settings"):
        for folder in ("/run/a b", "/run/$x", "run", "", '/r"', "/r\n", "/r;"):
            status, out, err = say("--apache", option, folder, hello)
            equal((status, out), (2, ""), folder)
            true("a path can't be in a configuration; one that begins with /" in err and err.count("\n") == 1, err)
    os.makedirs(programs.path("a folder"), exist_ok=True)
    program = shutil.copy(hello, programs.path("a folder", "hello"))
    equal(say("--apache", program)[0], 2)
    true('"/p/hello"' in describe("--apache", "--programs", "/p", program), "with --programs")
    true("/p q" not in describe("--json", program), "JSON names no path")


# Where it's written.

def test_output(programs):
    """--output writes a folder for each function, and puts whole files in the place of those that were there"""
    folder = programs.path("out")
    describe("--nginx", "--lighttpd", "--output", folder, programs.paths["hello"], programs.paths["labels"])
    names = sorted(os.path.relpath(os.path.join(where, name), folder) for where, _, found in os.walk(folder) for name in found)
    parts = ["lighttpd.conf", "nginx-http.conf", "nginx-server.conf", "nginx-sizes.conf"]
    equal(names, [f"{name}/{part}" for name in ("hello", "labels") for part in parts])
    path = os.path.join(folder, "hello", "lighttpd.conf")
    with open(path, encoding="utf-8") as file:
        equal(file.read(), describe("--lighttpd", programs.paths["hello"]))
    with open(path, encoding="utf-8") as old:
        describe("--lighttpd", "--sockets", "/elsewhere", "--output", folder, programs.paths["hello"])
        true("/elsewhere" not in old.read(), "it was written over")
    with open(path, encoding="utf-8") as file:
        true("/elsewhere/hello.sock" in file.read(), "it wasn't written anew")


def cannot_write(programs, folder, why, **more):
    status, out, err = say("--nginx", "--output", folder, programs.paths["hello"], **more)
    equal((status, out), (1, ""), folder)
    true(err.startswith(f"dime describe: {folder}") and err.endswith(f": {why}\n") and err.count("\n") == 1, err)


def test_no_output(programs):
    """A folder that can't be written to, or isn't one, is named, with status 1"""
    with open(programs.path("file"), "w", encoding="utf-8"):
        pass
    cannot_write(programs, programs.path("file"), "Not a directory")
    cannot_write(programs, "/proc/nothing", "No such file or directory")
    os.makedirs(programs.path("taken", "hello", "nginx-http.conf"))
    cannot_write(programs, programs.path("taken"), "Is a directory")
    equal(os.listdir(programs.path("taken", "hello")), ["nginx-http.conf"], "what is left")
    os.makedirs(programs.path("closed"))
    os.chmod(programs.path("closed"), 0o555)
    if os.geteuid() != 0:
        cannot_write(programs, programs.path("closed"), "Permission denied")
    elif shutil.which("setpriv"):
        words = ["--nginx", "--output", programs.path("closed"), "/usr/bin/../.." + programs.paths["hello"]]
        os.chmod(programs.folder, 0o755)
        status, out, err = say("--reuid=65534", "--clear-groups", DESCRIBE, *words, program="setpriv")
        if "Permission denied" in err and DESCRIBE in err:
            raise Skip("nobody may not see the build")
        equal((status, out), (1, ""), err)
        true(err.endswith("closed/hello/nginx-http.conf: Permission denied\n"), err)


def test_full_disk(programs):
    """On a full disk the files that were there are as they were, and nothing else is"""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        raise Skip("only root can mount a small disk")
    script = """set -e
mount -t tmpfs -o size=16k,nr_inodes=64 none "$1"; mkdir -p "$1/out/hello"; echo old >"$1/out/hello/nginx-http.conf"
head -c 100k /dev/zero >"$1/fill" 2>/dev/null || :
set +e; "$2" --nginx --output "$1/out" "$3"; echo "status $?"; cat "$1"/out/*/*; ls "$1/out/hello"
"""
    os.makedirs(programs.path("small"))
    status, out, err = say("--mount", "sh", "-c", script, "sh", programs.path("small"), DESCRIBE, programs.paths["hello"],
                           program="unshare")
    equal((status, out), (0, "status 1\nold\nnginx-http.conf\n"), err)
    true(err.endswith("nginx-http.conf: No space left on device\n"), err)


def test_stdout(programs):
    """A stdout that is closed or full gives status 1 and a line"""
    for words in (["--nginx"], ["--json"], ["--help"]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            status, _, err = say(*words, programs.paths["hello"], stdout=full)
        equal((status, err.count("\n")), (1, 1), err)
        true("No space left on device" in err, err)
        status, out, err = say("-c", '"$0" "$@" >&-', DESCRIBE, *words, programs.paths["hello"], program="sh")
        equal((status, out, err.count("\n")), (1, "", 1), err)
        true("Bad file descriptor" in err, err)


def test_usage(programs):
    """What is asked for wrongly is said, with status 2; --help is all that is printed"""
    dime, hello = os.path.join(BUILD, "dime"), programs.paths["hello"]
    for words, why in ((["--odd", hello], "unrecognized option '--odd'"), ([], "describe wants the name of a function"),
                       (["--nginx"], "describe wants the name of a function"),
                       (["--nginx", "nothing"], 'there is no function "nothing"; dime list names'),
                       (["/nowhere/hello"], "/nowhere/hello can't be run: No such file or directory"),
                       (["/etc/passwd"], "/etc/passwd can't be run: Permission denied"),
                       (["--output"], "option '--output' requires an argument"),
                       (["--nginx=1", hello], "option '--nginx' doesn't allow an argument")):
        for program, before in ((DESCRIBE, []), (dime, ["describe"])):
            status, out, err = say(*before, *words, program=program)
            equal((status, out, err.count("\n")), (2, "", 1), f"{words}: {err}")
            true(why in err, f"{words}: {err}")
    for words in (["describe", "--help"], ["help", "describe"], ["describe", "hello", "--help"]):
        out = describe(*words, program=dime)
        true(out.startswith("dime describe [OPTION]... FUNCTION...\n"), words)


def test_json(programs):
    """Without a form it prints the description itself, by a name or a path, of one function or more"""
    dime = os.path.join(BUILD, "dime")
    equal(json.loads(describe("describe", "hello", program=dime)), programs.description("hello"))
    both = describe("--json", programs.paths["hello"], programs.paths["change"])
    first, end = json.JSONDecoder().raw_decode(both)
    second = json.loads(both[end:])
    equal([first["name"], second["name"]], ["hello", "change"])


def test_host_words(programs):
    """dime host says what is wrong with its arguments, and touches nothing"""
    dime, hello = os.path.join(BUILD, "dime"), programs.paths["hello"]
    for words, why in (([], "host wants install PROGRAM, or remove NAME"), (["install"], "host install wants a program"),
                       (["install", "--nginx"], "host install wants a program"), (["remove"], "or remove NAME"),
                       (["install", hello, "--caddy"], 'no option "--caddy"'),
                       (["install", hello, hello], "takes one program"),
                       (["remove", "/usr/x"], 'wants a name, not "/usr/x"'), (["remove", "nothing"], 'no function "nothing"'),
                       (["install", "/nowhere/x"], "/nowhere/x can't be run"),
                       (["install", programs.describing(odd(name="../x")), "--nginx"], "its name can't be"),
                       (["install", programs.describing(odd(name="dime-alarm")), "--nginx"], "its name can't be")):
        status, out, err = say("host", *words, program=dime)
        equal((status, out, err.count("\n")), (2, "", 1), f"{words}: {err}")
        true(why in err, f"{words}: {err}")
    for words in (["host", "--help"], ["help", "host"], ["host", "install", hello, "--help"]):
        true(describe(*words, program=dime).startswith("dime host install PROGRAM"), words)


def main():
    """Builds the examples and runs all; the status to exit with."""
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    with tempfile.TemporaryDirectory(prefix="dime-describe.") as folder, Installed(BUILD) as dime:
        return run(server_cases() + tests, Programs(folder, dime))


if __name__ == "__main__":
    if not os.path.exists(DESCRIBE):
        print("skip - dime describe: it isn't built here\n0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    sys.exit(main())
