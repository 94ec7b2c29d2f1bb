#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Code that a process makes at run time has the names that its runtime tells."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

import processes
from daemon import Daemon, record
from harness import Skip, fixture, main, test, test_of_shares, wait_for
from perf_map import map_of, query

FREQUENCY_HZ = 499
SECONDS = 2
FIRST, SECOND = "made_first", "made second, of two words"
TOLD = "told by a stranger"


def assert_share(profile, name, percent):
    seen = f"{name}: {profile.share(name):.1f} %"
    assert profile.is_share(name, percent), f"{seen}\n{profile.summary()}"


def start_fixture(*arguments, seconds=SECONDS):
    """The fixture, which prints where its functions lie as it makes them."""
    command = (fixture("makes_code"), str(seconds), *arguments)
    return processes.start(*command, stdout=subprocess.PIPE, text=True)


@contextlib.contextmanager
def silent_process(seconds=30):
    """A process that tells no names itself, and the line of a perf map that would."""
    process = start_fixture(seconds=seconds)
    place, size, _ = process.stdout.readline().split(" ", 2)
    try:
        yield process.pid, f"{place} {size} {TOLD}\n"
    finally:
        process.kill()
        processes.finish(process)


@test_of_shares
def a_perf_map_that_grows_names_both_halves(daemon):
    process = start_fixture("map")
    path = map_of(process.pid)
    finished = processes.finish(process)
    assert finished.status == 0, finished
    path.unlink()
    profile = daemon.past_until(query(finished.pid), lambda profile: profile.has(SECOND))
    assert_share(profile, FIRST, 50)
    assert_share(profile, SECOND, 50)
    assert_share(profile, "main", 100)
    mapping = profile.frames(FIRST)[0].mapping
    assert mapping.path == str(path), mapping
    assert mapping.flags == {"functions"}, mapping


@test_of_shares
def code_in_a_memory_file_is_named_by_the_map_too(daemon):
    """As runtimes have it that map their code twice: to write it, and to run it."""
    finished = processes.finish(start_fixture("map", "shared"))
    profile = daemon.past_until(query(finished.pid), lambda profile: profile.has(SECOND))
    map_of(finished.pid).unlink()
    assert_share(profile, FIRST, 50)
    assert_share(profile, SECOND, 50)
    assert_share(profile, "main", 100)
    assert profile.frames(FIRST)[0].mapping.path == f"/tmp/perf-{finished.pid}.map"


@test_of_shares
def code_in_memory_that_is_shared_is_walked_by_frame_pointer_and_counted_apart(daemon):
    """As PHP has it: a file without a name, which is asked for once."""

    def counts():
        metrics = daemon.metrics()
        by_fp = metrics.family("pilotlight_unwind_frame_pointer_frames_total")
        return metrics["pilotlight_unwind_files_found_total"], by_fp

    n_files, before = counts()
    finished = processes.finish(start_fixture("map", "zero"))
    profile = daemon.past_until(query(finished.pid), lambda profile: profile.has(SECOND))
    map_of(finished.pid).unlink()
    n_files, after = counts()[0] - n_files, counts()[1]
    assert_share(profile, FIRST, 50)
    assert_share(profile, SECOND, 50)
    for name in ("made_code_spend", "main"):
        assert_share(profile, name, 100)
    walked = {code: after[code] - before[code] for code in after}
    assert walked["no_table"] > 0.9 * profile.count(), f"{walked}\n{profile.summary()}"
    assert 2 <= n_files < 100, f"{n_files} files were asked for"


@test_of_shares
def a_map_that_comes_late_names_the_past_too(daemon):
    with silent_process() as (pid, line):
        unnamed = daemon.past_until(query(pid), lambda profile: profile.count() > 100)
        assert not unnamed.has(TOLD), unnamed.summary()
        assert any(name.startswith("[anonymous]+0x") for s in unnamed.samples for name in s.names)
        map_of(pid).write_text(line)
        profile = daemon.past_until(query(pid), lambda profile: profile.has(TOLD), 30)
        map_of(pid).unlink()
    assert_share(profile, TOLD, 100)


@test_of_shares
def a_map_that_is_written_as_the_process_ends_is_read(daemon):
    process = start_fixture(seconds=1)
    line = process.stdout.readline()
    daemon.past_until(query(process.pid), lambda profile: profile.count() > 50)
    second = process.stdout.readline()
    path = map_of(process.pid)
    path.write_text(line + second)
    processes.finish(process)
    profile = daemon.past_until(query(process.pid), lambda profile: profile.has(SECOND))
    path.unlink()
    assert_share(profile, FIRST, 50)


