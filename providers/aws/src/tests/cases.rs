//! What the exemplars must do, for the conformance kit: shared by the tests and by
//! `examples/conformance.rs`, so it knows no item of this crate.

use std::sync::Arc;

use kprov_core::{Host, Type, Value};
use kprov_provider::testing::kit::Cases;
use kprov_provider::testing::{FakeHost, complete, proposed};
use kprov_provider::{CallContext, CreateRequest, Intent, Provider, ProviderError};

fn tags(pairs: &[(&str, &str)]) -> Value {
    let entries = pairs.iter().map(|(key, value)| ((*key).into(), Value::string(*value)));
    Value::map(Type::String, entries.collect())
}

/// The provider's configuration, for a server at `endpoint` or for one in this process.
pub(crate) fn provider(aws: &dyn Provider, endpoint: Option<&str>) -> Value {
    let ours = Value::object([("tags", tags(&[("team", "core")]))]);
    let block = &aws.schema().provider.block.blocks["endpoints"].block;
    let object = |url: &str| {
        Value::object(block.attributes.keys().map(|name| (name.clone(), Value::string(url))))
    };
    let mut all = vec![
        ("region", Value::string("eu-central-1")),
        ("access_key", Value::string("AKIAIOSFODNN7EXAMPLE")),
        ("secret_key", Value::string("testing")),
        ("max_retries", Value::int(1)),
        ("default_tags", Value::list(ours.ty(), vec![ours])),
    ];
    all.extend(endpoint.map(|url| ("endpoints", Value::set(object(url).ty(), vec![object(url)]))));
    Value::object(all)
}

fn id(object: &Value) -> String {
    object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What `aws_vpc` must do.
pub(crate) fn vpc(provider: &Value) -> Cases {
    let config = |more: &[(&str, Value)]| {
        let own = [("cidr_block", Value::string("10.0.0.0/16"))];
        Value::object([&own[..], more].concat())
    };
    let support = ("enable_dns_support", Value::Bool(false));
    Cases::new(config(&[("enable_dns_hostnames", true.into()), ("tags", tags(&[("Name", "a")]))]))
        .provider(provider.clone())
        .update(config(&[("enable_dns_hostnames", true.into()), ("tags", tags(&[("b", "c")]))]))
        .update(config(&[("enable_dns_hostnames", false.into()), support]))
        .replace(Value::object([("cidr_block", Value::string("10.1.0.0/16"))]), "cidr_block")
        .bad(Value::object([("cidr_block", Value::string("10.0.0.0/8"))]), "cidr_block")
        .import(id)
        .bad_id("vpc-0123456789abcdef0")
}

/// What `aws_subnet` must do.
pub(crate) fn subnet(provider: &Value, vpc: &str) -> Cases {
    let config = |more: &[(&str, Value)]| {
        let own = [
            ("vpc_id", Value::string(vpc)),
            ("cidr_block", Value::string("10.9.1.0/24")),
            ("availability_zone", Value::string("eu-central-1a")),
        ];
        Value::object([&own[..], more].concat())
    };
    let public = || ("map_public_ip_on_launch", Value::Bool(true));
    Cases::new(config(&[public(), ("tags", tags(&[("Name", "a")]))]))
        .provider(provider.clone())
        .update(config(&[public(), ("tags", tags(&[("Name", "b")]))]))
        .update(config(&[]))
        .replace(config(&[("cidr_block", Value::string("10.9.2.0/24"))]), "cidr_block")
        .bad(config(&[("cidr_block", Value::string("10.9.0.0"))]), "cidr_block")
        .import(id)
        .bad_id("subnet-0123456789abcdef0")
}

/// A VPC for the subnets.
pub(crate) async fn make_vpc(
    aws: &dyn Provider,
    provider: &Value,
) -> Result<String, ProviderError> {
    let host: Arc<dyn Host> = Arc::new(FakeHost::new(7));
    let block = &aws.schema().provider.block;
    let client = aws.configure(&complete(block, provider), &host).await?;
    let schema = &aws.schema().resources["aws_vpc"].schema.block;
    let config = complete(schema, &Value::object([("cidr_block", Value::string("10.9.0.0/16"))]));
    let request = CreateRequest {
        intent: Intent { op: 1, token: host.uuid().into() },
        planned: proposed(schema, None, &config),
        config,
        private: Vec::new(),
    };
    let vpcs = aws.resource("aws_vpc").expect("the provider has VPCs");
    let made = vpcs.create(&CallContext { client, host }, request).await?;
    Ok(id(&made.value))
}
