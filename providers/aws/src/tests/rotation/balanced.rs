//! Groups that replace whom their balancer does not find healthy: what a rotation takes out of the balancer is not ended for
//! it, and nobody is ended afterwards for having been found sick on the way.

use kprov_provider::rotation::world::{Lifecycle, Process};

use super::*;

#[test]
fn who_is_deregistered_is_not_replaced_for_it() {
    run(async {
        let flight = Flight::new();
        let (vpc, subnets, template) = land(&flight).await;
        let arn = balancer(&flight, &vpc, &subnets).await;
        let more = json!({"target_group_arns": [arn]});
        let mut ground = Ground::on(&flight, (vpc, subnets, template), more).await;
        ground.settle().await;
        // From here on it replaces whom the balancer finds sick, at once.
        let more = json!({"health_check_type": "ELB", "health_check_grace_period": 0});
        ground.object = flight.try_change(TY, &ground.object, &ground.with(more)).await.unwrap();
        let view = ground.view().await;
        let (base, group) = (base_of(&view), GroupId::new("g"));
        assert!(base.suspended.is_empty());
        ground.twice(Step::SuspendProcesses { group: group.clone() }, &base).await;
        assert!(ground.view().await.group.suspended.contains(&Process::ReplaceUnhealthy));
        let member = view.members[0].id.clone();
        ground.twice(Step::Mark { member: member.clone() }, &base).await;
        ground.twice(Step::Deregister { member: member.clone() }, &base).await;
        ground.pass(300).await;
        // The group looks at its machines when something happens to it.
        let asked = ground.api().autoscaling().set_desired_capacity();
        asked.auto_scaling_group_name("g").desired_capacity(2).send().await.unwrap();
        let sick = async || {
            let group = ground.raw().await;
            group.instances().iter().filter(|it| it.health_status() == Some("Unhealthy")).count()
        };
        assert_eq!(sick().await, 1, "the group does find it sick");
        assert_eq!(ground.member(&member).await.lifecycle, Lifecycle::InService);
        ground.twice(Step::Return { member: member.clone() }, &base).await;
        ground.settle().await;
        assert_eq!(sick().await, 1, "again, before its target was healthy");
        ground.twice(Step::RestoreGroup { group }, &base).await;
        assert_eq!(sick().await, 0);
        ground.pass(600).await;
        let now = ground.view().await;
        let ids =
            |view: &GroupView| view.members.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&now), ids(&view), "nobody was replaced");
        assert!(now.group.suspended.is_empty());
    });
}
