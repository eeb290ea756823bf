"""The servers that the suite can judge, as subprocesses on loopback."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
DEADLINE = 60
QUIET = ["--visibility-millis", "0", "--throttling", "off"]


class Target:
    """A running server: its endpoint, and the clock where it has one."""

    name = ""
    endpoint = ""

    def step(self, seconds):
        """Lets the server's clock run on by so many seconds."""

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Moto(Target):
    name = "moto"

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{port}"
        # No sign of a proxy may leak in, and moto must not go looking for an AWS of its own.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # moto makes its thousands of images anew for each account; the suite needs one.
            env={**os.environ, "MOTO_AMIS_PATH": str(HERE / "moto-images.json")},
        )
        _await(self, lambda: _get(f"{self.endpoint}/moto-api/data.json"))

    def reset(self):
        _post(f"{self.endpoint}/moto-api/reset", None)


class Airplane(Target):
    name = "airplane"

    def __init__(self, program=None, more=()):
        command = [program] if program else self._cargo()
        self.process = subprocess.Popen(
            # Throttling and late visibility are asked for by the tests that want them.
            [*command, "--listen", "127.0.0.1:0", "--clock", "stepped", "--seed", "1", *QUIET, *more],
            stdout=subprocess.PIPE,
            stderr=None,
            text=True,
            cwd=REPOSITORY,
        )
        self.endpoint = self._told_endpoint()

    @staticmethod
    def _cargo():
        cargo = ["cargo", "run", "--quiet", "--locked", "-p", "kprov-airplane", "--example", "serve", "--"]
        # Built first, so that the time to build is no part of the time to start.
        subprocess.run([*cargo[:1], "build", *cargo[2:-1]], check=True, cwd=REPOSITORY)
        return cargo

    def _told_endpoint(self):
        for line in self.process.stdout:
            told = re.search(r"(http://)?127\.0\.0\.1:(\d+)", line)
            if told:
                return f"http://127.0.0.1:{told[2]}"
        raise RuntimeError(f"airplane ended with {self.process.wait()} before it told its address")

    def control(self, path, body=None, method="POST"):
        """One call of airplane's own control API."""
        return _post(f"{self.endpoint}/_airplane/{path}", body, method)

    def step(self, seconds):
        self.control("clock/advance", {"millis": int(seconds * 1000)})


def start(name, program=None):
    return Moto() if name == "moto" else Airplane(program)


def _get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read()


def read(url):
    """What a URL answers in JSON."""
    return json.loads(_get(url))


def _post(url, body, method="POST"):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url, data=data if data is not None else b"", method=method, headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text.strip().startswith((b"{", b"[")) else text


def _await(target, ready):
    until = time.monotonic() + DEADLINE
    while True:
        try:
            return ready()
        except (urllib.error.URLError, ConnectionError):
            if target.process.poll() is not None:
                raise RuntimeError(f"{target.name} ended with {target.process.returncode} at its start")
            if time.monotonic() > until:
                target.stop()
                raise RuntimeError(f"{target.name} did not answer within {DEADLINE} s")
            time.sleep(0.05)
