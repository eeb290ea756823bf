"""Keys, aliases, grants.

KMS API Reference: CreateKey, ScheduleKeyDeletion, CancelKeyDeletion, DisableKey, EnableKeyRotation, PutKeyPolicy,
CreateAlias, CreateGrant, Encrypt. KMS Developer Guide: "Key states of KMS keys".
"""

import datetime
import json

import pytest

from cloud import refused


@pytest.fixture
def key(kms):
    return kms.create_key(Description="x")["KeyMetadata"]["KeyId"]


def seen(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]


def test_create(kms, cloud):
    made = kms.create_key(Description="x", Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyMetadata"]
    assert made["Arn"] == f"arn:aws:kms:us-west-2:{cloud.account}:key/{made['KeyId']}"
    assert (made["KeyState"], made["Enabled"], made["KeyManager"]) == ("Enabled", True, "CUSTOMER")
    # CreateKey: documented defaults.
    assert (made["KeyUsage"], made["KeySpec"], made["Origin"], made["MultiRegion"]) == (
        "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "AWS_KMS", False,
    )  # fmt: skip
    assert kms.list_resource_tags(KeyId=made["KeyId"])["Tags"] == [{"TagKey": "a", "TagValue": "1"}]
    assert [k["KeyId"] for k in kms.list_keys()["Keys"]] == [made["KeyId"]]
    assert seen(kms, made["Arn"])["KeyId"] == made["KeyId"]


def test_unknown_key(kms):
    with refused("NotFoundException", status=400):
        seen(kms, "12345678-1234-1234-1234-123456789012")
    with refused("NotFoundException"):
        seen(kms, "alias/nothing")


def test_default_policy_lets_the_account_in(kms, key, cloud):
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    assert policy["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{cloud.account}:root"}
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]


def test_put_policy(kms, key):
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    policy["Id"] = "mine"
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    assert json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])["Id"] == "mine"
    with refused("MalformedPolicyDocumentException"):
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy="{")


@pytest.mark.parametrize("days", [6, 31])
def test_deletion_window(cloud, key, days):
    # ScheduleKeyDeletion, PendingWindowInDays: "between 7 and 30, inclusive".
    with refused("ValidationException"):
        cloud.raw("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=days)


def test_pending_deletion_and_back(kms, key):
    answer = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (answer["KeyState"], answer["PendingWindowInDays"]) == ("PendingDeletion", 7)
    metadata = seen(kms, key)
    assert (metadata["KeyState"], metadata["Enabled"]) == ("PendingDeletion", False)
    assert metadata["DeletionDate"] - metadata["CreationDate"] >= datetime.timedelta(days=6, hours=23)
    for call in (kms.enable_key, kms.disable_key, kms.enable_key_rotation, kms.schedule_key_deletion):
        with refused("KMSInvalidStateException"):
            call(KeyId=key)
    with refused("KMSInvalidStateException"):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    kms.cancel_key_deletion(KeyId=key)
    # CancelKeyDeletion: the key state is Disabled afterwards.
    assert seen(kms, key)["KeyState"] == "Disabled"
    with refused("KMSInvalidStateException"):
        kms.cancel_key_deletion(KeyId=key)


def test_thirty_days_unless_told(kms, key):
    assert kms.schedule_key_deletion(KeyId=key)["PendingWindowInDays"] == 30


def test_gone_after_the_window(kms, key, step):
    kms.create_alias(AliasName="alias/a", TargetKeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    step(6 * 86400)
    assert seen(kms, key)["KeyState"] == "PendingDeletion"
    step(2 * 86400)
    with refused("NotFoundException"):
        seen(kms, key)
    # ScheduleKeyDeletion: aliases go with the key.
    assert [a for a in kms.list_aliases()["Aliases"] if a["AliasName"] == "alias/a"] == []


def test_disable_and_enable(kms, key):
    secret = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    assert seen(kms, key)["KeyState"] == "Disabled"
    with refused("DisabledException"):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    with refused("DisabledException"):
        kms.decrypt(CiphertextBlob=secret)
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"x"


def test_rotation(kms, key):
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key)
    answer = kms.get_key_rotation_status(KeyId=key)
    assert (answer["KeyRotationEnabled"], answer["RotationPeriodInDays"]) == (True, 365)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 90
    kms.disable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False


def test_asymmetric_keys_do_not_rotate(kms):
    key = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    with refused("UnsupportedOperationException"):
        kms.enable_key_rotation(KeyId=key)


def test_aliases(kms, key, cloud):
    kms.create_alias(AliasName="alias/a", TargetKeyId=key)
    assert seen(kms, "alias/a")["KeyId"] == key
    (alias,) = kms.list_aliases(KeyId=key)["Aliases"]
    assert (alias["AliasName"], alias["TargetKeyId"]) == ("alias/a", key)
    assert alias["AliasArn"] == f"arn:aws:kms:us-west-2:{cloud.account}:alias/a"
    with refused("AlreadyExistsException"):
        kms.create_alias(AliasName="alias/a", TargetKeyId=key)
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName="alias/a", TargetKeyId=other)
    assert seen(kms, "alias/a")["KeyId"] == other
    kms.delete_alias(AliasName="alias/a")
    with refused("NotFoundException"):
        kms.delete_alias(AliasName="alias/a")
    with refused("NotFoundException"):
        kms.update_alias(AliasName="alias/a", TargetKeyId=key)


@pytest.mark.parametrize("name", ["a", "alias/aws/mine", "alias/a b"])
def test_alias_names(kms, key, name):
    with refused("ValidationException", "InvalidAliasNameException", "NotAuthorizedException"):
        kms.create_alias(AliasName=name, TargetKeyId=key)


def test_alias_of_nothing(kms):
    with refused("NotFoundException"):
        kms.create_alias(AliasName="alias/a", TargetKeyId="12345678-1234-1234-1234-123456789012")


def test_description_and_tags(kms, key):
    kms.update_key_description(KeyId=key, Description="new")
    assert seen(kms, key)["Description"] == "new"
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": "2"}])
    kms.untag_resource(KeyId=key, TagKeys=["a"])
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "b", "TagValue": "2"}]


def test_grants(kms, key, cloud):
    grantee = f"arn:aws:iam::{cloud.account}:root"
    made = kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Decrypt", "CreateGrant"], Name="g")
    assert made["GrantToken"]
    (grant,) = kms.list_grants(KeyId=key)["Grants"]
    assert (grant["GrantId"], set(grant["Operations"])) == (made["GrantId"], {"Decrypt", "CreateGrant"})
    # CreateGrant, Name: the same grant with a name is idempotent.
    again = kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Decrypt", "CreateGrant"], Name="g")
    assert again["GrantId"] == made["GrantId"]
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
    with refused("NotFoundException", "InvalidGrantIdException"):
        kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])


def test_encrypt_and_decrypt(kms, key):
    context = {"a": "b"}
    secret = kms.encrypt(KeyId=key, Plaintext=b"hello", EncryptionContext=context)
    assert secret["KeyId"].endswith(key)
    assert kms.decrypt(CiphertextBlob=secret["CiphertextBlob"], EncryptionContext=context)["Plaintext"] == b"hello"
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=secret["CiphertextBlob"])
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=b"nothing of ours")


def test_data_key(kms, key):
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    assert len(made["Plaintext"]) == 32
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == made["Plaintext"]
