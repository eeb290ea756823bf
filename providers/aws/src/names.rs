//! Names that we choose: the name as planned, else name_prefix and a suffix that follows from the
//! create's token, so that a create which is repeated finds what it made.

use sha2::{Digest, Sha256};

use crate::fields::{Fields, Problems};

/// Length of a suffix: 18 digits and 8 hexadecimal ones.
const SUFFIX: usize = 26;

/// The name in `name`, or one made from `name_prefix` (or `default_prefix`) and the token.
pub(crate) fn chosen(planned: Fields<'_>, token: &str, default_prefix: &str) -> String {
    match planned.str("name") {
        Some(name) => name.to_owned(),
        None => generated(planned.str("name_prefix").unwrap_or(default_prefix), token),
    }
}

/// The same with other attributes for name and prefix.
pub(crate) fn name(planned: Fields<'_>, name: &str, prefix: &str, token: &str) -> String {
    match planned.str(name) {
        Some(name) => name.to_owned(),
        None => generated(planned.str(prefix).unwrap_or("terraform-"), token),
    }
}

/// `prefix` and the suffix of that token.
pub(crate) fn generated(prefix: &str, token: &str) -> String {
    let hash = Sha256::digest(token.as_bytes());
    let digits = hash[..18].iter().map(|byte| char::from(b'0' + byte % 10));
    let hex = hash[18..22].iter().map(|byte| format!("{byte:02x}"));
    format!("{prefix}{}{}", digits.collect::<String>(), hex.collect::<String>())
}

/// The prefix of a name that ends like ours (or Terraform's); empty where the name was given.
pub(crate) fn prefix_of(name: &str) -> &str {
    let Some(at) = name.len().checked_sub(SUFFIX).filter(|at| name.is_char_boundary(*at)) else {
        return "";
    };
    let (prefix, suffix) = name.split_at(at);
    let (digits, hex) = suffix.split_at(18.min(suffix.len()));
    let ours = digits.chars().all(|c| c.is_ascii_digit())
        && hex.chars().all(|c| c.is_ascii_digit() || matches!(c, 'a'..='f'));
    if ours { prefix } else { "" }
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
    check_text(problems, config, "name_prefix", longest.saturating_sub(SUFFIX), allowed, words);
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
    use kprov_core::Value;

    use super::*;

    #[test]
    fn a_generated_name_follows_from_the_token_and_tells_its_prefix() {
        let none = Value::object([("name_prefix", Value::string("web-"))]);
        let name = chosen(Fields(&none), "token", "terraform-");
        assert_eq!(name, chosen(Fields(&none), "token", "terraform-"));
        assert_ne!(name, chosen(Fields(&none), "other", "terraform-"));
        assert_eq!((prefix_of(&name), name.len()), ("web-", 30));
        assert_eq!(prefix_of("terraform-20240102030405123400000001"), "terraform-");
        for given in ["web", "", "a-name-that-is-long-but-was-given", "ééééééééééééééééé"]
        {
            assert_eq!(prefix_of(given), "", "{given}");
        }
    }

    #[test]
    fn a_given_name_wins() {
        let given = Value::object([("name", Value::string("n"))]);
        assert_eq!(chosen(Fields(&given), "token", "terraform-"), "n");
    }
}
