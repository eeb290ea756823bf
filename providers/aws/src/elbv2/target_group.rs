//! `aws_lb_target_group`.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum as Protocol, TargetGroup as Group,
    TargetGroupIpAddressTypeEnum as Addresses, TargetTypeEnum as Kind,
};
use kprov_core::{Path, PathStep, Value};
use serde_json::json;

use super::target_group_attributes::{attributes, fresh, modify, names as attribute_names, tell};
use super::{GROUP, check_name, is_ours, retag, suffix, tags, tags_of};
use crate::api::{Api, AwsError};
use crate::bulk::{Found, groups};
use crate::fields::{Fields, Problems};
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging};
use crate::row::Row;
use crate::tags::Tags;

#[derive(Debug)]
pub(crate) struct TargetGroup;

const PROTOCOLS: [&str; 9] =
    ["GENEVE", "HTTP", "HTTPS", "QUIC", "TCP", "TCP_QUIC", "TCP_UDP", "TLS", "UDP"];

#[async_trait]
impl AwsResource for TargetGroup {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        check_name(problems, config);
        problems.in_range(config, "port", 1, 65535);
        problems.one_of(config, "protocol", &PROTOCOLS);
        problems.one_of(config, "target_type", &["alb", "instance", "ip", "lambda"]);
        problems.one_of(config, "ip_address_type", &["ipv4", "ipv6"]);
        problems.one_of(config, "protocol_version", &["GRPC", "HTTP1", "HTTP2"]);
        problems.one_of(config, "preserve_client_ip", &["true", "false"]);
        if let Some(text) = config.str("deregistration_delay")
            && !text.parse::<u32>().is_ok_and(|seconds| seconds <= 3600)
        {
            let message = format!("Expected 0 to 3600 seconds, not {text:?}.");
            problems.add("deregistration_delay", "Value out of range", message);
        }
        if config.get("target_type").is_known() && config.text("target_type") != Some("lambda") {
            for name in ["port", "protocol", "vpc_id"] {
                if !config.is_set(name) {
                    let message =
                        format!("{name:?} must be set unless the targets are a function.");
                    problems.add(name, "Missing required argument", message);
                }
            }
        }
        if let Some(seconds) = config.i64("slow_start")
            && seconds != 0
            && !(30..=900).contains(&seconds)
        {
            let message = format!("Expected 0, or 30 to 900 seconds, not {seconds}.");
            problems.add("slow_start", "Value out of range", message);
        }
        check_health(config, problems);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let arn = prior.id();
        let Some(group) = api.load("target group", arn, target_groups).await? else {
            return Ok(None);
        };
        let (attributes, tags) = futures::try_join!(
            api.load("target group attributes", arn, attributes),
            api.load("elbv2 tags", arn, tags_of),
        )?;
        let name = group.target_group_name().unwrap_or_default();
        let mut row = Row::new();
        row.set("id", arn)
            .set("arn", arn)
            .set("arn_suffix", suffix(arn))
            .set("name", name)
            .set("name_prefix", names::prefix(name))
            .set("target_type", group.target_type().map(Kind::as_str))
            .set("ip_address_type", group.ip_address_type().map(Addresses::as_str))
            .set("port", group.port())
            .set("protocol", group.protocol().map(Protocol::as_str))
            .set("protocol_version", group.protocol_version())
            .set("target_control_port", group.target_control_port())
            .set("vpc_id", group.vpc_id())
            .strings("load_balancer_arns", group.load_balancer_arns())
            .tags(tags.unwrap_or_default());
        // Without a block, AWS's choices are not the resource's affair.
        if let Some(before) = prior.block("health_check") {
            row.set("health_check", vec![health(&group, before)]);
        }
        tell(&attributes.unwrap_or_default(), prior, &mut row);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let name = names::chosen(planned, create.token, "tf-");
        let all = tags(&create.tags_with_token());
        let kind = planned.str("target_type").unwrap_or("instance");
        let lambda = kind == "lambda";
        let check = Check::of(planned);
        let make = || {
            let call = api.elbv2().create_target_group().name(&name).target_type(Kind::from(kind));
            let call = match lambda {
                true => call,
                false => call
                    .set_port(planned.i32("port"))
                    .set_protocol(planned.str("protocol").map(Protocol::from))
                    .set_protocol_version(planned.string("protocol_version"))
                    .set_vpc_id(planned.string("vpc_id"))
                    .set_target_control_port(planned.i32("target_control_port"))
                    .set_ip_address_type(planned.str("ip_address_type").map(Addresses::from)),
            };
            call.set_health_check_enabled(check.enabled)
                .set_health_check_interval_seconds(check.interval)
                .set_health_check_timeout_seconds(check.timeout)
                .set_healthy_threshold_count(check.healthy)
                .set_unhealthy_threshold_count(check.unhealthy)
                .set_health_check_path(check.path.clone())
                .set_health_check_port(check.port.clone())
                .set_health_check_protocol(check.protocol.clone())
                .set_matcher(check.matcher.clone())
                .set_tags(Some(all.clone()))
                .send()
        };
        let answer = api.call("elbv2", "CreateTargetGroup", make).await.map_err(at)?;
        let group = answer.target_groups.unwrap_or_default().into_iter().next();
        let arn = group.as_ref().and_then(|it| it.target_group_arn());
        let arn = arn.unwrap_or_default().to_owned();
        api.tell("target group", &arn, group);
        Ok(Made::id(arn))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let group = api.told::<Group>("target group", id);
        // Only what differs from what AWS gives a new group; what AWS would choose is said.
        modify(api, id, create.planned, |name, text| match name {
            "deregistration_delay" => text != "300",
            "slow_start" => text != "0",
            "lambda_multi_value_headers_enabled" | "proxy_protocol_v2" => text != "false",
            "stickiness" | "target_failover" | "target_group_health" | "target_health_state" => {
                text != "false"
            }
            _ => true,
        })
        .await?;
        if let (Some(group), Some(attributes)) = (group, fresh(create.planned)) {
            api.tell("target group", id, Some(group));
            api.tell("target group attributes", id, Some(attributes));
            api.tell("elbv2 tags", id, Some(create.tags_with_token()));
        }
        Ok(())
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (id, planned) = (changes.id(), changes.planned);
        if changes.has("health_check") && planned.block("health_check").is_some() {
            let check = Check::of(planned);
            let call = || {
                api.elbv2()
                    .modify_target_group()
                    .target_group_arn(id)
                    .set_health_check_enabled(check.enabled)
                    .set_health_check_interval_seconds(check.interval)
                    .set_health_check_timeout_seconds(check.timeout)
                    .set_healthy_threshold_count(check.healthy)
                    .set_unhealthy_threshold_count(check.unhealthy)
                    .set_health_check_path(check.path.clone())
                    .set_health_check_port(check.port.clone())
                    .set_health_check_protocol(check.protocol.clone())
                    .set_matcher(check.matcher.clone())
                    .send()
            };
            let result = api.call("elbv2", "ModifyTargetGroup", call).await;
            result.map_err(|error| error.at("health_check"))?;
        }
        let names: Vec<&str> = attribute_names().filter(|name| changes.has(name)).collect();
        modify(api, id, planned, |name, _| names.contains(&name)).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let delete = || api.elbv2().delete_target_group().target_group_arn(prior.id()).send();
        api.call("elbv2", "DeleteTargetGroup", delete).await.map(|_| ())
    }

    fn delete_patience(&self) -> Duration {
        Duration::from_secs(2 * 60)
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        let group = api.load("target group", prior.id(), target_groups).await?;
        let arns = group.map(|group| group.load_balancer_arns().to_vec()).unwrap_or_default();
        Ok(arns.iter().map(|arn| format!("a listener of the load balancer {arn}")).collect())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = names::chosen(create.planned, create.token, "tf-");
        let ask = || api.elbv2().describe_target_groups().names(&name).send();
        let answer = match api.call("elbv2", "DescribeTargetGroups", ask).await {
            Err(error) if error.is_not_found() => return Ok(None),
            answer => answer?,
        };
        let arn = answer.target_groups().first().and_then(|it| it.target_group_arn());
        let Some(arn) = arn else { return Ok(None) };
        Ok(is_ours(api, arn, create.token).await?.then(|| Made::id(arn)))
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        retag(api, object.id(), removed, written).await
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        match id.starts_with("arn:") && id.contains(":targetgroup/") {
            true => Ok(vec![("id", Value::string(id))]),
            false => Err(format!("Expected the ARN of a target group, not {id:?}.")),
        }
    }
}

