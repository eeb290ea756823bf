//! The providers that this program has, and what they get of rooms that providers do not know.

use std::sync::Arc;

use kprov_core::{Host, Value};
use kprov_lang::functions::builtin_provider_function;
use kprov_provider::Registry;
use kprov_provider_aws::Aws;
use kprov_provider_builtin::Builtin;
use kprov_provider_hooks::Hooks;
use kprov_provider_kubernetes::Kubernetes;
use kprov_provider_local::Local;
use kprov_provider_node::Node;
use kprov_provider_null::Null;
use kprov_provider_pki::Pki;
use kprov_provider_random::Random;
use kprov_provider_tls::Tls;

use crate::own_state::OwnState;

/// All of them: cheap, they build nothing before they are asked.
pub(crate) fn registry(host: &Arc<dyn Host>) -> Registry {
    let functions = |name: &str, arguments: &[Value]| {
        let result = builtin_provider_function(name, arguments)?;
        Some(result.map_err(|error| error.message))
    };
    let states = Arc::new(OwnState { host: host.clone() });
    let builtin = Builtin::new().with_functions(functions).with_state_reader(states);
    Registry::new()
        .with(Arc::new(Aws::default()))
        .with(Arc::new(builtin))
        .with(Arc::new(Hooks))
        .with(Arc::new(Kubernetes::default()))
        .with(Arc::new(Local))
        .with(Arc::new(Node))
        .with(Arc::new(Null))
        .with(Arc::new(Pki))
        .with(Arc::new(Random))
        .with(Arc::new(Tls))
}
