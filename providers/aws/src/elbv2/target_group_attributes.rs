//! Attributes of target groups: reading, and modifying what differs.

use serde_json::json;

use super::{Attributes, Form, Mapped, pairs};
use crate::api::Api;
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

const DELAY: Mapped =
    Mapped::new("deregistration_delay", "deregistration_delay.timeout_seconds", Form::Text);

const TABLE: &[Mapped] = &[
    Mapped::new(
        "connection_termination",
        "deregistration_delay.connection_termination.enabled",
        Form::Bool,
    ),
    Mapped::new("load_balancing_algorithm_type", "load_balancing.algorithm.type", Form::Text),
    Mapped::new(
        "load_balancing_anomaly_mitigation",
        "load_balancing.algorithm.anomaly_mitigation",
        Form::Text,
    ),
    Mapped::new(
        "load_balancing_cross_zone_enabled",
        "load_balancing.cross_zone.enabled",
        Form::Text,
    ),
    Mapped::new("preserve_client_ip", "preserve_client_ip.enabled", Form::Text),
    Mapped::new("proxy_protocol_v2", "proxy_protocol_v2.enabled", Form::Bool),
    Mapped::new("slow_start", "slow_start.duration_seconds", Form::Number),
    DELAY,
];

const LAMBDA: &[Mapped] = &[Mapped::new(
    "lambda_multi_value_headers_enabled",
    "lambda.multi_value_headers.enabled",
    Form::Bool,
)];

const BLOCKS: [&str; 4] =
    ["stickiness", "target_failover", "target_group_health", "target_health_state"];

/// Names of all attributes and blocks that ModifyTargetGroupAttributes changes.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    [TABLE, LAMBDA].into_iter().flatten().map(|it| it.name).chain(BLOCKS)
}

fn table(kind: Option<&str>) -> &'static [Mapped] {
    match kind {
        Some("lambda") => LAMBDA,
        Some("alb") => &[],
        _ => TABLE,
    }
}

loader_of_attributes!(
    describe_target_group_attributes,
    target_group_arn,
    "DescribeTargetGroupAttributes"
);

/// Writes the attributes down. Blocks are the resource's affair only where it has them.
pub(super) fn tell(actual: &Attributes, prior: Fields<'_>, row: &mut Row) {
    [TABLE, LAMBDA].into_iter().flatten().for_each(|mapped| mapped.tell(actual, row));
    let get = |key: &str| actual.get(key).map(String::as_str);
    let number = |key: &str| get(key).and_then(|text| text.parse::<i64>().ok());
    if let Some(block) = prior.block("stickiness") {
        let kind = get("stickiness.type").or(block.str("type"));
        let (lasts, name) = match kind {
            Some("lb_cookie") => (number("stickiness.lb_cookie.duration_seconds"), None),
            Some("app_cookie") => (
                number("stickiness.app_cookie.duration_seconds"),
                get("stickiness.app_cookie.cookie_name"),
            ),
            _ => (None, None),
        };
        row.set(
            "stickiness",
            vec![json!({
                "type": kind,
                "enabled": get("stickiness.enabled") == Some("true"),
                "cookie_duration": lasts.or(block.i64("cookie_duration")),
                "cookie_name": name.or(block.str("cookie_name")),
            })],
        );
    }
    if prior.block("target_failover").is_some() {
        row.set(
            "target_failover",
            vec![json!({
                "on_deregistration": get("target_failover.on_deregistration"),
                "on_unhealthy": get("target_failover.on_unhealthy"),
            })],
        );
    }
    if let Some(block) = prior.block("target_health_state") {
        let state = "target_health_state.unhealthy";
        let interval = number(&format!("{state}.draining_interval_seconds"));
        row.set(
            "target_health_state",
            vec![json!({
                "enable_unhealthy_connection_termination":
                    get(&format!("{state}.connection_termination.enabled")) == Some("true"),
                "unhealthy_draining_interval": interval
                    .or(block.i64("unhealthy_draining_interval")),
            })],
        );
    }
    if let Some(block) = prior.block("target_group_health") {
        row.set("target_group_health", vec![health(actual, block)]);
    }
}

const DNS: &str = "target_group_health.dns_failover.minimum_healthy_targets";
const ROUTING: &str = "target_group_health.unhealthy_state_routing.minimum_healthy_targets";

fn health(actual: &Attributes, block: Fields<'_>) -> serde_json::Value {
    let get = |prefix: &str, part: &str| actual.get(&format!("{prefix}.{part}"));
    let dns = block.block("dns_failover").map(|_| {
        json!({
            "minimum_healthy_targets_count": get(DNS, "count"),
            "minimum_healthy_targets_percentage": get(DNS, "percentage"),
        })
    });
    let routing = block.block("unhealthy_state_routing").map(|_| {
        json!({
            "minimum_healthy_targets_count":
                get(ROUTING, "count").and_then(|text| text.parse::<i64>().ok()),
            "minimum_healthy_targets_percentage": get(ROUTING, "percentage"),
        })
    });
    json!({
        "dns_failover": Vec::from_iter(dns),
        "unhealthy_state_routing": Vec::from_iter(routing),
    })
}

