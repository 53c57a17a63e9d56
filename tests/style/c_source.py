"""c_source.py - reads a C file as far as a style check needs it.

Comments and literals are blanked first, at the same offsets, so that a brace in a string or a
banned name in a comment is never taken for code. A scanner of braces then finds what stands at the
top level, and what is used of other files there. It isn't a C parser and needs none of the headers.
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
DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)((?:[^\n\\]|\\.|\\\n)*)", re.M)
KINDS = {"struct", "union", "enum"}
AFTER = KINDS | {".", "->", "goto"}  # what stands behind these is a tag, a member or a label
# What may stand before a name and make no declaration of it.
WORDS = {"return", "else", "do", "case", "goto", "sizeof"}
QUALIFIERS = {"const", "volatile", "restrict", "static", "extern", "inline", "_Thread_local", "typedef"}
ATTRIBUTES = {"__attribute__", "__declspec", "_Alignas", "alignas"}
TESTS = {"START_TEST", "START_LOOP_TEST"}

Token = namedtuple("Token", "text offset")
Comment = namedtuple("Comment", "text offset end")
Function = namedtuple("Function", "name line lines tokens")
Declaration = namedtuple("Declaration", "name line")
Include = namedtuple("Include", "path quoted line")
# A name at file scope. Other files can use what is SHARED: what isn't static, or is in a header.
Definition = namedtuple("Definition", "name kind line shared")


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
        self.definitions = []
        self.uses = {}  # the line on which each name stands first that may be another file's
        self._read_top_level()
        self._read_macros()

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
            elif text == "{" and _is_linkage(tokens[begun:at]):
                begun = at + 1  # what stands in extern "C" stands at file scope
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
        self._define(name, "function", head[0], head)
        self._use(body, _declared(head + body))
        return True

    def _add_declaration(self, head):
        name = function_name(head)
        texts = {token.text for token in head}
        if texts & {"_Static_assert", "static_assert"}:
            return
        if name and not texts & {"typedef", "=", "{"}:
            self.declarations.append(Declaration(name, self.line_of(head[0].offset)))
        self._add_types(head)
        self._add_variables(_without_types(head))

    def _add_types(self, head):
        """The tags and the constants that a declaration defines, wherever in it they stand."""
        for at, token in enumerate(head):
            if token.text not in KINDS:
                continue
            brace = at + 1
            if brace < len(head) and NAME.match(head[brace].text):
                brace += 1
            if brace >= len(head) or head[brace].text != "{":
                continue
            if brace > at + 1:
                self._define(head[at + 1].text, token.text, head[at + 1])
            if token.text == "enum":
                for part in _split(head[brace + 1 : _closing(head, brace)]):
                    if part:
                        self._define(part[0].text, "constant", part[0])

    def _add_variables(self, head):
        kind = "type" if any(token.text == "typedef" for token in head) else "variable"
        if any(token.text == "extern" for token in head):
            return
        for number, part in enumerate(_split(head)):
            equals = next((at for at, token in enumerate(part) if token.text == "="), len(part))
            name = _declared_name(part[:equals], number == 0, kind == "type")
            if name:
                self._define(name.text, kind, name, head)
            self._use(part[equals:], set())

    def _read_macros(self):
        for found in DEFINE.finditer(self.code):
            if not any(item.name == found[1] for item in self.definitions):
                self._define(found[1], "macro", Token(found[1], found.start()))
            self._use([Token(token.text, token.offset + found.start(2)) for token in _tokens(found[2])], set())

    def _define(self, name, kind, at, head=None):
        """HEAD is that of a function or a variable, which may be static."""
        if kind == "type" and any(item.name == name and item.kind in KINDS for item in self.definitions):
            return  # the structure's name without the word before it
        words = [token.text for token in _without_types(head or ())]
        before_parameters = words[: words.index("(")] if "(" in words else words
        shared = self.path.endswith(".h") or "static" not in before_parameters
        self.definitions.append(Definition(name, kind, self.line_of(at.offset), shared))

    def _use(self, tokens, local):
        before = None
        for token in tokens:
            if NAME.match(token.text) and before not in AFTER and token.text not in local:
                self.uses.setdefault(token.text, self.line_of(token.offset))
            before = token.text


def _is_linkage(head):
    """Whether what stands before a brace is extern "C", whose string may have been blanked."""
    return [token.text for token in head] in (["extern"], ["extern", '"', '"'])


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


def _split(tokens):
    """The parts between the commas that stand in no bracket."""
    parts, depth = [[]], 0
    for token in tokens:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _without_types(head):
    """A declaration in which "struct x { ... }" and what else names a type is one word, and attributes are none."""
    kept, at = [], 0
    while at < len(head):
        token = head[at]
        if token.text in ATTRIBUTES:
            at = _skip_parentheses(head, at + 1)
            continue
        at += 1
        if token.text in KINDS:
            if at < len(head) and NAME.match(head[at].text):
                at += 1
            if at < len(head) and head[at].text == "{":
                at = _closing(head, at) + 1
            token = Token("int", token.offset)
        kept.append(token)
    return kept


def _declared_name(part, with_type, of_function):
    """The token that names what a declarator declares; None for a type alone, or a function if not OF_FUNCTION."""
    for at, token in enumerate(part):
        if token.text == "(" and at + 1 < len(part) and part[at + 1].text == "*":
            return next((name for name in part[at + 1 :]
                         if NAME.match(name.text) and name.text not in QUALIFIERS), None)
        if token.text == "(" and not of_function:
            return None
        if token.text in "([":
            part = part[:at]
            break
    names = [token for token in part if NAME.match(token.text) and token.text not in QUALIFIERS]
    return names[-1] if len(names) > with_type else None


def _declared(tokens):
    """The names that a function's parameters, variables and labels have."""
    names = set()
    for before, token, after in zip(tokens, tokens[1:], tokens[2:]):
        typed = before.text == "*" or NAME.match(before.text) and before.text not in WORDS
        labels = before.text in (";", "{", "}") and after.text == ":"
        if labels or typed and NAME.match(token.text) and after.text in ("=", ";", ",", ")", "["):
            names.add(token.text)
    return names


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
