# SPDX-License-Identifier: Apache-2.0
"""Run by gdb itself: stop a program again and again, and ask gdb and Pilotlight's unwinder, which
reads the same registers and the same memory, for its stack.

    gdb -nx -batch -ex 'python TASK = {…}' -x in_gdb.py --args PROGRAM ARGUMENT…

The task says: "walker" the path of walk_stopped, and either "stops" how often the program is
interrupted, "delay_us" how long it runs in between at most, and "seed" of the chance; or "function"
where to begin and "steps" how many instructions to go from there. With "switches", a pattern of
functions behind which a stack ends or goes on elsewhere, the program is Go's: gdb does not know of
these, nor where frame pointers are. Prints a line of JSON, in the end:

    stops       so many stacks, one of each thread, were compared
    frames      so many frames agreed: pc, and stack and frame pointer
    unjudged    stacks, by the place from which on gdb guesses, since there is no rule, or since gdb
                does not know of the file
    faults      how they disagreed, and how often
"""

import collections
import json
import os
import random
import re
import subprocess

import gdb  # pylint: disable=import-error

REGISTERS = (
    *("rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"),
)
WHOLE = 0
NOT_KNOWN = ":a library that is not known yet"
NOT_CODE = ":a caller that is no code"  # gdb is astray, in Go's assembler
ENTRIES = (":_start", ":_dl_start_user")  # nobody has called these, and gdb does not know
SETTINGS = (
    "confirm off",
    "breakpoint pending on",
    "pagination off",
    "width 0",
    "debuginfod enabled off",
    "disable-randomization off",
    "backtrace past-main on",
    "backtrace past-entry on",
    "detach-on-fork on",
)


def number(value):
    """A register's value; None if gdb does not know it."""
    try:
        return int(value) & (1 << 64) - 1
    except gdb.error:
        return None


def registers_of(frame):
    return [number(frame.read_register(name)) for name in REGISTERS]


