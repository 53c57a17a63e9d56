"""check_selftest.py - code that breaks each rule, and code that only looks as if it did.

A style check that can't fail is worth nothing, so each rule is given at least one tree that breaks
it and must find it at the line that is marked. The clean tree must pass every rule.
"""

import tempfile
from pathlib import Path

import rules
import wiring

HOME = "/" + "home/someone"
REGISTRY = "registry." + "example.org"

OPENING = """\
/*
 * NAME - for the self-test.
 *
 * It stands here so that the rules have something to look at.
 */
"""

HEADER = (
    OPENING.replace("NAME", "a.h")
    + """\
#ifndef DIME_BASE_A_H
#define DIME_BASE_A_H

/* Two functions that one comment serves. */
int one(void);
int two(int (*by)(int), int of);

/* In the header itself. */
static inline int three(void)
{
    return 3;
}

#endif
"""
)

CLEAN = (
    OPENING.replace("NAME", "a.c")
    + """\
#include "base/a.h"

#include <string.h>

/* strcpy(a, b); goto back; { */
static const char *const TEXT = "sprintf(\\"} { strcpy\\" \\\\";
static const char BRACE = '{', QUOTE = '"', BACKSLASH = '\\\\';

#if defined(WIDE) && \\
    WIDE
int one(void) {
#else
int one(void)
{
#endif
    struct call call = {.system = 1};
    int other = call.system ? call.rand : 0;
    if (other)
        goto out;
    switch (other) {
    case 1:
        other = 2; /* gets() // */
        break;
    default:
        break;
    }
out:
    return other;
}

__attribute__((format(printf, 1, 2))) static dime_text
format_text(const char *format, ...)
{
    return (dime_text){format, 0};
}

static int (*const TABLE[])(void) = {
    one,
};
"""
)

MAKEFILE = "libbase_a_SOURCES = src/base/a.c src/base/a.h src/dime.h\nEXTRA_DIST = tests\n"
GLOSSARY = "# Glossary\n\n| word |\n|---|\n| tool |\n\n| don't | write |\n|---|---|\n| \"old word\", \"ow\" | word |\n"


def tree(*changes, messages="One line.\n"):
    """The clean tree with files changed: (path, text), or (path, old, new) for a replacement."""
    texts = {"src/base/a.c": CLEAN, "src/base/a.h": HEADER, "Makefile.am": MAKEFILE,
             "docs/glossary.md": GLOSSARY}
    for path, *change in changes:
        if len(change) == 1:
            texts[path] = change[0]
        else:
            assert change[0] in texts[path], change[0]
            texts[path] = texts[path].replace(change[0], change[1], 1)
    return rules.Tree(texts, messages)


def named(path, rest):
    return OPENING.replace("NAME", path.rsplit("/", 1)[-1]) + rest


def function(lines):
    """A function of that many lines, its braces and its name among them."""
    return "int long_one(void)\n{\n" + "    one();\n" * (lines - 3) + "}\n"


def guarded(path, guard, rest=""):
    return named(path, f"#ifndef {guard}\n#define {guard}\n{rest}\n#endif\n")


def including(path, include):
    return (path, named(path, f"#include {include}\n"))


C, H = "src/base/a.c", "src/base/a.h"
AT_END = len(CLEAN.split("\n"))  # the line on which text that is appended begins


def calling(path, defined, *called, kind="int %s(void)\n{\n%s}\n"):
    """A file with one function, which calls others: each on a line of its own, the first on line 8."""
    return (path, named(path, kind % (defined, "".join(f"    {name}();\n" for name in called))))


def wired(*files):
    """A tree of these alone."""
    return rules.Tree(dict(files))


