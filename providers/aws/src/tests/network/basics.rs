//! VPCs and subnets.

use super::*;
use crate::tests::run;

#[test]
fn vpcs_conform() {
    run(async {
        let flight = Flight::new();
        let base = json!({"cidr_block": "10.0.0.0/16", "tags": {"Name": "a"}});
        let names = json!({"enable_dns_hostnames": true, "tags": {"Name": "b", "env": "t"}});
        let cases = flight
            .cases(with_tags(&base, json!({"enable_dns_hostnames": true})))
            .update(with_tags(&base, names))
            .update(with_tags(
                &base,
                json!({"enable_dns_hostnames": false, "enable_dns_support": false}),
            ))
            .replace(with_tags(&base, json!({"cidr_block": "10.1.0.0/16"})), "cidr_block")
            .bad(with_tags(&base, json!({"cidr_block": "10.0.0.0/8"})), "cidr_block")
            .import(id)
            .bad_id("vpc-0123456789abcdef0");
        flight.check("aws_vpc", cases).await;
    });
}

#[test]
fn subnets_conform() {
    run(async {
        let flight = Flight::new();
        let vpc = vpc(&flight, "10.9.0.0/16").await;
        let base = json!({
            "vpc_id": vpc, "cidr_block": "10.9.1.0/24", "availability_zone": "eu-central-1a",
        });
        let public = json!({"map_public_ip_on_launch": true, "tags": {"Name": "b"}});
        let cases = flight
            .cases(with_tags(
                &base,
                json!({"map_public_ip_on_launch": true, "tags": {"Name": "a"}}),
            ))
            .update(with_tags(&base, public))
            .update(with_tags(&base, json!({})))
            .replace(with_tags(&base, json!({"cidr_block": "10.9.2.0/24"})), "cidr_block")
            .bad(with_tags(&base, json!({"cidr_block": "10.9.0.0"})), "cidr_block")
            .import(id)
            .bad_id("subnet-0123456789abcdef0");
        flight.check("aws_subnet", cases).await;
    });
}

/// [`with`], with tags as a map.
fn with_tags(base: &Json, more: Json) -> kprov_core::Value {
    let mut all = base.as_object().unwrap().clone();
    all.extend(more.as_object().unwrap().clone());
    let given = all.remove("tags");
    let config = config(Json::Object(all));
    let Some(Json::Object(given)) = given else { return config };
    let pairs: Vec<(&str, &str)> =
        given.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap())).collect();
    kprov_provider::with_attributes(&config, [("tags", tags(&pairs))])
}
