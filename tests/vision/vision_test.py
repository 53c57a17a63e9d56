# vision_test.py - pictures as they come from outside: real photos, every kind of file, and bad ones.
#
#     vision_test.py BUILDDIR SRCDIR
#
# What needs the models is skipped by name where they can't be had; that pictures are decoded rightly,
# or refused, within bounds of time and memory, doesn't need them. Photos: see photos.py.
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "hosts"))

import cases
import photos
import pictures
from cases import Skip, equal, true

BUILD, SOURCE = (os.path.abspath(path) for path in cases.directories())
SAMPLE = os.path.join(SOURCE, "www", "samples", "coffee.jpg")
DAMAGED = 2400
MEBIBYTE = 1 << 20
# The kernel's counts: what a worker has after its work, and what one picture may take for a while.
RESIDENT_KB_MOST = 80 * 1024
PEAK_KB_MOST = 200 * 1024
SECONDS_MOST = 10


def program(name):
    return os.path.join(BUILD, "tests", "vision", name)


def is_sanitized():
    with open(program("look"), "rb") as file:
        return b"__asan_" in file.read()


class Scratch:
    """A folder of its own, with the sample in all kinds of JPEG."""

    def __init__(self, folder):
        self.folder = folder
        subprocess.run([program("variants"), SAMPLE, folder], check=True)
        self.pixels, = pictures.read_ppms(self.read("plain.ppm"))
        self.small = [row[200:248] for row in self.pixels[80:120]]

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def label(self, name, data=None):
        """The answer for a picture, and the program's line."""
        if data is not None:
            self.write(name, data)
        answers, last = photos.look(BUILD, self.path(name))
        return answers[0], last

    def shown(self, files):
        """The pixels of each of these files (name: bytes) that are looked at."""
        paths = [self.write(*file) for file in files.items()]
        done = subprocess.run([program("look"), "--pixels", *paths], capture_output=True)
        true(done.returncode == 0, f"{done.stdout[-300:]} {done.stderr.decode()}")
        return pictures.read_ppms(done.stdout)

    def read_pictures(self, files):
        """How reading each of these files (name: bytes) ends, which needs no models."""
        paths = [self.write(f"bad-{i}", data) for i, data in enumerate(files.values())]
        done = subprocess.run([program("look"), "--read", *paths], capture_output=True, text=True)
        true(done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-3000:]}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def has_cup(answer, name, least=50):
    names = {label["name"]: label["confidence"] for label in answer["labels"]}
    true(names.get("Cup", 0) >= least, f"{name}: no cup, but {names} {answer['why']}")


def test_photos(scratch):
    """14 photos: at least 17 of 18 objects are found, and nothing that isn't there"""
    answers, _ = photos.look(BUILD, *photos.fetch(BUILD))
    lines, counts = photos.table(answers)
    print("\n".join("# " + line for line in lines))
    true(counts[0] >= photos.ENOUGH, f"only {counts[0]} objects were found")
    equal(counts[2], 0, "wrong labels")


def test_answer(scratch):
    """The sample: names, boxes, parents and aliases in their places"""
    answer, last = scratch.label("coffee.jpg", scratch.read("420.jpg"))
    equal((answer["status"], answer["width"], answer["height"]), (200, 600, 400))
    labels = {label["name"]: label for label in answer["labels"]}
    equal(sorted(labels), ["Cup", "Dining Table", "Espresso"])
    equal(labels["Cup"]["parents"], ["Kitchen"])
    equal(labels["Espresso"]["boxes"], [])
    equal(labels["Espresso"]["parents"], ["Food"])
    left, top, width, height, confidence = labels["Cup"]["boxes"][0]
    true(abs(left - 0.27) < 0.06 and abs(top - 0.06) < 0.06, f"the cup is at {left}, {top}")
    true(abs(width - 0.41) < 0.06 and abs(height - 0.63) < 0.08, f"it has {width} x {height}")
    equal(confidence, labels["Cup"]["confidence"])
    confidences = [label["confidence"] for label in answer["labels"]]
    equal(confidences, sorted(confidences, reverse=True))
    equal(last["model"], "EfficientDet-Lite0, EfficientNet-Lite0")


