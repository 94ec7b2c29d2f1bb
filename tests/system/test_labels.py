#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Labels of real processes, and what services have used."""

import json
import os
import pathlib
import shutil
import signal
import tempfile

import processes
from cgroups import cgroup, command_in
from daemon import Daemon
from harness import Skip, fixture, main, test, wait_for

SERVICE_CPU = "pilotlight_service_cpu_seconds_total"
SLICE = f"test{os.getpid()}.slice"
CONTAINER_ID = "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"


def labels_of(daemon, query):
    """All labels of the samples that a selector selects, when there are some: {name: values}."""
    profile = daemon.past_until(query, lambda profile: profile.count() > 0)
    assert profile.count(), f"nothing is selected by {query}"
    names = {name for sample in profile.samples for name in sample.labels}
    return {name: profile.labels(name) for name in names}


def run_in(path):
    """Run a fixture in a cgroup of that path; return (what it was, the path as /proc has it)."""
    with cgroup(path) as (folder, shown):
        finished = processes.run_fixture(*command_in(folder, fixture("three_to_one"), "0.5"))
    return finished, shown


@test
def a_service_is_called_by_its_unit(daemon):
    unit = f"pilotlight\\x2dtest{os.getpid()}.service"
    finished, path = run_in(f"{SLICE}/{unit}/workers")
    labels = labels_of(daemon, f'{{pid="{finished.pid}",comm="three_to_one"}}')
    assert labels["service_name"] == {f"pilotlight-test{os.getpid()}"}, labels
    assert labels["unit"] == {unit} and labels["slice"] == {SLICE}, labels
    assert labels["cgroup"] == {path}, labels
    assert labels["exe"] == {fixture("three_to_one")}, labels
    assert labels["host"] == {os.uname().nodename}, labels
    names = json.loads(daemon.get("/api/v1/labels").text)
    assert set(names) >= set(labels) and names == sorted(names), names
    assert unit in json.loads(daemon.get("/api/v1/labels/unit/values").text)


@test
def hostile_names_break_no_format(daemon):
    """Names that whoever may make cgroups and files chooses: quotes, backslashes, no UTF-8."""
    with tempfile.TemporaryDirectory() as folder:
        program = os.fsencode(folder) + b'/a"\\b;c\n\xff' + b"x" * 200
        shutil.copy(fixture("three_to_one"), program)
        unit = f'q"{{}}\\x0a;u{os.getpid()}.service'
        with cgroup(f"{SLICE}/{unit}") as (group, path):
            processes.run_fixture(*command_in(group, program, "0.5"))
        query = f'{{cgroup=~".*u{os.getpid()}.service",exe=~"(?s).*b;c.*"}}'
        labels = labels_of(daemon, query)
        service = unit.removesuffix(".service")
        assert labels["unit"] == {unit} and labels["service_name"] == {service}, labels
        assert labels["exe"] == {os.fsencode(folder).decode() + '/a"\\b;c\n?' + "x" * 200}, labels
    answer = daemon.get("/api/v1/labels/service_name/values")
    assert service in json.loads(answer.text), answer.text
    escaped = service.replace("\\", r"\\").replace('"', r"\"")
    assert f'{SERVICE_CPU}{{service_name="{escaped}"}}' in daemon.metrics(), escaped
    daemon.assert_every_format_is_whole(query)


@test
def a_long_value_is_cut(daemon):
    name = f"long{os.getpid()}"
    _, path = run_in("/".join([name] + ["x" * 200] * 12))
    labels = labels_of(daemon, f'{{cgroup=~".*/{name}/.*"}}')
    assert labels["cgroup"] == {path[:2048]}, labels


POD_UID = "7d4424e6-bb13-42f4-a47a-45a4828bf54d"
POD_SLICE = f"kubepods-burstable-pod{POD_UID.replace('-', '_')}.slice"

