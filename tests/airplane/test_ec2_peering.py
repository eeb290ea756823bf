"""VPC peering.

EC2 API Reference: CreateVpcPeeringConnection, AcceptVpcPeeringConnection, ModifyVpcPeeringConnectionOptions.
VPC Peering Guide: "VPC peering connection lifecycle", "VPC peering limitations".
"""

import pytest

from cloud import OTHER_REGION, refused


def described(ec2, peering):
    return ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])["VpcPeeringConnections"][0]


def status(ec2, peering):
    return described(ec2, peering)["Status"]["Code"]


@pytest.fixture
def pair(make, step):
    vpcs = make.vpc("10.0.0.0/16"), make.vpc("10.1.0.0/16")
    step(10)
    return vpcs


def request(ec2, pair, **more):
    return ec2.create_vpc_peering_connection(VpcId=pair[0], PeerVpcId=pair[1], **more)["VpcPeeringConnection"]


def test_waits_for_acceptance(ec2, pair, cloud, until):
    made = request(ec2, pair)
    peering = made["VpcPeeringConnectionId"]
    assert peering.startswith("pcx-")
    assert made["Status"]["Code"] == "initiating-request"
    assert made["RequesterVpcInfo"]["VpcId"] == pair[0]
    assert made["RequesterVpcInfo"]["CidrBlock"] == "10.0.0.0/16"
    assert made["AccepterVpcInfo"]["OwnerId"] == cloud.account
    until(lambda: status(ec2, peering) == "pending-acceptance", 60)
    answer = ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)["VpcPeeringConnection"]
    assert answer["Status"]["Code"] in ("provisioning", "active")
    until(lambda: status(ec2, peering) == "active", 120)
    assert described(ec2, peering)["AccepterVpcInfo"]["CidrBlock"] == "10.1.0.0/16"


def test_overlapping_ranges_fail(ec2, make, step, until):
    # VPC Peering Guide: "You cannot create a VPC peering connection between VPCs that have matching or overlapping CIDR".
    pair = make.vpc("10.0.0.0/16"), make.vpc("10.0.0.0/17")
    step(10)
    peering = request(ec2, pair)["VpcPeeringConnectionId"]
    until(lambda: status(ec2, peering) == "failed", 60)


def test_options_need_an_active_connection(ec2, pair, until, step):
    # ModifyVpcPeeringConnectionOptions: "the peering connection must be in the active state".
    peering = request(ec2, pair)["VpcPeeringConnectionId"]
    step(30)
    options = {"AllowDnsResolutionFromRemoteVpc": True}
    with refused("OperationNotPermitted", "InvalidStateTransition"):
        ec2.modify_vpc_peering_connection_options(
            VpcPeeringConnectionId=peering, RequesterPeeringConnectionOptions=options
        )
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    until(lambda: status(ec2, peering) == "active", 120)
    for vpc in pair:
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    step(10)
    answer = ec2.modify_vpc_peering_connection_options(
        VpcPeeringConnectionId=peering,
        RequesterPeeringConnectionOptions=options,
        AccepterPeeringConnectionOptions=options,
    )
    assert answer["AccepterPeeringConnectionOptions"]["AllowDnsResolutionFromRemoteVpc"] is True
    step(10)
    seen = described(ec2, peering)
    assert seen["RequesterVpcInfo"]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] is True


def test_routes_go_through_it(ec2, make, pair, until, step):
    peering = request(ec2, pair)["VpcPeeringConnectionId"]
    step(30)
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    until(lambda: status(ec2, peering) == "active", 120)
    table = make.route_table(pair[0])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.1.0.0/16", VpcPeeringConnectionId=peering)
    step(10)
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    step(60)
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert {r["DestinationCidrBlock"]: r["State"] for r in routes}["10.1.0.0/16"] == "blackhole"


def test_deleted_is_seen_and_final(ec2, pair, until, step):
    peering = request(ec2, pair)["VpcPeeringConnectionId"]
    step(30)
    assert ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)["Return"] is True
    until(lambda: status(ec2, peering) == "deleted", 60)
    with refused("InvalidStateTransition"):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)


def test_reject(ec2, pair, step):
    peering = request(ec2, pair)["VpcPeeringConnectionId"]
    step(30)
    ec2.reject_vpc_peering_connection(VpcPeeringConnectionId=peering)
    assert status(ec2, peering) == "rejected"
    with refused("InvalidStateTransition"):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)


def test_not_accepted_expires(ec2, pair, step):
    # VPC Peering Guide: "pending-acceptance ... expires after 7 days".
    peering = request(ec2, pair)["VpcPeeringConnectionId"]
    step(7 * 24 * 3600 + 60)
    assert status(ec2, peering) == "expired"


def test_unknown_peering(ec2):
    with refused("InvalidVpcPeeringConnectionID.NotFound", "InvalidVpcPeeringConnectionId.NotFound"):
        described(ec2, "pcx-0123456789abcdef0")


def test_other_account_accepts(ec2, cloud, make, step, until):
    other = cloud.client("ec2", who="other")
    mine = make.vpc()
    theirs = other.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    step(10)
    peering = request(ec2, (mine, theirs), PeerOwnerId=cloud.other_account)["VpcPeeringConnectionId"]
    step(30)
    with refused("OperationNotPermitted"):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    other.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    until(lambda: status(ec2, peering) == "active", 120)
    assert status(other, peering) == "active"


def test_other_region_accepts(ec2, cloud, make, step, until):
    other = cloud.client("ec2", region=OTHER_REGION)
    mine = make.vpc()
    theirs = other.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    step(10)
    peering = request(ec2, (mine, theirs), PeerRegion=OTHER_REGION)["VpcPeeringConnectionId"]
    step(30)
    other.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    until(lambda: status(ec2, peering) == "active", 120)
    assert described(ec2, peering)["AccepterVpcInfo"]["Region"] == OTHER_REGION
