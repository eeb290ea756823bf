//! Target groups: protocol, port and VPC stay as they were made; health checks and attributes change.
use super::attributes::Attributes;
use super::tags::{self, Tags};
use super::targets::Target;
use super::{State, check_arn, check_name, elbv2, invalid, misconfigured};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateTargetGroup", create),
    ("DeleteTargetGroup", delete),
    ("DescribeTargetGroups", describe),
    ("ModifyTargetGroup", modify),
];

/// A target group, by ARN.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct TargetGroup {
    pub(crate) name: String,
    pub(crate) protocol: String,
    pub(crate) protocol_version: Option<String>,
    pub(crate) port: i64,
    pub(crate) vpc: String,
    /// `instance` or `ip`.
    pub(crate) target_type: String,
    pub(crate) ip_address_type: String,
    pub(crate) check: HealthCheck,
    pub(crate) attributes: Attributes,
    pub(crate) tags: Tags,
    pub(crate) targets: Vec<Target>,
}

/// How the health of targets is found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HealthCheck {
    pub(crate) protocol: String,
    pub(crate) port: String,
    pub(crate) path: Option<String>,
    pub(crate) matcher: Option<String>,
    pub(crate) interval: i64,
    pub(crate) timeout: i64,
    pub(crate) healthy: i64,
    pub(crate) unhealthy: i64,
}

impl TargetGroup {
    /// Is it one of application load balancers?
    pub(crate) fn is_application(&self) -> bool {
        is_application(&self.protocol)
    }

    fn answer(&self, arn: &str, load_balancers: &[String]) -> Value {
        let check = &self.check;
        let mut out = json!({
            "TargetGroupArn": arn, "TargetGroupName": self.name, "Protocol": self.protocol, "Port": self.port,
            "VpcId": self.vpc, "TargetType": self.target_type, "IpAddressType": self.ip_address_type,
            "HealthCheckProtocol": check.protocol, "HealthCheckPort": check.port, "HealthCheckEnabled": true,
            "HealthCheckIntervalSeconds": check.interval, "HealthCheckTimeoutSeconds": check.timeout,
            "HealthyThresholdCount": check.healthy, "UnhealthyThresholdCount": check.unhealthy,
            "LoadBalancerArns": load_balancers,
        });
        if let Some(path) = &check.path {
            out["HealthCheckPath"] = json!(path);
        }
        if let Some(codes) = &check.matcher {
            out["Matcher"] = json!({ "HttpCode": codes });
        }
        if let Some(version) = &self.protocol_version {
            out["ProtocolVersion"] = json!(version);
        }
        out
    }
}

fn is_application(protocol: &str) -> bool {
    matches!(protocol, "HTTP" | "HTTPS")
}

/// The error for an ARN that nothing has.
pub(crate) fn missing(arn: &str) -> Fault {
    Fault::new("TargetGroupNotFound", format!("Target group '{arn}' not found"))
}

/// The group that `TargetGroupArn` names.
pub(crate) fn named(call: &mut Call<'_>) -> Result<TargetGroup, Fault> {
    let arn = call.str("TargetGroupArn");
    check_arn("targetgroup", &arn)?;
    elbv2(call).target_groups.get(&arn).cloned().ok_or_else(|| missing(&arn))
}

/// The load balancers whose listeners forward to a group.
pub(crate) fn users(state: &State, arn: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for listener in state.listeners.values().filter(|l| l.forwards_to(arn)) {
        if !out.contains(&listener.load_balancer) {
            out.push(listener.load_balancer.clone());
        }
    }
    out
}

impl HealthCheck {
    // What AWS takes when nothing is said. A check by TCP has neither path nor matcher.
    fn default_of(group_protocol: &str, protocol: &str) -> HealthCheck {
        let application = is_application(group_protocol);
        let http = is_application(protocol);
        HealthCheck {
            protocol: protocol.to_owned(),
            port: "traffic-port".to_owned(),
            path: http.then(|| "/".to_owned()),
            matcher: http.then(|| if application { "200" } else { "200-399" }.to_owned()),
            interval: 30,
            timeout: match (application, protocol) {
                (true, _) => 5,
                (false, "HTTP") => 6,
                _ => 10,
            },
            healthy: 5,
            unhealthy: 2,
        }
    }

