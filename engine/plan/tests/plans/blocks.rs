//! Attributes of objects, written as arguments and as blocks.

use crate::{check, errors};

#[test]
fn an_attribute_of_objects_is_written_as_blocks() {
    check(
        r#"
        locals { ports = [80, 443] }
        data "terraform_rules" "plain" {
          rule {
            name = "a"
            port = 1
          }
          rule {
            name = "b"
          }
        }
        data "terraform_rules" "dynamic" {
          rule { name = "fixed" }
          dynamic "rule" {
            for_each = local.ports
            content { port = rule.value }
          }
        }
        output "plain" { value = [for r in data.terraform_rules.plain.rule : "${r.name} ${coalesce(r.port, 0)}"] }
        output "dynamic" { value = length(data.terraform_rules.dynamic.rule) }
        "#,
        r#"
        = data.terraform_rules.dynamic
        = data.terraform_rules.plain
        + output.dynamic 3
        + output.plain [a 1,b 0]
        "#,
    );
}

#[test]
fn it_is_an_argument_still_and_null_where_nothing_is_written() {
    check(
        r#"
        data "terraform_rules" "argument" { rule = [{ name = "a", port = 1 }] }
        data "terraform_rules" "nothing" {}
        data "terraform_rules" "empty" { rule = [] }
        output "argument" { value = length(data.terraform_rules.argument.rule) }
        output "nothing" { value = data.terraform_rules.nothing.rule == null }
        output "empty" { value = data.terraform_rules.empty.rule == null }
        "#,
        r#"
        = data.terraform_rules.argument
        = data.terraform_rules.empty
        = data.terraform_rules.nothing
        + output.argument 1
        + output.empty false
        + output.nothing true
        "#,
    );
}

#[test]
fn blocks_are_checked_like_others() {
    let main = r#"
data "terraform_rules" "wrong" {
  rule {
    nome = "a"
  }
  found { name = "not mine to say" }
}
    "#;
    let wanted = "4: Unsupported argument\n6: Unsupported block type";
    let mut seen: Vec<String> = errors(&[("main.tf", main)]).lines().map(str::to_owned).collect();
    seen.sort();
    assert_eq!(seen.join("\n"), wanted);
}
