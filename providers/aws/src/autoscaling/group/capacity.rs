//! Waiting until a group has the instances that it shall have.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use aws_sdk_autoscaling::types::{Activity, AutoScalingGroup, LifecycleState};
use futures::future::try_join_all;

use crate::api::{Api, AwsError, Progress};
use crate::autoscaling::groups;
use crate::fields::{Fields, parse_duration};
use crate::resource::Result;

/// How often a group that is not there yet is asked what failed.
const LOOK: Duration = Duration::from_secs(30);

/// Waits as `wait_for_capacity_timeout` says. `exactly`: after an update, where more than wanted is
/// not yet right either.
pub(super) async fn wait(api: &Api, planned: Fields<'_>, name: &str, exactly: bool) -> Result<()> {
    let text = planned.str("wait_for_capacity_timeout").unwrap_or("10m");
    let patience = parse_duration(text).unwrap_or(Duration::from_secs(600));
    if patience.is_zero() {
        return Ok(());
    }
    let start = api.now();
    loop {
        let slice = LOOK.min(patience.saturating_sub(api.since(start)));
        let judge = |group: Option<&AutoScalingGroup>| has_instances(group, planned, exactly);
        let kind = "autoscaling group";
        let error = match api.wait_since(start, kind, name, slice, groups, judge).await {
            Ok(group) if balanced(api, &group, planned, exactly).await? => return Ok(()),
            Ok(_) => timeout(
                name,
                "without enough instances that are healthy behind their load \
                                    balancers",
            ),
            Err(error) if error.is(&["Timeout"]) => error,
            Err(error) => return Err(error),
        };
        let failed = failures(api, name, start).await?;
        if let Some(activity) = failed.iter().find(|it| is_final(it))
            && planned.bool("ignore_failed_scaling_activities") != Some(true)
        {
            return Err(AwsError::lost("ScalingActivityFailed", words(name, activity)));
        }
        if api.since(start) >= patience {
            let mut error = error;
            if let Some(last) = failed.first() {
                error.message = format!("{} {}", error.message, words(name, last));
            }
            return Err(error);
        }
        if !error.is(&["Timeout"]) || error.message.contains("behind") {
            api.sleep(Duration::from_secs(5)).await;
        }
    }
}

fn timeout(name: &str, state: &str) -> AwsError {
    let message = format!(
        "{name} is still {state}. It may get there yet: run again, or allow more time in \
         \"wait_for_capacity_timeout\"."
    );
    AwsError::lost("Timeout", message)
}

fn words(name: &str, activity: &Activity) -> String {
    let why = activity.status_message().unwrap_or_default();
    format!("{name} could not scale: {} {why}", activity.description().unwrap_or_default())
}

/// In service and healthy, each with its weight.
fn serving(group: &AutoScalingGroup) -> impl Iterator<Item = (&str, i64)> {
    let weight = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or(1);
    let serves = |it: &&aws_sdk_autoscaling::types::Instance| {
        it.lifecycle_state() == Some(&LifecycleState::InService)
            && it.health_status().is_some_and(|it| it.eq_ignore_ascii_case("healthy"))
    };
    let all = group.instances().iter().filter(serves);
    all.map(move |it| (it.instance_id().unwrap_or_default(), weight(it.weighted_capacity())))
}

fn has_instances(
    group: Option<&AutoScalingGroup>,
    planned: Fields<'_>,
    exactly: bool,
) -> Progress<AutoScalingGroup> {
    let Some(group) = group else { return Progress::Pending("not visible".to_owned()) };
    let desired = planned.i64("desired_capacity").filter(|it| *it > 0);
    let wanted = desired.or(planned.i64("min_size")).unwrap_or(0);
    let now: i64 = serving(group).map(|(_, weight)| weight).sum();
    // The group may scale by itself where nobody says how many there shall be.
    let too_many = exactly && desired.is_some() && now > wanted;
    if now < wanted || too_many {
        return Progress::Pending(format!("at {now} of {wanted} instances in service"));
    }
    Progress::Done(group.clone())
}

