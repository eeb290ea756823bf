//! VPC endpoints.

use serde_json::json;

use super::*;
use crate::tests::run;

#[test]
fn gateway_endpoints_conform() {
    run(async {
        let flight = Flight::new();
        let vpc = vpc(&flight, "10.0.0.0/16").await;
        let a = flight.id("aws_route_table", config(json!({"vpc_id": vpc}))).await;
        let b = flight.id("aws_route_table", config(json!({"vpc_id": vpc}))).await;
        let policy = r#"{"Statement": [{"Action": "s3:*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}"#;
        let base = json!({"vpc_id": vpc, "service_name": "com.amazonaws.eu-central-1.s3"});
        let dynamo = json!({"service_name": "com.amazonaws.eu-central-1.dynamodb"});
        let cases = flight
            .cases(with(&base, json!({"route_table_ids": [a], "tags": {"Name": "s3"}})))
            .update(with(&base, json!({"route_table_ids": [a, b], "policy": policy})))
            .update(with(&base, json!({"route_table_ids": [b], "policy": policy})))
            .replace(with(&base, dynamo), "service_name")
            .bad(with(&base, json!({"private_dns_enabled": true})), "private_dns_enabled")
            .bad(with(&base, json!({"policy": "{"})), "policy")
            .bad(config(json!({"vpc_id": vpc})), "service_name")
            .import(id)
            .bad_id("vpce-0123456789abcdef0");
        flight.check("aws_vpc_endpoint", cases).await;
    });
}

#[test]
fn a_gateway_endpoints_routes_are_not_the_tables() {
    run(async {
        let flight = Flight::new();
        let vpc = vpc(&flight, "10.0.0.0/16").await;
        let table = flight.make("aws_route_table", config(json!({"vpc_id": vpc}))).await;
        let wanted = json!({
            "vpc_id": vpc, "service_name": "com.amazonaws.eu-central-1.s3",
            "route_table_ids": [id(&table.value)],
        });
        let endpoint = flight.make("aws_vpc_endpoint", config(wanted)).await;
        assert!(text(&endpoint.value, "prefix_list_id").starts_with("pl-"));
        assert_eq!(flight.read("aws_route_table", &table).await, Some(table));
    });
}

#[test]
fn interface_endpoints_conform() {
    run(async {
        let flight = Flight::new();
        let wanted = json!({
            "cidr_block": "10.0.0.0/16", "enable_dns_hostnames": true, "enable_dns_support": true,
        });
        let vpc = flight.id("aws_vpc", config(wanted)).await;
        let a = subnet(&flight, &vpc, "10.0.0.0/24").await;
        let b = json!({
            "vpc_id": vpc, "cidr_block": "10.0.1.0/24", "availability_zone": "eu-central-1b",
        });
        let b = flight.id("aws_subnet", config(b)).await;
        let base = json!({
            "vpc_id": vpc, "service_name": "com.amazonaws.eu-central-1.sqs",
            "vpc_endpoint_type": "Interface",
        });
        let cases = flight
            .cases(with(&base, json!({"subnet_ids": [a], "private_dns_enabled": true})))
            .update(with(&base, json!({"subnet_ids": [a, b], "private_dns_enabled": true})))
            .update(with(&base, json!({"subnet_ids": [b], "private_dns_enabled": false})))
            .bad(with(&base, json!({"route_table_ids": ["rtb-1"]})), "route_table_ids")
            .import(id);
        flight.check("aws_vpc_endpoint", cases).await;
    });
}
