#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every tick is accounted for, whatever happens."""

import os
import signal
import subprocess
import time

import processes
from daemon import Daemon
from harness import fixture, main, test, wait_for

FREQUENCY_HZ = 499
STORM_SECONDS = 8


def scrape_until(daemon, is_over):
    """Scrape as fast as it goes; each scrape must add up. Return the first and the last."""
    first = last = daemon.metrics()
    n_scrapes = 1
    while not is_over():
        last.assert_every_tick_is_accounted_for()
        scrape = daemon.metrics()
        assert scrape.ticks >= last.ticks and scrape.stored >= last.stored
        last = scrape
        n_scrapes += 1
    assert n_scrapes > 10, f"only {n_scrapes} scrapes"
    return first, last


@test
def every_scrape_adds_up_during_a_fork_storm(daemon):
    command = (fixture("fork_storm"), str(STORM_SECONDS), "300")
    storm = processes.start(*command, stdout=subprocess.DEVNULL)
    ended = []

    def is_over():
        if os.waitid(os.P_PID, storm.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            ended.append(True)
        return bool(ended)

    first, last = scrape_until(daemon, is_over)
    finished = processes.finish(storm)
    assert finished.status == 0
    expected = STORM_SECONDS * FREQUENCY_HZ * os.cpu_count()
    assert last.ticks - first.ticks > 0.8 * expected, f"{last.ticks - first.ticks} ticks"
    stored, dropped = last.stored - first.stored, sum(last.dropped.values())
    assert dropped < 0.01 * stored, f"{stored} stored, but dropped: {last.dropped}"


@test
def what_was_in_flight_arrives(daemon):
    def is_calm():
        scrape = daemon.metrics()
        scrape.assert_every_tick_is_accounted_for()
        return scrape.in_flight <= FREQUENCY_HZ * os.cpu_count()  # of a second, at most

    wait_for(is_calm, 5, "samples in flight are those of the last second")


@test
def the_processes_of_a_storm_have_their_samples(daemon):
    """Thousands of processes, each too short for a single tick of its own."""
    command = (fixture("fork_storm"), "6", "300")
    finished = processes.run_fixture(*command, stdout=subprocess.DEVNULL)
    due = finished.cpu_seconds * FREQUENCY_HZ
    query = '{comm="fork_storm"}'
    before = daemon.past(query).count()

    def is_complete(profile):
        return profile.count() > 0.95 * due and profile.has("spend_in_child")

    profile = daemon.past_until(query, is_complete)
    assert profile.has("spend_in_child"), f"{before} at first\n{profile.summary()}"
    named = profile.count(lambda s: any("spend_in_child" in name for name in s.names))
    places = profile.count(lambda s: any(name.startswith("fork_storm+0x") for name in s.names))
    assert places < 0.02 * named, profile.summary()


@test
def a_sampler_that_is_late_drops_with_a_reason():
    """Its ring fills up while it is stopped: what found no room is counted."""
    with Daemon("--frequency", "9999", "--memory", "16M") as daemon:
        burners = [processes.start(fixture("three_to_one"), "60") for _ in range(os.cpu_count())]
        os.kill(daemon.pid, signal.SIGSTOP)
        time.sleep(3)  # the event is that nothing happens: nobody reads the ring
        os.kill(daemon.pid, signal.SIGCONT)

        def is_counted():
            scrape = daemon.metrics()
            scrape.assert_every_tick_is_accounted_for()
            return scrape.dropped["ring_full"] > 0 and scrape

        try:
            scrape = wait_for(is_counted, 10, 'dropped{reason="ring_full"} is more than 0')
            wait_for(lambda: daemon.metrics().stored > scrape.stored, 5, "samples are stored again")
            daemon.metrics().assert_every_tick_is_accounted_for()
        finally:
            for process in burners:
                process.kill()
                processes.finish(process)


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ)))
