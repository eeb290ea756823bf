"""Tags of EC2 objects.

EC2 API Reference: CreateTags, DeleteTags, DescribeTags. EC2 User Guide: "Tag your resources" (restrictions).
"""

import pytest

from builders import filters, tag_specification, tags
from cloud import refused


def tags_of(ec2, resource):
    found = ec2.describe_tags(Filters=filters(resource_id=resource))["Tags"]
    return {t["Key"]: t["Value"] for t in found}


def test_at_creation(ec2, make, step):
    vpc = make.vpc(TagSpecifications=tag_specification("vpc", Name="a", empty=""))
    step(10)
    assert tags_of(ec2, vpc) == {"Name": "a", "empty": ""}
    seen = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"]
    assert {t["Key"]: t["Value"] for t in seen} == {"Name": "a", "empty": ""}


def test_specification_of_another_type(ec2):
    with refused("InvalidParameterValue"):
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tag_specification("subnet", Name="a"))


def test_create_overwrites(ec2, make, step):
    vpc = make.vpc(TagSpecifications=tag_specification("vpc", Name="a", other="b"))
    ec2.create_tags(Resources=[vpc], Tags=tags(Name="c"))
    step(10)
    assert tags_of(ec2, vpc) == {"Name": "c", "other": "b"}


def test_several_resources_at_once(ec2, make, step):
    vpc = make.vpc()
    subnet = make.subnet(vpc)
    ec2.create_tags(Resources=[vpc, subnet], Tags=tags(a="1"))
    step(10)
    assert tags_of(ec2, vpc) == tags_of(ec2, subnet) == {"a": "1"}


def test_unknown_resource_refuses_all(ec2, make, step):
    vpc = make.vpc()
    with refused("InvalidVpcID.NotFound", "InvalidSubnetID.NotFound"):
        ec2.create_tags(Resources=[vpc, "subnet-0123456789abcdef0"], Tags=tags(a="1"))
    step(10)
    assert tags_of(ec2, vpc) == {}


def test_delete_by_key(ec2, make, step):
    vpc = make.vpc(TagSpecifications=tag_specification("vpc", a="1", b="2"))
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "a"}])
    step(10)
    assert tags_of(ec2, vpc) == {"b": "2"}


def test_delete_by_key_and_value(ec2, make, step):
    # DeleteTags: "If you specify a tag key with a value, we delete the tag only if its value matches".
    vpc = make.vpc(TagSpecifications=tag_specification("vpc", a="1", b="2"))
    ec2.delete_tags(Resources=[vpc], Tags=tags(a="other", b="2"))
    step(10)
    assert tags_of(ec2, vpc) == {"a": "1"}


@pytest.mark.parametrize("key", ["aws:mine", "AWS:mine"])
def test_reserved_prefix(ec2, make, key):
    with refused("InvalidParameterValue"):
        ec2.create_tags(Resources=[make.vpc()], Tags=[{"Key": key, "Value": "x"}])


def test_lengths(ec2, make):
    vpc = make.vpc()
    with refused("InvalidParameterValue"):
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "k" * 129, "Value": "x"}])
    with refused("InvalidParameterValue"):
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "k", "Value": "x" * 257}])
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "k" * 128, "Value": "x" * 256}])


def test_fifty_tags(ec2, make):
    vpc = make.vpc()
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
    with refused("TagLimitExceeded"):
        ec2.create_tags(Resources=[vpc], Tags=tags(more=""))


def test_describe_filters(ec2, make, step):
    vpc = make.vpc(TagSpecifications=tag_specification("vpc", Name="a"))
    subnet = make.subnet(vpc, TagSpecifications=tag_specification("subnet", Name="b"))
    step(10)

    def found(**by):
        return {(t["ResourceId"], t["ResourceType"], t["Value"]) for t in ec2.describe_tags(Filters=filters(**by))["Tags"]}

    assert found(key="Name", resource_type="vpc") == {(vpc, "vpc", "a")}
    assert found(value="b") == {(subnet, "subnet", "b")}


def test_tags_go_with_the_object(ec2, make, step):
    vpc = make.vpc(TagSpecifications=tag_specification("vpc", Name="a"))
    ec2.delete_vpc(VpcId=vpc)
    step(10)
    assert tags_of(ec2, vpc) == {}
