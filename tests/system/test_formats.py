#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same samples, in each format, whatever the names in them are."""

import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ElementTree

import processes
from daemon import Daemon
from harness import PILOTLIGHT, fixture, main, test
from pprof import Profile

HOSTILE_COMM = 'a;"<b>\n\\ '


def seen(daemon, finished, name):
    """Wait until a process is known with this name, and no more samples of it arrive. Return what
    selects it, and all it did since it is itself, and not a copy of this."""
    launcher = pathlib.Path("/proc/self/comm").read_text(encoding="utf-8").strip()
    query = f'{{pid="{finished.pid}",comm!="{launcher}"}}'
    counts = collections.deque(maxlen=5)

    def is_settled(profile):
        counts.append(profile.count())
        return profile.has(name) and counts.count(counts[0]) == counts.maxlen

    daemon.past_until(query, is_settled)
    return {"query": query, "from": "now-10m", "to": f"{time.time():.3f}"}


def fetch(daemon, selection, name):
    answer = daemon.get("/api/v1/profile", **selection, format=name)
    assert answer.code == 200, answer.text
    return answer


def converted(pprof, ending):
    """What `pilotlight convert` makes of a pprof file."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder) / "in.pb.gz", pathlib.Path(folder) / f"out{ending}"
        source.write_bytes(pprof)
        subprocess.run([PILOTLIGHT, "convert", source, target], check=True, timeout=20)
        return target.read_text(encoding="utf-8")


def stacks_of_folded(text):
    """Folded text as {(comm, root, … leaf): count}; every line must be one."""
    stacks = collections.Counter()
    for line in text.splitlines():
        stack, count = re.fullmatch("(.+) ([1-9][0-9]*)", line).groups()
        stacks[tuple(stack.split(";"))] += int(count)
    return stacks


@test
def folded_text_holds_the_samples_of_pprof(daemon):
    finished = processes.run_fixture(fixture("inlined_chain"), "1")
    selection = seen(daemon, finished, "innermost")
    profile = Profile(fetch(daemon, selection, "pprof").body)
    stacks = stacks_of_folded(fetch(daemon, selection, "folded").text)
    assert sum(stacks.values()) == profile.count()
    assert {stack[0] for stack in stacks} == {"inlined_chain"}
    heaviest = stacks.most_common(1)[0][0]
    assert heaviest[-4:] == ("main", "outermost", "middle_[i]", "innermost_[i]"), heaviest


@test
def folded_text_marks_kernel_functions(daemon):
    finished = processes.run_fixture(fixture("reads_zeros"), "1")
    selection = seen(daemon, finished, "vfs_read")
    stacks = stacks_of_folded(fetch(daemon, selection, "folded").text)
    in_kernel = sum(count for stack, count in stacks.items() if "vfs_read_[k]" in stack)
    assert in_kernel > 0.7 * sum(stacks.values()), stacks.most_common(3)


@test
def a_hostile_process_name_breaks_no_format(daemon):
    finished = processes.run_fixture(fixture("hostile_name"), "1")
    selection = seen(daemon, finished, "spend_under_hostile_name")
    profile = Profile(fetch(daemon, selection, "pprof").body)
    comms = {s.labels["comm"] for s in profile.samples if "spend_under_hostile_name" in s.names}
    assert len(comms) == 1 and comms.pop().startswith(HOSTILE_COMM), profile.labels("comm")
    stacks = stacks_of_folded(fetch(daemon, selection, "folded").text)
    assert sum(stacks.values()) == profile.count()
    assert all(len(stack) > 1 and stack[0].startswith(("a", "host")) for stack in stacks), stacks
    assert any("spend_under_hostile_name" in stack for stack in stacks), stacks.most_common(3)
    ElementTree.fromstring(fetch(daemon, selection, "svg").body)
    values = daemon.get("/api/v1/labels/comm/values")
    assert values.code == 200, values.text


@test
def a_hostile_path_breaks_no_format(daemon):
    with tempfile.TemporaryDirectory() as folder:
        name = b'a;b\nc "<\xff\xc3'
        program = shutil.copy(fixture("three_to_one"), os.fsencode(folder) + b"/" + name)
        finished = processes.run_fixture(program, b"1")
    selection = seen(daemon, finished, "spend_three_parts")
    profile = Profile(fetch(daemon, selection, "pprof").body)
    path = profile.frames("spend_three_parts")[0].mapping.path
    assert path.startswith(folder + "/a;b\nc"), path
    stacks = stacks_of_folded(fetch(daemon, selection, "folded").text)
    assert sum(stacks.values()) == profile.count()
    ElementTree.fromstring(fetch(daemon, selection, "svg").body)


@test
def moments_hold_the_samples_of_pprof(daemon):
    finished = processes.run_fixture(fixture("three_to_one"), "1")
    selection = seen(daemon, finished, "spend_three_parts")
    count = Profile(fetch(daemon, selection, "pprof").body).count()
    perf = fetch(daemon, selection, "perf").text
    assert perf.count("\n\n") == count, f"{perf.count(chr(10) * 2)} of {count}"
    speedscope = fetch(daemon, selection, "speedscope")
    assert speedscope.headers["content-type"] == "application/json", speedscope.headers
    threads = json.loads(speedscope.text)["profiles"]
    bars = [bar for t in threads for bar in zip(t["samples"], t["weights"])]
    seconds = sum(weight for stack, weight in bars if stack) / 1e9
    assert abs(seconds - count / 499) < 1e-3, f"{seconds} s in {count} samples: {bars}"
    threads = json.loads(fetch(daemon, selection, "firefox").text)["threads"]
    assert sum(sum(thread["samples"]["weight"]) for thread in threads) == count, threads
    page = fetch(daemon, selection, "html")
    assert "attachment" in page.headers["content-disposition"], page.headers
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"], page.headers


@test
def samples_in_order_of_time_are_those_of_pprof(daemon):
    finished = processes.run_fixture(fixture("three_to_one"), "1")
    selection = seen(daemon, finished, "spend_three_parts")
    merged = Profile(fetch(daemon, selection, "pprof").body)
    answer = fetch(daemon, {**selection, "order": "time"}, "pprof")
    assert "x-pilotlight-limits" not in answer.headers, answer.headers
    samples = Profile(answer.body).samples
    assert {sample.count for sample in samples} == {1}
    stacks, merged_stacks = collections.Counter(), collections.Counter()
    for sample in samples:
        stacks[sample.frames, *sample.labels.items()] += 1
    for sample in merged.samples:
        merged_stacks[sample.frames, *sample.labels.items()] += sample.count
    assert stacks == merged_stacks
    times = [sample.numbers["end_timestamp_ns"] / 1e9 for sample in samples]
    assert times == sorted(times)
    assert 0.8 < times[-1] - times[0] < 10 and times[-1] < time.time(), times
    assert all(0 <= sample.numbers["cpu"] < os.cpu_count() for sample in samples)
    perf = fetch(daemon, selection, "perf").text
    without_offsets = re.sub(r"\+0x[0-9a-f]+ \(", " (", perf)  # which pprof does not have
    assert converted(answer.body, ".perf") == without_offsets
    offsets = re.findall(r" spend_three_parts\+0x([0-9a-f]+) \(", perf)
    assert len(offsets) > len(samples) / 2, perf[:4096]
    assert all(0 < int(offset, 16) < 4096 for offset in offsets), set(offsets)
    limited = fetch(daemon, {**selection, "order": "time", "limit": 10}, "pprof")
    assert limited.headers["x-pilotlight-limits"] == "samples", limited.headers
    first = [sample.numbers for sample in Profile(limited.body).samples]
    assert first == [sample.numbers for sample in samples[:10]]


@test
def the_svg_shows_functions_and_runs_nothing_foreign(daemon):
    finished = processes.run_fixture(fixture("three_to_one"), "1")
    answer = fetch(daemon, seen(daemon, finished, "spend_three_parts"), "svg")
    assert answer.headers["content-type"].startswith("image/svg+xml"), answer.headers
    root = ElementTree.fromstring(answer.body)
    assert root.tag == "{http://www.w3.org/2000/svg}svg", root.tag
    assert "spend_three_parts" in answer.text and "spend_one_part" in answer.text
    assert not re.search(r"(href|src)=.https?:", answer.text)


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", "499"))
