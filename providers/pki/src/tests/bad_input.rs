//! Authorities and keys that are none, times that cannot be: each is refused with the attribute named, in the plan where it is
//! known then, and no error holds what was given.

use kprov_core::{Type, Value};
use kprov_provider::attribute;

use super::world::{
    World, authority, leaf, list, make, object, plan, problems, rotation, steps, subject, with,
};

fn ca() -> World {
    World::new("pki_authority", &object(&authority()))
}

/// The one problem of a configuration is at that place and says that.
fn refused(ty: &str, config: &Value, at: &str, says: &str) {
    let found = problems(ty, config);
    let [(path, why)] = found.as_slice() else { panic!("{at}: {found:?}") };
    assert_eq!(path, &format!(".{at}"), "{why}");
    assert!(why.contains(says), "{at}: {why}");
    assert!(!why.contains("MII") && !why.contains("secret rubbish"), "{why}");
}

/// Texts that are no certificate, or no private key, and what is said of them.
fn broken(pem: &str, other: &str) -> Vec<(String, &'static str)> {
    let half = &pem[..pem.len() / 2];
    let lines: Vec<&str> = pem.lines().collect();
    let short = [&lines[..1], &lines[2..]].concat().join("\n");
    let unlike = lines[1].replace(|c: char| c.is_ascii_alphanumeric(), "!");
    vec![
        ("secret rubbish".to_owned(), "not PEM"),
        (String::new(), "not PEM"),
        (half.to_owned(), "it was cut off"),
        (short, "cannot be read"),
        (pem.replace(lines[1], &unlike), "is not base64"),
        (other.to_owned(), "has no block"),
    ]
}

#[test]
fn broken_pem_is_refused_where_it_stands() {
    let ca = ca();
    let (certificate, key) = (ca.text("certificate_pem"), ca.text("private_key_pem"));
    let public = World::new("pki_keypair", &object(&[])).text("verify_keys_pem");
    for (text, says) in broken(&certificate, &public) {
        let given = ("ca_certificate_pem", text.as_str().into());
        refused("pki_certificate", &with(&leaf(&ca), &[given]), "ca_certificate_pem", says);
    }
    for (text, says) in broken(&key, &public) {
        let given = ("ca_private_key_pem", text.as_str().into());
        refused("pki_certificate", &with(&leaf(&ca), &[given]), "ca_private_key_pem", says);
    }
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let given = ("ca_private_key_pem", encrypted.as_str().into());
    let says = "encrypted by a passphrase";
    refused("pki_certificate", &with(&leaf(&ca), &[given]), "ca_private_key_pem", says);
    let legacy = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let given = ("ca_private_key_pem", legacy.into());
    refused("pki_certificate", &with(&leaf(&ca), &[given]), "ca_private_key_pem", says);
}

#[test]
fn two_certificates_or_keys_are_not_one() {
    let (ca, other) = (ca(), ca());
    let two = |name: &str| Value::string(ca.text(name) + &other.text(name));
    let given = ("ca_certificate_pem", two("certificate_pem"));
    let says = "certificate_pem, not its bundle_pem";
    refused("pki_certificate", &with(&leaf(&ca), &[given]), "ca_certificate_pem", says);
    let given = ("ca_private_key_pem", two("private_key_pem"));
    refused("pki_certificate", &with(&leaf(&ca), &[given]), "ca_private_key_pem", "several");
}

/// These arguments are shown in plans, and stored in the open.
#[test]
fn a_private_key_beside_a_certificate_is_refused() {
    let ca = ca();
    let both = Value::string(ca.text("private_key_pem") + &ca.text("certificate_pem"));
    let config = with(&leaf(&ca), &[("ca_certificate_pem", both.clone())]);
    refused("pki_certificate", &config, "ca_certificate_pem", "not kept secret");
    let client = World::new("pki_certificate", &object(&leaf(&ca)));
    let base = [
        ("server", "https://demo.example:6443".into()),
        ("ca_pem", attribute(&ca.object, "bundle_pem")),
        ("client_certificate_pem", attribute(&client.object, "certificate_pem")),
        ("client_private_key_pem", attribute(&client.object, "private_key_pem")),
    ];
    let config = with(&base, &[("ca_pem", both)]);
    refused("pki_kubeconfig", &config, "ca_pem", "not kept secret");
    let both = client.text("certificate_pem") + &client.text("private_key_pem");
    let config = with(&base, &[("client_certificate_pem", Value::string(both))]);
    refused("pki_kubeconfig", &config, "client_certificate_pem", "not kept secret");
}

#[test]
fn an_authority_must_be_one_and_have_its_own_key() {
    let (ca, other) = (ca(), ca());
    let client = World::new("pki_certificate", &object(&leaf(&ca)));
    let no_ca = ("ca_certificate_pem", attribute(&client.object, "certificate_pem"));
    let config = with(&leaf(&ca), &[no_ca]);
    refused("pki_certificate", &config, "ca_certificate_pem", "not of an authority");
    // A foreign one of the same name: its key is another one.
    let foreign = ("ca_certificate_pem", attribute(&other.object, "certificate_pem"));
    let config = with(&leaf(&ca), &[foreign]);
    refused("pki_certificate", &config, "ca_private_key_pem", "does not match");
}

