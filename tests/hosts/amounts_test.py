# amounts_test.py - every amount from 0.00 to 100.00, in three notations, through nginx.
#
#     amounts_test.py BUILDDIR SRCDIR
#
# Binary fractions lose a cent of some amounts, so none is left out: 10,001 as JSON numbers, as JSON
# strings and as a form's values. What's right is worked out here with decimal.Decimal and by taking
# the largest coin first, which is the fewest for 25, 10, 5 and 1. Many requests are sent at once on
# a kept connection, or this would take minutes.
import json
import socket
import sys
from decimal import Decimal

import cases
from serving import Serving

MOST = 10000
BATCH = 40
BATCHES = 100  # on one connection; nginx closes one after 10,000 requests
COINS = [(25, "quarters"), (10, "dimes"), (5, "nickels"), (1, "pennies")]
NOTATIONS = {
    "JSON numbers": ("application/json", '{"amount":%s}'),
    "JSON strings": ("application/json", '{"amount":"%s"}'),
    "form values": ("application/x-www-form-urlencoded", "amount=%s"),
}


def right(amount):
    """The fewest coins for an amount, as the answer lists them."""
    left, found = int(Decimal(amount) * 100), []
    for value, name in COINS:
        count, left = divmod(left, value)
        if count:
            found.append({str(count): name})
    return {"res": found}


def request(amount, kind, form):
    body = form % amount
    return (f"POST /cgi-bin/change HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def read_answer(stream):
    """The status and body of the next answer."""
    line, length = stream.readline(), None
    cases.true(line.startswith(b"HTTP/1.1 "), f"an answer begins with {line!r}")
    while True:
        header = stream.readline().strip().lower()
        if not header:
            return int(line.split()[1]), stream.read(length)
        if header.startswith(b"content-length:"):
            length = int(header.split(b":")[1])


def is_wrong(amount, status, body):
    return status != 200 or json.loads(body) != right(amount)


def ask(serving, amounts, kind, form):
    """Asks on one connection. Returns those of the amounts that were answered wrongly."""
    wrong = []
    with socket.create_connection(("127.0.0.1", serving.port), 30) as connection, \
            connection.makefile("rb") as stream:
        for start in range(0, len(amounts), BATCH):
            batch = amounts[start:start + BATCH]
            connection.sendall(b"".join(request(amount, kind, form) for amount in batch))
            for amount in batch:
                status, body = read_answer(stream)
                if is_wrong(amount, status, body):
                    wrong.append(f"{amount}: {status} {body.decode()}")
    return wrong


def case(name, kind, form, counts):
    """A test of all amounts in one notation."""
    def test(serving):
        amounts = [str(Decimal(cents).scaleb(-2)) for cents in range(MOST + 1)]
        wrong = []
        for start in range(0, len(amounts), BATCH * BATCHES):
            part = amounts[start:start + BATCH * BATCHES]
            wrong += ask(serving, part, kind, form)
            counts["requests"] += len(part)
        counts["wrong"] += len(wrong)
        cases.equal(len(wrong), 0, "wrong ones, such as " + "; ".join(wrong[:3]))

    test.__doc__ = f"every amount from 0.00 to 100.00: {name}"
    return test


def main():
    counts = {"requests": 0, "wrong": 0}
    tests = [case(name, kind, form, counts) for name, (kind, form) in NOTATIONS.items()]

    def test_count(_):
        """30,003 requests, 0 wrong"""
        print(f"{counts['requests']} requests, {counts['wrong']} wrong")
        cases.equal((counts["requests"], counts["wrong"]), (3 * (MOST + 1), 0))

    build, source = cases.directories()
    with Serving(build, source) as serving:
        sys.exit(cases.run(tests + [test_count], serving))


if __name__ == "__main__":
    main()
