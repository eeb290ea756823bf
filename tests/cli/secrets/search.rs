//! Looking for secrets: as they are, as JSON and HCL and Rust write them, in base64, in hexadecimal.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A secret and all the forms in which it may stand somewhere.
#[derive(Debug)]
pub(crate) struct Wanted {
    secret: String,
    forms: BTreeSet<Vec<u8>>,
}

impl Wanted {
    pub(crate) fn new(secret: &str) -> Wanted {
        let mut forms = BTreeSet::new();
        // Lines of their own, as a key in PEM has: each gives it away.
        let lines = secret.lines().filter(|line| line.len() >= 24 && !line.starts_with("-----"));
        for text in std::iter::once(secret).chain(lines) {
            take_forms(text, &mut forms);
        }
        Wanted { secret: secret.to_owned(), forms }
    }

    /// Is it there in any form?
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        self.forms.iter().any(|form| contains(bytes, form))
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }
}

fn take_forms(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    let inner = |quoted: String| quoted.as_bytes()[1..quoted.len() - 1].to_vec();
    forms.insert(text.as_bytes().to_vec());
    forms.insert(inner(serde_json::Value::from(text).to_string()));
    forms.insert(inner(format!("{text:?}")));
    let json = serde_json::Value::from(text).to_string();
    // JSON in a JSON text.
    forms.insert(inner(serde_json::Value::from(inner_text(&json)).to_string()));
    let ascii: String = text
        .chars()
        .flat_map(|c| match c.is_ascii() {
            true => vec![c],
            false => format!("\\u{:04x}", u32::from(c)).chars().collect(),
        })
        .collect();
    forms.insert(ascii.into_bytes());
    let hex = |upper: bool| -> Vec<u8> {
        let digits =
            text.bytes().map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") });
        digits.collect::<String>().into_bytes()
    };
    forms.extend([hex(false), hex(true)]);
    // In base64 a text looks different at each of three places; its ends depend on what is beside it.
    for shift in 0..3 {
        let shifted = [&b"\0\0\0"[..shift], text.as_bytes()].concat();
        for encoded in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
            let from = if shift == 0 { 0 } else { 4 };
            forms.insert(encoded.as_bytes()[from..encoded.len() - 3].to_vec());
        }
    }
}

fn inner_text(quoted: &str) -> &str {
    &quoted[1..quoted.len() - 1]
}

fn contains(bytes: &[u8], form: &[u8]) -> bool {
    let Some(first) = form.first() else { return false };
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| byte == first) {
        if bytes[from + at..].starts_with(form) {
            return true;
        }
        from += at + 1;
    }
    false
}

/// Every file below a directory but the allowed ones that holds one of the secrets.
pub(crate) fn files_with(root: &Path, wanted: &[Wanted], allowed: &[PathBuf]) -> Vec<String> {
    let mut found = Vec::new();
    let mut directories = vec![root.to_owned()];
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            // Side files of the database come and go.
            let Ok(bytes) = std::fs::read(&path) else { continue };
            files += 1;
            if allowed.contains(&path) {
                continue;
            }
            let name = path.to_string_lossy().into_owned();
            for wanted in wanted {
                if wanted.is_in(&bytes) || wanted.is_in(name.as_bytes()) {
                    found.push(format!("{name}: {:?}", wanted.secret()));
                }
            }
        }
    }
    assert!(files > 0, "nothing was searched in {}", root.display());
    found
}

#[test]
fn every_form_is_found() {
    let secret = "se\"cret \u{e9} of 1234567890";
    let wanted = Wanted::new(secret);
    let json = serde_json::Value::from(secret).to_string();
    let twice = serde_json::Value::from(json.clone()).to_string();
    let mut texts = vec![secret.to_owned(), json, twice, format!("{secret:?}")];
    for before in ["", "x", "xy", "xyz"] {
        let text = format!("{before}{secret} behind");
        texts.push(STANDARD_NO_PAD.encode(&text));
        texts.push(URL_SAFE_NO_PAD.encode(&text));
        texts.push(text.bytes().map(|byte| format!("{byte:02x}")).collect());
    }
    for text in texts {
        assert!(wanted.is_in(format!("before {text}").as_bytes()), "{text}");
    }
    assert!(!wanted.is_in(b"se cret of 1234567890"));
    let key = Wanted::new("-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w0BAQEF\n-----END KEY-----\n");
    assert!(key.is_in(b"...MIIBVgIBADANBgkqhkiG9w0BAQEF..."));
    assert!(!key.is_in(b"-----BEGIN KEY-----"));
}
