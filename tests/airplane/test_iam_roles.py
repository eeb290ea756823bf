"""Roles and what is written into them.

IAM API Reference: CreateRole, DeleteRole, UpdateAssumeRolePolicy, PutRolePolicy, AttachRolePolicy, UpdateRole,
PutRolePermissionsBoundary, TagRole, CreateServiceLinkedRole. IAM User Guide: "IAM and AWS STS quotas".
"""

import json

import pytest

from builders import POLICY, TRUST, tags
from cloud import refused


def test_create_and_get(iam, cloud):
    made = iam.create_role(RoleName="node", Path="/kube/", AssumeRolePolicyDocument=TRUST, Description="x")["Role"]
    assert made["Arn"] == f"arn:aws:iam::{cloud.account}:role/kube/node"
    assert made["RoleId"].startswith("AROA") and len(made["RoleId"]) == 21
    seen = iam.get_role(RoleName="node")["Role"]
    assert (seen["Arn"], seen["RoleId"], seen["Path"]) == (made["Arn"], made["RoleId"], "/kube/")
    # botocore undoes the URL encoding (RFC 3986) that GetRole documents.
    assert seen["AssumeRolePolicyDocument"] == json.loads(TRUST)
    # CreateRole, MaxSessionDuration: one hour unless told.
    assert (seen["MaxSessionDuration"], seen["Description"]) == (3600, "x")


def test_name_is_taken_once(make):
    make.role()
    with refused("EntityAlreadyExists", status=409):
        make.role()


def test_names_ignore_case(make):
    # CreateRole: names are not distinguished by case.
    make.role("node")
    with refused("EntityAlreadyExists"):
        make.role("NODE")


