//! Route 53.

use serde_json::json;

use super::*;
use crate::tests::run;

#[test]
fn zones_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_route53_zone";
        let base = json!({"name": "example.org", "tags": {"Name": "z"}});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"comment": "ours", "tags": {"a": "b"}})))
            .replace(with(of, &base, json!({"name": "example.com"})), "name")
            .bad(with(of, &base, json!({"name": "a..b"})), "name")
            .bad(with(of, &base, json!({"comment": "c".repeat(257)})), "comment")
            .import(id)
            .import_misses(&["force_destroy"])
            .bad_id("Z0000000000000");
        flight.check(of, cases).await;
    });
}

#[test]
fn private_zones_and_associations_conform() {
    run(async {
        let flight = Flight::new();
        let (of, region) = ("aws_route53_zone", "eu-central-1");
        let (one, _) = network(&flight).await;
        let other = config("aws_vpc", json!({"cidr_block": "10.1.0.0/16"}));
        let other = flight.id("aws_vpc", other).await;
        let block = |vpc: &str| json!({"vpc_id": vpc, "vpc_region": region});
        let base = json!({"name": "cluster.local", "vpc": [block(&one)]});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"vpc": [block(&one), block(&other)]})))
            .update(with(of, &base, json!({"vpc": [block(&other)]})))
            .replace(with(of, &base, json!({"vpc": []})), "vpc")
            .import(id)
            .import_misses(&["force_destroy"]);
        flight.check(of, cases).await;

        let zone = flight.id(of, config(of, base)).await;
        let of = "aws_route53_zone_association";
        let base = json!({"zone_id": zone, "vpc_id": other});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .replace(with(of, &base, json!({"vpc_id": one})), "vpc_id")
            .import(id)
            .bad_id("x");
        flight.check(of, cases).await;
    });
}

#[test]
fn records_conform() {
    run(async {
        let flight = Flight::new();
        let zone = config("aws_route53_zone", json!({"name": "example.org"}));
        let zone = flight.id("aws_route53_zone", zone).await;
        let of = "aws_route53_record";
        let base = json!({
            "zone_id": zone, "name": "api", "type": "A", "ttl": 60, "records": ["10.0.0.1"],
        });
        let alias = json!([{"name": "www.example.org", "zone_id": zone,
            "evaluate_target_health": false}]);
        let alone = json!({"zone_id": zone, "name": "x", "type": "A"});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"records": ["10.0.0.2", "10.0.0.3"], "ttl": 30})))
            .replace(with(of, &base, json!({"name": "other"})), "name")
            .bad(with(of, &base, json!({"type": "B"})), "type")
            .bad(with(of, &base, json!({"ttl": null})), "ttl")
            .bad(with(of, &base, json!({"alias": alias.clone()})), "records")
            .bad(config(of, alone.clone()), "records")
            .bad(
                with(of, &base, json!({"weighted_routing_policy": [{"weight": 1}]})),
                "set_identifier",
            )
            .import(id)
            .import_misses(&["allow_overwrite", "name"])
            .bad_id("x");
        flight.check(of, cases).await;

        let www = json!({"name": "www", "records": ["10.0.0.8"]});
        flight.make(of, with(of, &base, www)).await;
        for more in [
            json!({"name": "*", "type": "TXT", "records": ["v=spf1 -all"]}),
            json!({"name": "w", "set_identifier": "a", "weighted_routing_policy": [{"weight": 3}]}),
            json!({"name": "f", "set_identifier": "a",
                "failover_routing_policy": [{"type": "PRIMARY"}]}),
            json!({"name": "m", "set_identifier": "a", "multivalue_answer_routing_policy": true}),
            json!({"name": "l", "set_identifier": "a",
                "latency_routing_policy": [{"region": "eu-central-1"}]}),
            json!({"name": "g", "set_identifier": "a",
                "geolocation_routing_policy": [{"country": "DE"}]}),
        ] {
            flight.check(of, flight.cases(with(of, &base, more))).await;
        }
        let cases = flight.cases(with(of, &alone, json!({"alias": alias})));
        flight.check(of, cases).await;
    });
}

#[test]
fn records_that_come_together_are_one_change_and_a_refused_one_harms_no_other() {
    run(async {
        let flight = Flight::new();
        let zone = config("aws_route53_zone", json!({"name": "example.org"}));
        let zone = flight.id("aws_route53_zone", zone).await;
        let of = "aws_route53_record";
        let record = |n: usize| {
            let name = format!("r{n}");
            config(
                of,
                json!({"zone_id": zone, "name": name, "type": "A", "ttl": 60,
                "records": ["10.0.0.1"]}),
            )
        };
        let before = flight.count("route53:ChangeResourceRecordSets");
        let made = flight.make_all(of, (0..20).map(record).collect()).await;
        assert!(made.iter().all(Result::is_ok));
        assert_eq!(flight.count("route53:ChangeResourceRecordSets") - before, 1);
        // The second of these is there already.
        let made = flight.make_all(of, vec![record(30), record(3), record(31)]).await;
        let ok: Vec<bool> = made.iter().map(Result::is_ok).collect();
        assert_eq!(ok, [true, false, true]);
        let error = made.into_iter().nth(1).unwrap().unwrap_err();
        assert_eq!(error.attribute, Some(kprov_core::Path::attribute("name")));
    });
}
