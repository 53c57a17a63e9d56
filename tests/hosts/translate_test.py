# translate_test.py - texts through the real programs: by the real Apertium, and by engines that fail.
#
# usage: translate_test.py BUILDDIR SRCDIR
# Apertium is Debian's APy, started on loopback as quickstart starts it; where it isn't installed what
# needs it is skipped by name. An engine that is down, slow or sends garbage is aws_server.py, which
# also plays Amazon Translate and checks every signature.
import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

import cases
import fastcgi
from apache import MODULES, WAYS, Apache
from apache import missing as apache_is_missing
from apertium import Apertium, missing
from aws_server import (KEY, KEYS, SECRET, TOKEN, Server, answer, aws, close, drip, endless_head, fault, flood, raw,
                        reset, stall)
from cases import Skip, equal, true
from labels_calls import environment, get_models
from serving import Serving, free_port, wait_until

BUILD, SOURCE = (os.path.abspath(path) for path in cases.directories())
CGI = {"SCRIPT_NAME": "/cgi-bin/translate", "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1"}
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
LONGEST = 10000
PAIRS = answer({"responseData": [{"sourceLanguage": "eng", "targetLanguage": "spa"},
                                 {"sourceLanguage": "spa", "targetLanguage": "eng"}],
                "responseDetails": None, "responseStatus": 200})
TRANSLATION = {"TranslatedText": "Hola", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}
HELLO = json.dumps({"text": "Hello", "source": "en", "target": "es"})
SECRET_TEXT = "the meeting is at Zyxwvut"


def cgi(body=b"", kind=JSON, method="POST", query="", **variables):
    """(status, headers, body, what was logged) of one CGI call."""
    body = json.dumps(body) if isinstance(body, dict) else body
    body = body.encode() if isinstance(body, str) else body
    values = {**CGI, "REQUEST_METHOD": method, "QUERY_STRING": query}
    if method == "POST":
        values.update(CONTENT_TYPE=kind, CONTENT_LENGTH=str(len(body)))
    done = subprocess.run([os.path.join(BUILD, "translate")], input=body, capture_output=True,
                          env=environment(**values, **variables), timeout=60, check=False)
    if done.returncode:
        raise AssertionError(f"translate ended with {done.returncode}: {done.stderr[-500:]}")
    return (*fastcgi.parse_cgi(done.stdout), done.stderr.decode())


def apertium_of(at):
    """The variables that lead to the real one."""
    if not at:
        raise Skip(missing())
    return {"TRANSLATE_URL": at.url}


def translate(at, text, source="en", target="es"):
    """A translation by the real Apertium, as JSON would bring it."""
    status, headers, body, _ = cgi({"text": text, "source": source, "target": target}, **apertium_of(at))
    equal((status, headers.get("x-translate-engine")), (200, "apertium"), f"{text[:80]!r}: {body[:300]}")
    said = json.loads(body)
    equal([said["SourceLanguageCode"], said["TargetLanguageCode"]], [source, target])
    return said["TranslatedText"]


def refused(reply, status, *words):
    """Checks that an answer is a problem that says so."""
    equal(reply[0], status, reply[2][:400])
    detail = json.loads(reply[2])["detail"]
    for word in words:
        true(word in detail, f"{detail!r} lacks {word!r}")
    return detail


@contextlib.contextmanager
def apy(*script):
    """(an APy with this script, the variables that lead to it)."""
    server = Server(script)
    try:
        yield server, {"TRANSLATE_URL": server.address}
    finally:
        server.close()


def said(text):
    """An answer of APy's with this text."""
    return answer({"responseData": {"translatedText": text}, "responseDetails": None,
                   "responseStatus": 200})


def test_there_and_back(_, at):
    """English becomes Spanish, and Spanish English"""
    equal(translate(at, "Hello world"), "Hola Mundo")
    equal(translate(at, "The black cat sits on the table."), "El gato negro sienta en la mesa.")
    equal(translate(at, "El perro come.", "es", "en"), "The dog eats.")
    equal(translate(at, "the dog"), "el perro", "no capital where there was none")
    equal(translate(at, "London is big.\nmy house"), "Londres es grande.\nmi casa")


def test_lines_of_a_list(_, at):
    """Each word of a list stays on its line; a sentence that was broken into long lines is one"""
    for text, wanted in (("cat\ndog\nhouse", "gato\nperro\ncasa"), ("red\nhouse", "rojo\ncasa"),
                         ("cat\r\ndog\rhouse", "gato\r\nperro\rcasa"),
                         ("apple\norange\nbread", "manzana\nnaranja\npan")):
        equal(translate(at, text), wanted)
    equal(translate(at, "The man that I have seen in London has a red\nhouse and a dog."),
          translate(at, "The man that I have seen in London has a red house and a dog.").replace("casa ", "casa\n"))


def test_apostrophes(_, at):
    """An apostrophe comes back as it was, in a word and outside of one; don't is a word with any"""
    for text in ("Xqzv ’ xqzw", "Xqzvʼxqzw ʼ", "Xqzv’xqzw", "‘Xqzv’ xqzw", "’xqzv’", "Xqzv’q xqzw'q", "ʼ", "’’"):
        equal(translate(at, text), text)
    equal(translate(at, "The ‘red’ house"), "El ‘rojo’ casa", "quotes stay round their word")
    equal(translate(at, "I don't know. ‘Xqzv’ xqzw"), "No sé. ‘Xqzv’ xqzw", "each is as those that stand like it")
    for sign in "'’ʼ":
        equal(translate(at, f"I don{sign}t know."), "No sé.", sign)


