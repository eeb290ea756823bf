//! Attributes of load balancers: which there are for which type, reading and modifying.

use serde_json::json;

use super::{Attributes, Form, Mapped, pairs};
use crate::api::Api;
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

const ALL: &[Mapped] = &[
    Mapped::new("enable_deletion_protection", "deletion_protection.enabled", Form::Bool),
    Mapped::new("enable_zonal_shift", "zonal_shift.config.enabled", Form::Bool),
];

const NETWORK: &[Mapped] = &[
    Mapped::new(CROSS_ZONE, "load_balancing.cross_zone.enabled", Form::Bool),
    Mapped::new("dns_record_client_routing_policy", "dns_record.client_routing_policy", Form::Text),
    Mapped::new(
        "secondary_ips_auto_assigned_per_subnet",
        "secondary_ips.auto_assigned.per_subnet",
        Form::Number,
    ),
];

const APPLICATION: &[Mapped] = &[
    Mapped::new("idle_timeout", "idle_timeout.timeout_seconds", Form::Number),
    Mapped::new("client_keep_alive", "client_keep_alive.seconds", Form::Number),
    Mapped::new("enable_http2", "routing.http2.enabled", Form::Bool),
    Mapped::new("enable_waf_fail_open", "waf.fail_open.enabled", Form::Bool),
    Mapped::new("desync_mitigation_mode", "routing.http.desync_mitigation_mode", Form::Text),
    Mapped::new(
        "drop_invalid_header_fields",
        "routing.http.drop_invalid_header_fields.enabled",
        Form::Bool,
    ),
    Mapped::new("preserve_host_header", "routing.http.preserve_host_header.enabled", Form::Bool),
    Mapped::new("enable_xff_client_port", "routing.http.xff_client_port.enabled", Form::Bool),
    Mapped::new(
        "xff_header_processing_mode",
        "routing.http.xff_header_processing.mode",
        Form::Text,
    ),
    Mapped::new(
        "enable_tls_version_and_cipher_suite_headers",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        Form::Bool,
    ),
];

const CROSS_ZONE: &str = "enable_cross_zone_load_balancing";

const LOGS: [&str; 3] = ["access_logs", "connection_logs", "health_check_logs"];

/// Names of all attributes that ModifyLoadBalancerAttributes changes.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let tables = [ALL, NETWORK, APPLICATION].into_iter().flatten();
    tables.map(|it| it.name).chain(LOGS)
}

fn table(kind: &str) -> impl Iterator<Item = &'static Mapped> {
    let own = match kind {
        "application" => APPLICATION,
        "gateway" => &NETWORK[..1],
        _ => NETWORK,
    };
    ALL.iter().chain(own)
}

loader_of_attributes!(
    describe_load_balancer_attributes,
    load_balancer_arn,
    "DescribeLoadBalancerAttributes"
);

/// Writes the attributes down.
pub(super) fn tell(kind: &str, actual: &Attributes, prior: Fields<'_>, row: &mut Row) {
    table(kind).for_each(|mapped| mapped.tell(actual, row));
    for block in LOGS {
        let get = |part: &str| actual.get(&key(block, part)).map(String::as_str);
        let enabled = get("enabled") == Some("true");
        let bucket = get("bucket").unwrap_or_default();
        // A block that says "disabled" is as good as none.
        if prior.block(block).is_some() || enabled {
            row.set(
                block,
                vec![json!({
                    "enabled": enabled,
                    "bucket": if bucket.is_empty() {
                        prior.block(block).and_then(|it| it.text("bucket")).unwrap_or_default()
                    } else {
                        bucket
                    },
                    "prefix": get("prefix"),
                })],
            );
        }
    }
}

fn key(block: &str, part: &str) -> String {
    format!("{}.s3.{part}", block)
}

/// Attributes of a new load balancer that were set as planned; what the plan leaves open is as AWS
/// gives it, by what `is_default` says of numbers and truths: 0 and false.
pub(super) fn fresh(planned: Fields<'_>, is_default: impl Fn(&str, &str) -> bool) -> Attributes {
    let kind = planned.str("load_balancer_type").unwrap_or("application");
    let text = |mapped: &Mapped| {
        let zero = match mapped.form {
            Form::Number => "0",
            Form::Bool => "false",
            Form::Text => "",
        };
        let default = is_default(mapped.name, zero).then(|| zero.to_owned());
        mapped.text(planned).or(default)
    };
    let all = table(kind).filter_map(|mapped| Some((mapped.key.to_owned(), text(mapped)?)));
    all.collect()
}

/// Modifies those attributes of which `wanted` says so.
pub(super) async fn modify(
    api: &Api,
    arn: &str,
    object: Fields<'_>,
    wanted: impl Fn(&str, &str) -> bool,
) -> Result<()> {
    let kind = object.str("load_balancer_type").unwrap_or("application");
    let mut all = pairs(table(kind), object, &wanted);
    let mut push = |key: String, value: &str| all.push((key, value.to_owned()));
    for block in LOGS {
        let logs = object.block(block);
        let enabled = logs.is_some_and(|it| it.bool("enabled") == Some(true));
        let text = if enabled { "true" } else { "false" };
        if !wanted(block, text) {
            continue;
        }
        push(key(block, "enabled"), text);
        if let Some(logs) = logs.filter(|_| enabled) {
            push(key(block, "bucket"), logs.text("bucket").unwrap_or_default());
            push(key(block, "prefix"), logs.text("prefix").unwrap_or_default());
        }
    }
    write_attributes!(
        api,
        arn,
        all,
        LoadBalancerAttribute,
        modify_load_balancer_attributes.load_balancer_arn,
        "ModifyLoadBalancerAttributes"
    )
}
