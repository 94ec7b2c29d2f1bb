#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Unwind tables, as the kernel half has them."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import processes
from daemon import Daemon
from harness import Skip, fixture, main, test


def map_numbers(pid):
    """The numbers of the BPF maps that a process holds."""
    for info in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            words = info.read_text().split()
        except OSError:
            continue
        if "map_id:" in words:
            yield words[words.index("map_id:") + 1]


def bpftool(*arguments):
    if not shutil.which("bpftool"):
        raise Skip("bpftool is missing")
    answer = subprocess.run(["bpftool", "-j", *arguments], capture_output=True, check=True)
    return json.loads(answer.stdout)


def known_files(daemon):
    """What the kernel half knows of files: [(key, value)], the innermost of what bpftool says."""
    for number in map_numbers(daemon.pid):
        if bpftool("map", "show", "id", number)["name"] == "unwind_files":
            entries = bpftool("map", "dump", "id", number)
            return [(entry["formatted"]["key"], entry["formatted"]["value"]) for entry in entries]
    raise AssertionError("the daemon has no map of files")


@test
def a_file_is_the_same_before_and_after_someone_has_looked_at_it(daemon):
    """The time of its last change has a bit in the kernel that says so; stat(2) sets it."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        program = os.path.join(folder, "never_looked_at")
        shutil.copyfile(fixture("three_to_one"), program)
        os.chmod(program, 0o755)
        processes.run_fixture(program, "1")
        inode = os.stat(program).st_ino
        found = [key for key, _ in known_files(daemon) if key["inode"] == inode]
        assert len(found) == 1, found


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", "499"))
