//! Configurations with secrets in them, and the life that each is led through: a saved plan, an apply,
//! failures, a killed run, a destroy. After each step no file below the place - project, home,
//! temporary files - holds a secret, nor did anything say one.

use std::path::PathBuf;

use super::quoting::QuotingServer;
use super::search::{Search, Wanted, files_found, public_bytes};
use super::{OTHER, SECRET};
use crate::place::Place;
use crate::program::{Output, Running};

/// A configuration to be checked. It may take the variables `secret`, `fail`, `wait` and `server`, and may have an output
/// `public`: certificates and public keys, of which private keys may repeat parts.
struct Planted {
    name: &'static str,
    main: &'static str,
    /// Outputs whose values are secrets that were made, not given; or lists of them.
    made: &'static [&'static str],
    /// Files of the project that a resource was asked to write secrets to.
    written: &'static [&'static str],
}

/// What all have: `secret`; `fail` makes a resource fail, `wait` keeps an apply from ending; `server` is an API server
/// that quotes what it refuses.
const VARIABLES: &str = r#"
variable "secret" {
  type      = string
  sensitive = true
}
variable "fail" { default = false }
variable "wait" { default = false }
variable "server" {}
"#;

const PLANTED: &[Planted] = &[
    Planted {
        name: "a sensitive variable",
        main: r#"
resource "terraform_data" "input" {
  input            = { password = var.secret, host = "example.org" }
  triggers_replace = [var.secret]
}
resource "terraform_data" "later" {
  input = terraform_data.input.input.password
  provisioner "local-exec" {
    command     = "test $WAIT = false || { touch waiting; sleep 600; }"
    environment = { WAIT = tostring(var.wait), PASSWORD = var.secret }
  }
  triggers_replace = [var.wait]
}
output "password" {
  value     = terraform_data.input.input
  sensitive = true
}
"#,
        made: &[],
        written: &[],
    },
    Planted {
        name: "made by the provider",
        main: r#"
resource "random_password" "it" {
  length  = 40
  keepers = { wait = var.wait }
}
resource "random_bytes" "it" { length = 40 }
resource "terraform_data" "copy" {
  input = random_password.it.result
  provisioner "local-exec" { command = "test ${var.wait} = false || { touch waiting; sleep 600; }" }
  triggers_replace = [var.wait]
}
output "password" {
  value     = random_password.it.result
  sensitive = true
}
output "bytes" {
  value     = random_bytes.it.base64
  sensitive = true
}
"#,
        made: &["password", "bytes"],
        written: &[],
    },
    Planted {
        name: "files that are asked for",
        main: r#"
resource "local_sensitive_file" "it" {
  filename = "asked-for"
  content  = "the secret is ${var.secret}"
}
resource "local_file" "it" {
  filename = "asked-for-too"
  content  = var.secret
}
resource "terraform_data" "wait" {
  input = local_sensitive_file.it.content
  provisioner "local-exec" { command = "test ${var.wait} = false || { touch waiting; sleep 600; }" }
  triggers_replace = [var.wait]
}
"#,
        made: &[],
        written: &["asked-for", "asked-for-too"],
    },
    Planted {
        name: "errors that repeat it",
        main: r#"
resource "terraform_data" "wait" {
  provisioner "local-exec" { command = "test ${var.wait} = false || { touch waiting; sleep 600; }" }
  triggers_replace = [var.wait, var.secret]
}
# The provider's error says which file cannot be made.
resource "local_file" "it" {
  count    = var.fail ? 1 : 0
  filename = "/proc/${var.secret}/x"
  content  = "content"
}
resource "terraform_data" "told" {
  input = var.fail
  provisioner "local-exec" {
    command     = "echo $PASSWORD; echo $PASSWORD >&2; test $FAIL = false"
    environment = { PASSWORD = var.secret, FAIL = tostring(var.fail) }
  }
  triggers_replace = [var.fail]
  lifecycle {
    postcondition {
      condition     = !var.fail
      error_message = "it is ${nonsensitive("kept")}"
    }
  }
}
"#,
        made: &[],
        written: &[],
    },
    Planted {
        name: "modules, moves and data",
        main: r#"
module "inner" {
  source = "./inner"
  secret = var.secret
  wait   = var.wait
}
resource "terraform_data" "created_first" {
  input            = var.secret
  triggers_replace = [var.secret, var.wait]
  lifecycle { create_before_destroy = true }
}
data "local_sensitive_file" "back" {
  filename   = "written-by-module"
  depends_on = [module.inner]
}
resource "terraform_data" "of_data" { input = data.local_sensitive_file.back.content }
check "it" {
  assert {
    condition     = var.secret == ""
    error_message = "the secret is ${var.secret}"
  }
}
output "all" {
  value     = module.inner.all
  sensitive = true
}
"#,
        made: &[],
        written: &["written-by-module"],
    },
    Planted {
        name: "keys, certificates and tokens",
        main: include_str!("keys.tf"),
        made: &["made"],
        written: &[],
    },
];

