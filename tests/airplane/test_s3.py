"""Buckets and objects.

S3 API Reference: CreateBucket, DeleteBucket, PutBucketVersioning, PutBucketPolicy, PutPublicAccessBlock,
PutBucketEncryption, PutObject, GetObject, DeleteObject, ListObjectVersions, "Error responses".
S3 User Guide: "Bucket naming rules", "How S3 Versioning works".
"""

import json

import pytest

from builders import tags
from cloud import OTHER_REGION, REGION, refused

PLACE = {"LocationConstraint": REGION}


@pytest.fixture
def name(cloud):
    """Names are global, so that each test has its own."""
    return f"kprov-{cloud.account}"


@pytest.fixture
def bucket(s3, name):
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=PLACE)
    return name


def versioned(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def test_create(s3, name):
    answer = s3.create_bucket(Bucket=name, CreateBucketConfiguration=PLACE)
    assert name in answer["Location"]
    s3.head_bucket(Bucket=name)
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == REGION
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == [name]


def test_mine_again(s3, bucket):
    with refused("BucketAlreadyOwnedByYou", status=409):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=PLACE)


def test_somebody_elses(cloud, bucket):
    with refused("BucketAlreadyExists", status=409):
        cloud.client("s3", who="other").create_bucket(Bucket=bucket, CreateBucketConfiguration=PLACE)
    with refused("AccessDenied", "403"):
        cloud.client("s3", who="other").head_bucket(Bucket=bucket)


def test_constraint_must_fit_the_region(s3, name):
    with refused("IllegalLocationConstraintException"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": OTHER_REGION})
    with refused("IllegalLocationConstraintException"):
        s3.create_bucket(Bucket=name)


@pytest.mark.parametrize("name", ["ab", "Kprov-Bucket", "kprov_bucket", "192.168.5.4", "kprov..x", "-kprov", "a" * 64])
def test_names(s3, name):
    with refused("InvalidBucketName", status=400):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=PLACE)


def test_unknown_bucket(s3, name):
    with refused("NoSuchBucket", status=404):
        s3.list_objects_v2(Bucket=name)
    with refused("NoSuchBucket"):
        s3.put_object(Bucket=name, Key="k", Body=b"")
    with refused("NoSuchBucket"):
        s3.delete_bucket(Bucket=name)
    with refused("404"):
        s3.head_bucket(Bucket=name)


def test_objects(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="a/b c", Body=b"hello", ContentType="text/plain", Metadata={"m": "1"})
    # PutObject, ETag: the MD5 for objects in plain or SSE-S3.
    assert put["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    got = s3.get_object(Bucket=bucket, Key="a/b c")
    assert got["Body"].read() == b"hello"
    assert (got["ContentType"], got["ContentLength"], got["Metadata"], got["ETag"]) == (
        "text/plain", 5, {"m": "1"}, put["ETag"],
    )  # fmt: skip
    head = s3.head_object(Bucket=bucket, Key="a/b c")
    assert (head["ContentLength"], head["ETag"]) == (5, put["ETag"])
    # CreateBucket and PutObject: new objects are encrypted with SSE-S3.
    assert head["ServerSideEncryption"] == "AES256"


def test_unknown_key(s3, bucket):
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=bucket, Key="nothing")
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="nothing")
    # DeleteObject answers 204 for a key that is not there.
    assert s3.delete_object(Bucket=bucket, Key="nothing")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_range_and_conditions(s3, bucket):
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")["ETag"]
    got = s3.get_object(Bucket=bucket, Key="k", Range="bytes=2-4")
    assert (got["Body"].read(), got["ContentRange"]) == (b"234", "bytes 2-4/10")
    # GetObject, Range: RFC 9110, 206 Partial Content and the part's length.
    assert (got["ResponseMetadata"]["HTTPStatusCode"], got["ContentLength"]) == (206, 3)
    tail = s3.get_object(Bucket=bucket, Key="k", Range="bytes=-3")
    assert (tail["Body"].read(), tail["ContentRange"]) == (b"789", "bytes 7-9/10")
    seen = s3.head_object(Bucket=bucket, Key="k", Range="bytes=0-3")
    assert (seen["ResponseMetadata"]["HTTPStatusCode"], seen["ContentLength"]) == (206, 4)
    with refused("InvalidRange", status=416):
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=20-30")
    with refused("304"):
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=tag)
    with refused("PreconditionFailed", status=412):
        s3.get_object(Bucket=bucket, Key="k", IfMatch='"other"')


def test_conditional_write(s3, bucket):
    # PutObject, If-None-Match: "*" uploads only if the key does not exist.
    s3.put_object(Bucket=bucket, Key="lock", Body=b"a", IfNoneMatch="*")
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket=bucket, Key="lock", Body=b"b", IfNoneMatch="*")
    tag = s3.head_object(Bucket=bucket, Key="lock")["ETag"]
    s3.put_object(Bucket=bucket, Key="lock", Body=b"c", IfMatch=tag)
    with refused("PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="lock", Body=b"d", IfMatch=tag)


def test_list_with_prefix_and_delimiter(s3, bucket):
    for key in ("a/1", "a/2", "b", "c/3"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    answer = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [c["Key"] for c in answer["Contents"]] == ["b"]
    assert [p["Prefix"] for p in answer["CommonPrefixes"]] == ["a/", "c/"]
    assert [c["Key"] for c in s3.list_objects_v2(Bucket=bucket, Prefix="a/")["Contents"]] == ["a/1", "a/2"]
    assert [c["Key"] for c in s3.list_objects_v2(Bucket=bucket, StartAfter="a/2")["Contents"]] == ["b", "c/3"]
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 3}))
    assert [p["KeyCount"] for p in pages] == [3, 1]
    assert [p["IsTruncated"] for p in pages] == [True, False]


