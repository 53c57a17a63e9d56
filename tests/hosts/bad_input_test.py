# bad_input_test.py - what a client can do wrong: each has its status and is told what to do.
#
#     bad_input_test.py BUILDDIR SRCDIR
#
# Each request of the table goes to change through nginx and, by a raw FastCGI client, to the
# program itself, since nginx answers some by itself and hides what the program would do. Both must
# answer with the status and a problem (RFC 9457) whose detail has the words that help. For a
# browser the same mistakes are answered with a page, byte for byte the same on both ways.
import html
import json
import sys
import tempfile

import cases
import fastcgi
from serving import Answer, Serving

PATH = "/cgi-bin/change"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ALLOW = "GET, HEAD, POST, OPTIONS"
GOOD = '{"res":[{"7":"quarters"},{"1":"dimes"},{"4":"pennies"}]}'
TYPES = {400: "not-parseable", 404: "no-such-function", 405: "method-not-allowed",
         406: "not-acceptable", 413: "too-large", 414: "too-large", 415: "unsupported-media-type",
         422: "invalid-field", 431: "too-large"}
GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xabVJ\xcc\xcd/\xcd+Q\xb22\xd4\xb3\xb0\xac\x05\x00"


def amount(value):
    """A JSON body with this amount, written as it stands."""
    return '{"amount":%s}' % value


def part(name, value, *headers):
    """A part of a multipart form, which begins with its boundary."""
    lines = ['Content-Disposition: form-data; name="%s"' % name, *headers, "", value]
    return "\r\n--b\r\n" + "\r\n".join(lines)


