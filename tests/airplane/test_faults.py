"""Faults on order, late visibility, throttling and quotas, through airplane's own control API (airplane/README.md).

What a client sees is AWS's: "Common Errors" (Throttling, RequestLimitExceeded, SlowDown), EC2 API Reference
"Eventual consistency", "Request throttling".
"""

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, HTTPClientError

from cloud import refused

pytestmark = pytest.mark.airplane_only
LOST = (ConnectionClosedError, EndpointConnectionError, HTTPClientError)


@pytest.fixture
def fault(cloud):
    """fault(effect, ...): a rule for this test's account."""

    def add(kind, service="ec2", action="CreateVpc", times=1, nth=None, **effect):
        rule = {"service": service, "action": action, "account": cloud.account, "effect": {"kind": kind, **effect}}
        rule |= {"times": times} if times else {}
        rule |= {"nth": nth} if nth else {}
        cloud.target.control("faults", rule)

    yield add
    cloud.target.control("faults", method="DELETE")


def vpcs(ec2):
    return [v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]


@pytest.mark.parametrize(
    "service,action,call,code",
    [
        ("ec2", "DescribeVpcs", lambda c: c.describe_vpcs(), "RequestLimitExceeded"),
        ("autoscaling", "DescribeAutoScalingGroups", lambda c: c.describe_auto_scaling_groups(), "Throttling"),
        ("iam", "ListRoles", lambda c: c.list_roles(), "Throttling"),
        ("elbv2", "DescribeTargetGroups", lambda c: c.describe_target_groups(), "Throttling"),
        ("route53", "ListHostedZones", lambda c: c.list_hosted_zones(), "Throttling"),
        ("s3", "ListBuckets", lambda c: c.list_buckets(), "SlowDown"),
        ("kms", "ListKeys", lambda c: c.list_keys(), "ThrottlingException"),
        ("ssm", "DescribeParameters", lambda c: c.describe_parameters(), "ThrottlingException"),
        ("ecr", "DescribeRepositories", lambda c: c.describe_repositories(), "ThrottlingException"),
        ("events", "ListRules", lambda c: c.list_rules(), "ThrottlingException"),
    ],
)
def test_throttled_once(cloud, fault, service, action, call, code):
    fault("throttle", service, action)
    with refused(code, code.removesuffix("Exception"), "RequestThrottled"):
        call(cloud.client(service))
    call(cloud.client(service))


def test_throttle_is_one_that_clients_retry(cloud, fault, ec2):
    import boto3
    from botocore.config import Config

    fault("throttle")
    patient = boto3.client(
        "ec2", region_name="us-west-2", endpoint_url=cloud.target.endpoint, aws_access_key_id=cloud.account,
        aws_secret_access_key="secret", config=Config(retries={"total_max_attempts": 3, "mode": "standard"}),
    )  # fmt: skip
    answer = patient.create_vpc(CidrBlock="10.0.0.0/16")
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    assert len(vpcs(ec2)) == 1


def test_error_before_the_effect(ec2, fault):
    fault("error", code="InternalError", message="on order", status=500)
    with refused("InternalError", status=500, says="on order"):
        ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert vpcs(ec2) == []


def test_timeout_before_the_effect(ec2, fault):
    fault("timeout_before")
    with pytest.raises(LOST):
        ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert vpcs(ec2) == []


def test_timeout_after_the_effect(ec2, fault):
    fault("timeout_after")
    with pytest.raises(LOST):
        ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert len(vpcs(ec2)) == 1


def test_token_finds_what_a_lost_answer_made(ec2, make, fault):
    fault("timeout_after", action="CreateVolume")
    create = lambda: ec2.create_volume(AvailabilityZone=make.zones[0], Size=10, ClientToken="one")["VolumeId"]
    with pytest.raises(LOST):
        create()
    volume = create()
    assert [v["VolumeId"] for v in ec2.describe_volumes()["Volumes"]] == [volume]


def test_nth_call(make, fault):
    fault("error", action="CreateInternetGateway", code="Unavailable", status=503, nth=2, times=None)
    make.internet_gateway()
    with refused("Unavailable", status=503):
        make.internet_gateway()
    make.internet_gateway()


def test_rules_are_for_their_account(cloud, fault):
    fault("throttle", times=None)
    cloud.client("ec2", who="other").create_vpc(CidrBlock="10.0.0.0/16")


def test_stale_read(ec2, make, fault):
    assert vpcs(ec2) == []
    fault("stale_read", action="DescribeVpcs", times=None)
    ec2.describe_vpcs()
    make.vpc()
    assert vpcs(ec2) == []


def test_created_is_seen_late(cloud, ec2, make, step):
    # EC2 API Reference, "Eventual consistency": a describe right after a create may not find it.
    cloud.target.control("visibility", {"millis": 60_000}, "PUT")
    try:
        seen = []
        for n in range(4):
            vpc = make.vpc(f"10.{n}.0.0/16")
            try:
                ec2.describe_vpcs(VpcIds=[vpc])
                seen.append(vpc)
            except ec2.exceptions.ClientError as error:
                assert error.response["Error"]["Code"] == "InvalidVpcID.NotFound"
        assert len(seen) < 4
        step(61)
        assert len(vpcs(ec2)) == 4
    finally:
        cloud.target.control("visibility", {"millis": 0}, "PUT")


def test_dump_lists_every_object(cloud, make):
    vpc = make.vpc()
    make.role("dumped")
    text = str(cloud.target.control("dump", method="GET"))
    assert vpc in text and "dumped" in text


def test_calls_are_logged(cloud, make):
    make.vpc()
    log = [c for c in cloud.target.control("calls", method="GET") if c["account"] == cloud.account]
    assert ("ec2", "CreateVpc", "ok") in {(c["service"], c["action"], c["result"]) for c in log}


def test_snapshot_and_restore(cloud, ec2, make):
    vpc = make.vpc()
    kept = cloud.target.control("snapshot", method="GET")
    ec2.delete_vpc(VpcId=vpc)
    cloud.target.control("restore", kept)
    assert vpcs(ec2) == [vpc]
