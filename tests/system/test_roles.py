#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A role that dies or falls silent is started anew, and sampling goes on meanwhile."""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile

import processes
from daemon import ROLES, Daemon
from harness import fixture, main, test, wait_for

NOTICED_SECONDS = 12


def scrape(daemon):
    """A scrape that adds up, or None while the server is not there."""
    try:
        metrics = daemon.metrics()
    except OSError:
        return None
    metrics.assert_every_tick_is_accounted_for()
    return metrics


def assert_sampling_goes_on(daemon):
    now = wait_for(lambda: scrape(daemon), NOTICED_SECONDS, "/metrics answers")

    def is_more():
        later = scrape(daemon)
        return later and later.ticks > now.ticks and later.stored > now.stored

    wait_for(is_more, NOTICED_SECONDS, "ticks and stored samples become more")


def assert_role_comes_back(daemon, role, send):
    """Send a signal to a role: it is missed, counted, and replaced by another process."""
    before = wait_for(lambda: scrape(daemon), NOTICED_SECONDS, "/metrics answers")
    others = [other for other in ROLES if other != role]
    pid, other_pids = daemon.role(role), [daemon.role(other) for other in others]
    load = processes.start(fixture("three_to_one"), "60")
    os.kill(pid, send)

    def is_replaced():
        metrics = daemon.role(role) not in (None, pid) and scrape(daemon)
        return metrics and metrics.restarts(role) == before.restarts(role) + 1 and metrics

    after = wait_for(is_replaced, NOTICED_SECONDS, f"another {role} runs, and is counted")
    assert_sampling_goes_on(daemon)
    assert not processes.is_alive(pid)
    assert [daemon.role(other) for other in others] == other_pids
    assert all(after.restarts(other) == before.restarts(other) for other in others)
    assert after.ticks > before.ticks
    load.kill()
    processes.finish(load)


@test
def a_resolver_that_is_killed_comes_back(daemon):
    assert_role_comes_back(daemon, "resolver", signal.SIGKILL)


@test
def a_resolver_that_falls_silent_is_replaced(daemon):
    assert_role_comes_back(daemon, "resolver", signal.SIGSTOP)


@test
def a_server_that_is_killed_comes_back(daemon):
    assert_role_comes_back(daemon, "server", signal.SIGKILL)


@test
def a_server_that_falls_silent_is_replaced(daemon):
    assert_role_comes_back(daemon, "server", signal.SIGSTOP)


@test
def names_are_found_after_all_that(daemon):
    finished = processes.run_fixture(fixture("inlined_chain"), "1")
    query = f'{{pid="{finished.pid}"}}'
    profile = daemon.past_until(query, lambda profile: profile.has("innermost"))
    assert profile.share("innermost") > 90, profile.summary()


@test
def a_damaged_program_costs_only_its_own_names(daemon):
    """Sections that the kernel does not load are noise; what runs is whole."""
    with tempfile.TemporaryDirectory() as folder:
        program = shutil.copy(fixture("three_to_one"), folder + "/damaged")
        noise = pathlib.Path(folder, "noise")
        noise.write_bytes(random.Random(7).randbytes(4096))
        for section in (".symtab", ".strtab", ".debug_info", ".debug_abbrev", ".debug_line"):
            update = ["objcopy", "--update-section", f"{section}={noise}", program]
            subprocess.run(update, check=False, capture_output=True)
        finished = processes.run_fixture(program, "1")
    query = f'{{pid="{finished.pid}"}}'
    profile = daemon.past_until(query, lambda profile: profile.count() > 50)
    assert profile.count() > 50, profile.summary()
    assert_sampling_goes_on(daemon)
    other = processes.run_fixture(fixture("three_to_one"), "1")
    query = f'{{pid="{other.pid}"}}'
    profile = daemon.past_until(query, lambda profile: profile.has("spend_three_parts"))
    assert profile.has("spend_three_parts"), profile.summary()


@test
def the_roles_end_with_the_sampler():
    daemon = Daemon()
    pids = daemon.pids()
    assert len(pids) >= 3, pids
    daemon.process.kill()
    daemon.process.wait()
    wait_for(lambda: not any(map(processes.is_alive, pids)), 5, "the roles end")


if __name__ == "__main__":
    main(Daemon)
