//! The program as users run it: exit statuses, what goes where, and that bad input changes nothing.

use std::path::Path;
use std::process::{Command, Output, Stdio};

const CONFIG: &str = r#"
variable "x" { default = "1" }
resource "terraform_data" "a" { input = var.x }
output "o" { value = terraform_data.a.output }
"#;

struct Place(tempfile::TempDir);

impl Place {
    fn new(config: &str) -> Place {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(dir.path().join("main.tf"), config).expect("a file");
        Place(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: &[u8]) {
        std::fs::write(self.path().join(name), content).expect("a file");
    }

    /// Runs the program without any environment but `environment`.
    fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_kprov"))
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .output()
            .expect("the program starts")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, &[])
    }

    /// Runs, wants this exit status, and gives standard output and standard error.
    fn expect(&self, status: i32, arguments: &[&str]) -> (String, String) {
        let output = self.run(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(status), "{arguments:?}\n{out}\n{err}");
        (out, err)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).expect("a directory");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

#[test]
fn plans_write_nothing_but_their_file() {
    let place = Place::new(CONFIG);
    place.expect(2, &["plan", "-detailed-exitcode"]);
    assert_eq!(place.names(), ["main.tf"]);
    place.expect(0, &["plan", "-out", "p"]);
    place.expect(0, &["show", "-json", "p"]);
    place.expect(0, &["validate", "-json"]);
    assert_eq!(place.names(), ["main.tf", "p"]);
}

#[test]
fn a_saved_plan_is_applied_once() {
    let place = Place::new(CONFIG);
    place.expect(0, &["plan", "-out=p", "-var", "x=2"]);
    place.write("main.tf", b"# everything is gone, but the plan has it");
    let (out, _) = place.expect(0, &["apply", "p"]);
    assert!(out.contains("1 added, 0 changed, 0 destroyed"), "{out}");
    let (_, err) = place.expect(1, &["apply", "p"]);
    assert!(err.contains("Saved plan is stale"), "{err}");
    place.write("main.tf", CONFIG.as_bytes());
    assert_eq!(place.expect(0, &["output", "-raw", "o"]).0, "2");
    place.expect(0, &["plan", "-detailed-exitcode", "-var=x=2"]);
    place.expect(2, &["plan", "-detailed-exitcode"]);
}

#[test]
fn nothing_to_do_is_done_without_asking_and_writes_nothing() {
    let complete = "Apply complete! Resources: 0 added, 0 changed, 0 destroyed.";
    let place = Place::new("locals { x = 1 }");
    let (out, _) = place.expect(0, &["apply", "-lock=false"]);
    assert!(out.contains("No changes.") && out.contains(complete), "{out}");
    assert_eq!(place.names(), ["main.tf"]);
    place.write("main.tf", CONFIG.as_bytes());
    place.expect(0, &["apply", "-auto-approve"]);
    let runs = place.expect(0, &["op", "log", "-json"]);
    let (out, _) = place.expect(0, &["apply"]);
    assert!(out.contains("No changes.") && out.contains(complete), "{out}");
    assert!(out.contains("o = \"1\""), "{out}");
    assert_eq!(place.expect(0, &["op", "log", "-json"]), runs);
}

#[test]
fn what_a_refresh_finds_is_recorded_without_asking() {
    let seen = r#"
        resource "local_file" "f" {
          filename = "f.txt"
          content  = "a"
        }
    "#;
    let place = Place::new(seen);
    place.expect(0, &["apply", "-auto-approve"]);
    std::fs::remove_file(place.path().join("f.txt")).expect("a file");
    place.write("main.tf", b"locals { x = 1 }");
    let (out, _) = place.expect(0, &["apply"]);
    assert!(out.contains("Resources: 0 added, 0 changed, 0 destroyed."), "{out}");
    assert_eq!(place.expect(0, &["state", "list"]).0, "");
}

#[test]
fn nobody_is_asked_without_input() {
    let place = Place::new(CONFIG);
    let (_, err) = place.expect(1, &["apply", "-input=false"]);
    assert!(err.contains("-auto-approve"), "{err}");
    let (out, _) = place.expect(1, &["apply"]);
    assert!(out.contains("cancelled"), "{out}");
    place.expect(0, &["apply", "-auto-approve", "-input=false"]);
    place.expect(0, &["destroy", "-auto-approve"]);
    assert_eq!(place.expect(0, &["state", "list"]).0, "");
}

#[test]
fn states_are_listed_moved_forgotten_and_carried_over() {
    let place = Place::new(CONFIG);
    place.expect(0, &["apply", "-auto-approve"]);
    place.expect(0, &["state", "mv", "terraform_data.a", "terraform_data.b[0]"]);
    assert_eq!(place.expect(0, &["state", "list"]).0, "terraform_data.b[0]\n");
    let (pulled, _) = place.expect(0, &["state", "pull"]);
    place.expect(0, &["state", "rm", "terraform_data.b"]);
    place.expect(1, &["state", "rm", "terraform_data.b"]);
    place.write("pulled.json", pulled.as_bytes());
    let (_, err) = place.expect(1, &["state", "push", "pulled.json"]);
    assert!(err.contains("older serial"), "{err}");
    place.expect(0, &["state", "push", "-force", "pulled.json"]);
    assert_eq!(place.expect(0, &["state", "list"]).0, "terraform_data.b[0]\n");
    place.expect(0, &["state", "fsck"]);
    let (log, _) = place.expect(0, &["op", "log", "-json"]);
    let log: serde_json::Value = serde_json::from_str(&log).expect("JSON");
    let commands: Vec<&str> =
        log.as_array().expect("a list").iter().filter_map(|run| run["command"].as_str()).collect();
    assert_eq!(commands, ["state push", "state rm", "state mv", "apply"]);
}

