#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A function instruction by instruction, with samples, and a file of its source."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import processes
from daemon import Daemon
from harness import SOURCES, Skip, fixture, main, test, wait_for
from stripped import build_id

PROGRAM = "three_to_one"
FUNCTION = "spend_three_parts"


@contextlib.contextmanager
def running(program=PROGRAM):
    """A fixture burns."""
    load = processes.start(fixture(program), "60")
    try:
        yield load
    finally:
        load.kill()
        processes.finish(load)


def disassemble(daemon, path, **parameters):
    return daemon.get("/api/v1/disassembly", build_id=build_id(path), **parameters)


def hot(daemon, path, function, n_samples=200, **parameters):
    """The function, when it has that many samples, and lines."""

    def answer():
        got = disassemble(daemon, path, function=function, **parameters)
        if got.code != 200:
            return None
        listing = json.loads(got.text)
        frames = listing["instructions"][0]["frames"]
        return listing if listing["self"] >= n_samples and frames[-1]["line"] else None

    return wait_for(answer, 30, f"{n_samples} samples in {function}")


def objdump(path, listing):
    """What objdump says of the same addresses: {address: mnemonic}."""
    text = subprocess.run(
        ("objdump", "-d", "-M", "intel", "--no-show-raw-insn",
         f"--start-address={listing['start']}", f"--stop-address={listing['end']}", path),
        check=True, capture_output=True, text=True).stdout  # fmt: skip
    lines = re.findall(r"^\s*([0-9a-f]+):\s+(.*)$", text, re.M)
    return {int(address, 16): mnemonic(text) for address, text in lines}


def mnemonic(text):
    """Without what either writes before it, of which they have different opinions."""
    words = re.sub(r"\b(data16|cs|ds|notrack|bnd|rep|repz|lock) ", "", text).split()
    return words[0] if words else ""


def is_same(ours, theirs):
    return ours == theirs or {ours, theirs} <= {"movabs", "mov"} or ours.rstrip("bwdq") == theirs


@test
def instructions_are_those_of_objdump(daemon):
    if not shutil.which("objdump"):
        raise Skip("objdump is not installed")
    path = fixture(PROGRAM)
    with running():
        for function in (FUNCTION, "main"):
            listing = hot(daemon, path, function, 200 if function == FUNCTION else 0)
            ours = {int(line["address"], 16): mnemonic(line["text"])
                    for line in listing["instructions"]}
            theirs = objdump(path, listing)
            assert ours.keys() == theirs.keys(), (ours, theirs)
            different = [(hex(at), ours[at], theirs[at]) for at in ours
                         if not is_same(ours[at], theirs[at])]
            assert not different, different


def summed_up(daemon, query):
    """The function, if its instructions have the samples that a profile has of it."""
    listing = json.loads(disassemble(daemon, fixture(PROGRAM), function=FUNCTION, query=query).text)
    assert sum(line["self"] for line in listing["instructions"]) == listing["self"]
    folded = daemon.get("/api/v1/profile", query=query, format="folded").text
    stacks = [line.rsplit(" ", 1) for line in folded.splitlines()]
    leaf = sum(int(count) for stack, count in stacks if stack.endswith(";" + FUNCTION))
    below = sum(int(count) for stack, count in stacks if FUNCTION in stack.split(";"))
    return listing if (listing["self"], listing["total"]) == (leaf, below) else None


@test
def samples_of_instructions_sum_up_to_those_of_the_function(daemon):
    with running() as load:
        query = f'{{pid="{load.pid}"}}'
        hot(daemon, fixture(PROGRAM), FUNCTION, query=query)
    listing = wait_for(lambda: summed_up(daemon, query), 60, "both count the same samples")
    assert listing["self"] >= 200, listing["self"]


@test
def an_instruction_has_the_functions_that_are_inlined_there(daemon):
    with running("inlined_chain"):
        listing = hot(daemon, fixture("inlined_chain"), "outermost", 100)
    hottest = max(listing["instructions"], key=lambda line: line["self"])
    functions = [frame["function"] for frame in hottest["frames"]]
    assert functions == ["innermost", "middle", "outermost"], hottest
    source = (SOURCES / "fixtures/inlined_chain.c").read_text().splitlines()
    assert "line of middle" in source[hottest["frames"][1]["line"] - 1], hottest