# Where runtimes put containers, with systemd's driver and with that of cgroupfs, and what that says.
RUNTIMES = {
    f"system.slice/docker-{CONTAINER_ID}.scope": {"container_runtime": "docker"},
    f"docker/{CONTAINER_ID}": {"container_runtime": "docker"},
    f"machine.slice/libpod-{CONTAINER_ID}.scope/container": {"container_runtime": "podman"},
    f"kubepods-burstable.slice/{POD_SLICE}/cri-containerd-{CONTAINER_ID}.scope": {
        "container_runtime": "containerd",
        "pod_uid": POD_UID,
    },
    f"kubepods-burstable.slice/{POD_SLICE}/crio-{CONTAINER_ID}.scope": {
        "container_runtime": "cri-o",
        "pod_uid": POD_UID,
    },
    f"kubepods/burstable/pod{POD_UID}/{CONTAINER_ID}": {"pod_uid": POD_UID},
}
NAMED = {
    "lxc.payload.web/system.slice/ssh.service": {"container_runtime": "lxc", "container": "web"},
    "lxc/web": {"container_runtime": "lxc", "container": "web"},
    "machine.slice/machine-debian.scope/payload": {
        "container_runtime": "machine",
        "container": "debian",
    },
}


def assert_labels(daemon, pid, expected):
    labels = labels_of(daemon, f'{{pid="{pid}",comm="three_to_one"}}')
    found = {name: labels.get(name) for name in expected}
    assert found == {name: {value} for name, value in expected.items()}, (expected, labels)
    return labels


@test
def containers_and_pods_are_known_by_the_cgroup(daemon):
    pids = {path: run_in(path)[0].pid for path in [*RUNTIMES, *NAMED]}
    for path, expected in RUNTIMES.items():
        expected = {"container_id": CONTAINER_ID, "service_name": "three_to_one", **expected}
        labels = assert_labels(daemon, pids[path], expected)
        assert "unit" not in labels and "container" not in labels, labels
        assert ("pod_uid" in labels) == ("pod_uid" in expected), labels
    for path, expected in NAMED.items():
        expected = {"service_name": expected["container"], **expected}
        labels = assert_labels(daemon, pids[path], expected)
        assert "container_id" not in labels, labels


@test
def a_cgroup_of_version_1_counts_where_the_unified_one_is_the_root(daemon):
    path = f"docker/{CONTAINER_ID}"
    with cgroup(path, version=1) as (folder, shown):
        with open("/proc/self/cgroup", encoding="utf-8") as lines:
            if not any(line.startswith("0::/\n") for line in lines):
                raise Skip("this test is in a unified cgroup, which counts more")
        command = command_in(folder, fixture("three_to_one"), "0.5")
        finished = processes.run_fixture(*command)
    expected = {"container_id": CONTAINER_ID, "container_runtime": "docker", "cgroup": shown}
    assert_labels(daemon, finished.pid, expected)


@test
def the_parent_of_a_process_is_a_service_too(daemon):
    unit = f"pilotlight-parent{os.getpid()}.service"
    with cgroup(f"{SLICE}/{unit}") as (parent, _), cgroup(f"child{os.getpid()}") as (child, _):
        start_child = command_in(child, fixture("three_to_one"), "0.5")
        processes.run_fixture(*command_in(parent, "sh", "-c", '"$@"; true', "sh", *start_child))
    query = f'{{parent_service="pilotlight-parent{os.getpid()}",comm="three_to_one"}}'
    labels = labels_of(daemon, query)
    assert labels["service_name"] == {"three_to_one"}, labels


@test
def what_services_have_used_is_what_is_stored(daemon):
    unit = f"pilotlight-cpu{os.getpid()}"
    finished, _ = run_in(f"{SLICE}/{unit}.service")
    profile = daemon.past_settled(f'{{service_name="{unit}"}}')
    metrics = daemon.metrics()
    services = metrics.family(SERVICE_CPU)
    assert abs(sum(services.values()) - metrics.stored / 499) < 1e-6 * metrics.stored, services
    assert abs(services[unit] - profile.count() / 499) < 1e-6, (services[unit], profile.summary())
    assert 0.5 * finished.cpu_seconds < services[unit] < 2 * finished.cpu_seconds, services


