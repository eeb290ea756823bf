"""What all services have in common: request ids, pages, filters, DryRun, idempotency, isolation, unknown actions.

EC2 API Reference: "Common query parameters", "Ensuring idempotency", "Error codes", "Filter"; "Pagination" in each
Describe. IAM and STS API Reference: "Common Errors". KMS, SSM: NextToken and Marker of each List.
"""

import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from builders import filters, tag_specification
from cloud import OTHER_REGION, REGION, refused


def raw(cloud, service, body, **headers):
    """Status and text of a signed request that no client would send."""
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", **headers}
    request = AWSRequest("POST", cloud.target.endpoint + "/", data=body.encode(), headers=headers)
    SigV4Auth(Credentials(cloud.account, "secret"), service, REGION).add_auth(request)
    sent = urllib.request.Request(request.url, data=body.encode(), headers=dict(request.headers), method="POST")
    try:
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


# Requests.


def test_every_answer_has_its_own_request_id(ec2, iam, sqs, kms):
    calls = (ec2.describe_vpcs, iam.list_roles, sqs.list_queues, kms.list_keys, ec2.describe_vpcs)
    ids = [call()["ResponseMetadata"]["RequestId"] for call in calls]
    assert len(set(ids)) == len(ids)


def test_unknown_action(cloud):
    status, text = raw(cloud, "ec2", "Action=Nonsense&Version=2016-11-15")
    assert status == 400 and "<Code>InvalidAction</Code>" in text
    status, text = raw(cloud, "iam", "Action=Nonsense&Version=2010-05-08")
    assert status == 400 and "<Code>InvalidAction</Code>" in text
    assert "<Type>Sender</Type>" in text


def test_unknown_json_action(cloud):
    json = "application/x-amz-json-1.1"
    status, text = raw(cloud, "kms", "{}", **{"content-type": json, "x-amz-target": "TrentService.Nonsense"})
    assert status == 400 and "UnknownOperationException" in text


def test_missing_action(cloud):
    status, text = raw(cloud, "ec2", "Version=2016-11-15")
    assert status == 400 and ("<Code>MissingAction</Code>" in text or "<Code>InvalidAction</Code>" in text)


def test_malformed_json(cloud):
    json = "application/x-amz-json-1.1"
    status, text = raw(cloud, "kms", "{", **{"content-type": json, "x-amz-target": "TrentService.ListKeys"})
    assert status == 400 and "SerializationException" in text


def test_ec2_error_shape(cloud):
    status, text = raw(cloud, "ec2", "Action=DeleteVpc&Version=2016-11-15&VpcId=vpc-0123456789abcdef0")
    assert status == 400
    root = ElementTree.fromstring(text)
    assert [root.tag.split("}")[-1], *(child.tag.split("}")[-1] for child in root)] == ["Response", "Errors", "RequestID"]
    ((error,), request_id) = root
    assert [(part.tag.split("}")[-1]) for part in error] == ["Code", "Message"]
    assert error[0].text == "InvalidVpcID.NotFound" and request_id.text


def test_query_error_shape(cloud):
    status, text = raw(cloud, "iam", "Action=GetRole&Version=2010-05-08&RoleName=nobody")
    assert status == 404
    for part in ("<ErrorResponse", "<Type>Sender</Type>", "<Code>NoSuchEntity</Code>", "<RequestId>"):
        assert part in text


def test_missing_parameters(cloud):
    with refused("MissingParameter"):
        cloud.raw("ec2").delete_vpc()
    with refused("ValidationError"):
        cloud.raw("iam").get_role()
    with refused("ValidationError"):
        cloud.raw("autoscaling").delete_auto_scaling_group()
    with refused("ValidationException"):
        cloud.raw("kms").describe_key()


def test_unknown_parameter(cloud):
    # Error codes: UnknownParameter, "An unknown or unrecognized parameter was supplied".
    status, text = raw(cloud, "ec2", "Action=DescribeVpcs&Version=2016-11-15&Colour=red")
    assert status == 400 and "<Code>UnknownParameter</Code>" in text


# Isolation.


def test_accounts_do_not_see_each_other(cloud, ec2, make):
    vpc = make.vpc()
    other = cloud.client("ec2", who="other")
    with refused("InvalidVpcID.NotFound"):
        other.describe_vpcs(VpcIds=[vpc])
    with refused("InvalidVpcID.NotFound"):
        other.delete_vpc(VpcId=vpc)
    with refused("InvalidVpcID.NotFound"):
        other.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")


def test_regions_do_not_see_each_other(cloud, ec2, make):
    vpc = make.vpc()
    with refused("InvalidVpcID.NotFound"):
        cloud.client("ec2", region=OTHER_REGION).describe_vpcs(VpcIds=[vpc])
    cloud.client("kms").create_key()
    assert cloud.client("kms", region=OTHER_REGION).list_keys()["Keys"] == []


