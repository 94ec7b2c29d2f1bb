#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a profile says of programs whose answer is known."""

import os
import re
import shutil
import subprocess
import tempfile

import processes
from daemon import Daemon
from harness import SOURCES, Skip, fixture, main, test, test_of_shares, wait_for
from processes import EAGERLY
from stripped import build_id

FREQUENCY_HZ = 499
SECONDS = 1.5
PERCENT = 5


def profile_of(daemon, finished, *names):
    """The profile of a process that has ended, with all of its samples, and with these names."""
    due = finished.cpu_seconds * FREQUENCY_HZ

    def is_complete(profile):
        return profile.count() > due * (1 - PERCENT / 100) and all(map(profile.has, names))

    return daemon.past_until(f'{{pid="{finished.pid}"}}', is_complete)


def assert_share(profile, name, percent):
    seen = f"{name}: {profile.share(name):.1f} %"
    assert profile.is_share(name, percent), f"{seen}\n{profile.summary()}"


def line_of(source, words):
    """The number of the line of a fixture's source that holds these words in its comment."""
    lines = (SOURCES / "fixtures" / source).read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, 1) if f"/* {words} */" in line)


@test_of_shares
def two_functions_have_three_parts_and_one_part(daemon):
    finished = processes.run_fixture(fixture("three_to_one"), str(SECONDS))
    profile = profile_of(daemon, finished, "spend_three_parts", "spend_one_part")
    assert_share(profile, "spend_three_parts", 75)
    assert_share(profile, "spend_one_part", 25)
    assert_share(profile, "main", 100)


@test_of_shares
def samples_are_cpu_time_times_frequency(daemon):
    finished = processes.run_fixture(*EAGERLY, fixture("three_to_one"), "4")
    due = finished.cpu_seconds * FREQUENCY_HZ
    profile = profile_of(daemon, finished)
    assert abs(profile.count() - due) <= due * PERCENT / 100, f"{profile.count()}, not {due:.0f}"
    cpu_seconds = sum(sample.values["cpu"] for sample in profile.samples) / 1e9
    assert abs(cpu_seconds - finished.cpu_seconds) <= finished.cpu_seconds * PERCENT / 100


@test
def inlined_functions_are_frames_with_their_lines(daemon):
    finished = processes.run_fixture(fixture("inlined_chain"), str(SECONDS))
    profile = profile_of(daemon, finished, "innermost", "middle", "outermost", "main")
    assert_share(profile, "innermost", 100)
    heaviest = max(profile.samples, key=lambda sample: sample.count)
    chain = ["innermost", "middle", "outermost", "main"]
    assert heaviest.names[:4] == chain, profile.summary()
    assert [frame.is_inlined for frame in heaviest.frames[:4]] == [True, True, False, False]
    lines = [frame.line for frame in heaviest.frames[:4]]
    expected = [line_of("inlined_chain.c", f"line of {name}") for name in chain]
    # The loop itself is in the line before its body.
    assert lines[0] in (expected[0], expected[0] - 1), f"{lines}, not {expected}"
    assert lines[1:] == expected[1:], f"{lines}, not {expected}"
    assert all(frame.file.endswith("fixtures/inlined_chain.c") for frame in heaviest.frames[:4])
    starts = [frame.start_line for frame in heaviest.frames[:4]]
    braces = [expected[2] - 1, expected[3] - 3]
    assert starts == [0, 0, *braces], f"{starts}: those of inlined functions are not kept"
    assert "inline_frames" in heaviest.frames[0].mapping.flags, heaviest.frames[0].mapping


@test
def a_function_of_a_linked_library_is_in_its_mapping(daemon):
    finished = processes.run_fixture(fixture("uses_library"), str(SECONDS))
    profile = profile_of(daemon, finished, "library_spend", "main")
    assert_share(profile, "library_spend", 100)
    mapping = profile.frames("library_spend")[0].mapping
    assert os.path.samefile(mapping.path, fixture("liblibrary.so")), mapping
    assert mapping.build_id == build_id(mapping.path), mapping
    mapping = profile.frames("main")[0].mapping
    assert os.path.samefile(mapping.path, fixture("uses_library")), mapping
    assert mapping.build_id == build_id(mapping.path), mapping


