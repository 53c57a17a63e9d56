"""lambda_package_test.py - the zips of `make lambda` run on AWS Lambda's provided.al2023.

    python3 tests/hosts/lambda_package_test.py BUILDDIR SRCDIR

There is no Amazon Linux here. So what is in the zip, and nothing else, is run with Debian's loader and
libc alone, and objdump shows that it asks libc for nothing that Amazon Linux's older one lacks.
Every kind of package is built anew, some minutes of work: see tests/run.
"""

import base64
import functools
import glob
import http.server
import json
import os
import queue
import re
import resource
import shutil
import ssl
import statistics
import stat
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "style")]

import console
import hardening
import sandbox
from labels_calls import get_models

GLIBC = (2, 34)  # of Amazon Linux 2023
SIZE_MAX = {"change": 165_000, "hello": 150_000, "musl": 215_000, "arm64": 190_000,
            "labels": 2_500_000, "translate": 2_500_000, "labels-local": 20_000_000}
INIT_MS_MAX = 50  # two cores that others use as well; what it is on a quiet machine is printed
STARTS = 15
MACHINE = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
CROSS = "aarch64-linux-gnu"

DIRECT = b'{"amount":1.89}'
GATEWAY = json.dumps({
    "version": "2.0",
    "rawPath": "/change",
    "rawQueryString": "amount=0.63",
    "headers": {"accept": "application/json"},
    "requestContext": {"http": {"method": "GET", "path": "/change"}},
}).encode()

# Asks for an https page, with a CA file or without.
TLS_PROGRAM = r"""
#include <curl/curl.h>
#include <stdio.h>

int main(int count, char **arguments)
{
    CURL *handle = curl_easy_init();
    curl_easy_setopt(handle, CURLOPT_URL, arguments[1]);
    if (count > 2)
        curl_easy_setopt(handle, CURLOPT_CAINFO, arguments[2]);
    CURLcode result = curl_easy_perform(handle);
    curl_easy_cleanup(handle);
    return (int)result;
}
"""
CURLE_OK, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE = 0, 60, 77


def seconds_of_children():
    """The CPU time of the processes that were run until now."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command, folder=None, **variables):
    """Returns (exit status, what it printed)."""
    done = subprocess.run(command, cwd=folder, env=dict(os.environ, **variables), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def read(path):
    with open(path, "rb") as file:
        return file.read()


# What a program asks of its libraries.


def glibc_versions(path):
    """The versions of glibc's symbols that it wants, from its table of symbols and of versions."""
    of_this_machine = MACHINE == "arm64" or "AArch64" not in hardening.readelf(path, "-h")
    objdump = "objdump" if of_this_machine else f"{CROSS}-objdump"
    tables = run([objdump, "-T", "-p", path], LC_ALL="C")[1]
    found = re.findall(r"\bGLIBC_([0-9.]+|[A-Z_]+)", tables)
    return {tuple(map(int, one.split("."))) if one[0].isdigit() else (99,) for one in found}


def suits_glibc(path):
    """Whether Amazon Linux's loader and libc have all of it. DT_RELR needs a loader of 2.36."""
    versions = glibc_versions(path)
    relr = "RELR" in hardening.readelf(path, "-d")
    return bool(versions) and max(versions) <= GLIBC and not relr


def self_test(outcome, work):
    compiler = shutil.which("gcc")
    program = os.path.join(work, "newer")
    for name, code, flags, good in (
        ("arc4random, of glibc 2.36", "return (int)arc4random();", (), False),
        ("relative relocations packed", "return 0;", ("-Wl,-z,pack-relative-relocs",), False),
        ("nothing new", "return 0;", (), True),
    ):
        source = "#include <stdlib.h>\nint main(void) { %s }\n" % code
        subprocess.run([compiler, "-x", "c", "-", "-o", program, *flags], input=source, text=True)
        outcome.check(f"self-test: {name}", suits_glibc(program) == good)


# The packages.


