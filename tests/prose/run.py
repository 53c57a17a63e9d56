# run.py - the prose of README.md, docs/, the manual and the messages of src/, looked at by check.js.
#
# usage: run.py BUILDDIR SRCDIR
#
# Code is no prose, so it's left out: blocks of a document, literal blocks of a manual page, and all of a C
# file but its literals. The lines stay as they are in the source.
import glob
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "hosts"), os.path.join(HERE, "..", "style")]
from c_source import LEXEME  # noqa: E402
from modules import fetch_modules  # noqa: E402

CODE = re.compile(r"^ *```.*?^ *```|`[^`\n]*`|\|[^\n]*\|$", re.M | re.S)
LITERAL = re.compile(r"^\.Bd -literal.*?^\.Ed\n", re.M | re.S)


def document(text):
    """Without code; a heading is a sentence of its own."""
    return re.sub(r"^#(.*)$", r"\1.", CODE.sub(lambda code: re.sub(r"\S", "_", code[0]), text), flags=re.M)


def manual(text):
    shown = subprocess.run(["mandoc", "-T", "utf8"], input=LITERAL.sub("", text), capture_output=True,
                           text=True, check=True).stdout
    shown = re.sub(".\b", "", shown)  # what overstrikes
    return re.sub(r"^( {0,3}\S.*)$", r"\1.", shown, flags=re.M)  # a heading, as above


def messages(text):
    """The literals of a C file that are sentences, each in its place. Code between two of them is a full stop."""
    kept, at = [], 0
    for found in LEXEME.finditer(text):
        literal = found.group()
        kept.append(re.sub(r"\S", ".", text[at:found.start()]))
        is_message = literal.startswith('"') and literal.count(" ") >= 2
        plain = re.sub(r"\\.|%[^a-zA-Z%]*[a-zA-Z]+", lambda each: "_".ljust(len(each[0])), literal[1:-1])
        kept.append(" " + plain + " " if is_message else re.sub(r"\S", ".", literal))
        at = found.end()
    return "".join(kept)


def texts(source):
    for pattern, plain in (("README.md", document), ("docs/*.md", document), ("man/*.[0-9]", manual),
                           ("src/**/*.[ch]", messages)):
        for path in sorted(glob.glob(os.path.join(source, pattern), recursive=True)):
            with open(path, encoding="utf-8") as file:
                yield {"path": os.path.relpath(path, source), "text": plain(file.read())}


def main(build, source):
    # Outside a build tree of `make distcheck`, which lasts only as long as the test.
    folder = os.environ.get("DIME_PROSE_MODULES", os.path.join(build, "prose"))
    modules, why = fetch_modules(os.path.join(HERE, "package.json"), folder)
    if not shutil.which("mandoc"):
        why = "mandoc isn't installed"
    if why:
        print(f"skip - the prose: {why}\n0 passed, 0 failed, 1 skipped")
        return 0
    return subprocess.run(["node", os.path.join(HERE, "check.js")], input=json.dumps(list(texts(source))),
                          text=True, env={**os.environ, "NODE_PATH": modules}, check=False).returncode


sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])))
