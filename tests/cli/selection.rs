//! Choosing: -target, -exclude, -replace, -refresh-only, -chdir, -state, and flags with one dash or two.

use crate::place::Place;
use crate::program::Running;

const CHAIN: &str = "
resource \"terraform_data\" \"a\" {}
resource \"terraform_data\" \"b\" { input = terraform_data.a.id }
resource \"terraform_data\" \"c\" { input = terraform_data.b.id }
resource \"terraform_data\" \"lone\" { count = 2 }
";

fn known(place: &Place) -> Vec<String> {
    place.kprov("state list").succeeds().lines().into_iter().map(str::to_owned).collect()
}

#[test]
fn a_target_brings_what_it_needs() {
    let place = Place::new(CHAIN);
    place.kprov("apply -auto-approve -target=terraform_data.b").succeeds();
    assert_eq!(known(&place), ["terraform_data.a", "terraform_data.b"]);
    place.run(&["apply", "-auto-approve", "-target", "terraform_data.lone[1]"]).succeeds();
    assert_eq!(known(&place), ["terraform_data.a", "terraform_data.b", "terraform_data.lone[1]"]);
    place.kprov("destroy -auto-approve -target=terraform_data.a").succeeds();
    assert_eq!(known(&place), ["terraform_data.lone[1]"]);
}

#[test]
fn what_is_excluded_takes_its_dependents_along() {
    let place = Place::new(CHAIN);
    place.kprov("apply -auto-approve -exclude=terraform_data.b").succeeds();
    assert_eq!(
        known(&place),
        ["terraform_data.a", "terraform_data.lone[0]", "terraform_data.lone[1]"]
    );
}

#[test]
fn replace_makes_it_anew() {
    let place = Place::new(CHAIN);
    place.applied();
    place
        .kprov("plan -replace=terraform_data.lone[1]")
        .succeeds()
        .says(&["terraform_data.lone[1]", "Plan: 1 to add, 0 to change, 1 to destroy."]);
    place
        .kprov("apply -auto-approve -replace=terraform_data.lone[1]")
        .succeeds()
        .says(&["Resources: 1 added, 0 changed, 1 destroyed."]);
}

#[test]
fn what_is_no_address_is_refused() {
    let place = Place::new(CHAIN);
    let before = place.content();
    for flag in ["-target", "-exclude", "-replace"] {
        for address in ["", "a", "terraform_data.", "terraform_data.a[", "x.y.z.w", "\u{1f980}"] {
            place.run(&["apply", "-auto-approve", flag, address]).exits(1).hides("Apply complete!");
        }
    }
    assert_eq!(place.content(), before);
}

#[test]
fn dashes_do_not_matter() {
    let place = Place::new(CHAIN);
    place.kprov("plan --target=terraform_data.a -no-color").succeeds().says(&["1 to add"]);
    place.kprov("plan -target terraform_data.a --no-color=true").succeeds().says(&["1 to add"]);
    place.kprov("plan --detailed-exitcode -refresh=false").exits(2);
}

#[test]
fn drift_is_taken_over_by_refresh_only() {
    let place = Place::new(
        "resource \"local_file\" \"f\" {\n  filename = \"f.txt\"\n  content  = \"as told\"\n}",
    );
    place.applied();
    assert_eq!(place.read("f.txt"), b"as told");
    std::fs::remove_file(place.path("f.txt")).expect("the file");
    place.kprov("plan -detailed-exitcode").exits(2).says(&["Plan: 1 to add"]);
    place.kprov("plan -refresh=false -detailed-exitcode").succeeds();
    place.kprov("plan -refresh-only -detailed-exitcode").exits(2).says(&["local_file.f"]);
    place.kprov("apply -refresh-only -auto-approve").succeeds();
    assert!(known(&place).is_empty() && !place.has("f.txt"));
    place.kprov("refresh").succeeds();
    place.applied();
    assert_eq!(place.read("f.txt"), b"as told");
}

#[test]
fn chdir_goes_there_first() {
    let place = Place::empty();
    place.write(
        "sub/main.tf",
        "output \"dir\" { value = path.cwd }\nresource \"terraform_data\" \"a\" {}",
    );
    place.kprov("-chdir=sub apply -auto-approve").succeeds();
    assert!(place.has("sub/kprov.db") && !place.has("kprov.db"));
    place.kprov("-chdir=sub plan -out=p").succeeds();
    place.kprov("-chdir=sub show p").succeeds();
    assert!(place.has("sub/p"));
    place.kprov("-chdir=nowhere plan").exits(1).complains(&["nowhere"]);
    place.kprov("-chdir=sub/main.tf plan").exits(1).complains(&["sub/main.tf"]);
}

#[test]
fn the_state_can_be_elsewhere() {
    let place = Place::new("resource \"terraform_data\" \"a\" {}\noutput \"o\" { value = 1 }");
    let with = |variable: &str, line: &str| {
        let mut command = place.command(&line.split(' ').collect::<Vec<_>>());
        command.env("KPROV_STATE", variable);
        Running::start(command).finish()
    };
    std::fs::create_dir(place.path("states")).expect("a directory");
    place.kprov("apply -auto-approve -state=states/flag.db").succeeds();
    assert!(place.has("states/flag.db") && !place.has("kprov.db"));
    with("states/variable.db", "apply -auto-approve").succeeds();
    assert!(place.has("states/variable.db") && !place.has("kprov.db"));
    // The flag wins.
    with("states/variable.db", "plan -detailed-exitcode -state=states/none.db").exits(2);
    with("states/variable.db", "plan -detailed-exitcode").succeeds();
    place.kprov("state list -state=states/flag.db").succeeds().says(&["terraform_data.a"]);
    assert_eq!(place.kprov("output -raw -state=states/flag.db o").succeeds().stdout, "1");
    place.kprov("plan -detailed-exitcode").exits(2);
    assert!(!place.has("kprov.db") && !place.has("states/none.db"), "reading makes no file");
}
