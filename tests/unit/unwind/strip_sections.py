#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Copy a 64-bit ELF file, as if it had no section headers: strip_sections.py FROM TO."""

import pathlib
import sys

SECTION_FIELDS = (slice(0x28, 0x30), slice(0x3c, 0x40))  # e_shoff; e_shnum and e_shstrndx


def main():
    content = bytearray(pathlib.Path(sys.argv[1]).read_bytes())
    for field in SECTION_FIELDS:
        content[field] = bytes(field.stop - field.start)
    pathlib.Path(sys.argv[2]).write_bytes(content)


if __name__ == "__main__":
    main()
