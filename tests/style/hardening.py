#!/usr/bin/env python3
"""hardening.py - what the compiler and linker were asked for is really in the programs.

    python3 tests/style/hardening.py BUILDDIR

readelf tells how each function's program was linked, ldd what it loads. A program that is built
without any of it must be found wanting first, so that the checks can be believed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import console

# What a program may load. linux-vdso and the loader are the system's own.
LIBRARIES = {
    "change": {"libc.so.6"},
    "hello": {"libc.so.6"},
}
# What one may ask for itself whose libraries load some thirty more.
ASKED = {
    "labels": {"libturbojpeg.so.0", "libpng16.so.16", "libm.so.6", "libcrypto.so.3", "libcurl.so.4",
               "libc.so.6"},
    "translate": {"libcrypto.so.3", "libcurl.so.4", "libc.so.6"},
}
NEEDED = {"libc.so.6"}
# What the tool's programs ask for themselves. None links a function, nor what one needs.
NEEDED_BY_TOOL = {
    "dime": {"libjson-c.so.5", "libc.so.6"},
    "dime-describe": {"libjson-c.so.5", "libc.so.6"},
    "dime-queue": {"libjson-c.so.5", "libhiredis.so", "libcurl.so.4", "libcrypto.so.3", "libc.so.6"},
}
# What a Lambda's bootstrap asks for itself; Debian's libcurl asks for some thirty more.
NEEDED_BY_BOOTSTRAP = {"libcurl.so.4", "libc.so.6"}
OF_THE_SYSTEM = re.compile(r"^linux-vdso|ld-linux")
SOFT = """
int main(int count, char **arguments)
{
    char room[64];
    __builtin_sprintf(room, "%s", arguments[count - 1]);
    return room[0];
}
"""
SOFT_FLAGS = (
    "-O1 -w -U_FORTIFY_SOURCE -fno-stack-protector -no-pie -Wl,-z,norelro -Wl,-z,lazy"
    " -Wl,-z,execstack -Wl,-rpath,/nowhere"
)


def readelf(path, *options):
    environment = dict(os.environ, LC_ALL="C")
    command = ["readelf", "-W", *options, path]
    return subprocess.run(command, capture_output=True, text=True, env=environment).stdout


class Program:
    """What readelf says of a program."""

    def __init__(self, path):
        self.header = readelf(path, "-h")
        self.segments = readelf(path, "-l")
        self.dynamic = readelf(path, "-d")
        symbols = readelf(path, "--dyn-syms")
        self.imports = set(re.findall(r" UND (\w+)", symbols))
        self.is_static = "INTERP" not in self.segments
        self.is_sanitized = any(re.match(r"__(asan|ubsan)_", name) for name in self.imports)
        self.needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", self.dynamic))


def is_pie(program):
    return bool(re.search(r"Type:\s+DYN\b", program.header)) and "PIE" in program.dynamic


def has_relro(program):
    return "GNU_RELRO" in program.segments


def binds_now(program):
    return bool(re.search(r"\(FLAGS_1\).*\bNOW\b", program.dynamic))


def has_plain_stack(program):
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}(\S+)", program.segments)
    return stack is not None and "E" not in stack[1]


def has_no_text_relocations(program):
    return "TEXTREL" not in program.dynamic


def has_no_rpath(program):
    return not re.search(r"\((RPATH|RUNPATH)\)", program.dynamic)


def is_fortified(program):
    return any(re.fullmatch(r"__\w+_chk", name) for name in program.imports)


def has_stack_protector(program):
    return "__stack_chk_fail" in program.imports


# (name, check, whether it can be seen in a static program too)
CHECKS = [
    ("is position-independent", is_pie, True),
    ("has read-only relocations", has_relro, True),
    ("binds at its start", binds_now, False),
    ("has no executable stack", has_plain_stack, True),
    ("has no text relocations", has_no_text_relocations, True),
    ("has no library path of its own", has_no_rpath, True),
    ("calls fortified functions", is_fortified, False),
    ("has a stack protector", has_stack_protector, False),
]


def self_test(outcome):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        outcome.skip("self-test", "there is no compiler")
        return
    with tempfile.TemporaryDirectory() as folder:
        soft = os.path.join(folder, "soft")
        command = [compiler, "-x", "c", "-", "-o", soft, *SOFT_FLAGS.split()]
        done = subprocess.run(command, input=SOFT, capture_output=True, text=True)
        if done.returncode:
            outcome.skip("self-test", "the compiler can't build a program that is soft enough")
            return
        program = Program(soft)
    for name, check, _ in CHECKS:
        if check is not has_no_text_relocations:  # no linker of today makes any unasked
            outcome.check(f"self-test: a soft program fails: {name}", not check(program))


def loaded(path):
    """What ldd lists, without the system's own; None where ldd is missing."""
    if not shutil.which("ldd"):
        return None
    done = subprocess.run(["ldd", path], capture_output=True, text=True)
    names = [os.path.basename(line.split()[0]) for line in done.stdout.splitlines() if line.strip()]
    return {name for name in names if not OF_THE_SYSTEM.search(name)}