# (rule, what is wrong, the tree, the file and line where it must be found)
BROKEN = [
    *[
        (rules.banned_functions, name, tree((C, CLEAN + f"int f(void)\n{{\n    {name} (a);\n}}\n")),
         C, AT_END + 2)
        for name in rules.BANNED
    ],
    (rules.banned_functions, "a banned function in a macro",
     tree((C, CLEAN + "#define COPY(a) \\\n    strcpy(a, a)\n")), C, AT_END + 1),
    (rules.banned_functions, "a banned function by its address",
     tree((C, CLEAN + "int (*f)(const char *) = atoi;\n")), C, AT_END),
    (rules.banned_functions, "a banned function behind a comment and a string",
     tree((C, CLEAN + 'int x = f("/*") + /* " */ rand();\n')), C, AT_END),
    *[
        (rules.json_pieces, f"a piece of JSON, {piece}",
         tree((C, CLEAN + f"const char *x = {piece};\n")), C, AT_END)
        for piece in (r'"{\"a\":"', r'",\"a\":"', r'"\"a\": 1"', r'"\",\"a\":[1]}"', r'"{\"a\":{" "\"b\":%d}}"')
    ],
    (rules.goto_forward_only, "a loop of goto",
     tree((C, CLEAN + "int f(int x)\n{\nagain:\n    if (x--)\n        goto again;\n}\n")),
     C, AT_END + 4),
    (rules.goto_forward_only, "a computed goto",
     tree((C, CLEAN + "int f(void *x)\n{\n    goto *x;\n}\n")), C, AT_END + 2),
    (rules.function_length, "a function of 101 lines",
     tree((C, CLEAN + function(101))), C, AT_END),
    (rules.function_length, "a test of 101 lines", tree(
        ("tests/unit/a.c", named("a.c", function(101).replace("int long_one(void)",
                                                               "START_TEST(long_one)")))),
     "tests/unit/a.c", 6),
    (rules.file_length, "a file of 601 lines", tree((C, "int x;\n" * 601)), C, 601),
    (rules.line_length, "101 columns", tree((C, "int x;\n" + "/" * 101 + "\n")), C, 2),
    (rules.blanks, "a tab", tree((C, "int x;\n\tint y;\n")), C, 2),
    (rules.blanks, "a carriage return", tree((C, "int x;\r\nint y;\n")), C, 1),
    (rules.blanks, "a trailing blank", tree((C, "int x;\nint y; \n")), C, 2),
    (rules.blanks, "no line end", tree((C, "int x;\nint y;")), C, 2),
    (rules.blanks, "an empty line at the end", tree((C, "int x;\n\n")), C, 2),
    (rules.opening_comment, "no comment", tree((C, "int x;\n")), C, 1),
    (rules.opening_comment, "another file's name", tree((C, "a.c -", "b.c -")), C, 1),
    (rules.opening_comment, "one sentence", tree((C, "/*\n * a.c - for this.\n */\n")), C, 1),
    (rules.opening_comment, "one sentence in a small header",
     tree((H, "/*\n * a.h - for this.\n */\n")), H, 1),
    (rules.opening_comment, "13 lines",
     tree((C, "/*\n * a.c - for this.\n" + " * More.\n" * 12 + " */\n")), C, 1),
    (rules.header_guards, "another guard", tree((H, "_A_H", "_B_H")), H, 1),
    (rules.header_guards, "two names", tree((H, "ifndef DIME_BASE_A_H", "ifndef DIME_A_H")), H, 1),
    (rules.header_guards, "no guard", tree((H, "int one(void);\n")), H, 1),
    (rules.header_guards, "an example's guard with the house's prefix",
     wired(("docs/examples/a/b.h", guarded("b.h", "DIME_DOCS_EXAMPLES_A_B_H"))),
     "docs/examples/a/b.h", 1),
    (rules.header_guards, "an end that isn't the guard's",
     tree((H, HEADER + "int two(void);\n")), H, 1),
    (rules.own_header_first, "another header first",
     tree((C, '#include "base/a.h"\n\n#include <string.h>',
           '#include <string.h>\n#include "base/a.h"')),
     C, 6),
    (rules.own_header_first, "a function without dime.h",
     tree(including("src/functions/b.c", '"base/a.h"')), "src/functions/b.c", 6),
    *[
        (rules.include_arrows, f"{path} includes {include}",
         tree((f"src/{include}", ""), including(f"src/{path}", f'"{include}"')), f"src/{path}", 6)
        for path, include in [
            ("base/b.c", "functions/b.h"), ("base/b.c", "hosts/b.h"), ("base/b.c", "money/b.h"),
            ("base/b.c", "events/b.h"), ("money/b.c", "vision/b.h"), ("money/b.c", "hosts/b.h"),
            ("services/b.c", "functions/b.h"), ("events/b.c", "functions/b.h"),
            ("events/b.c", "hosts/b.h"), ("events/b.c", "services/b.h"), ("functions/b.c", "hosts/b.h"),
            ("functions/b.c", "events/b.h"), ("functions/b.c", "request/page.h"),
            ("hosts/b.c", "functions/b.h"), ("hosts/b.c", "money/b.h"), ("hosts/b.c", "vision/b.h"),
            ("hosts/b.c", "tool/b.h"), ("tool/b.c", "hosts/b.h"), ("net/b.c", "services/b.h"),
            ("emulator/b.c", "tool/b.h"), ("request/b.c", "events/b.h"),
            ("dime.h", "money/b.h"), ("elsewhere/b.c", "base/b.h"),
        ]
    ],
    (rules.include_arrows, "a path that isn't relative to src",
     tree(including("src/base/b.c", '"a.h"')), "src/base/b.c", 6),
    (rules.include_arrows, "libfcgi outside its host",
     tree(including("src/base/b.c", "<fcgiapp.h>")), "src/base/b.c", 6),
    (rules.include_arrows, "libcurl in a function",
     tree(including("src/functions/b.c", "<curl/curl.h>")), "src/functions/b.c", 6),
    (rules.call_arrows, "a call to a folder above",
     wired(calling("src/base/b.c", "low", "high"), calling("src/hosts/c.c", "high")), "src/base/b.c", 8),
    (rules.call_arrows, "a function of a folder above by its address",
     wired(calling("src/hosts/c.c", "high"), ("src/base/b.c", "int (*at)(void) = high;\n")), "src/base/b.c", 1),
    (rules.call_arrows, "a variable of a folder above",
     wired(("src/hosts/c.c", "const int table[] = {1, 2};\n"), ("src/base/b.c", "int *at = &table[1];\n")),
     "src/base/b.c", 1),
    (rules.call_arrows, "a call by a macro",
     wired(calling("src/hosts/c.c", "high"), ("src/base/b.h", "#define CALL() \\\n    high()\n")),
     "src/base/b.h", 2),
    (rules.call_arrows, "a call of a function to what isn't in its interface",
     wired(calling("src/functions/b.c", "handle", "inner"), calling("src/request/c.c", "inner"),
           ("src/dime.h", "int outer(void);\n")), "src/functions/b.c", 8),
    (wiring.call_circles, "two files that call each other",
     wired(calling("src/base/b.c", "first", "second"), calling("src/base/c.c", "second", "first")),
     "src/base/b.c", 1),
    (wiring.call_circles, "three files, of which one calls from its header",
     wired(calling("src/base/b.c", "first", "second"), calling("src/base/c.c", "second", "third"),
           calling("src/base/d.h", "third", "first", kind="static inline int %s(void)\n{\n%s}\n")),
     "src/base/b.c", 1),
    *[
        (wiring.unique_names, f"{what} twice", wired(("src/base/b.c", one), ("src/money/c.c", "\n" + two)),
         "src/money/c.c", 2)
        for what, one, two in [
            ("a function", "int x(void) {}\n", "int x(void) {}\n"),
            ("a static function", "static int x(void) {}\n", "static int *x(int (*by)(int)) {}\n"),
            ("a structure", "struct x {\n    int y;\n};\n", "struct x {\n    int z;\n};\n"),
            ("a structure in another", "struct x {int y;};\n", "struct z {struct x {int a;} b;};\n"),
            ("a variable", "static int x = 1;\n", "int a, *x;\n"),
            ("a table", "const struct a x[] = {{1}, {2}};\n", "static struct {int b;} x[5];\n"),
            ("a pointer to a function", "int (*x)(int);\n", "static int (*const x[])(void) = {a, b};\n"),
            ("a constant", "enum a {x = 1 << 4, y};\n", "enum {z = f(1, 2), x};\n"),
            ("a type", "typedef int x;\n", "typedef int x(int a);\n"),
            ("a macro", "#define x(a) a\n", "#define x 1\n"),
            ("a function and a structure", "struct x {int y;};\n", "int x(void) {}\n"),
        ]
    ],
    (wiring.unique_names, "a name twice in one file",
     wired(("src/base/b.c", "struct x {int y;};\nint x(void) {}\n")), "src/base/b.c", 2),
    *[
        (wiring.unused_names, f"{what} that nobody uses", wired(("src/base/b.c", "\n" + text)), "src/base/b.c", 2)
        for what, text in [
            ("a function", "int x(void) {}\nint x(void);\n"), ("a variable", "static int x = 1;\n"),
            ("a constant", "enum {x = 1};\n"), ("a type", "typedef int x;\n"),
            ("a macro", "#define x 1\n"),
        ]
    ],
    (wiring.unused_names, "a function that tests alone use",
     wired(calling("src/base/b.c", "first"), calling("tests/unit/b_test.c", "main", "first")),
     "src/base/b.c", 6),
    (rules.commented_functions, "a declaration without a comment",
     tree((H, "/* Two functions that one comment serves. */\n", "")), H, 9),
    (rules.commented_functions, "a comment with an empty line below it",
     tree((H, "serves. */\n", "serves. */\n\n")), H, 11),
    (rules.commented_functions, "an inline function without a comment",
     tree((H, "/* In the header itself. */\n", "")), H, 13),
    (rules.listed_in_makefile, "a file that isn't listed",
     tree(("src/base/b.c", named("b.c", ""))), "src/base/b.c", 1),
    (rules.listed_in_makefile, "a unit test of which only the folder is listed",
     tree(("tests/unit/b.c", named("b.c", ""))), "tests/unit/b.c", 1),
    (rules.listed_in_makefile, "a file whose name is part of another",
     tree(("Makefile.am", "src/base/a.c", "src/base/aa.c")), C, 1),
    (rules.places_and_registries, "a home",
     tree(("README.md", f"see\n{HOME}/x\n")), "README.md", 2),
    (rules.places_and_registries, "a registry",
     tree(("package.json", f"https://{REGISTRY}/\n")), "package.json", 1),
    (rules.places_and_registries, "this tree's own place",
     rules.Tree({"README.md": "cd /somewhere/else\n"}, root="/somewhere/else"), "README.md", 1),
    *[
        (rules.avoided_words, f"a word to avoid in {what}", tree((path, text)), path, line)
        for what, path, text, line in [
            ("a comment", "src/money/a.c", "/* An Old word. */\n", 1),
            ("a comment of two lines", "src/money/a.c", "/*\n * an old\n * word\n */\n", 2),
            ("a literal of two lines", "src/money/a.c", 'char x[] = "an old "\n    "word";\n', 1),
            ("a manual", "man/a.8", ".Nm ow ,\n", 1), ("a script", "quickstart", "# an old\n# word\n", 1),
            ("a document", "docs/a.md", "An\n**ow**.\n", 2), ("a page", "www/a.html", "<p>ow</p>\n", 1),
            ("a server's settings", "nginx/a.conf", "# ow\n", 1), ("a unit", "deploy/a", "X=ow\n", 1),
            ("README.md", "README.md", "ow\n", 1),
        ]
    ],
    (rules.avoided_words, "a glossary without words to avoid",
     tree(("docs/glossary.md", "# Glossary\n")), "docs/glossary.md", 1),
    (rules.commit_messages, "a home", tree(messages=f"Mend\n\n{HOME}\n"), "git log", 3),
    (rules.commit_messages, "a registry", tree(messages=f"{REGISTRY}\n"), "git log", 1),
]  # fmt: skip