class Package:
    """What `package` makes in a folder of its own."""

    def __init__(self, outcome, what, folder, source, *arguments, **variables):
        self.folder = folder
        script = os.path.join(source, "deploy", "lambda", "package")
        began = time.monotonic()
        status, said = run([script, *arguments], folder, **variables)
        self.made = status == 0
        outcome.check(f"{what}: is built", self.made, said)
        print(f"# {what}: built in {time.monotonic() - began:.0f} s")

    def zip(self, name, arch=MACHINE):
        return os.path.join(self.folder, "dist", f"{name}-{arch}.zip")


def check_zip(outcome, what, path, name, size_max=None):
    with zipfile.ZipFile(path) as zipped:
        files = zipped.infolist()
        names = [info.filename for info in files]
        outcome.check(f"{what}: {name}: holds bootstrap alone", names == ["bootstrap"], str(names))
        mode = files[0].external_attr >> 16
        good = stat.S_ISREG(mode) and stat.S_IMODE(mode) == 0o755
        outcome.check(f"{what}: {name}: bootstrap may be run by all", good, oct(mode))
        moment = files[0].date_time
        outcome.check(f"{what}: {name}: has no time of its own", moment == (1980, 1, 1, 0, 0, 0),
                      str(moment))
    size = os.path.getsize(path)
    print(f"# {what}: {os.path.basename(path)}: {size} bytes")
    most = size_max or SIZE_MAX[name]
    outcome.check(f"{what}: {name}: is under {most} bytes", size < most, str(size))


def check_program(outcome, what, path, needed=frozenset({"libc.so.6"})):
    """PATH is a bootstrap that is to be hard, and to need glibc alone."""
    program = hardening.Program(path)
    for name, check, _ in hardening.CHECKS:
        outcome.check(f"{what}: {name}", check(program))
    outcome.check(f"{what}: needs libc alone", program.needed == needed, str(program.needed))
    versions = glibc_versions(path)
    wanted = ".".join(map(str, max(versions, default=())))
    outcome.check(f"{what}: glibc 2.34 is enough", suits_glibc(path), f"it wants {wanted}")
    section = hardening.readelf(path, "-S")
    outcome.check(f"{what}: is stripped", ".symtab" not in section and ".debug" not in section)


# Running them.


def without_id(answer):
    return re.sub(r"\brequest-[0-9]+\b|\b[0-9a-f]{32}\b", "ID", answer)


def invoked(build, function, event):
    """What the `dime` command answers to the same event."""
    done = subprocess.run([os.path.join(build, "dime"), "invoke", function], input=event,
                          capture_output=True)
    return done.stdout.decode().strip()


class Stand:
    """Where the packages are run: how programs are shut in, and what they are compared with."""

    def __init__(self, outcome, work, build, source):
        self.outcome, self.work, self.build, self.source = outcome, work, build, source
        self.way = sandbox.find_way(outcome)

    def folder(self, name):
        made = tempfile.mkdtemp(prefix=name + ".", dir=self.work)
        os.chmod(made, 0o755)
        return made

    def package(self, what, *arguments, **variables):
        """Builds in a folder of its own, but on top of what the build tree has already."""
        folder = self.folder(what)
        os.symlink(os.path.join(self.build, "builds"), os.path.join(folder, "builds"))
        return Package(self.outcome, what, folder, self.source, *arguments, **variables)

    def unpack(self, archive):
        return sandbox.unpack(archive, self.folder("look"))

    def run(self, what, archive, function, compiler="gcc", libc=None, emulator=None):
        """Runs the content of ARCHIVE, with the libc of COMPILER (None: without any) around it."""
        if not self.way:
            return
        root = self.folder("root")
        sandbox.unpack(archive, root)
        if compiler:
            sandbox.add_glibc(root, compiler)
        if libc is not None:
            with open(os.path.join(root, "lib64", "libc.so.6"), "w") as file:
                file.write(libc)
        with sandbox.Sandbox(self.way, root, emulator) as box:
            started = box.api.asked.wait(sandbox.PATIENCE)
            self.outcome.check(f"{what}: starts with nothing else around it", started, box.said())
            if started:
                self.check_answers(what, box, function)
                status = box.stop()
                self.outcome.check(f"{what}: SIGTERM ends it in order", status == 0,
                                   f"{status} {box.said()}")

    def check_answers(self, what, box, function):
        for kind, event in (("direct", DIRECT), ("gateway", GATEWAY), ("broken", b'{"amount":')):
            call, _, body = box.api.invoke(event)
            same = without_id(body.decode()) == without_id(invoked(self.build, function, event))
            self.outcome.check(f"{what}: answers as dime invoke does: {kind}",
                               call == "response" and same, f"{call} {body.decode()}\n{box.said()}")


