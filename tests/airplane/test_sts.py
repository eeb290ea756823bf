"""STS. API Reference: GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity, GetSessionToken."""

import json

import boto3
import pytest

from builders import TRUST
from cloud import REGION, refused


def anyone(account):
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
        }
    )


def test_caller_identity(sts, cloud):
    who = sts.get_caller_identity()
    assert who["Account"] == cloud.account
    assert f":{cloud.account}:" in who["Arn"]
    assert who["UserId"]


def test_assume_role(sts, make, cloud, step):
    role = make.role("admin", AssumeRolePolicyDocument=anyone(cloud.account))
    step(60)
    answer = sts.assume_role(RoleArn=role, RoleSessionName="kprov")
    keys = answer["Credentials"]
    assert keys["AccessKeyId"].startswith("ASIA")
    assert keys["SecretAccessKey"] and keys["SessionToken"]
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{cloud.account}:assumed-role/admin/kprov"
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":kprov")


def test_assumed_credentials_are_of_the_roles_account(cloud, step):
    other = cloud.client("iam", who="other")
    role = other.create_role(RoleName="admin", AssumeRolePolicyDocument=anyone(cloud.account))["Role"]["Arn"]
    step(60)
    keys = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="kprov")["Credentials"]
    assumed = boto3.client(
        "sts", region_name=REGION, endpoint_url=cloud.target.endpoint, aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"],
    )  # fmt: skip
    who = assumed.get_caller_identity()
    assert who["Account"] == cloud.other_account
    assert who["Arn"] == f"arn:aws:sts::{cloud.other_account}:assumed-role/admin/kprov"


def test_role_that_is_not(sts, cloud):
    with refused("AccessDenied", status=403):
        sts.assume_role(RoleArn=f"arn:aws:iam::{cloud.account}:role/nobody", RoleSessionName="kprov")


def test_role_that_does_not_trust_the_caller(sts, make, step):
    role = make.role("node", AssumeRolePolicyDocument=TRUST)
    step(60)
    with refused("AccessDenied"):
        sts.assume_role(RoleArn=role, RoleSessionName="kprov")


@pytest.mark.parametrize("seconds", [899, 43201])
def test_duration_has_a_range(cloud, make, step, seconds):
    role = make.role("admin", AssumeRolePolicyDocument=anyone(cloud.account))
    step(60)
    with refused("ValidationError"):
        cloud.raw("sts").assume_role(RoleArn=role, RoleSessionName="kprov", DurationSeconds=seconds)


def test_duration_is_held_to_the_role(sts, make, cloud, step):
    # AssumeRole, DurationSeconds: up to the maximum session duration set for the role.
    role = make.role("admin", AssumeRolePolicyDocument=anyone(cloud.account))
    step(60)
    with refused("ValidationError"):
        sts.assume_role(RoleArn=role, RoleSessionName="kprov", DurationSeconds=7200)


def test_session_names(cloud, make):
    role = make.role("admin", AssumeRolePolicyDocument=anyone(cloud.account))
    with refused("ValidationError"):
        cloud.raw("sts").assume_role(RoleArn=role, RoleSessionName="a b")
