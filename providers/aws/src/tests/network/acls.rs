//! Network ACLs.

use std::slice::from_ref;

use kprov_core::Value;
use serde_json::json;

use super::*;
use crate::tests::run;

fn rule(number: i64, protocol: &str, port: i64) -> Json {
    json!({
        "action": "allow", "cidr_block": "0.0.0.0/0", "from_port": port, "icmp_code": null,
        "icmp_type": null, "ipv6_cidr_block": null, "protocol": protocol, "rule_no": number,
        "to_port": port,
    })
}

/// Rules of the schema's type, whether they are an attribute or blocks.
fn rules(of: &str, name: &str, wanted: &[Json]) -> Value {
    let block = &crate::SCHEMA.resources[of].schema.block;
    let ty = match block.attributes.get(name) {
        Some(attribute) => attribute.ty.clone(),
        None => kprov_core::Type::set(block.blocks[name].block.implied_type()),
    };
    kprov_core::value::from_json(&Json::Array(wanted.to_vec()), &ty).unwrap()
}

fn acl(of: &str, base: Json, ingress: &[Json], egress: &[Json]) -> Value {
    let base = config(base);
    let entries = base.as_entries().unwrap().clone().into_iter();
    let more = [("ingress", ingress), ("egress", egress)];
    let more = more.map(|(name, wanted)| (name.into(), rules(of, name, wanted)));
    Value::object(entries.chain(more))
}

#[test]
fn network_acls_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_network_acl";
        let vpc = vpc(&flight, "10.0.0.0/16").await;
        let a = subnet(&flight, &vpc, "10.0.0.0/24").await;
        let b = subnet(&flight, &vpc, "10.0.1.0/24").await;
        let base = |subnets: &[&String]| json!({"vpc_id": vpc, "subnet_ids": subnets});
        let (web, all) = (rule(100, "tcp", 443), rule(200, "-1", 0));
        let cases = flight
            .cases(acl(of, base(&[&a]), &[web], from_ref(&all)))
            .update(acl(
                of,
                base(&[&a, &b]),
                &[rule(100, "tcp", 80), rule(110, "6", 22)],
                from_ref(&all),
            ))
            .update(acl(of, base(&[&b]), &[], &[]))
            .bad(acl(of, base(&[]), &[rule(0, "tcp", 1)], &[]), "ingress")
            .bad(acl(of, base(&[]), &[], &[rule(1, "pigeon", 1)]), "egress")
            .bad(acl(of, base(&[]), &[rule(1, "-1", 1)], &[]), "ingress")
            .bad(acl(of, base(&[]), &[rule(1, "tcp", 1), rule(1, "tcp", 2)], &[]), "ingress")
            .import(id)
            .import_misses(&["ingress", "egress"])
            .bad_id("acl-0123456789abcdef0");
        flight.check(of, cases).await;
    });
}

#[test]
fn a_default_network_acl_is_adopted_with_only_its_rules_and_given_up() {
    run(async {
        let flight = Flight::new();
        let of = "aws_default_network_acl";
        let vpc = flight.make("aws_vpc", config(json!({"cidr_block": "10.0.0.0/16"}))).await;
        subnet(&flight, &id(&vpc.value), "10.0.0.0/24").await;
        let default = text(&vpc.value, "default_network_acl_id");
        let wanted = json!({"default_network_acl_id": default});
        let made = flight.make(of, acl(of, wanted, &[rule(100, "-1", 0)], &[])).await;
        assert_eq!(id(&made.value), default);
        let read = flight.read(of, &made).await;
        assert_eq!(read.as_ref(), Some(&made));
        assert!(is_marked(&flight, &default).await);
        flight.delete(of, made.clone()).await.unwrap();
        assert!(flight.read(of, &made).await.is_some());
        assert!(!is_marked(&flight, &default).await, "no trace is left");
    });
}
