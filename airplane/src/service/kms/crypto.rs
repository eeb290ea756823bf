//! What is done with keys. The ciphertext names its key and is bound to its context; it hides
//! nothing from who reads it, because airplane keeps no secrets worth hiding.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::keys::{Key, usable};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] = &[
    ("Encrypt", encrypt),
    ("Decrypt", decrypt),
    ("GenerateDataKey", data_key),
    ("GenerateDataKeyWithoutPlaintext", data_key_only),
];

fn context(call: &Call<'_>) -> String {
    let context = call.get("EncryptionContext").and_then(Value::as_object);
    let mut pairs: Vec<String> =
        context.into_iter().flatten().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.sort();
    pairs.join("&")
}

/// Bytes that differ from the plaintext, made from key and context.
fn veil(id: &str, context: &str, bytes: &[u8]) -> Vec<u8> {
    let pad = Sha256::digest(format!("{id}|{context}"));
    bytes.iter().enumerate().map(|(i, byte)| byte ^ pad[i % 32]).collect()
}

fn seal(id: &str, context: &str, plain: &[u8]) -> String {
    let check = Sha256::digest([id.as_bytes(), context.as_bytes(), plain].concat());
    let head = format!("airplane:{id}:");
    STANDARD.encode([head.as_bytes(), &check[..16], &veil(id, context, plain)].concat())
}

fn for_encryption(call: &mut Call<'_>) -> Result<(String, Key), Fault> {
    let (id, key) = usable(call)?;
    if key.spec != "SYMMETRIC_DEFAULT" {
        let message = format!("{} key usage is not allowed here.", key.arn);
        return Err(Fault::new("InvalidKeyUsageException", message));
    }
    Ok((id, key))
}

fn encrypt(call: &mut Call<'_>) -> Outcome {
    let (id, key) = for_encryption(call)?;
    let plain = STANDARD.decode(call.str("Plaintext")).unwrap_or_default();
    if plain.is_empty() || plain.len() > 4096 {
        return Err(Fault::new("ValidationException", "Plaintext must have 1 to 4096 bytes."));
    }
    let sealed = seal(&id, &context(call), &plain);
    Ok(
        json!({"CiphertextBlob": sealed, "KeyId": key.arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}),
    )
}

fn open(call: &Call<'_>) -> Option<(String, Vec<u8>)> {
    let bytes = STANDARD.decode(call.str("CiphertextBlob")).ok()?;
    let rest = bytes.strip_prefix(b"airplane:")?;
    let colon = rest.iter().position(|byte| *byte == b':')?;
    let id = std::str::from_utf8(&rest[..colon]).ok()?.to_owned();
    let (check, veiled) = rest[colon + 1..].split_at_checked(16)?;
    let context = context(call);
    let plain = veil(&id, &context, veiled);
    let wanted = Sha256::digest([id.as_bytes(), context.as_bytes(), &plain].concat());
    (wanted[..16] == *check).then_some((id, plain))
}

fn decrypt(call: &mut Call<'_>) -> Outcome {
    let invalid = || Fault::new("InvalidCiphertextException", "");
    let (id, plain) = open(call).ok_or_else(invalid)?;
    if let Some(wanted) = call.opt_str("KeyId")
        && super::keys::id_of(call, &wanted)? != id
    {
        let message =
            "The key ID in the request does not identify a CMK that can perform this operation.";
        return Err(Fault::new("IncorrectKeyException", message));
    }
    call.input.insert("KeyId".to_owned(), json!(id));
    let (_, key) = for_encryption(call)?;
    Ok(json!({
        "KeyId": key.arn,
        "Plaintext": STANDARD.encode(plain),
        "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }))
}

fn make(call: &mut Call<'_>) -> Result<(String, Vec<u8>, String), Fault> {
    let (id, key) = for_encryption(call)?;
    let length = match (call.opt_str("KeySpec").as_deref(), call.opt_int("NumberOfBytes")) {
        (Some("AES_128"), None) => 16,
        (Some("AES_256"), None) => 32,
        (None, Some(bytes @ 1..=1024)) => bytes,
        _ => {
            let message = "Please specify either number of bytes or key spec.";
            return Err(Fault::new("ValidationException", message));
        }
    };
    let mut plain = Vec::new();
    for _ in 0..length {
        plain.push(u8::try_from(call.world.ids.between(0, 255)).unwrap_or_default());
    }
    let sealed = seal(&id, &context(call), &plain);
    Ok((key.arn, plain, sealed))
}

fn data_key(call: &mut Call<'_>) -> Outcome {
    let (arn, plain, sealed) = make(call)?;
    Ok(json!({"CiphertextBlob": sealed, "Plaintext": STANDARD.encode(plain), "KeyId": arn}))
}

fn data_key_only(call: &mut Call<'_>) -> Outcome {
    let (arn, _, sealed) = make(call)?;
    Ok(json!({"CiphertextBlob": sealed, "KeyId": arn}))
}
