#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the privileges of each role, and what starting takes."""

import contextlib
import os
import pathlib
import re
import resource
import shutil
import subprocess
import tempfile

import processes
from daemon import Daemon
from harness import PILOTLIGHT, Skip, fixture, main, require_root, test, wait_for

NOBODY = 65534
NEEDED = ("bpf", "perfmon", "sys_ptrace", "dac_read_search", "checkpoint_restore", "syslog")
CAPABILITY_BITS = {
    "dac_read_search": 2,
    "sys_ptrace": 19,
    "syslog": 34,
    "perfmon": 38,
    "bpf": 39,
    "checkpoint_restore": 40,
}
SYS_ADMIN = 21
FOR_ROLES = (5, 6, 7, 8)  # KILL, SETGID, SETUID and SETPCAP: to start and end the other roles
SECCOMP_FILTER = "2"
PARANOID = pathlib.Path("/proc/sys/kernel/perf_event_paranoid")


def is_paranoid():
    """Debian's kernels know a level at which perf events ask for CAP_SYS_ADMIN, too."""
    return int(PARANOID.read_text(encoding="ascii")) > 2


def needed_here():
    return (*NEEDED, "sys_admin") if is_paranoid() else NEEDED


def as_nobody(capabilities):
    """A prefix of a command that then runs as nobody, with just these capabilities."""
    if not shutil.which("setpriv"):
        raise Skip("setpriv is not installed")
    with contextlib.suppress(ValueError):  # only kernels before 5.11 count maps as locked memory
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY,) * 2)
    given = ",".join(["-all"] + [f"+{name}" for name in capabilities])
    names = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return ["setpriv", *names, f"--inh-caps={given}", f"--ambient-caps={given}"]


def program_for_everybody(folder):
    """A copy of the program that other users can reach."""
    os.chmod(folder, 0o777)
    return shutil.copy(PILOTLIGHT, folder)


def bits(names):
    return sum(1 << CAPABILITY_BITS[name] for name in names)


def assert_has_no_privileges(pid):
    """Once it has its filter, with which a role that starts shuts itself in last."""
    wait_for(
        lambda: processes.status(pid)["Seccomp"] == SECCOMP_FILTER, 60, "a role has its filter"
    )
    status = processes.status(pid)
    for name in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
        assert int(status[name], 16) == 0, f"{name} {status[name]}"
    assert status["NoNewPrivs"] == "1", status


@test
def the_resolver_and_the_server_have_no_privileges(daemon):
    for role in ("resolver", "server"):
        assert_has_no_privileges(daemon.role(role))


@test
def each_role_has_a_user_of_its_own(daemon):
    pids = [daemon.pid, daemon.role("resolver"), daemon.role("server")]
    users = [processes.status(pid)["Uid"].split() for pid in pids]
    groups = [processes.status(pid)["Gid"].split() for pid in pids]
    assert all(len(set(ids)) == 1 for ids in users + groups), f"{users} {groups}"
    assert len({ids[0] for ids in users}) == 3, users
    assert "0" not in users[1] + users[2] + groups[1] + groups[2], f"{users} {groups}"
    assert not processes.status(pids[1])["Groups"] and not processes.status(pids[2])["Groups"]


@test
def the_sampler_keeps_only_what_it_needs(daemon):
    status = processes.status(daemon.pid)
    allowed = bits(NEEDED) | sum(1 << bit for bit in FOR_ROLES)
    if is_paranoid():
        allowed |= 1 << SYS_ADMIN
    beyond = int(status["CapEff"], 16) & ~allowed
    assert not beyond, f"CapEff {status['CapEff']}: {beyond:x} is beyond what the sampler needs"
    assert status["NoNewPrivs"] == "1", status
    assert status["Seccomp"] == SECCOMP_FILTER, status


@test
def the_resolver_has_no_socket_but_the_one_to_the_sampler(daemon):
    folder = f"/proc/{daemon.role('resolver')}/fd"
    links = []
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # it was given a file, and has closed it
            links.append(os.readlink(f"{folder}/{name}"))
    assert sum(link.startswith("socket:") for link in links) == 1, links
    assert not any(re.match(r"anon_inode:\[?(bpf|perf_event)", link) for link in links), links


@test
def the_named_capabilities_suffice_without_root():
    require_root()
    with tempfile.TemporaryDirectory() as folder:
        program_for_everybody(folder)
        wrapper = as_nobody(needed_here())
        options = ["--cache", "none"]
        with Daemon(*options, wrapper=wrapper, program=folder + "/pilotlight") as daemon:
            finished = processes.run_fixture(fixture("three_to_one"), "1.5")
            query = f'{{pid="{finished.pid}"}}'
            profile = daemon.past_until(query, lambda p: p.has("spend_three_parts"))
            assert profile.has("spend_three_parts"), profile.summary()
            assert daemon.past('{comm=~".+"}').has("main")
            for role in ("resolver", "server"):
                assert_has_no_privileges(daemon.role(role))


@test
def a_user_who_may_not_write_the_cache_goes_on_without():
    require_root()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        program_for_everybody(folder)
        options = ["--cache", cache + "/tables"]
        wrapper = as_nobody(needed_here())
        with Daemon(*options, wrapper=wrapper, program=folder + "/pilotlight") as daemon:
            assert daemon.log().count("cannot use the table cache") == 1, daemon.log()
            finished = processes.run_fixture(fixture("three_to_one"), "1")
            profile = daemon.past_until(f'{{pid="{finished.pid}"}}', lambda p: p.count() > 20)
            assert profile.count() > 20, profile.summary()
        command = [*wrapper, folder + "/pilotlight", "doctor", *options]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        line = next(line for line in run.stdout.splitlines() if "cache" in line.split())
        assert line.startswith("warn") and "Permission denied" in line, line


@test
def a_capability_that_is_missing_is_named():
    require_root()
    with tempfile.TemporaryDirectory() as folder:
        program = program_for_everybody(folder)
        for missing in needed_here():
            given = [name for name in needed_here() if name != missing]
            command = [*as_nobody(given), program, "--store", ":memory:", "--listen=127.0.0.1:0"]
            run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
            assert run.returncode == 1, f"without {missing}: {run.returncode}\n{run.stderr}"
            assert f"CAP_{missing.upper()}" in run.stderr, f"without {missing}: {run.stderr}"


@test
def nobody_is_told_which_capability_is_missing():
    require_root()
    with tempfile.TemporaryDirectory() as folder:
        program = program_for_everybody(folder)
        for arguments in ([], ["record", "-d", "1", "-o", folder + "/x.folded"]):
            command = [*as_nobody([]), program, *arguments]
            run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
            assert run.returncode == 1, f"{arguments}: {run.returncode}\n{run.stderr}"
            assert "CAP_" in run.stderr, run.stderr
            assert len(run.stderr.splitlines()) == 1, run.stderr


if __name__ == "__main__":
    main(Daemon)
