# SPDX-License-Identifier: Apache-2.0
"""Processes: started so that nothing is left behind, and seen through /proc."""

import atexit
import ctypes
import dataclasses
import os
import pathlib
import select
import signal
import subprocess

from harness import wait_for

# A prefix of a command whose samples are counted: ticks hit what runs in many short slices, on a
# busy machine, with too much chance.
# On the only CPU nothing else would run, neither the profiler nor this.
EAGERLY = ("chrt", "--rr", "1") if os.cpu_count() > 1 else ()

# A wrapper of a daemon that must not wait for others, lest what it looks for is gone.
FIRST = ("nice", "-n", "-15")

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
_running = set()


def _die_with_the_test():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def start(*command, **options):
    """Start a process which ends, at the latest, with the test."""
    process = subprocess.Popen(command, preexec_fn=_die_with_the_test, **options)
    _running.add(process)
    return process


@atexit.register
def _end_all():
    for process in _running:
        if process.returncode is None:
            process.kill()


@dataclasses.dataclass(frozen=True)
class Finished:
    """A process that ended: what it was, and the CPU time that it took with its children's."""

    pid: int
    status: int
    cpu_seconds: float


def _reap(process):
    """What became of a process, or None while it runs."""
    pid, status, usage = os.wait4(process.pid, os.WNOHANG)
    if not pid:
        return None
    process.returncode = os.waitstatus_to_exitcode(status)
    return Finished(pid, process.returncode, usage.ru_utime + usage.ru_stime)


def finish(process, seconds=60):
    """Wait for the end of a process."""
    fd = os.pidfd_open(process.pid)
    select.select([fd], [], [], seconds)
    os.close(fd)
    finished = _reap(process)
    assert finished, f"waited for {seconds} s in vain: {process.args} ends"
    return finished


def run_fixture(*command, **options):
    """Run a fixture to its end, which must be a good one."""
    finished = finish(start(*command, **options))
    assert finished.status == 0, f"{command} ended with {finished.status}"
    return finished


def run_together(commands, at_once=os.cpu_count(), seconds=60):
    """Run fixtures to their ends, so many at a time; what became of each, in their order."""
    running, finished = {}, {}

    def advance():
        for i in [*running]:
            if ended := _reap(running[i]):
                assert ended.status == 0, f"{commands[i]} ended with {ended.status}"
                finished[i] = ended
                del running[i]
        while len(running) < at_once and len(running) + len(finished) < len(commands):
            i = len(running) + len(finished)
            running[i] = start(*commands[i])
        return len(finished) == len(commands)

    wait_for(advance, seconds, f"{len(commands)} programs end")
    return [finished[i] for i in range(len(commands))]


def status(pid):
    """/proc/PID/status as {name: text}; empty if there is no such process."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    except OSError:
        return {}
    return {name: text.strip() for name, _, text in (line.partition(":") for line in lines)}


def limits(pid):
    """The soft limits of a process: {name: text}."""
    lines = pathlib.Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines()[1:]
    return {line[:26].strip(): line[26:].split()[0] for line in lines}


def niceness(pid):
    return os.getpriority(os.PRIO_PROCESS, pid)


def arguments(pid):
    """The command line of a process."""
    try:
        text = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return text.decode(errors="replace").split("\0")[:-1]


def children(pid):
    """The pids of the children of a process; none if it has ended."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    found = []
    for thread in threads:
        try:
            text = pathlib.Path(f"/proc/{pid}/task/{thread}/children").read_text()
        except OSError:
            continue
        found += map(int, text.split())
    return found


def is_alive(pid):
    """Does it still run? A zombie does not."""
    return status(pid).get("State", "Z")[0] not in "ZX"


def resident_bytes(pid):
    return int(status(pid).get("VmRSS", "0 kB").split()[0]) * 1024


def most_resident_bytes(pid):
    """The most that it ever had."""
    return int(status(pid).get("VmHWM", "0 kB").split()[0]) * 1024


def cpu_seconds(pid):
    """The CPU time that a process has used until now."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text(errors="replace")
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
