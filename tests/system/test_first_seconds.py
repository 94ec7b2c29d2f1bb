#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a person sees who starts it for the first time, and opens the page at once."""

import time

import processes
from daemon import Daemon
from harness import fixture, main, test_of_shares, wait_for
from pprof import Profile

SOON_SECONDS = 5
CHAIN = ["innermost", "middle", "outermost", "main"]


def has_names(profile):
    """Of the fixture's functions, inlined ones too, with their lines, and of the kernel's."""
    stacks = [sample.frames[:4] for sample in profile.samples if sample.names[:4] == CHAIN]
    has_kernel = any(
        frame.mapping and frame.mapping.path.startswith("[kernel") and "+0x" not in frame.name
        for sample in profile.samples
        for frame in sample.frames
    )
    return has_kernel and any(
        [frame.is_inlined for frame in frames] == [True, True, False, False]
        and all(frame.line and frame.file.endswith("inlined_chain.c") for frame in frames)
        for frames in stacks
    )


@test_of_shares
def names_and_lines_of_the_whole_host_are_there_within_five_seconds():
    """With an empty cache, while much else waits to be read; as long as the test itself takes to
    read an answer does not count."""
    load = processes.start(fixture("inlined_chain"), "120")
    wait_for(lambda: processes.cpu_seconds(load.pid) > 0.1, 60, "the fixture runs")
    start = time.monotonic()
    with Daemon(wrapper=processes.FIRST) as daemon:

        def seconds_until_named():
            answer = daemon.get("/api/v1/profile", **{"from": "now-1m"})
            seconds = time.monotonic() - start
            return has_names(Profile(answer.body)) and seconds

        seconds = wait_for(seconds_until_named, 40, "all names are there")
    load.kill()
    processes.finish(load)
    assert seconds <= SOON_SECONDS, f"after {seconds:.1f} s"


if __name__ == "__main__":
    main()
