"""fake_sqs.py - a server of SQS's protocol that fails as a test wants, and notes what it was asked.

A real queue (fauxqs) is in sqs_test.py. This one hands out the batches that it was given, and can refuse
an entry of a batch, a whole call, or all that is longer than a limit.
"""

import collections
import http.server
import json
import threading
import time


class Refusal(Exception):
    """A whole call is refused: with a status and a code."""


class FakeSqs:
    """Ends with the block. BATCHES is a list of lists of messages, each (id, body) or a dictionary."""

    def __init__(self, batches=()):
        self.batches, self.lock, self.start = collections.deque(batches), threading.Lock(), time.monotonic()
        self.calls = []  # (operation, receipt or body, whether it went well, seconds since the start)
        self.judge = lambda operation, request: None  # raises Refusal
        self.fails = lambda operation, entry: None  # a dictionary: this entry fails so
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                operation = self.headers["X-Amz-Target"].split(".")[1]
                try:
                    fake.judge(operation, request)
                    status, answer = 200, fake.answer(operation, request)
                except Refusal as refusal:
                    status, answer = refusal.args[0], {"__type": "com.amazonaws.sqs#" + refusal.args[1],
                                                       "message": "no"}
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a client that is killed hangs up
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, name="q"):
        return "http://127.0.0.1:%d/123456789012/%s" % (self.server.server_address[1], name)

    def answer(self, operation, request):
        if operation == "ReceiveMessage":
            return self.receive(request)
        done = {"Successful": [], "Failed": []}
        for entry in request["Entries"]:
            failure = self.fails(operation, entry)
            self.note(operation, entry.get("ReceiptHandle", entry.get("MessageBody")), not failure)
            if failure:
                done["Failed"].append({"Id": entry["Id"], **failure})
            else:
                done["Successful"].append({"Id": entry["Id"], "MessageId": "m-" + entry["Id"]})
        return done

    def receive(self, request):
        with self.lock:
            batch = self.batches.popleft() if self.batches else []
        if not batch:
            time.sleep(min(1, request.get("WaitTimeSeconds", 0)))
            return {}
        return {"Messages": [{"MessageId": name, "ReceiptHandle": "r-" + name, "Body": body,
                              "Attributes": {"ApproximateReceiveCount": "1"}} for name, body in batch]}

    def note(self, operation, what, fine):
        with self.lock:
            self.calls.append((operation, what, fine, time.monotonic() - self.start))

    def seen(self, operation, what=None, fine=True):
        """When calls of this kind came that were about WHAT."""
        with self.lock:
            return [at for name, about, well, at in self.calls
                    if name == operation and well == fine and what in (None, about)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