# Bodies that are posted: name, content type, body, status, a part of the detail.
POSTED = [
    ("empty body as JSON", JSON, "", 400, "the text is empty"),
    ("blank body as JSON", JSON, " \r\n ", 400, "the text is empty"),
    ("empty body as a form", FORM, "", 422, "Give amount"),
    ("empty body without a type", None, "", 422, "Give amount"),
    ("not JSON", JSON, "amount: 1.89", 400, "isn't a JSON value"),
    ("JSON cut short", JSON, '{"amount":1.8', 400, "ends inside an object"),
    ("one brace", FORM, "{", 400, "ends inside an object"),
    ("an object without amount", JSON, "{}", 422, "Give amount"),
    ("a name in other letters", JSON, '{"Amount":1.89}', 422, "Give amount"),
    ("amount null", JSON, amount("null"), 422, "Give amount"),
    ("amount of no letters", JSON, amount('""'), 422, "Give amount"),
    ("amount of blanks", JSON, amount('" \\t "'), 422, "Give amount"),
    ('amount "abc"', JSON, amount('"abc"'), 422, "write it in digits"),
    ("amount abc in a form", FORM, "amount=abc", 422, "write it in digits"),
    ("amount -1", JSON, amount("-1"), 422, "negative"),
    ("amount -0.01 in a form", FORM, "amount=-0.01", 422, "negative"),
    ("amount 0.005", JSON, amount("0.005"), 422, "more precise than USD"),
    ("amount 1.8900000000000001", JSON, amount("1.8900000000000001"), 422, "more precise"),
    ("amount 1e400", JSON, amount("1e400"), 422, "92,233,720,368,547,758.07"),
    ("amount 1e-400", JSON, amount("1e-400"), 422, "more precise"),
    ("amount 10^19", JSON, amount("10000000000000000000"), 422, "92,233,720,368,547,758.07"),
    ("amount one cent too large", JSON, amount("92233720368547758.08"), 422, "at most 92,233"),
    ("amount NaN", JSON, amount("NaN"), 400, "NaN"),
    ('amount "NaN"', JSON, amount('"NaN"'), 422, "write it in digits"),
    ("amount Infinity", JSON, amount("Infinity"), 400, "Infinity"),
    ('amount "-Infinity"', JSON, amount('"-Infinity"'), 422, "finite"),
    ("amount true", JSON, amount("true"), 422, "must be a number"),
    ("amount []", JSON, amount("[]"), 422, "must be a number"),
    ("amount {}", JSON, amount("{}"), 422, "must be a number"),
    ("amount 1,50", FORM, "amount=1,50", 422, "a point for decimals"),
    ("amount 1.234,50", FORM, "amount=1.234,50", 422, "a point for decimals"),
    ("amount 1.2.3", FORM, "amount=1.2.3", 422, "write it in digits"),
    ("amount 1 2", FORM, "amount=1+2", 422, "without blanks"),
    ("amount 0x10", FORM, "amount=0x10", 422, "write it in digits"),
    ("amount 1_0", FORM, "amount=1_0", 422, "write it in digits"),
    ("amount --1", FORM, "amount=--1", 422, "write it in digits"),
    ("amount 1e", FORM, "amount=1e", 422, "write it in digits"),
    ("amount 1/2", FORM, "amount=1/2", 422, "write it in digits"),
    ("amount $ alone", FORM, "amount=$", 422, "write it in digits"),
    ("amount $$5", FORM, "amount=$$5", 422, "write it in digits"),
    ("amount in euros", FORM, "amount=%E2%82%AC5", 422, "the currency is USD"),
    ("amount in Arabic digits", JSON, amount('"\u0661\u0662"'), 422, "digits 0 to 9"),
    ("amount with NUL", JSON, amount('"1\\u0000"'), 422, "write it in digits"),
    ("amount with NUL in a form", FORM, "amount=1%00", 422, "write it in digits"),
    ("amount of 8000 digits", JSON, amount("1" * 8000), 422, "at most 128"),
    ("amount with SQL", FORM, "amount=1'%20OR%20'1'='1", 422, "write it in digits"),
    ("amount with a format", FORM, "amount=%25s%25n%25n", 422, "write it in digits"),
    ("amount twice in JSON", JSON, '{"amount":1,"amount":1}', 400, "in its object already"),
    ("amount twice in a form", FORM, "amount=1&amount=1", 422, "more than once"),
    ("amount twice, once escaped", FORM, "amount=1&%61mount=2", 422, "more than once"),
    ("[]", JSON, "[]", 422, 'Send a JSON object, such as {"amount":'),
    ("[] as a form", FORM, "[]", 422, "Send a JSON object"),
    ("null", JSON, "null", 422, "Send a JSON object"),
    ("a bare number", JSON, "1.89", 422, "Send a JSON object"),
    ("a bare string", JSON, '"1.89"', 422, "Send a JSON object"),
    ("40-deep nesting", JSON, amount("[" * 40 + "]" * 40), 400, "more than 32 deep"),
    ("4000-deep nesting", JSON, "[" * 4000, 400, "more than 32 deep"),
    ("invalid UTF-8 in JSON", JSON, b'{"amount":"\xff"}', 400, "isn't UTF-8"),
    ("overlong UTF-8 in JSON", JSON, b'{"amount":"\xc0\xb1"}', 400, "isn't UTF-8"),
    ("invalid UTF-8 in a form", FORM, b"amount=\xff", 400, "isn't UTF-8"),
    ("invalid UTF-8 in an escape", FORM, "amount=%C3%28", 400, "isn't UTF-8"),
    ("UTF-16", JSON, amount("1").encode("utf-16"), 400, "UTF-16"),
    ("a byte order mark", JSON, b"\xef\xbb\xbf" + amount("1").encode(), 400, "leave it out"),
    ("a NUL behind JSON", JSON, amount("1") + "\0", 400, "behind the value"),
    ("two documents", JSON, amount("1") * 2, 400, "behind the value"),
    ("percent-encoding cut short", FORM, "amount=1%2", 400, "cut short"),
    ("a percent alone", FORM, "amount=5%", 400, "cut short"),
    ("percent-encoding of no digits", FORM, "amount=%GG", 400, "two hexadecimal digits"),
    ("percent-encoding behind a name", FORM, "amount%nt=1", 400, "two hexadecimal digits"),
    ("65 pairs", FORM, "&".join("x%d=1" % i for i in range(65)), 400, "more than 64 pairs"),
    ("a text", "text/plain", "1.89", 415, "Send the body as application/json"),
    ("JSON that is cut short, as a text", "text/plain", amount("1.89")[:-1], 400, "The JSON can't be read"),
    ("XML", "application/xml", "<amount>1.89</amount>", 415, "Send the body as application/json"),
    ("a multipart form without an end", MULTIPART, part("amount", "1.89"), 400, "has no end"),
    ("a multipart form without a boundary", "multipart/form-data", "--b--", 400, "names no boundary"),
    ("another boundary in the type", "multipart/form-data; boundary=c", part("amount", "1.89")
     + "\r\n--b--", 400, "isn't in the body"),
    ("a multipart form of nothing", MULTIPART, "--b--\r\n", 422, "Give amount"),
    ("a multipart form with line feeds", MULTIPART,
     (part("amount", "1.89") + "\r\n--b--").replace("\r", ""), 400, "isn't in the body"),
    ("65 parts", MULTIPART, part("x", "1") * 65 + "\r\n--b--", 400, "more than 64 parts"),
    ("parts within a part", MULTIPART, part("amount", "1", "Content-Type: multipart/mixed")
     + "\r\n--b--", 400, "holds parts itself"),
    ("a part with 5 kB of headers", MULTIPART, part("amount", "1", "X: " + "y" * 5000)
     + "\r\n--b--", 400, "longer than 4 kB"),
    ("bytes in a part", MULTIPART, part("amount", "\xff").encode("latin-1") + b"\r\n--b--", 422,
     "must be text in UTF-8"),
    ("a file as the amount", MULTIPART, part("amount", "\x89PNG", "Content-Type: image/png")
     + "\r\n--b--", 422, "write it in digits"),
    ("no media type at all", "json", amount("1.89"), 415, "Send the body as application/json"),
    ("almost JSON's type", "application/jsonp", amount("1.89"), 415, "Send the body as"),
    ("bytes", "application/octet-stream", b"\0\1\2\3", 415, "Send the body as application/json"),
    ("currency unknown", FORM, "amount=1&currency=BTC", 422, "use one of USD, CAD"),
    ("currency a number", JSON, '{"amount":1,"currency":1}', 422, "must be text"),
    ("currency with NUL", JSON, '{"amount":1,"currency":"USD\\u0000"}', 422, "leave it out"),
    ("currency too long", FORM, "amount=1&currency=" + "x" * 5000, 422, "at most 16"),
    ("notes 2", FORM, "amount=1&notes=2", 422, "true or false"),
    ("notes as a list", JSON, '{"amount":1,"notes":[]}', 422, "true or false"),
    ("coins 0", FORM, "amount=1&coins=0", 422, "from 1 to 10000000"),
    ("coins negative", FORM, "amount=1&coins=-25", 422, "from 1 to 10000000"),
    ("coins too large", FORM, "amount=1&coins=9999999999", 422, "from 1 to 10000000"),
    ("coins beyond int64", FORM, "amount=1&coins=9223372036854775808", 422, "whole numbers"),
    ("coins of words", FORM, "amount=1&coins=dime", 422, "whole numbers"),
    ("coins of commas", FORM, "amount=1&coins=,,,", 422, "whole numbers"),
    ("coins twice the same", FORM, "amount=1&coins=5,5", 422, "name it once"),
    ("coins within coins", JSON, '{"amount":1,"coins":[[25]]}', 422, "whole numbers"),
    ("coins with a fraction", JSON, '{"amount":1,"coins":[2.5]}', 422, "whole numbers"),
    ("coins, 1000 of them", FORM, "amount=1&coins=" + ",".join(map(str, range(1, 1001))), 422,
     "at most 32 items"),
    ("coins that can't make it", FORM, "amount=0.03&coins=5,2", 422, "$0.02 and $0.04"),
    ("till without numbers", FORM, "amount=1&till=25", 422, "how many there are of each"),
    ("till with words", JSON, '{"amount":1,"till":{"dime":2}}', 422, "how many there are of each"),
    ("till with a null", JSON, '{"amount":1,"till":{"25":null}}', 422, "how many there are"),
    ("till with fewer than none", FORM, "amount=1&till=25:-1", 422, "from 0 to"),
    ("till with coins of 0", FORM, "amount=1&till=0:5", 422, "from 1 to 10000000"),
    ("till with the same twice", FORM, "amount=1&till=25:1,25:1", 422, "name it once"),
    ("till as a list", JSON, '{"amount":1,"till":[25]}', 422, "how many there are of each"),
    ("till that has too little", FORM, "amount=1&till=25:3", 422, "$0.75"),
    ("a till too hard to search", JSON, json.dumps({"amount": "1234567.89", "till": {
        str(9900001 + 3119 * i): 7 + 13 * i for i in range(32)}}), 422, "smaller"),
]


