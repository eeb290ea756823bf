"""What faults do to a region: a zone without capacity, a zone that is down, throttled APIs, credentials past their end,
the wrong region.

EC2 API Reference "Error codes" (InsufficientInstanceCapacity, RequestLimitExceeded, RequestExpired), "Request throttling";
Auto Scaling User Guide "Distribute instances across Availability Zones", "Health checks"; ELB "Health checks for your
target groups"; S3 error responses (AuthorizationHeaderMalformed, ExpiredToken).
"""

import json

import boto3
import pytest

from builders import queue_for_events
from cloud import OTHER_REGION, REGION, refused
from test_sts import anyone

pytestmark = pytest.mark.airplane_only


@pytest.fixture
def condition(cloud):
    """condition(name, ...): what is wrong with the world until the test is over; none is back to normal."""

    def put(*names):
        cloud.target.control("conditions", list(names), "PUT")

    yield put
    cloud.target.control("conditions", [], "PUT")


def in_service(make):
    return [i for i in make.described_group()["Instances"] if i["LifecycleState"] == "InService"]


def test_zone_without_capacity(make, condition):
    vpc = make.vpc()
    one, two = make.subnets(vpc, 2)
    condition(f"no-capacity:{make.zones[0]}")
    with refused("InsufficientInstanceCapacity", says=make.zones[0]):
        make.instance(one)
    make.instance(two)
    condition(f"no-capacity:{make.zones[0]}:m5.large")
    make.instance(one)
    with refused("InsufficientInstanceCapacity"):
        make.instance(one, InstanceType="m5.large")


def test_group_launches_where_capacity_is(make, autoscaling, condition, until):
    condition(f"no-capacity:{make.zones[0]}")
    make.scaling_group("nodes", 2, zones=2)
    until(lambda: len(in_service(make)) == 2)
    assert {i["AvailabilityZone"] for i in in_service(make)} == {make.zones[1]}
    condition()
    # AZRebalance: once the zone has capacity again the group evens out, launching before it terminates.
    until(lambda: {i["AvailabilityZone"] for i in in_service(make)} == set(make.zones[:2]), 1200)
    until(lambda: len(make.described_group()["Instances"]) == 2)


def test_launch_that_fails_is_an_activity(make, autoscaling, condition, until):
    condition(*[f"no-capacity:{zone}" for zone in make.zones])
    make.scaling_group("nodes", 1)
    seen = lambda: autoscaling.describe_scaling_activities(AutoScalingGroupName="nodes")["Activities"]
    until(seen)
    assert seen()[0]["StatusCode"] == "Failed"
    assert "capacity" in seen()[0]["StatusMessage"]


def test_zone_goes_away(ec2, make, condition, until):
    make.scaling_group("nodes", 2, zones=2)
    until(lambda: len(in_service(make)) == 2)
    condition(f"zone-down:{make.zones[0]}")
    until(lambda: [i["AvailabilityZone"] for i in in_service(make)] == [make.zones[1]] * 2, 1200)
    states = {z["ZoneName"]: z["State"] for z in ec2.describe_availability_zones()["AvailabilityZones"]}
    assert states[make.zones[0]] != "available" and states[make.zones[1]] == "available"


def test_targets_of_a_zone_that_is_down_are_unhealthy(elbv2, make, condition, until):
    vpc = make.vpc()
    subnets = make.subnets(vpc, 2)
    group = make.target_group(vpc)
    action = [{"Type": "forward", "TargetGroupArn": group}]
    elbv2.create_listener(LoadBalancerArn=make.balancer(subnets), Protocol="TCP", Port=6443, DefaultActions=action)
    machines = [make.instance(subnet) for subnet in subnets]
    until(lambda: all(make.instance_state(m) == "running" for m in machines))
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": m} for m in machines])

    def states():
        found = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {t["Target"]["Id"]: t["TargetHealth"]["State"] for t in found}

    until(lambda: set(states().values()) == {"healthy"}, 900)
    condition(f"zone-down:{make.zones[0]}")
    until(lambda: states() == {machines[0]: "unhealthy", machines[1]: "healthy"})


def test_impaired_instance(ec2, make, condition, until):
    machine = make.instance(make.subnet(make.vpc(), zone=make.zones[0]))
    status = lambda: ec2.describe_instance_status(InstanceIds=[machine])["InstanceStatuses"]
    until(lambda: status() and status()[0]["InstanceStatus"]["Status"] == "ok")
    for what in (f"impaired:{machine}", f"zone-down:{make.zones[0]}"):
        condition(what)
        assert status()[0]["InstanceStatus"]["Status"] == "impaired"
        condition()
        assert status()[0]["InstanceStatus"]["Status"] == "ok"


@pytest.fixture
def throttled(cloud):
    """AWS's own token buckets, which refill with the server's time."""
    cloud.target.control("throttling", {"mode": "aws"}, "PUT")
    yield
    cloud.target.control("throttling", {"mode": "off"}, "PUT")


def calls_until_refused(call, code, most=1000):
    for count in range(most):
        try:
            call()
        except Exception as error:  # noqa: BLE001 - the code says whether it is the one
            assert error.response["Error"]["Code"] == code, error
            return count
    raise AssertionError(f"not refused in {most} calls")


