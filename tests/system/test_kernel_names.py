#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions of the kernel have the lines, and what was inlined into them, that its own file says.
That file is made up here: of the running kernel it has the build id and the place of one function,
as if the kernel had been put elsewhere at boot. And BPF programs have names."""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import time

import processes
from daemon import Daemon
from harness import Skip, fixture, main, test, wait_for

FUNCTION = "vfs_read"  # which system calls of the fixture lead through
SLIDE = 0x2000000
SECONDS = 1
EXACT = 16  # bytes at the end of the function that the made-up one leaves to others

SOURCE = """
static inline __attribute__((always_inline)) void made_up(void)
{
	__asm__ volatile(".fill %d, 1, 0x90"); /* line of made_up */
}

void %s(void);

void %s(void)
{
	made_up(); /* line of the function */
}
"""


def kernel_build_id():
    """As the kernel tells in a note: the name's size, the build id's, type 3, "GNU", the id."""
    notes = pathlib.Path("/sys/kernel/notes").read_bytes()
    found = re.search(rb"\x04\0\0\0(.)\0\0\0\x03\0\0\0GNU\0", notes, re.S)
    if not found:
        raise Skip("this kernel has no build id")
    return notes[found.end() : found.end() + found[1][0]].hex()


def kernel_symbols():
    """{name: address} of the kernel itself, and all addresses, sorted."""
    lines = pathlib.Path("/proc/kallsyms").read_text(encoding="ascii").splitlines()
    symbols = {}
    for line in lines:
        address, _, name, *module = line.split()
        if not module:
            symbols.setdefault(name, int(address, 16))
    if not symbols.get("_stext"):
        raise Skip("this kernel hides addresses")
    return symbols, sorted(set(symbols.values()))


def line_of(words):
    return next(i for i, line in enumerate(SOURCE.splitlines(), 1) if f"/* {words} */" in line)


def make_vmlinux(folder, build_id):
    """Write the kernel's file below a folder of debug information."""
    symbols, addresses = kernel_symbols()
    start = symbols[FUNCTION]
    end = next(address for address in addresses if address > start)
    source = folder / "made_up.c"
    source.write_text(SOURCE % (end - start - EXACT, FUNCTION, FUNCTION), encoding="ascii")
    path = folder / "lib/modules" / os.uname().release / "vmlinux"
    path.parent.mkdir(parents=True)
    linker_flags = [
        f"-Ttext={start - SLIDE:#x}",
        f"--defsym=_stext={symbols['_stext'] - SLIDE:#x}",
        f"--build-id=0x{build_id}",
        "--entry=0",
    ]
    command = ["gcc", "-O2", "-g", "-static", "-nostdlib", "-fno-pie", "-no-pie"]
    command += [f"-Wl,{flag}" for flag in linker_flags]
    subprocess.run([*command, source, "-o", path], check=True, capture_output=True)
    return path


@contextlib.contextmanager
def debug_folder(build_id):
    if not shutil.which("gcc"):
        raise Skip("gcc is not installed")
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        make_vmlinux(pathlib.Path(name), build_id)
        yield name


def profile_of_reads(daemon):
    run = processes.run_fixture(fixture("reads_zeros"), str(SECONDS))
    query = f'{{pid="{run.pid}"}}'
    wait_for(
        lambda: not daemon.metrics()["pilotlight_symbol_builds_queued"], 30, "all names are read"
    )
    daemon.past_until(query, lambda profile: profile.has(FUNCTION))
    return daemon.past_settled(query)


def frames_before(sample, name):
    """The frame of that name, and the one that it has called."""
    index = sample.names.index(name)
    return sample.frames[index - 1], sample.frames[index]


@test
def a_function_of_the_kernel_has_the_lines_of_its_own_file():
    build_id = kernel_build_id()
    with debug_folder(build_id) as folder, Daemon("--debug-dir", folder) as daemon:
        profile = profile_of_reads(daemon)
        samples = [sample for sample in profile.samples if FUNCTION in sample.names]
        assert samples, profile.summary()
        for inlined, frame in (frames_before(sample, FUNCTION) for sample in samples):
            assert inlined.name == "made_up" and inlined.is_inlined, profile.summary()
            assert inlined.line == line_of("line of made_up"), inlined
            assert frame.line == line_of("line of the function"), frame
            assert frame.file.endswith("made_up.c"), frame
            assert frame.mapping.path == "[kernel.kallsyms]", frame
            assert frame.mapping.build_id == build_id, frame


