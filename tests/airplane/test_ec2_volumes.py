"""EBS volumes and snapshots.

EC2 API Reference: CreateVolume, AttachVolume, DetachVolume, DeleteVolume, ModifyVolume, CreateSnapshot, "Error codes".
"""

import pytest

from builders import filters
from cloud import refused

UNKNOWN = "vol-0123456789abcdef0"


def described(ec2, volume):
    return ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]


def state(ec2, volume):
    return described(ec2, volume)["State"]


@pytest.fixture
def volume(ec2, make, until):
    volume = ec2.create_volume(AvailabilityZone=make.zones[0], Size=10, VolumeType="gp3")["VolumeId"]
    until(lambda: state(ec2, volume) == "available")
    return volume


@pytest.fixture
def running(make, until, step):
    subnet = make.subnet(make.vpc(), zone=make.zones[0])
    step(10)
    instance = make.instance(subnet)
    until(lambda: make.instance_state(instance) == "running")
    return instance


def test_create(ec2, make, until):
    made = ec2.create_volume(AvailabilityZone=make.zones[0], Size=10, VolumeType="gp3")
    assert made["VolumeId"].startswith("vol-")
    assert (made["State"], made["Size"], made["VolumeType"]) == ("creating", 10, "gp3")
    # CreateVolume: gp3 has 3,000 IOPS and 125 MiB/s unless told.
    assert (made["Iops"], made["Throughput"]) == (3000, 125)
    assert (made["Encrypted"], made["MultiAttachEnabled"]) == (False, False)
    until(lambda: state(ec2, made["VolumeId"]) == "available")


def test_type_is_gp2_unless_told(ec2, make):
    assert ec2.create_volume(AvailabilityZone=make.zones[0], Size=10)["VolumeType"] == "gp2"


def test_needs_a_size_or_a_snapshot(ec2, make):
    with refused("MissingParameter"):
        ec2.create_volume(AvailabilityZone=make.zones[0])


def test_unknown_zone(ec2):
    with refused("InvalidZone.NotFound", "InvalidParameterValue"):
        ec2.create_volume(AvailabilityZone="us-west-2q", Size=10)


@pytest.mark.parametrize("asked", [{"Size": 0}, {"Size": 70000, "VolumeType": "gp3"}, {"Size": 2, "VolumeType": "io1"}])
def test_sizes(ec2, make, asked):
    # CreateVolume, Iops: "required for io1 and io2 volumes".
    with refused("InvalidParameterValue", "MissingParameter", "InvalidParameterDependency"):
        ec2.create_volume(AvailabilityZone=make.zones[0], **asked)


def test_iops_have_limits(ec2, make):
    # CreateVolume, Iops: gp2 takes none; gp3 from 3,000.
    with refused("InvalidParameterCombination"):
        ec2.create_volume(AvailabilityZone=make.zones[0], Size=10, VolumeType="gp2", Iops=3000)
    with refused("InvalidParameterValue"):
        ec2.create_volume(AvailabilityZone=make.zones[0], Size=10, VolumeType="gp3", Iops=100)


def test_unknown_volume(ec2):
    with refused("InvalidVolume.NotFound"):
        described(ec2, UNKNOWN)
    with refused("InvalidVolume.NotFound"):
        ec2.delete_volume(VolumeId=UNKNOWN)


def test_attach_and_detach(ec2, volume, running, until):
    made = ec2.attach_volume(VolumeId=volume, InstanceId=running, Device="/dev/sdf")
    assert (made["State"], made["Device"], made["InstanceId"]) == ("attaching", "/dev/sdf", running)
    until(lambda: described(ec2, volume)["Attachments"][0]["State"] == "attached")
    assert state(ec2, volume) == "in-use"
    answer = ec2.detach_volume(VolumeId=volume)
    assert answer["State"] == "detaching"
    until(lambda: state(ec2, volume) == "available")
    assert described(ec2, volume)["Attachments"] == []


def test_attached_cannot_be_deleted_or_attached_again(ec2, volume, running, step):
    ec2.attach_volume(VolumeId=volume, InstanceId=running, Device="/dev/sdf")
    step(60)
    with refused("VolumeInUse"):
        ec2.delete_volume(VolumeId=volume)
    with refused("VolumeInUse"):
        ec2.attach_volume(VolumeId=volume, InstanceId=running, Device="/dev/sdg")


def test_attach_stays_in_its_zone(ec2, make, running, until):
    volume = ec2.create_volume(AvailabilityZone=make.zones[1], Size=10)["VolumeId"]
    until(lambda: state(ec2, volume) == "available")
    with refused("InvalidVolume.ZoneMismatch"):
        ec2.attach_volume(VolumeId=volume, InstanceId=running, Device="/dev/sdf")


