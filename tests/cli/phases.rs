//! What is left to a later phase of the same apply, seen from the outside.

use crate::place::Place;

/// The count of `late` is known when `n` is made anew.
const TRIGGERED: &str = "
variable \"t\" { default = \"one\" }
variable \"n\" { default = 2 }
resource \"terraform_data\" \"n\" { input = var.n }
resource \"terraform_data\" \"t\" { input = var.t }
resource \"terraform_data\" \"late\" {
  count = terraform_data.n.output
  lifecycle { replace_triggered_by = [terraform_data.t] }
}
";

fn id(place: &Place, address: &str) -> String {
    let shown = place.kprov("show -json").succeeds().json();
    let all = shown["values"]["root_module"]["resources"].as_array().cloned().unwrap_or_default();
    let found = all.iter().find(|object| object["address"] == address);
    let id = found.and_then(|object| object["values"]["id"].as_str());
    id.unwrap_or_else(|| panic!("no {address} in {shown}")).to_owned()
}

#[test]
fn a_trigger_of_an_earlier_phase_replaces_what_came_late() {
    let place = Place::new(TRIGGERED);
    place.applied();
    let before = id(&place, "terraform_data.late[0]");
    place
        .kprov("apply -auto-approve -var t=two -var n=1")
        .succeeds()
        .says(&["Resources: 1 added, 2 changed, 2 destroyed."]);
    assert_ne!(id(&place, "terraform_data.late[0]"), before);
    // Once is enough.
    place.kprov("plan -detailed-exitcode -var t=two -var n=1").succeeds();
}

#[test]
fn it_does_so_in_a_saved_plan_too() {
    let place = Place::new(TRIGGERED);
    place.applied();
    let before = id(&place, "terraform_data.late[1]");
    place.kprov("plan -out=p -var t=two -replace=terraform_data.n").succeeds();
    place.kprov("apply p").succeeds();
    assert_ne!(id(&place, "terraform_data.late[1]"), before);
}
