"""Key pairs. EC2 API Reference: CreateKeyPair, ImportKeyPair, DeleteKeyPair, DescribeKeyPairs, "Error codes"."""

import base64
import hashlib

from builders import tag_specification
from cloud import refused

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f node"


def test_create_gives_the_private_key_once(ec2, step):
    made = ec2.create_key_pair(KeyName="node")
    assert made["KeyName"] == "node"
    assert made["KeyPairId"].startswith("key-")
    assert "PRIVATE KEY" in made["KeyMaterial"]
    step(10)
    (seen,) = ec2.describe_key_pairs(KeyNames=["node"])["KeyPairs"]
    assert (seen["KeyPairId"], seen["KeyFingerprint"]) == (made["KeyPairId"], made["KeyFingerprint"])
    assert seen["KeyType"] == "rsa"


def test_import(ec2, step):
    made = ec2.import_key_pair(
        KeyName="node", PublicKeyMaterial=ED25519.encode(), TagSpecifications=tag_specification("key-pair", Name="x")
    )
    # EC2 User Guide, "Verify the fingerprint": an imported ED25519 key has the SHA-256 of its blob, in base64.
    blob = base64.b64decode(ED25519.split()[1])
    sha = base64.b64encode(hashlib.sha256(blob).digest()).decode()
    assert made["KeyFingerprint"].rstrip("=") == sha.rstrip("=")
    assert made["Tags"] == [{"Key": "Name", "Value": "x"}]
    step(10)
    (seen,) = ec2.describe_key_pairs(KeyNames=["node"], IncludePublicKey=True)["KeyPairs"]
    assert seen["KeyType"] == "ed25519"
    assert seen["PublicKey"].split()[:2] == ED25519.split()[:2]


def test_name_is_taken_once(ec2):
    ec2.create_key_pair(KeyName="node")
    with refused("InvalidKeyPair.Duplicate"):
        ec2.create_key_pair(KeyName="node")
    with refused("InvalidKeyPair.Duplicate"):
        ec2.import_key_pair(KeyName="node", PublicKeyMaterial=ED25519.encode())


def test_malformed_key(ec2):
    with refused("InvalidKey.Format"):
        ec2.import_key_pair(KeyName="node", PublicKeyMaterial=b"not a key")


def test_unknown_name(ec2):
    with refused("InvalidKeyPair.NotFound"):
        ec2.describe_key_pairs(KeyNames=["nobody"])


def test_delete(ec2, step):
    ec2.create_key_pair(KeyName="node")
    assert ec2.delete_key_pair(KeyName="node")["Return"] is True
    step(10)
    with refused("InvalidKeyPair.NotFound"):
        ec2.describe_key_pairs(KeyNames=["node"])
    # DeleteKeyPair succeeds for a key that does not exist.
    assert ec2.delete_key_pair(KeyName="node")["Return"] is True
