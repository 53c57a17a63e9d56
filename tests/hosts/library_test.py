# library_test.py - a function in a folder of its own, built with the library that `make install` installs.
#
# usage: library_test.py BUILDDIR SRCDIR
# dime is built for a prefix in a temporary folder and installed there. Beside it lies the folder of an
# author, who knows PKG_CONFIG_PATH and README.md, and whose programs are tried on every host. What the
# author gets wrong is a compile error, or is said when the program starts.
import base64
import contextlib
import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))

import fastcgi
from cases import Skip, collect, directories, equal, run, true
from readme_test import blocks
from serving import Serving, wait_until

BUILD, SOURCE = map(os.path.abspath, directories())
SIZE_MAX = 150_000  # bytes of a stripped program
STRICT = "-O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror"
# g++ misses members in a designated initializer of C++ that a C compiler doesn't.
OF_CXX20 = "-Wall -Wextra -Wno-missing-field-initializers -Werror"
C = {"c17": f"-std=c17 {STRICT}", "gnu17": f"-std=gnu17 {STRICT}"}
ALONE = [name for name in ("gcc", "clang") if shutil.which(name)]
CXX = [name for name in ("g++", "clang++") if shutil.which(name)]
HELLO = '{"message":"HELLO you"}'
HEADERS_OF_CXX = """#include <dime.h>
#include <dime/test.h>
dime_text of(const char *name);
dime_text of(const char *name) { return dime_text_of(name); }
"""

# A function as an author of C++ writes it, with the macros that stand for several kinds of fields.
OF_CXX = r"""
#include <dime.h>
#include <dime/test.h>
namespace {
struct part { dime_text name; int64_t count; };
const dime_field PART[] = {DIME_TEXT(part, name), DIME_INTEGER(part, count, .min = 0, .max = 9)};
struct order {
    dime_text note;
    bool gift;
    DIME_LIST_OF(int64_t) numbers;
    DIME_MAP_OF(int64_t) stock;
    DIME_LIST_OF(part) parts;
};
const dime_field ORDER[] = {
    DIME_LINES(order, note, .max = 100), DIME_BOOLEAN(order, gift), DIME_INTEGERS(order, numbers),
    DIME_INTEGER_MAP(order, stock), DIME_OBJECTS(order, parts, part, PART),
};
void place(dime_call *call, const void *input)
{
    const order &given = *static_cast<const order *>(input);
    dime_json *json = dime_answer(call, 200);
    dime_put_boolean(json, "gift", given.gift);
    dime_put_integer(json, "first", given.numbers.items[0]);
    dime_put_text(json, "stocked", given.stock.items[0].name);
    dime_put_text(json, "part", given.parts.items[0].name);
}
void list(dime_call *call, const void *) { dime_answer_empty(call, 204); }
const dime_route ROUTES[] = {
    DIME_ROUTE("GET /", list),
    DIME_ROUTE("POST /orders", place, DIME_INPUT(order, ORDER), .effects = DIME_CREATES),
};
const dime_setting SETTINGS[] = {{.name = "SHOP", .fallback = "ours"}};
}
DIME_FUNCTION(shop, .summary = "Takes orders", DIME_ROUTES(ROUTES), DIME_SETTINGS(SETTINGS));
"""

