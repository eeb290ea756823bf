//! Attributes of load balancers, target groups and listeners: texts with defaults by type, checked when they change.
use super::listeners::Listener;
use super::load_balancers::LoadBalancer;
use super::target_groups::TargetGroup;
use super::{State, elbv2, invalid, listeners, load_balancers, target_groups};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::table::{Record, Table};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const ACTIONS: &[Action] = &[
    ("DescribeLoadBalancerAttributes", |call| describe(call, &LOAD_BALANCERS)),
    ("ModifyLoadBalancerAttributes", |call| modify(call, &LOAD_BALANCERS)),
    ("DescribeTargetGroupAttributes", |call| describe(call, &TARGET_GROUPS)),
    ("ModifyTargetGroupAttributes", |call| modify(call, &TARGET_GROUPS)),
    ("DescribeListenerAttributes", |call| describe(call, &LISTENERS)),
    ("ModifyListenerAttributes", |call| modify(call, &LISTENERS)),
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

/// Something that has attributes.
struct Kind<T: 'static> {
    /// As messages call it.
    what: &'static str,
    /// The member that holds its ARN.
    arn: &'static str,
    named: for<'c, 'w> fn(&'c mut Call<'w>) -> Result<T, Fault>,
    known: fn(&T) -> &'static [Known],
    default: fn(&T, &Known) -> &'static str,
    set: fn(&mut T) -> &mut Attributes,
    table: fn(&mut State) -> &mut Table<T>,
    /// Refuses what does not go together: as it would be, and what changes.
    check: fn(&T, &Attributes) -> Result<(), Fault>,
}

const LOAD_BALANCERS: Kind<LoadBalancer> = Kind {
    what: "Load balancer",
    arn: "LoadBalancerArn",
    named: load_balancers::named,
    known: of_load_balancer,
    default: |_, known| known.default,
    set: |lb| &mut lb.attributes,
    table: |state| &mut state.load_balancers,
    check: |lb, _| {
        let value = |key| load_balancer_value(lb, key);
        if value("access_logs.s3.enabled") == "true" && value("access_logs.s3.bucket").is_empty() {
            let message = "The value of 'access_logs.s3.bucket' cannot be empty if 'access_logs.s3.enabled' is true";
            return Err(super::misconfigured(message));
        }
        Ok(())
    },
};

const TARGET_GROUPS: Kind<TargetGroup> = Kind {
    what: "Target group",
    arn: "TargetGroupArn",
    named: target_groups::named,
    known: of_group,
    default: group_default,
    set: |group| &mut group.attributes,
    table: |state| &mut state.target_groups,
    check: |group, changes| {
        let udp = matches!(group.protocol.as_str(), "UDP" | "TCP_UDP");
        if udp && changes.get("preserve_client_ip.enabled").is_some_and(|v| v == "false") {
            let message =
                "Client IP preservation cannot be disabled for UDP and TCP_UDP target groups";
            return Err(super::misconfigured(message));
        }
        Ok(())
    },
};

const LISTENERS: Kind<Listener> = Kind {
    what: "Listener",
    arn: "ListenerArn",
    named: listeners::named,
    known: of_listener,
    default: |_, known| known.default,
    set: |listener| &mut listener.attributes,
    table: |state| &mut state.listeners,
    check: |_, _| Ok(()),
};

fn answer<T>(kind: &Kind<T>, record: &mut T) -> Value {
    let set = (kind.set)(record).clone();
    let shown = |k: &Known| {
        let value = set.get(k.key).map(String::as_str);
        json!({"Key": k.key, "Value": value.unwrap_or_else(|| (kind.default)(record, k))})
    };
    let list: Vec<Value> = (kind.known)(record).iter().map(shown).collect();
    json!({ "Attributes": list })
}

fn describe<T>(call: &mut Call<'_>, kind: &Kind<T>) -> Outcome {
    let mut record = (kind.named)(call)?;
    Ok(answer(kind, &mut record))
}

fn modify<T: Record>(call: &mut Call<'_>, kind: &Kind<T>) -> Outcome {
    let mut record = (kind.named)(call)?;
    let changes = given(call, kind.what, (kind.known)(&record))?;
    (kind.set)(&mut record).extend(changes.clone());
    (kind.check)(&record, &changes)?;
    let out = answer(kind, &mut record);
    let arn = call.str(kind.arn);
    if let Some(kept) = (kind.table)(elbv2(call)).get_mut(&arn) {
        *kept = record;
    }
    Ok(out)
}
