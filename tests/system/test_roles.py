#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A role that dies or falls silent is started anew, and sampling goes on meanwhile."""

import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import tempfile

import processes
from daemon import ROLES, Daemon
from harness import fixture, main, test, wait_for

NOTICED_SECONDS = 12
JUMPS_TO_ITSELF = {"x86_64": b"\xeb\xfe", "aarch64": b"\x00\x00\x00\x14"}


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


def send(number):
    """A blow to a role: a signal."""
    return lambda pid: os.kill(pid, number)


def have_it_spin(pid):
    """A blow, too: the instruction at which it wakes up is a jump to itself from now on."""

    def pc_in_kernel():
        fields = pathlib.Path(f"/proc/{pid}/syscall").read_text(encoding="ascii").split()
        return fields[-1] if len(fields) > 2 else None  # else it runs

    pc = int(wait_for(pc_in_kernel, 60, "a role waits"), 16)
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(pc)
        memory.write(JUMPS_TO_ITSELF[os.uname().machine])


def assert_role_comes_back(daemon, role, strike):
    """A role is struck: it is missed, counted, and replaced by another process."""
    before = wait_for(lambda: scrape(daemon), NOTICED_SECONDS, "/metrics answers")
    others = [other for other in ROLES if other != role]
    pid, other_pids = daemon.role(role), [daemon.role(other) for other in others]
    load = processes.start(fixture("three_to_one"), "60")
    strike(pid)

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
    assert_role_comes_back(daemon, "resolver", send(signal.SIGKILL))


@test
def a_resolver_that_falls_silent_is_replaced(daemon):
    assert_role_comes_back(daemon, "resolver", send(signal.SIGSTOP))


@test
def a_resolver_that_spins_is_replaced(daemon):
    assert_role_comes_back(daemon, "resolver", have_it_spin)


@test
def a_server_that_is_killed_comes_back(daemon):
    assert_role_comes_back(daemon, "server", send(signal.SIGKILL))


@test
def a_server_that_falls_silent_is_replaced(daemon):
    assert_role_comes_back(daemon, "server", send(signal.SIGSTOP))


@test
def a_server_that_spins_is_replaced(daemon):
    assert_role_comes_back(daemon, "server", have_it_spin)


@test
def names_are_found_after_all_that(daemon):
    finished = processes.run_fixture(fixture("inlined_chain"), "1")
    query = f'{{pid="{finished.pid}"}}'
    profile = daemon.past_until(query, lambda profile: profile.has("innermost"))
    assert profile.share("innermost") > 90, profile.summary()


def damage(program, whole):
    """Make noise of what follows the loaded part of a program: its names, and if it is to be the
    `whole` of it, the table of its sections too. It still runs."""
    data = bytearray(pathlib.Path(program).read_bytes())
    sections_at = struct.unpack_from("<Q", data, 0x28)[0]
    segments = subprocess.run(
        ["readelf", "-lW", program], capture_output=True, text=True, check=True
    ).stdout
    loads = [line.split() for line in segments.splitlines() if line.split()[:1] == ["LOAD"]]
    start = max(int(words[1], 16) + int(words[4], 16) for words in loads)
    end = len(data) if whole else sections_at
    assert start < sections_at < len(data)
    data[start:end] = random.Random(7).randbytes(end - start)
    pathlib.Path(program).write_bytes(data)


@test
def damaged_programs_cost_only_their_own_names(daemon):
    restarts = daemon.metrics().restarts("resolver")
    with tempfile.TemporaryDirectory() as folder:
        for whole in (False, True):
            program = shutil.copy(fixture("three_to_one"), f"{folder}/damaged{whole:d}")
            damage(program, whole)
            finished = processes.run_fixture(program, "1")
            query = f'{{pid="{finished.pid}"}}'
            profile = daemon.past_until(query, lambda profile: profile.count() > 80)
            assert profile.count() > 80, profile.summary()
            assert not profile.has("spend_three_parts"), profile.summary()
    assert_sampling_goes_on(daemon)
    finished = processes.run_fixture(fixture("three_to_one"), "1")
    query = f'{{pid="{finished.pid}"}}'
    profile = daemon.past_until(query, lambda profile: profile.has("spend_three_parts"))
    assert profile.has("spend_three_parts"), profile.summary()
    assert daemon.metrics().restarts("resolver") == restarts, "only its child may have suffered"


@test
def the_roles_end_with_the_sampler():
    daemon = Daemon()
    pids = daemon.pids()
    assert len(pids) >= 3, pids
    daemon.process.kill()
    daemon.process.wait()
    wait_for(lambda: not any(map(processes.is_alive, pids)), 60, "the roles end")


if __name__ == "__main__":
    main(Daemon)