# What an author gets wrong in README.md's lines (what stands there, what instead), and the words that
# must be in what the compiler says.
NOT_COMPILED = (
    ("a name that the struct hasn't", ("(struct greeting, name,", "(struct greeting, nmae,"), "nmae"),
    ("a member of another type", ("dime_text name;", "int name;"), "name"),
    ("a pointer to a text", ("dime_text name;", "dime_text *name;"), "name"),
    ("a list that isn't one", ("DIME_TEXT(", "DIME_TEXTS("), "items"),
    ("a pointer in place of a table", ("DIME_INPUT(struct greeting, FIELDS)",
                                       "DIME_INPUT(struct greeting, POINTER)"), "POINTER"),
    ("a struct that there isn't", ("DIME_INPUT(struct greeting,", "DIME_INPUT(struct greting,"), "greting"),
    ("a limit that there isn't", (".fallback", ".falback"), "falback"),
    ("a part of the function that there isn't", (".summary", ".sumary"), "sumary"),
    ("a handler of another kind", ("dime_call *call, const void *input)", "dime_call *call, void *input)"), "handle"),
)
# The same for what the program says as it starts.
REFUSED = (
    ("a function without a summary", ('.summary = "Says hello", ', ""),
     'it has no summary; add .summary = "Says hello"'),
    ("a function without a handler", (", .handle = shout", ""), "it needs either .handle or DIME_ROUTES"),
    ("a field that stands there twice", (', .fallback = "world")', "), DIME_TEXT(struct greeting, name)"),
     "the field name stands in its table twice"),
    ("a least that is above the most", ('.fallback = "world"', ".min = 3, .max = 2"),
     "the field name has a min that is above its max"),
    ("a fallback that never holds", ('.fallback = "world"', '.fallback = "world", .required = true'),
     "the field name is required, so its fallback is never used"),
    ("a fallback that it refuses", ('.fallback = "world"', '.min = 9, .fallback = "world"'),
     "the field name has a fallback that it would refuse: name has 5 characters; give at least 9."),
    ("a struct that isn't the table's", ("DIME_INPUT(struct greeting,", "DIME_INPUT(char,"),
     "the field name lies outside of the struct that DIME_INPUT names"),
)


def said(*command, status=0, **options):
    """Runs a command that must end with STATUS; what it said on stdout."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **options)
    if done.returncode != status:
        raise AssertionError(f"{' '.join(command)}: status {done.returncode}: {(done.stderr + done.stdout)[-1500:]}")
    return done.stdout


def clean(**more):
    """An environment without make's, so that a make around this one doesn't reach into it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))} | more


def of_build(name):
    """A variable of the build's Makefile."""
    with open(os.path.join(BUILD, "Makefile"), encoding="utf-8") as file:
        return re.search(rf"^{name} = (.*)", file.read(), re.M)[1]


def block_of(name, language):
    """The first block of a file of the source that is in this language."""
    with open(os.path.join(SOURCE, name), encoding="utf-8") as file:
        return "\n".join(next(b for b in blocks(file.read()) if b.language == language).lines) + "\n"


class Author:
    """An installed dime, and an author's folder, which is empty at first."""

    def __init__(self, root):
        self.root, self.prefix = root, os.path.join(root, "installed")
        self.build, self.folder = os.path.join(root, "build"), os.path.join(root, "author")
        for name in (self.build, self.folder):
            os.mkdir(name)
        self.environment = clean(PKG_CONFIG_PATH=os.path.join(self.prefix, "lib", "pkgconfig"))
        self.configure(self.build, "CFLAGS=-g -O2", "--prefix=" + self.prefix)
        said("make", "-s", "-j2", "-C", self.build, "install", "MODELS=", env=clean())
        self.source, self.command = block_of("README.md", "c"), block_of_command()

    @staticmethod
    def configure(folder, *arguments):
        """Configures a build; what was found out of this machine before isn't looked for again."""
        with open(os.path.join(BUILD, "config.log"), encoding="utf-8", errors="replace") as log, \
             open(os.path.join(folder, "config.cache"), "w", encoding="utf-8") as cache:
            cache.writelines(re.findall(r"^ac_cv_(?!env_|prog_cc_g=).*\n", log.read(), re.M))
        said(os.path.join(SOURCE, "configure"), "-q", "-C", "CC=" + of_build("CC"), *arguments, cwd=folder, env=clean())

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def flags(self, *words, package="dime"):
        """What pkg-config says of it, without the line's end."""
        return said("pkg-config", *words, package, env=self.environment).strip()

    def cc(self, compiler, options, source="shout.c", package="dime", out="shout", status=0):
        """README.md's command with another compiler and options; what the compiler said."""
        self.done = subprocess.run(
            ["sh", "-c", f"{compiler} {options} {source} $(pkg-config --cflags --libs {package}) -o {out}"],
            cwd=self.folder, env=dict(self.environment, LC_ALL="C"), capture_output=True, text=True, check=False)
        if status == 0:
            equal((self.done.returncode, self.done.stdout), (0, ""), f"{compiler} {options}: {self.done.stderr[-1500:]}")
        return self.done.stderr

    def ask(self, program="shout", method="GET", body="", status="200 OK", **variables):
        """The body of the answer as CGI, whose status is STATUS."""
        done = subprocess.run([self.path(program)], input=body, capture_output=True, text=True, check=False,
                              env=dict(self.environment, REQUEST_METHOD=method, CONTENT_LENGTH=str(len(body)),
                                       **variables))
        head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
        true(f"Status: {status}" in head.split("\n"), done.stdout + done.stderr)
        return body

    def names(self, archive):
        """The names that are global in an archive, and those that it lacks."""
        lines = said("nm", "-gP", os.path.join(self.prefix, "lib", archive)).splitlines()
        found = [line.split()[:2] for line in lines if len(line.split()) > 1]
        defined = {name for name, kind in found if kind not in "Uwv"}
        return defined, {name for name, kind in found if kind in "Uw"} - defined


