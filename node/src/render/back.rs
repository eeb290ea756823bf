//! The document out of user data of any form: cloud-config, Ignition, the document itself; each gzipped or not.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::{DOCUMENT, parts};
use crate::problem::Problem;

fn wrong(detail: impl Into<String>) -> Problem {
    Problem::new("There is no node document in the user data", detail)
}

/// Takes the document out.
///
/// # Errors
/// When there is none.
pub fn document_of(user_data: &[u8]) -> Result<String, Problem> {
    let text = if user_data.starts_with(&[0x1f, 0x8b]) {
        parts::gunzip(user_data)
            .ok_or_else(|| wrong("They are compressed, and cannot be unpacked."))?
    } else {
        String::from_utf8(user_data.to_vec()).map_err(|_| wrong("They are no text."))?
    };
    if text.starts_with("#cloud-config") {
        let json = yaml(&text)?;
        let file = named(&json["write_files"])
            .ok_or_else(|| missing("write_files of the cloud-config"))?;
        return cloud(file);
    }
    let json = yaml(&text)?;
    if json["ignition"].is_object() {
        let file =
            named(&json["storage"]["files"]).ok_or_else(|| missing("the files of Ignition"))?;
        return ignition(&file["contents"]);
    }
    if json["apiVersion"].is_string() {
        return Ok(text);
    }
    Err(wrong("They are neither cloud-config nor Ignition, and no document."))
}

fn yaml(text: &str) -> Result<Json, Problem> {
    serde_saphyr::from_str(text)
        .map_err(|error| wrong(format!("They cannot be read: {}.", error.without_snippet())))
}

fn missing(place: &str) -> Problem {
    wrong(format!("{DOCUMENT} is not among {place}."))
}

fn named(files: &Json) -> Option<&Json> {
    files.as_array()?.iter().find(|file| file["path"] == DOCUMENT)
}

fn broken() -> Problem {
    wrong(format!("{DOCUMENT} in them cannot be decoded."))
}

fn base64(text: &str) -> Result<Vec<u8>, Problem> {
    let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(dense).map_err(|_| broken())
}

fn cloud(file: &Json) -> Result<String, Problem> {
    let content = file["content"].as_str().ok_or_else(broken)?;
    match file["encoding"].as_str().unwrap_or("text/plain") {
        "gz+b64" | "gz+base64" | "gzip+b64" | "gzip+base64" => {
            parts::gunzip(&base64(content)?).ok_or_else(broken)
        }
        "b64" | "base64" => String::from_utf8(base64(content)?).map_err(|_| broken()),
        "text/plain" => Ok(content.to_owned()),
        other => Err(wrong(format!(
            "{DOCUMENT} has the encoding {other:?}, which this program does not know."
        ))),
    }
}

fn ignition(contents: &Json) -> Result<String, Problem> {
    let source = contents["source"]
        .as_str()
        .and_then(|source| source.strip_prefix("data:"))
        .ok_or_else(broken)?;
    let (kind, data) = source.split_once(',').ok_or_else(broken)?;
    let bytes =
        if kind.ends_with(";base64") { base64(data)? } else { percent(data).ok_or_else(broken)? };
    match contents["compression"].as_str() {
        Some("gzip") => parts::gunzip(&bytes).ok_or_else(broken),
        _ => String::from_utf8(bytes).map_err(|_| broken()),
    }
}

/// Undoes percent encoding.
fn percent(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| {
            char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
        };
        bytes.push(digit(rest.next())? * 16 + digit(rest.next())?);
    }
    Some(bytes)
}
