//! Buckets: made under names that nobody in the world has, and deleted when nothing is in them.
use super::{acl, s3, versions};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateBucket", create),
    ("DeleteBucket", delete),
    ("HeadBucket", head),
    ("ListBuckets", list),
    ("GetBucketLocation", location),
];

/// A bucket, by name. Configurations are kept as they came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Bucket {
    pub(crate) region: String,
    pub(crate) created: Millis,
    /// `Enabled`, `Suspended`, or nothing if it never was versioned.
    pub(crate) versioning: Option<String>,
    /// What was put; S3's own default if absent.
    pub(crate) encryption: Option<Value>,
    pub(crate) policy: Option<String>,
    pub(crate) public_access_block: Option<Value>,
    pub(crate) ownership: Option<String>,
    pub(crate) tags: Vec<Value>,
    pub(crate) lifecycle: Option<Value>,
    pub(crate) grants: Value,
    pub(crate) object_lock: bool,
}

impl Bucket {
    /// Do ACLs count for nothing here?
    pub(crate) fn is_owner_enforced(&self) -> bool {
        self.ownership.as_deref() == Some("BucketOwnerEnforced")
    }

    /// Is this switch of the public access block on?
    pub(crate) fn blocks(&self, switch: &str) -> bool {
        self.public_access_block.as_ref().is_some_and(|b| b[switch] == true)
    }
}

/// The error for a name that nothing has.
pub(crate) fn missing(name: &str) -> Fault {
    Fault::new("NoSuchBucket", "The specified bucket does not exist")
        .status(404)
        .field("BucketName", name)
}

fn denied() -> Fault {
    Fault::new("AccessDenied", "Access Denied").status(403)
}

/// The account that has a bucket.
fn owner(call: &Call<'_>, name: &str) -> Option<String> {
    let mut accounts = call.world.accounts.iter();
    accounts.find(|(_, a)| a.global.s3.buckets.contains(name)).map(|(id, _)| id.clone())
}

/// A bucket of the caller by name, from whatever region.
fn anywhere(call: &mut Call<'_>, name: &str) -> Result<Bucket, Fault> {
    let owner = owner(call, name).ok_or_else(|| missing(name))?;
    let expected = call.opt_str("ExpectedBucketOwner").is_none_or(|e| e == owner);
    if owner != call.account || !expected {
        return Err(denied());
    }
    s3(call).buckets.get(name).cloned().ok_or_else(|| missing(name))
}

/// A bucket of the caller by name, asked for in its region.
pub(crate) fn by_name(call: &mut Call<'_>, name: &str) -> Result<Bucket, Fault> {
    let bucket = anywhere(call, name)?;
    if bucket.region == call.region {
        return Ok(bucket);
    }
    let message = format!(
        "The authorization header is malformed; the region '{}' is wrong; expecting '{}'",
        call.region, bucket.region
    );
    let region = bucket.region;
    Err(Fault::new("AuthorizationHeaderMalformed", message).status(400).field("Region", region))
}

/// The bucket that `Bucket` names.
pub(crate) fn named(call: &mut Call<'_>) -> Result<Bucket, Fault> {
    let name = call.str("Bucket");
    by_name(call, &name)
}

/// Changes the bucket that `Bucket` names.
pub(crate) fn change(call: &mut Call<'_>, f: impl FnOnce(&mut Bucket)) -> Outcome {
    let name = call.str("Bucket");
    named(call)?;
    if let Some(bucket) = s3(call).buckets.get_mut(&name) {
        f(bucket);
    }
    Ok(json!({}))
}

fn check_name(name: &str) -> Result<(), Fault> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let good = (3..=63).contains(&name.len())
        && name.bytes().all(fits)
        && edge(name.bytes().next())
        && edge(name.bytes().last())
        && !name.contains("..")
        && !name.starts_with("xn--")
        && !name.ends_with("-s3alias")
        && name.parse::<std::net::Ipv4Addr>().is_err();
    if good {
        return Ok(());
    }
    let message = "The specified bucket is not valid.";
    Err(Fault::new("InvalidBucketName", message).status(400).field("BucketName", name))
}

