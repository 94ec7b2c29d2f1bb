#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Frames of Go programs have the function, file and line that Go's own profiler gives them, though
the programs are stripped."""

import collections
import pathlib
import re
import shutil
import tempfile

import processes
from daemon import Daemon
from go_programs import build, compilers
from harness import main, test_of_shares
from pprof import Profile

SECONDS = 3

# cgo, and what goes into the command.
VARIANTS = {
    "stripped": (False, "-ldflags=-s -w"),
    "with debug information": (False,),
    "PIE, stripped": (False, "-buildmode=pie", "-ldflags=-s -w"),
    "cgo, stripped": (True, "-ldflags=-s -w"),
}

# Who is asked; inlined into one another, and behind a type parameter.
CHAINS = (
    ("main.mix", "main.twice", "main.work", "main.main.func1", "main.main"),
    ("main.mix", "main.(*table[…]).count", "main.main.func1", "main.main"),
)
PARAMETERS = re.compile(r"\[.*\]")


def programs():
    return [
        (f"{go}, {name}", build(go, "profiles_itself", *flags, cgo=cgo))
        for go in compilers()
        for name, (cgo, *flags) in VARIANTS.items()
        if not cgo or shutil.which("gcc")
    ]


def is_of(chain, wanted):
    return tuple(PARAMETERS.sub("[…]", name) for name, _, _ in chain) == wanted


def chains(profile):
    """What leads to main.main, with how many samples saw it: {((function, file, line), …): n}. The
    leaf is a loop, of which any line may be met: its line is not asked for. Go's profiler sees
    itself interrupt it."""
    found = collections.Counter()
    for sample in profile.samples:
        frames = [(frame.name, frame.file, frame.line) for frame in sample.frames]
        while frames and frames[0][0].startswith("runtime."):
            frames.pop(0)
        if frames and "main.main" in sample.names:
            leaf, *callers = frames[: [name for name, _, _ in frames].index("main.main") + 1]
            found[((*leaf[:2], 0), *callers)] += sample.count
    return found


def assert_alike(name, own, ours):
    """What Go's profiler saw, this daemon saw: the very same frames."""
    for wanted in CHAINS:
        expected = {chain for chain in own if is_of(chain, wanted)}
        found = {chain: n for chain, n in ours.items() if is_of(chain, wanted)}
        assert expected, f"{name}: Go has not seen {wanted}"
        assert sum(found.values()) > 10 and expected <= set(found), (
            f"{name}: {found}\nGo: {expected}"
        )


@test_of_shares
def stripped_programs_have_the_frames_that_their_own_profiler_says(daemon):
    for name, path in programs():
        with tempfile.TemporaryDirectory() as folder:
            profile_path = pathlib.Path(folder) / "profile"
            run = processes.run_fixture(path, str(SECONDS), str(profile_path))
            own = Profile(profile_path.read_bytes())
        selector = f'{{pid="{run.pid}"}}'
        daemon.past_until(selector, lambda profile: profile.has("main.main"))
        profile = daemon.past_settled(selector)
        assert_alike(name, chains(own), chains(profile))
        mapping = profile.frames("main.main")[0].mapping
        assert "inline_frames" in mapping.flags, f"{name}: {mapping}"


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", "499"))
