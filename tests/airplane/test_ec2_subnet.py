"""Subnets and network interfaces.

EC2 API Reference: CreateSubnet, DeleteSubnet, ModifySubnetAttribute, DescribeSubnets, CreateNetworkInterface.
VPC User Guide: "Subnet CIDR blocks". EC2 API Reference: "Error codes".
"""

import pytest

from builders import filters, tag_specification
from cloud import refused


def described(ec2, subnet):
    return ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]


def test_create_answers_with_the_subnet(ec2, make, cloud):
    vpc = make.vpc()
    zone = make.zones[1]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=zone)["Subnet"]
    assert subnet["SubnetId"].startswith("subnet-")
    assert (subnet["VpcId"], subnet["CidrBlock"], subnet["AvailabilityZone"]) == (vpc, "10.0.1.0/24", zone)
    # VPC User Guide: the first four addresses and the last are not available.
    assert subnet["AvailableIpAddressCount"] == 251
    assert subnet["MapPublicIpOnLaunch"] is False
    assert subnet["AssignIpv6AddressOnCreation"] is False
    assert subnet["DefaultForAz"] is False
    assert subnet["OwnerId"] == cloud.account
    assert subnet["SubnetArn"] == f"arn:aws:ec2:us-west-2:{cloud.account}:subnet/{subnet['SubnetId']}"
    assert subnet["AvailabilityZoneId"].startswith("usw2-az")


def test_becomes_available(ec2, make, until):
    subnet = make.subnet(make.vpc())
    until(lambda: described(ec2, subnet)["State"] == "available", 60)


@pytest.mark.parametrize("cidr", ["10.0.0.0/24", "10.0.0.128/25", "10.0.0.0/23"])
def test_must_not_overlap_with_another(ec2, make, cidr):
    vpc = make.vpc()
    make.subnet(vpc, "10.0.0.0/24")
    with refused("InvalidSubnet.Conflict"):
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)


@pytest.mark.parametrize("cidr", ["10.1.0.0/24", "192.168.0.0/24"])
def test_must_lie_in_its_vpc(ec2, make, cidr):
    with refused("InvalidSubnet.Range"):
        ec2.create_subnet(VpcId=make.vpc(), CidrBlock=cidr)


@pytest.mark.parametrize("cidr", ["10.0.0.0/29", "10.0.0.0/32"])
def test_must_be_at_least_28(ec2, make, cidr):
    with refused("InvalidSubnet.Range"):
        ec2.create_subnet(VpcId=make.vpc(), CidrBlock=cidr)


def test_may_fill_its_vpc(ec2, make):
    assert ec2.create_subnet(VpcId=make.vpc(), CidrBlock="10.0.0.0/16")["Subnet"]["AvailableIpAddressCount"] == 65531


def test_unknown_zone(make):
    with refused("InvalidParameterValue"):
        make.subnet(make.vpc(), zone="us-west-2q")


def test_unknown_vpc(ec2):
    with refused("InvalidVpcID.NotFound"):
        ec2.create_subnet(VpcId="vpc-0123456789abcdef0", CidrBlock="10.0.0.0/24")


def test_zone_by_id(ec2, make):
    zone = ec2.describe_availability_zones()["AvailabilityZones"][0]
    subnet = ec2.create_subnet(VpcId=make.vpc(), CidrBlock="10.0.0.0/24", AvailabilityZoneId=zone["ZoneId"])["Subnet"]
    assert subnet["AvailabilityZone"] == zone["ZoneName"]


def test_unknown_subnet_is_not_found(ec2):
    with refused("InvalidSubnetID.NotFound"):
        ec2.describe_subnets(SubnetIds=["subnet-0123456789abcdef0"])
    with refused("InvalidSubnetID.NotFound"):
        ec2.delete_subnet(SubnetId="subnet-0123456789abcdef0")


def test_delete_frees_the_range(ec2, make, step):
    vpc = make.vpc()
    subnet = make.subnet(vpc)
    step(10)
    ec2.delete_subnet(SubnetId=subnet)
    step(10)
    with refused("InvalidSubnetID.NotFound"):
        ec2.describe_subnets(SubnetIds=[subnet])
    make.subnet(vpc)


def test_is_held_by_an_instance(ec2, make, step, until):
    subnet = make.subnet(make.vpc())
    step(10)
    instance = make.instance(subnet)
    step(10)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnet)
    ec2.terminate_instances(InstanceIds=[instance])
    until(lambda: make.instance_state(instance) == "terminated")
    step(60)
    ec2.delete_subnet(SubnetId=subnet)


def test_is_held_by_a_nat_gateway(ec2, make, step):
    _, subnet, _ = make.public_network()
    step(10)
    make.nat(subnet, make.address())
    step(10)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnet)


def test_is_held_by_a_network_interface(ec2, make, step):
    subnet = make.subnet(make.vpc())
    interface = make.interface(subnet)
    step(10)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    step(10)
    ec2.delete_subnet(SubnetId=subnet)


