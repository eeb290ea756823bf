//! What a provider is.
//!
//! A provider is a [`Provider`] with [`Resource`]s and [`DataSource`]s, each described by a
//! [`Schema`]. The engine plans with the pure parts and applies with the async ones, always under an
//! intent that is already durable: see [`Intent`] for what that asks of an author. Nothing here
//! knows a runtime, a graph or a state store.

mod certificate;
mod error;
mod in_state;
mod object;
mod provider;
mod registry;
mod request;
mod resource;
pub mod rotation;
mod schema;
#[cfg(feature = "testing")]
pub mod testing;
mod together;

pub use certificate::{CertificateChange, CertificateFate, PlannedCertificate};
pub use error::{AttributeError, ErrorClass, ProviderError};
pub use in_state::{InState, StateOnly};
pub use object::{attribute, with_attributes};
pub use provider::{CallContext, Client, Provider};
pub use registry::Registry;
pub use request::{
    CreateRequest, DeleteRequest, Imported, Intent, Object, PlanRequest, PlannedObject, Private,
    ReadRequest, SettleRequest, Settled, UpdateRequest,
};
pub use resource::{DataSource, EphemeralResource, Opened, Resource};
pub use schema::{
    Attribute, Block, Creation, NestedBlock, Nesting, ProviderSchema, ResourceSchema, Schema,
};
pub use together::PlannedInstance;
