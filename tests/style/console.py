"""console.py - documentation that shows commands and their output, run to see if it's true.

In such a block a line that begins with "$ " is a command, which a backslash at its end carries on
to the next line; what follows is its exact output. There, `...` on a line of its own stands for any
lines, and <id>, <ms>, <time> and <version> for a part that differs from run to run.
"""

import re
import subprocess
from collections import namedtuple

Step = namedtuple("Step", "command expected line")

ANYTHING = re.compile(r"<(?:id|ms|time|version)>")
TIMEOUT = 60


def steps(lines, first=1):
    """The commands of a block whose first line has that number. ValueError if it has none."""
    found, going_on = [], False
    for number, line in enumerate(lines, first):
        if going_on:
            found[-1] = found[-1]._replace(command=found[-1].command + "\n" + line)
        elif line.startswith("$ "):
            found.append(Step(line[2:], [], number))
        elif found:
            found[-1].expected.append(line)
        else:
            raise ValueError(f"line {number} is the output of no command")
        going_on = (going_on or line.startswith("$ ")) and line.endswith("\\")
    if not found:
        raise ValueError(f"line {first}: the block has no command")
    return found


def _pattern(line):
    if line.strip() == "...":
        return r"(?:[^\n]*\n)*?"
    parts = [re.escape(part) for part in ANYTHING.split(line)]
    return r'[^\s",]+'.join(parts) + r"\n"


def matches(expected, output):
    """Whether the output is what the lines say. Line ends of HTTP count as line ends."""
    output = output.replace("\r\n", "\n").rstrip("\n")
    expected = list(expected)
    while expected and not expected[-1].strip():
        expected.pop()
    if not expected:
        return output == ""
    return re.fullmatch("".join(map(_pattern, expected)), output + "\n") is not None


def run(step, folder, environment=None):
    """Runs the command with a shell. Returns (whether it did what the block says, its output)."""
    try:
        done = subprocess.run(
            ["sh", "-c", step.command],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=TIMEOUT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False, f"took more than {TIMEOUT} seconds"
    output = done.stdout.decode("utf-8", "replace")
    return matches(step.expected, output), output + done.stderr.decode("utf-8", "replace")


class Outcome:
    """Prints what passes, fails and is skipped, and counts it."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, name, holds, why=""):
        if holds:
            self.passed += 1
            print(f"ok - {name}")
        else:
            self.failed += 1
            print(f"not ok - {name}" + "".join("\n    " + line for line in why.splitlines()))

    def skip(self, name, why):
        self.skipped += 1
        print(f"skip - {name}: {why}")

    def run(self, name, step, folder, environment=None):
        holds, output = run(step, folder, environment)
        shown = "\n".join(["expected:", *step.expected, "but it is:", output])
        self.check(name.splitlines()[0], holds, shown)

    def close(self):
        """Prints the sum. Returns the exit status."""
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 1 if self.failed else 0


def self_test(outcome):
    """Output that is wrong must be found, or no example was ever tested."""
    cases = [
        (["a", "b"], "a\nb\n", True),
        (["a", "b"], "a\r\nb", True),
        (["a"], "a\nb\n", False),
        (["a", "b"], "a\n", False),
        (["a.c"], "abc\n", False),
        (["a", "..."], "a\nb\nc\n", True),
        (["a", "..."], "a\n", True),
        (["a", "...", "d"], "a\nb\nc\nd\n", True),
        (["a", "...", "d"], "a\nb\nc\n", False),
        (['{"id":"<id>"}'], '{"id":"0f3-a"}\n', True),
        (['{"id":"<id>"}'], '{"id":""}\n', False),
        (['{"id":"<id>"}'], '{"id":"1","more":"2"}\n', False),
        ([], "", True),
        ([], "a\n", False),
        (["a", ""], "a\n", True),
        (["..."], "", True),
    ]
    wrong = [case for case in cases if matches(case[0], case[1]) != case[2]]
    outcome.check("self-test: output is compared", not wrong, str(wrong))
    block = ["$ echo a \\", "  b", "a b", "$ true"]
    wanted = [Step("echo a \\\n  b", ["a b"], 7), Step("true", [], 10)]
    outcome.check("self-test: commands are found", steps(block, 7) == wanted, str(steps(block, 7)))
    outcome.check("self-test: a command is run", run(steps(block)[0], "/")[0])
    outcome.check("self-test: other output is a failure", not run(Step("echo b", ["a"], 1), "/")[0])
