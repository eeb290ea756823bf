//! Bad input and bad luck: what is told, at which attribute, and that what is left is true.

use kprov_core::{Path, Value};
use kprov_provider::{ErrorClass, Provider, ProviderError};
use serde_json::{Value as Json, json};

use super::compute::{image, of};
use super::flight::Flight;
use super::run;

/// How many objects airplane has of a kind such as "vpcs", not counting those that AWS makes itself.
fn count(flight: &Flight, kind: &str) -> usize {
    let dump = flight.dump();
    let all = dump.as_array().unwrap().iter();
    let kind = format!("ec2.{kind}");
    all.filter(|it| it["type"] == kind.as_str() && it["implicit"] != true).count()
}

fn says(error: &ProviderError, words: &[&str]) {
    for word in words {
        assert!(error.message.contains(word), "{word:?} is not said: {error}");
    }
}

fn at(error: &ProviderError, attribute: &str) {
    assert_eq!(error.attribute, Some(Path::attribute(attribute)), "{error}");
}

/// Calls of that action fail with that code.
fn refuse(flight: &Flight, action: &str, code: &str, status: u16) {
    let effect = json!({"kind": "error", "code": code, "message": "No.", "status": status});
    flight.control("PUT", "faults", json!([{"action": action, "effect": effect}]));
}

fn network(block: &str) -> Value {
    of("aws_vpc", json!({"cidr_block": block}))
}

async fn refused(flight: &Flight, ty: &str, json: Json) -> ProviderError {
    flight.try_make(ty, &of(ty, json)).await.unwrap_err()
}

#[test]
fn credentials_that_aws_does_not_know_or_that_have_expired_change_nothing() {
    run(async {
        let flight = Flight::new();
        for (code, status, words) in [
            ("AuthFailure", 401, "does not know these credentials"),
            ("UnrecognizedClientException", 403, "does not know these credentials"),
            ("SignatureDoesNotMatch", 403, "does not know these credentials"),
            ("RequestExpired", 400, "log in again"),
            ("ExpiredToken", 403, "log in again"),
            ("UnauthorizedOperation", 403, "a policy does not allow this call"),
        ] {
            refuse(&flight, "CreateVpc", code, status);
            let error = flight.try_make("aws_vpc", &network("10.0.0.0/16")).await.unwrap_err();
            assert_eq!(error.class, ErrorClass::Rejected, "{error}");
            assert_eq!(error.attribute, None, "{error}");
            says(&error, &["ec2:CreateVpc", code, words, "request id"]);
            assert_eq!(count(&flight, "vpcs"), 0);
        }
    });
}

#[test]
fn a_token_that_expires_in_the_middle_leaves_what_was_made() {
    run(async {
        let flight = Flight::new();
        refuse(&flight, "ModifyVpcAttribute", "RequestExpired", 400);
        let config = json!({"cidr_block": "10.0.0.0/16", "enable_dns_hostnames": true});
        let error = refused(&flight, "aws_vpc", config).await;
        // It is there: the state keeps the intent, and the next run finds it by its tag.
        assert_eq!(error.class, ErrorClass::Ambiguous, "{error}");
        says(&error, &["RequestExpired", "log in again"]);
        assert_eq!(count(&flight, "vpcs"), 1);
    });
}

#[test]
fn a_region_that_nobody_knows_is_refused_before_any_call() {
    let provider = |region: &str, more: &[(&str, Value)]| {
        let own = [("region", Value::string(region))];
        let config = Value::object([&own[..], more].concat());
        let aws = crate::Aws::default();
        aws.validate(&kprov_provider::testing::complete(&aws.schema().provider.block, &config))
    };
    let problems = provider("eu-centrl-1", &[]);
    assert_eq!(problems[0].path, Path::attribute("region"));
    assert!(problems[0].message.contains("eu-centrl-1"), "{problems:?}");
    assert!(provider("eu-central-1", &[]).is_empty());
    assert!(provider("xx-new-1", &[("skip_region_validation", Value::Bool(true))]).is_empty());
}

#[test]
fn what_is_in_another_region_is_not_found_and_said_so() {
    run(async {
        let flight = Flight::new();
        let vpc = flight.id("aws_vpc", network("10.0.0.0/16")).await;
        let subnet = json!({"vpc_id": vpc, "cidr_block": "10.0.0.0/24", "region": "us-east-1"});
        let error = refused(&flight, "aws_subnet", subnet).await;
        at(&error, "vpc_id");
        says(&error, &["InvalidVpcID.NotFound", &vpc, "another account or region"]);
        assert_eq!(error.class, ErrorClass::Rejected);
        assert_eq!(count(&flight, "subnets"), 0);
    });
}

