#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The API that Grafana asks of a Pyroscope server, asked by the official client of its protocol."""

import json
import shutil
import subprocess
import tempfile
import time

import processes
from daemon import Daemon
from harness import SOURCES, Skip, fixture, main, test, wait_for

CONNECT = SOURCES / "connect"
PROTO_FOLDERS = (CONNECT, SOURCES.parent / "web", SOURCES.parent / "export")


def write_descriptors(path):
    """What the protocol's messages and methods are, as the client reads it."""
    includes = [f"-I{folder}" for folder in PROTO_FOLDERS]
    subprocess.run(
        ["protoc-c", f"--descriptor_set_out={path}", "--include_imports", *includes]
        + ["querier_service.proto"],
        check=True,
    )


@test
def the_official_client_reads_what_the_querier_says(daemon):
    if not shutil.which("node") or not (CONNECT / "node_modules").is_dir():
        raise Skip("the client is not installed: run npm ci in tests/connect")
    load = processes.start(fixture("three_to_one"), "300")
    try:
        daemon.past_until('{comm="three_to_one"}', lambda p: p.has("spend_three_parts"))
        with tempfile.NamedTemporaryFile() as descriptors:
            write_descriptors(descriptors.name)
            run = subprocess.run(
                ["node", CONNECT / "querier.test.mjs", daemon.url, descriptors.name]
                + ["three_to_one", "spend_three_parts"],
                capture_output=True,
                text=True,
                timeout=200,
                check=False,
            )
    finally:
        load.kill()
        processes.finish(load)
    print(run.stdout, end="")
    assert run.returncode == 0, run.stdout + run.stderr


def ask(daemon, method, question):
    """What the querier answers, in JSON."""
    answer = daemon.request(
        "POST",
        f"/querier.v1.QuerierService/{method}",
        json.dumps(question),
        {"Content-Type": "application/json"},
    )
    assert answer.code == 200, answer.text
    return json.loads(answer.text)


def points_of(daemon, start, end, step):
    """{time: CPU time} of the program of the test below."""
    answer = ask(
        daemon,
        "SelectSeries",
        {
            "profileTypeID": "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
            "labelSelector": '{comm="works_when_told"}',
            "start": start * 1000,
            "end": end * 1000,
            "step": step,
        },
    )
    series = answer.get("series", [{"points": []}])
    return {point["timestamp"]: point["value"] for point in series[0]["points"]}


@test
def a_series_is_the_same_when_it_has_become_history():
    with tempfile.TemporaryDirectory() as store:
        with Daemon("--store", store) as daemon:
            start = int(time.time())
            busy = processes.start(fixture("works_when_told"), "2", stdin=subprocess.PIPE)
            busy.stdin.write(b"go\n")
            busy.stdin.close()
            processes.finish(busy, 20)
            end = int(time.time()) + 1
            seen = [{}]

            def is_settled():
                time.sleep(1)
                seen.append(points_of(daemon, start, end, 0.25))
                return seen[-1] and seen[-1] == seen[-2]

            wait_for(is_settled, 30, "the last samples have come")
            whole = points_of(daemon, start, end, 7)
        with Daemon("--store", store) as daemon:
            assert points_of(daemon, start, end, 0.25) == seen[-1]
            assert points_of(daemon, start, end, 7) == whole
            stats = ask(daemon, "GetProfileStats", {})
            assert int(stats["oldestProfileTime"]) <= start * 1000, (stats, start)


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", "499"))
