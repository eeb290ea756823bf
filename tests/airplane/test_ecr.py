"""ECR repositories.

ECR API Reference: CreateRepository, DeleteRepository, PutLifecyclePolicy, SetRepositoryPolicy,
PutImageScanningConfiguration, PutImageTagMutability.
"""

import json

import pytest

from builders import tags
from cloud import refused

LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5},
                "action": {"type": "expire"},
            }
        ]
    }
)
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "x", "Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}],
    }
)


@pytest.fixture
def repository(ecr):
    return ecr.create_repository(repositoryName="kube/api")["repository"]["repositoryName"]


def test_create(ecr, cloud):
    made = ecr.create_repository(repositoryName="kube/api", tags=tags(a="1"))["repository"]
    assert made["repositoryArn"] == f"arn:aws:ecr:us-west-2:{cloud.account}:repository/kube/api"
    assert made["repositoryUri"] == f"{cloud.account}.dkr.ecr.us-west-2.amazonaws.com/kube/api"
    assert made["registryId"] == cloud.account
    # CreateRepository: documented defaults.
    assert made["imageTagMutability"] == "MUTABLE"
    assert made["imageScanningConfiguration"] == {"scanOnPush": False}
    assert made["encryptionConfiguration"] == {"encryptionType": "AES256"}
    (seen,) = ecr.describe_repositories(repositoryNames=["kube/api"])["repositories"]
    assert seen["repositoryArn"] == made["repositoryArn"]
    assert ecr.list_tags_for_resource(resourceArn=made["repositoryArn"])["tags"] == tags(a="1")


def test_name_is_taken_once(ecr, repository):
    with refused("RepositoryAlreadyExistsException", status=400):
        ecr.create_repository(repositoryName=repository)


@pytest.mark.parametrize("name", ["Kube", "a", "a//b", "-a", "a_"])
def test_names(cloud, name):
    with refused("InvalidParameterException"):
        cloud.raw("ecr").create_repository(repositoryName=name)


def test_unknown_repository(ecr):
    with refused("RepositoryNotFoundException", status=400):
        ecr.describe_repositories(repositoryNames=["nothing"])
    with refused("RepositoryNotFoundException"):
        ecr.delete_repository(repositoryName="nothing")
    with refused("RepositoryNotFoundException"):
        ecr.get_lifecycle_policy(repositoryName="nothing")


def test_delete(ecr, repository):
    assert ecr.delete_repository(repositoryName=repository)["repository"]["repositoryName"] == repository
    with refused("RepositoryNotFoundException"):
        ecr.describe_repositories(repositoryNames=[repository])


def test_lifecycle_policy(ecr, repository):
    with refused("LifecyclePolicyNotFoundException"):
        ecr.get_lifecycle_policy(repositoryName=repository)
    ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=LIFECYCLE)
    seen = ecr.get_lifecycle_policy(repositoryName=repository)
    assert json.loads(seen["lifecyclePolicyText"]) == json.loads(LIFECYCLE)
    ecr.delete_lifecycle_policy(repositoryName=repository)
    with refused("LifecyclePolicyNotFoundException"):
        ecr.delete_lifecycle_policy(repositoryName=repository)


@pytest.mark.parametrize("text", ["{}" + " " * 100, '{"rules": []}' + " " * 100, "{" + " " * 100])
def test_lifecycle_policy_is_checked(ecr, repository, text):
    with refused("InvalidParameterException", "ValidationException"):
        ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=text)


def test_repository_policy(ecr, repository):
    with refused("RepositoryPolicyNotFoundException"):
        ecr.get_repository_policy(repositoryName=repository)
    ecr.set_repository_policy(repositoryName=repository, policyText=POLICY)
    seen = ecr.get_repository_policy(repositoryName=repository)
    assert json.loads(seen["policyText"])["Statement"][0]["Sid"] == "x"
    ecr.delete_repository_policy(repositoryName=repository)
    with refused("RepositoryPolicyNotFoundException"):
        ecr.delete_repository_policy(repositoryName=repository)
    with refused("InvalidParameterException"):
        ecr.set_repository_policy(repositoryName=repository, policyText="{")


def test_settings(ecr, repository):
    ecr.put_image_scanning_configuration(
        repositoryName=repository, imageScanningConfiguration={"scanOnPush": True}
    )
    ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="IMMUTABLE")
    (seen,) = ecr.describe_repositories(repositoryNames=[repository])["repositories"]
    assert (seen["imageScanningConfiguration"]["scanOnPush"], seen["imageTagMutability"]) == (True, "IMMUTABLE")


def test_tags(ecr, repository, cloud):
    arn = f"arn:aws:ecr:us-west-2:{cloud.account}:repository/{repository}"
    ecr.tag_resource(resourceArn=arn, tags=tags(a="1", b="2"))
    ecr.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert ecr.list_tags_for_resource(resourceArn=arn)["tags"] == tags(b="2")


def test_no_images(ecr, repository):
    assert ecr.list_images(repositoryName=repository)["imageIds"] == []
    assert ecr.describe_images(repositoryName=repository)["imageDetails"] == []
    with refused("ImageNotFoundException"):
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "latest"}])


def test_authorization_token(ecr, cloud):
    (data,) = ecr.get_authorization_token()["authorizationData"]
    assert data["proxyEndpoint"] == f"https://{cloud.account}.dkr.ecr.us-west-2.amazonaws.com"
    assert data["authorizationToken"]


def test_encryption_is_kept(ecr):
    made = ecr.create_repository(
        repositoryName="kube/kms", encryptionConfiguration={"encryptionType": "KMS"}
    )["repository"]
    assert made["encryptionConfiguration"]["encryptionType"] == "KMS"
    assert made["encryptionConfiguration"]["kmsKey"].startswith("arn:aws:kms:")
