//! Key pairs: imported public keys, and made ones whose private half is told once.
use super::filters::{Spec, View, describe};
use super::{ec2, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("ImportKeyPair", import),
    ("CreateKeyPair", create),
    ("DeleteKeyPair", delete),
    ("DescribeKeyPairs", describe_all),
];

/// A key pair; its id is `key-...`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyPair {
    pub(crate) name: String,
    kind: String,
    fingerprint: String,
    public: String,
    created: Millis,
}

const SPEC: Spec = Spec {
    ids: "KeyPairIds",
    prefix: "key",
    filters: &[
        ("key-pair-id", "KeyPairId"),
        ("key-name", "KeyName"),
        ("fingerprint", "KeyFingerprint"),
    ],
};

fn render(view: &View<'_>, id: &str, key: &KeyPair) -> Value {
    json!({
        "KeyPairId": id, "KeyName": key.name, "KeyType": key.kind, "KeyFingerprint": key.fingerprint,
        "CreateTime": key.created, "Tags": tags::of(view, id),
    })
}

/// The error for a name that no key pair has.
pub(crate) fn missing(name: &str) -> Fault {
    Fault::new("InvalidKeyPair.NotFound", format!("The key pair '{name}' does not exist"))
}

fn check_name(call: &mut Call<'_>) -> Result<String, Fault> {
    let name = call.str("KeyName");
    if name.is_empty() || name.len() > 255 || !name.is_ascii() {
        let message = format!("Value ({name}) for parameter KeyName is invalid.");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if ec2(call).key_pairs.values().any(|key| key.name == name) {
        let message = "The keypair already exists";
        return Err(Fault::new("InvalidKeyPair.Duplicate", message));
    }
    if ec2(call).key_pairs.len() >= call.quota("key-pairs-per-region") {
        return Err(Fault::new("KeyPairLimitExceeded", "The limit of key pairs is reached"));
    }
    Ok(name)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

fn import(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "key-pair")?;
    let name = check_name(call)?;
    let invalid =
        || Fault::new("InvalidKey.Format", "Key is not in valid OpenSSH public key format");
    let bytes = STANDARD.decode(call.str("PublicKeyMaterial")).map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    let mut words = text.split_whitespace();
    let kind = match words.next() {
        Some("ssh-rsa") => "rsa",
        Some("ssh-ed25519") => "ed25519",
        _ => return Err(invalid()),
    };
    let body = words.next().and_then(|word| STANDARD.decode(word).ok()).ok_or_else(invalid)?;
    let fingerprint = match kind {
        "rsa" => hex(&Md5::digest(&body)),
        _ => STANDARD.encode(sha2::Sha256::digest(&body)),
    };
    let key = KeyPair {
        name: name.clone(),
        kind: kind.to_owned(),
        fingerprint: fingerprint.clone(),
        public: text,
        created: call.now(),
    };
    let id = put(call, key, &tags);
    Ok(
        json!({"KeyFingerprint": fingerprint, "KeyName": name, "KeyPairId": id, "Tags": tags.list()}),
    )
}

fn put(call: &mut Call<'_>, key: KeyPair, tags: &tags::Tags) -> String {
    let (now, visible, id) = (call.now(), call.visible_at(), call.id("key"));
    ec2(call).key_pairs.insert(&id, key, now, visible);
    tags::put(call, &id, tags.clone());
    id
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "key-pair")?;
    let name = check_name(call)?;
    let secret = call.world.ids.hex(64);
    let fingerprint = hex(&sha2::Sha256::digest(&secret)[..20]);
    let kind = call.opt_str("KeyType").unwrap_or_else(|| "rsa".to_owned());
    let key = KeyPair {
        name: name.clone(),
        kind,
        fingerprint: fingerprint.clone(),
        public: String::new(),
        created: call.now(),
    };
    let id = put(call, key, &tags);
    let material = format!(
        "-----BEGIN AIRPLANE PRIVATE KEY-----\n{secret}\n-----END AIRPLANE PRIVATE KEY-----\n"
    );
    Ok(json!({
        "KeyFingerprint": fingerprint, "KeyName": name, "KeyPairId": id, "KeyMaterial": material,
        "Tags": tags.list(),
    }))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (name, id) = (call.opt_str("KeyName"), call.opt_str("KeyPairId"));
    if name.is_none() && id.is_none() {
        return Err(Fault::new(
            "MissingParameter",
            "The request must contain the parameter KeyName",
        ));
    }
    let mut keys = ec2(call).key_pairs.iter();
    let found =
        keys.find(|(known, key)| id.as_deref() == Some(*known) || name.as_ref() == Some(&key.name));
    // A key pair that is not there is no error, as on AWS.
    let Some(id) = found.map(|(id, _)| id.to_owned()) else { return Ok(json!({"Return": true})) };
    drop(keys);
    ec2(call).key_pairs.remove(&id);
    tags::forget(call, &id);
    Ok(json!({"Return": true, "KeyPairId": id}))
}

fn describe_all(call: &mut Call<'_>) -> Outcome {
    let (names, with_key) =
        (call.strings("KeyNames"), call.opt_bool("IncludePublicKey").unwrap_or(false));
    let now = call.now();
    for name in &names {
        if !ec2(call).key_pairs.seen(now).any(|(_, key)| key.name == *name) {
            return Err(missing(name));
        }
    }
    let mut keys = describe(
        call,
        &SPEC,
        |s| &s.key_pairs,
        |view, id, key| {
            let mut out = render(view, id, key);
            if with_key && !key.public.is_empty() {
                out["PublicKey"] = json!(key.public);
            }
            out
        },
    )?;
    if !names.is_empty() {
        keys.retain(|key| names.iter().any(|name| key["KeyName"] == **name));
    }
    Ok(json!({"KeyPairs": keys}))
}

/// Is there a key pair of that name?
pub(crate) fn check(call: &mut crate::world::scope::Scope<'_>, name: &str) -> Result<(), Fault> {
    if ec2(call).key_pairs.values().any(|key| key.name == name) {
        Ok(())
    } else {
        Err(missing(name))
    }
}
