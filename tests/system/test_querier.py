#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The API that Grafana asks of a Pyroscope server, asked by the official client of its protocol."""

import shutil
import subprocess
import tempfile

import processes
from daemon import Daemon
from harness import SOURCES, Skip, fixture, main, test

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


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", "499"))
