//! Authorities, requests and keys that are none, and times that cannot be: refused with the attribute named, in the plan where
//! it is known then.

use kprov_core::Value;
use kprov_provider::{CertificateChange, Provider, attribute};

use super::super::Tls;
use super::{
    context, key, list, local, make, object, plan, problems, read, self_signed, text, with,
};
use kprov_provider::testing::block_on;
use kprov_provider::{CreateRequest, Intent};

fn refused(ty: &str, config: &Value, at: &str, says: &str) {
    let found = problems(ty, config);
    let fits = |(path, why): &(String, String)| *path == format!(".{at}") && why.contains(says);
    assert!(found.iter().any(fits), "{at}: {found:?}");
    assert!(
        found.iter().all(|(_, why)| !why.contains("MII") && !why.contains("rubbish")),
        "{found:?}"
    );
}

#[test]
fn broken_pem_is_refused_where_it_stands() {
    let given = object(&local());
    for name in ["ca_cert_pem", "ca_private_key_pem", "cert_request_pem"] {
        let pem = text(&given, name);
        let lines: Vec<&str> = pem.lines().collect();
        let short = [&lines[..1], &lines[2..]].concat().join("\n");
        let other = text(&key("ED25519"), "public_key_pem");
        for (broken, says) in [
            ("secret rubbish", "not PEM"),
            ("", "not PEM"),
            (&pem[..pem.len() / 2], "it was cut off"),
            (&short, "cannot be read"),
            (&other, "has no block"),
        ] {
            let config = with(&local(), &[(name, broken.into())]);
            refused("tls_locally_signed_cert", &config, name, says);
        }
    }
    let encrypted = text(&given, "ca_private_key_pem").replace("EC PRIVATE", "ENCRYPTED PRIVATE");
    let config = with(&local(), &[("ca_private_key_pem", encrypted.as_str().into())]);
    refused("tls_locally_signed_cert", &config, "ca_private_key_pem", "encrypted by a passphrase");
}

/// Who asks must have the key: one bit of the signature is another.
#[test]
fn a_request_with_a_bad_signature_is_refused() {
    let pem = text(&object(&local()), "cert_request_pem");
    let request = kprov_pki::CertificateRequest::from_pem(&pem).expect("readable");
    let mut der = request.to_der().to_vec();
    *der.last_mut().expect("bytes") ^= 1;
    let label = "CERTIFICATE REQUEST";
    let forged =
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", kprov_pki::base64(&der));
    let config = with(&local(), &[("cert_request_pem", forged.as_str().into())]);
    let says = "is not signed by its own key";
    refused("tls_locally_signed_cert", &config, "cert_request_pem", says);
}

#[test]
fn an_authority_must_have_its_own_key() {
    let foreign = ("ca_private_key_pem", attribute(&key("ED25519"), "private_key_pem"));
    let config = with(&local(), &[foreign]);
    refused("tls_locally_signed_cert", &config, "ca_private_key_pem", "does not match");
}

#[test]
fn numbers_out_of_range_are_refused() {
    for (ty, base) in
        [("tls_self_signed_cert", self_signed()), ("tls_locally_signed_cert", local())]
    {
        for hours in [0, -1] {
            let config = with(&base, &[("validity_period_hours", Value::int(hours))]);
            refused(ty, &config, "validity_period_hours", "validity_period_hours is");
        }
        let config = with(&base, &[("early_renewal_hours", Value::int(-1))]);
        refused(ty, &config, "early_renewal_hours", "0 or more");
        // Terraform takes it, and replaces the certificate each time: a warning.
        let config = with(&base, &[("early_renewal_hours", Value::int(9999))]);
        refused(ty, &config, "early_renewal_hours", "every apply replaces it");
    }
    for bits in [1024, 8192, 2049, -1] {
        let config = object(&[("algorithm", "RSA".into()), ("rsa_bits", Value::int(bits))]);
        refused("tls_private_key", &config, "rsa_bits", "2048 to 4096");
    }
}

#[test]
fn an_authority_that_has_ended_issues_nothing() {
    let config = object(&local());
    let planned = plan("tls_locally_signed_cert", None, &config).value;
    let request = CreateRequest {
        intent: Intent { op: 1, token: "t".into() },
        planned,
        config,
        private: Vec::new(),
    };
    let resource = Tls.resource("tls_locally_signed_cert").expect("a type");
    let error = block_on(resource.create(&context(20_000), request)).expect_err("ended");
    assert_eq!(error.attribute.map(|it| it.to_string()).as_deref(), Some(".ca_cert_pem"));
    assert!(error.message.contains("has expired"), "{}", error.message);
}

#[test]
fn plans_tell_of_certificates_and_why_they_are_replaced() {
    let ty = "tls_self_signed_cert";
    let told = |before: Option<&Value>, config: &Value, at: &str| {
        let planned = plan(ty, None, config);
        let forced = before.map(|before| plan(ty, Some(before), config).requires_replace);
        let forced = forced.unwrap_or_default();
        let after = if forced.is_empty() && before.is_some() {
            plan(ty, before, config).value
        } else {
            planned.value
        };
        let replaced = !forced.is_empty();
        let change = CertificateChange { before, after: &after, replaced, forced: &forced, at };
        let told = Tls.resource(ty).expect("a type").certificates(&change);
        let [one] = told.try_into().expect("one");
        one
    };
    let config = with(&self_signed(), &[("early_renewal_hours", Value::int(20))]);
    let first = told(None, &config, "2026-11-18T11:06:40Z");
    assert_eq!((first.fate.word(), first.validity_hours), ("issue", Some(100)));
    assert!(first.subject.as_deref().is_some_and(|it| it.contains("CN=ca.example")), "{first:?}");
    let made = make(ty, &config);
    let kept = told(Some(&made), &config, "2026-11-18T11:06:40Z");
    assert_eq!((kept.fate.word(), kept.reason), ("keep", None));
    assert_eq!(kept.not_after.as_deref(), Some("2026-11-22T15:06:40Z"));
    let due = read(ty, &made, 80);
    let due = told(Some(&due), &config, "2026-11-21T19:06:40Z");
    let says = "it expires 2026-11-22T15:06:40Z, and its renewal window began 2026-11-21T19:06:40Z";
    assert_eq!((due.fate.word(), due.reason.as_deref()), ("reissue", Some(says)));
    let names = with(
        &self_signed(),
        &[("early_renewal_hours", Value::int(20)), ("dns_names", list(&["other.example"]))],
    );
    let names = told(Some(&made), &names, "2026-11-18T11:06:40Z");
    assert_eq!((names.fate.word(), names.reason.as_deref()), ("reissue", Some("its names change")));
    let requested = Tls.resource(ty).expect("a type").renewal_requested(&made);
    let requested = told(requested.as_ref(), &config, "2026-11-18T11:06:40Z");
    assert_eq!(requested.reason.as_deref(), Some("its renewal was requested"));
}