def test_variants(_, at):
    """A language's variant that there is no pair for is the language (RFC 4647, lookup)"""
    where = apertium_of(at)
    for source, target in (("en-US", "es-MX"), ("en_GB", "es-419"), ("EN-us", "es"), ("en", "es-Latn-MX"),
                           ("auto", "es-MX"), ("en-x-mine", "spa-MX")):
        reply = cgi({"text": "The dog eats.", "source": source, "target": target}, **where)
        equal((reply[0], json.loads(reply[2])), (200, {
            "TranslatedText": "El perro come.", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}), source)
    for source, target, field in (("fr-CA", "es-MX", "source"), ("en-US", "xx-MX", "target")):
        reply = cgi({"text": "The dog eats.", "source": source, "target": target}, **where)
        equal((reply[0], json.loads(reply[2])["errors"][0]["field"]), (422, field), reply[2])


def test_every_way_in(_, at):
    """A form, a query, multipart, the original's names and other codes bring the same"""
    where, fields = apertium_of(at), {"text": "The dog eats.", "source": "en", "target": "es"}
    wanted = {"TranslatedText": "El perro come.", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}
    form = urllib.parse.urlencode(fields)
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                    for name, value in fields.items()) + "--b--\r\n"
    for reply in (cgi(form, FORM, **where), cgi(method="GET", query=form, **where),
                  cgi(parts, "multipart/form-data; boundary=b", **where),
                  cgi({"text": "The dog eats.", "sl": "en", "tl": "es"}, **where),
                  cgi({"text": "The dog eats.", "source": "ENG", "target": "spa"}, **where),
                  cgi({"text": "The dog eats.", "target": "es"}, **where),
                  cgi({"text": "The dog eats.", "source": "Auto", "target": "es", "sl": None}, **where)):
        equal((reply[0], json.loads(reply[2])), (200, wanted))
    done = subprocess.run([os.path.join(BUILD, "dime"), "invoke", "translate", "text=The dog eats.",
                           "source=en", "target=es"], capture_output=True, stdin=subprocess.DEVNULL,
                          env=environment(**where), timeout=60, check=False)
    equal(json.loads(json.loads(done.stdout)["body"]), wanted, "from the shell")


def test_languages(_, at):
    """GET lists the languages that there are, and what doesn't go is told with what does"""
    where = apertium_of(at)
    status, headers, body, _ = cgi(method="GET", **where)
    listed = json.loads(body)
    equal((status, headers["x-translate-engine"]), (200, "apertium"))
    true({"LanguageName": "Spanish", "LanguageCode": "es"} in listed["Languages"], body)
    true({"SourceLanguageCode": "en", "TargetLanguageCode": "es"} in listed["Pairs"], body)
    true({"LanguageName": "English (US)", "LanguageCode": "en-US"} in listed["Languages"], body)
    equal(cgi(method="HEAD", **where)[0], 200)
    refused(cgi({"text": "a", "source": "xx", "target": "es"}, **where), 422, "translates from", "en")
    refused(cgi({"text": "a", "source": "en", "target": "zz"}, **where), 422, "no translation into")
    refused(cgi({"text": "a", "source": "es", "target": "es"}, **where), 422, "translates from")
    reply = cgi({"text": "El perro", "target": "en-us"}, **where)
    equal(json.loads(reply[2])["TargetLanguageCode"], "en-US", reply[2])


KEPT = [
    "<script>alert(\"the dog\")</script>", "<SCRIPT src='x'>let the_dog = 1 < 2;</SCRIPT >",
    "<style>the { dog: red }</style>", "<!-- the dog -->", "<img alt=\"the dog\" src=x>", "<br/>",
    "</p>", "<!DOCTYPE html>", "<?xml the?>", "&eacute;", "&#233;", "&#xe9;", "&amp;", "&", "<", ">",
    "<3", "1 < 2 > 0", "*", "**", "#", "@", "~", "|", "[", "]", "{", "}", "^", "$", "\\", "=", "+", "`", "_",
    "[t:b:x]", "[[/]]", "^xq<det>$", "\\^", "<q1>", "<q>", "<br>", "http://example.com/the/dog?is=big&red#a",
    "https://the.dog", "www.the-dog.example", "the.dog@example.com", "the_black_dog", "snake_case()",
    "\n", "\r\n", "\r", "\t", "\n\n\n", " \n ", "\v", "\f", "\x01", "\x1b[1m", "\x7f", "\u0085",
    "\u00ad", "\u2028", "\ufeff", "\ufffe", "\U0001ffff", "   ", "",
]


def test_what_is_no_language(_, at):
    """Markup, scripts, addresses, references, signs, blanks and controls come back, each in its place"""
    for kept in KEPT:
        apart = " " if re.search(r"@|_|:/|www|\w$", kept) else ""  # else the words belong to an address
        text = f"The dog eats.{apart}{kept}{apart}The dog eats. {kept} {kept}{apart}The cat"
        got = translate(at, text)
        equal(got, text.replace("The dog eats.", "El perro come.").replace("The cat", "El gato"),
              f"with {kept!r}")
    text = "".join(f"{kept}xq" for kept in KEPT) + "\n"
    equal(translate(at, text), text, "all of them")


