//! Data sources.

use serde_json::json;

use super::*;
use crate::tests::flight::{config as plain, tags};
use crate::tests::run;

#[test]
fn the_provider_tells_of_itself_without_a_call() {
    run(async {
        let flight = Flight::new();
        let partition = flight.data("aws_partition", plain(json!({}))).await.unwrap();
        assert_eq!(text(&partition, "partition"), "aws");
        assert_eq!(text(&partition, "reverse_dns_prefix"), "com.amazonaws");
        let region = flight.data("aws_region", plain(json!({}))).await.unwrap();
        assert_eq!(text(&region, "name"), "eu-central-1");
        assert_eq!(text(&region, "description"), "Europe (Frankfurt)");
        let wanted = plain(json!({"endpoint": "ec2.us-west-2.amazonaws.com"}));
        let region = flight.data("aws_region", wanted).await.unwrap();
        assert_eq!(text(&region, "region"), "us-west-2");
        let found = flight.data("aws_default_tags", plain(json!({}))).await.unwrap();
        assert_eq!(found.get("tags"), Some(&tags(&[("team", "core")])));
        assert_eq!(flight.calls(), 0);
    });
}

#[test]
fn what_is_there_is_found_and_what_is_not_is_told_at_its_attribute() {
    run(async {
        let flight = Flight::new();
        role(&flight, "node").await;
        let found = flight.data("aws_iam_role", plain(json!({"name": "node"}))).await.unwrap();
        assert_eq!(text(&found, "arn"), "arn:aws:iam::123456789012:role/node");

        let parameter = json!({"name": "/a", "type": "SecureString", "value": "v"});
        let of = "aws_ssm_parameter";
        flight.make(of, config(of, parameter)).await;
        let found = flight.data(of, plain(json!({"name": "/a"}))).await.unwrap();
        assert_eq!(
            (text(&found, "value"), text(&found, "insecure_value")),
            ("v".into(), "".into())
        );

        let of = "aws_route53_zone";
        let zone = flight.id(of, config(of, json!({"name": "example.org"}))).await;
        for wanted in [json!({"name": "example.org."}), json!({"zone_id": zone})] {
            let found = flight.data(of, plain(wanted)).await.unwrap();
            assert_eq!((id(&found), text(&found, "name")), (zone.clone(), "example.org".into()));
        }
        for (of, wanted, attribute) in [
            ("aws_iam_role", json!({"name": "none"}), "name"),
            ("aws_ssm_parameter", json!({"name": "/none"}), "name"),
            ("aws_route53_zone", json!({"name": "example.com"}), "name"),
            ("aws_route53_zone", json!({"name": "example.org", "private_zone": true}), "name"),
        ] {
            let error = flight.data(of, plain(wanted)).await.unwrap_err();
            assert_eq!(error.attribute, Some(kprov_core::Path::attribute(attribute)), "{error}");
        }
    });
}