class Ways:
    """change behind nginx, and itself."""

    def __init__(self, serving, address):
        self.serving, self.address = serving, address

    def nginx(self, method="POST", query="", body=None, headers=()):
        path = PATH + ("?" + query if query else "")
        return self.serving.get(path, dict(headers), method, body)

    def direct(self, method="POST", query="", body=None, headers=()):
        values = {"REQUEST_METHOD": method, "QUERY_STRING": query, "SCRIPT_NAME": PATH}
        for name, value in dict(headers).items():
            name = name.upper().replace("-", "_")
            values[name if name == "CONTENT_TYPE" else "HTTP_" + name] = value
        body = body.encode() if isinstance(body, str) else body
        if body is not None:
            values["CONTENT_LENGTH"] = str(len(body))
        answer = fastcgi.ask(self.address, fastcgi.request(values, body or b""))
        return Answer(answer.status, list(answer.headers.items()), answer.body)

    def both(self, **request):
        """The answers of both ways, each with its name."""
        return [("through nginx", self.nginx(**request)), ("directly", self.direct(**request))]


def check_problem(way, answer, status, words):
    """A problem document with all its members, and a detail that helps."""
    cases.equal(answer.status, status, way)
    cases.equal(answer.header("Content-Type"), "application/problem+json", way)
    problem = answer.json()
    cases.equal(list(problem)[:5], ["type", "title", "status", "detail", "instance"], way)
    cases.equal((problem["type"], problem["status"]), ("/problems/" + TYPES[status], status), way)
    cases.equal(problem["instance"], answer.header("X-Request-Id"), way)
    cases.true(words in problem["detail"], f"{way} the detail is {problem['detail']!r}")
    errors = problem.get("errors", [])
    cases.true(all(len(error["detail"]) > 8 and error["field"] for error in errors),
               f"{way} the errors are {errors}")
    cases.equal(answer.header("Cache-Control"), "no-store", way)
    cases.equal(answer.header("X-Content-Type-Options"), "nosniff", way)


