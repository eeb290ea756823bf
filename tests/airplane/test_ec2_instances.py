"""Instances, images, types and zones.

EC2 API Reference: RunInstances, TerminateInstances, StopInstances, ModifyInstanceAttribute,
ModifyInstanceMetadataOptions, AssociateIamInstanceProfile, "Error codes". EC2 User Guide: "Instance lifecycle".
"""

import base64

import pytest

from builders import filters, tag_specification
from cloud import refused

UNKNOWN = "i-0123456789abcdef0"
# Any other id may be somebody's public image; airplane takes it for one, since configurations name such ids.
NO_IMAGE = "ami-00000000000000000"


def described(ec2, instance):
    return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]


@pytest.fixture
def subnet(make, step):
    subnet = make.subnet(make.vpc())
    step(10)
    return subnet


@pytest.fixture
def running(make, subnet, until):
    instance = make.instance(subnet)
    until(lambda: make.instance_state(instance) == "running")
    return instance


def test_run_answers_with_a_reservation(ec2, make, subnet, cloud):
    answer = ec2.run_instances(
        ImageId=make.image, InstanceType="t3.micro", MinCount=2, MaxCount=2, SubnetId=subnet,
        TagSpecifications=tag_specification("instance", Name="node"),
    )  # fmt: skip
    assert answer["ReservationId"].startswith("r-")
    assert answer["OwnerId"] == cloud.account
    one, two = answer["Instances"]
    assert one["InstanceId"].startswith("i-") and one["InstanceId"] != two["InstanceId"]
    assert one["State"] == {"Code": 0, "Name": "pending"}
    assert (one["ImageId"], one["InstanceType"], one["SubnetId"]) == (make.image, "t3.micro", subnet)
    assert one["PrivateIpAddress"].startswith("10.0.0.") and one["PrivateIpAddress"] != two["PrivateIpAddress"]
    assert one["Tags"] == [{"Key": "Name", "Value": "node"}]
    assert [i["AmiLaunchIndex"] for i in (one, two)] == [0, 1]
    assert one["Placement"]["AvailabilityZone"].startswith("us-west-2")


def test_lives_and_dies(ec2, make, subnet, until):
    instance = make.instance(subnet)
    until(lambda: make.instance_state(instance) == "running")
    (change,) = ec2.terminate_instances(InstanceIds=[instance])["TerminatingInstances"]
    assert change["PreviousState"] == {"Code": 16, "Name": "running"}
    assert change["CurrentState"] == {"Code": 32, "Name": "shutting-down"}
    until(lambda: make.instance_state(instance) == "terminated")
    seen = described(ec2, instance)
    assert "PrivateIpAddress" not in seen
    assert seen["StateTransitionReason"].startswith("User initiated")
    # TerminateInstances: "terminating an already terminated instance succeeds".
    ec2.terminate_instances(InstanceIds=[instance])


def test_terminated_is_forgotten_after_an_hour(ec2, make, running, until, step):
    # TerminateInstances: "Terminated instances remain visible after termination (for approximately one hour)".
    ec2.terminate_instances(InstanceIds=[running])
    until(lambda: make.instance_state(running) == "terminated")
    step(2 * 3600)
    with refused("InvalidInstanceID.NotFound"):
        described(ec2, running)


def test_stop_and_start(ec2, make, running, until):
    (change,) = ec2.stop_instances(InstanceIds=[running])["StoppingInstances"]
    assert change["CurrentState"]["Name"] == "stopping"
    until(lambda: make.instance_state(running) == "stopped")
    (change,) = ec2.start_instances(InstanceIds=[running])["StartingInstances"]
    assert change["CurrentState"]["Name"] == "pending"
    until(lambda: make.instance_state(running) == "running")


def test_terminated_cannot_start(ec2, make, running, until):
    ec2.terminate_instances(InstanceIds=[running])
    until(lambda: make.instance_state(running) == "terminated")
    with refused("IncorrectInstanceState"):
        ec2.start_instances(InstanceIds=[running])