class Walker:
    """walk_stopped, for one process."""

    def __init__(self, path, pid):
        self._process = subprocess.Popen(
            [path, str(pid)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def _ask(self, *words):
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()

    def interrupt(self, delay_us):
        self._ask("interrupt", f"{delay_us:x}")

    def walk(self, frame):
        """(outcome, frames left by a rule, [(pc, sp, fp)]) of the thread whose leaf this is."""
        numbers = [frame.pc(), number(frame.read_register("fs_base")), *registers_of(frame)]
        self._ask("walk", *(f"{value:x}" for value in numbers))
        outcome, n_by_rule, *frames = self._process.stdout.readline().split()
        found = [tuple(int(word, 16) for word in text.split(":")) for text in frames]
        return int(outcome, 16), int(n_by_rule, 16), found

    def end(self):
        self._process.stdin.close()
        self._process.wait()


def frames_by_gdb(knows_fp):
    frame, frames = gdb.newest_frame(), []
    while frame:
        if frame.type() in (gdb.NORMAL_FRAME, gdb.SIGTRAMP_FRAME):  # others share those of one
            sp, fp = (number(frame.read_register(name)) for name in ("rsp", "rbp"))
            frames.append((frame.pc(), sp, fp if knows_fp else None))
        frame = frame.older()
    return frames


def place(frames, i):
    """The file and function of a frame; those of a caller are where the call is."""
    pc = frames[i][0] - (i > 0)
    symbol = gdb.execute(f"info symbol {pc}", to_string=True)
    file = gdb.current_progspace().solib_name(pc) or "program"
    name = "?" if symbol.startswith("No symbol") else symbol.split()[0]
    return f"{os.path.basename(file)}:{name}"


def mapping_of(pc):
    """The line of /proc/PID/maps; "" if there is none."""
    with open(f"/proc/{gdb.selected_inferior().pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            start, end = (int(word, 16) for word in line.split()[0].split("-"))
            if start <= pc < end:
                return line
    return ""


def is_known(pc):
    """Whether gdb knows the file that is mapped there: it hears of a library when it is loaded,
    which is after code of it may have run."""
    known = {os.path.realpath(file.filename) for file in gdb.objfiles()}
    path = mapping_of(pc).partition("/")[1:]
    return not "".join(path) or os.path.realpath("".join(path).rstrip()) in known


def is_code(pc):
    return "x" in "".join(mapping_of(pc).split()[1:2])


def fault_of(theirs, ours):
    """How two frames differ; "" if they do not. What gdb does not know is not compared."""
    names = ("pc", "stack pointer", "frame pointer")
    differ = [
        f"{name} {own:#x}, not {other:#x}"
        for name, other, own in zip(names, theirs, ours)
        if other not in (None, own)
    ]
    return ", ".join(differ)


class Comparison:
    def __init__(self, switches):
        self.switches = switches and re.compile(switches)
        self.counts = collections.Counter()
        self.unjudged = collections.Counter()
        self.faults = collections.Counter()

    def compare(self, walker):
        """Compare the stack of the thread that is selected."""
        outcome, n_by_rule, ours = walker.walk(gdb.newest_frame())
        theirs = frames_by_gdb(knows_fp=not self.switches)
        if not self.switches and not theirs[-1][0]:
            theirs.pop()  # where the stack of a new thread begins, gdb takes 0 for a caller
        self.counts["stops"] += 1
        for i, pair in enumerate(zip(theirs, ours)):
            if i > n_by_rule or i and self.is_switch(ours, i - 1):
                self.unjudged[place(ours, i - 1)] += 1
                return
            fault = fault_of(*pair)
            if fault and self.switches and not is_code(pair[0][0] - 1):
                self.unjudged[NOT_CODE] += 1
                return
            if fault:
                self.note_fault(ours, max(0, i - 1), fault)
                return
            self.counts["frames"] += 1
        if n_by_rule < len(ours):
            self.unjudged[place(ours, n_by_rule)] += 1
            return
        last = place(ours, len(ours) - 1)
        is_end = last.endswith(ENTRIES) or self.is_switch(ours, len(ours) - 1)
        if outcome == WHOLE and is_end and len(ours) < len(theirs):
            self.unjudged[last] += 1
        elif outcome != WHOLE or len(ours) != len(theirs):
            fault = f"{len(ours)} frames, outcome {outcome}, not {len(theirs)} frames"
            self.note_fault(ours, min(len(ours), len(theirs)) - 1, fault)

    def is_switch(self, frames, i):
        return bool(self.switches and self.switches.match(place(frames, i).partition(":")[2]))

    def note_fault(self, frames, i, fault):
        """Behind that frame we say something else than gdb."""
        if is_known(frames[i][0]):
            self.faults[f"behind {place(frames, i)}: {fault}"] += 1
        else:
            self.unjudged[NOT_KNOWN] += 1

    def print(self):
        answer = {**self.counts, "unjudged": self.unjudged, "faults": self.faults}
        print(json.dumps(answer))


def is_running():
    return gdb.selected_inferior().pid != 0


def stop_at_moments(task, comparison, walker):
    chance = random.Random(task["seed"])
    for _ in range(task["stops"]):
        walker.interrupt(chance.randrange(task["delay_us"]))
        gdb.execute("continue", to_string=True)
        if not is_running():
            return
        for thread in gdb.selected_inferior().threads():
            thread.switch()
            comparison.compare(walker)


def stop_at_steps(task, comparison, walker):
    for _ in range(task["steps"]):
        comparison.compare(walker)
        gdb.execute("stepi", to_string=True)
        if not is_running():
            return


def run(task):
    for setting in SETTINGS:
        gdb.execute(f"set {setting}", to_string=True)
    gdb.execute("handle SIGINT stop nopass", to_string=True)
    gdb.execute("handle SIGILL SIGALRM SIGURG nostop pass noprint", to_string=True)
    gdb.execute("starti", to_string=True)
    if "function" in task:
        gdb.execute(f"tbreak {task['function']}", to_string=True)
        gdb.execute("continue", to_string=True)
    comparison = Comparison(task.get("switches"))
    walker = Walker(task["walker"], gdb.selected_inferior().pid)
    stop = stop_at_steps if "steps" in task else stop_at_moments
    stop(task, comparison, walker)
    comparison.print()
    if is_running():
        gdb.execute("kill", to_string=True)
    walker.end()


run(TASK)  # noqa: F821  pylint: disable=undefined-variable
