# cases.py - what every test program here ends with: a line for each case, and the count.
#
# A case is a function that returns if all is well, raises AssertionError with what is wrong, or
# raises Skip with why it can't be tried. `run` prints `ok - NAME`, `not ok - NAME: WHY` or
# `skip - NAME: WHY`, then `N passed, N failed, N skipped`, and returns the status to exit with. The
# first line of a case's comment string is its name.
import os
import shutil
import subprocess
import sys
import traceback


class Skip(Exception):
    """This case can't be tried here; the text says why."""


def equal(found, wanted, what=""):
    """Fails with both values unless they are equal."""
    if found != wanted:
        raise AssertionError(f"{what + ': ' if what else ''}{found!r}, not {wanted!r}")


def true(condition, what):
    """Fails with the text unless the condition holds."""
    if not condition:
        raise AssertionError(what)


def _try(case, arguments):
    try:
        case(*arguments)
    except Skip as skip:
        return "skip", str(skip)
    except AssertionError as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return "not ok", str(error) or f"line {place.lineno}: {place.line}"
    except Exception as error:  # a test that breaks has failed
        place = traceback.extract_tb(error.__traceback__)[1]
        return "not ok", f"line {place.lineno}: {type(error).__name__}: {error}"
    return "ok", ""


def run(cases, *arguments):
    """Runs the cases with these arguments; the status to exit with."""
    counts = {"ok": 0, "not ok": 0, "skip": 0}
    for case in cases:
        name = (case.__doc__ or case.__name__).strip().splitlines()[0].rstrip(".")
        result, why = _try(case, arguments)
        counts[result] += 1
        why = " ".join(why.split())
        print(f"{result} - {name}{': ' + why if why else ''}", flush=True)
    print(f"{counts['ok']} passed, {counts['not ok']} failed, {counts['skip']} skipped", flush=True)
    return 1 if counts["not ok"] or not counts["ok"] else 0


def collect(namespace):
    """The functions of a module whose names begin with test_, in the order in which they stand."""
    return [value for name, value in namespace.items()
            if name.startswith("test_") and callable(value)]


def directories():
    """BUILDDIR and SRCDIR of the command line."""
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} BUILDDIR SRCDIR")
    return sys.argv[1], sys.argv[2]


def copy_source(source, tree):
    """Copies the source to TREE, which can be written to then, without what was built in it."""
    anywhere = shutil.ignore_patterns("*.o", "*.a", ".deps", ".dirstamp", "node_modules", "__pycache__")
    on_top = shutil.ignore_patterns("build", "_build", ".git", "config.status", "config.log", "config.h", "Makefile",
                                    "Makefile.in", "configure", "aclocal.m4", "autom4te.cache", "build-aux")

    def ignore(folder, names):
        return anywhere(folder, names) | (on_top(folder, names) if os.path.samefile(folder, source) else set())
    shutil.copytree(source, tree, ignore=ignore, symlinks=True)
    subprocess.run(["chmod", "-R", "u+w", tree], check=True)
