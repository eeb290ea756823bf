//! Runs that are pointed at an airplane (`kprov -airplane`): where to, and as whom.
//!
//! What must hold: no profile, key or endpoint of the real AWS is used, whatever the configuration
//! and the environment say; and the account guards hold as they do on the real AWS, because the
//! account that the configuration expects is the one that the airplane is asked as.

use kprov_core::Host;

use crate::fields::Fields;

/// Set by the program, for itself.
const VARIABLE: &str = "KPROV_AIRPLANE_ENDPOINT";

/// The account where nothing says another one.
const ACCOUNT: &str = "123456789012";

/// A run on an airplane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Airborne {
    /// The one endpoint of all services.
    pub(crate) endpoint: String,
    /// Airplane reads the account from it.
    pub(crate) access_key: String,
}

/// Is this a run on an airplane?
pub(crate) fn airborne(config: Fields<'_>, host: &dyn Host) -> Option<Airborne> {
    let endpoint = host.env(VARIABLE).filter(|url| !url.is_empty())?;
    let expected = config.string("expected_account_id");
    let account = expected.or_else(|| config.strings("allowed_account_ids").into_iter().next());
    let account = account.unwrap_or_else(|| ACCOUNT.to_owned());
    Some(Airborne { endpoint, access_key: format!("AIRPLANE{account}") })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use kprov_core::Value;

    use super::*;

    #[derive(Debug)]
    struct Machine(Option<&'static str>);

    impl Host for Machine {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }
        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
        fn random(&self, buffer: &mut [u8]) {
            buffer.fill(0);
        }
        fn env(&self, name: &str) -> Option<String> {
            self.0.filter(|_| name == VARIABLE).map(str::to_owned)
        }
    }

    #[test]
    fn the_account_is_the_one_that_the_configuration_expects() {
        let key = |config: &Value| {
            let found = airborne(Fields(config), &Machine(Some("http://127.0.0.1:1")));
            found.map(|airborne| airborne.access_key)
        };
        let none = Value::object([("region", Value::from("eu-west-1"))]);
        assert_eq!(key(&none).as_deref(), Some("AIRPLANE123456789012"));
        let guarded = Value::object([("expected_account_id", Value::from("210987654321"))]);
        assert_eq!(key(&guarded).as_deref(), Some("AIRPLANE210987654321"));
    }

    #[test]
    fn without_the_variable_it_is_the_real_aws() {
        let none = Value::object([("region", Value::from("eu-west-1"))]);
        assert_eq!(airborne(Fields(&none), &Machine(None)), None);
        assert_eq!(airborne(Fields(&none), &Machine(Some(""))), None);
    }
}
