# json_test.py - what's JSON and what isn't, judged by the served program.
#
#     json_test.py BUILDDIR SRCDIR
#
# The documents are those of tests/unit/json_documents.h, which tests the parser alone, and some
# more written from RFC 8259 and RFC 7493. Each is sent to change through nginx as a body of its
# own, as the amount, as a member beside a good amount, and deep inside of one. One that isn't JSON
# must be answered with 400 everywhere. One that is must give the right change beside a good amount,
# and may be answered with 422 where it's no amount.
import json
import os
import re
import sys

import cases
from serving import Serving

GOOD = b'{"res":[{"7":"quarters"},{"1":"dimes"},{"4":"pennies"}]}'
PATH = "/cgi-bin/change"
TYPE = {"Content-Type": "application/json"}
SIMPLE = {"n": b"\n", "t": b"\t", "r": b"\r", "f": b"\f", "v": b"\v", "0": b"\0"}

# Accepted everywhere that they may stand.
VALID = [
    b"1.0e+2", b"123456789012345678901234567890.5", b"1E-0", b"0e-0", b"-0e+0", b"9" * 120,
    b'"\\u007f"', b'"\\ud7ff\\ue000"', b'"\\uD800\\uDC00\\uDBFF\\uDFFF"', b'"\\"\\"\\""',
    b'"\xed\x9f\xbf"', b'"\xee\x80\x80"', b'"\xf4\x8f\xbf\xbf"', b'"\xef\xbf\xbe"',
    b'"null"', b'"NaN"', b'"' + b"x" * 4000 + b'"', b'[""]', b'[null]', b"[-0]", b"[[]   ]",
    b'{"a":[]}', b'{"":{"":{"":{}}}}', b'{"a":1,"\\u0041":2}', b'{"a":1,"\xd0\xb0":2}',
    b'{"constructor":1,"__proto__":{}}', b"[" + b"0," * 1500 + b"0]", b"\n\n[\r\n]\t ",
    b"{" + b",".join(b'"%d":%d' % (i, i) for i in range(300)) + b"}",
]
# Refused everywhere.
INVALID = [
    b"1.2e3.4", b"1e 2", b"1 .5", b"0b1", b"0o7", b"1E", b"1e++1", b"-\t1", b"0.e1", b"+Infinity",
    b"1n", b"1L", b"1%", b"1'000", b"-01.5", b"1e1e1", b"infinity", b"nAN", b"-nan", b"tRUE",
    b"nulll", b"true1", b"falsetrue", b"undefined()", b"None,", b"@", b"~", b"$ref", b"!",
    b'"a" + "b"', b'"a""b"', b"'it''s'", b'"""a"""', b"`a`", b'"\\e"', b'"\\"', b'"\\u12"',
    b'"\\u12G4"', b'"\\u-123"', b'"\\uD800\\uD800"', b'"\\uDC00"', b'"\\uD800 \\uDC00"',
    b'"\\ud800\\\\udc00"', b'"\x00"', b'"\x0b"', b'"\x1e"', b'"a\r\nb"',
    b'"\xc0\xaf"', b'"\xe0\x80\x80"', b'"\xed\xa0\x80"', b'"\xed\xb0\x80"', b'"\xf0\x82\x82\xac"',
    b'"\xf4\x90\x80\x80"', b'"\xf7\xbf\xbf\xbf"', b'"\xfc\x84\x80\x80\x80\x80"', b'"\xc3("',
    b'"\xe2\x28\xa1"', b'"\xf0\x9f\x92"', b'"\xa0\xa1"', b'"\xff\xfe"',
    b"[1,2", b"[1 , ]", b"[ , ]", b"[,,]", b"[1][2]", b"[1}2]", b"[(1)]", b"[1,2;]", b"[[1]",
    b"[]{}", b'["a", ', b'["a" "b"]', b"[1:1]", b"[*]", b"[/**/]", b"[1]//",
    b'{"a" "b"}', b'{"a":1 , }', b'{"a":1,,}', b'{,"a":1}', b'{"a":1}{"b":2}', b"{'a':1}", b"{a:1}",
    b"{1:1}", b"{true:1}", b'{["a"]:1}', b'{"a":}', b'{"a"::1}', b'{:"a"}', b'{"a":1 2}', b'{"a"',
    b'{"a":1;}', b'{"a":1:1}', b'{"a":1/*x*/}', b'{"a":1}#', b'{"a":1}\x00', b'{"a":1}\xef\xbb\xbf',
    b'{"a":1,"a":1}', b'{"a":{},"b":[],"a":null}', b'{"\\u00e4":1,"\xc3\xa4":2}',
    b'{"a":{"b":{"c":1,"c":1}}}', b'[{"a":1,"a":2}]', b'{"\\/":1,"/":1}', b'{"\x00":1}',
    b"<json/>", b"a=1&b=2", b"---\na: 1", b"{\xc2\xa0}", b"\xe2\x80\xa81", b"1\x0c", b"1\xc2\x85",
    b"\x1f\x8b\x08\x00", b"[1]\x1a",
]


