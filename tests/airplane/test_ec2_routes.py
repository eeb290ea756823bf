"""Route tables, routes and network ACLs.

EC2 API Reference: CreateRouteTable, CreateRoute, ReplaceRoute, DeleteRoute, AssociateRouteTable,
ReplaceRouteTableAssociation, CreateNetworkAclEntry, "Error codes". VPC User Guide: "Configure route tables".
"""

import pytest

from builders import filters
from cloud import refused

UNKNOWN = "rtb-0123456789abcdef0"


def described(ec2, table):
    return ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]


def routes(ec2, table):
    return {r.get("DestinationCidrBlock") or r.get("DestinationIpv6CidrBlock"): r for r in described(ec2, table)["Routes"]}


def test_new_table_has_the_local_route(ec2, make, cloud):
    vpc = make.vpc()
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]
    assert table["RouteTableId"].startswith("rtb-")
    assert (table["VpcId"], table["OwnerId"]) == (vpc, cloud.account)
    assert table.get("Associations", []) == []
    (route,) = table["Routes"]
    assert route == {
        "DestinationCidrBlock": "10.0.0.0/16",
        "GatewayId": "local",
        "Origin": "CreateRouteTable",
        "State": "active",
    }


def test_secondary_cidr_gets_a_local_route(ec2, make, step):
    vpc = make.vpc()
    table = make.route_table(vpc)
    ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")
    step(60)
    assert routes(ec2, table)["10.1.0.0/16"]["GatewayId"] == "local"


def test_route_to_a_gateway(ec2, make, step):
    vpc = make.vpc()
    gateway, table = make.internet_gateway(vpc), make.route_table(vpc)
    step(10)
    assert ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)["Return"] is True
    step(10)
    route = routes(ec2, table)["0.0.0.0/0"]
    assert (route["GatewayId"], route["Origin"], route["State"]) == (gateway, "CreateRoute", "active")


def test_destination_is_made_canonical(ec2, make):
    # CreateRoute: "if you specify 100.68.0.18/18, we modify it to 100.68.0.0/18".
    vpc = make.vpc()
    gateway, table = make.internet_gateway(vpc), make.route_table(vpc)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="100.68.0.18/18", GatewayId=gateway)
    assert "100.68.0.0/18" in routes(ec2, table)


def test_same_destination_twice(ec2, make):
    vpc = make.vpc()
    gateway, table = make.internet_gateway(vpc), make.route_table(vpc)
    interface = make.interface(make.subnet(vpc))
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    with refused("RouteAlreadyExists"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=interface)


def test_local_route_cannot_be_created_or_deleted(ec2, make):
    vpc = make.vpc()
    gateway, table = make.internet_gateway(vpc), make.route_table(vpc)
    with refused("RouteAlreadyExists", "InvalidParameterValue"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.0.0.0/16", GatewayId=gateway)
    with refused("InvalidParameterValue"):
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="10.0.0.0/16")


def test_route_with_unknown_parts(ec2, make):
    vpc = make.vpc()
    table = make.route_table(vpc)
    with refused("InvalidRouteTableID.NotFound"):
        ec2.create_route(RouteTableId=UNKNOWN, DestinationCidrBlock="0.0.0.0/0", GatewayId=make.internet_gateway())
    with refused("InvalidInternetGatewayID.NotFound", "InvalidGatewayID.NotFound"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId="igw-0123456789abcdef0")
    with refused("InvalidNatGatewayID.NotFound", "NatGatewayNotFound"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId="nat-0123456789abcdef0")


