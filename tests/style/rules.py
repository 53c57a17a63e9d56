"""rules.py - the rules of the house that a compiler doesn't check.

Each rule is a function from a tree to what breaks it, (file, line, why). A rule that can't be
checked here raises Skip. check_selftest.py holds, for each of them, code that breaks it.
"""

import ast
import json
import os
import re
import shutil
import subprocess

import wiring
from c_source import Source

LINES_OF_FUNCTION, LINES_OF_FILE, COLUMNS = 100, 600, 100
LINES_OF_OPENING = range(3, 13)
SMALL_HEADER = 120
CLANG_FORMAT = "14"  # other versions lay out some lines differently

# What to call instead.
BANNED = {
    "strcpy": "dime_text", "strcat": "struct buffer", "sprintf": "snprintf",
    "vsprintf": "vsnprintf", "gets": "fgets", "strtok": "text_cut", "strtok_r": "text_cut",
    "atoi": "text_to_int64", "atol": "text_to_int64", "atoll": "text_to_int64",
    "atof": "decimal_read", "scanf": "a parser", "fscanf": "a parser", "sscanf": "a parser",
    "vscanf": "a parser", "vfscanf": "a parser", "vsscanf": "a parser", "strncpy": "memcpy",
    "strncat": "struct buffer", "alloca": "the arena", "system": "posix_spawn",
    "popen": "posix_spawn", "setlocale": "nothing: formats must not vary", "gmtime": "gmtime_r",
    "localtime": "gmtime_r", "rand": "getrandom", "longjmp": "return", "siglongjmp": "return",
}  # fmt: skip

# Arrows go down only. What a file in a folder of src may include, folder by folder. The line that a
# program logs (request/log.h) is the one thing that what lies lower may have from above.
LOG = "request/log.h"
ARROWS = {
    "dime": {"dime"},
    "base": {"base"},
    "request": {"request", "base"},
    "events": {"events", "request", "base"},
    "net": {"net", "base", LOG},
    "services": {"services", "net", "base", LOG},
    "money": {"money", "base"},
    "vision": {"vision", "base"},
    "functions": {"functions", "money", "vision", "services", "base", LOG, "request/arena_of.h"},
    "hosts": {"hosts", "events", "request", "net", "base"},
    "emulator": {"emulator", "net", "request", "base"},
    "tool": {"tool", "events", "request", "services", "net", "base"},
}  # fmt: skip
# A library belongs to the part that wraps it.
LIBRARIES = {"fcg": {"hosts", "tool"}, "openssl": {"services"}, "json-c": {"base", "tool"},
             "curl": {"net", "services", "hosts"}, "tensorflow": {"vision"},
             "microhttpd": {"emulator"}, "hiredis": {"tool"}}  # fmt: skip

# How a literal begins that has a member of JSON in it: with a name and its colon, behind punctuation.
JSON_MEMBER = re.compile(r"""[\s{}\[\],:"]*"[^"]*"\s*:""")
LITERALS = re.compile(r'"[^"]*"(?:\s*"[^"]*")*')

# Written so that this file doesn't match them.
PLACES = re.compile(r"(?<![\w.])/(?:home|Users)/[a-z][\w.-]*")
REGISTRIES = re.compile(
    r"\b(?:registry|artifacts?|mirrors?)\.[a-z0-9-]+\.[a-z]{2,}|\bnpm[j]s\b|\bpyp[i]\."
    r"|python[h]osted|\bproxy\.go[l]ang\.|\bcrates\.i[o]\b|artif[a]ctory|sonat[y]pe|\bnex[u]s\b"
)

# Where the glossary's words to avoid mustn't stand, and how it writes them: in quotes, in the first column.
PROSE = ("src/", "man/", "docs/", "www/", "nginx/", "deploy/", "README.md", "quickstart")
GLOSSARY = "docs/glossary.md"
AVOIDED = re.compile(r'^\| ("[^|]*) \|', re.M)
BETWEEN_WORDS = r"""[\s*#/"\\]+"""  # also a comment's or a literal's next line


class Tree:
    """The files that the rules look at: texts by path. MESSAGES are those of the commits."""

    def __init__(self, texts, messages=None, root=None):
        self.texts = texts
        self.messages = messages
        self.root = root
        self.sources = [
            Source(path, text)
            for path, text in sorted(texts.items())
            if path.endswith((".c", ".h")) and path.startswith(("src/", "tests/", "docs/"))
        ]

    def of_program(self):
        return [source for source in self.sources if source.path.startswith("src/")]


class Skip(Exception):
    """A rule can't be checked here; says why."""


def banned_functions(tree):
    for source in tree.sources:
        before = None
        for token in source.tokens:
            if token.text in BANNED and before not in (".", "->"):
                yield (
                    source.path,
                    source.line_of(token.offset),
                    f"{token.text} is banned; use {BANNED[token.text]}",
                )
            before = token.text