@test_of_shares
def a_process_in_other_namespaces_is_named_by_its_own_map(daemon):
    """Its /tmp is not ours, and it is the first process there."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        program = shutil.copy(fixture("makes_code"), folder)
        script = f"mount -t tmpfs tmpfs /tmp && exec {program} {SECONDS} map"
        wrapper = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script)
        process = processes.start(*wrapper, stdout=subprocess.DEVNULL)
        pid = wait_for(lambda: processes.children(process.pid), 60, "it starts")[0]
        assert processes.finish(process).status == 0
    profile = daemon.past_until(query(pid), lambda profile: profile.has(SECOND))
    assert_share(profile, FIRST, 50)
    assert_share(profile, SECOND, 50)
    assert profile.frames(FIRST)[0].mapping.path == "/tmp/perf-1.map", profile.summary()


@test_of_shares
def a_jitdump_names_functions_and_lines_and_follows_what_moves(daemon):
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        finished = processes.run_fixture(fixture("dumps_code"), str(SECONDS), folder)
    profile = daemon.past_until(query(finished.pid), lambda profile: profile.share(FIRST) > 95)
    assert_share(profile, FIRST, 100)
    frames = profile.frames(FIRST)
    assert {frame.file for frame in frames} == {"/srv/made.js"}, frames[0]
    assert {frame.line for frame in frames} <= {11, 12} and frames[0].line, frames[0]
    assert frames[0].mapping.path == f"{folder}/jit-{finished.pid}.dump", frames[0]
    assert frames[0].mapping.flags == {"functions", "filenames", "line_numbers"}, frames[0]


@test
def folded_stacks_mark_code_made_at_run_time(daemon):
    finished = processes.finish(start_fixture("map", seconds=1))
    map_of(finished.pid).unlink()
    daemon.past_until(query(finished.pid), lambda profile: profile.has(SECOND))
    parameters = {"query": query(finished.pid), "from": "now-1h", "format": "folded"}
    answer = daemon.get("/api/v1/profile", **parameters)
    assert answer.code == 200, answer.text
    for name in (FIRST, SECOND):
        assert f";made_code_spend;{name}_[j] " in answer.text, answer.text


def recorded(*arguments):
    """What a recording makes of it, folded."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/x.folded"
        subprocess.run(
            record("-F", str(FREQUENCY_HZ), "-o", path, *arguments),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return pathlib.Path(path).read_text(encoding="utf-8")


@test
def a_recording_has_the_names_that_come_at_its_end():
    text = recorded("--", fixture("makes_code"), "1", "map")
    for name in (FIRST, SECOND):
        assert f";made_code_spend;{name}_[j] " in text, text
    with silent_process() as (pid, line):
        hidden = map_of(pid).with_suffix(".hidden")
        hidden.write_text(line)
        mover = threading.Timer(1, lambda: hidden.rename(map_of(pid)))
        mover.start()
        text = recorded("-p", str(pid), "-d", "2")
        mover.join()
        map_of(pid).unlink()
    assert f";made_code_spend;{TOLD}_[j] " in text, text


@test_of_shares
def frames_count_by_the_names_that_were_known(daemon):
    def counts():
        return daemon.metrics().family("pilotlight_frames_total")

    with silent_process() as (pid, line):
        before = counts()
        wait_for(lambda: counts()["none"] > before["none"] + 100, 60, "frames without a name")
        map_of(pid).write_text(line)
        daemon.past_until(query(pid), lambda profile: profile.has(TOLD), 30)
        before = counts()
        wait_for(lambda: counts()["functions"] > before["functions"] + 500, 60, "named frames")
        map_of(pid).unlink()
        nameless = counts()["none"] - before["none"]
    assert nameless < 50, f"{nameless} frames without a name"


def assert_refused(daemon, reason, put):
    """Nothing is read of what `put` has put in place of a perf map, and that is counted."""
    name = f'pilotlight_jit_files_refused_total{{reason="{reason}"}}'
    before = daemon.metrics()[name]
    with silent_process() as (pid, line):
        path = map_of(pid)
        try:
            put(path, line)
            wait_for(lambda: daemon.metrics()[name] > before, 20, f"{reason} is counted")
            profile = daemon.past(query(pid))
        finally:
            path.unlink(missing_ok=True)
    assert profile.count() and not profile.has(TOLD), profile.summary()
    metrics = daemon.metrics()
    assert metrics[name] == before + 1, "it is counted once"
    metrics.assert_every_tick_is_accounted_for()


@test
def a_fifo_in_place_of_a_map_is_not_opened(daemon):
    assert_refused(daemon, "kind", lambda path, line: os.mkfifo(path))


@test
def a_device_in_place_of_a_map_is_not_opened(daemon):
    def put(path, _):
        try:
            os.mknod(path, 0o20666, os.makedev(1, 5))
        except PermissionError:
            raise Skip("no device can be made here") from None

    assert_refused(daemon, "kind", put)


@test
def a_link_in_place_of_a_map_is_not_followed(daemon):
    with tempfile.NamedTemporaryFile("w") as elsewhere:

        def put(path, line):
            elsewhere.write(line)
            elsewhere.flush()
            path.symlink_to(elsewhere.name)

        assert_refused(daemon, "link", put)


@test
def a_file_with_a_second_name_in_place_of_a_map_is_not_read(daemon):
    with tempfile.NamedTemporaryFile("w", dir="/tmp") as elsewhere:

        def put(path, line):
            elsewhere.write(line)
            elsewhere.flush()
            path.hardlink_to(elsewhere.name)

        assert_refused(daemon, "kind", put)


@test
def the_map_of_another_user_is_not_read(daemon):
    def put(path, line):
        path.write_text(line)
        os.chown(path, 12345, 12345)

    assert_refused(daemon, "owner", put)


@test
def a_link_out_of_a_root_stays_in_it(daemon):
    """/tmp is a link that leads to one map for us, and to another for the process."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        root, outside = pathlib.Path(folder, "root"), pathlib.Path(folder, "outside")
        inside = pathlib.Path(f"{root}{outside}")
        bound = [name for name in ("lib", "lib64", "usr") if os.path.isdir(f"/{name}")]
        for path in (outside, inside, *(root / name for name in bound)):
            path.mkdir(parents=True)
        (root / "tmp").symlink_to(f"../../../../../../..{outside}")
        shutil.copy(fixture("makes_code"), root)
        binds = "".join(f"mount --bind /{name} {root}/{name} && " for name in bound)
        script = f"{binds} exec chroot {root} /makes_code 30"
        process = processes.start(
            "unshare", "--mount", "sh", "-c", script, stdout=subprocess.PIPE, text=True
        )
        place, size, _ = process.stdout.readline().split(" ", 2)
        for path, name in ((outside, TOLD), (inside, "told by itself")):
            (path / map_of(process.pid).name).write_text(f"{place} {size} {name}\n")
        profile = daemon.past_until(
            query(process.pid), lambda profile: profile.has("told by itself"), 20
        )
        process.kill()
        processes.finish(process)
    assert profile.has("told by itself") and not profile.has(TOLD), profile.summary()


@test
def a_map_that_grows_without_end_costs_only_its_own_names(daemon):
    """Half a gigabyte in a moment, most of it a hole, and then ten thousand lines a second."""
    before = daemon.metrics()
    with silent_process() as (pid, line):
        path = map_of(pid)
        start = time.monotonic()
        with path.open("w") as file:
            file.seek(1 << 29)
            while time.monotonic() < start + 8:
                file.write(f"\n{line}" * 1000)
                file.flush()
                time.sleep(0.1)
        profile = daemon.past_until(query(pid), lambda profile: profile.has(TOLD), 30)
        path.unlink()
    metrics = daemon.metrics()
    assert_share(profile, TOLD, 100)
    unread = metrics["pilotlight_jit_unread_bytes_total"]
    assert unread - before["pilotlight_jit_unread_bytes_total"] > 400 << 20, unread
    builds = metrics.family("pilotlight_jit_builds_total")
    assert builds["crashed"] == builds["timed_out"] == 0, builds
    spent = sum(v for k, v in metrics.items() if k.startswith("pilotlight_role_cpu_seconds_total"))
    assert metrics.restarts("resolver") == 0 and spent < 30, spent
    metrics.assert_every_tick_is_accounted_for()


@test
def names_and_entries_without_measure_cost_little(daemon):
    """A name of megabytes, sizes that wrap, functions over one another, a million of them."""
    with silent_process() as (pid, line):
        place = line.split()[0]
        hidden = map_of(pid).with_suffix(".hidden")
        with hidden.open("w") as file:
            file.write(f"{place} 40 {'n' * (3 << 20)}\n")
            file.write(f"{place} 0 empty\n{place} ffffffffffffffff wraps\n")
            file.writelines(f"{i * 16:x} 400 function {i}\n" for i in range(1_200_000))
            file.write(line)
        hidden.rename(map_of(pid))
        profile = daemon.past_until(query(pid), lambda profile: profile.has(TOLD), 30)
        map_of(pid).unlink()
    assert_share(profile, TOLD, 100)


    def entries(outcome):
        return daemon.metrics()[f'pilotlight_jit_entries_total{{outcome="{outcome}"}}']

    wait_for(lambda: entries("forgotten") >= 150_000, 60, "functions of long ago are counted")
    assert entries("damaged") >= 2 and entries("cut") >= 1


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ), wrapper=processes.FIRST))
