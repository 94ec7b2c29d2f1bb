#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write text files as C strings, to go into CDATA sections: embed.py OUTPUT (NAME FILE)…"""

import pathlib
import sys


def c_string(name, text):
    if "]]>" in text:
        sys.exit(f"{name} would end its CDATA section")
    octets = [f"{byte}," for byte in text.encode()] + ["0"]
    rows = ["\t" + "".join(octets[at : at + 16]) for at in range(0, len(octets), 16)]
    return "\n".join([f"const char {name}[] = {{", *rows, "};", ""])


def main():
    output, *arguments = sys.argv[1:]
    strings = [
        c_string(name, pathlib.Path(path).read_text(encoding="utf-8"))
        for name, path in zip(arguments[::2], arguments[1::2])
    ]
    pathlib.Path(output).write_text('#include "export/svg_parts.h"\n\n' + "\n".join(strings))


main()
