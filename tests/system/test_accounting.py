#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every tick is accounted for, whatever happens."""

import math
import os
import signal
import time

import processes
from daemon import ROLES, Daemon
from harness import fixture, main, test, test_of_shares, wait_for

FREQUENCY_HZ = 499
STORM_SECONDS = 5


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


def past_of_storm(daemon, finished):
    """All that was seen of a storm which has ended."""
    due = finished.cpu_seconds * FREQUENCY_HZ

    def is_complete(profile):
        return profile.count() > 0.9 * due and profile.has("spend_in_child")

    profile = daemon.past_until('{comm="fork_storm"}', is_complete)
    chance = 3 * math.sqrt(due)  # a life of a millisecond meets a tick, or does not
    assert abs(profile.count() - due) < max(0.05 * due, chance), f"{due:.0f} are due\n{profile.summary()}"
    return profile


@test_of_shares
def every_scrape_adds_up_during_a_fork_storm(daemon):
    """Of processes that end before anybody can look at them; their samples are counted still."""
    command = (fixture("fork_storm"), str(STORM_SECONDS), "300", "0.001")
    storm = processes.start(*command)

    def is_over():
        return os.waitid(os.P_PID, storm.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)

    first, last = scrape_until(daemon, is_over)
    finished = processes.finish(storm)
    assert finished.status == 0
    expected = STORM_SECONDS * FREQUENCY_HZ * os.cpu_count()
    assert last.ticks - first.ticks > 0.8 * expected, f"{last.ticks - first.ticks} ticks"
    stored, dropped = last.stored - first.stored, sum(last.dropped.values())
    assert dropped < 0.01 * stored, f"{stored} stored, but dropped: {last.dropped}"
    assert past_of_storm(daemon, finished).has("spend_in_child")


@test
def what_was_in_flight_arrives(daemon):
    def is_calm():
        scrape = daemon.metrics()
        scrape.assert_every_tick_is_accounted_for()
        return scrape.in_flight <= FREQUENCY_HZ * os.cpu_count()  # of a second, at most

    wait_for(is_calm, 60, "samples in flight are those of the last second")


@test_of_shares
def most_processes_that_live_25_ms_are_named():
    """All that is known of the others is where they were, not in which file that was."""
    with Daemon() as daemon:
        command = (fixture("fork_storm"), str(STORM_SECONDS), "40", "0.025")
        processes.run_fixture(*command)
        profile = daemon.past_until('{comm="fork_storm"}', lambda p: p.has("spend_in_child"))
        unmapped = profile.count(lambda s: any("[unmapped]" in name for name in s.names))
        assert unmapped < 0.5 * profile.count(), profile.summary()


@test_of_shares
def stacks_that_are_always_new_are_kept():
    """More of them, and sooner, than any table of what was seen has room for."""
    with Daemon("--frequency", "9999") as daemon:
        command = (fixture("many_stacks"), "4")
        running = [processes.start(*command) for _ in range(os.cpu_count())]
        for process in running:
            finished = processes.finish(process)
            assert finished.status == 0, finished
        metrics = daemon.metrics()
        metrics.assert_every_tick_is_accounted_for()
        dropped = {reason: count for reason, count in metrics.dropped.items() if count}
        assert sum(dropped.values()) < 0.01 * metrics.stored, f"{metrics.stored}, but {dropped}"


@test
def a_sampler_that_is_late_drops_with_a_reason():
    """Its ring fills up while it is stopped: what found no room is counted. It was silent for
    longer than it lets others be, which is not their fault."""
    with Daemon("--frequency", "9999", "--memory", "16M") as daemon:
        burners = [processes.start(fixture("three_to_one"), "60") for _ in range(os.cpu_count())]
        os.kill(daemon.pid, signal.SIGSTOP)
        time.sleep(7)  # what is waited for is that nothing happens: nobody reads the ring
        os.kill(daemon.pid, signal.SIGCONT)

        def is_counted():
            scrape = daemon.metrics()
            scrape.assert_every_tick_is_accounted_for()
            return scrape.dropped["ring_full"] > 0 and scrape

        scrape = wait_for(is_counted, 10, 'dropped{reason="ring_full"} is more than 0')
        wait_for(lambda: daemon.metrics().stored > scrape.stored, 60, "samples are stored again")
        for process in burners:
            process.kill()
            processes.finish(process)
        scrape = daemon.metrics()
        scrape.assert_every_tick_is_accounted_for()
        restarts = {role: scrape.restarts(role) for role in ROLES}
        assert not any(restarts.values()), f"roles were started anew: {restarts}"


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ)))
