//! The schema files of the AWS provider, read from the repository.

use std::path::PathBuf;

use kprov_core::{Str, value};
use kprov_provider::{
    Attribute, Block, Creation, NestedBlock, Nesting, ProviderSchema, ResourceSchema, Schema,
};
use serde_json::Value as Json;

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../providers/aws/schemas")
}

/// All of them.
pub(crate) fn all() -> ProviderSchema {
    let mut all = ProviderSchema::default();
    for entry in std::fs::read_dir(directory()).expect("the schemas").flatten() {
        let path = entry.path();
        let Some(name) = path.file_name().and_then(|it| it.to_str()?.strip_suffix(".json")) else {
            continue;
        };
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let json: Json = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let schema =
            Schema { version: json["version"].as_u64().unwrap_or(0), block: block(&json["block"]) };
        if name == "provider" {
            all.provider = schema;
        } else if let Some(data) = name.strip_prefix("data_") {
            all.data_sources.insert(Str::from(data), schema);
        } else {
            let resource = ResourceSchema { schema, creation: Creation::Token };
            all.resources.insert(Str::from(name), resource);
        }
    }
    all
}

fn block(json: &Json) -> Block {
    let mut block = Block::default();
    for (name, it) in json["attributes"].as_object().into_iter().flatten() {
        block.attributes.insert(Str::from(name.as_str()), attribute(it));
    }
    for (name, it) in json["block_types"].as_object().into_iter().flatten() {
        let nesting = match it["nesting_mode"].as_str() {
            Some("single") => Nesting::Single,
            Some("set") => Nesting::Set,
            Some("map") => Nesting::Map,
            _ => Nesting::List,
        };
        let items = |key: &str| it[key].as_u64().unwrap_or(0);
        let nested = NestedBlock {
            nesting,
            block: block_of(it),
            min_items: items("min_items"),
            max_items: items("max_items"),
            force_new: it["force_new"] == true,
        };
        block.blocks.insert(Str::from(name.as_str()), nested);
    }
    block
}

fn block_of(nested: &Json) -> Block {
    block(&nested["block"])
}

fn attribute(json: &Json) -> Attribute {
    let ty = value::type_from_json(&json["type"]).expect("a type");
    let flag = |key: &str| json[key] == true;
    let default = json.get("default").map(|it| value::from_json(it, &ty).expect("a default"));
    Attribute {
        required: flag("required"),
        optional: flag("optional"),
        computed: flag("computed"),
        sensitive: flag("sensitive"),
        write_only: flag("write_only"),
        force_new: flag("force_new"),
        default,
        ..Attribute::new(ty)
    }
}
