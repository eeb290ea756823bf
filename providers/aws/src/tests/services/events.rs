//! SQS and EventBridge.

use serde_json::json;

use super::*;
use crate::tests::run;

#[test]
fn queues_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_sqs_queue";
        let base =
            json!({"name": "drain", "message_retention_seconds": 300, "tags": {"Name": "q"}});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"visibility_timeout_seconds": 60, "tags": {"a": "b"}})))
            .update(with(of, &base, json!({"receive_wait_time_seconds": 20, "delay_seconds": 1})))
            .replace(with(of, &base, json!({"name": "other"})), "name")
            .bad(with(of, &base, json!({"name": "a b"})), "name")
            .bad(with(of, &base, json!({"name": "a.fifo"})), "name")
            .bad(with(of, &base, json!({"delay_seconds": 901})), "delay_seconds")
            .bad(with(of, &base, json!({"policy": "x"})), "policy")
            .bad(
                with(of, &base, json!({"message_retention_seconds": 1})),
                "message_retention_seconds",
            )
            .import(id)
            .bad_id("drain");
        flight.check(of, cases).await;
        let fifo =
            json!({"name": "a.fifo", "fifo_queue": true, "content_based_deduplication": true});
        flight.check(of, flight.cases(config(of, fifo))).await;
        flight.check(of, flight.cases(config(of, json!({})))).await;
    });
}

fn send(queue: &str) -> String {
    let statement = json!({
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage", "Resource": queue,
    });
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

#[test]
fn policies_of_queues_conform() {
    run(async {
        let flight = Flight::new();
        let queue =
            flight.make("aws_sqs_queue", config("aws_sqs_queue", json!({"name": "q"}))).await;
        let (url, arn) = (id(&queue.value), text(&queue.value, "arn"));
        let of = "aws_sqs_queue_policy";
        let base = json!({"queue_url": url, "policy": send(&arn)});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"policy": send("*")})))
            .replace(with(of, &base, json!({"queue_url": format!("{url}2")})), "queue_url")
            .bad(with(of, &base, json!({"policy": "x"})), "policy")
            .import(id)
            .bad_id("q");
        flight.check(of, cases).await;
    });
}

#[test]
fn rules_and_targets_conform() {
    run(async {
        let flight = Flight::new();
        let queue =
            flight.make("aws_sqs_queue", config("aws_sqs_queue", json!({"name": "q"}))).await;
        let queue = text(&queue.value, "arn");
        let of = "aws_cloudwatch_event_rule";
        let pattern = json!({"source": ["aws.ec2"],
            "detail-type": ["EC2 Spot Instance Interruption Warning"]});
        let base = json!({
            "name": "spot", "event_pattern": pattern.to_string(), "tags": {"Name": "r"},
        });
        let other = json!({"source": ["aws.health"]}).to_string();
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"event_pattern": other, "description": "d"})))
            .update(with(of, &base, json!({"state": "DISABLED", "tags": {"a": "b"}})))
            .update(with(of, &base, json!({"is_enabled": true})))
            .replace(with(of, &base, json!({"name": "other"})), "name")
            .bad(with(of, &base, json!({"name": "a b"})), "name")
            .bad(with(of, &base, json!({"event_pattern": "x"})), "event_pattern")
            .bad(config(of, json!({"name": "a"})), "schedule_expression")
            .bad(with(of, &base, json!({"schedule_expression": "daily"})), "schedule_expression")
            .bad(with(of, &base, json!({"state": "ON"})), "state")
            .import(id)
            .import_misses(&["force_destroy"])
            .bad_id("none");
        flight.check(of, cases).await;
        let timed = json!({"schedule_expression": "rate(5 minutes)", "name_prefix": "t-"});
        flight.check(of, flight.cases(config(of, timed))).await;

        flight.make(of, config(of, base)).await;
        let of = "aws_cloudwatch_event_target";
        let base = json!({"rule": "spot", "target_id": "q", "arn": queue});
        let retry = json!([{"maximum_retry_attempts": 3, "maximum_event_age_in_seconds": 60}]);
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"input": "{\"a\": 1}", "retry_policy": retry})))
            .replace(with(of, &base, json!({"target_id": "r"})), "target_id")
            .bad(with(of, &base, json!({"arn": "x"})), "arn")
            .bad(with(of, &base, json!({"input": "x"})), "input")
            .bad(with(of, &base, json!({"input": "1", "input_path": "$"})), "input_path")
            .import(|_| "spot/q".to_owned())
            .import_misses(&["force_destroy"])
            .bad_id("x");
        flight.check(of, cases).await;
        let generated = json!({"rule": "spot", "arn": queue});
        flight.check(of, flight.cases(config(of, generated))).await;
    });
}
