"""labels_calls.py - asking labels for a test: as CGI, from the shell, and what it needs for that."""

import json
import os
import subprocess

import fastcgi

CGI = {"SCRIPT_NAME": "/cgi-bin/labels", "GATEWAY_INTERFACE": "CGI/1.1",
       "SERVER_PROTOCOL": "HTTP/1.1", "QUERY_STRING": ""}
IMAGE = "image/jpeg"
# What a machine of AWS's, or a person who uses it or these functions, has set.
FOREIGN = ("AWS_", "LABELS_", "TRANSLATE_")


def environment(**more):
    """Ours without what concerns AWS, labels and translate; no instance's role is looked for."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)
            and not name.lower().endswith("_proxy")}
    return {**ours, "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent", **more}


def read_sample(source, name):
    """The bytes of a sample photo."""
    with open(os.path.join(source, "www", "samples", name), "rb") as file:
        return file.read()


def get_models(build, source):
    """Whether the models are there now, and why not."""
    done = subprocess.run(["sh", os.path.join(source, "deploy", "models", "fetch"),
                           os.path.join(build, "models")],
                          capture_output=True, text=True, timeout=300, check=False)
    return done.returncode == 0, " ".join(done.stderr.split())[-200:] or "there are no models"


def multipart(data, file_name, **fields):
    """(body, content type) of a form with the picture and these fields; without a name it's text."""
    named = f'; filename="{file_name}"' if file_name is not None else ""
    parts = [f'Content-Disposition: form-data; name="image"{named}\r\n\r\n'.encode() + data]
    parts += [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
              for name, value in fields.items()]
    return (b"".join(b"--b0undary\r\n" + part + b"\r\n" for part in parts) + b"--b0undary--\r\n",
            "multipart/form-data; boundary=b0undary")


def cgi(build, body=b"", kind="application/json", method="POST", query="", **variables):
    """(status, headers, body) of one CGI call; VARIABLES are the environment's, headers as HTTP_..."""
    body = body.encode() if isinstance(body, str) else body
    values = {**CGI, "REQUEST_METHOD": method, "QUERY_STRING": query}
    if method == "POST":
        values.update(CONTENT_TYPE=kind, CONTENT_LENGTH=str(len(body)))
    done = subprocess.run([os.path.join(build, "labels")], input=body, capture_output=True,
                          env=environment(**values, **variables), timeout=60, check=False)
    if done.returncode:
        raise AssertionError(f"labels ended with {done.returncode}: {done.stderr[-500:]}")
    return fastcgi.parse_cgi(done.stdout)


def invoke(build, event, **variables):
    """What `dime invoke labels` prints for an event."""
    done = subprocess.run([os.path.join(build, "dime"), "invoke", "labels", "-"],
                          input=json.dumps(event).encode(), capture_output=True,
                          env=environment(**variables), timeout=60, check=False)
    if not done.stdout:
        raise AssertionError(f"dime ended with {done.returncode}: {done.stderr[-500:]}")
    return json.loads(done.stdout)
