#!/usr/bin/env python3
"""readme_test.py - what README.md and docs/*.md show is what happens, and what they say is so.

    python3 tests/readme_test.py BUILDDIR SRCDIR [BASEURL]

Blocks fenced as `console` are run from the top of the source, with the build tree on PATH and an
empty folder as HOME; what they ask of http://127.0.0.1:8080 goes to BASEURL, or to a server that is
started here, and so does what they ask of redis://127.0.0.1. Blocks fenced as `sh` are only parsed.
One that can't be run has <!-- not run: why --> before it. The blocks of the tutorial, which build
on each other, are run by tests/hosts/tutorial_test.py. A limit in docs/security.md names the text
that sets it and the file where that stands: `TEXT` in `FILE`.
"""

import contextlib
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections import namedtuple

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "style"), os.path.join(HERE, "hosts")]

import console

ADDRESS, QUEUE = "http://127.0.0.1:8080", "redis://127.0.0.1/"
TUTORIAL, SECURITY = "docs/tutorial.md", "docs/security.md"
README_LINES = 130
NOT_RUN = re.compile(r"\s*<!-- not run: (.+?) -->\s*")
FENCE = re.compile(r"(\s*)(`{3,}|~{3,})\s*([\w-]*)")

Block = namedtuple("Block", "language line lines not_run")


def blocks(text):
    """The fenced blocks; LINE is the number of the first line within. ValueError if one is open."""
    found, lines = [], text.split("\n")
    why, number = None, 0
    while number < len(lines):
        line = lines[number]
        fence = FENCE.match(line)
        number += 1
        if not fence:
            comment = NOT_RUN.fullmatch(line)
            why = comment[1] if comment else why if not line.strip() else None
            continue
        first, inside = number, []
        while number < len(lines) and lines[number].strip() != fence[2]:
            inside.append(lines[number])
            number += 1
        if number == len(lines):
            raise ValueError(f"line {first}: the block has no end")
        inside = textwrap.dedent("\n".join(inside)).split("\n") if inside else []
        found.append(Block(fence[3], first + 1, inside, why))
        why, number = None, number + 1
    return found


def parses(lines):
    """What sh says of them, empty where nothing is wrong."""
    script = "\n".join(lines) + "\n"
    return subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True).stderr


def environment(build, home):
    path = os.pathsep.join([os.path.abspath(build), os.environ.get("PATH", "")])
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return dict(kept, PATH=path, HOME=home, LC_ALL="C.UTF-8")


class Place:
    """Where the documents' commands are run: what they find there, and which addresses they ask."""

    def __init__(self, build, source, base, queues):
        self.build, self.source = build, source
        self.addresses = {ADDRESS: base.rstrip("/")} if base else {}
        if queues:
            self.addresses[QUEUE] = queues

    def moved(self, text):
        for address, other in self.addresses.items():
            text = text.replace(address, other)
        return text

    def lacks(self, block):
        """What a block needs that isn't here; empty where nothing is missing."""
        text = "\n".join(block.lines)
        if ADDRESS in text and ADDRESS not in self.addresses:
            return "nginx and curl aren't both installed"
        if QUEUE in text and QUEUE not in self.addresses:
            return "redis-server isn't installed, or dime was built without queues"
        return ""

    def run(self, outcome, name, block, home):
        for step in console.steps(block.lines, block.line):
            moved = step._replace(command=self.moved(step.command),
                                  expected=[self.moved(line) for line in step.expected])
            outcome.run(f"{name}:{step.line}: {step.command}", moved, self.source, environment(self.build, home))


def check_links(outcome, name, text, source):
    """A link or an image within the tree must be there."""
    folder = os.path.dirname(os.path.join(source, name))
    for target in dict.fromkeys(re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)):
        if not re.match(r"[a-z]+:", target):
            there = os.path.exists(os.path.join(folder, target))
            outcome.check(f"{name}: {target} is there", there)


def limits(text):
    """(row, text that sets it, file) of each limit in a table."""
    for row in re.findall(r"^\|(.*)\|$", text, re.M):
        for found in re.finditer(r"`([^`]+)` in `([^`]+)`", row):
            yield row.split("|")[0].strip(), found[1].replace("\\|", "|"), found[2]


def check_limits(outcome, source):
    text = read(source, SECURITY)
    found = list(limits(text))
    rows = re.findall(r"^\| [^-|]+\|[^|]+\|.*\|$", text.partition("## Limits")[2], re.M)[1:]
    named = {row for row, _, _ in found}
    for row in rows:
        name = row.split("|")[1].strip()
        outcome.check(f"{SECURITY}: {name}: it says where that stands", name in named)
    for row, setting, name in found:
        # Several blanks are as good as one: clang-format lays definitions out in columns.
        there = os.path.exists(os.path.join(source, name))
        holds = there and re.sub(" +", " ", setting) in re.sub(" +", " ", read(source, name))
        outcome.check(f"{SECURITY}: {row}: {setting}", holds, f"{name} doesn't say so")


