"""Launch templates and their versions.

EC2 API Reference: CreateLaunchTemplate, CreateLaunchTemplateVersion, ModifyLaunchTemplate,
DeleteLaunchTemplateVersions, DescribeLaunchTemplateVersions, "Error codes".
"""

import base64

import pytest

from builders import tag_specification
from cloud import refused

UNKNOWN = "lt-0123456789abcdef0"


@pytest.fixture
def template(make):
    return make.template(data={"ImageId": make.image, "InstanceType": "t3.micro"})


def version(ec2, template, **data):
    source = data.pop("source", None)
    more = {"SourceVersion": source} if source else {}
    made = ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=data, **more)
    return made["LaunchTemplateVersion"]["VersionNumber"]


def versions(ec2, template, *numbers, **more):
    if numbers:
        more["Versions"] = list(numbers)
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template, **more)["LaunchTemplateVersions"]
    return {v["VersionNumber"]: v for v in found}


def test_create(ec2, cloud):
    made = ec2.create_launch_template(
        LaunchTemplateName="nodes",
        LaunchTemplateData={"InstanceType": "t3.micro"},
        TagSpecifications=tag_specification("launch-template", Name="a"),
    )["LaunchTemplate"]
    assert made["LaunchTemplateId"].startswith("lt-")
    assert (made["DefaultVersionNumber"], made["LatestVersionNumber"]) == (1, 1)
    assert made["CreatedBy"].startswith(f"arn:aws:iam::{cloud.account}:")
    assert made["Tags"] == [{"Key": "Name", "Value": "a"}]


def test_name_is_taken_once(make, template):
    with refused("InvalidLaunchTemplateName.AlreadyExistsException"):
        make.template()


@pytest.mark.parametrize("name", ["ab", "a b", "a" * 129])
def test_names(cloud, name):
    # CreateLaunchTemplate: 3 to 128 characters, of [a-zA-Z0-9\(\)\.\-/_]+.
    with refused("InvalidLaunchTemplateName.MalformedException", "InvalidParameterValue"):
        cloud.raw("ec2").create_launch_template(
            LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "t3.micro"}
        )


def test_unknown_template(ec2):
    with refused("InvalidLaunchTemplateId.NotFound"):
        ec2.describe_launch_templates(LaunchTemplateIds=[UNKNOWN])
    with refused("InvalidLaunchTemplateName.NotFoundException"):
        ec2.describe_launch_templates(LaunchTemplateNames=["nobody"])
    with refused("InvalidLaunchTemplateId.NotFound"):
        version(ec2, UNKNOWN, InstanceType="t3.micro")


def test_versions_count_up(ec2, template):
    assert version(ec2, template, InstanceType="t3.small") == 2
    assert version(ec2, template, InstanceType="t3.medium") == 3
    (seen,) = ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"]
    assert (seen["DefaultVersionNumber"], seen["LatestVersionNumber"]) == (1, 3)


def test_numbers_are_not_used_again(ec2, template):
    # DeleteLaunchTemplateVersions and User Guide: version numbers are never reused.
    version(ec2, template, InstanceType="t3.small")
    ec2.delete_launch_template_versions(LaunchTemplateId=template, Versions=["2"])
    assert version(ec2, template, InstanceType="t3.small") == 3


def test_version_starts_empty_without_source(ec2, template):
    version(ec2, template, InstanceType="t3.small")
    assert versions(ec2, template, "2")[2]["LaunchTemplateData"] == {"InstanceType": "t3.small"}


def test_version_starts_from_its_source(ec2, make, template):
    # CreateLaunchTemplateVersion: the new version inherits the source's parameters; those given override.
    version(ec2, template, source="1", InstanceType="t3.small")
    data = versions(ec2, template, "2")[2]["LaunchTemplateData"]
    assert data == {"ImageId": make.image, "InstanceType": "t3.small"}


def test_latest_and_default(ec2, template):
    version(ec2, template, InstanceType="t3.small")
    assert list(versions(ec2, template, "$Latest")) == [2]
    assert list(versions(ec2, template, "$Default")) == [1]
    made = versions(ec2, template)
    assert {n: v["DefaultVersion"] for n, v in made.items()} == {1: True, 2: False}
    answer = ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")["LaunchTemplate"]
    assert answer["DefaultVersionNumber"] == 2
    assert list(versions(ec2, template, "$Default")) == [2]


def test_default_must_exist(ec2, template):
    with refused("InvalidLaunchTemplateId.VersionNotFound"):
        ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="7")


def test_version_range(ec2, template):
    for _ in range(3):
        version(ec2, template, InstanceType="t3.small")
    assert sorted(versions(ec2, template, MinVersion="2", MaxVersion="3")) == [2, 3]


def test_unknown_version(ec2, template):
    with refused("InvalidLaunchTemplateId.VersionNotFound"):
        versions(ec2, template, "9")


def test_default_version_cannot_be_deleted(ec2, template):
    version(ec2, template, InstanceType="t3.small")
    answer = ec2.delete_launch_template_versions(LaunchTemplateId=template, Versions=["1", "2", "9"])
    gone = [v["VersionNumber"] for v in answer["SuccessfullyDeletedLaunchTemplateVersions"]]
    kept = {v["VersionNumber"]: v["ResponseError"]["Code"] for v in answer["UnsuccessfullyDeletedLaunchTemplateVersions"]}
    assert gone == [2]
    assert set(kept) == {1, 9} and kept[9] == "launchTemplateVersionDoesNotExist"


def test_user_data_comes_back(ec2, make):
    data = base64.b64encode(b"#!/bin/sh\n").decode()
    template = make.template(data={"UserData": data})
    assert versions(ec2, template, "1")[1]["LaunchTemplateData"]["UserData"] == data


def test_user_data_must_be_base64(ec2):
    with refused("InvalidUserData.Malformed"):
        ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData={"UserData": "not base64!"})


def test_rich_data_comes_back(ec2, template):
    data = {
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "Encrypted": True}}],
        "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": False, "Groups": ["sg-0123456789abcdef0"]}],
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}],
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "Monitoring": {"Enabled": True},
        "InstanceMarketOptions": {"MarketType": "spot"},
        "IamInstanceProfile": {"Name": "node"},
    }  # fmt: skip
    ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=data)
    assert versions(ec2, template, "2")[2]["LaunchTemplateData"] == data


def test_delete(ec2, template, make):
    gone = ec2.delete_launch_template(LaunchTemplateId=template)["LaunchTemplate"]
    assert gone["LaunchTemplateId"] == template
    with refused("InvalidLaunchTemplateId.NotFound"):
        ec2.describe_launch_templates(LaunchTemplateIds=[template])
    with refused("InvalidLaunchTemplateId.NotFound"):
        ec2.delete_launch_template(LaunchTemplateId=template)
    make.template()


def test_by_name(ec2, template):
    assert ec2.describe_launch_templates(LaunchTemplateNames=["nodes"])["LaunchTemplates"][0]["LaunchTemplateId"] == template
    found = ec2.describe_launch_template_versions(LaunchTemplateName="nodes")["LaunchTemplateVersions"]
    assert found[0]["LaunchTemplateId"] == template