def test_blanks_at_the_ends(_, at):
    """What a text begins and ends with stays"""
    for blank in (" ", "\n", "\r\n\r\n", "\t ", "  "):
        equal(translate(at, f"{blank}Hello world{blank}"), f"{blank}Hola Mundo{blank}", repr(blank))
    equal(translate(at, "it's beautiful"), "es bello", "no blank for a word that is left out")


SCRIPTS = ("Здравствуйте, мир", "Γειά σου Κόσμε", "שלום עולם", "مرحبا بالعالم", "नमस्ते दुनिया", "สวัสดีชาวโลก",
           "你好,世界", "こんにちは世界", "안녕하세요 세계", "Բարեւ աշխարհ", "გამარჯობა მსოფლიო", "ሰላም ልዑል", "ᐊᐃ ᓄᓇᕐᔪᐊᖅ",
           "𐎧𐏁𐎹", "👩‍👩‍👧‍👦 🏳️‍🌈 😀", "e\u0301 a\u0308", "\u202eabcxq\u202c", "ﷺ", "ÅÆØ ĳ ŉ ǆ ß")


def test_every_script(_, at):
    """A text in another script comes back as it was, among words that are translated"""
    for script in SCRIPTS:
        equal(translate(at, f"The dog eats. {script}\nThe cat"), f"El perro come. {script}\nEl gato")
    points = [*range(0x80, 0x3100), *range(0xa000, 0xac00), *range(0xe000, 0xe100), *range(0xf900, 0x10000),
              *range(0x10000, 0x10800), *range(0x1f000, 0x1fb00), *range(0xe0000, 0xe0200), 0x10ffff]
    text = "".join(f"z{chr(point)}\n" for point in points)
    text += "".join(f"Z {chr(point)} z\nZ{chr(point)}z\n" for point in [*range(0xa1, 0x300), *range(0x2010, 0x2028)])
    for begin in range(0, len(text), 1500):
        piece = text[begin:begin + 1500]
        got = translate(at, piece)
        equal([ascii(line) for line, other in zip(piece.split("\n"), got.split("\n")) if line != other],
              [], "what comes back otherwise")
        equal(got, piece)


def test_whole(_, at):
    """10,000 bytes are translated to the last one, however they are spread; 10,001 are told"""
    numbered = "".join(f"The dog has number {number}. " for number in range(600))[:LONGEST - 5] + " XQZ."
    got = translate(at, numbered)
    equal(re.findall(r"\d+", got), re.findall(r"\d+", numbered), "the numbers")
    true(got.endswith(" XQZ."), got[-80:])
    for unit in ("\n", "x\n", "x*", "<x>", "<", "é", "😀", "((", "\r\n", "&ab;", "http://x ", "a_b ", "<script>", "zq "):
        text = (unit * LONGEST).encode()[:LONGEST - 3].decode(errors="ignore")
        text += "z" * (LONGEST - len(text.encode()))
        got = translate(at, text)
        if unit not in ("x\n", "x*", "<x>"):
            equal(got, text, repr(unit))
        equal(len(text.encode()), LONGEST)
    for text in ("x" * (LONGEST + 1), "é" * 5000 + "x", "\n" * LONGEST + "x"):
        reply = cgi(json.dumps({"text": text, "source": "en", "target": "es"}), **apertium_of(at))
        refused(reply, 413, f"{len(text.encode())} bytes", "10000")


def test_busy(_, at):
    """Long texts that come all at once are whole too: APy itself loses the ends of those"""
    texts = [" ".join(f"The dog has number {number}." for number in range(begin, begin + 400))
             for begin in range(1000, 5000, 1000)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for text, got in zip(texts, pool.map(lambda text: translate(at, text), texts)):
            equal(re.findall(r"\d+", got), re.findall(r"\d+", text), "the numbers")


def test_bad_bytes(_, at):
    """NUL and what is no UTF-8 are refused, before anybody is asked"""
    with apy() as (server, where):
        refused(cgi('{"text":"a\\u0000b","target":"es"}', **where), 422, "NUL")
        refused(cgi(b"text=a%00b&target=es", FORM, **where), 422, "NUL")
        refused(cgi(b'{"text":"\xff","target":"es"}', **where), 400, "UTF-8")
        refused(cgi(b"text=%C3&target=es", FORM, **where), 400, "UTF-8")
        refused(cgi(b'{"text":"\\ud800","target":"es"}', **where), 400)
        refused(cgi(b"text=%ED%A0%80&target=es", FORM, **where), 400, "UTF-8")
        equal(server.requests, [])


def test_on_loopback(_, at):
    """Apertium, as quickstart starts it, listens on 127.0.0.1 and nowhere else"""
    apertium_of(at)
    listening = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError), open(table, encoding="ascii") as file:
            for line in file.readlines()[1:]:
                local, state = line.split()[1], line.split()[3]
                if state == "0A" and local.endswith(f":{at.port:04X}"):
                    listening.append(local.split(":")[0])
    equal(listening, ["0100007F"], "the addresses")


