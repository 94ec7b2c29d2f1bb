#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debug information that lies apart from a program is found, and belongs to it; whatever else lies in
its place harms nobody."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import processes
from daemon import Daemon
from hanging_mount import hanging_mount
from harness import Skip, fixture, main, test, wait_for
from stripped import PROGRAM, build_id, folder, run, strip

INLINED = ("innermost", "middle")


def put_by_build_id(folder_path, program, debug):
    name = build_id(program)
    target = folder_path / ".build-id" / name[:2] / f"{name[2:]}.debug"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(debug, target)
    return target


def link(program, debug):
    """Have a program name its debug file, by its checksum alone."""
    run("objcopy", f"--add-gnu-debuglink={debug}", program)


def require(*tools):
    for tool in tools:
        if not shutil.which(tool):
            raise Skip(f"{tool} is not installed")


def compile_in(path, name, *options):
    """The fixture, compiled in that folder with these options, and what is left of that there."""
    require("gcc")
    code = pathlib.Path(__file__).parents[1] / "fixtures" / f"{PROGRAM}.c"
    run("env", "-C", path, "gcc", "-O2", "-g", *options, "-c", code, "-o", f"{name}.o")
    run("env", "-C", path, "gcc", *options, f"{name}.o", "-o", name)
    return path / name


def strip_without_id(path):
    """As strip(), of a program without a build id."""
    return strip(path, compile_in(path, "source", "-Wl,--build-id=none"))


def profile_of(daemon, program, *prefix):
    """The profile of a run of the program, when all that will be known of its names is known."""
    finished = processes.run_fixture(*prefix, str(program), "0.5")
    query = f'{{pid="{finished.pid}"}}'
    profile = daemon.past_until(query, lambda profile: profile.count() > 20)
    assert profile.count() > 20, profile.summary()
    wait_for(
        lambda: not daemon.metrics()["pilotlight_symbol_builds_queued"], 30, "all names are read"
    )
    return daemon.past_settled(query)


def assert_has_lines(profile):
    assert all(map(profile.has, INLINED)), profile.summary()
    frames = [frame for name in INLINED for frame in profile.frames(name)]
    assert all(frame.line and frame.file.endswith(f"{PROGRAM}.c") for frame in frames)


def assert_has_no_lines(profile):
    assert not any(map(profile.has, INLINED)), profile.summary()


def found(daemon, kind="separate"):
    return daemon.metrics().family("pilotlight_debug_files_found_total")[kind]


@test
def a_debug_file_is_found_by_build_id():
    with folder() as path:
        program, debug = strip(path)
        put_by_build_id(path / "debug", program, debug)
        with Daemon("--debug-dir", str(path / "debug")) as daemon:
            assert_has_lines(profile_of(daemon, program))
            assert found(daemon) >= 1
        with Daemon() as daemon:
            assert_has_no_lines(profile_of(daemon, program))


@test
def a_debug_file_is_found_by_name_if_its_checksum_is_right():
    with folder() as path, Daemon() as daemon:
        program, debug = strip_without_id(path)
        link(program, debug)
        assert_has_lines(profile_of(daemon, program))
    with folder() as path, Daemon() as daemon:
        program, debug = strip_without_id(path)
        link(program, debug)
        with debug.open("ab") as file:
            file.write(b"another")
        assert_has_no_lines(profile_of(daemon, program))
        assert found(daemon) >= 1, "it was not even looked at"


@test
def a_debug_file_of_another_program_is_not_taken():
    with folder() as path, folder() as elsewhere:
        program, _ = strip(path)
        _, other_debug = strip(elsewhere, fixture("three_to_one"))
        put_by_build_id(path / "debug", program, other_debug)
        with Daemon("--debug-dir", str(path / "debug")) as daemon:
            assert_has_no_lines(profile_of(daemon, program))
            assert found(daemon) >= 1, "it was not even looked at"


def make_root(path):
    """A file system with the program and what it needs, as a container has."""
    (path / "tmp").mkdir()
    listed = subprocess.run(
        ["ldd", fixture(PROGRAM)], capture_output=True, text=True, check=True
    ).stdout
    for library in re.findall(r"(/\S+)", listed):
        target = path / library.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)
    return strip(path / "tmp")


@test
def objects_with_debug_information_are_found_where_they_were_compiled():
    with folder() as path, Daemon() as daemon:
        program = compile_in(path, "split", "-gsplit-dwarf")
        assert list(path.glob("*.dwo")), "the compiler has split nothing"
        assert_has_lines(profile_of(daemon, program))
        assert found(daemon, "object") >= 1


@test
def a_package_of_them_is_found_beside_the_program():
    require("dwp")
    with folder() as path, Daemon() as daemon:
        program = compile_in(path, "split", "-gsplit-dwarf", "-gdwarf-4")
        run("env", "-C", path, "dwp", "-e", "split")
        for split in path.glob("*.dwo"):
            split.unlink()
        assert_has_lines(profile_of(daemon, program))
        assert found(daemon, "package") >= 1


