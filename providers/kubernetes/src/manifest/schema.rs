//! Schema of `kubernetes_manifest`, and what can be said of a configuration without a cluster.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use kprov_core::{Path, PathStep, Str, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, NestedBlock, Nesting, ResourceSchema, Schema,
    attribute,
};

use crate::metadata::nested;
use crate::pace::duration;
use crate::typed::FIELD_MANAGER;

pub(crate) static SCHEMA: LazyLock<ResourceSchema> = LazyLock::new(schema);

fn schema() -> ResourceSchema {
    let fields = Type::map(Type::String);
    let mut block = Block::of("Any object of a cluster, applied by the server: it owns what the manifest says, and nothing else.", [
        ("manifest", Attribute::new(Type::Dynamic).required().describe("The object as it shall be.")),
        (
            "object",
            Attribute::new(Type::Dynamic).optional().computed().describe(
                "The object as it is, without what only the server writes; data of secrets as fingerprints.",
            ),
        ),
        (
            "computed_fields",
            Attribute::new(Type::list(Type::String))
                .optional()
                .describe("Fields that others may change: metadata.annotations."),
        ),
        (
            "wait_for",
            Attribute::new(Type::object([("fields", fields)]))
                .optional()
                .deprecated("Use the block wait instead.")
                .describe("Fields to wait for."),
        ),
    ]);
    block.blocks = blocks();
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Tag }
}

fn blocks() -> BTreeMap<Str, NestedBlock> {
    let text = || Attribute::new(Type::String).optional();
    let manager = nested(
        vec![
            (
                "name",
                Attribute::new(Type::String)
                    .default(FIELD_MANAGER.into())
                    .describe("Who owns the fields."),
            ),
            (
                "force_conflicts",
                Attribute::new(Type::Bool)
                    .default(false.into())
                    .describe("Take over fields that others own."),
            ),
        ],
        0,
    );
    let limits = ["create", "delete", "update"];
    let limits = limits.map(|action| (action, text().describe("How long it may take: \"10m\".")));
    let mut wait = nested(
        vec![
            (
                "fields",
                Attribute::new(Type::map(Type::String))
                    .optional()
                    .describe("Expressions that fields must match; \"*\" for any value."),
            ),
            (
                "rollout",
                Attribute::new(Type::Bool).optional().describe("Until a workload is rolled out."),
            ),
        ],
        0,
    );
    let condition = Block::of(
        "A condition in the object's status.",
        [
            ("type", text().describe("Its type: Ready.")),
            ("status", text().describe("Its status: True.")),
        ],
    );
    let condition = NestedBlock {
        nesting: Nesting::List,
        block: condition,
        min_items: 0,
        max_items: 0,
        force_new: false,
    };
    wait.block.blocks.insert("condition".into(), condition);
    [
        ("field_manager".into(), manager),
        ("timeouts".into(), nested(limits.into(), 0)),
        ("wait".into(), wait),
    ]
    .into()
}

/// `manifest.NAME...`
pub(crate) fn place(names: &[&str]) -> Path {
    let steps = names.iter().map(|name| PathStep::Attribute((*name).into()));
    Path([PathStep::Attribute("manifest".into())].into_iter().chain(steps).collect())
}

pub(crate) fn validate(config: &Value) -> Vec<AttributeError> {
    let manifest = attribute(config, "manifest");
    let mut problems = Vec::new();
    if manifest.is_known() {
        validate_manifest(&manifest, &mut problems);
    }
    let step = |names: &[&str]| {
        let mut path = Path::attribute(names[0]).then(PathStep::Index(0));
        for name in &names[1..] {
            path = path.then(PathStep::Attribute((*name).into()));
        }
        path
    };
    for action in ["create", "delete", "update"] {
        if one(config, "timeouts", action).as_str().is_some_and(|text| duration(text).is_none()) {
            let message = "Durations are written as \"90s\", \"10m\" or \"1h30m\".";
            problems.push(AttributeError::new(
                step(&["timeouts", action]),
                "Invalid duration",
                message,
            ));
        }
    }
    for (key, value) in one(config, "wait", "fields").as_entries().into_iter().flatten() {
        let wrong = value
            .as_str()
            .filter(|text| *text != "*")
            .and_then(|text| regex::Regex::new(text).err());
        if let Some(error) = wrong {
            let path = step(&["wait", "fields"]).then(PathStep::Key(key.clone()));
            problems.push(AttributeError::new(path, "Invalid expression", error.to_string()));
        }
    }
    problems
}

/// An attribute of a block that stands at most once.
pub(crate) fn one(value: &Value, block: &str, name: &str) -> Value {
    let block = attribute(value, block);
    block.as_items().and_then(<[Value]>::first).map_or(Value::NULL, |item| attribute(item, name))
}

fn validate_manifest(manifest: &Value, problems: &mut Vec<AttributeError>) {
    let mut wrong = |names: &[&str], message: String| {
        problems.push(AttributeError::new(place(names), "Invalid manifest", message));
    };
    if manifest.as_entries().is_none() {
        return wrong(
            &[],
            "A manifest is an object: { apiVersion = .., kind = .., metadata = { name = .. } }."
                .to_owned(),
        );
    }
    for name in ["apiVersion", "kind"] {
        let value = attribute(manifest, name);
        if value.is_known() && value.as_str().is_none_or(str::is_empty) {
            wrong(&[name], format!("{name} must be a text, as \"apps/v1\" and \"Deployment\"."));
        }
    }
    let metadata = attribute(manifest, "metadata");
    if metadata.is_known() {
        let name = |name: &str| attribute(&metadata, name);
        let named = ["name", "generateName"].map(name);
        if named.iter().all(|value| value.is_known() && value.as_str().is_none_or(str::is_empty)) {
            wrong(
                &["metadata", "name"],
                "The object needs a name: metadata = { name = .. }.".to_owned(),
            );
        }
        for server in ["managedFields", "resourceVersion", "uid", "creationTimestamp"] {
            if !name(server).is_null() {
                wrong(
                    &["metadata", server],
                    format!("{server} is written by the server only; leave it out."),
                );
            }
        }
    }
    if !attribute(manifest, "status").is_null() {
        wrong(&["status"], "The status is written by the cluster only; leave it out.".to_owned());
    }
}
