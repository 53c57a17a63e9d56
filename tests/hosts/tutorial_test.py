# tutorial_test.py - docs/tutorial.md and README.md's own function, followed word by word with an installed dime.
#
# usage: tutorial_test.py BUILDDIR SRCDIR
# Each begins in an empty folder. A block behind <!-- file: NAME --> is put into that file; `sh` blocks are run and
# must succeed; what a `console` block's commands print must be what it shows. Blocks that are marked as not run need
# root, systemd or AWS.
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "style")]

import console
from cases import Skip, collect, directories, equal, run, true
from installed import Installed
from readme_test import blocks

BUILD, SOURCE = (os.path.abspath(name) for name in directories())
FILE = re.compile(r"<!-- file: ([\w.-]+)(, at its end)? -->")
# What a block of the tutorial needs, by a word in it: a program here.
NEEDS = {"dime lambda": "dime-lambda", "bootstrap": "dime-lambda", ".zip": "zip"}


def text_of(name):
    with open(os.path.join(SOURCE, name), encoding="utf-8") as file:
        return file.read()


class Reader:
    """Somebody who does what a document says, in an empty folder."""

    def __init__(self, dime, name):
        self.dime, self.name, self.text = dime, name, text_of(name)
        self.lines = self.text.split("\n")
        self.folder = tempfile.mkdtemp(prefix="dime-tutorial.")
        path = os.pathsep.join([dime.path("bin"), os.environ.get("PATH", "")])
        self.environment = dime.environment(PATH=path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def file_of(self, block):
        """The name of the file that a block belongs into, and how it's opened."""
        found = FILE.fullmatch(self.lines[block.line - 3])
        return (found[1], "a" if found[2] else "w") if found else None

    def lacks(self, block):
        text = "\n".join(block.lines)
        missing = [program for word, program in NEEDS.items() if word in text
                   and not shutil.which(program, path=self.environment["PATH"])]
        return missing[0] if missing else ""

    def follow(self, block):
        """Does what one block says. What it printed."""
        place = self.file_of(block)
        if place:
            with open(os.path.join(self.folder, place[0]), place[1], encoding="utf-8") as file:
                file.write("\n".join(block.lines) + "\n")
        elif block.language == "console":
            for step in console.steps(block.lines, block.line):
                done, output = console.run(step, self.folder, self.environment)
                true(done, f"{self.name}:{step.line}: {step.command}: {output}")
        elif block.language == "sh":
            done = subprocess.run(["sh", "-e", "-c", "\n".join(block.lines)], cwd=self.folder, env=self.environment,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            equal(done.returncode, 0, f"{self.name}:{block.line}: {done.stderr[-800:]}")
            return done.stdout
        return ""


def test_tutorial(dime):
    """the tutorial's files build, its tests pass, and its commands print what it shows"""
    skipped = set()
    with Reader(dime, "docs/tutorial.md") as reader:
        followed = [block for block in blocks(reader.text) if not block.not_run]
        true(len(followed) > 12, f"only {len(followed)} blocks")
        equal([reader.file_of(block)[0] for block in followed if reader.file_of(block)],
              ["tip.c", "Makefile", "tip_test.c", "Makefile"], "its files")
        for block in followed:
            if not reader.file_of(block) and reader.lacks(block):
                skipped.add(reader.lacks(block))
            else:
                reader.follow(block)
    if skipped:
        raise Skip("all but what needs " + ", ".join(sorted(skipped)))


def test_mistake(dime):
    """the tutorial's test fails where the function is wrong"""
    with Reader(dime, "docs/tutorial.md") as reader:
        for block in blocks(reader.text):
            if reader.file_of(block):
                reader.follow(block)
        with open(os.path.join(reader.folder, "tip.c"), "r+", encoding="utf-8") as file:
            text = file.read().replace('.fallback = "15"', '.fallback = "10"')
            file.seek(0)
            file.write(text)
        done = subprocess.run(["make", "-s", "check"], cwd=reader.folder, env=reader.environment, capture_output=True,
                              text=True, check=False)
        true(done.returncode and "tip: 4 requests; 3 passed, 1 failed" in done.stdout, done.stdout + done.stderr)


def test_own_function(dime):
    """README.md's own function is built and answers by its two lines"""
    with Reader(dime, "README.md") as reader:
        section = reader.text[reader.text.index("## Your own function"):]
        found = blocks(section)
        at = next(number for number, block in enumerate(found) if block.language == "c")
        with open(os.path.join(reader.folder, "shout.c"), "w", encoding="utf-8") as file:
            file.write("\n".join(found[at].lines) + "\n")
        reader.lines = section.split("\n")
        true(reader.follow(found[at + 1]).endswith('{"message":"HELLO you"}'), "it doesn't answer")


if __name__ == "__main__":
    with Installed(BUILD) as dime:
        status = run(collect(globals()), dime)
    sys.exit(status)
