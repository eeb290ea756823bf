//! User data: at most 16 KB before it is encoded, which AWS only says when it is too late.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::fields::{Fields, Problems};

const LONGEST: usize = 16 * 1024;

fn too_long(length: usize) -> String {
    format!(
        "User data has at most {LONGEST} bytes before it is encoded; these are {length}. Compress it \
         (cloud-init takes gzip), or let the instance fetch it, as from S3."
    )
}

/// Checks an attribute that holds user data in Base64.
pub(crate) fn check_encoded(config: Fields<'_>, name: &str, problems: &mut Problems) {
    let Some(text) = config.str(name) else { return };
    match STANDARD.decode(text) {
        Ok(raw) if raw.len() > LONGEST => {
            problems.add(name, "User data too long", too_long(raw.len()));
        }
        Ok(_) => {}
        Err(_) => {
            let message = "This is not Base64: use base64encode(...) or filebase64(...).";
            problems.add(name, "Invalid Base64", message);
        }
    }
}

/// Checks an attribute that holds user data as it is.
pub(crate) fn check_plain(config: Fields<'_>, name: &str, problems: &mut Problems) {
    if let Some(text) = config.str(name)
        && text.len() > LONGEST
    {
        problems.add(name, "User data too long", too_long(text.len()));
    }
}

/// Base64 of a text; of one that is Base64 already, itself.
pub(crate) fn encoded(text: &str) -> String {
    match STANDARD.decode(text) {
        Ok(_) if !text.is_empty() => text.to_owned(),
        _ => STANDARD.encode(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kprov_core::Value;

    fn problems(text: String) -> usize {
        let config = Value::object([("user_data", Value::string(text))]);
        let mut problems = Problems::default();
        check_encoded(Fields(&config), "user_data", &mut problems);
        problems.0.len()
    }

    #[test]
    fn sixteen_kilobytes_before_encoding_are_the_limit() {
        assert_eq!(problems(STANDARD.encode("x".repeat(LONGEST))), 0);
        assert_eq!(problems(STANDARD.encode("x".repeat(LONGEST + 1))), 1);
        assert_eq!(problems("#!/bin/sh".into()), 1);
    }

    #[test]
    fn what_is_encoded_is_not_encoded_again() {
        assert_eq!(encoded("#!/bin/sh"), STANDARD.encode("#!/bin/sh"));
        assert_eq!(encoded(&STANDARD.encode("#!/bin/sh")), STANDARD.encode("#!/bin/sh"));
    }
}
