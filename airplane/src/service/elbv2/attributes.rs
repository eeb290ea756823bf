//! Attributes of load balancers, target groups and listeners: texts with defaults by type, checked when they change.
use super::listeners::Listener;
use super::load_balancers::LoadBalancer;
use super::target_groups::TargetGroup;
use super::{elbv2, invalid, listeners, load_balancers, target_groups};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const ACTIONS: &[Action] = &[
    ("DescribeLoadBalancerAttributes", describe_load_balancer),
    ("ModifyLoadBalancerAttributes", modify_load_balancer),
    ("DescribeTargetGroupAttributes", describe_target_group),
    ("ModifyTargetGroupAttributes", modify_target_group),
    ("DescribeListenerAttributes", describe_listener),
    ("ModifyListenerAttributes", modify_listener),
];

/// What was set; what was not set has its default.
pub(crate) type Attributes = BTreeMap<String, String>;

enum Rule {
    Flag,
    Number(i64, i64),
    OneOf(&'static [&'static str]),
    Text,
}
use Rule::{Flag, Number, OneOf, Text};

struct Known {
    key: &'static str,
    default: &'static str,
    rule: Rule,
}

const fn known(key: &'static str, default: &'static str, rule: Rule) -> Known {
    Known { key, default, rule }
}

const NETWORK: &[Known] = &[
    known("access_logs.s3.enabled", "false", Flag),
    known("access_logs.s3.bucket", "", Text),
    known("access_logs.s3.prefix", "", Text),
    known("deletion_protection.enabled", "false", Flag),
    known("ipv6.deny_all_igw_traffic", "false", Flag),
    known("load_balancing.cross_zone.enabled", "false", Flag),
    known(
        "dns_record.client_routing_policy",
        "any_availability_zone",
        OneOf(&[
            "any_availability_zone",
            "availability_zone_affinity",
            "partial_availability_zone_affinity",
        ]),
    ),
    known("secondary_ips.auto_assigned.per_subnet", "0", Number(0, 7)),
    known("zonal_shift.config.enabled", "false", Flag),
];

const APPLICATION: &[Known] = &[
    known("access_logs.s3.enabled", "false", Flag),
    known("access_logs.s3.bucket", "", Text),
    known("access_logs.s3.prefix", "", Text),
    known("client_keep_alive.seconds", "3600", Number(60, 604_800)),
    known("connection_logs.s3.enabled", "false", Flag),
    known("connection_logs.s3.bucket", "", Text),
    known("connection_logs.s3.prefix", "", Text),
    known("deletion_protection.enabled", "false", Flag),
    known("idle_timeout.timeout_seconds", "60", Number(1, 4000)),
    known("ipv6.deny_all_igw_traffic", "false", Flag),
    known("load_balancing.cross_zone.enabled", "true", OneOf(&["true"])),
    known(
        "routing.http.desync_mitigation_mode",
        "defensive",
        OneOf(&["monitor", "defensive", "strictest"]),
    ),
    known("routing.http.drop_invalid_header_fields.enabled", "false", Flag),
    known("routing.http.preserve_host_header.enabled", "false", Flag),
    known("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false", Flag),
    known("routing.http.xff_client_port.enabled", "false", Flag),
    known(
        "routing.http.xff_header_processing.mode",
        "append",
        OneOf(&["append", "preserve", "remove"]),
    ),
    known("routing.http2.enabled", "true", Flag),
    known("waf.fail_open.enabled", "false", Flag),
    known("zonal_shift.config.enabled", "false", Flag),
];

const CROSS_ZONE: Rule = OneOf(&["true", "false", "use_load_balancer_configuration"]);

