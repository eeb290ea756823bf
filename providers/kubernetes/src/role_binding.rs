//! `kubernetes_role_binding` and `kubernetes_cluster_role_binding`.

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

/// Who has a role, in a namespace or in the cluster.
#[derive(Debug)]
pub(crate) struct RoleBinding {
    pub(crate) namespaced: bool,
}

static ROLE_BINDING: LazyLock<ResourceSchema> = LazyLock::new(|| schema(true));
static CLUSTER_ROLE_BINDING: LazyLock<ResourceSchema> = LazyLock::new(|| schema(false));

fn schema(namespaced: bool) -> ResourceSchema {
    let text = |description: &str| Attribute::new(Type::String).describe(description);
    let role = Block::of(
        "The role; another one is another binding.",
        [
            ("api_group", text("rbac.authorization.k8s.io").required().force_new()),
            ("kind", text("Role or ClusterRole").required().force_new()),
            ("name", text("Its name.").required().force_new()),
        ],
    );
    let subject = Block::of(
        "Who has it.",
        [
            (
                "api_group",
                text("rbac.authorization.k8s.io for users and groups, else empty.")
                    .optional()
                    .computed(),
            ),
            ("kind", text("User, Group or ServiceAccount").required()),
            ("name", text("The name.").required()),
            ("namespace", text("Of the service account.").default("default".into())),
        ],
    );
    let list = |block, max_items| NestedBlock {
        nesting: Nesting::List,
        block,
        min_items: 1,
        max_items,
        force_new: false,
    };
    let mut block = Block::of(
        "A binding of a role.",
        [("id", id("NAMESPACE/NAME, or NAME of a cluster role binding"))],
    );
    block.blocks = [
        ("metadata".into(), metadata::block(Shape { namespaced, generates: true })),
        ("role_ref".into(), list(role, 1)),
        ("subject".into(), list(subject, 0)),
    ]
    .into();
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Tag }
}

#[async_trait]
impl Special for RoleBinding {
    fn kind(&self) -> Kind {
        let (kind, plural) = if self.namespaced {
            ("RoleBinding", "rolebindings")
        } else {
            ("ClusterRoleBinding", "clusterrolebindings")
        };
        Kind::new("rbac.authorization.k8s.io/v1", kind, plural, self.namespaced)
    }

    fn schema(&self) -> &ResourceSchema {
        if self.namespaced { &ROLE_BINDING } else { &CLUSTER_ROLE_BINDING }
    }

    fn is_name(&self) -> fn(&str) -> bool {
        metadata::is_path_part
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = Vec::new();
        let mut check = |block: &str, allowed: &[&str]| {
            for (at, item) in attribute(config, block).as_items().into_iter().flatten().enumerate()
            {
                let kind = attribute(item, "kind");
                if let Some(kind) = kind.as_str().filter(|kind| !allowed.contains(kind)) {
                    let path = Path::attribute(block).then(PathStep::Index(at as u64));
                    let message = format!("{kind:?} is none of {}.", allowed.join(", "));
                    let path = path.then(PathStep::Attribute(Str::from("kind")));
                    problems.push(AttributeError::new(path, "Invalid kind", message));
                }
            }
        };
        check("subject", &["User", "Group", "ServiceAccount"]);
        check(
            "role_ref",
            if self.namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] },
        );
        problems
    }

    fn planned(&self, config: &Value, proposed: &Value) -> Value {
        let (wanted, subjects) = (attribute(config, "subject"), attribute(proposed, "subject"));
        let (Some(wanted), Value::List(list)) = (wanted.as_items(), &subjects) else {
            return proposed.clone();
        };
        let filled = wanted.iter().zip(list.items()).map(|(wanted, subject)| {
            if !attribute(wanted, "api_group").is_null() {
                return subject.clone();
            }
            let group = match attribute(subject, "kind").as_str() {
                Some("ServiceAccount") => "".into(),
                Some(_) => "rbac.authorization.k8s.io".into(),
                None => Value::unknown(Type::String),
            };
            with_attributes(subject, [("api_group", group)])
        });
        let filled = Value::list(list.element().clone(), filled.collect());
        with_attributes(proposed, [("subject", filled)])
    }

    fn write(&self, value: &Value, _config: &Value) -> Map<String, Json> {
        let mut body = fields(value);
        for subject in body.get_mut("subjects").and_then(Json::as_array_mut).into_iter().flatten() {
            let of_account = subject["kind"] == "ServiceAccount";
            if let Some(subject) = subject.as_object_mut().filter(|_| !of_account) {
                subject.remove("namespace");
            }
        }
        body
    }

    fn read(&self, live: &Json, _reference: &Value) -> Value {
        let value = codec::read(live, &self.schema().schema.block.implied_type());
        let subjects = attribute(&value, "subject");
        let filled = subjects.as_items().into_iter().flatten().map(|subject| {
            let or = |name: &str, default: &str| match attribute(subject, name) {
                value if value.is_null() => Value::string(default),
                value => value,
            };
            with_attributes(
                subject,
                [("api_group", or("api_group", "")), ("namespace", or("namespace", "default"))],
            )
        });
        let Type::List(element) = subjects.ty() else { return value };
        let filled = Value::list((*element).clone(), filled.collect());
        with_attributes(&value, [("subject", filled)])
    }

    fn replaces(&self, prior: &Value, planned: &Value) -> Vec<Path> {
        let changed = attribute(prior, "role_ref") != attribute(planned, "role_ref");
        changed.then(|| Path::attribute("role_ref")).into_iter().collect()
    }
}
