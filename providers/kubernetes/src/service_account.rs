//! `kubernetes_service_account`.

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::{Type, Value};
use kprov_provider::{
    Attribute, Block, Creation, NestedBlock, Nesting, ResourceSchema, Schema, with_attributes,
};
use serde_json::Value as Json;

use crate::codec;
use crate::kind::Kind;
use crate::metadata::{self, Shape};
use crate::namespace::{id, timeouts};
use crate::typed::Special;

/// The type.
#[derive(Debug)]
pub(crate) struct ServiceAccount;

static SCHEMA: LazyLock<ResourceSchema> = LazyLock::new(schema);

fn schema() -> ResourceSchema {
    let mut block = Block::of(
        "Who pods are to the API.",
        [
            ("id", id("NAMESPACE/NAME")),
            (
                "automount_service_account_token",
                Attribute::new(Type::Bool).default(true.into()).describe("Do pods get its token?"),
            ),
            (
                "default_secret_name",
                Attribute::new(Type::String)
                    .computed()
                    .describe("Empty: clusters of today make no secret."),
            ),
        ],
    );
    let names = |description: &str| {
        let name = Attribute::new(Type::String).optional().describe("The secret's name.");
        let block = Block::of(description, [("name", name)]);
        NestedBlock { nesting: Nesting::Set, block, min_items: 0, max_items: 0, force_new: false }
    };
    block.blocks = [
        ("image_pull_secret".into(), names("A secret with credentials of a registry.")),
        ("secret".into(), names("A secret that its pods may use.")),
        ("metadata".into(), metadata::block(Shape { namespaced: true, generates: true })),
        ("timeouts".into(), timeouts(&["create"])),
    ]
    .into();
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Tag }
}

#[async_trait]
impl Special for ServiceAccount {
    fn kind(&self) -> Kind {
        Kind::new("v1", "ServiceAccount", "serviceaccounts", true)
    }

    fn schema(&self) -> &ResourceSchema {
        &SCHEMA
    }

    fn read(&self, live: &Json, _reference: &Value) -> Value {
        let value = codec::read(live, &SCHEMA.schema.block.implied_type());
        with_attributes(&value, [("default_secret_name", "".into())])
    }
}