def test_bucket_with_objects_is_held(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with refused("BucketNotEmpty", status=409):
        s3.delete_bucket(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    with refused("NoSuchBucket"):
        s3.list_objects_v2(Bucket=bucket)


def test_never_versioned_has_no_status(s3, bucket):
    # GetBucketVersioning: "If you have never enabled versioning ... the GET request does not return a status value."
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_versions(s3, bucket):
    versioned(s3, bucket)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    one = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    two = s3.put_object(Bucket=bucket, Key="k", Body=b"2")["VersionId"]
    assert one != two
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=one)["Body"].read() == b"1"
    found = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [(v["VersionId"], v["IsLatest"]) for v in found] == [(two, True), (one, False)]


def test_delete_marker(s3, bucket):
    versioned(s3, bucket)
    one = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert marker["DeleteMarker"] is True
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    found = s3.list_object_versions(Bucket=bucket)
    assert [m["VersionId"] for m in found["DeleteMarkers"]] == [marker["VersionId"]]
    with refused("BucketNotEmpty"):
        s3.delete_bucket(Bucket=bucket)
    with refused("MethodNotAllowed", status=405):
        s3.get_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    s3.delete_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    s3.delete_object(Bucket=bucket, Key="k", VersionId=one)
    s3.delete_bucket(Bucket=bucket)


def test_versioning_cannot_be_unset(s3, bucket):
    versioned(s3, bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"
    # User Guide: objects put while versioning is suspended have the version id null.
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert [v["VersionId"] for v in s3.list_object_versions(Bucket=bucket)["Versions"]] == ["null"]


def test_unknown_version(s3, bucket):
    versioned(s3, bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    with refused("NoSuchVersion", "InvalidArgument"):
        s3.get_object(Bucket=bucket, Key="k", VersionId="nothing")


def test_delete_objects(s3, bucket):
    for key in ("a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in ("a", "b", "nothing")]})
    assert {d["Key"] for d in answer["Deleted"]} == {"a", "b", "nothing"}
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    with refused("MalformedXML"):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"{n}"} for n in range(1001)]})


def test_copy(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"1", Metadata={"m": "1"})
    s3.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    got = s3.get_object(Bucket=bucket, Key="b")
    assert (got["Body"].read(), got["Metadata"]) == (b"1", {"m": "1"})
    with refused("NoSuchKey"):
        s3.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "nothing"})


def test_encryption(s3, bucket):
    # GetBucketEncryption: "By default, all buckets have a default encryption configuration that uses SSE-S3."
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    kms = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:us-west-2:123456789012:key/x"}
    wanted = {"Rules": [{"ApplyServerSideEncryptionByDefault": kms, "BucketKeyEnabled": True}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=wanted)
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert (rule["ApplyServerSideEncryptionByDefault"], rule["BucketKeyEnabled"]) == (kms, True)
    s3.delete_bucket_encryption(Bucket=bucket)
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def policy(bucket, principal="arn:aws:iam::{}:root", account="123456789012"):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": principal.format(account)} if principal != "*" else "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_policy(s3, bucket, cloud):
    with refused("NoSuchBucketPolicy", status=404):
        s3.get_bucket_policy(Bucket=bucket)
    document = policy(bucket, account=cloud.account)
    s3.put_bucket_policy(Bucket=bucket, Policy=document)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(document)
    s3.delete_bucket_policy(Bucket=bucket)
    with refused("NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=bucket)


def test_malformed_policy(s3, bucket):
    with refused("MalformedPolicy", status=400):
        s3.put_bucket_policy(Bucket=bucket, Policy="{")
    with refused("MalformedPolicy"):
        s3.put_bucket_policy(Bucket=bucket, Policy=policy("another-bucket"))


def test_public_access_is_blocked_from_the_start(s3, bucket):
    # User Guide, "Blocking public access": enabled on all new buckets since April 2023.
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    with refused("AccessDenied", status=403):
        s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, "*"))
    s3.delete_public_access_block(Bucket=bucket)
    with refused("NoSuchPublicAccessBlockConfiguration", status=404):
        s3.get_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, "*"))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True


def test_ownership_is_enforced_from_the_start(s3, bucket):
    # User Guide, "Controlling ownership of objects": BucketOwnerEnforced for new buckets; ACLs are disabled.
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    with refused("AccessControlListNotSupported", status=400):
        s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    s3.put_bucket_acl(Bucket=bucket, ACL="private")


def test_bucket_tags(s3, bucket):
    with refused("NoSuchTagSet", status=404):
        s3.get_bucket_tagging(Bucket=bucket)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags(a="1")})
    # PutBucketTagging replaces the set.
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags(b="2")})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags(b="2")
    with refused("InvalidTag"):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [*tags(a="1"), *tags(a="2")]})


def test_object_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="a=1&b=2")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags(a="1", b="2")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags(c="3")})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags(c="3")
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_lifecycle(s3, bucket):
    with refused("NoSuchLifecycleConfiguration", status=404):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    rules = [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 30}}]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
    s3.delete_bucket_lifecycle(Bucket=bucket)


@pytest.mark.parametrize(
    "read,code",
    [
        ("get_bucket_cors", "NoSuchCORSConfiguration"),
        ("get_bucket_website", "NoSuchWebsiteConfiguration"),
        ("get_bucket_replication", "ReplicationConfigurationNotFoundError"),
        ("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError"),
    ],
)
def test_what_is_not_configured(s3, bucket, read, code):
    with refused(code, status=404):
        getattr(s3, read)(Bucket=bucket)


def test_reads_with_empty_answers(s3, bucket):
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    (grant,) = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert (grant["Permission"], grant["Grantee"]["Type"]) == ("FULL_CONTROL", "CanonicalUser")
