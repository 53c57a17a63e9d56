"""man_library.py - the manual pages of the library, section 3: their programs run, and nothing is missing.

A literal block behind a line such as ".Pa shout.c :" is a file, which is written to a folder. What ends with
.c is compiled as an author would, with all warnings; a function is linked too. Blocks of commands run in that
folder, and their output is compared. What dime.h and dime/test.h declare is held against the pages: a name
without a page, another order of arguments or a member that no page explains is a failure.
"""

import os
import re
import shutil
import subprocess
import tempfile

import console

HEADERS = ("dime.h", "dime/test.h", "dime/text.h")
FLAGS = ["-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
FILE_NAME = re.compile(r"^\.Pa (\S+) :\n\Z", re.M)
ATTRIBUTES = re.compile(r"__attribute__\s*\(\(.*?\)\)(?=[\s;])|DIME_PRINTF_\([^)]*\)", re.S)
NESTED = r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*"
FUNCTION = re.compile(rf"^((?:(?:const|enum) )?\w+) (\**)(dime_\w+)\(({NESTED})\)\s*;", re.M)


def squeeze(text):
    return " ".join(text.split())


def arguments_of(text):
    """Splits "int a, bool (*b)(int, int)" into its two."""
    found, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return tuple(squeeze(argument) for argument in found)


def names_declared(body):
    """The names in "const char *a; int b, c; void (*d)(int e);"."""
    for declaration in filter(str.strip, body.split(";")):
        pointer = re.search(r"\(\*(\w+)\)", declaration)
        parts = [pointer[1]] if pointer else arguments_of(declaration)
        yield from (re.findall(r"\w+", part)[-1] for part in parts)


class Interface:
    """What an author can call. What ends with an underscore is dime's own."""

    def __init__(self, source):
        self.functions, self.macros, self.values, self.structs, self.types = {}, set(), set(), {}, set()
        for name in HEADERS:
            with open(os.path.join(source, "src", name)) as file:
                self.read(re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S).replace("\\\n", ""))

    def read(self, text):
        macros = re.findall(r"^#define (DIME_\w+)", text, re.M)
        self.macros.update(name for name in macros if not name.endswith(("_", "_H")))
        text = ATTRIBUTES.sub("", re.sub(r"^#.*\n", "", text, flags=re.M))
        for kind, stars, name, arguments in FUNCTION.findall(text):
            if not name.endswith("_"):
                self.functions[name] = (squeeze(f"{kind} {stars}"), arguments_of(arguments))
        for name, body in re.findall(r"^enum (dime_\w+) \{(.*?)\};", text, re.M | re.S):
            self.types.add(name)
            self.values.update(re.findall(r"DIME_\w+", body))
        for name, body in re.findall(r"^typedef struct (dime_\w+) \{(.*?)^\} \1;", text, re.M | re.S):
            self.structs[name] = [member for member in names_declared(body) if not member.endswith("_")]
        self.types.update(re.findall(r"^typedef [^;{]*?\b(dime_\w+)(?:\(|;)", text, re.M), self.structs)