def posted_case(name, kind, body, status, words):
    def test(ways):
        headers = {"Content-Type": kind} if kind else {}
        for way, answer in ways.both(body=body, headers=headers):
            check_problem(way, answer, status, words)

    test.__doc__ = name
    return test


def escaped(text):
    return html.escape(text).replace("&#x27;", "&#39;")


def page_case(name, kind, body, status, words):
    def test(ways):
        headers = {"Accept": BROWSER, "Host": "dime.example"}
        if kind:
            headers["Content-Type"] = kind
        (_, first), (_, second) = ways.both(body=body, headers=headers)
        cases.equal(first.status, status)
        cases.equal(first.header("Content-Type"), "text/html; charset=utf-8")
        cases.true("default-src 'none'" in first.header("Content-Security-Policy"), "no policy")
        cases.true('role="alert"' in first.text and first.text.endswith("</html>\n"), first.text)
        # A page doesn't call a field by a name that nobody sees there.
        seen = words.replace("Give amount", "Give the amount of money")
        cases.true(escaped(seen) in first.text, f"the page lacks {seen!r}")
        cases.equal((second.status, second.body), (first.status, first.body), "directly")

    test.__doc__ = "page: " + name
    return test


def query_case(query, status, words):
    def test(ways):
        for way, answer in ways.both(method="GET", query=query):
            check_problem(way, answer, status, words)

    test.__doc__ = f"query {query!r}"[:60]
    return test


def method_case(method):
    def test(ways):
        for way, answer in ways.both(method=method, body='{"amount":1.89}'):
            check_problem(way, answer, 405, "Use one of " + ALLOW)
            cases.equal(answer.header("Allow"), ALLOW, way)

    test.__doc__ = f"method {method}"
    return test


def test_get(ways):
    """method GET without fields, and with them"""
    for way, answer in ways.both(method="GET"):
        check_problem(way, answer, 422, "Give amount")
    for way, answer in ways.both(method="GET", query="amount=1.89"):
        cases.equal((answer.status, answer.text), (200, GOOD), way)


def test_head(ways):
    """method HEAD: the head of GET and no body, whatever the status"""
    for query, status, length in (("amount=1.89", 200, str(len(GOOD))), ("amount=abc", 422, None)):
        for way, answer in ways.both(method="HEAD", query=query):
            cases.equal((answer.status, answer.body), (status, b""), way)
            cases.equal(answer.header("Content-Length"), length or answer.header("Content-Length"))


def test_options(ways):
    """method OPTIONS: what can be asked, and no body"""
    for way, answer in ways.both(method="OPTIONS"):
        cases.equal((answer.status, answer.body, answer.header("Allow")), (204, b"", ALLOW), way)