const NETWORK_GROUP: &[Known] = &[
    known("deregistration_delay.timeout_seconds", "300", Number(0, 3600)),
    known("deregistration_delay.connection_termination.enabled", "false", Flag),
    known("load_balancing.cross_zone.enabled", "use_load_balancer_configuration", CROSS_ZONE),
    known("preserve_client_ip.enabled", "true", Flag),
    known("proxy_protocol_v2.enabled", "false", Flag),
    known("stickiness.enabled", "false", Flag),
    known("stickiness.type", "source_ip", OneOf(&["source_ip"])),
    known("target_health_state.unhealthy.connection_termination.enabled", "true", Flag),
    known("target_health_state.unhealthy.draining_interval_seconds", "0", Number(0, 360_000)),
    known("target_group_health.dns_failover.minimum_healthy_targets.count", "1", Text),
    known("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", Text),
    known(
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        "1",
        Number(1, 1000),
    ),
    known(
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        "off",
        Text,
    ),
];

const APPLICATION_GROUP: &[Known] = &[
    known("deregistration_delay.timeout_seconds", "300", Number(0, 3600)),
    known(
        "load_balancing.algorithm.type",
        "round_robin",
        OneOf(&["round_robin", "least_outstanding_requests", "weighted_random"]),
    ),
    known("load_balancing.algorithm.anomaly_mitigation", "off", OneOf(&["on", "off"])),
    known("load_balancing.cross_zone.enabled", "use_load_balancer_configuration", CROSS_ZONE),
    known("slow_start.duration_seconds", "0", Number(0, 900)),
    known("stickiness.enabled", "false", Flag),
    known("stickiness.type", "lb_cookie", OneOf(&["lb_cookie", "app_cookie"])),
    known("stickiness.lb_cookie.duration_seconds", "86400", Number(1, 604_800)),
    known("stickiness.app_cookie.duration_seconds", "86400", Number(1, 604_800)),
    known("stickiness.app_cookie.cookie_name", "", Text),
    known("target_group_health.dns_failover.minimum_healthy_targets.count", "1", Text),
    known("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", Text),
    known(
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        "1",
        Number(1, 1000),
    ),
    known(
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        "off",
        Text,
    ),
];

const TCP_LISTENER: &[Known] = &[known("tcp.idle_timeout.seconds", "350", Number(60, 6000))];
const HTTP_LISTENER: &[Known] = &[known("routing.http.response.server.enabled", "true", Flag)];

fn of_load_balancer(lb: &LoadBalancer) -> &'static [Known] {
    if lb.kind == "application" { APPLICATION } else { NETWORK }
}

fn of_group(group: &TargetGroup) -> &'static [Known] {
    if group.is_application() { APPLICATION_GROUP } else { NETWORK_GROUP }
}

fn of_listener(listener: &Listener) -> &'static [Known] {
    match listener.protocol.as_str() {
        "TCP" | "TCP_UDP" => TCP_LISTENER,
        "HTTP" | "HTTPS" => HTTP_LISTENER,
        _ => &[],
    }
}

// Two defaults of a group depend on what it is.
fn group_default(group: &TargetGroup, known: &Known) -> &'static str {
    let udp = matches!(group.protocol.as_str(), "UDP" | "TCP_UDP");
    match known.key {
        "deregistration_delay.connection_termination.enabled" if udp => "true",
        "preserve_client_ip.enabled" if group.target_type == "ip" && !udp => "false",
        _ => known.default,
    }
}

/// What a group's attribute is.
pub(crate) fn group_value(group: &TargetGroup, key: &str) -> String {
    if let Some(value) = group.attributes.get(key) {
        return value.clone();
    }
    let found = of_group(group).iter().find(|k| k.key == key);
    found.map(|k| group_default(group, k)).unwrap_or_default().to_owned()
}

/// What a load balancer's attribute is.
pub(crate) fn load_balancer_value(lb: &LoadBalancer, key: &str) -> String {
    if let Some(value) = lb.attributes.get(key) {
        return value.clone();
    }
    let found = of_load_balancer(lb).iter().find(|k| k.key == key);
    found.map(|k| k.default).unwrap_or_default().to_owned()
}

fn answer(
    all: &'static [Known],
    set: &Attributes,
    default: impl Fn(&Known) -> &'static str,
) -> Value {
    let list: Vec<Value> = all
        .iter()
        .map(|k| {
            let value = set.get(k.key).map(String::as_str).unwrap_or_else(|| default(k));
            json!({"Key": k.key, "Value": value})
        })
        .collect();
    json!({ "Attributes": list })
}

