//! [`Fields`]: reading planned, prior and configured objects by attribute name, and [`Problems`]:
//! collecting what is wrong with them.
//!
//! What is null, unknown or of another type reads as `None`, so bad input never panics.

use std::collections::BTreeMap;
use std::time::Duration;

use kprov_core::value::raw_equal;
use kprov_core::{Path, PathStep, Value};
use kprov_provider::AttributeError;

/// An object or nested block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a Value);

impl<'a> Fields<'a> {
    /// The attribute's value; null where there is none.
    pub(crate) fn get(self, name: &str) -> &'a Value {
        static NULL: Value = Value::NULL;
        self.0.get(name).unwrap_or(&NULL)
    }

    /// Text that is neither null, unknown nor empty.
    pub(crate) fn str(self, name: &str) -> Option<&'a str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// Text that is neither null nor unknown, but may be empty.
    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.get(name).as_str()
    }

    /// [`Fields::str`], owned, as the SDK's setters take it.
    pub(crate) fn string(self, name: &str) -> Option<String> {
        self.str(name).map(str::to_owned)
    }

    /// The object's id; empty where it has none.
    pub(crate) fn id(self) -> &'a str {
        self.str("id").unwrap_or_default()
    }

    /// A bool.
    pub(crate) fn bool(self, name: &str) -> Option<bool> {
        self.get(name).as_bool()
    }

    /// A whole number.
    pub(crate) fn i64(self, name: &str) -> Option<i64> {
        self.get(name).as_number()?.to_i64()
    }

    /// A whole number as most of the SDK's setters take it.
    pub(crate) fn i32(self, name: &str) -> Option<i32> {
        i32::try_from(self.i64(name)?).ok()
    }

    /// A number.
    pub(crate) fn f64(self, name: &str) -> Option<f64> {
        Some(self.get(name).as_number()?.to_f64())
    }

    /// The known texts of a list or set.
    pub(crate) fn strings(self, name: &str) -> Vec<String> {
        self.items(name).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// [`Fields::strings`]; `None` where there are none, as the SDK's `set_` methods take it.
    pub(crate) fn some_strings(self, name: &str) -> Option<Vec<String>> {
        Some(self.strings(name)).filter(|strings| !strings.is_empty())
    }

    /// The text as a list of one; empty where there is none.
    pub(crate) fn strings_of(self, name: &str) -> Vec<String> {
        self.string(name).into_iter().collect()
    }

    /// Items of a list or set.
    pub(crate) fn items(self, name: &str) -> &'a [Value] {
        self.get(name).as_items().unwrap_or_default()
    }

    /// A map's known texts.
    pub(crate) fn map(self, name: &str) -> BTreeMap<String, String> {
        let entries = self.get(name).as_entries().into_iter().flatten();
        entries
            .filter_map(|(key, value)| Some((key.as_str().to_owned(), value.as_str()?.to_owned())))
            .collect()
    }

    /// Nested blocks (or objects of a list or set attribute), in order.
    pub(crate) fn blocks(self, name: &str) -> impl Iterator<Item = Fields<'a>> {
        self.items(name).iter().filter(|item| item.as_entries().is_some()).map(Fields)
    }

    /// The one nested block, whether its nesting is single or a list.
    pub(crate) fn block(self, name: &str) -> Option<Fields<'a>> {
        let value = self.get(name);
        match value {
            Value::Object(_) => Some(Fields(value)),
            _ => self.blocks(name).next(),
        }
    }

    /// Unknown in whole or in part?
    pub(crate) fn is_unknown(self, name: &str) -> bool {
        !self.get(name).is_wholly_known()
    }

    /// Set (or possibly set) in a configuration?
    pub(crate) fn is_set(self, name: &str) -> bool {
        !self.get(name).is_null()
    }

    /// [`Fields::is_set`], and not an empty list or set: as which blocks that are not there read.
    pub(crate) fn is_given(self, name: &str) -> bool {
        self.is_set(name) && self.get(name).as_items().is_none_or(|items| !items.is_empty())
    }

    /// `timeouts { create = "10m" }`
    pub(crate) fn timeout(self, action: &str, default: Duration) -> Duration {
        let text = self.block("timeouts").and_then(|block| block.str(action));
        text.and_then(parse_duration).unwrap_or(default)
    }
}

