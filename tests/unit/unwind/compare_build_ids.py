#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Build ids are those that readelf tells, for programs and libraries of this machine.

compare_build_ids.py BUILD_ID_TOOL
"""

import itertools
import pathlib
import re
import shutil
import subprocess
import sys

SKIPPED = 77
MAX_FILES = 400
FOLDERS = ("/usr/bin", "/usr/lib")


def programs():
    """Executables and libraries, at most MAX_FILES of each folder."""
    for folder in FOLDERS:
        found = (path for path in pathlib.Path(folder).rglob("*") if is_program(path))
        yield from itertools.islice(found, MAX_FILES)


def is_program(path):
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(18)
    # readelf knows sections besides, where objects and modules have their notes.
    return head[:4] == b"\x7fELF" and head[16:18] in (b"\x02\0", b"\x03\0")


def said_by_readelf(path):
    run = subprocess.run(
        ["readelf", "-nW", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
        text=True,
        errors="replace",
    )
    found = re.search("Build ID: ([0-9a-f]+)", run.stdout)
    return found[1] if found else "none"


def main():
    if not shutil.which("readelf"):
        print("readelf is not installed")
        sys.exit(SKIPPED)
    paths = list(programs())
    run = subprocess.run([sys.argv[1], *paths], stdout=subprocess.PIPE, check=True, text=True)
    n_named = 0
    for path, ours in zip(paths, run.stdout.split(), strict=True):
        theirs = said_by_readelf(path)
        n_named += theirs != "none"
        if ours != theirs:
            sys.exit(f"{path}: {ours}, but readelf says {theirs}")
    if not n_named:
        sys.exit(f"none of {len(paths)} files has a build id")
    print(f"{len(paths)} files, {n_named} with a build id")


if __name__ == "__main__":
    main()
