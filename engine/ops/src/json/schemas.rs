//! `providers schema -json` (format 1.0).

use kprov_core::value::type_to_json;
use kprov_provider::{Attribute, Block, NestedBlock, Nesting, Provider, Schema};
use serde_json::{Map, Value as Json, json};

/// The schemas of these providers.
pub fn schemas_json<'p>(providers: impl Iterator<Item = &'p dyn Provider>) -> Json {
    let all: Map<String, Json> =
        providers.map(|found| (found.addr().to_string(), provider(found))).collect();
    json!({"format_version": "1.0", "provider_schemas": all})
}

fn provider(provider: &dyn Provider) -> Json {
    let found = provider.schema();
    let mut out = Map::new();
    out.insert("provider".to_owned(), schema(&found.provider));
    let resources: Map<String, Json> = found
        .resources
        .iter()
        .map(|(name, resource)| (name.to_string(), schema(&resource.schema)))
        .collect();
    let all = [
        ("resource_schemas", resources),
        ("data_source_schemas", schemas(&found.data_sources)),
        ("ephemeral_resource_schemas", schemas(&found.ephemerals)),
    ];
    for (name, map) in all {
        if !map.is_empty() {
            out.insert(name.to_owned(), Json::Object(map));
        }
    }
    Json::Object(out)
}

fn schemas(all: &std::collections::BTreeMap<kprov_core::Str, Schema>) -> Map<String, Json> {
    all.iter().map(|(name, found)| (name.to_string(), schema(found))).collect()
}

fn schema(found: &Schema) -> Json {
    json!({"version": found.version, "block": block(&found.block)})
}

fn block(found: &Block) -> Json {
    let mut out = Map::new();
    if !found.attributes.is_empty() {
        let attributes: Map<String, Json> =
            found.attributes.iter().map(|(name, a)| (name.to_string(), attribute(a))).collect();
        out.insert("attributes".to_owned(), Json::Object(attributes));
    }
    if !found.blocks.is_empty() {
        let blocks: Map<String, Json> =
            found.blocks.iter().map(|(name, inner)| (name.to_string(), nested(inner))).collect();
        out.insert("block_types".to_owned(), Json::Object(blocks));
    }
    if !found.description.is_empty() {
        out.insert("description".to_owned(), json!(found.description.as_str()));
    }
    out.insert("description_kind".to_owned(), json!("plain"));
    Json::Object(out)
}

fn attribute(found: &Attribute) -> Json {
    let mut out = Map::new();
    out.insert("type".to_owned(), type_to_json(&found.ty));
    if !found.description.is_empty() {
        out.insert("description".to_owned(), json!(found.description.as_str()));
    }
    out.insert("description_kind".to_owned(), json!("plain"));
    let switches = [
        ("deprecated", found.deprecated.is_some()),
        ("required", found.required),
        ("optional", found.optional),
        ("computed", found.computed),
        ("sensitive", found.sensitive),
        ("write_only", found.write_only),
    ];
    for (name, is_set) in switches {
        if is_set {
            out.insert(name.to_owned(), json!(true));
        }
    }
    Json::Object(out)
}

fn nested(found: &NestedBlock) -> Json {
    let mode = match found.nesting {
        Nesting::Single => "single",
        Nesting::Group => "group",
        Nesting::List => "list",
        Nesting::Set => "set",
        Nesting::Map => "map",
    };
    let mut out = Map::new();
    out.insert("nesting_mode".to_owned(), json!(mode));
    out.insert("block".to_owned(), block(&found.block));
    for (name, count) in [("min_items", found.min_items), ("max_items", found.max_items)] {
        if count > 0 {
            out.insert(name.to_owned(), json!(count));
        }
    }
    Json::Object(out)
}