def test_modify_attributes(ec2, make, step):
    subnet = make.subnet(make.vpc())
    step(10)
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
    step(10)
    seen = described(ec2, subnet)
    assert seen["MapPublicIpOnLaunch"] is True
    assert seen["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] == "resource-name"


def test_interfaces_take_addresses(ec2, make, step):
    subnet = make.subnet(make.vpc())
    step(10)
    make.interface(subnet)
    step(10)
    assert described(ec2, subnet)["AvailableIpAddressCount"] == 250


def test_ipv6_subnet(ec2, make, until, step):
    vpc = make.vpc(AmazonProvidedIpv6CidrBlock=True)
    step(30)
    found = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
    block = found[0]["Ipv6CidrBlock"].replace("/56", "/64")
    subnet = make.subnet(vpc, Ipv6CidrBlock=block)

    def associated():
        found = described(ec2, subnet)["Ipv6CidrBlockAssociationSet"]
        return [b["Ipv6CidrBlock"] for b in found if b["Ipv6CidrBlockState"]["State"] == "associated"]

    assert until(associated, 60) == [block]
    ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": True})
    step(10)
    assert described(ec2, subnet)["AssignIpv6AddressOnCreation"] is True


def test_ipv6_on_creation_needs_a_block(ec2, make, step):
    subnet = make.subnet(make.vpc())
    step(10)
    with refused("InvalidParameterValue", "InvalidParameterCombination"):
        ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": True})


def test_filters(ec2, make, step):
    vpc = make.vpc()
    one = make.subnet(vpc, "10.0.1.0/24", make.zones[0], TagSpecifications=tag_specification("subnet", tier="public"))
    two = make.subnet(vpc, "10.0.2.0/24", make.zones[1])
    step(10)

    def found(**by):
        return sorted(s["SubnetId"] for s in ec2.describe_subnets(Filters=filters(vpc_id=vpc, **by))["Subnets"])

    assert found() == sorted([one, two])
    assert found(tag_tier="public") == [one]
    assert found(availability_zone=make.zones[1]) == [two]
    assert found(cidr_block="10.0.2.0/24") == [two]
    assert found(state="available", default_for_az="false") == sorted([one, two])


# Network interfaces.


def test_interface_gets_an_address_of_its_subnet(ec2, make, step):
    vpc = make.vpc()
    subnet = make.subnet(vpc)
    group = make.group(vpc)
    step(10)
    interface = ec2.create_network_interface(SubnetId=subnet, Groups=[group], Description="x")["NetworkInterface"]
    assert interface["NetworkInterfaceId"].startswith("eni-")
    assert interface["PrivateIpAddress"].startswith("10.0.0.")
    assert int(interface["PrivateIpAddress"].split(".")[3]) in range(4, 255)
    assert interface["Groups"] == [{"GroupId": group, "GroupName": "nodes"}]
    assert (interface["SubnetId"], interface["VpcId"]) == (subnet, vpc)
    assert interface["SourceDestCheck"] is True


def test_interface_address_can_be_chosen_once(make, step):
    subnet = make.subnet(make.vpc())
    step(10)
    make.interface(subnet, PrivateIpAddress="10.0.0.77")
    step(10)
    with refused("InvalidIPAddress.InUse"):
        make.interface(subnet, PrivateIpAddress="10.0.0.77")


def test_interface_address_must_lie_in_its_subnet(make, step):
    subnet = make.subnet(make.vpc())
    step(10)
    with refused("InvalidParameterValue"):
        make.interface(subnet, PrivateIpAddress="10.0.1.77")


def test_interface_in_default_group_unless_told(ec2, make, step):
    subnet = make.subnet(make.vpc())
    step(10)
    interface = make.interface(subnet)
    step(10)
    seen = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]
    assert [g["GroupName"] for g in seen["Groups"]] == ["default"]
    assert seen["Status"] == "available"


def test_interface_attributes(ec2, make, step):
    vpc = make.vpc()
    subnet = make.subnet(vpc)
    group = make.group(vpc)
    interface = make.interface(subnet)
    step(10)
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[group])
    step(10)
    seen = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]
    assert seen["SourceDestCheck"] is False
    assert [g["GroupId"] for g in seen["Groups"]] == [group]


def test_unknown_interface_is_not_found(ec2):
    with refused("InvalidNetworkInterfaceID.NotFound"):
        ec2.describe_network_interfaces(NetworkInterfaceIds=["eni-0123456789abcdef0"])


def test_attached_interface_cannot_be_deleted(ec2, make, step, until):
    # DeleteNetworkInterface: "You must detach the network interface before you can delete it."
    subnet = make.subnet(make.vpc())
    step(10)
    instance = make.instance(subnet)
    until(lambda: make.instance_state(instance) == "running")
    by = filters(attachment__instance_id=instance)
    (interface,) = ec2.describe_network_interfaces(Filters=by)["NetworkInterfaces"]
    assert interface["Status"] == "in-use"
    with refused("InvalidParameterValue", "InvalidNetworkInterface.InUse"):
        ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
