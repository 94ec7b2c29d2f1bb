# SPDX-License-Identifier: Apache-2.0
"""Programs whose debug information lies apart from them."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from harness import fixture

PROGRAM = "inlined_chain"


def run(*command):
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


@contextlib.contextmanager
def folder():
    """A folder that everybody may read, for as long as `with` lasts."""
    with tempfile.TemporaryDirectory() as path:
        os.chmod(path, 0o755)
        yield pathlib.Path(path)


def build_id(path):
    notes = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=True)
    return re.search("Build ID: ([0-9a-f]+)", notes.stdout)[1]


def strip(path, source=None):
    """A program in that folder without debug information, and the file that this has gone to."""
    program, debug = path / "program", path / "program.debug"
    shutil.copy(source or fixture(PROGRAM), program)
    run("objcopy", "--only-keep-debug", program, debug)
    run("strip", program)
    return program, debug
