//! The examples in the modules' own documentation, all in one configuration.

use crate::project::{Configuration, repository};

/// What the examples refer to and do not show.
const AROUND: &str = r#"
provider "aws" {
  region = "eu-west-1"
}

provider "aws" {
  alias  = "databases"
  region = "eu-west-1"
}

resource "aws_s3_bucket" "backups" {
  bucket = "backups"
}

data "aws_ami" "node" {
  owners      = ["self"]
  most_recent = true
}
"#;

/// The code in the comment at the top of a module's `main.tf`.
fn examples(module: &str) -> String {
    let path = repository().join("modules").join(module).join("main.tf");
    let text = std::fs::read_to_string(path).expect("a module");
    let comment = text.lines().map_while(|line| line.strip_prefix('#'));
    let code = comment.filter_map(|line| line.strip_prefix("     "));
    code.collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn every_documented_example_is_planned() {
    let mut main = AROUND.to_owned();
    for module in [
        "subnets",
        "node",
        "aws/vpc",
        "aws/peering",
        "aws/iam",
        "aws/asg",
        "aws/nlb",
        "aws/dns",
        "aws/interruptions",
    ] {
        let examples = examples(module);
        assert!(examples.contains(&format!("\"kprov//{module}\"")), "{module} shows no use");
        main.push_str(&examples);
    }
    // Two of a kind are two alternatives.
    let second = main.match_indices("module \"vpc\"").nth(1).map(|(at, _)| at);
    if let Some(at) = second {
        main.replace_range(at..at + "module \"vpc\"".len(), "module \"guest\"");
    }
    let changes = Configuration::new(&main).plan().unwrap_or_else(|problems| panic!("{problems}"));
    assert!(changes.len() > 60, "{} changes", changes.len());
}
