//! Ids: digests of what an object says.

use sha1::{Digest, Sha1};

/// SHA-1 in hexadecimal digits, as Terraform's provider names objects.
pub(crate) fn sha1_hex(bytes: &[u8]) -> String {
    kprov_pki::hex(&Sha1::digest(bytes))
}
