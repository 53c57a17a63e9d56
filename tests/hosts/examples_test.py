# examples_test.py - the projects of docs/examples against an installed dime, each copied from where it is
# installed to an empty folder, as whoever begins with one has it.
#
# usage: examples_test.py BUILDDIR [PROJECT...]
# Each is built with PKG_CONFIG_PATH and no more, and runs its own tests. Then its golden requests are asked on every
# host, CGI, FastCGI behind three web servers that are set up by its README, and Lambda, which must answer alike. At
# last what no single request shows: streams that are long, and functions that die.
import glob
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import fastcgi
from cases import Skip, equal, run, true
from examples import ApacheProxy, LighttpdFastCgi, Nginx, Project
from examples_golden import AtRoot, Request, ask_all, hosts, print_table
from installed import Installed
from serving import PATH, wait_until

# What each needs besides dime: names of pkg-config, and programs.
PROJECTS = {"invoice": ([], []), "shortener": (["sqlite3"], []),
            "thumbnail": (["libturbojpeg", "libpng", "libexif"], []), "export": (["sqlite3"], ["sqlite3"])}
STRICT = "-std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Werror"
MAKEFILE_LINES, INVOICE_LINES = 30, 60


def lacks(name):
    """What isn't installed of that which a project needs."""
    packages, programs = PROJECTS[name]
    return ([package for package in packages
             if subprocess.run(["pkg-config", "--exists", package], check=False).returncode]
            + [program for program in programs if not shutil.which(program)])


def is_plain(project):
    """The Makefile is short and goes by pkg-config alone, and the invoice is short."""
    makefile = project.text("Makefile")
    true(len(makefile.splitlines()) < MAKEFILE_LINES, "the Makefile is long")
    true(not re.search(r"(?<!\S)-[ILl]\w", makefile), "the Makefile names a place or a library")
    true(project.name != "invoice" or len(project.text("invoice.c").splitlines()) <= INVOICE_LINES,
         "invoice.c is long")


def is_built(project):
    """What an author types works: make, make check, make clean, make bootstrap."""
    before = project.files()
    for target in ("all", "check", "clean", "all", "bootstrap"):
        status, said = project.make(target)
        equal(status, 0, f"make {target}: {said[-1500:]}")
        true("warning" not in said, f"make {target} warns: {said}")
        if target == "clean":
            equal(project.files(), before, "what make clean leaves")


def is_clean(project):
    """gcc and clang have nothing to say of it."""
    for compiler in ("gcc", "clang"):
        if shutil.which(compiler):
            status, said = project.make("-B", "all", "CFLAGS=" + STRICT, "CC=" + compiler)
            equal(status, 0, f"{compiler}: {said[-1500:]}")


def set_up(project, folder):
    """Puts the settings of a project into the environment, with nothing kept in them yet."""
    os.environ["SHORTENER_DB"] = os.path.join(folder, f"links.{time.monotonic_ns()}.db")
    os.environ["THUMBNAIL_FOLDER"] = project.path("tests", "pictures")
    os.environ["EXPORT_DB"] = project.path("tests", "orders.db")
    if project.name == "export":
        equal(project.make("tests/orders.db"), (0, ""))


def golden_cases(project, build, folder, columns):
    """A case for each host: the golden requests. COLUMNS gets what was wrong, by host and request."""
    paths = sorted(glob.glob(os.path.join(glob.escape(project.path("tests", "golden")), "*.request")))
    requests, firsts = [Request(project, path) for path in paths], {}

    def asking(host, missing, start):
        def case():
            if missing:
                raise Skip(missing)
            set_up(project, folder)
            column = columns.setdefault(project.name, (requests, {}))[1].setdefault(host, {})
            for request, said in ask_all(start, requests, firsts):
                column[request.name] = said
            equal([f"{name}: {said}" for name, said in column.items() if said], [])
            true(len(column) == len(paths) > 0, "not all requests were asked")
        case.__doc__ = f"{project.name} answers its golden requests on {host}"
        return case
    return [asking(*host) for host in hosts(project, build)]


# What dies as soon as it has written a link to dies.example; the function's own source is as it is.
DIES = """
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
static inline int reset_and_die(sqlite3_stmt *query)
{
    char *sql = sqlite3_stmt_readonly(query) ? NULL : sqlite3_expanded_sql(query);
    int result = sqlite3_reset(query);
    if (sql && strstr(sql, "dies.example"))
        raise(SIGKILL);
    sqlite3_free(sql);
    return result;
}
#define sqlite3_reset reset_and_die
"""


