//! Where keys come from that seal secrets at rest: what the environment names, or the user's key file.

use std::sync::Arc;

use kprov_core::Host;
use kprov_state::{GivenKey, KeyFile, KeySource, KmsKey, Passphrase, Vault};

use crate::kms::AwsKms;

/// The key file, elsewhere than in its usual place.
pub(crate) const KEY_FILE: &str = "KPROV_STATE_KEY_FILE";
/// Base64 text of 32 bytes.
pub(crate) const KEY: &str = "KPROV_STATE_KEY";
/// Words.
pub(crate) const PASSPHRASE: &str = "KPROV_STATE_PASSPHRASE";
/// ARN or alias of a key of AWS KMS.
pub(crate) const KMS_KEY: &str = "KPROV_STATE_KMS_KEY";

/// All sources that are set, the one for new keys first; the key file is the last, and always there.
pub(crate) fn vault(host: &Arc<dyn Host>) -> Vault {
    let mut sources: Vec<Arc<dyn KeySource>> = Vec::new();
    if let Some(key) = set(host, KMS_KEY) {
        sources.push(Arc::new(kms(host, &key)));
    }
    if let Some(key) = set(host, KEY) {
        sources.push(Arc::new(GivenKey::parse(KEY, &key)));
    }
    if let Some(words) = set(host, PASSPHRASE) {
        sources.push(Arc::new(Passphrase::new(PASSPHRASE, words)));
    }
    sources.push(Arc::new(KeyFile::of_user(&**host)));
    Vault::of(sources)
}

/// A key of AWS KMS. Nothing is asked before it is used.
pub(crate) fn kms(host: &Arc<dyn Host>, key: &str) -> KmsKey {
    KmsKey::new(key, Arc::new(AwsKms::new(host.clone())))
}

/// A variable that is set to something.
pub(crate) fn set(host: &Arc<dyn Host>, name: &str) -> Option<String> {
    host.env(name).filter(|text| !text.is_empty())
}
