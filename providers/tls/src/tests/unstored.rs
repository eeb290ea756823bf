//! Keys that are stored nowhere: ephemeral resources, and write-only arguments.

use kprov_core::Value;
use kprov_pki::{Certificate, CertificateRequest, PrivateKey};
use kprov_provider::testing::kit::{self, Cases};
use kprov_provider::testing::{FakeHost, block_on, complete};
use kprov_provider::{CallContext, Provider, attribute};
use std::sync::Arc;

use super::super::Tls;
use super::{key, list, local, make, object, problems, self_signed, subject, text, with};

fn open(ty: &str, config: &Value, seed: u64) -> Result<Value, String> {
    let code = Tls.ephemeral(ty).expect("a type");
    let config = complete(&Tls.schema().ephemerals[ty].block, config);
    if let Some(problem) = code.validate(&config).into_iter().next() {
        return Err(format!("{}: {}", problem.path, problem.message));
    }
    let context = CallContext { client: Arc::new(()), host: Arc::new(FakeHost::new(seed)) };
    let opened = block_on(code.open(&context, &config)).map_err(|error| error.to_string())?;
    let ty = Tls.schema().ephemerals[ty].block.implied_type();
    assert_eq!(opened.value.ty(), ty, "the schema's type");
    assert!(opened.value.is_wholly_known() && opened.renew_after_seconds.is_none());
    Ok(opened.value)
}

#[test]
fn an_ephemeral_key_is_another_one_each_time() {
    for (algorithm, more) in [
        ("ED25519", vec![]),
        ("ECDSA", vec![("ecdsa_curve", "P384".into())]),
        ("RSA", vec![("rsa_bits", Value::int(2048))]),
    ] {
        let config = with(&[("algorithm", algorithm.into())], &more);
        let (one, two) = (open("tls_private_key", &config, 1), open("tls_private_key", &config, 2));
        let (one, two) = (one.expect("a key"), two.expect("a key"));
        let pem = |value: &Value| text(value, "private_key_pem");
        assert_ne!(pem(&one), pem(&two));
        let key = PrivateKey::from_pem(&pem(&one)).expect("readable");
        assert_eq!(text(&one, "public_key_pem"), key.public_key().to_pem());
        for form in ["private_key_pem_pkcs8", "private_key_openssh"] {
            let same = PrivateKey::from_pem(&text(&one, form)).expect("readable");
            assert_eq!(same.public_key(), key.public_key(), "{form}");
        }
        // And its public half, ephemeral as well.
        let half = object(&[("private_key_pem", attribute(&one, "private_key_pem"))]);
        let half = open("tls_public_key", &half, 3).expect("a key");
        for name in ["public_key_pem", "public_key_openssh", "public_key_fingerprint_sha256"] {
            assert_eq!(attribute(&half, name), attribute(&one, name), "{name}");
        }
        assert_eq!(text(&half, "algorithm"), algorithm);
    }
}

#[test]
fn arguments_of_ephemeral_keys_are_checked() {
    let wrong = |config: &[(&'static str, Value)]| {
        open("tls_private_key", &object(config), 1).expect_err("refused")
    };
    assert!(wrong(&[("algorithm", "DSA".into())]).starts_with(".algorithm"));
    assert!(wrong(&[("algorithm", "ECDSA".into())]).starts_with(".ecdsa_curve"));
    let short = [("algorithm", "RSA".into()), ("rsa_bits", Value::int(1024))];
    assert!(wrong(&short).starts_with(".rsa_bits"));
    assert!(open("tls_public_key", &object(&[]), 1).expect_err("neither").contains("Exactly one"));
    let secret = [("private_key_pem", Value::from("secret rubbish"))];
    let error = open("tls_public_key", &object(&secret), 1).expect_err("broken");
    assert!(error.contains("not PEM") && !error.contains("rubbish"), "{error}");
}

fn without(base: &[(&'static str, Value)], name: &str) -> Vec<(&'static str, Value)> {
    base.iter().filter(|(it, _)| *it != name).cloned().collect()
}

/// The same with a key that is not stored.
fn unstored(
    base: &[(&'static str, Value)],
    names: [&'static str; 3],
    version: &str,
) -> Vec<(&'static str, Value)> {
    let [stored, unstored, at] = names;
    let key = base.iter().find(|(name, _)| *name == stored).expect("a key").1.clone();
    let mut all = without(base, stored);
    all.extend([(unstored, key), (at, version.into())]);
    all
}

const OWN: [&str; 3] = ["private_key_pem", "private_key_pem_wo", "private_key_pem_wo_version"];
const CA: [&str; 3] =
    ["ca_private_key_pem", "ca_private_key_pem_wo", "ca_private_key_pem_wo_version"];

#[test]
fn keys_that_are_not_stored_conform() {
    let request =
        vec![("private_key_pem", attribute(&key("ECDSA"), "private_key_pem")), subject("a")];
    for (ty, base, names) in [
        ("tls_cert_request", request, OWN),
        ("tls_self_signed_cert", self_signed(), OWN),
        ("tls_locally_signed_cert", local(), CA),
    ] {
        let one = unstored(&base, names, "1");
        let both = with(&one, &[base.iter().find(|(name, _)| *name == names[0]).unwrap().clone()]);
        let cases = Cases::new(object(&one))
            .replace(object(&unstored(&base, names, "2")), names[2])
            .bad(both, names[0])
            .bad(object(&without(&base, names[0])), names[0])
            .bad(object(&without(&one, names[2])), names[2]);
        kit::check(&Tls, ty, &cases);
        let made = make(ty, &object(&one));
        assert!(attribute(&made, names[0]).is_null() && attribute(&made, names[1]).is_null());
    }
}

#[test]
fn what_is_issued_with_a_key_that_is_not_stored_is_of_it() {
    let base = vec![
        ("private_key_pem", attribute(&key("ECDSA"), "private_key_pem")),
        ("dns_names", list(&["a.example"])),
    ];
    let made = make("tls_cert_request", &object(&unstored(&base, OWN, "1")));
    let request = CertificateRequest::from_pem(&text(&made, "cert_request_pem")).expect("readable");
    let own = PrivateKey::from_pem(base[0].1.as_str().expect("a text")).expect("readable");
    assert_eq!(request.public_key(), &own.public_key());
    let leaf = make("tls_locally_signed_cert", &object(&unstored(&local(), CA, "1")));
    let authority = Certificate::from_pem(&text(&leaf, "ca_cert_pem")).expect("readable");
    let leaf = Certificate::from_pem(&text(&leaf, "cert_pem")).expect("readable");
    leaf.signed_by(&authority).expect("a chain");
    // Another key in a later plan, where nothing is issued, is no problem: an ephemeral one always is another.
    let mut other = unstored(&local(), CA, "1");
    other.retain(|(name, _)| *name != CA[1]);
    other.push((CA[1], attribute(&key("ED25519"), "private_key_pem")));
    assert_eq!(problems("tls_locally_signed_cert", &object(&other)), []);
}
