//! Data sources that search the network.

use kprov_core::{Path, Value};
use serde_json::json;

use super::*;
use crate::tests::run;

fn filters(ty: &str, name: &str, values: &[&str]) -> Value {
    let block = &crate::SCHEMA.data_sources[ty].block.blocks["filter"].block;
    let ty = kprov_core::Type::set(block.implied_type());
    kprov_core::value::from_json(&json!([{"name": name, "values": values}]), &ty).unwrap()
}

#[test]
fn a_vpc_is_found_by_tag_with_what_its_resource_knows() {
    run(async {
        let flight = Flight::new();
        let wanted = json!({"cidr_block": "10.0.0.0/16", "tags": {"Name": "a"}});
        let made = flight.make("aws_vpc", config(wanted)).await;
        vpc(&flight, "10.0.0.0/16").await;
        let found = flight.data("aws_vpc", config(json!({"tags": {"Name": "a"}}))).await.unwrap();
        for name in
            ["id", "arn", "cidr_block", "main_route_table_id", "enable_dns_support", "owner_id"]
        {
            assert_eq!(found.get(name), made.value.get(name), "{name}");
        }
        let all = flight.data("aws_vpc", config(json!({"cidr_block": "10.0.0.0/16"}))).await;
        assert!(all.unwrap_err().to_string().contains("2 of them match"));
        let none = flight.data("aws_vpc", config(json!({"id": "vpc-0"}))).await.unwrap_err();
        assert!(none.to_string().contains("No VPC matches"), "{none}");
    });
}

#[test]
fn subnets_are_found_by_filter_and_one_by_arguments() {
    run(async {
        let flight = Flight::new();
        let vpc = vpc(&flight, "10.0.0.0/16").await;
        let a = subnet(&flight, &vpc, "10.0.0.0/24").await;
        let b = subnet(&flight, &vpc, "10.0.1.0/24").await;
        let ty = "aws_subnets";
        let wanted = Value::object([("filter", filters(ty, "vpc-id", &[&vpc]))]);
        let found = flight.data(ty, wanted).await.unwrap();
        let mut ids = [a.clone(), b.clone()];
        ids.sort();
        let listed: Vec<&str> = found
            .get("ids")
            .unwrap()
            .as_items()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(listed, ids);
        let one = config(json!({"vpc_id": vpc, "cidr_block": "10.0.1.0/24"}));
        assert_eq!(id(&flight.data("aws_subnet", one).await.unwrap()), b);
        let one = config(json!({"id": a}));
        let found = flight.data("aws_subnet", one).await.unwrap();
        assert_eq!(found.get("available_ip_address_count"), Some(&Value::int(251)));
    });
}

#[test]
fn a_route_table_is_found_by_its_subnet() {
    run(async {
        let flight = Flight::new();
        let vpc = vpc(&flight, "10.0.0.0/16").await;
        let subnet = subnet(&flight, &vpc, "10.0.0.0/24").await;
        let igw = flight.id("aws_internet_gateway", config(json!({"vpc_id": vpc}))).await;
        let table = flight.id("aws_route_table", config(json!({"vpc_id": vpc}))).await;
        let route = json!({
            "route_table_id": table, "destination_cidr_block": "0.0.0.0/0", "gateway_id": igw,
        });
        flight.make("aws_route", config(route)).await;
        let association = json!({"subnet_id": subnet, "route_table_id": table});
        flight.make("aws_route_table_association", config(association)).await;
        let found =
            flight.data("aws_route_table", config(json!({"subnet_id": subnet}))).await.unwrap();
        assert_eq!(text(&found, "route_table_id"), table);
        let routes = found.get("routes").unwrap().as_items().unwrap();
        assert_eq!(routes.len(), 1, "the VPC's own route is not listed");
        assert_eq!(text(&routes[0], "gateway_id"), igw);
        let none = flight.data("aws_route_table", config(json!({}))).await.unwrap_err();
        assert_eq!(none.attribute, None::<Path>);
    });
}

#[test]
fn an_internet_gateway_is_found_by_id_vpc_and_tag() {
    run(async {
        let flight = Flight::new();
        let vpc = vpc(&flight, "10.0.0.0/16").await;
        let ty = "aws_internet_gateway";
        let wanted = json!({"vpc_id": vpc, "tags": {"Name": "a"}});
        let made = flight.make(ty, config(wanted)).await.value;
        let other = flight.id(ty, config(json!({}))).await;
        let by_id = config(json!({"internet_gateway_id": id(&made)}));
        let by_tag = config(json!({"tags": {"Name": "a"}}));
        let by_vpc = Value::object([("filter", filters(ty, "attachment.vpc-id", &[&vpc]))]);
        for wanted in [by_id, by_tag, by_vpc] {
            let found = flight.data(ty, wanted).await.unwrap();
            for name in ["id", "arn", "owner_id"] {
                assert_eq!(found.get(name), made.get(name), "{name}");
            }
            assert_eq!(found.get("tags"), made.get("tags_all"));
            let attachments = found.get("attachments").unwrap().as_items().unwrap();
            assert_eq!(attachments.len(), 1);
            assert_eq!(text(&attachments[0], "vpc_id"), vpc);
            assert_eq!(text(&attachments[0], "state"), "available");
        }
        let loose = config(json!({"internet_gateway_id": other}));
        let loose = flight.data(ty, loose).await.unwrap();
        assert_eq!(loose.get("attachments").unwrap().as_items().unwrap().len(), 0);
        let none = flight.data(ty, config(json!({"internet_gateway_id": "igw-0"}))).await;
        assert!(none.unwrap_err().to_string().contains("No internet gateway matches"));
        let open = flight.data(ty, config(json!({}))).await.unwrap_err();
        assert!(open.to_string().contains("which gateway is wanted"), "{open}");
    });
}
