//! The life of one member, step by step, each step called twice.

use kprov_provider::rotation::Zone;
use kprov_provider::rotation::world::{Lifecycle, MASTER_PROCESSES};

use super::*;

/// The group without what a rotation is to change: its machines, and the version that it launches.
fn unchanging(mut group: AutoScalingGroup) -> AutoScalingGroup {
    group.instances = None;
    if let Some(template) = &mut group.launch_template {
        template.version = None;
    }
    group
}

#[test]
fn a_master_is_replaced_and_the_group_is_as_it_was() {
    run(async {
        let flight = Flight::new();
        let (vpc, subnets, template) = land(&flight).await;
        let arn = balancer(&flight, &vpc, &subnets).await;
        let land = (vpc, subnets, template);
        let more = json!({"target_group_arns": [arn], "suspended_processes": ["ScheduledActions"]});
        let mut ground = Ground::on(&flight, land, more).await;
        ground.kind = Kind::Master;
        ground.settle().await;
        let before = ground.view().await;
        let (raw, base, group) = (ground.raw().await, base_of(&before), GroupId::new("g"));

        ground.twice(Step::SuspendProcesses { group: group.clone() }, &base).await;
        let view = ground.view().await;
        assert!(MASTER_PROCESSES.iter().all(|process| view.group.suspended.contains(process)));
        assert!(view.group.protected);
        assert_eq!(ground.hook_names().await, ["kprov-rotation"]);

        let zone = Zone::new("eu-central-1a");
        let template = ground.version(2);
        let launch =
            Step::Launch { group: group.clone(), template, desired: 3, zone: Some(zone.clone()) };
        ground.twice(launch, &base).await;
        let view = ground.view().await;
        assert_eq!(
            (view.group.desired, view.group.max),
            (3, 3),
            "the limit is raised with the number"
        );
        assert_eq!(view.group.template, ground.version(2));
        assert_eq!(view.group.zones.len(), 2, "also while it launches in one of them");
        ground.pass(60).await;
        let known = |id: &MachineId| before.members.iter().any(|it| it.id == *id);
        let members = ground.view().await.members;
        let new = members.iter().find(|it| !known(&it.id)).unwrap().clone();
        assert_eq!((new.lifecycle, new.target), (Lifecycle::PendingWait, Target::Unused));
        assert_eq!((&new.zone, &new.template), (&zone, &ground.version(2)));

        // Held for as long as somebody says so; the heartbeat is 300 s.
        for _ in 0..3 {
            ground.pass(250).await;
            let ids = [new.id.clone(), before.members[0].id.clone()];
            ground.groups().keep_waiting(&ground.context, &group, &ids).await.unwrap();
        }
        assert_eq!(ground.member(&new.id).await.lifecycle, Lifecycle::PendingWait);
        ground.twice(Step::CompleteLaunch { member: new.id.clone() }, &base).await;
        ground.pass(10).await;
        let now = ground.member(&new.id).await;
        assert_eq!((now.lifecycle, now.target), (Lifecycle::InService, Target::Initial));
        ground.settle().await;

        let old = before.members.iter().find(|it| it.zone == zone).unwrap().id.clone();
        ground.twice(Step::Mark { member: old.clone() }, &base).await;
        assert_eq!(ground.member(&old).await.mark, Some(RotationId::new("r-1")));
        ground.twice(Step::Deregister { member: old.clone() }, &base).await;
        let now = ground.member(&old).await;
        assert_eq!((now.lifecycle, now.target), (Lifecycle::InService, Target::Draining));
        ground.pass(61).await;
        assert_eq!(ground.member(&old).await.target, Target::Unused);

        ground.twice(Step::Return { member: old.clone() }, &base).await;
        let now = ground.member(&old).await;
        assert_eq!((now.mark, now.target), (None, Target::Initial));
        ground.settle().await;
        ground.twice(Step::Mark { member: old.clone() }, &base).await;
        ground.twice(Step::Deregister { member: old.clone() }, &base).await;
        ground.pass(61).await;

        ground.twice(Step::Terminate { member: old.clone(), decrement: true }, &base).await;
        let view = ground.view().await;
        assert_eq!(view.group.desired, 2, "counted once");
        assert!(ground.member(&old).await.going());
        ground.pass(120).await;
        let gone = ground.member(&old).await;
        assert_eq!((gone.lifecycle, gone.alive), (Lifecycle::Terminated, false));

        ground.twice(Step::RestoreGroup { group }, &base).await;
        assert_eq!(unchanging(ground.raw().await), unchanging(raw));
        assert_eq!(ground.hook_names().await, [""; 0]);
        ground.pass(600).await;
        let view = ground.view().await;
        let staying: Vec<_> =
            view.members.iter().filter(|it| !it.going()).map(|it| &it.id).collect();
        assert_eq!(staying.len(), 2);
        assert!(staying.contains(&&new.id) && !staying.contains(&&old));
    });
}