@test
def a_library_that_was_opened_later_is_named_too(daemon):
    library = fixture("liblibrary.so")
    finished = processes.run_fixture(fixture("opens_library"), str(2 * SECONDS), library)
    profile = profile_of(daemon, finished, "spend_before_opening", "library_spend")
    assert_share(profile, "spend_before_opening", 50)
    assert_share(profile, "library_spend", 50)
    assert profile.frames("library_spend")[0].mapping.build_id == build_id(library)


@test
def a_process_is_another_after_exec(daemon):
    second = fixture("three_to_one")
    command = (fixture("becomes_another"), str(SECONDS), second, str(2 * SECONDS))
    finished = processes.run_fixture(*command)
    profile = profile_of(daemon, finished, "spend_before_exec", "spend_three_parts")
    for name, comm, exe in [
        ("spend_before_exec", "becomes_another", command[0]),
        ("spend_three_parts", "three_to_one", second),
    ]:
        having = [sample for sample in profile.samples if name in sample.names]
        assert {sample.labels["comm"] for sample in having} == {comm}, profile.summary()
        assert {os.path.realpath(sample.labels["exe"]) for sample in having} == {
            os.path.realpath(exe)
        }
    assert_share(profile, "spend_before_exec", 50)


@test
def a_thread_has_its_own_name(daemon):
    finished = processes.run_fixture(fixture("named_thread"), str(SECONDS))
    profile = profile_of(daemon, finished, "spend_in_thread")
    having = [sample for sample in profile.samples if "spend_in_thread" in sample.names]
    assert {sample.labels["thread"] for sample in having} == {"stoker"}, profile.summary()
    assert {sample.labels["comm"] for sample in having} == {"named_thread"}
    assert {sample.labels["pid"] for sample in having} == {str(finished.pid)}
    assert {sample.labels["tid"] for sample in having} != {str(finished.pid)}
    assert_share(profile, "spend_in_thread", 100)


@test_of_shares
def kernel_functions_are_beneath_the_system_call(daemon):
    finished = processes.run_fixture(fixture("reads_zeros"), str(SECONDS))
    profile = profile_of(daemon, finished, "vfs_read", "main")
    assert profile.share("vfs_read") > 70, profile.summary()
    mapping = profile.frames("vfs_read")[0].mapping
    assert mapping.path.startswith("[kernel.kallsyms]"), mapping
    for sample in profile.samples:
        if "vfs_read" in sample.names and "main" in sample.names:
            assert sample.names.index("vfs_read") < sample.names.index("main"), sample.names


@test
def the_vdso_is_a_mapping_with_names(daemon):
    clock = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
    with open(clock, encoding="ascii") as source:
        if (name := source.read().strip()) not in ("tsc", "kvm-clock", "arch_sys_counter"):
            raise Skip(f"the clock source {name} is not read in the vDSO")
    finished = processes.run_fixture(fixture("reads_clock"), str(SECONDS))

    def in_vdso(sample):
        return sample.frames and sample.frames[0].mapping.path == "[vdso]"

    profile = profile_of(daemon, finished)
    assert profile.count(in_vdso) > 0.5 * profile.count(), profile.summary()
    named = profile.count(lambda sample: in_vdso(sample) and "+0x" not in sample.names[0])
    # Its functions that are not for others have no names, in some kernels.
    assert named > 0.5 * profile.count(in_vdso), profile.summary()


@test
def names_of_cpp_are_demangled(daemon):
    finished = processes.run_fixture(fixture("names"), str(SECONDS))
    name = "weather::Forecast<int>::compute(std::vector<int, std::allocator<int> > const&)"
    assert_share(profile_of(daemon, finished, name), name, 100)


@test
def a_stack_that_is_cut_says_why_at_its_root(daemon):
    finished = processes.run_fixture(fixture("too_deep"), str(SECONDS))
    profile = profile_of(daemon, finished, "spend_at_the_end", "descend")
    assert_share(profile, "[truncated: too deep]", 100)
    cut = [sample for sample in profile.samples if "[truncated: too deep]" in sample.names]
    assert all(sample.names[-1] == "[truncated: too deep]" for sample in cut), profile.summary()
    assert max(sample.names.count("descend") for sample in cut) > 500, profile.summary()


@test
def a_word_that_is_no_code_is_no_frame(daemon):
    finished = processes.run_fixture(fixture("goes_astray"), str(SECONDS))
    profile = profile_of(daemon, finished, "astray")
    assert_share(profile, "[truncated: pc in no mapping]", 100)
    assert not any("[unmapped]" in name for s in profile.samples for name in s.names)


