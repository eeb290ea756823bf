//! Writing to standard output and standard error. A reader that went away is no error.

use std::io::Write;

/// To standard output, as it is.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever closed the pipe does not want the rest.
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// To standard output, with a newline.
pub(crate) fn line(text: &str) {
    print(&format!("{text}\n"));
}

/// To standard error, as it is.
pub(crate) fn complain(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// JSON on one line, as Terraform prints it.
pub(crate) fn json(value: &serde_json::Value) {
    line(&value.to_string());
}

/// JSON for people.
pub(crate) fn pretty_json(value: &serde_json::Value) {
    // Writing a JSON value as text cannot fail.
    line(&serde_json::to_string_pretty(value).unwrap_or_default());
}