#[test]
fn a_hook_that_nobody_hears_of_lets_machines_in() {
    run(async {
        let flight = Flight::new();
        let ground = Ground::new(&flight, json!({})).await;
        let view = ground.view().await;
        let (base, group) = (base_of(&view), GroupId::new("g"));
        ground.twice(Step::SuspendProcesses { group: group.clone() }, &base).await;
        let template = ground.version(2);
        ground.twice(Step::Launch { group, template, desired: 3, zone: None }, &base).await;
        ground.pass(400).await;
        let members = ground.view().await.members;
        assert_eq!(members.len(), 3);
        assert!(members.iter().all(|it| it.lifecycle == Lifecycle::InService), "{members:#?}");
    });
}

#[test]
fn restoring_lets_in_who_is_held_and_keeps_what_an_autoscaler_asked_for() {
    run(async {
        let flight = Flight::new();
        let ground = Ground::new(&flight, json!({"max_size": 5})).await;
        let (base, group) = (base_of(&ground.view().await), GroupId::new("g"));
        ground.twice(Step::SuspendProcesses { group: group.clone() }, &base).await;
        let asked = ground.api().autoscaling().set_desired_capacity();
        asked.auto_scaling_group_name("g").desired_capacity(3).send().await.unwrap();
        ground.pass(60).await;
        let held = |members: &[Member]| {
            members.iter().filter(|it| it.lifecycle == Lifecycle::PendingWait).count()
        };
        assert_eq!(held(&ground.view().await.members), 1);
        ground.twice(Step::RestoreGroup { group }, &base).await;
        ground.pass(60).await;
        let view = ground.view().await;
        assert_eq!((view.group.desired, view.group.max), (3, 5));
        assert!(view.members.iter().all(|it| it.lifecycle == Lifecycle::InService), "{view:#?}");
        assert_eq!(view.members.len(), 3);
    });
}

#[test]
fn a_limit_below_the_number_is_refused_instead_of_ending_machines() {
    run(async {
        let flight = Flight::new();
        let ground = Ground::new(&flight, json!({})).await;
        let (base, group) = (base_of(&ground.view().await), GroupId::new("g"));
        ground.twice(Step::SuspendProcesses { group: group.clone() }, &base).await;
        let template = ground.version(2);
        let launch = Step::Launch { group: group.clone(), template, desired: 3, zone: None };
        ground.twice(launch, &base).await;
        let refused = ground.once(&Step::RestoreGroup { group }, Some(&base)).await.unwrap_err();
        assert!(refused.message.contains("limit of 2"), "{refused}");
        assert_eq!(ground.raw().await.desired_capacity(), Some(3));
        assert_eq!(ground.hook_names().await, ["kprov-rotation"], "nothing has happened");
    });
}

#[test]
fn what_the_cloud_ends_by_itself_is_let_go_from_its_hook() {
    run(async {
        let flight = Flight::new();
        let hook = json!({"initial_lifecycle_hook": [{
            "name": "h", "lifecycle_transition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "heartbeat_timeout": 300, "default_result": "CONTINUE",
        }]});
        let ground = Ground::new(&flight, hook).await;
        let (base, group) = (base_of(&ground.view().await), GroupId::new("g"));
        let asked = ground.api().autoscaling().set_desired_capacity();
        asked.auto_scaling_group_name("g").desired_capacity(1).send().await.unwrap();
        ground.pass(60).await;
        let members = ground.view().await.members;
        let waits = members.iter().find(|it| it.lifecycle == Lifecycle::TerminatingWait).unwrap();
        assert!(waits.alive);
        for _ in 0..3 {
            ground.pass(200).await;
            let ids = [waits.id.clone()];
            ground.groups().keep_waiting(&ground.context, &group, &ids).await.unwrap();
        }
        assert_eq!(ground.member(&waits.id).await.lifecycle, Lifecycle::TerminatingWait);
        ground.twice(Step::Terminate { member: waits.id.clone(), decrement: false }, &base).await;
        assert!(ground.member(&waits.id).await.going());
        ground.pass(60).await;
        assert_eq!(ground.member(&waits.id).await.lifecycle, Lifecycle::Terminated);
    });
}

#[test]
fn a_machine_that_is_replaced_in_place_comes_again() {
    run(async {
        let flight = Flight::new();
        let ground = Ground::new(&flight, json!({})).await;
        let view = ground.view().await;
        let (base, group) = (base_of(&view), GroupId::new("g"));
        let template = ground.version(2);
        ground.twice(Step::UseTemplate { group, template: template.clone() }, &base).await;
        assert_eq!(ground.view().await.group.template, template);
        let member = view.members[0].id.clone();
        ground.twice(Step::Terminate { member, decrement: false }, &base).await;
        ground.pass(120).await;
        let view = ground.view().await;
        assert_eq!(view.group.desired, 2);
        let live: Vec<_> = view.members.iter().filter(|it| !it.going()).collect();
        assert_eq!(live.len(), 2);
        assert_eq!(live.iter().filter(|it| it.template == template).count(), 1);
    });
}
