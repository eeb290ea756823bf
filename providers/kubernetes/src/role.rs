//! `kubernetes_role` and `kubernetes_cluster_role`.

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::{Path, PathStep, Str, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, NestedBlock, Nesting, ResourceSchema, Schema,
    attribute, with_attributes,
};
use serde_json::{Map, Value as Json};

use crate::codec;
use crate::kind::Kind;
use crate::metadata::{self, Shape};
use crate::namespace::id;
use crate::typed::{Special, fields};

/// A role, of a namespace or of the cluster.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) namespaced: bool,
}

static ROLE: LazyLock<ResourceSchema> = LazyLock::new(|| schema(true));
static CLUSTER_ROLE: LazyLock<ResourceSchema> = LazyLock::new(|| schema(false));

fn list(block: Block, min_items: u64, max_items: u64) -> NestedBlock {
    NestedBlock { nesting: Nesting::List, block, min_items, max_items, force_new: false }
}

fn schema(namespaced: bool) -> ResourceSchema {
    // As there: sets in roles, lists in cluster roles.
    let ty = if namespaced { Type::set(Type::String) } else { Type::list(Type::String) };
    let texts = |text: &str| Attribute::new(ty.clone()).describe(text);
    let some =
        |attribute: Attribute| if namespaced { attribute.required() } else { attribute.optional() };
    let mut rule = Block::of(
        "What may be done with what.",
        [
            ("api_groups", some(texts("API groups; \"\" is the core group."))),
            ("resources", some(texts("Kinds, in lower-case plural; with /SUB for a subresource."))),
            ("resource_names", texts("Objects; all, if none is named.").optional()),
            ("verbs", texts("What may be done: get, list, watch, create, ...").required()),
        ],
    );
    let mut block = Block::of("A role.", [("id", id("NAMESPACE/NAME, or NAME of a cluster role"))]);
    if !namespaced {
        rule.attributes
            .insert("non_resource_urls".into(), texts("Paths that are no objects.").optional());
        block.blocks.insert("aggregation_rule".into(), aggregation());
    }
    block.blocks.insert("rule".into(), list(rule, u64::from(namespaced), 0));
    block.blocks.insert("metadata".into(), metadata::block(Shape { namespaced, generates: true }));
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Tag }
}

fn aggregation() -> NestedBlock {
    let text = || Attribute::new(Type::String).optional();
    let expressions = Block::of(
        "A condition on a label.",
        [
            ("key", text().describe("The label.")),
            ("operator", text().describe("In, NotIn, Exists or DoesNotExist.")),
            (
                "values",
                Attribute::new(Type::set(Type::String))
                    .optional()
                    .describe("Values to compare with."),
            ),
        ],
    );
    let labels = Attribute::new(Type::map(Type::String)).optional();
    let mut selectors = Block::of(
        "Roles whose rules are taken.",
        [("match_labels", labels.describe("Labels that they have."))],
    );
    selectors.blocks.insert("match_expressions".into(), list(expressions, 0, 0));
    let mut rule =
        Block { description: "Rules are those of other roles.".into(), ..Block::default() };
    rule.blocks.insert("cluster_role_selectors".into(), list(selectors, 0, 0));
    list(rule, 0, 1)
}

fn aggregates(value: &Value) -> bool {
    attribute(value, "aggregation_rule").as_items().is_some_and(|items| !items.is_empty())
}

#[async_trait]
impl Special for Role {
    fn kind(&self) -> Kind {
        let (kind, plural) =
            if self.namespaced { ("Role", "roles") } else { ("ClusterRole", "clusterroles") };
        Kind::new("rbac.authorization.k8s.io/v1", kind, plural, self.namespaced)
    }

    fn schema(&self) -> &ResourceSchema {
        if self.namespaced { &ROLE } else { &CLUSTER_ROLE }
    }

    fn is_name(&self) -> fn(&str) -> bool {
        metadata::is_path_part
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = Vec::new();
        for (at, rule) in attribute(config, "rule").as_items().into_iter().flatten().enumerate() {
            let set = |name: &str| {
                let value = attribute(rule, name);
                !value.is_null() && value.as_items().is_none_or(|items| !items.is_empty())
            };
            let path = |name: &str| {
                let rule = Path::attribute("rule").then(PathStep::Index(at as u64));
                rule.then(PathStep::Attribute(Str::from(name)))
            };
            if rule.is_known() && !set("resources") && !set("non_resource_urls") {
                let message = "A rule needs resources (or non_resource_urls in a cluster role).";
                problems.push(AttributeError::new(path("resources"), "Invalid rule", message));
            }
            if rule.is_known() && !set("verbs") {
                problems.push(AttributeError::new(
                    path("verbs"),
                    "Invalid rule",
                    "A rule needs verbs.",
                ));
            }
        }
        problems
    }

    fn write(&self, value: &Value, _config: &Value) -> Map<String, Json> {
        let mut body = fields(value);
        if aggregates(value) {
            // The controller writes them.
            body.remove("rules");
        } else {
            body.entry("rules").or_insert_with(|| Json::Array(Vec::new()));
        }
        body
    }

    fn patch(&self, _prior: &Value, planned: &Value, config: &Value) -> Map<String, Json> {
        let mut body = self.write(planned, config);
        if !self.namespaced {
            body.entry("aggregationRule").or_insert(Json::Null);
        }
        body
    }

    fn read(&self, live: &Json, reference: &Value) -> Value {
        let value = codec::read(live, &self.schema().schema.block.implied_type());
        if aggregates(&value) && !reference.is_null() {
            return with_attributes(&value, [("rule", attribute(reference, "rule"))]);
        }
        value
    }
}