def block_of_command():
    """README.md's command, which stands behind the lines."""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        found = blocks(file.read())
    at = next(i for i, block in enumerate(found) if block.language == "c")
    equal(found[at + 1].language, "sh", "what follows the lines")
    return found[at + 1].lines


class Own(Serving):
    """nginx with dime's configuration, and a location for a function that isn't dime's."""

    def __init__(self, author):
        location = ("location = /cgi-bin/shout {{ include {run}/dime-function.conf; "
                    "fastcgi_pass unix:{run}/shout.sock; }}\n")
        super().__init__(author.build, SOURCE, functions=("shout",), edit=lambda name, text: (
            text + location.format(run=self.run) if name == "dime-server.conf" else text))
        self.author = author

    def program(self, name):
        return self.author.path(name)


# What is installed.

def test_installed(author):
    """make install has the headers, the archives, and what pkg-config reads, all of them for reading"""
    for name in ("include/dime.h", "include/dime/text.h", "include/dime/test.h", "lib/libdime.a",
                 "lib/libdime-lambda.a", "lib/pkgconfig/dime.pc", "lib/pkgconfig/dime-lambda.pc"):
        equal(oct(os.stat(os.path.join(author.prefix, name)).st_mode & 0o7777), "0o644", name)


def test_flags(author):
    """pkg-config names what an author needs and nothing else, and no folder of the build"""
    equal(author.flags("--cflags"), f"-I{author.prefix}/include")
    equal(author.flags("--cflags", package="dime-lambda"), f"-I{author.prefix}/include")
    libs = author.flags("--libs", package="dime-lambda").split()
    equal(libs[:2], [f"-L{author.prefix}/lib", "-ldime-lambda"])
    true(libs.index("-ldime-lambda") < libs.index("-ldime"), " ".join(libs))
    version = re.search(r"^AC_INIT\(\[dime\], \[([^]]+)", open_text(SOURCE, "configure.ac"), re.M)[1]
    for name in ("dime", "dime-lambda"):
        equal(author.flags("--modversion", package=name), version)
        text = open_text(author.prefix, "lib", "pkgconfig", name + ".pc")
        true(author.build not in text and SOURCE not in text, text)


