#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the page as one file of HTML, in two C strings between which a profile goes:

    embed_page.py UI_FOLDER OUTPUT DEPFILE

Its modules become one script, each a function that is called when it is first needed: in the page
by main.js, in the worker that the page makes of the same script by worker.js. Its style and its icon
lie inside. What lies inside may run and be drawn by its hash, and nothing else: no name in a profile
can become part of it.
"""

import base64
import hashlib
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "web"))
import page_text  # noqa: E402

IMPORT = re.compile(r"^import\s*\{([^}]*)\}\s*from\s*'\./([\w.-]+)';\n?", re.M)
EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const|let) ([\w$]+)", re.M)
LEFT_OVER = re.compile(r"^(import|export)\b.*$|\bimport\s*\(\s*['\"`](?!\./[\w.]+'\)\.)", re.M)
STYLE_LINK = re.compile(r'\s*<link rel="stylesheet" href="([\w.]+)">')
COMMENTS = re.compile(r"/\*.*?\*/", re.S)
ICON = '"favicon.svg"'
# What a module gives, and what runs in a page or in a worker.
START = """
'use strict';
const modules = {};
const once = (make) => {
let made;
return () => (made ??= make());
};
"""
END = "modules[globalThis.document ? 'main.js' : 'worker.js']();\n"


def fail(what):
    sys.exit(f"embed_page.py: {what}")


def load_module(folder, name, modules):
    """Put a module, after those that it needs, among the modules: what each of them becomes."""
    if name in modules:
        return
    text = page_text.served(folder / name).decode("utf-8")
    modules[name] = None
    head, exported = [], []
    for names, needed in IMPORT.findall(text):
        load_module(folder, needed, modules)
        if modules[needed] is None:
            fail(f"{name} and {needed} need one another")
        pattern = names.replace(" as ", ": ").strip().rstrip(",")
        head.append(f"const {{ {pattern} }} = modules['{needed}']();")
    text = IMPORT.sub("", text)
    exported = [found for _, found in EXPORT.findall(text)]
    text = EXPORT.sub(r"\1 \2", text)
    left_over = LEFT_OVER.search(COMMENTS.sub("", text))
    if left_over:
        fail(f"{name}: it is not known what '{left_over.group(0)}' would become")
    del modules[name]  # so that it comes after them
    modules[name] = "\n".join(
        [
            f"modules['{name}'] = once(() => {{",
            *head,
            text.rstrip(),
            f"return {{ {', '.join(exported)} }};",
            "});\n",
        ]
    )


def hash_of(text):
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def replace(text, pattern, by):
    replaced, count = re.subn(pattern, lambda _: by, text)
    if not count:
        fail(f"index.html: there is no {pattern}")
    return replaced


def build_page(folder):
    """The page before and after the profile, and the policy of its meta element, which can say
    nothing of frames."""
    page = (folder / "index.html").read_text(encoding="utf-8")
    names = STYLE_LINK.findall(page)
    style = "\n" + "".join(page_text.served(folder / name).decode("utf-8") for name in names)
    modules = {}
    for name in ("main.js", "worker.js"):
        load_module(folder, name, modules)
    script = START + "".join(modules.values()) + END
    for name, text in (("the script", script), ("the style", style)):
        if re.search(r"</(script|style)|<!--", text, re.I):
            fail(f"{name} would end its element")
    icon = base64.b64encode((folder / "favicon.svg").read_bytes()).decode()
    policy = (
        f"default-src 'none'; script-src {hash_of(script)}; style-src {hash_of(style)}; "
        "worker-src blob:; img-src data:; base-uri 'none'; form-action 'none'"
    )
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    page = replace(page, r'<meta charset="utf-8">', f'<meta charset="utf-8">\n    {meta}')
    page = replace(page, STYLE_LINK, "")
    page = replace(page, "</head>", f"  <style>{style}</style>\n  </head>")
    page = replace(page, r'\s*<script type="module"[^>]*></script>', "")
    page = replace(page, ICON, f'"data:image/svg+xml;base64,{icon}"')
    before, after = page.split("</body>")
    before += '  <script id="embedded-profile" type="application/octet-stream">'
    script = f'<script id="embedded-script" type="module">{script}</script>'
    after = f"</script>\n    {script}\n  </body>{after}"
    return before, after, policy


def c_string(name, text):
    octets = [f"{byte}," for byte in text.encode()] + ["0"]
    rows = ["\t" + "".join(octets[at : at + 16]) for at in range(0, len(octets), 16)]
    return "\n".join([f"const char {name}[] = {{", *rows, "};", ""])


def main():
    folder, output, depfile = (pathlib.Path(argument) for argument in sys.argv[1:])
    before, after, policy = build_page(folder)
    output.write_text(
        '#include "export/html_parts.h"\n\n'
        + c_string("html_before", before)
        + c_string("html_after", after)
        + c_string("html_policy", policy + "; frame-ancestors 'none'")
    )
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    depfile.write_text(f"{output}: " + " ".join(str(path) for path in [folder, *paths]) + "\n")


main()
