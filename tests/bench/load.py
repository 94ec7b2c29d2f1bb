# SPDX-License-Identifier: Apache-2.0
"""What the profilers look at: programs that keep every CPU busy for as long as they are wanted."""

import os
import pathlib
import subprocess
import tempfile
import threading
import time

import processes
from harness import BUILD, SOURCES, fixture

LONG_S = "86400"  # of CPU time: longer than any benchmark
STEADY_MIX = ("three_to_one", "reads_zeros", "names", "reads_clock", "uses_library")
GCC = ("gcc", "-O2", "-g", "-D_GNU_SOURCE", "-I", SOURCES.parent, "-c",
       SOURCES.parent / "profiler/base/string_table.c")


class Load:
    """As many processes of each fixture as it takes to keep all CPUs busy, until it is left."""

    def __init__(self, *fixtures):
        self._fixtures = fixtures

    def commands(self):
        return [(fixture(name), LONG_S) for name in self._fixtures]

    def __enter__(self):
        commands = self.commands()
        copies = -(-os.cpu_count() // len(commands))  # rounded up
        self._processes = [processes.start(*command)
                           for command in commands for _ in range(copies)]
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.kill()
            process.wait()


class Deep(Load):
    """Stacks of so many frames, which frame pointers lead through."""

    def __init__(self, n_frames):
        super().__init__()
        self._n_frames = n_frames

    def commands(self):
        return [(str(BUILD / "tests/bench/victim"), str(self._n_frames), LONG_S)]


def steady():
    """Loops, system calls, the vDSO, C++, a shared library: no new process ever."""
    return Load(*STEADY_MIX)


class CompileLoop:
    """gcc, started so many times a second; fewer if the machine cannot."""

    RATE_HZ = 8
    MOST_AT_ONCE = 2 * (os.cpu_count() or 1)

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._n_done = 0
        self._start = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()
        self._seconds = time.monotonic() - self._start
        self._folder.cleanup()

    def rate(self):
        """How many a second it was in the end."""
        return self._n_done / self._seconds

    def _run(self):
        running = []
        output = pathlib.Path(self._folder.name)
        for i in range(1 << 30):
            if self._ends.wait(1 / self.RATE_HZ):
                break
            running = self._reap(running)
            if len(running) < self.MOST_AT_ONCE:
                running.append(subprocess.Popen([*GCC, "-o", output / f"{i % 64}.o"]))
        for process in running:
            process.wait()

    def _reap(self, running):
        left = [process for process in running if process.poll() is None]
        self._n_done += len(running) - len(left)
        return left
