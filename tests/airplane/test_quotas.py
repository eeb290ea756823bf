"""Quotas: what is one too many is refused with the documented code.

The limits are lowered through airplane's control API. Codes: EC2 API Reference "Error codes for the Amazon EC2 API"; the
errors of CreateAutoScalingGroup, CreateLoadBalancer, CreateTargetGroup, CreateRole, CreateHostedZone, CreateBucket,
CreateKey, CreateAlias, PutParameter, PutRule, CreateRepository.
"""

import json

import pytest

from builders import TRUST
from cloud import refused

pytestmark = pytest.mark.airplane_only
IMAGE = "ami-0123456789abcdef0"


@pytest.fixture
def limit(cloud):
    """limit(quota, most): until the test is over."""

    def lower(quota, most):
        cloud.target.control("quotas", {quota: most}, "PUT")

    yield lower
    cloud.target.control("quotas", {}, "PUT")


def table_with_routes(make):
    table = make.route_table(make.vpc())
    gateway = make.ec2.create_egress_only_internet_gateway(VpcId=make.ec2.describe_route_tables(
        RouteTableIds=[table])["RouteTables"][0]["VpcId"])["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
    return lambda n: make.ec2.create_route(
        RouteTableId=table, DestinationIpv6CidrBlock=f"2001:db8:{n}::/48", EgressOnlyInternetGatewayId=gateway
    )


def acl_with_entries(make):
    acl = make.ec2.create_network_acl(VpcId=make.vpc())["NetworkAcl"]["NetworkAclId"]
    return lambda n: make.ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=n + 1, Protocol="-1", RuleAction="allow", Egress=False, CidrBlock="10.0.0.0/8"
    )


def in_vpc(build):
    def prepare(make):
        vpc = make.vpc()
        return lambda n: build(make, vpc, n)

    return prepare


def anywhere(build):
    return lambda make: lambda n: build(make, n)


def listeners(make):
    vpc = make.vpc()
    balancer, group = make.balancer([make.subnet(vpc)]), make.target_group(vpc)
    return lambda n: make.cloud.client("elbv2").create_listener(
        LoadBalancerArn=balancer, Protocol="TCP", Port=n + 1,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )  # fmt: skip


def targets(make):
    vpc = make.vpc()
    make.subnet(vpc)
    group = make.target_group(vpc, TargetType="ip")
    return lambda n: make.cloud.client("elbv2").register_targets(
        TargetGroupArn=group, Targets=[{"Id": f"10.0.0.{10 + n}"}]
    )


def balancers(make):
    subnet = make.subnet(make.vpc())
    return lambda n: make.balancer([subnet], f"api-{n}")


def hooks(make):
    make.scaling_group("nodes", 0)
    return lambda n: make.cloud.client("autoscaling").put_lifecycle_hook(
        AutoScalingGroupName="nodes", LifecycleHookName=f"h{n}",
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
    )  # fmt: skip


def groups(make):
    subnet, template = make.subnet(make.vpc()), make.template()
    return lambda n: make.cloud.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=f"g{n}", MinSize=0, MaxSize=1, VPCZoneIdentifier=subnet,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
    )  # fmt: skip


def attachments(make):
    role = make.role()
    arns = [make.policy(f"p{n}") for n in range(3)]
    iam = make.cloud.client("iam")
    assert role
    return lambda n: iam.attach_role_policy(RoleName="node", PolicyArn=arns[n])


def aliases(make):
    kms = make.cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    return lambda n: kms.create_alias(AliasName=f"alias/a{n}", TargetKeyId=key)