def test_not_acceptable(ways):
    """an answer that nobody could give"""
    for accept in ("image/png", "application/xml", "text/html;q=0", "*/*;q=0.000"):
        for way, answer in ways.both(method="GET", query="amount=1", headers={"Accept": accept}):
            check_problem(way, answer, 406, "accept one of them")


def test_broken_accept(ways):
    """an Accept header that makes no sense is no reason to fail"""
    for accept in (",,,;;;q=", "text/html;q=x", "/", "*", "a" * 4000, "text/html;q=0.5.5,*/*"):
        for way, answer in ways.both(method="GET", query="amount=1.89", headers={"Accept": accept}):
            cases.true(answer.status in (200, 406), f"{way} {accept[:20]}: {answer.status}")


def test_compressed(ways):
    """a compressed body"""
    headers = {"Content-Type": JSON, "Content-Encoding": "gzip"}
    for way, answer in ways.both(body=GZIP, headers=headers):
        check_problem(way, answer, 415, "without a Content-Encoding")


def test_too_large(ways):
    """8193 bytes are too many, 8192 aren't"""
    body = '{"amount":1.89}'
    for way, answer in ways.both(body=body.ljust(8192), headers={"Content-Type": JSON}):
        cases.equal((answer.status, answer.text), (200, GOOD), way)
    for way, answer in ways.both(body=body.ljust(8193), headers={"Content-Type": JSON}):
        check_problem(way, answer, 413, "at most 8192 bytes")


def raw_post(headers, body=b""):
    return (b"POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Content-Type: %s\r\n%s\r\n" % (PATH.encode(), JSON.encode(), headers)) + body


def test_two_megabytes(ways):
    """a body of 2 MB"""
    body = b'{"amount":1.89}'.ljust(2 << 20)
    answer = ways.direct(body=body, headers={"Content-Type": JSON})
    check_problem("directly", answer, 413, "8192")
    said = raw_post(b"Content-Length: %d\r\n" % len(body))
    check_problem("through nginx", ways.serving.raw_answer(said + body[:1000]), 413, "8192")
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n0\r\n\r\n"
    said = raw_post(b"Transfer-Encoding: chunked\r\n", chunk)
    check_problem("in chunks", ways.serving.raw_answer(said), 413, "8192")


def test_lying_length(ways):
    """a Content-Length that isn't one, directly"""
    for length, status, words in (
            ("abc", 400, "must be a number"), ("-1", 400, "must be a number"),
            ("+15", 400, "must be a number"), ("1e1", 400, "must be a number"),
            ("0x0f", 400, "must be a number"), (" 15", 400, "must be a number"),
            ("99999999999999999999", 413, "at most"), ("15, 15", 400, "must be a number"),
            ("9223372036854775807", 413, "8192"), ("14", 400, "all of it"),
            ("16", 400, "all of it"), ("0", 400, "all of it")):
        values = fastcgi.variables("POST", "", b'{"amount":1.89}', JSON, length, SCRIPT_NAME=PATH)
        answer = fastcgi.ask(ways.address, fastcgi.request(values, b'{"amount":1.89}'))
        check_problem("length " + length, Answer(answer.status, list(answer.headers.items()),
                                                 answer.body), status, words)


