#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names and labels of pods, from a kubelet's list or a file; names of containers of Docker."""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import signal
import tempfile
import threading

import processes
from cgroups import cgroup, command_in
from daemon import Daemon, free_port
from harness import Skip, fixture, main, test, wait_for

UID = "7d4424e6-bb13-42f4-a47a-45a4828bf54d"
CONTAINER_ID = "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
FETCHER_ID = "61072"


def pod_path(uid=UID, container_id=CONTAINER_ID):
    """The path of a container's cgroup, as the kubelet and containerd make it with systemd."""
    escaped = uid.replace("-", "_")
    return (
        f"kubepods-burstable.slice/kubepods-burstable-pod{escaped}.slice/"
        f"cri-containerd-{container_id}.scope"
    )


def pod(uid=UID, name="web-7f9c-x2x7p", container="app", container_id=CONTAINER_ID, labels=None):
    """What a kubelet says of a pod that runs, in part."""
    return {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": uid,
            "labels": {"app.kubernetes.io/name": "web"} if labels is None else labels,
            "annotations": {"kubernetes.io/config.source": "api"},
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": container, "image": "web:1"}]},
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {
                    "name": container,
                    "containerID": f"containerd://{container_id}",
                    "state": {"running": {"startedAt": "2026-11-26T10:00:00Z"}},
                    "lastState": {},
                }
            ],
        },
    }


def pod_list(*pods):
    return {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": list(pods) or None}


class Kubelet:
    """A server on loopback which answers GET /pods as a kubelet's read-only port does."""

    def __init__(self, *pods):
        self.answer(pod_list(*pods))
        self.n_asked = 0
        kubelet = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                kubelet.n_asked += 1
                self.send_response(kubelet.code if self.path == "/pods" else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(kubelet.body)))
                self.end_headers()
                with contextlib.suppress(OSError):  # who has had enough hangs up
                    self.wfile.write(kubelet.body)

            def log_message(self, *_):
                pass

        self._port = free_port()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def answer(self, what, code=200):
        self.body = what if isinstance(what, bytes) else json.dumps(what).encode()
        self.code = code

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}/pods"


@contextlib.contextmanager
def daemon_with(*options, memory="64M", wrapper=()):
    """A daemon, when its first second is over: that is read from history, which keeps the labels
    that were known at first."""
    with Daemon("--frequency", "499", "--memory", memory, *options, wrapper=wrapper) as daemon:
        windows = "pilotlight_store_windows"
        wait_for(lambda: daemon.metrics()[windows] >= 3, 20, "the first second is over")
        yield daemon


def run_in(path):
    """Run a fixture in that cgroup; return its pid, of a process that has ended."""
    with cgroup(path) as (folder, _):
        return processes.run_fixture(*command_in(folder, fixture("three_to_one"), "0.5")).pid


def labels_with(daemon, pid, name):
    """All labels of a process, when one of that name is among them: {name: value}."""

    def is_labelled(profile):  # a query that is under way when it changes sees the old ones, too
        return profile.count() and all(name in sample.labels for sample in profile.samples)

    profile = daemon.past_until(f'{{pid="{pid}",comm="three_to_one"}}', is_labelled, 40)
    assert is_labelled(profile), f"{name} is missing: {profile.labels(name)} {profile.summary()}"
    names = {name for sample in profile.samples for name in sample.labels}
    values = {name: profile.labels(name) for name in names - {"thread", "tid"}}
    assert all(len(each) == 1 for each in values.values()), values
    return {name: each.pop() for name, each in values.items()}


def lists(daemon):
    return daemon.metrics().family("pilotlight_container_lists_read_total")


def n_failed(daemon):
    return daemon.metrics()["pilotlight_pod_lists_failed_total"]


@test
def a_pod_is_called_as_its_kubelet_calls_it():
    with Kubelet(pod()) as kubelet, daemon_with("--pods", kubelet.url) as daemon:
        labels = labels_with(daemon, run_in(pod_path()), "pod")
        assert labels["pod"] == "web-7f9c-x2x7p" and labels["namespace"] == "shop", labels
        assert labels["container"] == labels["service_name"] == "app", labels
        assert labels["pod_label_app_kubernetes_io_name"] == "web", labels
        assert labels["pod_uid"] == UID and labels["container_id"] == CONTAINER_ID, labels
        metrics = daemon.metrics()
        assert metrics["pilotlight_pods_known"] == metrics["pilotlight_containers_known"] == 1
        assert metrics["pilotlight_pod_lists_total"] >= 1 and n_failed(daemon) == 0
        assert lists(daemon)["ok"] >= 1 and sum(lists(daemon).values()) == lists(daemon)["ok"]
        metrics.assert_every_tick_is_accounted_for()
        assert json.loads(daemon.get("/api/v1/labels/pod/values").text) == [labels["pod"]]


