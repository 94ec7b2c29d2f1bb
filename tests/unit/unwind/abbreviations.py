# SPDX-License-Identifier: Apache-2.0
"""The abbreviations of a .dwo file, in an order that llvm-dwp 14 understands: it looks through them
for the unit's, and does not know that DW_FORM_implicit_const, which gcc uses, has a value there."""

import pathlib
import subprocess

SECTION = ".debug_abbrev.dwo"
DW_TAG_COMPILE_UNIT = 0x11
DW_FORM_IMPLICIT_CONST = 0x21


class Reader:
    """Numbers in LEB128, one after the other."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def number(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def declaration(self):
        """The tag and the bytes of the next abbreviation; or None at the end of the table."""
        start = self.at
        if not self.number():
            return None
        tag = self.number()
        self.at += 1  # whether it has children
        while True:
            attribute, form = self.number(), self.number()
            if form == DW_FORM_IMPLICIT_CONST:
                self.number()
            if not attribute and not form:
                return tag, self.data[start : self.at]


def units_first(table):
    """Each has a code, by which entries find it: so the order says nothing."""
    reader = Reader(table)
    declarations = list(iter(reader.declaration, None))
    declarations.sort(key=lambda declaration: declaration[0] != DW_TAG_COMPILE_UNIT)
    return b"".join(text for _, text in declarations) + b"\0"


def put_units_first(dwo):
    """Reorder those of a file."""
    path = pathlib.Path(dwo).with_suffix(".abbreviations")
    subprocess.run(["objcopy", f"--dump-section={SECTION}={path}", dwo], check=True)
    path.write_bytes(units_first(path.read_bytes()))
    subprocess.run(["objcopy", f"--update-section={SECTION}={path}", dwo], check=True)
