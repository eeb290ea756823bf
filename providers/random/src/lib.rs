//! The provider `hashicorp/random`: values chosen once and kept in the state.
//!
//! All randomness comes from the host, so that a seeded host makes the same objects. With a `seed`
//! argument the result depends on nothing else; it is not the one of Terraform's provider, whose
//! generator is Go's.

mod bytes;
mod generator;
mod id;
mod integer;
mod keepers;
mod limits;
mod password;
mod pet;
mod pet_words;
mod shuffle;
mod string;
#[cfg(test)]
mod tests;
mod text;
mod text_upgrade;
mod uuid;

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::ProviderAddr;
use kprov_provider::{InState, Provider, ProviderSchema, Resource};

/// `registry.terraform.io/hashicorp/random`
#[derive(Debug, Default)]
pub struct Random;

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| ProviderSchema {
    resources: [
        ("random_bytes".into(), bytes::schema()),
        ("random_id".into(), id::schema()),
        ("random_integer".into(), integer::schema()),
        ("random_password".into(), password::schema()),
        ("random_pet".into(), pet::schema()),
        ("random_shuffle".into(), shuffle::schema()),
        ("random_string".into(), string::schema()),
        ("random_uuid".into(), uuid::schema()),
    ]
    .into(),
    ..ProviderSchema::default()
});

#[async_trait]
impl Provider for Random {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("random")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        Some(match ty {
            "random_bytes" => &InState(bytes::RandomBytes),
            "random_id" => &InState(id::RandomId),
            "random_integer" => &InState(integer::RandomInteger),
            "random_password" => &InState(password::RandomPassword),
            "random_pet" => &InState(pet::RandomPet),
            "random_shuffle" => &InState(shuffle::RandomShuffle),
            "random_string" => &InState(string::RandomString),
            "random_uuid" => &InState(uuid::RandomUuid),
            _ => return None,
        })
    }
}
