//! `rsadecrypt`.

use kprov_core::Value;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};

use crate::functions::arguments::text;
use crate::functions::encoding::unbase64;
use crate::functions::{FunctionContext, FunctionError};

pub(super) fn rsadecrypt(
    _: &FunctionContext<'_>,
    arguments: &[Value],
) -> Result<Value, FunctionError> {
    let (ciphertext, key) = (text(arguments, 0), text(arguments, 1));
    let bytes = unbase64(ciphertext).map_err(|_| {
        FunctionError::argument(
            0,
            format!("failed to decode input {ciphertext:?}: cipher text must be base64-encoded"),
        )
    })?;
    let key = parse_key(key).map_err(|message| FunctionError::argument(1, message))?;
    let plain = key
        .decrypt(Pkcs1v15Encrypt, &bytes)
        .map_err(|_| FunctionError::new("failed to decrypt: crypto/rsa: decryption error"))?;
    Ok(Value::string(String::from_utf8_lossy(&plain).into_owned()))
}

/// Reads a key in PEM. What is wrong with a key is told without anything of it.
fn parse_key(pem: &str) -> Result<RsaPrivateKey, &'static str> {
    let Some(from) = pem.find("-----BEGIN ") else {
        return Err("invalid private key: ssh: no key found");
    };
    let pem = pem[from..].trim_end();
    if pem.contains("Proc-Type: 4,ENCRYPTED") || pem.starts_with("-----BEGIN ENCRYPTED") {
        return Err("invalid private key: the key is encrypted; give it without a passphrase");
    }
    if pem.starts_with("-----BEGIN RSA PRIVATE KEY-----") {
        return RsaPrivateKey::from_pkcs1_pem(pem)
            .map_err(|_| "invalid private key: the content is not an RSA key in PKCS #1 form");
    }
    if pem.starts_with("-----BEGIN PRIVATE KEY-----") {
        return RsaPrivateKey::from_pkcs8_pem(pem)
            .map_err(|_| "invalid private key: the content is not an RSA key in PKCS #8 form");
    }
    Err("invalid private key: only RSA keys in PEM (PKCS #1 or PKCS #8) can be used")
}
