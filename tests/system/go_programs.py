# SPDX-License-Identifier: Apache-2.0
"""The fixtures in Go, compiled by each compiler of Go that is here."""

import functools
import glob
import os
import shutil
import subprocess
import tempfile

from harness import FIXTURES, SOURCES, Skip

_folder = tempfile.TemporaryDirectory()


@functools.cache
def compilers():
    """All compilers of Go that are here, the default one first."""
    found = [shutil.which("go"), *sorted(glob.glob("/usr/lib/go-*/bin/go"))]
    if not any(found):
        raise Skip("go is not installed")
    return list(dict.fromkeys(os.path.realpath(path) for path in found if path))


@functools.cache
def build(go, name, *flags, cgo=False):
    """Compile a fixture; returns the path of the program."""
    path = f"{_folder.name}/{len(os.listdir(_folder.name))}-{name}"
    run = subprocess.run(
        [go, "build", *flags, "-o", path, str(SOURCES / "fixtures" / f"{name}.go")],
        env={
            **os.environ,
            "CGO_ENABLED": str(int(cgo)),
            "GO111MODULE": "off",
            "GOCACHE": str(FIXTURES.parent / "unit/unwind/go-cache"),
            "GOTOOLCHAIN": "local",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return path
