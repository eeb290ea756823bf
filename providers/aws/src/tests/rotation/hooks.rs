//! Hook actions of AWS.

use kprov_provider::rotation::world::Lifecycle;
use kprov_provider::rotation::{HookCall, HookLook, When};

use super::*;

impl Ground<'_> {
    async fn look(
        &self,
        action: &str,
        machine: &MachineId,
        config: Json,
    ) -> Result<HookLook, ProviderError> {
        let action = self.flight.aws().hook_action(action).unwrap();
        let config = super::super::flight::config(config);
        let config = kprov_provider::testing::complete(&action.schema().block, &config);
        assert!(action.validate(&config).is_empty());
        let member = self.member(machine).await;
        let group = GroupId::new("g");
        let call = HookCall {
            when: When::Launched,
            member: &member,
            group: &group,
            address: None,
            config: &config,
            token: "r-1/1",
            group_context: &self.context,
            cluster_context: None,
        };
        action.look(&call).await
    }
}

fn not_yet(look: Result<HookLook, ProviderError>) -> String {
    match look {
        Ok(HookLook::NotYet(says)) => says,
        other => panic!("{other:?}"),
    }
}

#[test]
fn targets_are_healthy_or_unused_when_their_balancer_says_so() {
    run(async {
        let flight = Flight::new();
        let (vpc, subnets, template) = land(&flight).await;
        let arn = balancer(&flight, &vpc, &subnets).await;
        let more = json!({"target_group_arns": [arn]});
        let ground = Ground::on(&flight, (vpc, subnets, template), more).await;
        let view = ground.view().await;
        let (machine, base) = (view.members[0].id.clone(), base_of(&view));
        let named = json!({"target_group_arn": arn});
        let says = not_yet(ground.look("target_healthy", &machine, json!({})).await);
        assert_eq!(says, format!("{machine} is initial in target group api."));
        ground.settle().await;
        for config in [json!({}), named.clone()] {
            let look = ground.look("target_healthy", &machine, config.clone()).await;
            assert_eq!(look, Ok(HookLook::Done));
            assert!(
                not_yet(ground.look("target_unused", &machine, config).await).contains("healthy")
            );
        }
        ground.twice(Step::Deregister { member: machine.clone() }, &base).await;
        assert!(
            not_yet(ground.look("target_unused", &machine, named.clone()).await)
                .contains("draining")
        );
        ground.pass(61).await;
        for config in [json!({}), named] {
            assert_eq!(ground.look("target_unused", &machine, config).await, Ok(HookLook::Done));
        }
    });
}

#[test]
fn a_group_without_target_groups_has_no_healthy_targets() {
    run(async {
        let flight = Flight::new();
        let ground = Ground::new(&flight, json!({})).await;
        let machine = ground.view().await.members[0].id.clone();
        let failed = ground.look("target_healthy", &machine, json!({})).await.unwrap_err();
        assert!(failed.message.contains("target_group_arn"), "{failed}");
        assert_eq!(ground.look("target_unused", &machine, json!({})).await, Ok(HookLook::Done));
    });
}

#[test]
fn a_lifecycle_hook_holds_until_it_is_its_turn() {
    run(async {
        let flight = Flight::new();
        let hook = json!({"max_size": 3, "initial_lifecycle_hook": [{
            "name": "mine", "lifecycle_transition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "heartbeat_timeout": 600, "default_result": "CONTINUE",
        }]});
        let ground = Ground::new(&flight, hook).await;
        let view = ground.view().await;
        let (machine, base) = (view.members[0].id.clone(), base_of(&view));
        let terminate = Step::Terminate { member: machine.clone(), decrement: true };
        ground.once(&terminate, Some(&base)).await.unwrap();
        ground.pass(30).await;
        assert_eq!(ground.member(&machine).await.lifecycle, Lifecycle::TerminatingWait);
        for _ in 0..2 {
            let look = ground.look("lifecycle_hook", &machine, json!({"name": "mine"})).await;
            assert_eq!(look, Ok(HookLook::Done));
        }
        ground.pass(60).await;
        assert_eq!(ground.member(&machine).await.lifecycle, Lifecycle::Terminated);
    });
}

#[test]
fn another_launching_hook_goes_first() {
    run(async {
        let flight = Flight::new();
        let hook = json!({"max_size": 3, "initial_lifecycle_hook": [{
            "name": "mine", "lifecycle_transition": "autoscaling:EC2_INSTANCE_LAUNCHING",
            "heartbeat_timeout": 60, "default_result": "CONTINUE",
        }]});
        let ground = Ground::new(&flight, hook).await;
        let (base, group) = (base_of(&ground.view().await), GroupId::new("g"));
        ground.twice(Step::SuspendProcesses { group: group.clone() }, &base).await;
        let template = ground.version(2);
        ground.twice(Step::Launch { group, template, desired: 3, zone: None }, &base).await;
        ground.pass(40).await;
        let members = ground.view().await.members;
        let new = members.iter().find(|it| it.lifecycle == Lifecycle::PendingWait).unwrap();
        let complete = Step::CompleteLaunch { member: new.id.clone() };
        let refused = ground.once(&complete, Some(&base)).await.unwrap_err();
        assert!(refused.message.contains("mine"), "{refused}");
        let look = ground.look("lifecycle_hook", &new.id, json!({"name": "mine"})).await;
        assert_eq!(look, Ok(HookLook::Done));
        ground.twice(complete, &base).await;
        ground.pass(10).await;
        assert_eq!(ground.member(&new.id).await.lifecycle, Lifecycle::InService);
    });
}

#[test]
fn what_is_written_wrong_is_told_at_the_attribute() {
    let aws = crate::Aws::default();
    assert_eq!(aws.hook_actions(), ["lifecycle_hook", "target_healthy", "target_unused"]);
    for name in aws.hook_actions() {
        let action = aws.hook_action(name).unwrap();
        let (attribute, bad) = match *name {
            "lifecycle_hook" => ("name", ""),
            _ => ("target_group_arn", "api"),
        };
        let config = Value::object([(attribute, Value::string(bad))]);
        assert_eq!(action.validate(&config)[0].path, kprov_core::Path::attribute(attribute));
    }
    assert!(aws.hook_action("exec").is_none());
}
