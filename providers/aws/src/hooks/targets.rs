//! What the target groups say of a hook's machine: the one that is named, or all of its group.

use std::sync::LazyLock;

use futures::future::try_join_all;
use kprov_provider::rotation::HookCall;
use kprov_provider::rotation::world::Target;
use kprov_provider::{AttributeError, ProviderError, Schema};

use super::{schema, text, wrong};
use crate::api::Api;
use crate::autoscaling::group::rotation::{find, observe, target_groups};
use crate::fields::Fields;

/// The block of both actions about targets.
pub(super) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let which = text()
        .optional()
        .describe("The target group; all of the machine's group where it is not said.");
    schema("target_group_arn", which, "What load balancers say of the machine.")
});

pub(super) fn validate(config: Fields<'_>) -> Vec<AttributeError> {
    match config.text("target_group_arn") {
        Some(arn) if !arn.contains(":targetgroup/") => wrong(
            "target_group_arn",
            "Expected the ARN of a target group, as aws_lb_target_group has it.",
        ),
        _ => Vec::new(),
    }
}

/// Each target group, and what it says of the machine.
pub(super) async fn look(call: &HookCall<'_>) -> Result<Vec<(String, Target)>, ProviderError> {
    let api = call.group_context.client::<Api>();
    let seen = async {
        let arns = match Fields(call.config).str("target_group_arn") {
            Some(arn) => vec![arn.to_owned()],
            None => target_groups(&find(api, call.group.as_str()).await?),
        };
        let machine = call.member.id.as_str();
        let one = |arn: String| async move {
            let states = observe::targets(api, &arn, Some(machine)).await?;
            Ok((
                name(&arn).to_owned(),
                observe::of_states(states.get(machine).map_or(&[], Vec::as_slice)),
            ))
        };
        try_join_all(arns.into_iter().map(one)).await
    };
    seen.await.map_err(|error: crate::api::AwsError| {
        error.provider("Cannot ask for the health of targets")
    })
}

/// `arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/api/0123` is `api`.
fn name(arn: &str) -> &str {
    arn.split(":targetgroup/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or(arn)
}

/// `healthy`, as people know it from AWS.
pub(super) fn word(target: Target) -> &'static str {
    match target {
        Target::NotRegistered => "not registered",
        Target::Initial => "initial",
        Target::Healthy => "healthy",
        Target::Unhealthy => "unhealthy",
        Target::Draining => "draining",
        Target::Unused => "unused",
    }
}

/// The first that is not as it should be, in words.
pub(super) fn first_other(
    machine: &str,
    targets: &[(String, Target)],
    right: impl Fn(Target) -> bool,
) -> Option<String> {
    let (name, target) = targets.iter().find(|(_, target)| !right(*target))?;
    Some(format!("{machine} is {} in target group {name}.", word(*target)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_which_target_group_and_what_it_says() {
        let arn = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/api/0123";
        let targets =
            [("web".to_owned(), Target::Healthy), (name(arn).to_owned(), Target::Initial)];
        let says = first_other("i-1", &targets, |target| target == Target::Healthy);
        assert_eq!(says.as_deref(), Some("i-1 is initial in target group api."));
        assert_eq!(first_other("i-1", &targets, |_| true), None);
    }
}
