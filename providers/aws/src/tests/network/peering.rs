//! Peering connections, their accepters and their options.

use serde_json::json;

use super::*;
use crate::tests::run;

fn side(allow: bool) -> Json {
    json!([{"allow_remote_vpc_dns_resolution": allow}])
}

#[test]
fn peering_connections_in_one_account_conform() {
    run(async {
        let flight = Flight::new();
        let (a, b) = (vpc(&flight, "10.0.0.0/16").await, vpc(&flight, "10.1.0.0/16").await);
        let c = vpc(&flight, "10.2.0.0/16").await;
        let base = json!({"vpc_id": a, "peer_vpc_id": b, "auto_accept": true});
        let cases = flight
            .cases(with(&base, json!({"accepter": side(true)})))
            .update(with(&base, json!({"accepter": side(false)})))
            .update(with(&base, json!({"accepter": side(true), "requester": side(true)})))
            .update(with(&base, json!({"accepter": side(false), "requester": side(true)})))
            .replace(with(&base, json!({"peer_vpc_id": c})), "peer_vpc_id")
            .bad(with(&base, json!({"peer_vpc_id": a})), "peer_vpc_id")
            .bad(with(&base, json!({"peer_region": "us-east-1"})), "auto_accept")
            .import(id)
            .import_misses(&["auto_accept", "accepter", "requester"])
            .bad_id("pcx-0123456789abcdef0");
        flight.check("aws_vpc_peering_connection", cases).await;
    });
}

#[test]
fn vpcs_that_overlap_cannot_be_peered() {
    run(async {
        let flight = Flight::new();
        let (a, b) = (vpc(&flight, "10.0.0.0/16").await, vpc(&flight, "10.0.0.0/16").await);
        let wanted = config(json!({"vpc_id": a, "peer_vpc_id": b, "auto_accept": true}));
        let error = flight.try_make("aws_vpc_peering_connection", &wanted).await.unwrap_err();
        assert!(error.to_string().contains("overlap"), "{error}");
    });
}

#[test]
fn an_accepter_accepts_and_the_options_follow() {
    run(async {
        let flight = Flight::new();
        let (a, b) = (vpc(&flight, "10.0.0.0/16").await, vpc(&flight, "10.1.0.0/16").await);
        let wanted = config(json!({"vpc_id": a, "peer_vpc_id": b}));
        let peering = flight.make("aws_vpc_peering_connection", wanted).await;
        assert_eq!(text(&peering.value, "accept_status"), "pending-acceptance");
        let pcx = json!({"vpc_peering_connection_id": id(&peering.value)});
        let options = with(&pcx, json!({"requester": side(true)}));
        let error = flight.try_make("aws_vpc_peering_connection_options", &options).await;
        assert!(error.unwrap_err().to_string().contains("not active"));

        let accepter = with(&pcx, json!({"auto_accept": true, "tags": {"Side": "b"}}));
        let accepter = flight.make("aws_vpc_peering_connection_accepter", accepter).await;
        assert_eq!(text(&accepter.value, "accept_status"), "active");
        let of = "aws_vpc_peering_connection_accepter";
        assert_eq!(flight.read(of, &accepter).await.as_ref(), Some(&accepter));

        let of = "aws_vpc_peering_connection_options";
        let options = flight.make(of, options).await;
        assert_eq!(flight.read(of, &options).await.as_ref(), Some(&options));
        flight.delete(of, options).await.unwrap();
        flight.delete("aws_vpc_peering_connection_accepter", accepter).await.unwrap();
        flight.delete("aws_vpc_peering_connection", peering).await.unwrap();
    });
}
