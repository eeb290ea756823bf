//! [`AwsKms`]: AWS KMS as a service that makes keys for states.

use std::sync::Arc;

use kprov_core::Host;
use kprov_provider_aws::state_key;
use kprov_state::{KeyService, SecretKey};

/// See the module. Makes no client before it is asked.
#[derive(Clone, Debug)]
pub(crate) struct AwsKms {
    host: Arc<dyn Host>,
}

impl AwsKms {
    pub(crate) fn new(host: Arc<dyn Host>) -> AwsKms {
        AwsKms { host }
    }
}

impl KeyService for AwsKms {
    fn generate(&self, key: &str) -> Result<(SecretKey, Vec<u8>), String> {
        block_on(state_key::generate(&self.host, key))
    }

    fn decrypt(&self, key: &str, ciphertext: &[u8]) -> Result<SecretKey, String> {
        block_on(state_key::decrypt(&self.host, key, ciphertext))
    }
}

/// Waits on a thread of its own: who asks may stand on one of a runtime, which must not be blocked so.
fn block_on<T: Send>(future: impl Future<Output = Result<T, String>> + Send) -> Result<T, String> {
    let wait = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| error.to_string())?.block_on(future)
    };
    std::thread::scope(|scope| scope.spawn(wait).join())
        .unwrap_or_else(|_| Err("the client of AWS KMS has failed: a bug in kprov".to_owned()))
}
