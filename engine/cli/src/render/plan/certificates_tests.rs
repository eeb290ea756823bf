//! The certificates of plans through years: made, renewed, rotated, forgotten. The snapshots are read by people before they
//! are taken.

use std::sync::Arc;

use kprov_ops::{PlanFile, PlanRequest, plan_certificates, plan_document};
use kprov_provider::Registry;
use kprov_provider_pki::Pki;
use kprov_provider_tls::Tls;

use super::super::Style;
use super::planned_certificates as certificates;
use crate::testing::{Calendar, World};

/// An authority whose rotation stands at `steps`, a client of it, a server's of the provider tls, and a cluster's.
fn main(steps: &str, names: &str) -> String {
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
  dns_names          = ["ci.example"{names}]
  validity_hours     = 2160
  renew_before_hours = 240
  ca_certificate_pem = pki_authority.ca.certificate_pem
  ca_private_key_pem = pki_authority.ca.private_key_pem
  ca_generation      = pki_authority.ca.primary
}}
resource "tls_private_key" "web" {{ algorithm = "ED25519" }}
resource "tls_self_signed_cert" "web" {{
  private_key_pem       = tls_private_key.web.private_key_pem
  validity_period_hours = 1500
  early_renewal_hours   = 100
  allowed_uses          = ["server_auth"]
  dns_names             = ["web.example"{names}]
  subject {{ common_name = "web" }}
}}
resource "pki_kubernetes" "demo" {{ cluster_name = "demo" }}
"#
    )
}

struct Life {
    calendar: Arc<Calendar>,
    world: World,
}

impl Life {
    fn begin() -> Life {
        let calendar = Arc::new(Calendar::new());
        let registry = Registry::new().with(Arc::new(Pki)).with(Arc::new(Tls));
        Life { world: World::of(registry, calendar.clone()), calendar }
    }

    fn told_as(&self, config: &str, request: &PlanRequest) -> String {
        let planned = self.world.plan_as(config, request);
        let all = plan_certificates(&planned.plan, &self.world.project.registry);
        certificates(&all, Style::plain())
    }

    fn told(&self, config: &str) -> String {
        self.told_as(config, &PlanRequest::default())
    }

    /// Days pass, and all is applied that is due by then.
    fn pass(&self, days: u64, config: &str) {
        self.calendar.pass(days);
        self.world.apply(config);
    }
}

#[test]
fn what_is_new_is_told_with_how_long_it_lives() {
    insta::assert_snapshot!(Life::begin().told(&main("", "")));
}

#[test]
fn nothing_is_told_while_all_is_well() {
    let life = Life::begin();
    life.pass(0, &main("", ""));
    life.calendar.pass(30);
    assert_eq!(life.told(&main("", "")), "");
}

#[test]
fn each_step_of_a_rotation_says_what_it_does_to_whom() {
    let life = Life::begin();
    life.pass(0, &main("", ""));
    insta::assert_snapshot!("staged", life.told(&main("generation = 2\nprimary = 1", "")));
    life.pass(0, &main("generation = 2\nprimary = 1", ""));
    insta::assert_snapshot!("promoted", life.told(&main("generation = 2\nprimary = 2", "")));
    life.pass(0, &main("generation = 2\nprimary = 2", ""));
    let last = main("generation = 2\ntrusted_from = 2", "");
    insta::assert_snapshot!("distrusted", life.told(&last));
}

#[test]
fn what_changes_is_issued_anew_with_its_reason() {
    let life = Life::begin();
    life.pass(0, &main("", ""));
    let config = main("", ", \"b.example\"");
    insta::assert_snapshot!(life.told(&config));
}

#[test]
fn what_is_due_is_told_whether_or_not_anything_is_read() {
    let life = Life::begin();
    let config = main("", "");
    life.pass(0, &config);
    life.calendar.pass(50);
    insta::assert_snapshot!("near_its_end", life.told(&config));
    life.calendar.pass(31);
    let read = life.told(&config);
    insta::assert_snapshot!("due", read);
    let unread = PlanRequest { skip_refresh: true, ..PlanRequest::default() };
    assert_eq!(life.told_as(&config, &unread), read, "time passes without a refresh");
    let planned = life.world.plan_as(&config, &unread);
    assert!(planned.plan.drift.is_empty(), "and is no change from outside");
    // A renewal is requested of what is not due, without a refresh as well.
    let renew = vec!["pki_kubernetes.demo".to_owned()];
    let requested = life.told_as(&config, &PlanRequest { renew, ..unread });
    assert!(requested.contains("issued anew: its renewal was requested"), "{requested}");
}

#[test]
fn an_authority_near_its_end_is_told_in_every_plan() {
    let life = Life::begin();
    let config = main("", "");
    life.pass(0, &config);
    life.pass(3652 - 456, &config);
    assert!(!life.told(&config).contains("generation 1"), "{}", life.told(&config));
    life.pass(2, &config);
    insta::assert_snapshot!(life.told(&config));
}

/// `show -json` of a saved plan tells the same, under a name that is not Terraform's.
#[test]
fn a_saved_plan_has_them_in_its_json() {
    let life = Life::begin();
    life.pass(0, &main("", ""));
    life.calendar.pass(81);
    let planned = life.world.plan(&main("", ""));
    let file = PlanFile::of(&planned, &life.world.project);
    // Whenever it is shown.
    life.calendar.pass(4000);
    let document = plan_document(&life.world.project, &file);
    insta::assert_snapshot!(serde_json::to_string_pretty(&document["kprov_certificates"]).unwrap());
    let quiet = Life::begin();
    quiet.pass(0, &main("", ""));
    let planned = quiet.world.plan(&main("", ""));
    let file = PlanFile::of(&planned, &quiet.world.project);
    assert!(plan_document(&quiet.world.project, &file).get("kprov_certificates").is_none());
}

/// What a configuration calls sensitive is not told because it is in a name.
#[test]
fn names_that_are_secret_are_hidden() {
    let life = Life::begin();
    let config =
        main("", "").replace("common_name = \"demo\"", "common_name = sensitive(\"hunter2\")");
    let told = life.told(&config);
    assert!(told.contains("(sensitive value)") && !told.contains("hunter2"), "{told}");
    life.world.apply(&config);
    let told = life.told(&config.replace("generation =", ""));
    assert!(!told.contains("hunter2"), "{told}");
}
