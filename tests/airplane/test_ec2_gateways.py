"""Internet gateways, egress-only gateways, NAT gateways and Elastic IP addresses.

EC2 API Reference: AttachInternetGateway, DetachInternetGateway, CreateNatGateway, DeleteNatGateway, AllocateAddress,
AssociateAddress, ReleaseAddress. VPC User Guide: "NAT gateway basics", "Delete an internet gateway".
"""

import pytest

from builders import filters, tag_specification
from cloud import refused


# Internet gateways.


def gateway_seen(ec2, gateway):
    return ec2.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"][0]


def test_igw_starts_unattached(ec2, cloud):
    gateway = ec2.create_internet_gateway()["InternetGateway"]
    assert gateway["InternetGatewayId"].startswith("igw-")
    assert gateway.get("Attachments", []) == []
    assert gateway["OwnerId"] == cloud.account


def test_igw_attaches_to_a_vpc(ec2, make, step):
    vpc = make.vpc()
    gateway = make.internet_gateway(vpc)
    step(10)
    assert gateway_seen(ec2, gateway)["Attachments"] == [{"VpcId": vpc, "State": "available"}]
    by = filters(attachment__vpc_id=vpc)
    assert [g["InternetGatewayId"] for g in ec2.describe_internet_gateways(Filters=by)["InternetGateways"]] == [gateway]


def test_igw_attaches_once(ec2, make, step):
    gateway = make.internet_gateway(make.vpc())
    other = make.vpc("10.1.0.0/16")
    step(10)
    with refused("Resource.AlreadyAssociated"):
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=other)


def test_vpc_has_one_igw(ec2, make, step):
    # AttachInternetGateway; VPC quotas: one internet gateway can be attached to a VPC.
    vpc = make.vpc()
    make.internet_gateway(vpc)
    second = make.internet_gateway()
    step(10)
    with refused("InvalidParameterValue"):
        ec2.attach_internet_gateway(InternetGatewayId=second, VpcId=vpc)


def test_attached_igw_cannot_be_deleted(ec2, make, step):
    # DeleteInternetGateway: "You must detach the internet gateway from the VPC before you can delete it."
    vpc = make.vpc()
    gateway = make.internet_gateway(vpc)
    step(10)
    with refused("DependencyViolation"):
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    step(10)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    step(10)
    with refused("InvalidInternetGatewayID.NotFound"):
        gateway_seen(ec2, gateway)


def test_igw_not_attached_cannot_be_detached(ec2, make, step):
    vpc, gateway = make.vpc(), make.internet_gateway()
    step(10)
    with refused("Gateway.NotAttached"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


def test_igw_is_held_by_a_mapped_address(ec2, make, step, until):
    # DetachInternetGateway: "The VPC must not contain any running instances with Elastic IP addresses or public IPv4".
    vpc, subnet, gateway = make.public_network()
    step(10)
    instance = make.instance(subnet)
    until(lambda: make.instance_state(instance) == "running")
    association = ec2.associate_address(AllocationId=make.address(), InstanceId=instance)["AssociationId"]
    step(10)
    with refused("DependencyViolation", says="mapped public address"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.disassociate_address(AssociationId=association)
    step(10)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


def test_igw_is_held_by_a_nat_gateway(ec2, make, step, until):
    vpc, subnet, gateway = make.public_network()
    step(10)
    nat = make.nat(subnet, make.address())
    until(lambda: nat_state(ec2, nat) == "available")
    with refused("DependencyViolation"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


def test_unknown_igw(ec2, make):
    with refused("InvalidInternetGatewayID.NotFound"):
        ec2.attach_internet_gateway(InternetGatewayId="igw-0123456789abcdef0", VpcId=make.vpc())


# Egress-only gateways.


def test_egress_only(ec2, make, step):
    vpc = make.vpc()
    step(10)
    made = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]
    gateway = made["EgressOnlyInternetGatewayId"]
    assert gateway.startswith("eigw-")
    step(10)
    seen = ec2.describe_egress_only_internet_gateways(EgressOnlyInternetGatewayIds=[gateway])
    assert seen["EgressOnlyInternetGateways"][0]["Attachments"] == [{"VpcId": vpc, "State": "attached"}]
    assert ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=gateway)["ReturnCode"] is True
    step(10)
    ec2.delete_vpc(VpcId=vpc)


# NAT gateways.


def nat_seen(ec2, nat):
    return ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]


def nat_state(ec2, nat):
    return nat_seen(ec2, nat)["State"]


