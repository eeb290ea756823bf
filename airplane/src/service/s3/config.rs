//! What a bucket is configured with, and the answers for what it is not configured with.
use super::buckets::{self, Bucket};
use super::{argument, object_tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) const ACTIONS: &[Action] = &[
    ("PutBucketVersioning", put_versioning),
    ("GetBucketVersioning", get_versioning),
    ("PutBucketEncryption", put_encryption),
    ("GetBucketEncryption", get_encryption),
    ("DeleteBucketEncryption", delete_encryption),
    ("PutPublicAccessBlock", put_public_access),
    ("GetPublicAccessBlock", get_public_access),
    ("DeletePublicAccessBlock", delete_public_access),
    ("PutBucketOwnershipControls", put_ownership),
    ("GetBucketOwnershipControls", get_ownership),
    ("DeleteBucketOwnershipControls", delete_ownership),
    ("PutBucketTagging", put_tags),
    ("GetBucketTagging", get_tags),
    ("DeleteBucketTagging", delete_tags),
    ("PutBucketLifecycleConfiguration", put_lifecycle),
    ("GetBucketLifecycleConfiguration", get_lifecycle),
    ("DeleteBucketLifecycle", delete_lifecycle),
    ("GetBucketCors", cors),
    ("GetBucketWebsite", website),
    ("GetBucketReplication", replication),
    ("GetObjectLockConfiguration", object_lock),
    ("GetBucketLogging", empty),
    ("GetBucketAccelerateConfiguration", empty),
    ("GetBucketRequestPayment", request_payment),
];

fn absent(call: &Call<'_>, code: &str, message: &str) -> Fault {
    Fault::new(code, message).status(404).field("BucketName", call.str("Bucket"))
}

fn malformed() -> Fault {
    let message =
        "The XML you provided was not well-formed or did not validate against our published schema";
    Fault::new("MalformedXML", message).status(400)
}

fn put_versioning(call: &mut Call<'_>) -> Outcome {
    let bucket = buckets::named(call)?;
    let config = call.get("VersioningConfiguration").cloned().unwrap_or_default();
    let Some(status) = config["Status"].as_str().map(str::to_owned) else {
        let message = "The Versioning element must be specified";
        return Err(Fault::new("IllegalVersioningConfigurationException", message).status(400));
    };
    if bucket.object_lock && status == "Suspended" {
        let message = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.";
        return Err(Fault::new("InvalidBucketState", message).status(409));
    }
    buckets::change(call, |b| b.versioning = Some(status))
}

fn get_versioning(call: &mut Call<'_>) -> Outcome {
    match buckets::named(call)?.versioning {
        Some(status) => Ok(json!({ "Status": status })),
        None => Ok(json!({})),
    }
}

/// How a bucket encrypts what comes without a word about it.
pub(crate) fn encryption(bucket: &Bucket) -> Value {
    bucket.encryption.clone().unwrap_or_else(|| {
        let default = json!({"SSEAlgorithm": "AES256"});
        json!({"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": false}]})
    })
}

fn put_encryption(call: &mut Call<'_>) -> Outcome {
    let mut config = call.get("ServerSideEncryptionConfiguration").cloned().unwrap_or_default();
    let rules = config["Rules"].as_array_mut().filter(|r| r.len() == 1).ok_or_else(malformed)?;
    if rules[0].get("BucketKeyEnabled").is_none() {
        rules[0]["BucketKeyEnabled"] = json!(false);
    }
    let default = &rules[0]["ApplyServerSideEncryptionByDefault"];
    let kms = default["SSEAlgorithm"].as_str().is_some_and(|a| a.starts_with("aws:kms"));
    if default["KMSMasterKeyID"].is_string() && !kms {
        return Err(argument(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
        ));
    }
    buckets::change(call, |b| b.encryption = Some(config))
}

fn get_encryption(call: &mut Call<'_>) -> Outcome {
    let bucket = buckets::named(call)?;
    Ok(json!({ "ServerSideEncryptionConfiguration": encryption(&bucket) }))
}

fn delete_encryption(call: &mut Call<'_>) -> Outcome {
    buckets::change(call, |b| b.encryption = None)
}

fn put_public_access(call: &mut Call<'_>) -> Outcome {
    let given = call.get("PublicAccessBlockConfiguration").cloned().unwrap_or_default();
    let mut config = json!({});
    for switch in
        ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
    {
        config[switch] = json!(given[switch] == true);
    }
    buckets::change(call, |b| b.public_access_block = Some(config))
}

fn get_public_access(call: &mut Call<'_>) -> Outcome {
    let config = buckets::named(call)?.public_access_block.ok_or_else(|| {
        let message = "The public access block configuration was not found";
        absent(call, "NoSuchPublicAccessBlockConfiguration", message)
    })?;
    Ok(json!({ "PublicAccessBlockConfiguration": config }))
}

fn delete_public_access(call: &mut Call<'_>) -> Outcome {
    buckets::change(call, |b| b.public_access_block = None)
}

fn put_ownership(call: &mut Call<'_>) -> Outcome {
    let config = call.get("OwnershipControls").cloned().unwrap_or_default();
    let rules = config["Rules"].as_array().filter(|r| r.len() == 1).ok_or_else(malformed)?;
    let ownership = rules[0]["ObjectOwnership"].as_str().map(str::to_owned);
    let bucket = buckets::named(call)?;
    let own = super::acl::canned("private", &call.account);
    if ownership.as_deref() == Some("BucketOwnerEnforced") && bucket.grants != own {
        let message =
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
        return Err(Fault::new("InvalidBucketAclWithObjectOwnership", message).status(400));
    }
    buckets::change(call, |b| b.ownership = ownership)
}

