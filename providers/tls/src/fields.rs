//! Attributes of objects as Rust's own types, and what comes from the host.

use jiff::Timestamp;
use kprov_core::{Host, Path, Type, Value};
use kprov_pki::PkiError;
use kprov_provider::{Attribute, AttributeError, ProviderError};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// A string that is there.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// A whole number that is there.
pub(crate) fn number(value: &Value, name: &str) -> Option<i64> {
    value.get(name).and_then(Value::as_number).and_then(|number| number.to_i64())
}

/// `true`, and not null or unknown.
pub(crate) fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool) == Some(true)
}

/// The strings of a list that are known.
pub(crate) fn texts(value: &Value, name: &str) -> Vec<String> {
    let items = value.get(name).and_then(Value::as_items).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A list of strings.
pub(crate) fn text_list() -> Type {
    Type::list(Type::String)
}

/// Set by the provider.
pub(crate) fn computed(ty: Type, text: &str) -> Attribute {
    Attribute::new(ty).computed().describe(text)
}

/// May be set.
pub(crate) fn optional(ty: Type, text: &str) -> Attribute {
    Attribute::new(ty).optional().describe(text)
}

/// Optional; a change replaces.
pub(crate) fn fixed(ty: Type, text: &str) -> Attribute {
    Attribute::new(ty).optional().force_new().describe(text)
}

/// The argument does not hold what it should.
pub(crate) fn bad(name: &str, summary: &str, why: impl ToString) -> AttributeError {
    AttributeError::new(Path::attribute(name), summary, why.to_string())
}

/// An argument that is known now and is wrong.
pub(crate) fn rejected(name: &str, why: PkiError) -> ProviderError {
    let error = ProviderError::rejected("Invalid argument", why.to_string());
    error.at(Path::attribute(name))
}

/// Fit for keys: ChaCha20, seeded with 256 bits of the host.
pub(crate) fn random(host: &dyn Host) -> ChaCha20Rng {
    let mut seed = [0; 32];
    host.random(&mut seed);
    ChaCha20Rng::from_seed(seed)
}

/// The host's time, in whole seconds as certificates have it.
pub(crate) fn now(host: &dyn Host) -> Timestamp {
    let now = Timestamp::try_from(host.now()).unwrap_or(Timestamp::UNIX_EPOCH);
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
