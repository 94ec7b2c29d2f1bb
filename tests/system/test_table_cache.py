#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiled unwind tables are kept on disk: what is there is not compiled again, and whatever happens
to it harms nobody."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import processes
from daemon import Daemon, record
from harness import Skip, fixture, main, require_root, test, wait_for

PROGRAM = "three_to_one"


@contextlib.contextmanager
def folder():
    """A new one, which only this user may write."""
    with tempfile.TemporaryDirectory() as path:
        yield pathlib.Path(path)


def on_tmpfs(options, path):
    """A prefix of a command for which an empty file system is mounted there, and for no one else."""
    if not shutil.which("unshare"):
        raise Skip("unshare is not installed")
    script = f'mount -t tmpfs -o mode=0700,{options} none "$0" && exec "$@"'
    return ("unshare", "--mount", "sh", "-c", script, str(path))


def table_of(path, program):
    """The file in the cache that has the table of a program, or None."""
    notes = subprocess.run(["readelf", "-n", program], capture_output=True, text=True, check=True)
    build_id = re.search("Build ID: ([0-9a-f]+)", notes.stdout)[1]
    return next(path.glob(f"{build_id}-*.table"), None)


def run_is_whole(daemon):
    """Run a program, and look at every stack of it."""
    finished = processes.run_fixture(fixture(PROGRAM), "0.5")
    profile = daemon.past_until(
        f'{{pid="{finished.pid}"}}',
        lambda profile: profile.count() > 20 and profile.has("main"),
    )
    outermost = {sample.names[-1] for sample in profile.samples}
    return profile.share("main") > 95 and not any(map(is_mark, outermost))


def is_mark(name):
    return name.startswith("[truncated")


def assert_stacks_are_whole(daemon):
    """They are when tables have come; of all that runs at the start, that takes a moment."""
    wait_for(lambda: run_is_whole(daemon), 40, "all stacks of a program are whole")
    daemon.metrics().assert_every_tick_is_accounted_for()


def counted(daemon, name):
    return daemon.metrics()[f"pilotlight_table_cache_{name}"]


def errors(daemon):
    """Those that were counted, by reason."""
    counts = daemon.metrics().family("pilotlight_table_cache_errors_total")
    return {reason for reason, count in counts.items() if count}


def assert_said_once(daemon, words):
    lines = [line for line in daemon.log().splitlines() if "table cache" in line and words in line]
    assert len(lines) == 1, daemon.log()


def fill(path):
    """Have a daemon compile and keep the table of the program, and of what else runs."""
    with Daemon("--cache", str(path)) as daemon:
        assert_stacks_are_whole(daemon)
        wait_for(lambda: table_of(path, fixture(PROGRAM)), 60, "the program's table is kept")
        assert counted(daemon, "written_total") > 0
        assert not errors(daemon), errors(daemon)


@test
def what_was_compiled_is_there_at_the_next_start():
    with folder() as path:
        fill(path)
        table = table_of(path, fixture(PROGRAM))
        n_kept = len(list(path.glob("*.table")))
        os.utime(table, (0, 0))
        with Daemon("--cache", str(path)) as daemon:
            assert_stacks_are_whole(daemon)
            assert table.stat().st_mtime > 0, "it was not used"
            assert counted(daemon, "hits_total") > counted(daemon, "misses_total")
            assert counted(daemon, "damaged_total") == 0
            assert counted(daemon, "tables") >= n_kept  # the bound is far
            assert counted(daemon, "bytes") > 0


@test
def a_damaged_table_is_counted_and_compiled_anew():
    with folder() as path:
        fill(path)
        table = table_of(path, fixture(PROGRAM))
        data = bytearray(table.read_bytes())
        data[len(data) // 2] ^= 0x10
        table.write_bytes(data)
        with Daemon("--cache", str(path)) as daemon:
            assert_stacks_are_whole(daemon)
            assert counted(daemon, "damaged_total") == 1
            wait_for(
                lambda: table.exists() and table.read_bytes() != data, 60, "it is written again"
            )


@test
def record_uses_the_same_tables():
    require_root()
    with folder() as path:
        command = record("--cache", str(path), "-o", str(path / "x.folded"))
        subprocess.run([*command, "--", fixture(PROGRAM), "1"], capture_output=True, check=True)
        table = table_of(path, fixture(PROGRAM))
        assert table, "the program's table is not kept"
        inode = table.stat().st_ino
        os.utime(table, (0, 0))
        subprocess.run([*command, "--", fixture(PROGRAM), "1"], capture_output=True, check=True)
        assert table.stat().st_mtime > 0, "it was not used"
        assert table.stat().st_ino == inode, "it was written again"


@test
def a_full_disk_is_said_once_and_harms_nobody():
    with folder() as path:
        with Daemon("--cache", str(path), wrapper=on_tmpfs("size=64k", path)) as daemon:
            assert_stacks_are_whole(daemon)
            wait_for(lambda: errors(daemon) == {"full"}, 60, "a full disk is counted")
            assert_said_once(daemon, "No space left on device")


@test
def a_folder_that_cannot_be_written_is_said_once_and_harms_nobody():
    with folder() as path:
        with Daemon("--cache", str(path), wrapper=on_tmpfs("ro", path)) as daemon:
            assert_stacks_are_whole(daemon)
            wait_for(lambda: errors(daemon) == {"read_only"}, 60, "it is counted")
            assert_said_once(daemon, "Read-only file system")


@test
def a_folder_that_others_may_write_is_not_used():
    with folder() as path:
        path.chmod(0o777)
        with Daemon("--cache", str(path)) as daemon:
            assert_stacks_are_whole(daemon)
            assert errors(daemon) == {"folder"}, errors(daemon)
            assert_said_once(daemon, "others than this user may write there")
        assert not list(path.iterdir())


if __name__ == "__main__":
    main()
