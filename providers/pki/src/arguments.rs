//! Arguments that several types share: the subject, the algorithm, hours.

use jiff::SignedDuration;
use kprov_core::{Path, PathStep, Type, Value};
use kprov_pki::{DistinguishedName, KeyAlgorithm, PkiError};
use kprov_provider::{Attribute, AttributeError, Block, NestedBlock, Nesting};

use crate::fields::{self, bad};

/// The block `subject`.
pub(crate) fn subject_block() -> NestedBlock {
    let name = fields::optional(Type::String, "The common name: the user, to Kubernetes.");
    let groups = fields::optional(fields::text_list(), "Organizations: the groups, to Kubernetes.");
    NestedBlock {
        nesting: Nesting::Single,
        block: Block::of("Whose it is.", [("common_name", name), ("organizations", groups)]),
        min_items: 0,
        max_items: 1,
        force_new: false,
    }
}

/// The subject.
pub(crate) fn subject(object: &Value) -> DistinguishedName {
    let block = object.get("subject").cloned().unwrap_or(Value::NULL);
    let name = fields::text(&block, "common_name").filter(|name| !name.is_empty());
    DistinguishedName {
        common_name: name.map(str::to_owned),
        organizations: fields::texts(&block, "organizations"),
        ..DistinguishedName::default()
    }
}

/// The subject for people; `None` while a part is unknown.
pub(crate) fn told_subject(object: &Value) -> Option<String> {
    fields::all_known(object, &["subject"]).then(|| subject(object).to_string())
}

/// A subject is needed, with a common name of at most 64 characters, that a certificate can be written with.
pub(crate) fn validate_subject(config: &Value) -> Option<AttributeError> {
    let block = config.get("subject").cloned().unwrap_or(Value::NULL);
    if !block.is_known() || block.get("common_name").is_some_and(|name| !name.is_known()) {
        return None;
    }
    let path = match block.is_null() {
        true => Path::attribute("subject"),
        false => Path::attribute("subject").then(PathStep::Attribute("common_name".into())),
    };
    match fields::text(&block, "common_name").map_or(0, |name| name.chars().count()) {
        1..=64 => {
            let why = subject(config).check_writable().err()?;
            let path = Path::attribute("subject").then(PathStep::Attribute("organizations".into()));
            Some(AttributeError::new(path, "Too many values", format!("{why}.")))
        }
        0 => {
            let why = "A subject with a common name is needed: subject { common_name = \"..\" }.";
            Some(AttributeError::new(path, "Missing subject", why))
        }
        long => {
            let why =
                format!("A common name has at most 64 characters (RFC 5280); this one has {long}.");
            Some(AttributeError::new(path, "Common name too long", why))
        }
    }
}

/// `algorithm`
pub(crate) fn algorithm_attribute(text: &str) -> Attribute {
    Attribute::new(Type::String).default("ECDSA-P256".into()).describe(text)
}

/// The algorithm.
pub(crate) fn algorithm(object: &Value) -> Result<KeyAlgorithm, PkiError> {
    KeyAlgorithm::from_name(fields::text(object, "algorithm").unwrap_or("ECDSA-P256"))
}

/// An algorithm that there is.
pub(crate) fn validate_algorithm(config: &Value) -> Option<AttributeError> {
    fields::text(config, "algorithm")?;
    let why = algorithm(config).err()?;
    Some(bad("algorithm", "Unknown algorithm", format!("{why}.")))
}

/// An algorithm that there is, and that certificates can be written with.
pub(crate) fn validate_certifiable(config: &Value) -> Option<AttributeError> {
    fields::text(config, "algorithm")?;
    match algorithm(config).map(KeyAlgorithm::certifiable) {
        Ok(Err(why)) => Some(bad("algorithm", "Not for certificates", format!("{why}."))),
        _ => validate_algorithm(config),
    }
}

/// A number of hours, at least one and at most a hundred years.
pub(crate) fn validate_hours(config: &Value, name: &'static str) -> Option<AttributeError> {
    let given = config.get(name).filter(|value| value.is_known() && !value.is_null())?;
    let hours = given.as_number().and_then(|number| number.to_i64());
    match hours {
        Some(1..=876_600) => None,
        _ => Some(bad(
            name,
            "Invalid number of hours",
            format!("{name} is a whole number from 1 to 876600 (100 years)."),
        )),
    }
}

/// The window in which a certificate is renewed is within its life: what `life` says, else so many hours.
pub(crate) fn validate_window(
    config: &Value,
    life: &str,
    before: &'static str,
    usual: impl FnOnce() -> Option<i64>,
) -> Option<AttributeError> {
    let window = fields::number(config, before)?;
    let given = config.get(life).filter(|it| !it.is_null());
    let hours = match given {
        Some(_) => fields::number(config, life)?,
        None => usual()?,
    };
    if window < hours {
        return None;
    }
    let why = match given {
        Some(_) => format!("{before} must be less than {life}"),
        None => format!("without {life} it is valid for {hours} hours"),
    };
    let why = format!("It would be due from its first day on: {why}.");
    Some(bad(before, "Always due", why))
}

/// A number of hours that is given.
pub(crate) fn hours(object: &Value, name: &str) -> Option<SignedDuration> {
    SignedDuration::try_from_hours(fields::number(object, name)?)
}
