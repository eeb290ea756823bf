//! DHCP options sets, and the default one that a region has with its first VPC.
use super::ec2;
use crate::world::scope::Scope;
use serde::{Deserialize, Serialize};

/// A set of DHCP options: keys with values, in the order given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DhcpOptions {
    pub(crate) configurations: Vec<(String, Vec<String>)>,
    pub(crate) is_default: bool,
}

/// The id of the region's default set, made on first sight.
pub(crate) fn default_id(scope: &mut Scope<'_>) -> String {
    let known = ec2(scope).dhcp_options.iter().find(|(_, d)| d.is_default);
    if let Some((id, _)) = known {
        return id.to_owned();
    }
    let domain = match scope.region.as_str() {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    };
    let configurations = vec![
        ("domain-name".to_owned(), vec![domain]),
        ("domain-name-servers".to_owned(), vec!["AmazonProvidedDNS".to_owned()]),
    ];
    let (now, id) = (scope.now(), scope.id("dopt"));
    ec2(scope).dhcp_options.insert_implicit(
        &id,
        DhcpOptions { configurations, is_default: true },
        now,
    );
    id
}
