//! `output` and `show`: data for scripts on standard output and nothing else there.

use serde_json::json;

use crate::place::Place;

const KINDS: &str = "
resource \"terraform_data\" \"a\" { input = { deep = [1, \"two\", null] } }
output \"text\" { value = \"line\\none \\\"quoted\\\"\" }
output \"number\" { value = 12345678901234567890123 }
output \"deep\" { value = terraform_data.a.output }
output \"secret\" {
  value     = \"sesame-opens-it\"
  sensitive = true
}
";

#[test]
fn each_form_is_what_scripts_expect() {
    let place = Place::new(KINDS);
    place.applied();
    let all = place.kprov("output -json").succeeds();
    assert_eq!(all.stderr, "");
    let all = all.json();
    assert_eq!(
        all["text"],
        json!({"sensitive": false, "type": "string", "value": "line\none \"quoted\""})
    );
    assert_eq!(all["number"]["value"].to_string(), "12345678901234567890123");
    assert_eq!(all["deep"]["value"], json!({"deep": [1, "two", null]}));
    assert_eq!(
        all["secret"],
        json!({"sensitive": true, "type": "string", "value": "sesame-opens-it"})
    );
    assert_eq!(place.kprov("output -raw text").succeeds().stdout, "line\none \"quoted\"");
    assert_eq!(
        place.kprov("output -json deep").succeeds().json(),
        json!({"deep": [1, "two", null]})
    );
    place.kprov("output").succeeds().says(&["secret = <sensitive>"]).hides("sesame");
    place.kprov("output number").succeeds().says(&["12345678901234567890123"]);
}

#[test]
fn what_is_not_there_is_said() {
    let place = Place::new(KINDS);
    assert_eq!(place.kprov("output -json").succeeds().json(), json!({}));
    place.kprov("output").succeeds().complains(&["No outputs found"]);
    place.kprov("output text").succeeds().complains(&["No outputs found"]);
    place.applied();
    place.kprov("output nothing").fails(&["nothing"]);
    place.kprov("output -raw deep").fails(&["-raw", "deep"]);
    place.kprov("output -raw").fails(&["-raw"]);
}

#[test]
fn the_state_is_shown_in_terraforms_format() {
    let place = Place::new(KINDS);
    let empty = place.kprov("show -json").succeeds().json();
    assert_eq!(empty["format_version"], "1.0");
    assert!(empty.get("values").is_none(), "{empty}");
    place.applied();
    let shown = place.kprov("show -json").succeeds().json();
    let resource = &shown["values"]["root_module"]["resources"][0];
    assert_eq!(resource["address"], "terraform_data.a");
    assert_eq!(resource["provider_name"], "terraform.io/builtin/terraform");
    assert_eq!(resource["values"]["input"], json!({"deep": [1, "two", null]}));
    place.kprov("show").succeeds().says(&["terraform_data.a"]).hides("sesame");
}

#[test]
fn a_plan_is_shown_in_terraforms_format() {
    let place = Place::new(KINDS);
    place.kprov("plan -out=p").succeeds();
    let shown = place.kprov("show -json p").succeeds().json();
    assert_eq!(shown["format_version"], "1.2");
    assert_eq!(shown["resource_changes"][0]["change"]["after_unknown"]["id"], true);
    assert_eq!(shown["output_changes"]["secret"]["after_sensitive"], true);
    assert_eq!(shown["applyable"], true);
}

#[test]
fn validate_speaks_json_too() {
    let place = Place::new("resource \"terraform_data\" \"a\" { input = local.x }\nlocals { y = }");
    let told = place.kprov("validate -json").exits(1);
    assert_eq!(told.stderr, "");
    let told = told.json();
    assert_eq!(told["valid"], false);
    assert_eq!(told["format_version"], "1.0");
    let first = &told["diagnostics"][0];
    assert_eq!(first["severity"], "error");
    assert_eq!(first["range"]["filename"], "main.tf");
    place.write("main.tf", "resource \"terraform_data\" \"a\" {}");
    assert_eq!(place.kprov("validate -json").succeeds().json()["valid"], true);
}

/// `kprov output | head -0`: the reader goes before anything is written.
#[test]
fn a_reader_that_went_away_is_no_failure() {
    let place = Place::new(KINDS);
    place.applied();
    place.kprov("plan -out=p").succeeds();
    for line in [
        "output",
        "output -json",
        "show",
        "show -json",
        "show p",
        "plan",
        "state list",
        "-help",
        "version",
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = place.command(&line.split(' ').collect::<Vec<_>>());
        command.stdout(writer);
        let ended = crate::program::Running::start_as_it_is(command).finish();
        // Whether such an end counts as success is left to the program.
        assert!(matches!((ended.code, ended.signal), (Some(0 | 1), _) | (_, Some(13))), "{ended}");
    }
}

#[test]
fn standard_output_that_is_full_is_no_panic() {
    let place = Place::new(KINDS);
    place.applied();
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        eprintln!("there is no /dev/full here: not tested");
        return;
    };
    let mut command = place.command(&["output", "-json"]);
    command.stdout(full);
    let _ = crate::program::Running::start_as_it_is(command).finish();
}
