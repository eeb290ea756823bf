//! Buckets, their configurations and their objects, by their actions.
use crate::testing::{Client, text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

fn ok(c: &Client, action: &str, input: Value) -> Value {
    c.call("s3", action, input).unwrap_or_else(|f| panic!("{action}: {f:?}"))
}

fn refused(c: &Client, action: &str, input: Value) -> (String, u16) {
    match c.call("s3", action, input) {
        Err(fault) => (fault.code, fault.status.unwrap_or_default()),
        Ok(output) => panic!("{action} succeeded: {output}"),
    }
}

fn code(code: &str, status: u16) -> (String, u16) {
    (code.to_owned(), status)
}

fn bucket() -> Client {
    let c = Client::new();
    ok(&c, "CreateBucket", json!({"Bucket": "box"}));
    c
}

fn put(c: &Client, key: &str, body: &str) -> Value {
    ok(c, "PutObject", json!({"Bucket": "box", "Key": key, "Body": STANDARD.encode(body)}))
}

fn body(c: &Client, input: Value) -> String {
    let out = ok(c, "GetObject", input);
    String::from_utf8(STANDARD.decode(text(&out["Body"])).unwrap()).unwrap()
}

fn of(key: &str) -> Value {
    json!({"Bucket": "box", "Key": key})
}

fn keys(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|o| text(&o["Key"])).collect()
}

#[test]
fn names_are_the_worlds_and_regions_their_own() {
    let c = bucket();
    let name = json!({"Bucket": "box"});
    assert_eq!(refused(&c, "CreateBucket", name.clone()), code("BucketAlreadyOwnedByYou", 409));
    let stranger = c.other("222222222222", "us-east-1");
    assert_eq!(refused(&stranger, "CreateBucket", name.clone()), code("BucketAlreadyExists", 409));
    assert_eq!(refused(&stranger, "HeadBucket", name.clone()), code("AccessDenied", 403));
    for bad in ["ab", "Box", "a_b", "-ab", "a..b", "10.0.0.1"] {
        assert_eq!(
            refused(&c, "CreateBucket", json!({"Bucket": bad})),
            code("InvalidBucketName", 400)
        );
    }
    let frankfurt = c.other("111111111111", "eu-central-1");
    let there = |region: &str| json!({"Bucket": "there", "CreateBucketConfiguration": {"LocationConstraint": region}});
    assert_eq!(
        refused(&frankfurt, "CreateBucket", json!({"Bucket": "there"})).0,
        "IllegalLocationConstraintException"
    );
    assert_eq!(
        refused(&frankfurt, "CreateBucket", there("eu-west-1")).0,
        "IllegalLocationConstraintException"
    );
    ok(&frankfurt, "CreateBucket", there("eu-central-1"));
    assert_eq!(
        ok(&c, "GetBucketLocation", json!({"Bucket": "there"}))["LocationConstraint"],
        "eu-central-1"
    );
    assert_eq!(ok(&c, "HeadBucket", json!({"Bucket": "there"}))["BucketRegion"], "eu-central-1");
    assert_eq!(
        refused(&c, "GetBucketVersioning", json!({"Bucket": "there"})).0,
        "AuthorizationHeaderMalformed"
    );
    assert_eq!(ok(&c, "GetBucketLocation", name.clone()), json!({}));
    assert_eq!(ok(&c, "ListBuckets", json!({}))["Buckets"].as_array().unwrap().len(), 2);
    ok(&c, "DeleteBucket", name.clone());
    assert_eq!(refused(&c, "HeadBucket", name.clone()), code("NoSuchBucket", 404));
    ok(&stranger, "CreateBucket", name);
}

