//! `random_id`: bytes as an identifier, in several notations.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kprov_core::{Host, Number, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, PlanRequest, PlannedObject, ProviderError,
    ResourceSchema, Schema, StateOnly, attribute, with_attributes,
};

use crate::keepers::{self, chosen, keepers};
use crate::limits;

/// The resource type.
#[derive(Debug)]
pub(crate) struct RandomId;

/// Identifiers are short; their decimal notation takes quadratic time.
const BYTES_MAX: i64 = 1 << 12;

pub(crate) fn schema() -> ResourceSchema {
    let given = |ty| Attribute::new(ty).force_new();
    let attributes = [
        keepers(),
        ("byte_length", given(Type::Number).required().describe("How many random bytes.")),
        (
            "prefix",
            given(Type::String).optional().describe("Put in front of all notations but id."),
        ),
        ("b64_std", chosen(Type::String, "The bytes in base64.")),
        ("b64_url", chosen(Type::String, "The bytes in base64 for URLs, without padding.")),
        ("dec", chosen(Type::String, "The bytes as a decimal number.")),
        ("hex", chosen(Type::String, "The bytes in hexadecimal digits.")),
        ("id", chosen(Type::String, "The bytes in base64 for URLs, without the prefix.")),
    ];
    ResourceSchema {
        schema: Schema { version: 0, block: Block::of("A random identifier.", attributes) },
        creation: Creation::Local,
    }
}

fn forms(bytes: &[u8], prefix: &str) -> [(&'static str, Value); 5] {
    let id = URL_SAFE_NO_PAD.encode(bytes);
    let with_prefix = |text: &str| Value::string(format!("{prefix}{text}"));
    [
        ("b64_std", with_prefix(&STANDARD.encode(bytes))),
        ("b64_url", with_prefix(&id)),
        ("dec", with_prefix(&decimal(bytes))),
        ("hex", with_prefix(&keepers::hex(bytes))),
        ("id", Value::string(id)),
    ]
}

/// A big-endian number in decimal digits, by long division.
fn decimal(bytes: &[u8]) -> String {
    /// Digits per limb of the result.
    const DIGITS: usize = 9;
    const BASE: u64 = 1_000_000_000;
    // Little-endian limbs of the result.
    let mut limbs: Vec<u64> = vec![0];
    for &byte in bytes {
        let mut carry = u64::from(byte);
        for limb in &mut limbs {
            let sum = *limb * 256 + carry;
            *limb = sum % BASE;
            carry = sum / BASE;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut limbs = limbs.iter().rev();
    let first = limbs.next().map(u64::to_string).unwrap_or_default();
    limbs.fold(first, |text, limb| format!("{text}{limb:0DIGITS$}"))
}

impl StateOnly for RandomId {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        limits::check(config, "byte_length", 1, BYTES_MAX).into_iter().collect()
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        Ok(keepers::plan(&request))
    }

    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        if let Some(problem) = self.validate(planned).pop() {
            return Err(limits::refuse(problem));
        }
        let bytes = keepers::bytes(host, limits::count(planned, "byte_length", 1)?);
        let prefix = attribute(planned, "prefix");
        Ok(with_attributes(planned, forms(&bytes, prefix.as_str().unwrap_or_default())))
    }

    /// The identifier, or a prefix, a comma and the identifier.
    fn import(&self, _host: &dyn Host, id: &str) -> Result<Value, ProviderError> {
        let (prefix, id) = id.rsplit_once(',').unwrap_or(("", id));
        let bytes = URL_SAFE_NO_PAD.decode(id).ok();
        let bytes = bytes.filter(|bytes| (1..=BYTES_MAX as usize).contains(&bytes.len()));
        let bytes = bytes.ok_or_else(|| {
            keepers::bad_id("the id in base64 for URLs, or PREFIX,ID with the prefix in front")
        })?;
        let set_prefix = match prefix {
            "" => Value::Null(Type::String),
            prefix => Value::string(prefix),
        };
        let length = Value::Number(Number::from(bytes.len()));
        let known = [keepers::none(), ("byte_length", length), ("prefix", set_prefix)];
        Ok(Value::object(known.into_iter().chain(forms(&bytes, prefix))))
    }
}

#[cfg(test)]
mod tests {
    //! The decimal notation.

    use super::*;

    #[test]
    fn decimal_digits_are_right() {
        let check = |bytes: &[u8], expect: &str| assert_eq!(decimal(bytes), expect);
        check(&[], "0");
        check(&[0], "0");
        check(&[0, 0, 7], "7");
        check(&[255], "255");
        check(&[0x3b, 0x9a, 0xca, 0x00], "1000000000");
        check(&[0xff; 8], "18446744073709551615");
        check(&[0xff; 16], "340282366920938463463374607431768211455");
    }
}
