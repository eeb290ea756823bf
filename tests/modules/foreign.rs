//! Configurations as others write them for Terraform name types that kprov does not manage yet:
//! no error as long as they make none of them.

use crate::project::Configuration;

/// A network with databases, if wanted.
fn network(databases: u8) -> String {
    format!(
        r#"
        variable "databases" {{
          type    = number
          default = {databases}
        }}

        resource "aws_vpc" "this" {{
          cidr_block = "10.0.0.0/16"
        }}

        data "aws_vpc_endpoint_service" "this" {{
          count   = var.databases
          service = "s3"

          filter {{
            name   = "service-type"
            values = ["Gateway"]
          }}
        }}

        resource "aws_db_subnet_group" "database" {{
          count      = var.databases
          name       = "databases"
          subnet_ids = [aws_vpc.this.id]

          lifecycle {{
            ignore_changes = [description]
          }}
        }}

        resource "aws_db_subnet_group" "named" {{
          for_each   = toset(slice(["a", "b"], 0, var.databases))
          name       = each.key
          subnet_ids = []
        }}

        resource "aws_ec2_tag" "database" {{
          for_each    = aws_db_subnet_group.named
          resource_id = each.value.id
          key         = "a"
          value       = "b"
        }}

        output "database_subnet_group" {{
          value = try(aws_db_subnet_group.database[0].id, null)
        }}

        output "names" {{
          value = [for group in aws_db_subnet_group.named : group.name]
        }}

        output "all" {{
          value = aws_db_subnet_group.database[*].arn
        }}
        "#
    )
}

#[test]
fn types_that_are_not_managed_may_have_no_instances() {
    let project = Configuration::new(&network(0));
    assert_eq!(project.steps(), ["Create aws_vpc.this"]);
    project.apply();
    assert_eq!(project.steps(), [""; 0]);
    project.destroy();
    assert_eq!(project.objects(), [""; 0]);
}

#[test]
fn an_instance_of_one_is_told_at_its_block() {
    let problems = Configuration::new(&network(1)).plan().expect_err("there is no such type");
    for (line, words) in [
        (11, "Data source not there yet"),
        (21, "Resource type not managed yet"),
        (31, "knows the resource type \"aws_db_subnet_group\" by name only"),
    ] {
        let told = |problem: &str| {
            problem.starts_with(&format!("main.tf:{line}:")) && problem.contains(words)
        };
        assert!(problems.lines().any(told), "{line}: {words}:\n{problems}");
    }
}

#[test]
fn an_instance_that_is_certain_and_a_slip_of_the_pen_are_told_together() {
    let main = "resource \"aws_db_subnet_group\" \"a\" {\n}\n\n\
                resource \"aws_db_subnet_grup\" \"b\" {\n count = 0\n}\n";
    let problems = Configuration::new(main).plan().expect_err("both are wrong");
    assert!(problems.contains("main.tf:1: Resource type not managed yet"), "{problems}");
    assert!(problems.contains("main.tf:4: Invalid resource type"), "{problems}");
}