def check_libraries(outcome, name, path):
    libraries = loaded(path)
    if libraries is None:
        outcome.skip(f"{name}: its libraries", "ldd isn't installed")
        return
    allowed = LIBRARIES.get(name) or ASKED.get(name)
    if name in ASKED:
        libraries = Program(path).needed
    if allowed is None:
        outcome.check(f"{name}: hardening.py says which libraries it may load", False)
        return
    good = NEEDED <= libraries <= allowed
    outcome.check(f"{name}: loads its libraries alone", good, " ".join(sorted(libraries)))


def check_needed(outcome, name, program):
    found = {re.sub(r"(hiredis\.so).*", r"\1", library) for library in program.needed}  # whichever version
    of_function = ASKED.get(name.removesuffix(".bootstrap"), set())
    good = found == NEEDED_BY_TOOL.get(name, NEEDED_BY_BOOTSTRAP | of_function)
    outcome.check(f"{name}: needs its libraries alone", good, " ".join(sorted(program.needed)))


def check_program(outcome, name, path, made):
    program = Program(path)
    if program.is_sanitized:
        outcome.skip(name, "it is built with sanitizers")
        return
    if "_FORTIFY_SOURCE" not in made or "-O0" in made:
        outcome.skip(name, "it is configured without hardening or without optimisation")
        return
    for what, check, of_static in CHECKS:
        if program.is_static and not of_static:
            outcome.skip(f"{name}: {what}", "it is linked statically")
        else:
            outcome.check(f"{name}: {what}", check(program))
    if program.is_static:
        outcome.skip(f"{name}: its libraries", "it is linked statically")
    elif name.endswith(".bootstrap") or name in NEEDED_BY_TOOL:
        check_needed(outcome, name, program)
    else:
        check_libraries(outcome, name, path)


def main(build):
    outcome = console.Outcome()
    if not shutil.which("readelf"):
        outcome.skip("hardening", "readelf isn't installed")
        return outcome.close()
    self_test(outcome)
    with open(os.path.join(build, "Makefile")) as file:
        makefile = file.read()
    listed = " ".join(
        re.findall(r"^(?:function|bootstrap)_PROGRAMS = ((?:.*\\\n)*.*)", makefile, re.M)
    )
    made = "\n".join(re.findall(r"^(?:DIME_CFLAGS|CFLAGS) = .*", makefile, re.M))
    names = listed.replace("$(EXEEXT)", "").replace("\\", " ").split()
    for name in names + [name for name in NEEDED_BY_TOOL if os.path.exists(os.path.join(build, name))]:
        check_program(outcome, name, os.path.join(build, name), made)
    return outcome.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    sys.exit(main(sys.argv[1]))