fn check_health(config: Fields<'_>, problems: &mut Problems) {
    let Some(check) = config.block("health_check") else { return };
    let at = |name: &str| {
        let block = Path::attribute("health_check").then(PathStep::Index(0));
        block.then(PathStep::Attribute(name.into()))
    };
    let mut inner = Problems::default();
    inner.in_range(check, "healthy_threshold", 2, 10);
    inner.in_range(check, "unhealthy_threshold", 2, 10);
    inner.in_range(check, "interval", 5, 300);
    inner.in_range(check, "timeout", 2, 120);
    inner.one_of(check, "protocol", &["HTTP", "HTTPS", "TCP", "http", "https", "tcp"]);
    for problem in inner.0 {
        let name = problem.path.to_string();
        problems.at(at(name.trim_start_matches('.')), &problem.summary, problem.message);
    }
    if let Some(port) = check.str("port")
        && port != "traffic-port"
        && !port.parse::<u16>().is_ok_and(|port| port > 0)
    {
        let message = format!("Expected \"traffic-port\" or a port from 1 to 65535, not {port:?}.");
        problems.at(at("port"), "Invalid port", message);
    }
    if let Some(path) = check.str("path")
        && (!path.starts_with('/') || path.len() > 1024)
    {
        problems.at(at("path"), "Invalid path", format!("A path begins with \"/\", not {path:?}."));
    }
    if check.text("protocol").is_some_and(|it| it.eq_ignore_ascii_case("tcp")) {
        for name in ["path", "matcher"] {
            if check.str(name).is_some() {
                let message = format!("A health check by TCP has no {name:?}: remove it.");
                problems.at(at(name), "Conflicting configuration arguments", message);
            }
        }
    }
    if let (Some(interval), Some(timeout)) = (check.i64("interval"), check.i64("timeout"))
        && timeout > interval
    {
        let message = format!("It must be at most the interval, {interval} s.");
        problems.at(at("timeout"), "Value out of range", message);
    }
}