def test_unknown_instance(ec2):
    with refused("InvalidInstanceID.NotFound"):
        described(ec2, UNKNOWN)
    with refused("InvalidInstanceID.NotFound"):
        ec2.terminate_instances(InstanceIds=[UNKNOWN])
    with refused("InvalidInstanceID.Malformed"):
        described(ec2, "i-nothing")


def test_one_unknown_refuses_the_whole_termination(ec2, make, running):
    # TerminateInstances: "If you specify multiple instances and the request fails ... none of the instances".
    with refused("InvalidInstanceID.NotFound"):
        ec2.terminate_instances(InstanceIds=[running, UNKNOWN])
    assert make.instance_state(running) == "running"


def test_unknown_parts(make, subnet):
    with refused("InvalidAMIID.NotFound"):
        make.instance(subnet, ImageId=NO_IMAGE)
    with refused("InvalidSubnetID.NotFound"):
        make.instance("subnet-0123456789abcdef0")
    with refused("InvalidGroup.NotFound"):
        make.instance(subnet, SecurityGroupIds=["sg-0123456789abcdef0"])
    with refused("InvalidKeyPair.NotFound"):
        make.instance(subnet, KeyName="nobody")
    with refused("InvalidParameterValue"):
        make.instance(subnet, InstanceType="t99.huge")


def test_image_of_a_parameter(ec2, ssm, make, subnet):
    # RunInstances, ImageId: "resolve:ssm:parameter-name", or with ":version".
    ssm.put_parameter(Name="/images/node", Value=NO_IMAGE, Type="String")
    ssm.put_parameter(Name="/images/node", Value=make.image, Overwrite=True)
    machine = make.instance(subnet, ImageId="resolve:ssm:/images/node")
    assert described(ec2, machine)["ImageId"] == make.image
    with refused("InvalidAMIID.NotFound"):
        make.instance(subnet, ImageId="resolve:ssm:/images/node:1")
    with refused("InvalidParameterValue"):
        make.instance(subnet, ImageId="resolve:ssm:/images/nothing")


def test_group_must_be_of_the_same_vpc(make, subnet):
    group = make.group(make.vpc("10.1.0.0/16"))
    with refused("InvalidParameter", "InvalidGroup.NotFound"):
        make.instance(subnet, SecurityGroupIds=[group])


def test_unknown_profile(make, subnet):
    with refused("InvalidParameterValue", says="Invalid IAM Instance Profile"):
        make.instance(subnet, IamInstanceProfile={"Name": "nobody"})


@pytest.mark.parametrize("least,most", [(2, 1), (0, 1)])
def test_counts(make, subnet, least, most):
    with refused("InvalidParameterValue", "InvalidParameterCombination"):
        make.instance(subnet, MinCount=least, MaxCount=most)


def test_chosen_address(ec2, make, subnet, step):
    instance = make.instance(subnet, PrivateIpAddress="10.0.0.50")
    step(10)
    assert described(ec2, instance)["PrivateIpAddress"] == "10.0.0.50"
    with refused("InvalidIPAddress.InUse"):
        make.instance(subnet, PrivateIpAddress="10.0.0.50")


def test_subnet_runs_out_of_addresses(make):
    subnet = make.subnet(make.vpc(), "10.0.0.0/28")
    with refused("InsufficientFreeAddressesInSubnet"):
        make.instance(subnet, MinCount=12, MaxCount=12)


def test_max_count_is_cut_to_what_fits(ec2, make):
    # RunInstances, MinCount: "launches the largest possible number of instances above the specified minimum count".
    subnet = make.subnet(make.vpc(), "10.0.0.0/28")
    answer = ec2.run_instances(
        ImageId=make.image, InstanceType="t3.micro", MinCount=1, MaxCount=20, SubnetId=subnet
    )
    assert len(answer["Instances"]) == 11


def test_user_data(ec2, make, subnet, step):
    instance = make.instance(subnet, UserData="#!/bin/sh\n")
    step(10)
    seen = ec2.describe_instance_attribute(InstanceId=instance, Attribute="userData")
    assert base64.b64decode(seen["UserData"]["Value"]) == b"#!/bin/sh\n"


