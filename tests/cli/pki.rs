//! Certificates: a rotation in three applies, `pki list`, `pki renew`, and the README's examples.

use serde_json::Value as Json;

use crate::place::Place;

/// An authority whose rotation stands at `steps`, a client, its kubeconfig, and a certificate of the provider tls.
fn main(steps: &str) -> String {
    format!(
        r#"
resource "pki_authority" "ca" {{
  subject {{ common_name = "demo" }}
  {steps}
}}
resource "pki_certificate" "ci" {{
  subject {{
    common_name   = "ci"
    organizations = ["builders"]
  }}
  usages             = ["client"]
  validity_hours     = 2160
  ca_certificate_pem = pki_authority.ca.certificate_pem
  ca_private_key_pem = pki_authority.ca.private_key_pem
  ca_generation      = pki_authority.ca.primary
}}
resource "pki_kubeconfig" "ci" {{
  server                 = "https://demo.example:6443"
  ca_pem                 = pki_authority.ca.bundle_pem
  client_certificate_pem = pki_certificate.ci.certificate_pem
  client_private_key_pem = pki_certificate.ci.private_key_pem
}}
resource "tls_private_key" "web" {{ algorithm = "ED25519" }}
resource "tls_self_signed_cert" "web" {{
  private_key_pem       = tls_private_key.web.private_key_pem
  validity_period_hours = 48
  allowed_uses          = ["server_auth"]
  dns_names             = ["web.example"]
  subject {{ common_name = "web" }}
}}
output "certificate" {{ value = pki_certificate.ci.certificate_pem }}
output "web" {{ value = tls_self_signed_cert.web.cert_pem }}
"#
    )
}

fn output(place: &Place, name: &str) -> String {
    let words = ["output", "-raw", name];
    place.run(&words).succeeds().lines().join("\n")
}

fn listed(place: &Place) -> Vec<Json> {
    place.kprov("pki list -json").succeeds().json().as_array().expect("a list").clone()
}

#[test]
fn a_rotation_is_three_applies_and_each_plan_says_why() {
    let place = Place::new(&main("generation = 1"));
    place.applied();
    let first = output(&place, "certificate");
    // Straight to the end: refused, with the way to go, and nothing is touched.
    place.write("main.tf", main("generation = 2\nprimary = 2"));
    let before = place.content();
    place.kprov("apply -auto-approve").fails(&["First apply generation = 2"]);
    assert_eq!(place.content(), before);
    place.write("main.tf", main("generation = 2\nprimary = 1"));
    place
        .kprov("plan")
        .succeeds()
        .says(&["generation 2 is staged", "0 to add, 2 to change, 0 to destroy"]);
    place.applied();
    assert_eq!(output(&place, "certificate"), first, "staging issues nothing anew");
    place.write("main.tf", main("generation = 2\nprimary = 2"));
    place
        .kprov("plan")
        .succeeds()
        .says(&["its authority was promoted to generation 2", "0 to add, 3 to change, 0 to"]);
    place.applied();
    assert_ne!(output(&place, "certificate"), first);
    place.write("main.tf", main("generation = 2\nprimary = 2\ntrusted_from = 2"));
    place.applied();
    place.kprov("plan -detailed-exitcode").succeeds().says(&["No changes."]);
    let states = place.kprov("state show pki_authority.ca").succeeds();
    states.says(&["distrusted", "generation 2 signs"]).hides("PRIVATE KEY");
    place.kprov("destroy -auto-approve").succeeds();
}

#[test]
fn all_certificates_are_listed_with_who_uses_them() {
    let place = Place::new(&main("generation = 1"));
    place.kprov("pki list").succeeds().says(&["no certificate"]);
    assert!(listed(&place).is_empty());
    place.applied();
    let all = listed(&place);
    let told: Vec<[&str; 3]> = all
        .iter()
        .map(|it| ["address", "part", "subject"].map(|name| it[name].as_str().unwrap_or("")))
        .collect();
    let expected = [
        ["tls_self_signed_cert.web", "cert_pem", "CN=web"],
        ["pki_certificate.ci", "certificate_pem", "CN=ci,O=builders"],
        ["pki_authority.ca", "generation 1", "CN=demo"],
    ];
    assert_eq!(told, expected, "those that end first before the others");
    assert_eq!(all[1]["used_by"], serde_json::json!(["pki_kubeconfig.ci"]));
    // A second is lost in between, or not.
    assert!(all[1]["days_left"] == 89 || all[1]["days_left"] == 90, "{}", all[1]);
    assert_eq!(all[2]["renewable"], false);
    place
        .kprov("pki list")
        .succeeds()
        .says(&["pki_certificate.ci", "CN=ci,O=builders", "pki_kubeconfig.ci"])
        .hides("PRIVATE");
}

#[test]
fn a_renewal_is_an_apply_that_issues_anew() {
    let place = Place::new(&main("generation = 1"));
    place.applied();
    let (client, web) = (output(&place, "certificate"), output(&place, "web"));
    place
        .kprov("pki renew -auto-approve pki_certificate.ci")
        .succeeds()
        .says(&["its renewal was requested", "0 added, 2 changed, 0 destroyed"]);
    assert_ne!(output(&place, "certificate"), client);
    assert_eq!(output(&place, "web"), web, "only what was named");
    place.kprov("plan -detailed-exitcode").succeeds().says(&["No changes."]);
    // All of them: what the provider tls has is replaced, as Terraform does.
    place.kprov("pki renew -auto-approve").succeeds().says(&["1 added, 2 changed, 1 destroyed"]);
    assert_ne!(output(&place, "web"), web);
    place.kprov("plan -detailed-exitcode").succeeds().says(&["No changes."]);
    // Without approval nothing happens.
    let client = output(&place, "certificate");
    place.kprov("pki renew -input=false").fails(&["Approval required"]);
    assert_eq!(output(&place, "certificate"), client);
    place.kprov("pki renew -auto-approve pki_authority.ca").fails(&["rotated by their arguments"]);
    place
        .kprov("pki renew -auto-approve pki_certificate.nobody")
        .fails(&["pki_certificate.nobody"]);
    place.kprov("pki renew -auto-approve not..one").fails(&["not..one"]);
    place.kprov("op log").succeeds().says(&["pki renew"]);
}

/// The blocks ```hcl of the README that want no AWS, together.
#[test]
fn the_examples_of_the_readme_apply() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../providers/pki/README.md");
    let text = std::fs::read_to_string(path).expect("the README");
    let blocks = text.split("```hcl\n").skip(1).filter_map(|it| it.split("```").next());
    let all: Vec<&str> = blocks.filter(|it| !it.contains("\"aws_")).collect();
    assert!(all.len() >= 7, "{} blocks", all.len());
    // A first apply may not begin with generation 2 as primary, but with one that is staged it may.
    let place = Place::new(&all.join("\n"));
    place.applied();
    place.kprov("plan -detailed-exitcode").succeeds().says(&["No changes."]);
    let shown = place.kprov("show -json").succeeds().json();
    assert!(shown["values"]["root_module"]["resources"].as_array().is_some_and(|it| it.len() >= 7));
}
