//! Load balancers, target groups, listeners.

use serde_json::json;

use super::*;
use crate::tests::run;

#[test]
fn network_load_balancers_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_lb";
        let (_, subnets) = network(&flight).await;
        let base = json!({
            "name": "api", "load_balancer_type": "network", "internal": true,
            "subnets": [subnets[0]], "tags": {"Name": "api"},
        });
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(
                of,
                &base,
                json!({
                    "enable_cross_zone_load_balancing": true, "tags": {"a": "b"},
                }),
            ))
            .update(with(of, &base, json!({"subnets": subnets})))
            .replace(with(of, &base, json!({"name": "other"})), "name")
            .replace(with(of, &base, json!({"internal": false})), "internal")
            .replace(with(of, &base, json!({"subnets": [subnets[1]]})), "subnets")
            .bad(with(of, &base, json!({"name": "-a"})), "name")
            .bad(with(of, &base, json!({"name": "a".repeat(33)})), "name")
            .bad(with(of, &base, json!({"load_balancer_type": "classic"})), "load_balancer_type")
            .bad(with(of, &base, json!({"ip_address_type": "ipv5"})), "ip_address_type")
            .bad(config(of, json!({"name": "a"})), "subnets")
            .import(id)
            .import_misses(&[
                "client_keep_alive",
                "desync_mitigation_mode",
                "drop_invalid_header_fields",
                "enable_http2",
                "enable_tls_version_and_cipher_suite_headers",
                "enable_waf_fail_open",
                "enable_xff_client_port",
                "idle_timeout",
                "preserve_host_header",
                "xff_header_processing_mode",
            ])
            .bad_id("api");
        flight.check(of, cases).await;
    });
}

#[test]
fn application_load_balancers_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_lb";
        let (_, subnets) = network(&flight).await;
        let base = json!({"name_prefix": "web-", "internal": true, "subnets": subnets});
        let cases = flight.cases(with(of, &base, json!({"idle_timeout": 30}))).update(with(
            of,
            &base,
            json!({"enable_http2": false}),
        ));
        flight.check(of, cases).await;
    });
}

#[test]
fn target_groups_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_lb_target_group";
        let (vpc, _) = network(&flight).await;
        let base = json!({
            "name": "api", "port": 6443, "protocol": "TCP", "vpc_id": vpc,
            "preserve_client_ip": "false", "deregistration_delay": "60", "tags": {"Name": "api"},
            "health_check": [{
                "protocol": "HTTPS", "path": "/readyz", "port": "6443", "interval": 10,
                "timeout": 5, "healthy_threshold": 2, "unhealthy_threshold": 2, "matcher": "200",
            }],
        });
        let check = |more: Json| {
            let mut check = base["health_check"][0].clone();
            for (name, value) in more.as_object().unwrap() {
                check[name.as_str()] = value.clone();
            }
            with(of, &base, json!({"health_check": [check]}))
        };
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(check(json!({"interval": 30, "unhealthy_threshold": 3})))
            .update(with(
                of,
                &base,
                json!({
                    "deregistration_delay": "300", "connection_termination": true, "tags": {},
                }),
            ))
            .update(with(of, &base, json!({"stickiness": [{"type": "source_ip"}]})))
            .replace(with(of, &base, json!({"port": 443})), "port")
            .replace(with(of, &base, json!({"target_type": "ip"})), "target_type")
            .bad(with(of, &base, json!({"port": 0})), "port")
            .bad(with(of, &base, json!({"protocol": "ICMP"})), "protocol")
            .bad(with(of, &base, json!({"deregistration_delay": "4000"})), "deregistration_delay")
            .bad(with(of, &base, json!({"vpc_id": null})), "vpc_id")
            .bad(with(of, &base, json!({"slow_start": 5})), "slow_start")
            .bad(check(json!({"interval": 1})), "health_check")
            .bad(check(json!({"path": "x"})), "health_check")
            .bad(check(json!({"port": "x"})), "health_check")
            .bad(check(json!({"timeout": 20})), "health_check")
            .import(id)
            .import_misses(&["health_check", "slow_start"])
            .bad_id("api");
        flight.check(of, cases).await;
        let plain = json!({"port": 80, "protocol": "TCP", "vpc_id": vpc});
        flight.check(of, flight.cases(config(of, plain))).await;
    });
}

#[test]
fn listeners_and_attachments_conform() {
    run(async {
        let flight = Flight::new();
        let (vpc, subnets) = network(&flight).await;
        let balancer = json!({
            "name": "api", "load_balancer_type": "network", "internal": true, "subnets": subnets,
        });
        let balancer = flight.id("aws_lb", config("aws_lb", balancer)).await;
        let mut groups = Vec::new();
        for name in ["one", "two"] {
            let of = "aws_lb_target_group";
            let wanted = json!({
                "name": name, "port": 80, "protocol": "TCP", "vpc_id": vpc, "target_type": "ip",
            });
            groups.push(flight.id(of, config(of, wanted)).await);
        }
        let of = "aws_lb_listener";
        let to = |group: &str| json!([{"type": "forward", "target_group_arn": group}]);
        let base = json!({
            "load_balancer_arn": balancer, "port": 443, "protocol": "TCP",
            "default_action": to(&groups[0]), "tags": {"Name": "api"},
        });
        let nothing = json!([{"type": "forward"}]);
        let odd = json!([{"type": "drop"}]);
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"default_action": to(&groups[1]), "tags": {}})))
            .update(with(of, &base, json!({"port": 6443})))
            .replace(
                with(of, &base, json!({"load_balancer_arn": format!("{balancer}0")})),
                "load_balancer_arn",
            )
            .bad(with(of, &base, json!({"port": 70000})), "port")
            .bad(with(of, &base, json!({"default_action": nothing})), "default_action")
            .bad(with(of, &base, json!({"default_action": odd})), "default_action")
            .bad(with(of, &base, json!({"protocol": "TLS"})), "certificate_arn")
            .import(id)
            .bad_id("x");
        flight.check(of, cases).await;
        let long =
            json!([{"type": "forward", "forward": [{"target_group": [{"arn": groups[0]}]}]}]);
        let cases = flight.cases(with(of, &base, json!({"default_action": long, "port": 80})));
        flight.check(of, cases).await;

        let of = "aws_lb_target_group_attachment";
        let base = json!({"target_group_arn": groups[0], "target_id": "10.0.0.9", "port": 80});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .replace(with(of, &base, json!({"port": 81})), "port")
            .bad(with(of, &base, json!({"port": 0})), "port")
            .bad(with(of, &base, json!({"target_group_arn": "x"})), "target_group_arn")
            .import(id)
            .bad_id("x");
        flight.check(of, cases).await;
    });
}