def test_down(_, __):
    """Without an engine the problem says how to get one; the list is empty and says why"""
    where = {"TRANSLATE_URL": f"http://127.0.0.1:{free_port()}"}
    reply = cgi(HELLO, **where)
    refused(reply, 503, "apertium-apy", "--with-translate")
    equal(reply[1]["x-translate-engine"], "apertium")
    status, _, body, log = cgi(method="GET", **where)
    listed = json.loads(body)
    equal((status, listed["Languages"]), (200, []))
    true("--with-translate" in listed["Detail"], body)
    equal(log.count("\n"), 1, "one line in the log")
    status, _, body, _ = cgi(method="GET", HTTP_ACCEPT="text/html", **where)
    true(status == 200 and b"English</option>" in body and b"Spanish</option>" in body, "the page")
    notice = body.split(b'<div class="notice">')[1].split(b"</div>")[0]
    true(b"No text can be translated now" in notice and b"--with-translate" in notice, notice)
    page = cgi("text=Hello&source=en&target=es", FORM, HTTP_ACCEPT="text/html", **where)[2]
    true(b'class="problem"' in page and b'class="notice"' not in page, "what is wrong is said once")


GARBAGE = {
    "text": raw(b"garbage\n"), "HTTP/0.9": raw(b"\0\1\2\3" * 100), "nothing": close, "a reset": reset,
    "a page": answer("<html>no</html>", headers=["Content-Type: text/html"]), "an empty body": answer(""),
    "a list": answer([1]), "another shape": answer({"a": 1}), "null": answer({"responseData": None}),
    "a number": answer({"responseData": {"translatedText": 7}}), "a text alone": answer('"hola"'),
    "half an answer": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"responseData\":"),
    "half a head": raw(b"HTTP/1.1 200 OK\r\nContent-Le"), "no UTF-8": answer(b'{"responseData":{"translatedText":"\xff"}}'),
    "two names": answer('{"responseData":{},"responseData":{"translatedText":"a"}}'),
    "10 MB": flood(200, 10), "10 MB unannounced": flood(200, 10, False), "headers without end": endless_head,
    "a way elsewhere": answer("", 302, ["Location: http://127.0.0.1:1/"]), "no marks": said("Hola"),
    "a tag of its own": said("<q>Hola<script>alert(1)</script><q>"), "one mark": said("<q>Hola"),
    "a mark too many": said("<q>Hola<q0><q>"), "a wild mark": said("<q>Hola<q99999999999999999999><q>"),
    "an open tag": said("<q>Hola<q"), "a page of 10 MB with 500": flood(500, 10),
    "its own error": answer({"status": "error", "code": 500, "message": "no", "explanation": "no"}, 500),
    "a bad request": answer({"explanation": "That pair is invalid"}, 400), "too many": answer("no", 429),
}


def test_garbage(_, __):
    """Whatever comes instead of an answer, there is a problem that names the upstream, and no text in a log"""
    for name, step in GARBAGE.items():
        with apy(PAIRS, step, step) as (_, where):
            reply = cgi({"text": SECRET_TEXT, "source": "en", "target": "es"}, **where)
            detail = refused(reply, 502, "Apertium")
            if isinstance(name, str) and ("500" in name or "own error" in name):
                true("500" in detail, detail)
            true("Zyxwvut" not in reply[3], f"{name}: the text is in the log: {reply[3]}")
            true("alert(1)" not in detail, name)
    for name, step in GARBAGE.items():
        if name in ("a page of 10 MB with 500", "null") or "mark" in name or "tag" in name or name == "a number":
            continue
        with apy(step) as (_, where):
            refused(cgi(HELLO, **where), 502, "Apertium")
        with apy(step) as (_, where):
            status, _, body, _ = cgi(method="GET", **where)
            equal((status, json.loads(body)["Languages"]), (200, []), name)


def test_ends_of_lines_of_a_form(_, __):
    """CR LF of a form, of a query and of multipart is LF, and counted as such; a CR alone and JSON's stay"""
    text, short = "a\r\nb\rc\r\r\n", "a\nb\rc\r\n"
    fields = {"text": text, "source": "en", "target": "es"}
    form = urllib.parse.urlencode(fields)
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                    for name, value in fields.items()) + "--b--\r\n"
    for wanted, call in ((short, {"body": form, "kind": FORM}), (short, {"method": "GET", "query": form}),
                         (short, {"body": form, "kind": f"{FORM}; charset=utf-8"}),
                         (short, {"body": parts, "kind": "multipart/form-data; boundary=b"}),
                         (short, {"body": form, "kind": ""}), (text, {"body": fields}),
                         (text, {"body": fields, "kind": FORM})):
        with apy(PAIRS, *[echo] * 8) as (_, where):
            reply = cgi(**call, **where)
            equal((reply[0], json.loads(reply[2]).get("TranslatedText")), (200, wanted), str(call))
    longest = {**fields, "text": "a" + "\r\n" * (LONGEST - 2) + "a"}
    longer = {**fields, "text": "a" + longest["text"]}
    for kind, body, status in ((FORM, urllib.parse.urlencode(longest), 200),
                               (FORM, urllib.parse.urlencode(longer), 413), (JSON, longest, 413)):
        with apy(PAIRS, *[echo] * 8) as (_, where):
            equal(cgi(body, kind, **where)[0], status, kind)


def test_type_does_not_matter(_, __):
    """A good answer of another content type is good"""
    good = answer({"responseData": {"translatedText": "<q>Hola<q>"}}, headers=["Content-Type: image/png"])
    with apy(PAIRS, good) as (_, where):
        equal(json.loads(cgi(HELLO, **where)[2])["TranslatedText"], "Hola")


