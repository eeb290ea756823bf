//! Leaves: when they are due, why they are issued anew, what is refused, and what openssl says of them.

use std::io::Write;
use std::process::{Command, Stdio};

use kprov_core::{Type, Value};
use kprov_pki::{Certificate, PrivateKey};
use kprov_provider::attribute;

use super::world::{
    START, World, authority, leaf, list, object, plan, problems, subject, text, with,
};

fn pair() -> (World, World) {
    let ca = World::new("pki_authority", &object(&authority()));
    let config = object(&leaf(&ca));
    (World::new("pki_certificate", &config), ca)
}

#[test]
fn a_leaf_that_is_due_is_issued_anew_and_the_plan_says_so() {
    let ca = World::new("pki_authority", &object(&authority()));
    let hours =
        [("validity_hours", Value::int(24 * 90)), ("renew_before_hours", Value::int(24 * 30))];
    let config = with(&leaf(&ca), &hours);
    let mut client = World::new("pki_certificate", &config);
    let before = client.text("certificate_pem");
    client.day = 59;
    assert_eq!(client.plan(&config).expect("a plan").value, client.object, "not due yet");
    client.day = 60;
    let planned = client.plan(&config).expect("a plan").value;
    assert_eq!(
        text(&planned, "reissue_reason"),
        "it expires 2024-03-31T00:00:00Z, and its renewal window began 2024-03-01T00:00:00Z"
    );
    client.apply(&config).expect("renewed");
    assert_ne!(client.text("certificate_pem"), before);
    assert_eq!(client.text("expires_at"), "2024-05-30T00:00:00Z");
    assert_eq!(client.text("renewal"), "current");
    let certificate = Certificate::from_pem(&client.text("certificate_pem")).expect("readable");
    let key = PrivateKey::from_pem(&client.text("private_key_pem")).expect("readable");
    certificate.matches(&key).expect("a pair");
}

#[test]
fn a_renewal_that_is_requested_is_planned_in_place() {
    let (mut client, ca) = pair();
    let config = object(&leaf(&ca));
    let before = client.text("certificate_pem");
    client.request_renewal();
    let planned = plan("pki_certificate", Some(&client.object), &config).expect("a plan");
    assert!(planned.requires_replace.is_empty());
    assert_eq!(text(&planned.value, "reissue_reason"), "its renewal was requested");
    assert_eq!(attribute(&client.object, "certificate_pem").as_str(), Some(before.as_str()));
}

#[test]
fn every_change_has_its_reason_and_the_key_stays_if_asked_to() {
    let (mut client, ca) = pair();
    let base = leaf(&ca);
    let names = ("dns_names", list(&["b.example"]));
    let planned = client.plan(&with(&base, std::slice::from_ref(&names))).expect("a plan").value;
    assert_eq!(text(&planned, "reissue_reason"), "its names change");
    assert!(!attribute(&planned, "private_key_pem").is_known());
    let key = client.text("private_key_pem");
    let keep = ("reuse_key", Value::Bool(true));
    let planned = client.plan(&with(&base, &[names.clone(), keep.clone()])).expect("a plan").value;
    assert_eq!(text(&planned, "private_key_pem"), key);
    client.apply(&with(&base, &[names, keep])).expect("issued anew");
    assert_eq!(client.text("private_key_pem"), key);
    let certificate = Certificate::from_pem(&client.text("certificate_pem")).expect("readable");
    certificate.matches(&PrivateKey::from_pem(&key).expect("readable")).expect("a pair");
    let unknown = ("ca_certificate_pem", Value::unknown(Type::String));
    let planned = client.plan(&with(&base, &[unknown])).expect("a plan").value;
    // It may turn out to be the same: nothing is said that the apply could not keep.
    assert!(!attribute(&planned, "reissue_reason").is_known());
    assert!(!attribute(&planned, "certificate_pem").is_known());
}

#[test]
fn an_authority_that_has_expired_issues_nothing() {
    let short = with(&authority(), &[("validity_hours", Value::int(24))]);
    let ca = World::new("pki_authority", &short);
    let config = object(&leaf(&ca));
    let mut client = World::new("pki_certificate", &config);
    assert_eq!(client.text("expires_at"), ca.text("expires_at"), "a leaf never outlives it");
    client.day = 3;
    let error = client.apply(&config).expect_err("expired");
    assert!(error.message.contains("CN=demo,O=Example has expired"), "{error}");
}

#[test]
fn what_no_certificate_can_be_written_with_is_found_before_anything_is_made() {
    let ca = World::new("pki_authority", &object(&authority()));
    for (ty, base) in [("pki_authority", authority()), ("pki_certificate", leaf(&ca))] {
        assert_eq!(problems(ty, &object(&base)), []);
        let wrong = [("algorithm", "ECDSA-P521".into()), subject(ty, "x", &["a", "b", "c"])];
        let found = problems(ty, &with(&base, &wrong));
        let says = |path: &str, text: &str| {
            assert!(found.iter().any(|(at, why)| at == path && why.contains(text)), "{found:?}");
        };
        says(".algorithm", "a key of ECDSA-P521");
        says(".subject.organizations", "at most two values of O here, and this one has 3: a, b, c");
        assert_eq!(found.len(), 2, "{found:?}");
    }
    let large = [("algorithm", "ECDSA-P521".into())];
    assert_eq!(problems("pki_keypair", &object(&large)), [], "a key pair has no certificate");
    assert_eq!(problems("pki_kubernetes", &object(&large))[0].0, ".algorithm");
}

/// What openssl says to a command with this input; `None` where it is not on this machine.
#[allow(clippy::print_stderr, reason = "people must see what was not checked")]
fn openssl(arguments: &[&str], input: &str) -> Option<String> {
    let child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("*** NOT CHECKED: openssl is not on this machine ***");
        return None;
    };
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "openssl {arguments:?}: {said}");
    Some(said)
}

#[test]
fn openssl_accepts_what_is_issued() {
    let (client, ca) = pair();
    let path = std::env::temp_dir().join(format!("kprov-pki-{}.pem", std::process::id()));
    std::fs::write(&path, ca.text("bundle_pem")).expect("written");
    let at = (START + 60).to_string();
    let bundle = path.to_str().expect("text");
    for purpose in ["sslserver", "sslclient"] {
        let arguments = [
            "verify",
            "-x509_strict",
            "-purpose",
            purpose,
            "-attime",
            &at,
            "-verify_ip",
            "10.0.0.7",
            "-CAfile",
            bundle,
        ];
        if openssl(&arguments, &client.text("certificate_pem")).is_none() {
            break;
        }
    }
    std::fs::remove_file(&path).expect("removed");
}
