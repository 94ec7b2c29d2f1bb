#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Symbol files are kept on disk: what was named before is named at once after a start, and whatever
happens to the files harms nobody."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import processes
from daemon import Daemon, record
from harness import Skip, fixture, main, require_root, test, wait_for
from stripped import build_id

PROGRAM = "inlined_chain"
NAMES = ("innermost", "middle", "outermost", "main")


@contextlib.contextmanager
def folder():
    """A new one, which only this user may write."""
    with tempfile.TemporaryDirectory() as path:
        yield pathlib.Path(path)


def symbols_of(path, program):
    """The file in the cache that has the names of a program, or None."""
    return next(path.glob(f"{build_id(program)}-*.gsym"), None)


def assert_has_names(daemon, program=None):
    """Run a program, and find its functions, inlined ones included, with their lines."""
    finished = processes.run_fixture(program or fixture(PROGRAM), "0.5")
    query = f'{{pid="{finished.pid}"}}'
    profile = daemon.past_until(query, lambda profile: all(map(profile.has, NAMES)))
    assert all(map(profile.has, NAMES)), profile.summary()
    assert all(frame.line for frame in profile.frames("middle")), profile.summary()


def has_names(daemon):
    """As above, but it is no error if the server dies of it."""
    try:
        assert_has_names(daemon)
    except OSError:
        return False
    return True


def counted(daemon, name):
    return daemon.metrics()[f"pilotlight_symbol_folder_{name}"]


def fill(path):
    """Have a daemon name the program, and keep that; returns the file."""
    with Daemon("--cache", str(path)) as daemon:
        assert_has_names(daemon)
        wait_for(lambda: symbols_of(path, fixture(PROGRAM)), 60, "its names are on disk")
        wait_for(lambda: counted(daemon, "written_total") > 0, 60, "that is counted")
        errors = daemon.metrics().family("pilotlight_symbol_folder_errors_total")
        assert not any(errors.values()), errors
    return symbols_of(path, fixture(PROGRAM))


@test
def what_was_named_is_named_at_the_next_start():
    with folder() as path:
        symbols = fill(path)
        inode = symbols.stat().st_ino
        os.utime(symbols, (0, 0))
        with Daemon("--cache", str(path)) as daemon:
            assert_has_names(daemon)
            assert symbols.stat().st_mtime > 0, "it was not used"
            assert symbols.stat().st_ino == inode, "it was made again"
            assert counted(daemon, "hits_total") > 0
            assert counted(daemon, "damaged_total") == 0
            assert counted(daemon, "bytes") >= symbols.stat().st_size
            assert counted(daemon, "files") >= 1


@test
def a_symbol_file_is_one_that_others_can_read():
    tool = next(filter(None, map(shutil.which, ("llvm-gsymutil", "llvm-gsymutil-14"))), None)
    if not tool:
        raise Skip("llvm-gsymutil is not installed")
    with folder() as path:
        dump = subprocess.run([tool, fill(path)], capture_output=True, text=True, check=True)
        assert all(name in dump.stdout for name in NAMES), dump.stdout[:1000] + dump.stderr


@test
def a_damaged_symbol_file_is_counted_and_made_anew():
    with folder() as path:
        symbols = fill(path)
        data = bytearray(symbols.read_bytes())
        data[len(data) // 2] ^= 0x10
        symbols.write_bytes(data)
        with Daemon("--cache", str(path)) as daemon:
            processes.run_fixture(fixture(PROGRAM), "0.5")
            wait_for(lambda: counted(daemon, "damaged_total") == 1, 60, "it is found out")
            assert_has_names(daemon)
            wait_for(
                lambda: symbols.exists() and symbols.read_bytes() != data, 60, "it is made anew"
            )


@test
def a_symbol_file_that_is_cut_short_is_made_anew():
    with folder() as path:
        symbols = fill(path)
        os.truncate(symbols, symbols.stat().st_size // 2)
        with Daemon("--cache", str(path)) as daemon:
            assert_has_names(daemon)
            assert counted(daemon, "damaged_total") == 1


@test
def one_that_is_cut_while_the_server_reads_it_costs_a_server_at_most():
    with folder() as path:
        symbols = fill(path)
        with Daemon("--cache", str(path)) as daemon:
            assert_has_names(daemon)
            os.truncate(symbols, 0)
            wait_for(lambda: has_names(daemon), 60, "a server that does not die of it")
            assert daemon.metrics().restarts("server") <= 1
            daemon.metrics().assert_every_tick_is_accounted_for()


@test
def files_that_leave_the_disk_are_read_by_those_who_have_them():
    with folder() as path:
        fill(path)
        with Daemon("--cache", str(path)) as daemon:
            assert_has_names(daemon)
            for symbols in path.glob("*.gsym"):
                symbols.unlink()
            assert_has_names(daemon)
            assert daemon.metrics().restarts("server") == 0


@test
def record_keeps_names_and_uses_them():
    require_root()
    with folder() as path:
        command = [*record("--cache", str(path), "-o", str(path / "x.folded"))]
        for _ in range(2):
            subprocess.run([*command, "--", fixture(PROGRAM), "1"], capture_output=True, check=True)
            assert "innermost" in (path / "x.folded").read_text(encoding="utf-8")
            symbols = symbols_of(path, fixture(PROGRAM))
            assert symbols, "its names are not kept"
            assert symbols.stat().st_mtime > 0, "they were not used"
            os.utime(symbols, (0, 0))
            inode = symbols.stat().st_ino
        assert symbols.stat().st_ino == inode


@test
def without_a_folder_names_are_in_memory():
    with Daemon("--cache", "none") as daemon:
        assert_has_names(daemon)
        assert daemon.metrics()["pilotlight_symbol_memory_bytes"] > 0
        assert daemon.metrics()["pilotlight_symbol_files_refused_total"] == 0
        assert counted(daemon, "written_total") == 0


if __name__ == "__main__":
    main()
