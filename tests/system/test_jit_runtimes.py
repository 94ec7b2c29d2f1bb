#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Code of real runtimes has the names that these give it, as perf sees them."""

import collections
import shutil
import subprocess
import tempfile

import processes
from daemon import Daemon
from harness import SOURCES, Skip, main, test_of_shares, wait_for
from perf_map import leaves_in, map_of, names_in, query

FREQUENCY_HZ = 499
SECONDS = 2
RUNTIMES = SOURCES / "fixtures" / "runtimes"
# Functions stay what they are in the source.
NODE = ("--no-turbo-inlining", str(RUNTIMES / "made.js"))


def tool(name):
    """The path of a program of others."""
    if found := shutil.which(name):
        return found
    raise Skip(f"there is no {name} here")


def assert_named(profile, path, names):
    """All code made at run time has a name that the file tells."""
    leaves = leaves_in(profile, path)
    named = sum(count for name, count in leaves.items() if name in names)
    assert named > 100 and named > 0.99 * leaves.total(), f"{leaves}\n{profile.summary()}"


def assert_node_share(profile, name, percent):
    """A function of made.js, whatever the compiler was that made code of it."""
    count = profile.count(lambda sample: any(f"{name} " in n for n in sample.names))
    share = 100 * count / profile.count()
    assert abs(share - percent) < 7, f"{name}: {share} %\n{profile.summary()}"


def run_node(*options):
    """What it was; its map, if it writes one, may be read. Its logs are gone."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        return processes.run_fixture(tool("node"), *options, *NODE, str(SECONDS), cwd=folder)


@test_of_shares
def node_is_named_by_its_perf_map(daemon):
    finished = run_node("--perf-basic-prof")
    path = map_of(finished.pid)
    profile = daemon.past_settled(query(finished.pid))
    assert_named(profile, path, names_in(path))
    assert_node_share(profile, "spend", 23)
    assert_node_share(profile, "spendThree", 71)


@test_of_shares
def node_is_named_with_lines_by_its_jitdump(daemon):
    finished = run_node("--perf-prof")
    profile = daemon.past_settled(query(finished.pid))
    assert_node_share(profile, "spendThree", 71)
    text = (RUNTIMES / "made.js").read_text(encoding="utf-8").splitlines()
    lines = collections.Counter()
    for sample in profile.samples:
        leaf = sample.frames[0]
        if "spendThree " in leaf.name:
            assert leaf.file.endswith("/made.js"), leaf
            lines[text[leaf.line - 1].rpartition("// ")[2]] += sample.count
    assert lines["the line of spendThree"] > 0.95 * lines.total() > 300, lines


@test_of_shares
def java_is_named_by_the_map_that_it_writes_at_its_end(daemon):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run((tool("javac"), "-d", folder, RUNTIMES / "Spin.java"), check=True)
        options = ("-XX:+UnlockDiagnosticVMOptions", "-XX:+DumpPerfMapAtExit")
        command = (tool("java"), *options, "-XX:+PreserveFramePointer", "-cp", folder, "Spin")
        finished = processes.run_fixture(*command, str(SECONDS), stdout=subprocess.DEVNULL)
    path = map_of(finished.pid)
    if not path.exists():
        raise Skip("this java writes no perf map")
    profile = daemon.past_settled(query(finished.pid))
    assert_named(profile, path, names_in(path))


def seen_by_perf(command, path_of):
    """Run a command under perf. Its pid, and as leaves_in(), what perf makes of it."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        record = ("record", "-e", "cpu-clock", "-F", str(FREQUENCY_HZ), "-o", "perf.data", "--")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
        process = processes.start(tool("perf"), *record, *command, **quiet)
        pid = wait_for(lambda: processes.children(process.pid), 60, "perf starts it")[0]
        assert processes.finish(process).status == 0
        script = (tool("perf"), "script", "-i", "perf.data", "-F", "ip,sym,dso")
        answer = subprocess.run(script, capture_output=True, text=True, cwd=folder, check=True)
    leaves, ending = collections.Counter(), f" ({path_of(pid)})"
    for line in answer.stdout.splitlines():
        name = line.strip().partition(" ")[2]
        if name.endswith(ending):
            leaves[name.removesuffix(ending)] += 1
    return pid, leaves


@test_of_shares
def names_are_those_that_perf_gives(daemon):
    """The same process, seen by both at once: the heaviest functions are the same."""
    command = (tool("node"), "--perf-basic-prof", *NODE, str(2 * SECONDS))
    pid, theirs = seen_by_perf(command, map_of)
    ours = leaves_in(daemon.past_settled(query(pid)), map_of(pid))
    map_of(pid).unlink()
    heaviest = [name for name, count in theirs.items() if count > theirs.total() / 20]
    assert theirs.total() > 300 and len(heaviest) > 1, theirs
    for name in heaviest:
        share, their_share = ours[name] / ours.total(), theirs[name] / theirs.total()
        assert abs(share - their_share) < 0.05, f"{name}: {share}, not {their_share}\n{ours}"


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", str(FREQUENCY_HZ), wrapper=processes.FIRST))
