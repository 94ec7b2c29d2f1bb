# SPDX-License-Identifier: Apache-2.0
"""What of a file of the page is served: all but its comments, and the spaces and ends of lines that
mean nothing. That a name stays what it is, which the types have been checked for, means nothing to
a browser, either: `const` is served as `let`; and a fraction needs no 0.

Strings, templates and regular expressions are left alone; so are spaces that keep words, or signs,
apart, and ends of lines where a statement may end without a semicolon. Each import and export has a
line of its own (export/embed_page.py). A style sheet that another one imports is served as part of
it."""

import re
import sys

COMMENT = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*$", re.M | re.S)
INDENT = re.compile(r"(?<=\n)[ \t]+")
BLANK = re.compile(r"[ \t]+")
# A sign at either side may be one with this one; at the ends of what is looked at there may be one.
AROUND_SIGN = re.compile(r"(?<=[^\s+/*-]) ([+/-]) (?=[^\s+/*-])")
NEEDLESS = re.compile(r" ?([=*<>(){}\[\],;:?&|!%^~]) ?")
# A declaration, and not a name's part.
CONSTANT = re.compile(r"(?<![\w$.])const(?=[ {\[])")
# Parentheses that only a comment with a type needed.
CAST = re.compile(
    r"(?<=[=(,:?&|!{\[;>])\(((?:[A-Za-z_$][\w$]*)(?:\.[\w$]+)*|\[\]|null)\)(?!=>|\{)")
# That of a fraction, which needs none.
ZERO = re.compile(r"(?<![\w.$])0(?=\.\d)")
# What cannot end a statement, what cannot begin one, and a block before a word: a statement that
# ends with an object has its semicolon.
LINE_END = re.compile(
    r"(?:(?<=[;{(,\[=&|?:])\n|(?<=\})\n(?=[\w$#])|\n(?=[)\]},;:?.&|=]))(?!(?:im|ex)port\b)")
# The last semicolon of a block, unless it is all that a loop does; a comma after the last item.
AT_CLOSE = re.compile(r"(?<=[^)\s]);(?=\})|(?<=\(\));(?=\})|(?<=[^,\[\s]),(?=[)\]}])")
IMPORTED = re.compile(r'^@import "([\w.]+)";$', re.M)
IN_STYLE = re.compile(r"\s*([{};,>])\s*")
AFTER_COLON = re.compile(r":[ \t]+")
BEFORE_DIVISION = re.compile(r"(?:[\w$)\]}]|\+\+|--)\s*$")
BEFORE_EXPRESSION = re.compile(r"\b(?:return|typeof|case|in|of)\s*$")
REGEXP = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/\w*")
STRING = re.compile(r"'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"")
QUOTES = ("'", '"', "`")  # what keeps itself apart from words
REMARK = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)


def skip_template(text, at):
    """The end of the template that begins at @at; others may lie within."""
    at += 1
    while text[at] != "`":
        if text.startswith("${", at):
            at = skip_expression(text, at + 2)
        else:
            at += 2 if text[at] == "\\" else 1
    return at + 1


def skip_expression(text, at):
    """The end of what stands in ${…}, whose first character is at @at."""
    start = at
    while text[at] != "}":
        end = next_literal(text, at, text[start:at])
        if end is None:
            end = skip_expression(text, at + 1) if text[at] == "{" else at + 1
        at = end
    return at + 1


def next_literal(text, at, before):
    """The end of the literal that begins at @at, after the code @before; None: there is none."""
    if text[at] == "`":
        return skip_template(text, at)
    # A slash divides what is before it, if there is something to divide.
    is_division = BEFORE_DIVISION.search(before) and not BEFORE_EXPRESSION.search(before)
    pattern = STRING if text[at] in "'\"" else REGEXP if text[at] == "/" and not is_division else None
    found = pattern and pattern.match(text, at)
    return found.end() if found else None


def squeeze(code):
    code = NEEDLESS.sub(r"\1", BLANK.sub(" ", INDENT.sub("", code)))
    code = CAST.sub(r"\1", ZERO.sub("", CONSTANT.sub("let", code)))
    code = LINE_END.sub("", re.sub("\n+", "\n", AROUND_SIGN.sub(r"\1", code)))
    return AT_CLOSE.sub("", code)


def squeeze_script(text):
    out, code, start, at = [], "", 0, 0
    while at < len(text):
        remark = REMARK.match(text, at)
        if not remark and text[at] not in "'\"`/":
            at += 1
            continue
        end = remark.end() if remark else next_literal(text, at, text[max(start, at - 80) : at])
        if end is None:
            at += 1
            continue
        code += text[start:at]
        if not remark:
            out += [code, text[at:end]]
            code = ""
        start = at = end
    out.append(code + text[start:])
    # Code and what is left alone, by turns: a line that begins with a literal has its indent in
    # the code before.
    code = [re.sub(r"\n[ \t]+$", "\n", squeeze(part)) for part in out[::2]]
    for i, literal in enumerate(out[1::2]):
        if literal[:1] in QUOTES:
            code[i] = code[i].rstrip(" ")
            code[i + 1] = code[i + 1].lstrip(" ")
    return "".join(part for pair in zip(code, [*out[1::2], ""]) for part in pair).rstrip()


def squeeze_style(text):
    """Of a style sheet: a space before a colon, or between words, means something."""
    text = re.sub("\n+", "\n", COMMENT.sub("", text))
    parts = re.split(f"({STRING.pattern})", text)
    parts[::2] = [AFTER_COLON.sub(":", IN_STYLE.sub(r"\1", part)) for part in parts[::2]]
    parts[::2] = [ZERO.sub("", part) for part in parts[::2]]
    return "".join(parts)


def style_sheet(path):
    """The style sheet at @path, with those that it imports in their places."""
    text = path.read_text(encoding="utf-8")
    return IMPORTED.sub(lambda found: style_sheet(path.with_name(found[1])), text)


def served_of(paths):
    """Those of the files of a folder that are served: not what is part of another."""
    sheets = [path.read_text(encoding="utf-8") for path in paths if path.suffix == ".css"]
    imported = {name for sheet in sheets for name in IMPORTED.findall(sheet)}
    return [path for path in paths if path.name not in imported]


def served(path):
    """The bytes of the file at @path as they are served."""
    if path.suffix == ".css":
        text = squeeze_style(INDENT.sub("", style_sheet(path)))
    elif path.suffix == ".html":
        text = INDENT.sub("", path.read_text(encoding="utf-8"))
    elif path.suffix == ".js":
        text = squeeze_script(path.read_text(encoding="utf-8"))
    else:
        return path.read_bytes()
    return text.encode("utf-8")


if __name__ == "__main__":
    import pathlib

    for argument in sys.argv[2:]:
        source = pathlib.Path(argument)
        pathlib.Path(sys.argv[1], source.name).write_bytes(served(source))