#[test]
fn an_id_of_another_account_is_refused_at_the_attribute() {
    run(async {
        let flight = Flight::new();
        let vpc = flight.id("aws_vpc", network("10.0.0.0/16")).await;
        let foreign = "vpc-0123456789abcdef0";
        let subnet = json!({"vpc_id": foreign, "cidr_block": "10.0.0.0/24"});
        let error = refused(&flight, "aws_subnet", subnet).await;
        at(&error, "vpc_id");
        says(&error, &["InvalidVpcID.NotFound", foreign, "another account"]);
        let table =
            flight.id("aws_route_table", of("aws_route_table", json!({"vpc_id": vpc}))).await;
        let route = json!({
            "route_table_id": table, "destination_cidr_block": "0.0.0.0/0",
            "gateway_id": "igw-0123456789abcdef0",
        });
        at(&refused(&flight, "aws_route", route).await, "gateway_id");
        let rule = json!({
            "security_group_id": "sg-0123456789abcdef0", "ip_protocol": "-1",
            "cidr_ipv4": "0.0.0.0/0",
        });
        let error = refused(&flight, "aws_vpc_security_group_ingress_rule", rule).await;
        at(&error, "security_group_id");
    });
}

#[test]
fn another_account_is_refused_at_the_argument_that_says_so() {
    run(async {
        let flight = Flight::new();
        let more = [("expected_account_id", Value::string("999999999999"))];
        let error =
            flight.try_make_as("aws_vpc", &network("10.0.0.0/16"), &more).await.unwrap_err();
        at(&error, "expected_account_id");
        says(&error, &["999999999999 is expected", "Nothing was changed"]);
        assert_eq!(error.class, ErrorClass::Rejected);
        assert_eq!(count(&flight, "vpcs"), 0);
    });
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_named_and_nothing_has_happened() {
    let aws = crate::Aws::default();
    let block = &aws.schema().provider.block;
    let endpoints = Value::object([("ec2", Value::string("http://127.0.0.1:1"))]);
    let more = [
        ("endpoints", Value::list(endpoints.ty(), vec![endpoints])),
        ("max_retries", Value::int(1)),
    ];
    let config = kprov_provider::testing::complete(block, &super::flight::provider_with(&more));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error =
        runtime.block_on(Flight::create_with(&aws, &config, "aws_vpc", network("10.0.0.0/16")));
    let error = error.unwrap_err();
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
    says(&error, &["ec2:CreateVpc", "\"region\" and \"endpoints\""]);
}

#[test]
fn what_was_deleted_by_hand_is_gone_from_the_state_after_the_next_read() {
    run(async {
        let flight = Flight::new();
        let vpc = flight.id("aws_vpc", network("10.0.0.0/16")).await;
        let config = |public: bool| json!({"vpc_id": vpc, "cidr_block": "10.0.0.0/24", "map_public_ip_on_launch": public});
        let ty = "aws_subnet";
        let subnet = flight.make(ty, of(ty, config(false))).await;
        // By hand, between plan and apply.
        flight.delete(ty, subnet.clone()).await.unwrap();
        let error = flight.try_change(ty, &subnet, &of(ty, config(true))).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Rejected, "{error}");
        says(&error, &["InvalidSubnetID.NotFound", "deleted outside (then run again)"]);
        assert_eq!(flight.read(ty, &subnet).await, None);
        flight.delete(ty, subnet).await.unwrap();
    });
}

#[test]
fn a_quota_is_told_as_one() {
    run(async {
        let flight = Flight::new();
        flight.control("PUT", "quotas", json!({"vpcs-per-region": 2}));
        flight.make("aws_vpc", network("10.0.0.0/16")).await;
        assert_eq!(count(&flight, "vpcs"), 1);
        let mut last = None;
        for n in 1..3 {
            last = flight.try_make("aws_vpc", &network(&format!("10.{n}.0.0/16"))).await.err();
        }
        let error = last.unwrap();
        assert_eq!((error.class, error.attribute.clone()), (ErrorClass::Rejected, None), "{error}");
        says(&error, &["VpcLimitExceeded", "A quota of the account is reached"]);
        assert_eq!(count(&flight, "vpcs"), 2);
    });
}

