//! Provider `kubernetes`: objects of a cluster.
//!
//! Schemas are those of `hashicorp/kubernetes` 2.x. Objects with a schema of their own are made by POST, which refuses a
//! name that is taken, and changed by merge patches of what differs; manifests are applied by the server, which knows
//! who owns which field. Everything asked is asked over [`kube`]'s client; nothing is built before it is asked.

mod cluster;
mod codec;
mod config_map;
mod configure;
mod data_nodes;
mod data_source;
mod failure;
mod functions;
mod hooks;
mod kind;
mod labels;
mod manifest;
mod metadata;
mod namespace;
mod objects;
mod pace;
mod provider;
mod ready;
mod role;
mod role_binding;
mod rotation;
mod secret;
mod service_account;
mod typed;

pub use provider::Kubernetes;
