//! What is seen of groups and their machines, and what it costs.

use std::collections::BTreeMap;

use kprov_provider::rotation::world::Lifecycle;

use super::*;

#[test]
fn what_stands_before_the_machines_is_seen() {
    run(async {
        let flight = Flight::new();
        let (vpc, subnets, template) = land(&flight).await;
        let arn = balancer(&flight, &vpc, &subnets).await;
        let more = json!({"target_group_arns": [arn], "tag": [{
            "key": "k8s.io/cluster-autoscaler/enabled", "value": "true", "propagate_at_launch": false,
        }]});
        let ground = Ground::on(&flight, (vpc, subnets, template), more).await;
        ground.settle().await;
        let view = ground.view().await;
        let endpoint = view.endpoint.unwrap();
        assert_eq!(
            (
                endpoint.notices_within,
                endpoint.preserves_client_ip,
                endpoint.terminates_connections
            ),
            (30, false, true)
        );
        assert!(view.group.autoscaled && !view.group.protected);
        let zones: Vec<_> = view.group.zones.iter().map(|room| room.zone.as_str()).collect();
        assert_eq!(zones, ["eu-central-1a", "eu-central-1b"]);
        // Of 256 addresses AWS keeps five; here are a machine, and a node of the balancer.
        assert_eq!(view.group.zones[0].addresses_left, Some(249));
        let exists = |id: TemplateId| view.group.templates.iter().any(|it| it.id == id);
        assert!(
            exists(ground.version(1)) && exists(ground.version(2)) && !exists(ground.version(3))
        );
        for member in &view.members {
            assert_eq!((member.lifecycle, member.target), (Lifecycle::InService, Target::Healthy));
            assert_eq!((member.alive, member.changed), (true, false));
            assert_eq!(member.template, ground.version(1));
            assert!(member.launched_at > 1_704_067_200, "{}", member.launched_at);
        }
    });
}

#[test]
fn without_a_balancer_nobody_is_registered_and_nothing_is_missing() {
    run(async {
        let flight = Flight::new();
        let (vpc, subnets, template) = land(&flight).await;
        let lonely = json!({"name": "lonely", "port": 80, "protocol": "TCP", "vpc_id": vpc});
        let ty = "aws_lb_target_group";
        let lonely = flight.id(ty, of(ty, lonely)).await;
        let more = json!({"target_group_arns": [lonely]});
        let ground = Ground::on(&flight, (vpc, subnets, template), more).await;
        let view = ground.view().await;
        assert_eq!(view.endpoint, None, "no balancer uses it");
        assert!(view.members.iter().all(|it| it.target == Target::NotRegistered));
    });
}

#[test]
fn what_is_broken_changed_or_gone_is_seen() {
    run(async {
        let flight = Flight::new();
        let resting = json!({"suspended_processes": ["ReplaceUnhealthy"], "max_size": 3, "desired_capacity": 3});
        let ground = Ground::new(&flight, resting).await;
        let ids: Vec<String> =
            ground.view().await.members.iter().map(|it| it.id.to_string()).collect();
        flight.control("PUT", "conditions", json!([format!("impaired:{}", ids[0])]));
        let ec2 = ground.api().ec2();
        ec2.terminate_instances().instance_ids(&ids[1]).send().await.unwrap();
        let stopped = ec2.stop_instances().instance_ids(&ids[2]).send().await;
        stopped.unwrap();
        ground.pass(60).await;
        let attribute =
            |value: &str| aws_sdk_ec2::types::AttributeValue::builder().value(value).build();
        let change = ec2.modify_instance_attribute().instance_id(&ids[2]);
        change.instance_type(attribute("t3.large")).send().await.unwrap();
        ec2.start_instances().instance_ids(&ids[2]).send().await.unwrap();
        ground.pass(60).await;
        let by_id: BTreeMap<String, Member> =
            ground.view().await.members.into_iter().map(|it| (it.id.to_string(), it)).collect();
        assert!(!by_id[&ids[0]].alive, "its status checks fail");
        assert!(!by_id[&ids[1]].alive, "it was ended by hand");
        assert_eq!(
            by_id[&ids[1]].lifecycle,
            Lifecycle::InService,
            "and its group may not replace it"
        );
        assert!(by_id[&ids[2]].changed, "its type was changed by hand");
        assert!(!by_id[&ids[0]].changed);
    });
}

