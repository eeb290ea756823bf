//! Resource types of Auto Scaling, one per file, and what their calls have in common.

pub(crate) mod attachment;
pub(crate) mod group;
pub(crate) mod lifecycle_hook;
pub(crate) mod policy;
pub(crate) mod schedule;

use std::collections::HashMap;

use aws_sdk_autoscaling::types::AutoScalingGroup;

use crate::api::{Api, AwsError};
use crate::resource::Result;

/// Groups by name. A name without a group is no error here.
pub(crate) async fn groups(
    api: Api,
    names: Vec<String>,
) -> Result<HashMap<String, AutoScalingGroup>> {
    let ask = |token| {
        let call = api.autoscaling().describe_auto_scaling_groups();
        let call = call.set_auto_scaling_group_names(Some(names.clone())).max_records(100);
        call.set_next_token(token).send()
    };
    let all = api.pages("autoscaling", "DescribeAutoScalingGroups", ask, |answer| {
        (answer.auto_scaling_groups, answer.next_token)
    });
    let all = all.await?.into_iter();
    Ok(all.filter_map(|it| Some((it.auto_scaling_group_name.clone()?, it))).collect())
}

/// Auto Scaling says that something is not there in words, not by its code.
pub(crate) fn is_gone(error: &AwsError) -> bool {
    let text = error.message.to_ascii_lowercase();
    let says_so = text.contains("not found") || text.starts_with("no ") && text.contains("found");
    error.is_not_found() || error.code == "ValidationError" && says_so
}

/// What is gone already needs no deleting.
pub(crate) fn or_gone<T>(result: Result<T>) -> Result<()> {
    match result {
        Err(error) if is_gone(&error) => Ok(()),
        result => result.map(|_| ()),
    }
}

/// The names in `group/name`, each once.
fn names_of(keys: &[String]) -> Vec<String> {
    let names = keys.iter().filter_map(|key| key.split_once('/')).map(|(_, name)| name.to_owned());
    names.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}