def test_nat_is_pending_and_then_available(ec2, make, step, until):
    vpc, subnet, _ = make.public_network()
    step(10)
    allocation = make.address()
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)["NatGateway"]
    assert made["NatGatewayId"].startswith("nat-")
    assert made["State"] == "pending"
    assert (made["SubnetId"], made["VpcId"], made["ConnectivityType"]) == (subnet, vpc, "public")
    until(lambda: nat_state(ec2, made["NatGatewayId"]) == "available")
    address = nat_seen(ec2, made["NatGatewayId"])["NatGatewayAddresses"][0]
    assert address["AllocationId"] == allocation
    assert address["PrivateIp"].startswith("10.0.0.")
    assert address["NetworkInterfaceId"].startswith("eni-")
    assert address["PublicIp"] == ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]["PublicIp"]


def test_public_nat_needs_an_address(ec2, make, step):
    _, subnet, _ = make.public_network()
    step(10)
    with refused("MissingParameter"):
        ec2.create_nat_gateway(SubnetId=subnet)


def test_private_nat_takes_no_address(ec2, make, step, until):
    subnet = make.subnet(make.vpc())
    step(10)
    made = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
    until(lambda: nat_state(ec2, made["NatGatewayId"]) == "available")
    assert "AllocationId" not in nat_seen(ec2, made["NatGatewayId"])["NatGatewayAddresses"][0]
    with refused("InvalidParameter", "InvalidParameterCombination", "InvalidParameterValue"):
        ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private", AllocationId=make.address())


def test_nat_with_unknown_parts(make, step):
    _, subnet, _ = make.public_network()
    step(10)
    with refused("InvalidSubnetID.NotFound", "InvalidSubnet"):
        make.nat("subnet-0123456789abcdef0", make.address())
    with refused("InvalidAllocationID.NotFound"):
        make.nat(subnet, "eipalloc-0123456789abcdef0")


def test_nat_without_a_way_out_fails(ec2, make, step, until):
    # VPC User Guide, "NAT gateway creation fails": a VPC without internet gateway gives Gateway.NotAttached.
    subnet = make.subnet(make.vpc())
    step(10)
    nat = make.nat(subnet, make.address())
    until(lambda: nat_state(ec2, nat) == "failed")
    assert nat_seen(ec2, nat)["FailureCode"] == "Gateway.NotAttached"


def test_deleted_nat_is_seen_for_a_while(ec2, make, step, until):
    # DeleteNatGateway and VPC User Guide: deleting, then deleted, "visible in the console for about an hour".
    _, subnet, _ = make.public_network()
    step(10)
    nat = make.nat(subnet, make.address())
    until(lambda: nat_state(ec2, nat) == "available")
    assert ec2.delete_nat_gateway(NatGatewayId=nat)["NatGatewayId"] == nat
    assert nat_state(ec2, nat) == "deleting"
    until(lambda: nat_state(ec2, nat) == "deleted")
    assert nat_seen(ec2, nat)["DeleteTime"] >= nat_seen(ec2, nat)["CreateTime"]
    step(2 * 3600)
    with refused("NatGatewayNotFound"):
        nat_seen(ec2, nat)


def test_unknown_nat(ec2):
    with refused("NatGatewayNotFound", "NatGatewayMalformed"):
        ec2.describe_nat_gateways(NatGatewayIds=["nat-0123456789abcdef0"])
    with refused("NatGatewayNotFound"):
        ec2.delete_nat_gateway(NatGatewayId="nat-0123456789abcdef0")


def test_address_is_held_until_nat_is_deleted(ec2, make, step, until):
    # DeleteNatGateway: deleting "disassociates its Elastic IP address, but does not release the address"; ReleaseAddress:
    # "You must disassociate the Elastic IP address before you can release it. Otherwise ... InvalidIPAddress.InUse".
    _, subnet, _ = make.public_network()
    step(10)
    allocation = make.address()
    nat = make.nat(subnet, allocation)
    until(lambda: nat_state(ec2, nat) == "available")
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=allocation)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=allocation)
    until(lambda: nat_state(ec2, nat) == "deleted")
    step(10)
    ec2.release_address(AllocationId=allocation)


