#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every stack is whole and right, however a program was compiled."""

import processes
from daemon import Daemon
from harness import fixture, main, test_of_shares
from pprof import MAX_LOST
from processes import EAGERLY, FIRST
from ways import judge, programs_of

FREQUENCY_HZ = 3999
SECONDS = 0.13
ROUNDS = 12
PATIENCE_SECONDS = 4

# A static program opens no libraries.
STATIC = ("static", "static-pie", "musl")
# musl has no unwind tables, so nobody can say who has called a function of it.
FAR_CALLS = "musl"


def run(daemon, way, programs, seconds, name, wrapper=()):
    """Send programs on a way, one after the other, and judge all that was seen of each."""
    comms = [f"{name}-{i}" for i in range(len(programs))]
    verdicts = []
    for program, comm in zip(programs, comms):
        command = (program, way, str(seconds), comm, fixture("ways/ways-library.so"))
        processes.run_fixture(*wrapper, *command)

    def is_complete(profile):
        verdicts[:] = [judge(profile, way, *pair) for pair in zip(programs, comms)]
        return all(verdict.count > 0.9 * seconds * FREQUENCY_HZ for verdict in verdicts)

    daemon.past_until(f'{{comm=~"{name}-[0-9]+"}}', is_complete, PATIENCE_SECONDS)
    return verdicts


def go(daemon, way, program="ways", but=()):
    """Run variants of a program, and judge the samples of each."""
    programs = [path for path in programs_of(program) if not path.endswith(but)]
    verdicts = run(daemon, way, programs, SECONDS, way[:12], EAGERLY)
    faulty = [str(verdict) for verdict in verdicts if not verdict.is_good]
    assert not faulty, "\n    ".join([f"{len(faulty)} of {len(verdicts)} variants:", *faulty])
    lost, count = (sum(numbers) for numbers in zip(*((v.lost, v.count) for v in verdicts)))
    assert lost <= MAX_LOST * count, f"{lost} of {count} are lost: {[str(v) for v in verdicts]}"


def settle(daemon, way, programs):
    """Until the tables of these programs are there: that they come late is another test. Whoever
    runs eagerly now would keep the daemon from looking at it. Samples that take their stack along
    are whole, too: so while there are many, the kernel half may lack tables; or they are others'."""
    for i in range(ROUNDS):
        captured = daemon.metrics()["pilotlight_unwind_captured_total"]
        verdicts = run(daemon, way, programs, 0.05, f"{way[:9]}{i}")
        captured = daemon.metrics()["pilotlight_unwind_captured_total"] - captured
        unknown = [verdict.program for verdict in verdicts if not verdict.is_known]
        if not unknown and (captured <= len(programs) or i >= ROUNDS / 3):
            return
        programs = unknown or programs
    assert not unknown, f"{len(unknown)} tables do not come: {verdicts[-1]}"


def start_daemon():
    daemon = Daemon("--frequency", str(FREQUENCY_HZ), wrapper=FIRST)
    settle(daemon, "plain", programs_of("ways"))
    settle(daemon, "opened_library", programs_of("ways-gcc-O0"))
    settle(daemon, "throws", programs_of("throws"))
    return daemon


@test_of_shares
def plain_calls(daemon):
    go(daemon, "plain")


@test_of_shares
def four_hundred_frames(daemon):
    go(daemon, "recursion")


@test_of_shares
def a_frame_of_40_kb(daemon):
    go(daemon, "large_frame")


@test_of_shares
def a_frame_of_any_size(daemon):
    go(daemon, "growing_frame")


@test_of_shares
def a_frame_that_was_aligned_anew(daemon):
    go(daemon, "realigned_frame")


@test_of_shares
def a_signal_on_another_stack(daemon):
    go(daemon, "alternate_stack")


@test_of_shares
def a_caller_of_the_vdso(daemon):
    go(daemon, "vdso", but=FAR_CALLS)


@test_of_shares
def a_caller_through_the_procedure_linkage_table(daemon):
    go(daemon, "plt", but=FAR_CALLS)


@test_of_shares
def a_system_call(daemon):
    go(daemon, "system_call", but=FAR_CALLS)


@test_of_shares
def a_jump_out_of_many_frames(daemon):
    go(daemon, "long_jump", but=FAR_CALLS)


@test_of_shares
def a_library_that_was_opened_later(daemon):
    go(daemon, "opened_library", but=STATIC)


@test_of_shares
def a_thread(daemon):
    go(daemon, "thread", but="musl")


@test_of_shares
def a_child_on_the_stack_of_its_parent(daemon):
    go(daemon, "vfork")


@test_of_shares
def an_exception_on_its_way(daemon):
    go(daemon, "throws", program="throws")


if __name__ == "__main__":
    main(start_daemon)