def json_pieces(tree):
    """A whole document may be a literal: it lacks nothing. What is put together is written by calls."""
    for source in tree.of_program():
        for found in LITERALS.finditer(source.code):
            text = ast.literal_eval("(" + source.text[found.start() : found.end()] + ")")
            if JSON_MEMBER.match(text) and "..." not in text and not _is_json(text):
                yield source.path, source.line_of(found.start()), "holds a piece of JSON; use base/json_put.h"


def _is_json(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def goto_forward_only(tree):
    for source in tree.sources:
        for function in source.functions:
            yield from _backward(source, function.tokens)


def _backward(source, tokens):
    labels = set()
    for before, token, after in zip(tokens, tokens[1:], tokens[2:]):
        if after.text == ":" and before.text in (";", "{", "}", ":", ")"):
            labels.add(token.text)
        if before.text == "goto" and (token.text in labels or token.text == "*"):
            yield source.path, source.line_of(token.offset), f"goto {token.text} leads backwards"


def function_length(tree):
    for source in tree.sources:
        for function in source.functions:
            if function.lines > LINES_OF_FUNCTION:
                yield (
                    source.path,
                    function.line,
                    f"{function.name} has {function.lines} lines of {LINES_OF_FUNCTION}",
                )


def file_length(tree):
    for source in tree.sources:
        if len(source.lines) > LINES_OF_FILE:
            why = f"has {len(source.lines)} lines of {LINES_OF_FILE}"
            yield source.path, LINES_OF_FILE + 1, why


def line_length(tree):
    for source in tree.sources:
        for number, line in enumerate(source.lines, 1):
            if len(line) > COLUMNS:
                yield source.path, number, f"has {len(line)} columns of {COLUMNS}"


def blanks(tree):
    for source in tree.sources:
        for number, line in enumerate(source.lines, 1):
            if "\t" in line or "\r" in line:
                yield source.path, number, "holds a tab or a carriage return"
            if line != line.rstrip():
                yield source.path, number, "ends in a blank"
        if source.text and (not source.text.endswith("\n") or source.text.endswith("\n\n")):
            yield source.path, len(source.lines), "must end with one line end"


def opening_comment(tree):
    for source in tree.sources:
        name = os.path.basename(source.path)
        comment = source.comments[0] if source.comments else None
        if not comment or comment.offset != 0:
            yield source.path, 1, "must begin with a comment on what it is for"
            continue
        lines = [line.strip(" */") for line in comment.text.split("\n")][1:-1]
        if not lines or not re.match(re.escape(name) + " - [a-zA-Z0-9]", lines[0]):
            yield source.path, 1, f'the opening comment must begin with "{name} - "'
        sentences = len(re.findall(r"[.?!](?=\s|$)", " ".join(lines)))
        small = name.endswith(".h") and len(source.lines) <= SMALL_HEADER and sentences >= 2
        if len(lines) not in LINES_OF_OPENING and not (small and len(lines) < 3):
            has = f"the opening comment has {len(lines)} lines and {sentences} sentences"
            yield source.path, 1, has + "; say in 3 to 12 lines what it is for and why it is so"


def header_guards(tree):
    for source in tree.sources:
        if not source.path.endswith(".h"):
            continue
        inside = source.path.removeprefix("src/")
        guard = "DIME_" + re.sub(r"[^A-Z0-9]", "_", inside.upper())
        guard = "DIME_" + guard.removeprefix("DIME_DIME_") if inside.startswith("dime") else guard
        if source.path.startswith("docs/"):  # a project of its own
            guard = re.sub(r"[^A-Z0-9]", "_", os.path.basename(source.path).upper())
        short = re.sub(r"^DIME_TESTS_\w+?_(?=[A-Z])", "DIME_TESTS_", guard)
        begins = re.match(r"\s*#ifndef (\w+)\n#define (\w+)\n", source.code)
        if (
            not begins
            or begins[1] != begins[2]
            or begins[1] not in (guard, short)
            or not source.code.rstrip().endswith("#endif")
        ):
            yield source.path, 1, f"must be guarded by {guard}"


def own_header_first(tree):
    for source in tree.of_program():
        if not source.path.endswith(".c"):
            continue
        own = source.path.removesuffix(".c") + ".h"
        if own in tree.texts:
            wanted = own.removeprefix("src/")
        elif source.path.startswith("src/functions/"):
            wanted = "dime.h"
        else:
            continue
        if not source.includes or source.includes[0].path != wanted:
            line = source.includes[0].line if source.includes else 1
            yield source.path, line, f'must include its own header first, "{wanted}"'


def include_arrows(tree):
    for source in tree.of_program():
        folder = source.path.split("/")[1]
        for include in source.includes:
            why = _against_arrows(tree, folder, source.path, include)
            if why:
                yield source.path, include.line, why


def _against_arrows(tree, folder, path, include):
    if not include.quoted:
        for library, parts in LIBRARIES.items():
            if include.path.startswith(library) and folder not in parts:
                return f"<{include.path}> belongs to src/{' and src/'.join(sorted(parts))} alone"
        return None
    if include.path in ("dime.h", "config.h", "dime/text.h", "dime/test.h"):
        return None
    if "src/" + include.path not in tree.texts:
        return f'"{include.path}" is not a path relative to src'
    if path == "src/dime.h":
        return "dime.h may include dime/ alone"
    allowed = ARROWS.get(folder)
    if allowed is None:
        return f"src/{folder} is not a folder of the house"
    if include.path.split("/")[0] not in allowed and include.path not in allowed:
        return f'{folder} must not include "{include.path}": arrows go down only'
    return None


def call_arrows(tree):
    return wiring.call_arrows(tree, ARROWS)


def commented_functions(tree):
    for source in tree.of_program():
        if source.path.endswith(".h"):
            yield from _uncommented(source)


def _uncommented(source):
    """A comment serves the declarations that follow it without an empty line."""
    commented = set()
    for comment in source.comments:
        commented.add(source.line_of(comment.end - 1))
    for item in sorted(source.declarations + source.functions, key=lambda item: item.line):
        line = item.line - 1
        while line > 0 and source.lines[line - 1].strip() and not _ends_comment(source, line):
            line -= 1
        if line not in commented:
            yield source.path, item.line, f"{item.name} has no comment"


def _ends_comment(source, line):
    """Whether the line ends a comment and holds nothing else."""
    return source.lines[line - 1].endswith("*/") and not source.code_lines[line - 1].strip()


def listed_in_makefile(tree):
    """What is compiled is listed by itself, or nothing would compile it; the rest by its folder."""
    words = set(re.findall(r"[\w./-]+", tree.texts.get("Makefile.am", "")))
    for source in tree.sources:
        parts = source.path.split("/")
        folders = {"/".join(parts[:count]) for count in range(1, len(parts))}
        by_folder = folders & words and not source.path.startswith(("src/", "tests/unit/"))
        if source.path not in words and not by_folder:
            yield source.path, 1, "is not listed in Makefile.am"


# What every page has alike: parts that are copied, since a page is to be opened as it stands.
def places_and_registries(tree):
    home = os.path.expanduser("~")
    for path, text in sorted(tree.texts.items()):
        yield from _private(path, text, [home, tree.root])


def commit_messages(tree):
    if tree.messages is None:
        raise Skip("this is not a git repository")
    yield from _private("git log", tree.messages, [os.path.expanduser("~"), tree.root])


def _private(path, text, places):
    own = [re.escape(place) + r"(?![\w.-])" for place in places if place and place.strip("/")]
    own = re.compile("|".join(own)) if own else None
    for number, line in enumerate(text.split("\n"), 1):
        found = PLACES.search(line) or (own and own.search(line))
        if found:
            yield path, number, f"names a place of one machine, {found.group()}"
        found = REGISTRIES.search(line)
        if found:
            yield path, number, f"names a registry's host, {found.group()}"


def avoided_words(tree):
    """In the whole file: a name in code should have no such word either."""
    rows = AVOIDED.findall(tree.texts.get(GLOSSARY, ""))
    words = [word for row in rows for word in re.findall(r'"([^"]+)"', row)]
    if not words:
        yield GLOSSARY, 1, "has no table of words to avoid"
        return
    any_word = "|".join(BETWEEN_WORDS.join(map(re.escape, word.split())) for word in words)
    pattern = re.compile(rf"\b(?:{any_word})\b", re.I)
    for path, text in sorted(tree.texts.items()):
        if path.startswith(PROSE) and path != GLOSSARY:
            for found in pattern.finditer(text):
                line = text.count("\n", 0, found.start()) + 1
                yield path, line, f'says "{found.group()}"; {GLOSSARY} has what to write'


def formatted(tree):
    program = shutil.which("clang-format")
    if not program:
        raise Skip("clang-format isn't installed")
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    if not re.search(rf"version {CLANG_FORMAT}\.", version):
        raise Skip(f"clang-format isn't version {CLANG_FORMAT}")
    command = [program, "--dry-run", "-Werror", *[source.path for source in tree.sources]]
    done = subprocess.run(command, cwd=tree.root, capture_output=True, text=True)
    places = {}
    for path, line in re.findall(r"^(.+?):(\d+):\d+: error:", done.stderr, re.M):
        places.setdefault(path, []).append(int(line))
    for path, lines in places.items():
        yield path, lines[0], f"clang-format -i would change {len(set(lines))} lines"
    if done.returncode and not places:
        yield "clang-format", 0, done.stderr.strip()


RULES = [
    banned_functions, json_pieces, goto_forward_only, function_length, file_length,
    line_length, blanks, opening_comment, header_guards, own_header_first, include_arrows,
    call_arrows, wiring.call_circles, wiring.unique_names, wiring.unused_names, commented_functions, listed_in_makefile, places_and_registries, commit_messages,
    avoided_words, formatted,
]  # fmt: skip
