//! Saved plans: applied as they were made, and refused when they are not good any more.

use crate::place::Place;

const ONE: &str = "
variable \"v\" { default = \"one\" }
resource \"terraform_data\" \"a\" { input = var.v }
output \"v\" { value = terraform_data.a.output }
";

#[test]
fn a_saved_plan_is_applied_without_a_question() {
    let place = Place::new(ONE);
    place.kprov("plan -out=p -var v=two").succeeds().says(&["Plan: 1 to add"]);
    place.kprov("show p").succeeds().says(&["terraform_data.a", "Plan: 1 to add"]);
    let json = place.kprov("show -json p").succeeds().json();
    assert_eq!(json["resource_changes"][0]["change"]["actions"], serde_json::json!(["create"]));
    assert_eq!(json["variables"]["v"]["value"], "two");
    // What the configuration says meanwhile does not matter: the plan has its own.
    place.write("main.tf", "this is { no configuration");
    place.kprov("apply p").succeeds().says(&["Apply complete! Resources: 1 added", "v = \"two\""]);
}

#[test]
fn a_plan_without_changes_can_be_saved_and_applied() {
    let place = Place::new(ONE);
    place.applied();
    place.kprov("plan -out=p -detailed-exitcode").succeeds();
    place.kprov("apply p").succeeds();
}

#[test]
fn a_plan_is_applied_once() {
    let place = Place::new(ONE);
    place.kprov("plan -out=p").succeeds();
    place.kprov("apply p").succeeds();
    let before = place.content();
    place.kprov("apply p").fails(&["Saved plan"]);
    assert_eq!(place.content(), before);
}

#[test]
fn a_stale_plan_is_refused() {
    let place = Place::new(ONE);
    place.applied();
    place.kprov("plan -out=p -var v=two").succeeds();
    place.kprov("apply -auto-approve -var v=three").succeeds();
    let before = place.content();
    place.kprov("apply p").fails(&["Saved plan is stale"]);
    assert_eq!(place.content(), before);
}

#[test]
fn a_plan_of_another_project_is_refused() {
    let (here, there) = (Place::new(ONE), Place::new(ONE));
    here.applied();
    there.applied();
    there.kprov("plan -out=p -var v=two").succeeds();
    here.write("p", there.read("p"));
    let before = here.content();
    here.kprov("apply p").fails(&["Saved plan does not match the given state"]);
    assert_eq!(here.content(), before);
}

#[test]
fn a_plan_of_another_workspace_is_refused() {
    let place = Place::new(ONE);
    place.kprov("plan -out=p").succeeds();
    place.kprov("workspace new other").succeeds();
    let before = place.content();
    place.kprov("apply p").fails(&["workspace", "\"default\"", "\"other\""]);
    assert_eq!(place.content(), before);
    place.kprov("workspace select default").succeeds();
    place.kprov("apply p").succeeds();
}

#[test]
fn a_plan_keeps_its_variables() {
    let place = Place::new(ONE);
    place.kprov("plan -out=p -var v=two").succeeds();
    place.run(&["apply", "-var", "v=three", "p"]).fails(&["v", "saved plan"]);
    place.run(&["apply", "-destroy", "p"]).fails(&["-destroy"]);
    place.kprov("apply p").succeeds();
    assert_eq!(place.kprov("output -raw v").succeeds().stdout, "two");
}

#[test]
fn an_ephemeral_variable_is_given_again() {
    let place = Place::new(
        "variable \"token\" {
           type      = string
           ephemeral = true
         }
         resource \"terraform_data\" \"a\" { input = 1 }",
    );
    let secret = "sesame-opens-it";
    let given = format!("token={secret}");
    place.run(&["plan", "-out=p", "-var", &given]).succeeds().hides(secret);
    let saved = place.read("p");
    assert!(!saved.windows(secret.len()).any(|part| part == secret.as_bytes()));
    place.run(&["apply", "p"]).fails(&["token"]);
    place.run(&["apply", "-var", &given, "p"]).succeeds().hides(secret);
}

#[test]
fn a_destroy_plan_can_be_saved() {
    let place = Place::new(ONE);
    place.applied();
    place.kprov("plan -destroy -out=p").succeeds().says(&["1 to destroy"]);
    place.kprov("apply p").succeeds();
    assert!(place.kprov("state list").succeeds().lines().is_empty());
}

#[test]
fn a_plan_that_failed_is_not_applied() {
    let place = Place::new("resource \"terraform_data\" \"a\" { input = nowhere.at.all }");
    place.kprov("plan -out=p").fails(&["nowhere"]);
    if place.has("p") {
        place.kprov("apply p").fails(&["incomplete"]);
    }
}

/// The count of `late` is known when `n` is made: it comes in a second phase.
const LATE: &str = "
resource \"terraform_data\" \"n\" { input = 2 }
resource \"terraform_data\" \"late\" { count = terraform_data.n.output }
resource \"terraform_data\" \"after\" { input = terraform_data.late[*].id }
resource \"terraform_data\" \"other\" {}
";

fn known(place: &Place) -> Vec<String> {
    place.kprov("state list").succeeds().lines().into_iter().map(str::to_owned).collect()
}

#[test]
fn later_phases_keep_to_the_targets() {
    let place = Place::new(LATE);
    place.kprov("plan -out=p -target=terraform_data.late").succeeds();
    place.kprov("apply p").succeeds();
    assert_eq!(
        known(&place),
        ["terraform_data.late[0]", "terraform_data.late[1]", "terraform_data.n"]
    );
}

#[test]
fn later_phases_leave_out_what_is_excluded() {
    let place = Place::new(LATE);
    place.kprov("plan -out=p -exclude=terraform_data.after").succeeds();
    place.kprov("apply p").succeeds();
    assert_eq!(
        known(&place),
        [
            "terraform_data.late[0]",
            "terraform_data.late[1]",
            "terraform_data.n",
            "terraform_data.other"
        ]
    );
}

#[test]
fn later_phases_replace_what_is_to_be_replaced() {
    let place = Place::new(LATE);
    place.applied();
    let id = |address: &str| {
        let shown = place.kprov("show -json").succeeds().json();
        let all = shown["values"]["root_module"]["resources"].as_array().cloned();
        let found = all.into_iter().flatten().find(|object| object["address"] == address);
        found.map(|object| object["values"]["id"].clone())
    };
    let (first, second) = (id("terraform_data.late[0]"), id("terraform_data.late[1]"));
    place.kprov("plan -out=p -replace=terraform_data.n -replace=terraform_data.late[0]").succeeds();
    place.kprov("apply p").succeeds();
    assert_ne!(id("terraform_data.late[0]"), first);
    assert_eq!(id("terraform_data.late[1]"), second);
}

#[test]
fn a_refused_plan_leaves_nothing_behind() {
    let (here, there) = (Place::new(ONE), Place::new(ONE));
    here.applied();
    here.kprov("plan -out=p -var v=two").succeeds();
    there.write("p", here.read("p"));
    let untouched = |place: &Place| !place.has("kprov.db") && !place.has("kprov.db.lock");
    there.kprov("apply p").fails(&["Saved plan"]);
    assert!(untouched(&there), "no state, no lock");
    // A variable that cannot be changed is no reason to make a state either.
    let fresh = Place::new(ONE);
    fresh.kprov("plan -out=p -var v=two").succeeds();
    fresh.run(&["apply", "-var", "v=three", "p"]).fails(&["v", "saved plan"]);
    assert!(untouched(&fresh), "no state, no lock");
}
