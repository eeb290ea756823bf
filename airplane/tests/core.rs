//! The core through its door: requests in, answers out, in process and on a stepped clock.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]
use bytes::Bytes;
use http::Request;
use kprov_airplane::{Airplane, ClockKind, Config, Delivery, server};
use serde_json::{Value, json};
use std::sync::Arc;

const KEY: &str = "AKIAEXAMPLE";

fn stepped() -> Config {
    Config { seed: 7, clock: ClockKind::Stepped, visibility_millis: 0, ..Config::default() }
}

fn start(config: Config) -> Airplane {
    Airplane::new(config).unwrap()
}

fn ask(airplane: &Airplane, key: &str, region: &str, body: &str) -> (u16, String, Delivery) {
    let credential = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20250101/{region}/ec2/aws4_request, Signature=0"
    );
    let request = Request::post("/")
        .header("authorization", credential)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(body.to_owned()))
        .unwrap();
    let response = airplane.handle(request);
    let delivery = *response.extensions().get::<Delivery>().unwrap();
    (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap(), delivery)
}

fn ec2(airplane: &Airplane, body: &str) -> String {
    let (status, text, _) = ask(airplane, KEY, "us-east-1", body);
    assert_eq!(status, 200, "{body}: {text}");
    text
}

fn refused(airplane: &Airplane, body: &str) -> String {
    let (status, text, _) = ask(airplane, KEY, "us-east-1", body);
    assert!(status >= 400, "{body}: {text}");
    between(&text, "<Code>", "</Code>")
}

fn between(text: &str, start: &str, end: &str) -> String {
    text.split(start).nth(1).and_then(|t| t.split(end).next()).unwrap_or_default().to_owned()
}

fn control(airplane: &Airplane, method: &str, path: &str, body: Value) -> Value {
    let request = Request::builder().method(method).uri(format!("/_airplane/{path}"));
    let response = airplane.handle(request.body(Bytes::from(body.to_string())).unwrap());
    assert_eq!(response.status(), 200, "{path}: {:?}", response.body());
    serde_json::from_slice(response.body()).unwrap()
}

fn vpc(airplane: &Airplane) -> String {
    between(&ec2(airplane, "Action=CreateVpc&CidrBlock=10.0.0.0/16"), "<vpcId>", "</vpcId>")
}

fn explicit(airplane: &Airplane) -> usize {
    airplane.dump().as_array().unwrap().iter().filter(|o| o["implicit"] == false).count()
}

