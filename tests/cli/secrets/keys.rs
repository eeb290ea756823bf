//! Keys of the environment; lost and wrong ones; states from before there were any.

use super::search::{Wanted, files_with};
use super::{ONE, OTHER, SECRET, one, with, with_secret};
use crate::place::Place;

/// `head -c 32 /dev/zero | base64`, and another one.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const KEY_2: &str = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn key_file(place: &Place) -> std::path::PathBuf {
    place.root().join("home/.config/kprov/state.key")
}

fn kept(place: &Place, variables: &[(&str, &str)]) -> String {
    with(place, variables, "output -raw kept").succeeds().stdout
}

#[test]
fn no_key_is_made_without_a_secret() {
    let place = Place::new("resource \"terraform_data\" \"a\" { input = 1 }");
    place.kprov("plan -out=p").succeeds();
    place.kprov("apply p").succeeds();
    place.kprov("plan -detailed-exitcode").succeeds();
    assert!(!key_file(&place).exists());
}

#[test]
fn a_lost_key_is_named_and_nothing_is_changed() {
    let place = one();
    with_secret(&place, OTHER, "plan -out=p").succeeds();
    let before = place.content();
    let (file, aside) = (key_file(&place), place.root().join("aside"));
    std::fs::rename(&file, &aside).unwrap();
    let wanted = ["Sealed state", "key file with the fingerprint", "home/.config/kprov/state.key"];
    for line in ["plan", "apply -auto-approve", "show", "state pull", "output -raw kept", "op diff"]
    {
        with_secret(&place, OTHER, line).fails(&wanted);
    }
    with_secret(&place, OTHER, "apply p").fails(&["key file with the fingerprint"]);
    place.kprov("state rekey -data").fails(&wanted);
    assert!(!file.exists(), "no other key is made in its place");
    // What needs no key works without one.
    let listed = place.kprov("state list").succeeds();
    assert_eq!(listed.lines(), ["terraform_data.kept", "terraform_data.open"]);
    place.kprov("op log").succeeds();
    place.kprov("workspace list").succeeds();
    // Another key is told apart.
    std::fs::copy(&aside, &file).unwrap();
    let other = Place::new(ONE);
    with_secret(&other, SECRET, "apply -auto-approve").succeeds();
    std::fs::copy(key_file(&other), &file).unwrap();
    place.kprov("show").fails(&["another one"]);
    std::fs::copy(&aside, &file).unwrap();
    assert_eq!(kept(&place, &[]), SECRET);
    assert_eq!(place.content(), before);
    with_secret(&place, OTHER, "apply p").succeeds();
}

#[test]
fn the_environment_gives_keys() {
    let passphrase = "correct horse battery staple";
    for (name, right, wrong) in
        [("KPROV_STATE_KEY", KEY, KEY_2), ("KPROV_STATE_PASSPHRASE", passphrase, "something else")]
    {
        let place = Place::new(ONE);
        let given = [("TF_VAR_secret", SECRET), (name, right)];
        with(&place, &given, "plan -out=p").succeeds();
        with(&place, &given, "apply p").succeeds();
        assert!(!key_file(&place).exists(), "{name}");
        assert_eq!(kept(&place, &[(name, right)]), SECRET);
        with(&place, &[(name, wrong)], "show")
            .fails(&["Sealed state", name, "another one"])
            .hides(wrong);
        place.kprov("show").fails(&["Sealed state", name]);
        let found = files_with(place.root(), &[Wanted::new(SECRET), Wanted::new(right)], &[]);
        assert!(found.is_empty(), "{found:?}");
    }
}

#[test]
fn a_key_that_is_none_is_told() {
    let place = Place::new(ONE);
    let given = [("TF_VAR_secret", SECRET), ("KPROV_STATE_KEY", "not a key")];
    with(&place, &given, "plan -out=p").fails(&["KPROV_STATE_KEY", "base64"]).hides("not a key");
    with(&place, &given, "apply -auto-approve").fails(&["KPROV_STATE_KEY", "base64"]);
    assert!(!place.has("p"));
}

