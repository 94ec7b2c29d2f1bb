#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Queries of a live daemon: what they have in common, and what `go tool pprof` makes of the same."""

import collections
import concurrent.futures
import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time

import processes
from daemon import Daemon
from harness import Skip, fixture, main, test, test_of_shares, wait_for
from pprof import Profile

THREE = '{comm="three_to_one"}'
LOAD_SECONDS = 2
PERCENT = 10  # three standard deviations of 4 s at 99 Hz are less


@functools.cache
def loaded_range(daemon):
    """A range that is over, in which a fixture burnt, and all of whose samples have arrived."""
    start = time.time()
    processes.finish(processes.start(fixture("three_to_one"), str(LOAD_SECONDS)))
    end = time.time()
    daemon.past_until(THREE, lambda profile: any(f.line for f in profile.frames("main")))
    daemon.past_settled(THREE)
    return {"from": f"{start:.6f}", "to": f"{end:.6f}"}


def ask(daemon, route, **parameters):
    """What a route answers of the range, which must be JSON."""
    answer = daemon.get(f"/api/v1/{route}", **{**loaded_range(daemon), **parameters})
    assert answer.code == 200, f"{answer.code}: {answer.text}"
    return json.loads(answer.text)


def fetch(daemon, route="profile", **parameters):
    """The pprof that a route answers of the range."""
    answer = daemon.get(f"/api/v1/{route}", **{**loaded_range(daemon), **parameters})
    assert answer.code == 200, f"{answer.code}: {answer.text}"
    return answer.body


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def samples_of(pprof):
    """What a profile says: {(stack, labels): values added up}."""
    sums = collections.defaultdict(lambda: [0, 0])
    for sample in Profile(pprof).samples:
        stack = tuple((f.name, f.file, f.line, f.is_inlined, f.mapping.path) for f in sample.frames)
        values = sums[stack, frozenset(sample.labels.items())]
        for i, name in enumerate(("samples", "cpu")):
            values[i] += signed(sample.values[name])
    return {key: tuple(values) for key, values in sums.items() if any(values)}