def test_device_is_used_once(ec2, make, volume, running, until):
    other = ec2.create_volume(AvailabilityZone=make.zones[0], Size=10)["VolumeId"]
    until(lambda: state(ec2, other) == "available")
    ec2.attach_volume(VolumeId=volume, InstanceId=running, Device="/dev/sdf")
    with refused("InvalidParameterValue"):
        ec2.attach_volume(VolumeId=other, InstanceId=running, Device="/dev/sdf")


def test_detach_what_is_not_attached(ec2, volume):
    with refused("IncorrectState"):
        ec2.detach_volume(VolumeId=volume)


def test_attach_to_a_terminated_instance(ec2, make, volume, running, until):
    ec2.terminate_instances(InstanceIds=[running])
    until(lambda: make.instance_state(running) == "terminated")
    with refused("IncorrectState", "IncorrectInstanceState", "InvalidInstanceID.NotFound"):
        ec2.attach_volume(VolumeId=volume, InstanceId=running, Device="/dev/sdf")


def test_outlives_its_instance(ec2, make, volume, running, until):
    # AttachVolume: an attached volume has DeleteOnTermination false.
    ec2.attach_volume(VolumeId=volume, InstanceId=running, Device="/dev/sdf")
    until(lambda: described(ec2, volume)["Attachments"][0]["State"] == "attached")
    assert described(ec2, volume)["Attachments"][0]["DeleteOnTermination"] is False
    ec2.terminate_instances(InstanceIds=[running])
    until(lambda: make.instance_state(running) == "terminated")
    until(lambda: state(ec2, volume) == "available")


def test_delete(ec2, volume, step):
    ec2.delete_volume(VolumeId=volume)
    step(60)
    with refused("InvalidVolume.NotFound"):
        described(ec2, volume)


def test_grows_but_does_not_shrink(ec2, volume, until):
    answer = ec2.modify_volume(VolumeId=volume, Size=20)["VolumeModification"]
    assert answer["ModificationState"] == "modifying"
    assert (answer["OriginalSize"], answer["TargetSize"]) == (10, 20)

    def completed():
        found = ec2.describe_volumes_modifications(VolumeIds=[volume])["VolumesModifications"]
        return found[0]["ModificationState"] in ("optimizing", "completed")

    until(completed)
    assert described(ec2, volume)["Size"] == 20


def test_modifications_are_found_by_filters(ec2, make, volume):
    other = ec2.create_volume(AvailabilityZone=make.zones[1], Size=11)["VolumeId"]

    def found(**by):
        pages = ec2.describe_volumes_modifications(Filters=filters(**by))["VolumesModifications"]
        return [m["VolumeId"] for m in pages]

    assert found(volume_id=[volume, other]) == []
    ec2.modify_volume(VolumeId=volume, Size=20)
    assert found(volume_id=[volume, other]) == [volume]
    assert found(volume_id=other) == []
    assert found(target_size="20", original_size="10") == [volume]


def test_shrinking_is_refused(ec2, volume):
    with refused("InvalidParameterValue"):
        ec2.modify_volume(VolumeId=volume, Size=5)


def test_modification_needs_a_pause(ec2, volume, step):
    # ModifyVolume: "After modifying a volume, you must wait at least six hours" before it can be modified again.
    ec2.modify_volume(VolumeId=volume, Size=20)
    step(3600)
    with refused("VolumeModificationRateExceeded"):
        ec2.modify_volume(VolumeId=volume, Size=30)
    step(6 * 3600)
    ec2.modify_volume(VolumeId=volume, Size=30)


def test_snapshot(ec2, make, volume, until):
    made = ec2.create_snapshot(VolumeId=volume, Description="x")
    assert made["SnapshotId"].startswith("snap-")
    assert (made["State"], made["VolumeId"], made["VolumeSize"]) == ("pending", volume, 10)

    def completed():
        found = ec2.describe_snapshots(SnapshotIds=[made["SnapshotId"]])["Snapshots"][0]
        return found["State"] == "completed"

    until(completed)
    clone = ec2.create_volume(AvailabilityZone=make.zones[1], SnapshotId=made["SnapshotId"])
    assert (clone["Size"], clone["SnapshotId"]) == (10, made["SnapshotId"])
    with refused("InvalidParameterValue"):
        ec2.create_volume(AvailabilityZone=make.zones[1], SnapshotId=made["SnapshotId"], Size=5)
    ec2.delete_snapshot(SnapshotId=made["SnapshotId"])
    with refused("InvalidSnapshot.NotFound"):
        ec2.describe_snapshots(SnapshotIds=[made["SnapshotId"]])


def test_filters(ec2, make, volume):
    other = ec2.create_volume(AvailabilityZone=make.zones[1], Size=11)["VolumeId"]

    def found(**by):
        return [v["VolumeId"] for v in ec2.describe_volumes(Filters=filters(**by))["Volumes"]]

    assert found(availability_zone=make.zones[0]) == [volume]
    assert found(size="11") == [other]
    assert found(volume_type="gp3") == [volume]