#[test]
fn a_place_without_home_works_until_there_is_a_secret() {
    let place = Place::new("resource \"terraform_data\" \"open\" { input = \"legible\" }");
    let homeless = |line: &str, secret: &str| {
        let mut command = place.command(&line.split_whitespace().collect::<Vec<_>>());
        command.env_remove("HOME").env("TF_VAR_secret", secret);
        crate::program::Running::start(command).finish()
    };
    homeless("apply -auto-approve", SECRET).succeeds();
    place.write("main.tf", ONE);
    homeless("apply -auto-approve", SECRET).fails(&["KPROV_STATE_KEY_FILE"]);
    let made = homeless("state list", SECRET).succeeds().stdout;
    assert!(!made.contains("kept"), "nothing was made that could not be recorded: {made}");
    with_secret(&place, SECRET, "apply -auto-approve").succeeds();
}

#[test]
fn a_state_from_before_is_sealed_by_the_next_write() {
    let place = Place::new(ONE);
    with_secret(&place, SECRET, "apply -auto-approve").succeeds();
    // As it was written by a version without keys.
    let text = place.kprov("state pull").succeeds().stdout;
    std::fs::remove_file(place.path("kprov.db")).unwrap();
    crate::stored::plain(&place.path("kprov.db"), &text);
    let wanted = [Wanted::new(SECRET)];
    assert_eq!(files_with(place.root(), &wanted, &[]).len(), 1, "it is open");
    assert_eq!(kept(&place, &[]), SECRET);
    with_secret(&place, SECRET, "apply -auto-approve").succeeds();
    assert_eq!(files_with(place.root(), &wanted, &[]), Vec::<String>::new());
    assert_eq!(kept(&place, &[]), SECRET);
    place.kprov("state fsck").succeeds();
}

#[test]
fn terraforms_format_goes_out_and_in() {
    let place = one();
    let pulled = place.kprov("state pull").succeeds().stdout;
    assert!(Wanted::new(SECRET).is_in(pulled.as_bytes()), "it is told to who asks");
    let other = Place::new(ONE);
    std::fs::write(other.root().join("pulled.json"), &pulled).unwrap();
    other.kprov("state push ../pulled.json").succeeds();
    std::fs::remove_file(other.root().join("pulled.json")).unwrap();
    assert_eq!(files_with(other.root(), &[Wanted::new(SECRET)], &[]), Vec::<String>::new());
    assert_eq!(kept(&other, &[]), SECRET);
}

/// A state of a Terraform that did not write down what schemas say.
#[test]
fn schemas_tell_what_is_secret_in_a_state_taken_over() {
    let place = Place::empty();
    let state = serde_json::json!({
        "version": 4, "terraform_version": "1.0.0", "serial": 1, "lineage": "l", "outputs": {},
        "resources": [{
            "mode": "managed", "type": "random_password", "name": "it",
            "provider": "provider[\"registry.terraform.io/hashicorp/random\"]",
            "instances": [{
                "schema_version": 3,
                "attributes": {"id": "none", "length": 20, "result": SECRET},
                "sensitive_attributes": []
            }]
        }]
    });
    std::fs::write(place.root().join("old.json"), state.to_string()).unwrap();
    place.kprov("state push ../old.json").succeeds();
    std::fs::remove_file(place.root().join("old.json")).unwrap();
    assert_eq!(files_with(place.root(), &[Wanted::new(SECRET)], &[]), Vec::<String>::new());
    let pulled = place.kprov("state pull").succeeds();
    assert!(Wanted::new(SECRET).is_in(pulled.stdout.as_bytes()));
}

#[test]
fn outputs_of_another_project_are_read_with_its_key() {
    let place = one();
    let reader = r#"
data "terraform_remote_state" "it" {
  backend = "local"
  config  = { path = "../kprov.db" }
}
output "open" { value = data.terraform_remote_state.it.outputs.open }
"#;
    place.write("reader/main.tf", reader);
    place.kprov("-chdir=reader apply -auto-approve").succeeds();
    let raw = place.kprov("-chdir=reader output -raw open").succeeds();
    assert_eq!(raw.stdout, "legible");
    // Without the key an output that is sealed cannot be read, and that is told.
    std::fs::remove_file(key_file(&place)).unwrap();
    place.kprov("-chdir=reader plan").fails(&["key file with the fingerprint"]);
}