#[test]
fn a_zone_without_capacity_is_told_and_nothing_runs() {
    run(async {
        let flight = Flight::new();
        let vpc = flight.id("aws_vpc", network("10.0.0.0/16")).await;
        let subnet = json!({
            "vpc_id": vpc, "cidr_block": "10.0.0.0/24", "availability_zone": "eu-central-1a",
        });
        let subnet = flight.id("aws_subnet", of("aws_subnet", subnet)).await;
        let image = image(&flight).await;
        flight.control("PUT", "conditions", json!(["no-capacity:eu-central-1a"]));
        let machine = json!({"ami": image, "instance_type": "t3.micro", "subnet_id": subnet});
        let error = refused(&flight, "aws_instance", machine.clone()).await;
        assert_eq!(error.class, ErrorClass::Rejected, "{error}");
        says(&error, &["InsufficientInstanceCapacity", "eu-central-1a", "another zone"]);
        assert!(error.attribute.is_some(), "{error}");
        assert_eq!(count(&flight, "instances"), 0);
        // A group is made, waits for its time, and says why it is not full.
        let template = json!({"name": "template", "image_id": image, "instance_type": "t3.micro"});
        let ty = "aws_launch_template";
        let template = flight.id(ty, of(ty, template)).await;
        let group = json!({
            "name": "g", "min_size": 1, "max_size": 1, "vpc_zone_identifier": [subnet],
            "launch_template": [{"id": template, "version": "1"}],
            "wait_for_capacity_timeout": "2m",
        });
        let error = refused(&flight, "aws_autoscaling_group", group).await;
        assert_eq!(error.class, ErrorClass::Ambiguous, "{error}");
        says(&error, &["at 0 of 1 instances", "sufficient", "eu-central-1a"]);
        assert_eq!(count(&flight, "instances"), 0);
        flight.control("PUT", "conditions", json!([]));
        flight.make("aws_instance", of("aws_instance", machine)).await;
        assert!(count(&flight, "instances") > 0);
    });
}

#[test]
fn documents_and_blocks_that_aws_would_refuse_are_refused_at_plan() {
    let aws = crate::Aws::default();
    let mut missed = Vec::new();
    let role = |policy: &str| json!({"name": "r", "assume_role_policy": policy});
    for (ty, config, attribute) in [
        ("aws_iam_role", role("{"), "assume_role_policy"),
        ("aws_iam_policy", json!({"policy": "[]"}), "policy"),
        ("aws_sqs_queue_policy", json!({"queue_url": "u", "policy": "no"}), "policy"),
        ("aws_vpc", json!({"cidr_block": "10.0.0.1/16"}), "cidr_block"),
        ("aws_vpc", json!({"cidr_block": "10.0.0/16"}), "cidr_block"),
        ("aws_subnet", json!({"vpc_id": "v", "cidr_block": "10.0.0.0/29"}), "cidr_block"),
        (
            "aws_route",
            json!({"route_table_id": "r", "destination_cidr_block": "0/0", "gateway_id": "g"}),
            "destination_cidr_block",
        ),
        (
            "aws_vpc_security_group_ingress_rule",
            json!({"security_group_id": "s", "ip_protocol": "tcp", "from_port": 70_000,
                   "to_port": 70_001, "cidr_ipv4": "0.0.0.0/0"}),
            "from_port",
        ),
        ("aws_lb_target_group", json!({"port": 0, "protocol": "TCP", "vpc_id": "v"}), "port"),
        ("aws_lb_listener", json!({"load_balancer_arn": "x", "port": 70_000}), "port"),
        ("aws_iam_role_policy_attachment", json!({"role": "r", "policy_arn": "p"}), "policy_arn"),
        ("aws_launch_template", json!({"user_data": "x"}), "user_data"),
        ("aws_launch_template", json!({"user_data": "QUFB".repeat(6000)}), "user_data"),
        ("aws_autoscaling_group", json!({"min_size": 3, "max_size": 2}), "min_size"),
        (
            "aws_autoscaling_group",
            json!({"min_size": 1, "max_size": 2, "desired_capacity": 3}),
            "desired_capacity",
        ),
    ] {
        let block = &crate::SCHEMA.resources[ty].schema.block;
        let config = kprov_provider::testing::complete(block, &of(ty, config));
        let problems = aws.resource(ty).unwrap().validate(&config);
        let named = problems.iter().any(|problem| problem.path.to_string().contains(attribute));
        if !named {
            missed.push(format!("{ty} {attribute}: {problems:?}"));
        }
        assert!(problems.iter().all(|it| it.message.len() > 10), "{problems:?}");
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn what_only_aws_can_tell_of_documents_and_blocks_is_told_at_the_attribute() {
    run(async {
        let flight = Flight::new();
        let statement = json!({"Effect": "Perhaps", "Action": "s3:*", "Resource": "*"});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let error =
            refused(&flight, "aws_iam_policy", json!({"name": "p", "policy": policy})).await;
        at(&error, "policy");
        says(&error, &["MalformedPolicyDocument"]);
        let vpc = flight.id("aws_vpc", network("10.0.0.0/16")).await;
        for (block, code) in
            [("10.1.0.0/24", "InvalidSubnet.Range"), ("10.0.0.0/24", "InvalidSubnet.Conflict")]
        {
            let config = json!({"vpc_id": vpc, "cidr_block": block});
            if code.ends_with("Conflict") {
                flight.make("aws_subnet", of("aws_subnet", config.clone())).await;
            }
            let error = refused(&flight, "aws_subnet", config).await;
            at(&error, "cidr_block");
            says(&error, &[code]);
            assert_eq!(error.class, ErrorClass::Rejected);
        }
        assert_eq!(count(&flight, "subnets"), 1);
    });
}
