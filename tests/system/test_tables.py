#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Unwind tables, as the kernel half has them."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import processes
from daemon import Daemon
from harness import FIXTURES, Skip, fixture, main, test, test_of_shares, wait_for
from processes import EAGERLY, FIRST

FREQUENCY_HZ = 499
WITH_TABLE = 1  # as bpf/unwind_shard.h counts kinds of files

# A prefix of a command that is to be over soon on a busy machine; but the sampler comes before it.
SOON = ("nice", "-n", "-10")


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


# Where the frames of its 1000 functions end, no rule can say: DW_CFA_def_cfa_expression of
# DW_OP_lit0, DW_OP_deref.
UNSAYABLE = """
int pause(void);
int main(void) { return pause(); }
__asm__(".text; .rept 1000; .cfi_startproc; .cfi_escape 0x0f, 2, 0x30, 6; nop; .cfi_endproc; .endr");
"""


@test
def what_a_table_cannot_say_is_counted_by_its_kind(daemon):
    """When it is compiled: what other programs of this host add meanwhile is less."""

    def losses():
        return daemon.metrics().family("pilotlight_unwind_losses_total")

    before = losses()
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "unsayable")
        compile_it = ("cc", "-x", "c", "-o", program, "-")
        subprocess.run(compile_it, input=UNSAYABLE, text=True, check=True)
        process = processes.start(program)
        kind = "cfa_expression"
        wait_for(lambda: losses()[kind] >= before[kind] + 1000, 20, "they are counted")
        process.kill()
        processes.finish(process)
    assert losses()[kind] < before[kind] + 2000, losses()


def copy_of(folder, *names):
    """Copies of fixtures, which nobody has ever met; the path of the first."""
    for name in names:
        shutil.copy(fixture(name), folder)
    return os.path.join(folder, names[0])


@contextlib.contextmanager
def without_resolver(daemon):
    """It does nothing meanwhile. After five seconds it would be replaced."""
    resolver = daemon.role("resolver")
    os.kill(resolver, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(resolver, signal.SIGCONT)


def profile_without_resolver(daemon, *command, **options):
    """The profile of a program whose tables came only after its end."""
    with without_resolver(daemon):
        finished = processes.run_fixture(*SOON, *command, **options)
    due = finished.cpu_seconds * FREQUENCY_HZ
    return daemon.past_until(
        f'{{pid="{finished.pid}"}}', lambda p: p.count() > 0.8 * due and p.has("library_call")
    )


def cut_share(profile):
    """Of the stacks that lead through the library, those that are cut."""
    through = [sample for sample in profile.samples if "library_call" in sample.names]
    cut = [s for s in through if any("[truncated" in name for name in s.names)]
    return sum(sample.count for sample in cut) / max(1, sum(sample.count for sample in through))


@test
def a_program_and_its_library_are_unwound_from_their_first_sample(daemon):
    """Though the library is never hit itself. On a busy machine its table may come too late."""
    library = next(FIXTURES.glob("liblibrary.*")).name
    wait_for(
        lambda: daemon.metrics()["pilotlight_symbol_builds_queued"] == 0,
        100,
        "the resolver has nothing left to do",
    )
    for _ in range(4):
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            program = copy_of(folder, "calls_back", library)
            environment = {"LD_LIBRARY_PATH": folder}
            profile = profile_without_resolver(daemon, program, "0.1", env=environment)
        if cut_share(profile) <= 0.05:
            break
    assert cut_share(profile) <= 0.05, profile.summary()
    for name in ("library_call", "main", "_start"):
        assert profile.share(name) > 80, f"{name}\n{profile.summary()}"


PENDING = "[truncated: unwind table pending]"
EAGER_HZ = 3999


def pending_profile(daemon, name):
    """What was seen of a new program while no table was made, as far as it is marked so."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        program = copy_of(folder, name)
        with without_resolver(daemon):
            finished = processes.run_fixture(*EAGERLY, program, "0.5")
        due = 0.9 * finished.cpu_seconds * EAGER_HZ
        profile = daemon.past_until(
            f'{{pid="{finished.pid}"}}', lambda p: p.count() > due and p.has("main")
        )
    profile.samples = [sample for sample in profile.samples if sample.names[-1] == PENDING]
    return profile


@test_of_shares
def what_finds_no_room_to_wait_keeps_leaf_frame_pointers_and_the_kernels_half():
    """Of two thousand samples in a second, 256 may wait."""
    lost, marked = "pilotlight_unwind_captures_lost_total", 'pilotlight_stacks_total{outcome="pending"}'
    with Daemon("--frequency", str(EAGER_HZ), wrapper=FIRST) as daemon:
        wait_for(lambda: not daemon.metrics()["pilotlight_unwind_tables_queued"], 100, "tables")
        before = daemon.metrics()
        spent = pending_profile(daemon, "three_to_one")
        read = pending_profile(daemon, "reads_zeros")
        after = daemon.metrics()
        after.assert_every_tick_is_accounted_for()
    count = spent.count() + read.count()
    grown = {name: after[name] - before[name] for name in (lost, marked)}
    assert min(spent.count(), read.count()) > 500, f"{spent.summary()}\n{read.summary()}"
    # of some that waited the process was gone when they could have gone on
    assert grown[lost] > 0.9 * count and grown[marked] >= count, f"{count} are marked: {grown}"
    for name, percent in (("spend_three_parts", 75), ("spend_one_part", 25), ("main", 100)):
        assert spent.is_share(name, percent), f"{name}\n{spent.summary()}"
    for name in ("read_zeros", "main"):
        assert read.is_share(name, 100), f"{name}\n{read.summary()}"
    in_kernel = read.count(lambda s: s.frames[0].mapping.path.startswith("[kernel"))
    assert in_kernel > 0.8 * read.count(), read.summary()


@contextlib.contextmanager
def sleeper():
    """A program that nobody has ever met, and does nothing: its process and its inode."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        program = shutil.copy(shutil.which("sleep"), folder)
        process = processes.start(program, "1000")
        yield process, os.stat(program).st_ino
        process.kill()
        processes.finish(process)


@test
def tables_are_there_before_anything_is_hit():
    """Of what runs at the start, and of what is started later. A daemon that samples once a second
    hits none of them."""

    def has_table(inode):
        kinds = [value["kind"] for key, value in known_files(daemon) if key["inode"] == inode]
        return kinds == [WITH_TABLE]

    with contextlib.ExitStack() as stack:
        early, early_inode = stack.enter_context(sleeper())
        daemon = stack.enter_context(Daemon("--frequency", "1"))
        wait_for(lambda: has_table(early_inode), 60, "the table of what ran before")
        late, late_inode = stack.enter_context(sleeper())
        wait_for(lambda: has_table(late_inode), 60, "the table of what was started")
        for process in (early, late):
            profile = daemon.past(f'{{pid="{process.pid}"}}')
            assert not profile.count(), profile.summary()


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ)))
