//! How many calls are made, and what becomes of those that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use aws_smithy_async::time::TimeSource;
use kprov_core::{Path, Type, Value};
use kprov_provider::{
    CreateRequest, DeleteRequest, ErrorClass, Object, Provider, ProviderError, ReadRequest,
    with_attributes,
};

use super::{World, fault, identity, intent, object, run, subnets};
use crate::api::{Api, Progress};
use crate::ec2::subnet;

fn subnet(id: &str) -> Object {
    object("aws_subnet", &[("id", Value::string(id)), ("vpc_id", Value::string("vpc-1"))]).into()
}

async fn read(world: &World, ids: &[String]) -> Vec<Result<Option<Object>, ProviderError>> {
    let context = world.context(&[]).await;
    let requests = ids.iter().map(|id| ReadRequest { prior: subnet(id) }).collect();
    world.aws.resource("aws_subnet").unwrap().read_many(&context, requests).await
}

async fn create(world: &World, more: &[(&str, Value)]) -> ProviderError {
    let context = world.context(more).await;
    let config = object("aws_vpc", &[("cidr_block", Value::string("10.0.0.0/16"))]);
    let request =
        CreateRequest { intent: intent(), planned: config.clone(), config, private: Vec::new() };
    world.aws.resource("aws_vpc").unwrap().create(&context, request).await.unwrap_err()
}

#[test]
fn reads_cost_calls_by_page_and_one_that_is_gone_harms_no_other() {
    let world = World::new(|_, asked| subnets(asked, |id| id != "subnet-7", "available"));
    let ids: Vec<String> = (0..250).map(|n| format!("subnet-{n}")).collect();
    let answers = run(read(&world, &ids));
    // A page each, and three more looks for the one that is missing before it is taken for gone.
    assert_eq!(world.count("DescribeSubnets"), 3 + 3);
    for (n, answer) in answers.into_iter().enumerate() {
        let found = answer.unwrap();
        assert_eq!(found.is_some(), n != 7, "{n}");
        assert!(found.is_none_or(|it| it.value.get("id") == Some(&Value::string(ids[n].as_str()))));
    }
    assert_eq!(world.aws.calls(), [("ec2:DescribeSubnets".to_owned(), 6)]);
}

#[test]
fn throttling_slows_and_does_not_fail() {
    let left = AtomicUsize::new(40);
    let world = World::new(move |_, asked| {
        let throttled =
            left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        if throttled {
            fault(503, "RequestLimitExceeded")
        } else {
            subnets(asked, |_| true, "available")
        }
    });
    let start = world.clock.now();
    let answers = run(read(&world, &["subnet-1".to_owned()]));
    assert!(answers[0].as_ref().unwrap().is_some());
    assert_eq!(world.count("DescribeSubnets"), 41);
    // Not at once: the pauses grow to some 20 s, by chance half of that.
    assert!(world.clock.now().duration_since(start).unwrap() > Duration::from_secs(60));
}

#[test]
fn a_lost_answer_is_asked_again_of_a_read_and_leaves_a_create_open() {
    let first = AtomicUsize::new(0);
    let world =
        World::new(move |action, asked| match (action, first.fetch_add(1, Ordering::SeqCst)) {
            ("CreateVpc", _) | (_, 0) => fault(500, "InternalError"),
            _ => subnets(asked, |_| true, "available"),
        });
    assert!(run(read(&world, &["subnet-1".to_owned()]))[0].is_ok());
    let error = run(create(&world, &[]));
    assert_eq!(error.class, ErrorClass::Ambiguous);
    assert_eq!(world.count("CreateVpc"), 1);
}

#[test]
fn an_answer_that_nobody_understands_leaves_a_create_open_and_is_not_asked_again() {
    let world = World::new(|action, _| {
        let body = match action {
            "CreateVpc" => "<vpc><isDefault>maybe</isDefault></vpc>",
            _ => {
                "<subnetSet><item><availableIpAddressCount>x</availableIpAddressCount></item>\
                  </subnetSet>"
            }
        };
        (200, body.to_owned())
    });
    assert_eq!(run(create(&world, &[])).class, ErrorClass::Ambiguous);
    let error = run(read(&world, &["subnet-1".to_owned()])).remove(0).unwrap_err();
    assert_eq!(error.class, ErrorClass::Rejected);
    assert_eq!(world.count("DescribeSubnets"), 1);
}

#[test]
fn what_follows_a_create_leaves_it_open_even_if_it_is_refused() {
    let world = World::new(|action, _| match action {
        "CreateVpc" => (200, "<vpc><vpcId>vpc-1</vpcId></vpc>".to_owned()),
        _ => fault(403, "UnauthorizedOperation"),
    });
    let error = run(create(&world, &[]));
    assert_eq!(error.class, ErrorClass::Ambiguous);
    assert!(error.message.contains("UnauthorizedOperation"), "{error}");
    assert!(error.message.contains("r-1") && error.message.contains("allow it"), "{error}");
}