NGINX_REFUSES = [
    ("a header with a bare CR", b"X: a\rSet-Cookie: b=c\r\n", 400),
    ("a header that is folded", b"X: a\r\n b\r\n", 400),
    ("a header with NUL", b"X: a\0b\r\n", 400),
    ("two hosts", b"Host: a\r\n", 400),
    ("a header of 9000 bytes", b"X: " + b"a" * 9000 + b"\r\n", 431),
    ("Content-Length abc", b"Content-Length: abc\r\n", 400),
    ("Content-Length -1", b"Content-Length: -1\r\n", 400),
    ("Content-Length twice", b"Content-Length: 1\r\nContent-Length: 2\r\n", 400),
    ("Content-Length and chunks", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
]


def nginx_case(name, headers, status):
    def test(ways):
        answer = ways.serving.raw_answer(raw_post(headers, b"0\r\n\r\n"))
        check_problem("through nginx", answer, status, " ")
        cases.equal(answer.header("Set-Cookie"), None)

    test.__doc__ = name
    return test


def test_request_lines(ways):
    """request lines that break the rules"""
    for line, status in ((b"GET /cgi-bin/change?amount=1 2 HTTP/1.1", 400),
                         (b"get /cgi-bin/change?amount=1 HTTP/1.1", 400),
                         (b"GET /cgi-bin/change%00?amount=1 HTTP/1.1", 400),
                         (b"GET /../cgi-bin/change HTTP/1.1", 400),
                         (b"GET /cgi-bin/change?amount=" + b"1" * 9000 + b" HTTP/1.1", 414),
                         (b"\x16\x03\x01\x02\x00\x01\x00", 400)):
        answer = ways.serving.raw_answer(line + b"\r\nHost: a\r\nConnection: close\r\n\r\n")
        check_problem(line[:40].decode("latin-1"), answer, status, " ")


def test_no_other_paths(ways):
    """paths that are almost a function's"""
    for path in ("/cgi-bin/CHANGE", "/cgi-bin/change/", "/cgi-bin/change/more", "/cgi-bin/",
                 "/cgi-bin/change.c", "/cgi-bin/chang", "/cgi-bin/change%2f", "/cgi-bin/sh"):
        check_problem(path, ways.serving.get(path), 404, "functions are at /cgi-bin/NAME")


def test_header_injection(ways):
    """a header with CR and LF that got past the web server ends no line of the answer"""
    evil = "a\r\nSet-Cookie: b=c\r\n\r\n<script>"
    for name in ("X-Request-Id", "Host", "Accept", "Accept-Language", "Origin", "Cookie"):
        for accept in ("*/*", BROWSER):
            headers = {"Accept": accept, name: evil}
            answer = ways.direct(method="GET", query="amount=1.89", headers=headers)
            cases.true(answer.status in (200, 406), f"{name}: {answer.status}")
            cases.equal(answer.header("Set-Cookie"), None, name)
            cases.true(b"<script>" not in answer.body, f"{name} comes back in the body")
    for value in ("a%0D%0ASet-Cookie:%20b=c", "%0D%0A%0D%0A%3Cscript%3E"):
        for accept in ("*/*", BROWSER):
            for way, answer in ways.both(method="GET", query="amount=" + value,
                                         headers={"Accept": accept}):
                cases.equal((answer.status, answer.header("Set-Cookie")), (422, None), way)
                cases.true(b"<script>" not in answer.body, f"{way} it comes back in the body")


def test_no_variables(ways):
    """a FastCGI request without any variable"""
    answer = fastcgi.ask(ways.address, fastcgi.request({}))
    check_problem("directly", Answer(answer.status, list(answer.headers.items()), answer.body), 405,
                  "Use one of")


def test_still_serves(ways):
    """after all that, a good request is answered as ever"""
    for way, answer in ways.both(body='{"amount":1.89}', headers={"Content-Type": JSON}):
        cases.equal((answer.status, answer.text), (200, GOOD), way)


QUERIES = [("amount=1%2", 400, "cut short"), ("amount=1%", 400, "cut short"),
           ("amount=%zz", 400, "two hexadecimal digits"), ("amount=%FF", 400, "isn't UTF-8"),
           ("amount=1&amount=2", 422, "more than once"), ("amount", 422, "Give amount"),
           ("=1.89", 422, "Give amount"), ("1.89", 422, "Give amount"), ("&&&", 422, "Give amount"),
           ("amount=abc", 422, "write it in digits"), ("amount[]=1", 422, "no brackets"),
           ("amount=1;notes=on", 422, "write it in digits"), ("?amount=1", 422, "Give amount")]


def main():
    build, source = cases.directories()
    tests = [posted_case(*entry) for entry in POSTED] + [query_case(*entry) for entry in QUERIES]
    tests += [method_case(method) for method in ("PUT", "DELETE", "PATCH", "BREW", "PROPFIND")]
    tests += [nginx_case(*entry) for entry in NGINX_REFUSES]
    tests += [page_case(*entry) for entry in POSTED]
    tests += [test for test in cases.collect(globals()) if test is not test_still_serves]
    with tempfile.TemporaryDirectory(prefix="dime-test.") as folder, \
            Serving(build, source) as serving, \
            fastcgi.Server(folder, serving.program("change")) as server:
        sys.exit(cases.run(tests + [test_still_serves], Ways(serving, server.address)))


if __name__ == "__main__":
    main()
