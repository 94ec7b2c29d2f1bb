#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server in front of clients that are many, wrong, or slow."""

import asyncio
import http.client
import resource
import socket
import statistics
import threading
import time

from daemon import Daemon
from harness import main, test, wait_for
from pprof import Profile

N_CLIENTS = 200
STALL_SECONDS = 15


def assert_says(answer, code, *words):
    assert answer.code == code, f"{answer.code}, not {code}: {answer.text}"
    assert all(word in answer.text for word in words), answer.text


def connect(daemon):
    return socket.create_connection(("127.0.0.1", daemon.port), timeout=30)


def watch_end(client):
    """Note, in a thread, when the other side closes a connection; returns where it is noted."""
    start, noted = time.monotonic(), []

    def watch():
        try:
            while client.recv(65536):
                continue
        except OSError:
            pass
        noted.append(time.monotonic() - start)

    threading.Thread(target=watch, daemon=True).start()
    return noted


stalled = []  # connections on which no more is said, and when they were closed


def stall(daemon, start):
    """Begin to say something, and leave it at that."""
    client = connect(daemon)
    client.settimeout(60)
    stalled.append((client, watch_end(client)))
    try:
        client.sendall(start)
    except ConnectionError:
        pass  # it was closed before all was said


@test
def a_client_that_stops_half_way_holds_up_nobody(daemon):
    for start in (b"", b"GET /metr", b"GET / HTTP/1.1\r\nHost: localhost\r\n"):
        stall(daemon, start)
    answer = daemon.get("/metrics")
    assert answer.code == 200 and answer.seconds < 2, answer.seconds


@test
def a_bad_parameter_is_named(daemon):
    for value in ("x", "0", "-1", "3601", "1e9", "", "nan"):
        assert_says(daemon.get("/debug/pprof/profile", seconds=value), 400, "seconds")
    assert_says(daemon.get("/debug/pprof/profile", seconds=1, past=1, query="{"), 400, "query")
    assert_says(daemon.get("/api/v1/profile", format="no-such"), 400, "format", "no-such")
    assert_says(daemon.get("/api/v1/profile", **{"from": "yesteryear"}), 400, "from", "yesteryear")
    assert_says(daemon.get("/api/v1/profile", type="no:such"), 400, "type", "no:such")


@test
def what_is_not_there_is_404(daemon):
    for target in ("/no-such", "/debug/pprof/no-such", "/api/v1/no-such", "/../etc/passwd"):
        answer = daemon.get(target)
        assert answer.code == 404 and answer.text.strip(), f"{target}: {answer.code}"


@test
def a_method_that_a_route_does_not_have_is_405(daemon):
    for method, target in (("POST", "/metrics"), ("DELETE", "/"), ("PUT", "/api/v1/profile")):
        answer = daemon.request(method, target)
        assert answer.code == 405, f"{method} {target}: {answer.code}"
        assert "GET" in answer.headers.get("allow", ""), answer.headers


@test
def a_foreign_host_is_403(daemon):
    for host in ("example.com", f"example.com:{daemon.port}", "127.0.0.1.example.com"):
        for target in ("/", "/metrics", "/debug/pprof/profile?seconds=1"):
            answer = daemon.request("GET", target, headers={"Host": host})
            assert answer.code == 403, f"{host} {target}: {answer.code}"
    for host in ("localhost", f"localhost:{daemon.port}", "pilot.example"):
        answer = daemon.request("GET", "/metrics", headers={"Host": host})
        assert answer.code == 200, f"{host}: {answer.code} {answer.text}"


@test
def a_body_that_is_too_large_is_413(daemon):
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=30)
    try:
        connection.request("POST", "/debug/pprof/symbol", b"0x1+" * (1 << 20))
    except (BrokenPipeError, ConnectionResetError):
        pass  # the answer can be there before all of the body was sent
    assert connection.getresponse().status == 413
    connection.close()


@test
def every_answer_has_the_headers_that_guard_it(daemon):
    for target in ("/", "/metrics", "/no-such", "/debug/pprof/profile?seconds=x", "/-/healthy"):
        headers = daemon.get(target).headers
        assert headers.get("x-content-type-options") == "nosniff", f"{target}: {headers}"
        assert headers.get("referrer-policy") == "no-referrer", f"{target}: {headers}"
        policy = headers.get("content-security-policy", "")
        assert "frame-ancestors 'none'" in policy, f"{target}: {headers}"
        assert "access-control-allow-origin" not in headers, f"{target}: {headers}"


@test
def what_is_no_http_is_answered_or_closed(daemon):
    long_path = b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\n\r\n"
    noise = b"\0\xff" * 100 + b"\r\n\r\n"
    for start in (noise, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", long_path):
        stall(daemon, start)
    assert daemon.get("/-/healthy").code == 200


@test
def a_client_that_does_not_read_holds_up_nobody(daemon):
    clients = []
    for _ in range(8):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", daemon.port))
        client.sendall(b"GET /api/v1/profile?format=svg HTTP/1.1\r\nHost: localhost\r\n\r\n" * 8)
        clients.append(client)
    seconds = [daemon.get("/metrics").seconds for _ in range(20)]
    profile = daemon.get("/debug/pprof/profile", seconds=10, past=1)
    for client in clients:
        client.close()
    assert max(seconds) < 2 and statistics.median(seconds) < 0.25, seconds
    assert profile.code == 200 and profile.seconds < 10, profile.seconds


async def fetch_profile(port):
    """One client's profile of the next five seconds, as (status line, body)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"GET /debug/pprof/profile?seconds=5 HTTP/1.1\r\n"
        b"Host: localhost\r\nConnection: close\r\n\r\n"
    )
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return head.split(b"\r\n")[0], body


async def fetch_many(port):
    waits = (asyncio.wait_for(fetch_profile(port), 40) for _ in range(N_CLIENTS))
    return await asyncio.gather(*waits)


@test
def two_hundred_clients_are_all_answered(daemon):
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    answers, seconds = [], []
    crowd = threading.Thread(target=lambda: answers.extend(asyncio.run(fetch_many(daemon.port))))
    crowd.start()
    while crowd.is_alive():
        seconds.append(daemon.get("/metrics").seconds)
        crowd.join(0.1)
    assert len(answers) == N_CLIENTS, len(answers)
    refused = [line for line, _ in answers if b" 200 " not in line]
    assert not refused, refused[:3]
    assert all(Profile(body).types for _, body in answers[:10])
    assert max(seconds) < 3 and statistics.median(seconds) < 0.25, sorted(seconds)[-5:]
    daemon.metrics().assert_every_tick_is_accounted_for()


@test
def a_connection_without_progress_is_closed(daemon):
    if not stalled:
        a_client_that_stops_half_way_holds_up_nobody(daemon)
    for client, noted in stalled:
        wait_for(lambda noted=noted: noted, STALL_SECONDS + 5, "a stalled connection is closed")
        assert noted[0] <= STALL_SECONDS + 3, f"closed only after {noted[0]:.1f} s"
        client.close()


if __name__ == "__main__":
    main(lambda: Daemon("--allow-host", "pilot.example"))
