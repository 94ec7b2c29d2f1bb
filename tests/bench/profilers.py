# SPDX-License-Identifier: Apache-2.0
"""The profilers that are compared, each driven in the same way:

    with Profiler(frequency_hz, warm_up_s) as profiler:     started, warm, recording
        measure(profiler, seconds)                          what it costs while it records
    profiler.whole_cpu_seconds                              from its start to names in a file
    profiler.recorded_s                                     the wall time of that
"""

import dataclasses
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import processes
from bench import window
from daemon import ROLES, Daemon, free_port
from harness import PILOTLIGHT, wait_for

LONGEST_WARM_UP = 6  # times as long as asked for
LONGEST_END_S = 300  # the machine may have much else to do
BPF_PROG_TYPE_PERF_EVENT = 7
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

# bcc compiles its program against the headers of the kernel that runs, by that kernel's name. Where
# there are none, those of Debian's kernel do as well: what bcc's profile reads is no kernel struct.
WITH_DEBIAN_HEADERS = """
mount -t tmpfs none /lib/modules
mkdir "/lib/modules/$(uname -r)"
cd "/lib/modules/$(uname -r)"
ln -s /usr/src/linux-headers-*-common source
ln -s "$(ls -d /usr/src/linux-headers-[0-9]* | grep -v common | head -n 1)" build
exec "$@"
"""


def process_cpu_seconds(pid):
    """The CPU time of a process, exactly, and of the children that it waited for, in ticks."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    fields = stat.rpartition(")")[2].split()
    of_children = (int(fields[13]) + int(fields[14])) / TICKS_PER_S
    # The clock that clock_getcpuclockid(3) gives for a pid.
    return time.clock_gettime((~pid << 3) | 2) + of_children


def cpu_seconds(pid, depth=1):
    """The CPU time of a process and of the children that it has or had, so many levels deep."""
    try:
        seconds = process_cpu_seconds(pid)
        children = processes.children(pid) if depth else []
    except OSError:  # it ended just now: its parent's figure has it
        return 0
    return seconds + sum(cpu_seconds(child, depth - 1) for child in children)


def memory_bytes(pid):
    """The resident and the proportional set size of a process, without the BPF maps that it has
    mapped: these are counted as such, and a ring is mapped twice in a row."""
    text = pathlib.Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8")
    sizes = {"Rss": 0, "Pss": 0}
    for mapping in re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", text, flags=re.M):
        if "anon_inode:bpf-map" not in mapping.split("\n", 1)[0]:
            for name, kilobytes in re.findall(r"^(Rss|Pss): +(\d+) kB", mapping, re.M):
                sizes[name] += int(kilobytes) * 1024
    return sizes["Rss"], sizes["Pss"]


def bpf_programs(pid):
    """The BPF programs which a process holds, as {id: {name: number}} of what fdinfo tells."""
    programs = {}
    for path in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            fields = re.findall(r"^(prog_type|prog_id|run_\w+):\s*(\d+)", path.read_text(), re.M)
        except OSError:  # it was closed just now
            continue
        program = {name: int(number) for name, number in fields}
        if "prog_type" in program:  # links name a program too
            programs[program["prog_id"]] = program
    return programs


def run_time(before, after, prog_type=None):
    """(ns, runs) between two looks at the same programs, of all or those of one type."""
    ours = [id for id in after if prog_type in (None, after[id]["prog_type"])]
    return tuple(sum(after[id][name] - before[id][name] for id in ours)
                 for name in ("run_time_ns", "run_cnt"))


@dataclasses.dataclass
class Figures:
    """What a profiler cost in a window: CPU in % of one, times in ns, sizes in bytes."""

    cpu: dict  # by role
    resident: dict
    proportional: dict
    kernel_cpu: float  # of its BPF programs; None if it has none
    sample_ns: float  # a run of the one that takes samples

    @property
    def user_cpu(self):
        return sum(self.cpu.values())

    @property
    def all_cpu(self):
        return self.user_cpu + (self.kernel_cpu or 0)


def look(profiler):
    """CPU seconds, by (role, pid); the parent's without those of its children, which are roles."""
    return {(role, pid): cpu_seconds(pid, 0) if role == profiler.parent else cpu_seconds(pid)
            for role, pid in profiler.roles().items()}


def measure(profiler, seconds):
    """What the profiler costs in the next seconds."""
    bpf_before = bpf_programs(profiler.pid)
    before = look(profiler)
    start = time.monotonic()
    window(seconds)
    elapsed = time.monotonic() - start
    after = look(profiler)
    bpf_after = bpf_programs(profiler.pid)
    memory = {role: memory_bytes(pid) for role, pid in after}
    kernel_ns, _ = run_time(bpf_before, bpf_after)
    sample_ns, n_samples = run_time(bpf_before, bpf_after, BPF_PROG_TYPE_PERF_EVENT)
    return Figures(
        # A role that was started anew meanwhile begins at nothing.
        cpu={key[0]: 100 * (after[key] - before.get(key, 0)) / elapsed for key in after},
        resident={role: sizes[0] for role, sizes in memory.items()},
        proportional={role: sizes[1] for role, sizes in memory.items()},
        kernel_cpu=100 * kernel_ns / 1e9 / elapsed if bpf_after else None,
        sample_ns=sample_ns / n_samples if n_samples else None,
    )