/// Are as many healthy in all of the group's target groups and load balancers as shall be?
async fn balanced(
    api: &Api,
    group: &AutoScalingGroup,
    planned: Fields<'_>,
    exactly: bool,
) -> Result<bool> {
    let number = |name: &str| planned.i64(name).filter(|number| *number > 0);
    let (exact, least) = (number("wait_for_elb_capacity"), number("min_elb_capacity"));
    let Some(wanted) = exact.or(least.filter(|_| !exactly)) else { return Ok(true) };
    let arns = group.target_group_arns();
    if arns.is_empty() {
        return Ok(true);
    }
    let healthy = try_join_all(arns.iter().map(|arn| healthy_targets(api, arn))).await?;
    let everywhere = |id: &str| healthy.iter().all(|targets| targets.contains(id));
    let now: i64 = serving(group).filter(|(id, _)| everywhere(id)).map(|(_, weight)| weight).sum();
    Ok(if exact.is_some() { now == wanted } else { now >= wanted })
}

async fn healthy_targets(api: &Api, arn: &str) -> Result<HashSet<String>> {
    let found = api.load("healthy targets", arn, targets).await?;
    Ok(found.unwrap_or_default())
}

/// Healthy instances by target group.
async fn targets(api: Api, arns: Vec<String>) -> Result<HashMap<String, HashSet<String>>> {
    use aws_sdk_elasticloadbalancingv2::types::TargetHealthStateEnum::Healthy;
    let one = |arn: String| {
        let api = api.clone();
        async move {
            let ask = || api.elbv2().describe_target_health().target_group_arn(&arn).send();
            let answer = api.call("elbv2", "DescribeTargetHealth", ask).await?;
            let all = answer.target_health_descriptions.unwrap_or_default().into_iter();
            let healthy = all.filter(|it| {
                it.target_health().and_then(|health| health.state()) == Some(&Healthy)
            });
            let ids = healthy.filter_map(|it| it.target.and_then(|target| target.id));
            Ok((arn.clone(), ids.collect()))
        }
    };
    Ok(try_join_all(arns.into_iter().map(one)).await?.into_iter().collect())
}

/// Activities that failed since then, newest first.
async fn failures(api: &Api, name: &str, since: SystemTime) -> Result<Vec<Activity>> {
    use aws_sdk_autoscaling::types::ScalingActivityStatusCode::Failed;
    let ask =
        || api.autoscaling().describe_scaling_activities().auto_scaling_group_name(name).send();
    let answer = api.call("autoscaling", "DescribeScalingActivities", ask).await?;
    let since = aws_smithy_types::DateTime::from(since).secs();
    let all = answer.activities.unwrap_or_default().into_iter();
    let failed = all.filter(|it| {
        it.status_code() == Some(&Failed) && it.start_time().is_none_or(|it| it.secs() >= since)
    });
    Ok(failed.collect())
}

/// Is it of no use to wait? Capacity may come, or be found in another zone.
fn is_final(activity: &Activity) -> bool {
    let why = activity.status_message().unwrap_or_default().to_ascii_lowercase();
    let passing = ["capacity", "spot", "try again", "instance profile", "iaminstanceprofile"];
    !passing.iter().any(|words| why.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_autoscaling::types::Instance;
    use kprov_core::Value;

    fn group(states: &[LifecycleState]) -> AutoScalingGroup {
        let one = |state: &LifecycleState| {
            Instance::builder()
                .instance_id("i-1")
                .lifecycle_state(state.clone())
                .health_status("Healthy")
                .build()
        };
        AutoScalingGroup::builder().set_instances(Some(states.iter().map(one).collect())).build()
    }

    fn done(states: &[LifecycleState], desired: Value, exactly: bool) -> bool {
        let planned = Value::object([("min_size", Value::int(1)), ("desired_capacity", desired)]);
        let group = group(states);
        matches!(has_instances(Some(&group), Fields(&planned), exactly), Progress::Done(_))
    }

    #[test]
    fn instances_count_once_they_are_in_service() {
        use LifecycleState::{InService, PendingWait};
        assert!(!done(&[InService, PendingWait], Value::int(2), false));
        assert!(done(&[InService, InService], Value::int(2), false));
        assert!(done(&[InService], Value::NULL, false));
        assert!(!done(&[InService, InService], Value::int(1), true));
    }

    #[test]
    fn lack_of_capacity_is_not_final_and_a_wrong_image_is() {
        let activity = |why: &str| Activity::builder().status_message(why).build();
        assert!(!is_final(&activity("We currently do not have sufficient m5.large capacity")));
        assert!(is_final(&activity("The image id '[ami-1]' does not exist. Launching failed.")));
    }
}
