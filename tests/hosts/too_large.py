# too_large.py - what a body over the limit is answered with, whole sentences, whichever web server refuses it.
#
# A web server refuses a large body before the function sees it, so each has the limits in a configuration
# of its own. Its sentence must be the function's own, which the program is asked for directly.
import json
import os
import subprocess

from cases import equal

DETAILS = {
    "hello": (8192, "Send at most 8192 bytes."),
    "change": (8192, "Send at most 8192 bytes."),
    "labels": (11534336, "Send the picture, JPEG or PNG, of at most 8 MiB; "
                         "all together may have at most 11534336 bytes."),
    "translate": (81920, "Send at most 81920 bytes."),
}


def says_function(build):
    """Each function's own words, as a CGI program, are those of the table."""
    for name, (most, detail) in DETAILS.items():
        done = subprocess.run([os.path.join(build, name)], capture_output=True, check=True, input=b"", env={
            **os.environ, "REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(most + 1), "SCRIPT_NAME": "/cgi-bin/" + name})
        body = json.loads(done.stdout.splitlines()[-1])
        equal((body["status"], body["detail"]), (413, detail), name)


def refused(server, name, accept):
    """The server's answer to one byte too many for a function, of which it reads the head alone."""
    head = (f"POST /cgi-bin/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: {accept}\r\n"
            f"Content-Length: {DETAILS[name][0] + 1}\r\n\r\n")
    return server.raw_answer(head.encode())


def says_server(server):
    """The server's problem for each function says what the function would, and nothing else."""
    for name, (_, detail) in DETAILS.items():
        answer = refused(server, name, "application/json")
        equal((answer.status, answer.header("content-type"), answer.json()),
              (413, "application/problem+json",
               {"type": "/problems/too-large", "title": "The request is too large", "status": 413, "detail": detail,
                "instance": answer.header("x-request-id")}), name)
