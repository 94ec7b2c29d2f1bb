#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a profile says of programs whose answer is known."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import processes
from daemon import Daemon, finding
from harness import SOURCES, Skip, fixture, main, test, test_of_shares, wait_for
from processes import EAGERLY
from stripped import build_id

FREQUENCY_HZ = 499
SECONDS = 1.5
PERCENT = 5

IDLE_TICKS = "pilotlight_ticks_idle_total"
STACK_RECORDS = "pilotlight_stack_records_total"
MOST_PROVISIONAL = 16  # stacks of a process that are sent again, for its mappings were not there yet


def run(*command):
    """Run a fixture to its end, so that its samples can be counted."""
    return processes.run_fixture(*EAGERLY, *command)


def profile_of(daemon, finished, *names):
    """The profile of a process that has ended, with these names, and with as many samples as its
    CPU time has ticks; a life's start and end fall between two."""
    due = finished.cpu_seconds * FREQUENCY_HZ
    may_differ = max(due * PERCENT / 100, 2)

    def is_complete(profile):
        return profile.count() >= due - may_differ and all(map(profile.has, names))

    profile = daemon.past_until(f'{{pid="{finished.pid}"}}', is_complete)
    seen = f"{profile.count()} samples, {due:.0f} are due\n{profile.summary()}"
    assert abs(profile.count() - due) <= may_differ, seen
    return profile


def assert_share(profile, name, percent):
    seen = f"{name}: {profile.share(name):.1f} %"
    assert profile.is_share(name, percent), f"{seen}\n{profile.summary()}"


def line_of(source, words):
    """The number of the line of a fixture's source that holds these words in its comment."""
    lines = (SOURCES / "fixtures" / source).read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, 1) if f"/* {words} */" in line)


@test_of_shares
def two_functions_have_three_parts_and_one_part(daemon):
    finished = run(fixture("three_to_one"), str(SECONDS))
    profile = profile_of(daemon, finished, "spend_three_parts", "spend_one_part")
    assert_share(profile, "spend_three_parts", 75)
    assert_share(profile, "spend_one_part", 25)
    assert_share(profile, "main", 100)


@test_of_shares
def samples_are_cpu_time_times_frequency(daemon):
    finished = run(fixture("three_to_one"), "4")
    profile = profile_of(daemon, finished)
    cpu_seconds = sum(sample.values["cpu"] for sample in profile.samples) / 1e9
    assert abs(cpu_seconds - finished.cpu_seconds) <= finished.cpu_seconds * PERCENT / 100


@test_of_shares
def inlined_functions_are_frames_with_their_lines(daemon):
    finished = run(fixture("inlined_chain"), str(SECONDS))
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


@test_of_shares
def a_function_of_a_linked_library_is_in_its_mapping(daemon):
    finished = run(fixture("uses_library"), str(SECONDS))
    profile = profile_of(daemon, finished, "library_spend", "main")
    assert_share(profile, "library_spend", 100)
    mapping = profile.frames("library_spend")[0].mapping
    assert os.path.samefile(mapping.path, fixture("liblibrary.so")), mapping
    assert mapping.build_id == build_id(mapping.path), mapping
    mapping = profile.frames("main")[0].mapping
    assert os.path.samefile(mapping.path, fixture("uses_library")), mapping
    assert mapping.build_id == build_id(mapping.path), mapping


@test_of_shares
def a_library_that_was_opened_later_is_named_too(daemon):
    library = fixture("liblibrary.so")
    finished = run(fixture("opens_library"), str(2 * SECONDS), library)
    profile = profile_of(daemon, finished, "spend_before_opening", "library_spend")
    assert_share(profile, "spend_before_opening", 50)
    assert_share(profile, "library_spend", 50)
    assert profile.frames("library_spend")[0].mapping.build_id == build_id(library)


@test_of_shares
def a_process_is_another_after_exec(daemon):
    second = fixture("three_to_one")
    command = (fixture("becomes_another"), str(SECONDS), second, str(2 * SECONDS))
    finished = run(*command)
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