@pytest.mark.parametrize("name", ["a b", "a/b", "x" * 65])
def test_names(cloud, name):
    with refused("ValidationError"):
        cloud.raw("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)


@pytest.mark.parametrize("document", ["{}", "not json"])
def test_trust_must_be_a_policy(iam, document):
    with refused("MalformedPolicyDocument", status=400):
        iam.create_role(RoleName="node", AssumeRolePolicyDocument=document)


def test_trust_needs_a_principal(iam):
    with refused("MalformedPolicyDocument"):
        iam.create_role(RoleName="node", AssumeRolePolicyDocument=POLICY)


def test_session_duration_has_a_range(cloud):
    for seconds in (3599, 43201):
        with refused("ValidationError"):
            cloud.raw("iam").create_role(
                RoleName="node", AssumeRolePolicyDocument=TRUST, MaxSessionDuration=seconds
            )


def test_unknown_role(iam):
    for call in (iam.get_role, iam.delete_role, iam.list_role_policies, iam.list_attached_role_policies):
        with refused("NoSuchEntity", status=404):
            call(RoleName="nobody")


def test_delete(iam, make):
    make.role()
    iam.delete_role(RoleName="node")
    with refused("NoSuchEntity"):
        iam.get_role(RoleName="node")


def test_held_by_an_inline_policy(iam, make):
    make.role()
    iam.put_role_policy(RoleName="node", PolicyName="p", PolicyDocument=POLICY)
    with refused("DeleteConflict", status=409):
        iam.delete_role(RoleName="node")
    iam.delete_role_policy(RoleName="node", PolicyName="p")
    iam.delete_role(RoleName="node")


def test_held_by_an_attached_policy(iam, make):
    make.role()
    policy = make.policy()
    iam.attach_role_policy(RoleName="node", PolicyArn=policy)
    with refused("DeleteConflict"):
        iam.delete_role(RoleName="node")
    iam.detach_role_policy(RoleName="node", PolicyArn=policy)
    iam.delete_role(RoleName="node")


def test_held_by_an_instance_profile(iam, make):
    make.role()
    iam.create_instance_profile(InstanceProfileName="node")
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    with refused("DeleteConflict"):
        iam.delete_role(RoleName="node")
    iam.remove_role_from_instance_profile(InstanceProfileName="node", RoleName="node")
    iam.delete_role(RoleName="node")


def test_inline_policies(iam, make):
    make.role()
    iam.put_role_policy(RoleName="node", PolicyName="p", PolicyDocument=POLICY)
    seen = iam.get_role_policy(RoleName="node", PolicyName="p")
    assert (seen["RoleName"], seen["PolicyName"], seen["PolicyDocument"]) == ("node", "p", json.loads(POLICY))
    assert iam.list_role_policies(RoleName="node")["PolicyNames"] == ["p"]
    with refused("NoSuchEntity"):
        iam.get_role_policy(RoleName="node", PolicyName="q")
    with refused("NoSuchEntity"):
        iam.delete_role_policy(RoleName="node", PolicyName="q")


@pytest.mark.parametrize(
    "document",
    [
        "{",
        '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Action":"s3:*","Resource":"*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*"}]}',
        '{"Version":"2020-01-01","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*"}]}',
    ],
    ids=["json", "effect", "action", "resource", "version", "principal"],
)
def test_inline_policy_must_be_a_policy(iam, make, document):
    make.role()
    with refused("MalformedPolicyDocument"):
        iam.put_role_policy(RoleName="node", PolicyName="p", PolicyDocument=document)


def test_inline_policies_have_a_size(iam, make):
    # Quotas: role inline policies, 10,240 characters together (white space is not counted).
    make.role()
    resources = [f"arn:aws:s3:::bucket-number-{n:05}/*" for n in range(300)]
    big = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": resources}]}
    with refused("LimitExceeded"):
        iam.put_role_policy(RoleName="node", PolicyName="p", PolicyDocument=json.dumps(big))


def test_attach_twice_is_no_error(iam, make):
    make.role()
    policy = make.policy()
    for _ in range(2):
        iam.attach_role_policy(RoleName="node", PolicyArn=policy)
    attached = iam.list_attached_role_policies(RoleName="node")["AttachedPolicies"]
    assert attached == [{"PolicyName": "node", "PolicyArn": policy}]


def test_attach_of_nothing(iam, make, cloud):
    make.role()
    with refused("NoSuchEntity"):
        iam.attach_role_policy(RoleName="node", PolicyArn=f"arn:aws:iam::{cloud.account}:policy/nothing")
    with refused("NoSuchEntity"):
        iam.detach_role_policy(RoleName="node", PolicyArn=make.policy())


def test_aws_managed_policy(iam, make):
    make.role()
    arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    iam.attach_role_policy(RoleName="node", PolicyArn=arn)
    attached = iam.list_attached_role_policies(RoleName="node")["AttachedPolicies"]
    assert attached == [{"PolicyName": "AmazonSSMManagedInstanceCore", "PolicyArn": arn}]


def test_ten_attached_policies(iam, make):
    # Quotas: managed policies attached to a role, 10.
    make.role()
    for n in range(10):
        iam.attach_role_policy(RoleName="node", PolicyArn=make.policy(f"p{n}"))
    with refused("LimitExceeded"):
        iam.attach_role_policy(RoleName="node", PolicyArn=make.policy("more"))


def test_update(iam, make):
    make.role()
    iam.update_role(RoleName="node", Description="new", MaxSessionDuration=7200)
    trust = json.loads(TRUST)
    trust["Statement"][0]["Principal"]["Service"] = "lambda.amazonaws.com"
    iam.update_assume_role_policy(RoleName="node", PolicyDocument=json.dumps(trust))
    seen = iam.get_role(RoleName="node")["Role"]
    assert (seen["Description"], seen["MaxSessionDuration"]) == ("new", 7200)
    assert seen["AssumeRolePolicyDocument"] == trust


def test_permissions_boundary(iam, make):
    make.role()
    policy = make.policy()
    iam.put_role_permissions_boundary(RoleName="node", PermissionsBoundary=policy)
    seen = iam.get_role(RoleName="node")["Role"]["PermissionsBoundary"]
    assert seen["PermissionsBoundaryArn"] == policy
    with refused("DeleteConflict"):
        iam.delete_policy(PolicyArn=policy)
    iam.delete_role_permissions_boundary(RoleName="node")
    assert "PermissionsBoundary" not in iam.get_role(RoleName="node")["Role"]


def test_tags(iam, make):
    make.role(Tags=tags(a="1", b="2"))
    iam.tag_role(RoleName="node", Tags=tags(a="3", c="4"))
    iam.untag_role(RoleName="node", TagKeys=["b"])
    assert {t["Key"]: t["Value"] for t in iam.list_role_tags(RoleName="node")["Tags"]} == {"a": "3", "c": "4"}
    assert len(iam.get_role(RoleName="node")["Role"]["Tags"]) == 2


def test_duplicate_tag_keys(iam):
    with refused("InvalidInput"):
        iam.create_role(
            RoleName="node", AssumeRolePolicyDocument=TRUST, Tags=[*tags(a="1"), *tags(a="2")]
        )


def test_list_by_path(iam, make):
    make.role("one", Path="/kube/")
    make.role("two")
    assert [r["RoleName"] for r in iam.list_roles(PathPrefix="/kube/")["Roles"]] == ["one"]


def test_service_linked_role(iam):
    made = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]
    assert made["RoleName"] == "AWSServiceRoleForAutoScaling"
    assert made["Arn"].endswith(":role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
    # CreateServiceLinkedRole, InvalidInput: "Service role name ... has been taken in this account".
    with refused("InvalidInput"):
        iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    with refused("UnmodifiableEntity"):
        iam.delete_role(RoleName="AWSServiceRoleForAutoScaling")