    // The same check with what a call says.
    fn changed(mut self, call: &Call<'_>) -> Result<HealthCheck, Fault> {
        let http = is_application(&self.protocol);
        if let Some(path) = call.opt_str("HealthCheckPath") {
            if !http {
                let message = format!(
                    "Health check path '{path}' is not supported for health checks with the protocol {}",
                    self.protocol
                );
                return Err(misconfigured(message));
            }
            if !path.starts_with('/') {
                return Err(invalid(format!(
                    "Health check path '{path}' must begin with a '/' character, and can only contain printable ASCII characters, without spaces"
                )));
            }
            self.path = Some(path);
        }
        let codes = call.get("Matcher").and_then(|m| m["HttpCode"].as_str()).map(str::to_owned);
        if let Some(codes) = codes {
            if !http {
                let message = format!(
                    "Matcher is not supported for health checks with the protocol {}",
                    self.protocol
                );
                return Err(misconfigured(message));
            }
            check_codes(&codes)?;
            self.matcher = Some(codes);
        }
        if let Some(port) = call.opt_str("HealthCheckPort") {
            let number = port.parse::<i64>().is_ok_and(|n| (1..=65535).contains(&n));
            if port != "traffic-port" && !number {
                return Err(invalid(format!(
                    "Health check port '{port}' must be either 'traffic-port' or a number in the range 1-65535"
                )));
            }
            self.port = port;
        }
        self.interval = call.opt_int("HealthCheckIntervalSeconds").unwrap_or(self.interval);
        self.timeout = call.opt_int("HealthCheckTimeoutSeconds").unwrap_or(self.timeout);
        self.healthy = call.opt_int("HealthyThresholdCount").unwrap_or(self.healthy);
        self.unhealthy = call.opt_int("UnhealthyThresholdCount").unwrap_or(self.unhealthy);
        Ok(self)
    }

    fn check(&self, application: bool) -> Result<(), Fault> {
        // Network load balancers may take the whole interval.
        let most = if application { self.interval - 1 } else { self.interval };
        if self.timeout > most {
            return Err(invalid(format!(
                "Health check timeout '{}' must be smaller than the interval '{}'",
                self.timeout, self.interval
            )));
        }
        Ok(())
    }
}

fn check_codes(codes: &str) -> Result<(), Fault> {
    let code = |text: &str| text.parse::<u16>().ok().filter(|n| (200..=599).contains(n));
    let part = |text: &str| match text.split_once('-') {
        Some((low, high)) => code(low).zip(code(high)).is_some_and(|(l, h)| l <= h),
        None => code(text).is_some(),
    };
    if codes.split(',').all(part) {
        return Ok(());
    }
    Err(invalid(format!(
        "Health check matcher HTTP code '{codes}' must be within '200-599' inclusive"
    )))
}

fn check_protocol(call: &Call<'_>, group: &str) -> Result<String, Fault> {
    let default = if is_application(group) { group } else { "TCP" };
    let protocol = call.opt_str("HealthCheckProtocol").unwrap_or_else(|| default.to_owned());
    let fits: &[&str] =
        if is_application(group) { &["HTTP", "HTTPS"] } else { &["TCP", "HTTP", "HTTPS"] };
    if fits.contains(&protocol.as_str()) {
        return Ok(protocol);
    }
    Err(misconfigured(format!(
        "Health check protocol '{protocol}' is not supported for target groups with the protocol '{group}'; it must be one of '{}'",
        fits.join(", ")
    )))
}

fn wanted(call: &mut Call<'_>) -> Result<TargetGroup, Fault> {
    let name = call.str("Name");
    check_name("target group", &name)?;
    let target_type = call.opt_str("TargetType").unwrap_or_else(|| "instance".to_owned());
    if matches!(target_type.as_str(), "lambda" | "alb") {
        let message = format!("airplane serves no targets of the type {target_type}");
        return Err(Fault::new("NotImplementedByAirplane", message).status(501));
    }
    let protocol =
        call.opt_str("Protocol").ok_or_else(|| invalid("A protocol must be specified"))?;
    let port = call.opt_int("Port").ok_or_else(|| invalid("A port must be specified"))?;
    let vpc = call.opt_str("VpcId").ok_or_else(|| invalid("A VPC ID must be specified"))?;
    if !matches!(protocol.as_str(), "TCP" | "UDP" | "TCP_UDP" | "TLS" | "HTTP" | "HTTPS") {
        return Err(invalid(format!(
            "Protocol '{protocol}' must be one of 'HTTP, HTTPS, TCP, TLS, UDP, TCP_UDP'"
        )));
    }
    if !call.realm().ec2.vpcs.contains(&vpc) {
        return Err(invalid(format!("The VPC ID '{vpc}' is not found")));
    }
    if call.opt_bool("HealthCheckEnabled") == Some(false) {
        return Err(misconfigured(
            "Health checks must be enabled for target groups with target type 'instance' or 'ip'",
        ));
    }
    let application = is_application(&protocol);
    let check =
        HealthCheck::default_of(&protocol, &check_protocol(call, &protocol)?).changed(call)?;
    check.check(application)?;
    let version = call.opt_str("ProtocolVersion");
    if version.is_some() && !application {
        return Err(misconfigured(
            "A protocol version can be specified for HTTP and HTTPS target groups only",
        ));
    }
    Ok(TargetGroup {
        name,
        protocol_version: application.then(|| version.unwrap_or_else(|| "HTTP1".to_owned())),
        protocol,
        port,
        vpc,
        target_type,
        ip_address_type: call.opt_str("IpAddressType").unwrap_or_else(|| "ipv4".to_owned()),
        check,
        tags: tags::given(call)?,
        ..TargetGroup::default()
    })
}

