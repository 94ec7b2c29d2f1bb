# SPDX-License-Identifier: Apache-2.0
"""What all benchmarks in Python need: the build folder, loads' and daemons' modules, rows.

A benchmark is called with the build folder as its first argument. It imports this module before
those of tests/system, which read from the environment where things are.
"""

import json
import os
import pathlib
import signal
import statistics
import sys
import time

# However a benchmark is ended, what it set on the host is set back. And a shell that runs us in the
# background has SIGINT ignored, which those whom we interrupt would inherit.
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.default_int_handler)
os.environ["BUILD"] = os.path.abspath(sys.argv[1])
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "system"))

BPF_STATS = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")


def say(text):
    """Tell the person who waits; standard output is for the figures."""
    print(text, file=sys.stderr, flush=True)


def median(values):
    """The median of those that are there; None if none is."""
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def rounded(value):
    """Three digits; more would be noise."""
    return value if value is None or isinstance(value, int) else float(f"{value:.3g}")


class Rows:
    """The figures of a benchmark, which are printed at its end."""

    def __init__(self):
        self._rows = []

    def add(self, name, value, unit, goal=None, **beside):
        """One row; `beside` has what peers took, None where a peer has no such thing."""
        row = {"name": name, "value": rounded(value), "unit": unit}
        if goal:
            row["goal"] = goal
        beside = {peer: rounded(figure) for peer, figure in beside.items() if figure is not None}
        if beside:
            row["beside"] = beside
        self._rows.append(row)

    def print(self):
        lines = ",\n  ".join(json.dumps(row) for row in self._rows)
        print(f'{{"rows": [\n  {lines}\n]}}')


class BpfStatistics:
    """Within it, the kernel measures how long each BPF program runs."""

    def __enter__(self):
        self._before = BPF_STATS.read_text(encoding="ascii")
        BPF_STATS.write_text("1", encoding="ascii")

    def __exit__(self, *_):
        BPF_STATS.write_text(self._before, encoding="ascii")


def window(seconds):
    """Let time pass: what is measured here is what happens in it."""
    time.sleep(seconds)
