"""STS. API Reference: GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity, GetSessionToken."""

import base64
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


def token(issuer="oidc.kprov.test/cluster", subject="system:serviceaccount:kube-system:node", audience="sts.amazonaws.com",
          expires=4_000_000_000):  # fmt: skip
    """A token as a cluster's API server signs it for a service account; airplane does not look at the signature."""
    claims = {"iss": f"https://{issuer}", "sub": subject, "aud": [audience], "exp": expires}
    parts = [{"alg": "RS256", "typ": "JWT"}, claims, {"signature": "of nobody"}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts)


@pytest.fixture
def pod(cloud, make, step):
    """A role that one service account may assume; gives its ARN."""
    issuer = "oidc.kprov.test/cluster"
    provider = cloud.client("iam").create_open_id_connect_provider(
        Url=f"https://{issuer}", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["0" * 40]
    )["OpenIDConnectProviderArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer}:sub": "system:serviceaccount:kube-system:node"}},
    }
    role = make.role(
        "pod", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    step(60)
    return role


def assume(sts, role, **by):
    return sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="pod", WebIdentityToken=token(**by))


def test_web_identity(sts, cloud, pod):
    answer = assume(sts, pod)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{cloud.account}:assumed-role/pod/pod"
    assert answer["SubjectFromWebIdentityToken"] == "system:serviceaccount:kube-system:node"
    assert answer["Audience"] == "sts.amazonaws.com"
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")


@pytest.mark.parametrize(
    "by,code",
    [
        ({"subject": "system:serviceaccount:default:other"}, "AccessDenied"),
        ({"audience": "kprov"}, "InvalidIdentityToken"),
        ({"issuer": "oidc.kprov.test/other"}, "InvalidIdentityToken"),
        ({"expires": 1_000_000_000}, "ExpiredTokenException"),
    ],
    ids=["subject", "audience", "issuer", "expired"],
)
def test_web_identity_is_held_to_the_role(sts, pod, by, code):
    with refused(code):
        assume(sts, pod, **by)


def test_web_identity_is_a_token(sts, pod):
    with refused("InvalidIdentityToken"):
        sts.assume_role_with_web_identity(RoleArn=pod, RoleSessionName="pod", WebIdentityToken="a.b.c")


def test_session_token(sts, cloud):
    keys = sts.get_session_token(DurationSeconds=900)["Credentials"]
    same = boto3.client(
        "sts", region_name=REGION, endpoint_url=cloud.target.endpoint, aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"],
    )  # fmt: skip
    assert same.get_caller_identity()["Account"] == cloud.account
    with refused("ValidationError"):
        cloud.raw("sts").get_session_token(DurationSeconds=899)