def check_changes(outcome, source):
    """The newest version of CHANGELOG.md is the one that configure.ac builds."""
    newest = re.search(r"^## (\d+\.\d+\.\d+), (?:\d{4}-\d\d-\d\d|not released yet)$",
                       read(source, "CHANGELOG.md"), re.M)
    built = re.search(r"^AC_INIT\(\[dime\], \[([^\]]+)\]", read(source, "configure.ac"), re.M)
    same = newest and built and newest[1] == built[1]
    outcome.check("CHANGELOG.md: begins with the version of configure.ac", same)


def read(source, name):
    with open(os.path.join(source, name), encoding="utf-8") as file:
        return file.read()


def check_blocks(outcome, name, found, place):
    with tempfile.TemporaryDirectory(prefix="dime-docs.") as home:
        for block in found:
            where = f"{name}:{block.line}"
            if block.not_run:
                complaint = parses(block.lines)
                outcome.check(f"{where}: the shell can parse it", not complaint, complaint)
                outcome.skip(where, block.not_run)
            elif block.language == "sh":
                complaint = parses(block.lines)
                outcome.check(f"{where}: the shell can parse it", not complaint, complaint)
            elif block.language == "console" and place.lacks(block):
                outcome.skip(where, place.lacks(block))
            elif block.language == "console" and name != TUTORIAL:
                place.run(outcome, name, block, home)


def documents(source):
    """README.md, and what is beside it for readers."""
    found = sorted(glob.glob(os.path.join(source, "docs", "*.md")))
    return ["README.md", *(os.path.relpath(path, source) for path in found)]


def check_documents(outcome, source):
    """README.md is short and names each document; those are installed alone, so they lead to each other only."""
    text = read(source, "README.md")
    lines = len(text.splitlines())
    outcome.check("README.md: it is short", lines <= README_LINES, f"it has {lines} lines")
    for name in documents(source)[1:]:
        outcome.check(f"README.md: it names {name}", f"]({name})" in text)
        out = re.findall(r"\]\((\.\.[^)]*)\)", read(source, name))
        outcome.check(f"{name}: its links stay in docs", not out, str(out))


def self_test(outcome):
    sample = textwrap.dedent(
        """\
        Text.

        ```console
        $ echo http://127.0.0.1:8080/x
        http://127.0.0.1:8080/x
        $ echo one; \\
            echo two
        ...
        two
        ```
        <!-- not run: needs a moon -->

        ```console
        $ false
        what isn't so
        ```
        1. In a list:

           ```sh
           if true; then
           ```
        """
    )
    found = blocks(sample)
    shape = [(block.language, block.line, block.not_run) for block in found]
    wanted = [("console", 4, None), ("console", 14, "needs a moon"), ("sh", 20, None)]
    outcome.check("self-test: blocks are found", shape == wanted, str(shape))
    outcome.check("self-test: sh that can't be parsed is found", bool(parses(found[2].lines)))
    outcome.check("self-test: sh that can be parsed passes", not parses(["if true; then :; fi"]))
    row = "| a body | 8 kB | `max 8k` in `a.conf`, `s\\|8\\|` in `b` |\n"
    wanted = [("a body", "max 8k", "a.conf"), ("a body", "s|8|", "b")]
    outcome.check("self-test: limits are found", list(limits(row)) == wanted, str(list(limits(row))))
    with tempfile.TemporaryDirectory() as folder:
        results = [
            console.run(step, folder)[0]
            for block in found[:2]
            for step in console.steps(block.lines, block.line)
        ]
    outcome.check("self-test: output is compared", results == [True, True, False], str(results))


def serve(stack, build, source):
    """The address of a server that is started until STACK ends; None where that can't be."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    if not shutil.which("nginx", path=path) or not shutil.which("curl"):
        return None
    from serving import Serving

    return stack.enter_context(Serving(build, source)).url()


def queue(stack, build):
    """The same of a Redis."""
    if not shutil.which("redis-server") or not os.path.exists(os.path.join(build, "dime-queue")):
        return None
    from redis_server import Redis

    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dime-docs."))
    return f"redis://127.0.0.1:{stack.enter_context(Redis(folder)).port}/"


def main(build, source, base=None):
    outcome = console.Outcome()
    console.self_test(outcome)
    self_test(outcome)
    for name in (*documents(source), "CHANGELOG.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md"):
        check_links(outcome, name, read(source, name), source)
    check_documents(outcome, source)
    check_limits(outcome, source)
    check_changes(outcome, source)
    with contextlib.ExitStack() as stack:
        place = Place(build, source, base or serve(stack, build, source), queue(stack, build))
        for name in documents(source):
            check_blocks(outcome, name, blocks(read(source, name)), place)
    return outcome.close()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__.strip())
    sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), *sys.argv[3:]))
