"""VPC endpoints.

EC2 API Reference: CreateVpcEndpoint, ModifyVpcEndpoint, DeleteVpcEndpoints, DescribeVpcEndpoints.
AWS PrivateLink Guide: "Gateway endpoints", "Interface VPC endpoints".
"""

import json

import pytest

from builders import filters
from cloud import refused

S3 = "com.amazonaws.us-west-2.s3"
ECR = "com.amazonaws.us-west-2.ecr.api"


def described(ec2, endpoint):
    return ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]


def gateway(ec2, vpc, **more):
    return ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=S3, **more)["VpcEndpoint"]


def test_gateway_is_available_at_once(ec2, make, cloud):
    vpc = make.vpc()
    made = gateway(ec2, vpc)
    assert made["VpcEndpointId"].startswith("vpce-")
    # CreateVpcEndpoint, VpcEndpointType: "Default: Gateway".
    assert (made["VpcEndpointType"], made["State"]) == ("Gateway", "available")
    assert (made["VpcId"], made["ServiceName"], made["OwnerId"]) == (vpc, S3, cloud.account)
    # PolicyDocument: "If this parameter is not specified, we attach a default policy that allows full access".
    assert json.loads(made["PolicyDocument"])["Statement"][0]["Effect"] == "Allow"


def test_gateway_adds_a_route_to_its_tables(ec2, make, step):
    vpc = make.vpc()
    table = make.route_table(vpc)
    made = gateway(ec2, vpc, RouteTableIds=[table])
    assert made["RouteTableIds"] == [table]
    step(10)
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    (route,) = [r for r in routes if r.get("DestinationPrefixListId")]
    assert route["GatewayId"] == made["VpcEndpointId"]
    assert route["DestinationPrefixListId"].startswith("pl-")
    lists = ec2.describe_prefix_lists(Filters=filters(prefix_list_name=S3))["PrefixLists"]
    assert [p["PrefixListId"] for p in lists] == [route["DestinationPrefixListId"]]


def test_tables_can_change(ec2, make, step):
    vpc = make.vpc()
    one, two = make.route_table(vpc), make.route_table(vpc)
    endpoint = gateway(ec2, vpc, RouteTableIds=[one])["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[two], RemoveRouteTableIds=[one])
    step(10)
    assert described(ec2, endpoint)["RouteTableIds"] == [two]
    routes = ec2.describe_route_tables(RouteTableIds=[one])["RouteTables"][0]["Routes"]
    assert not [r for r in routes if r.get("DestinationPrefixListId")]


def test_delete_takes_the_routes(ec2, make, step):
    vpc = make.vpc()
    table = make.route_table(vpc)
    endpoint = gateway(ec2, vpc, RouteTableIds=[table])["VpcEndpointId"]
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint]).get("Unsuccessful", []) == []
    step(300)
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert len(routes) == 1
    with refused("InvalidVpcEndpointId.NotFound"):
        described(ec2, endpoint)


def test_gateway_route_cannot_be_deleted_by_hand(ec2, make, step):
    # PrivateLink Guide, "Gateway endpoints": you cannot explicitly add, modify or delete an endpoint route.
    vpc = make.vpc()
    table = make.route_table(vpc)
    gateway(ec2, vpc, RouteTableIds=[table])
    step(10)
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    (prefix,) = [r["DestinationPrefixListId"] for r in routes if r.get("DestinationPrefixListId")]
    with refused("InvalidParameterValue"):
        ec2.delete_route(RouteTableId=table, DestinationPrefixListId=prefix)


def test_unknown_service(ec2, make):
    with refused("InvalidServiceName"):
        ec2.create_vpc_endpoint(VpcId=make.vpc(), ServiceName="com.amazonaws.us-west-2.nothing")


def test_delete_of_an_unknown_one_is_told_in_the_answer(ec2):
    # DeleteVpcEndpoints answers with Unsuccessful items.
    (item,) = ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-0123456789abcdef0"])["Unsuccessful"]
    assert item["ResourceId"] == "vpce-0123456789abcdef0"
    assert item["Error"]["Code"] in ("InvalidVpcEndpoint.NotFound", "InvalidVpcEndpointId.NotFound")


def test_interface_is_pending_and_then_available(ec2, make, step, until):
    vpc = make.vpc()
    subnet, group = make.subnet(vpc), make.group(vpc)
    made = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=ECR, VpcEndpointType="Interface", SubnetIds=[subnet], SecurityGroupIds=[group],
        PrivateDnsEnabled=False,
    )["VpcEndpoint"]  # fmt: skip
    assert made["State"].lower() == "pending"
    endpoint = made["VpcEndpointId"]
    until(lambda: described(ec2, endpoint)["State"].lower() == "available")
    seen = described(ec2, endpoint)
    assert seen["SubnetIds"] == [subnet]
    assert [g["GroupId"] for g in seen["Groups"]] == [group]
    (interface,) = seen["NetworkInterfaceIds"]
    assert interface.startswith("eni-")
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnet)
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    step(600)
    ec2.delete_subnet(SubnetId=subnet)


def test_private_dns_needs_the_vpc_to_have_dns(ec2, make):
    # CreateVpcEndpoint, PrivateDnsEnabled: enableDnsHostnames and enableDnsSupport must be true.
    vpc = make.vpc()
    with refused("InvalidParameter"):
        ec2.create_vpc_endpoint(
            VpcId=vpc, ServiceName=ECR, VpcEndpointType="Interface", SubnetIds=[make.subnet(vpc)], PrivateDnsEnabled=True
        )


@pytest.mark.parametrize("by", ["vpc-id", "service-name", "vpc-endpoint-type"])
def test_filters(ec2, make, step, by):
    vpc = make.vpc()
    endpoint = gateway(ec2, vpc)["VpcEndpointId"]
    step(10)
    value = {"vpc-id": vpc, "service-name": S3, "vpc-endpoint-type": "Gateway"}[by]

    def found(value):
        answer = ec2.describe_vpc_endpoints(Filters=[{"Name": by, "Values": [value]}])
        return [e["VpcEndpointId"] for e in answer["VpcEndpoints"]]

    assert found(value) == [endpoint]
    assert found("Interface") == []