def on_disk(rule, texts):
    """What a rule finds that runs a program over files."""
    with tempfile.TemporaryDirectory() as root:
        style = Path(__file__).resolve().parents[2] / ".clang-format"
        Path(root, ".clang-format").write_text(style.read_text())
        for path, text in texts.items():
            Path(root, path).parent.mkdir(parents=True, exist_ok=True)
            Path(root, path).write_text(text)
        return list(rule(rules.Tree(texts, root=root)))


def format_cases():
    laid_out = "int one(void)\n{\n    return 1;\n}\n"
    exempt = "/* clang-format off */\nint x [] = {1,\n2};\n/* clang-format on */\n"
    yield "another layout", on_disk(rules.formatted, {C: laid_out.replace("    ", "  ")}) != []
    yield "our layout", on_disk(rules.formatted, {C: laid_out + "\n" + exempt}) == []


def passing():
    """(rule, what looks like a fault and is none, the tree)."""
    first, second = calling("src/base/b.c", "first", "second"), calling("src/base/c.c", "second")
    yield wiring.call_circles, "two calls to one file", wired(
        first, second, calling("src/base/d.c", "third", "first", "second"))
    for body in ["int first = 1;\n    return first;", "return one->first;", "struct first *one;",
                 "goto first;\nfirst:\n    return 0;"]:
        yield wiring.call_circles, body, wired(first, ("src/base/c.c", "int second(void) {" + body + "}\n"))
    yield wiring.call_circles, "a parameter of that name", wired(
        first, ("src/base/c.c", "int second(const int *first) {return *first;}\n"))
    yield wiring.call_circles, "a static function of that name", wired(
        first, ("src/base/c.c", "static int first(void) {}\nint second(void) {first();}\n"))
    yield wiring.call_circles, "a static function of that name behind an attribute", wired(
        ("src/base/b.c", "__attribute__((a(1))) static int first(void) {second();}\n"),
        ("src/base/c.c", "int second(void) {first();}\n"))
    yield rules.call_arrows, "a call by the interface", wired(
        calling("src/functions/b.c", "handle", "inner"), calling("src/request/c.c", "inner"),
        ("src/dime.h", "int inner(void);\n"))
    yield rules.call_arrows, "a call to what an exception's header declares", wired(
        calling("src/net/b.c", "get", "log_line"), calling("src/request/log.c", "log_line"),
        ("src/request/log.h", "void log_line(void);\n"))
    yield wiring.unique_names, "what is only declared, or local", wired(
        ("src/base/b.c", "int x;\nstruct y {int a;};\n"),
        ("src/base/c.c", "extern int x;\nstruct y;\nint f(struct y *x);\nint g(int x) {enum {y = 1};}\n"))
    yield rules.json_pieces, "whole documents, and sentences with one", tree(
        (C, CLEAN + r'const char *x[] = {"{\"a\":" "[1]}\n", "{\"a\":{...}}", "Send {\"%s\":1}", "a", "\":"};' + "\n"))
    yield rules.avoided_words, "what only holds such a word, and what isn't ours to read", tree(
        ("src/money/a.c", "/* Threshold words, old swords; owe. */\nint low_ow;\n"), ("tests/a.py", "# old word\n"))
    yield wiring.unused_names, "what is used, stands for itself, or is an author's", wired(
        ("src/base/b.h", "#ifndef B_H\n#define B_H\nenum e {x = 1};\nint f(void);\n#endif\n"),
        ("src/base/b.c", "int f(void) {return x;}\n__attribute__((constructor)) static void g(void) {f();}\n"),
        ("src/dime.h", "#define DIME_X 1\nint dime_f(void);\n"), ("src/request/c.c", "int dime_f(void) {}\n"))
    yield wiring.unique_names, "the same names in what stands in for another file", wired(
        calling("src/vision/vision.c", "look"), calling("src/vision/without.c", "look"))