def test_lost_marks(_, __):
    """A request whose answer lacks a mark is made again in halves"""
    def step(connection, request):
        text = urllib.parse.parse_qs(request.body.decode())["q"][0]
        if text.count("<q") > 3:
            text = re.sub(r"<q\d+>", "", text, count=1)  # of several marks one gets lost
        return said(text)(connection, request)
    text = "One<b>Two</b>Three<i>Four</i>Five"
    with apy(PAIRS, *[step] * 20) as (server, where):
        reply = cgi({"text": text, "source": "en", "target": "es"}, **where)
        equal((reply[0], json.loads(reply[2]).get("TranslatedText")), (200, text))
        true(2 < len(server.requests) < 15, f"{len(server.requests)} requests")
    with apy(PAIRS, *[said("<q>no<q>")] * 500) as (server, where):
        refused(cgi({"text": "a<b>b</b>" * 500, "source": "en", "target": "es"}, **where), 502, "lost")
        true(len(server.requests) < 100, f"{len(server.requests)} requests for what can't be")


def test_signs_of_its_own(_, __):
    """What Apertium puts before a word that it couldn't form is left out"""
    with apy(PAIRS, said("<q>*Hola #mundo @otro<q>")) as (_, where):
        equal(json.loads(cgi(HELLO, **where)[2])["TranslatedText"], "Hola mundo otro")


def test_slow(folder, __):
    """One that says nothing, or too little at a time, is given up at the deadline"""
    for step in (stall, drip):
        for script in ([step], [PAIRS, step]):
            with apy(*script) as (_, where):
                address = f"unix:{folder}/slow.sock"
                program = fastcgi.Program(folder, os.path.join(BUILD, "translate"),
                                          ["--listen", address, "--timeout", "2"],
                                          environment=environment(**where))
                with program:
                    fastcgi.wait_until(lambda: fastcgi.accepts(address), 10, "it doesn't listen")
                    values = {**CGI, "REQUEST_METHOD": "POST", "QUERY_STRING": "", "CONTENT_TYPE": JSON,
                              "CONTENT_LENGTH": str(len(HELLO))}
                    began = time.monotonic()
                    reply = fastcgi.ask(address, fastcgi.request(values, HELLO.encode()), 20)
                    took = time.monotonic() - began
                equal(reply.status, 504, reply.body)
                true(b"Apertium hasn't answered in time" in reply.body and took < 4, f"{took:.1f} s {reply.body}")


def test_page_of_slow(_, __):
    """A page waits two seconds for its menus, and is there without them"""
    with apy(stall) as (_, where):
        began = time.monotonic()
        status, _, body, _ = cgi(method="GET", HTTP_ACCEPT="text/html", **where)
        true(status == 200 and b"Spanish</option>" in body, body[:200])
        true(b"Apertium hasn&#39;t answered in time" in body, "it says why")
        true(time.monotonic() - began < 4, "it takes longer")


def echo(connection, request):
    """Translates a text into itself."""
    return said(urllib.parse.parse_qs(request.body.decode())["q"][0])(connection, request)


def test_requests(_, __):
    """What is asked of APy: two addresses, whatever a client sends, and no header of its own"""
    odd = {"text": "a&langpair=x|y\r\nHost: evil", "source": "en", "target": "es", "url": "http://evil.example/",
           "TRANSLATE_URL": "http://evil.example/", "engine": "aws"}
    with apy(PAIRS, echo) as (server, where):
        cgi(odd, HTTP_HOST="evil.example", HTTP_X_FORWARDED_HOST="evil.example", HTTP_PROXY="http://evil.example/",
            **where)
        equal([(one.method, one.target) for one in server.requests],
              [("GET", "/listPairs"), ("POST", "/translate")])
        fields = urllib.parse.parse_qs(server.requests[1].body.decode(), strict_parsing=True)
        equal((fields["langpair"], fields["markUnknown"], len(fields)), (["eng|spa"], ["no"], 3))
        equal(server.requests[1].header("Host"), f"127.0.0.1:{server.port}")
        equal(server.requests[1].header("Authorization"), None)
    for code in ("en|es", "../x", "en\r\nX: y", "en&q=1", "é", "e" * 32):
        with apy(PAIRS) as (server, where):
            refused(cgi({"text": "a", "source": code, "target": "es"}, **where), 422)
            true(len(server.requests) <= 1, code)


def test_settings(_, __):
    """A setting that is wrong is told, and nothing beyond loopback is asked without the administrator's word"""
    for url, words in (("nonsense", "isn't an address"), ("ftp://127.0.0.1", "isn't an address"),
                       ("http://user:pass@127.0.0.1:1", "isn't an address"), ("http://127.0.0.1:1/path", "without a path"),
                       ("http://example.org", "TRANSLATE_REMOTE"), ("http://10.0.0.1:2737", "TRANSLATE_REMOTE"),
                       ("http://169.254.169.254", "TRANSLATE_REMOTE"), ("http://[fd00::1]", "TRANSLATE_REMOTE"),
                       ("http://127.0.0.1.example.org", "TRANSLATE_REMOTE"), ("http://0.0.0.0:2737", "TRANSLATE_REMOTE"),
                       ("https://127.0.0.1", "TRANSLATE_REMOTE"), ("http://localhost.evil.example", "TRANSLATE_REMOTE"),
                       ("file:///etc/passwd", "isn't an address"), ("http://", "isn't an address")):
        reply = cgi(HELLO, TRANSLATE_URL=url)
        true("pass" not in refused(reply, 503, words), url)
    refused(cgi(HELLO, TRANSLATE_ENGINE="google"), 503, "apertium, aws or auto")
    with apy(PAIRS, said("<q>Hola<q>")) as (server, _):
        for url in (f"http://localhost:{server.port}", f"http://127.1.2.3:{free_port()}"):
            true(cgi(HELLO, TRANSLATE_URL=url)[0] in (200, 503), url)
    reply = cgi(HELLO, TRANSLATE_URL="http://0.0.0.0:1", TRANSLATE_REMOTE="yes")
    refused(reply, 503, "Apertium isn't running at http://0.0.0.0:1")


