#!/usr/bin/env python3
"""check.py - holds the tree against the rules of the house. Part of `make check`.

    python3 tests/style/check.py SRCDIR
    python3 tests/style/check.py --self-test

The self-test is for the rules themselves: each is given code that breaks it, and must find it.
"""

import os
import shutil
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True  # a release's tree may be read-only, and stays clean anyway

import check_selftest
from rules import RULES, Skip, Tree


def git(root, *arguments):
    done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def is_repository(root):
    """Whether ROOT is the top of a repository, and not a folder unpacked within another one."""
    if not shutil.which("git"):
        return False
    top = git(root, "rev-parse", "--show-toplevel")
    return top is not None and os.path.realpath(top.strip()) == os.path.realpath(root)


def paths_without_git(root):
    """What a release holds of ours; what autotools add to it isn't looked at."""
    tops = ["src", "tests", "docs", "man", "www", "nginx", "deploy", ".github"]
    files = ["README.md", "CHANGELOG.md", "LICENSE", "quickstart", "configure.ac", "Makefile.am"]
    built = (".o", ".a", ".log", ".trs", ".dirstamp", ".Po", ".Plo")
    yield from (name for name in files if os.path.isfile(os.path.join(root, name)))
    for top in tops:
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), root)
                if not name.endswith(built) and "node_modules" not in path:
                    yield path


def read_tree(root):
    root = os.path.abspath(root)
    repository = is_repository(root)
    if repository:
        listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        paths = listed.split("\0")
    else:
        paths = paths_without_git(root)
    texts = {}
    for path in paths:
        full = os.path.join(root, path)
        if not path or not os.path.isfile(full) or os.path.islink(full):
            continue
        with open(full, "rb") as file:
            data = file.read()
        if b"\0" not in data:
            texts[path] = data.decode("utf-8", "replace")
    messages = git(root, "log", "--format=%B") if repository else None
    return Tree(texts, messages, root)


def run(tree):
    """Prints an outcome for each rule; returns how many (passed, failed, skipped)."""
    passed = failed = skipped = 0
    for rule in RULES:
        name = rule.__name__.replace("_", " ")
        try:
            faults = list(rule(tree))
        except Skip as why:
            print(f"skip - {name}: {why}")
            skipped += 1
            continue
        for path, line, why in faults:
            print(f"not ok - {path}:{line}: {why}")
        if not faults:
            print(f"ok - {name}")
            passed += 1
        failed += len(faults)
    return passed, failed, skipped


def say_lengths(tree):
    lengths = [function.lines for source in tree.of_program() for function in source.functions]
    if lengths:
        print(
            f"# src: {len(lengths)} functions, {statistics.median(lengths):g} lines in the median, "
            f"{max(lengths)} at most"
        )


def main(arguments):
    if len(arguments) != 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    if arguments[0] == "--self-test":
        passed, failed, skipped = check_selftest.run()
    else:
        tree = read_tree(arguments[0])
        say_lengths(tree)
        passed, failed, skipped = run(tree)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
