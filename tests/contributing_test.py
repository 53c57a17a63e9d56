# contributing_test.py - the ten lines of CONTRIBUTING.md, followed to the letter: they add a function.
#
# usage: contributing_test.py BUILDDIR SRCDIR
# They are run in a copy of the source, whose folder `build` has been configured and nothing more, so
# that make builds what the lines need. What configure found out for BUILDDIR is told to it again.
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "hosts"))

from cases import collect, directories, equal, run, true
from readme_test import blocks

BUILD, SOURCE = (os.path.abspath(name) for name in directories())
NOT_COPIED = shutil.ignore_patterns(
    "build", "_build", ".git", "*.o", "*.a", ".deps", ".dirstamp", "config.status", "config.log",
    "config.h", "Makefile", "autom4te.cache", "node_modules", "__pycache__", os.path.basename(BUILD))
MOST_LINES = 10


class Copy:
    """A configured copy of the source."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="dime-contributing.")
        self.tree = os.path.join(self.root, "dime")
        shutil.copytree(SOURCE, self.tree, ignore=NOT_COPIED, symlinks=True)
        subprocess.run(["chmod", "-R", "u+w", self.tree], check=True)
        self.build = os.path.join(self.tree, "build")
        os.mkdir(self.build)
        with open(os.path.join(self.build, "config.cache"), "w") as cache:
            cache.writelines(found_before())
        self.run("../configure", "-q", "-C", "CFLAGS=-O0", folder=self.build)

    def run(self, *command, folder=None, **environment):
        """Runs a command that must succeed; what it printed."""
        done = subprocess.run(command, cwd=folder or self.tree, capture_output=True, text=True,
                              env=clean(**environment), check=False)
        said = done.stdout + done.stderr
        true(done.returncode == 0, f"{command[0]}: status {done.returncode}: {said[-800:]}")
        return done.stdout

    def ask(self, method="GET", **variables):
        """The head and the body that the new function answers with, as CGI."""
        answer = self.run(os.path.join(self.build, "shout"), REQUEST_METHOD=method,
                          SCRIPT_NAME="/cgi-bin/shout", **variables)
        head, _, body = answer.replace("\r\n", "\n").partition("\n\n")
        return head, body


def clean(**more):
    """An environment without make's, so that a make around this one doesn't reach into it."""
    kept = ("PATH", "HOME", "TMPDIR", "LANG")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"MAKEFLAGS": "-j2"} | more


def found_before():
    """What configure found out of this machine, from the log that it left in BUILDDIR."""
    with open(os.path.join(BUILD, "config.log"), encoding="utf-8", errors="replace") as log:
        return re.findall(r"^ac_cv_(?!env_|prog_cc_g=).*\n", log.read(), re.M)


def ten_lines():
    """The first block of CONTRIBUTING.md."""
    with open(os.path.join(SOURCE, ".github", "CONTRIBUTING.md"), encoding="utf-8") as file:
        return blocks(file.read())[0]


def test_count(_):
    """The lines that add a function are ten at most."""
    block = ten_lines()
    equal(block.language, "sh")
    true(0 < len(block.lines) <= MOST_LINES, f"{len(block.lines)} lines")


def test_lines(copy):
    """The lines, run as they stand, build the function, and it answers."""
    said = copy.run("sh", "-e", "-c", "\n".join(ten_lines().lines))
    true(said.endswith('{"message":"shout you"}'), said[-300:])
    true("Status: 200 OK" in said, said[-300:])
    built = [name for name in os.listdir(copy.build)
             if name in ("hello", "change", "dime") or name.endswith(".bootstrap")]
    equal(built, [], "programs that nobody asked for")


def test_what_it_has(copy):
    """It has a page with a form, problems, HEAD and OPTIONS by then."""
    head, page = copy.ask(HTTP_ACCEPT="text/html")
    true("Content-Security-Policy: " in head and 'name="name"' in page, head)
    head, body = copy.ask(QUERY_STRING="name=" + "x" * 201)
    true("Status: 422" in head, head)
    problem = json.loads(body)
    equal((problem["type"], problem["errors"][0]["field"]), ("/problems/invalid-field", "name"))
    head, body = copy.ask("HEAD")
    equal(("Status: 200" in head, body), (True, ""))
    head, body = copy.ask("OPTIONS")
    true("Allow: GET, HEAD, POST, OPTIONS" in head, head)


def test_command(copy):
    """The dime command has it too."""
    copy.run("make", "-s", "-C", "build", "dime")
    answer = json.loads(copy.run("sh", "-c", """echo '{"name":"you"}' | build/dime invoke shout"""))
    equal((answer["statusCode"], answer["body"]), (200, '{"message":"shout you"}'))


def test_its_places(copy):
    """It has its place in the servers' configurations, the descriptions, the pages, completion and the manual."""
    copy.run("make", "-s", "-C", "build", "host/all", "www-here")

    def made(*names):
        with open(os.path.join(copy.build, *names), encoding="utf-8") as file:
            return file.read()
    for name in ("nginx-http.conf", "nginx-server.conf", "nginx-sizes.conf", "apache.conf", "lighttpd.conf"):
        true("shout" in made("host", "shout", name), name)
    true("/cgi-bin/shout" in json.loads(made("www", "openapi.json"))["paths"], "openapi.json")
    true('"/cgi-bin/shout"' in made("www", "api-catalog.json"), "the catalog")
    for page in ("index.html", "docs.html", "problems.html", "error.html", "whole/change.html"):
        true('<a href="/shout">Shout</a>' in made("www", *page.split("/")), f"the menu of {page}")
    true('id="shout"' in made("www", "docs.html"), "the page of functions")
    for option, word in (("--man", ".Dt SHOUT 8"), ("--sam", "Path: /shout"), ("--schema", '"name"')):
        true(word in copy.run("build/dime-describe", option, "build/shout"), option)
    for shell in ("bash", "zsh", "fish"):
        true("name=" in copy.run("build/dime-describe", "--completion", shell, "build/shout"), shell)


if __name__ == "__main__":
    copy = Copy()
    try:
        status = run(collect(globals()), copy)
    finally:
        shutil.rmtree(copy.root)
    sys.exit(status)