@test_of_shares
def a_thread_has_its_own_name(daemon):
    finished = run(fixture("named_thread"), str(SECONDS))
    profile = profile_of(daemon, finished, "spend_in_thread")
    having = [sample for sample in profile.samples if "spend_in_thread" in sample.names]
    assert {sample.labels["thread"] for sample in having} == {"stoker"}, profile.summary()
    assert {sample.labels["comm"] for sample in having} == {"named_thread"}
    assert {sample.labels["pid"] for sample in having} == {str(finished.pid)}
    assert {sample.labels["tid"] for sample in having} != {str(finished.pid)}
    assert_share(profile, "spend_in_thread", 100)


@test_of_shares
def a_process_has_the_cgroup_that_it_was_put_into(daemon):
    mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    root = next((mount[1] for mount in mounts if mount[2] == "cgroup2"), None)
    lines = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
    own = next((line[3:].rstrip("/") for line in lines if line.startswith("0::")), None)
    if root is None or own is None:
        raise Skip("there is no cgroup2")
    group = f"{own}/pilotlight-test-{os.getpid()}"
    folder = pathlib.Path(root + group)
    try:
        folder.mkdir()
    except OSError as error:
        raise Skip(f"{folder}: {error.strerror}") from None
    try:
        script = f'echo $$ >{folder}/cgroup.procs && exec "$@"'
        finished = run("sh", "-c", script, "sh", fixture("three_to_one"), str(SECONDS))
    finally:
        folder.rmdir()
    profile = profile_of(daemon, finished, "spend_three_parts")
    having = [sample for sample in profile.samples if "spend_three_parts" in sample.names]
    assert {sample.labels["cgroup"] for sample in having} == {group}, profile.summary()
    of_group = daemon.past(f'{{cgroup="{group}"}}')
    assert of_group.labels("pid") == {str(finished.pid)}, of_group.summary()


@test_of_shares
def the_frames_of_a_stack_are_sent_once(daemon):
    """A sample whose stack was seen before is one of those that bring no frames along."""
    before = daemon.metrics()
    finished = run(fixture("three_to_one"), str(2 * SECONDS))
    profile = profile_of(daemon, finished, "spend_three_parts")
    after = daemon.metrics()
    taken = after.stored + after.in_flight + sum(after.dropped.values()) - before.stored
    sent = after[STACK_RECORDS] - before[STACK_RECORDS]
    first_sights = len(profile.samples) + MOST_PROVISIONAL
    repeats = profile.count() - first_sights
    assert repeats > profile.count() / 2, profile.summary()
    assert sent <= taken - repeats, f"{sent} of {taken}, but {repeats} are repeated"


@test
def an_idle_cpu_is_no_process(daemon):
    """Its ticks are counted where they are the kernel's own time of being idle. An idle CPU of a
    virtual machine is woken late, and has one tick for several."""

    def idle_seconds():
        fields = pathlib.Path("/proc/stat").read_text(encoding="ascii").split(maxsplit=6)
        return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")

    if "the cpu-clock timer is used" not in (line := finding("perf event")):
        raise Skip(f"an idle CPU has no ticks: {line}")
    before, idle_before = daemon.metrics(), idle_seconds()
    enough = before.ticks + 3 * os.cpu_count() * FREQUENCY_HZ
    wait_for(lambda: daemon.metrics().ticks > enough, 20, "three seconds of ticks")
    after, idle_after = daemon.metrics(), idle_seconds()
    idle = (after[IDLE_TICKS] - before[IDLE_TICKS]) / FREQUENCY_HZ
    may_differ = 0.1 * (after.ticks - before.ticks) / FREQUENCY_HZ
    was_idle = idle_after - idle_before
    assert 0.3 * was_idle - may_differ < idle < was_idle + may_differ, f"{idle} {was_idle}"
    assert daemon.past('{pid="0"}').count() == 0


@test_of_shares
def kernel_functions_are_beneath_the_system_call(daemon):
    finished = run(fixture("reads_zeros"), str(SECONDS))
    profile = profile_of(daemon, finished, "vfs_read", "main")
    assert profile.share("vfs_read") > 70, profile.summary()
    mapping = profile.frames("vfs_read")[0].mapping
    assert mapping.path.startswith("[kernel.kallsyms]"), mapping
    for sample in profile.samples:
        if "vfs_read" in sample.names and "main" in sample.names:
            assert sample.names.index("vfs_read") < sample.names.index("main"), sample.names


