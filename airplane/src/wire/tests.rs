//! What the wire must do with requests and answers of every protocol.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]
use crate::service::ServiceId;
use crate::wire::fault::Fault;
use crate::wire::model::model;
use crate::wire::{request, respond, validate};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

fn auth(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIA111122223333/20250101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

fn send(
    service: &str,
    method: &str,
    uri: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Bytes> {
    let mut builder =
        Request::builder().method(method).uri(uri).header("authorization", auth(service));
    for (k, v) in headers {
        builder = builder.header(*k, *v);
    }
    builder.body(Bytes::from(body.to_owned())).unwrap()
}

fn form(service: &str, body: &str) -> request::Parsed {
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    parsed(&send(service, "POST", "/", &headers, body))
}

fn parsed(request: &Request<Bytes>) -> request::Parsed {
    match request::parse(request) {
        Ok(parsed) => parsed,
        Err(unknown) => panic!("{:?}", unknown.fault),
    }
}

fn body(response: &Response<Bytes>) -> String {
    String::from_utf8(response.body().to_vec()).unwrap()
}

#[test]
fn every_model_parses_and_every_handler_is_an_action_of_its_model() {
    for service in ServiceId::ALL {
        assert!(!model(service).operations.is_empty(), "{service:?}");
        for name in service.actions() {
            assert!(
                model(service).operations.contains_key(name),
                "{service:?} has code for {name}, the model does not"
            );
        }
    }
}

#[test]
fn ec2_lists_and_nested_members_come_by_model_name_in_numeric_order() {
    let p = form(
        "ec2",
        "Action=DescribeVpcs&Version=2016-11-15&VpcId.10=c&VpcId.2=b&VpcId.1=a&Filter.1.Name=state&Filter.1.Value.1=x%20y&MaxResults=7",
    );
    assert_eq!(p.scope.region.as_deref(), Some("eu-west-1"));
    assert_eq!(p.scope.access_key.as_deref(), Some("AKIA111122223333"));
    let expected = json!({"VpcIds": ["a", "b", "c"], "Filters": [{"Name": "state", "Values": ["x y"]}], "MaxResults": 7});
    assert_eq!(Value::Object(p.input.unwrap()), expected);
}

#[test]
fn ec2_refuses_what_it_does_not_know_and_what_is_malformed() {
    let code = |body: &str| form("ec2", body).input.unwrap_err().code;
    assert_eq!(code("Action=DescribeVpcs&Nonsense=1"), "UnknownParameter");
    assert_eq!(code("Action=DescribeVpcs&MaxResults=many"), "InvalidParameterValue");
    let unknown = send("ec2", "POST", "/?Action=MakeCoffee", &[], "");
    assert_eq!(request::parse(&unknown).err().unwrap().fault.code, "InvalidAction");
}

#[test]
fn query_reads_wrapped_lists_and_booleans() {
    let p = form(
        "autoscaling",
        "Action=CreateOrUpdateTags&Tags.member.1.Key=k&Tags.member.1.PropagateAtLaunch=true",
    );
    assert_eq!(p.input.unwrap()["Tags"], json!([{"Key": "k", "PropagateAtLaunch": true}]));
}

#[test]
fn json_comes_by_target_and_is_type_checked() {
    let target = [("x-amz-target", "AmazonSSM.GetParameters")];
    let p = parsed(&send(
        "ssm",
        "POST",
        "/",
        &target,
        r#"{"Names":["/a"],"WithDecryption":true,"Unknown":1}"#,
    ));
    assert_eq!(p.action, "GetParameters");
    assert_eq!(Value::Object(p.input.unwrap()), json!({"Names": ["/a"], "WithDecryption": true}));
    for bad in [r#"{"Names":"/a"}"#, "{", "[]"] {
        let p = parsed(&send("ssm", "POST", "/", &target, bad));
        assert_eq!(p.input.unwrap_err().code, "SerializationException", "{bad}");
    }
}

#[test]
fn s3_actions_are_told_apart_by_path_query_and_host() {
    let action = |method: &str, uri: &str, host: &str| {
        parsed(&send("s3", method, uri, &[("host", host)], "")).action
    };
    assert_eq!(action("GET", "/", "localhost:1"), "ListBuckets");
    assert_eq!(action("PUT", "/b", "localhost:1"), "CreateBucket");
    assert_eq!(action("GET", "/b?list-type=2", "localhost:1"), "ListObjectsV2");
    assert_eq!(action("GET", "/b?versioning", "localhost:1"), "GetBucketVersioning");
    assert_eq!(action("GET", "/b/k/e/y?x-id=GetObject", "localhost:1"), "GetObject");
    assert_eq!(action("GET", "/k", "b.localhost:1"), "GetObject");
    let put = parsed(&send("s3", "PUT", "/b/k%20y", &[("content-type", "text/plain")], "hi"));
    let input = put.input.unwrap();
    assert_eq!(
        (&input["Bucket"], &input["Key"], &input["Body"]),
        (&json!("b"), &json!("k y"), &json!("aGk="))
    );
}

#[test]
fn chunked_uploads_are_unwrapped() {
    let headers = [("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")];
    let framed = "2;chunk-signature=0\r\nhi\r\n1\r\n!\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n";
    let put = parsed(&send("s3", "PUT", "/b/k", &headers, framed));
    assert_eq!(put.input.unwrap()["Body"], "aGkh");
}

#[test]
fn route53_reads_xml_with_labels() {
    let xml = r#"<?xml version="1.0"?><ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Comment>a &amp; b</Comment><Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>x.example.com</Name><Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>1.2.3.4</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"#;
    let p = parsed(&send("route53", "POST", "/2013-04-01/hostedzone/Z1/rrset/", &[], xml));
    assert_eq!(p.action, "ChangeResourceRecordSets");
    let input = p.input.unwrap();
    assert_eq!(input["HostedZoneId"], "Z1");
    assert_eq!(input["ChangeBatch"]["Comment"], "a & b");
    let set = &input["ChangeBatch"]["Changes"][0]["ResourceRecordSet"];
    assert_eq!((&set["TTL"], &set["ResourceRecords"][0]["Value"]), (&json!(60), &json!("1.2.3.4")));
    for bad in ["<a>", "<a></b>", "nonsense", "<a>&nope;</a>"] {
        let p = parsed(&send("route53", "POST", "/2013-04-01/hostedzone/Z1/rrset/", &[], bad));
        assert!(p.input.is_err(), "{bad}");
    }
}

#[test]
fn required_members_and_enums_are_refused_in_the_services_own_words() {
    let check = |service, action: &str, input: Value| {
        let m = model(service);
        validate::input(service, m, &m.operations[action], input.as_object().unwrap())
            .unwrap_err()
            .code
    };
    assert_eq!(check(ServiceId::Ec2, "CreateSubnet", json!({})), "MissingParameter");
    assert_eq!(
        check(ServiceId::Ec2, "CreateVpc", json!({"InstanceTenancy": "x"})),
        "InvalidParameterValue"
    );
    assert_eq!(check(ServiceId::Iam, "CreateRole", json!({})), "ValidationError");
    assert_eq!(check(ServiceId::Ssm, "PutParameter", json!({})), "ValidationException");
}

#[test]
fn answers_take_the_form_of_their_protocol() {
    let write = |service, action: &str, output: Value| {
        body(&respond::success(service, &model(service).operations[action], &output, "req-1"))
    };
    let ec2 = write(
        ServiceId::Ec2,
        "DescribeVpcs",
        json!({"Vpcs": [{"VpcId": "vpc-1", "IsDefault": false}]}),
    );
    assert!(ec2.contains("<requestId>req-1</requestId><vpcSet><item>"), "{ec2}");
    assert!(
        ec2.contains("<isDefault>false</isDefault>") && ec2.contains("<vpcId>vpc-1</vpcId>"),
        "{ec2}"
    );
    assert!(write(ServiceId::Ec2, "DeleteVpc", json!({})).contains("<return>true</return>"));
    let iam = write(
        ServiceId::Iam,
        "GetRole",
        json!({"Role": {"RoleName": "a<b", "CreateDate": 1_735_689_600_000_i64}}),
    );
    assert!(
        iam.contains("<GetRoleResult><Role>") && iam.contains("<RoleName>a&lt;b</RoleName>"),
        "{iam}"
    );
    assert!(iam.contains("<CreateDate>2025-01-01T00:00:00.000Z</CreateDate>"), "{iam}");
    assert!(
        iam.contains("<ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata>"),
        "{iam}"
    );
    let ssm = write(
        ServiceId::Ssm,
        "GetParameter",
        json!({"Parameter": {"Name": "/a", "LastModifiedDate": 1500}}),
    );
    assert_eq!(ssm, r#"{"Parameter":{"Name":"/a","LastModifiedDate":1.5}}"#);
    let s3 = write(
        ServiceId::S3,
        "ListObjectsV2",
        json!({"Name": "b", "Contents": [{"Key": "1"}, {"Key": "2"}]}),
    );
    assert!(s3.contains("<ListBucketResult "), "{s3}");
    assert!(
        s3.contains("<Contents><Key>1</Key></Contents><Contents><Key>2</Key></Contents>"),
        "{s3}"
    );
}

#[test]
fn faults_take_the_form_of_their_protocol_with_the_models_status() {
    let write = |service, action: &str, fault: Fault| {
        respond::failure(
            Some(service),
            model(service).operations.get(action),
            &fault,
            "req-1",
            false,
        )
    };
    let ec2 = write(ServiceId::Ec2, "DeleteVpc", Fault::new("DependencyViolation", "a & b"));
    assert_eq!(ec2.status(), 400);
    assert!(body(&ec2).contains("<Errors><Error><Code>DependencyViolation</Code><Message>a &amp; b</Message></Error></Errors><RequestID>"));
    let iam = write(ServiceId::Iam, "GetRole", Fault::new("NoSuchEntity", "gone"));
    assert_eq!(iam.status(), 404);
    assert!(body(&iam).contains("<Error><Type>Sender</Type><Code>NoSuchEntity</Code>"));
    let sqs = write(
        ServiceId::Sqs,
        "GetQueueUrl",
        Fault::new("QueueDoesNotExist", "no").query_code("AWS.SimpleQueueService.NonExistentQueue"),
    );
    assert_eq!(
        sqs.headers()["x-amzn-query-error"],
        "AWS.SimpleQueueService.NonExistentQueue;Sender"
    );
    assert!(body(&sqs).contains(r#""__type":"QueueDoesNotExist""#));
    let s3 = write(
        ServiceId::S3,
        "GetObject",
        Fault::new("NoSuchKey", "no").field("Key", "k").status(404),
    );
    assert!(
        s3.status() == 404
            && body(&s3).contains("<Error><Code>NoSuchKey</Code><Message>no</Message><Key>k</Key>")
    );
}

#[test]
fn an_answer_with_a_member_that_the_model_lacks_is_noticed() {
    let m = model(ServiceId::Ec2);
    let shape = m.shape("DescribeVpcsResult");
    assert_eq!(
        respond::stray_member(m, shape, &json!({"Vpcs": [{"VpcID": "x"}]}), "r").as_deref(),
        Some("r.Vpcs.VpcID")
    );
    assert_eq!(respond::stray_member(m, shape, &json!({"Vpcs": [{"VpcId": "x"}]}), "r"), None);
}
