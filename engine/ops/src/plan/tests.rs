//! What a state needs before a plan can be made.

use kprov_core::addr::parse_instance;
use kprov_core::{ModulePath, ProviderAddr, ProviderConfigAddr};
use kprov_state::{ObjectStatus, StoredObject};
use serde_json::value::RawValue;

use super::*;

fn stored(provider: &str) -> StoredObject {
    let (namespace, name) = provider.split_once('/').expect("a namespace");
    StoredObject {
        provider: ProviderConfigAddr {
            module: ModulePath::root(),
            provider: ProviderAddr {
                host: "registry.terraform.io".into(),
                namespace: namespace.into(),
                name: name.into(),
            },
            alias: None,
        },
        schema_version: 0,
        attributes: RawValue::NULL.to_owned(),
        sensitive_paths: None,
        status: ObjectStatus::Ready,
        dependencies: Vec::new(),
        create_before_destroy: false,
        private: Vec::new(),
    }
}

#[test]
fn each_missing_provider_is_named_once() {
    let mut state = State::default();
    for (address, provider) in
        [("cloud_vm.a", "acme/cloud"), ("cloud_vm.b", "acme/cloud"), ("dns_zone.a", "acme/dns")]
    {
        let address = parse_instance(address).expect("an address").current();
        state.objects.insert(address, stored(provider));
    }
    let found = missing_providers(&state, &Registry::default());
    let summaries: Vec<&str> = found.iter().map(|problem| problem.summary.as_str()).collect();
    assert_eq!(summaries, ["Missing required provider"; 2]);
    let details: Vec<&String> = found.iter().map(|problem| &problem.detail).collect();
    assert!(details[0].contains("acme/cloud") && details[1].contains("acme/dns"), "{details:?}");
    assert!(!missing_providers(&State::default(), &Registry::default()).has_errors());
}