def sections(page, level):
    """Text by title of the sections that begin with .Sh or .Ss."""
    parts = re.split(rf"^\.{level} (.*)\n", page, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def prototypes(synopsis):
    """{name: (type, arguments)} of .Ft with .Fn, or with .Fo, .Fa and .Fc."""
    synopsis = re.sub(r"^\.Fo (\S+)\n((?:\.Fa .*\n)+)\.Fc\n",
                      lambda found: f".Fn {found[1]} " + found[2].replace(".Fa ", "").replace("\n", " ") + "\n",
                      synopsis, flags=re.M)  # fmt: skip
    found = {}
    for kind, name, rest in re.findall(r"^\.Ft (.*)\n\.Fn (dime_\w+) ?(.*)$", synopsis, re.M):
        found[name] = (kind.strip('"'), tuple(re.findall(r'"([^"]*)"', rest)))
    return found


def names_of(page):
    """What the section NAME says that the page is about."""
    return re.findall(r"^\.Nm (\S+)", sections(page, "Sh").get("NAME", ""), re.M)


def differences(interface, pages):
    """What is wrong, in sentences, with PAGES: texts by name."""
    names = {}
    for page, text in pages.items():
        synopsis = sections(text, "Sh").get("SYNOPSIS", "")
        found = prototypes(synopsis)
        for name in names_of(text):
            if name in names:
                yield f"{page}: {name} has a page already, {names[name]}"
            names[name] = page
            if name in interface.functions and found.get(name) != interface.functions[name]:
                yield f"{page}: SYNOPSIS has {name} as {found.get(name)}, not {interface.functions[name]}"
            if name in interface.macros and not re.search(rf"^\.F[no] {name}\b", synopsis, re.M):
                yield f"{page}: SYNOPSIS lacks {name}"
        for name in found.keys() - set(names_of(text)):
            yield f"{page}: NAME lacks {name}"
        known = {*interface.functions, *interface.macros, *interface.values, *interface.types}
        for line in re.findall(r"^\..*", text, re.M):
            for name in re.findall(r"\b(?:Fn|Fo|Dv|Vt) (?:enum )?((?:dime|DIME)_\w+)", line):
                if name not in known:
                    yield f"{page}: there is no {name} in the headers"
    whole = "".join(pages.values())
    for name in sorted({*interface.functions, *interface.macros} - set(names)):
        yield f"no page has {name} in its NAME"
    for name in sorted(interface.values):
        if not re.search(rf"^\..*\bDv (?:\S+ , )*{name}\b", whole, re.M):
            yield f"no page explains {name}"
    for name in sorted(interface.types):
        if not re.search(rf"\b(?:Vt|Ft|Ss|Fa) .*\b{name}\b", whole):
            yield f"no page names the type {name}"
    parts = {title: text for page in pages.values() for title, text in sections(page, "Ss").items()}
    for name, members in sorted(interface.structs.items()):
        part = next((text for title, text in parts.items() if name in title.split()), "")
        told = " ".join(re.findall(r"^\.It Fa (.*)$", part, re.M)).split()
        for member in members:
            if member not in told:
                yield f"no page explains the member {member} of {name}"


def check_interface(outcome, source, pages):
    wrong = list(differences(Interface(source), pages))
    outcome.check("section 3: has all that the headers declare, as they do", not wrong, "\n".join(wrong))


def self_test(outcome):
    """What the check is to find must be found."""
    interface = Interface.__new__(Interface)
    interface.functions, interface.macros, interface.values, interface.structs, interface.types = {}, set(), set(), {}, set()
    interface.read("""
#define DIME_X(a, ...) a
#define DIME_Y_ 1
enum dime_kind { DIME_A = 1, DIME_B };
typedef struct dime_s {
    const char *a, *b;
    void (*c)(int d);
    int e_;
} dime_s;
typedef struct dime_t dime_t;
void *dime_f(const dime_t *t, bool (*g)(int a, int b), ...) __attribute__((format(printf, 1, 2)));
""")
    page = """
.Sh NAME
.Nm dime_f ,
.Nm DIME_X
.Sh SYNOPSIS
.Ft void *
.Fn dime_f "const dime_t *t" "bool (*g)(int a, int b)" "..."
.Fn DIME_X "a" "..."
.Sh DESCRIPTION
.Dv DIME_A
.Dv DIME_B
.Vt dime_kind
.Vt dime_t
.Ss struct dime_s
.It Fa a , b
.It Fa c
"""
    breaks = [("", ""), ("dime_t *t", "dime_t *u"), ("Nm DIME_X", "Nm DIME_Z"), (".Dv DIME_B\n", ""), ("Fa c", "Fa d"),
              ("Vt dime_t", "Em x"), ('"bool', '"int'), (".Dv DIME_A\n", ".Dv DIME_A\n.Dv DIME_C\n")]  # fmt: skip
    found = [bool(list(differences(interface, {"a.3": page.replace(*change)}))) for change in breaks]
    outcome.check("self-test: a page that differs from the header is found", found == [False] + [True] * 7, str(found))


class Workshop:
    """A folder in which the programs of one page are built and run, against the library of the build tree."""

    def __init__(self, build, source, folder, environment):
        self.folder = folder
        places = {"libdir": build, "includedir": os.path.join(source, "src")}
        self.environment = {**environment, "PKG_CONFIG_PATH": folder}
        for name in ("dime.pc", "dime-lambda.pc"):
            path = os.path.join(build, "deploy/library", name)
            if os.path.exists(path):
                with open(path) as file:
                    text = file.read()
                for place, where in places.items():
                    text = re.sub(rf"^{place}=.*", f"{place}={where}", text, flags=re.M)
                self.write(name, text)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def compile(self, name, text):
        """Returns what the compiler says, or None. A program of one file is linked."""
        if name.endswith(".c"):
            command = ["cc", *FLAGS, name]
        else:
            command = ["c++", "-std=c++20", "-Wall", "-Wpedantic", "-Werror", name]
        whole = "DIME_FUNCTION(" in text or "dime_main(" in text
        command += ["-o", name.rpartition(".")[0]] if whole else ["-fsyntax-only"]
        shell = " ".join(command) + " $(pkg-config --cflags --libs dime)"
        done = subprocess.run(["sh", "-c", shell], cwd=self.folder, env=self.environment, capture_output=True, text=True)
        return done.stdout + done.stderr if done.returncode else None


def run_page(outcome, build, source, name, page, found, environment):
    """FOUND are the page's literal blocks: (number of the first line, where it begins, lines)."""
    missing = [tool for tool in ("cc", "c++", "pkg-config") if not shutil.which(tool)]
    if missing:
        outcome.skip(f"{name}: its programs run", f"there is no {missing[0]}")
        return
    ran = 0
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(build, source, folder, environment)
        for first, start, lines in found:
            called = FILE_NAME.search(page, 0, start)
            if called:
                text = "\n".join(lines) + "\n"
                workshop.write(called[1], text)
                if called[1].endswith((".c", ".cc")):
                    said = workshop.compile(called[1], text)
                    outcome.check(f"man/{name}:{first}: {called[1]} compiles", said is None, said or "")
            elif lines[0].startswith("$ "):
                for step in console.steps(lines, first):
                    outcome.run(f"man/{name}:{step.line}: {step.command}", step, folder, workshop.environment)
                    ran += 1
            else:
                outcome.check(f"man/{name}:{first}: the block is a file or commands", False)
    outcome.check(f"{name}: has examples that were run", ran > 0)
