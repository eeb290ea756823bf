//! What `tls_self_signed_cert` and `tls_locally_signed_cert` have in common: their validity, and when they are due.

use jiff::{SignedDuration, Timestamp};
use kprov_core::{Host, Path, Type, Value};
use kprov_pki::{
    CaConstraint, Certificate, CertificateTemplate, DistinguishedName, KeyAlgorithm, PkiError,
    PublicKey,
};
use kprov_provider::{
    Attribute, AttributeError, PlanRequest, PlannedObject, Private, attribute, with_attributes,
};

use crate::fields::{self, bad, computed, fixed};
use crate::uses;

/// Arguments and results of both.
pub(crate) fn attributes() -> Vec<(&'static str, Attribute)> {
    let off = |text: &str| {
        let off = Attribute::new(Type::Bool).default(Value::Bool(false)).computed();
        off.force_new().describe(text)
    };
    let uses = Attribute::new(fields::text_list()).required().force_new();
    let hours = Attribute::new(Type::Number).required().force_new();
    let early = Attribute::new(Type::Number).default(Value::int(0)).computed();
    vec![
        ("allowed_uses", uses.describe("What the key may be used for: key usages and purposes.")),
        ("validity_period_hours", hours.describe("How many hours the certificate is valid.")),
        (
            "early_renewal_hours",
            early.describe("The certificate counts as expired so many hours before its end."),
        ),
        ("is_ca_certificate", off("Is it an authority's?")),
        (
            "max_path_length",
            fixed(
                Type::Number,
                "How many authorities may stand below this one; only of an authority's.",
            ),
        ),
        ("set_subject_key_id", off("Write a subject key id?")),
        ("id", computed(Type::String, "The serial number.")),
        ("cert_pem", computed(Type::String, "The certificate in PEM.")),
        (
            "ready_for_renewal",
            computed(
                Type::Bool,
                "Is the certificate to be renewed: expired, or within early_renewal_hours of it?",
            ),
        ),
        ("validity_start_time", computed(Type::String, "Valid from, RFC 3339.")),
        ("validity_end_time", computed(Type::String, "Valid until, RFC 3339.")),
    ]
}

/// What can be told of the arguments of both.
pub(crate) fn validate(config: &Value) -> Vec<AttributeError> {
    let mut problems = uses::validate(config);
    for name in ["validity_period_hours", "early_renewal_hours", "max_path_length"] {
        let given = config.get(name).filter(|value| value.is_known() && !value.is_null());
        let fine = |_: &&Value| fields::number(config, name).is_some_and(|it| it >= 0);
        if given.is_some() && given.as_ref().filter(|value| fine(value)).is_none() {
            problems.push(bad(
                name,
                "Invalid number",
                format!("{name} is a whole number, 0 or more."),
            ));
        }
    }
    let hours = |name| fields::number(config, name);
    if hours("validity_period_hours") == Some(0) {
        let why = "validity_period_hours is 1 or more: the certificate would end before it begins.";
        problems.push(bad("validity_period_hours", "Invalid number", why));
    }
    if let (Some(life @ 1..), Some(early)) =
        (hours("validity_period_hours"), hours("early_renewal_hours"))
        && early >= life
    {
        let why = "It is due from its first moment on, and every apply replaces it: early_renewal_hours should be less than \
                   validity_period_hours.";
        let problem = bad("early_renewal_hours", "Always due", why);
        problems.push(AttributeError { warning: true, ..problem });
    }
    let authority = config.get("is_ca_certificate");
    let known = authority.is_none_or(Value::is_known);
    let given = fields::number(config, "max_path_length").is_some();
    if given && known && !fields::flag(config, "is_ca_certificate") {
        let why = "Only an authority's certificate has a path length: set is_ca_certificate = true, or leave this out.";
        problems.push(AttributeError { warning: true, ..bad("max_path_length", "No effect", why) });
    }
    problems
}