def cases():
    """(what, whether it holds) for each case."""
    for rule, what, broken, path, line in BROKEN:
        found = [(at, number) for at, number, _ in rule(broken)]
        yield f"{rule.__name__} finds {what}", (path, line) in found
    for rule in rules.RULES:
        if rule is not rules.formatted:
            if rule is not wiring.unused_names:  # the clean code is no program
                yield f"{rule.__name__} passes clean code", list(rule(tree())) == []
            broken = rule in [case[0] for case in BROKEN]
            yield f"{rule.__name__} has code that breaks it", broken
    for rule, what, whole in passing():
        yield f"{rule.__name__} passes {what!r}", list(rule(whole)) == []
    lengths = {item.name: item.lines for item in tree().sources[0].functions}
    yield "functions are measured", lengths == {"one": 19, "format_text": 5}


def run():
    """Prints what fails, and one line for all that holds. Returns (passed, failed, skipped)."""
    outcomes, skipped = list(cases()), 0
    try:
        outcomes += [(f"formatted: {what}", holds) for what, holds in format_cases()]
    except rules.Skip as why:
        print(f"skip - self-test of formatted: {why}")
        skipped = 1
    failed = [what for what, holds in outcomes if not holds]
    for what in failed:
        print(f"not ok - tests/style/check_selftest.py:1: {what}")
    print(f"{'not ok' if failed else 'ok'} - self-test, {len(outcomes)} cases")
    return len(outcomes) - len(failed), len(failed), skipped
