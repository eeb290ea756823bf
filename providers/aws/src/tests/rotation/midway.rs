//! A group whose rotation is not finished, and what else wants something of it.

use kprov_provider::rotation::Zone;
use kprov_provider::rotation::world::Lifecycle;
use kprov_provider::{Intent, UpdateRequest};

use super::*;

async fn begun<'f>(flight: &'f Flight, more: Json) -> (Ground<'f>, Base) {
    let mut ground = Ground::new(flight, more).await;
    ground.kind = Kind::Master;
    let (base, group) = (base_of(&ground.view().await), GroupId::new("g"));
    ground.twice(Step::SuspendProcesses { group: group.clone() }, &base).await;
    let (template, zone) = (ground.version(2), Some(Zone::new("eu-central-1a")));
    ground.twice(Step::Launch { group, template, desired: 3, zone }, &base).await;
    ground.pass(60).await;
    (ground, base)
}

#[test]
fn an_ordinary_plan_sees_the_group_as_it_will_be() {
    run(async {
        let flight = Flight::new();
        let (ground, _) = begun(&flight, json!({"suspended_processes": ["AZRebalance"]})).await;
        let raw = ground.raw().await;
        assert_eq!((raw.max_size(), raw.desired_capacity()), (Some(3), Some(3)));
        assert_eq!(raw.vpc_zone_identifier(), Some(ground.subnets[0].as_str()));
        let now = flight.read(TY, &ground.object).await.unwrap();
        let template = ground.object.value.get("launch_template").unwrap().clone();
        let same = kprov_provider::with_attributes(&now.value, [("launch_template", template)]);
        assert_eq!(same, ground.object.value, "but for what it launches");
    });
}

#[test]
fn an_ordinary_update_leaves_the_template_and_starts_no_refresh() {
    run(async {
        let flight = Flight::new();
        let refresh = json!({"instance_refresh": [{"strategy": "Rolling"}]});
        let ground = Ground::new(&flight, refresh.clone()).await;
        let mut wanted = refresh;
        wanted["launch_template"] = json!([{"id": ground.template, "version": "2"}]);
        wanted["max_size"] = json!(4);
        let wanted = ground.with(wanted);
        let planned = flight.plan(TY, &ground.object, &wanted);
        let planned = ground.groups().held(&ground.object.value, &planned.value);
        let request = UpdateRequest {
            intent: Intent { op: 1, token: ground.context.host.uuid().into() },
            prior: ground.object.clone(),
            planned,
            config: kprov_provider::testing::complete(
                &crate::SCHEMA.resources[TY].schema.block,
                &wanted,
            ),
            private: Vec::new(),
        };
        ground.resource().update(&ground.context, request).await.unwrap();
        let raw = ground.raw().await;
        assert_eq!(raw.max_size(), Some(4), "what else changes does");
        assert_eq!(ground.view().await.group.template, ground.version(1));
        let calls = flight.aws().calls();
        assert!(calls.iter().all(|(name, _)| !name.contains("InstanceRefresh")), "{calls:?}");
    });
}

#[test]
fn its_numbers_are_not_changed_beside_it() {
    run(async {
        let flight = Flight::new();
        let (ground, _) = begun(&flight, json!({})).await;
        let now = flight.read(TY, &ground.object).await.unwrap();
        let lower = ground.with(json!({
            "launch_template": [{"id": ground.template, "version": "2"}], "desired_capacity": 1,
        }));
        let refused = flight.try_change(TY, &now, &lower).await.unwrap_err();
        assert!(refused.message.contains("not finished"), "{refused}");
        assert_eq!(ground.raw().await.desired_capacity(), Some(3));
        // What a rotation does not touch may change.
        let tagged = ground.with(json!({
            "launch_template": [{"id": ground.template, "version": "2"}],
            "tag": [{"key": "k", "value": "v", "propagate_at_launch": false}],
        }));
        flight.try_change(TY, &now, &tagged).await.unwrap();
        assert_eq!(ground.hook_names().await, ["kprov-rotation"]);
        assert!(ground.view().await.group.protected);
    });
}

#[test]
fn it_can_be_destroyed_while_its_hook_holds_a_protected_machine() {
    run(async {
        let flight = Flight::new();
        let (ground, _) = begun(&flight, json!({})).await;
        let held = ground.view().await.members;
        assert!(held.iter().any(|it| it.lifecycle == Lifecycle::PendingWait), "{held:#?}");
        let began = flight.passed();
        flight.delete(TY, ground.object.clone()).await.unwrap();
        assert!((flight.passed() - began).as_secs() < 240, "nobody waits for a heartbeat");
        assert_eq!(flight.read(TY, &ground.object).await, None);
    });
}

#[test]
fn it_can_be_destroyed_while_a_protected_machine_is_still_launching() {
    run(async {
        let flight = Flight::new();
        let mut ground = Ground::new(&flight, json!({"protect_from_scale_in": true})).await;
        ground.kind = Kind::Master;
        let asked = ground.api().autoscaling().update_auto_scaling_group();
        let asked = asked.auto_scaling_group_name("g").max_size(3).desired_capacity(3);
        asked.send().await.unwrap();
        ground.pass(6).await;
        let launching = ground.view().await.members;
        assert!(launching.iter().any(|it| it.lifecycle == Lifecycle::Pending), "{launching:#?}");
        flight.delete(TY, ground.object.clone()).await.unwrap();
        assert_eq!(flight.read(TY, &ground.object).await, None);
    });
}