@test
def what_services_have_used_outlives_the_server():
    with Daemon("--frequency", "499") as daemon:
        processes.run_fixture(fixture("three_to_one"), "0.5")
        wait_for(lambda: "three_to_one" in daemon.metrics().family(SERVICE_CPU), 10, "it is there")
        before = daemon.metrics().family(SERVICE_CPU)
        os.kill(daemon.role("server"), signal.SIGKILL)

        def scraped():
            try:
                return daemon.metrics()
            except OSError:
                return None

        def is_another():
            metrics = scraped()
            return metrics and metrics.restarts("server") == 1 and metrics

        after = wait_for(is_another, 20, "another server answers").family(SERVICE_CPU)
        less = {name: (seconds, after.get(name)) for name, seconds in before.items()
                if after.get(name, 0) < seconds}
        assert not less, less


def write_config(path, *lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def leave_out(name):
    """A rule, as lines of a config file."""
    return ["[rule quiet]", "action = drop", "source_labels = comm", f"regex = {name}"]


@test
def labels_and_rules_are_what_the_user_says():
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "pilotlight.conf"
        rule = ["[rule name]", "source_labels = team,comm", 'separator = "/"']
        rule += ["target_label = service_name"]
        write_config(config, "label = team=infra", *rule)
        options = ("--frequency", "499", "--config", str(config), "--label", "team=web")
        with Daemon(*options) as daemon:
            processes.run_fixture(fixture("three_to_one"), "0.5")
            labels = labels_of(daemon, '{service_name="web/three_to_one"}')
            assert labels["team"] == {"web"}, labels  # the command line counts more
            assert labels["comm"] == {"three_to_one"}, labels


@test
def samples_that_a_rule_leaves_out_are_counted_as_such():
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "pilotlight.conf"
        write_config(config, *leave_out("three_to_one"))
        with Daemon("--frequency", "499", "--config", str(config)) as daemon:
            finished = processes.run_fixture(fixture("three_to_one"), "0.5")

            def all_are_counted():
                metrics = daemon.metrics()
                return metrics.dropped["label_rule"] > 300 * finished.cpu_seconds and metrics

            metrics = wait_for(all_are_counted, 15, "its samples are counted")
            metrics.assert_every_tick_is_accounted_for()
            assert daemon.past('{comm="three_to_one"}').count() == 0

            os.kill(daemon.role("server"), signal.SIGKILL)
            os.kill(daemon.role("resolver"), signal.SIGKILL)
            write_config(config, "nonsense")  # roles that start anew do not read that
            wait_for(lambda: is_ready(daemon, 1), 20, "both roles are back")
            processes.run_fixture(fixture("three_to_one"), "0.5")

            def more_are_counted():
                later = daemon.metrics()
                return later.dropped["label_rule"] > 1.5 * metrics.dropped["label_rule"] and later

            wait_for(more_are_counted, 15, "the next server leaves them out as well")
            daemon.metrics().assert_every_tick_is_accounted_for()


def is_ready(daemon, n_restarts):
    try:
        metrics = daemon.metrics()
    except OSError:
        return False
    return metrics.restarts("server") == metrics.restarts("resolver") == n_restarts


@test
def rules_are_read_again_at_sighup():
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "pilotlight.conf"
        write_config(config, "frequency = 499")
        with Daemon("--config", str(config)) as daemon:
            write_config(config, "frequency = 499", "[rule x]", "regex = (")
            os.kill(daemon.pid, signal.SIGHUP)
            wait_for(lambda: f"{config}:3: [rule x]: regex = (" in daemon.log(), 10, "it complains")
            processes.run_fixture(fixture("three_to_one"), "0.5")
            labels_of(daemon, '{service_name="three_to_one"}')

            write_config(config, "frequency = 499", *leave_out("one_hot_function|three_to_one"))
            os.kill(daemon.pid, signal.SIGHUP)
            wait_for(lambda: "1 rules for labels" in daemon.log(), 10, "it has read them")
            processes.run_fixture(fixture("three_to_one"), "0.5")
            wait_for(lambda: daemon.metrics().dropped["label_rule"] > 50, 15, "it leaves them out")
            daemon.metrics().assert_every_tick_is_accounted_for()


if __name__ == "__main__":
    main(lambda: Daemon("--frequency", "499"))
