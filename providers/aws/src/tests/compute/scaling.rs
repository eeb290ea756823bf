//! Auto Scaling groups and what belongs to them.

use kprov_provider::Provider;

use super::*;

async fn base(flight: &Flight) -> (Json, String) {
    let vpc = vpc(flight).await;
    let a = subnet(flight, &vpc, "10.0.0.0/24", "a").await;
    let b = subnet(flight, &vpc, "10.0.1.0/24", "b").await;
    let ty = "aws_launch_template";
    let image = super::instances::image(flight).await;
    let config = json!({"name": "tpl", "image_id": image, "instance_type": "t3.micro"});
    let template = flight.id(ty, of(ty, config)).await;
    let config = json!({
        "name": "g", "min_size": 1, "max_size": 3, "vpc_zone_identifier": [a, b],
        "launch_template": [{"id": template, "version": "1"}],
    });
    (config, template)
}

fn with(base: &Json, more: Json) -> Value {
    let mut config = base.clone();
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    of("aws_autoscaling_group", config)
}

#[test]
fn groups_conform() {
    run(async {
        let flight = Flight::new();
        let (base, template) = base(&flight).await;
        let tag = |value: &str| json!([{"key": "k", "value": value, "propagate_at_launch": true}]);
        let full = json!({
            "desired_capacity": 2, "tag": tag("a"), "suspended_processes": ["AZRebalance"],
            "enabled_metrics": ["GroupMinSize"],
            "initial_lifecycle_hook": [{
                "name": "h", "lifecycle_transition": "autoscaling:EC2_INSTANCE_TERMINATING",
                "heartbeat_timeout": 60, "default_result": "CONTINUE",
            }],
        });
        let mut other = full.clone();
        other["desired_capacity"] = json!(1);
        other["tag"] = tag("b");
        other["suspended_processes"] = json!(["ReplaceUnhealthy"]);
        other["enabled_metrics"] = json!(["GroupMaxSize"]);
        let mut mixed = base.clone();
        mixed.as_object_mut().unwrap().remove("launch_template");
        let policy = json!({"mixed_instances_policy": [{
            "launch_template": [{
                "launch_template_specification": [{"launch_template_id": template, "version": "1"}],
                "override": [{"instance_type": "t3.small"}, {"instance_type": "t3.large"}],
            }],
        }]});
        let cases = flight
            .cases(with(&base, full))
            .update(with(&base, other))
            .replace(with(&base, json!({"name": "other"})), "name")
            .bad(with(&base, json!({"min_size": 4})), "min_size")
            .bad(with(&base, json!({"desired_capacity": 4})), "desired_capacity")
            .bad(with(&mixed, json!({})), "launch_template")
            .import(id)
            .import_misses(&["initial_lifecycle_hook"])
            .bad_id("nobody");
        flight.check("aws_autoscaling_group", cases).await;
        flight.check("aws_autoscaling_group", flight.cases(with(&mixed, policy))).await;
    });
}

#[test]
fn a_refreshing_group_is_told_as_it_will_be() {
    run(async {
        let flight = Flight::new();
        let (base, template) = base(&flight).await;
        let version = |version: &str| {
            json!({
                "launch_template": [{"id": template, "version": version}],
                "instance_refresh": [{
                    "strategy": "Rolling",
                    "preferences": [{"min_healthy_percentage": 100, "auto_rollback": false}],
                }],
            })
        };
        let cases =
            flight.cases(with(&base, version("1"))).update(with(&base, version("$Latest"))).bad(
                with(
                    &base,
                    json!({"instance_refresh": [{
                        "strategy": "Rolling", "preferences": [{"min_healthy_percentage": 101}],
                    }]}),
                ),
                "instance_refresh",
            );
        flight.check("aws_autoscaling_group", cases).await;
        let calls = flight.aws().calls();
        let started = calls.iter().any(|(name, _)| name == "autoscaling:StartInstanceRefresh");
        assert!(started, "{calls:?}");
    });
}

