//! Looking for secrets: as they are, as JSON and HCL and Rust write them, in base64, in hexadecimal; private keys also as
//! bytes, and each stretch of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A secret and all the forms in which it may stand somewhere.
#[derive(Debug)]
pub(crate) struct Wanted {
    secret: String,
    forms: BTreeSet<Vec<u8>>,
}

impl Wanted {
    /// A secret that was made. What of a private key or a stretch of it is in `public` as well - DER of certificates and
    /// public keys - gives nothing away.
    pub(crate) fn made(secret: &str, public: &[Vec<u8>]) -> Wanted {
        let mut forms = BTreeSet::new();
        take_forms(secret, &mut forms);
        let told = |bytes: &[u8]| public.iter().any(|it| contains(it, bytes));
        if let Some((body, lines)) = private_key(secret) {
            for line in lines {
                let bytes = STANDARD.decode(line).unwrap_or_default();
                if line.len() >= 24 && !told(core(&bytes)) {
                    take_forms(line, &mut forms);
                }
            }
            let stretches = (0..body.len()).step_by(8).filter_map(|at| body.get(at..at + STRETCH));
            for stretch in stretches.filter(|it| !told(core(it))) {
                take_bytes(stretch, &mut forms);
            }
        } else if let Some(bytes) = STANDARD.decode(secret).ok().filter(|it| it.len() >= STRETCH) {
            // A key that is written in base64.
            take_bytes(&bytes, &mut forms);
        }
        Wanted { secret: secret.to_owned(), forms }
    }

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

/// Enough of a private key to know it by.
const STRETCH: usize = 24;

/// What is left of bytes in base64 wherever they stand: their ends depend on what is beside them.
fn core(bytes: &[u8]) -> &[u8] {
    bytes.get(3..bytes.len().saturating_sub(3)).unwrap_or_default()
}

/// The body of a private key in PEM: as bytes, and its lines.
fn private_key(text: &str) -> Option<(Vec<u8>, Vec<&str>)> {
    let begin = text.find("PRIVATE KEY-----\n")?;
    let lines: Vec<&str> =
        text[begin..].lines().skip(1).take_while(|it| !it.contains('-')).collect();
    Some((STANDARD.decode(lines.concat()).expect("PEM"), lines))
}

/// What a text makes public: the bytes of its PEM blocks, or of a line of authorized_keys.
pub(crate) fn public_bytes(text: &str) -> Vec<Vec<u8>> {
    let bodies = text.split("-----").filter(|it| it.starts_with('\n') && it.len() > 2);
    let line = text.strip_prefix("ssh-").or_else(|| text.strip_prefix("ecdsa-"));
    let line = line.and_then(|it| it.split_whitespace().nth(1));
    let decoded = bodies.chain(line).map(|body| STANDARD.decode(body.replace('\n', "")));
    decoded.filter_map(Result::ok).collect()
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
    take_bytes(text.as_bytes(), forms);
}

/// As they are, in hexadecimal and in base64.
fn take_bytes(bytes: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    forms.insert(bytes.to_vec());
    let hex = |upper: bool| -> Vec<u8> {
        let digits = bytes.iter();
        let digits = digits.map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") });
        digits.collect::<String>().into_bytes()
    };
    forms.extend([hex(false), hex(true)]);
    // In base64 a text looks different at each of three places; its ends depend on what is beside it.
    for shift in 0..3 {
        let shifted = [&b"\0\0\0"[..shift], bytes].concat();
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

/// All secrets at once: one look at what may hold them.
#[derive(Debug)]
pub(crate) struct Search {
    forms: AhoCorasick,
    /// The secret of each form.
    secrets: Vec<String>,
}

impl Search {
    pub(crate) fn of(wanted: &[Wanted]) -> Search {
        let all: Vec<(&Vec<u8>, &str)> =
            wanted.iter().flat_map(|it| it.forms.iter().map(|form| (form, it.secret()))).collect();
        let forms = AhoCorasick::new(all.iter().map(|(form, _)| form)).expect("forms");
        Search { forms, secrets: all.into_iter().map(|(_, secret)| secret.to_owned()).collect() }
    }

    /// One that is there in any form.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> Option<&str> {
        let found = self.forms.find(bytes)?;
        Some(&self.secrets[found.pattern().as_usize()])
    }
}

/// Every file below a directory but the allowed ones that holds one of the secrets.
pub(crate) fn files_with(root: &Path, wanted: &[Wanted], allowed: &[PathBuf]) -> Vec<String> {
    files_found(root, &Search::of(wanted), allowed)
}

/// The same, with a search that is at hand.
pub(crate) fn files_found(root: &Path, search: &Search, allowed: &[PathBuf]) -> Vec<String> {
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
            let secret = search.found_in(&bytes).or_else(|| search.found_in(name.as_bytes()));
            found.extend(secret.map(|secret| format!("{name}: {secret:?}")));
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
    let other = Search::of(&[Wanted::new("another one"), Wanted::new(secret)]);
    assert_eq!(other.found_in(format!("before {secret}").as_bytes()), Some(secret));
    assert_eq!(other.found_in(b"neither"), None);
    let key = Wanted::new("-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w0BAQEF\n-----END KEY-----\n");
    assert!(key.is_in(b"...MIIBVgIBADANBgkqhkiG9w0BAQEF..."));
    assert!(!key.is_in(b"-----BEGIN KEY-----"));
}

#[test]
fn every_stretch_of_a_private_key_is_found_and_no_public_one() {
    let secret: Vec<u8> = (0..48).map(|it| it * 5 + 1).collect();
    let public: Vec<u8> = (0..65).map(|it| it * 3 + 2).collect();
    let body = [&secret[..], &public].concat();
    let lines: String = STANDARD
        .encode(&body)
        .as_bytes()
        .chunks(64)
        .map(|it| format!("{}\n", String::from_utf8_lossy(it)))
        .collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{lines}-----END PRIVATE KEY-----\n");
    assert_eq!(public_bytes(&pem), std::slice::from_ref(&body));
    let wanted = Wanted::made(&pem, &[[b"before", &public[..], b"behind"].concat()]);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for before in ["", "x", "xy"] {
        let around = [before.as_bytes(), &body, b"behind"].concat();
        for text in [around.clone(), STANDARD.encode(&around).into(), hex(&around).into()] {
            assert!(wanted.is_in(&text), "{before:?} {}", String::from_utf8_lossy(&text));
        }
        // A kubeconfig has the text in base64.
        assert!(wanted.is_in(STANDARD.encode(format!("{before}{lines}")).as_bytes()));
        let open = [before.as_bytes(), &public, b"behind"].concat();
        for text in [open.clone(), STANDARD.encode(&open).into(), hex(&open).into()] {
            assert!(!wanted.is_in(&text), "{before:?} {}", String::from_utf8_lossy(&text));
        }
    }
    assert!(wanted.is_in(&secret[8..40]), "a part of it");
}