// The attributes that a call sets, if all are known and fit.
fn given(call: &Call<'_>, what: &str, all: &'static [Known]) -> Result<Attributes, Fault> {
    let mut out = Attributes::new();
    for item in call.list("Attributes") {
        let part = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let (key, value) = (part("Key"), part("Value"));
        let Some(known) = all.iter().find(|k| k.key == key) else {
            return Err(invalid(format!("{what} attribute key '{key}' is not recognized")));
        };
        let fits = match &known.rule {
            Flag => matches!(value.as_str(), "true" | "false"),
            Number(low, high) => value.parse::<i64>().is_ok_and(|n| (*low..=*high).contains(&n)),
            OneOf(values) => values.contains(&value.as_str()),
            Text => true,
        };
        if !fits {
            let wanted = match &known.rule {
                Flag => "'true' or 'false'".to_owned(),
                Number(low, high) => format!("a number between {low} and {high}"),
                OneOf(values) => format!("one of '{}'", values.join("', '")),
                Text => String::new(),
            };
            return Err(invalid(format!(
                "{what} attribute '{key}' has the value '{value}'; it must be {wanted}"
            )));
        }
        if out.insert(key.clone(), value).is_some() {
            return Err(invalid(format!("{what} attribute key '{key}' is specified twice")));
        }
    }
    Ok(out)
}

fn describe_load_balancer(call: &mut Call<'_>) -> Outcome {
    let lb = load_balancers::named(call)?;
    Ok(answer(of_load_balancer(&lb), &lb.attributes, |k| k.default))
}

fn modify_load_balancer(call: &mut Call<'_>) -> Outcome {
    let mut lb = load_balancers::named(call)?;
    lb.attributes.extend(given(call, "Load balancer", of_load_balancer(&lb))?);
    if load_balancer_value(&lb, "access_logs.s3.enabled") == "true"
        && load_balancer_value(&lb, "access_logs.s3.bucket").is_empty()
    {
        let message = "The value of 'access_logs.s3.bucket' cannot be empty if 'access_logs.s3.enabled' is true";
        return Err(super::misconfigured(message));
    }
    let out = answer(of_load_balancer(&lb), &lb.attributes, |k| k.default);
    let arn = call.str("LoadBalancerArn");
    if let Some(kept) = elbv2(call).load_balancers.get_mut(&arn) {
        *kept = lb;
    }
    Ok(out)
}

fn describe_target_group(call: &mut Call<'_>) -> Outcome {
    let group = target_groups::named(call)?;
    Ok(answer(of_group(&group), &group.attributes, |k| group_default(&group, k)))
}

fn modify_target_group(call: &mut Call<'_>) -> Outcome {
    let mut group = target_groups::named(call)?;
    let changes = given(call, "Target group", of_group(&group))?;
    let udp = matches!(group.protocol.as_str(), "UDP" | "TCP_UDP");
    if udp && changes.get("preserve_client_ip.enabled").is_some_and(|v| v == "false") {
        let message = "Client IP preservation cannot be disabled for UDP and TCP_UDP target groups";
        return Err(super::misconfigured(message));
    }
    group.attributes.extend(changes);
    let out = answer(of_group(&group), &group.attributes, |k| group_default(&group, k));
    let arn = call.str("TargetGroupArn");
    if let Some(kept) = elbv2(call).target_groups.get_mut(&arn) {
        *kept = group;
    }
    Ok(out)
}

fn describe_listener(call: &mut Call<'_>) -> Outcome {
    let listener = listeners::named(call)?;
    Ok(answer(of_listener(&listener), &listener.attributes, |k| k.default))
}

fn modify_listener(call: &mut Call<'_>) -> Outcome {
    let mut listener = listeners::named(call)?;
    listener.attributes.extend(given(call, "Listener", of_listener(&listener))?);
    let out = answer(of_listener(&listener), &listener.attributes, |k| k.default);
    let arn = call.str("ListenerArn");
    if let Some(kept) = elbv2(call).listeners.get_mut(&arn) {
        *kept = listener;
    }
    Ok(out)
}
