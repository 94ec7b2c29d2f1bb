#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Unwind tables, as the kernel half has them."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import processes
from daemon import Daemon
from harness import FIXTURES, Skip, fixture, main, test, wait_for

FREQUENCY_HZ = 499

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


def profile_without_resolver(daemon, *command, **options):
    """The profile of a program whose tables came only after its end."""
    resolver = daemon.role("resolver")
    os.kill(resolver, signal.SIGSTOP)
    finished = processes.run_fixture(*SOON, *command, **options)
    os.kill(resolver, signal.SIGCONT)
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


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ)))
