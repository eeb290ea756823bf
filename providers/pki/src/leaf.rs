//! Leaves that are issued here: what is wanted, what became of it, and when it is due. Used by `pki_certificate` and for the
//! administrator of `pki_kubernetes`, whose results have the prefix `admin_`.

use jiff::{SignedDuration, Timestamp};
use kprov_core::{Host, Type, Value};
use kprov_pki::{
    Authority, Certificate, KeyAlgorithm, LeafRequest, PkiError, PrivateKey, RenewalWindow,
    leaf_validity, renew_at,
};
use kprov_provider::{Attribute, attribute, with_attributes};

use crate::fields::{self, computed, now, random};

/// Results of every leaf, without prefix.
pub(crate) const RESULTS: [&str; 6] =
    ["certificate_pem", "private_key_pem", "expires_at", "renew_at", "renewal", "reissue_reason"];

/// What `renewal` says.
pub(crate) const CURRENT: &str = "current";
const DUE: &str = "due";
const REQUESTED: &str = "requested";

/// Why a leaf is there that was never issued before.
pub(crate) const FIRST: &str = "first issued";

/// The attributes of [`RESULTS`].
pub(crate) fn attributes(whose: &str) -> Vec<(&'static str, Attribute)> {
    let text = |about: &str| computed(Type::String, &format!("{whose} {about}"));
    vec![
        ("certificate_pem", text("certificate.")),
        ("private_key_pem", text("private key.").sensitive()),
        ("expires_at", text("certificate's end, RFC 3339.")),
        ("renew_at", text("certificate is issued anew by the first apply after this time.")),
        (
            "renewal",
            text("certificate is current, due, or requested to be renewed (`kprov pki renew`)."),
        ),
        (
            "reissue_reason",
            text("certificate was (or, in a plan, will be) issued because of this."),
        ),
    ]
}

/// A leaf to be issued.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) request: LeafRequest,
    pub(crate) algorithm: KeyAlgorithm,
    pub(crate) window: RenewalWindow,
}

/// From when until when a leaf is valid that is issued now.
pub(crate) fn validity(
    host: &dyn Host,
    name: &str,
    life: Option<SignedDuration>,
) -> (Timestamp, Timestamp) {
    let now = now(host);
    let (from, until) = leaf_validity(name, now);
    (from, life.map_or(until, |life| now.saturating_add(life).unwrap_or(until)))
}

/// A leaf that was issued.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) certificate: Certificate,
    key: PrivateKey,
    window: RenewalWindow,
    authority_ends: Timestamp,
}

/// Issues it, with the old key or a new one.
pub(crate) fn issue(
    host: &dyn Host,
    wanted: &Wanted,
    authority: (&str, &str),
    old_key: Option<&str>,
) -> Result<Issued, PkiError> {
    let authority = Authority::from_pem(authority.0, authority.1)?;
    authority.certificate().check_valid_at(now(host))?;
    let mut random = random(host);
    let key = match old_key.map(PrivateKey::from_pem).and_then(Result::ok) {
        Some(key) if key.algorithm() == wanted.algorithm => key,
        _ => PrivateKey::generate(wanted.algorithm, &mut random)?,
    };
    let certificate = authority.issue(&wanted.request, &key.public_key(), &mut random)?;
    certificate.signed_by(authority.certificate())?;
    let authority_ends = authority.certificate().not_after();
    Ok(Issued { certificate, key, window: wanted.window, authority_ends })
}

/// The results of a leaf that was issued.
pub(crate) fn results(prefix: &str, issued: &Issued, reason: &str) -> Vec<(String, Value)> {
    let Issued { certificate, key, window, authority_ends } = issued;
    let values = [
        Value::string(certificate.to_pem()),
        Value::string(key.to_pkcs8_pem().as_str()),
        Value::string(certificate.not_after().to_string()),
        Value::string(renewal_time(certificate, *window, Some(*authority_ends))),
        CURRENT.into(),
        Value::string(reason),
    ];
    RESULTS.iter().map(|name| format!("{prefix}{name}")).zip(values).collect()
}

/// The results of a leaf that will be issued, for this reason; `key` if the old one stays.
pub(crate) fn planned(prefix: &str, reason: Value, key: Option<Value>) -> Vec<(String, Value)> {
    let unknown = || Value::unknown(Type::String);
    let key = key.unwrap_or_else(unknown);
    let values = [unknown(), key, unknown(), unknown(), CURRENT.into(), reason];
    RESULTS.iter().map(|name| format!("{prefix}{name}")).zip(values).collect()
}

/// When it is due, in whole seconds. One that ends with its authority would not live longer if that issued it again: it is
/// due once another does.
pub(crate) fn renewal_time(
    certificate: &Certificate,
    window: RenewalWindow,
    authority_ends: Option<Timestamp>,
) -> String {
    let ends = certificate.not_after();
    let at = match authority_ends {
        Some(authority) if authority <= ends => ends,
        _ => renew_at(certificate, window),
    };
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

/// Why the leaf of an object is to be renewed, as its last read or a request says.
pub(crate) fn renewal_reason(prefix: &str, prior: &Value) -> Option<String> {
    let text = |name: &str| fields::text(prior, &format!("{prefix}{name}"));
    match text("renewal")? {
        DUE => {
            let (end, from) = (text("expires_at")?, text("renew_at")?);
            Some(format!("it expires {end}, and its renewal window began {from}"))
        }
        REQUESTED => Some("its renewal was requested".to_owned()),
        _ => None,
    }
}

/// The object as time has made it.
pub(crate) fn read(prefix: &str, host: &dyn Host, prior: &Value) -> Value {
    let renew_at = fields::text(prior, &format!("{prefix}renew_at"));
    let renew_at = renew_at.and_then(|text| text.parse::<Timestamp>().ok());
    let due = renew_at.is_some_and(|at| now(host) >= at);
    let renewal = if due { DUE } else { CURRENT };
    with_attributes(prior, [(format!("{prefix}renewal"), renewal.into())])
}

/// The object as if its renewal was requested.
pub(crate) fn requested(prefix: &str, prior: &Value) -> Value {
    with_attributes(prior, [(format!("{prefix}renewal"), REQUESTED.into())])
}

/// Is it to be issued in this apply?
pub(crate) fn is_to_be_issued(prefix: &str, planned: &Value) -> bool {
    !attribute(planned, &format!("{prefix}certificate_pem")).is_known()
}
