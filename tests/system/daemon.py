# SPDX-License-Identifier: Apache-2.0
"""The daemon under test: started, asked and ended as a person would."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
from xml.etree import ElementTree

import processes
from harness import PILOTLIGHT, require_root, wait_for
from pprof import Profile

ROLES = ("resolver", "server")


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Metrics(dict):
    """A scrape: {'name{label="value"}': number}."""

    def __init__(self, text):
        super().__init__()
        for line in text.split("\n"):
            if not line or line.startswith("#"):
                continue
            name, value = line.rsplit(" ", 1)
            assert name not in self, f"{name} comes twice"
            self[name] = float(value) if re.search("[.einf]", value, re.I) else int(value)

    def family(self, name):
        """The series of one name, by the value of their only label."""
        return {
            key.split('"')[1]: value for key, value in self.items() if key.startswith(name + "{")
        }

    @property
    def ticks(self):
        return self["pilotlight_ticks_total"]

    @property
    def stored(self):
        return self["pilotlight_samples_stored_total"]

    @property
    def in_flight(self):
        return self["pilotlight_samples_in_flight"]

    @property
    def dropped(self):
        return self.family("pilotlight_samples_dropped_total")

    def restarts(self, role):
        return self[f'pilotlight_role_restarts_total{{role="{role}"}}']

    def assert_every_tick_is_accounted_for(self):
        idle = self["pilotlight_ticks_idle_total"]
        accounted = idle + self.stored + sum(self.dropped.values()) + self.in_flight
        assert self.ticks == accounted, f"{self.ticks} ticks, but {accounted} accounted for"
        assert self.in_flight >= 0, f"{self.in_flight} samples in flight"


class Answer:
    """What the daemon answered to a request."""

    def __init__(self, response, seconds):
        self.code = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()
        self.seconds = seconds

    @property
    def text(self):
        return self.body.decode()


class Daemon:
    """A running daemon, with a cache of its own, which is empty at first. Ends with `with`."""

    def __init__(self, *options, wrapper=(), program=PILOTLIGHT):
        require_root()
        self.port = free_port()
        self._log = tempfile.TemporaryFile()
        self._cache = tempfile.TemporaryDirectory()
        self.process = processes.start(
            *wrapper,
            str(program),
            "--listen",
            f"127.0.0.1:{self.port}",
            "--store",
            ":memory:",
            *options,
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, "PILOTLIGHT_CACHE": self._cache.name},
        )
        try:
            wait_for(self._is_ready, 20, "/-/ready answers 200")
        except AssertionError as error:
            self.process.kill()
            raise AssertionError(f"{error}\n{self.log()}") from None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.stop()
            return
        print(self.log(), end="")
        self.process.kill()
        self.process.wait()

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.process.returncode}")
        try:
            return self.get("/-/ready", timeout=5).code == 200
        except OSError:
            return False

    @property
    def pid(self):
        return self.process.pid

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def log(self):
        """What it has said so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def role(self, name):
        """The pid of a role that runs now, or None."""
        for pid in processes.children(self.pid):
            if processes.arguments(pid)[1:3] == ["--role", name] and processes.is_alive(pid):
                return pid
        return None

    def pids(self):
        """All processes of the daemon, the resolver's own child included."""
        pids, todo = [], [self.pid]
        while todo:
            pid = todo.pop()
            pids.append(pid)
            todo += processes.children(pid)
        return pids

    def request(self, method, target, body=None, headers=None, timeout=30):
        """Send one request, and read its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        start = time.monotonic()
        try:
            connection.request(method, target, body, headers or {})
            return Answer(connection.getresponse(), time.monotonic() - start)
        finally:
            connection.close()

    def get(self, target, timeout=30, **parameters):
        """GET, with a query string of these parameters."""
        if parameters:
            target += "?" + urllib.parse.urlencode(parameters)
        return self.request("GET", target, timeout=timeout)

    def metrics(self):
        answer = self.get("/metrics")
        assert answer.code == 200, answer.text
        return Metrics(answer.text)

    def profile(self, target="/debug/pprof/profile", **parameters):
        """Fetch and decode a profile."""
        answer = self.get(target, **parameters)
        assert answer.code == 200, f"{answer.code}: {answer.text}"
        return Profile(answer.body)

    def assert_every_format_is_whole(self, query):
        """What a selector selects comes out in each format, and is well formed there."""
        for encoder in ("folded", "svg", "speedscope", "perf", "firefox", "html"):
            encoded = self.get("/api/v1/profile", query=query, format=encoder)
            assert encoded.code == 200, f"{encoder}: {encoded.text}"
            if encoder == "svg":
                ElementTree.fromstring(encoded.body)
            elif encoder in ("speedscope", "firefox"):
                json.loads(encoded.text)

    def past(self, query):
        """What was seen in the last minutes, until now, of those whom a selector selects."""
        return self.profile("/api/v1/profile", query=query, **{"from": "now-10m"})

    def past_until(self, query, condition, seconds=40):
        """As past(), asked again until names and last samples have arrived, or until it is late:
        then the caller's own assertions tell what is missing."""
        deadline = time.monotonic() + seconds
        while True:
            profile = self.past(query)
            if condition(profile) or time.monotonic() > deadline:
                return profile
            time.sleep(0.1)

    def past_settled(self, query, seconds=15):
        """As past(), asked again until nothing has been added for a second."""
        counts = {}

        def is_settled(profile):
            now = time.monotonic()
            return now - counts.setdefault(profile.count(), now) > 1

        return self.past_until(query, is_settled, seconds)

    def stop(self):
        """End it, as a service manager would; nothing may stay behind."""
        pids = self.pids()
        self.process.send_signal(signal.SIGTERM)
        finished = processes.finish(self.process, 15)
        assert finished.status == 0, f"the daemon ended with {finished.status}\n{self.log()}"
        wait_for(
            lambda: not any(map(processes.is_alive, pids)), 60, f"processes {pids} of a daemon end"
        )


def finding(name):
    """The line of the doctor's that has this name."""
    answer = subprocess.run([PILOTLIGHT, "doctor"], capture_output=True, text=True, check=False)
    return next(line for line in answer.stdout.splitlines() if line[6:].startswith(name))


def record(*arguments):
    """The command line of a recording."""
    return [str(PILOTLIGHT), "record", *arguments]