@test_of_shares
def the_vdso_is_a_mapping_with_names(daemon):
    clock = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
    with open(clock, encoding="ascii") as source:
        if (name := source.read().strip()) not in ("tsc", "kvm-clock", "arch_sys_counter"):
            raise Skip(f"the clock source {name} is not read in the vDSO")
    finished = run(fixture("reads_clock"), str(SECONDS))

    def in_vdso(sample):
        return sample.frames and sample.frames[0].mapping.path == "[vdso]"

    profile = profile_of(daemon, finished)
    assert profile.count(in_vdso) > 0.5 * profile.count(), profile.summary()
    named = profile.count(lambda sample: in_vdso(sample) and "+0x" not in sample.names[0])
    # Its functions that are not for others have no names, in some kernels.
    assert named > 0.5 * profile.count(in_vdso), profile.summary()


@test_of_shares
def names_of_cpp_are_demangled(daemon):
    finished = run(fixture("names"), str(SECONDS))
    name = "weather::Forecast<int>::compute(std::vector<int, std::allocator<int> > const&)"
    assert_share(profile_of(daemon, finished, name), name, 100)


@test_of_shares
def a_stack_that_is_cut_says_why_at_its_root(daemon):
    finished = run(fixture("too_deep"), str(SECONDS))
    profile = profile_of(daemon, finished, "spend_at_the_end", "descend")
    assert_share(profile, "[truncated: too deep]", 100)
    cut = [sample for sample in profile.samples if "[truncated: too deep]" in sample.names]
    assert all(sample.names[-1] == "[truncated: too deep]" for sample in cut), profile.summary()
    assert max(sample.names.count("descend") for sample in cut) > 500, profile.summary()


@test_of_shares
def a_word_that_is_no_code_is_no_frame(daemon):
    finished = run(fixture("goes_astray"), str(SECONDS))
    profile = profile_of(daemon, finished, "astray")
    assert_share(profile, "[truncated: pc in no mapping]", 100)
    assert not any("[unmapped]" in name for s in profile.samples for name in s.names)


@test_of_shares
def a_deleted_program_is_named(daemon):
    with tempfile.TemporaryDirectory() as folder:
        program = shutil.copy(fixture("three_to_one"), folder + "/deleted")
        process = processes.start(*EAGERLY, program, str(SECONDS))
        wait_for(lambda: os.readlink(f"/proc/{process.pid}/exe") == program, 60, "it has begun")
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
        finished = run("unshare", "--mount", "sh", "-c", script)
        assert not os.path.exists(hidden)
        query = f'{{pid="{finished.pid}",comm="hidden"}}'
        profile = daemon.past_until(query, lambda profile: profile.has("spend_three_parts"))
    assert_share(profile, "spend_three_parts", 75)
    assert profile.frames("spend_three_parts")[0].mapping.path == hidden
    assert profile.labels("exe") == {hidden}


@test_of_shares
def a_program_that_is_no_file_is_named(daemon):
    command = (fixture("runs_from_memory"), fixture("three_to_one"), str(SECONDS))
    finished = run(*command)
    profile = profile_of(daemon, finished, "spend_three_parts")
    assert_share(profile, "spend_three_parts", 75)
    assert "memfd:lit" in profile.frames("spend_three_parts")[0].mapping.path


@test_of_shares
def what_has_no_name_is_a_place_in_its_file(daemon):
    with tempfile.TemporaryDirectory() as folder:
        program = folder + "/nameless"
        subprocess.run(["strip", "-o", program, fixture("three_to_one")], check=True)
        finished = run(program, str(SECONDS))
        profile = profile_of(daemon, finished)
    leaves = [sample.names[0] for sample in profile.samples]
    assert any(re.fullmatch("nameless\\+0x[0-9a-f]+", name) for name in leaves), leaves
    names = [name for sample in profile.samples for name in sample.names]
    assert not any("spend" in name for name in names)


@test_of_shares
def a_short_life_is_long_enough_to_be_named(daemon):
    """A process is gone long before anybody asks for its names, and had less than a second."""
    with tempfile.TemporaryDirectory() as folder:
        program = shutil.copy(fixture("hostile_name"), folder + "/short_lived")
        finished = run(program, "0.2")
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
        used = wait_for(lambda pid=pid: processes.resident_bytes(pid), 60, "a role is there")
        assert used < 100 << 20, f"{processes.arguments(pid)}: {used >> 20} MB"


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ)))