def test_proxy(_, __):
    """No proxy sees what goes to loopback"""
    with apy(PAIRS, said("<q>Hola<q>")) as (_, where), apy() as (proxy, _):
        reply = cgi(HELLO, http_proxy=proxy.address, ALL_PROXY=proxy.address, **where)
        equal((reply[0], proxy.requests), (200, []), reply[2])


def test_aws(_, __):
    """Amazon Translate is asked as its API wants it, and its answer handed on"""
    with aws(answer({**TRANSLATION, "AppliedTerminologies": []}), answer(TRANSLATION)) as (server, where):
        where.update(TRANSLATE_ENGINE="aws", AWS_SESSION_TOKEN=TOKEN)
        reply = cgi({"text": "Héllo\n<b>", "source": "en", "target": "es"}, **where)
        equal((reply[0], reply[1]["x-translate-engine"], json.loads(reply[2])), (200, "aws", TRANSLATION))
        cgi({"text": "Hello", "tl": "es"}, **where)
        equal([one.operation for one in server.requests], ["TranslateText"] * 2)
        equal(server.requests[0].json, {"Text": "Héllo\n<b>", "SourceLanguageCode": "en",
                                        "TargetLanguageCode": "es"})
        equal(server.requests[1].json["SourceLanguageCode"], "auto")
        equal(server.requests[0].header("X-Amz-Security-Token"), TOKEN)
        equal(server.requests[0].scope, ("eu-west-1", "translate"))


def test_aws_languages(_, __):
    """Its languages are listed, and the page's menu lets it find out the source"""
    languages = {"Languages": [{"LanguageName": "Auto", "LanguageCode": "auto"},
                               {"LanguageName": "Spanish", "LanguageCode": "es"},
                               {"LanguageName": "<b>Eng</b>", "LanguageCode": "en"},
                               {"LanguageName": "odd", "LanguageCode": "\"><script>"}]}
    with aws(answer(languages), answer(languages)) as (server, where):
        listed = json.loads(cgi(method="GET", TRANSLATE_ENGINE="aws", **where)[2])
        equal(listed, {"Languages": [{"LanguageName": "<b>Eng</b>", "LanguageCode": "en"},
                                     {"LanguageName": "Spanish", "LanguageCode": "es"}]})
        page = cgi(method="GET", HTTP_ACCEPT="text/html", TRANSLATE_ENGINE="aws", **where)[2].decode()
        equal(page.count('<option value="auto" selected>'), 1, "the source")
        true("&lt;b&gt;Eng&lt;/b&gt;</option>" in page and "<b>Eng" not in page, "escaped")
        equal(server.requests[0].operation, "ListLanguages")


def test_aws_faults(_, __):
    """Each of its errors is a problem that names its code, and holds no key"""
    for code, status in (("TextSizeLimitExceededException", 413), ("UnsupportedLanguagePairException", 422),
                         ("DetectedLanguageLowConfidenceException", 422), ("InvalidRequestException", 422),
                         ("AccessDeniedException", 502), ("UnrecognizedClientException", 502),
                         ("TooManyRequestsException", 503), ("InternalServerException", 502),
                         ("ServiceUnavailableException", 502)):
        http = 500 if code.startswith(("Internal", "ServiceUn")) else 400
        with aws(*[fault(code, http, f"{KEY} {SECRET}")] * 6) as (_, where):
            reply = cgi(HELLO, TRANSLATE_ENGINE="aws", **where)
            refused(reply, status, code)
            everything = f"{reply[1]} {reply[2]} {reply[3]}"
            true(KEY not in everything and SECRET not in everything, f"{code}: a key is told")
    for step in (answer("no"), answer("[]"), answer({}), answer({"TranslatedText": 7}), close, flood(200, 10)):
        with aws(*[step] * 6) as (_, where):
            refused(cgi(HELLO, TRANSLATE_ENGINE="aws", **where), 502, "Amazon Translate")
    refused(cgi(HELLO, TRANSLATE_ENGINE="aws"), 503)


