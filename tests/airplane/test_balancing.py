"""Network load balancers with true connections, through airplane's own control API (`listeners`, `sockets`).

Elastic Load Balancing, Network Load Balancers: "Health checks for your target groups" (fail open), "Edit target group
attributes" (deregistration delay: a target that is deregistering gets no new connections, those that it has go on).
"""

import contextlib
import socket
import threading
import time

import pytest

pytestmark = pytest.mark.airplane_only


class Machine:
    """Answers each connection with its name, and then says back what it hears."""

    def __init__(self, name):
        self.name = name
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _talk(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.sendall(self.name)
            while heard := connection.recv(100):
                connection.sendall(heard)


@pytest.fixture
def machines():
    both = [Machine(b"a"), Machine(b"b")]
    yield both
    for machine in both:
        machine.listener.close()


@pytest.fixture
def checks(cloud, elbv2):
    """checks(group, *states): lets checks fall due, and airplane make them, until the targets are in these states."""

    def wait(group, *wanted):
        end = time.monotonic() + 20
        while states(elbv2, group) != list(wanted):
            assert time.monotonic() < end, states(elbv2, group)
            cloud.target.step(10)
            time.sleep(0.02)

    return wait


@pytest.fixture
def front(cloud, make, elbv2, machines, checks):
    """A load balancer before two machines that are healthy; gives its target group and what connects to it."""
    vpc = make.vpc()
    group = make.target_group(
        vpc, TargetType="ip", HealthCheckIntervalSeconds=10, HealthyThresholdCount=2, UnhealthyThresholdCount=2
    )
    balancer = make.balancer([make.subnet(vpc)])
    action = [{"Type": "forward", "TargetGroupArn": group}]
    made = elbv2.create_listener(LoadBalancerArn=balancer, Protocol="TCP", Port=6443, DefaultActions=action)
    arn = made["Listeners"][0]["ListenerArn"]
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.10"}, {"Id": "10.0.0.11"}])
    cloud.target.control(
        "sockets", {"10.0.0.10": machines[0].address, "10.0.0.11": machines[1].address}, "PUT"
    )
    cloud.target.step(600)
    checks(group, "healthy", "healthy")

    def connect():
        (found,) = [l for l in cloud.target.control("listeners", method="GET") if l["listener"] == arn]
        host, port = found["address"].split(":")
        connection = socket.create_connection((host, int(port)), 10)
        return connection.recv(1), connection

    yield group, connect
    cloud.target.control("sockets", {}, "PUT")


def states(elbv2, group):
    found = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return sorted(target["TargetHealth"]["State"] for target in found)


def names(connect, count):
    return sorted(connect()[0] for _ in range(count))


def test_connections_go_to_both(front):
    assert names(front[1], 4) == [b"a", b"a", b"b", b"b"]


def test_one_that_leaves_gets_no_new_ones(elbv2, front):
    group, connect = front
    open_ones = dict(connect() for _ in range(2))
    elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.10"}])
    assert names(connect, 4) == [b"b"] * 4
    open_ones[b"a"].sendall(b"still")
    assert open_ones[b"a"].recv(5) == b"still"


def test_one_that_is_down_gets_none(front, machines, checks):
    group, connect = front
    machines[0].listener.close()
    checks(group, "healthy", "unhealthy")
    assert names(connect, 4) == [b"b"] * 4