/// Are the two objects' attributes of that name equal?
pub(crate) fn same(a: Fields<'_>, b: Fields<'_>, name: &str) -> bool {
    raw_equal(a.get(name), b.get(name))
}

/// Go's durations: `1h30m`, `90s`, `1.5h`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Duration::try_from_secs_f64(total).ok()
}

/// What is wrong with a configuration.
#[derive(Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<AttributeError>);

impl Problems {
    /// The top-level attribute `name` is wrong.
    pub(crate) fn add(&mut self, name: &str, summary: &str, message: impl Into<String>) {
        self.at(Path::attribute(name), summary, message);
    }

    /// What is at `path` is wrong.
    pub(crate) fn at(&mut self, path: Path, summary: &str, message: impl Into<String>) {
        self.0.push(AttributeError::new(path, summary, message));
    }

    /// Of these arguments at most one may be set.
    pub(crate) fn conflicts(&mut self, config: Fields<'_>, names: &[&str]) {
        let known = |name: &&&str| config.is_given(name) && config.get(name).is_known();
        let set: Vec<&str> = names.iter().filter(known).copied().collect();
        if let [first, second, ..] = set[..] {
            let message = format!("{first:?} and {second:?} cannot both be set; remove one.");
            self.add(second, "Conflicting configuration arguments", message);
        }
    }

    /// One of these arguments must be set.
    pub(crate) fn needs_one(&mut self, config: Fields<'_>, names: &[&str]) {
        if let Some(first) = names.first()
            && !names.iter().any(|name| config.is_given(name))
        {
            let message = format!("One of these must be set: {}.", names.join(", "));
            self.add(first, "Missing required argument", message);
        }
    }

    /// The text must be one of these.
    pub(crate) fn one_of(&mut self, config: Fields<'_>, name: &str, allowed: &[&str]) {
        if let Some(text) = config.text(name)
            && !allowed.contains(&text)
        {
            let message = format!("{text:?} is none of: {}.", allowed.join(", "));
            self.add(name, "Invalid value", message);
        }
    }

    /// The number must be in the range.
    pub(crate) fn in_range(&mut self, config: Fields<'_>, name: &str, low: i64, high: i64) {
        if let Some(number) = config.get(name).as_number()
            && number.to_i64().is_none_or(|number| !(low..=high).contains(&number))
        {
            let message = format!("Expected {name} to be from {low} to {high}, got {number}.");
            self.add(name, "Value out of range", message);
        }
    }

    /// Checks the `timeouts` block.
    pub(crate) fn timeouts(&mut self, config: Fields<'_>) {
        let Some(block) = config.block("timeouts") else { return };
        for (name, value) in block.0.as_entries().into_iter().flatten() {
            if value.as_str().is_some_and(|text| parse_duration(text).is_none()) {
                self.at(
                    Path::attribute("timeouts").then(PathStep::Attribute(name.clone())),
                    "Invalid duration",
                    "A timeout is a duration such as \"30m\" or \"1h30m\".",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        assert_eq!(parse_duration("1h30m"), Some(Duration::from_secs(5400)));
        assert_eq!(parse_duration("1.5s"), Some(Duration::from_millis(1500)));
        for bad in ["", "5", "m", "5 parsecs", "-3m"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_not_there_or_of_another_type_reads_as_nothing() {
        let value = Value::object([("n", Value::int(7)), ("e", Value::string(""))]);
        let fields = Fields(&value);
        assert_eq!((fields.str("n"), fields.i32("n"), fields.bool("x")), (None, Some(7), None));
        assert_eq!((fields.str("e"), fields.text("e")), (None, Some("")));
        assert!(fields.strings("n").is_empty() && fields.block("n").is_none());
    }
}
