#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`pilotlight record`: one profile of a command, a process, or the whole host, in a file."""

import base64
import contextlib
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ElementTree

import processes
from daemon import record
from harness import fixture, main, require_root, test, test_of_shares, wait_for
from pprof import Profile
from processes import EAGERLY


def run_record(*arguments, seconds=60):
    """Run it to its end; return what subprocess tells of it."""
    require_root()
    return subprocess.run(
        record(*arguments), capture_output=True, text=True, timeout=seconds, check=False
    )


def read_profile(path):
    return Profile(pathlib.Path(path).read_bytes())


def status_of(*command):
    """The exit status of recording a command."""
    with tempfile.TemporaryDirectory() as folder:
        run = run_record("-o", folder + "/x.folded", "--", *command)
        return run.returncode, run.stderr


@test
def a_command_is_recorded_with_all_that_it_did():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/x.pb.gz"
        run = run_record("-F", "499", "-o", path, "--", *EAGERLY, fixture("three_to_one"), "2")
        assert run.returncode == 0, run.stderr
        profile = read_profile(path)
    assert profile.labels("comm") <= {"three_to_one", "chrt", "pilotlight"}, profile.summary()
    assert abs(profile.count() - 2 * 499) < 0.05 * 2 * 499, profile.summary()
    assert profile.is_share("spend_three_parts", 75), profile.summary()
    assert profile.is_share("spend_one_part", 25), profile.summary()


@test_of_shares
def ninety_nine_samples_a_second_are_the_default():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/x.pb.gz"
        run = run_record("-o", path, "--", *EAGERLY, fixture("three_to_one"), "4")
        assert run.returncode == 0, run.stderr
        profile = read_profile(path)
    assert abs(profile.count() - 4 * 99) < 0.05 * 4 * 99, profile.summary()


@test
def the_children_of_a_command_are_recorded_too():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/x.pb.gz"
        script = f"{fixture('three_to_one')} 1 & {fixture('inlined_chain')} 1; wait"
        run = run_record("-F", "499", "-o", path, "--", "sh", "-c", script)
        assert run.returncode == 0, run.stderr
        profile = read_profile(path)
    assert {"three_to_one", "inlined_chain"} <= profile.labels("comm"), profile.summary()
    assert profile.has("innermost") and profile.has("spend_three_parts"), profile.summary()


@test
def after_the_command_only_the_reading_of_names_takes_time():
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})  # of one CPU, a sampler that spins leaves nothing
    before = os.times()
    try:
        status, stderr = status_of("true")
    finally:
        os.sched_setaffinity(0, cpus)
    after = os.times()
    assert status == 0, stderr
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    assert spent < 3, f"{spent} s of CPU"


@test
def a_duration_ends_the_recording_and_the_command():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/x.pb.gz"
        command = (*EAGERLY, fixture("three_to_one"), "4")
        run = run_record("-d", "2", "-F", "499", "-o", path, "--", *command, seconds=20)
        assert os.path.exists(path), f"{run.returncode} {run.stderr}"
        profile = read_profile(path)
    assert 0.8 * 2 * 499 < profile.count() < 1.1 * 2 * 499, profile.summary()


@test
def a_running_process_is_recorded_alone():
    process = processes.start(*EAGERLY, fixture("three_to_one"), "60")
    other = processes.start(fixture("inlined_chain"), "60")
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/x.pb.gz"
        run = run_record("-p", str(process.pid), "-d", "2", "-F", "499", "-o", path)
        profile = read_profile(path) if run.returncode == 0 else None
    for each in (process, other):
        each.kill()
        processes.finish(each)
    assert run.returncode == 0, run.stderr
    assert profile.labels("pid") == {str(process.pid)}, profile.summary()
    assert profile.is_share("spend_three_parts", 75), profile.summary()


@test
def the_whole_host_is_recorded_until_ctrl_c():
    require_root()
    load = processes.start(fixture("three_to_one"), "60")
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/x.pb.gz"
        recording = processes.start(*record("-F", "499", "-o", path), stderr=subprocess.PIPE)
        before = processes.cpu_seconds(load.pid)
        wait_for(lambda: processes.cpu_seconds(load.pid) > before + 2, 20, "the load has run")
        recording.send_signal(signal.SIGINT)
        finished = processes.finish(recording, 20)
        profile = read_profile(path)
    load.kill()
    processes.finish(load)
    assert finished.status == 0, f"{finished.status}: {recording.stderr.read()}"
    assert profile.has("spend_three_parts"), profile.summary()