#[test]
fn terraforms_state_is_taken_over_once() {
    let place = Place::new(CONFIG);
    place.expect(0, &["apply", "-auto-approve"]);
    let (pulled, _) = place.expect(0, &["state", "pull"]);
    let other = Place::new(CONFIG);
    other.write("terraform.tfstate", pulled.as_bytes());
    let (_, err) = other.expect(2, &["plan", "-detailed-exitcode"]);
    assert!(err.contains("not taken over"), "{err}");
    other.expect(0, &["init"]);
    other.expect(0, &["plan", "-detailed-exitcode"]);
    other.expect(0, &["destroy", "-auto-approve"]);
    other.expect(0, &["init"]);
    assert_eq!(other.expect(0, &["state", "list"]).0, "");
}

#[test]
fn workspaces_have_states_of_their_own() {
    let place = Place::new(CONFIG);
    place.expect(0, &["apply", "-auto-approve"]);
    place.expect(0, &["workspace", "new", "dev"]);
    place.expect(2, &["plan", "-detailed-exitcode"]);
    let (list, _) = place.expect(0, &["workspace", "list"]);
    assert_eq!(list.trim_end(), "  default\n* dev");
    place.expect(1, &["workspace", "delete", "dev"]);
    place.expect(0, &["workspace", "select", "default"]);
    place.expect(0, &["plan", "-detailed-exitcode"]);
    place.expect(0, &["workspace", "delete", "dev"]);
    place.expect(1, &["workspace", "select", "dev"]);
}

#[test]
fn flags_come_from_the_environment_too() {
    let place = Place::new(CONFIG);
    let plan = |environment: &[(&str, &str)]| {
        let output = place.run_with(&["plan", "-out=p"], environment);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let (json, _) = place.expect(0, &["show", "-json", "p"]);
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        json["planned_values"]["root_module"]["resources"][0]["values"]["input"].clone()
    };
    assert_eq!(plan(&[]), "1");
    assert_eq!(plan(&[("TF_VAR_x", "2")]), "2");
    assert_eq!(plan(&[("TF_VAR_x", "2"), ("TF_CLI_ARGS_plan", "-var x=3")]), "3");
    assert_eq!(plan(&[("TF_CLI_ARGS", "-var=x=4")]), "4");
}

/// Whatever a file holds: a diagnostic, exit status 1, nothing changed, no panic.
#[test]
fn garbage_is_refused_and_left_alone() {
    let garbage: Vec<u8> =
        (0..9000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let check = |name: &str, content: &[u8], arguments: &[&str]| {
        let place = Place::new(CONFIG);
        place.write(name, content);
        let before = place.names();
        let (_, err) = place.expect(1, arguments);
        assert!(err.contains("Error"), "{name} {arguments:?}: {err}");
        assert!(!err.contains("panicked"), "{name} {arguments:?}: {err}");
        assert_eq!(place.names(), before, "{name} {arguments:?}");
        let after = std::fs::read(place.path().join(name)).expect("the file is there");
        assert_eq!(after, content, "{name} {arguments:?}");
    };
    for content in [&garbage[..], b"x", b"SQLite format 3\0 and no more"] {
        for arguments in [
            &["plan"][..],
            &["apply", "-auto-approve"],
            &["show", "-json"],
            &["state", "list"],
            &["state", "rm", "a.b"],
            &["output", "-json"],
            &["op", "log"],
            &["workspace", "new", "w"],
        ] {
            check("kprov.db", content, arguments);
        }
    }
    check("p", &garbage, &["show", "p"]);
    check("p", &garbage, &["apply", "p"]);
    check("p", b"", &["apply", "p"]);
    check("terraform.tfvars", &garbage, &["plan"]);
    check("b.tf", &garbage, &["plan"]);
    check("b.tf", &garbage, &["validate"]);
    check("s.json", &garbage, &["state", "push", "s.json"]);
    check("s.json", b"{}", &["state", "push", "s.json"]);
    check("terraform.tfstate", &garbage, &["init"]);
}

#[test]
fn mistakes_are_told_on_standard_error() {
    let place = Place::new(CONFIG);
    let check = |status: i32, arguments: &[&str], phrase: &str| {
        let (out, err) = place.expect(status, arguments);
        assert!(err.contains(phrase), "{arguments:?}: {err}");
        assert_eq!(out, "", "{arguments:?}");
    };
    check(1, &["nope"], "No such command");
    check(1, &["fmt"], "Not supported yet");
    check(1, &["plan", "-nope"], "--nope");
    check(1, &["-chdir=nope", "plan"], "nope");
    check(1, &["plan", "-destroy", "-refresh-only"], "mutually-exclusive");
    check(1, &["plan", "-target=["], "Invalid target address");
    check(1, &["plan", "-var=zz=1"], "undeclared variable");
    check(1, &["taint", "terraform_data.a"], "No such resource instance");
    check(1, &["force-unlock", "-force", "nope"], "no lock");
    check(127, &[], "Usage");
    // These say on standard output what they are about first.
    place.expect(1, &["plan", "-out=nope/p"]);
    place.expect(1, &["import", "terraform_data.zz", "id"]);
}
