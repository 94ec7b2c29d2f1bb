#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the files of a flat folder, as they are sent, as C arrays and a table:

    embed_ui.py FOLDER OUTPUT DEPFILE
"""

import hashlib
import pathlib
import sys

import page_file
import page_text

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


def c_array(number, data):
    lines = [f"static const unsigned char file_{number}[] = {{"]
    for start in range(0, len(data), 16):
        lines.append("\t" + "".join(f"{byte}," for byte in data[start : start + 16]))
    if not data:
        lines.append("\t0,")  # C has no empty arrays
    return "\n".join(lines + ["};", ""])


def c_entry(number, path, data):
    etag = hashlib.sha256(data).hexdigest()[:16]
    media_type = MEDIA_TYPES[path.suffix]
    return f'\t{{ "{path.name}", "{media_type}", "\\"{etag}\\"", file_{number}, {len(data)} }},'


def main():
    folder, output, depfile = (pathlib.Path(argument) for argument in sys.argv[1:])
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    sent = page_text.served_of(paths)
    files = [(number, path, page_file.sent(path)) for number, path in enumerate(sent)]
    arrays = "\n".join(c_array(number, data) for number, _, data in files)
    entries = "\n".join(c_entry(*file) for file in files)
    output.write_text(
        f'#include "web/ui_files.h"\n\n{arrays}\n'
        f"const struct ui_file ui_files[] = {{\n{entries}\n\t{{ 0 }},\n}};\n"
    )
    # The folder itself is listed too: it changes when a file comes or goes.
    depfile.write_text(f"{output}: " + " ".join(str(path) for path in [folder, *paths]) + "\n")


main()
