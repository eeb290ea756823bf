"""Managed policies and their versions.

IAM API Reference: CreatePolicy, CreatePolicyVersion, SetDefaultPolicyVersion, DeletePolicyVersion, DeletePolicy.
"""

import json

import pytest

from builders import POLICY, tags
from cloud import refused


def other(action="s3:PutObject"):
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def add(iam, policy, action="s3:PutObject", default=False):
    answer = iam.create_policy_version(PolicyArn=policy, PolicyDocument=other(action), SetAsDefault=default)
    return answer["PolicyVersion"]["VersionId"]


def test_create_and_get(iam, cloud):
    made = iam.create_policy(PolicyName="p", Path="/kube/", PolicyDocument=POLICY, Description="x")["Policy"]
    assert made["Arn"] == f"arn:aws:iam::{cloud.account}:policy/kube/p"
    assert made["PolicyId"].startswith("ANPA")
    assert (made["DefaultVersionId"], made["AttachmentCount"], made["IsAttachable"]) == ("v1", 0, True)
    seen = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert (seen["PolicyName"], seen["Description"]) == ("p", "x")
    version = iam.get_policy_version(PolicyArn=made["Arn"], VersionId="v1")["PolicyVersion"]
    assert (version["Document"], version["IsDefaultVersion"]) == (json.loads(POLICY), True)


def test_name_is_taken_once(make):
    make.policy()
    with refused("EntityAlreadyExists", status=409):
        make.policy()


@pytest.mark.parametrize("document", ["{}", "x", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}'])
def test_document_must_be_a_policy(make, document):
    with refused("MalformedPolicyDocument"):
        make.policy(document=document)


def test_document_has_a_size(make):
    # Quotas: managed policy, 6,144 characters without white space.
    resources = [f"arn:aws:s3:::bucket-number-{n:05}/*" for n in range(200)]
    big = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": resources}]}
    with refused("LimitExceeded"):
        make.policy(document=json.dumps(big))


def test_unknown_policy(iam, cloud):
    arn = f"arn:aws:iam::{cloud.account}:policy/nothing"
    with refused("NoSuchEntity", status=404):
        iam.get_policy(PolicyArn=arn)
    with refused("NoSuchEntity"):
        iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity"):
        add(iam, arn)


def test_five_versions(iam, make):
    # CreatePolicyVersion: "A managed policy can have up to five versions."
    policy = make.policy()
    assert [add(iam, policy) for _ in range(4)] == ["v2", "v3", "v4", "v5"]
    with refused("LimitExceeded", status=409):
        add(iam, policy)
    iam.delete_policy_version(PolicyArn=policy, VersionId="v2")
    # Version ids are not used again.
    assert add(iam, policy) == "v6"


def test_default_version(iam, make):
    policy = make.policy()
    assert add(iam, policy, default=True) == "v2"
    assert iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"] == "v2"
    with refused("DeleteConflict"):
        iam.delete_policy_version(PolicyArn=policy, VersionId="v2")
    iam.set_default_policy_version(PolicyArn=policy, VersionId="v1")
    iam.delete_policy_version(PolicyArn=policy, VersionId="v2")
    with refused("NoSuchEntity"):
        iam.get_policy_version(PolicyArn=policy, VersionId="v2")
    with refused("NoSuchEntity"):
        iam.set_default_policy_version(PolicyArn=policy, VersionId="v2")


def test_delete_is_held_by_versions(iam, make):
    # DeletePolicy: "Delete all versions of the policy using DeletePolicyVersion" first.
    policy = make.policy()
    add(iam, policy)
    with refused("DeleteConflict", status=409):
        iam.delete_policy(PolicyArn=policy)
    iam.delete_policy_version(PolicyArn=policy, VersionId="v2")
    iam.delete_policy(PolicyArn=policy)


def test_delete_is_held_by_a_role(iam, make):
    policy = make.policy()
    make.role()
    iam.attach_role_policy(RoleName="node", PolicyArn=policy)
    assert iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == 1
    entities = iam.list_entities_for_policy(PolicyArn=policy)
    assert [r["RoleName"] for r in entities["PolicyRoles"]] == ["node"]
    with refused("DeleteConflict"):
        iam.delete_policy(PolicyArn=policy)


def test_list_local(iam, make):
    arns = {make.policy("one"), make.policy("two")}
    assert {p["Arn"] for p in iam.list_policies(Scope="Local")["Policies"]} == arns


def test_tags(iam, make):
    policy = make.policy()
    iam.tag_policy(PolicyArn=policy, Tags=tags(a="1", b="2"))
    iam.untag_policy(PolicyArn=policy, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=policy)["Tags"] == tags(b="2")
