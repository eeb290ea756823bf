//! Names that users leave open: `name_prefix`, or no name at all.
//!
//! A generated name follows from the create's token, so that a repeated create asks for the same one.

use crate::fields::{Fields, Problems};

/// How many characters are generated.
const LENGTH: usize = 26;

/// The planned `name`, or one made of the planned `prefix` (or `terraform-`) and the token.
pub(crate) fn name(planned: Fields<'_>, name: &str, prefix: &str, token: &str) -> String {
    match planned.str(name) {
        Some(name) => name.to_owned(),
        None => generated(planned.str(prefix).unwrap_or("terraform-"), token),
    }
}

/// The planned `name`, or one made of `name_prefix` (or `default_prefix`) and the token.
pub(crate) fn chosen(planned: Fields<'_>, token: &str, default_prefix: &str) -> String {
    match planned.str("name") {
        Some(name) => name.to_owned(),
        None => generated(planned.str("name_prefix").unwrap_or(default_prefix), token),
    }
}

/// `prefix` and what follows from the token.
pub(crate) fn generated(prefix: &str, token: &str) -> String {
    let digits: String = token.chars().filter(char::is_ascii_hexdigit).take(LENGTH).collect();
    format!("{prefix}{digits:0>LENGTH$}")
}

/// The prefix of a generated name; empty where the name does not look generated.
pub(crate) fn prefix(name: &str) -> &str {
    let Some(at) = name.len().checked_sub(LENGTH) else { return "" };
    match name.split_at_checked(at) {
        Some((prefix, rest)) if rest.chars().all(|c| c.is_ascii_hexdigit()) => prefix,
        _ => "",
    }
}

/// Checks `name` and `name_prefix`: not both, not too long, only allowed characters.
pub(crate) fn check(
    problems: &mut Problems,
    config: Fields<'_>,
    longest: usize,
    allowed: fn(char) -> bool,
    words: &str,
) {
    problems.conflicts(config, &["name", "name_prefix"]);
    check_text(problems, config, "name", longest, allowed, words);
    check_text(problems, config, "name_prefix", longest.saturating_sub(LENGTH), allowed, words);
}

/// Checks the length and characters of one attribute.
pub(crate) fn check_text(
    problems: &mut Problems,
    config: Fields<'_>,
    attribute: &str,
    longest: usize,
    allowed: fn(char) -> bool,
    words: &str,
) {
    let Some(text) = config.text(attribute) else { return };
    let length = text.chars().count();
    if length == 0 || length > longest {
        let message = format!("{attribute:?} must have 1 to {longest} characters, not {length}.");
        problems.add(attribute, "Invalid name", message);
    } else if let Some(bad) = text.chars().find(|c| !allowed(*c)) {
        let message = format!("{bad:?} is not allowed in {attribute:?}: use {words}.");
        problems.add(attribute, "Invalid name", message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kprov_core::Value;

    #[test]
    fn a_name_is_the_same_for_the_same_token_and_tells_its_prefix() {
        let planned = Value::object([("name_prefix", Value::string("web-"))]);
        let token = "0198c5a2-7e10-4d3b-9f00-112233445566";
        let made = name(Fields(&planned), "name", "name_prefix", token);
        assert_eq!(made, "web-0198c5a27e104d3b9f00112233");
        assert_eq!(made, name(Fields(&planned), "name", "name_prefix", token));
        assert_eq!(prefix(&made), "web-");
        let planned = Value::object([("name", Value::string("web"))]);
        assert_eq!(name(Fields(&planned), "name", "name_prefix", token), "web");
        assert_eq!(name(Fields(&Value::NULL), "name", "name_prefix", "t").len(), 36);
    }

    #[test]
    fn a_chosen_name_has_no_prefix() {
        for name in ["", "web", "é-0198c5a27e104d3b9f0011223", "a-name-of-more-than-26-characters"]
        {
            assert_eq!(prefix(name), "", "{name}");
        }
    }
}
