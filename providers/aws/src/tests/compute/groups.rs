//! Security groups and their rules.

use super::*;

fn rule(port: i64, blocks: &[&str], text: &str) -> Json {
    json!({
        "from_port": port, "to_port": port, "protocol": "tcp", "cidr_blocks": blocks,
        "description": text,
    })
}

#[test]
fn security_groups_conform() {
    run(async {
        let flight = Flight::new();
        let ty = "aws_security_group";
        let vpc = vpc(&flight).await;
        let everything = json!({
            "from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": ["0.0.0.0/0"],
            "ipv6_cidr_blocks": ["::/0"],
        });
        let own = json!({"from_port": 0, "to_port": 0, "protocol": "all", "self": true});
        let with = |ingress: Json, egress: Json, more: Json| {
            let mut config = json!({
                "name": "a", "vpc_id": vpc, "ingress": ingress, "egress": egress,
            });
            let more = more.as_object().unwrap().clone();
            config.as_object_mut().unwrap().extend(more);
            of(ty, config)
        };
        let ssh = rule(22, &["10.0.0.0/8", "192.168.0.0/16"], "ssh");
        let cases = flight
            .cases(with(json!([ssh, own]), json!([everything]), json!({"tags": {"Name": "a"}})))
            .update(with(json!([rule(22, &["10.0.0.0/8"], "shell")]), json!([]), json!({})))
            .update(with(
                json!([own, rule(443, &["0.0.0.0/0"], "")]),
                json!([everything]),
                json!({}),
            ))
            .replace(of(ty, json!({"name": "b", "vpc_id": vpc})), "name")
            .bad(of(ty, json!({"name": "sg-a"})), "name")
            .bad(with(json!([rule(70_000, &["10.0.0.0/8"], "")]), json!([]), json!({})), "ingress")
            .bad(with(json!([]), json!([rule(1, &["10.0.0.1/8"], "")]), json!({})), "egress")
            .import(id)
            .import_misses(&["revoke_rules_on_delete", "ingress", "egress"]);
        flight.check(ty, cases).await;
    });
}

#[test]
fn a_new_group_has_no_egress_and_its_references_go_with_it() {
    run(async {
        let flight = Flight::new();
        let ty = "aws_security_group";
        let vpc = vpc(&flight).await;
        let config = json!({"name_prefix": "a-", "vpc_id": vpc, "revoke_rules_on_delete": true});
        let a = flight.make(ty, of(ty, config)).await;
        assert_eq!(a.value.get("egress").and_then(Value::as_items).map(<[Value]>::len), Some(0));
        assert!(text(&a.value, "name").starts_with("a-"));
        assert_eq!(text(&a.value, "name_prefix"), "a-");
        let b = flight.make(ty, of(ty, json!({"name": "b", "vpc_id": vpc}))).await;
        let reference = json!({
            "security_group_id": id(&b.value), "type": "ingress", "protocol": "tcp",
            "from_port": 80, "to_port": 80, "source_security_group_id": id(&a.value),
        });
        let ty_rule = "aws_security_group_rule";
        let rule = flight.make(ty_rule, of(ty_rule, reference)).await;
        flight.delete(ty, a).await.unwrap();
        assert_eq!(flight.read(ty_rule, &rule).await, None);
    });
}

#[test]
fn security_group_rules_conform() {
    run(async {
        let flight = Flight::new();
        let ty = "aws_security_group_rule";
        let vpc = vpc(&flight).await;
        let group = "aws_security_group";
        let group = flight.id(group, of(group, json!({"name": "g", "vpc_id": vpc}))).await;
        let with = |blocks: &[&str], text: &str, kind: &str| {
            of(
                ty,
                json!({
                    "security_group_id": group, "type": kind, "protocol": "tcp", "from_port": 80,
                    "to_port": 81, "cidr_blocks": blocks, "description": text,
                }),
            )
        };
        let cases = flight
            .cases(with(&["10.0.0.0/8", "192.168.0.0/16"], "web", "ingress"))
            .update(with(&["10.0.0.0/8", "192.168.0.0/16"], "www", "ingress"))
            .replace(with(&["10.0.0.0/8"], "web", "ingress"), "cidr_blocks")
            .replace(with(&["10.0.0.0/8", "192.168.0.0/16"], "web", "egress"), "type")
            .bad(with(&["10.0.0.0/8"], "", "both"), "type")
            .bad(with(&["10.0.0.0/33"], "", "egress"), "cidr_blocks")
            .import(|rule| {
                let group = text(rule, "security_group_id");
                format!("{group}_ingress_tcp_80_81_10.0.0.0/8_192.168.0.0/16")
            })
            .bad_id("sg-1_sideways");
        flight.check(ty, cases).await;
    });
}

#[test]
fn vpc_security_group_rules_conform() {
    run(async {
        let flight = Flight::new();
        let vpc = vpc(&flight).await;
        let group = "aws_security_group";
        let group = flight.id(group, of(group, json!({"name": "g", "vpc_id": vpc}))).await;
        let ty = "aws_vpc_security_group_ingress_rule";
        let with = |more: Json| {
            let mut config = json!({"security_group_id": group, "ip_protocol": "tcp"});
            config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            of(ty, config)
        };
        let cases = flight
            .cases(with(json!({"from_port": 80, "to_port": 80, "cidr_ipv4": "10.0.0.0/8"})))
            .update(with(json!({
                "from_port": 80, "to_port": 90, "cidr_ipv4": "10.0.0.0/8", "description": "x",
                "tags": {"Name": "r"},
            })))
            .replace(
                with(json!({
                    "from_port": 80, "to_port": 80, "referenced_security_group_id": group,
                })),
                "cidr_ipv4",
            )
            .bad(with(json!({"cidr_ipv4": "10.0.0.0/8"})), "from_port")
            .bad(with(json!({"from_port": 1, "to_port": 1})), "cidr_ipv4")
            .bad(with(json!({"from_port": 1, "to_port": 1, "cidr_ipv6": "::1/64"})), "cidr_ipv6")
            .import(id)
            .bad_id("sgr-0123456789abcdef0");
        flight.check(ty, cases).await;
        let ty = "aws_vpc_security_group_egress_rule";
        let all = json!({"security_group_id": group, "ip_protocol": "-1", "cidr_ipv6": "::/0"});
        flight.check(ty, flight.cases(of(ty, all)).import(id)).await;
    });
}

#[test]
fn the_default_group_is_adopted_with_only_its_rules_and_given_up() {
    run(async {
        let flight = Flight::new();
        let ty = "aws_default_security_group";
        let vpc = vpc(&flight).await;
        let config = json!({
            "vpc_id": vpc, "ingress": [rule(22, &["10.0.0.0/8"], "")], "tags": {"Name": "d"},
        });
        let made = flight.make(ty, of(ty, config)).await;
        assert_eq!(text(&made.value, "name"), "default");
        assert_eq!(flight.read(ty, &made).await.as_ref(), Some(&made));
        flight.delete(ty, made.clone()).await.unwrap();
        assert!(flight.read(ty, &made).await.is_some());
    });
}