@test
def the_file_of_another_kernel_is_left_alone():
    with debug_folder("00" * 20) as folder, Daemon("--debug-dir", folder) as daemon:
        profile = profile_of_reads(daemon)
        assert profile.has(FUNCTION) and not profile.has("made_up"), profile.summary()
        assert all(not frame.file for frame in profile.frames(FUNCTION))


@contextlib.contextmanager
def hidden_addresses():
    """Have the kernel hide them from everybody."""
    setting = pathlib.Path("/proc/sys/kernel/kptr_restrict")
    before = setting.read_text(encoding="ascii")
    try:
        setting.write_text("2", encoding="ascii")
    except OSError as error:
        raise Skip(f"{setting}: {error.strerror}") from error
    try:
        yield
    finally:
        setting.write_text(before, encoding="ascii")


def failed_frames(daemon):
    return daemon.metrics()['pilotlight_frames_total{names="failed"}']


@test
def frames_of_a_kernel_that_hides_its_addresses_are_addresses():
    with contextlib.ExitStack() as stack:
        with hidden_addresses():
            daemon = stack.enter_context(Daemon())
            wait_for(lambda: failed_frames(daemon), 60, "it is known that there are no names")
        run = processes.run_fixture(fixture("reads_zeros"), str(SECONDS))
        query = f'{{pid="{run.pid}"}}'
        daemon.past_until(query, lambda profile: profile.has("main"))
        profile = daemon.past_settled(query)
        assert profile.has("main") and not profile.has(FUNCTION), profile.summary()
        places = [name for s in profile.samples for name in s.names if "[kernel" in name]
        assert places, profile.summary()
        assert all(re.fullmatch(r"\[kernel.kallsyms\]\+0x[0-9a-f]{16}", name) for name in places)


class BpfProgram:
    """A program for the kernel that only takes time, loaded while this lives."""

    LOAD, TEST_RUN = 5, 10
    SYSCALL = {"x86_64": 321, "aarch64": 280}
    SOCKET_FILTER = 1
    # r0 = 0; r0 += 1; return r0
    SET, ADD, RETURN = (
        struct.pack("<BBhi", code, 0, 0, n) for code, n in ((0xB7, 0), (0x07, 1), (0x95, 0))
    )
    RUNS = 20000

    def __init__(self, name):
        code = self.SET + self.ADD * 2000 + self.RETURN
        self._code = ctypes.create_string_buffer(code, len(code))
        self._license = ctypes.create_string_buffer(b"GPL")
        pointers = ctypes.addressof(self._code), ctypes.addressof(self._license)
        self._fd = self._bpf(
            self.LOAD,
            struct.pack("<IIQQ", self.SOCKET_FILTER, len(code) // 8, *pointers)
            + bytes(24)
            + name.encode().ljust(16, b"\0"),
        )

    def _bpf(self, command, attributes):
        libc = ctypes.CDLL(None, use_errno=True)
        result = libc.syscall(
            self.SYSCALL[os.uname().machine], command, attributes, len(attributes)
        )
        if result < 0:
            raise Skip(f"bpf({command}): {os.strerror(ctypes.get_errno())}")
        return result

    def run(self, seconds):
        packet = ctypes.create_string_buffer(64)
        pointer = ctypes.addressof(packet)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            sizes = self._fd, 0, len(packet), 0
            self._bpf(self.TEST_RUN, struct.pack("<IIIIQQII", *sizes, pointer, 0, self.RUNS, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._fd)


@test
def a_bpf_program_that_was_loaded_later_is_named():
    setting = pathlib.Path("/proc/sys/net/core/bpf_jit_kallsyms")
    if not setting.exists() or setting.read_text(encoding="ascii").strip() == "0":
        raise Skip("this kernel does not name BPF programs")
    with Daemon("--frequency", "499") as daemon:
        run = processes.run_fixture(fixture("reads_zeros"), "0.2")
        daemon.past_until(f'{{pid="{run.pid}"}}', lambda profile: profile.has(FUNCTION))
        with BpfProgram("made_up") as program:
            program.run(SECONDS)
            query = f'{{pid="{os.getpid()}"}}'

            def named(profile):
                return [s for s in profile.samples if s.names[0].endswith("_made_up")]

            profile = daemon.past_until(query, named, 30)
            leaves = [sample.frames[0] for sample in named(profile)]
            assert leaves, profile.summary()
            for leaf in leaves:
                assert re.fullmatch("bpf_prog_[0-9a-f]{16}_made_up", leaf.name), leaf
                assert leaf.mapping.path == "[bpf]", leaf


if __name__ == "__main__":
    main()
