# SPDX-License-Identifier: Apache-2.0
"""The tree that the style tests look at: its files, and functions cut out of its C."""

import dataclasses
import os
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE_FOLDERS = ("bpf", "unwind", "profiler", "export", "web", "tests")


def files(*patterns, under=""):
    """Paths, relative to the root and sorted, of our files that match one of the patterns."""
    found = []
    for folder, subfolders, names in os.walk(ROOT / under):
        subfolders[:] = [name for name in subfolders if is_ours(name)]
        found += [pathlib.Path(folder, name).relative_to(ROOT) for name in names]
    return sorted(path for path in found if any(path.match(pattern) for pattern in patterns))


def is_ours(folder_name):
    return not (folder_name.startswith("build") or folder_name in (".git", "node_modules"))


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def c_files():
    return [path for path in files("*.c", "*.h") if path.parts[0] in SOURCE_FOLDERS]


def blank(text):
    """The C in text with comments, strings and characters emptied; lines stay where they are."""

    def empty(match):
        token = match.group()
        return token[0] * 2 if token[0] in "\"'" else "\n" * token.count("\n")

    tokens = r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
    return re.sub(tokens, empty, text, flags=re.S)


class StyleTest(unittest.TestCase):
    def assert_none(self, findings):
        """There are no findings; each is told on a line of its own if there are."""
        lines = [str(finding) for finding in findings]
        if lines:
            self.fail("\n".join(["", *lines]))


@dataclasses.dataclass
class Function:
    """A C function; of the format that clang-format leaves: its braces are in the first column."""

    path: pathlib.Path
    name: str
    line: int
    length: int  # lines, from the brace to the brace
    depth: int  # of control statements in control statements
    n_parameters: int

    def __str__(self):
        return f"{self.path}:{self.line}: {self.name}()"


def functions(path):
    """The functions which the C file at path defines, in their order."""
    lines = blank(read(path)).split("\n")
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            name, parameters = head(lines[: start - 1])
            body = "\n".join(lines[start - 1 : number])
            yield Function(path, name, start, number - start + 1, depth(body), count(parameters))
            start = None


def head(lines):
    """Name and parameters of the function whose body follows these lines."""
    text = ""
    for line in reversed(lines):
        text = line + " " + text
        if line and not line[0].isspace() and text.count("(") == text.count(")") > 0:
            break
    match = re.search(r"(\w+)\s*\((.*)\)\s*$", text.strip())
    return match.groups() if match else ("?", "")


def count(parameters):
    """How many parameters a list of them holds, whatever parentheses are in it."""
    flat = re.sub(r"\([^()]*\)", "", parameters).strip()
    return 0 if flat in ("", "void") else flat.count(",") + 1


def depth(body):
    """How deeply control statements with a block stand in one another."""
    deepest, is_control = 0, []
    for match in re.finditer(r"[{}]", body):
        if match.group() == "}":
            is_control.pop()
            continue
        before = body[: match.start()].rstrip()
        is_control.append(bool(re.search(r"(\)|\belse|\bdo)$", before)))
        deepest = max(deepest, sum(is_control))
    return deepest