#[test]
fn a_group_whose_instances_are_held_back_still_goes() {
    run(async {
        let flight = Flight::new();
        let ty = "aws_autoscaling_group";
        let (base, _) = base(&flight).await;
        let hook = json!({
            "protect_from_scale_in": true,
            "initial_lifecycle_hook": [{
                "name": "h", "lifecycle_transition": "autoscaling:EC2_INSTANCE_TERMINATING",
                "heartbeat_timeout": 7200, "default_result": "CONTINUE",
            }],
        });
        let group = flight.make(ty, with(&base, hook)).await;
        flight.delete(ty, group.clone()).await.unwrap();
        assert_eq!(flight.read(ty, &group).await, None);
    });
}

#[test]
fn hooks_and_schedules_conform() {
    run(async {
        let flight = Flight::new();
        let (base, _) = base(&flight).await;
        let group = flight.id("aws_autoscaling_group", with(&base, json!({}))).await;
        let ty = "aws_autoscaling_lifecycle_hook";
        let hook = |transition: &str, seconds: i64| {
            of(
                ty,
                json!({
                    "name": "h", "autoscaling_group_name": group, "heartbeat_timeout": seconds,
                    "lifecycle_transition": format!("autoscaling:EC2_INSTANCE_{transition}"),
                }),
            )
        };
        let cases = flight
            .cases(hook("TERMINATING", 300))
            .update(hook("TERMINATING", 600))
            .bad(hook("SLEEPING", 300), "lifecycle_transition")
            .bad(hook("LAUNCHING", 10), "heartbeat_timeout")
            .import(|hook| format!("g/{}", id(hook)))
            .bad_id("g");
        flight.check(ty, cases).await;
        let ty = "aws_autoscaling_schedule";
        let schedule = |max: i64, recurrence: &str| {
            of(
                ty,
                json!({
                    "scheduled_action_name": "s", "autoscaling_group_name": group, "min_size": 0,
                    "max_size": max, "desired_capacity": 0, "recurrence": recurrence,
                }),
            )
        };
        let cases = flight
            .cases(schedule(1, "0 6 * * *"))
            .update(schedule(2, "0 7 * * *"))
            .bad(schedule(1, "daily"), "recurrence")
            .import(|action| format!("g/{}", id(action)));
        flight.check(ty, cases).await;
    });
}

#[test]
fn scaling_policies_conform() {
    run(async {
        let flight = Flight::new();
        let (base, _) = base(&flight).await;
        let group = flight.id("aws_autoscaling_group", with(&base, json!({}))).await;
        let ty = "aws_autoscaling_policy";
        let policy = |target: i64| {
            of(
                ty,
                json!({
                    "name": "p", "autoscaling_group_name": group,
                    "policy_type": "TargetTrackingScaling",
                    "target_tracking_configuration": [{
                        "target_value": target,
                        "predefined_metric_specification": [{
                            "predefined_metric_type": "ASGAverageCPUUtilization",
                        }],
                    }],
                }),
            )
        };
        let cases = flight
            .cases(policy(40))
            .update(policy(50))
            .bad(
                of(
                    ty,
                    json!({
                        "name": "p", "autoscaling_group_name": group, "policy_type": "StepScaling",
                    }),
                ),
                "step_adjustment",
            )
            .import(|policy| format!("g/{}", id(policy)));
        flight.check(ty, cases).await;
    });
}

#[test]
fn how_many_instances_there_are_is_left_to_who_scales_where_nobody_says() {
    run(async {
        let flight = Flight::new();
        let ty = "aws_autoscaling_group";
        let (base, _) = base(&flight).await;
        let group = flight.make(ty, with(&base, json!({}))).await;
        // An autoscaler wants two; another plan stands in for it.
        let scaled = with(&base, json!({"desired_capacity": 2}));
        flight.try_change(ty, &group, &scaled).await.unwrap();
        let now = flight.read(ty, &group).await.unwrap();
        assert_eq!(now.value.get("desired_capacity"), Some(&Value::int(2)));
        let plan = flight.plan(ty, &now, &with(&base, json!({})));
        assert_eq!(plan.value, now.value, "nothing is to be done");
        // Where the configuration says it, it holds.
        let plan = flight.plan(ty, &now, &with(&base, json!({"desired_capacity": 1})));
        assert_eq!(plan.value.get("desired_capacity"), Some(&Value::int(1)));
    });
}
