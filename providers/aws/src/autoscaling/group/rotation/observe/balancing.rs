//! What load balancers say of machines, and how they are set up.
//!
//! A target group that no load balancer uses says nothing of anybody's health, and does not count. A machine that is not in
//! a target group that counts is [`Target::Unused`], and not `NotRegistered`, which says that there is nothing to be
//! registered with: it is not well.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types::{
    TargetGroup, TargetHealthDescription, TargetHealthStateEnum as State,
};
use futures::future::try_join_all;
use kprov_provider::rotation::world::{Endpoint, Target};

use crate::api::Api;
use crate::elbv2::{Attributes, target_group, target_group_attributes};
use crate::resource::Result;

/// How long the settings of a target group are believed.
const SETTLED: Duration = Duration::from_secs(60);

/// Seconds from when a target is found unhealthy until no node of the balancer sends to it any more. NLBs have been seen
/// to take longer for what is deregistered (kops 11256), which is seen as draining, and waited for.
const PROPAGATION: u64 = 10;

/// Target groups that count, by ARN.
pub(super) struct Balancing(HashMap<String, Behind>);

/// One target group.
#[derive(Clone, Debug)]
struct Behind {
    setup: Setup,
    targets: BTreeMap<String, Vec<State>>,
}

/// How one is set up.
#[derive(Clone, Debug)]
struct Setup {
    group: TargetGroup,
    attributes: Attributes,
}

/// Asks for all of them.
pub(super) async fn look(api: &Api, arns: BTreeSet<String>) -> Result<Balancing> {
    let setups = try_join_all(arns.iter().map(|arn| setup(api, arn))).await?;
    let used = setups.into_iter().flatten();
    let used = used.filter(|setup| !setup.group.load_balancer_arns().is_empty());
    let all = used.map(|setup| async move {
        let arn = setup.group.target_group_arn().unwrap_or_default().to_owned();
        let targets = targets(api, &arn, None).await?;
        Ok::<_, crate::api::AwsError>((arn, Behind { setup, targets }))
    });
    Ok(Balancing(try_join_all(all).await?.into_iter().collect()))
}

async fn setup(api: &Api, arn: &str) -> Result<Option<Setup>> {
    let ask = || async {
        let group = api.load("target group", arn, target_group::target_groups);
        let attributes =
            api.load("target group attributes", arn, target_group_attributes::attributes);
        let (group, attributes) = futures::future::try_join(group, attributes).await?;
        Ok(group.map(|group| Setup { group, attributes: attributes.unwrap_or_default() }))
    };
    // Before a balancer uses it, that may change at any moment.
    let used = |setup: &Option<Setup>| {
        setup.as_ref().is_some_and(|setup| !setup.group.load_balancer_arns().is_empty())
    };
    api.remember("rotation: target group", arn, SETTLED, used, ask).await
}

/// The states of targets, with all their ports; of one machine only, where it is named.
pub(crate) async fn targets(
    api: &Api,
    arn: &str,
    machine: Option<&str>,
) -> Result<BTreeMap<String, Vec<State>>> {
    let one = machine.map(|id| {
        let target = aws_sdk_elasticloadbalancingv2::types::TargetDescription::builder();
        vec![target.id(id).build()]
    });
    let ask = || {
        let call = api.elbv2().describe_target_health().target_group_arn(arn);
        call.set_targets(one.clone()).send()
    };
    let answer = match api.call("elbv2", "DescribeTargetHealth", ask).await {
        Ok(answer) => answer.target_health_descriptions.unwrap_or_default(),
        Err(error) if error.is_not_found() || error.is(&["InvalidTarget"]) => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut all: BTreeMap<String, Vec<State>> = BTreeMap::new();
    for (id, state) in answer.into_iter().filter_map(state) {
        all.entry(id).or_default().push(state);
    }
    Ok(all)
}

fn state(it: TargetHealthDescription) -> Option<(String, State)> {
    let state = it.target_health()?.state()?.clone();
    Some((it.target?.id?, state))
}

/// What one target group says of a machine, the worst of its ports.
pub(crate) fn of_states(states: &[State]) -> Target {
    let worst = states.iter().map(|state| match state {
        State::Healthy | State::Unavailable => (1, Target::Healthy),
        State::Initial => (2, Target::Initial),
        State::Draining => (0, Target::Draining),
        State::Unused => (-1, Target::Unused),
        // Also what AWS may say one day.
        _ => (3, Target::Unhealthy),
    });
    worst.max_by_key(|(rank, _)| *rank).map_or(Target::Unused, |(_, target)| target)
}

/// What several target groups say together: a machine is well when all find it so, and nothing comes when nothing comes
/// from any.
pub(crate) fn together(all: &[Target]) -> Target {
    if all.is_empty() {
        return Target::NotRegistered;
    }
    if all.iter().any(|target| target.registered()) {
        let missing = all.iter().any(|target| !target.registered());
        let has = |wanted: Target| all.contains(&wanted);
        return if has(Target::Unhealthy) || missing {
            Target::Unhealthy
        } else if has(Target::Initial) {
            Target::Initial
        } else {
            Target::Healthy
        };
    }
    if all.contains(&Target::Draining) { Target::Draining } else { Target::Unused }
}

/// The target groups of one group that count.
pub(super) struct Targets<'b>(Vec<&'b Behind>);