def stop_resolvers(recording):
    """Have names wait. To be done again and again, for one that is silent is replaced."""
    children = processes.children(recording.pid)
    resolvers = [pid for pid in children if "resolver" in processes.arguments(pid)]
    for resolver in resolvers:
        os.kill(resolver, signal.SIGSTOP)
    return resolvers


@test
def a_second_ctrl_c_waits_for_no_names():
    require_root()
    load = processes.start(fixture("three_to_one"), "60")
    with tempfile.TemporaryDirectory() as folder:
        of_load = ("--unwind", "frame-pointers", "-p", str(load.pid))  # needs no tables
        command = record(*of_load, "-o", folder + "/x.pb.gz")
        recording = processes.start(*command, stderr=subprocess.PIPE, text=True)

        def has_run():
            return stop_resolvers(recording) and processes.cpu_seconds(load.pid) > before + 1

        def is_over():
            stop_resolvers(recording)
            recording.send_signal(signal.SIGINT)
            return recording.poll() is not None

        wait_for(lambda: stop_resolvers(recording), 60, "a resolver")
        before = processes.cpu_seconds(load.pid)
        wait_for(has_run, 20, "the load has run")
        wait_for(is_over, 20, "it has written")
    load.kill()
    processes.finish(load)
    stderr = recording.stderr.read()
    assert recording.returncode == 0 and " files were not read in time" in stderr, stderr


@test
def a_terminal_shows_how_far_it_is():
    require_root()
    load = processes.start(fixture("three_to_one"), "60")
    terminal, other_end = pty.openpty()
    os.set_blocking(terminal, False)
    shown = ""

    def shows(words, times):
        nonlocal shown
        stop_resolvers(recording)
        with contextlib.suppress(BlockingIOError):
            shown += os.read(terminal, 65536).decode()
        return len(re.findall(f"\r\x1b\\[K{words}: [0-9.]+ s, [0-9]+ samples", shown)) >= times

    with tempfile.TemporaryDirectory() as folder:
        of_load = ("--unwind", "frame-pointers", "-p", str(load.pid))  # needs no tables
        command = record(*of_load, "-o", folder + "/x.pb.gz")
        recording = processes.start(*command, stderr=other_end)
        wait_for(lambda: re.search("[1-9][0-9]* samples", shown) or shows("", 1), 20, "samples")
        wait_for(lambda: shows("recording", 3), 20, "recording")
        recording.send_signal(signal.SIGINT)
        wait_for(lambda: shows("reading names", 3), 20, f"the reading of names in {shown!r}")
        recording.send_signal(signal.SIGINT)
        finished = processes.finish(recording, 20)
    load.kill()
    processes.finish(load)
    shows("", 0)
    for descriptor in (terminal, other_end):
        os.close(descriptor)
    assert finished.status == 0, shown
    assert shown.rindex("recording: ") < shown.index("reading names: "), shown
    assert re.search(r" samples\r\x1b\[Kpilotlight: [^\x1b]* samples in \S+\r\n$", shown), shown


@test
def what_a_server_has_taken_with_it_is_said():
    require_root()
    load = processes.start(fixture("three_to_one"), "60")
    with tempfile.TemporaryDirectory() as folder:
        command = record("-F", "499", "-o", folder + "/x.pb.gz", "-p", str(load.pid))
        recording = processes.start(*command, stderr=subprocess.PIPE, text=True)
        before = processes.cpu_seconds(load.pid)
        wait_for(lambda: processes.cpu_seconds(load.pid) > before + 2, 20, "the load has run")
        children = processes.children(recording.pid)
        (server,) = [pid for pid in children if "server" in processes.arguments(pid)]
        os.kill(server, signal.SIGKILL)
        wait_for(lambda: processes.cpu_seconds(load.pid) > before + 4, 20, "it has gone on")
        recording.send_signal(signal.SIGINT)
        finished = processes.finish(recording, 20)
    load.kill()
    processes.finish(load)
    stderr = recording.stderr.read()
    assert finished.status == 0 and " more are missing: " in stderr, stderr