def test_auto(_, at):
    """With auto Amazon Translate is asked, and Apertium where it's down or there are no credentials"""
    here = {**apertium_of(at), "TRANSLATE_ENGINE": "auto"}
    with aws(answer(TRANSLATION)) as (_, where):
        equal(cgi(HELLO, **here, **where)[1]["x-translate-engine"], "aws")
    with aws(*[fault("InternalServerException", 500)] * 9) as (_, where):
        reply = cgi({"text": "The dog eats.", "source": "en", "target": "es"}, **here, **where)
        equal((reply[1]["x-translate-engine"], json.loads(reply[2])["TranslatedText"]),
              ("apertium", "El perro come."))
        true("Apertium is used instead of Amazon Translate for 30 seconds: Amazon Translate has failed "
             "with InternalServerException" in reply[3], f"the log says why: {reply[3]}")
    with aws(fault("UnsupportedLanguagePairException")) as (_, where):
        refused(cgi(HELLO, **here, **where), 422, "UnsupportedLanguagePair")
    reply = cgi(HELLO, **here)
    equal(reply[1]["x-translate-engine"], "apertium", "no credentials")
    true("Apertium is used instead of Amazon Translate: There are no AWS credentials" in reply[3],
         f"the log says why: {reply[3]}")
    nobody = {"TRANSLATE_ENGINE": "auto", "TRANSLATE_URL": f"http://127.0.0.1:{free_port()}"}
    with aws(fault("AccessDeniedException")) as (_, where):
        refused(cgi(HELLO, **nobody, **where), 502, "AccessDenied")
    with aws(*[fault("InternalServerException", 500)] * 9) as (_, where):
        true(json.loads(cgi(method="GET", **here, **where)[2])["Pairs"], "Apertium's languages")


def test_labels(_, at):
    """What labels has answered is a text: its names, a line each, which are English"""
    labels = [{"Name": "Black Cat", "Confidence": 90.5, "Parents": [{"Name": "Cat"}]}, {"Confidence": 1},
              {"Name": "Dog <b>"}]
    results = [{"Key": "a", "Labels": labels[:1]}, {"Key": "b", "status": 404}, {"Labels": labels[2:]}, 7]
    where = apertium_of(at)
    for body in ({"Labels": labels, "LabelModelVersion": "x"}, {"Results": results}):
        status, _, said, _ = cgi({**body, "target": "es"}, **where)
        equal((status, json.loads(said)), (200, {"TranslatedText": "Gato negro\nPerro <b>",
                                                 "SourceLanguageCode": "en", "TargetLanguageCode": "es"}))
    equal(json.loads(cgi({"Labels": labels, "text": "the cat", "target": "es"}, **where)[2])["TranslatedText"],
          "el gato", "a text goes first")
    for nothing in ([], [{}]):
        status, headers, said, _ = cgi({"Labels": nothing, "target": "es"}, TRANSLATE_URL="http://127.0.0.1:1")
        equal((status, json.loads(said), headers.get("x-translate-engine")),
              (200, {"TranslatedText": "", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}, None),
              "nothing to be seen")
    for name in ("Labels", "Results"):
        refused(cgi({name: {"Name": "x"}, "target": "es"}, **where), 422, name + " must be a list")
    refused(cgi({"Labels": [{"Name": "x" * 10001}], "target": "es"}, **where), 413, "10001")


def test_pipe(_, at):
    """A picture's labels in Spanish, by two commands in a pipe; the first that fails is what comes out"""
    have, why = get_models(BUILD, SOURCE)
    if not have:
        raise Skip(why)
    program = os.path.join(BUILD, "dime")

    def pipe(image):
        first = subprocess.run([program, "invoke", "labels", "image=" + image], capture_output=True, check=False,
                               stdin=subprocess.DEVNULL, env=environment(), timeout=60)
        last = subprocess.run([program, "invoke", "translate", "-", "target=es"], input=first.stdout, check=False,
                              capture_output=True, env=environment(**apertium_of(at)), timeout=60)
        return last.returncode, json.loads(json.loads(last.stdout)["body"])
    status, said = pipe(os.path.join(SOURCE, "www", "samples", "cat.jpg"))
    equal((status, said["TranslatedText"]), (0, "Gato egipcio\nGato"))
    back = cgi({**said, "target": "en"}, **apertium_of(at))
    equal((back[0], json.loads(back[2])), (200, {
        "TranslatedText": "Egyptian cat\nCat", "SourceLanguageCode": "es", "TargetLanguageCode": "en"}))
    equal(cgi({**said, "text": "El perro come.", "source": "es", "target": "en"}, **apertium_of(at))[2],
          cgi({"text": "El perro come.", "source": "es", "target": "en"}, **apertium_of(at))[2], "the text counts")
    refused(cgi({**said, "TargetLanguageCode": "e s", "target": "en"}, **apertium_of(at)), 422,
            "TargetLanguageCode must be the code of a language")
    status, said = pipe(os.path.join(SOURCE, "README.md"))
    equal((status, said["status"]), (4, 415))
    true("JPEG" in said["detail"], said["detail"])


def test_shunned(folder, at):
    """Once Amazon Translate was down it isn't asked again for a while"""
    with aws(*[fault("ServiceUnavailableException", 503)] * 9) as (server, where):
        address = f"unix:{folder}/shunned.sock"
        program = fastcgi.Program(folder, os.path.join(BUILD, "translate"), ["--listen", address, "--threads", "1"],
                                  environment=environment(**where, **apertium_of(at), TRANSLATE_ENGINE="auto"))
        with program:
            fastcgi.wait_until(lambda: fastcgi.accepts(address), 10, "it doesn't listen")
            for _ in range(3):
                values = {**CGI, "REQUEST_METHOD": "POST", "QUERY_STRING": "", "CONTENT_TYPE": JSON,
                          "CONTENT_LENGTH": str(len(HELLO))}
                reply = fastcgi.ask(address, fastcgi.request(values, HELLO.encode()), 30)
                equal((reply.status, reply.headers["x-translate-engine"]), (200, "apertium"))
        true(0 < len(server.requests) <= 3, f"{len(server.requests)} requests for three texts")


