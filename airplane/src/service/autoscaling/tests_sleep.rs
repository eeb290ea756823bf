//! Groups sleep while nothing can happen by itself, and wake for whatever they must answer.
use super::tests::Flight;
use serde_json::{Value, json};

fn waiting(flight: &Flight) -> i64 {
    let request = http::Request::get("/_airplane/status").body(bytes::Bytes::new()).unwrap();
    let body = flight.0.airplane.handle(request).into_body();
    let status: Value = serde_json::from_slice(&body).unwrap();
    status["events_waiting"].as_i64().unwrap()
}

fn settled(more: Value) -> Flight {
    let flight = Flight::new();
    flight.group(more);
    flight.wait(600);
    assert_eq!(flight.states(), ["InService", "InService"]);
    flight
}

#[test]
fn a_group_that_has_nothing_to_do_plans_nothing() {
    let flight = settled(json!({"HealthCheckGracePeriod": 300}));
    assert_eq!(waiting(&flight), 0);
    flight.wait(365 * 24 * 3600);
    assert_eq!((flight.states().len(), waiting(&flight)), (2, 0));
}

#[test]
fn it_wakes_when_an_instance_of_it_goes() {
    let flight = settled(json!({}));
    let first = flight.ids()[0].clone();
    flight.call("ec2", "TerminateInstances", json!({"InstanceIds": [first]}));
    flight.wait(300);
    assert_eq!(flight.states(), ["InService", "InService"]);
    assert!(!flight.ids().contains(&first));
}

#[test]
fn it_wakes_when_a_condition_comes() {
    let flight = settled(json!({}));
    let before = flight.ids();
    flight.condition("zone-down:us-east-1a");
    flight.wait(600);
    assert_eq!(flight.states(), ["InService", "InService"]);
    assert_ne!(flight.ids(), before);
    let zones: Vec<Value> = flight.shown()["Instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["AvailabilityZone"].clone())
        .collect();
    assert_eq!(zones, ["us-east-1b", "us-east-1b"]);
}

#[test]
fn it_wakes_when_its_launch_can_succeed_again() {
    let flight = Flight::new();
    flight.conditions(&["no-capacity:us-east-1a".to_owned(), "no-capacity:us-east-1b".to_owned()]);
    flight.group(json!({}));
    flight.wait(3600);
    assert!(flight.states().is_empty());
    flight.conditions(&[]);
    flight.wait(300);
    assert_eq!(flight.states(), ["InService", "InService"]);
}
