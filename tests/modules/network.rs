//! `examples/network`, in every environment.

use std::collections::BTreeMap;

use crate::project::{Configuration, repository};

const ENVIRONMENTS: [&str; 3] = ["airplane.auto.tfvars", "staging.tfvars", "production.tfvars"];

fn network(environment: &str) -> Configuration {
    Configuration::at("examples/network").with_file(environment)
}

#[test]
fn every_environment_has_the_same_objects() {
    let addresses = |environment: &str| network(environment).steps();
    let first = addresses(ENVIRONMENTS[0]);
    assert!((85..=105).contains(&first.len()), "{} steps: {first:#?}", first.len());
    assert!(first.iter().all(|step| step.starts_with("Create ") || step.starts_with("Read ")));
    for environment in &ENVIRONMENTS[1..] {
        assert_eq!(addresses(environment), first, "{environment}");
    }
}

/// The laptop's file holds where another one is silent, so none is.
#[test]
fn every_environment_says_what_the_airplane_says() {
    let names = |environment: &str| -> Vec<String> {
        let path = repository().join("examples/network").join(environment);
        let text = std::fs::read_to_string(path).expect("a readable file");
        let lines = text.lines().filter_map(|line| line.split_once('='));
        lines.map(|(name, _)| name.trim().to_owned()).collect()
    };
    for name in names(ENVIRONMENTS[0]) {
        for environment in &ENVIRONMENTS[1..] {
            assert!(names(environment).contains(&name), "{environment} does not say {name}");
        }
    }
}

#[test]
fn it_is_made_of_what_was_asked_for() {
    let example = network("airplane.auto.tfvars");
    example.apply();
    let mut counts = BTreeMap::<String, usize>::new();
    for object in example.objects() {
        let ty = object.split('.').find(|part| part.starts_with("aws_")).expect("a type");
        *counts.entry(ty.to_owned()).or_default() += 1;
    }
    let expect = |ty: &str, number: usize| {
        assert_eq!(counts.get(ty).copied().unwrap_or(0), number, "{ty} of {counts:#?}");
    };
    expect("aws_vpc", 1);
    expect("aws_subnet", 6);
    expect("aws_nat_gateway", 3);
    expect("aws_eip", 3);
    expect("aws_autoscaling_group", 2);
    expect("aws_lb", 1);
    expect("aws_lb_target_group", 1);
    expect("aws_iam_instance_profile", 2);
    expect("aws_vpc_endpoint", 1);
    expect("aws_sqs_queue", 1);
    expect("aws_cloudwatch_event_rule", 5);
    expect("aws_cloudwatch_event_target", 5);
    expect("aws_route53_zone", 1);
    let total: usize = counts.values().sum();
    assert!((85..=105).contains(&total), "{total} objects: {counts:#?}");
    assert_eq!(example.steps(), Vec::<String>::new(), "a plan after apply");
    example.destroy();
    assert_eq!(example.objects(), Vec::<String>::new());
}
