#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debug files come from debuginfod servers, if they are named, and only then: from Debian's own
server, on loopback."""

import contextlib
import http.server
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import urllib.request

import processes
from daemon import Daemon, free_port, record
from harness import PILOTLIGHT, Skip, fixture, main, require_root, test, wait_for
from stripped import PROGRAM, build_id, folder, strip

FETCHER_ID = 61072


def strip_and_serve(path, source=None):
    """A program in that folder without debug information, and a folder with the file for it."""
    program, debug = strip(path, source)
    served = path / "served"
    served.mkdir()
    return program, pathlib.Path(shutil.move(debug, served)).parent


@contextlib.contextmanager
def server(served):
    """A debuginfod that serves these files; its URL."""
    if not shutil.which("debuginfod"):
        raise Skip("debuginfod is not installed")
    port = free_port()
    command = ("debuginfod", "-F", "-p", str(port), "-d", ":memory:", str(served))
    url = f"http://127.0.0.1:{port}"
    process = processes.start(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        n_files = len(list(served.iterdir()))
        wait_for(lambda: has_scanned(url, n_files), 30, "debuginfod has scanned its files")
        yield url
    finally:
        process.kill()
        process.wait()


def has_scanned(url, n_files):
    """Whether it has read as many files, and what it has read is in its index."""
    try:
        with urllib.request.urlopen(url + "/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return False
    metrics = {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}
    scanned = sum(v for name, v in metrics.items() if name.startswith("scanned_files_total"))
    return scanned >= n_files and not metrics.get('thread_busy{role="scan"}')


def fetches(daemon):
    return daemon.metrics().family("pilotlight_debuginfod_fetches_total")


def run_program(daemon, program):
    finished = processes.run_fixture(str(program), "0.5")
    return f'{{pid="{finished.pid}"}}'


@test
def lines_come_from_a_server():
    with folder() as path:
        program, served = strip_and_serve(path)
        with server(served) as url, Daemon("--debuginfod-urls", url) as daemon:
            query = run_program(daemon, program)
            profile = daemon.past_until(query, lambda profile: profile.has("innermost"), 30)
            assert profile.has("innermost"), profile.summary()
            assert all(frame.line for frame in profile.frames("innermost")), profile.summary()
            wait_for(lambda: fetches(daemon)["found"] >= 1, 60, "it is counted")


@test
def what_dwz_has_taken_out_comes_from_a_server():
    if not shutil.which("dwz"):
        raise Skip("dwz is not installed")
    with folder() as path:
        program, served = strip_and_serve(path)
        debug, other = served / "program.debug", served / "other.debug"
        shutil.copy(debug, other)
        common = served / "common.debug"
        command = ("dwz", "-m", common, "-M", "elsewhere.debug", debug, other)
        subprocess.run(command, check=True, capture_output=True)
        other.unlink()
        if not common.exists():
            raise Skip("dwz has found nothing in common")
        with server(served) as url, Daemon("--debuginfod-urls", url) as daemon:
            query = run_program(daemon, program)
            profile = daemon.past_until(query, lambda profile: profile.has("innermost"), 40)
            assert profile.has("innermost"), profile.summary()
            wait_for(lambda: fetches(daemon)["found"] >= 2, 60, "both are counted")


@test
def the_fetcher_has_the_network_and_nothing_else():
    with folder() as path:
        program, served = strip_and_serve(path)
        with server(served) as url, Daemon("--debuginfod-urls", url) as daemon:
            pid = daemon.role("fetcher")
            ids = [str(FETCHER_ID)] * 4
            wait_for(lambda: processes.status(pid)["Uid"].split() == ids, 60, "it is that user")
            wait_for(lambda: processes.status(pid)["Seccomp"] == "2", 60, "it has its filter")
            status = processes.status(pid)
            assert int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0
            assert status["NoNewPrivs"] == "1", status
            query = run_program(daemon, program)
            daemon.past_until(query, lambda profile: profile.has("innermost"), 30)
            queued = "pilotlight_debuginfod_queued"
            wait_for(
                lambda: not daemon.metrics()[queued] and not has_files(own_folder(pid)),
                60,
                "when nothing more is asked for, its folder is empty",
            )
            assert own_folder(pid).stat().st_uid == FETCHER_ID
        wait_for(lambda: not own_folder(pid), 60, "its folder is gone")


def has_files(path):
    return any(entry.is_file() for entry in path.rglob("*"))


def own_folder(pid):
    """That of the fetcher with this pid, or None."""
    return next(pathlib.Path("/var/tmp").glob(f"pilotlight-fetcher-{pid}-*"), None)


@test
def nobody_is_asked_without_servers():
    with folder() as path:
        program, served = strip_and_serve(path)
        with server(served):
            for options in ((), ("--debuginfod-urls", "none")):
                with Daemon(*options) as daemon:
                    query = run_program(daemon, program)
                    profile = daemon.past_settled(query)
                    assert not profile.has("innermost"), profile.summary()
                    metrics = daemon.metrics()
                    assert metrics["pilotlight_debuginfod_asked_total"] == 0
                    assert "fetcher" not in daemon.log()


def has_open(daemon, path):
    """Whether the sampler has that file open."""
    links = []
    for entry in os.scandir(f"/proc/{daemon.pid}/fd"):
        with contextlib.suppress(OSError):
            links.append(os.readlink(entry.path))
    return str(path) in links


def run_unread(daemon, running):
    """Have programs work that the daemon has met at its start, and closed again, for no stack led
    through them. It hears of that when they have ended, and their files are gone."""
    for is_wanted in (True, False):
        wait_for(
            lambda: all(has_open(daemon, process.args[0]) == is_wanted for process in running),
            30,
            f"programs are {'open' if is_wanted else 'closed'}",
        )
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        for process in running:
            process.stdin.close()
            processes.finish(process)
            os.unlink(process.args[0])
    finally:
        daemon.process.send_signal(signal.SIGCONT)


def with_another_build_id(program, path):
    """A copy there of a program that is of another build."""
    old = bytes.fromhex(build_id(program))
    path.write_bytes(pathlib.Path(program).read_bytes().replace(old, old[::-1]))
    path.chmod(0o755)
    return path


@test
def files_that_were_gone_before_they_were_read_have_names_when_they_turn_up():
    """One is on a server, another is deployed again."""
    with folder() as path:
        program, served = strip_and_serve(path, fixture("works_when_told"))
        shutil.copy(program, served)
        deployed = with_another_build_id(fixture("works_when_told"), path / "deployed")
        kept = shutil.copy(deployed, path / "kept")
        running = [
            processes.start(str(name), "0.3", stdin=subprocess.PIPE) for name in (program, deployed)
        ]
        ids = [build_id(process.args[0]) for process in running]
        queries = [f'{{pid="{process.pid}"}}' for process in running]
        with server(served) as url, Daemon("--debuginfod-urls", url) as daemon:
            run_unread(daemon, running)
            wait_for(lambda: gone_count(daemon) == 2, 60, "both are gone")
            profiles = [daemon.past(query) for query in queries]
            assert not profiles[1].has("work_when_told"), profiles[1].summary()
            for profile, expected in zip(profiles, ids):
                seen = {frame.mapping.build_id for frame in leaves(profile)}
                assert expected in seen, f"{seen}, not {expected}"
            again = processes.run_fixture(kept, "0.3", stdin=subprocess.DEVNULL)
            for query in (f'{{pid="{again.pid}"}}', *queries):
                # The server is asked twice, behind all others that run here.
                profile = daemon.past_until(
                    query, lambda profile: profile.has("work_when_told"), 120
                )
                assert profile.has("work_when_told"), f"{query}: {profile.summary()}"
                assert all(frame.line for frame in profile.frames("work_when_told")), query


def gone_count(daemon):
    return daemon.metrics().family("pilotlight_symbol_builds_total")["gone"]


def leaves(profile):
    return [sample.frames[0] for sample in profile.samples]


@test
def what_no_server_has_is_counted_and_left_alone():
    with folder() as path:
        program, served = strip_and_serve(path)
        (served / "program.debug").rename(path / "elsewhere")
        shutil.copy(fixture("three_to_one"), served)
        with server(served) as url, Daemon("--debuginfod-urls", url) as daemon:
            query = run_program(daemon, program)
            wait_for(lambda: fetches(daemon)["missing"] >= 1, 20, "it is missing")
            assert not daemon.past_settled(query).has("innermost")
            assert daemon.metrics().restarts("fetcher") == 0


@contextlib.contextmanager
def server_without_files():
    """A server that has nothing: its URL, and the paths that it was asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listener.server_address[1]}", asked
        listener.shutdown()
        thread.join()


