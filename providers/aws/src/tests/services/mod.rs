//! The conformance kit over an airplane: IAM, load balancers, DNS, queues, events, keys, parameters,
//! repositories, buckets.

mod buckets;
mod data;
mod dns;
mod events;
mod iam;
mod load_balancers;
mod others;

use kprov_core::Value;
use kprov_core::value::from_json;
use kprov_provider::Provider;
use serde_json::{Value as Json, json};

use super::flight::{Flight, text};

/// A configuration of JSON with the schema's types; what it does not name is null, or no block.
/// Defaults of attributes in blocks are put in, as the engine does.
fn config(of: &str, json: Json) -> Value {
    let block = &crate::SCHEMA.resources[of].schema.block;
    let entries = json.as_object().unwrap().iter().map(|(name, json)| {
        let value = match (block.attributes.get(name.as_str()), block.blocks.get(name.as_str())) {
            (Some(attribute), _) => from_json(json, &attribute.ty).unwrap(),
            (None, Some(nested)) => {
                let items = json.as_array().unwrap().iter();
                let items = items.map(|item| filled(&nested.block, item)).collect();
                let ty = crate::row::block_type(&nested.block, nested.nesting);
                from_json(&Json::Array(items), &ty).unwrap()
            }
            (None, None) => panic!("{of} has no {name:?}"),
        };
        (name.as_str(), value)
    });
    Value::object(entries.collect::<Vec<_>>())
}

/// A block with its defaults.
fn filled(block: &kprov_provider::Block, json: &Json) -> Json {
    let mut all = serde_json::Map::new();
    for (name, attribute) in &block.attributes {
        let given = json.get(name.as_str()).cloned();
        let default = attribute.default.as_ref().map(|default| match default {
            Value::Bool(truth) => json!(truth),
            Value::Number(number) => json!(number.to_i64()),
            other => json!(other.as_str()),
        });
        all.insert(name.as_str().to_owned(), given.or(default).unwrap_or(Json::Null));
    }
    for (name, nested) in &block.blocks {
        let items = json.get(name.as_str()).and_then(Json::as_array).cloned().unwrap_or_default();
        let items: Vec<Json> = items.iter().map(|item| filled(&nested.block, item)).collect();
        all.insert(name.as_str().to_owned(), items.into());
    }
    all.into()
}

/// `base` with other attributes.
fn with(of: &str, base: &Json, more: Json) -> Value {
    let mut all = base.clone();
    for (name, value) in more.as_object().unwrap() {
        all[name.as_str()] = value.clone();
    }
    config(of, all)
}

fn id(object: &Value) -> String {
    text(object, "id")
}

/// A policy that allows one action to a service.
fn trust(service: &str) -> String {
    let statement = json!({
        "Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": service},
    });
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// A policy that allows an action on all.
fn allow(action: &str) -> String {
    let statement = json!({"Action": [action], "Effect": "Allow", "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

async fn role(flight: &Flight, name: &str) -> String {
    let wanted = json!({"name": name, "assume_role_policy": trust("ec2.amazonaws.com")});
    flight.id("aws_iam_role", config("aws_iam_role", wanted)).await
}

/// A VPC with two subnets.
async fn network(flight: &Flight) -> (String, Vec<String>) {
    let vpc = config("aws_vpc", json!({"cidr_block": "10.0.0.0/16"}));
    let vpc = flight.id("aws_vpc", vpc).await;
    // A load balancer that faces the internet needs a way there.
    let gateway = config("aws_internet_gateway", json!({"vpc_id": vpc}));
    flight.make("aws_internet_gateway", gateway).await;
    let mut subnets = Vec::new();
    for (block, zone) in [("10.0.0.0/24", "eu-central-1a"), ("10.0.1.0/24", "eu-central-1b")] {
        let wanted = json!({"vpc_id": vpc, "cidr_block": block, "availability_zone": zone});
        subnets.push(flight.id("aws_subnet", config("aws_subnet", wanted)).await);
    }
    (vpc, subnets)
}

impl Flight {
    /// How many calls there were.
    fn calls(&self) -> u64 {
        self.aws().calls().iter().map(|(_, count)| count).sum()
    }

    /// How many there were of one operation.
    fn count(&self, operation: &str) -> u64 {
        self.aws().calls().iter().filter(|(name, _)| name == operation).map(|(_, n)| n).sum()
    }
}