def test_route_needs_one_target(ec2, make):
    table = make.route_table(make.vpc())
    with refused("MissingParameter", "InvalidParameterCombination"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")


def test_gateway_of_another_vpc(ec2, make):
    gateway = make.internet_gateway(make.vpc("10.1.0.0/16"))
    table = make.route_table(make.vpc())
    with refused("InvalidParameterValue"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


def test_bad_destination(ec2, make):
    vpc = make.vpc()
    gateway, table = make.internet_gateway(vpc), make.route_table(vpc)
    with refused("InvalidParameterValue"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="1.2.3.4/99", GatewayId=gateway)


def test_replace_and_delete_route(ec2, make, step):
    vpc = make.vpc()
    gateway, table = make.internet_gateway(vpc), make.route_table(vpc)
    interface = make.interface(make.subnet(vpc))
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.9.0.0/16", GatewayId=gateway)
    ec2.replace_route(RouteTableId=table, DestinationCidrBlock="10.9.0.0/16", NetworkInterfaceId=interface)
    step(10)
    route = routes(ec2, table)["10.9.0.0/16"]
    assert route["NetworkInterfaceId"] == interface
    assert "GatewayId" not in route
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="10.9.0.0/16")
    step(10)
    assert list(routes(ec2, table)) == ["10.0.0.0/16"]


def test_route_that_is_not_there(ec2, make):
    vpc = make.vpc()
    gateway, table = make.internet_gateway(vpc), make.route_table(vpc)
    with refused("InvalidRoute.NotFound"):
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="10.9.0.0/16")
    with refused("InvalidRoute.NotFound", "InvalidParameterValue"):
        ec2.replace_route(RouteTableId=table, DestinationCidrBlock="10.9.0.0/16", GatewayId=gateway)


def test_route_becomes_a_blackhole(ec2, make, step, until):
    # Route, State: "blackhole indicates that the route's target isn't available (for example ... the NAT is deleted)".
    vpc, subnet, _ = make.public_network()
    nat = make.nat(subnet, make.address())
    until(lambda: ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"] == "available")
    table = make.route_table(vpc)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    step(10)
    assert routes(ec2, table)["0.0.0.0/0"]["State"] == "active"
    ec2.delete_nat_gateway(NatGatewayId=nat)
    until(lambda: routes(ec2, table)["0.0.0.0/0"]["State"] == "blackhole")


def test_ipv6_route(ec2, make, step):
    vpc = make.vpc(AmazonProvidedIpv6CidrBlock=True)
    step(60)
    table = make.route_table(vpc)
    gateway = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]
    gateway = gateway["EgressOnlyInternetGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=gateway)
    step(10)
    assert routes(ec2, table)["::/0"]["EgressOnlyInternetGatewayId"] == gateway


def test_associate_with_a_subnet(ec2, make, step):
    vpc = make.vpc()
    subnet, table = make.subnet(vpc), make.route_table(vpc)
    made = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    assert made["AssociationId"].startswith("rtbassoc-")
    assert made["AssociationState"]["State"] in ("associating", "associated")
    step(10)
    (association,) = described(ec2, table)["Associations"]
    assert association == {
        "Main": False,
        "RouteTableAssociationId": made["AssociationId"],
        "RouteTableId": table,
        "SubnetId": subnet,
        "AssociationState": {"State": "associated"},
    }
    by = filters(association__subnet_id=subnet)
    assert [t["RouteTableId"] for t in ec2.describe_route_tables(Filters=by)["RouteTables"]] == [table]


def test_subnet_has_one_explicit_table(ec2, make):
    # AssociateRouteTable: Resource.AlreadyAssociated, a subnet can be associated with one table only.
    vpc = make.vpc()
    subnet = make.subnet(vpc)
    ec2.associate_route_table(RouteTableId=make.route_table(vpc), SubnetId=subnet)
    with refused("Resource.AlreadyAssociated"):
        ec2.associate_route_table(RouteTableId=make.route_table(vpc), SubnetId=subnet)


def test_association_stays_in_one_vpc(ec2, make):
    subnet = make.subnet(make.vpc("10.1.0.0/16"), "10.1.0.0/24")
    with refused("InvalidParameterValue"):
        ec2.associate_route_table(RouteTableId=make.route_table(make.vpc()), SubnetId=subnet)


def test_associated_table_is_held(ec2, make, step):
    # DeleteRouteTable: "You must disassociate the route table from any subnets before you can delete it."
    vpc = make.vpc()
    table = make.route_table(vpc)
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=make.subnet(vpc))["AssociationId"]
    with refused("DependencyViolation"):
        ec2.delete_route_table(RouteTableId=table)
    ec2.disassociate_route_table(AssociationId=association)
    step(10)
    ec2.delete_route_table(RouteTableId=table)
    step(10)
    with refused("InvalidRouteTableID.NotFound"):
        described(ec2, table)


