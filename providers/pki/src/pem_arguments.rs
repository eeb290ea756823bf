//! Arguments that are PEM: one certificate, one key, and nothing secret where it would not be kept secret.

use kprov_core::Value;
use kprov_pki::{Bundle, Certificate, PrivateKey};
use kprov_provider::AttributeError;

use crate::fields::{self, bad};

/// A private key in an argument that is not sensitive would stand in plans and in the state for all to read.
pub(crate) fn no_key(config: &Value, name: &str) -> Option<AttributeError> {
    fields::text(config, name).filter(|text| text.contains("PRIVATE KEY-----"))?;
    let why = format!(
        "{name} holds a private key, and is not kept secret: give the certificate alone. (If this value was stored anywhere, take \
         the key out of use.)"
    );
    Some(bad(name, "Private key in the open", why))
}

/// Certificates; `None` where the argument is unknown or null.
pub(crate) fn certificates(config: &Value, name: &str) -> Result<Option<Bundle>, AttributeError> {
    let Some(text) = fields::text(config, name) else { return Ok(None) };
    if let Some(problem) = no_key(config, name) {
        return Err(problem);
    }
    let bundle = Bundle::from_pem(text);
    bundle.map(Some).map_err(|why| bad(name, "Invalid certificate", format!("{why}.")))
}

/// The one certificate.
pub(crate) fn one_certificate(
    config: &Value,
    name: &str,
) -> Result<Option<Certificate>, AttributeError> {
    let Some(bundle) = certificates(config, name)? else { return Ok(None) };
    match bundle.certificates() {
        [one] => Ok(Some(one.clone())),
        all => {
            let names: Vec<String> = all.iter().map(|it| it.subject().to_string()).collect();
            let why = format!(
                "One certificate is wanted here, and there are {} ({}): take an authority's certificate_pem, not its bundle_pem.",
                all.len(),
                names.join("; ")
            );
            Err(bad(name, "Several certificates", why))
        }
    }
}

/// The one key.
pub(crate) fn one_key(config: &Value, name: &str) -> Result<Option<PrivateKey>, AttributeError> {
    let Some(text) = fields::text(config, name) else { return Ok(None) };
    let key = PrivateKey::from_pem(text);
    let key = key.map_err(|why| bad(name, "Invalid private key", format!("{why}.")))?;
    if text.matches("PRIVATE KEY-----").count() > 2 {
        let why = "One private key is wanted here, and there are several.";
        return Err(bad(name, "Several private keys", why));
    }
    Ok(Some(key))
}
