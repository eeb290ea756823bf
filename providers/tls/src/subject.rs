//! The block `subject` and the lists of names, of certificates and requests.

use kprov_core::{Path, PathStep, Type, Value};
use kprov_pki::{DistinguishedName, PkiError, PrivateKey, SubjectAltName};
use kprov_provider::{Attribute, AttributeError, Block, NestedBlock, Nesting, PlanRequest};

use crate::fields::{self, bad};
use crate::key_argument::OWN;

/// The block.
pub(crate) fn block() -> NestedBlock {
    let one = |text: &str| fields::fixed(Type::String, text);
    let attributes = [
        ("common_name", one("Distinguished name: CN")),
        ("country", one("Distinguished name: C")),
        ("email_address", one("PKCS#9: emailAddress")),
        ("locality", one("Distinguished name: L")),
        ("organization", one("Distinguished name: O")),
        ("organizational_unit", one("Distinguished name: OU")),
        ("postal_code", one("Distinguished name: PC")),
        ("province", one("Distinguished name: ST")),
        ("serial_number", one("Distinguished name: SERIALNUMBER")),
        (
            "street_address",
            fields::fixed(fields::text_list(), "Distinguished name: STREET; one at most."),
        ),
    ];
    NestedBlock {
        nesting: Nesting::List,
        block: Block::of("The subject for which a certificate is being requested.", attributes),
        min_items: 0,
        max_items: 1,
        force_new: true,
    }
}

/// `dns_names`, `ip_addresses`, `uris`. That they replace is said by [`names_changed`].
pub(crate) fn name_attributes() -> [(&'static str, Attribute); 3] {
    let list = |text: &str| Attribute::new(fields::text_list()).optional().describe(text);
    [
        ("dns_names", list("DNS names that the certificate is valid for.")),
        ("ip_addresses", list("IP addresses that the certificate is valid for.")),
        ("uris", list("URIs that the certificate is valid for.")),
    ]
}

/// Which of the lists changed; from nothing to an empty list is no change.
pub(crate) fn names_changed(request: &PlanRequest<'_>) -> Vec<Path> {
    let Some(prior) = request.prior else { return Vec::new() };
    let changed = |name: &&str| {
        let known = request.proposed.get(name).is_some_and(Value::is_wholly_known);
        !known || fields::texts(prior, name) != fields::texts(request.proposed, name)
    };
    ["dns_names", "ip_addresses", "uris"].into_iter().filter(changed).map(Path::attribute).collect()
}

/// The subject; empty without a block.
pub(crate) fn subject(value: &Value) -> DistinguishedName {
    let blocks = value.get("subject").and_then(Value::as_items).unwrap_or_default();
    let Some(block) = blocks.first() else { return DistinguishedName::default() };
    let one =
        |name: &str| fields::text(block, name).filter(|text| !text.is_empty()).map(str::to_owned);
    let list = |name: &str| one(name).into_iter().collect::<Vec<String>>();
    DistinguishedName {
        countries: list("country"),
        organizations: list("organization"),
        organizational_units: list("organizational_unit"),
        localities: list("locality"),
        provinces: list("province"),
        street_addresses: fields::texts(block, "street_address"),
        postal_codes: list("postal_code"),
        common_name: one("common_name"),
        serial_number: one("serial_number"),
        email_address: one("email_address"),
        others: Vec::new(),
    }
}

/// All names, or the list and place of the first that is none.
pub(crate) fn names(value: &Value) -> Result<Vec<SubjectAltName>, (Path, PkiError)> {
    let mut all = Vec::new();
    let mut add = |list: &str, read: &dyn Fn(&str) -> Result<SubjectAltName, PkiError>| {
        let items = value.get(list).and_then(Value::as_items).unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            let Some(text) = item.as_str() else { continue };
            let index = u64::try_from(index).unwrap_or(u64::MAX);
            let place = || Path::attribute(list).then(PathStep::Index(index));
            all.push(read(text).map_err(|why| (place(), why))?);
        }
        Ok(())
    };
    add("dns_names", &SubjectAltName::dns)?;
    add("ip_addresses", &|text| {
        let wrong = || PkiError::Invalid(format!("{text:?} is not an IP address"));
        text.parse().map(SubjectAltName::Ip).map_err(|_| wrong())
    })?;
    add("uris", &|text| {
        let fine = text.is_ascii() && text.contains(':') && !text.contains(char::is_whitespace);
        let wrong = || PkiError::Invalid(format!("{text:?} is not a URI"));
        if fine { Ok(SubjectAltName::Uri(text.to_owned())) } else { Err(wrong()) }
    })?;
    Ok(all)
}

/// What is wrong with the lists and the subject.
pub(crate) fn validate(config: &Value) -> Vec<AttributeError> {
    let mut problems = Vec::new();
    if let Err((path, why)) = names(config) {
        problems.push(AttributeError::new(path, "Invalid name", why.to_string()));
    }
    if let Err(why) = subject(config).check_writable() {
        problems.push(bad("subject", "Invalid subject", format!("{why}.")));
    }
    problems
}

/// The key that a certificate or a request is written with; nothing while it is not known.
pub(crate) fn validate_key(config: &Value) -> Vec<AttributeError> {
    let mut problems = OWN.validate(config);
    let Some((name, text)) = OWN.given(config) else { return problems };
    let why = match PrivateKey::from_pem(text) {
        Ok(key) => key.algorithm().certifiable().err(),
        Err(why) => Some(why),
    };
    problems.extend(why.map(|why| bad(name, "Invalid private key", format!("{why}."))));
    problems
}
