//! Security groups, compute and Auto Scaling over airplane.

mod groups;
pub(super) mod instances;
mod scaling;
mod templates;

use kprov_core::Value;
use kprov_core::value::from_json;
use serde_json::{Value as Json, json};

use super::flight::{Flight, text};
use super::run;
use crate::row::block_type;
pub(super) use instances::image;

/// A configuration of that type, from JSON in the schema's shape; what is left out is not set.
pub(crate) fn of(ty: &str, json: Json) -> Value {
    let block = &crate::SCHEMA.resources[ty].schema.block;
    let Json::Object(entries) = json else { panic!("a configuration is an object") };
    Value::object(entries.into_iter().map(|(name, value)| {
        let ty = match (block.attributes.get(name.as_str()), block.blocks.get(name.as_str())) {
            (Some(attribute), _) => attribute.ty.clone(),
            (_, Some(nested)) => block_type(&nested.block, nested.nesting),
            _ => panic!("{ty} has no {name:?}"),
        };
        let value = from_json(&value, &ty).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, empty_blocks(block, value))
    }))
}

/// Blocks that are not there are empty lists, not nulls, also inside of blocks.
fn empty_blocks(block: &kprov_provider::Block, value: Value) -> Value {
    // Only what is a block of the top level has blocks inside; attributes stay as they are.
    let Some(nested) = block
        .blocks
        .values()
        .find(|nested| block_type(&nested.block, nested.nesting) == value.ty())
    else {
        return value;
    };
    match &value {
        Value::List(list) => {
            let items = list.items().iter().map(|item| filled(&nested.block, item));
            Value::list(list.element().clone(), items.collect())
        }
        Value::Set(set) => {
            let items = set.items().iter().map(|item| filled(&nested.block, item));
            Value::set(set.element().clone(), items.collect())
        }
        _ => value,
    }
}

fn filled(block: &kprov_provider::Block, item: &Value) -> Value {
    let entries = item.as_entries().cloned().unwrap_or_default();
    Value::object(entries.into_iter().map(|(name, value)| {
        let Some(nested) = block.blocks.get(&name) else { return (name, value) };
        let ty = block_type(&nested.block, nested.nesting);
        let value =
            if value.is_null() { from_json(&json!([]), &ty).unwrap_or(value) } else { value };
        let inner = empty_blocks(block, value);
        (name, inner)
    }))
}

async fn vpc(flight: &Flight) -> String {
    flight.id("aws_vpc", of("aws_vpc", json!({"cidr_block": "10.0.0.0/16"}))).await
}

async fn subnet(flight: &Flight, vpc: &str, block: &str, zone: &str) -> String {
    let zone = format!("eu-central-1{zone}");
    let config = json!({"vpc_id": vpc, "cidr_block": block, "availability_zone": zone});
    flight.id("aws_subnet", of("aws_subnet", config)).await
}

fn id(object: &Value) -> String {
    text(object, "id")
}