#[test]
fn a_create_that_is_repeated_finds_what_it_made_and_makes_anew_what_is_gone() {
    for alive in [true, false] {
        let made = AtomicUsize::new(0);
        let gone = Arc::new(AtomicBool::new(false));
        let is_gone = gone.clone();
        let world = World::new(move |action, asked| match action {
            "CreateSubnet" => {
                let turn = made.fetch_add(1, Ordering::SeqCst) + 1;
                (200, format!("<subnet><subnetId>subnet-{turn}</subnetId></subnet>"))
            }
            "DescribeTags" => {
                assert_eq!(asked["Filter.2.Value.1"], intent().token.as_str());
                let body = "<tagSet><item><resourceId>subnet-1</resourceId></item></tagSet>";
                (200, body.to_owned())
            }
            _ => {
                let exists = |id: &str| id != "subnet-1" || !is_gone.load(Ordering::SeqCst);
                subnets(asked, exists, "available")
            }
        });
        let ids = run(async {
            let context = world.context(&[]).await;
            let config = [("vpc_id", Value::string("vpc-1"))];
            let planned = object("aws_subnet", &config);
            let planned = with_attributes(&planned, [("id", Value::unknown(Type::String))]);
            let request = CreateRequest {
                intent: intent(),
                config: planned.clone(),
                planned,
                private: Vec::new(),
            };
            let subnets = world.aws.resource("aws_subnet").unwrap();
            let first = subnets.create(&context, request.clone()).await.unwrap();
            gone.store(!alive, Ordering::SeqCst);
            let second = subnets.create(&context, request).await.unwrap();
            [first, second].map(|object| object.value.get("id").cloned())
        });
        assert_eq!(ids[0], Some(Value::string("subnet-1")));
        assert_eq!(ids[1] == ids[0], alive);
    }
}

#[test]
fn another_account_is_refused_before_anything_is_asked_or_written() {
    let world = World::new(|action, _| match action {
        "GetCallerIdentity" => identity(),
        _ => fault(500, "InternalError"),
    });
    let expected = [("expected_account_id", Value::string("999999999999"))];
    let error = run(world.try_context(&expected)).unwrap_err();
    assert_eq!(error.class, ErrorClass::Rejected);
    assert_eq!(error.attribute, Some(Path::attribute("expected_account_id")));
    assert_eq!(world.asked.lock().unwrap().len(), 1, "GetCallerIdentity, and nothing else");
}

#[test]
fn a_delete_waits_for_what_needs_the_object_and_then_names_it() {
    let world = World::new(|action, _| match action {
        "DeleteSubnet" => fault(400, "DependencyViolation"),
        _ => {
            let body = "<networkInterfaceSet><item><networkInterfaceId>eni-1\
                        </networkInterfaceId></item></networkInterfaceSet>";
            (200, body.to_owned())
        }
    });
    let start = world.clock.now();
    let error = run(async {
        let context = world.context(&[]).await;
        let request = DeleteRequest { intent: intent(), prior: subnet("subnet-1") };
        world.aws.resource("aws_subnet").unwrap().delete(&context, request).await.unwrap_err()
    });
    assert!(error.message.contains("held by network interface eni-1"), "{error}");
    assert_eq!(error.class, ErrorClass::Rejected);
    let waited = world.clock.now().duration_since(start).unwrap();
    assert!(waited >= Duration::from_secs(20 * 60), "{waited:?}");
}

#[test]
fn deleting_what_is_gone_is_a_success() {
    let world = World::new(|_, _| fault(400, "InvalidSubnetID.NotFound"));
    run(async {
        let context = world.context(&[]).await;
        let request = DeleteRequest { intent: intent(), prior: subnet("subnet-1") };
        world.aws.resource("aws_subnet").unwrap().delete(&context, request).await.unwrap();
    });
}

#[test]
fn all_who_wait_share_a_describe_and_time_runs_out() {
    let asked = AtomicUsize::new(0);
    let world = World::new(move |_, parameters| {
        let turn = asked.fetch_add(1, Ordering::SeqCst);
        subnets(parameters, |_| true, if turn < 5 { "pending" } else { "available" })
    });
    let wait = async |seconds: u64| {
        let context = world.context(&[]).await;
        let api = context.client::<Api>();
        let ids: Vec<String> = (0..20).map(|n| format!("subnet-{n}")).collect();
        let judge = |subnet: Option<&aws_sdk_ec2::types::Subnet>| match subnet {
            Some(subnet) if subnet.state().is_some_and(|it| it.as_str() == "available") => {
                Progress::Done(())
            }
            _ => Progress::Pending("pending".to_owned()),
        };
        let timeout = Duration::from_secs(seconds);
        let waits = ids.iter().map(|id| api.wait("test", id, timeout, subnet::subnets, judge));
        futures::future::join_all(waits).await
    };
    let late = run(wait(1));
    let error = late.into_iter().next().unwrap().unwrap_err();
    assert!(error.message.contains("still \"pending\" after 1 s"), "{error}");
    let late = world.count("DescribeSubnets");
    assert!((1..5).contains(&late), "{late}");
    assert!(run(wait(60)).iter().all(Result::is_ok));
    assert_eq!(world.count("DescribeSubnets"), 6, "five were pending, and one for all was not");
}

#[test]
fn what_was_made_a_moment_ago_is_waited_for_and_nothing_else() {
    let left = AtomicUsize::new(3);
    let missing = |id: &str| {
        let body = format!(
            "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>The vpc ID '{id}' \
             does not exist</Message></Error></Errors><RequestID>r-1</RequestID></Response>"
        );
        (400, body)
    };
    let world = World::new(move |action, asked| match action {
        "GetCallerIdentity" => identity(),
        _ if asked["VpcId"] == "vpc-2" => missing("vpc-2"),
        _ => {
            let hidden =
                left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
            if hidden.is_ok() { missing("vpc-1") } else { (200, String::new()) }
        }
    });
    run(async {
        let context = world.context(&[]).await;
        let api = context.client::<Api>();
        let attach = |vpc: &'static str| {
            let call = move || {
                let call = api.ec2().attach_internet_gateway().internet_gateway_id("igw-1");
                call.vpc_id(vpc).send()
            };
            api.call("ec2", "AttachInternetGateway", call)
        };
        api.made("vpc-1");
        attach("vpc-1").await.unwrap();
        assert_eq!(world.count("AttachInternetGateway"), 4);
        attach("vpc-2").await.unwrap_err();
        assert_eq!(world.count("AttachInternetGateway"), 5);
    });
}