impl Balancing {
    pub(super) fn of(&self, arns: &[String]) -> Targets<'_> {
        Targets(arns.iter().filter_map(|arn| self.0.get(arn)).collect())
    }
}

impl Targets<'_> {
    /// What is said of a machine.
    pub(super) fn target(&self, machine: &str) -> Target {
        let of =
            |behind: &&Behind| of_states(behind.targets.get(machine).map_or(&[], Vec::as_slice));
        together(&self.0.iter().map(of).collect::<Vec<_>>())
    }

    /// How they are set up, the worst of each.
    pub(super) fn endpoint(&self) -> Option<Endpoint> {
        let flag = |behind: &&Behind, key: &str, otherwise: bool| {
            behind.setup.attributes.get(key).map_or(otherwise, |text| text == "true")
        };
        let of = &self.0;
        if of.is_empty() {
            return None;
        }
        Some(Endpoint {
            preserves_client_ip: of.iter().any(|it| flag(it, "preserve_client_ip.enabled", false)),
            // Application load balancers have no such attribute: a request of theirs ends, and so does its connection.
            terminates_connections: of
                .iter()
                .all(|it| flag(it, "deregistration_delay.connection_termination.enabled", true)),
            deregistration_delay: of.iter().map(deregistration_delay).min().unwrap_or(0),
            notices_within: of.iter().map(|it| notices_within(&it.setup.group)).max().unwrap_or(0),
            ..Endpoint::default()
        })
    }
}

/// How long connections of a target go on that was deregistered; what AWS does where nothing is said.
fn deregistration_delay(behind: &&Behind) -> u64 {
    let told = behind.setup.attributes.get("deregistration_delay.timeout_seconds");
    told.and_then(|seconds| seconds.parse().ok()).unwrap_or(300)
}

/// How long until a target that is unready gets no requests.
fn notices_within(group: &TargetGroup) -> u64 {
    let number = |number: Option<i32>| number.and_then(|it| u64::try_from(it).ok()).unwrap_or(0);
    let checks = number(group.health_check_interval_seconds())
        .saturating_mul(number(group.unhealthy_threshold_count()));
    checks.saturating_add(PROPAGATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_port_of_a_target_counts() {
        use State::{Draining, Healthy, Initial, Unhealthy};
        assert_eq!(of_states(&[Healthy, Unhealthy]), Target::Unhealthy);
        assert_eq!(of_states(&[Healthy, Initial]), Target::Initial);
        assert_eq!(of_states(&[Healthy, Draining]), Target::Healthy, "requests come");
        assert_eq!(of_states(&[State::Unused, Draining]), Target::Draining);
        assert_eq!(of_states(&[]), Target::Unused);
    }

    #[test]
    fn well_behind_all_and_unused_behind_none() {
        use Target::{Draining, Healthy, Initial, NotRegistered, Unhealthy, Unused};
        assert_eq!(together(&[]), NotRegistered);
        assert_eq!(together(&[Healthy, Healthy]), Healthy);
        assert_eq!(together(&[Healthy, Initial]), Initial);
        assert_eq!(together(&[Initial, Unhealthy]), Unhealthy);
        for other in [Draining, Unused] {
            let both = together(&[Healthy, other]);
            assert_eq!(both, Unhealthy, "registered still, and not well");
        }
        assert_eq!(together(&[Unused, Draining]), Draining);
        assert_eq!(together(&[Unused, Unused]), Unused);
    }

    #[test]
    fn a_balancer_notices_after_its_checks_and_some_more() {
        let group =
            TargetGroup::builder().health_check_interval_seconds(10).unhealthy_threshold_count(3);
        assert_eq!(notices_within(&group.build()), 40);
    }
}