@test
def folded_text_is_written():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "x.folded")
        run = run_record("-F", "499", "-o", str(path), "--", fixture("inlined_chain"), "1")
        assert run.returncode == 0, run.stderr
        lines = path.read_text(encoding="utf-8").splitlines()
    wanted = ";main;outermost;middle_[i];innermost_[i] "
    having = [line for line in lines if line.startswith("inlined_chain;") and wanted in line]
    assert sum(int(line.rsplit(" ", 1)[1]) for line in having) > 0.9 * 499, lines[:5]


@test
def a_picture_is_written():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/x.svg"
        run = run_record("-o", path, "--", fixture("three_to_one"), "1")
        assert run.returncode == 0, run.stderr
        texts = " ".join(ElementTree.parse(path).getroot().itertext())
    assert "spend_three_parts" in texts, texts[:300]


@test
def each_sample_has_the_time_at_which_it_was_taken():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "x.perf")
        start = time.time()
        run = run_record("-o", str(path), "--", fixture("three_to_one"), "1")
        end = time.time()
        assert run.returncode == 0, run.stderr
        text = path.read_text(encoding="utf-8")
    times = [float(at) for at in re.findall(r"^three_to_one +\d+/\d+ .* (\d+\.\d{9}): ", text, re.M)]
    assert len(times) > 50 and times == sorted(times), times
    assert start - 1 < times[0] < times[-1] < end + 1, f"{start} {times} {end}"
    assert times[-1] - times[0] > 0.5, times


@test
def what_other_programs_show_is_written():
    for ending in (".speedscope.json", ".firefox.json", ".html"):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "x" + ending)
            run = run_record("-o", str(path), "--", fixture("three_to_one"), "0.3")
            assert run.returncode == 0, run.stderr
            text = path.read_text(encoding="utf-8")
        if ending == ".html":
            packed = re.search(r'id="embedded-profile"[^>]*>([^<]*)<', text).group(1)
            assert Profile(base64.b64decode(packed)).has("spend_three_parts"), text[-300:]
        else:
            assert json.loads(text) and '"spend_three_parts"' in text, text[:300]


@test
def the_status_of_a_command_is_passed_on():
    status, text = status_of("sh", "-c", "exit 3")
    assert status == 3, f"{status} {text}"


@test
def the_signal_that_ended_a_command_is_passed_on():
    status, text = status_of("sh", "-c", "kill -TERM $$")
    assert status == 128 + signal.SIGTERM, f"{status} {text}"


@test
def a_command_that_is_not_there_is_127():
    status, text = status_of("/no/such/command")
    assert status == 127, f"{status} {text}"
    assert "/no/such/command" in text, text


@test
def a_command_that_cannot_be_run_is_126():
    with tempfile.NamedTemporaryFile() as file:
        status, text = status_of(file.name)
        assert status == 126, f"{status} {text}"
        assert file.name in text, text


@test
def a_process_that_is_not_there_is_one_sentence():
    with tempfile.TemporaryDirectory() as folder:
        run = run_record("-p", "4194304", "-d", "1", "-o", folder + "/x.folded")
    assert run.returncode == 1, f"{run.returncode} {run.stderr}"
    assert "4194304" in run.stderr and len(run.stderr.splitlines()) == 1, run.stderr


@test
def a_file_that_cannot_be_written_is_one_sentence():
    run = run_record("-o", "/no/such/folder/x.folded", "--", "true")
    assert run.returncode == 1, f"{run.returncode} {run.stderr}"
    assert "/no/such/folder/x.folded" in run.stderr, run.stderr
    assert len(run.stderr.splitlines()) == 1, run.stderr


@test
def a_recording_that_fails_leaves_files_as_they_were():
    with tempfile.TemporaryDirectory() as folder:
        former = pathlib.Path(folder, "former.folded")
        former.write_text("main 1\n")
        for path in (former, pathlib.Path(folder, "new.folded")):
            assert run_record("-o", str(path), "--", "/nowhere/program").returncode == 127
        assert former.read_text() == "main 1\n"
        assert os.listdir(folder) == ["former.folded"]


@test
def a_reader_that_goes_away_is_told_of_at_once():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/pipe.folded"
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        require_root()
        busy = fixture("three_to_one") + " 0.5"
        with subprocess.Popen(
            record("-o", path, "--", "sh", "-c", f"echo started; read line; exec {busy}"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as run:
            run.stdout.readline()
            os.close(reader)
            _, errors = run.communicate("\n", timeout=20)
    assert run.returncode == 1, run.returncode
    assert "Broken pipe" in errors, errors


if __name__ == "__main__":
    main()
