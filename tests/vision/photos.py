# photos.py - real photos, what is on them, and the table of what was found, missed and wrong.
#
# They come with Debian's packages darknet and python3-skimage, which are downloaded and unpacked
# beside the build, not installed: their programs and what those depend on (some 500 MB) aren't
# wanted, only a few files of each. 14 photos, 18 objects of kinds that the detector knows.
import json
import os
import shutil
import subprocess

from cases import Skip

LOOK = os.path.join("tests", "vision", "look")
FOLDERS = {"darknet": "usr/share/darknet/data",
           "python3-skimage": "usr/lib/python3/dist-packages/skimage/data"}
# Package, file, the objects to be found (one of several names will do), and what is there as well.
PHOTOS = [
    ("darknet", "dog.jpg", ["Bicycle", "Dog", "Car|Truck"], []),
    ("darknet", "eagle.jpg", ["Bird"], []),
    ("darknet", "giraffe.jpg", ["Giraffe", "Zebra"], []),
    ("darknet", "horses.jpg", ["Horse"], []),
    ("darknet", "kite.jpg", ["Person", "Kite"], []),
    ("darknet", "person.jpg", ["Person", "Dog", "Horse"], []),
    ("darknet", "scream.jpg", [], ["Person"]),  # a painting of one
    ("python3-skimage", "astronaut.png", ["Person"], []),
    ("python3-skimage", "camera.png", ["Person"], ["Tripod"]),
    ("python3-skimage", "chelsea.png", ["Cat"], ["Egyptian Cat"]),
    ("python3-skimage", "coffee.png", ["Cup"], ["Espresso", "Dining Table", "Spoon"]),
    ("python3-skimage", "motorcycle_left.png", ["Motorcycle"], []),
    ("python3-skimage", "motorcycle_right.png", ["Motorcycle"], []),
    ("python3-skimage", "rocket.jpg", [], ["Missile", "Projectile"]),
]
OBJECTS = sum(len(objects) for _, _, objects, _ in PHOTOS)
ENOUGH = 17


def download(package, folder):
    """Unpacks a package below the folder. Its lists are fetched if apt doesn't know it yet."""
    def apt(*arguments):
        return subprocess.run(["apt-get", "-q", *arguments], cwd=folder, capture_output=True,
                              text=True, timeout=300)
    done = apt("download", package)
    if done.returncode and os.geteuid() == 0:
        apt("update")
        done = apt("download", package)
    if done.returncode:
        raise Skip(f"apt-get can't download {package}: {done.stderr.strip().splitlines()[-1:]}")
    for name in os.listdir(folder):
        if name.endswith(".deb"):
            subprocess.run(["dpkg-deb", "-x", name, package], cwd=folder, check=True)
            os.remove(os.path.join(folder, name))


def fetch(build):
    """The paths of the photos, in the order of PHOTOS."""
    kept = os.path.join(build, "tests", "photos")
    paths = [os.path.join(kept, name) for _, name, _, _ in PHOTOS]
    if all(os.path.exists(path) for path in paths):
        return paths
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Skip("this isn't Debian, whose packages have the photos")
    unpacked = os.path.join(build, "tests", "photos-unpacked")
    shutil.rmtree(unpacked, ignore_errors=True)
    os.makedirs(unpacked)
    os.makedirs(kept, exist_ok=True)
    for package, folder in FOLDERS.items():
        download(package, unpacked)
        for of, name, _, _ in PHOTOS:
            if of == package:
                shutil.copy(os.path.join(unpacked, package, folder, name), kept)
    shutil.rmtree(unpacked)
    return paths


def look(build, *arguments):
    """What `look` prints: a dict for each picture, and one of the program itself."""
    done = subprocess.run([os.path.join(build, LOOK), *arguments], capture_output=True, text=True,
                          timeout=600)
    if done.returncode == 3:
        raise Skip(done.stderr.strip())
    if done.returncode or done.stderr:
        raise AssertionError(f"look ended with {done.returncode}: {done.stderr[-2000:]}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return lines[:-1], lines[-1]


def judge(answer, objects, others):
    """(found, missed, wrong) names of one photo's answer."""
    names = [label["name"] for label in answer["labels"]]
    found = [one for one in objects if set(one.split("|")) & set(names)]
    missed = [one for one in objects if one not in found]
    right = {name for one in objects + others for name in one.split("|")}
    return found, missed, [name for name in names if name not in right]


def table(answers):
    """The lines of the table, and how many objects were found, missed and wrong."""
    lines = [f"{'photo':<22} {'found':<34} {'missed':<10} wrong"]
    counts = [0, 0, 0]
    for (_, name, objects, others), answer in zip(PHOTOS, answers):
        sure = {label["name"]: label["confidence"] for label in answer["labels"]}
        judged = judge(answer, objects, others)
        counts = [count + len(names) for count, names in zip(counts, judged)]
        found = ", ".join(f"{one} {max(sure.get(n, 0) for n in one.split('|')):.0f}"
                          for one in judged[0])
        also = [f"{n} {sure[n]:.0f}" for n in others if n in sure]
        found += (" (also " + ", ".join(also) + ")") if also else ""
        lines.append(f"{name:<22} {found:<34} {', '.join(judged[1]):<10} {', '.join(judged[2])}")
    lines.append("{} of {} objects found, {} missed, {} wrong, at MinConfidence 50".format(
        counts[0], OBJECTS, counts[1], counts[2]))
    return [line.rstrip() for line in lines], counts