def test_options(scratch):
    """MaxLabels and MinConfidence are kept to"""
    path = scratch.path("420.jpg")
    few, _ = photos.look(BUILD, "--most=1", path)
    equal([label["name"] for label in few[0]["labels"]], ["Espresso"])
    none, _ = photos.look(BUILD, "--most=0", path)
    equal(none[0]["labels"], [])
    sure, _ = photos.look(BUILD, "--least=100", path)
    equal(sure[0]["labels"], [])
    all_of_them, _ = photos.look(BUILD, "--least=0", path)
    true(len(all_of_them[0]["labels"]) > 3, "there is nothing that it is less sure of")
    for label in all_of_them[0]["labels"]:
        for left, top, width, height, confidence in label["boxes"]:
            true(0 <= left and 0 <= top and left + width <= 1.0001 and top + height <= 1.0001 and
                 0 < confidence <= 100, f"{label} is out of bounds")


def test_kinds_of_jpeg(scratch):
    """Every kind of JPEG shows the same: samplings, grey, inks, progressive, arithmetic"""
    names = [name for name in sorted(os.listdir(scratch.folder)) if name.endswith(".jpg") and
             not name.startswith("turned")]
    true(len(names) >= 11, f"there are only {names}")
    answers, _ = photos.look(BUILD, *(scratch.path(name) for name in names))
    for name, answer in zip(names, answers):
        has_cup(answer, name)


def test_inks(scratch):
    """Four inks have the colours of the photo"""
    # Without Adobe's marker 0 is no ink: the same numbers mean the opposite.
    usual, inks, inks_420, plain = scratch.shown({
        "a": scratch.read("444.jpg"), "b": scratch.read("inks.jpg"),
        "c": scratch.read("inks-420.jpg"),
        "d": scratch.read("inks.jpg").replace(b"Adobe", b"adobe")})
    for name, found in ("inks.jpg", inks), ("inks-420.jpg", inks_420):
        off = [abs(a - b) for rows in zip(usual, found) for pair in zip(*rows)
               for a, b in zip(*pair)]
        true(sum(off) / len(off) < 3, f"{name} is off by {sum(off) / len(off):.1f}")
    true(plain[200][300] != usual[200][300], "the marker changes nothing")


def test_kinds_of_png(scratch):
    """Every kind of PNG shows its pixels to the last bit: depths, palettes, alpha, interlaced"""
    files, wanted = {}, []
    for name, png, shown in pictures.kinds_of_png(scratch.small):
        for interlaced in False, True:
            files[f"{name}, interlaced {interlaced}"] = pictures.png(**png, interlaced=interlaced)
            wanted.append(shown)
    equal(len(files), 2 * 17)
    for name, found, shown in zip(files, scratch.shown(files), wanted):
        wrong = [(y, x, a, b) for y, rows in enumerate(zip(found, shown))
                 for x, (a, b) in enumerate(zip(*rows)) if a != tuple(b)]
        true(not wrong, f"{name}: (y, x, is, should be) {wrong[:1]}")


def test_labels_of_png(scratch):
    """A photo as PNG has its labels: 8 and 16 bits, grey, interlaced, animated"""
    rgb = scratch.pixels
    grey = [[(pixel[1],) for pixel in row] for row in rgb]
    deep = [[tuple(sample * 257 for sample in pixel) for pixel in row] for row in rgb]
    made = {"8.png": pictures.png(rgb), "16.png": pictures.png(deep, depth=16),
            "grey.png": pictures.png(grey, colour=pictures.GREY),
            "interlaced.png": pictures.png(rgb, interlaced=True),
            "animated.png": pictures.animated(rgb)}
    answers, _ = photos.look(BUILD, *(scratch.write(*pair) for pair in made.items()))
    for name, answer in zip(made, answers):
        has_cup(answer, name)


