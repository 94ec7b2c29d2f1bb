#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus scrapes the daemon, and is asked what it has got."""

import json
import os
import pathlib
import re
import shutil
import tempfile
import urllib.parse
import urllib.request

import processes
from daemon import Daemon, free_port
from harness import Skip, fixture, main, test, wait_for

TOOLS = os.path.join(os.path.dirname(os.environ.get("PILOTLIGHT", "")), "tools")

CONFIG = """
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: pilotlight
    static_configs:
      - targets: ["127.0.0.1:{port}"]
        labels: {labels}
{more}
"""


class Prometheus:
    """A Prometheus with a folder of its own that scrapes one daemon every second."""

    def __init__(self, daemon, folder, labels=None, more=""):
        program = shutil.which("prometheus") or shutil.which("prometheus", path=TOOLS)
        if not program:
            raise Skip("prometheus is not installed")
        self._port = free_port()
        config = pathlib.Path(folder) / "prometheus.yml"
        text = CONFIG.format(port=daemon.port, labels=json.dumps(labels or {}), more=more)
        config.write_text(text, encoding="utf-8")
        self._log = tempfile.TemporaryFile()
        self.process = processes.start(
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{self._port}",
            stdout=self._log,
            stderr=self._log,
        )

    def _ask(self, path):
        """What its API answers; None while it cannot."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=5) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def query(self, expression):
        """The result of an instant query; [] while it cannot answer."""
        data = self._ask("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        return data["result"] if data else []

    def target_labels(self):
        """The labels of its only target after the rules; None while it cannot answer."""
        data = self._ask("/api/v1/targets")
        targets = data["activeTargets"] if data else []
        return targets[0]["labels"] if targets else None

    def stop(self):
        self.process.terminate()
        processes.finish(self.process, 30)


@test
def a_prometheus_has_what_services_use(daemon):
    with tempfile.TemporaryDirectory() as folder:
        prometheus = Prometheus(daemon, folder)
        name = f"served{os.getpid()}"  # others on this host may run the fixture, too
        finished = processes.run_fixture(shutil.copy(fixture("three_to_one"), f"{folder}/{name}"), "1")
        selector = f'pilotlight_service_cpu_seconds_total{{service_name="{name}"}}'
        series = wait_for(lambda: prometheus.query(selector), 30, "a Prometheus has the series")
        assert len(series) == 1 and series[0]["metric"]["job"] == "pilotlight", series
        assert float(series[0]["value"][1]) > 0, series

        def has_scraped_all():
            answer = prometheus.query(selector)
            return answer and float(answer[0]["value"][1]) > 0.5 * finished.cpu_seconds

        wait_for(has_scraped_all, 15, "it has the seconds that the fixture took")
        assert float(prometheus.query(selector)[0]["value"][1]) < 2 * finished.cpu_seconds
        up = prometheus.query('up{job="pilotlight"}')
        assert [float(one["value"][1]) for one in up] == [1], up
        prometheus.stop()


@test
def functions_of_chosen_services_are_counted(daemon):
    finished = processes.run_fixture(fixture("three_to_one"), "2")

    def counted():
        series = re.findall(
            r'^pilotlight_function_cpu_seconds_total\{service_name="(.*)",function="(.*)"\} (.*)$',
            daemon.get("/metrics").text,
            re.M,
        )
        assert {service for service, _, _ in series} <= {"three_to_one"}, series
        functions = {function: float(seconds) for _, function, seconds in series}
        # The fixture of the other test may have been counted already.
        return functions if functions.get("spend_three_parts", 0) > 1 else None

    functions = wait_for(counted, 40, "its functions are counted")
    assert len(functions) <= 3, functions
    share = functions["spend_three_parts"] / sum(functions.values())
    assert 0.6 < share < 0.9, f"{functions} of {finished.cpu_seconds}"


LABELS = {"a": "foo", "b": "bar", "c": "baz"}
RULES = [
    {"source_labels": "a", "regex": "f(.*)", "target_label": "d", "replacement": "ch${1}-ch${1}"},
    {"source_labels": "a, b", "regex": "f(.*);(.*)r", "target_label": "e", "replacement": "$1$2m"},
    {"source_labels": "a,b", "separator": "", "target_label": "f"},
    {"source_labels": "a", "regex": "oo", "target_label": "never"},
    {"target_label": "g", "replacement": "x$$1${none}y$1z"},
    {"source_labels": "a", "target_label": "${1}_h", "replacement": "h"},
    {"source_labels": "none", "target_label": "${1}", "replacement": "i"},
    {"source_labels": "c", "action": "hashmod", "modulus": "1000", "target_label": "j"},
    {"source_labels": "a,b", "action": "uppercase", "target_label": "k"},
    {"source_labels": "k", "action": "lowercase", "target_label": "l"},
    {"action": "labelmap", "regex": "([de])", "replacement": "m_$1"},
    {"target_label": "b", "replacement": ""},
    {"action": "labeldrop", "regex": "[c]"},
    {"source_labels": "a", "action": "keep", "regex": "foo"},
    {"source_labels": "b", "action": "drop", "regex": "bar"},
    {"source_labels": "a", "target_label": "__tmp"},
]


def as_config(rules):
    """The rules as a config file of ours."""
    lines = []
    for number, rule in enumerate(rules):
        lines.append(f"[rule {number}]")
        lines += [f'{name} = "{value}"' for name, value in rule.items()]
    return "\n".join(lines)


def as_relabel_configs(rules):
    """The same for Prometheus. JSON is YAML."""
    rules = [dict(rule) for rule in rules]
    for rule in rules:
        if "source_labels" in rule:
            rule["source_labels"] = rule["source_labels"].replace(" ", "").split(",")
        if "modulus" in rule:
            rule["modulus"] = int(rule["modulus"])
    return f"""
    relabel_configs: {json.dumps(rules)}
"""


@test
def rules_do_what_they_do_in_prometheus():
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "pilotlight.conf"
        config.write_text(as_config(RULES), encoding="utf-8")
        labels = [f"--label={name}={value}" for name, value in LABELS.items()]
        with Daemon("--frequency", "499", "--config", str(config), *labels) as daemon:
            prometheus = Prometheus(daemon, folder, LABELS, as_relabel_configs(RULES))
            theirs = wait_for(prometheus.target_labels, 30, "a Prometheus has its target")
            processes.run_fixture(fixture("three_to_one"), "0.5")
            query = '{comm="three_to_one"}'
            profile = daemon.past_until(query, lambda profile: profile.count() > 0)
            ours = profile.samples[0].labels
            prometheus.stop()
    theirs = {name: value for name, value in theirs.items() if name not in ("instance", "job")}
    assert {name: ours.get(name) for name in theirs} == theirs, (ours, theirs)
    assert not {"b", "c", "never", "__tmp"} & set(ours), ours
    assert len(theirs) == 11, theirs


if __name__ == "__main__":
    main(lambda: Daemon("--metrics-services", "three.*", "--metrics-functions", "3"))
