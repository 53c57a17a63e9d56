# original.py - the Python original of change under WSGI, for the bench to compare with.
#
# The original took int(amount * 100) of a binary fraction and so lost a cent here and there. This
# one reads the number as a Decimal from its text, and leaves out coins that there are none of.
import json
from decimal import Decimal

COINS = ((25, "quarters"), (10, "dimes"), (5, "nickels"), (1, "pennies"))


def make_change(amount):
    cents = int(Decimal(amount) * 100)
    coins = []
    for value, name in COINS:
        count, cents = divmod(cents, value)
        if count:
            coins.append({str(count): name})
    return {"res": coins}


def application(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    event = json.loads(body, parse_float=Decimal)
    answer = json.dumps(make_change(event["amount"]), separators=(",", ":")).encode()
    start_response("200 OK", [("Content-Type", "application/json"),
                              ("Content-Length", str(len(answer)))])
    return [answer]
