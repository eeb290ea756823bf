//! Schemas from `schemas/*.json`: attributes and blocks in the form of `terraform providers schema
//! -json`, with `force_new`, `default` and `creation` added.
//!
//! The files are part of the program, so a file that does not parse is a bug that the tests find.

use std::collections::BTreeMap;

use kprov_core::value::{from_json, type_from_json};
use kprov_core::{Str, Type};
use kprov_provider::{
    Attribute, Block, Creation, NestedBlock, Nesting, ProviderSchema, ResourceSchema, Schema,
};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::types;

/// A schema file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    version: u64,
    block: BlockFile,
    creation: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct BlockFile {
    #[serde(default)]
    attributes: BTreeMap<String, AttributeFile>,
    #[serde(default)]
    block_types: BTreeMap<String, NestedFile>,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttributeFile {
    r#type: Json,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    computed: bool,
    #[serde(default)]
    sensitive: bool,
    #[serde(default)]
    write_only: bool,
    #[serde(default)]
    force_new: bool,
    default: Option<Json>,
    deprecated: Option<String>,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NestedFile {
    nesting_mode: String,
    #[serde(default)]
    min_items: u64,
    #[serde(default)]
    max_items: u64,
    #[serde(default)]
    force_new: bool,
    block: BlockFile,
}

/// All schemas of the provider.
///
/// # Panics
/// When a file that is part of the program is not a schema.
pub(crate) fn all() -> ProviderSchema {
    let parsed = |name: &str, text: &str| {
        parse(text).unwrap_or_else(|error| panic!("invariant: schema of {name}: {error}"))
    };
    ProviderSchema {
        provider: parsed("the provider", types::PROVIDER).0,
        resources: types::RESOURCES
            .iter()
            .map(|entry| {
                let (schema, creation) = parsed(entry.name, entry.schema);
                let creation = creation.unwrap_or(Creation::LookBeforeCreate);
                (Str::from(entry.name), ResourceSchema { schema, creation })
            })
            .collect(),
        data_sources: types::DATA_SOURCES
            .iter()
            .map(|entry| (Str::from(entry.name), parsed(entry.name, entry.schema).0))
            .collect(),
        ..ProviderSchema::default()
    }
}

/// One file.
fn parse(text: &str) -> Result<(Schema, Option<Creation>), String> {
    let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let creation = file.creation.as_deref().map(creation).transpose()?;
    Ok((Schema { version: file.version, block: block(file.block)? }, creation))
}

fn creation(word: &str) -> Result<Creation, String> {
    Ok(match word {
        "local" => Creation::Local,
        "token" => Creation::Token,
        "tag" => Creation::Tag,
        "name" => Creation::Name,
        "look" => Creation::LookBeforeCreate,
        other => {
            return Err(format!("creation {other:?} is none of local, token, tag, name, look"));
        }
    })
}

fn block(file: BlockFile) -> Result<Block, String> {
    let mut block = Block { description: file.description.into(), ..Block::default() };
    for (name, file) in file.attributes {
        let attribute = attribute(file).map_err(|error| format!("{name}: {error}"))?;
        block.attributes.insert(name.into(), attribute);
    }
    for (name, file) in file.block_types {
        let nested = nested(file).map_err(|error| format!("{name}: {error}"))?;
        block.blocks.insert(name.into(), nested);
    }
    Ok(block)
}

fn attribute(file: AttributeFile) -> Result<Attribute, String> {
    let ty: Type = type_from_json(&file.r#type).ok_or("not a type")?;
    let default = file.default.map(|json| from_json(&json, &ty)).transpose();
    Ok(Attribute {
        required: file.required,
        optional: file.optional,
        computed: file.computed,
        sensitive: file.sensitive,
        write_only: file.write_only,
        force_new: file.force_new,
        default: default.map_err(|error| format!("default: {error}"))?,
        deprecated: file.deprecated.map(Str::from),
        description: file.description.into(),
        ty,
    })
}

fn nested(file: NestedFile) -> Result<NestedBlock, String> {
    let nesting = match file.nesting_mode.as_str() {
        "single" => Nesting::Single,
        "group" => Nesting::Group,
        "list" => Nesting::List,
        "set" => Nesting::Set,
        "map" => Nesting::Map,
        other => return Err(format!("nesting_mode {other:?} is not known")),
    };
    let NestedFile { min_items, max_items, force_new, block: inner, .. } = file;
    Ok(NestedBlock { nesting, block: block(inner)?, min_items, max_items, force_new })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_file_is_a_schema_and_every_attribute_is_settable_or_computed() {
        let all = all();
        for (name, resource) in &all.resources {
            assert!(resource.schema.block.attributes.contains_key("id"), "{name} has no id");
            for (attribute, a) in &resource.schema.block.attributes {
                assert!(a.required || a.optional || a.computed, "{name}.{attribute}");
                assert!(!a.description.is_empty(), "{name}.{attribute} has no description");
            }
        }
    }

    #[test]
    fn types_defaults_and_blocks_are_read() {
        let text = r#"{"block":{"attributes":{"ports":{"type":["set","number"],"optional":true},
            "tenancy":{"type":"string","optional":true,"default":"default","force_new":true}},
            "block_types":{"rule":{"nesting_mode":"list","max_items":2,"block":{}}}},
            "creation":"tag"}"#;
        let (schema, creation) = parse(text).unwrap();
        assert_eq!(creation, Some(Creation::Tag));
        assert_eq!(schema.block.attributes["ports"].ty, Type::set(Type::Number));
        let tenancy = &schema.block.attributes["tenancy"];
        assert!(tenancy.force_new && tenancy.default == Some("default".into()));
        assert_eq!(schema.block.blocks["rule"].max_items, 2);
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        let text = r#"{"block":{"attributes":{"a":{"type":"string","optionl":true}}}}"#;
        assert!(parse(text).unwrap_err().contains("optionl"));
    }
}