@test
def what_dwz_has_taken_out_of_several_is_found():
    require("dwz")
    with folder() as path, Daemon() as daemon:
        programs = [compile_in(path, name, "-gdwarf-4") for name in ("one", "two")]
        run("env", "-C", path, "dwz", "-m", path / "common.debug", *programs)
        if not (path / "common.debug").exists():
            raise Skip("dwz has found nothing in common")
        assert_has_lines(profile_of(daemon, programs[0]))
        assert found(daemon, "alternate") >= 1


@test
def lines_come_to_profiles_of_the_past_when_a_debug_file_turns_up():
    with folder() as path:
        program, debug = strip(path)
        (path / "debug").mkdir()
        with Daemon("--debug-dir", str(path / "debug")) as daemon:
            profile = profile_of(daemon, program)
            assert_has_no_lines(profile)
            put_by_build_id(path / "debug", program, debug)
            query = f'{{pid="{profile.samples[0].labels["pid"]}"}}'
            later = daemon.past_until(query, lambda profile: profile.has("innermost"), 30)
            assert_has_lines(later)
            assert later.count() == profile.count(), "it was to be the same profile"
            late = "pilotlight_debug_files_late_total"
            wait_for(lambda: daemon.metrics()[late] >= 1, 60, "it is counted")


@test
def names_on_disk_without_lines_do_not_hide_a_debug_file_from_the_next_start():
    with folder() as path, tempfile.TemporaryDirectory() as cache:
        program, debug = strip(path)
        kept = f"{build_id(program)}-*.gsym"
        with Daemon("--cache", cache) as daemon:
            assert_has_no_lines(profile_of(daemon, program))
            wait_for(lambda: any(pathlib.Path(cache).glob(kept)), 20, "its names are on disk")
        put_by_build_id(path / "debug", program, debug)
        with Daemon("--cache", cache, "--debug-dir", str(path / "debug")) as daemon:
            assert_has_lines(profile_of(daemon, program))


@test
def the_root_of_the_process_is_searched():
    with folder() as root, Daemon() as daemon:
        program, debug = make_root(root)
        put_by_build_id(root / "usr/lib/debug", program, debug)
        debug.unlink()
        assert_has_lines(profile_of(daemon, "/tmp/program", "chroot", root))


@test
def a_link_leads_to_nothing_outside_of_that_root():
    with folder() as root, folder() as outside, Daemon() as daemon:
        program, debug = make_root(root)
        target = put_by_build_id(root / "usr/lib/debug", program, debug)
        shutil.move(debug, outside / "secret")
        target.unlink()
        target.symlink_to("../" * 20 + str(outside / "secret")[1:])
        assert_has_no_lines(profile_of(daemon, "/tmp/program", "chroot", root))


@test
def a_pipe_in_place_of_a_debug_file_keeps_nobody():
    with folder() as path:
        program, debug = strip(path)
        target = put_by_build_id(path / "debug", program, debug)
        target.unlink()
        os.mkfifo(target)
        with Daemon("--debug-dir", str(path / "debug")) as daemon:
            assert_has_no_lines(profile_of(daemon, program))
            daemon.metrics().assert_every_tick_is_accounted_for()


@test
def a_debug_file_that_grows_and_shrinks_costs_its_own_names_at_most():
    with folder() as path:
        program, debug = strip(path)
        target = put_by_build_id(path / "debug", program, debug)
        content = target.read_bytes()
        with Daemon("--debug-dir", str(path / "debug")) as daemon:
            writer = processes.start(
                "sh",
                "-c",
                'while :; do head -c 100 "$1" > "$2"; cat "$1" "$1" > "$2"; done',
                "sh",
                str(debug),
                str(target),
            )
            profile_of(daemon, program)
            writer.kill()
            writer.wait()
            target.write_bytes(content)
            finished = processes.run_fixture(fixture("three_to_one"), "0.5")
            query = f'{{pid="{finished.pid}"}}'
            profile = daemon.past_until(query, lambda profile: profile.has("spend_three_parts"))
            assert profile.has("spend_three_parts"), profile.summary()
            assert daemon.metrics().restarts("resolver") == 0
            daemon.metrics().assert_every_tick_is_accounted_for()


@test
def a_file_system_that_hangs_delays_nobody():
    with folder() as path:
        program, debug = strip_without_id(path)
        link(program, debug)
        debug.unlink()
        hidden = path / ".debug"
        hidden.mkdir()
        with Daemon() as daemon, hanging_mount(hidden):
            processes.run_fixture(str(program), "0.5")
            late = "pilotlight_openings_late_total"
            wait_for(lambda: daemon.metrics()[late], 30, "the debug file does not come")
            finished = processes.run_fixture(fixture("three_to_one"), "1")
            profile = daemon.past_until(
                f'{{pid="{finished.pid}"}}', lambda profile: profile.has("spend_three_parts")
            )
            assert profile.has("spend_three_parts"), profile.summary()
            metrics = daemon.metrics()
            metrics.assert_every_tick_is_accounted_for()
            assert metrics.restarts("resolver") == metrics.restarts("server") == 0


if __name__ == "__main__":
    main()
