//! Addresses, further blocks of VPCs, DHCP options, tags.

use serde_json::json;

use super::*;
use crate::tests::run;

#[test]
fn addresses_conform() {
    run(async {
        let flight = Flight::new();
        let cases = flight
            .cases(config(json!({"domain": "vpc", "tags": {"Name": "a"}})))
            .update(config(json!({"domain": "vpc", "tags": {"Name": "b", "c": "d"}})))
            .update(config(json!({"domain": "vpc"})))
            .bad(config(json!({"domain": "moon"})), "domain")
            .bad(
                config(json!({"instance": "i-1", "network_interface": "eni-1"})),
                "network_interface",
            )
            .import(id)
            .bad_id("eipalloc-0123456789abcdef0");
        flight.check("aws_eip", cases).await;
    });
}

#[test]
fn further_blocks_of_a_vpc_conform() {
    run(async {
        let flight = Flight::new();
        let vpc = vpc(&flight, "10.0.0.0/16").await;
        let base = json!({"vpc_id": vpc, "cidr_block": "10.8.0.0/16"});
        let cases = flight
            .cases(with(&base, json!({})))
            .replace(with(&base, json!({"cidr_block": "10.9.0.0/16"})), "cidr_block")
            .bad(with(&base, json!({"cidr_block": "10.9.0.0/8"})), "cidr_block")
            .bad(config(json!({"vpc_id": vpc})), "cidr_block")
            .import(id)
            .bad_id("vpc-cidr-assoc-0123456789abcdef0");
        flight.check("aws_vpc_ipv4_cidr_block_association", cases).await;
    });
}

#[test]
fn a_block_that_overlaps_is_refused_at_its_attribute() {
    run(async {
        let flight = Flight::new();
        let vpc = vpc(&flight, "10.0.0.0/16").await;
        let wanted = config(json!({"vpc_id": vpc, "cidr_block": "10.0.128.0/17"}));
        let made = flight.try_make("aws_vpc_ipv4_cidr_block_association", &wanted).await;
        let error = made.unwrap_err();
        assert_eq!(error.attribute, Some(kprov_core::Path::attribute("cidr_block")), "{error}");
    });
}

#[test]
fn dhcp_options_conform() {
    run(async {
        let flight = Flight::new();
        let base = json!({
            "domain_name": "example.org", "domain_name_servers": ["AmazonProvidedDNS"],
            "ntp_servers": ["169.254.169.123"], "netbios_node_type": "2",
        });
        let cases = flight
            .cases(with(&base, json!({})))
            .update(with(&base, json!({"tags": {"Name": "d"}})))
            .replace(with(&base, json!({"domain_name": "example.com"})), "domain_name")
            .bad(with(&base, json!({"netbios_node_type": "3"})), "netbios_node_type")
            .import(id)
            .bad_id("dopt-0123456789abcdef0");
        flight.check("aws_vpc_dhcp_options", cases).await;
    });
}

#[test]
fn dhcp_options_of_a_vpc_conform() {
    run(async {
        let flight = Flight::new();
        let vpc = vpc(&flight, "10.0.0.0/16").await;
        let options = |name: &str| config(json!({"domain_name": name}));
        let a = flight.id("aws_vpc_dhcp_options", options("a.example")).await;
        let b = flight.id("aws_vpc_dhcp_options", options("b.example")).await;
        let cases = flight
            .cases(config(json!({"vpc_id": vpc, "dhcp_options_id": a})))
            .update(config(json!({"vpc_id": vpc, "dhcp_options_id": b})))
            .import(|object| text(object, "vpc_id"))
            .bad_id("dopt-1");
        flight.check("aws_vpc_dhcp_options_association", cases).await;
    });
}

#[test]
fn single_tags_conform_and_leave_the_others() {
    run(async {
        let flight = Flight::new();
        let wanted = json!({"cidr_block": "10.0.0.0/16", "tags": {"Name": "v"}});
        let vpc = flight.make("aws_vpc", config(wanted)).await;
        let base = json!({"resource_id": id(&vpc.value), "key": "kubernetes.io/cluster/a", "value": "shared"});
        let cases = flight
            .cases(with(&base, json!({})))
            .update(with(&base, json!({"value": "owned"})))
            .update(with(&base, json!({"value": ""})))
            .replace(with(&base, json!({"key": "other"})), "key")
            .bad(with(&base, json!({"key": "aws:nope"})), "key")
            .bad(with(&base, json!({"key": ""})), "key")
            .import(id)
            .bad_id("vpc-1");
        flight.check("aws_ec2_tag", cases).await;
        let after = flight.read("aws_vpc", &vpc).await.unwrap();
        assert_eq!(after.value.get("tags"), Some(&tags(&[("Name", "v")])));
    });
}