#[test]
fn a_vpc_brings_implicit_objects_and_takes_them_with_it() {
    let a = start(stepped());
    let id = vpc(&a);
    let dump = a.dump();
    let kinds: Vec<&str> =
        dump.as_array().unwrap().iter().map(|o| o["type"].as_str().unwrap()).collect();
    for kind in ["ec2.vpcs", "ec2.route_tables", "ec2.security_groups", "ec2.network_acls"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert_eq!(explicit(&a), 1);
    let created = ec2(&a, &format!("Action=CreateSubnet&VpcId={id}&CidrBlock=10.0.1.0/24"));
    let subnet = between(&created, "<subnetId>", "</subnetId>");
    assert_eq!(refused(&a, &format!("Action=DeleteVpc&VpcId={id}")), "DependencyViolation");
    ec2(&a, &format!("Action=DeleteSubnet&SubnetId={subnet}"));
    ec2(&a, &format!("Action=DeleteVpc&VpcId={id}"));
    // The region's own DHCP options stay: they came with the first VPC, not with this one.
    let dump = a.dump();
    let left: Vec<&Value> = dump.as_array().unwrap().iter().map(|o| &o["type"]).collect();
    assert_eq!(left, ["ec2.dhcp_options"]);
    assert_eq!(explicit(&a), 0);
}

#[test]
fn subnets_stay_in_their_vpc_apart_and_in_a_zone() {
    let a = start(stepped());
    let id = vpc(&a);
    let make = |cidr: &str| format!("Action=CreateSubnet&VpcId={id}&CidrBlock={cidr}");
    ec2(&a, &make("10.0.0.0/24"));
    assert_eq!(refused(&a, &make("10.0.0.128/25")), "InvalidSubnet.Conflict");
    assert_eq!(refused(&a, &make("10.0.0.0/20")), "InvalidSubnet.Conflict");
    assert_eq!(refused(&a, &make("10.1.0.0/24")), "InvalidSubnet.Range");
    assert_eq!(refused(&a, &make("10.0.1.0/29")), "InvalidSubnet.Range");
    assert_eq!(refused(&a, &make("10.0.1")), "InvalidParameterValue");
    assert_eq!(
        refused(&a, &format!("{}&AvailabilityZone=us-west-2a", make("10.0.1.0/24"))),
        "InvalidParameterValue"
    );
    assert_eq!(
        refused(&a, "Action=CreateSubnet&VpcId=vpc-0123456789abcdef0&CidrBlock=10.0.1.0/24"),
        "InvalidVpcID.NotFound"
    );
    assert_eq!(explicit(&a), 2);
}

#[test]
fn an_error_or_a_dry_run_changes_nothing() {
    let a = start(stepped());
    assert_eq!(
        refused(&a, "Action=CreateVpc&CidrBlock=10.0.0.0/16&DryRun=true"),
        "DryRunOperation"
    );
    let too_many: String = (1..=51)
        .map(|i| format!("&TagSpecification.1.Tag.{i}.Key=k{i}&TagSpecification.1.Tag.{i}.Value=v"))
        .collect();
    let body = format!(
        "Action=CreateVpc&CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=vpc{too_many}"
    );
    assert_eq!(refused(&a, &body), "TagLimitExceeded");
    assert_eq!(
        refused(
            &a,
            "Action=CreateVpc&CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=subnet"
        ),
        "InvalidParameterValue"
    );
    assert_eq!(a.dump(), json!([]));
}

#[test]
fn accounts_and_regions_see_only_their_own() {
    let a = start(stepped());
    let id = vpc(&a);
    for (key, region) in [("AKIA111122223333", "us-east-1"), (KEY, "eu-west-1")] {
        let (_, text, _) = ask(&a, key, region, "Action=DescribeVpcs");
        assert!(!text.contains(&id), "{text}");
        let (_, text, _) = ask(&a, key, region, &format!("Action=DeleteVpc&VpcId={id}"));
        assert!(text.contains("InvalidVpcID.NotFound"), "{text}");
    }
}

#[test]
fn one_seed_and_a_stepped_clock_give_one_history() {
    let run = |seed| {
        let a = start(Config { seed, ..stepped() });
        let mut all = vec![ec2(&a, "Action=CreateVpc&CidrBlock=10.0.0.0/16")];
        a.advance(5000);
        all.push(refused(&a, "Action=DescribeVpcs&VpcId.1=vpc-1"));
        all.push(a.dump().to_string());
        all
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn describes_see_a_new_object_after_a_while_only() {
    let a = start(Config { visibility_millis: 10_000, ..stepped() });
    let mut hidden = 0;
    for _ in 0..5 {
        let id = vpc(&a);
        let describe = format!("Action=DescribeVpcs&VpcId.1={id}");
        let (status, text, _) = ask(&a, KEY, "us-east-1", &describe);
        if status != 200 {
            hidden += 1;
            assert!(text.contains("InvalidVpcID.NotFound"), "{text}");
            assert!(!ec2(&a, "Action=DescribeVpcs").contains(&id));
        }
        a.advance(10_000);
        assert!(ec2(&a, &describe).contains(&id));
    }
    assert!(hidden > 0 && hidden < 5, "{hidden}");
}

#[test]
fn the_world_survives_a_restart_and_repeats_no_id() {
    let dir = tempfile::tempdir().unwrap();
    let config = || Config { database: Some(dir.path().join("a.db")), ..stepped() };
    let first = start(config());
    let id = vpc(&first);
    first.advance(60_000);
    ec2(&first, &format!("Action=CreateTags&ResourceId.1={id}&Tag.1.Key=k&Tag.1.Value=v"));
    let (dump, now) = (first.dump(), first.now());
    // Nothing is told to it: what was answered is on disk.
    std::mem::forget(first);
    let second = start(config());
    assert_eq!((second.dump(), second.now()), (dump, now));
    assert!(ec2(&second, "Action=DescribeVpcs").contains("<key>k</key>"));
    assert_ne!(vpc(&second), id);
    assert_eq!(explicit(&second), 2);
}

#[test]
fn a_database_that_is_none_is_an_error_with_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    std::fs::write(&path, "this is no database, and long enough to be seen as none").unwrap();
    let error =
        Airplane::new(Config { database: Some(path), ..stepped() }).err().unwrap().to_string();
    assert!(error.contains("a.db"), "{error}");
}

#[test]
fn pages_follow_each_other_without_gap() {
    let a = start(stepped());
    let id = vpc(&a);
    for i in 0..7 {
        ec2(&a, &format!("Action=CreateSubnet&VpcId={id}&CidrBlock=10.0.{i}.0/24"));
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let next = if token.is_empty() {
            String::new()
        } else {
            format!("&NextToken={}", token.replace('=', "%3D").replace('+', "%2B"))
        };
        let text = ec2(&a, &format!("Action=DescribeSubnets&MaxResults=5{next}"));
        seen.extend(
            text.split("<cidrBlock>").skip(1).map(|t| t.split('<').next().unwrap().to_owned()),
        );
        token = between(&text, "<nextToken>", "</nextToken>");
        if token.is_empty() {
            break;
        }
    }
    let expected: Vec<String> = (0..7).map(|i| format!("10.0.{i}.0/24")).collect();
    assert_eq!(seen, expected);
    assert_eq!(refused(&a, "Action=DescribeSubnets&NextToken=zzz"), "InvalidNextToken");
}

#[test]
fn faults_strike_as_ordered_and_are_logged() {
    let a = start(stepped());
    let rules = json!([
        {"action": "CreateVpc", "nth": 1, "effect": {"kind": "timeout_before"}},
        {"action": "CreateVpc", "nth": 2, "effect": {"kind": "timeout_after"}},
        {"service": "ec2", "action": "Describe*", "times": 1, "effect": {"kind": "error", "code": "InternalError", "status": 500}},
        {"action": "DeleteVpc", "effect": {"kind": "latency", "millis": 50}},
    ]);
    control(&a, "PUT", "faults", rules);
    let create = "Action=CreateVpc&CidrBlock=10.0.0.0/16";
    assert!(ask(&a, KEY, "us-east-1", create).2.lost);
    assert_eq!(explicit(&a), 0);
    assert!(ask(&a, KEY, "us-east-1", create).2.lost);
    assert_eq!(explicit(&a), 1);
    assert_eq!(ask(&a, KEY, "us-east-1", "Action=DescribeVpcs").0, 500);
    let id = between(&ec2(&a, "Action=DescribeVpcs"), "<vpcId>", "</vpcId>");
    assert_eq!(
        ask(&a, KEY, "us-east-1", &format!("Action=DeleteVpc&VpcId={id}")).2.delay_millis,
        50
    );
    let calls = control(&a, "GET", "calls", json!(null));
    let results: Vec<&str> =
        calls.as_array().unwrap().iter().map(|c| c["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["InternalError", "ok", "InternalError", "ok", "ok"]);
    assert_eq!(calls[1]["lost"], "after the effect");
}

#[test]
fn stale_reads_repeat_the_last_answer() {
    let a = start(stepped());
    let rules = json!([{"action": "DescribeVpcs", "nth": 2, "effect": {"kind": "stale_read"}}]);
    control(&a, "PUT", "faults", rules);
    ec2(&a, "Action=DescribeVpcs");
    let id = vpc(&a);
    assert!(!ec2(&a, "Action=DescribeVpcs").contains(&id));
    assert!(ec2(&a, "Action=DescribeVpcs").contains(&id));
}

#[test]
fn snapshots_come_back_exactly_and_reset_empties() {
    let a = start(stepped());
    vpc(&a);
    let snapshot = control(&a, "GET", "snapshot", json!(null));
    let next = vpc(&a);
    control(&a, "POST", "restore", snapshot.clone());
    assert_eq!(explicit(&a), 1);
    assert_eq!(control(&a, "GET", "snapshot", json!(null)), snapshot);
    assert_eq!(vpc(&a), next, "the same seed goes on from the same place");
    control(&a, "POST", "reset", json!(null));
    assert_eq!(a.dump(), json!([]));
    let bad = Request::post("/_airplane/restore").body(Bytes::from("{}")).unwrap();
    assert_eq!(a.handle(bad).status(), 400);
}

#[test]
fn an_action_without_code_says_so() {
    let a = start(stepped());
    assert_eq!(refused(&a, "Action=AssociateNothing"), "InvalidAction");
    let calls = control(&a, "GET", "calls", json!(null));
    assert_eq!(
        (&calls[0]["action"], &calls[0]["result"]),
        (&json!("AssociateNothing"), &json!("InvalidAction"))
    );
    let unsigned = Request::post("/").body(Bytes::new()).unwrap();
    assert_eq!(a.handle(unsigned).status(), 403);
}

#[tokio::test]
async fn the_server_answers_on_a_free_port_and_stops() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let airplane = Arc::new(start(stepped()));
    assert!(server::start(airplane.clone(), "0.0.0.0:0".parse().unwrap()).await.is_err());
    let server = server::start(airplane, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    stream
        .write_all(b"GET /_airplane/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("\"seed\":7"), "{text}");
    let address = server.address();
    server.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