@test
def what_was_sampled_before_is_named_when_the_kubelet_knows_it():
    """The kubelet hears of a container after it has started: it may be gone by then."""
    with Kubelet() as kubelet, daemon_with("--pods", kubelet.url, memory="256M") as daemon:
        pid = run_in(pod_path())
        labels = labels_with(daemon, pid, "pod_uid")
        assert "pod" not in labels and labels["service_name"] == "three_to_one", labels
        wait_for(lambda: kubelet.n_asked >= 2, 20, "it is asked again, for one it does not know")
        kubelet.answer(pod_list(pod()))
        labels = labels_with(daemon, pid, "pod")
        assert labels["service_name"] == "app", labels


@test
def names_stay_when_pods_are_gone():
    with Kubelet(pod()) as kubelet, daemon_with("--pods", kubelet.url) as daemon:
        pid = run_in(pod_path())
        labels_with(daemon, pid, "pod")
        kubelet.answer(pod_list())
        n_asked = kubelet.n_asked
        other = CONTAINER_ID.replace("4", "5")
        later = run_in(pod_path(container_id=other))  # makes us ask again
        wait_for(lambda: kubelet.n_asked > n_asked, 20, "it is asked again")
        labels = labels_with(daemon, later, "pod")
        assert labels["pod"] == "web-7f9c-x2x7p" and "container" not in labels, labels
        assert labels_with(daemon, pid, "pod")["container"] == "app"


@test
def names_are_told_to_the_next_server():
    with Kubelet(pod()) as kubelet, daemon_with("--pods", kubelet.url) as daemon:
        labels_with(daemon, run_in(pod_path()), "pod")
        os.kill(daemon.role("server"), signal.SIGKILL)
        kubelet.answer(pod_list())

        def is_back():
            try:
                return daemon.metrics().restarts("server") == 1
            except OSError:
                return False

        wait_for(is_back, 20, "another server answers")
        assert labels_with(daemon, run_in(pod_path()), "pod")["container"] == "app"


@test
def hostile_names_break_no_format():
    """Whoever may make pods chooses their labels; who answers in the kubelet's place, all of it."""
    name = 'q"{}\\n;<&>\n\xe9'
    labels = {"a/b.c-d": name, "long": "x" * 4096, "7": "7", "é": "e", "bad": "BAD"}
    hostile = pod(name=name, container=name, labels=labels)
    body = json.dumps(pod_list(hostile, {}, pod(uid="../../etc", name="x")), ensure_ascii=False)
    with Kubelet() as kubelet, daemon_with("--pods", kubelet.url) as daemon:
        kubelet.answer(body.encode().replace(b'"BAD"', b'"\xff\xc0\xaf"'))
        found = labels_with(daemon, run_in(pod_path()), "pod")
        assert found["pod"] == found["container"] == found["service_name"] == name, found
        assert found["pod_label_a_b_c_d"] == name and found["pod_label_7"] == "7", found
        assert found["pod_label_long"] == "x" * 2048 and found["pod_label_bad"] == "???", found
        assert found["pod_label___"] == "e", found  # a letter of two bytes
        losses = daemon.metrics().family("pilotlight_container_losses_total")
        assert losses["damaged"] >= 2 and losses["label"] == losses["evicted"] == 0, losses
        daemon.assert_every_format_is_whole(f'{{pod_uid="{UID}"}}')


