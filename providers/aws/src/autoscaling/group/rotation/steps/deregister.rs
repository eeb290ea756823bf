//! `Deregister`: no new requests come to a machine. Its target groups let its connections go, and the next looks see it.

use aws_sdk_elasticloadbalancingv2::types::TargetDescription;
use futures::future::try_join_all;

use super::super::{find, target_groups};
use crate::api::Api;
use crate::resource::Result;

fn target(machine: &str) -> TargetDescription {
    TargetDescription::builder().id(machine).build()
}

/// Takes a machine out of all target groups of its group.
pub(super) async fn deregister(api: &Api, group: &str, machine: &str) -> Result<()> {
    let arns = target_groups(&find(api, group).await?);
    let one = |arn: String| async move {
        let make = || {
            let call = api.elbv2().deregister_targets().target_group_arn(&arn);
            call.targets(target(machine)).send()
        };
        match api.call("elbv2", "DeregisterTargets", make).await {
            // A machine that is gone is in no target group either.
            Err(error) if error.is_not_found() || error.is(&["InvalidTarget"]) => Ok(()),
            answer => answer.map(|_| ()),
        }
    };
    try_join_all(arns.into_iter().map(one)).await.map(|_| ())
}

/// Puts it into all of them again.
pub(super) async fn register(api: &Api, arns: Vec<String>, machine: &str) -> Result<()> {
    let one = |arn: String| async move {
        let make = || {
            let call = api.elbv2().register_targets().target_group_arn(&arn);
            call.targets(target(machine)).send()
        };
        api.call("elbv2", "RegisterTargets", make).await.map(|_| ())
    };
    try_join_all(arns.into_iter().map(one)).await.map(|_| ())
}
