#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Five hundred binaries in use at once, whose symbol files are far larger than what the server may
take: all are named, and its memory stays within bounds."""

import contextlib
import hashlib
import shutil
import subprocess

import processes
from daemon import Daemon
from harness import Skip, fixture, main, require_root, test, wait_for
from stripped import build_id, folder

N_BINARIES = 500
N_FUNCTIONS = 1500  # in each, so that its symbol file has some 130 KB
SERVER_BYTES = 64 << 20  # as --memory says, with its history and all else
MAPPED_BYTES = 20 << 20  # its program and libraries, and the few symbol files that it reads
SECONDS_EACH = 0.008  # of CPU time, in two or three calls
MAX_RUNS = 4

SPENDS = """
__attribute__((used)) static void spend_in_0000(void)
{
	for (long i = 10000000; i > 0; i--)
		__asm__ volatile("");
}
"""
IS_NEVER_CALLED = "__attribute__((used)) static int {name}_{i}(int n)\n{{\n\treturn n + {i};\n}}\n"


def compile_one(path):
    """A library whose second page begins with the function that spends the time."""
    if not shutil.which("gcc"):
        raise Skip("gcc is not installed")
    others = (
        IS_NEVER_CALLED.format(name="a_function_that_nobody_calls_with_a_long_name", i=i)
        for i in range(N_FUNCTIONS)
    )
    source, library = path / "many.c", path / "many.so"
    source.write_text(SPENDS + "".join(others), encoding="ascii")
    command = "gcc -O1 -shared -nostdlib -fPIC -fcf-protection=none -fno-toplevel-reorder"
    subprocess.run([*command.split(), "-Wl,--build-id=sha1", source, "-o", library], check=True)
    return library


def function(i):
    return f"spend_in_{i:04}"


def copies(path):
    """As many files with another name of that function, and a build id of their own."""
    library = compile_one(path)
    data, first_id = library.read_bytes(), bytes.fromhex(build_id(library))
    for i in range(N_BINARIES):
        copy = path / f"library_{i:04}.so"
        copy.write_bytes(
            data.replace(function(0).encode(), function(i).encode()).replace(
                first_id, hashlib.sha1(function(i).encode()).digest()
            )
        )
        yield str(copy)


def bytes_of(pid, *fields):
    """What a process has of these kinds of memory."""
    status = processes.status(pid)
    return sum(int(status[field].split()[0]) << 10 for field in fields)


def assert_memory_is_bounded(server):
    mapped, peak = bytes_of(server, "RssFile", "RssShmem"), bytes_of(server, "VmHWM")
    assert mapped < MAPPED_BYTES, f"the server has {mapped} bytes of files in its memory"
    assert peak < SERVER_BYTES, f"the server had {peak} bytes"


@contextlib.contextmanager
def binaries():
    require_root()
    with folder() as path:
        yield list(copies(path))


def names(profile):
    return {name for sample in profile.samples for name in sample.names}


def is_named(profile):
    """Whether no place in one of the files is without a name."""
    return profile.samples and not any(name.startswith("library_") for name in names(profile))


def n_named(daemon):
    """How many files the server has names of, without a question for any."""
    files = daemon.metrics().family("pilotlight_store_files")
    return files["functions"] + files["lines"]


def run_all(daemon, paths):
    """Run the code of all, yield, and ask for the names; and again, for those which chance has left
    without a sample."""
    left = dict(enumerate(paths))
    for _ in range(MAX_RUNS):
        seconds = str(SECONDS_EACH * len(left))
        finished = processes.run_fixture(fixture("maps_files"), seconds, "0", *left.values())
        yield
        named = names(daemon.past_until(f'{{pid="{finished.pid}"}}', is_named, 60))
        left = {i: left[i] for i in left if function(i) not in named}
        if not left:
            return
    raise AssertionError(f"{len(left)} of {len(paths)} have no names: {sorted(left)[:10]}")


def symbol_bytes(daemon):
    metrics = daemon.metrics()
    return metrics["pilotlight_symbol_memory_bytes"] + metrics["pilotlight_symbol_folder_bytes"]


@test
def five_hundred_binaries_are_named_within_the_servers_memory():
    with binaries() as paths, Daemon("--frequency", "499") as daemon:
        server = daemon.role("server")
        for _ in run_all(daemon, paths):
            wait_for(lambda: n_named(daemon) >= 0.9 * N_BINARIES, 60, "their names are there")
            assert_memory_is_bounded(server)
        assert symbol_bytes(daemon) > 2.5 * MAPPED_BYTES, f"they have {symbol_bytes(daemon)} only"
        assert_memory_is_bounded(server)
        assert daemon.role("server") == server, "it was started anew"
        daemon.metrics().assert_every_tick_is_accounted_for()


if __name__ == "__main__":
    main()
