"""Who policies name, and who may use a key.

IAM User Guide "AWS JSON policy elements: Principal" (a role that a policy names must exist), "Changes that I make are not
always immediately visible"; KMS API Reference PutKeyPolicy, CreateGrant ("The principal must exist and be visible");
Auto Scaling User Guide "Service-linked roles", "Required AWS KMS key policy for use with encrypted volumes".
"""

import json

import pytest

from cloud import refused

SERVICE_ROLE = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def statement(principal, action, resource=None):
    it = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action}
    return json.dumps({"Version": "2012-10-17", "Statement": [it | ({"Resource": resource} if resource else {})]})


def key_policy(account, *principals):
    principals = [f"arn:aws:iam::{account}:root", *principals]
    return statement(principals, "kms:*", "*")


def trust(cloud, arn):
    cloud.client("iam").create_role(RoleName="trusting", AssumeRolePolicyDocument=statement(arn, "sts:AssumeRole"))


def key(cloud, arn):
    cloud.client("kms").create_key(Policy=key_policy(cloud.account, arn))


def queue(cloud, arn):
    where = f"arn:aws:sqs:us-west-2:{cloud.account}:q"
    cloud.client("sqs").create_queue(
        QueueName="q", Attributes={"Policy": statement(arn, "sqs:SendMessage", where)}
    )


def bucket(cloud, arn):
    s3, name = cloud.client("s3"), f"b-{cloud.account}"
    if name not in [b["Name"] for b in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_bucket_policy(Bucket=name, Policy=statement(arn, "s3:GetObject", f"arn:aws:s3:::{name}/*"))


def repository(cloud, arn):
    ecr = cloud.client("ecr")
    if not ecr.describe_repositories()["repositories"]:
        ecr.create_repository(repositoryName="kube/api")
    ecr.set_repository_policy(repositoryName="kube/api", policyText=statement(arn, "ecr:BatchGetImage"))


@pytest.mark.parametrize(
    "put,code",
    [
        (trust, "MalformedPolicyDocument"),
        (key, "MalformedPolicyDocumentException"),
        (queue, "InvalidAttributeValue"),
        (bucket, "MalformedPolicy"),
        (repository, "InvalidParameterException"),
    ],
    ids=["trust", "key", "queue", "bucket", "repository"],
)
def test_principals_exist(cloud, make, step, put, code):
    arn = f"arn:aws:iam::{cloud.account}:role/node"
    # An account that has nothing is one that nobody knows.
    make.role("other")
    with refused(code):
        put(cloud, arn)
    assert make.role("node") == arn
    if cloud.target.name == "airplane":
        with refused(code):
            put(cloud, arn)
    step(60)
    put(cloud, arn)


def test_grantee_exists(cloud, make, kms, step):
    made = kms.create_key()["KeyMetadata"]["KeyId"]
    make.role("other")
    with refused("InvalidArnException"):
        kms.create_grant(
            KeyId=made, GranteePrincipal=f"arn:aws:iam::{cloud.account}:role/node", Operations=["Decrypt"]
        )


def test_group_makes_the_service_linked_role(iam, make):
    with refused("NoSuchEntity"):
        iam.get_role(RoleName="AWSServiceRoleForAutoScaling")
    make.scaling_group("nodes", 0)
    role = iam.get_role(RoleName="AWSServiceRoleForAutoScaling")["Role"]
    assert role["Path"] == "/aws-service-role/autoscaling.amazonaws.com/"


@pytest.fixture
def encrypted(cloud, make, kms, autoscaling):
    """encrypted(key): a group whose volumes are encrypted with the key; gives its activities."""

    def build(key):
        volume = {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": key, "VolumeSize": 8}}
        data = {"ImageId": make.image, "InstanceType": "t3.micro", "BlockDeviceMappings": [volume]}
        make.template("encrypted", data)
        given = {"LaunchTemplateName": "encrypted", "Version": "1"}
        make.scaling_group("nodes", 1, LaunchTemplate=given)
        return lambda: autoscaling.describe_scaling_activities(AutoScalingGroupName="nodes")["Activities"]

    return build


def in_service(make):
    return [i["LifecycleState"] for i in make.described_group()["Instances"]] == ["InService"]


def test_key_that_is_closed_to_the_group(encrypted, make, kms, until):
    activities = encrypted(kms.create_key()["KeyMetadata"]["Arn"])
    until(lambda: any(a["StatusCode"] == "Failed" for a in activities()))
    failed = [a for a in activities() if a["StatusCode"] == "Failed"]
    assert "InvalidKMSKey" in failed[0]["StatusMessage"]
    assert not in_service(make)


def test_grant_opens_the_key(encrypted, cloud, make, kms, iam, step, until):
    made = kms.create_key()["KeyMetadata"]["Arn"]
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    step(60)
    kms.create_grant(
        KeyId=made, GranteePrincipal=f"arn:aws:iam::{cloud.account}:{SERVICE_ROLE}", Operations=["Decrypt", "CreateGrant"]
    )
    encrypted(made)
    until(lambda: in_service(make))


def test_policy_opens_the_key(encrypted, cloud, make, kms, iam, step, until):
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    step(60)
    policy = key_policy(cloud.account, f"arn:aws:iam::{cloud.account}:{SERVICE_ROLE}")
    encrypted(kms.create_key(Policy=policy)["KeyMetadata"]["Arn"])
    until(lambda: in_service(make))