const INNER: &str = r#"
variable "secret" { sensitive = true }
variable "wait" {}
resource "local_sensitive_file" "it" {
  filename = "written-by-module"
  content  = var.secret
}
resource "terraform_data" "each" {
  for_each         = toset(["a", "b"])
  input            = [{ key = each.key, secret = var.secret }]
  triggers_replace = [var.wait]
  provisioner "local-exec" { command = "test ${var.wait} = false || { touch waiting; sleep 600; }" }
}
output "all" {
  value     = [for it in terraform_data.each : it.input]
  sensitive = true
}
"#;

/// A configuration led through its life.
struct Life<'p> {
    planted: &'p Planted,
    place: Place,
    server: QuotingServer,
    secrets: Vec<Wanted>,
    search: Search,
    /// What is given now.
    secret: &'static str,
}

impl Life<'_> {
    fn begin(planted: &Planted) -> Life<'_> {
        let place = Place::new(&format!("{VARIABLES}{}", planted.main));
        place.write("inner/main.tf", INNER);
        let secrets: Vec<Wanted> = [SECRET, OTHER].map(Wanted::new).into();
        let (server, search) = (QuotingServer::start(), Search::of(&secrets));
        Life { planted, place, server, secrets, search, secret: SECRET }
    }

    fn command(&self, line: &str) -> std::process::Command {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = self.place.command(&words);
        command.env("TF_VAR_secret", self.secret).env("TF_VAR_server", self.server.url());
        command.env("TF_LOG", "TRACE");
        command
    }

    /// Runs the program; nothing is given away, neither in files nor in what it says.
    #[track_caller]
    fn run(&self, line: &str) -> Output {
        let output = Running::start(self.command(line)).finish();
        self.check_said(&output);
        self.check_files(line);
        output
    }

    #[track_caller]
    fn check_said(&self, output: &Output) {
        for said in [&output.stdout, &output.stderr] {
            // Messages are broken into lines, and so would be a secret with spaces.
            let whole = said.split_whitespace().collect::<Vec<_>>().join(" ");
            for text in [said, &whole] {
                let (name, found) = (self.planted.name, self.search.found_in(text.as_bytes()));
                assert_eq!(found, None, "{name}: {output}");
            }
        }
    }

    #[track_caller]
    fn check_files(&self, when: &str) {
        let allowed: Vec<PathBuf> =
            self.planted.written.iter().map(|name| self.place.path(name)).collect();
        let found = files_found(self.place.root(), &self.search, &allowed);
        assert!(found.is_empty(), "{}, after {when}: {}", self.planted.name, found.join("\n"));
    }

    /// The secrets that were made meanwhile are looked for from now on, and in what there is.
    fn learn_made(&mut self) {
        let outputs = Running::start(self.command("output -json")).finish();
        let outputs = outputs.succeeds().json();
        let texts = |name: &str| -> Vec<String> {
            let value = &outputs[name]["value"];
            let all = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            all.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect()
        };
        let public: Vec<Vec<u8>> = texts("public").iter().flat_map(|it| public_bytes(it)).collect();
        for name in self.planted.made {
            let made = texts(name);
            assert!(!made.is_empty(), "{name} is an output with secrets");
            self.secrets.extend(made.iter().map(|secret| Wanted::made(secret, &public)));
        }
        self.search = Search::of(&self.secrets);
        self.check_files("what was made is known");
    }

    /// Dies in the middle, with intents open.
    fn die(&self) {
        let running = Running::start(self.command("apply -auto-approve -var wait=true"));
        self.place.await_file("waiting");
        self.check_files("while it runs");
        running.kill();
        self.check_files("it was killed");
        std::fs::remove_file(self.place.path("waiting")).expect("it was there");
    }

    fn whole(&mut self) {
        self.run("plan -out=saved").succeeds();
        self.run("show saved").succeeds();
        self.run("apply saved").succeeds();
        self.learn_made();
        self.run("plan -detailed-exitcode").succeeds();
        for line in ["state list", "show", "output", "op log", "op show", "op diff", "graph"] {
            self.run(line).succeeds();
        }
        self.secret = OTHER;
        self.run("plan -out=saved").succeeds();
        self.run("apply saved").succeeds();
        self.run("op diff").succeeds();
        let failing = self.run("apply -auto-approve -var fail=true");
        assert!(matches!(failing.code, Some(0 | 1)), "{failing}");
        self.learn_made();
        self.check_said(&failing);
        self.run("op show").succeeds();
        self.run("op show -json").succeeds();
        self.die();
        self.run("op show").succeeds();
        self.run("apply -auto-approve").succeeds();
        self.learn_made();
        self.run("state fsck").succeeds();
        self.run("workspace new other").succeeds();
        self.run("apply -auto-approve").succeeds();
        self.run("destroy -auto-approve").succeeds();
        self.run("workspace select default").succeeds();
        self.run("apply -auto-approve").succeeds();
        self.run("refresh").succeeds();
        self.run("state rekey -data").succeeds();
        self.run("plan -detailed-exitcode").succeeds();
        self.run("destroy -auto-approve").succeeds();
        self.run("op log").succeeds();
    }
}

