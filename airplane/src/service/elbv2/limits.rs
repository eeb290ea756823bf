//! What an account may have, the TLS policies, and capacity, which nobody reserved.
use super::load_balancers;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("DescribeAccountLimits", account),
    ("DescribeSSLPolicies", policies),
    ("DescribeCapacityReservation", capacity),
];

/// Name, protocols, and whether network load balancers take it as well.
const POLICIES: &[(&str, &[&str])] = &[
    ("ELBSecurityPolicy-2016-08", &["TLSv1", "TLSv1.1", "TLSv1.2"]),
    ("ELBSecurityPolicy-TLS-1-1-2017-01", &["TLSv1.1", "TLSv1.2"]),
    ("ELBSecurityPolicy-TLS-1-2-2017-01", &["TLSv1.2"]),
    ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", &["TLSv1.2"]),
    ("ELBSecurityPolicy-FS-2018-06", &["TLSv1", "TLSv1.1", "TLSv1.2"]),
    ("ELBSecurityPolicy-FS-1-2-Res-2020-10", &["TLSv1.2"]),
    ("ELBSecurityPolicy-TLS13-1-2-2021-06", &["TLSv1.2", "TLSv1.3"]),
    ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", &["TLSv1.2", "TLSv1.3"]),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", &["TLSv1.2", "TLSv1.3"]),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", &["TLSv1.2", "TLSv1.3"]),
    ("ELBSecurityPolicy-TLS13-1-3-2021-06", &["TLSv1.3"]),
];

/// Refuses a TLS policy that AWS does not have.
pub(crate) fn check_policy(name: &str) -> Result<(), Fault> {
    if POLICIES.iter().any(|(known, _)| *known == name) {
        return Ok(());
    }
    Err(Fault::new("SSLPolicyNotFound", format!("SSL policy '{name}' not found")))
}

fn account(call: &mut Call<'_>) -> Outcome {
    let limits = [
        ("network-load-balancers", call.quota("load-balancers-network-per-region")),
        ("application-load-balancers", 50),
        ("target-groups", call.quota("target-groups-per-region")),
        ("listeners-per-network-load-balancer", call.quota("listeners-per-load-balancer")),
        ("listeners-per-application-load-balancer", call.quota("listeners-per-load-balancer")),
        ("targets-per-network-load-balancer", 3000),
        ("targets-per-availability-zone-per-network-load-balancer", 500),
    ];
    let list: Vec<Value> =
        limits.iter().map(|(name, max)| json!({"Name": name, "Max": max.to_string()})).collect();
    Ok(json!({ "Limits": list }))
}

fn policies(call: &mut Call<'_>) -> Outcome {
    let names = call.strings("Names");
    names.iter().try_for_each(|name| check_policy(name))?;
    let list: Vec<Value> = POLICIES
        .iter()
        .filter(|(name, _)| names.is_empty() || names.iter().any(|n| n == name))
        .map(|(name, protocols)| {
            let ciphers = json!([{"Name": "TLS_AES_128_GCM_SHA256", "Priority": 1}]);
            json!({"Name": name, "SslProtocols": protocols, "Ciphers": ciphers,
                "SupportedLoadBalancerTypes": ["application", "network"]})
        })
        .collect();
    Ok(json!({ "SslPolicies": list }))
}

fn capacity(call: &mut Call<'_>) -> Outcome {
    load_balancers::named(call)?;
    Ok(json!({"DecreaseRequestsRemaining": 2, "CapacityReservationState": []}))
}
