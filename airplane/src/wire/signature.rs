//! Who calls whom where, read from the SigV4 scope. Signatures are not verified: airplane stands on loopback.
use crate::service::ServiceId;
use http::Request;
use regex::Regex;
use std::sync::OnceLock;

/// The account of keys that name none.
pub(crate) const DEFAULT_ACCOUNT: &str = "123456789012";

/// What the signature's scope says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    pub(crate) access_key: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) service: Option<ServiceId>,
}

/// Reads `Credential=KEY/DATE/REGION/SERVICE/aws4_request` from the header or the presigned query.
pub(crate) fn scope<B>(request: &Request<B>, query: &[(String, String)]) -> Scope {
    let header =
        request.headers().get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let credential = match header.split("Credential=").nth(1) {
        Some(rest) => rest.split([',', ' ']).next().map(str::to_owned),
        None => query
            .iter()
            .find(|(k, _)| k.eq_ignore_ascii_case("X-Amz-Credential"))
            .map(|(_, v)| v.clone()),
    };
    let Some(credential) = credential else { return Scope::default() };
    // An access key may hold a slash in theory, so the scope is read from its end.
    let mut parts = credential.rsplitn(5, '/').skip(1);
    let service = parts.next().and_then(ServiceId::from_signing_name);
    let region = parts.next().filter(|r| !r.is_empty()).map(str::to_owned);
    let access_key = parts.nth(1).map(str::to_owned);
    Scope { access_key, region, service }
}

/// The account that an access key names: twelve digits in a row, else the default account.
pub(crate) fn account_of_key(key: &str) -> &str {
    static DIGITS: OnceLock<Regex> = OnceLock::new();
    let digits = DIGITS
        .get_or_init(|| Regex::new("[0-9]{12}").expect("invariant: a constant pattern compiles"));
    digits.find(key).map(|m| m.as_str()).unwrap_or(DEFAULT_ACCOUNT)
}
