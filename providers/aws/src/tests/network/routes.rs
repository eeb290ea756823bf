//! Route tables, routes and associations.

use kprov_core::Value;
use serde_json::json;

use super::*;
use crate::tests::run;

/// Inline routes, each complete.
fn routes(of: &str, wanted: &[Json]) -> Value {
    let ty = &crate::SCHEMA.resources[of].schema.block.attributes["route"].ty;
    let kprov_core::Type::Set(element) = ty else { panic!("routes are a set") };
    let kprov_core::Type::Object(object) = element.as_ref() else { panic!("of objects") };
    let each = wanted.iter().map(|route| {
        Value::object(object.attributes().iter().map(|(name, ty)| {
            let text = route.get(name.as_str()).and_then(Json::as_str);
            (name.clone(), text.map_or(Value::Null(ty.clone()), Value::string))
        }))
    });
    Value::set(element.as_ref().clone(), each.collect())
}

fn table(of: &str, base: &Json, wanted: &[Json]) -> Value {
    let base = config(base.clone());
    let entries = base.as_entries().unwrap().clone().into_iter();
    Value::object(entries.chain([("route".into(), routes(of, wanted))]))
}

struct Net {
    vpc: String,
    igw: String,
    nat: String,
}

async fn net(flight: &Flight) -> Net {
    let vpc = vpc(flight, "10.0.0.0/16").await;
    let igw = flight.id("aws_internet_gateway", config(json!({"vpc_id": vpc}))).await;
    let subnet = subnet(flight, &vpc, "10.0.0.0/24").await;
    let nat = json!({"subnet_id": subnet, "connectivity_type": "private"});
    let nat = flight.id("aws_nat_gateway", config(nat)).await;
    Net { vpc, igw, nat }
}

#[test]
fn route_tables_with_inline_routes_conform() {
    run(async {
        let flight = Flight::new();
        let net = net(&flight).await;
        let base = json!({"vpc_id": net.vpc});
        let of = "aws_route_table";
        let default = json!({"cidr_block": "0.0.0.0/0", "gateway_id": net.igw});
        let ipv6 = json!({"ipv6_cidr_block": "0::/0", "gateway_id": net.igw});
        let moved = json!({"cidr_block": "0.0.0.0/0", "nat_gateway_id": net.nat});
        let nowhere = json!({"cidr_block": "192.168.0.0/16"});
        let bad_block = json!({"cidr_block": "10.0.0.1/8", "gateway_id": "igw-1"});
        let cases = flight
            .cases(table(of, &base, &[default.clone(), ipv6.clone()]))
            .update(table(of, &base, &[moved]))
            .update(table(of, &base, &[]))
            .bad(table(of, &base, &[nowhere]), "route")
            .bad(table(of, &base, &[bad_block]), "route")
            .bad(table(of, &base, &[default.clone(), default]), "route")
            .import(id)
            // Its destinations are spelt as AWS does.
            .import_misses(&["route"])
            .bad_id("rtb-0123456789abcdef0");
        // A set holds equal items once, so that the last case is no case.
        let failures = flight.failures(of, cases).await;
        let serious: Vec<_> = failures.iter().filter(|it| !it.starts_with("bad")).collect();
        assert!(serious.is_empty(), "{serious:#?}");
    });
}

#[test]
fn a_route_table_without_inline_routes_ignores_routes_beside_it() {
    run(async {
        let flight = Flight::new();
        let net = net(&flight).await;
        let cases = flight
            .cases(config(json!({"vpc_id": net.vpc, "tags": {"Name": "t"}})))
            .update(config(json!({"vpc_id": net.vpc})));
        flight.check("aws_route_table", cases).await;
    });
}

#[test]
fn routes_conform() {
    run(async {
        let flight = Flight::new();
        let net = net(&flight).await;
        let rtb = flight.id("aws_route_table", config(json!({"vpc_id": net.vpc}))).await;
        let base = json!({"route_table_id": rtb, "destination_cidr_block": "0.0.0.0/0"});
        let import = |object: &Value| {
            format!("{}_{}", text(object, "route_table_id"), text(object, "destination_cidr_block"))
        };
        let cases = flight
            .cases(with(&base, json!({"gateway_id": net.igw})))
            .update(with(&base, json!({"nat_gateway_id": net.nat})))
            .update(with(&base, json!({"gateway_id": net.igw})))
            .replace(
                with(
                    &base,
                    json!({"gateway_id": net.igw, "destination_cidr_block": "192.168.0.0/16"}),
                ),
                "destination_cidr_block",
            )
            .bad(with(&base, json!({})), "carrier_gateway_id")
            .bad(
                with(&base, json!({"gateway_id": "igw-1", "nat_gateway_id": "nat-1"})),
                "nat_gateway_id",
            )
            .bad(
                with(&base, json!({"gateway_id": "igw-1", "destination_cidr_block": "10.0.0.1/8"})),
                "destination_cidr_block",
            )
            .import(import)
            .bad_id("rtb-1");
        flight.check("aws_route", cases).await;
    });
}