def open_text(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def test_prefix(author):
    """each global name begins with dime_, and what the archives lack is in libc and libcurl"""
    library, lacks = author.names("libdime.a")
    lambdas, lambda_lacks = author.names("libdime-lambda.a")
    equal(sorted(name for name in library | lambdas if not name.startswith("dime_")), [], "without the prefix")
    true(len(library) > 100 and len(lambdas) > 20, f"{len(library)} and {len(lambdas)} names")
    equal(sorted(name for name in lacks - library if name.startswith("dime_")), [], "libdime.a")
    equal(sorted(name for name in lambda_lacks - library if name.startswith("dime_")), [], "libdime-lambda.a")
    # All of it is linked, not only what one program takes.
    author.write("empty.c", "int main(void) { return 0; }\n")
    for archive, rest in (("dime", ""), ("dime-lambda", author.flags("--libs", package="dime-lambda"))):
        said("sh", "-c", f"gcc empty.c -L{author.prefix}/lib -Wl,--whole-archive -l{archive} -Wl,--no-whole-archive "
                         f"{rest} -o whole", cwd=author.folder)


def test_declared(author):
    """each function that the headers declare is in libdime.a, and nothing else has a public name"""
    author.write("headers.c", "#include <dime/test.h>\n")
    text = said("sh", "-c", f"gcc -E -P headers.c {author.flags('--cflags')}", cwd=author.folder)
    text = text[text.index("typedef struct dime_text"):]
    text = re.sub(r"typedef[^;{]*;", "", text)
    declared = set(re.findall(r"\b(dime_\w+)\((?=[^;{}]*\);|[^;{}]*\)\s*__attribute__)", text))
    defined, _ = author.names("libdime.a")
    equal(sorted(declared - defined), [], "declared alone")
    public = {name for name in defined if not name.startswith("dime__")}
    equal(sorted(public - declared), [], "not declared")
    true(len(declared) > 50, f"{len(declared)} functions")


def test_deterministic(author):
    """the archives have the same bytes whenever they are made, and no file twice"""
    names = ("libdime.a", "libdime-lambda.a")

    def sums():
        return [hashlib.sha256(open_bytes(author.build, name)).hexdigest() for name in names]
    before = sums()
    for name in names:
        members = said("ar", "t", os.path.join(author.build, name)).split()
        equal(len(members), len(set(members)), f"members of {name}")
        os.unlink(os.path.join(author.build, name))
    said("make", "-s", "-C", author.build, *names, env=clean())
    equal(sums(), before)


def open_bytes(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


# README.md's lines.

def test_lines(author):
    """README.md's lines are as few as it says, and its command builds them"""
    true(len([line for line in author.source.splitlines() if line.strip()]) <= 13, "they are more")
    for name in os.listdir(author.folder):
        os.unlink(author.path(name))
    author.write("shout.c", author.source)
    said("sh", "-e", "-c", "\n".join(author.command), cwd=author.folder, env=author.environment)
    equal(author.ask(QUERY_STRING="name=you"), HELLO)


def test_compilers(author):
    """the lines compile without a warning as C17 and as GNU C17, with gcc and clang"""
    for compiler in ALONE:
        for standard, options in C.items():
            equal(author.cc(compiler, options), "", f"{compiler}, {standard}")
            equal(author.ask(QUERY_STRING="name=you"), HELLO, f"{compiler}, {standard}")


def test_flags_of_an_author(author):
    """flags of the author's choice work: no optimization, LTO, sanitizers, static, hardened"""
    for options in ("-O0", "-O2 -flto", "-fsanitize=address,undefined", "-static-pie", "-static",
                    "-O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now", "-fno-pie -no-pie"):
        equal(author.cc("gcc", options, out="other"), "", options)
        equal(author.ask("other", QUERY_STRING="name=you"), HELLO, options)


def test_size(author):
    """the stripped program is small, and needs nothing but libc"""
    author.cc("gcc", "")
    whole = os.path.getsize(author.path("shout"))
    said("strip", "-o", author.path("stripped"), author.path("shout"))
    size = os.path.getsize(author.path("stripped"))
    print(f"#! shout: {size} bytes, {whole} with what a debugger reads")
    true(size < SIZE_MAX, f"{size} bytes")
    equal(author.ask("stripped", QUERY_STRING="name=you"), HELLO)
    needed = re.findall(r"NEEDED.*\[(.*)\]", said("readelf", "-dW", author.path("shout")))
    true(set(needed) <= {"libc.so.6", "libpthread.so.0"}, f"it needs {needed}")


def test_own_names(author):
    """a program may call its own things what dime calls its own: none is taken for another"""
    names = [line.split()[0] for line in open_text(author.build, "libdime.names").splitlines()]
    true("arena_alloc" in names, "dime's own names aren't listed")
    own = "".join(f"void {name}(void);\nvoid {name}(void) {{ abort(); }}\n" for name in names)
    author.write("names.c", "#include <stdlib.h>\n" + own)
    author.cc("gcc", "-fno-builtin", "shout.c names.c", out="other")
    equal(author.ask("other", QUERY_STRING="name=you"), HELLO)
    author.cc("gcc", "-fno-builtin", "shout.c names.c", "dime-lambda", "other")
    equal(json.loads(said(author.path("other"), "--describe"))["name"], "shout")


def test_moved(author):
    """what was installed may be moved: pkg-config --define-prefix knows where it is then"""
    moved = os.path.join(author.root, "moved")
    shutil.copytree(author.prefix, moved)
    environment = clean(PKG_CONFIG_PATH=os.path.join(moved, "lib", "pkgconfig"))
    flags = said("pkg-config", "--define-prefix", "--cflags", "--libs", "dime", env=environment)
    true(f"-I{moved}/include" in flags and f"-L{moved}/lib" in flags and author.prefix not in flags, flags)
    said("sh", "-c", f"gcc shout.c {flags.strip()} -o other", cwd=author.folder)
    equal(author.ask("other", QUERY_STRING="name=you"), HELLO)
    shutil.rmtree(moved)


# What the program is.

def test_words(author):
    """--help, --version and --describe tell of the function, and an unknown option is refused"""
    author.cc("gcc", "")
    program = author.path("shout")
    true(said(program, "--help").startswith("shout: Says hello\n"), said(program, "--help"))
    true(said(program, "--version").startswith("shout (dime) "), said(program, "--version"))
    described = json.loads(said(program, "--describe"))
    equal((described["name"], described["fields"][0]["name"], described["fields"][0]["fallback"]),
          ("shout", "name", "world"))
    said(program, "--no-such-option", status=2)


def test_page(author):
    """the page that is made needs nothing of its host, and its policy allows its style"""
    author.cc("gcc", "")
    done = subprocess.run([author.path("shout")], capture_output=True, text=True, check=True,
                          env=dict(author.environment, REQUEST_METHOD="GET", HTTP_ACCEPT="text/html"))
    head, _, page = done.stdout.replace("\r\n", "\n").partition("\n\n")
    style = re.search("<style>(.*?)</style>", page, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    true(f"default-src 'none'; style-src 'sha256-{digest}';" in head, head)
    true("<title>shout - Says hello</title>" in page, page)
    equal(re.findall(r"href|src=|<script|/change|/labels", page), [])


def test_cgi(author):
    """as CGI it takes forms and JSON, and has a page, problems, HEAD and OPTIONS"""
    equal(author.ask(), '{"message":"HELLO world"}')
    equal(author.ask(method="POST", body='{"name":"you"}', CONTENT_TYPE="application/json"), HELLO)
    true('name="name"' in author.ask(HTTP_ACCEPT="text/html"), "no form")
    problem = json.loads(author.ask(QUERY_STRING="name=a&name=b", status="422 Unprocessable Content"))
    equal(problem["errors"][0]["field"], "name")
    equal(author.ask(method="HEAD"), "")
    equal(author.ask(method="OPTIONS", status="204 No Content"), "")


def test_nginx(author):
    """behind nginx it answers by FastCGI"""
    if not shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"):
        raise Skip("nginx isn't installed")
    with Own(author) as served:
        answer = served.post("/cgi-bin/shout", '{"name":"you"}')
        equal((answer.status, answer.text), (200, HELLO))
        equal(served.line("shout", answer.header("X-Request-Id"))["host"], "fastcgi")
        page = served.get("/cgi-bin/shout", {"Accept": "text/html"})
        equal((page.status, page.header("Content-Type")), (200, "text/html; charset=utf-8"))


def test_invoke(author):
    """dime invoke asks it by its path"""
    done = subprocess.run([os.path.join(author.prefix, "bin", "dime"), "invoke", "./shout", "name=you"],
                          cwd=author.folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    equal(json.loads(done.stdout)["body"], HELLO, done.stderr)


def invoke_shout(folder, program, words):
    """Starts dime lambda by these words, and invokes shout where it says that one can."""
    with fastcgi.Program(folder, program, words) as served:
        wait_until(lambda: "invoke at " in served.said() or served.process.poll() is not None, "it serves", 30)
        found = re.search(r"http://127\.0\.0\.1:(\d+)(/2015-03-31/\S+)", served.said())
        true(found, served.said())
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=30)) as connection:
            connection.request("POST", found[2].replace("NAME", "shout"), '{"name":"you"}')
            answer = json.loads(connection.getresponse().read())
    equal((answer["statusCode"], answer["body"]), (200, HELLO))


def test_bootstrap(author):
    """with dime-lambda it is a Lambda's bootstrap: dime lambda invokes it"""
    author.cc("gcc", "", package="dime-lambda", out="bootstrap")
    invoke_shout(author.folder, os.path.join(author.prefix, "bin", "dime"),
                 ["lambda", "--listen", "127.0.0.1:0", "shout=" + author.path("bootstrap")])
    equal(said(author.path("bootstrap"), "--describe"), said(author.path("shout"), "--describe"))


# Tests of the author's, C++, and mistakes.

def test_makefile(author):
    """CONTRIBUTING.md's Makefile builds the function, its bootstrap and its test"""
    author.write("Makefile", block_of(".github/CONTRIBUTING.md", "make"))
    author.write("shout_test.c", """#include <dime/test.h>
extern const dime_function dime_function_shout;
int main(void)
{
    dime_test *test = dime_test_begin(&dime_function_shout);
    dime_test_send(test, "GET /?name=you", NULL);
    DIME_EXPECT_ANSWER(test, 200, "{\\"message\\":\\"HELLO you\\"}");
    return dime_test_end(test);
}
""")
    for name in ("shout", "bootstrap"):
        os.unlink(author.path(name))
    environment = dict(author.environment, MAKEFLAGS="")
    said("make", "-s", "shout", "bootstrap", "check", cwd=author.folder, env=environment)
    equal(author.ask(QUERY_STRING="name=you"), HELLO)
    author.write("shout_test.c", open_text(author.folder, "shout_test.c").replace("HELLO", "hello"))
    said("make", "-s", "check", cwd=author.folder, env=environment, status=2)


def test_cxx_headers(author):
    """a file of C++17 includes the headers without a warning"""
    if not CXX:
        raise Skip("there is no compiler for C++")
    author.write("headers.cc", HEADERS_OF_CXX)
    for compiler in CXX:
        said("sh", "-c", f"{compiler} -std=c++17 {STRICT} -c headers.cc {author.flags('--cflags')}", cwd=author.folder)


def test_cxx_function(author):
    """a function in C++20 has lists, maps, objects, routes and settings"""
    if not CXX:
        raise Skip("there is no compiler for C++")
    author.write("shop.cc", OF_CXX)
    for compiler in CXX:
        equal(author.cc(compiler, f"-std=c++20 -O2 {OF_CXX20}", "shop.cc", out="shop"), "", compiler)
        order = {"note": "a\nb", "gift": True, "numbers": [7, 8], "stock": {"nuts": 3}, "parts": [{"name": "bolt"}]}
        equal(author.ask("shop", method="POST", body=json.dumps(order), CONTENT_TYPE="application/json",
                         PATH_INFO="/orders"),
              '{"gift":true,"first":7,"stocked":"nuts","part":"bolt"}', compiler)
        equal(author.ask("shop", PATH_INFO="/", status="204 No Content"), "", compiler)
        author.write("wrong.cc", OF_CXX.replace("DIME_BOOLEAN(order, gift)", "DIME_BOOLEAN(order, note)"))
        true("the member isn't of the field's type" in author.cc(compiler, "-std=c++20", "wrong.cc", status=1) and
             author.done.returncode, f"{compiler}: {author.done.stderr}")


def edited(author, edit):
    """README.md's lines with a mistake in them."""
    there, instead = edit
    equal(author.source.count(there), 1, f"how often the lines have {there!r}")
    text = author.source.replace(there, instead)
    return text.replace("\nDIME_FUNCTION", "\nstatic const dime_field *const POINTER = FIELDS;\nDIME_FUNCTION") \
        if "POINTER" in instead else text


def test_not_compiled(author):
    """each mistake that a compiler can see is an error, which names what is wrong"""
    for what, edit, word in NOT_COMPILED:
        author.write("wrong.c", edited(author, edit))
        for compiler in ALONE:
            errors = author.cc(compiler, C["c17"], "wrong.c", out="wrong", status=1)
            true(author.done.returncode and "error: " in errors, f"{what} compiles with {compiler}")
            # What is wrong, or the line of the author's that it is in, with the first error.
            first = errors.split("error: ")[1]
            true(word in first, f"{what}, {compiler}: {errors}")


def test_refused(author):
    """each mistake that only a start can see ends it, and the sentence says what to do"""
    for what, edit, sentence in REFUSED:
        author.write("wrong.c", edited(author, edit))
        author.cc("gcc", "", "wrong.c", out="wrong")
        for package, variables in (("dime", {}), ("dime", {"REQUEST_METHOD": "GET"}),
                                   ("dime-lambda", {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"})):
            author.cc("gcc", "", "wrong.c", package, "wrong")
            done = subprocess.run([author.path("wrong")], capture_output=True, text=True, check=False,
                                  stdin=subprocess.DEVNULL, env=dict(author.environment, **variables))
            equal((done.returncode, done.stdout, done.stderr),
                  (2, "", f"shout: there is a mistake in it: {sentence}\n"), f"{what}, {package}")


def test_refused_page(author):
    """a page that can't be written ends the program as it starts, unless as CGI, which hasn't the time"""
    author.write("wrong.c", edited(author, (".summary", '.page = "{{#name}}", .summary')))
    author.cc("gcc", "", "wrong.c", out="wrong")
    done = subprocess.run([author.path("wrong"), "--listen", "unix:" + author.path("wrong.sock")], capture_output=True,
                          text=True, check=False, stdin=subprocess.DEVNULL, timeout=30)
    equal((done.returncode, done.stderr), (2, "shout: there is a mistake in it: the page has a mistake: "
                                              "line 1: {{#name}} isn't ended\n"))
    equal(author.ask("wrong"), '{"message":"HELLO world"}')


# Other tools than GNU's, and objects of another kind.

def test_llvm(author):
    """llvm's tools make archives that are as good"""
    tools = [f"{name.upper()}=llvm-{name}" for name in ("ar", "nm", "objcopy", "ranlib")]
    if not all(shutil.which(tool.partition("=")[2]) for tool in tools):
        raise Skip("llvm's tools aren't installed")
    other_archives(author, "llvm", tools, "CFLAGS=-O1", "CC=clang")


def test_lto(author):
    """of objects that -flto made the archives have what any linker takes"""
    other_archives(author, "lto", [], "CFLAGS=-O1 -flto")


def test_lto_of_clang(author):
    """where a compiler can't make such objects configure says so"""
    if "clang" not in ALONE:
        raise Skip("clang isn't installed")
    folder = os.path.join(author.root, "lto-of-clang")
    os.mkdir(folder)
    done = subprocess.run([os.path.join(SOURCE, "configure"), "-q", "CC=clang", "CFLAGS=-O1 -flto"], cwd=folder,
                          env=clean(), capture_output=True, text=True, check=False)
    if done.returncode == 0:
        raise Skip("this clang takes -ffat-lto-objects")
    true("must take -ffat-lto-objects, for libdime.a" in done.stderr, done.stderr)


def other_archives(author, name, words, *configuration):
    """Makes the archives in another way and links the lines with them."""
    folder = os.path.join(author.root, name)
    os.mkdir(folder)
    author.configure(folder, *configuration)
    said("make", "-s", "-j2", "-C", folder, *words, "libdime.a", "libdime-lambda.a", env=clean())
    for archive in ("libdime.a", "libdime-lambda.a"):
        lines = said("nm", "-gP", "--defined-only", os.path.join(folder, archive)).splitlines()
        names = [line.split()[0] for line in lines if len(line.split()) > 1]
        equal([one for one in names if not one.startswith("dime_")], [], archive)
    there = f"-L{folder}"
    author.cc("gcc", there, out="other")
    equal(author.ask("other", QUERY_STRING="name=you"), HELLO)
    author.cc("gcc", there, package="dime-lambda", out="other")
    equal(json.loads(said(author.path("other"), "--describe"))["name"], "shout")


def why_not():
    """Why this can't be tried here, or an empty text."""
    absent = [name for name in ("gcc", "pkg-config", "nm", "readelf") if not shutil.which(name)]
    return "not installed: " + ", ".join(absent) if absent else ""


if __name__ == "__main__":
    reason = why_not()
    if reason:
        print(f"skip - the library: {reason}\n0 passed, 0 failed, 1 skipped")
        sys.exit(0)
    with tempfile.TemporaryDirectory(prefix="dime-library.") as root:
        os.chmod(root, 0o755)
        sys.exit(run(collect(globals()), Author(root)))
