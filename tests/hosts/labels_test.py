# labels_test.py - pictures through the real programs: every way in, every way to be wrong, by turns.
#
# usage: labels_test.py BUILDDIR SRCDIR
# The sample photos are labelled by the local engine, and what it says is held to names and to a
# tolerance: its networks round differently from machine to machine. What needs the models is skipped
# by name where they can't be had. What AWS has a part in is in labels_aws_test.py.
import base64
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib

import cases
import fastcgi
from cases import Skip, equal, true
from labels_calls import CGI, IMAGE, cgi, environment, get_models, invoke, multipart, read_sample
from serving import Serving

BUILD, SOURCE = (os.path.abspath(path) for path in cases.directories())
# Name: confidence, and of its first box left, top, width and height.
WANTED = {
    "cat.jpg": {"Cat": (71, (0.01, 0.00, 0.89, 0.98)), "Egyptian Cat": (82, None)},
    "coffee.jpg": {"Cup": (84, None), "Espresso": (97, None)},
    "astronaut.jpg": {"Person": (85, None)},
}
TOLERANCE, PLACE = 12, 0.06
ANSWER = {"Labels", "LabelModelVersion"}
LABEL = {"Name", "Confidence", "Instances", "Parents", "Aliases", "Categories"}
MEBIBYTE = 1 << 20
TOO_LARGE = "Send the picture, JPEG or PNG, of at most 8 MiB; all together may have at most 11534336 bytes."


def check_labels(answer, wanted):
    """Holds DetectLabels' shape, the names and how sure they are."""
    equal(set(answer), ANSWER, "the answer's members")
    for label in answer["Labels"]:
        equal(set(label), LABEL, "a label's members")
        for instance in label["Instances"]:
            equal(set(instance), {"BoundingBox", "Confidence"}, "an instance's members")
            box = instance["BoundingBox"]
            equal(set(box), {"Width", "Height", "Left", "Top"}, "a box's members")
            true(all(0 <= value <= 1 for value in box.values()), f"{box}")
            true(box["Left"] + box["Width"] <= 1.0001, f"{box}")
    sure = [label["Confidence"] for label in answer["Labels"]]
    equal(sure, sorted(sure, reverse=True), "the order")
    found = {label["Name"]: label for label in answer["Labels"]}
    for name, (confidence, place) in wanted.items():
        true(name in found, f"{name} isn't among {sorted(found)}")
        true(abs(found[name]["Confidence"] - confidence) <= TOLERANCE,
             f"{name} is {found[name]['Confidence']}, not {confidence}")
        if place:
            box = found[name]["Instances"][0]["BoundingBox"]
            near = [box[side] for side in ("Left", "Top", "Width", "Height")]
            true(all(abs(a - b) < PLACE for a, b in zip(near, place)), f"{name} is at {near}")


def labelled(answer, sample):
    """Checks an answer of status, headers and body."""
    status, headers, body = answer
    equal((status, headers.get("x-labels-engine")), (200, "local"), body[:300])
    answer = json.loads(body)
    check_labels(answer, WANTED[sample])
    return answer


def refused(answer, status, words):
    """Checks that an answer is a problem that says so."""
    equal(answer[0], status, answer[2][:300])
    detail = json.loads(answer[2])["detail"]
    true(words in detail, f"{detail!r} lacks {words!r}")


def test_samples(_):
    """The sample photos have the labels that they should, as a form, as a body and in base64"""
    for sample in WANTED:
        data = read_sample(SOURCE, sample)
        first = labelled(cgi(BUILD, *multipart(data, sample)), sample)
        for other in (cgi(BUILD, data, IMAGE),
                      cgi(BUILD, data, "Image/JPEG; x=y"),
                      cgi(BUILD, json.dumps({"image": base64.b64encode(data).decode()})),
                      cgi(BUILD, json.dumps({"image": "data:image/jpeg;base64,"
                                             + base64.b64encode(data).decode()})),
                      cgi(BUILD, *multipart(base64.b64encode(data), None))):
            equal(labelled(other, sample), first, sample)