def check_start(outcome, program):
    """How long from exec to the first question, in the median, and how many pages that takes."""
    api = sandbox.RuntimeApi()
    times, faults = [], []
    for _ in range(STARTS):
        api.asked.clear()
        began = time.perf_counter()
        null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
        pid = os.posix_spawn(program, [program], {"AWS_LAMBDA_RUNTIME_API": api.address},
                             file_actions=null)
        api.asked.wait(sandbox.PATIENCE)
        times.append((time.perf_counter() - began) * 1000)
        api.events.put(None)  # closes the connection, which ends it
        faults.append(os.wait4(pid, 0)[2].ru_minflt)
    api.close()
    median = statistics.median(times)
    print(f"# init: {median:.2f} ms in the median, {min(times):.2f} at least,"
          f" {statistics.median(faults):.0f} page faults")
    outcome.check(f"init: is under {INIT_MS_MAX} ms", median < INIT_MS_MAX, f"{median:.1f} ms")
    return statistics.median(faults)


# The kinds of packages.


def check_minimal(outcome, stand):
    """What `make lambda` makes in the build tree, as a person would."""
    build = stand.build
    status, said = run(["make", "-s", "lambda"], build)
    outcome.check("minimal: make lambda", status == 0, said)
    if status:
        return False
    for name in ("hello", "labels", "translate", "change"):
        archive = os.path.join(build, "dist", f"{name}-{MACHINE}.zip")
        if name in ("labels", "translate") and not has_openssl():
            outcome.skip(f"minimal: {name}", "libssl-dev isn't installed")
            continue
        check_zip(outcome, "minimal", archive, name)
        check_program(outcome, f"minimal: {name}", stand.unpack(archive))
        stand.run(f"minimal: {name}", archive, name)
    stand.faults = check_start(outcome, stand.unpack(archive))
    began = seconds_of_children()
    run(["make", "-s", "lambda"], build)
    took = seconds_of_children() - began
    outcome.check("minimal: is made again at once", took < 10, f"{took:.1f} s of CPU")
    return True


def check_same_bytes(outcome, stand):
    """Another folder, another hour, another umask, curl out of a folder: the same bytes."""
    before = os.umask(0o077)
    again = Package(outcome, "again", stand.folder("another"), stand.source, stand.source,
                    "hello", "change", DIME_CURL_SOURCE=stand.curl, TZ="Asia/Tokyo",
                    CC=compiler_of(stand.build))
    os.umask(before)
    for name in ("hello", "change"):
        first = os.path.join(stand.build, "dist", f"{name}-{MACHINE}.zip")
        same = again.made and read(first) == read(again.zip(name))
        outcome.check(f"again: {name}: has the same bytes", same)


def compiler_of(build):
    with open(os.path.join(build, "Makefile")) as file:
        return re.search(r"^CC = (.*)", file.read(), re.M)[1]