def test_iam_is_the_same_in_every_region(cloud, make):
    make.role()
    assert cloud.client("iam", region=OTHER_REGION).get_role(RoleName="node")["Role"]["RoleName"] == "node"
    with refused("NoSuchEntity"):
        cloud.client("iam", who="other").get_role(RoleName="node")


# Pages.


def test_ec2_pages(ec2, make):
    vpc = make.vpc()
    made = {make.main_route_table(vpc)} | {make.route_table(vpc) for _ in range(6)}
    by = filters(vpc_id=vpc)
    answer = ec2.describe_route_tables(Filters=by, MaxResults=5)
    assert len(answer["RouteTables"]) == 5
    rest = ec2.describe_route_tables(Filters=by, MaxResults=5, NextToken=answer["NextToken"])
    ids = [t["RouteTableId"] for t in answer["RouteTables"] + rest["RouteTables"]]
    assert (len(ids), set(ids)) == (7, made)
    assert not rest.get("NextToken")


def test_ec2_pages_with_filters(ec2, make):
    vpc = make.vpc()
    groups = {make.group(vpc, f"g{n}") for n in range(12)}
    pages = list(
        ec2.get_paginator("describe_security_groups").paginate(
            Filters=filters(vpc_id=vpc, group_name="g*"), PaginationConfig={"PageSize": 5}
        )
    )
    assert [len(p["SecurityGroups"]) for p in pages] == [5, 5, 2]
    assert {g["GroupId"] for p in pages for g in p["SecurityGroups"]} == groups


@pytest.mark.parametrize("most", [4, 1001])
def test_page_size_has_a_range(cloud, most):
    # DescribeVpcs, MaxResults: 5 to 1000.
    with refused("InvalidParameterValue"):
        cloud.raw("ec2").describe_vpcs(MaxResults=most)


def test_pages_and_ids_do_not_go_together(ec2, make):
    # DescribeInstances, MaxResults: "You cannot specify this parameter and the instance IDs parameter in the same request."
    instance = make.instance(make.subnet(make.vpc()))
    with refused("InvalidParameterCombination"):
        ec2.describe_instances(InstanceIds=[instance], MaxResults=5)


def test_made_up_token(ec2):
    with refused("InvalidParameterValue", "InvalidNextToken", "InvalidPaginationToken"):
        ec2.describe_vpcs(NextToken="made-up")


def test_iam_pages(iam, make):
    for n in range(5):
        make.role(f"r{n}")
    first = iam.list_roles(MaxItems=2)
    assert (len(first["Roles"]), first["IsTruncated"]) == (2, True)
    pages = list(iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2}))
    names = [r["RoleName"] for p in pages for r in p["Roles"]]
    assert sorted(n for n in names if n.startswith("r")) == ["r0", "r1", "r2", "r3", "r4"]
    assert "Marker" not in pages[-1]
    with refused("ValidationError"):
        iam.list_roles(Marker="made-up")


def test_autoscaling_pages(autoscaling, make):
    subnet, template = make.subnet(make.vpc()), make.template()
    for n in range(3):
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=f"g{n}", MinSize=0, MaxSize=0, VPCZoneIdentifier=subnet,
            LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
        )  # fmt: skip
    pages = list(
        autoscaling.get_paginator("describe_auto_scaling_groups").paginate(PaginationConfig={"PageSize": 2})
    )
    assert [len(p["AutoScalingGroups"]) for p in pages] == [2, 1]
    with refused("InvalidNextToken"):
        autoscaling.describe_auto_scaling_groups(NextToken="made-up")


def test_elb_pages(elbv2, make):
    vpc = make.vpc()
    for n in range(3):
        make.target_group(vpc, f"t{n}")
    pages = list(elbv2.get_paginator("describe_target_groups").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(p["TargetGroups"]) for p in pages] == [2, 1]


def test_json_pages(kms, sqs, ecr):
    for n in range(3):
        kms.create_key()
        sqs.create_queue(QueueName=f"q{n}")
        ecr.create_repository(repositoryName=f"r{n}x")
    assert [len(p["Keys"]) for p in kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2})] == [2, 1]
    queues = sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 2})
    assert [len(p["QueueUrls"]) for p in queues] == [2, 1]
    pages = ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 2})
    assert [len(p["repositories"]) for p in pages] == [2, 1]
    with refused("InvalidMarkerException"):
        kms.list_keys(Marker="made-up")


# Filters.


