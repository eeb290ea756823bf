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

/// The lines of a plan's table of certificates, times left out.
fn table(output: &crate::program::Judged) -> Vec<String> {
    let lines = output.stdout.lines().skip_while(|line| *line != "Certificates:").skip(2);
    let cells = |line: &str| {
        let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        let timeless = |cell: &str| match cell.find("T").filter(|_| cell.starts_with("20")) {
            Some(_) => format!("END{}", cell.split_once('Z').map_or("", |(_, rest)| rest)),
            None => cell.to_owned(),
        };
        cells.map(timeless).collect::<Vec<_>>().join(" | ")
    };
    lines.skip(1).take_while(|line| line.starts_with("  ")).map(cells).collect()
}

#[test]
fn a_plan_ends_with_its_certificates_and_so_does_a_saved_one() {
    let place = Place::new(&main("generation = 1"));
    let first = place.kprov("plan -out=p").succeeds();
    let expected = [
        "pki_authority.ca generation 1 | CN=demo | itself | for 3652 days | first issued",
        "pki_certificate.ci | CN=ci,O=builders | generation 1 | for 90 days | first issued",
        "tls_self_signed_cert.web | CN=web | itself | for 2 days | first issued",
    ];
    assert_eq!(table(&first), expected);
    assert_eq!(table(&place.kprov("show p").succeeds()), expected);
    let shown = place.kprov("show -json p").succeeds().json();
    let told = shown["kprov_certificates"].as_array().expect("a list");
    let told: Vec<&str> = told.iter().filter_map(|it| it["action"].as_str()).collect();
    assert_eq!(told, ["issue"; 3]);
    place.applied();
    let quiet = place.kprov("plan").succeeds();
    assert!(table(&quiet).is_empty(), "{quiet}");
    place.write("main.tf", main("generation = 2\nprimary = 1"));
    place.applied();
    place.write("main.tf", main("generation = 2\nprimary = 2"));
    let promoted = [
        "pki_authority.ca generation 1 | CN=demo | itself | END | it signs no longer, and is trusted until it is distrusted",
        "pki_authority.ca generation 2 | CN=demo | itself | END | promoted: it signs from now on",
        "pki_certificate.ci | CN=ci,O=builders | CN=demo, generation 2 | END, then for 90 days | issued anew: its authority was \
         promoted to generation 2",
    ];
    assert_eq!(table(&place.kprov("plan").succeeds()), promoted);
    assert_eq!(table(&place.kprov("plan -concise").succeeds()), promoted);
}

/// Nothing is read, and time passes all the same: what is due is seen, and a renewal can be requested.
#[test]
fn certificates_are_due_without_a_refresh() {
    let place = Place::new(&main("generation = 1"));
    place.applied();
    place.kprov("plan -refresh=false -detailed-exitcode").succeeds();
    let place_of = |place: &Place| output(place, "web");
    let web = place_of(&place);
    place.kprov("pki renew -refresh=false -auto-approve tls_self_signed_cert.web").succeeds();
    assert_ne!(place_of(&place), web);
    let main = main("generation = 1");
    // From its first moment on.
    let always = main.replace("  allowed_uses", "  early_renewal_hours = 48\n  allowed_uses");
    place.write("main.tf", always);
    place.kprov("apply -auto-approve").succeeds().complains(&["Always due"]);
    let due = place.kprov("plan -refresh=false -detailed-exitcode").exits(2);
    let due = due.says(&["ready_for_renewal", "1 to add, 0 to change, 1 to destroy"]);
    let [row] = table(&due).try_into().expect("one");
    assert!(row.contains("issued anew: it expires 20"), "{row}");
    let web = place_of(&place);
    place.kprov("apply -refresh=false -auto-approve").succeeds();
    assert_ne!(place_of(&place), web);
}

#[test]
fn a_generation_in_use_is_not_distrusted() {
    let place = Place::new(&main("generation = 1"));
    place.applied();
    place.write("main.tf", main("generation = 2\nprimary = 1"));
    place.applied();
    // Promoted, but nothing is issued anew.
    place.write("main.tf", main("generation = 2\nprimary = 2"));
    place.kprov("apply -auto-approve -target=pki_authority.ca").succeeds();
    let before = place.content();
    place.write("main.tf", main("generation = 2\ntrusted_from = 2"));
    place.kprov("apply -auto-approve").fails(&[
        "Generation in use",
        "pki_certificate.ci, valid until",
        "First apply with generation 1 still trusted and primary = 2",
    ]);
    place.write("main.tf", main("generation = 2\nprimary = 2"));
    assert_eq!(place.content(), before, "nothing was touched");
    place.applied();
    place.write("main.tf", main("generation = 2\ntrusted_from = 2"));
    place.applied();
}

/// The blocks ```hcl of the README of the provider tls, together.
#[test]
fn the_examples_of_tls_apply() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../providers/tls/README.md");
    let text = std::fs::read_to_string(path).expect("the README");
    let blocks = text.split("```hcl\n").skip(1).filter_map(|it| it.split("```").next());
    let all: Vec<&str> = blocks.collect();
    assert!(all.len() >= 4, "{} blocks", all.len());
    let place = Place::new(&all.join("\n"));
    place.applied();
    // Ephemeral keys are others each time, and that is no change.
    place.kprov("plan -detailed-exitcode").succeeds().says(&["No changes."]);
    let listed = listed(&place);
    assert!(listed.len() >= 3, "{listed:?}");
    let state = place.kprov("state pull").succeeds().stdout;
    let keys = state.matches("PRIVATE KEY-----").count();
    let stored = text.matches("resource \"tls_private_key\"").count();
    // Three forms of two lines each, and the copies that two certificates, a request and a data source keep: none of the
    // ephemeral key.
    assert_eq!(keys, stored * 6 + 4 * 2);
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
