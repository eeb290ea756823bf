//! Somebody's VPC: it gets tags and nothing else, and loses them and nothing else.

use crate::facts::VPC;
use crate::project::Configuration;

fn guest() -> Configuration {
    Configuration::at("examples/vpc-existing")
        .with(&format!("vpc_id={VPC}"))
        .with(r#"public_subnet_ids=["subnet-a","subnet-b","subnet-c"]"#)
        .with(r#"route_table_ids=["rtb-1"]"#)
        .with("cidr=10.0.128.0/18")
}

#[test]
fn what_is_shared_is_tagged_and_nothing_else() {
    let guest = guest();
    guest.apply();
    let objects = guest.objects();
    // Of the types that are there already only tags are in the state: nothing can delete the rest.
    for ty in ["aws_vpc.", "aws_internet_gateway.", "aws_default_security_group."] {
        assert!(!objects.iter().any(|it| it.contains(ty)), "{ty} in {objects:#?}");
    }
    let tags: Vec<_> = objects.iter().filter(|it| it.contains("aws_ec2_tag.")).collect();
    assert_eq!(
        tags,
        [
            "module.vpc.aws_ec2_tag.role[\"subnet-a\"]",
            "module.vpc.aws_ec2_tag.role[\"subnet-b\"]",
            "module.vpc.aws_ec2_tag.role[\"subnet-c\"]",
            "module.vpc.aws_ec2_tag.shared[\"rtb-1\"]",
            "module.vpc.aws_ec2_tag.shared[\"subnet-a\"]",
            "module.vpc.aws_ec2_tag.shared[\"subnet-b\"]",
            "module.vpc.aws_ec2_tag.shared[\"subnet-c\"]",
            "module.vpc.aws_ec2_tag.shared[\"vpc\"]",
        ]
    );
    let made = objects.iter().filter(|it| it.contains("aws_subnet.this"));
    assert!(made.clone().all(|it| it.contains("private/")), "{objects:#?}");
    assert_eq!(made.count(), 3);
    assert_eq!(guest.steps(), Vec::<String>::new(), "a plan after apply");
    let mut doomed = guest.doomed();
    doomed.sort();
    let mut objects = objects;
    objects.sort();
    assert_eq!(doomed, objects, "destroy takes what was made, tags included");
    guest.destroy();
    assert_eq!(guest.objects(), Vec::<String>::new());
}

#[test]
fn a_shared_vpc_is_not_changed_to_fit() {
    let main = r#"
        module "vpc" {
          source           = "kprov//aws/vpc"
          name             = "guest"
          existing_vpc     = { id = "vpc-without-names" }
          existing_subnets = { private = { tags = { tier = "private" } } }
          tiers            = ["private"]
          nat              = "none"
        }"#;
    let problems = Configuration::new(main).plan().expect_err("no DNS hostnames");
    assert!(problems.contains("ask its owner"), "{problems}");
}