def unescape(match):
    """One escape of a C string: simple, octal or hexadecimal."""
    word = match[1].decode("latin-1")
    if word[0] == "x":
        return bytes([int(word[1:], 16)])
    if word.isdigit():
        return bytes([int(word, 8)])
    return SIMPLE.get(word, word.encode("latin-1"))


def documents(source):
    """The documents of the parser's table: (text, whether it is JSON)."""
    with open(os.path.join(source, "tests", "unit", "json_documents.h"), "rb") as file:
        table = file.read().split(b"documents[]", 1)[1]
    entry = rb'\{\s*TEXT\(((?:\s*"(?:[^"\\]|\\.)*")+)\s*\)\s*,\s*(\d+),\s*(\w+)\s*\}'
    found = []
    for match in re.finditer(entry, table, re.DOTALL):
        parts = re.findall(rb'"((?:[^"\\]|\\.)*)"', match[1], re.DOTALL)
        text = b"".join(re.sub(rb"\\(x[0-9a-fA-F]+|[0-7]{1,3}|.)", unescape, part,
                               flags=re.DOTALL) for part in parts)
        found.append((text, match[3] == b"NULL"))
    cases.equal(len(found), table.count(b"TEXT("), "documents that were read from the table")
    return found


def deep(opening, closing, depth):
    return opening * depth + b"1" + closing * depth


def wrappings(text):
    """The places where a document is put."""
    yield "alone", text
    yield "as the amount", b'{"amount":%s}' % text
    yield "beside an amount", b'{"amount":1.89,"x":%s}' % text
    yield "inside", b'{"x":[{"y":%s}],"amount":1.89}' % text


def check_problem(answer):
    """A 400 says where and what, as a problem."""
    problem = answer.json()
    cases.equal(answer.header("Content-Type"), "application/problem+json")
    cases.equal((problem["type"], problem["status"]), ("/problems/not-parseable", 400))
    pattern = r"The JSON can't be read at line \d+, column \d+: .{8,}"
    cases.true(re.match(pattern, problem["detail"]), "the detail is " + problem["detail"])


def check(place, answer, valid):
    """Judges one answer."""
    said = f"{place} it is answered with {answer.status} {answer.text}"
    if not valid:
        cases.equal(answer.status, 400, said)
        check_problem(answer)
    elif place in ("beside an amount", "inside"):
        cases.equal((answer.status, answer.body), (200, GOOD), said)
    else:
        cases.true(answer.status in (200, 422), said)


def case(text, valid, places=wrappings):
    """A test of one document."""
    def test(serving, connection):
        for place, body in places(text):
            answer = serving.ask(connection, PATH, TYPE, "POST", body)
            check(place, answer, valid)

    shown = text.decode("utf-8", "backslashreplace")
    kind = "JSON: " if valid else "not JSON: "
    test.__doc__ = kind + json.dumps(shown, ensure_ascii=False)[:90]
    return test


def depth_cases():
    """32 arrays and objects within each other are accepted, and not one more."""
    def beside(text):
        yield "beside an amount", b'{"amount":1.89,"x":%s}' % text

    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        yield case(deep(opening, closing, 31), True, beside)
        yield case(deep(opening, closing, 32), False, beside)
        yield case(deep(opening, closing, 1000), False, beside)
    yield case(b"[" * 8000, False, lambda text: [("alone", text)])


def main():
    build, source = cases.directories()
    table = dict(documents(source))
    table.update(dict.fromkeys(VALID, True))
    table.update(dict.fromkeys(INVALID, False))
    tests = [case(text, valid) for text, valid in table.items()] + list(depth_cases())
    with Serving(build, source) as serving:
        connection = serving.connect()
        status = cases.run(tests, serving, connection)
        connection.close()
    sys.exit(status)


if __name__ == "__main__":
    main()