class Pilotlight:
    """The daemon: warm when it has read the files of what runs. What it makes of them stays in one
    cache, so only the first that is started is as on a host that it has never run on."""

    name = "pilotlight"
    parent = "sampler"
    _cache = tempfile.TemporaryDirectory()

    def __init__(self, frequency_hz, warm_up_s):
        self._warm_up_s = warm_up_s
        self._start = time.monotonic()
        self.daemon = Daemon("--frequency", str(frequency_hz), "--cache", self._cache.name)
        self.pid = self.daemon.pid

    def __enter__(self):
        window(self._warm_up_s)
        deadline = self._start + LONGEST_WARM_UP * self._warm_up_s
        while self._is_reading() and time.monotonic() < deadline:
            window(1)
        return self

    def __exit__(self, *_):
        self.recorded_s = time.monotonic() - self._start
        self.whole_cpu_seconds = cpu_seconds(self.pid, 2)
        self.daemon.process.send_signal(signal.SIGTERM)
        processes.finish(self.daemon.process, LONGEST_END_S)

    def _is_reading(self):
        return self.daemon.metrics()["pilotlight_symbol_builds_queued"] > 0

    def roles(self):
        """The pids, by role. One that is just being started anew is waited for."""
        return {"sampler": self.pid,
                **{name: wait_for(lambda name=name: self.daemon.role(name), 10, f"a {name} runs")
                   for name in ROLES}}


class Command:
    """A profiler that is started, ended by SIGINT, and writes at its end."""

    parent = None

    def __init__(self, frequency_hz, warm_up_s):
        self._warm_up_s = warm_up_s
        self._folder = tempfile.TemporaryDirectory()
        self.output = pathlib.Path(self._folder.name, "output")
        self._start = time.monotonic()
        with open(self.output.with_suffix(".text"), "wb") as text:
            self._process = processes.start(*self.command(frequency_hz), stdout=text, stderr=text)
        self.pid = self._process.pid

    def __enter__(self):
        window(self._warm_up_s)
        return self

    def __exit__(self, *_):
        self.recorded_s = time.monotonic() - self._start
        self._process.send_signal(signal.SIGINT)
        self.whole_cpu_seconds = self._finish() + self.decode()
        self._folder.cleanup()

    def _finish(self):
        return processes.finish(self._process, LONGEST_END_S).cpu_seconds

    def roles(self):
        return {self.name: self.pid}

    def decode(self):
        """Make text of what was recorded; the CPU time of that."""
        return 0


class Perf(Command):
    """It has no BPF program: its half in the kernel runs in the interrupt, and nothing counts it."""

    name = "perf"
    program = "perf"

    def command(self, frequency_hz):
        return "perf", "record", "-F", str(frequency_hz), "-a", "-g", "-o", str(self.output)

    def decode(self):
        script = processes.start("perf", "script", "-i", str(self.output),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return processes.finish(script, LONGEST_END_S).cpu_seconds


class Bcc(Command):
    name = "bcc"
    program = "profile-bpfcc"

    def command(self, frequency_hz):
        profile = (self.program, "-F", str(frequency_hz), "-f")
        if os.path.exists(f"/lib/modules/{os.uname().release}/build"):
            return profile
        return "unshare", "--mount", "sh", "-ec", WITH_DEBIAN_HEADERS, "sh", *profile

    def __enter__(self):
        wait_for(lambda: bpf_programs(self.pid), LONGEST_END_S, "bcc has compiled its program")
        return super().__enter__()


class LibbpfTools(Command):
    name = "libbpf-tools"
    program = "profile"

    def command(self, frequency_hz):
        return self.program, "-F", str(frequency_hz), "-f"


def available():
    """Pilotlight, and the peers that are on this machine."""
    return [Pilotlight, *(peer for peer in (Perf, Bcc, LibbpfTools)
                          if shutil.which(peer.program))]


def first_sample_ms():
    """From the start of the daemon's program until its first sample is due, one tick after it has
    begun to sample; and until its metrics tell of one that is stored."""
    port = free_port()
    start, start_unix = time.monotonic(), time.time()
    process = processes.start(str(PILOTLIGHT), "--listen", f"127.0.0.1:{port}",
                              stderr=subprocess.DEVNULL)
    try:
        while not re.search("^pilotlight_samples_stored_total [1-9]", get(port, "/metrics"), re.M):
            assert time.monotonic() - start < 30, "the daemon stores nothing"
            window(0.001)  # between two questions
        told_ms = 1000 * (time.monotonic() - start)
        status = json.loads(get(port, "/api/v1/status"))
        began_unix = time.time() - status["uptime_seconds"]
        return 1000 * (began_unix - start_unix + 1 / status["frequency_hz"]), told_ms
    finally:
        process.send_signal(signal.SIGTERM)
        processes.finish(process)


def get(port, path):
    """The text of an answer, or nothing as long as nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    except OSError:
        return ""
    finally:
        connection.close()
