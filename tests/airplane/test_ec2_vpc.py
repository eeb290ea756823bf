"""VPCs and DHCP options.

EC2 API Reference: CreateVpc, DeleteVpc, DescribeVpcs, ModifyVpcAttribute, AssociateVpcCidrBlock, CreateDhcpOptions.
VPC User Guide: "VPC CIDR blocks", "Delete your VPC". EC2 API Reference: "Error codes".
"""

import pytest

from builders import filters, tag_specification
from cloud import refused


def described(ec2, vpc):
    return ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]


def test_create_answers_with_the_vpc(ec2, cloud):
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]
    assert vpc["VpcId"].startswith("vpc-") and len(vpc["VpcId"]) == len("vpc-") + 17
    assert vpc["CidrBlock"] == "10.1.0.0/16"
    assert vpc["State"] == "pending"
    assert vpc["InstanceTenancy"] == "default"
    assert vpc["IsDefault"] is False
    assert vpc["OwnerId"] == cloud.account
    assert vpc["CidrBlockAssociationSet"][0]["CidrBlockState"]["State"] == "associated"


def test_becomes_available(ec2, make, until):
    vpc = make.vpc()
    until(lambda: described(ec2, vpc)["State"] == "available", 60)


def test_cidr_is_made_canonical(ec2):
    # CreateVpc: "if you specify 100.68.0.18/18, we modify it to 100.68.0.0/18".
    assert ec2.create_vpc(CidrBlock="100.68.0.18/18")["Vpc"]["CidrBlock"] == "100.68.0.0/18"


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/29"])
def test_size_must_be_between_16_and_28(ec2, cidr):
    with refused("InvalidVpc.Range"):
        ec2.create_vpc(CidrBlock=cidr)


@pytest.mark.parametrize("cidr", ["10.0.0.0", "10.0.0.256/16", "all"])
def test_cidr_must_be_one(ec2, cidr):
    with refused("InvalidParameterValue"):
        ec2.create_vpc(CidrBlock=cidr)


def test_needs_a_cidr(ec2):
    with refused("MissingParameter"):
        ec2.create_vpc()


def test_tenancy(ec2):
    assert ec2.create_vpc(CidrBlock="10.0.0.0/16", InstanceTenancy="dedicated")["Vpc"]["InstanceTenancy"] == "dedicated"


def test_unknown_vpc_is_not_found(ec2):
    with refused("InvalidVpcID.NotFound", status=400):
        ec2.describe_vpcs(VpcIds=["vpc-0123456789abcdef0"])
    with refused("InvalidVpcID.NotFound"):
        ec2.delete_vpc(VpcId="vpc-0123456789abcdef0")


def test_malformed_id_is_refused(ec2):
    with refused("InvalidVpcID.Malformed", "InvalidVpcId.Malformed"):
        ec2.describe_vpcs(VpcIds=["vpc-not an id"])


def test_deleted_vpc_is_gone(ec2, make, step):
    vpc = make.vpc()
    step(10)
    ec2.delete_vpc(VpcId=vpc)
    step(10)
    with refused("InvalidVpcID.NotFound"):
        ec2.describe_vpcs(VpcIds=[vpc])


