# SPDX-License-Identifier: Apache-2.0
"""Perf maps, in which runtimes name the code that they make."""

import collections
import pathlib


def map_of(pid):
    """Where the process of that pid writes its map."""
    return pathlib.Path(f"/tmp/perf-{pid}.map")


def query(pid):
    """The selector of that process."""
    return f'{{pid="{pid}"}}'


def names_in(path):
    """All names in a perf map, which is not needed any more."""
    lines = path.read_text(errors="replace").splitlines()
    path.unlink()
    return {line.split(" ", 2)[2] for line in lines}


def leaves_in(profile, path):
    """How many samples hit functions that a perf map or jitdump names, by name."""
    leaves = collections.Counter()
    for sample in profile.samples:
        leaf = sample.frames[0]
        if leaf.mapping and leaf.mapping.path == str(path):
            leaves[leaf.name] += sample.count
    return leaves