fn at(error: AwsError) -> AwsError {
    match &*error.code {
        "DuplicateTargetGroupName" => error.at("name"),
        _ if error.message.contains("ealth check") => error.at("health_check"),
        _ if error.message.contains("vpc") => error.at("vpc_id"),
        _ => error,
    }
}

/// Target groups by ARN.
pub(crate) async fn target_groups(api: Api, arns: Vec<String>) -> Result<Found<Group>> {
    let api = &api;
    groups(arns, GROUP, |group| async move {
        let ask = || {
            api.elbv2().describe_target_groups().set_target_group_arns(Some(group.clone())).send()
        };
        let answer = api.call("elbv2", "DescribeTargetGroups", ask).await?;
        let all = answer.target_groups.unwrap_or_default().into_iter();
        Ok(all.filter_map(|it| Some((it.target_group_arn.clone()?, it))).collect())
    })
    .await
}

fn health(group: &Group, before: Fields<'_>) -> serde_json::Value {
    let matcher = group.matcher().and_then(|it| it.http_code().or(it.grpc_code()));
    let protocol = group.health_check_protocol().map(Protocol::as_str);
    let as_before = before
        .str("protocol")
        .filter(|it| protocol.is_some_and(|now| now.eq_ignore_ascii_case(it)));
    json!({
        "enabled": group.health_check_enabled(),
        "interval": group.health_check_interval_seconds(),
        "timeout": group.health_check_timeout_seconds(),
        "healthy_threshold": group.healthy_threshold_count(),
        "unhealthy_threshold": group.unhealthy_threshold_count(),
        "path": group.health_check_path().unwrap_or_default(),
        "port": group.health_check_port().or(before.str("port")),
        "protocol": as_before.or(protocol).or(before.str("protocol")),
        "matcher": matcher.unwrap_or_default(),
    })
}

/// A health check as the API takes it.
#[derive(Debug, Default)]
struct Check {
    enabled: Option<bool>,
    interval: Option<i32>,
    timeout: Option<i32>,
    healthy: Option<i32>,
    unhealthy: Option<i32>,
    path: Option<String>,
    port: Option<String>,
    protocol: Option<Protocol>,
    matcher: Option<Matcher>,
}

impl Check {
    fn of(planned: Fields<'_>) -> Check {
        let Some(block) = planned.block("health_check") else { return Check::default() };
        let protocol = block.str("protocol").unwrap_or("HTTP").to_ascii_uppercase();
        let http = protocol != "TCP";
        let lambda = planned.str("target_type") == Some("lambda");
        let grpc = planned.str("protocol_version") == Some("GRPC");
        let matcher = block.str("matcher").filter(|_| http).map(|text| match grpc {
            true => Matcher::builder().grpc_code(text).build(),
            false => Matcher::builder().http_code(text).build(),
        });
        Check {
            enabled: block.bool("enabled"),
            interval: block.i32("interval"),
            timeout: block.i32("timeout").filter(|seconds| *seconds > 0),
            healthy: block.i32("healthy_threshold"),
            unhealthy: block.i32("unhealthy_threshold"),
            path: block.string("path").filter(|_| http),
            port: block.string("port").filter(|_| !lambda),
            protocol: (!lambda).then(|| Protocol::from(protocol.as_str())),
            matcher,
        }
    }
}