def test_comes_with_main_route_table_acl_and_default_group(ec2, make, step):
    vpc = make.vpc()
    step(10)
    (table,) = ec2.describe_route_tables(Filters=filters(vpc_id=vpc))["RouteTables"]
    assert table["Associations"][0]["Main"] is True
    (route,) = table["Routes"]
    assert (route["DestinationCidrBlock"], route["GatewayId"]) == ("10.0.0.0/16", "local")
    assert (route["State"], route["Origin"]) == ("active", "CreateRouteTable")
    (acl,) = ec2.describe_network_acls(Filters=filters(vpc_id=vpc))["NetworkAcls"]
    assert acl["IsDefault"] is True
    assert {(e["RuleNumber"], e["RuleAction"], e["Egress"]) for e in acl["Entries"]} == {
        (100, "allow", True),
        (100, "allow", False),
        (32767, "deny", True),
        (32767, "deny", False),
    }
    (group,) = ec2.describe_security_groups(Filters=filters(vpc_id=vpc))["SecurityGroups"]
    assert group["GroupName"] == "default"
    assert group["Description"] == "default VPC security group"
    assert group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == group["GroupId"]
    assert group["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]


def test_delete_takes_what_came_with_it(ec2, make, step):
    vpc = make.vpc()
    step(10)
    table = make.main_route_table(vpc)
    ec2.delete_vpc(VpcId=vpc)
    step(10)
    with refused("InvalidRouteTableID.NotFound"):
        ec2.describe_route_tables(RouteTableIds=[table])


def _with_subnet(make, vpc):
    make.subnet(vpc)


def _with_gateway(make, vpc):
    make.internet_gateway(vpc)


def _with_group(make, vpc):
    make.group(vpc)


def _with_route_table(make, vpc):
    make.route_table(vpc)


def _with_interface(make, vpc):
    make.interface(make.subnet(vpc))


def _with_acl(make, vpc):
    make.ec2.create_network_acl(VpcId=vpc)


def _with_endpoint(make, vpc):
    make.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-west-2.s3")


def _with_egress_only(make, vpc):
    make.ec2.create_egress_only_internet_gateway(VpcId=vpc)


@pytest.mark.parametrize(
    "holder",
    [
        _with_subnet, _with_gateway, _with_group, _with_route_table, _with_interface, _with_acl, _with_endpoint,
        _with_egress_only,
    ],
    ids=lambda f: f.__name__.removeprefix("_with_"),
)  # fmt: skip
def test_is_held_by(ec2, make, step, holder):
    # DeleteVpc: "You must terminate or delete all resources that are associated with the VPC before you can delete it".
    vpc = make.vpc()
    step(10)
    holder(make, vpc)
    step(10)
    with refused("DependencyViolation", status=400):
        ec2.delete_vpc(VpcId=vpc)
    assert described(ec2, vpc)["VpcId"] == vpc


def test_attributes_have_documented_defaults(ec2, make, step):
    vpc = make.vpc()
    step(10)
    answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
    assert (answer["VpcId"], answer["EnableDnsSupport"]) == (vpc, {"Value": True})
    answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    assert answer["EnableDnsHostnames"] == {"Value": False}
    answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableNetworkAddressUsageMetrics")
    assert answer["EnableNetworkAddressUsageMetrics"] == {"Value": False}


def test_modify_attributes(ec2, make, step):
    vpc = make.vpc()
    step(10)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    step(10)
    answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    assert answer["EnableDnsHostnames"] == {"Value": True}


def test_hostnames_need_dns_support(ec2, make, step):
    # ModifyVpcAttribute: "You can only enable DNS hostnames if you've enabled DNS support."
    vpc = make.vpc()
    step(10)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    step(10)
    with refused("InvalidParameterValue", "InvalidParameterCombination"):
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})


def test_only_one_attribute_at_a_time(ec2, make, step):
    # ModifyVpcAttribute: "You cannot modify the DNS resolution and DNS hostnames attributes in the same request."
    vpc = make.vpc()
    step(10)
    with refused("InvalidParameterCombination"):
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True}, EnableDnsHostnames={"Value": True})


def test_secondary_cidr(ec2, make, step, until):
    vpc = make.vpc()
    step(10)
    association = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")["CidrBlockAssociation"]
    assert association["CidrBlock"] == "10.1.0.0/16"
    assert association["CidrBlockState"]["State"] in ("associating", "associated")

    def both():
        blocks = described(ec2, vpc)["CidrBlockAssociationSet"]
        return {(b["CidrBlock"], b["CidrBlockState"]["State"]) for b in blocks} == {
            ("10.0.0.0/16", "associated"),
            ("10.1.0.0/16", "associated"),
        }

    until(both, 60)
    make.subnet(vpc, "10.1.3.0/24")


def test_secondary_cidr_must_not_overlap(ec2, make, step):
    vpc = make.vpc()
    step(10)
    with refused("InvalidVpc.Range", "InvalidParameterValue", "InvalidVpc.Conflict"):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.0.128.0/17")