@test
def a_file_says_it_as_well_and_is_read_again_when_it_has_changed():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "pods.json"

        def write(what):
            new = path.with_suffix(".new")
            new.write_text(json.dumps(what), encoding="utf-8")
            new.replace(path)

        write({"kind": "List", "apiVersion": "v1", "items": [pod(name="first")]})  # as kubectl does
        with daemon_with("--pods", str(path), memory="256M") as daemon:
            assert daemon.role("fetcher") is None, "the network is not needed"
            pid = run_in(pod_path())
            assert labels_with(daemon, pid, "pod")["pod"] == "first"
            write(pod_list(pod(name="second")))
            query = f'{{pid="{pid}",pod="second"}}'
            profile = daemon.past_until(query, lambda profile: profile.count() > 0, 20)
            assert profile.count(), "the process is described anew"
            path.unlink()
            wait_for(lambda: n_failed(daemon) >= 2, 20, "it is missed")
            assert daemon.log().count(f"cannot read {path}: No such file") == 1, daemon.log()
            write({"kind": "Nonsense"})
            wait_for(lambda: lists(daemon)["damaged"] == 1, 20, "it is read when it is back")
            assert labels_with(daemon, pid, "pod")["pod"] == "second"


@test
def a_kubelet_that_fails_is_counted_and_what_is_known_stays():
    with Kubelet(pod()) as kubelet, daemon_with("--pods", kubelet.url) as daemon:
        labels_with(daemon, run_in(pod_path()), "pod")
        ids = iter(range(1, 100))

        def meet_another():
            other = f"{next(ids):064x}"
            return labels_with(daemon, run_in(pod_path(container_id=other)), "pod")

        before = dict(lists(daemon))
        kubelet.answer(b"<html>not JSON</html>")
        meet_another()
        wait_for(lambda: lists(daemon)["damaged"] > before["damaged"], 20, "it is no list")
        failed = n_failed(daemon)
        kubelet.answer(b"x" * (33 << 20))
        meet_another()
        wait_for(lambda: n_failed(daemon) > failed, 30, "33 MB are too much")
        assert "its answer has more than 32 MB" in daemon.log(), daemon.log()
        failed = n_failed(daemon)
        kubelet.answer(b"Forbidden", code=403)
        meet_another()
        wait_for(lambda: n_failed(daemon) > failed, 20, "it refuses to answer")
        failed = n_failed(daemon)
        kubelet.stop()
        meet_another()
        wait_for(lambda: n_failed(daemon) > failed, 20, "it is gone")
        assert daemon.log().count("what is known of pods stays") == 1, daemon.log()
        assert meet_another()["pod"] == "web-7f9c-x2x7p"
        daemon.metrics().assert_every_tick_is_accounted_for()


@test
def who_asks_has_the_network_and_who_reads_has_nothing():
    with Kubelet(pod()) as kubelet, daemon_with("--pods", kubelet.url) as daemon:
        labels_with(daemon, run_in(pod_path()), "pod")
        status = processes.status(daemon.role("fetcher"))
        assert status["Uid"].split() == [FETCHER_ID] * 4, status
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0, status
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
        os.kill(daemon.role("fetcher"), signal.SIGKILL)
        os.kill(daemon.role("resolver"), signal.SIGKILL)
        kubelet.answer(pod_list(pod(), pod(uid=UID.replace("7", "8"), name="late")))
        known = "pilotlight_pods_known"
        wait_for(lambda: daemon.metrics()[known] == 2, 90, "those after them do the same")


def with_folder_of_docker(source):
    """A prefix of a command, which then sees Docker's folder of containers in this one."""
    if not shutil.which("unshare"):
        raise Skip("unshare is not installed")
    script = (
        "mount -t tmpfs tmpfs /var/lib && mkdir -p /var/lib/docker/containers &&"
        ' mount --bind "$0" /var/lib/docker/containers && exec "$@"'
    )
    return ["unshare", "--mount", "sh", "-c", script, source]


@test
def a_container_of_docker_is_called_by_its_name():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o700)
        of_container = pathlib.Path(folder) / CONTAINER_ID
        of_container.mkdir()
        config = {"ID": CONTAINER_ID, "State": {"Pid": 1}, "Name": "/shop-web-1", "Config": {}}
        (of_container / "config.v2.json").write_text(json.dumps(config), encoding="utf-8")
        with daemon_with(wrapper=with_folder_of_docker(folder)) as daemon:
            pid = run_in(f"system.slice/docker-{CONTAINER_ID}.scope")
            labels = labels_with(daemon, pid, "container")
            assert labels["container"] == labels["service_name"] == "shop-web-1", labels
            assert labels["container_runtime"] == "docker", labels


if __name__ == "__main__":
    main()