#[test]
fn a_version_that_moves_is_shown_and_refused() {
    run(async {
        let flight = Flight::new();
        let (vpc, subnets, template) = land(&flight).await;
        let more = json!({"launch_template": [{"id": template, "version": "$Latest"}]});
        let ground = Ground::on(&flight, (vpc, subnets, template), more).await;
        let problems = ground.groups().problems(&ground.object.value);
        assert!(problems[0].message.contains("latest_version"), "{problems:?}");
        let view = ground.view().await;
        assert_eq!(view.group.template.as_str(), format!("{}/$Latest", ground.template));
        assert!(view.group.templates.iter().any(|it| it.id == view.group.template), "a way back");
        assert_eq!(view.members[0].template, ground.version(2), "machines are of a number");
        let (group, template) = (GroupId::new("g"), view.group.template.clone());
        let step = Step::UseTemplate { group: group.clone(), template: template.clone() };
        let refused = ground.once(&step, None).await.unwrap_err();
        assert!(refused.message.contains("latest_version"), "{refused}");
        // The way out: from then on the group says a number.
        let step = Step::UseTemplate { group, template: ground.version(2) };
        ground.once(&step, None).await.unwrap();
        assert_eq!(ground.view().await.group.template, ground.version(2));
    });
}

#[test]
fn a_mixed_group_keeps_its_policy() {
    run(async {
        let flight = Flight::new();
        let (vpc, subnets, template) = land(&flight).await;
        let policy = json!({"launch_template": [], "mixed_instances_policy": [{
            "instances_distribution": [{"on_demand_base_capacity": 1}],
            "launch_template": [{
                "launch_template_specification": [{"launch_template_id": template, "version": "1"}],
                "override": [{"instance_type": "t3.small"}, {"instance_type": "t3.large"}],
            }],
        }]});
        let ground = Ground::on(&flight, (vpc, subnets, template), policy).await;
        assert_eq!(ground.view().await.group.template, ground.version(1));
        assert!(
            ground.view().await.members.iter().all(|it| !it.changed),
            "of a type of the policy"
        );
        let policy = |group: AutoScalingGroup| group.mixed_instances_policy.unwrap();
        let before = policy(ground.raw().await);
        let (group, template) = (GroupId::new("g"), ground.version(2));
        ground.once(&Step::UseTemplate { group, template: template.clone() }, None).await.unwrap();
        assert_eq!(ground.view().await.group.template, template);
        let mut after = policy(ground.raw().await);
        let launch = after.launch_template.as_mut().unwrap();
        launch.launch_template_specification.as_mut().unwrap().version = Some("1".to_owned());
        assert_eq!(after, before);
    });
}

#[test]
fn three_groups_and_three_hundred_machines_take_a_handful_of_calls() {
    run(async {
        let flight = Flight::new();
        let (vpc, subnets, template) = land(&flight).await;
        let arn = balancer(&flight, &vpc, &subnets).await;
        let group = |n: usize| {
            json!({
                "name": format!("g{n}"), "min_size": 100, "max_size": 100,
                "vpc_zone_identifier": subnets, "target_group_arns": [arn],
                "launch_template": [{"id": template, "version": "1"}],
            })
        };
        let made = flight.make_all(TY, (0..3).map(|n| of(TY, group(n))).collect()).await;
        made.into_iter().for_each(|object| drop(object.unwrap()));
        let (aws, context) = (flight.aws(), flight.context().await);
        let groups = aws.resource(TY).unwrap().member_groups().unwrap();
        let ids: Vec<GroupId> =
            ["g2", "nobody", "g0", "g1"].into_iter().map(GroupId::new).collect();
        let count = || aws.calls().into_iter().map(|(_, count)| count).sum::<u64>();
        let mut costs = Vec::new();
        for _ in 0..2 {
            let before = count();
            let seen = groups.observe(&context, &ids).await.unwrap();
            costs.push(count() - before);
            assert_eq!(seen[1], None);
            let members = seen.iter().flatten().map(|view| view.members.len());
            assert_eq!(members.sum::<usize>(), 300);
            assert_eq!(seen[0].as_ref().unwrap().group.id, GroupId::new("g2"));
        }
        // Groups, machines, statuses by the hundred, subnets, templates, targets; at first also the set-up of the target
        // group and the versions of the template.
        assert!(costs[1] <= 8 && costs[0] <= 11, "{costs:?}: {:?}", aws.calls());
    });
}
