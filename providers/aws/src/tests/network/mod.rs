//! The network types of EC2 through the conformance kit, on an airplane.

mod acls;
mod addresses;
mod basics;
mod data;
mod endpoints;
mod gateways;
mod peering;
mod routes;

use serde_json::{Value as Json, json};

use super::flight::{Flight, config, tags, text};

/// A VPC, for others to stand on.
async fn vpc(flight: &Flight, block: &str) -> String {
    flight.id("aws_vpc", config(json!({"cidr_block": block}))).await
}

/// A subnet of it.
async fn subnet(flight: &Flight, vpc: &str, block: &str) -> String {
    let wanted = json!({
        "vpc_id": vpc, "cidr_block": block, "availability_zone": "eu-central-1a",
    });
    flight.id("aws_subnet", config(wanted)).await
}

/// `base` with `more` laid over it.
fn with(base: &Json, more: Json) -> kprov_core::Value {
    let (mut all, more) = (base.as_object().unwrap().clone(), more.as_object().unwrap().clone());
    all.extend(more);
    config(Json::Object(all))
}

fn id(object: &kprov_core::Value) -> String {
    text(object, "id")
}

/// Does the object carry the mark of a create?
async fn is_marked(flight: &Flight, id: &str) -> bool {
    let tag = json!({"resource_id": id, "key": crate::tags::OPERATION});
    let block = &crate::SCHEMA.resources["aws_ec2_tag"].schema.block;
    let tag = kprov_provider::testing::complete(block, &config(tag));
    flight.read("aws_ec2_tag", &tag.into()).await.is_some()
}
