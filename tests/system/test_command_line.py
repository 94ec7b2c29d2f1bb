#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is typed, and what cannot start: one clear sentence, and the documented exit status."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

from daemon import Daemon
from harness import PILOTLIGHT, Skip, main, require_root, test, wait_for


def run(*arguments, wrapper=()):
    command = [*wrapper, str(PILOTLIGHT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def assert_is_refused(arguments, status, *words, wrapper=()):
    """It ends with this status, after one sentence that holds these words."""
    answer = run(*arguments, wrapper=wrapper)
    said = f"{arguments}: status {answer.returncode}, says {answer.stderr!r}"
    assert answer.returncode == status, said
    assert len(answer.stderr.splitlines()) == 1, said
    assert all(word in answer.stderr for word in words), said
    assert not answer.stdout, answer.stdout


@test
def what_cannot_mean_anything_is_repeated():
    for arguments, word in [
        (["--no-such-option"], "--no-such-option"),
        (["--frequency", "often"], "often"),
        (["--frequency", "0"], "0"),
        (["--frequency=-5"], "-5"),
        (["--memory", "12Q"], "12Q"),
        (["--listen", "nowhere"], "nowhere"),
        (["--listen", "127.0.0.1:99999"], "127.0.0.1:99999"),
        (["--retention-age", "soon"], "soon"),
        (["no-such-command"], "no-such-command"),
        (["record", "-o", "x.unknown", "--", "true"], "x.unknown"),
        (["record", "-d", "long", "--", "true"], "long"),
        (["record", "-p", "nobody"], "nobody"),
        (["record", "--no-such-option"], "--no-such-option"),
    ]:
        assert_is_refused(arguments, 2, word)


@test
def help_and_version_are_answers():
    answer = run("--help")
    assert answer.returncode == 0 and not answer.stderr, answer.stderr
    for option in ("--listen", "--frequency", "--memory", "--store", "--allow-host", "record"):
        assert option in answer.stdout, f"{option} is missing in --help"
    answer = run("--version")
    assert answer.returncode == 0 and "0.1.0" in answer.stdout, answer


@test
def a_second_daemon_on_the_same_port_is_refused(daemon):
    arguments = ["--listen", f"127.0.0.1:{daemon.port}", "--store", ":memory:"]
    assert_is_refused(arguments, 1, str(daemon.port))
    assert daemon.get("/-/healthy").code == 200


@test
def a_port_that_another_program_has_is_refused():
    require_root()
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        arguments = ["--listen", address, "--store", ":memory:"]
        assert_is_refused(arguments, 1, address, "Address already in use")


@test
def a_hangup_reads_the_config_file_again():
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "pilotlight.ini")
        config.write_text("[pilotlight]\nfrequency = 49\n", encoding="utf-8")
        with Daemon("--config", str(config)) as daemon:

            def frequency():
                return daemon.metrics()["pilotlight_sampling_frequency_hertz"]

            wait_for(lambda: frequency() == 49, 60, "the frequency is the config file's")
            config.write_text("[pilotlight]\nfrequency = 199\n", encoding="utf-8")
            daemon.process.send_signal(signal.SIGHUP)
            wait_for(lambda: frequency() == 199, 60, "the frequency is the new one")


@test
def a_kernel_without_btf_is_refused():
    require_root()
    if not shutil.which("unshare"):
        raise Skip("unshare is not installed")
    script = 'mount -t tmpfs tmpfs /sys/kernel/btf && exec "$@"'
    wrapper = ["unshare", "--mount", "sh", "-c", script, "sh"]
    arguments = ["--listen", "127.0.0.1:0", "--store", ":memory:"]
    assert_is_refused(arguments, 1, "BTF", wrapper=wrapper)


@test
def the_doctor_finds_this_host_well():
    require_root()
    answer = run("doctor")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "cpu-clock" in answer.stdout or "cpu-cycles" in answer.stdout, answer.stdout


def doctors_lines(*arguments, **options):
    """{name: (verdict, what was found)}, of what the doctor prints."""
    lines = run("doctor", *arguments, **options).stdout.splitlines()
    return {line[6:28].strip(): (line[:4].strip(), line[30:]) for line in lines if line[4:6] == "  "}


@test
def the_doctor_says_where_names_come_from():
    require_root()
    with tempfile.TemporaryDirectory() as folder:
        url = "http://127.0.0.1:1/"
        lines = doctors_lines("--debug-dir", folder, "--debuginfod-urls", url)
        assert lines["debug files"][0] == "ok" and folder in lines["debug files"][1], lines
        assert url in lines["debuginfod"][1], lines
    lines = doctors_lines("--debug-dir", "/nonexistent")
    assert lines["debug files"] == (
        "warn",
        "/nonexistent, of --debug-dir, is no folder: nothing is found there",
    ), lines
    assert lines["debuginfod"][1].startswith("off: "), lines
    assert lines["kernel's lines"][0] in ("ok", "warn"), lines
    assert lines["modules' lines"][0] in ("ok", "warn"), lines
    assert "libcapstone" in lines["disassembly"][1], lines
    assert "--pods names no list" in lines["pods"][1], lines
    assert url in doctors_lines("--pods", url)["pods"][1], lines


@test
def the_doctor_tells_nobody_what_is_missing():
    require_root()
    if not os.access(PILOTLIGHT, os.X_OK) or not shutil.which("setpriv"):
        raise Skip("setpriv is not installed")
    wrapper = ["setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin"]
    answer = run("doctor", wrapper=wrapper)
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert "CAP_BPF" in answer.stdout + answer.stderr, answer.stdout + answer.stderr


if __name__ == "__main__":
    main(Daemon)