fn create(call: &mut Call<'_>) -> Outcome {
    let group = wanted(call)?;
    let state = elbv2(call);
    if let Some((arn, known)) = state.target_groups.iter().find(|(_, g)| g.name == group.name) {
        let same = (
            &known.protocol,
            known.port,
            &known.vpc,
            &known.target_type,
            &known.check,
            &known.tags,
        ) == (
            &group.protocol,
            group.port,
            &group.vpc,
            &group.target_type,
            &group.check,
            &group.tags,
        );
        if !same {
            let message = format!(
                "A target group with the same name '{}' exists, but with different settings",
                group.name
            );
            return Err(Fault::new("DuplicateTargetGroupName", message));
        }
        return Ok(json!({"TargetGroups": [known.answer(arn, &users(state, arn))]}));
    }
    if state.target_groups.len() >= call.quota("target-groups-per-region") {
        let message = "The maximum number of target groups has been reached";
        return Err(Fault::new("TooManyTargetGroups", message));
    }
    let id = call.world.ids.hex(16);
    let arn = call.arn("elasticloadbalancing", &format!("targetgroup/{}/{id}", group.name));
    let answer = group.answer(&arn, &[]);
    let (now, visible) = (call.now(), call.visible_at());
    elbv2(call).target_groups.insert(&arn, group, now, visible);
    Ok(json!({ "TargetGroups": [answer] }))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let arn = call.str("TargetGroupArn");
    check_arn("targetgroup", &arn)?;
    let state = elbv2(call);
    if !users(state, &arn).is_empty() {
        let message = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(Fault::new("ResourceInUse", message));
    }
    // Deleting what is not there succeeds.
    state.target_groups.remove(&arn);
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let (arns, names) = (call.strings("TargetGroupArns"), call.strings("Names"));
    let load_balancer = call.opt_str("LoadBalancerArn");
    let kinds = [!arns.is_empty(), !names.is_empty(), load_balancer.is_some()];
    if kinds.iter().filter(|k| **k).count() > 1 {
        return Err(invalid(
            "Target group ARNs, names and a load balancer ARN cannot be specified at the same time",
        ));
    }
    arns.iter().try_for_each(|arn| check_arn("targetgroup", arn))?;
    let now = call.now();
    let state = elbv2(call);
    if let Some(arn) = &load_balancer {
        check_arn("loadbalancer", arn)?;
        if !state.load_balancers.contains(arn) {
            return Err(super::load_balancers::missing(arn));
        }
    }
    let table = &state.target_groups;
    let unseen = |name: &String| !table.seen(now).any(|(_, g)| g.name == *name);
    if arns.iter().any(|arn| table.see(arn, now).is_none()) || names.iter().any(unseen) {
        return Err(Fault::new("TargetGroupNotFound", "One or more target groups not found"));
    }
    let mut list = Vec::new();
    for (arn, group) in table.seen(now) {
        let used = users(state, arn);
        let asked = (arns.is_empty() || arns.iter().any(|a| a == arn))
            && (names.is_empty() || names.contains(&group.name))
            && load_balancer.as_ref().is_none_or(|lb| used.contains(lb));
        if asked {
            list.push(group.answer(arn, &used));
        }
    }
    Ok(json!({ "TargetGroups": list }))
}

fn modify(call: &mut Call<'_>) -> Outcome {
    let mut group = named(call)?;
    if call.opt_bool("HealthCheckEnabled") == Some(false) {
        return Err(misconfigured("Health checks cannot be disabled for this target group"));
    }
    if let Some(protocol) = call.opt_str("HealthCheckProtocol") {
        check_protocol(call, &group.protocol)?;
        if is_application(&protocol) != is_application(&group.check.protocol) {
            let fresh = HealthCheck::default_of(&group.protocol, &protocol);
            group.check.path = fresh.path;
            group.check.matcher = fresh.matcher;
        }
        group.check.protocol = protocol;
    }
    group.check = group.check.clone().changed(call)?;
    group.check.check(group.is_application())?;
    let arn = call.str("TargetGroupArn");
    let answer = group.answer(&arn, &users(elbv2(call), &arn));
    if let Some(kept) = elbv2(call).target_groups.get_mut(&arn) {
        *kept = group;
    }
    Ok(json!({ "TargetGroups": [answer] }))
}
