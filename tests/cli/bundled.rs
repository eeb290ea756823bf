//! Modules that come with the program, `source = "kprov//NAME"`.

use crate::place::Place;

fn call(source: &str) -> Place {
    Place::new(&format!("module \"m\" {{\n  source = \"{source}\"\n}}\n"))
}

#[test]
fn modules_in_directories_are_part_of_the_program() {
    // The module is found, and says what it needs.
    call("kprov//aws/vpc").kprov("validate").fails(&["Missing required argument", "\"name\""]);
    call("kprov//subnets").kprov("validate").fails(&["Missing required argument", "\"cidr\""]);
}

#[test]
fn a_module_that_is_not_there_is_told_with_what_was_meant() {
    let meant = "Did you mean \"aws/vpc\"?";
    call("kprov//aws/vcp").kprov("validate").fails(&["no embedded module", meant, "aws/nlb"]);
    call("kprov//vpc").kprov("validate").fails(&[meant]);
    call("kprov//aws").kprov("validate").fails(&["no embedded module"]);
}

#[test]
fn a_block_without_instances_may_say_what_the_call_leaves_out() {
    let place = Place::new("module \"m\" {\n  source = \"./m\"\n}\n");
    place.write(
        "m/main.tf",
        "variable \"x\" {\n  type    = object({ id = string })\n  default = null\n}\n\
         resource \"terraform_data\" \"a\" {\n  count = var.x == null ? 0 : 1\n  input = var.x.id\n}\n",
    );
    place.kprov("validate").succeeds();
    place.kprov("plan").succeeds().says(&["No changes."]);
    // What is wrong whatever is handed over is still found.
    place.write("main.tf", "module \"m\" {\n  source = \"./m\"\n  x      = \"text\"\n}\n");
    place.kprov("validate").fails(&["Invalid value for input variable"]);
}
