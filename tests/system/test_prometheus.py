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
"""


class Prometheus:
    """A Prometheus with a folder of its own that scrapes one daemon every second."""

    def __init__(self, daemon, folder):
        program = shutil.which("prometheus") or shutil.which("prometheus", path=TOOLS)
        if not program:
            raise Skip("prometheus is not installed")
        self._port = free_port()
        config = pathlib.Path(folder) / "prometheus.yml"
        config.write_text(CONFIG.format(port=daemon.port), encoding="utf-8")
        self._log = tempfile.TemporaryFile()
        self.process = processes.start(
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{self._port}",
            stdout=self._log,
            stderr=self._log,
        )

    def query(self, expression):
        """The result of an instant query; [] while it cannot answer."""
        question = urllib.parse.urlencode({"query": expression})
        url = f"http://127.0.0.1:{self._port}/api/v1/query?{question}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)["data"]["result"]
        except OSError:
            return []

    def stop(self):
        self.process.terminate()
        processes.finish(self.process, 30)


@test
def a_prometheus_has_what_services_use(daemon):
    with tempfile.TemporaryDirectory() as folder:
        prometheus = Prometheus(daemon, folder)
        processes.run_fixture(fixture("three_to_one"), "1")
        selector = 'pilotlight_service_cpu_seconds_total{service_name="three_to_one"}'
        series = wait_for(lambda: prometheus.query(selector), 30, "a Prometheus has the series")
        assert len(series) == 1 and series[0]["metric"]["job"] == "pilotlight", series
        assert float(series[0]["value"][1]) > 0, series

        def has_scraped_all():
            answer = prometheus.query(selector)
            return answer and 0.5 < float(answer[0]["value"][1]) < 2

        wait_for(has_scraped_all, 15, "it has the seconds that the fixture took")
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


if __name__ == "__main__":
    main(lambda: Daemon("--metrics-services", "three.*", "--metrics-functions", "3"))