#[test]
fn an_ipv6_route_keeps_its_spelling() {
    run(async {
        let flight = Flight::new();
        let net = net(&flight).await;
        let rtb = flight.id("aws_route_table", config(json!({"vpc_id": net.vpc}))).await;
        let wanted = json!({
            "route_table_id": rtb, "destination_ipv6_cidr_block": "0::0/0", "gateway_id": net.igw,
        });
        flight.check("aws_route", flight.cases(config(wanted))).await;
    });
}

#[test]
fn associations_keep_up_with_their_table() {
    run(async {
        let flight = Flight::new();
        let net = net(&flight).await;
        let a = flight.id("aws_route_table", config(json!({"vpc_id": net.vpc}))).await;
        let b = flight.id("aws_route_table", config(json!({"vpc_id": net.vpc}))).await;
        let subnet_a = subnet(&flight, &net.vpc, "10.0.1.0/24").await;
        let subnet_b = subnet(&flight, &net.vpc, "10.0.2.0/24").await;
        let base = json!({"subnet_id": subnet_a, "route_table_id": a});
        let import = |object: &Value| {
            format!("{}/{}", text(object, "subnet_id"), text(object, "route_table_id"))
        };
        let cases = flight
            .cases(with(&base, json!({})))
            .update(with(&base, json!({"route_table_id": b})))
            .replace(with(&base, json!({"subnet_id": subnet_b})), "subnet_id")
            .bad(config(json!({"route_table_id": a})), "subnet_id")
            .bad(with(&base, json!({"gateway_id": "igw-1"})), "gateway_id")
            .import(import)
            .bad_id("subnet-1");
        flight.check("aws_route_table_association", cases).await;
    });
}

#[test]
fn a_route_table_in_use_says_by_what() {
    run(async {
        let flight = Flight::new();
        let net = net(&flight).await;
        let timeouts = json!({"create": null, "delete": "5s", "update": null});
        let wanted = json!({"vpc_id": net.vpc, "timeouts": timeouts});
        let table = flight.make("aws_route_table", config(wanted)).await;
        let subnet = subnet(&flight, &net.vpc, "10.0.1.0/24").await;
        let association = json!({"subnet_id": subnet, "route_table_id": id(&table.value)});
        flight.make("aws_route_table_association", config(association)).await;
        let error = flight.delete("aws_route_table", table).await.unwrap_err();
        assert!(error.to_string().contains(&subnet), "{error}");
    });
}

#[test]
fn a_default_route_table_is_adopted_emptied_and_given_up() {
    run(async {
        let flight = Flight::new();
        let of = "aws_default_route_table";
        let vpc = flight.make("aws_vpc", config(json!({"cidr_block": "10.0.0.0/16"}))).await;
        let igw = json!({"vpc_id": id(&vpc.value)});
        let igw = flight.id("aws_internet_gateway", config(igw)).await;
        let main = text(&vpc.value, "default_route_table_id");
        let stray = json!({
            "route_table_id": main, "destination_cidr_block": "192.168.0.0/16", "gateway_id": igw,
        });
        let stray = flight.make("aws_route", config(stray)).await;
        let base = json!({"default_route_table_id": main, "tags": {"Name": "main"}});
        let wanted = table(of, &base, &[json!({"cidr_block": "0.0.0.0/0", "gateway_id": igw})]);
        let made = flight.make(of, wanted).await;
        assert_eq!(flight.read(of, &made).await.as_ref(), Some(&made));
        assert!(flight.read("aws_route", &stray).await.is_none());
        assert_eq!(id(&made.value), main);
        assert!(is_marked(&flight, &main).await);
        flight.delete(of, made.clone()).await.unwrap();
        assert!(flight.read(of, &made).await.is_some());
        assert!(!is_marked(&flight, &main).await, "no trace is left");
    });
}
