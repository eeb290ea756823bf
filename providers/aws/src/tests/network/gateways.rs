//! Internet, egress-only and NAT gateways.

use serde_json::json;

use super::*;
use crate::tests::run;

#[test]
fn internet_gateways_move_between_vpcs() {
    run(async {
        let flight = Flight::new();
        let (a, b) = (vpc(&flight, "10.0.0.0/16").await, vpc(&flight, "10.1.0.0/16").await);
        let cases = flight
            .cases(config(json!({"vpc_id": a})))
            .update(config(json!({"vpc_id": b})))
            .import(id)
            .bad_id("igw-0123456789abcdef0");
        flight.check("aws_internet_gateway", cases).await;
    });
}

#[test]
fn an_internet_gateway_is_held_by_public_addresses_and_says_so() {
    run(async {
        let flight = Flight::new();
        let vpc = vpc(&flight, "10.0.0.0/16").await;
        let subnet = subnet(&flight, &vpc, "10.0.0.0/24").await;
        let wanted = config(
            json!({"vpc_id": vpc, "timeouts": {"create": null, "delete": "30s", "update": null}}),
        );
        let gateway = flight.make("aws_internet_gateway", wanted).await;
        let eip = flight.id("aws_eip", config(json!({"domain": "vpc"}))).await;
        let nat = json!({"subnet_id": subnet, "allocation_id": eip});
        let nat = flight.make("aws_nat_gateway", config(nat)).await;
        let error = flight.delete("aws_internet_gateway", gateway.clone()).await.unwrap_err();
        assert!(error.to_string().contains(&id(&nat.value)), "{error}");
        flight.delete("aws_nat_gateway", nat).await.unwrap();
        flight.delete("aws_internet_gateway", gateway).await.unwrap();
    });
}

#[test]
fn egress_only_internet_gateways_conform() {
    run(async {
        let flight = Flight::new();
        let (a, b) = (vpc(&flight, "10.0.0.0/16").await, vpc(&flight, "10.1.0.0/16").await);
        let cases = flight
            .cases(config(json!({"vpc_id": a})))
            .update(config(json!({"vpc_id": a, "tags": {"Name": "e"}})))
            .replace(config(json!({"vpc_id": b})), "vpc_id")
            .import(id)
            .bad_id("eigw-0123456789abcdef0");
        flight.check("aws_egress_only_internet_gateway", cases).await;
    });
}

#[test]
fn nat_gateways_conform() {
    run(async {
        let flight = Flight::new();
        let vpc = vpc(&flight, "10.0.0.0/16").await;
        flight.make("aws_internet_gateway", config(json!({"vpc_id": vpc}))).await;
        let subnet = subnet(&flight, &vpc, "10.0.0.0/24").await;
        let base = json!({"subnet_id": subnet, "connectivity_type": "private"});
        let cases = flight
            .cases(with(&base, json!({"tags": {"Name": "n"}})))
            .update(with(&base, json!({"tags": {"Name": "m"}})))
            .replace(with(&base, json!({"private_ip": "10.0.0.9"})), "private_ip")
            .bad(config(json!({"subnet_id": "subnet-1"})), "allocation_id")
            .bad(config(json!({"allocation_id": "eipalloc-1"})), "subnet_id")
            .bad(with(&base, json!({"allocation_id": "eipalloc-1"})), "allocation_id")
            .import(id)
            .bad_id("nat-0123456789abcdef0");
        flight.check("aws_nat_gateway", cases).await;
    });
}

#[test]
fn an_address_can_go_as_soon_as_its_nat_gateway_is_deleted() {
    run(async {
        let flight = Flight::new();
        let vpc = vpc(&flight, "10.0.0.0/16").await;
        flight.make("aws_internet_gateway", config(json!({"vpc_id": vpc}))).await;
        let subnet = subnet(&flight, &vpc, "10.0.0.0/24").await;
        let eip = flight.make("aws_eip", config(json!({"domain": "vpc"}))).await;
        let nat = json!({"subnet_id": subnet, "allocation_id": id(&eip.value)});
        let nat = flight.make("aws_nat_gateway", config(nat)).await;
        assert_eq!(text(&nat.value, "public_ip"), text(&eip.value, "public_ip"));
        let with_nat = flight.read("aws_eip", &eip).await.unwrap();
        assert!(!text(&with_nat.value, "association_id").is_empty());
        let error = flight.delete("aws_eip", with_nat.clone()).await.unwrap_err();
        assert!(error.to_string().contains(&id(&nat.value)), "{error}");
        flight.delete("aws_nat_gateway", nat).await.unwrap();
        flight.delete("aws_eip", with_nat.clone()).await.unwrap();
        assert!(flight.read("aws_eip", &with_nat).await.is_none());
    });
}