/// Can a certificate or a request be written with that kind of key and that subject? Else which argument is to blame.
pub(crate) fn check<'a>(
    (key, algorithm): (&'a str, KeyAlgorithm),
    (name, subject): (&'a str, &DistinguishedName),
) -> Result<(), (&'a str, PkiError)> {
    algorithm.certifiable().map_err(|why| (key, why))?;
    subject.check_writable().map_err(|why| (name, why))
}

/// A certificate that is due is replaced; so is one whose names change.
pub(crate) fn plan(request: &PlanRequest<'_>, names: Vec<Path>) -> PlannedObject {
    let mut value = request.proposed.clone();
    let mut requires_replace = names;
    match request.prior {
        None => value = with_attributes(&value, [("ready_for_renewal", Value::Bool(false))]),
        Some(prior) if fields::flag(prior, "ready_for_renewal") => {
            value = with_attributes(&value, [("ready_for_renewal", Value::unknown(Type::Bool))]);
            requires_replace.push(Path::attribute("ready_for_renewal"));
        }
        Some(_) => {}
    }
    PlannedObject { value, requires_replace, private: Private::new() }
}

/// The object as time has made it.
pub(crate) fn read(host: &dyn Host, prior: &Value) -> Value {
    let due = is_due(prior, fields::now(host));
    with_attributes(prior, [("ready_for_renewal", Value::Bool(due))])
}

/// The object as if it was due.
pub(crate) fn requested(prior: &Value) -> Value {
    with_attributes(prior, [("ready_for_renewal", Value::Bool(true))])
}

fn is_due(object: &Value, now: Timestamp) -> bool {
    renew_at(object).is_some_and(|at| now >= at)
}

/// When the certificate of an object is due.
pub(crate) fn renew_at(object: &Value) -> Option<Timestamp> {
    let end = fields::text(object, "validity_end_time")?.parse::<Timestamp>().ok()?;
    let early = fields::number(object, "early_renewal_hours").unwrap_or(0);
    let early = SignedDuration::try_from_hours(early).unwrap_or(SignedDuration::MAX);
    Some(end.saturating_sub(early).unwrap_or(Timestamp::MIN))
}

/// What the arguments say of a certificate that is issued now; without names and authority key id.
pub(crate) fn template(planned: &Value, serial: Vec<u8>, now: Timestamp) -> CertificateTemplate {
    let hours = fields::number(planned, "validity_period_hours").unwrap_or(0);
    let life = SignedDuration::try_from_hours(hours).unwrap_or(SignedDuration::MAX);
    let (key_usages, extended_usages) = uses::usages(planned);
    let authority = fields::flag(planned, "is_ca_certificate");
    let below = fields::number(planned, "max_path_length").and_then(|it| u32::try_from(it).ok());
    let constraint = if authority { CaConstraint::Authority(below) } else { CaConstraint::Leaf };
    CertificateTemplate {
        serial,
        subject: Default::default(),
        not_before: now,
        not_after: now.saturating_add(life).unwrap_or(now).min(latest()),
        names: Vec::new(),
        key_usages,
        extended_usages,
        constraint,
        subject_key_id: fields::flag(planned, "set_subject_key_id"),
        authority_key_id: true,
    }
}

/// The end of time in certificates.
fn latest() -> Timestamp {
    "9999-12-30T22:00:00Z".parse().unwrap_or(Timestamp::MAX)
}

/// The results.
pub(crate) fn results(certificate: &Certificate) -> [(&'static str, Value); 5] {
    [
        ("id", Value::string(decimal(certificate.serial()))),
        ("cert_pem", Value::string(certificate.to_pem())),
        ("ready_for_renewal", Value::Bool(false)),
        ("validity_start_time", Value::string(certificate.not_before().to_string())),
        ("validity_end_time", Value::string(certificate.not_after().to_string())),
    ]
}

/// Big-endian bytes as a decimal number, as Go prints serial numbers.
pub(crate) fn decimal(bytes: &[u8]) -> String {
    let mut digits: Vec<u8> = vec![0];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let value = u32::from(*digit) * 256 + carry;
            *digit = u8::try_from(value % 10).unwrap_or(0);
            carry = value / 10;
        }
        while carry > 0 {
            digits.push(u8::try_from(carry % 10).unwrap_or(0));
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

/// RSA, ECDSA or ED25519.
pub(crate) fn family(key: &PublicKey) -> Value {
    Value::string(key.algorithm().family())
}

/// Is that argument known?
pub(crate) fn known(value: &Value, name: &str) -> bool {
    attribute(value, name).is_known()
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn serial_numbers_are_decimal() {
        assert_eq!(decimal(&[]), "0");
        assert_eq!(decimal(&[1, 0]), "256");
        assert_eq!(decimal(&[0xff; 16]), u128::MAX.to_string());
    }
}