# What each does that Lambda can't bear, the flags it is linked with, and what is said of it.
UNSUITED = {
    "needy": ("(void)json_object_new_null", "-ljson-c", "needs libjson-c.so.5, which Lambda hasn't got: link "
              "it statically (-l:libjson-c.a)"),
    "newer": ("(void)arc4random", "", "needs a newer glibc than Lambda's 2.34 (arc4random@GLIBC_2.36)"),
    "unlinkable": ("(void)getpid", "-lnosuchlibrary", "can't be built, as said above"),
    "frugal": ("(void)json_object_new_null", "-l:libjson-c.a", None),
}
FUNCTION = """#include <dime.h>
#include <stdlib.h>
#include <unistd.h>
void *json_object_new_null(void);
static void handle(dime_call *call, const void *input)
{ (void)input; %s(); dime_answer(call, 200); }
DIME_FUNCTION(%s, .summary = "Tries a library out", .handle = handle);
"""
LINES = """
if HAVE_LIBCURL
bootstrap_PROGRAMS += {0}.bootstrap
{0}_bootstrap_SOURCES = src/functions/{0}.c
{0}_bootstrap_LDADD = $(BOOTSTRAP_LDADD) {1}
endif
"""


def check_unsuited(outcome, stand):
    """Functions with libraries of their own: each gets its zip or a sentence, and stops no other."""
    tree, folder = os.path.join(stand.folder("unsuited"), "dime"), stand.folder("unsuited")
    shutil.copytree(stand.source, tree, symlinks=True, ignore=shutil.ignore_patterns(
        "build", "_build", ".git", "autom4te.cache", os.path.basename(stand.build)))
    os.mkdir(os.path.join(folder, "builds"))
    for made in glob.glob(os.path.join(stand.build, "builds", "curl-*")):
        os.symlink(made, os.path.join(folder, "builds", os.path.basename(made)))
    for name, (call, flags, _) in UNSUITED.items():
        with open(os.path.join(tree, "src", "functions", name + ".c"), "w") as file:
            file.write(FUNCTION % (call, name))
        with open(os.path.join(tree, "Makefile.am"), "a") as file:
            file.write(LINES.format(name, flags))
    status, said = run(["autoreconf", "-fi"], tree)
    outcome.check("unsuited: the functions can be added", status == 0, said)
    status, said = run([os.path.join(tree, "deploy", "lambda", "package"), tree, *UNSUITED, "hello"], folder)
    zips = sorted(os.listdir(os.path.join(folder, "dist")))
    outcome.check("unsuited: those that suit have a zip", zips == [f"{name}-{MACHINE}.zip" for name in
                                                                   ("frugal", "hello")], f"{zips} {said}")
    outcome.check("unsuited: it is a failure", status == 1 and "no zip was made of:" in said, said)
    for name, (_, _, sentence) in UNSUITED.items():
        if sentence:
            outcome.check(f"unsuited: {name}: is told of", f"package: {name} {sentence}" in said, said)


def check_shared(outcome, stand):
    """A libc that isn't one stands where Lambda's LD_LIBRARY_PATH leads: it must not be read."""
    shared = stand.package("shared", "--link=shared", stand.source, "change")
    if not shared.made:
        return
    with zipfile.ZipFile(shared.zip("change")) as zipped:
        names = zipped.namelist()
    print(f"# shared: {len(names)} files, {os.path.getsize(shared.zip('change'))} bytes")
    outcome.check("shared: the names are sorted", names == sorted(names), str(names))
    good = {"bootstrap", "lib/libcurl.so.4", "lib/libc.so.6"} <= set(names)
    outcome.check("shared: holds bootstrap, libcurl and libc", good, str(names))
    stand.run("shared: change", shared.zip("change"), "change", libc="this is no library")


def check_static(outcome, stand):
    static = stand.package("static", "--link=static", stand.source, "change")
    if static.made:
        program = hardening.Program(stand.unpack(static.zip("change")))
        good = program.is_static and hardening.is_pie(program)
        outcome.check("static: is a static PIE", good, program.segments)
        stand.run("static: change", static.zip("change"), "change", compiler=None)