fn get_ownership(call: &mut Call<'_>) -> Outcome {
    let ownership = buckets::named(call)?.ownership.ok_or_else(|| {
        let message = "The bucket ownership controls were not found";
        absent(call, "OwnershipControlsNotFoundError", message)
    })?;
    Ok(json!({"OwnershipControls": {"Rules": [{"ObjectOwnership": ownership}]}}))
}

fn delete_ownership(call: &mut Call<'_>) -> Outcome {
    buckets::change(call, |b| b.ownership = None)
}

fn put_tags(call: &mut Call<'_>) -> Outcome {
    let tags = object_tags::given(call, 50)?;
    buckets::change(call, |b| b.tags = tags)
}

fn get_tags(call: &mut Call<'_>) -> Outcome {
    let tags = buckets::named(call)?.tags;
    if tags.is_empty() {
        return Err(absent(call, "NoSuchTagSet", "The TagSet does not exist"));
    }
    Ok(json!({ "TagSet": tags }))
}

fn delete_tags(call: &mut Call<'_>) -> Outcome {
    buckets::change(call, |b| b.tags.clear())
}

const LIFECYCLE_ACTIONS: [&str; 5] = [
    "Expiration",
    "Transitions",
    "NoncurrentVersionTransitions",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
];

fn check_rule(rule: &Value) -> Result<(), Fault> {
    if rule.get("Prefix").is_some() == rule.get("Filter").is_some() {
        return Err(malformed());
    }
    if !LIFECYCLE_ACTIONS.iter().any(|action| rule.get(action).is_some()) {
        let message = "At least one action needs to be specified in a rule";
        return Err(Fault::new("InvalidRequest", message).status(400));
    }
    for (action, field) in [
        ("Expiration", "Days"),
        ("NoncurrentVersionExpiration", "NoncurrentDays"),
        ("AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
    ] {
        if rule[action][field].as_i64().is_some_and(|days| days < 1) {
            let message = format!("'{field}' for {action} action must be a positive integer");
            return Err(argument(message));
        }
    }
    for transition in rule["Transitions"].as_array().into_iter().flatten() {
        let class = transition["StorageClass"].as_str().unwrap_or_default();
        let days = transition["Days"].as_i64().unwrap_or(30);
        if matches!(class, "STANDARD_IA" | "ONEZONE_IA") && days < 30 {
            return Err(argument(format!(
                "'Days' in Transition action must be greater than or equal to 30 for storageClass '{class}'"
            )));
        }
    }
    Ok(())
}

fn put_lifecycle(call: &mut Call<'_>) -> Outcome {
    let config = call.get("LifecycleConfiguration").cloned().unwrap_or_default();
    let mut rules = config["Rules"].as_array().cloned().unwrap_or_default();
    if rules.is_empty() || rules.len() > 1000 {
        return Err(malformed());
    }
    let mut ids = BTreeSet::new();
    for rule in &mut rules {
        check_rule(rule)?;
        if rule["ID"].as_str().is_none_or(str::is_empty) {
            rule["ID"] = json!(call.world.ids.base32(48).to_ascii_lowercase());
        }
        if !ids.insert(rule["ID"].to_string()) {
            return Err(argument("Rule ID must be unique. Found same ID for more than one rule"));
        }
    }
    let size = call
        .opt_str("TransitionDefaultMinimumObjectSize")
        .unwrap_or_else(|| "all_storage_classes_128K".to_owned());
    let lifecycle = json!({"Rules": rules, "TransitionDefaultMinimumObjectSize": size});
    buckets::change(call, |b| b.lifecycle = Some(lifecycle))?;
    Ok(json!({ "TransitionDefaultMinimumObjectSize": size }))
}

fn get_lifecycle(call: &mut Call<'_>) -> Outcome {
    buckets::named(call)?.lifecycle.ok_or_else(|| {
        let message = "The lifecycle configuration does not exist";
        absent(call, "NoSuchLifecycleConfiguration", message)
    })
}

fn delete_lifecycle(call: &mut Call<'_>) -> Outcome {
    buckets::change(call, |b| b.lifecycle = None)
}

fn cors(call: &mut Call<'_>) -> Outcome {
    buckets::named(call)?;
    Err(absent(call, "NoSuchCORSConfiguration", "The CORS configuration does not exist"))
}

fn website(call: &mut Call<'_>) -> Outcome {
    buckets::named(call)?;
    let message = "The specified bucket does not have a website configuration";
    Err(absent(call, "NoSuchWebsiteConfiguration", message))
}

fn replication(call: &mut Call<'_>) -> Outcome {
    buckets::named(call)?;
    let message = "The replication configuration was not found";
    Err(absent(call, "ReplicationConfigurationNotFoundError", message))
}

fn object_lock(call: &mut Call<'_>) -> Outcome {
    if buckets::named(call)?.object_lock {
        return Ok(json!({"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}));
    }
    let message = "Object Lock configuration does not exist for this bucket";
    Err(absent(call, "ObjectLockConfigurationNotFoundError", message))
}

fn empty(call: &mut Call<'_>) -> Outcome {
    buckets::named(call)?;
    Ok(json!({}))
}

fn request_payment(call: &mut Call<'_>) -> Outcome {
    buckets::named(call)?;
    Ok(json!({"Payer": "BucketOwner"}))
}