@test
def a_deleted_program_is_named(daemon):
    with tempfile.TemporaryDirectory() as folder:
        program = shutil.copy(fixture("three_to_one"), folder + "/deleted")
        process = processes.start(program, str(SECONDS))
        os.unlink(program)
        profile = profile_of(daemon, processes.finish(process), "spend_three_parts")
    assert_share(profile, "spend_three_parts", 75)
    mapping = profile.frames("spend_three_parts")[0].mapping
    assert mapping.path.startswith(program), mapping
    assert mapping.build_id == build_id(fixture("three_to_one")), mapping


@test
def a_program_in_another_mount_namespace_is_named(daemon):
    with tempfile.TemporaryDirectory() as folder:
        hidden = folder + "/hidden"
        script = (
            f"mount -t tmpfs tmpfs {folder} && cp {fixture('three_to_one')} {hidden} && "
            f"exec {hidden} {SECONDS}"
        )
        finished = processes.run_fixture("unshare", "--mount", "sh", "-c", script)
        assert not os.path.exists(hidden)
        query = f'{{pid="{finished.pid}",comm="hidden"}}'
        profile = daemon.past_until(query, lambda profile: profile.has("spend_three_parts"))
    assert_share(profile, "spend_three_parts", 75)
    assert profile.frames("spend_three_parts")[0].mapping.path == hidden
    assert profile.labels("exe") == {hidden}


@test
def a_program_that_is_no_file_is_named(daemon):
    command = (fixture("runs_from_memory"), fixture("three_to_one"), str(SECONDS))
    finished = processes.run_fixture(*command)
    profile = profile_of(daemon, finished, "spend_three_parts")
    assert_share(profile, "spend_three_parts", 75)
    assert "memfd:lit" in profile.frames("spend_three_parts")[0].mapping.path


@test
def what_has_no_name_is_a_place_in_its_file(daemon):
    with tempfile.TemporaryDirectory() as folder:
        program = folder + "/nameless"
        subprocess.run(["strip", "-o", program, fixture("three_to_one")], check=True)
        finished = processes.run_fixture(program, str(SECONDS))
        profile = profile_of(daemon, finished)
    leaves = [sample.names[0] for sample in profile.samples]
    assert any(re.fullmatch("nameless\\+0x[0-9a-f]+", name) for name in leaves), leaves
    names = [name for sample in profile.samples for name in sample.names]
    assert not any("spend" in name for name in names)


@test
def a_short_life_is_long_enough_to_be_named(daemon):
    """A process is gone long before anybody asks for its names, and had less than a second."""
    with tempfile.TemporaryDirectory() as folder:
        program = shutil.copy(fixture("hostile_name"), folder + "/short_lived")
        finished = processes.run_fixture(program, "0.2")
    profile = profile_of(daemon, finished, "spend_under_hostile_name")
    assert profile.share("spend_under_hostile_name") > 80, profile.summary()


@test
def a_profile_of_the_next_seconds_waits_for_them(daemon):
    process = processes.start(*EAGERLY, fixture("three_to_one"), "60")
    answer = daemon.get("/debug/pprof/profile", seconds=2)
    profile = daemon.profile(seconds=2)
    process.kill()
    processes.finish(process)
    assert 2 <= answer.seconds < 6, answer.seconds
    assert abs(profile.duration_seconds - 2) < 0.1, profile.duration_seconds
    own = profile.count(lambda sample: sample.labels.get("pid") == str(process.pid))
    assert 0.7 * 2 * FREQUENCY_HZ < own < 1.1 * 2 * FREQUENCY_HZ, profile.summary()
    assert profile.types == [("samples", "count"), ("cpu", "nanoseconds")], profile.types
    assert abs(profile.period_ns * FREQUENCY_HZ / 1e9 - 1) < 0.01, profile.period_ns


@test
def the_roles_stay_small(daemon):
    """After all that they have seen above."""
    for pid in (daemon.pid, daemon.role("resolver"), daemon.role("server")):
        used = wait_for(lambda pid=pid: processes.resident_bytes(pid), 5, "a role is there")
        assert used < 100 << 20, f"{processes.arguments(pid)}: {used >> 20} MB"


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ)))
