#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A CPU that goes away, and comes back."""

import contextlib
import os
import pathlib

import processes
from daemon import Daemon
from harness import Skip, fixture, main, test, wait_for

ONLINE = pathlib.Path("/sys/devices/system/cpu/cpu1/online")


@contextlib.contextmanager
def cpu_1_offline():
    if not os.access(ONLINE, os.W_OK):
        raise Skip("CPU 1 cannot be taken offline")
    try:
        ONLINE.write_text("0")
    except OSError as error:
        raise Skip(f"CPU 1 cannot be taken offline: {error.strerror}") from error
    try:
        yield
    finally:
        ONLINE.write_text("1")
        wait_for(lambda: 1 in os.sched_getaffinity(1), 60, "CPU 1 is back")


def assert_is_sampled(daemon, cpu):
    """A program that runs on one CPU only gets its samples."""

    def is_sampled():
        finished = processes.run_fixture("taskset", "-c", cpu, fixture("three_to_one"), "0.5")
        query = f'{{pid="{finished.pid}"}}'
        profile = daemon.past_until(query, lambda profile: profile.count() > 0.8 * 250, seconds=2)
        return profile.count() > 0.8 * 250

    wait_for(is_sampled, 60, f"CPU {cpu} is sampled")


@test
def sampling_goes_on_through_a_cpu_that_leaves_and_returns(daemon):
    with cpu_1_offline():
        assert_is_sampled(daemon, "0")
        daemon.metrics().assert_every_tick_is_accounted_for()
    for cpu in ("0", "1"):
        assert_is_sampled(daemon, cpu)
    metrics = daemon.metrics()
    metrics.assert_every_tick_is_accounted_for()


@test
def a_daemon_that_started_with_fewer_cpus_samples_those_that_come():
    with cpu_1_offline():
        daemon = Daemon("--frequency", "499")
    with daemon:
        assert_is_sampled(daemon, "1")


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", "499"))