def test_primary_cidr_cannot_be_taken_away(ec2, make, step):
    # DisassociateVpcCidrBlock: "you cannot disassociate the CIDR block with which you originally created the VPC".
    vpc = make.vpc()
    step(10)
    primary = described(ec2, vpc)["CidrBlockAssociationSet"][0]["AssociationId"]
    with refused("OperationNotPermitted"):
        ec2.disassociate_vpc_cidr_block(AssociationId=primary)


def test_secondary_cidr_with_subnet_is_held(ec2, make, step):
    # DisassociateVpcCidrBlock: "You must detach or delete all gateways and resources that are associated with the
    # CIDR block before you can disassociate it."
    vpc = make.vpc()
    step(10)
    association = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")["CidrBlockAssociation"]
    step(30)
    subnet = make.subnet(vpc, "10.1.0.0/24")
    step(10)
    with refused("InvalidCidrBlock.InUse", "DependencyViolation"):
        ec2.disassociate_vpc_cidr_block(AssociationId=association["AssociationId"])
    ec2.delete_subnet(SubnetId=subnet)
    step(10)
    ec2.disassociate_vpc_cidr_block(AssociationId=association["AssociationId"])
    step(60)
    live = [
        b["CidrBlock"]
        for b in described(ec2, vpc)["CidrBlockAssociationSet"]
        if b["CidrBlockState"]["State"] == "associated"
    ]
    assert live == ["10.0.0.0/16"]


def test_amazon_provided_ipv6(ec2, until):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]

    def block():
        found = described(ec2, vpc).get("Ipv6CidrBlockAssociationSet", [])
        return [b for b in found if b["Ipv6CidrBlockState"]["State"] == "associated"]

    (association,) = until(block, 60)
    # VPC User Guide: Amazon provides a fixed /56.
    assert association["Ipv6CidrBlock"].endswith("/56")
    assert association["Ipv6Pool"] == "Amazon"


def test_filters(ec2, make, step):
    one = make.vpc("10.1.0.0/16", TagSpecifications=tag_specification("vpc", Name="one"))
    two = make.vpc("10.2.0.0/16", TagSpecifications=tag_specification("vpc", Name="two", role="x"))
    step(10)

    def found(**by):
        return sorted(v["VpcId"] for v in ec2.describe_vpcs(Filters=filters(**by))["Vpcs"])

    assert found(tag_Name="one") == [one]
    assert found(tag_Name=["one", "two"]) == sorted([one, two])
    assert found(tag_Name="t*") == [two]
    assert found(tag_key="role") == [two]
    assert found(cidr="10.2.0.0/16") == [two]
    assert found(vpc_id=one, tag_Name="two") == []
    assert found(state="available", tag_Name="one") == [one]


def test_dhcp_options(ec2, make, step):
    vpc = make.vpc()
    configuration = [
        {"Key": "domain-name", "Values": ["example.test"]},
        {"Key": "domain-name-servers", "Values": ["10.0.0.2", "10.0.0.3"]},
    ]
    options = ec2.create_dhcp_options(DhcpConfigurations=configuration)["DhcpOptions"]
    assert options["DhcpOptionsId"].startswith("dopt-")
    got = {c["Key"]: [v["Value"] for v in c["Values"]] for c in options["DhcpConfigurations"]}
    assert got == {"domain-name": ["example.test"], "domain-name-servers": ["10.0.0.2", "10.0.0.3"]}
    step(10)
    ec2.associate_dhcp_options(DhcpOptionsId=options["DhcpOptionsId"], VpcId=vpc)
    step(10)
    assert described(ec2, vpc)["DhcpOptionsId"] == options["DhcpOptionsId"]


def test_dhcp_options_in_use_are_held(ec2, make, step):
    # DeleteDhcpOptions: "You must disassociate the set of DHCP options before you can delete it."
    vpc = make.vpc()
    options = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["example.test"]}])
    options = options["DhcpOptions"]["DhcpOptionsId"]
    step(10)
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
    step(10)
    with refused("DependencyViolation"):
        ec2.delete_dhcp_options(DhcpOptionsId=options)
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    step(10)
    ec2.delete_dhcp_options(DhcpOptionsId=options)
    step(10)
    with refused("InvalidDhcpOptionID.NotFound", "InvalidDhcpOptionsID.NotFound"):
        ec2.describe_dhcp_options(DhcpOptionsIds=[options])