@test
def what_no_server_has_is_not_asked_for_again_after_a_restart():
    with folder() as path, server_without_files() as (url, asked):
        program, _ = strip_and_serve(path)
        options = ("--debuginfod-urls", url, "--cache", str(path / "cache"))
        with Daemon(*options) as daemon:
            run_program(daemon, program)
            wait_for(lambda: fetches(daemon)["missing"] >= 1, 20, "it is missing")
            wait_for(lambda: not daemon.metrics()["pilotlight_debuginfod_queued"], 60, "all are")
        first = set(asked)
        asked.clear()
        with Daemon(*options) as daemon:
            run_program(daemon, program)
            known = "pilotlight_debuginfod_known_missing_total"
            wait_for(lambda: daemon.metrics()[known] >= 1, 20, "it is known to be missing")
        again = first.intersection(asked)
        assert not again, f"{len(again)} of {len(first)} were asked for again: {again}"


def child_of_fetcher(daemon):
    return next(iter(processes.children(daemon.role("fetcher"))), None)


def assert_is_shut_in(pid):
    """It has no privileges, and of what is open nothing but its own, what it says, and sockets."""
    status = processes.status(pid)
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1", status
    assert int(status["CapPrm"], 16) == 0, status
    links = {int(entry.name): os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")}
    own = re.compile("/var/tmp/pilotlight-fetcher-|(socket|pipe|anon_inode):(?!.*(bpf|perf_event))")
    assert all(own.match(link) for fd, link in links.items() if fd > 2), links


def serve_by_path(path, program, debug):
    """As file:// wants it: a debug file in that folder, as a link to another."""
    place = path / "buildid" / build_id(program)
    place.mkdir(parents=True)
    (place / "debuginfo").symlink_to(debug)
    return place / "debuginfo"


def has_landlock():
    return "ok    Landlock" in subprocess.run(
        [PILOTLIGHT, "doctor"], capture_output=True, text=True, check=False
    ).stdout


@test
def who_fetches_opens_no_files_but_its_own_and_those_that_are_served():
    with folder() as path, folder() as elsewhere:
        inside, debug = strip(path)
        outside = with_another_build_id(inside, path / "outside")
        other_debug = with_another_build_id(debug, elsewhere / "debug")
        served = serve_by_path(path / "served", inside, path / "served/debug")
        debug.rename(path / "served/debug")
        serve_by_path(path / "served", outside, other_debug)
        with Daemon("--debuginfod-urls", f"file://{path}/served") as daemon:
            queries = [run_program(daemon, program) for program in (outside, inside)]
            profile = daemon.past_until(queries[1], lambda profile: profile.has("innermost"))
            assert profile.has("innermost"), f"{served}: {profile.summary()}"
            queued = "pilotlight_debuginfod_queued"
            wait_for(lambda: not daemon.metrics()[queued], 60, "nothing more is asked for")
            assert daemon.past(queries[0]).has("innermost") != has_landlock()


@test
def a_server_that_does_not_answer_keeps_nobody_waiting():
    with folder() as path, socket.create_server(("127.0.0.1", 0)) as listener:
        program, _ = strip_and_serve(path)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with Daemon("--debuginfod-urls", url) as daemon:
            run_program(daemon, program)
            queued = "pilotlight_debuginfod_queued"
            wait_for(lambda: daemon.metrics()[queued] >= 1, 20, "it is being asked for")
            assert_is_shut_in(wait_for(lambda: child_of_fetcher(daemon), 60, "a child asks"))
            query = run_program(daemon, fixture("three_to_one"))
            profile = daemon.past_until(query, lambda profile: profile.has("spend_three_parts"))
            assert profile.has("spend_three_parts"), profile.summary()
            assert daemon.metrics().restarts("fetcher") == 0
            daemon.metrics().assert_every_tick_is_accounted_for()


@test
def a_server_that_hangs_is_left_alone_and_the_next_is_asked():
    with folder() as path, socket.create_server(("127.0.0.1", 0)) as listener:
        program, served = strip_and_serve(path)
        silent = f"http://127.0.0.1:{listener.getsockname()[1]}"
        os.environ["DEBUGINFOD_TIMEOUT"] = "3"
        try:
            with server(served) as url, Daemon("--debuginfod-urls", f"{silent} {url}") as daemon:
                query = run_program(daemon, program)
                profile = daemon.past_until(query, lambda profile: profile.has("innermost"), 60)
                assert profile.has("innermost"), profile.summary()
                assert f"{silent} does not answer" in daemon.log(), daemon.log()
                wait_for(lambda: fetches(daemon)["skipped"], 60, "others pass it by")
                assert daemon.metrics().restarts("fetcher") == 0
        finally:
            del os.environ["DEBUGINFOD_TIMEOUT"]


@test
def a_server_that_refuses_is_counted():
    with folder() as path:
        program, _ = strip_and_serve(path)
        url = f"http://127.0.0.1:{free_port()}"
        with Daemon("--debuginfod-urls", url) as daemon:
            run_program(daemon, program)
            wait_for(lambda: fetches(daemon)["failed"] >= 1, 20, "it has failed")
            assert daemon.metrics().restarts("fetcher") == 0


@test
def record_waits_for_a_server_named_by_the_environment():
    require_root()
    with folder() as path:
        program, served = strip_and_serve(path)
        with server(served) as url:
            command = record("--cache", "none", "-o", str(path / "x.folded"))
            subprocess.run(
                [*command, "--", str(program), "1"],
                capture_output=True,
                check=True,
                env={**os.environ, "DEBUGINFOD_URLS": url},
            )
        assert "innermost" in (path / "x.folded").read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
