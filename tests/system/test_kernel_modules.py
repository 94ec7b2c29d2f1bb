#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions of a kernel's module have the lines, and what was inlined into them, that its debug
information says, wherever the module was loaded, and also when it is there no more. The modules are
built for the kernel of a virtual machine (tests/vm/modules.sh): those of the host are left alone."""

import contextlib
import ctypes
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import processes
from daemon import Daemon
from harness import BUILD, Skip, main, test, wait_for

MODULES = BUILD / "tests/modules"
SOURCE = MODULES / "pilotlight_reads.c"
READS = "pilotlight_reads"  # a module, its file below /proc, and the prefix of its functions
OTHER = "pilotlight_other"
PREFIXES = {READS: "made", OTHER: "other"}
SECONDS = 2

READER = """
import sys, time
end = time.monotonic() + float(sys.argv[2])
with open(sys.argv[1], "rb", buffering=0) as file:
    while time.monotonic() < end:
        file.read(1)
"""


def line_of(words):
    lines = SOURCE.read_text(encoding="ascii").splitlines()
    return next(i for i, line in enumerate(lines, 1) if f"/* line of {words} */" in line)


def path_of(name):
    path = MODULES / f"{name}.ko"
    if not path.exists():
        raise Skip("no module was built for this kernel")
    return path


class Module:
    """A module that is loaded while this lives."""

    FINIT_MODULE, DELETE_MODULE = {"x86_64": (313, 176), "aarch64": (273, 106)}[os.uname().machine]

    def __init__(self, name):
        self.name = name
        self.prefix = PREFIXES[name]
        with open(path_of(name), "rb") as file:
            self._call(self.FINIT_MODULE, file.fileno(), b"", 0)

    def _call(self, number, *arguments):
        if ctypes.CDLL(None, use_errno=True).syscall(number, *arguments) < 0:
            raise Skip(f"{self.name}: {os.strerror(ctypes.get_errno())}")

    @property
    def address(self):
        """Where its code starts."""
        path = pathlib.Path(f"/sys/module/{self.name}/sections/.text")
        return int(path.read_text(encoding="ascii"), 16)

    def read(self):
        """Have it take time, in a process whose pid is returned."""
        command = sys.executable, "-c", READER, f"/proc/{self.name}", str(SECONDS)
        return processes.run_fixture(*command).pid

    def unload(self):
        self._call(self.DELETE_MODULE, self.name.encode(), os.O_NONBLOCK)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.unload()


def build_id(name):
    lines = subprocess.run(
        ["readelf", "-n", path_of(name)], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return next(line.split()[-1] for line in lines if "Build ID" in line)


@contextlib.contextmanager
def debug_folder(*names):
    """A folder which has the debug information of these modules by their build ids."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for name in names:
            identity = build_id(name)
            path = pathlib.Path(folder, ".build-id", identity[:2], f"{identity[2:]}.debug")
            path.parent.mkdir(parents=True, exist_ok=True)
            command = ["objcopy", "--only-keep-debug", path_of(name), path]
            subprocess.run(command, check=True, capture_output=True)
        yield folder


@contextlib.contextmanager
def installed(name):
    """As if the module were in the folder of the running kernel's."""
    folder = pathlib.Path("/lib/modules", os.uname().release)
    if folder.exists():
        raise Skip(f"{folder} is not ours")
    path = folder / "extra" / f"{name.replace('_', '-')}.ko"
    path.parent.mkdir(parents=True)
    path.symlink_to(MODULES / f"{name}.ko")
    (folder / "modules.dep").write_text(f"extra/{path.name}:\n", encoding="ascii")
    try:
        yield
    finally:
        path.unlink()


def leaves(profile, prefix):
    """The frames of samples whose leaf was inlined from the module's source."""
    return [
        sample.frames[:3] for sample in profile.samples if sample.names[0] == f"{prefix}_inline"
    ]


def assert_has_lines(daemon, pid, module):
    """What the process of that pid did in the module has functions, inlined ones, and lines."""
    query = f'{{pid="{pid}"}}'
    daemon.past_until(query, lambda profile: leaves(profile, module.prefix))
    profile = daemon.past_settled(query)
    found = leaves(profile, module.prefix)
    assert found, profile.summary()
    for inlined, own, read in found:
        assert inlined.is_inlined and not own.is_inlined, profile.summary()
        assert abs(inlined.line - line_of("made_inline")) <= 1, inlined
        assert own.name == f"{module.prefix}_own", own
        assert own.line == line_of("made_own"), own
        assert read.name == f"{module.prefix}_read", read
        assert read.line == line_of("made_read"), read
        for frame in (inlined, own, read):
            assert frame.file.endswith(f"{module.name}.c"), frame
            assert frame.mapping.path == f"[{module.name}]", frame
            assert frame.mapping.build_id == build_id(module.name), frame


@test
def a_function_of_a_module_has_the_lines_of_its_debug_file():
    with Module(READS) as module, debug_folder(READS) as folder:
        with Daemon("--debug-dir", folder) as daemon:
            assert_has_lines(daemon, module.read(), module)


@test
def a_module_that_was_loaded_later_is_found_where_modules_lie():
    with installed(READS), Daemon() as daemon:
        run = processes.run_fixture(sys.executable, "-c", "sum(range(1000000))")
        daemon.past_until(f'{{pid="{run.pid}"}}', lambda profile: profile.samples)
        with Module(READS) as module:
            assert_has_lines(daemon, module.read(), module)


@test
def samples_keep_their_names_when_modules_go_and_others_take_their_place():
    with debug_folder(READS, OTHER) as folder, Daemon("--debug-dir", folder) as daemon:
        time.sleep(1)  # of its first second, history alone has all samples, and no lines of modules
        runs = []

        def run(module):
            runs.append((module.read(), module))
            for pid, read in runs:
                assert_has_lines(daemon, pid, read)

        with Module(READS) as module:
            before = module.address
            run(module)
        with Module(OTHER) as module:
            run(module)
            with Module(READS) as again:
                print(f"at {before:#x}, then {module.name}; again at {again.address:#x}")
                run(again)
        for pid, read in runs:
            assert_has_lines(daemon, pid, read)


@test
def the_debug_file_of_another_module_is_left_alone():
    with Module(READS) as module, debug_folder(OTHER) as folder:
        with Daemon("--debug-dir", folder) as daemon:
            query = f'{{pid="{module.read()}"}}'
            profile = daemon.past_until(query, lambda profile: profile.has("made_own"))
            assert profile.has("made_own") and not profile.has("made_inline"), profile.summary()


if __name__ == "__main__":
    main()
