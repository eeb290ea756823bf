//! The kit over every type.

use kprov_core::{Type, Value};
use kprov_provider::attribute;
use kprov_provider::testing::kit::{self, Cases};

use super::world::{World, authority, leaf, list, object, rotation, steps, subject, with};
use crate::Pki;

#[test]
fn authorities_conform() {
    let base = authority();
    let long = "x".repeat(65);
    let cases = Cases::new(object(&base))
        .update(with(&base, &steps(2, 1, 1)))
        .update(with(&base, &steps(2, 2, 1)))
        .update(with(&base, &steps(2, 2, 2)))
        .update(with(
            &base,
            &[
                ("generation", Value::int(3)),
                ("trusted_from", Value::int(2)),
                ("algorithm", "ED25519".into()),
            ],
        ))
        .bad(with(&base, &steps(1, 2, 1)), "primary")
        .bad(with(&base, &steps(1, 1, 2)), "generation")
        .bad(with(&base, &steps(1, 1, 0)), "trusted_from")
        .bad(with(&base, &[("algorithm", "ECDSA-P224".into())]), "algorithm")
        .bad(with(&base, &[("validity_hours", Value::int(0))]), "validity_hours")
        .bad(object(&[]), "subject")
        .bad(object(&[subject("pki_authority", &long, &[])]), "subject");
    kit::check(&Pki, "pki_authority", &cases);
}

#[test]
fn key_pairs_conform() {
    let cases = Cases::new(object(&[]))
        .update(object(&steps(2, 1, 1)))
        .update(object(&steps(2, 2, 1)))
        .update(object(&steps(2, 2, 2)))
        .bad(object(&[("algorithm", "HMAC".into())]), "algorithm");
    kit::check(&Pki, "pki_keypair", &cases);
}

#[test]
fn encryption_configurations_conform() {
    let cases = Cases::new(object(&[]))
        .update(object(&steps(2, 1, 1)))
        .update(object(&steps(2, 2, 1)))
        .update(with(&steps(2, 2, 1), &[("cipher", "aescbc".into())]))
        .update(object(&steps(2, 2, 2)))
        .bad(object(&[("cipher", "rot13".into())]), "cipher")
        .bad(object(&[("resources", list(&[]))]), "resources");
    kit::check(&Pki, "pki_encryption_config", &cases);
}

#[test]
fn certificates_conform() {
    let ca = World::new("pki_authority", &object(&authority()));
    let other =
        World::new("pki_authority", &with(&authority(), &[("algorithm", "ED25519".into())]));
    let base = leaf(&ca);
    let no_ca = World::new("pki_certificate", &object(&base));
    let cases = Cases::new(object(&base))
        .update(with(&base, &[("dns_names", list(&["other.example"]))]))
        .update(with(&base, &[("validity_hours", Value::int(100))]))
        .update(with(
            &base,
            &[("validity_hours", Value::int(100)), ("renew_before_hours", Value::int(10))],
        ))
        .update(object(&leaf(&other)))
        .update(with(
            &leaf(&other),
            &[("reuse_key", Value::Bool(true)), ("ip_addresses", list(&["::1"]))],
        ))
        .bad(with(&base, &[("usages", list(&["mail"]))]), "usages")
        .bad(with(&base, &[("usages", list(&[]))]), "usages")
        .bad(with(&base, &[("dns_names", list(&["a b"]))]), "dns_names")
        .bad(with(&base, &[("ip_addresses", list(&["10.0.0.0/8"]))]), "ip_addresses")
        .bad(
            with(
                &base,
                &[("validity_hours", Value::int(10)), ("renew_before_hours", Value::int(10))],
            ),
            "renew_before_hours",
        )
        .bad(with(&base, &[("ca_certificate_pem", "rubbish".into())]), "ca_certificate_pem")
        .bad(
            with(&base, &[("ca_certificate_pem", attribute(&no_ca.object, "certificate_pem"))]),
            "ca_certificate_pem",
        )
        .bad(
            with(&base, &[("ca_private_key_pem", attribute(&other.object, "private_key_pem"))]),
            "ca_private_key_pem",
        );
    kit::check(&Pki, "pki_certificate", &cases);
}

#[test]
fn kubeconfigs_conform() {
    let ca = World::new("pki_authority", &object(&authority()));
    let client = World::new("pki_certificate", &object(&leaf(&ca)));
    let base = [
        ("server", "https://demo.example:6443".into()),
        ("ca_pem", attribute(&ca.object, "bundle_pem")),
        ("client_certificate_pem", attribute(&client.object, "certificate_pem")),
        ("client_private_key_pem", attribute(&client.object, "private_key_pem")),
    ];
    let cases = Cases::new(object(&base))
        .update(with(
            &base,
            &[("tls_server_name", "kubernetes".into()), ("namespace", "a\"b".into())],
        ))
        .bad(with(&base, &[("server", "http://demo".into())]), "server")
        .bad(with(&base, &[("ca_pem", "rubbish".into())]), "ca_pem")
        .bad(
            with(&base, &[("client_private_key_pem", attribute(&ca.object, "private_key_pem"))]),
            "client_private_key_pem",
        );
    kit::check(&Pki, "pki_kubeconfig", &cases);
}

#[test]
fn bootstrap_tokens_conform() {
    let keepers = Value::map(Type::String, [("a".into(), "b".into())].into_iter().collect());
    let cases = Cases::new(object(&[])).replace(object(&[("keepers", keepers)]), "keepers");
    kit::check(&Pki, "pki_bootstrap_token", &cases);
}

#[test]
fn all_of_a_cluster_conforms() {
    let base = [("cluster_name", "demo".into())];
    let endpoint = ("endpoint", "https://demo.example:6443".into());
    let cases = Cases::new(object(&base))
        .update(with(&base, std::slice::from_ref(&endpoint)))
        .update(with(&base, &[endpoint.clone(), rotation("authorities", 2, 1, 1)]))
        .update(with(&base, &[endpoint.clone(), rotation("authorities", 2, 2, 1)]))
        .update(with(
            &base,
            &[endpoint, rotation("authorities", 2, 2, 2), rotation("service_account", 2, 1, 1)],
        ))
        .replace(object(&[("cluster_name", "other".into())]), "cluster_name")
        .bad(with(&base, &[("endpoint", "demo".into())]), "endpoint")
        .bad(with(&base, &[("algorithm", "ED25519".into())]), "algorithm")
        .bad(with(&base, &[rotation("encryption", 1, 2, 1)]), "encryption");
    kit::check(&Pki, "pki_kubernetes", &cases);
}