def test_user_data_has_a_limit(make, subnet):
    # EC2 User Guide: "User data is limited to 16 KB, in raw form".
    make.instance(subnet, UserData="x" * 16384)
    with refused("InvalidParameterValue"):
        make.instance(subnet, UserData="x" * 16385)


def test_public_address(ec2, make, step, until):
    _, subnet, _ = make.public_network()
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    step(10)
    instance = make.instance(subnet)
    until(lambda: make.instance_state(instance) == "running")
    assert described(ec2, instance)["PublicIpAddress"]


def test_termination_protection(ec2, running, step):
    ec2.modify_instance_attribute(InstanceId=running, DisableApiTermination={"Value": True})
    step(10)
    with refused("OperationNotPermitted"):
        ec2.terminate_instances(InstanceIds=[running])
    ec2.modify_instance_attribute(InstanceId=running, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[running])


def test_type_changes_only_when_stopped(ec2, make, running, until):
    # ModifyInstanceAttribute: "To modify some attributes, the instance must be stopped."
    with refused("IncorrectInstanceState"):
        ec2.modify_instance_attribute(InstanceId=running, InstanceType={"Value": "t3.small"})
    ec2.stop_instances(InstanceIds=[running])
    until(lambda: make.instance_state(running) == "stopped")
    ec2.modify_instance_attribute(InstanceId=running, InstanceType={"Value": "t3.small"})
    assert described(ec2, running)["InstanceType"] == "t3.small"


def test_groups_change(ec2, make, running, step):
    vpc = described(ec2, running)["VpcId"]
    group = make.group(vpc)
    ec2.modify_instance_attribute(InstanceId=running, Groups=[group])
    step(10)
    assert [g["GroupId"] for g in described(ec2, running)["SecurityGroups"]] == [group]


def test_metadata_options(ec2, running, until):
    ec2.modify_instance_metadata_options(InstanceId=running, HttpTokens="required", HttpPutResponseHopLimit=2)

    def applied():
        options = described(ec2, running)["MetadataOptions"]
        return options["State"] == "applied" and options

    options = until(applied, 60)
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 2)


def test_status_checks_pass_after_a_while(ec2, running, until):
    def ok():
        found = ec2.describe_instance_status(InstanceIds=[running])["InstanceStatuses"]
        return found and found[0]["InstanceStatus"]["Status"] == found[0]["SystemStatus"]["Status"] == "ok"

    until(ok, 900, 30)


def test_status_shows_only_running_ones(ec2, make, running, until):
    # DescribeInstanceStatus: "By default, only running instances are described, unless you specify IncludeAllInstances".
    ec2.stop_instances(InstanceIds=[running])
    until(lambda: make.instance_state(running) == "stopped")
    assert ec2.describe_instance_status(InstanceIds=[running])["InstanceStatuses"] == []
    everything = ec2.describe_instance_status(InstanceIds=[running], IncludeAllInstances=True)["InstanceStatuses"]
    assert everything[0]["InstanceState"]["Name"] == "stopped"


def test_root_volume_goes_with_it(ec2, make, running, until, step):
    mapping = described(ec2, running)["BlockDeviceMappings"]
    (volume,) = [m["Ebs"]["VolumeId"] for m in mapping]
    seen = ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]
    assert seen["State"] == "in-use"
    assert seen["Attachments"][0]["DeleteOnTermination"] is True
    ec2.terminate_instances(InstanceIds=[running])
    until(lambda: make.instance_state(running) == "terminated")
    step(60)
    with refused("InvalidVolume.NotFound"):
        ec2.describe_volumes(VolumeIds=[volume])


def test_block_devices(ec2, make, subnet, until):
    root = ec2.describe_images(ImageIds=[make.image])["Images"][0]["RootDeviceName"]
    devices = [
        {"DeviceName": root, "Ebs": {"VolumeSize": 40, "VolumeType": "gp3", "DeleteOnTermination": True}},
        {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 10, "VolumeType": "gp3", "Encrypted": True}},
    ]
    instance = make.instance(subnet, BlockDeviceMappings=devices)
    until(lambda: make.instance_state(instance) == "running")
    volumes = ec2.describe_volumes(Filters=filters(attachment__instance_id=instance))["Volumes"]
    assert {(v["Attachments"][0]["Device"], v["Size"], v["VolumeType"]) for v in volumes} == {
        (root, 40, "gp3"),
        ("/dev/sdf", 10, "gp3"),
    }