def check_musl(outcome, stand):
    """musl's are hard and need nothing around them; one that makes calls is linked with glibc all the same."""
    if not shutil.which("musl-gcc"):
        outcome.skip("musl", "musl-tools isn't installed")
        return
    calling = ["--tls=translate"] if has_openssl() else []
    names = ["hello", "change", *(["translate"] if calling else [])]
    musl = stand.package("musl", "--link=musl", *calling, stand.source, *names)
    if not musl.made:
        return
    for name in ("hello", "change"):
        path = stand.unpack(musl.zip(name))
        check_zip(outcome, "musl", musl.zip(name), name, SIZE_MAX["musl"])
        program = hardening.Program(path)
        outcome.check(f"musl: {name}: is static, of no glibc", program.is_static and b"GLIBC_" not in read(path))
        for what, check, in_static in hardening.CHECKS:
            if in_static or check is hardening.binds_now:
                outcome.check(f"musl: {name}: {what}", check(program))
        stand.run(f"musl: {name}", musl.zip(name), name, compiler=None)
    if stand.faults:
        faults = check_start(outcome, path)
        outcome.check("musl: starts with fewer page faults than with glibc", faults < stand.faults,
                      f"{faults} {stand.faults}")
    if calling:
        check_program(outcome, "musl: translate", stand.unpack(musl.zip("translate")))
    cross = run([os.path.join(stand.source, "deploy", "lambda", "package"), "--link=musl", f"--host={CROSS}",
                 stand.source, "hello"], stand.folder("cross"))
    outcome.check("musl: another machine is refused", cross[0] == 1 and "--link=musl needs musl-gcc" in cross[1]
                  or not shutil.which(f"{CROSS}-gcc"), str(cross))


def check_cross(outcome, stand):
    if MACHINE == "arm64" or not shutil.which(f"{CROSS}-gcc"):
        outcome.skip("arm64", f"gcc-{CROSS} and libc6-dev-arm64-cross aren't installed")
        return
    cross = stand.package("arm64", f"--host={CROSS}", stand.source, "change")
    if not cross.made:
        return
    archive = cross.zip("change", "arm64")
    check_zip(outcome, "arm64", archive, "change", SIZE_MAX["arm64"])
    program = stand.unpack(archive)
    outcome.check("arm64: is for that machine", "AArch64" in hardening.readelf(program, "-h"))
    check_program(outcome, "arm64", program, {"libc.so.6", "ld-linux-aarch64.so.1"})
    emulator = find_emulator()
    if emulator:
        stand.run("arm64: change", archive, "change", f"{CROSS}-gcc", emulator=emulator)
    else:
        outcome.skip("arm64: change runs", "there is no qemu for aarch64 that is linked statically")


def find_emulator():
    """qemu for aarch64, or None. From Debian 14 on its name is without -static. On Debian 12 what has this name
    is linked dynamically, and doesn't run in there."""
    for name in ("qemu-aarch64-static", "qemu-aarch64"):
        path = shutil.which(name)
        if path and "INTERP" not in hardening.readelf(path, "-l"):
            return path
    return None


