//! ACLs of buckets and objects, which count for nothing where the bucket's owner owns everything.
use super::buckets::{self, Bucket};
use super::versions;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const ACTIONS: &[Action] = &[
    ("GetBucketAcl", get_bucket),
    ("PutBucketAcl", put_bucket),
    ("GetObjectAcl", get_object),
    ("PutObjectAcl", put_object),
];

/// The canonical user of an account.
pub(crate) fn owner(account: &str) -> Value {
    let digest = Sha256::digest(account.as_bytes());
    let id: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    json!({ "ID": id })
}

/// The grants of a canned ACL.
pub(crate) fn canned(name: &str, account: &str) -> Value {
    let user = json!({"Type": "CanonicalUser", "ID": owner(account)["ID"]});
    let group = |name: &str, permission: &str| {
        let uri = format!("http://acs.amazonaws.com/groups/{name}");
        json!({"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission})
    };
    let mut grants = vec![json!({"Grantee": user, "Permission": "FULL_CONTROL"})];
    match name {
        "public-read" => grants.push(group("global/AllUsers", "READ")),
        "public-read-write" => {
            grants.push(group("global/AllUsers", "READ"));
            grants.push(group("global/AllUsers", "WRITE"));
        }
        "authenticated-read" => grants.push(group("global/AuthenticatedUsers", "READ")),
        "log-delivery-write" => {
            grants.push(group("s3/LogDelivery", "WRITE"));
            grants.push(group("s3/LogDelivery", "READ_ACP"));
        }
        _ => {}
    }
    Value::Array(grants)
}

/// Refuses a canned ACL that the bucket does not take.
pub(crate) fn check(bucket: &Bucket, canned: &str) -> Result<(), Fault> {
    if bucket.is_owner_enforced() {
        return Err(unsupported());
    }
    let public = matches!(canned, "public-read" | "public-read-write" | "authenticated-read");
    if public && bucket.blocks("BlockPublicAcls") {
        return Err(blocked());
    }
    Ok(())
}

fn unsupported() -> Fault {
    Fault::new("AccessControlListNotSupported", "The bucket does not allow ACLs").status(400)
}

fn blocked() -> Fault {
    let message = "Access Denied: public access control lists (ACLs) are blocked by the BlockPublicAcls block public access setting";
    Fault::new("AccessDenied", message).status(403)
}

fn get_bucket(call: &mut Call<'_>) -> Outcome {
    let bucket = buckets::named(call)?;
    Ok(json!({"Owner": owner(&call.account), "Grants": bucket.grants}))
}

// The grants that a call puts, in either form.
fn given(call: &Call<'_>, bucket: &Bucket) -> Result<Value, Fault> {
    if let Some(name) = call.opt_str("ACL") {
        check(bucket, &name)?;
        return Ok(canned(&name, &call.account));
    }
    if bucket.is_owner_enforced() {
        return Err(unsupported());
    }
    let policy = call.get("AccessControlPolicy").and_then(|p| p.get("Grants")).cloned();
    let Some(grants) = policy else {
        let message = "Your request was missing a required header";
        return Err(Fault::new("MissingSecurityHeader", message).status(400));
    };
    let public = |g: &Value| {
        let uri = g["Grantee"]["URI"].as_str().unwrap_or_default();
        uri.ends_with("/AllUsers") || uri.ends_with("/AuthenticatedUsers")
    };
    if bucket.blocks("BlockPublicAcls") && grants.as_array().into_iter().flatten().any(public) {
        return Err(blocked());
    }
    Ok(grants)
}

fn put_bucket(call: &mut Call<'_>) -> Outcome {
    let bucket = buckets::named(call)?;
    let grants = given(call, &bucket)?;
    buckets::change(call, |b| b.grants = grants)
}

fn get_object(call: &mut Call<'_>) -> Outcome {
    let (_, version) = versions::named(call)?;
    Ok(json!({"Owner": owner(&call.account), "Grants": version.grants}))
}

fn put_object(call: &mut Call<'_>) -> Outcome {
    let bucket = buckets::named(call)?;
    let (id, _) = versions::named(call)?;
    let grants = given(call, &bucket)?;
    if let Some(version) = super::s3(call).versions.get_mut(&id) {
        version.grants = grants;
    }
    Ok(json!({}))
}