// Where the bucket shall be. Only the endpoint of us-east-1 makes buckets elsewhere.
fn region(call: &Call<'_>) -> Result<String, Fault> {
    let config = call.get("CreateBucketConfiguration");
    let wanted = config.and_then(|c| c["LocationConstraint"].as_str()).filter(|w| !w.is_empty());
    match (call.region.as_str(), wanted) {
        ("us-east-1", None) => Ok("us-east-1".to_owned()),
        ("us-east-1", Some("us-east-1")) => {
            let message = "The specified location-constraint is not valid";
            Err(Fault::new("InvalidLocationConstraint", message).status(400))
        }
        ("us-east-1" | "eu-west-1", Some("EU")) => Ok("eu-west-1".to_owned()),
        ("us-east-1", Some(wanted)) => Ok(wanted.to_owned()),
        (here, Some(wanted)) if here == wanted => Ok(wanted.to_owned()),
        (_, wanted) => {
            let message = format!(
                "The {} location constraint is incompatible for the region specific endpoint this request was sent to.",
                wanted.unwrap_or("unspecified")
            );
            Err(Fault::new("IllegalLocationConstraintException", message).status(400))
        }
    }
}

fn create(call: &mut Call<'_>) -> Outcome {
    let name = call.str("Bucket");
    check_name(&name)?;
    let region = region(call)?;
    if let Some(owner) = owner(call, &name) {
        let (code, message) = if owner == call.account {
            (
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            )
        } else {
            (
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
            )
        };
        return Err(Fault::new(code, message).status(409).field("BucketName", name));
    }
    if s3(call).buckets.len() >= call.quota("buckets") {
        let message = "You have attempted to create more buckets than allowed";
        return Err(Fault::new("TooManyBuckets", message).status(400));
    }
    let now = call.now();
    let on = json!({"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true,
        "RestrictPublicBuckets": true});
    let object_lock = call.opt_bool("ObjectLockEnabledForBucket").unwrap_or(false);
    let config = call.get("CreateBucketConfiguration");
    let tags = config.and_then(|c| c["Tags"].as_array()).cloned().unwrap_or_default();
    let mut bucket = Bucket {
        region,
        created: now,
        versioning: object_lock.then(|| "Enabled".to_owned()),
        public_access_block: Some(on),
        ownership: call
            .opt_str("ObjectOwnership")
            .or_else(|| Some("BucketOwnerEnforced".to_owned())),
        tags,
        grants: acl::canned("private", &call.account),
        object_lock,
        ..Bucket::default()
    };
    if let Some(canned) = call.opt_str("ACL").filter(|c| c != "private") {
        acl::check(&bucket, &canned)?;
        bucket.grants = acl::canned(&canned, &call.account);
    }
    s3(call).buckets.insert(&name, bucket, now, now);
    Ok(json!({"Location": format!("/{name}"), "BucketArn": format!("arn:aws:s3:::{name}")}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (name, bucket) = (call.str("Bucket"), named(call)?);
    if versions::of_bucket(s3(call), &name).next().is_some() {
        let more = match bucket.versioning {
            Some(_) => ". You must delete all versions in the bucket.",
            None => "",
        };
        let message = format!("The bucket you tried to delete is not empty{more}");
        return Err(Fault::new("BucketNotEmpty", message).status(409).field("BucketName", name));
    }
    s3(call).buckets.remove(&name);
    Ok(json!({}))
}

fn head(call: &mut Call<'_>) -> Outcome {
    let name = call.str("Bucket");
    let bucket = anywhere(call, &name)?;
    Ok(json!({"BucketRegion": bucket.region, "AccessPointAlias": false,
        "BucketArn": format!("arn:aws:s3:::{name}")}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let (prefix, region) = (call.str("Prefix"), call.opt_str("BucketRegion"));
    let owner = acl::owner(&call.account);
    let mut buckets: Vec<(String, Bucket)> = s3(call)
        .buckets
        .iter()
        .filter(|(name, b)| {
            name.starts_with(&prefix) && region.as_ref().is_none_or(|r| *r == b.region)
        })
        .map(|(name, b)| (name.to_owned(), b.clone()))
        .collect();
    buckets.sort_by(|a, b| a.0.cmp(&b.0));
    let list: Vec<Value> = buckets
        .iter()
        .map(|(name, b)| json!({"Name": name, "CreationDate": b.created, "BucketRegion": b.region}))
        .collect();
    let mut out = json!({"Buckets": list, "Owner": owner});
    if !prefix.is_empty() {
        out["Prefix"] = json!(prefix);
    }
    Ok(out)
}

// us-east-1 is the region without a name.
fn location(call: &mut Call<'_>) -> Outcome {
    let name = call.str("Bucket");
    let bucket = anywhere(call, &name)?;
    match bucket.region.as_str() {
        "us-east-1" => Ok(json!({})),
        region => Ok(json!({ "LocationConstraint": region })),
    }
}