#[test]
fn numbers_out_of_range_are_refused() {
    let ca = ca();
    for hours in [0, -1, 876_601] {
        for ty in ["pki_authority", "pki_certificate", "pki_kubernetes"] {
            let base = match ty {
                "pki_authority" => authority(),
                "pki_certificate" => leaf(&ca),
                _ => vec![("cluster_name", "demo".into())],
            };
            let config = with(&base, &[("validity_hours", Value::int(hours))]);
            refused(ty, &config, "validity_hours", "from 1 to 876600");
        }
    }
    for algorithm in ["RSA-1024", "RSA-8192", "RSA-2049", "DSA", ""] {
        let config = with(&authority(), &[("algorithm", algorithm.into())]);
        refused("pki_authority", &config, "algorithm", "");
        refused("pki_keypair", &object(&[("algorithm", algorithm.into())]), "algorithm", "");
    }
}

#[test]
fn a_renewal_window_is_shorter_than_the_life() {
    let ca = ca();
    let window = |more: &[(&'static str, Value)]| with(&leaf(&ca), more);
    let (life, before) = ("validity_hours", "renew_before_hours");
    let config = window(&[(life, Value::int(10)), (before, Value::int(11))]);
    refused("pki_certificate", &config, before, "due from its first day on");
    // Also where its life is the usual one.
    let config = window(&[(before, Value::int(24 * 456))]);
    refused("pki_certificate", &config, before, "without validity_hours it is valid for");
    assert_eq!(problems("pki_certificate", &window(&[(before, Value::int(24 * 400))])), []);
}

#[test]
fn a_server_has_names_and_a_role_is_known() {
    let ca = ca();
    let mut base = leaf(&ca);
    base.retain(|(name, _)| *name != "dns_names");
    refused("pki_certificate", &object(&base), "dns_names", "lists none");
    let client = with(&base, &[("usages", list(&["client"]))]);
    assert_eq!(problems("pki_certificate", &client), [], "a client needs none");
    let unknown = ("dns_names", Value::unknown(Type::list(Type::String)));
    assert_eq!(problems("pki_certificate", &with(&base, &[unknown])), [], "perhaps it has");
    let config = with(&leaf(&ca), &[("usages", list(&["client", "peer"]))]);
    refused("pki_certificate", &config, "usages[1]", "neither server nor client");
}

#[test]
fn a_leaf_that_would_outlive_its_authority_is_told() {
    let short = with(&authority(), &[("validity_hours", Value::int(24))]);
    let ca = World::new("pki_authority", &short);
    let config = with(&leaf(&ca), &[("validity_hours", Value::int(48))]);
    refused("pki_certificate", &config, "validity_hours", "will end with its authority");
    // A warning: it is issued, cut short, and not again and again though its window has begun.
    let hours = [("validity_hours", Value::int(48)), ("renew_before_hours", Value::int(30))];
    let config = with(&leaf(&ca), &hours);
    let mut client = World::new("pki_certificate", &config);
    assert_eq!(client.text("expires_at"), ca.text("expires_at"));
    let planned = client.plan(&config).expect("a plan").value;
    assert_eq!(planned, client.object, "nothing would be gained");
}

/// What is not known in the plan is checked by the apply, and the attribute is named there as well.
#[test]
fn what_an_apply_finds_names_the_attribute() {
    let (ca, other) = (ca(), ca());
    let at_apply = |ty: &str, config: &Value, at: &str| {
        let error = make(ty, config, 0).expect_err("refused");
        let place = error.attribute.as_ref().map(ToString::to_string);
        assert_eq!(place.as_deref(), Some(format!(".{at}").as_str()), "{error}");
    };
    let wrong = ("ca_private_key_pem", attribute(&other.object, "private_key_pem"));
    at_apply("pki_certificate", &with(&leaf(&ca), &[wrong]), "ca_private_key_pem");
    let wrong = ("dns_names", list(&["a b"]));
    at_apply("pki_certificate", &with(&leaf(&ca), &[wrong]), "dns_names[0]");
    at_apply("pki_authority", &object(&[subject("pki_authority", "", &[])]), "subject.common_name");
    let wrong = [("cluster_name", "demo".into()), ("endpoint", "http://demo".into())];
    at_apply("pki_kubernetes", &object(&wrong), "endpoint");
    // An authority that has ended: only the apply has a clock.
    let short = with(&authority(), &[("validity_hours", Value::int(24))]);
    let ended = World::new("pki_authority", &short);
    let error = make("pki_certificate", &object(&leaf(&ended)), 3).expect_err("expired");
    assert_eq!(error.attribute.map(|it| it.to_string()).as_deref(), Some(".ca_certificate_pem"));
    assert!(error.message.contains("has expired"), "{}", error.message);
}

#[test]
fn a_rotation_names_the_argument_and_the_way_to_go() {
    let mut ca = ca();
    let error = ca.plan(&with(&authority(), &steps(2, 2, 1))).expect_err("not staged");
    assert_eq!(error.attribute.map(|it| it.to_string()).as_deref(), Some(".primary"));
    assert!(error.message.contains("First apply generation = 2 with primary = 1"));
    ca.apply(&with(&authority(), &steps(2, 1, 1))).expect("staged");
    let error = ca.plan(&with(&authority(), &steps(2, 1, 2))).expect_err("it signs");
    assert_eq!(error.attribute.map(|it| it.to_string()).as_deref(), Some(".primary"));
    let base = [("cluster_name", "demo".into())];
    let mut cluster = World::new("pki_kubernetes", &object(&base));
    for block in ["authorities", "service_account", "encryption"] {
        let config = with(&base, &[rotation(block, 2, 2, 1)]);
        let error = cluster.plan(&config).expect_err("not staged");
        let at = error.attribute.map(|it| it.to_string());
        assert_eq!(at, Some(format!(".{block}.primary")), "{}", error.message);
    }
    let planned = plan("pki_kubernetes", None, &with(&base, &[rotation("encryption", 2, 2, 1)]));
    planned.expect("what is new has nobody who does not know the second yet");
}
