"""Fixtures, and the two lists that say what is known not to pass.

`--target airplane|moto` says who is judged. `differences.toml` lists the tests that moto fails, each with the page of
AWS's documentation that decides; `pending.txt` lists those that airplane does not pass yet. Both are strict: a listed
test that passes is an error, so neither list can rot.
"""

import re
import tomllib
from pathlib import Path

import pytest

import targets
from builders import Builders
from cloud import Cloud

HERE = Path(__file__).parent


def pytest_addoption(parser):
    parser.addoption("--target", choices=["airplane", "moto"], default="airplane", help="the server that is judged")
    parser.addoption("--airplane", help="a program that serves airplane; cargo builds the example `serve` otherwise")
    parser.addoption("--bare", action="store_true", help="expect no failures: neither list is read")
    parser.addoption("--shrink-pending", action="store_true", help="take what passes out of pending.txt")


def pytest_make_parametrize_id(val):
    """Test ids stand in two lists, so that they are short and plain."""
    if not isinstance(val, str):
        return None
    plain = re.sub(r"[^A-Za-z0-9.:/_-]+", "_", val)
    return plain if len(plain) <= 24 else f"{plain[:20]}-{len(val)}"


def _name(item_or_report):
    """`test_file.py::test[id]`, wherever pytest was started."""
    file, test = item_or_report.nodeid.split("::", 1)
    return f"{file.split('/')[-1]}::{test}"


def pending():
    lines = (HERE / "pending.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def differences():
    return tomllib.loads((HERE / "differences.toml").read_text())


def pytest_collection_modifyitems(config, items):
    target = config.getoption("--target")
    everything = {_name(item) for item in items} if _is_whole_suite(config, items) else None
    if target == "moto":
        lists = {name: f"{d['moto']} ({d['documentation']})" for name, d in differences().items()}
        unknown = [item for item in items if item.get_closest_marker("airplane_only")]
        config.hook.pytest_deselected(items=unknown)
        items[:] = [item for item in items if item not in unknown]
    else:
        lists = {name: "airplane does not pass it yet" for name in pending()}
    stale = sorted(set(lists) - everything) if everything is not None else []
    if stale:
        raise pytest.UsageError(f"listed as failing on {target}, but no test has the name: {', '.join(stale)}")
    if config.getoption("--bare") or config.getoption("--shrink-pending"):
        return
    for item in items:
        if _name(item) in lists:
            item.add_marker(pytest.mark.xfail(reason=lists[_name(item)], strict=True))


def _is_whole_suite(config, items):
    """Whether every test was collected, so that a listed name without a test is a mistake."""
    files = {path.name for path in HERE.glob("test_*.py")}
    return {item.path.name for item in items} == files and not any("::" in argument for argument in config.args)


def pytest_configure(config):
    config.addinivalue_line("markers", "airplane_only: uses airplane's control API, which moto does not have")


def pytest_runtest_logreport(report):
    if report.when == "call" and report.passed:
        PASSED.add(_name(report))
    elif report.failed:
        FAILED.add(_name(report))


PASSED, FAILED = set(), set()


def pytest_sessionfinish(session):
    if session.config.getoption("--shrink-pending"):
        path = HERE / "pending.txt"
        kept = [line for line in path.read_text().splitlines() if line not in PASSED - FAILED]
        path.write_text("".join(f"{line}\n" for line in kept))


@pytest.fixture(scope="session")
def target(request):
    server = targets.start(request.config.getoption("--target"), request.config.getoption("--airplane"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def session_cloud(target):
    return Cloud(target)


@pytest.fixture(scope="module", autouse=True)
def empty_world(target):
    """Groups that earlier files left behind and whose launches are abandoned launch again and again, as on AWS; when
    the clock jumps by days that costs time. Idle groups cost none."""
    if target.name == "airplane":
        target.control("reset")


@pytest.fixture
def cloud(session_cloud):
    """Two fresh accounts."""
    session_cloud.fresh()
    return session_cloud


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """Answers that botocore's models do not allow fail the test that got them."""
    outcome = yield
    problems = pyfuncitem.funcargs["cloud"].problems if "cloud" in pyfuncitem.funcargs else []
    assert not problems, "answers that the service's model does not allow:\n" + "\n".join(problems)
    return outcome


@pytest.fixture
def step(cloud):
    """step(seconds): time goes by."""
    return cloud.target.step


@pytest.fixture
def until(cloud):
    """until(condition, seconds=600, by=5): lets time go by until the condition holds, and returns what it gave."""

    def wait(condition, seconds=600, by=5):
        gone = 0
        while True:
            outcome = condition()
            if outcome:
                return outcome
            assert gone < seconds, f"still not so after {seconds} s of the server's time"
            cloud.target.step(by)
            gone += by
            if cloud.target.name == "moto" and gone >= 3 * by:
                raise AssertionError("moto's time does not go by")

    return wait


@pytest.fixture
def make(cloud):
    """Builders of the pieces that many tests need."""
    return Builders(cloud)


def _client(service):
    @pytest.fixture(name=service)
    def client(cloud):
        return cloud.client(service)

    return client


ec2 = _client("ec2")
autoscaling = _client("autoscaling")
elbv2 = _client("elbv2")
iam = _client("iam")
sts = _client("sts")
route53 = _client("route53")
s3 = _client("s3")
kms = _client("kms")
ssm = _client("ssm")
sqs = _client("sqs")
events = _client("events")
ecr = _client("ecr")
