//! Values of root variables: who says them, who wins, and what is wrong with them.

use crate::place::Place;
use crate::program::Running;

const SHOW: &str = "
variable \"v\" {
  type    = string
  default = \"default\"
}
output \"v\" { value = var.v }
";

/// Applies with these arguments and this environment; gives the output `v`.
fn value(place: &Place, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let mut command = place.command(&["apply", "-auto-approve"]);
    command.args(arguments).envs(environment.iter().copied());
    Running::start(command).finish().succeeds();
    place.kprov("output -raw v").succeeds().stdout
}

#[test]
fn the_later_wins() {
    let place = Place::new(SHOW);
    let environment = [("TF_VAR_v", "environment")];
    assert_eq!(value(&place, &[], &[]), "default");
    assert_eq!(value(&place, &[], &environment), "environment");
    place.write("terraform.tfvars", "v = \"terraform.tfvars\"");
    assert_eq!(value(&place, &[], &environment), "terraform.tfvars");
    place.write("a.auto.tfvars", "v = \"a.auto\"");
    assert_eq!(value(&place, &[], &environment), "a.auto");
    place.write("b.auto.tfvars.json", "{\"v\": \"b.auto\"}");
    assert_eq!(value(&place, &[], &environment), "b.auto");
    place.write("given.tfvars", "v = \"given\"");
    assert_eq!(value(&place, &["-var-file=given.tfvars"], &environment), "given");
    assert_eq!(value(&place, &["-var-file", "given.tfvars", "-var", "v=last"], &[]), "last");
    assert_eq!(value(&place, &["-var", "v=first", "-var-file=given.tfvars"], &[]), "given");
    assert_eq!(value(&place, &["--var=v=two dashes"], &[]), "two dashes");
    assert_eq!(
        value(&place, &[], &[("TF_CLI_ARGS_apply", "-var 'v=by TF_CLI_ARGS'")]),
        "by TF_CLI_ARGS"
    );
    assert_eq!(value(&place, &[], &[("TF_CLI_ARGS", "-var=v=for-all")]), "for-all");
}

#[test]
fn each_mistake_names_its_variable() {
    let place = Place::new(
        "variable \"needed\" { type = number }
         variable \"checked\" {
           default = 1
           validation {
             condition     = var.checked < 10
             error_message = \"Not so much.\"
           }
         }
         output \"o\" { value = var.needed }",
    );
    let check = |arguments: &[&str], texts: &[&str]| {
        let before = place.content();
        let mut all = vec!["plan", "-input=false"];
        all.extend_from_slice(arguments);
        place.run(&all).fails(texts);
        all[0] = "apply";
        all.push("-auto-approve");
        place.run(&all).fails(texts);
        assert_eq!(place.content(), before, "{arguments:?}");
    };
    check(&[], &["No value for required variable", "needed"]);
    check(&["-var", "needed=x"], &["needed", "number"]);
    check(&["-var", "needed=[1]"], &["needed", "number"]);
    check(&["-var", "needed=1", "-var", "checked=10"], &["Not so much.", "checked"]);
    check(&["-var", "needed=1", "-var", "unheard=1"], &["unheard"]);
    check(&["-var", "needed"], &["needed"]);
    check(&["-var", "needed=1", "-var-file=missing.tfvars"], &["missing.tfvars"]);
}

#[test]
fn an_undeclared_name_in_a_file_is_a_warning() {
    let place = Place::new(SHOW);
    place.write("x.auto.tfvars", "unheard = 1");
    let planned = place.kprov("plan").succeeds();
    let told = format!("{}{}", planned.stdout, planned.stderr);
    assert!(told.contains("Warning") && told.contains("unheard"), "{planned}");
}

#[test]
fn sensitive_values_are_hidden() {
    let place = Place::new(
        "variable \"secret\" {
           type      = string
           sensitive = true
         }
         resource \"terraform_data\" \"a\" {
           input = var.secret
           provisioner \"local-exec\" { command = \"echo ${var.secret}\" }
         }
         output \"o\" {
           value     = terraform_data.a.output
           sensitive = true
         }",
    );
    let secret = "sesame-opens-it";
    let given = format!("secret={secret}");
    place.run(&["plan", "-var", &given]).succeeds().hides(secret);
    place.run(&["apply", "-auto-approve", "-var", &given]).succeeds().hides(secret);
    // The provider's own `output` is not sensitive by its schema: as in Terraform.
    place.kprov("show").succeeds().says(&["input = (sensitive value)"]);
    place.kprov("output").succeeds().says(&["o = <sensitive>"]).hides(secret);
    assert_eq!(place.kprov("output -raw o").succeeds().stdout, secret);
}