/// Attributes of a new group, by AWS's documented defaults, which are laid under what was planned;
/// `None` for kinds whose attributes only AWS knows.
pub(super) fn fresh(planned: Fields<'_>) -> Option<Attributes> {
    if BLOCKS.iter().any(|name| !planned.get(name).is_wholly_known()) {
        return None;
    }
    let kind = planned.str("target_type").unwrap_or("instance");
    let protocol = planned.str("protocol").filter(|_| ["instance", "ip"].contains(&kind))?;
    let udp = ["UDP", "TCP_UDP"].contains(&protocol);
    let mut all = vec![("load_balancing_cross_zone_enabled", "use_load_balancer_configuration")];
    match protocol {
        "TCP" | "TLS" | "UDP" | "TCP_UDP" => {
            let truth = |truth: bool| if truth { "true" } else { "false" };
            all.push(("connection_termination", truth(udp)));
            all.push(("preserve_client_ip", truth(udp || kind == "instance")));
        }
        "HTTP" | "HTTPS" => {
            all.push(("load_balancing_algorithm_type", "round_robin"));
            all.push(("load_balancing_anomaly_mitigation", "off"));
        }
        _ => return None,
    }
    let key = |name| TABLE.iter().find(|mapped| mapped.name == name).map(|it| it.key.to_owned());
    Some(all.into_iter().filter_map(|(name, text)| Some((key(name)?, text.to_owned()))).collect())
}

/// Modifies those attributes of which `wanted` says so.
pub(super) async fn modify(
    api: &Api,
    arn: &str,
    object: Fields<'_>,
    wanted: impl Fn(&str, &str) -> bool,
) -> Result<()> {
    let mut all = pairs(table(object.str("target_type")), object, &wanted);
    for name in BLOCKS {
        let block = object.block(name);
        if wanted(name, if block.is_some() { "set" } else { "false" }) {
            all.extend(block_attributes(name, block, object));
        }
    }
    write_attributes!(
        api,
        arn,
        all,
        TargetGroupAttribute,
        modify_target_group_attributes.target_group_arn,
        "ModifyTargetGroupAttributes"
    )
}

fn block_attributes(
    name: &str,
    block: Option<Fields<'_>>,
    object: Fields<'_>,
) -> Vec<(String, String)> {
    let pair = |key: &str, value: String| (key.to_owned(), value);
    let Some(block) = block else {
        return match name {
            "stickiness" => vec![pair("stickiness.enabled", "false".to_owned())],
            _ => Vec::new(),
        };
    };
    let text = |name: &str| block.text(name).unwrap_or_default().to_owned();
    let number = |name: &str| block.i64(name).unwrap_or_default().to_string();
    match name {
        "stickiness" => stickiness(block, object),
        "target_failover" => vec![
            pair("target_failover.on_deregistration", text("on_deregistration")),
            pair("target_failover.on_unhealthy", text("on_unhealthy")),
        ],
        "target_health_state" => {
            let end = block.bool("enable_unhealthy_connection_termination").unwrap_or(true);
            let state = "target_health_state.unhealthy";
            let mut all =
                vec![(format!("{state}.connection_termination.enabled"), end.to_string())];
            if !end {
                let interval = number("unhealthy_draining_interval");
                all.push((format!("{state}.draining_interval_seconds"), interval));
            }
            all
        }
        _ => {
            let mut all = Vec::new();
            if let Some(dns) = block.block("dns_failover") {
                for part in ["count", "percentage"] {
                    let value = dns.string(&format!("minimum_healthy_targets_{part}"));
                    all.extend(value.map(|value| (format!("{DNS}.{part}"), value)));
                }
            }
            if let Some(routing) = block.block("unhealthy_state_routing") {
                let count = routing.i64("minimum_healthy_targets_count");
                all.extend(count.map(|it| (format!("{ROUTING}.count"), it.to_string())));
                let share = routing.string("minimum_healthy_targets_percentage");
                all.extend(share.map(|value| (format!("{ROUTING}.percentage"), value)));
            }
            all
        }
    }
}

fn stickiness(block: Fields<'_>, object: Fields<'_>) -> Vec<(String, String)> {
    let enabled = block.bool("enabled").unwrap_or(true);
    let mut all = vec![("stickiness.enabled".to_owned(), enabled.to_string())];
    let kind = block.str("type").unwrap_or_default();
    all.push(("stickiness.type".to_owned(), kind.to_owned()));
    let http = matches!(object.str("protocol"), Some("HTTP" | "HTTPS"));
    if !http || !enabled {
        return all;
    }
    let lasts = block.i64("cookie_duration").unwrap_or(86400).to_string();
    all.push((format!("stickiness.{kind}.duration_seconds"), lasts));
    if kind == "app_cookie" {
        let name = block.string("cookie_name").unwrap_or_default();
        all.push(("stickiness.app_cookie.cookie_name".to_owned(), name));
    }
    all
}
