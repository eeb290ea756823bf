//! Default actions of listeners: forward, redirect, fixed response.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum as Kind, FixedResponseActionConfig, ForwardActionConfig,
    RedirectActionConfig, RedirectActionStatusCodeEnum, TargetGroupStickinessConfig,
    TargetGroupTuple,
};
use kprov_core::{Path, PathStep};
use serde_json::{Value as Json, json};

use crate::fields::{Fields, Problems};

/// What is not there yet.
const MISSING: [&str; 3] = ["authenticate_cognito", "authenticate_oidc", "jwt_validation"];

/// Checks the `default_action` blocks.
pub(super) fn check(config: Fields<'_>, problems: &mut Problems) {
    for (index, action) in config.blocks("default_action").enumerate() {
        let at = |name: &str| {
            let block = Path::attribute("default_action").then(PathStep::Index(index as u64));
            block.then(PathStep::Attribute(name.into()))
        };
        let Some(kind) = action.text("type") else { continue };
        match kind {
            "forward" => {
                let one = action.is_set("target_group_arn");
                if !one && action.block("forward").is_none() {
                    let message =
                        "An action \"forward\" needs \"target_group_arn\" or \"forward\".";
                    problems.at(at("target_group_arn"), "Missing required argument", message);
                }
            }
            "redirect" | "fixed-response" => {
                let name = kind.replace('-', "_");
                if action.block(&name).is_none() {
                    let message = format!("An action {kind:?} needs a block {name:?}.");
                    problems.at(at(&name), "Missing required argument", message);
                }
            }
            _ => {
                let message = format!(
                    "{kind:?} is none of: forward, redirect, fixed-response (others later)."
                );
                problems.at(at("type"), "Invalid value", message);
            }
        }
        for name in MISSING.into_iter().filter(|name| action.block(name).is_some()) {
            let message = format!("{name:?} is not supported here yet: remove it.");
            problems.at(at(name), "Not supported", message);
        }
    }
}

/// As the API takes them.
pub(super) fn wanted(object: Fields<'_>) -> Vec<Action> {
    let count = object.blocks("default_action").count();
    let blocks = object.blocks("default_action").enumerate();
    blocks
        .map(|(index, block)| {
            let order = block.i32("order").filter(|order| *order > 0);
            let order = order.or((count > 1).then_some(index as i32 + 1));
            Action::builder()
                .r#type(Kind::from(block.str("type").unwrap_or_default()))
                .set_order(order)
                .set_target_group_arn(
                    block.string("target_group_arn").filter(|_| block.block("forward").is_none()),
                )
                .set_forward_config(block.block("forward").map(forward))
                .set_redirect_config(block.block("redirect").map(redirect))
                .set_fixed_response_config(block.block("fixed_response").map(fixed))
                .build()
        })
        .collect()
}

fn forward(block: Fields<'_>) -> ForwardActionConfig {
    let group = |it: Fields<'_>| {
        let tuple = TargetGroupTuple::builder().set_target_group_arn(it.string("arn"));
        tuple.set_weight(it.i32("weight")).build()
    };
    let stickiness = block.block("stickiness").map(|it| {
        TargetGroupStickinessConfig::builder()
            .set_enabled(it.bool("enabled"))
            .set_duration_seconds(it.i32("duration"))
            .build()
    });
    ForwardActionConfig::builder()
        .set_target_groups(Some(block.blocks("target_group").map(group).collect()))
        .set_target_group_stickiness_config(stickiness)
        .build()
}

fn redirect(block: Fields<'_>) -> RedirectActionConfig {
    let code = block.str("status_code").map(RedirectActionStatusCodeEnum::from);
    RedirectActionConfig::builder()
        .set_host(block.string("host"))
        .set_path(block.string("path"))
        .set_port(block.string("port"))
        .set_protocol(block.string("protocol"))
        .set_query(block.text("query").map(str::to_owned))
        .set_status_code(code)
        .build()
}

fn fixed(block: Fields<'_>) -> FixedResponseActionConfig {
    FixedResponseActionConfig::builder()
        .set_content_type(block.string("content_type"))
        .set_message_body(block.string("message_body"))
        .set_status_code(block.string("status_code"))
        .build()
}

/// As the API has them, in the form that the object had before: AWS tells of one target group both
/// ways.
pub(super) fn told(actions: &[Action], before: Fields<'_>) -> Vec<Json> {
    let mut sorted: Vec<&Action> = actions.iter().collect();
    sorted.sort_by_key(|action| action.order().unwrap_or_default());
    let blocks: Vec<Fields<'_>> = before.blocks("default_action").collect();
    let each = sorted.into_iter().enumerate().map(|(index, action)| {
        let block = blocks.get(index);
        let groups = action.forward_config().map(|it| it.target_groups()).unwrap_or_default();
        let long = block.map_or(groups.len() > 1, |block| block.block("forward").is_some());
        // Some configurations say it both ways.
        let short = !long || block.is_some_and(|block| block.str("target_group_arn").is_some());
        let arn = action.target_group_arn().or(match groups {
            [one] => one.target_group_arn(),
            _ => None,
        });
        let forward = action.forward_config().filter(|_| long);
        json!({
            "type": action.r#type().map(Kind::as_str),
            "order": action.order(),
            "target_group_arn": arn.filter(|_| short),
            "forward": Vec::from_iter(forward.map(|it| forward_told(it, block))),
            "redirect": Vec::from_iter(action.redirect_config().map(redirect_told)),
            "fixed_response": Vec::from_iter(action.fixed_response_config().map(fixed_told)),
            "authenticate_cognito": [],
            "authenticate_oidc": [],
            "jwt_validation": [],
        })
    });
    each.collect()
}

fn forward_told(config: &ForwardActionConfig, before: Option<&Fields<'_>>) -> Json {
    let groups = config.target_groups().iter();
    let groups: Vec<_> = groups
        .map(|it| json!({"arn": it.target_group_arn(), "weight": it.weight().unwrap_or(1)}))
        .collect();
    let before = before.and_then(|it| it.block("forward"));
    let stickiness = config.target_group_stickiness_config().filter(|it| {
        it.enabled() == Some(true) || before.is_some_and(|it| it.block("stickiness").is_some())
    });
    let old = before.and_then(|it| it.block("stickiness")).and_then(|it| it.i64("duration"));
    let stickiness = stickiness.map(|it| {
        let lasts = it.duration_seconds().map(i64::from).or(old);
        json!({"enabled": it.enabled().unwrap_or(false), "duration": lasts})
    });
    json!({"target_group": groups, "stickiness": Vec::from_iter(stickiness)})
}

fn redirect_told(config: &RedirectActionConfig) -> Json {
    json!({
        "host": config.host(),
        "path": config.path(),
        "port": config.port(),
        "protocol": config.protocol(),
        "query": config.query(),
        "status_code": config.status_code().map(RedirectActionStatusCodeEnum::as_str),
    })
}

fn fixed_told(config: &FixedResponseActionConfig) -> Json {
    json!({
        "content_type": config.content_type(),
        "message_body": config.message_body(),
        "status_code": config.status_code(),
    })
}