def test_profile_is_associated(ec2, iam, make, subnet, until, step):
    iam.create_instance_profile(InstanceProfileName="node")
    make.role("node")
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    step(60)
    instance = make.instance(subnet, IamInstanceProfile={"Name": "node"})
    until(lambda: make.instance_state(instance) == "running")
    assert described(ec2, instance)["IamInstanceProfile"]["Arn"].endswith(":instance-profile/node")
    found = ec2.describe_iam_instance_profile_associations(Filters=filters(instance_id=instance))
    (association,) = found["IamInstanceProfileAssociations"]
    assert association["State"] == "associated"
    with refused("IncorrectState", "InvalidParameterValue"):
        ec2.associate_iam_instance_profile(InstanceId=instance, IamInstanceProfile={"Name": "node"})


def test_console_output(ec2, running, step):
    step(300)
    assert ec2.get_console_output(InstanceId=running)["InstanceId"] == running


def test_launch_from_a_template(ec2, make, subnet, step):
    template = make.template(data={"ImageId": make.image, "InstanceType": "t3.small"})
    step(10)
    made = ec2.run_instances(MinCount=1, MaxCount=1, SubnetId=subnet, LaunchTemplate={"LaunchTemplateId": template})
    assert made["Instances"][0]["InstanceType"] == "t3.small"
    # RunInstances, LaunchTemplate: parameters of the request override those of the template.
    made = ec2.run_instances(
        MinCount=1, MaxCount=1, SubnetId=subnet, InstanceType="t3.medium", LaunchTemplate={"LaunchTemplateId": template}
    )
    assert made["Instances"][0]["InstanceType"] == "t3.medium"
    with refused("InvalidLaunchTemplateId.NotFound"):
        make.instance(subnet, LaunchTemplate={"LaunchTemplateId": "lt-0123456789abcdef0"})


def test_filters(ec2, make, subnet, until):
    one = make.instance(subnet, TagSpecifications=tag_specification("instance", role="a"))
    two = make.instance(subnet)
    until(lambda: make.instance_state(one) == make.instance_state(two) == "running")

    def found(**by):
        pages = ec2.describe_instances(Filters=filters(**by))["Reservations"]
        return sorted(i["InstanceId"] for r in pages for i in r["Instances"])

    assert found(subnet_id=subnet) == sorted([one, two])
    assert found(tag_role="a") == [one]
    assert found(instance_state_name="running", tag_role="a") == [one]
    assert found(instance_state_name="stopped") == []
    assert found(private_ip_address=described(ec2, two)["PrivateIpAddress"]) == [two]


def test_zones(ec2):
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert len(zones) >= 3
    assert {z["RegionName"] for z in zones} == {"us-west-2"}
    assert {z["State"] for z in zones} == {"available"}
    assert {z["ZoneType"] for z in zones} == {"availability-zone"}
    with refused("InvalidParameterValue"):
        ec2.describe_availability_zones(ZoneNames=["us-west-2q"])


def test_images(ec2, make):
    (image,) = ec2.describe_images(ImageIds=[make.image])["Images"]
    assert (image["State"], image["Architecture"], image["RootDeviceType"]) == ("available", "x86_64", "ebs")
    with refused("InvalidAMIID.NotFound"):
        ec2.describe_images(ImageIds=[NO_IMAGE])
    with refused("InvalidAMIID.Malformed"):
        ec2.describe_images(ImageIds=["ami-x"])


def test_instance_types(ec2):
    (kind,) = ec2.describe_instance_types(InstanceTypes=["t3.micro"])["InstanceTypes"]
    assert kind["VCpuInfo"]["DefaultVCpus"] == 2
    assert kind["MemoryInfo"]["SizeInMiB"] == 1024
    with refused("InvalidInstanceType"):
        ec2.describe_instance_types(InstanceTypes=["t99.huge"])
