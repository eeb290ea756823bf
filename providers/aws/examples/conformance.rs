//! The conformance kit over any server that speaks AWS: `conformance http://127.0.0.1:5000`.
//!
//! For moto, which the unit tests cannot run in process. Says what breaks, by the rule's name.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;

use kprov_core::{Type, Value};
use kprov_provider::Provider;
use kprov_provider::testing::FakeHost;
use kprov_provider::testing::kit::{self, Cases};
use kprov_provider_aws::Aws;

fn tags(pairs: &[(&str, &str)]) -> Value {
    let entries = pairs.iter().map(|(key, value)| ((*key).into(), Value::string(*value)));
    Value::map(Type::String, entries.collect())
}

fn provider(endpoint: &str) -> Value {
    let ours = Value::object([("tags", tags(&[("team", "core")]))]);
    let aws = Aws::default();
    let block = &aws.schema().provider.block.blocks["endpoints"].block;
    let endpoints =
        Value::object(block.attributes.keys().map(|name| (name.clone(), endpoint.into())));
    Value::object([
        ("region", Value::string("eu-central-1")),
        ("access_key", Value::string("testing")),
        ("secret_key", Value::string("testing")),
        ("max_retries", Value::int(1)),
        ("default_tags", Value::list(ours.ty(), vec![ours])),
        ("endpoints", Value::set(endpoints.ty(), vec![endpoints])),
    ])
}

fn id(object: &Value) -> String {
    object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn vpc(provider: &Value) -> Cases {
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

fn subnet(provider: &Value, vpc: &str) -> Cases {
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
async fn make_vpc(aws: &Aws, provider: &Value) -> Option<String> {
    use kprov_provider::testing::{complete, proposed};
    use kprov_provider::{CallContext, CreateRequest, Intent};
    let host: std::sync::Arc<dyn kprov_core::Host> = std::sync::Arc::new(FakeHost::new(7));
    let block = &aws.schema().provider.block;
    let client = aws.configure(&complete(block, provider), &host).await.ok()?;
    let schema = &aws.schema().resources["aws_vpc"].schema.block;
    let config = complete(schema, &Value::object([("cidr_block", Value::string("10.9.0.0/16"))]));
    let request = CreateRequest {
        intent: Intent { op: 1, token: host.uuid().into() },
        planned: proposed(schema, None, &config),
        config,
        private: Vec::new(),
    };
    let made = aws.resource("aws_vpc")?.create(&CallContext { client, host }, request).await;
    made.inspect_err(|error| println!("{error}")).ok().map(|object| id(&object.value))
}

async fn run(endpoint: &str) -> ExitCode {
    let (aws, provider) = (Aws::default(), provider(endpoint));
    let mut broken = kit::failures(&aws, "aws_vpc", &vpc(&provider)).await;
    if let Some(vpc) = make_vpc(&aws, &provider).await {
        broken.extend(kit::failures(&aws, "aws_subnet", &subnet(&provider, &vpc)).await);
    }
    broken.iter().for_each(|failure| println!("{failure}"));
    aws.calls().iter().for_each(|(name, count)| println!("{count:5} {name}"));
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn main() -> ExitCode {
    let Some(endpoint) = std::env::args().nth(1) else {
        println!("usage: conformance URL");
        return ExitCode::FAILURE;
    };
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(&endpoint)),
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