#[test]
fn a_new_bucket_has_the_defaults_of_s3() {
    let c = bucket();
    let get = |action: &str| ok(&c, action, json!({"Bucket": "box"}));
    let rule = &get("GetBucketEncryption")["ServerSideEncryptionConfiguration"]["Rules"][0];
    assert_eq!(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256");
    let block = &get("GetPublicAccessBlock")["PublicAccessBlockConfiguration"];
    assert_eq!(
        (&block["BlockPublicAcls"], &block["RestrictPublicBuckets"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        get("GetBucketOwnershipControls")["OwnershipControls"]["Rules"][0]["ObjectOwnership"],
        "BucketOwnerEnforced"
    );
    assert_eq!(get("GetBucketVersioning"), json!({}));
    assert_eq!(get("GetBucketAcl")["Grants"][0]["Permission"], "FULL_CONTROL");
    assert_eq!(get("GetBucketRequestPayment")["Payer"], "BucketOwner");
    assert_eq!(
        (get("GetBucketLogging"), get("GetBucketAccelerateConfiguration")),
        (json!({}), json!({}))
    );
    for (action, wanted) in [
        ("GetBucketPolicy", "NoSuchBucketPolicy"),
        ("GetBucketTagging", "NoSuchTagSet"),
        ("GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration"),
        ("GetBucketCors", "NoSuchCORSConfiguration"),
        ("GetBucketWebsite", "NoSuchWebsiteConfiguration"),
        ("GetBucketReplication", "ReplicationConfigurationNotFoundError"),
        ("GetObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"),
    ] {
        assert_eq!(refused(&c, action, json!({"Bucket": "box"})), code(wanted, 404));
    }
    ok(&c, "DeletePublicAccessBlock", json!({"Bucket": "box"}));
    assert_eq!(
        refused(&c, "GetPublicAccessBlock", json!({"Bucket": "box"})).0,
        "NoSuchPublicAccessBlockConfiguration"
    );
    ok(&c, "DeleteBucketOwnershipControls", json!({"Bucket": "box"}));
    assert_eq!(
        refused(&c, "GetBucketOwnershipControls", json!({"Bucket": "box"})).0,
        "OwnershipControlsNotFoundError"
    );
}

#[test]
fn policies_are_checked_and_public_ones_blocked() {
    let c = bucket();
    let policy = |principal: Value, resource: &str| {
        let statement = json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": resource});
        json!({"Bucket": "box", "Policy": json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()})
    };
    let one = json!({"AWS": "arn:aws:iam::111111111111:root"});
    assert_eq!(
        refused(&c, "PutBucketPolicy", json!({"Bucket": "box", "Policy": "x"})),
        code("MalformedPolicy", 400)
    );
    assert_eq!(
        refused(&c, "PutBucketPolicy", policy(one.clone(), "arn:aws:s3:::other/*")).0,
        "MalformedPolicy"
    );
    assert_eq!(
        refused(&c, "PutBucketPolicy", policy(json!("*"), "arn:aws:s3:::box/*")),
        code("AccessDenied", 403)
    );
    ok(&c, "DeletePublicAccessBlock", json!({"Bucket": "box"}));
    let public = policy(json!("*"), "arn:aws:s3:::box/*");
    ok(&c, "PutBucketPolicy", public.clone());
    assert_eq!(ok(&c, "GetBucketPolicy", json!({"Bucket": "box"}))["Policy"], public["Policy"]);
    assert_eq!(
        ok(&c, "GetBucketPolicyStatus", json!({"Bucket": "box"}))["PolicyStatus"]["IsPublic"],
        true
    );
    ok(&c, "DeleteBucketPolicy", json!({"Bucket": "box"}));
    assert_eq!(refused(&c, "GetBucketPolicy", json!({"Bucket": "box"})).0, "NoSuchBucketPolicy");
}

#[test]
fn configurations_come_back_as_they_went() {
    let c = bucket();
    let acl = json!({"Bucket": "box", "ACL": "public-read"});
    assert_eq!(
        refused(&c, "PutBucketAcl", acl.clone()),
        code("AccessControlListNotSupported", 400)
    );
    let owner = json!({"Bucket": "box", "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}});
    ok(&c, "PutBucketOwnershipControls", owner);
    assert_eq!(refused(&c, "PutBucketAcl", acl.clone()), code("AccessDenied", 403));
    ok(
        &c,
        "PutPublicAccessBlock",
        json!({"Bucket": "box", "PublicAccessBlockConfiguration": {"IgnorePublicAcls": true}}),
    );
    ok(&c, "PutBucketAcl", acl);
    assert_eq!(
        ok(&c, "GetBucketAcl", json!({"Bucket": "box"}))["Grants"].as_array().unwrap().len(),
        2
    );
    let tags = json!([{"Key": "a", "Value": "1"}]);
    ok(&c, "PutBucketTagging", json!({"Bucket": "box", "Tagging": {"TagSet": tags}}));
    assert_eq!(ok(&c, "GetBucketTagging", json!({"Bucket": "box"}))["TagSet"], tags);
    let twice = json!([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]);
    assert_eq!(
        refused(&c, "PutBucketTagging", json!({"Bucket": "box", "Tagging": {"TagSet": twice}})).0,
        "InvalidTag"
    );
    let rule = |more: Value| {
        let mut rule = json!({"Status": "Enabled", "Filter": {"Prefix": "logs/"}});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"Bucket": "box", "LifecycleConfiguration": {"Rules": [rule]}})
    };
    assert_eq!(refused(&c, "PutBucketLifecycleConfiguration", rule(json!({}))).0, "InvalidRequest");
    assert_eq!(
        refused(&c, "PutBucketLifecycleConfiguration", rule(json!({"Expiration": {"Days": 0}}))).0,
        "InvalidArgument"
    );
    ok(&c, "PutBucketLifecycleConfiguration", rule(json!({"ID": "x", "Expiration": {"Days": 3}})));
    let seen = ok(&c, "GetBucketLifecycleConfiguration", json!({"Bucket": "box"}));
    assert_eq!(
        (&seen["Rules"][0]["ID"], &seen["Rules"][0]["Expiration"]["Days"]),
        (&json!("x"), &json!(3))
    );
}

#[test]
fn objects_are_written_and_read_under_conditions() {
    let c = bucket();
    let out = put(&c, "a/b", "hello");
    assert_eq!(out["ETag"], "\"5d41402abc4b2a76b9719d911017c592\"");
    assert_eq!((&out["ServerSideEncryption"], &out["VersionId"]), (&json!("AES256"), &Value::Null));
    let with = |key: &str, more: Value| {
        let mut input = of(key);
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    assert_eq!(body(&c, of("a/b")), "hello");
    assert_eq!(body(&c, with("a/b", json!({"Range": "bytes=1-2"}))), "el");
    assert_eq!(body(&c, with("a/b", json!({"Range": "bytes=-2"}))), "lo");
    assert_eq!(
        refused(&c, "GetObject", with("a/b", json!({"Range": "bytes=9-"}))),
        code("InvalidRange", 416)
    );
    assert_eq!(refused(&c, "GetObject", with("a/b", json!({"IfNoneMatch": out["ETag"]}))).1, 304);
    assert_eq!(refused(&c, "GetObject", with("a/b", json!({"IfMatch": "\"x\""}))).1, 412);
    assert_eq!(refused(&c, "GetObject", of("none")), code("NoSuchKey", 404));
    assert_eq!(
        refused(&c, "PutObject", with("a/b", json!({"IfNoneMatch": "*"}))),
        code("PreconditionFailed", 412)
    );
    assert_eq!(
        refused(&c, "PutObject", with("a/b", json!({"IfMatch": "\"x\""}))),
        code("PreconditionFailed", 412)
    );
    assert_eq!(
        refused(&c, "PutObject", with("none", json!({"IfMatch": "\"x\""}))),
        code("NoSuchKey", 404)
    );
    assert_eq!(
        refused(&c, "PutObject", with("a", json!({"ContentMD5": STANDARD.encode([0; 16])}))).0,
        "BadDigest"
    );
    let rich = json!({"ContentType": "text/plain", "ContentEncoding": "aws-chunked", "Metadata": {"who": "me"},
        "Tagging": "a=1&b=x%20y", "StorageClass": "STANDARD_IA", "ChecksumCRC32": "NhCmhg=="});
    ok(&c, "PutObject", with("rich", rich));
    let seen = ok(&c, "HeadObject", with("rich", json!({"ChecksumMode": "ENABLED"})));
    assert_eq!(
        (&seen["ContentType"], &seen["ContentEncoding"]),
        (&json!("text/plain"), &Value::Null)
    );
    assert_eq!(
        (&seen["Metadata"]["who"], &seen["StorageClass"]),
        (&json!("me"), &json!("STANDARD_IA"))
    );
    assert_eq!((&seen["ChecksumCRC32"], &seen["TagCount"]), (&json!("NhCmhg=="), &json!(2)));
    assert_eq!(
        ok(&c, "GetObjectTagging", of("rich"))["TagSet"][1],
        json!({"Key": "b", "Value": "x y"})
    );
    let from = json!({"CopySource": "box/rich"});
    assert_eq!(refused(&c, "CopyObject", with("rich", from.clone())).0, "InvalidRequest");
    let copy = ok(&c, "CopyObject", with("copy", from));
    assert_eq!(copy["CopyObjectResult"]["ETag"], seen["ETag"]);
    let copied = ok(&c, "HeadObject", of("copy"));
    assert_eq!((&copied["Metadata"]["who"], &copied["StorageClass"]), (&json!("me"), &Value::Null));
    assert_eq!(refused(&c, "DeleteBucket", json!({"Bucket": "box"})), code("BucketNotEmpty", 409));
}

#[test]
fn versions_stay_under_delete_markers() {
    let c = bucket();
    put(&c, "k", "zero");
    ok(
        &c,
        "PutBucketVersioning",
        json!({"Bucket": "box", "VersioningConfiguration": {"Status": "Enabled"}}),
    );
    let one = text(&put(&c, "k", "one")["VersionId"]);
    put(&c, "k", "two");
    assert_eq!(body(&c, of("k")), "two");
    let at = |id: &str| json!({"Bucket": "box", "Key": "k", "VersionId": id});
    assert_eq!((body(&c, at(&one)), body(&c, at("null"))), ("one".into(), "zero".into()));
    let marker = ok(&c, "DeleteObject", of("k"));
    assert_eq!(marker["DeleteMarker"], true);
    let marker = text(&marker["VersionId"]);
    assert_eq!(refused(&c, "HeadObject", of("k")), code("NoSuchKey", 404));
    assert_eq!(refused(&c, "GetObject", at(&marker)), code("MethodNotAllowed", 405));
    assert_eq!(refused(&c, "GetObject", at("none")), code("NoSuchVersion", 404));
    let all = ok(&c, "ListObjectVersions", json!({"Bucket": "box"}));
    assert_eq!(
        (all["Versions"].as_array().unwrap().len(), all["DeleteMarkers"][0]["IsLatest"].clone()),
        (3, json!(true))
    );
    // Page by page it is the same.
    let (mut markers, mut seen) = (json!({}), 0);
    loop {
        let mut input = json!({"Bucket": "box", "MaxKeys": 1});
        input.as_object_mut().unwrap().extend(markers.as_object().unwrap().clone());
        let page = ok(&c, "ListObjectVersions", input);
        seen += page["Versions"].as_array().unwrap().len()
            + page["DeleteMarkers"].as_array().unwrap().len();
        if page["IsTruncated"] == false {
            break;
        }
        markers = json!({"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]});
    }
    assert_eq!(seen, 4);
    ok(&c, "DeleteObject", at(&marker));
    assert_eq!(body(&c, of("k")), "two");
    ok(
        &c,
        "PutBucketVersioning",
        json!({"Bucket": "box", "VersioningConfiguration": {"Status": "Suspended"}}),
    );
    put(&c, "k", "new null");
    assert_eq!((body(&c, of("k")), body(&c, at("null"))), ("new null".into(), "new null".into()));
    assert_eq!(refused(&c, "DeleteBucket", json!({"Bucket": "box"})), code("BucketNotEmpty", 409));
    let all = ok(&c, "ListObjectVersions", json!({"Bucket": "box"}));
    let objects: Vec<Value> = all["Versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| json!({"Key": v["Key"], "VersionId": v["VersionId"]}))
        .collect();
    let out = ok(&c, "DeleteObjects", json!({"Bucket": "box", "Delete": {"Objects": objects}}));
    assert_eq!(out["Deleted"].as_array().unwrap().len(), 3);
    ok(&c, "DeleteBucket", json!({"Bucket": "box"}));
}

#[test]
fn listings_roll_up_and_page() {
    let c = bucket();
    for key in ["a/1", "a/2", "b", "c/1", "d e", "c/2/3"] {
        put(&c, key, "x");
    }
    let list = |more: Value| {
        let mut input = json!({"Bucket": "box"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ok(&c, "ListObjectsV2", input)
    };
    assert_eq!(keys(&list(json!({}))["Contents"]), ["a/1", "a/2", "b", "c/1", "c/2/3", "d e"]);
    let rolled = list(json!({"Delimiter": "/"}));
    assert_eq!(keys(&rolled["Contents"]), ["b", "d e"]);
    assert_eq!(rolled["CommonPrefixes"], json!([{"Prefix": "a/"}, {"Prefix": "c/"}]));
    assert_eq!(rolled["KeyCount"], 4);
    let under = list(json!({"Delimiter": "/", "Prefix": "c/"}));
    assert_eq!(
        (keys(&under["Contents"]), &under["CommonPrefixes"]),
        (vec!["c/1".to_owned()], &json!([{"Prefix": "c/2/"}]))
    );
    assert_eq!(
        keys(&list(json!({"StartAfter": "c/1", "EncodingType": "url"}))["Contents"]),
        ["c/2/3", "d%20e"]
    );
    let (mut token, mut seen) = (Value::Null, Vec::new());
    loop {
        let page = list(json!({"Delimiter": "/", "MaxKeys": 1, "ContinuationToken": token}));
        seen.extend(keys(&page["Contents"]));
        seen.extend(page["CommonPrefixes"].as_array().unwrap().iter().map(|p| text(&p["Prefix"])));
        token = page["NextContinuationToken"].clone();
        if page["IsTruncated"] == false {
            break;
        }
    }
    assert_eq!(seen, ["a/", "b", "c/", "d e"]);
    let old = ok(&c, "ListObjects", json!({"Bucket": "box", "Delimiter": "/", "MaxKeys": 3}));
    assert_eq!((&old["NextMarker"], &old["IsTruncated"]), (&json!("c/"), &json!(true)));
    let rest = ok(&c, "ListObjects", json!({"Bucket": "box", "Delimiter": "/", "Marker": "c/"}));
    assert_eq!(keys(&rest["Contents"]), ["d e"]);
    assert_eq!(
        refused(&c, "ListObjectsV2", json!({"Bucket": "box", "ContinuationToken": "!"})).0,
        "InvalidArgument"
    );
}
