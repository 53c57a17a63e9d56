#!/usr/bin/env python3
"""man_test.py - the manual pages: clean to mandoc, complete, and true.

    python3 tests/style/man_test.py BUILDDIR SRCDIR

Examples whose lines begin with "$ " are run in the build tree with the programs that were built,
and their output is compared; those of templates are filled. Options, fields and problems of the program must be on the page.
The pages of the library have programs of their own: see man_library.py.
"""

import json
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True

import console
import man_library

BLOCK = re.compile(r"^\.Bd -literal.*\n((?:(?!\.Ed).*\n)*)\.Ed", re.M)
ESCAPES = {r"\e": "\\", r"\-": "-", r"\&": "", r"\(dq": '"'}


def plain(text):
    """What a literal block of mdoc shows."""
    return re.sub(r"\\(?:\(dq|.)", lambda found: ESCAPES[found.group()], text)


def blocks(page):
    """(number of its first line, lines) of each literal block."""
    for found in BLOCK.finditer(page):
        first = page[: found.start(1)].count("\n") + 1
        yield first, plain(found[1]).split("\n")[:-1]


def run_examples(outcome, build, name, page):
    count = 0
    for first, lines in blocks(page):
        if not lines[0].startswith("$ "):
            continue
        for step in console.steps(lines, first):
            outcome.run(f"man/{name}:{step.line}: {step.command}", step, build, environment())
            count += 1
    outcome.check(f"{name}: has examples that were run", count > 0)


def fill_templates(outcome, build, name, page):
    """Three blocks each: a template, JSON, and the page. A partial's block is behind its name."""
    partials, others = {}, []
    for found in BLOCK.finditer(page):
        called = re.search(r"^\.Pa (\S+) :\n\Z", page[: found.start()], re.M)
        if called:
            partials[called[1]] = plain(found[1])
        else:
            others.append((page[: found.start(1)].count("\n") + 1, plain(found[1])))
    for (line, template), (_, data), (_, wanted) in zip(others[::3], others[1::3], others[2::3]):
        data = data.replace("\n", " ")
        asked = '{"template":%s,"contexts":[%s],"partials":%s}\n' % (
            json.dumps(template), data, json.dumps(partials))
        done = subprocess.run([os.path.join(build, "tests/mustache/fill")], input=asked,
                              capture_output=True, text=True)
        answer = json.loads(done.stdout) if done.returncode == 0 else {"why": done.stderr}
        right = answer == {"check": "", "why": "", "page": wanted}
        outcome.check(f"man/{name}:{line}: the template gives the page", right, str(answer))
    outcome.check(f"{name}: has templates that were filled", others and len(others) % 3 == 0)


def environment():
    """A clean one: a variable of CGI from outside would change what the examples do."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}


def lint(outcome, name, path):
    if not shutil.which("mandoc"):
        outcome.skip(f"{name}: mandoc's warnings", "mandoc isn't installed")
        return
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", path], capture_output=True, text=True
    )
    outcome.check(f"{name}: mandoc has no warnings", not done.returncode, done.stdout + done.stderr)


def check_options(outcome, build, name, page, program):
    done = subprocess.run(
        [os.path.join(build, program), "--help"], capture_output=True, text=True, env=environment()
    )
    # An option stands at the start of its line; elsewhere it may be another program's.
    known = set(re.findall(r"(?:^ {0,2}(?:\w+ )?|, )--([a-z]+)", done.stdout, re.M))
    told = set(re.findall(r"^\.It Fl Fl (\w+)", page, re.M))
    outcome.check(
        f"{name}: has the options of --help", known == told, f"--help {known}\npage {told}"
    )


def check_fields(outcome, build, name, page, program):
    done = subprocess.run(
        [os.path.join(build, program), "--describe"], capture_output=True, text=True, env=environment()
    )
    known = [field["name"] for field in json.loads(done.stdout)["fields"]]
    told = re.findall(r"^\.It Cm (\w+)$", page, re.M)
    outcome.check(f"{name}: has the fields in order", known == told, f"it has {known}\npage {told}")


def check_problems(outcome, source, page):
    with open(os.path.join(source, "src/request/problem.c")) as file:
        known = re.findall(r'^    \{(\d{3}), "/problems/([a-z-]+)"', file.read(), re.M)
    told = re.findall(r"^\.It (\d{3})\n\.Li ([a-z-]+)", page, re.M)
    outcome.check("dime.7: has all problems", known == told, f"table {known}\npage {told}")


def main(build, source):
    outcome = console.Outcome()
    console.self_test(outcome)
    man_library.self_test(outcome)
    library = {}
    listed = sorted(name for name in os.listdir(os.path.join(source, "man")) if name[-2:-1] == ".")
    with open(os.path.join(source, "Makefile.am")) as makefile:
        installed = re.findall(r"\bman/([\w-]+[.]\d)\b", makefile.read())
    outcome.check("every page is installed (dist_man_MANS)", listed == sorted(installed),
                  f"{listed} are there, {sorted(installed)} are listed")
    for name in listed:
        # A page in section 8 is that of a function's program, one in section 1 of a command.
        program = name[:-2] if name[-1] in "18" else None
        path = os.path.join(source, "man", name)
        with open(path) as file:
            page = file.read()
        lint(outcome, name, path)
        if name == "dime-template.7":
            fill_templates(outcome, build, name, page)
        elif name.endswith(".3"):
            library[name] = page
            found = [(page[: block.start(1)].count("\n") + 1, block.start(), plain(block[1]).split("\n")[:-1])
                     for block in BLOCK.finditer(page)]
            man_library.run_page(outcome, build, source, name, page, found, environment())
        else:
            run_examples(outcome, build, name, page)
        if program:
            check_options(outcome, build, name, page, program)
        if name.endswith(".8"):
            check_fields(outcome, build, name, page, program)
        elif name == "dime.7":
            check_problems(outcome, source, page)
    man_library.check_interface(outcome, source, library)
    return outcome.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])))
