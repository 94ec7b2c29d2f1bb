#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""History on disk: what survives, and what goes wrong without harm."""

import contextlib
import json
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

import processes
from daemon import Daemon
from harness import PILOTLIGHT, fixture, main, require_root, test, wait_for

WRITTEN = "pilotlight_history_samples_written_total"


def error_count(daemon, reason):
    return daemon.metrics()[f'pilotlight_store_errors_total{{reason="{reason}"}}']


def folded(daemon, start, end):
    """What the program of these tests did in a range of whole seconds, as lines."""
    query = urllib.parse.quote('{comm="works_when_told"}')
    answer = daemon.get(f"/api/v1/profile?format=folded&from={start}&to={end}&query={query}")
    assert answer.code == 200, answer.text
    return sorted(answer.text.splitlines())


def moments(daemon, start, end):
    """When, where and by whom each of its samples was, as perf says it; and its heat map."""
    selection = {"query": '{comm="works_when_told"}', "from": start, "to": end}
    events = daemon.get("/api/v1/profile", **selection, format="perf")
    heat_map = daemon.get("/api/v1/heatmap", **selection)
    assert events.code == heat_map.code == 200, events.text + heat_map.text
    heads = [line for line in events.text.splitlines() if line.endswith(" cpu-clock: ")]
    return heads, json.loads(heat_map.text)


def settled(daemon, start, end):
    """As folded(), when names and last samples have come."""
    found = [[]]

    def is_settled():
        time.sleep(1)
        found.append(folded(daemon, start, end))
        return found[-1] == found[-2] and "work_when_told" in "".join(found[-1])

    wait_for(is_settled, 30, "names have come, and nothing changes any more")
    return found[-1]


@contextlib.contextmanager
def small_disk(size):
    """A file system of that size."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
        subprocess.run(mount, check=True)
        try:
            yield pathlib.Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def wait_until_written(daemon, n_samples=1):
    wait_for(lambda: daemon.metrics()[WRITTEN] >= n_samples, 30, "samples are written to history")


def with_history(store, statement, *values):
    """The first row of what a statement says of the file of history."""
    path = pathlib.Path(store) / "history.sqlite"
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as database, database:
        return database.execute(statement, values).fetchone()


def kill(daemon):
    daemon.process.kill()
    daemon.process.wait()
    daemon.stop = lambda: None


def is_written_until(store, end):
    """A window is written some seconds after its end."""
    return (with_history(store, "SELECT max(start + span) FROM window")[0] or 0) >= end


@test
def the_past_reads_as_it_did_after_kills():
    """By a program that has gone, and whose names are on disk: that it ran, nobody knows but who
    was killed, and what was written before."""
    with tempfile.TemporaryDirectory() as store, tempfile.TemporaryDirectory() as cache:
        options = ("--store", store, "--cache", cache)
        program = shutil.copy(fixture("works_when_told"), cache)
        with Daemon(*options) as daemon:
            start = int(time.time())
            busy = processes.start(program, "2", stdin=subprocess.PIPE)
            busy.stdin.write(b"go\n")
            busy.stdin.close()
            processes.finish(busy, 20)
            end = int(time.time()) + 1
            pathlib.Path(program).unlink()
            before = settled(daemon, start, end)
            times, heat_map = moments(daemon, start, end)
            assert len(times) > 100 and sum(heat_map["coarse"]) == 0, (times, heat_map)
            wait_for(lambda: is_written_until(store, end), 40, "the window is written")
            kill(daemon)
        with Daemon(*options) as daemon:
            assert folded(daemon, start, end) == before
            assert moments(daemon, start, end) == (times, heat_map)
            assert daemon.metrics()["pilotlight_history_moments_bytes"] > 0
        with Daemon(*options) as daemon:
            assert folded(daemon, start, end) == before
            assert moments(daemon, start, end) == (times, heat_map)


@test
def what_is_too_old_leaves():
    """Of two copies of a window, as if of two and of thirty days ago; a week is the default."""
    copy = """INSERT INTO window (type, start, span, totals, seconds)
        SELECT type, start - ? * 86400, span, totals, seconds FROM window
        ORDER BY start DESC LIMIT 1"""
    expired = "pilotlight_history_windows_expired_total"
    with tempfile.TemporaryDirectory() as store:
        with Daemon("--store", store) as daemon:
            wait_until_written(daemon)
        for days in 2, 30:
            with_history(store, copy, days)
        for options in (), ("--retention-age", "1d"):
            with Daemon("--store", store, *options) as daemon:
                wait_for(lambda: daemon.metrics()[expired], 30, "the older one has left")
                assert daemon.metrics()[expired] == 1


@test
def a_full_disk_costs_nothing_but_what_finds_no_room():
    """What could not be written is, when there is room again."""
    require_root()
    with small_disk("3M") as disk:
        with Daemon("--store", str(disk / "store")) as daemon:
            wait_until_written(daemon)
            filler = disk / "filler"
            with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            wait_for(lambda: error_count(daemon, "full"), 30, "the disk is full")
            assert "the disk is full" in daemon.log()
            assert daemon.get("/api/v1/profile?format=folded").code == 200
            written = daemon.metrics()[WRITTEN]
            filler.unlink()
            wait_until_written(daemon, written + 1)
            assert "it is written again" in daemon.log()
            daemon.metrics().assert_every_tick_is_accounted_for()


@test
def a_read_only_disk_is_said_and_written_again_after():
    require_root()
    with small_disk("3M") as disk:
        with Daemon("--store", str(disk / "store")):
            pass  # at its end it writes what it has
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with Daemon("--store", str(disk / "store")) as daemon:
            assert error_count(daemon, "read_only") >= 1
            assert "it may not be written; what is new stays in memory" in daemon.log()
            assert daemon.get("/api/v1/profile?format=folded").code == 200
            assert daemon.metrics()[WRITTEN] == 0
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
            wait_until_written(daemon)
            assert "it is written again" in daemon.log()


@test
def a_damaged_file_is_put_aside_and_another_daemon_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        store = pathlib.Path(folder)
        (store / "history.sqlite").write_bytes(b"no database, but long enough to be one" * 100)
        with Daemon("--store", folder) as daemon:
            wait_until_written(daemon)
            assert error_count(daemon, "damaged") == 1
            (aside,) = store.glob("history.sqlite.damaged-*")
            assert f"history: it is damaged, is put aside as {aside.name}, and" in daemon.log()
            second = subprocess.run(
                [PILOTLIGHT, "--listen", "127.0.0.1:0", "--store", folder],
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
            )
            assert second.returncode == 1, second
            assert f"another pilotlight keeps its history in {folder}" in second.stderr
        with sqlite3.connect(store / "history.sqlite") as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


if __name__ == "__main__":
    main()
