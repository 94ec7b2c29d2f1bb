#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`pilotlight convert`: profiles of other tools, and our own, there and back."""

import contextlib
import gzip
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from daemon import Daemon
from harness import PILOTLIGHT, SOURCES, Skip, fixture, main, require_root, test, wait_for

GOLDEN = SOURCES / "golden"


def convert(source, target):
    return subprocess.run(
        [str(PILOTLIGHT), "convert", str(source), str(target)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def converted(source, ending):
    """What a file becomes in the format of this ending: its bytes."""
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / f"out{ending}"
        run = convert(source, target)
        assert run.returncode == 0, run.stderr
        return target.read_bytes()


def go_tool_pprof(*arguments):
    if not shutil.which("go"):
        raise Skip("there is no Go here")
    run = subprocess.run(
        ["go", "tool", "pprof", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return run.stdout


def assert_is_the_same_for_go(path):
    with tempfile.TemporaryDirectory() as folder:
        again = pathlib.Path(folder) / "again.pb.gz"
        again.write_bytes(converted(path, ".pb.gz"))
        before, after = go_tool_pprof("-raw", path), go_tool_pprof("-raw", again)
    assert len(before.splitlines()) > 5, before
    assert before == after, f"{before}\n--- became ---\n{after}"


def varint(number):
    number &= (1 << 64) - 1
    text = b""
    while number > 127:
        text += bytes([number & 127 | 128])
        number >>= 7
    return text + bytes([number])


def message(*fields):
    """A message of protobuf: numbers are varints, bytes are what they are."""
    text = b""
    for key, value in fields:
        if isinstance(value, bytes):
            text += varint(key << 3 | 2) + varint(len(value)) + value
        else:
            text += varint(key << 3) + varint(value)
    return text


def heap_profile():
    """As Go writes of its heap: four types, numbers as labels, frames of which no name is known."""
    words = ["", "alloc_objects", "count", "alloc_space", "bytes", "inuse_objects", "inuse_space"]
    words += ["space", "/usr/bin/heap", "main.f", "f.go", "request", "GET /", "runtime.malloc", "free.*"]
    number = {word: i for i, word in enumerate(words)}
    types = [("alloc_objects", "count"), ("alloc_space", "bytes")]
    types += [("inuse_objects", "count"), ("inuse_space", "bytes")]
    labels = message((1, number["bytes"]), (3, 512), (4, number["bytes"]))
    text_label = message((1, number["request"]), (2, number["GET /"]))
    line = message((1, 1), (2, 42))
    sample = [(1, message()), (2, b"".join(map(varint, (3, 1536, -1, 512))))]
    return message(
        *((1, message((1, number[kind]), (2, number[unit]))) for kind, unit in types),
        (2, message((1, varint(1) + varint(2)), *sample[1:], (3, labels), (3, text_label))),
        (2, message((1, varint(2)), *sample[1:])),
        (2, message((1, varint(2)), *sample[1:])),  # the same once more stays apart
        (3, message((1, 1), (2, 0x400000), (3, 0x500000), (5, number["/usr/bin/heap"]), (7, 1))),
        (4, message((1, 1), (2, 1), (3, 0x401000), (4, line), (5, 1))),
        (4, message((1, 2), (2, 1), (3, 0x402000))),
        (5, message((1, 1), (2, number["main.f"]), (3, number["main.f"]), (4, number["f.go"]))),
        *((6, word.encode()) for word in words),
        (7, number["free.*"]),
        (9, 1_700_000_000_000_000_000),
        (11, message((1, number["space"]), (2, number["bytes"]))),
        (12, 524288),
        (14, number["inuse_space"]),
    )


@test
def our_own_pprof_comes_back_the_same():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "known.pb.gz"
        path.write_bytes(converted(GOLDEN / "known.perf", ".pb.gz"))
        assert_is_the_same_for_go(path)


@test
def a_profile_by_go_comes_back_the_same():
    if not shutil.which("go"):
        raise Skip("there is no Go here")
    with tempfile.TemporaryDirectory() as folder:
        program, path = pathlib.Path(folder) / "itself", pathlib.Path(folder) / "cpu.pprof"
        source = GOLDEN.parent / "fixtures/profiles_itself.go"
        subprocess.run(["go", "build", "-o", program, source], check=True, timeout=120)
        subprocess.run([program, "0.5", path], check=True, timeout=20)
        assert_is_the_same_for_go(path)
        assert b"main.work" in converted(path, ".folded")


@test
def a_profile_of_a_heap_comes_back_the_same():
    with tempfile.TemporaryDirectory() as folder:
        packed, plain = pathlib.Path(folder) / "heap.pb.gz", pathlib.Path(folder) / "heap.pb"
        plain.write_bytes(heap_profile())
        packed.write_bytes(gzip.compress(heap_profile()))
        assert_is_the_same_for_go(plain)
        assert converted(packed, ".pb.gz") == converted(plain, ".pb.gz")
        folded = converted(plain, ".folded").decode()
        assert folded == "heap;heap+0x2000 1024\nheap;heap+0x2000;main.f 512\n", folded


@test
def what_we_write_in_text_comes_back_the_same():
    for ending in (".folded", ".perf"):
        path = GOLDEN / f"known{ending}"
        assert converted(path, ending) == path.read_bytes(), ending


@test
def every_format_leads_to_the_same_stacks():
    folded = (GOLDEN / "known.folded").read_text()
    plain = folded.replace("_[i]", "").replace("_[k]", "")
    plain = plain.replace("[anonymous]+0x7e0000000000_[j]", "[unknown]+0x7e0000000000")
    by_perf = converted(GOLDEN / "known.perf", ".folded").decode()
    assert sorted(by_perf.replace("_[i]", "").replace("_[k]", "").splitlines()) == sorted(
        plain.splitlines()
    ), by_perf
    by_speedscope = converted(GOLDEN / "known.speedscope.json", ".folded").decode()
    plain = plain.replace("[unknown]+0x", "[anonymous]+0x").replace("api 1\n", "api;[unknown] 1\n")
    assert sorted(by_speedscope.splitlines()) == sorted(plain.splitlines()), by_speedscope


@test
def what_perf_recorded_is_read():
    require_root()
    if not shutil.which("perf"):
        raise Skip("there is no perf here")
    with tempfile.TemporaryDirectory() as folder:
        data, text = pathlib.Path(folder) / "perf.data", pathlib.Path(folder) / "perf.txt"
        record = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "499", "-g", "-o", data]
        run = subprocess.run(
            [*record, "--", fixture("three_to_one"), "1"], capture_output=True, check=False
        )
        if run.returncode:
            raise Skip(f"perf does not record here: {run.stderr.decode()}")
        script = ["perf", "script", "-i", data]
        text.write_bytes(subprocess.run(script, capture_output=True, check=True).stdout)
        n_events = text.read_text().count("cpu-clock")
        lines = converted(text, ".folded").decode().splitlines()
        counts = {line.rsplit(" ", 1)[0]: int(line.rsplit(" ", 1)[1]) for line in lines}
    total = sum(counts.values())
    assert total == n_events > 300, f"{total} of {n_events}"
    three = sum(count for stack, count in counts.items() if "spend_three_parts" in stack)
    assert abs(three / total - 0.75) < 0.1, f"{three} of {total}"


@test
def what_cannot_be_read_or_written_is_one_sentence():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "bad.folded").write_text("main;f 3\nmain;g\n")
        (folder / "bad.pb").write_bytes(heap_profile()[:-3])
        (folder / "bad.json").write_text('{\n"profiles": ]')
        (folder / "empty").write_text("")
        for arguments, status, *words in [
            (["bad.folded", "x.svg"], 1, "bad.folded", "line 2"),
            (["bad.pb", "x.svg"], 1, "bad.pb", "ends early"),
            (["bad.json", "x.svg"], 1, "bad.json", "line 2", "column"),
            (["empty", "x.svg"], 1, "empty"),
            (["nothing", "x.svg"], 1, "nothing", "No such file"),
            (["bad.folded", "no/such/x.svg"], 1, "line 2"),
            (["bad.folded", "x.jpeg"], 2, "x.jpeg"),
            (["bad.folded"], 2, "two files"),
            ([], 2, "two files"),
            (["a.folded", "b.folded", "c.folded"], 2, "c.folded"),
        ]:
            run = subprocess.run(
                [str(PILOTLIGHT), "convert", *arguments],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
            )
            said = f"{arguments}: status {run.returncode}, says {run.stderr!r}"
            assert run.returncode == status, said
            assert len(run.stderr.splitlines()) == 1 and not run.stdout, said
            assert all(word in run.stderr for word in words), said
        assert not (folder / "x.svg").exists()


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def child_of(pid):
    """Its only child that lives, or None."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return int(children[0]) if children else None


def opened_to_write(pipe):
    """The pipe at this path, once it is read: a text file that is to be closed."""

    def opened():
        with contextlib.suppress(OSError):  # ENXIO: nobody reads it yet
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    return open(wait_for(opened, 10, "the pipe is read"), "w", encoding="utf-8")


@test
def what_a_stranger_wrote_is_read_behind_a_sandbox():
    """The input is a pipe that stays open, so the reader can be looked at while it waits."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder) / "in.folded", pathlib.Path(folder) / "out.folded"
        os.mkfifo(source)
        command = [str(PILOTLIGHT), "convert", str(source), str(target)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
            with opened_to_write(source) as writer:
                reader = wait_for(lambda: child_of(run.pid), 10, "there is a reader")
                status = wait_for(
                    lambda: status_of(reader)["Seccomp"] == "2" and status_of(reader),
                    10,
                    "the reader is behind a filter of system calls",
                )
                assert not target.exists()
                writer.write("main;f 3\n")
            said = run.stderr.read()
            assert run.wait(timeout=20) == 0, said
        assert target.read_text() == "main;f 3\n"
    assert status["NoNewPrivs"] == "1", status
    assert all(int(status[name], 16) == 0 for name in ("CapPrm", "CapEff", "CapInh")), status
    if os.geteuid() == 0:
        assert set(status["Uid"].split()) == {"61070"}, status


@test
def a_reader_that_is_killed_leaves_the_output_as_it_was():
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder) / "in.folded", pathlib.Path(folder) / "out.folded"
        target.write_text("what was there\n")
        os.mkfifo(source)
        command = [str(PILOTLIGHT), "convert", str(source), str(target)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
            with opened_to_write(source):
                reader = wait_for(lambda: child_of(run.pid), 10, "there is a reader")
                os.kill(reader, signal.SIGSEGV)
                assert run.wait(timeout=20) == 1
            assert "signal 11" in run.stderr.read()
        assert target.read_text() == "what was there\n"


if __name__ == "__main__":
    main(Daemon)
