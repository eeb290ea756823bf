//! Plans and provider configurations, without any call.

use kprov_core::{Path, Type, Value};
use kprov_provider::testing::{FakeHost, proposed};
use kprov_provider::{Object, PlanRequest, PlannedObject, Provider, ReadRequest};

use super::{World, object, provider, run, subnets};
use crate::Aws;

fn tags(pairs: &[(&str, &str)]) -> Value {
    let entries = pairs.iter().map(|(key, value)| ((*key).into(), Value::string(*value)));
    Value::map(Type::String, entries.collect())
}

fn defaults() -> (&'static str, Value) {
    let block = Value::object([("tags", tags(&[("team", "core")]))]);
    ("default_tags", Value::list(block.ty(), vec![block]))
}

fn plan(ty: &str, prior: Option<&Value>, config: &Value, provider: &Value) -> PlannedObject {
    let block = &crate::SCHEMA.resources[ty].schema.block;
    let proposed = proposed(block, prior, config);
    let request = PlanRequest { prior, proposed: &proposed, config, private: &[], provider };
    Aws::default().resource(ty).unwrap().plan(request).unwrap()
}

fn vpc(more: &[(&str, Value)]) -> Value {
    let own = [("cidr_block", Value::string("10.0.0.0/16")), ("tags", tags(&[("Name", "n")]))];
    object("aws_vpc", &[&own[..], more].concat())
}

#[test]
fn a_plan_shows_the_region_and_the_default_tags() {
    let planned = plan("aws_vpc", None, &vpc(&[]), &provider(&[defaults()])).value;
    assert_eq!(planned.get("tags_all"), Some(&tags(&[("Name", "n"), ("team", "core")])));
    assert_eq!(planned.get("tags"), Some(&tags(&[("Name", "n")])));
    assert_eq!(planned.get("region"), Some(&Value::string("eu-central-1")));
    assert!(!planned.get("id").unwrap().is_known());
}

#[test]
fn what_depends_on_a_change_is_unknown_and_tenancy_replaces_one_way() {
    let more = [("instance_tenancy", Value::string("default"))];
    let prior = vpc(&[&more[..], &[("ipv6_cidr_block", Value::string(""))]].concat());
    let ipv6 = [("assign_generated_ipv6_cidr_block", Value::Bool(true))];
    let planned = plan("aws_vpc", Some(&prior), &vpc(&ipv6), &provider(&[]));
    assert!(!planned.value.get("ipv6_cidr_block").unwrap().is_known());
    assert!(planned.requires_replace.is_empty());
    let dedicated = vpc(&[("instance_tenancy", Value::string("dedicated"))]);
    let planned = plan("aws_vpc", Some(&prior), &dedicated, &provider(&[]));
    assert_eq!(planned.requires_replace, [Path::attribute("instance_tenancy")]);
}

#[test]
fn bad_configurations_are_refused_at_the_attribute() {
    let aws = Aws::default();
    for (ty, config, attribute) in [
        ("aws_vpc", vpc(&[("cidr_block", Value::string("10.0.0.0/8"))]), "cidr_block"),
        ("aws_vpc", vpc(&[("instance_tenancy", Value::string("host"))]), "instance_tenancy"),
        ("aws_vpc", object("aws_vpc", &[]), "cidr_block"),
        ("aws_subnet", object("aws_subnet", &[("vpc_id", Value::string("v"))]), "cidr_block"),
    ] {
        let problems = aws.resource(ty).unwrap().validate(&config);
        let named = problems.iter().any(|problem| problem.path == Path::attribute(attribute));
        assert!(named, "{ty} {attribute}: {problems:?}");
    }
    let lonely = provider(&[("secret_key", Value::Null(Type::String))]);
    assert_eq!(aws.validate(&lonely)[0].path, Path::attribute("secret_key"));
    let both = [("allowed_account_ids", Value::string("1"))];
    let ids = both.map(|(name, id)| (name, Value::set(Type::String, vec![id])));
    assert_eq!(aws.validate(&provider(&ids))[0].path, Path::attribute("allowed_account_ids"));
    assert!(aws.validate(&provider(&[])).is_empty());
}

#[test]
fn an_endpoint_of_the_environment_is_used() {
    let host: std::sync::Arc<dyn kprov_core::Host> = std::sync::Arc::new(
        FakeHost::new(1)
            .with_env("AWS_REGION", "us-west-2")
            .with_env("AWS_ACCESS_KEY_ID", "AKIA")
            .with_env("AWS_SECRET_ACCESS_KEY", "s")
            .with_env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
            .with_env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:2"),
    );
    let none = kprov_provider::testing::complete(
        &crate::SCHEMA.provider.block,
        &Value::object::<&str>([]),
    );
    let settings = run(crate::config::load(&none, &host, &crate::Transport::default())).unwrap();
    assert_eq!(settings.region, "us-west-2");
    assert_eq!(settings.endpoints[""], "http://127.0.0.1:1");
    assert_eq!(settings.endpoints["sts"], "http://127.0.0.1:2");
}

#[test]
fn an_object_is_read_in_its_own_region() {
    let world = World::new(|_, asked| subnets(asked, |_| true, "available"));
    let prior = object(
        "aws_subnet",
        &[
            ("id", Value::string("subnet-1")),
            ("vpc_id", Value::string("vpc-1")),
            ("region", Value::string("us-east-1")),
        ],
    );
    let read = run(async {
        let context = world.context(&[]).await;
        let requests = vec![ReadRequest { prior: Object::from(prior) }];
        world.aws.resource("aws_subnet").unwrap().read_many(&context, requests).await
    });
    let read = read.into_iter().next().unwrap().unwrap().unwrap();
    assert_eq!(read.value.get("region"), Some(&Value::string("us-east-1")));
}