def build_mortal(project):
    """Builds the shortener so that it dies right after it has written; the program."""
    with open(project.path("dies.h"), "w", encoding="utf-8") as file:
        file.write(DIES)
    status, said = project.make("-B", "all", "CFLAGS=-std=gnu17 -O2 -include dies.h")
    equal(status, 0, said)
    return shutil.move(project.path(project.name), project.path("mortal"))


def links():
    """How many links to dies.example are written."""
    with sqlite3.connect(os.environ["SHORTENER_DB"]) as database:
        return database.execute("SELECT count(*) FROM links WHERE url LIKE '%dies.example%'").fetchone()[0]


def post_that_dies(start, project, folder):
    """Posts a link to a function that dies once it is written; how many are there in the end."""
    set_up(project, folder)
    with start() as s:
        path = f"/cgi-bin/{project.name}"
        for _ in range(3):  # a connection that is kept may be used again
            equal(s.get(path).status, 200)
        answer = s.post(path, "url=https://dies.example/", {"Content-Type": "application/x-www-form-urlencoded"})
        true(answer.status in (500, 502, 503), f"the status is {answer.status}")
        wait_until(lambda: s.get(path).status == 200, "it isn't there again")
        return links()


def escaped_cases(project, build, folder):
    """A case for each host but those that are handed a path decoded: an address may be escaped (RFC 3986, 2.4)."""
    def case(host, missing, start):
        def asking():
            if missing:
                raise Skip(missing)
            set_up(project, folder)
            with start() as asked:
                made = Request(project, project.path("tests", "golden", "02-make.request"))
                followed = Request(project, project.path("tests", "golden", "04-follow.request"))
                followed.path_info = "/l%6Fng"
                equal(list(made.complaints(asked.ask(made))), [])
                equal(list(followed.complaints(asked.ask(followed))), [])
        asking.__doc__ = f"a link is found by an escaped address on {host}"
        return asking
    return [case(*host) for host in hosts(project, build) if host[0] not in ("cgi", "fastcgi")]


def root_cases(project, build, folder):
    """A case for each host that events come to: where a gateway's path is another than the function's."""
    def case(host, missing, start):
        def asking():
            if missing:
                raise Skip(missing)
            set_up(project, folder)
            made, followed, listed, deeper = (AtRoot(project, project.path("tests", "golden", name + ".request"))
                                              for name in ("02-make", "04-follow", "10-list", "20-deeper"))
            with start() as asked:
                answer = asked.ask(made)
                equal((answer.status, answer.headers["location"]), (201, "http://localhost/long"))
                equal(list(followed.complaints(asked.ask(followed))), [])
                answer = asked.ask(listed)
                equal((answer.status, json.loads(answer.body)["links"][0]["code"]), (200, "long"))
                equal(asked.ask(deeper).status, 404)
        asking.__doc__ = f"the root of a server is the function's own on {host}"
        return asking
    return [case(*host) for host in hosts(project, build) if host[0].startswith(("lambda-", "invoke-"))]


def dying_cases(project, folder):
    """Cases of a function that dies when it has written."""
    def mortal():
        return project.path("mortal")

    def test_build():
        """The shortener can be built so that it dies when it has written"""
        true(os.path.exists(build_mortal(project)), "there is no program")

    def test_control():
        """An nginx that is told to repeat a POST does, so the next cases can fail"""
        if not shutil.which("nginx", path=PATH):
            raise Skip("nginx isn't installed")
        kept = "error timeout non_idempotent"
        true(post_that_dies(lambda: Nginx(project, mortal(), kept=kept), project, folder) > 1, "it was written once")

    def case(name, missing, server):
        def once():
            if missing:
                raise Skip(missing)
            equal(post_that_dies(server, project, folder), 1, "links written")
        once.__doc__ = f"a POST to a function that dies when it has written is written once, through {name}"
        return once
    servers = {"nginx": lambda: Nginx(project, mortal()),
               "nginx on kept connections": lambda: Nginx(project, mortal(), kept="error timeout"),
               "apache": lambda: ApacheProxy(project, mortal()), "lighttpd": lambda: LighttpdFastCgi(project, mortal())}
    missing = {name: lacks_server for name, lacks_server, _ in hosts(project, "")}
    return [test_build, test_control, *[case(name, missing[name.split()[0]], server)
                                        for name, server in servers.items()]]


ROWS = 300000
MEMORY = 48 * 1024 * 1024  # bytes that a process may have with an answer of more than half of that


