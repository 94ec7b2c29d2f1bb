#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `go tool pprof` reads from a live daemon, and from a file."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

import processes
from daemon import Daemon, record
from harness import SOURCES, Skip, fixture, main, test, test_of_shares, wait_for

THREE = '{comm="three_to_one"}'


def pprof(*arguments):
    """Run it; return what it prints, which must not contain a complaint."""
    if not shutil.which("go"):
        raise Skip("go is not installed")
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["go", "tool", "pprof", *arguments],
            env={**os.environ, "PPROF_TMPDIR": folder},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    complaints = re.findall(".*(?:error|warning|could not).*", run.stderr, re.I)
    assert not complaints, complaints
    return run.stdout


def with_load(action):
    """Do something while a fixture burns."""
    load = processes.start(fixture("three_to_one"), "60")
    try:
        return action()
    finally:
        load.kill()
        processes.finish(load)


def cumulated_percent(top, name):
    """The last percentage in the line of a function in the table of -top."""
    line = next((line for line in top.splitlines() if line.endswith(" " + name)), "")
    numbers = re.findall(r"([0-9.]+)%", line)
    assert numbers, f"{name} is not in\n{top}"
    return float(numbers[-1])


@test_of_shares
def top_of_a_live_daemon_names_functions(daemon):
    url = daemon.url + "/debug/pprof/profile?seconds=2"
    top = with_load(lambda: pprof("-top", "-tagfocus=comm=three_to_one", url))
    assert "Type: cpu" in top, top
    three = cumulated_percent(top, "spend_three_parts")
    one = cumulated_percent(top, "spend_one_part")
    assert 2 < three / one < 4.5, top


@test
def raw_of_a_live_daemon_has_types_and_mappings(daemon):
    def profile():
        raw = pprof("-raw", daemon.url + "/debug/pprof/profile?seconds=1")
        assert "samples/count cpu/nanoseconds[dflt]" in raw, raw[:600]
        return "[kernel.kallsyms]" in raw and "spend_three_parts" in raw

    # a second may pass without a tick in the kernel, or before the fixture's names are read
    with_load(lambda: wait_for(profile, 20, "the kernel and the fixture"))


@test
def symbol_names_the_addresses_of_a_profile(daemon):
    """As `pprof -symbolize=remote` asks: addresses with a plus between them, in a body or a URL."""
    url = "/debug/pprof/symbol"
    selected = "/debug/pprof/profile?seconds=2&query=" + urllib.parse.quote(THREE)
    raw = with_load(lambda: pprof("-raw", daemon.url + selected))
    place = r"^\s+\d+: (0x[0-9a-f]+) M=\d+ (\S.*?) \S*:\d+:\d+ s=\d+"
    expected = {
        address: name for address, name in re.findall(place, raw, re.M) if "+0x" not in name
    }
    assert "spend_three_parts" in expected.values(), raw[:2000]
    answer = daemon.request("POST", url, "+".join(expected).encode())
    lines = answer.text.splitlines()
    assert lines[0] == "num_symbols: 1", lines[0]
    answered = dict(line.split(" ", 1) for line in lines[1:])
    different = {answered.get(at, "nobody") + " is " + expected[at] for at in expected
                 if answered.get(at) != expected[at]}  # fmt: skip
    assert not different and len(answered) == len(expected), different
    address, name = next(iter(expected.items()))
    answer = daemon.get(f"{url}?{address}+0x1")
    assert answer.text == f"num_symbols: 1\n{address} {name}\n", answer.text


def assert_lists_the_source(listing):
    """The loop has its time, beside the text that the file of the source has there."""
    line = re.search(r".*for \(long i.*", listing)
    assert line and re.match(r"\s*[0-9.]+m?s", line[0]), listing


@test
def list_of_a_live_daemon_shows_the_source(daemon):
    url = daemon.url + "/debug/pprof/profile?seconds=2"

    def has_lines():
        return any(frame.line for frame in daemon.past(THREE).frames("spend_three_parts"))

    def listing():
        wait_for(has_lines, 40, "the lines of the fixture are read")
        return pprof("-list=spend_three_parts", url)

    assert_lists_the_source(with_load(listing))


@test
def list_of_a_file_shows_the_source(daemon):
    del daemon
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/x.pb.gz"
        command = record("-F", "499", "-o", path, "--", fixture("three_to_one"), "1")
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        listing = pprof("-list=spend_three_parts", path)
        top = pprof("-top", path)
    assert_lists_the_source(listing)
    assert abs(cumulated_percent(top, "spend_three_parts") - 75) < 9, top


@test
def the_strictest_readers_are_satisfied(daemon):
    """The rules of those who read pprof, as tests/golden checks them on a profile that is known."""
    checker = SOURCES / "golden/check_pprof.py"
    if not checker.exists():
        raise Skip(f"{checker} is not there")
    answer = with_load(lambda: daemon.get("/debug/pprof/profile", seconds=1))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "x.pb.gz")
        path.write_bytes(answer.body)
        run = subprocess.run(
            [sys.executable, checker, path], capture_output=True, text=True, check=False
        )
    assert run.returncode == 0, run.stdout + run.stderr


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", "499"))