def test_orientation(scratch):
    """EXIF's eight orientations, in JPEG and PNG, in both byte orders"""
    made = {}
    for orientation in range(1, 9):
        stored = scratch.read(f"turned-{orientation}.jpg")
        order = "<>"[orientation % 2]
        made[orientation] = scratch.write(f"exif-{orientation}.jpg", pictures.with_exif(
            stored, pictures.exif(orientation, order)))
    answers, _ = photos.look(BUILD, *made.values())
    for orientation, answer in zip(made, answers):
        has_cup(answer, f"orientation {orientation}")
        true(590 <= answer["width"] <= 600 and 390 <= answer["height"] <= 400,
             f"orientation {orientation}: {answer['width']} x {answer['height']}")
        cup = next(label for label in answer["labels"] if label["name"] == "Cup")["boxes"][0]
        true(abs(cup[0] - 0.27) < 0.06 and abs(cup[1] - 0.06) < 0.06,
             f"orientation {orientation}: the cup is at {cup}")
    upright, turned = scratch.shown({
        "a.png": pictures.png(scratch.small),
        "b.png": pictures.png(scratch.small, before=pictures.chunk(
            b"eXIf", pictures.exif(6, ">")))})
    equal(turned, [list(row) for row in zip(*upright[::-1])])


def bad_pictures(scratch):
    """(name, file, status, words of the sentence): 200 is a right answer."""
    jpeg, progressive = scratch.read("420.jpg"), scratch.read("progressive.jpg")
    png = pictures.png(scratch.small)
    plain = pictures.SIGNATURE + pictures.header(30000, 30000)
    zip_file = b"PK\x05\x06" + bytes(18)
    yield "no bytes", b"", 400, "no bytes"
    yield "text", "Dies ist kein Bild. Schöne Grüße\n".encode() * 50, 415, "text"
    yield "HTML", b"<!DOCTYPE html><title>404</title>", 415, "text"
    yield "base64", b"data:image/jpeg;base64,/9j/4AAQSkZJRg", 415, "text"
    yield "GIF", b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(20), 415, "GIF"
    yield "WebP", b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(24), 415, "WebP"
    yield "HEIC", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", 415, "HEIC"
    yield "noise", bytes(range(256)) * 4, 415, "send a JPEG or a PNG"
    yield "JPEG cut in half", jpeg[:len(jpeg) // 2], 400, "ends too early"
    yield "JPEG without its end", jpeg[:-2], 200, ""
    yield "progressive JPEG without its end", progressive[:-2], 200, ""
    yield "JPEG with nothing but zeros in the place of its end", jpeg[:-2] + bytes(4096), 200, ""
    yield "JPEG without the last tenth", jpeg[:len(jpeg) * 9 // 10], 400, "ends too early"
    yield "arithmetic JPEG without its end", scratch.read("arithmetic.jpg")[:-2], 400, "ends too early"
    yield "PNG without its last chunk", png[:-12], 200, ""
    yield "JPEG of two bytes more than its start", jpeg[:4], 400, "send it again"
    yield "PNG cut in half", png[:len(png) // 2], 400, "ends too early"
    yield "PNG of its signature", png[:8], 400, "ends too early"
    yield "PNG with a bit flipped", png[:2000] + bytes([png[2000] ^ 4]) + png[2001:], 400, "damaged"
    yield "JPEG of 1 x 1", pictures.with_size(jpeg, 1, 1), 422, "1 x 1"
    yield "PNG of 1 x 1", pictures.flat_png(1, 1), 422, "at least 16"
    yield "JPEG of 600 x 0", pictures.with_size(jpeg, 600, 0), 400, "send it again"
    yield "PNG of 0 x 5", pictures.flat_png(0, 5), 422, "0 x 5"
    yield "PNG header of 30,000 x 30,000", plain + bytes(100), 413, "30000 x 30000"
    yield "JPEG header of 30,000 x 30,000", pictures.with_size(jpeg, 30000, 30000)[:700], 413, \
        "30000 x 30000"
    yield "PNG bomb of 20,000 x 20,000", pictures.flat_png(20000, 20000, 1, pictures.GREY), 413, \
        "at most 50 million"
    yield "PNG of 50 million pixels", pictures.flat_png(10000, 5000), 413, "at most 20 million pixels"
    yield "PNG of 50 million pixels of 64 bits", pictures.flat_png(
        10000, 5000, 16, pictures.RGBA, True), 413, "at most 8 million pixels"
    packed = pictures.zeros(200 * MEBIBYTE)
    for interlaced in False, True:
        head = pictures.SIGNATURE + pictures.header(100, 100, interlaced=interlaced)
        yield f"PNG with 200 MB behind its last row, interlaced {interlaced}", head + pictures.chunk(
            b"IDAT", packed) + pictures.chunk(b"IEND"), 400, "more than its pixels"
    yield "PNG with 200 MB behind its last row, in pieces", head + b"".join(pictures.chunk(
        b"IDAT", packed[i:i + 500]) for i in range(0, len(packed), 500)), 400, "more than its pixels"
    yield "progressive JPEG of 1,000 scans", pictures.with_scans(progressive, 1000), 413, "1000 scans"
    for frame in 0xC2, 0xCA:
        yield f"JPEG of 50 million pixels, FF{frame:X}, with 490 scans behind a reserved marker", \
            pictures.hidden_scans(490, 0x02, frame, 10000, 5000), 413, "491 scans"
    yield "progressive JPEG of 49 million pixels", pictures.with_size(progressive, 7000, 7000), \
        413, "memory"
    yield "16 MB", jpeg + bytes(16 * MEBIBYTE - len(jpeg)), 413, "15 MiB"
    yield "JPEG that is a zip too", jpeg + zip_file, 200, ""
    yield "JPEG with a script in it", pictures.with_segment(
        jpeg, 0xFE, b"*/=alert(1);/*<script>alert(1)</script>"), 200, ""
    yield "PNG that is a zip too", png + zip_file, 200, ""
    yield "GIF that goes on as a JPEG", b"GIF89a" + jpeg, 415, "GIF"
    yield "JPEG with EXIF that loops", pictures.with_exif(jpeg, pictures.looping_exif()), 200, ""
    yield "JPEG with EXIF of nothing", pictures.with_exif(jpeg, b""), 200, ""
    yield "PNG with EXIF that loops", pictures.png(scratch.small, before=pictures.chunk(
        b"eXIf", pictures.looping_exif())), 200, ""
    yield "animated PNG", pictures.animated(scratch.small), 200, ""
    yield "JPEG of 12 bits", jpeg.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c"), 415, \
        "of 8 bits"
    yield "lossless JPEG", jpeg.replace(b"\xff\xc0\x00\x11", b"\xff\xc3\x00\x11"), 415, "usual one"
    middle = len(jpeg) // 2
    yield "JPEG with noise in its middle", jpeg[:middle] + bytes(
        range(1, 200)) + jpeg[middle + 199:], 200, ""
    yield "JPEG without tables", jpeg.replace(b"\xff\xdb", b"\xff\xfe"), 400, "damaged"
    yield "JPEG of many comments", jpeg[:2] + pictures.segment(0xFE, b"") * 200000 + jpeg[2:], 200, ""
    yield "JPEG with a megabyte of FF", jpeg[:2] + b"\xff" * MEBIBYTE + jpeg[2:], 200, ""
    yield "PNG of many chunks", pictures.png(
        scratch.small, before=pictures.chunk(b"tEXt", b"a\0b") * 200000), 200, ""


def test_bad_pictures(scratch):
    """Bad pictures are refused with what to do, or read rightly, in little time"""
    bad = list(bad_pictures(scratch))
    answers = scratch.read_pictures({name: data for name, data, _, _ in bad})
    equal(len(answers), len(bad))
    for answer, (name, _, status, words) in zip(answers, bad):
        why = answer["why"]
        equal(answer["status"], status, f"{name}: {why}")
        true(words in why, f"{name}: {why!r} has no {words!r}")
        true(status == 200 or why.endswith("."), f"{name}: {why!r} is no sentence")
        true(answer["ms"] < 1000 * SECONDS_MOST, f"{name} takes {answer['ms']:.0f} ms")


def test_hidden_scans(scratch):
    """No marker hides scans: what libjpeg finds more than 500 of, has been counted before"""
    places = {"a scan with restarts": dict(restart=1), "a scan without": dict(restart=0),
              "a scan in arithmetic code": dict(restart=1, frame=0xCA)}
    made = {(place, marker): pictures.hidden_scans(600, marker, **options)
            for place, options in places.items() for marker in range(1, 0xFF)}
    answers = dict(zip(made, scratch.read_pictures(made)))
    for (place, marker), answer in answers.items():
        name = f"FF{marker:02X} in {place}"
        true(answer["status"] in (200, 400, 413), f"{name}: {answer}")
        # This is libjpeg's own limit, which TurboJPEG sets: nobody else says it.
        true("500 scans" not in answer["why"], f"{name}: {answer['why']}")
    counted = [marker for (place, marker), answer in answers.items() if answer["status"] == 413]
    true(0x02 in counted and 0xBF in counted, "libjpeg would have found them behind FF02 and FFBF")


def heavy_pictures(scratch):
    """(name, file): what costs the most of all that isn't refused, or more."""
    progressive = scratch.read("progressive.jpg")
    compressed = pictures.zeros(200 * MEBIBYTE)
    name = b"a\0\0"
    yield "PNG of 20 million pixels", pictures.flat_png(5000, 4000)
    yield "PNG of 50 million pixels of a bit", pictures.flat_png(10000, 5000, 1, pictures.GREY)
    yield "PNG of 8 million pixels of 64 bits, interlaced", pictures.flat_png(
        4000, 2000, 16, pictures.RGBA, True)
    yield "PNG with 200 MB packed into a profile", pictures.png(
        scratch.small, before=pictures.chunk(b"iCCP", name + compressed))
    yield "PNG with 200 MB packed into a text", pictures.png(
        scratch.small, before=pictures.chunk(b"zTXt", name + compressed))
    yield "PNG with 50 MB behind its last row", pictures.SIGNATURE + pictures.header(
        100, 100) + pictures.chunk(b"IDAT", pictures.zeros(50 * MEBIBYTE)) + pictures.chunk(b"IEND")
    yield "JPEG of 50 million pixels", pictures.with_size(scratch.read("420.jpg"), 10000, 5000)
    yield "JPEG of 1 x 10,000 shapes", pictures.with_size(scratch.read("420.jpg"), 10000, 16)
    yield "progressive JPEG of 32 million pixels", pictures.with_size(progressive, 6400, 5000)
    yield "progressive JPEG of 100 scans", pictures.with_scans(
        pictures.with_size(progressive, 2000, 2000), 100)


def test_heavy_pictures(scratch):
    """The heaviest pictures stay within 200 MB and 10 s"""
    heavy = list(heavy_pictures(scratch))
    if is_sanitized():
        for name, answer in zip((name for name, _ in heavy), scratch.read_pictures(dict(heavy))):
            equal(answer["status"], 200, name)
        return
    for name, data in heavy:
        answers, last = photos.look(BUILD, scratch.write("heavy", data))
        print(f"# {name}: {len(data) / 1e6:.2f} MB, {answers[0]['ms']:.0f} ms, "
              f"{last['peakKb'] / 1024:.0f} MiB at most")
        equal(answers[0]["status"], 200, f"{name}: {answers[0]['why']}")
        true(last["peakKb"] < PEAK_KB_MOST, f"{name} takes {last['peakKb']} KiB")
        true(answers[0]["ms"] < 1000 * SECONDS_MOST, f"{name} takes {answers[0]['ms']:.0f} ms")


def test_damaged_pictures(scratch):
    """2,400 damaged pictures are each read or refused with what to do"""
    names = [name for name in sorted(os.listdir(scratch.folder)) if name.endswith(".jpg")]
    for i, (_, png, _) in enumerate(pictures.kinds_of_png(scratch.small)):
        name = f"seed-{i}.png"
        scratch.write(name, pictures.png(**png, interlaced=bool(i % 2)))
        names.append(name)
    tiny = pictures.with_exif(scratch.read("turned-6.jpg"), pictures.exif(6))
    scratch.write("seed-exif.jpg", tiny)
    scratch.write("seed-animated.png", pictures.animated(scratch.small))
    names += ["seed-exif.jpg", "seed-animated.png"]
    done = subprocess.run([program("mutate"), str(DAMAGED), *map(scratch.path, names)],
                          capture_output=True, text=True, timeout=600)
    print("".join(f"# {line}\n" for line in done.stdout.splitlines()[-20:]), end="")
    true(done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-3000:]}")


def test_threads(scratch):
    """Workers that start and look at once each see the same"""
    answers, _ = photos.look(BUILD, "--threads=4", "--times=3", scratch.path("420.jpg"),
                             scratch.path("progressive.jpg"))
    equal(len(answers), 4 * 3 * 2)
    for name in "420.jpg", "progressive.jpg":
        seen = [answer["labels"] for answer in answers if answer["file"] == scratch.path(name)]
        equal(len(seen), 12)
        true(all(labels == seen[0] for labels in seen), f"{name} is seen differently")
        has_cup({"labels": seen[0], "why": ""}, name)


def test_memory(scratch):
    """A worker stays small however many pictures it has seen"""
    if is_sanitized():
        raise Skip("sanitizers need memory of their own")
    seen = [scratch.path(name) for name in ("420.jpg", "progressive.jpg", "inks.jpg")]
    _, early = photos.look(BUILD, *seen)
    _, last = photos.look(BUILD, "--times=20", *seen)
    print(f"# {early['rssKb']} KiB after 3 pictures, {last['rssKb']} KiB after 60")
    true(last["rssKb"] < RESIDENT_KB_MOST, f"{last['rssKb']} KiB")
    true(last["rssKb"] - early["rssKb"] < 4096, f"it grew by {last['rssKb'] - early['rssKb']} KiB")


def open_with(folder, scratch):
    """What is said where the models are in that folder."""
    done = subprocess.run([program("look"), scratch.path("420.jpg")], capture_output=True,
                          text=True, env=dict(os.environ, LABELS_MODELS=folder))
    return done.returncode, done.stderr


def test_parts_that_are_missing(scratch):
    """Each part that is missing or wrong is named, with how to get it"""
    models = os.path.join(BUILD, "tests", "vision", "models")
    library, detector, classifier = ("libtensorflowlite_c.so", "efficientdet-lite0.tflite",
                                     "efficientnet_lite0.tflite")
    if not os.path.exists(os.path.join(models, library)):
        raise Skip("there are no models")
    for missing, words in ((detector, f"{detector} isn't in"), (classifier, f"{classifier} isn't in"),
                           (library, "can't be loaded")):
        folder = tempfile.mkdtemp(dir=scratch.folder)
        for name in (library, detector, classifier):
            if name != missing:
                os.symlink(os.path.join(models, name), os.path.join(folder, name))
        status, said = open_with(folder, scratch)
        equal(status, 3, said)
        true(words in said and "make models" in said, f"{missing}: {said!r}")
        for wrong in (b"", b"not what it should be" * 1000):
            with open(os.path.join(folder, missing), "wb") as file:
                file.write(wrong)
            status, said = open_with(folder, scratch)
            equal(status, 3, said)
            true("make models" in said and len(said.splitlines()) == 1, f"{missing}: {said!r}")
            os.remove(os.path.join(folder, missing))
    # The one model in the other's place is a model, but not the right one.
    folder = tempfile.mkdtemp(dir=scratch.folder)
    for name, other in ((library, library), (detector, classifier), (classifier, classifier)):
        os.symlink(os.path.join(models, other), os.path.join(folder, name))
    status, said = open_with(folder, scratch)
    equal(status, 3, said)
    true("isn't the model that it should be" in said, said)


def test_without_sys(scratch):
    """Where XNNPACK can't tell the processor, the labels are the same"""
    if not shutil.which("bwrap"):
        raise Skip("bubblewrap isn't installed")
    if is_sanitized():
        raise Skip("cpuinfo itself leaks there, which is all that would be seen")
    answer, _ = scratch.label("420.jpg")
    hidden = ["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/sys", "--ro-bind", "/dev/null",
              "/proc/cpuinfo"]
    done = subprocess.run([*hidden, program("look"), scratch.path("420.jpg")],
                          capture_output=True, text=True)
    if "bwrap:" in done.stderr:
        raise Skip(done.stderr.strip())
    true(done.returncode == 0, done.stderr)  # cpuinfo has complained there, and may
    equal([name for name in ("Espresso", "Cup", "Dining Table") if f'"{name}"' in done.stdout],
          [label["name"] for label in answer["labels"]])


def main():
    if not os.path.exists(os.path.join(BUILD, photos.LOOK)):
        print("skip - all: dime is built without local labels\n0 passed, 0 failed, 1 skipped")
        return 0
    folder = tempfile.mkdtemp()
    try:
        models = subprocess.run(["sh", os.path.join(SOURCE, "deploy", "models", "fetch"),
                                 os.path.join(BUILD, "tests", "vision", "models")],
                                stdout=subprocess.DEVNULL)
        if models.returncode:
            print("# the models can't be had; what needs them is skipped")
        return cases.run(cases.collect(globals()), Scratch(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