def test_address_serves_one_nat(ec2, make, step, until):
    # VPC User Guide, "NAT gateway creation fails": "Elastic IP address eipalloc-... is already associated". Told at once
    # or as the reason of a gateway that fails.
    _, subnet, _ = make.public_network()
    step(10)
    allocation = make.address()
    make.nat(subnet, allocation)
    step(10)
    try:
        second = make.nat(subnet, allocation)
    except ec2.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] in ("Resource.AlreadyAssociated", "InvalidIPAddress.InUse")
    else:
        until(lambda: nat_state(ec2, second) == "failed")
        assert nat_seen(ec2, second)["FailureCode"] == "Resource.AlreadyAssociated"


def test_nat_filters(ec2, make, step, until):
    vpc, subnet, _ = make.public_network()
    step(10)
    nat = make.nat(subnet, make.address(), TagSpecifications=tag_specification("natgateway", Name="a"))
    until(lambda: nat_state(ec2, nat) == "available")

    def found(**by):
        return [n["NatGatewayId"] for n in ec2.describe_nat_gateways(Filter=filters(**by))["NatGateways"]]

    assert found(vpc_id=vpc) == [nat]
    assert found(subnet_id=subnet, state="available") == [nat]
    assert found(tag_Name="a") == [nat]
    assert found(state=["failed", "deleted"]) == []


# Elastic IP addresses.


def test_address_is_allocated(ec2, step):
    made = ec2.allocate_address(Domain="vpc")
    assert made["AllocationId"].startswith("eipalloc-")
    assert made["Domain"] == "vpc"
    step(10)
    (seen,) = ec2.describe_addresses(AllocationIds=[made["AllocationId"]])["Addresses"]
    assert seen["PublicIp"] == made["PublicIp"]
    assert "AssociationId" not in seen
    (by_ip,) = ec2.describe_addresses(PublicIps=[made["PublicIp"]])["Addresses"]
    assert by_ip["AllocationId"] == made["AllocationId"]


def test_released_address_is_gone(ec2, make, step):
    allocation = make.address()
    step(10)
    ec2.release_address(AllocationId=allocation)
    step(10)
    with refused("InvalidAllocationID.NotFound"):
        ec2.describe_addresses(AllocationIds=[allocation])
    with refused("InvalidAllocationID.NotFound"):
        ec2.release_address(AllocationId=allocation)


@pytest.fixture
def running(ec2, make, step, until):
    _, subnet, _ = make.public_network()
    step(10)
    instance = make.instance(subnet)
    until(lambda: make.instance_state(instance) == "running")
    return instance


def test_associate_and_release(ec2, make, step, running):
    allocation = make.address()
    association = ec2.associate_address(AllocationId=allocation, InstanceId=running)["AssociationId"]
    assert association.startswith("eipassoc-")
    step(10)
    (seen,) = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
    assert (seen["InstanceId"], seen["AssociationId"]) == (running, association)
    instance = ec2.describe_instances(InstanceIds=[running])["Reservations"][0]["Instances"][0]
    assert instance["PublicIpAddress"] == seen["PublicIp"]
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=allocation)
    ec2.disassociate_address(AssociationId=association)
    step(10)
    ec2.release_address(AllocationId=allocation)


def test_associated_address_moves_only_when_allowed(ec2, make, step, running):
    # AssociateAddress, AllowReassociation: "if false, the operation fails if the address is already associated".
    subnet = ec2.describe_instances(InstanceIds=[running])["Reservations"][0]["Instances"][0]["SubnetId"]
    interface = make.interface(subnet)
    step(10)
    allocation = make.address()
    ec2.associate_address(AllocationId=allocation, InstanceId=running)
    step(10)
    with refused("Resource.AlreadyAssociated"):
        ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=interface, AllowReassociation=False)
    ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=interface, AllowReassociation=True)
    step(10)
    (seen,) = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
    assert seen["NetworkInterfaceId"] == interface


def test_address_needs_an_internet_gateway(ec2, make, step):
    # AssociateAddress / error codes: Gateway.NotAttached, "An Internet gateway must be attached to the VPC".
    interface = make.interface(make.subnet(make.vpc()))
    step(10)
    with refused("Gateway.NotAttached"):
        ec2.associate_address(AllocationId=make.address(), NetworkInterfaceId=interface)


def test_unknown_association(ec2):
    with refused("InvalidAssociationID.NotFound"):
        ec2.disassociate_address(AssociationId="eipassoc-0123456789abcdef0")


def test_quota_of_addresses(ec2):
    # Error codes: AddressLimitExceeded; the default quota is 5 a region.
    for _ in range(5):
        ec2.allocate_address(Domain="vpc")
    with refused("AddressLimitExceeded"):
        ec2.allocate_address(Domain="vpc")
