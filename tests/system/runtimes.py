# SPDX-License-Identifier: Apache-2.0
"""The fixtures in other languages than C, compiled by what is here for a while."""

import contextlib
import os
import shutil
import subprocess
import tempfile

from harness import SOURCES, Skip

SPIN = SOURCES / "fixtures" / "runtimes"


def tool(*paths):
    """Debian's, whatever else is on the PATH, or the first other one that is there."""
    for path in paths:
        if found := shutil.which(path):
            return found
    raise Skip(f"there is no {paths[-1]} here")


@contextlib.contextmanager
def _built(source, *command):
    """A folder with what a compiler makes of a source; it is gone at the end."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "GOCACHE": folder, "GOFLAGS": ""}
        subprocess.run((*command, str(SPIN / source)), cwd=folder, env=environment, check=True)
        yield folder


@contextlib.contextmanager
def _program(source, *command):
    with _built(source, *command, "-o", "spin") as folder:
        yield folder + "/spin"


def go_program():
    return _program("spin.go", tool("/usr/bin/go"), "build")


def rust_program():
    return _program("spin.rs", tool("/usr/bin/rustc"), "-O", "-g")


def cpp_program():
    flags = ("-std=c++17", "-O2", "-fomit-frame-pointer", "-pthread")
    return _program("spin.cpp", tool("g++"), *flags)


def java_classes():
    return _built("Spin.java", tool("javac"), "-d", ".")
