//! `keepers`: values whose change makes the object anew. All types of this provider have them.

use kprov_core::{Host, Path, Type, Value};
use kprov_provider::{Attribute, PlanRequest, PlannedObject, Private, ProviderError, attribute};

/// The attribute.
pub(crate) fn keepers() -> (&'static str, Attribute) {
    let map = Attribute::new(Type::map(Type::String)).optional();
    ("keepers", map.describe("A change of these values replaces the object."))
}

/// Null, as an import leaves it.
pub(crate) fn none() -> (&'static str, Value) {
    ("keepers", Value::Null(Type::map(Type::String)))
}

/// An attribute that is chosen when the object is made.
pub(crate) fn chosen(ty: Type, text: &str) -> Attribute {
    Attribute::new(ty).computed().describe(text)
}

/// The proposed value, replaced if the keepers change. Entries that are null count as absent: older
/// state does not tell them apart.
pub(crate) fn plan(request: &PlanRequest<'_>) -> PlannedObject {
    let mut requires_replace = Vec::new();
    if let Some(prior) = request.prior {
        let before = attribute(prior, "keepers");
        let after = attribute(request.proposed, "keepers");
        if !after.is_known() || set_entries(&before) != set_entries(&after) {
            requires_replace.push(Path::attribute("keepers"));
        }
    }
    let value = request.proposed.clone();
    PlannedObject { value, requires_replace, private: Private::new() }
}

fn set_entries(map: &Value) -> Vec<(&str, &Value)> {
    let entries = map.as_entries().into_iter().flatten();
    entries.filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.as_str(), v)).collect()
}

/// The import id is not one of this type.
pub(crate) fn bad_id(expected: &str) -> ProviderError {
    // The id may be the secret itself.
    ProviderError::rejected("Invalid import id", format!("The import id must be {expected}."))
}

/// `count` bytes of the host.
pub(crate) fn bytes(host: &dyn Host, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    host.random(&mut bytes);
    bytes
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