def records(make):
    route53 = make.cloud.client("route53")
    zone = route53.create_hosted_zone(Name="kprov.test", CallerReference=make.cloud.account)["HostedZone"]["Id"]

    def add(n):
        record = {"Name": f"r{n}.kprov.test", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

    return add


def pattern(name):
    return {"Name": name, "EventPattern": json.dumps({"source": ["aws.ec2"]})}


CASES = [
    # Quota, how many there may be, what makes one more, the code, and how many there are before.
    ("vpcs-per-region", 2, anywhere(lambda make, n: make.vpc(f"10.{n}.0.0/16")), "VpcLimitExceeded", 0),
    ("subnets-per-vpc", 2, in_vpc(lambda make, vpc, n: make.subnet(vpc, f"10.0.{n}.0/24")), "SubnetLimitExceeded", 0),
    ("internet-gateways-per-region", 2, anywhere(lambda make, n: make.internet_gateway()), "InternetGatewayLimitExceeded", 0),
    ("elastic-ips-per-region", 2, anywhere(lambda make, n: make.address()), "AddressLimitExceeded", 0),
    ("route-tables-per-vpc", 3, in_vpc(lambda make, vpc, n: make.route_table(vpc)), "RouteTableLimitExceeded", 1),
    ("routes-per-table", 2, table_with_routes, "RouteLimitExceeded", 0),
    ("network-acls-per-vpc", 3, in_vpc(lambda make, vpc, n: make.ec2.create_network_acl(VpcId=vpc)), "NetworkAclLimitExceeded", 1),
    ("rules-per-network-acl", 2, acl_with_entries, "NetworkAclEntryLimitExceeded", 0),
    ("key-pairs-per-region", 2, anywhere(lambda make, n: make.ec2.create_key_pair(KeyName=f"k{n}")), "KeyPairLimitExceeded", 0),
    ("autoscaling-groups-per-region", 2, groups, "LimitExceeded", 0),
    ("lifecycle-hooks-per-group", 2, hooks, "LimitExceeded", 0),
    ("load-balancers-network-per-region", 2, balancers, "TooManyLoadBalancers", 0),
    ("target-groups-per-region", 2, in_vpc(lambda make, vpc, n: make.target_group(vpc, f"t{n}")), "TooManyTargetGroups", 0),
    ("listeners-per-load-balancer", 2, listeners, "TooManyListeners", 0),
    ("targets-per-target-group", 2, targets, "TooManyTargets", 0),
    ("iam-roles", 2, anywhere(lambda make, n: make.role(f"r{n}", AssumeRolePolicyDocument=TRUST)), "LimitExceeded", 0),
    ("iam-policies", 2, anywhere(lambda make, n: make.policy(f"p{n}")), "LimitExceeded", 0),
    ("iam-instance-profiles", 2, anywhere(lambda make, n: make.cloud.client("iam").create_instance_profile(InstanceProfileName=f"p{n}")), "LimitExceeded", 0),
    ("iam-managed-policies-per-role", 2, attachments, "LimitExceeded", 0),
    ("hosted-zones", 2, anywhere(lambda make, n: make.cloud.client("route53").create_hosted_zone(Name=f"z{n}.test", CallerReference=f"{make.cloud.account}{n}")), "TooManyHostedZones", 0),
    ("records-per-zone", 4, records, "InvalidChangeBatch", 2),
    ("kms-keys", 2, anywhere(lambda make, n: make.cloud.client("kms").create_key()), "LimitExceededException", 0),
    ("kms-aliases-per-key", 2, aliases, "LimitExceededException", 0),
    ("ssm-parameters", 2, anywhere(lambda make, n: make.cloud.client("ssm").put_parameter(Name=f"p{n}", Value="1", Type="String")), "ParameterLimitExceeded", 0),
    ("event-rules", 2, anywhere(lambda make, n: make.cloud.client("events").put_rule(**pattern(f"r{n}"))), "LimitExceededException", 0),
    ("ecr-repositories", 2, anywhere(lambda make, n: make.cloud.client("ecr").create_repository(repositoryName=f"r{n}")), "LimitExceededException", 0),
]  # fmt: skip


@pytest.mark.parametrize("quota,most,prepare,code,before", CASES, ids=[case[0] for case in CASES])
def test_one_too_many(make, limit, quota, most, prepare, code, before):
    if quota == "vpcs-per-region":
        # The default VPC counts, and stands where somebody looked for it.
        before = len(make.ec2.describe_vpcs()["Vpcs"])
        most += before
    more = prepare(make)
    limit(quota, most)
    for n in range(most - before):
        more(n)
    with refused(code):
        more(most - before)
    limit(quota, most + 1)
    more(most - before)


def test_buckets(make, limit, s3):
    limit("buckets", 1)
    where = {"CreateBucketConfiguration": {"LocationConstraint": "us-west-2"}}
    s3.create_bucket(Bucket=f"a-{make.cloud.account}", **where)
    with refused("TooManyBuckets"):
        s3.create_bucket(Bucket=f"b-{make.cloud.account}", **where)


def test_groups_of_an_interface(make, limit):
    vpc = make.vpc()
    subnet, two = make.subnet(vpc), [make.group(vpc, f"g{n}") for n in range(2)]
    limit("security-groups-per-interface", 1)
    with refused("SecurityGroupsPerInterfaceLimitExceeded"):
        make.interface(subnet, Groups=two)


def test_nat_gateways_of_a_zone(make, limit):
    _, subnet, _ = make.public_network()
    limit("nat-gateways-per-zone", 1)
    make.nat(subnet, make.address())
    with refused("NatGatewayLimitExceeded"):
        make.nat(subnet, make.address())


def test_processors(make, limit):
    subnet = make.subnet(make.vpc())
    limit("running-vcpus-standard", 3)
    # t3.micro has two.
    make.instance(subnet)
    with refused("VcpuLimitExceeded"):
        make.instance(subnet)


def test_storage(make, limit, ec2):
    limit("volumes-gib", 15)
    ec2.create_volume(AvailabilityZone=make.zones[0], Size=10)
    with refused("VolumeLimitExceeded"):
        ec2.create_volume(AvailabilityZone=make.zones[0], Size=10)