def test_buckets_are_per_api(ec2, route53, make, throttled, step):
    make.template()
    versions = lambda: ec2.describe_launch_template_versions(LaunchTemplateName="nodes")
    # The reads of versions have a bucket of their own, smaller than that of all other reads.
    fewer = calls_until_refused(versions, "RequestLimitExceeded")
    more = calls_until_refused(lambda: ec2.describe_launch_templates(), "RequestLimitExceeded")
    assert fewer < more
    # Route 53: five requests a second and account.
    assert calls_until_refused(lambda: route53.list_hosted_zones(), "Throttling") == 5
    step(1)
    route53.list_hosted_zones()
    versions()


def test_buckets_are_per_account_and_region(cloud, ec2, throttled):
    calls_until_refused(lambda: ec2.describe_vpcs(), "RequestLimitExceeded")
    cloud.client("ec2", region=OTHER_REGION).describe_vpcs()
    cloud.client("ec2", who="other").describe_vpcs()


@pytest.fixture
def session(cloud, make, sts, step):
    """session(service): a client with temporary credentials of fifteen minutes."""
    role = make.role("admin", AssumeRolePolicyDocument=anyone(cloud.account))
    # IAM User Guide, "Policy evaluation logic": a role that nothing allows anything may do nothing.
    cloud.client("iam").attach_role_policy(RoleName="admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    step(60)
    keys = sts.assume_role(RoleArn=role, RoleSessionName="kprov", DurationSeconds=900)["Credentials"]

    def client(service):
        return boto3.client(
            service, region_name=REGION, endpoint_url=cloud.target.endpoint,
            aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )  # fmt: skip

    return client


@pytest.mark.parametrize(
    "service,call,code",
    [
        ("ec2", lambda c: c.describe_vpcs(), "RequestExpired"),
        ("iam", lambda c: c.list_roles(), "ExpiredToken"),
        ("sts", lambda c: c.get_caller_identity(), "ExpiredToken"),
        ("autoscaling", lambda c: c.describe_auto_scaling_groups(), "ExpiredToken"),
        ("s3", lambda c: c.list_buckets(), "ExpiredToken"),
        ("kms", lambda c: c.list_keys(), "ExpiredTokenException"),
        ("ssm", lambda c: c.describe_parameters(), "ExpiredTokenException"),
    ],
)
def test_expired_token(session, step, service, call, code):
    client = session(service)
    call(client)
    step(901)
    with refused(code):
        call(client)


def test_role_needs_time_to_be_known(cloud, make, sts, step):
    # IAM User Guide, "Changes that I make are not always immediately visible".
    role = make.role("admin", AssumeRolePolicyDocument=anyone(cloud.account))
    with refused("AccessDenied"):
        sts.assume_role(RoleArn=role, RoleSessionName="kprov")
    step(15)
    sts.assume_role(RoleArn=role, RoleSessionName="kprov")


def test_bucket_in_another_region(cloud, s3):
    name = f"b-{cloud.account}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    # boto3 follows the error to the right region, which the error names.
    cloud.client("s3", region=OTHER_REGION).list_objects_v2(Bucket=name)
    calls = [c for c in cloud.target.control("calls", method="GET") if c["account"] == cloud.account]
    calls = [(c["region"], c["result"]) for c in calls if c["action"] == "ListObjectsV2"]
    assert calls == [(OTHER_REGION, "AuthorizationHeaderMalformed"), (REGION, "ok")]


def test_ids_of_another_region(cloud, make, ec2):
    elsewhere = cloud.client("ec2", region=OTHER_REGION)
    vpc = make.vpc()
    subnet = make.subnet(vpc)
    with refused("InvalidSubnetID.NotFound"):
        elsewhere.describe_subnets(SubnetIds=[subnet])
    with refused("InvalidVpcID.NotFound"):
        elsewhere.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")


def test_spot_instance_is_interrupted(cloud, ec2, events, sqs, make, step, until):
    # EC2 User Guide, "Spot Instance interruption notices": a warning two minutes before the instance is ended.
    url, arn = queue_for_events(sqs, cloud.account)
    kinds = ["EC2 Spot Instance Interruption Warning", "EC2 Instance Rebalance Recommendation"]
    pattern = {"source": ["aws.ec2"], "detail-type": kinds}
    events.put_rule(Name="spot", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="spot", Targets=[{"Id": "queue", "Arn": arn}])
    machine = make.instance(make.subnet(make.vpc()), InstanceMarketOptions={"MarketType": "spot"})
    until(lambda: make.instance_state(machine) == "running")
    cloud.target.control("interrupt", {"instance": machine})
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    told = {e["detail-type"]: e["detail"] for e in (json.loads(m["Body"]) for m in got)}
    assert told[kinds[0]] == {"instance-id": machine, "instance-action": "terminate"}
    assert told[kinds[1]] == {"instance-id": machine}
    step(119)
    assert make.instance_state(machine) == "running"
    step(2)
    assert make.instance_state(machine) == "shutting-down"