def pprof(output, *arguments, profiles):
    """What `go tool pprof` makes of profiles, the last of which comes after the options."""
    if not shutil.which("go"):
        raise Skip("go is not installed")
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, profile in enumerate(profiles):
            paths.append(f"{folder}/{i}.pb.gz")
            with open(paths[-1], "wb") as file:
                file.write(profile)
        options = [argument.format(*paths) for argument in arguments]
        made = f"{folder}/made"
        run = subprocess.run(
            ["go", "tool", "pprof", output, f"-output={made}", *options, paths[-1]],
            env={**os.environ, "PPROF_TMPDIR": folder},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        with open(made, "rb") as file:
            return file.read()


def unchanged(daemon, action, seen=samples_of, **parameters):
    """What an action makes of a profile that is the same before and after it, as far as `seen`
    tells: names may still come, and samples whose stacks have waited for a table."""
    results = []

    def is_unchanged():
        before = fetch(daemon, **parameters)
        results.append(action(before))
        return seen(fetch(daemon, **parameters)) == seen(before)

    wait_for(is_unchanged, 30, "a profile stays as it is")
    return results[-1]


def totals(profile):
    values = samples_of(profile).values()
    return sum(count for count, _ in values), sum(value for _, value in values)


@test
def all_routes_have_the_same_sums(daemon):
    def all_answers(before):
        series = ask(daemon, "series")
        timeline = ask(daemon, "timeline", step="100ms", by="comm,tid", limit=3)
        heatmap = ask(daemon, "heatmap", rows=33)
        return before, series, timeline, heatmap, ask(daemon, "top", n=1)

    before, *answers = unchanged(daemon, all_answers, seen=totals)
    count, value = totals(before)
    assert count > 50, f"{count} samples of a fixture that burnt for {LOAD_SECONDS} s"
    for answer in answers:
        assert (answer["count"], answer["value"]) == (count, value), answer
    series, timeline, heatmap, _ = answers
    for answer in (series, timeline):
        groups = answer["series"] + [answer["other"]] * bool(answer["other"])
        assert sum(group["value"] for group in groups) == value
        assert sum(group["count"] for group in groups) == count
    lines = timeline["series"] + [timeline["other"]] * bool(timeline["other"])
    assert sum(sum(line["values"]) for line in lines) == value
    cells = sum(sum(column) for column in heatmap["counts"])
    assert cells + sum(heatmap["coarse"]) == count, (cells, count)


@test
def a_cell_of_the_heat_map_is_the_profile_of_its_milliseconds(daemon):
    rows = 50

    def cells_and_profiles(_):
        heatmap = ask(daemon, "heatmap", rows=rows, query=THREE)
        cells = [
            (count, heatmap["from"] + column, row)
            for column, counts in enumerate(heatmap["counts"])
            for row, count in enumerate(counts)
        ]
        # Those at the ends are cut by the range.
        chosen = [cell for cell in cells[rows:-rows] if cell[0]][:8]
        profiles = []
        for _, second, row in chosen:
            ends = [f"{second + at // rows}.{at % rows * 20:03}" for at in (row, row + 1)]
            range_of_cell = {"from": ends[0], "to": ends[1]}
            profiles.append(totals(fetch(daemon, query=THREE, **range_of_cell))[0])
        return [count for count, _, _ in chosen], profiles

    counts, profiles = unchanged(daemon, cells_and_profiles, query=THREE)
    assert len(counts) == 8 and counts == profiles, (counts, profiles)


def with_another_build_id(program):
    """The bytes of a program in which the linker has written another build id."""
    with open(program, "rb") as file:
        content = bytearray(file.read())
    note = content.index(b"\x14\0\0\0\3\0\0\0GNU\0")
    content[note + 12] ^= 0xFF
    return bytes(content), content[note + 12 : note + 32].hex()


@test
def a_program_that_is_another_build_is_a_change(daemon):
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/deployed"
        shutil.copy(fixture("three_to_one"), program)
        start = time.time()
        processes.finish(processes.start(program, "1"))
        deployed = time.time()
        content, build_id = with_another_build_id(program)
        os.remove(program)  # as those do who deploy: the old file lives on as another
        with open(program, "wb") as file:
            file.write(content)
        os.chmod(program, 0o755)
        processes.finish(processes.start(program, "1"))
        answers = []

        def is_told():
            query = '{comm="deployed"}'
            answer = daemon.get("/api/v1/builds", query=query, to="now", **{"from": f"{start:.3f}"})
            assert answer.code == 200, f"{answer.code}: {answer.text}"
            answers.append(json.loads(answer.text))
            return any(change["file"] == program for change in answers[-1]["builds"])

        wait_for(is_told, 30, "the change of a build is told")
    (change,) = (change for change in answers[-1]["builds"] if change["file"] == program)
    assert change["build_id"] == build_id and change["before"] != build_id, change
    assert change["before_until"] < deployed < change["time"], (change, deployed)
    assert change["count"] > 10, change


@test
def a_range_is_the_sum_of_its_parts(daemon):
    middle = f"{float(loaded_range(daemon)['from']) + 1.2345:.6f}"

    def whole_and_parts(whole):
        parts = [fetch(daemon, query=THREE, **part) for part in ({"to": middle}, {"from": middle})]
        return whole, parts

    whole, parts = unchanged(daemon, whole_and_parts, query=THREE)
    sums = collections.Counter()
    for part in parts:
        assert totals(part)[0]
        sums.update({key: value for key, (_, value) in samples_of(part).items()})
    assert sums == {key: value for key, (_, value) in samples_of(whole).items()}


@test
def what_is_selected_and_what_is_not_are_all(daemon):
    def both(before):
        selectors = ('{comm%s"three.*"}' % operator for operator in ("=~", "!~"))
        return before, [totals(fetch(daemon, query=selector)) for selector in selectors]

    everything, parts = unchanged(daemon, both, seen=totals)
    assert all(count for count, _ in parts), parts
    assert totals(everything) == tuple(map(sum, zip(*parts))), parts


SHAPES = [
    {"focus": "spend_three"},
    {"focus": "three_to_one"},  # the file of its mapping
    {"focus": r"three_to_one\.c$", "ignore": "one_part"},
    {"ignore": "spend_three_parts"},
    {"hide": "^main$"},
    {"hide": "libc|_start"},
    {"show": "spend_"},
    {"show": r"\.c$", "hide": "part$"},
    {"focus": "main", "ignore": "one_part", "hide": "^_", "show": "m|s"},
]


@test
def focus_ignore_hide_and_show_are_those_of_pprof(daemon):
    for shape in SHAPES:

        def both(before, shape=shape):
            theirs = pprof("-proto", *(f"-{k}={v}" for k, v in shape.items()), profiles=[before])
            return samples_of(theirs), samples_of(fetch(daemon, query=THREE, **shape))

        theirs, ours = unchanged(daemon, both, query=THREE)
        assert ours == theirs, f"{shape}: {set(ours) ^ set(theirs)}"
        assert ours, shape


@test
def top_is_that_of_pprof(daemon):
    def both(before):
        options = ("-nodefraction=0", "-edgefraction=0", "-nodecount=100000", "-unit=ns")
        text = pprof("-top", *options, profiles=[before]).decode()
        return text, ask(daemon, "top", query=THREE, n=10000)

    text, top = unchanged(daemon, both, query=THREE)
    line = r"^\s*(\d+)(?:ns)?\s+\S+\s+\S+\s+(\d+)(?:ns)?\s+\S+\s+(.+?)(?: \((?:partial-)?inline\))?$"
    theirs = {name: (int(flat), int(cum)) for flat, cum, name in re.findall(line, text, re.M)}
    ours = {f["name"]: (f["self"], f["total"]) for f in top["functions"]}
    assert ours == theirs and len(ours) > 3, f"{ours}\n{text}"
    assert top["left_out"] == 0
    selves = [function["self"] for function in top["functions"]]
    assert selves == sorted(selves, reverse=True), selves


def as_base(loaded):
    """The range again, as the base of a diff."""
    return {f"base_{name}": value for name, value in loaded.items()}


@test
def a_diff_is_what_pprof_makes_of_a_base(daemon):
    base = '{comm="three_to_one",thread!=""}'

    def both(before):
        theirs = pprof("-proto", "-diff_base={0}", profiles=[fetch(daemon, query=base), before])
        ours = fetch(
            daemon, "diff", query=THREE, base_query=base, **as_base(loaded_range(daemon))
        )
        return samples_of(theirs), samples_of(ours)

    theirs, ours = unchanged(daemon, both, query=THREE)
    assert ours == theirs, set(ours) ^ set(theirs)
    labels = {label for _, labels in ours for label in labels}
    assert ("pprof::base", "true") in labels, labels


@test
def a_diff_with_itself_comes_to_nothing(daemon):
    def between_itself(_):
        base = as_base(loaded_range(daemon))
        formats = ("pprof", "folded")
        return [fetch(daemon, "diff", query=THREE, format=name, **base) for name in formats]

    diff, folded = unchanged(daemon, between_itself, query=THREE)
    assert Profile(diff).samples
    assert totals(diff) == (0, 0)
    top = pprof("-top", "-nodefraction=0", profiles=[diff]).decode()
    flat = re.findall(r"^\s*(-?[0-9.]+)\S*\s+\S+%", top, re.M)
    assert all(float(number) == 0 for number in flat), top
    for line in folded.decode().splitlines():
        stack, before, after = line.rsplit(" ", 2)
        assert before == after and stack.startswith("three_to_one"), line


@test
def the_past_is_answered_at_once(daemon):
    loaded_range(daemon)
    target = "/debug/pprof/profile"
    answer = daemon.get(target, seconds=600, past=1, query=THREE, focus="spend_three")
    assert answer.code == 200 and answer.seconds < 5, (answer.code, answer.seconds)
    profile = Profile(answer.body)
    assert profile.samples and profile.share("spend_three_parts") == 100, profile.summary()


@test_of_shares
def queries_side_by_side_slow_no_sampling(daemon):
    """Four clients ask for all that there is, many stacks among it, while a program burns."""
    routes = ["profile", "timeline", "top", "heatmap"]
    processes.run_fixture(fixture("many_stacks"), "4")
    before = daemon.metrics()
    burnt = threading.Event()

    def ask_until_it_has_burnt(route):
        n_answers = 0
        while not burnt.is_set():
            answer = daemon.get(f"/api/v1/{route}", **{"from": "now-600s", "to": "now"})
            assert answer.code == 200, f"{route}: {answer.code}: {answer.text}"
            n_answers += 1
        return n_answers

    with concurrent.futures.ThreadPoolExecutor(len(routes)) as clients:
        asking = [clients.submit(ask_until_it_has_burnt, route) for route in routes]
        try:
            finished = processes.run_fixture(fixture("three_to_one"), "4")
        finally:
            burnt.set()
        n_answers = [client.result() for client in asking]
    assert min(n_answers) >= 3, dict(zip(routes, n_answers))
    profile = daemon.past_settled(f'{{pid="{finished.pid}"}}')
    after = daemon.metrics()
    dropped = "pilotlight_samples_dropped_total"
    assert after.family(dropped) == before.family(dropped), after.family(dropped)
    cpu_seconds = sum(sample.values["cpu"] for sample in profile.samples) / 1e9
    assert abs(cpu_seconds - finished.cpu_seconds) <= finished.cpu_seconds * PERCENT / 100


if __name__ == "__main__":
    main(share_daemon=Daemon)