@pytest.mark.parametrize(
    "describe",
    [
        "describe_vpcs", "describe_subnets", "describe_security_groups", "describe_route_tables", "describe_instances",
        "describe_volumes", "describe_internet_gateways", "describe_addresses", "describe_network_interfaces",
        "describe_key_pairs", "describe_launch_templates", "describe_vpc_endpoints", "describe_images", "describe_tags",
        "describe_availability_zones", "describe_security_group_rules", "describe_vpc_peering_connections",
    ],
)  # fmt: skip
def test_unknown_filter(ec2, describe):
    with refused("InvalidParameterValue", says="no-such-filter"):
        getattr(ec2, describe)(Filters=[{"Name": "no-such-filter", "Values": ["x"]}])


def test_filter_values(ec2, make, step):
    one = make.vpc(TagSpecifications=tag_specification("vpc", Name="node-1"))
    make.vpc("10.1.0.0/16", TagSpecifications=tag_specification("vpc", Name="other"))
    step(10)

    def found(value):
        return [v["VpcId"] for v in ec2.describe_vpcs(Filters=filters(tag_Name=value))["Vpcs"]]

    # User Guide, "Filtering": * and ? are wildcards, a backslash escapes, values respect case.
    assert found("node-*") == found("node-?") == [one]
    assert found("Node-1") == found("node-\\*") == found("ode-1") == []


def test_filter_values_have_a_limit(ec2):
    # User Guide, "Filtering": at most 200 values.
    with refused("FilterLimitExceeded"):
        ec2.describe_vpcs(Filters=filters(vpc_id=[f"vpc-{n:017x}" for n in range(201)]))


# DryRun.


def test_dry_run_does_nothing(ec2, make):
    vpc = make.vpc()
    with refused("DryRunOperation", status=412):
        ec2.delete_vpc(VpcId=vpc, DryRun=True)
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    with refused("DryRunOperation"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", DryRun=True)
    assert ec2.describe_subnets(Filters=filters(vpc_id=vpc))["Subnets"] == []
    with refused("DryRunOperation"):
        ec2.describe_vpcs(DryRun=True)


# Idempotency.


def _instance(ec2, make, subnet, token, **more):
    asked = {"ImageId": make.image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "SubnetId": subnet}
    return ec2.run_instances(**{**asked, **more}, ClientToken=token)["Instances"][0]["InstanceId"]


def test_token_of_instances(ec2, make, step):
    subnet = make.subnet(make.vpc())
    one = _instance(ec2, make, subnet, "one")
    assert _instance(ec2, make, subnet, "one") == one
    step(60)
    assert _instance(ec2, make, subnet, "one") == one
    with refused("IdempotentParameterMismatch"):
        _instance(ec2, make, subnet, "one", InstanceType="t3.small")
    assert _instance(ec2, make, subnet, "two") != one
    seen = ec2.describe_instances(Filters=filters(client_token="one"))["Reservations"]
    assert [i["InstanceId"] for r in seen for i in r["Instances"]] == [one]


def test_token_of_volumes(ec2, make):
    create = lambda size: ec2.create_volume(AvailabilityZone=make.zones[0], Size=size, ClientToken="one")["VolumeId"]
    one = create(10)
    assert create(10) == one
    with refused("IdempotentParameterMismatch"):
        create(11)


def test_token_of_nat_gateways(make):
    _, subnet, _ = make.public_network()
    address = make.address()
    one = make.nat(subnet, address, ClientToken="one")
    assert make.nat(subnet, address, ClientToken="one") == one
    with refused("IdempotentParameterMismatch"):
        make.nat(subnet, make.address(), ClientToken="one")


def test_token_of_endpoints(ec2, make):
    vpc = make.vpc()

    def create(service):
        name = f"com.amazonaws.us-west-2.{service}"
        answer = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=name, ClientToken="one")
        return answer["VpcEndpoint"]["VpcEndpointId"]

    one = create("s3")
    assert create("s3") == one
    with refused("IdempotentParameterMismatch"):
        create("dynamodb")


def test_token_of_launch_templates(make):
    one = make.template(ClientToken="one")
    assert make.template(ClientToken="one") == one
    with refused("IdempotentParameterMismatch"):
        make.template("others", ClientToken="one")


def test_token_of_route_tables(make):
    vpc = make.vpc()
    assert make.route_table(vpc, ClientToken="one") == make.route_table(vpc, ClientToken="one")


def test_tokens_belong_to_their_account_and_region(ec2, cloud, make):
    create = lambda client, zone: client.create_volume(AvailabilityZone=zone, Size=10, ClientToken="one")["VolumeId"]
    made = {
        create(ec2, make.zones[0]),
        create(cloud.client("ec2", who="other"), make.zones[0]),
        create(cloud.client("ec2", region=OTHER_REGION), OTHER_REGION + "a"),
    }
    assert len(made) == 3
