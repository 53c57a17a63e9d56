"""wiring.py - the rules on what the files of src use of each other.

A file, with its header, uses another where it calls a function of that or names a variable of it. Such
uses go down only, as includes do, and lead nowhere in a circle: a file can then be read, and tested, after
those that it uses. A name at file scope means one thing in the tree, so that a search finds just that. And
what nobody uses goes: who reads it would look in vain for what it is good for.
"""

import os
from collections import Counter, defaultdict

# What stands in for another file in a build without a library, and so defines its names again.
STAND_INS = {
    "src/services/aws/without.c", "src/vision/without.c",
}  # fmt: skip
# Each program has one main, and each library of functions one dime_main.
NOT_UNIQUE = {"main", "dime_main"}
# What an author of a function sees of dime; what these headers declare may be called by every function.
INTERFACE = ("dime.h", "dime/")


def room(path):
    """A file and its header are one."""
    return path.removesuffix(".c").removesuffix(".h")


class Wiring:
    """Which file uses which."""

    def __init__(self, tree):
        self.sources = [source for source in tree.of_program() if source.path not in STAND_INS]
        self.shared = {}  # the source that defines a name which others may use
        self.declared = defaultdict(set)  # the headers that declare one, relative to src
        for source in self.sources:
            for item in source.definitions:
                if item.shared and item.kind in ("function", "variable") and source.path != "src/dime.h":
                    self.shared.setdefault(item.name, source)
            if source.path.endswith(".h"):
                for item in source.declarations + source.functions:
                    self.declared[item.name].add(source.path.removeprefix("src/"))

    def uses(self, source):
        """(name, line, the source that defines it) of what SOURCE uses of other files."""
        own = {item.name for item in source.definitions}
        for name, line in source.uses.items():
            other = self.shared.get(name)
            if other and name not in own and room(other.path) != room(source.path):
                yield name, line, other


def call_circles(tree):
    """Reports each circle once, at its first file, with a way around."""
    wiring = Wiring(tree)
    ways = defaultdict(dict)  # of each room, those that it uses, and one name that it uses there
    for source in wiring.sources:
        for name, _, other in wiring.uses(source):
            ways[room(source.path)].setdefault(room(other.path), name)
    seen = set()
    for start in sorted(ways):
        way = None if start in seen else _way_back(ways, start)
        if not way:
            continue
        seen.update(way)
        steps = [f"{os.path.basename(place)} uses {ways[place][after]} of {os.path.basename(after)}"
                 for place, after in zip(way, way[1:] + [start])]
        path = next(item.path for item in wiring.sources if room(item.path) == start)
        yield path, 1, "files call each other in a circle: " + ", ".join(steps)


def _way_back(ways, start):
    """The shortest way from START to itself; None where there is none."""
    came_from, front = {}, [start]
    while front:
        following = []
        for place in front:
            for after in sorted(ways.get(place, ())):
                if after == start:
                    way = [place]
                    while way[0] != start:
                        way.insert(0, came_from[way[0]])
                    return way
                if after not in came_from:
                    came_from[after] = place
                    following.append(after)
        front = following
    return None


def call_arrows(tree, arrows):
    """A call across folders follows the ARROWS that hold for includes."""
    wiring = Wiring(tree)
    for source in wiring.sources:
        folder = source.path.split("/")[1]
        if source.path.startswith(("src/dime.h", "src/dime/")):  # its macros name what authors write
            continue
        allowed = set(arrows.get(folder, ()))
        for name, line, other in wiring.uses(source):
            there = other.path.removeprefix("src/")
            if there.split("/")[0] in allowed | {folder} or wiring.declared[name] & allowed:
                continue
            headers = wiring.declared[name] if folder == "functions" else {there}
            if not any(header.startswith(INTERFACE) for header in headers):
                yield source.path, line, f"{folder} must not use {name} of {other.path}: arrows go down only"


def unique_names(tree):
    places = defaultdict(list)
    for source in tree.of_program():
        # What the interface declares is defined once more, where it is done.
        if source.path not in STAND_INS and not source.path.removeprefix("src/").startswith(INTERFACE):
            for item in source.definitions:
                places[item.name].append((source.path, item))
    for name, found in places.items():
        for path, item in found[1:] if name not in NOT_UNIQUE else []:
            first, at = found[0]
            yield path, item.line, f"{item.kind} {name} is also at {first}:{at.line}"


def unused_names(tree):
    """What is used by tests alone counts as unused. A tag may stand for nothing but its own list."""
    words, interface = Counter(), set()
    for source in tree.of_program():
        words.update(token.text for token in source.tokens)
        words.subtract(item.name for item in source.declarations)
        if source.path.removeprefix("src/").startswith(INTERFACE):
            interface.update(item.name for item in source.declarations + source.definitions)
    for source in tree.of_program():
        for item in source.definitions:
            if words[item.name] > 1 or item.name in interface | NOT_UNIQUE:
                continue
            by_itself = "constructor" in source.lines[item.line - 1]
            if item.kind not in ("struct", "union", "enum") and not by_itself:
                yield source.path, item.line, f"{item.kind} {item.name} is used nowhere in src"