def test_list_is_kept(folder, __):
    """A thread asks for the list once a minute, not for each text"""
    with apy(PAIRS, *[said("<q>Hola<q>")] * 3) as (server, where):
        address = f"unix:{folder}/kept.sock"
        program = fastcgi.Program(folder, os.path.join(BUILD, "translate"), ["--listen", address, "--threads", "1"],
                                  environment=environment(**where))
        with program:
            fastcgi.wait_until(lambda: fastcgi.accepts(address), 10, "it doesn't listen")
            for _ in range(3):
                values = {**CGI, "REQUEST_METHOD": "POST", "QUERY_STRING": "", "CONTENT_TYPE": JSON,
                          "CONTENT_LENGTH": str(len(HELLO))}
                equal(fastcgi.ask(address, fastcgi.request(values, HELLO.encode()), 30).status, 200)
        equal([one.target for one in server.requests], ["/listPairs"] + ["/translate"] * 3)
        equal(len({one.number for one in server.requests}), 1, "connections")


def test_moto(_, __):
    """moto_server's Translate, where it has one"""
    if not shutil.which("moto_server"):
        raise Skip("moto_server isn't installed")
    port = free_port()
    process = subprocess.Popen(["moto_server", "-H", "127.0.0.1", "-p", str(port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        def answers():
            with contextlib.suppress(OSError), contextlib.closing(fastcgi.socket.create_connection(
                    ("127.0.0.1", port), 1)):
                return True
            return False
        wait_until(answers, "moto_server doesn't answer", 60)
        reply = cgi(HELLO, TRANSLATE_ENGINE="aws", AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}", **KEYS)
        if reply[0] == 502:
            refused(reply, 502, "Amazon Translate")
            raise Skip("this moto_server has no Amazon Translate")
        equal((reply[0], reply[1]["x-translate-engine"]), (200, "aws"), reply[2])
    finally:
        process.terminate()
        process.wait()


def through_a_server(s):
    """The page, the list, limits and a translation through a web server."""
    browser = {"Accept": "text/html"}
    page = s.get("/translate", browser)
    equal((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"))
    true('<option value="en" selected>English</option>' in page.text, page.text[:300])
    equal([one["LanguageCode"] for one in s.get("/cgi-bin/translate").json()["Languages"]], ["en", "en-US", "es"])
    equal(s.post("/cgi-bin/translate", HELLO).json()["TargetLanguageCode"], "es")
    long = "ж" * (LONGEST // 2)
    form = urllib.parse.urlencode({"text": long, "source": "en", "target": "es"})
    true(len(form) > 3 * LONGEST, "percent-encoded")
    kind = {"Content-Type": FORM}
    equal(s.post("/cgi-bin/translate", form, kind).json()["TranslatedText"], long, "10,000 bytes in a form")
    escaped = '{"source":"en","target":"es","text":"' + "\\u0078" * LONGEST + '"}'
    equal(s.post("/cgi-bin/translate", escaped).json()["TranslatedText"], "x" * LONGEST, "in JSON")
    over = urllib.parse.urlencode({"text": long + "ж", "source": "en", "target": "es"})
    problem = s.post("/cgi-bin/translate", over, kind)
    equal((problem.status, problem.json()["detail"]), (413, "The text has 10002 bytes; send at most 10000 at once."))
    problem = s.post("/cgi-bin/translate", b"text=" + b"x" * 81920, kind)
    equal((problem.status, problem.json()["detail"]), (413, "Send at most 81920 bytes."))
    answered = s.post("/translate", form[:200], {**kind, **browser})
    true("<textarea" in answered.text, "the page takes its own form")
    equal(s.get("/healthz/translate").json(), {"status": "ok"})


def test_nginx(_, at):
    """Through nginx: the page at /translate, 10,000 bytes however they're encoded, and limits"""
    with Serving(BUILD, SOURCE, functions=("translate",), environment=apertium_of(at)) as s:
        through_a_server(s)
        equal(s.get("/translate/x").status, 404)
        equal(s.get("/translate.html").status, 404)
        equal(s.get("/translate.js").header("content-type"), "text/javascript; charset=utf-8")


def test_apache(_, at):
    """Through Apache in its three ways: the same"""
    where = apertium_of(at)
    for way in WAYS:
        if apache_is_missing(way):
            raise Skip(apache_is_missing(way))
        passed = "\n".join(f'{ {"cgi": "SetEnv", "fcgid": "FcgidInitialEnv"}[way]} {name} "{value}"'
                           for name, value in where.items()) if way != "proxy" else ""

        def edit(name, text, passed=passed, way=way):
            if name == "apache.conf" and way == "cgi":
                text = f"LoadModule env_module {MODULES}/mod_env.so\n" + text
            return text + passed + "\n" if name == f"dime-{way}.conf" else text
        with Apache(BUILD, SOURCE, way, ("translate",), edit=edit, environment=where) as s:
            through_a_server(s)


def main():
    """Runs the cases with a folder and the real Apertium, where there is one."""
    with tempfile.TemporaryDirectory(prefix="dime") as folder, contextlib.ExitStack() as stack:
        at = None if missing() else stack.enter_context(Apertium(SOURCE, folder))
        return cases.run(cases.collect(globals()), folder, at)


if __name__ == "__main__":
    sys.exit(main())