def test_shell(_):
    """dime invoke answers a direct event and one of a gateway alike"""
    data = base64.b64encode(read_sample(SOURCE, "cat.jpg")).decode()
    direct = invoke(BUILD, {"image": data})
    wrapped = invoke(BUILD, {"version": "2.0", "rawPath": "/", "rawQueryString": "max_labels=1",
                             "headers": {"content-type": "image/jpeg"}, "body": data,
                             "isBase64Encoded": True,
                             "requestContext": {"http": {"method": "POST", "path": "/"}}})
    equal((direct["statusCode"], wrapped["statusCode"]), (200, 200), direct["body"])
    check_labels(json.loads(direct["body"]), WANTED["cat.jpg"])
    check_labels(json.loads(wrapped["body"]), {"Egyptian Cat": WANTED["cat.jpg"]["Egyptian Cat"]})
    named = subprocess.run([os.path.join(BUILD, "dime"), "invoke", "labels", "max_labels=1",
                            "image=" + os.path.join(SOURCE, "www", "samples", "cat.jpg")],
                           capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=True)
    equal(json.loads(named.stdout)["body"], wrapped["body"], "a picture by its path")
    gone = subprocess.run([os.path.join(BUILD, "dime"), "invoke", "labels", "image=/nowhere.jpg"],
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    equal((gone.returncode, gone.stderr), (2, b"dime: the file /nowhere.jpg can't be read: No such "
                                              b"file or directory\n"), "one that isn't there")


def test_folder(folder):
    """The pictures in a folder that is watched are labelled, and what is none gets its problem"""
    place = os.path.join(folder, "watched")
    os.mkdir(place)
    files = {"a cat+.jpg": read_sample(SOURCE, "cat.jpg"), "empty.jpg": b"", "text.jpg": b"hello",
             "large.jpg": b"\xff\xd8" + bytes(8 * MEBIBYTE)}
    for name, data in files.items():
        with open(os.path.join(place, name), "wb") as file:
            file.write(data)
    subprocess.run([os.path.join(BUILD, "dime"), "watch", place, "--function", "labels", "--once"],
                   check=False, timeout=60, stderr=subprocess.DEVNULL,
                   env={**os.environ, "LABELS_BUCKETS": "another"})
    said = {}
    for name in files:
        with open(os.path.join(place, name + ".labels.json"), encoding="utf-8") as file:
            said[name] = json.load(file)
    equal([label["Name"] for label in said.pop("a cat+.jpg")["Labels"]], ["Egyptian Cat", "Cat"])
    equal({name: problem["status"] for name, problem in said.items()},
          {"empty.jpg": 422, "text.jpg": 415, "large.jpg": 422})
    true("at most 8 MiB" in said["large.jpg"]["detail"], said["large.jpg"])


def test_models_of_a_lambda(folder):
    """A program that its loader runs isn't what the kernel names: Lambda says where the models are"""
    program = shutil.copy(os.path.join(BUILD, "labels"), folder)

    def status(**variables):
        done = subprocess.run([os.path.join(BUILD, "dime"), "invoke", program,
                               "image=" + os.path.join(SOURCE, "www", "samples", "cat.jpg")],
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False,
                              env=environment(**variables))
        return json.loads(done.stdout)["statusCode"]

    if status() == 200:
        raise Skip("the models are installed here")
    equal((status(LAMBDA_TASK_ROOT=BUILD), status(LAMBDA_TASK_ROOT="/" + "x" * 5000)), (200, 503))


def test_limits_of_labels(_):
    """max_labels and min_confidence leave out what they should"""
    data = read_sample(SOURCE, "cat.jpg")

    def names(**fields):
        return [label["Name"] for label in
                json.loads(cgi(BUILD, *multipart(data, "a", **fields))[2])["Labels"]]
    equal(names(), ["Egyptian Cat", "Cat"])
    equal(names(max_labels="1"), ["Egyptian Cat"])
    equal(names(max_labels="0"), [])
    equal(names(min_confidence="77.5"), ["Egyptian Cat"])
    equal(names(min_confidence="100"), [])
    everything = names(min_confidence="0", max_labels="1000")
    true(len(everything) > 4 and len(set(everything)) == len(everything), f"{everything}")


def test_bad_pictures(_):
    """Each bad picture is a problem that says what to do"""
    good = read_sample(SOURCE, "cat.jpg")
    gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (30000).to_bytes(4, "big") * 2 + b"\x08\2\0\0\0"
    header += zlib.crc32(header[12:]).to_bytes(4, "big")
    for name, data, status, words in [
            ("text named .jpg", b"this is no picture", 415, "JPEG"),
            ("a GIF", gif, 415, "GIF"),
            ("half a photo", good[:len(good) // 4], 400, ""),
            ("a header of 30,000 x 30,000", header + b"x" * 100, 413, "pixels"),
            ("nothing", b"", 422, "give at least 1")]:
        answer = cgi(BUILD, *multipart(data, "a.jpg"))
        equal(answer[0], status, f"{name}: {answer[2][:200]}")
        refused(answer, status, words)


def test_ways_to_send(_):
    """A picture is seen whatever its sender calls it, however its base64 is written, and without its end"""
    data = read_sample(SOURCE, "cat.jpg")
    base = base64.b64encode(data).decode()
    lines = base64.encodebytes(data).decode()
    url = base64.urlsafe_b64encode(data).decode().rstrip("=")
    stars = (b'--*****\r\nContent-Disposition: form-data; name="image";filename="a.jpg"\r\n\r\n' + data
             + b"\r\n--*****--\r\n")
    ways = {f"a body of {name}": (data, name) for name in (
        "image/jpg", "image/pjpeg", "image/jfif", "image/*", "application/octet-stream", "binary/octet-stream", "text/plain",
        "")}
    ways |= {f"base64 {name}": (json.dumps({"image": text}), "application/json") for name, text in {
        "in lines": lines, "in lines that end by CR LF": lines.replace("\n", "\r\n"), "for URLs": url,
        "in capitals": "DATA:image/jpeg;base64," + base, "behind a blank": "data:image/jpeg;base64, " + base}.items()}
    ways |= {"a boundary of asterisks": (stars, "multipart/form-data;boundary=*****"),
             "no last marker": (data[:-2], "image/jpeg"),
             "zeros in the place of the last marker": (data[:-2] + bytes(4096), "image/jpeg")}
    for name, (body, kind) in ways.items():
        status, _, answer = cgi(BUILD, body, kind)
        equal((status, [label["Name"] for label in json.loads(answer).get("Labels", [])]),
              (200, ["Egyptian Cat", "Cat"]), f"{name}: {answer[:200]}")


def test_sizes(_):
    """What is too large is refused, wherever it's noticed"""
    for size, told in ((8 * MEBIBYTE + 1, "8.1"), (9000004, "8.6"), (9 * MEBIBYTE - 1, "9.0"), (9 * MEBIBYTE, "9.0")):
        refused(cgi(BUILD, bytes(size), "image/jpeg"), 422, f"image has {told} MiB; give at most 8 MiB.")
    refused(cgi(BUILD, bytes(11 * MEBIBYTE + 1), "image/jpeg"), 413, TOO_LARGE)
    at_most = cgi(BUILD, b"\xff\xd8" + bytes(8 * MEBIBYTE - 2), "image/jpeg")
    true(at_most[0] in (400, 415), f"8 MiB are read: {at_most[0]}")
    text = json.dumps({"image": base64.b64encode(b"\xff\xd8" + bytes(8 * MEBIBYTE - 2)).decode()})
    true(cgi(BUILD, text)[0] in (400, 415), "so they are in base64")
    escaped = text.replace("/", "\\/")
    true(cgi(BUILD, escaped)[0] in (400, 415), "and with escapes")


def test_page(_):
    """A plain upload comes back as a whole page, with the picture, its boxes and its labels"""
    data = read_sample(SOURCE, "cat.jpg")
    page = {"HTTP_ACCEPT": "text/html"}
    status, headers, body = cgi(BUILD, *multipart(data, "cat.jpg"), **page)
    equal((status, headers["content-type"]), (200, "text/html; charset=utf-8"))
    text = body.decode()
    shown = re.search(r'<img alt="The picture" src="data:image/jpeg;base64,([^"]*)"', text)
    equal(base64.b64decode(shown[1]), data, "the picture")
    boxes = re.findall(r'<rect class="line" x="([\d.]+)" y="([\d.]+)"', text)
    equal(len(boxes), 1, "boxes")
    true(">Egyptian Cat</h2>" in text and "EfficientDet" in text, "the title")
    answer = json.loads(html.unescape(re.search(r'<pre class="json">(.*?)</pre>', text, re.S)[1]))
    check_labels(answer, WANTED["cat.jpg"])
    minimal = cgi(BUILD, *multipart(data, "cat.jpg"), HTTP_PREFER="return=minimal", **page)
    true(b"data:image" not in minimal[2] and len(minimal[2]) < 20000, "the picture is left out")
    large = data + bytes(6 * MEBIBYTE)  # what stands behind a JPEG counts for nothing
    status, _, body = cgi(BUILD, *multipart(large, "cat.jpg"), **page)
    equal(status, 200)
    true(b"too large to be shown again" in body and b"Egyptian Cat" in body, "labels without it")


def test_no_models(_):
    """Without models it says 503 and how to get them, and its page is there"""
    nowhere = {"LABELS_MODELS": "/nonexistent"}
    answer = cgi(BUILD, read_sample(SOURCE, "cat.jpg"), "image/jpeg", **nowhere)
    refused(answer, 503, "make models")
    equal(cgi(BUILD, method="GET", HTTP_ACCEPT="text/html", **nowhere)[0], 200, "the page")
    equal(cgi(BUILD, method="HEAD", **nowhere)[0], 200, "HEAD")
    refused(cgi(BUILD, b"x", "image/jpeg", LABELS_ENGINE="cloud"), 503, "LABELS_ENGINE")


def test_nginx(_):
    """nginx passes on what the function takes, and refuses more by itself"""
    data = read_sample(SOURCE, "coffee.jpg")
    with Serving(BUILD, SOURCE, workers=2, threads=1) as served:
        body, kind = multipart(data, "coffee.jpg")
        answer = served.post("/cgi-bin/labels", body, {"Content-Type": kind})
        equal((answer.status, answer.header("X-Labels-Engine")), (200, "local"), answer.text[:300])
        check_labels(answer.json(), WANTED["coffee.jpg"])
        large = served.post("/cgi-bin/labels", bytes(11 * MEBIBYTE), {"Content-Type": "image/jpeg"})
        equal((large.status, large.json()["type"]), (422, "/problems/invalid-field"))
        larger = served.post("/cgi-bin/labels", bytes(11 * MEBIBYTE + 1), {"Content-Type": "image/jpeg"})
        equal((larger.status, larger.json()["detail"]), (413, TOO_LARGE))
        equal(served.post("/cgi-bin/change", b" " * 8193).status, 413, "of change")
        equal(served.get("/healthz/labels").json(), {"status": "ok"})
        page = served.get("/labels", {"Accept": "text/html"})
        true("img-src 'self' data: blob:" in page.header("Content-Security-Policy"), "its policy")
        true("data:" not in served.get("/change", {"Accept": "text/html"}).header("Content-Security-Policy"), "others'")
        sample = served.get("/samples/cat.jpg")
        equal((sample.header("Content-Type"), sample.body), ("image/jpeg", read_sample(SOURCE, "cat.jpg")))
        equal(served.get("/samples/PROVENANCE").status, 404)


def test_nginx_limits(_):
    """Pictures have a rate of their own: those above it are turned away, and change isn't"""
    with Serving(BUILD, SOURCE, count_loopback=True) as served:
        statuses = [served.post("/cgi-bin/labels", b"x", {"Content-Type": "image/jpeg"}).status
                    for _ in range(30)]
        true(429 in statuses and statuses[0] != 429, f"{statuses}")
        equal(served.get("/cgi-bin/change?amount=1").status, 200, "change")
        served.stop("labels")
        photo, said = read_sample(SOURCE, "cat.jpg"), {}

        def send():  # too many, then nobody there; never 413, which would say that it can't ever succeed
            answer = served.post("/cgi-bin/labels", photo, {"Content-Type": "image/jpeg"})
            said[answer.status] = (answer.header("Content-Type"), answer.json()["status"],
                                   answer.header("Retry-After"))
            return {429, 503} <= said.keys()
        fastcgi.wait_until(send, 10, "one of the two never comes")
        equal(said, {status: ("application/problem+json", status, "1") for status in (429, 503)})


def ask_for(data, kind=IMAGE):
    """The records of a request."""
    values = {**CGI, "REQUEST_METHOD": "POST", "CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(data))}
    return fastcgi.request(values, data)


def processes_of(server):
    """The workers, once there are two."""
    fastcgi.wait_until(lambda: len(fastcgi.children(server.pid)) == 2, 5, "there aren't two workers")
    return fastcgi.children(server.pid)


def test_one_at_a_time(folder):
    """A worker takes the next picture when it has done with the last, and none keeps a connection"""
    data = read_sample(SOURCE, "cat.jpg")
    with fastcgi.Server(folder, os.path.join(BUILD, "labels"), "--workers", "2") as server:
        workers = processes_of(server)
        for pid in workers:
            fastcgi.wait_until(lambda: os.getpriority(os.PRIO_PROCESS, pid) >= 10, 5,
                               "it doesn't let others go first")
            equal(len(os.listdir(f"/proc/{pid}/task")), 1, "its threads")
        connections = [fastcgi.Connection(server.address, 30) for _ in range(6)]
        for connection in connections:
            connection.send(ask_for(data))
        for connection in connections:
            equal(connection.read().status, 200)
            true(connection.is_closed(), "the connection is kept")
        for pid in workers:
            true(fastcgi.processor_time(pid) > 0.05, "one worker has done all of it")


def test_slow_upload(folder):
    """One who sends slowly keeps no worker from others"""
    data = read_sample(SOURCE, "cat.jpg")
    with fastcgi.Server(folder, os.path.join(BUILD, "labels"), "--workers", "1") as server:
        slow = fastcgi.Connection(server.address, 30)
        slow.send(ask_for(data)[:9000])
        fastcgi.ask(server.address, ask_for(b"x"), 30)
        started = time.monotonic()
        for _ in range(3):
            equal(fastcgi.ask(server.address, ask_for(data), 30).status, 200)
        true(time.monotonic() - started < 10, "others wait for it")
        slow.send(ask_for(data)[9000:])
        equal(slow.read().status, 200)


def test_gone(folder):
    """What nobody waits for any more isn't labelled"""
    data = read_sample(SOURCE, "cat.jpg")
    with fastcgi.Server(folder, os.path.join(BUILD, "labels"), "--workers", "1") as server:
        first = fastcgi.Connection(server.address, 30)
        first.send(ask_for(data))
        time.sleep(0.02)
        for _ in range(8):
            with fastcgi.Connection(server.address, 30) as gone:
                gone.send(ask_for(data))
        equal(fastcgi.ask(server.address, ask_for(data), 30).status, 200)
        equal(first.read().status, 200)
        fastcgi.wait_until(lambda: len(server.said().splitlines()) >= 2, 5, "two lines of the log")
        time.sleep(0.3)
        lines = server.said().splitlines()
        true(len(lines) <= 4, f"{len(lines)} were answered")


def test_stops(folder):
    """SIGTERM lets a picture be finished"""
    with fastcgi.Server(folder, os.path.join(BUILD, "labels"), "--workers", "1") as server:
        with fastcgi.Connection(server.address, 30) as connection:
            connection.send(ask_for(read_sample(SOURCE, "cat.jpg")))
            time.sleep(0.05)
            server.signal(signal.SIGTERM)
            equal(connection.read().status, 200)
        equal(server.wait(), 0)


def test_memory(folder):
    """A worker that has had large and small pictures stays under 80 MB"""
    if fastcgi.is_sanitized(os.path.join(BUILD, "labels")):
        raise Skip("sanitizers need memory of their own")
    small, pages = read_sample(SOURCE, "cat.jpg"), {"HTTP_ACCEPT": "text/html"}
    large = small + bytes(7 * MEBIBYTE)
    count = int(os.environ.get("DIME_PICTURES", "60"))
    with fastcgi.Server(folder, os.path.join(BUILD, "labels"), "--workers", "1") as server:
        for i in range(count):
            data = large if i % 10 == 0 else small
            values = {**CGI, "REQUEST_METHOD": "POST", "CONTENT_TYPE": "image/jpeg",
                      "CONTENT_LENGTH": str(len(data)), **(pages if i % 3 == 0 else {})}
            equal(fastcgi.ask(server.address, fastcgi.request(values, data), 30).status, 200)
        size = max(fastcgi.resident(pid) for pid in fastcgi.children(server.pid))
    print(f"# {count} pictures: {size >> 20} MB")
    true(size < 80_000_000, f"it has {size} bytes")


def main():
    """Runs the cases; those that need the models are skipped where there are none."""
    have, why = get_models(BUILD, SOURCE)
    without = {"test_no_models", "test_nginx_limits"}
    chosen = []
    for case in cases.collect(globals()):
        def run(folder, case=case):
            if not have and case.__name__ not in without:
                raise Skip(why)
            case(folder)
        run.__doc__ = case.__doc__
        chosen.append(run)
    with tempfile.TemporaryDirectory(prefix="dime") as folder:
        return cases.run(chosen, folder)


if __name__ == "__main__":
    sys.exit(main())
