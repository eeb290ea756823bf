//! The checksums of a content, as attributes. A file's `id` is the SHA-1 of its content.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kprov_core::{Type, Value};
use kprov_provider::Attribute;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// The computed attributes of all types of this provider.
pub(crate) fn attributes() -> [(&'static str, Attribute); 7] {
    let computed = |text| Attribute::new(Type::String).computed().describe(text);
    [
        ("content_base64sha256", computed("SHA-256 of the content, in base64.")),
        ("content_base64sha512", computed("SHA-512 of the content, in base64.")),
        ("content_md5", computed("MD5 of the content, in hexadecimal digits.")),
        ("content_sha1", computed("SHA-1 of the content, in hexadecimal digits.")),
        ("content_sha256", computed("SHA-256 of the content, in hexadecimal digits.")),
        ("content_sha512", computed("SHA-512 of the content, in hexadecimal digits.")),
        ("id", computed("SHA-1 of the content, in hexadecimal digits.")),
    ]
}

/// Their values.
pub(crate) fn of(content: &[u8]) -> [(&'static str, Value); 7] {
    let (sha256, sha512) = (Sha256::digest(content), Sha512::digest(content));
    let id = id(content);
    [
        ("content_base64sha256", STANDARD.encode(sha256)),
        ("content_base64sha512", STANDARD.encode(sha512)),
        ("content_md5", hex(&Md5::digest(content))),
        ("content_sha1", id.clone()),
        ("content_sha256", hex(&sha256)),
        ("content_sha512", hex(&sha512)),
        ("id", id),
    ]
    .map(|(name, text)| (name, Value::string(text)))
}

/// What a file with this content has as `id`.
pub(crate) fn id(content: &[u8]) -> String {
    hex(&Sha1::digest(content))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
