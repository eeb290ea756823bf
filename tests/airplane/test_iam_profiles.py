"""Instance profiles.

IAM API Reference: CreateInstanceProfile, AddRoleToInstanceProfile, DeleteInstanceProfile. IAM User Guide:
"Changes that I make are not always immediately visible" (propagation).
"""

from builders import tags
from cloud import refused


def test_create_and_get(iam, cloud):
    made = iam.create_instance_profile(InstanceProfileName="node", Path="/kube/", Tags=tags(a="1"))["InstanceProfile"]
    assert made["Arn"] == f"arn:aws:iam::{cloud.account}:instance-profile/kube/node"
    assert made["InstanceProfileId"].startswith("AIPA")
    assert (made["Roles"], made["Tags"]) == ([], tags(a="1"))
    assert iam.get_instance_profile(InstanceProfileName="node")["InstanceProfile"]["Arn"] == made["Arn"]


def test_name_is_taken_once(iam):
    iam.create_instance_profile(InstanceProfileName="node")
    with refused("EntityAlreadyExists", status=409):
        iam.create_instance_profile(InstanceProfileName="node")


def test_holds_one_role(iam, make):
    # AddRoleToInstanceProfile: "An instance profile can contain only one role, and this quota cannot be increased."
    iam.create_instance_profile(InstanceProfileName="node")
    make.role("one")
    make.role("two")
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="one")
    (role,) = iam.get_instance_profile(InstanceProfileName="node")["InstanceProfile"]["Roles"]
    assert role["RoleName"] == "one"
    with refused("LimitExceeded"):
        iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="two")
    found = iam.list_instance_profiles_for_role(RoleName="one")["InstanceProfiles"]
    assert [p["InstanceProfileName"] for p in found] == ["node"]


def test_unknown_parts(iam, make):
    iam.create_instance_profile(InstanceProfileName="node")
    make.role()
    with refused("NoSuchEntity", status=404):
        iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="nobody")
    with refused("NoSuchEntity"):
        iam.add_role_to_instance_profile(InstanceProfileName="nothing", RoleName="node")
    with refused("NoSuchEntity"):
        iam.remove_role_from_instance_profile(InstanceProfileName="node", RoleName="node")


def test_delete_is_held_by_a_role(iam, make):
    # DeleteInstanceProfile: "The instance profile must not have an associated role."
    iam.create_instance_profile(InstanceProfileName="node")
    make.role()
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    with refused("DeleteConflict", status=409):
        iam.delete_instance_profile(InstanceProfileName="node")
    iam.remove_role_from_instance_profile(InstanceProfileName="node", RoleName="node")
    iam.delete_instance_profile(InstanceProfileName="node")
    with refused("NoSuchEntity"):
        iam.get_instance_profile(InstanceProfileName="node")


def test_ec2_sees_it_only_after_a_while(iam, make, step):
    subnet = make.subnet(make.vpc())
    step(60)
    iam.create_instance_profile(InstanceProfileName="node")
    make.role()
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    with refused("InvalidParameterValue", says="Invalid IAM Instance Profile"):
        make.instance(subnet, IamInstanceProfile={"Name": "node"})
    step(60)
    make.instance(subnet, IamInstanceProfile={"Name": "node"})


def test_tags(iam):
    iam.create_instance_profile(InstanceProfileName="node")
    iam.tag_instance_profile(InstanceProfileName="node", Tags=tags(a="1", b="2"))
    iam.untag_instance_profile(InstanceProfileName="node", TagKeys=["a"])
    assert iam.list_instance_profile_tags(InstanceProfileName="node")["Tags"] == tags(b="2")