def make_orders(project, folder):
    """A table of many rows."""
    os.environ["EXPORT_DB"] = path = os.path.join(folder, "many.db")
    if os.path.exists(path):
        return
    with open(project.path("tests", "orders.sql"), encoding="utf-8") as file, sqlite3.connect(path) as database:
        database.executescript(file.read() + f"""DELETE FROM orders; WITH RECURSIVE n (i) AS
            (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {ROWS}) INSERT INTO orders
            SELECT i, '2026-02-01', 'Customer ' || (i % 997), 'A note, for number ' || i || ' of many', i FROM n""")


def check_rows(body):
    """Every row is there, once and in its order."""
    lines = body.split(b"\r\n")
    equal((len(lines), lines[0], lines[-1]), (ROWS + 2, b"id,day,customer,note,amount", b""))
    for number in (1, ROWS // 2, ROWS):
        wanted = f'{number},2026-02-01,Customer {number % 997},"A note, for number {number} of many",'
        equal(lines[number].decode(), wanted + f"{number // 100}.{number % 100:02d}")
    equal([int(line.partition(b",")[0]) for line in lines[1:-1]], list(range(1, ROWS + 1)))


def peak(process):
    """The most memory that a process has had, in bytes."""
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1]) * 1024


def long_cases(project, build, folder):
    """Cases of an answer of many megabytes."""
    def test_cgi():
        """export writes 300,000 rows in little memory: cgi"""
        make_orders(project, folder)
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen([project.path("export")], stdout=out, stderr=subprocess.DEVNULL,
                                       env={"REQUEST_METHOD": "GET", "EXPORT_DB": os.environ["EXPORT_DB"]})
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = status
            equal(status, 0)
            out.seek(0)
            check_rows(out.read().partition(b"\r\n\r\n")[2])
        true(usage.ru_maxrss * 1024 < MEMORY, f"it took {usage.ru_maxrss} KiB")

    def test_nginx():
        """export writes 300,000 rows in little memory: nginx"""
        if not shutil.which("nginx", path=PATH):
            raise Skip("nginx isn't installed")
        make_orders(project, folder)
        with Nginx(project) as s:
            check_rows(s.get("/cgi-bin/export").body)
            check_rows(s.get("/cgi-bin/export").body)
            for worker in fastcgi.children(s.processes["export"].pid):
                true(peak(worker) < MEMORY, f"it took {peak(worker)} bytes")

    def test_lambda():
        """export writes 300,000 rows in little memory: the function URL of a Lambda that streams"""
        if not os.access(os.path.join(build, "dime-lambda"), os.X_OK):
            raise Skip("dime-lambda isn't built")
        make_orders(project, folder)
        os.environ["DIME_INVOKE_MODE"] = "response_stream"
        try:
            start = {name: begin for name, _, begin in hosts(project, build)}["lambda-url"]
            with start() as host:
                connection = host.connection("export")
                connection.request("GET", "/cgi-bin/export")
                check_rows(connection.getresponse().read())
                for program in fastcgi.children(host.lambdas[0].pid):
                    true(peak(program) < MEMORY, f"it took {peak(program)} bytes")
        finally:
            del os.environ["DIME_INVOKE_MODE"]
    return [test_cgi, test_nginx, test_lambda]


def project_cases(project, build, folder, columns):
    """All cases of one project."""
    def named(case):
        def of_project():
            case(project)
        of_project.__doc__ = f"{project.name}: {case.__doc__}"
        return of_project
    found = [named(case) for case in (is_plain, is_built, is_clean)]
    found += golden_cases(project, build, folder, columns)
    if project.name == "shortener":
        found += escaped_cases(project, build, folder) + root_cases(project, build, folder)
        found += dying_cases(project, folder)
    if project.name == "export":
        found += long_cases(project, build, folder)
    return found


def main(build, names):
    """Runs the cases of these projects."""
    folder, columns, cases = tempfile.mkdtemp(prefix="dime-examples."), {}, []
    try:
        with Installed(build) as dime:
            for name in names or PROJECTS:
                missing = lacks(name)
                if not missing:
                    cases += project_cases(Project(folder, name, dime), build, folder, columns)
                    continue

                def skipped(name=name, missing=missing):
                    raise Skip("not installed: " + ", ".join(missing))
                skipped.__doc__ = name
                cases.append(skipped)
            status = run(cases)
            for name, (requests, hosts_of) in columns.items():
                print_table(name, requests, hosts_of)
            return status
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: examples_test.py BUILDDIR [PROJECT...]")
    sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2:]))