/// Without this the search would find nothing for a bad reason.
fn check_key_is_private(place: &Place) {
    use std::os::unix::fs::PermissionsExt as _;
    let key = place.root().join("home/.config/kprov/state.key");
    let mode = std::fs::metadata(key).expect("a key file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let state = std::fs::read(place.path("kprov.db")).expect("a state");
    assert!(state.windows(9).any(|part| part == b"sealed:1:"), "something is sealed");
}

fn check(number: usize) -> Life<'static> {
    let mut life = Life::begin(&PLANTED[number]);
    life.whole();
    check_key_is_private(&life.place);
    life
}

#[test]
fn a_sensitive_variable_is_nowhere() {
    check(0);
}

#[test]
fn made_secrets_are_nowhere() {
    check(1);
}

#[test]
fn secrets_are_in_the_files_that_were_asked_for_only() {
    check(2);
}

#[test]
fn errors_give_nothing_away() {
    check(3);
}

#[test]
fn modules_and_data_give_nothing_away() {
    check(4);
}

#[test]
fn keys_certificates_and_tokens_give_nothing_away() {
    let life = check(5);
    assert!(life.secrets.len() > 20, "{} are looked for", life.secrets.len());
    assert!(life.server.quoted() > 0, "an error has quoted secrets");
}

#[test]
fn every_configuration_is_checked() {
    assert_eq!(PLANTED.len(), 6, "a configuration needs a test that leads it through its life");
}
