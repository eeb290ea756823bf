//! Every example applies, is then as configured, and can be destroyed; those that want AWS on an
//! airplane, which afterwards holds what it held before.

use std::path::Path;

use crate::airplane::{Aloft, copy_example};
use crate::place::Place;

/// Minutes take a second.
const CLOCK: &str = "scaled:60";

/// Names of the examples with a `main.tf`, and whether they want AWS.
fn examples() -> Vec<(String, bool)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let entries = std::fs::read_dir(root).expect("examples").flatten();
    let examples = entries.filter(|entry| entry.path().join("main.tf").is_file());
    // These need machines; the cluster has a suite of its own, and what upgrade walks through is part of that.
    let examples =
        examples.filter(|entry| !["cluster", "upgrade"].iter().any(|it| entry.file_name() == *it));
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    examples.map(|entry| (name(&entry.path()), needs_aws(&entry.path()))).collect()
}

fn needs_aws(example: &Path) -> bool {
    let entries = std::fs::read_dir(example).expect("the example's directory").flatten();
    entries
        .filter_map(|entry| std::fs::read_to_string(entry.path()).ok())
        .any(|text| text.contains("provider \"aws\""))
}

#[test]
fn every_example_applies_and_goes() {
    let mut tried = 0;
    for (example, _) in examples().into_iter().filter(|(_, aws)| !aws) {
        let place = Place::empty();
        copy_example(&example, &place);
        place.kprov("init").succeeds();
        place.kprov("apply -auto-approve").succeeds().says(&["Apply complete!"]);
        place.kprov("plan -detailed-exitcode").succeeds().says(&["No changes."]);
        place.kprov("destroy -auto-approve").succeeds().says(&["Destroy complete!"]);
        tried += 1;
    }
    assert!(tried >= 2, "{tried} examples");
}

/// A VPC with public subnets, for the example that lives in somebody's.
const SOMEBODYS: &str = r#"
provider "aws" { region = "eu-west-1" }
resource "aws_vpc" "theirs" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
}
resource "aws_internet_gateway" "theirs" { vpc_id = aws_vpc.theirs.id }
resource "aws_subnet" "public" {
  for_each          = { a = 0, b = 1, c = 2 }
  vpc_id            = aws_vpc.theirs.id
  availability_zone = "eu-west-1${each.key}"
  cidr_block        = cidrsubnet(aws_vpc.theirs.cidr_block, 8, each.value)
  tags              = { Name = "theirs-${each.key}" }
}
resource "aws_route_table" "public" {
  vpc_id = aws_vpc.theirs.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.theirs.id
  }
}
resource "aws_route_table_association" "public" {
  for_each       = aws_subnet.public
  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}
output "for_the_guest" {
  value = {
    vpc_id            = aws_vpc.theirs.id
    cidr              = cidrsubnet(aws_vpc.theirs.cidr_block, 2, 2)
    public_subnet_ids = [for subnet in aws_subnet.public : subnet.id]
    route_table_ids   = [aws_route_table.public.id]
  }
}
"#;

/// Applies, plans and destroys; the airplane holds then what it held before.
fn come_and_go(sky: &Aloft, example: &str) {
    let before = sky.inventory();
    let applied = sky.kprov("apply -auto-approve");
    applied.succeeds().says(&["Apply complete!"]);
    let count = sky.inventory().counts().values().sum::<usize>();
    assert!(count > before.counts().values().sum::<usize>() + 10, "{example}: {count} objects");
    let planned = sky.kprov("plan -detailed-exitcode");
    planned.succeeds().says(&["No changes."]);
    let destroyed = sky.kprov("destroy -auto-approve");
    destroyed.succeeds().says(&["Destroy complete!"]);
    let left = sky.inventory().differences(&before);
    assert!(left.is_empty(), "{example}:\n{}", left.join("\n"));
}

#[test]
fn every_example_on_aws_leaves_the_airplane_as_it_was() {
    let mut tried = Vec::new();
    for (example, _) in examples().into_iter().filter(|(_, aws)| *aws) {
        let place = Place::empty();
        copy_example(&example, &place);
        let sky = Aloft::new(place, CLOCK);
        match example.as_str() {
            "network" => {}
            "vpc-existing" => {
                sky.place.write("somebody/main.tf", SOMEBODYS);
                // Their project, the same airplane.
                let note = ".kprov/airplane.json";
                sky.place.write(format!("somebody/{note}"), sky.place.read(note));
                sky.kprov("-chdir=somebody apply -auto-approve").succeeds();
                let told = sky.kprov("-chdir=somebody output -json for_the_guest").succeeds();
                sky.place.write("guest.auto.tfvars.json", told.stdout);
            }
            other => panic!("how is {other} applied on an airplane?"),
        }
        come_and_go(&sky, &example);
        tried.push(example);
    }
    assert!(tried.len() >= 2, "{tried:?}");
}

/// Those that need machines are at least understood here.
#[test]
fn examples_with_machines_are_valid() {
    for example in ["cluster", "upgrade"] {
        let place = Place::empty();
        copy_example(example, &place);
        place.kprov("validate").succeeds().says(&["The configuration is valid."]);
    }
}