def test_main_table_is_held(ec2, make):
    # DeleteRouteTable: "You can't delete the main route table."
    vpc = make.vpc()
    with refused("DependencyViolation"):
        ec2.delete_route_table(RouteTableId=make.main_route_table(vpc))


def test_main_association_can_move_but_not_go(ec2, make, step):
    vpc = make.vpc()
    old = make.main_route_table(vpc)
    association = described(ec2, old)["Associations"][0]["RouteTableAssociationId"]
    with refused("InvalidParameterValue"):
        ec2.disassociate_route_table(AssociationId=association)
    table = make.route_table(vpc)
    moved = ec2.replace_route_table_association(AssociationId=association, RouteTableId=table)["NewAssociationId"]
    assert moved != association
    step(10)
    assert make.main_route_table(vpc) == table
    ec2.delete_route_table(RouteTableId=old)


def test_replace_association(ec2, make, step):
    vpc = make.vpc()
    subnet, one, two = make.subnet(vpc), make.route_table(vpc), make.route_table(vpc)
    association = ec2.associate_route_table(RouteTableId=one, SubnetId=subnet)["AssociationId"]
    ec2.replace_route_table_association(AssociationId=association, RouteTableId=two)
    step(10)
    assert described(ec2, one).get("Associations", []) == []
    assert described(ec2, two)["Associations"][0]["SubnetId"] == subnet


def test_unknown_association(ec2):
    with refused("InvalidAssociationID.NotFound"):
        ec2.disassociate_route_table(AssociationId="rtbassoc-0123456789abcdef0")


def test_subnet_takes_its_association_along(ec2, make, step):
    vpc = make.vpc()
    subnet, table = make.subnet(vpc), make.route_table(vpc)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.delete_subnet(SubnetId=subnet)
    step(10)
    ec2.delete_route_table(RouteTableId=table)


# Network ACLs.


def test_acl_denies_until_told(ec2, make):
    acl = ec2.create_network_acl(VpcId=make.vpc())["NetworkAcl"]
    assert acl["IsDefault"] is False
    assert {(e["RuleNumber"], e["RuleAction"]) for e in acl["Entries"]} == {(32767, "deny")}


def test_acl_entries(ec2, make, step):
    acl = ec2.create_network_acl(VpcId=make.vpc())["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "RuleNumber": 100, "Egress": False}
    allow = {"Protocol": "6", "RuleAction": "allow", "CidrBlock": "10.0.0.0/8", "PortRange": {"From": 22, "To": 22}}
    ec2.create_network_acl_entry(**entry, **allow)
    with refused("NetworkAclEntryAlreadyExists"):
        ec2.create_network_acl_entry(**entry, **allow)
    ec2.replace_network_acl_entry(**entry, **{**allow, "RuleAction": "deny"})
    step(10)
    entries = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    assert [e["RuleAction"] for e in entries if e["RuleNumber"] == 100] == ["deny"]
    ec2.delete_network_acl_entry(**entry)
    with refused("InvalidNetworkAclEntry.NotFound"):
        ec2.delete_network_acl_entry(**entry)


def test_acl_in_use_is_held(ec2, make, step):
    vpc = make.vpc()
    make.subnet(vpc)
    step(10)
    (default,) = ec2.describe_network_acls(Filters=filters(vpc_id=vpc))["NetworkAcls"]
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    association = default["Associations"][0]["NetworkAclAssociationId"]
    ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    with refused("DependencyViolation"):
        ec2.delete_network_acl(NetworkAclId=acl)


@pytest.mark.parametrize("number", [0, 32767])
def test_acl_rule_numbers(ec2, make, number):
    # CreateNetworkAclEntry: positive integer from 1 to 32766.
    acl = ec2.create_network_acl(VpcId=make.vpc())["NetworkAcl"]["NetworkAclId"]
    with refused("InvalidParameterValue"):
        ec2.create_network_acl_entry(
            NetworkAclId=acl, RuleNumber=number, Egress=False, Protocol="-1", RuleAction="allow", CidrBlock="10.0.0.0/8"
        )
