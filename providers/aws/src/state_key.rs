//! Keys that KMS makes for kprov's own states: whoever may use the KMS key may read their secrets.
//!
//! Region, credentials and endpoints are those of the environment, as for a provider block without
//! content; an ARN names its own region.

use std::sync::Arc;

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use kprov_core::{Host, Value};
use zeroize::{Zeroize as _, Zeroizing};

use crate::api::{Api, AwsError, Settings};
use crate::{Transport, config};

/// 32 bytes, gone from memory with the value.
pub type Key = Zeroizing<[u8; 32]>;

/// KMS authenticates it with the key, and writes it into its log.
const CONTEXT: (&str, &str) = ("kprov", "state");

/// A new key, and the same encrypted by the KMS key `id` (an id, ARN or alias).
///
/// # Errors
/// When KMS cannot be asked, or refuses.
pub async fn generate(host: &Arc<dyn Host>, id: &str) -> Result<(Key, Vec<u8>), String> {
    let api = connect(host, id).await?;
    let call = || {
        let call = api.kms().generate_data_key().key_id(id).key_spec(DataKeySpec::Aes256);
        call.encryption_context(CONTEXT.0, CONTEXT.1).send()
    };
    let answer = api.call("kms", "GenerateDataKey", call).await.map_err(|e| told(id, e))?;
    let encrypted = answer.ciphertext_blob.map(Blob::into_inner);
    let key = answer.plaintext.and_then(of_bytes);
    key.zip(encrypted).ok_or_else(|| format!("KMS gave no key of 32 bytes for {id}"))
}

/// The key that [`generate`] gave, from its encrypted form.
///
/// # Errors
/// When KMS cannot be asked, or refuses: another KMS key has encrypted it.
pub async fn decrypt(host: &Arc<dyn Host>, id: &str, encrypted: &[u8]) -> Result<Key, String> {
    let api = connect(host, id).await?;
    let call = || {
        let call = api.kms().decrypt().key_id(id).ciphertext_blob(Blob::new(encrypted));
        call.encryption_context(CONTEXT.0, CONTEXT.1).send()
    };
    let answer = api.call("kms", "Decrypt", call).await.map_err(|e| told(id, e))?;
    let key = answer.plaintext.and_then(of_bytes);
    key.ok_or_else(|| format!("KMS gave no key of 32 bytes for {id}"))
}

fn of_bytes(blob: Blob) -> Option<Key> {
    let mut bytes = blob.into_inner();
    let key = <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new);
    bytes.zeroize();
    key
}

/// Somebody waits for the answer before anything else: better told soon that there is none.
const RETRIES: u32 = 4;

async fn connect(host: &Arc<dyn Host>, id: &str) -> Result<Api, String> {
    let region = id.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(2));
    let region = region.map_or(Value::NULL, Value::from);
    let block = Value::object([(kprov_core::Str::from("region"), region)]);
    let transport = Transport::default();
    let settings = config::load(&block, host, &transport).await;
    let settings = settings.map_err(|error| format!("{}: {}", error.summary, error.message))?;
    let settings = Settings { max_retries: RETRIES, ..settings };
    Ok(Api::new(settings, transport.sleep, transport.time, host.clone()))
}

fn told(id: &str, error: AwsError) -> String {
    format!("KMS refuses the key {id}: {error}")
}
