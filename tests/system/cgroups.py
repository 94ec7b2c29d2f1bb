# SPDX-License-Identifier: Apache-2.0
"""Cgroups: made below that of the test, in either kind of hierarchy, and gone at its end."""

import contextlib
import pathlib

from harness import Skip


def _own():
    """The folder of the test's own cgroup, and its path as /proc has it."""
    mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    root = next((mount[1] for mount in mounts if mount[2] == "cgroup2"), None)
    lines = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
    own = next((line[3:].rstrip("/") for line in lines if line.startswith("0::")), None)
    if root is None or own is None:
        raise Skip("there is no cgroup2")
    return pathlib.Path(root + own), own


def _own_of_cpu():
    """As above, in the hierarchy of the cpu controller, of version 1."""
    mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    root = next((m[1] for m in mounts if m[2] == "cgroup" and "cpu" in m[3].split(",")), None)
    lines = [line.split(":", 2) for line in pathlib.Path("/proc/self/cgroup").read_text().split()]
    own = next((path.rstrip("/") for _, names, path in lines if "cpu" in names.split(",")), None)
    if root is None or own is None:
        raise Skip("there is no cpu controller of version 1")
    return pathlib.Path(root + own), own


@contextlib.contextmanager
def cgroup(path, version=2):
    """Make a cgroup of some folders; yield (its folder, its path as /proc has it)."""
    folder, own = _own() if version == 2 else _own_of_cpu()
    made = []
    try:
        for name in path.split("/"):
            folder /= name
            try:
                folder.mkdir()
            except OSError as error:
                raise Skip(f"{folder}: {error.strerror}") from None
            made.append(folder)
        yield folder, f"{own}/{path}"
    finally:
        for folder in reversed(made):
            folder.rmdir()


def command_in(folder, *command):
    """The command line of a command that puts itself there first."""
    script = 'echo $$ >"$0"/cgroup.procs && exec "$@"'
    return ["sh", "-c", script, str(folder), *command]