class TlsServer:
    """An https server with a certificate of its own making."""

    def __init__(self, work):
        self.certificate = os.path.join(work, "certificate.pem")
        key = os.path.join(work, "key.pem")
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", key, "-out", self.certificate, "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self.server = http.server.HTTPServer(("127.0.0.1", 0), sandbox.Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.asked, self.server.count = threading.Event(), 0
        self.server.events = queue.Queue()
        self.url = f"https://localhost:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def check_tls_calls(outcome, stand):
    """That libcurl trusts whom it is told to, and nobody else."""
    [folder] = glob.glob(os.path.join(stand.build, "builds", f"curl-*-tls-{os.uname().machine}"))
    program = os.path.join(stand.work, "tls")
    with open(os.path.join(folder, "libs")) as file:
        libs = file.read().split()
    done = subprocess.run(["gcc", "-x", "c", "-", f"-I{folder}/include", "-o", program,
                           "-x", "none", *libs], input=TLS_PROGRAM, text=True)
    outcome.check("tls: a program can be linked", done.returncode == 0)
    server = TlsServer(stand.work)
    server.server.events.put(b"{}")
    status, said = run([program, server.url, server.certificate])
    outcome.check("tls: a call with a CA file", status == CURLE_OK, f"{status} {said}")
    for ca_file in ([], ["/etc/ssl/certs/ca-certificates.crt"]):
        status, said = run([program, server.url, *ca_file])
        refused = status in (CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE)
        outcome.check(f"tls: an unknown server is refused {ca_file}", refused, f"{status} {said}")
    server.server.shutdown()


def has_openssl():
    return os.path.exists("/usr/include/openssl/ssl.h")


def check_labels(outcome, stand):
    """labels with its own engine: it sees the cat with nothing of the system around it but /proc."""
    there, why = get_models(stand.build, stand.source)
    if not there:
        outcome.skip("labels-local", why)
        return
    status, said = run(["make", "-s", "lambda-labels-local"], stand.build)
    outcome.check("labels-local: make lambda-labels-local", status == 0, said)
    if status:
        return
    archive = os.path.join(stand.build, "dist", f"labels-local-{MACHINE}.zip")
    size = os.path.getsize(archive)
    print(f"# labels-local: {size} bytes")
    outcome.check("labels-local: is small enough", size < SIZE_MAX["labels-local"], str(size))
    if not stand.way or not sandbox.has_proc(stand.way):
        outcome.skip("labels-local: it sees the cat", "there is no /proc without bubblewrap")
        return
    root = stand.folder("root")
    sandbox.unpack(archive, root)
    sandbox.add_glibc(root, "gcc")
    os.mkdir(os.path.join(root, "proc"))
    for name in ("libc.so.6", "libstdc++.so.6"):
        with open(os.path.join(root, "lib64", name), "w") as file:
            file.write("this is no library")
    with open(os.path.join(stand.source, "www", "samples", "cat.jpg"), "rb") as file:
        picture = base64.b64encode(file.read()).decode()
    event = {"version": "2.0", "rawPath": "/", "rawQueryString": "", "isBase64Encoded": True,
             "headers": {"content-type": "image/jpeg"}, "body": picture,
             "requestContext": {"http": {"method": "POST", "path": "/"}}}
    with sandbox.Sandbox(stand.way, root, LABELS_ENGINE="local") as box:
        started = box.api.asked.wait(sandbox.PATIENCE)
        outcome.check("labels-local: starts", started, box.said())
        call, _, body = box.api.invoke(json.dumps(event).encode())
        answer = json.loads(body)
        names = [label["Name"] for label in json.loads(answer.get("body", "{}")).get("Labels", [])]
        outcome.check("labels-local: it sees the cat", call == "response" and "Cat" in names,
                      f"{call} {body.decode()} {box.said()}")
        outcome.check("labels-local: SIGTERM ends it in order", box.stop() == 0, box.said())


def check_tls(outcome, stand):
    if not has_openssl() or not shutil.which("openssl"):
        outcome.skip("tls", "libssl-dev and openssl aren't both installed")
        return
    tls = stand.package("tls", "--tls=hello", stand.source, "hello")
    if not tls.made:
        return
    size = os.path.getsize(tls.zip("hello"))
    print(f"# tls: {size} bytes")
    outcome.check("tls: OpenSSL is in it", size > 1_000_000, str(size))
    check_program(outcome, "tls: hello", stand.unpack(tls.zip("hello")))
    stand.run("tls: hello", tls.zip("hello"), "hello")
    check_tls_calls(outcome, stand)
    check_other_libcurl(outcome, stand, tls)


def check_other_libcurl(outcome, stand, tls):
    """In one build tree a function gets OpenSSL, and is rid of it again."""
    plain = read(os.path.join(stand.build, "dist", f"hello-{MACHINE}.zip"))
    with_tls = read(tls.zip("hello"))
    for what, arguments, wanted in (("tls-no-more", [], plain), ("tls-again", ["--tls=hello"], with_tls)):
        made = stand.package(what, *arguments, stand.source, "hello")
        same = made.made and read(made.zip("hello")) == wanted
        outcome.check(f"{what}: has the bytes that it had before", same)


# Where curl's source comes from.


class Snapshot:
    """An archive like snapshot.debian.org, which still has the files that PACKAGE holds."""

    def __init__(self, folder, package):
        pool = os.path.join(folder, "pool", "main", "c")
        os.makedirs(pool)
        shutil.copytree(package, os.path.join(pool, "curl"))
        handler = functools.partial(QuietFiles, directory=folder)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def fetch(stand, **variables):
    script = os.path.join(stand.source, "deploy", "lambda", "build-libcurl")
    folder = stand.folder("source")
    status, said = run([script, "source", folder], **variables)
    return status, said, folder


def fetch_package(stand):
    """Debian's source package of curl; out of the build tree, where a build has left it there."""
    found = glob.glob(os.path.join(stand.build, "builds", "curl-*-package"))
    if found:
        return 0, "", found[0]
    status, said, folder = fetch(stand)
    return status, said, "".join(glob.glob(os.path.join(folder, "curl-*-package")))


def check_source(outcome, stand):
    package = stand.curl
    empty = stand.folder("empty")
    status, said, _ = fetch(stand, DIME_CURL_SOURCE=empty)
    outcome.check("source: a folder without it is refused", status == 1 and empty in said, said)
    for ending in (".dsc", ".debian.tar.xz"):
        status, said, folder = fetch(stand, DIME_CURL_SOURCE=changed(stand, package, ending))
        kept = glob.glob(os.path.join(folder, "*-source"))
        outcome.check(f"source: a changed {ending} is refused", status == 1 and not kept, said)

    # A proxy that isn't there stands for Debian's archive being out of reach.
    no_archive = os.path.join(stand.work, "apt.conf")
    with open(no_archive, "w") as file:
        file.write('Acquire::http::Proxy "http://127.0.0.1:1/";\n'
                   'Acquire::http::Proxy::127.0.0.1 "DIRECT";\nAcquire::Retries::Delay "false";\n')
    snapshot = Snapshot(stand.folder("snapshot"), package)
    status, said, folder = fetch(stand, APT_CONFIG=no_archive, DIME_CURL_SNAPSHOT=snapshot.url)
    there = glob.glob(os.path.join(folder, "*-source", "configure"))
    outcome.check("source: comes from a snapshot, too", status == 0 and there, said)
    status, said, _ = fetch(stand, APT_CONFIG=no_archive, DIME_CURL_SNAPSHOT=snapshot.url + "/none")
    good = status == 1 and "set DIME_CURL_SOURCE" in said
    outcome.check("source: without an archive, the message says what to do", good, said)
    snapshot.server.shutdown()


def changed(stand, package, ending):
    """A copy of the source package in which one file has a byte more."""
    copy = os.path.join(stand.folder("changed"), "package")
    shutil.copytree(package, copy)
    [path] = glob.glob(os.path.join(copy, "*" + ending))
    with open(path, "ab") as file:
        file.write(b"\n")
    return copy


def main(build, source):
    outcome = console.Outcome()
    missing = [name for name in ("gcc", "make", "zip", "objdump", "readelf", "dpkg-source")
               if not shutil.which(name)]
    if missing:
        outcome.skip("lambda-package", "missing: " + ", ".join(missing))
        return outcome.close()
    with tempfile.TemporaryDirectory() as work:
        os.chmod(work, 0o755)
        self_test(outcome, work)
        stand = Stand(outcome, work, build, source)
        status, said, stand.curl = fetch_package(stand)
        outcome.check("the source of curl can be had", status == 0, said)
        if status == 0 and check_minimal(outcome, stand):
            for check in (check_same_bytes, check_unsuited, check_static, check_musl, check_shared, check_cross, check_tls,
                          check_labels, check_source):
                check(outcome, stand)
    return outcome.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])))
