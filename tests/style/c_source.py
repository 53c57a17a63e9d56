"""c_source.py - reads a C file as far as a style check needs it.

Comments and literals are blanked first, at the same offsets, so that a brace in a string or a
banned name in a comment is never taken for code. A scanner of braces then finds what stands at the
top level: functions and declarations. It isn't a C parser and needs none of the headers.
"""

import bisect
import re
from collections import namedtuple

LEXEME = re.compile(
    r"""/\*.*?(?:\*/|\Z)
      | //(?:[^\n\\]|\\.|\\\n)*
      | "(?:\\.|[^"\\\n])*"
      | '(?:\\.|[^'\\\n])*'""",
    re.S | re.X,
)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.M)
TOKEN = re.compile(r"[A-Za-z_]\w*|\.?\d[\w.]*|->|\S")
NAME = re.compile(r"[A-Za-z_]\w*\Z")
ATTRIBUTES = {"__attribute__", "__declspec", "_Alignas", "alignas"}
TESTS = {"START_TEST", "START_LOOP_TEST"}

Token = namedtuple("Token", "text offset")
Comment = namedtuple("Comment", "text offset end")
Function = namedtuple("Function", "name line lines tokens")
Declaration = namedtuple("Declaration", "name line")
Include = namedtuple("Include", "path quoted line")


def _blank(text):
    """The text with all but its line ends made blank."""
    return re.sub(r"[^\n]", " ", text)


def _tokens(code):
    return [Token(found.group(), found.start()) for found in TOKEN.finditer(code)]


class Source:
    """One C file, read."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()
        self._starts = [0] + [found.end() for found in re.finditer("\n", text)]
        self.comments = []
        self.code = LEXEME.sub(self._strip, text)
        self.code_lines = self.code.split("\n")
        self.tokens = _tokens(self.code)
        self.includes = self._read_includes()
        self.functions = []
        self.declarations = []
        self._read_top_level()

    def line_of(self, offset):
        return bisect.bisect_right(self._starts, offset)

    def _strip(self, found):
        lexeme = found.group()
        if lexeme[0] == "/":
            self.comments.append(Comment(lexeme, found.start(), found.end()))
            return _blank(lexeme)
        return lexeme[0] + _blank(lexeme[1:-1]) + lexeme[0]

    def _read_includes(self):
        """Found in the text, since the code has no literals, where the code has a directive."""
        return [
            Include(found[1] or found[2], found[1] is not None, self.line_of(found.start()))
            for found in INCLUDE.finditer(self.text)
            if self.code[found.start() : found.end()].lstrip().startswith("#")
        ]

    def _without_directives(self):
        """The code with directives blanked and, of #if and #else, one branch kept.

        Of each #if that is open, BRANCHES says whether its branch is kept and whether one has been.
        """
        kept, at, branches = [], 0, []
        for found in DIRECTIVE.finditer(self.code):
            between = self.code[at : found.start()]
            kept.append(between if all(is_kept for is_kept, _ in branches) else _blank(between))
            kept.append(_blank(found.group()))
            at = found.end()
            words = found.group().replace("#", " ").split()
            word = words[0] if words else ""
            if word in ("if", "ifdef", "ifndef"):
                branches.append((words[1:] != ["0"],) * 2)
            elif word in ("else", "elif") and branches:
                branches[-1] = (not branches[-1][1], True)
            elif word == "endif" and branches:
                branches.pop()
        kept.append(self.code[at:])
        return "".join(kept)

    def _read_top_level(self):
        tokens = _tokens(self._without_directives())
        begun, at = 0, 0
        while at < len(tokens):
            text = tokens[at].text
            if text == ";":
                self._add_declaration(tokens[begun:at])
                begun = at + 1
            elif text == "{":
                end = _closing(tokens, at)
                if self._add_function(tokens[begun:at], tokens[at : end + 1]):
                    begun = end + 1
                at = end
            at += 1

    def _add_function(self, head, body):
        """False where the brace begins a struct or a table, which goes on to its semicolon."""
        if head and head[0].text == "END_TEST":
            head = head[1:]
        name = function_name(head)
        if not name or any(token.text == "=" for token in head):
            return False
        first, last = self.line_of(head[0].offset), self.line_of(body[-1].offset)
        self.functions.append(Function(name, first, last - first + 1, body))
        return True

    def _add_declaration(self, head):
        name = function_name(head)
        texts = {token.text for token in head}
        if name and not texts & {"typedef", "=", "{", "_Static_assert", "static_assert"}:
            self.declarations.append(Declaration(name, self.line_of(head[0].offset)))


def _closing(tokens, at):
    """The index of the brace that closes the one at AT; the last token where none does."""
    depth = 0
    for index in range(at, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[index].text, 0)
        if depth == 0:
            return index
    return len(tokens) - 1


def _skip_parentheses(head, at):
    depth = 0
    while at < len(head):
        depth += {"(": 1, ")": -1}.get(head[at].text, 0)
        at += 1
        if depth == 0:
            break
    return at


def function_name(head):
    """The name in a function's head: what stands before its parameters. None if it isn't one."""
    at = 0
    while at + 1 < len(head):
        text, following = head[at].text, head[at + 1].text
        if text in ATTRIBUTES:
            at = _skip_parentheses(head, at + 1)
        elif text in TESTS and following == "(" and at + 2 < len(head):
            return head[at + 2].text
        elif following == "(" and NAME.match(text):
            return text
        else:
            at += 1
    return None