@test
def an_address_is_as_good_as_a_name(daemon):
    path = fixture(PROGRAM)
    with running():
        by_name = hot(daemon, path, FUNCTION)
        inside = by_name["instructions"][3]["address"]
        by_address = json.loads(disassemble(daemon, path, address=inside).text)
    assert by_address["start"] == by_name["start"] and by_address["function"] == FUNCTION


@test
def a_function_of_many_instructions_takes_little_memory(daemon):
    server = daemon.role("server")
    with running("long_function"):
        wait_for(
            lambda: disassemble(daemon, fixture("long_function"), function="main").code == 200,
            30, "its names are there")  # fmt: skip
        before = processes.most_resident_bytes(server)
        got = disassemble(daemon, fixture("long_function"), function="walk_far")
    listing = json.loads(got.text)
    assert len(listing["instructions"]) >= 60000, len(listing["instructions"])
    grown = processes.most_resident_bytes(server) - before
    assert grown < 64 << 20, grown


@test
def what_is_not_known_is_404(daemon):
    with running():
        hot(daemon, fixture(PROGRAM), FUNCTION, 1)
    for parameters in ({"function": "no_such"}, {"address": "0x1"}):
        assert disassemble(daemon, fixture(PROGRAM), **parameters).code == 404
    got = daemon.get("/api/v1/disassembly", build_id="00ff", function="main")
    assert got.code == 404 and "build_id" in got.text, got.text


@test
def what_means_nothing_is_400(daemon):
    good = build_id(fixture(PROGRAM))
    for parameters in (
        {"build_id": good},
        {"build_id": good, "function": "main", "address": "1"},
        {"build_id": good, "address": "main"},
        {"build_id": "xyz", "function": "main"},
        {"function": "main"},
    ):
        got = daemon.get("/api/v1/disassembly", **parameters)
        assert got.code == 400, (parameters, got.code, got.text)


@test
def a_file_that_is_gone_has_no_instructions(daemon):
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(fixture("named_thread"), folder)
        load = processes.start(path, "60")
        try:
            wait_for(
                lambda: "named_thread" in daemon.get("/api/v1/profile", format="folded").text
                and disassemble(daemon, path, function="main").code == 200,
                30, "its names are there")  # fmt: skip
        finally:
            load.kill()
            processes.finish(load)
        name = build_id(path)
        os.unlink(path)

        def answer():
            return daemon.get("/api/v1/disassembly", build_id=name, function="main").code == 404

        wait_for(answer, 30, "its file is closed")


def source(daemon, file):
    return daemon.get("/api/v1/source", build_id=build_id(fixture(PROGRAM)), file=file)


@test
def source_files_are_off_by_default(daemon):
    got = source(daemon, "/etc/passwd")
    assert got.code == 403 and "--source-dir" in got.text, got.text


@test
def source_files_are_shown_below_their_folder(daemon):
    del daemon
    path = SOURCES / "fixtures/three_to_one.c"
    with Daemon("--source-dir", str(SOURCES), "--frequency", "499") as daemon, running():
        listing = hot(daemon, fixture(PROGRAM), FUNCTION, 1)
        name = listing["instructions"][0]["frames"][-1]["file"]
        got = source(daemon, name)
        assert got.code == 200 and got.body == path.read_bytes(), (name, got.code, got.text)
        for file in ("/etc/passwd", str(SOURCES / "fixtures/inlined_chain.c"),
                     f"{SOURCES}/../../../../etc/passwd", name + "x", "", "/"):
            got = source(daemon, file)
            assert got.code == 404, (file, got.code, got.text)


@test
def source_files_elsewhere_are_not(daemon):
    del daemon
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(SOURCES, pathlib.Path(folder, "out"))
        with Daemon("--source-dir", folder, "--frequency", "499") as daemon, running():
            listing = hot(daemon, fixture(PROGRAM), FUNCTION, 1)
            name = listing["instructions"][0]["frames"][-1]["file"]
            got = source(daemon, name)
            assert got.code == 403 and "--source-dir" in got.text, (name, got.code, got.text)


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", "499"))
